"""One run of an export: from rows as they arrive to files in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ess_cli.errors import FileTrouble, SafetyStop
from ess_cli.export import state as states
from ess_cli.export.layout import Layout, Row, Writer, Written, body_of
from ess_cli.export.lines import Lines
from ess_cli.export.places import Place
from ess_cli.export.selection import Further, Kind, Once, Selection, Wanted

Batches = Iterable[Sequence[Row]]


class Export(NamedTuple):
    """What is written, and where.

    Attributes:
        kind: deliveries or attempts.
        layout: what stands in the files.
        place: where they go.
        name: the one file's name; None where there may be many.
        tell: takes how many rows have been written so far.
    """

    kind: Kind
    layout: Layout
    place: Place
    name: str | None
    tell: Callable[[int], None]


class Going(NamedTuple):
    """What makes an export go on where the run before ended.

    Attributes:
        path: the state file.
        export: what tells this export from others, by name.
        overlap: how late a row may turn up in the list.
        now: the present moment.
    """

    path: Path
    export: Mapping[str, Any]
    overlap: timedelta
    now: datetime


def check(export: Export) -> None:
    """Find out, before anything is fetched, whether the target can be written.

    Raises:
        FileTrouble: it cannot.
        SafetyStop: numbered files of a going export are there, beside which all the rows would
            stand once more.
    """
    export.place.check()
    if export.name is None and _numbered(export):
        raise SafetyStop(
            "the target has the files of an export that goes on (--incremental)",
            hint="name another directory, or the state file with --incremental",
        )


def write_all(export: Export, wanted: Wanted, batches: Batches) -> list[Written]:
    """Write all rows that are asked for, in place of those of an earlier export.

    Returns:
        The files.

    Raises:
        FileTrouble: one cannot be written.
        EssError: what getting the rows raises; the files of before are whole.
    """
    place, kind = export.place, export.kind
    try:
        written = _stage(export, Once(kind, wanted), batches, export.name or kind.noun)
        place.publish(place.secure([each.name for each in written]))
        if export.name is None:
            now = {each.name for each in written}
            pattern = _pattern(export, "")
            there = place.names()
            place.remove(name for name in there if pattern.fullmatch(name) and name not in now)
    finally:
        place.discard()
    return written


def begin(export: Export, going: Going) -> tuple[states.State, list[Written]]:
    """The state to go on from; where there is none yet, one is made.

    From then on files with numbers have a state that knows of them. Where the run before was
    killed while it put its files in place, the rest is put there now.

    Returns:
        The state, and the files of the run before, which had not come to say so.

    Raises:
        FileTrouble: state or target cannot be read or written; the state is not of this export,
            or older than the files.
        SafetyStop: the target has files already, and there is no state.
    """
    found = states.load(going.path, going.export)
    export.place.check({due.staged for due in found.publishing} if found else ())
    highest = max(_numbered(export), default=0)
    if found is None:
        if highest or any(map(_pattern(export, "").fullmatch, export.place.names())):
            raise SafetyStop(
                f"the target has exported {export.kind.noun} already, and there is no state"
                f" {going.path}",
                hint="name the state file of that export, or another target",
            )
        found = states.State()
        states.save(going.path, going.export, found)
    if highest > found.sequence:
        raise FileTrouble(
            f"{going.path} is older than the files: it ends with number {found.sequence}, they"
            f" with {highest}",
            hint="put the newest copy of the state back",
        )
    return _put_in_place(export, going, found)


def write_further(
    export: Export, going: Going, state: states.State, wanted: Wanted, batches: Batches
) -> list[Written]:
    """Write the rows that no run before has written, under the next number.

    First all files are finished, then the state says that they are to be there, then they are put
    in place. What is killed before the state is written has done nothing; what is killed after
    that is brought to its end by the next run, so that no file is written twice, and what somebody
    has read stays.

    Returns:
        The files; none where there was nothing new.

    Raises:
        FileTrouble: a file or the state cannot be written.
        EssError: what getting the rows raises; files and state are as they were.
    """
    selection = Further(export.kind, wanted, state, going.overlap, going.now)
    sequence = state.sequence + 1
    kept: Collection[str] = ()
    try:
        written = _stage(export, selection, batches, f"{export.kind.noun}-{sequence:06}")
        staged = export.place.secure([each.name for each in written])
        after = selection.state()._replace(
            sequence=sequence if written else state.sequence,
            publishing=tuple(
                states.Due(each.name, staged[each.name], each.rows) for each in written
            ),
        )
        # Whether a signal comes before the state is written or after it, the next run will see.
        kept = staged.values()
        try:
            states.save(going.path, going.export, after)
        except Exception:
            kept = ()
            raise
        _put_in_place(export, going, after)
        kept = ()
    finally:
        export.place.discard(kept)
    return written


def _put_in_place(
    export: Export, going: Going, state: states.State
) -> tuple[states.State, list[Written]]:
    """Publish what the state says is to be there; the state that has nothing more of it."""
    if not state.publishing:
        return state, []
    place = export.place
    staged = {due.file: due.staged for due in state.publishing if place.is_staged(due.staged)}
    if len(staged) < len(state.publishing):
        there = {*place.names(), *staged}
        for due in state.publishing:
            if due.file not in there:
                raise FileTrouble(
                    f"{due.file} is finished, and neither in its place nor where it was staged",
                    details=(f"  staged: {due.staged}", f"  rows: {due.rows}"),
                    hint="put it back; or, if it has been taken away, an empty file of that name",
                )
    place.publish(staged)
    done = state._replace(publishing=())
    states.save(going.path, going.export, done)
    return done, [Written(due.file, due.rows) for due in state.publishing]


def _stage(export: Export, selection: Selection, batches: Batches, stem: str) -> list[Written]:
    """Finish the files, and say which they are."""
    writer, count = _writer(export, stem), 0
    try:
        for batch in batches:
            rows = selection.take(batch)
            if rows:
                writer.write(_with_body(rows, export.layout.body))
                count += len(rows)
            export.tell(count)
        return [each for each in writer.finish() if each.rows or export.name is not None]
    except BaseException:
        writer.leave()
        raise


def _writer(export: Export, stem: str) -> Writer:
    layout = export.layout
    if layout.format == "parquet":
        from ess_cli.export.parquet import Partitions

        return Partitions(export.place, stem, layout)
    name = stem if export.name is not None else f"{stem}.{layout.format}"
    # NOTE: not by the file's own name, where it may be GZ.
    packed = layout.format.endswith(".gz")
    if layout.format.startswith("csv"):
        from ess_cli.render.cells import csv_text, plain_rows
        from ess_cli.render.columns import Column

        columns = (*layout.columns, *(Column(key, key) for key in _body_keys(layout.body)))
        header = csv_text([tuple(column.name for column in columns)]).encode()
        return Lines(
            export.place,
            name,
            lambda rows: csv_text(plain_rows(rows, columns), excel=layout.excel).encode(),
            header,
            packed=packed,
        )
    from ess_cli.render import jsontext

    return Lines(export.place, name, jsontext.lines, packed=packed)


def _body_keys(fields: tuple[str, ...]) -> list[str]:
    return [f"body.{field}" for field in fields]


def _with_body(rows: Sequence[Row], fields: tuple[str, ...]) -> Sequence[Row]:
    """Rows with fields of their events beside their own; None where an event has none."""
    if not fields:
        return rows
    pairs = list(zip(_body_keys(fields), fields, strict=True))
    bodies = ((row, body_of(row)) for row in rows)
    return [{**row, **{key: body.get(field) for key, field in pairs}} for row, body in bodies]


def _numbered(export: Export) -> set[int]:
    """The numbers of the files that are there."""
    pattern = _pattern(export, r"-(\d{6,})")
    found = (pattern.fullmatch(name) for name in export.place.names())
    return {int(match[1]) for match in found if match}


def _pattern(export: Export, number: str) -> re.Pattern[str]:
    noun, ending = export.kind.noun, re.escape(export.layout.format)
    return re.compile(rf"(?:topic=[^/]*/day=[^/]*/)?{noun}{number}(?:-part\d+)?\.{ending}")
