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

_SHOWN = 10
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
    if export.name is None and _numbers(export, export.place.names()):
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
        place.publish(place.secure([each.name for each in written]), replacing=True)
        if export.name is None:
            now = {each.name for each in written}
            pattern = _pattern(export, "")
            there = place.names()
            place.remove(name for name in there if pattern.fullmatch(name) and name not in now)
    finally:
        _discard(place)
    return written


def begin(export: Export, going: Going) -> states.State:
    """The state to go on from; where there is none yet, one is made.

    From then on files with numbers have a state that knows of them. Where the run before was
    killed while it put its files in place, the rest is put there now.

    Returns:
        The state; what it is publishing is in place, and to be printed.

    Raises:
        FileTrouble: state or target cannot be read or written; the state is not of this export,
            or older than the files; files of the run before are gone.
        Temporary: the target is not to be had at present.
        SafetyStop: the target has files already, and there is no state.
    """
    found = states.load(going.path, going.export)
    due = found.publishing if found else ()
    export.place.check({each.staged for each in due if each.staged})
    names = export.place.names()
    highest = max(_numbers(export, names), default=0)
    if found is None:
        if highest or any(map(_pattern(export, "").fullmatch, names)):
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
) -> states.State:
    """Write the rows that no run before has written, under the next number.

    First all files are finished, then the state says that they are to be there, then they are put
    in place. What is killed before the state is written has done nothing; what is killed after
    that is brought to its end by the next run, so that no file is written twice, and what somebody
    has read stays.

    Returns:
        The state; what it is publishing is in place, and to be printed.

    Raises:
        FileTrouble: a file or the state cannot be written; or not be put in place, which the next
            run tries again.
        Temporary: the target is not to be had at present, which is the same.
        EssError: what getting the rows raises; files and state are as they were.
    """
    selection = Further(export.kind, wanted, state, going.overlap, going.now)
    sequence = state.sequence + 1
    kept: Collection[str] = ()
    try:
        written = _stage(export, selection, batches, f"{export.kind.noun}-{sequence:06}")
        staged = export.place.secure([each.name for each in written])
        new = [states.Due(each.name, staged[each.name], each.rows) for each in written]
        after = selection.state()._replace(
            sequence=sequence if written else state.sequence, publishing=(*state.publishing, *new)
        )
        # Whether a signal comes before the state is written or after it, the next run will see.
        kept = staged.values()
        try:
            states.save(going.path, going.export, after)
        except Exception:
            if states.load(going.path, going.export) == state:
                kept = ()
            raise
        after = _put_in_place(export, going, after)
        kept = ()
    finally:
        _discard(export.place, kept)
    return after


def told(going: Going, state: states.State) -> None:
    """The files that the state is publishing have been printed.

    Raises:
        FileTrouble: the state cannot be written: they will be printed once more.
    """
    if state.publishing:
        states.save(going.path, going.export, state._replace(publishing=()))


def _put_in_place(export: Export, going: Going, state: states.State) -> states.State:
    """Publish what the state says is to be there; the state that knows of it.

    Raises:
        FileTrouble: some of it is gone. It is told of once: the next run goes on without it.
    """
    place = export.place
    due = [each for each in state.publishing if each.staged]
    if not due:
        return state
    staged = {each.file: each.staged for each in due if place.is_staged(each.staged)}
    gone = [
        each for each in due if each.file not in staged and not place.has(each.file, each.staged)
    ]
    place.publish(staged, replacing=False)
    there = tuple(each._replace(staged="") for each in state.publishing if each not in gone)
    done = state._replace(publishing=there)
    states.save(going.path, going.export, done)
    if gone:
        rows = sum(each.rows for each in gone)
        lines = [f"  {place.shown}/{each.file}, {each.rows} rows" for each in gone[:_SHOWN]]
        more = len(gone) - len(lines)
        raise FileTrouble(
            f"{rows} exported rows may be in no file: what was finished is neither in its place"
            " nor staged any more",
            details=(*lines, *([f"  and {more} more"] if more else [])),
            hint="unless it was taken away from there, begin anew, with another state file and"
            " target; else run it again, and it goes on without these",
        )
    return done


def _discard(place: Place, keep: Collection[str] = ()) -> None:
    try:
        place.discard(keep)
    except BaseException:
        # A second signal, which can wait for the little that is left.
        place.discard(keep)
        raise


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


def _numbers(export: Export, names: Iterable[str]) -> set[int]:
    """The numbers of files."""
    pattern = _pattern(export, r"-(\d{6,})")
    return {int(match[1]) for match in map(pattern.fullmatch, names) if match}


def _pattern(export: Export, number: str) -> re.Pattern[str]:
    noun, ending = export.kind.noun, re.escape(export.layout.format)
    return re.compile(rf"(?:topic=[^/]*/day=[^/]*/)?{noun}{number}(?:-part\d+)?\.{ending}")
