"""``ess deliveries export``: all of them, in files for other tools."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ess_cli.cli import Unattended, noun
from ess_cli.commands import deliveries as tables
from ess_cli.commands.deliveries_filters import (
    Since,
    Status,
    Until,
    both,
    matching,
    of_configuration,
    warn_of_status,
)
from ess_cli.errors import UsageFault
from ess_cli.files import resolved
from ess_cli.options import Cfg, EventType, PageSize, Param, Topic, teaches
from ess_cli.render.columns import Column, Table
from ess_cli.times import parse_duration_s, parse_moment

if TYPE_CHECKING:
    from ess_cli.export.places import Place
    from ess_cli.export.running import Export, Going
    from ess_cli.export.selection import Kind, Wanted

app = noun()

FILES = Table(("file", "files"), (Column("file", "file"), Column("rows", "rows", right=True)))
_QUIET_S = 1.0
# What ends so is meant as a file; a directory of that name would be a surprise.
_NO_DIRECTORY = (
    *(".parquet", ".json", ".ndjson", ".xml", ".yaml", ".yml", ".tsv", ".txt", ".xlsx"),
    *(".gz", ".bz2", ".zst", ".zip"),
)


@app.command("export", cls=Unattended)
@teaches("ess deliveries export --to failed.csv --status FAILED --since 7d", None, FILES)
def export(
    ctx: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="TARGET",
            help="x.jsonl, x.csv, each .gz too; a directory; s3://bucket/prefix.",
        ),
    ],
    attempts: Annotated[
        bool, typer.Option("--attempts", help="Attempts instead of deliveries.")
    ] = False,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="Of a directory: jsonl, csv, each .gz too. [parquet]"
        ),
    ] = None,
    status: Status = None,
    topic: Topic = None,
    event_type: EventType = None,
    cfg: Cfg = None,
    since: Since = None,
    until: Until = None,
    body: Annotated[
        str | None,
        typer.Option("--body", metavar="FIELDS", help="Fields of the event as columns: a,b."),
    ] = None,
    incremental: Annotated[
        str | None,
        typer.Option(
            "--incremental", metavar="STATE", help="Only what is new; this file knows what is."
        ),
    ] = None,
    overlap: Annotated[
        str | None,
        typer.Option(
            "--overlap", metavar="DURATION", help="How late a row may turn up in the list. [1h]"
        ),
    ] = None,
    page_size: PageSize = None,
    param: Param = None,
) -> None:
    """Write deliveries into files, each once an event and configuration.

    A file is there whole or not at all; until then it is called .partial. A directory is replaced
    as a whole. With --incremental, each run adds files to it under the next number, and a delivery
    is exported once its status is final (or is that of --status). Printed are the files written.
    Parquet needs pyarrow: pip install 'ess-cli[parquet]'.
    """
    from ess_cli.api import deliveries
    from ess_cli.export import running
    from ess_cli.export.selection import ATTEMPTS, DELIVERIES

    ess = ctx.obj
    ess.flags.take("page_size", page_size)
    ess.flags.take("param", tuple(param or ()))
    kind = ATTEMPTS if attempts else DELIVERIES
    listing: Any = deliveries.list_attempts if attempts else deliveries.list_deliveries
    source = listing(ess.http, ess.window())
    job = _export(ess, kind, to, file_format, body, incremental)
    narrowed: dict[str, Any] = {
        "status": status,
        "topic": topic,
        "event-type": event_type,
        "cfg": cfg,
    }
    # Each of the two is read now, so that a bad one is found before anything is written.
    wanted = _wanted(ess, kind, status, topic, event_type, since, until)
    if incremental is None:
        if overlap is not None:
            raise UsageFault("--overlap: of use with --incremental only")
        running.check(job)
        written = running.write_all(job, _narrowed(ess, kind, wanted, cfg), source.batches())
        _show(ess, kind, to, job, written)
    else:
        narrowed |= {"since": since, "until": until, "param": list(param or ()), "body": body}
        going = _going(ess, kind, job, to, incremental, overlap or "1h", narrowed)
        from ess_cli.export.layout import Written
        from ess_cli.export.state import alone

        with alone(going.path):
            state = running.begin(job, going)
            wanted = _narrowed(ess, kind, wanted, cfg)
            state = running.write_further(job, going, state, wanted, source.batches())
            _show(ess, kind, to, job, [Written(due.file, due.rows) for due in state.publishing])
            ess.terminal.flush()
            running.told(going, state)


def _export(
    ess: Any,
    kind: "Kind",
    to: str,
    file_format: str | None,
    body: str | None,
    incremental: str | None,
) -> "Export":
    from ess_cli.export.layout import FORMATS, Layout
    from ess_cli.export.running import Export

    if file_format is not None and file_format not in FORMATS:
        raise UsageFault(f'--format: not a format: "{file_format}"', hint=", ".join(FORMATS))
    fields = tuple(dict.fromkeys(filter(None, (part.strip() for part in (body or "").split(",")))))
    if body is not None and not fields:
        raise UsageFault("--body: which fields?", hint="ess event-types get CODE shows them")
    named = next((each for each in FORMATS[:4] if to.lower().endswith(f".{each}")), None)
    if to in ("", "-"):
        raise UsageFault(
            f'--to: no target: "{to}"', hint="a file or a directory; `ess deliveries list` prints"
        )
    is_file = named is not None and "://" not in to and not Path(to).is_dir()
    chosen = named if is_file and named else file_format or "parquet"
    if is_file and file_format not in (None, named):
        raise UsageFault(f"--format {file_format}: {to} is {named} by its name")
    if is_file and incremental is not None:
        raise UsageFault("--incremental writes many files", hint="--to names a directory then")
    if to.lower().endswith(_NO_DIRECTORY) and not is_file and not Path(to).is_dir():
        raise UsageFault(
            f"--to {to}: not a file that can be written",
            hint="--to deliveries.jsonl or .csv, each .gz too; Parquet goes into a directory",
        )
    if chosen == "parquet":
        from ess_cli.export.parquet import need_pyarrow

        need_pyarrow()
        _refuse_one_name(fields)
    table = tables.ATTEMPTS if kind.noun == "attempts" else tables.DELIVERIES
    layout = Layout(chosen, tuple(map(table.column, table.names)), fields, ess.flags.excel)
    state = None if incremental is None else resolved(Path(incremental))
    place, name = _place(to, is_file, chosen, kind, state)
    began = monotonic()

    def tell(count: int) -> None:
        if monotonic() - began > _QUIET_S:
            ess.terminal.progress(f"{count:,} rows …")

    return Export(kind, layout, place, name, tell)


def _refuse_one_name(fields: Sequence[str]) -> None:
    """Of columns, readers such as Spark and DuckDB tell no small letters from capitals."""
    from ess_cli.export.schema import name_of_body

    first: dict[str, str] = {}
    for field in fields:
        other = first.setdefault(name_of_body(field).lower(), field)
        if other != field:
            raise UsageFault(
                f"--body: {other} and {field} would be one column of Parquet,"
                f" {name_of_body(field)}",
                hint="csv and jsonl keep them apart",
            )


def _place(
    to: str, is_file: bool, chosen: str, kind: "Kind", state: Path | None
) -> "tuple[Place, str | None]":
    """Where files go, and the name of the one file, None where there may be many."""
    from ess_cli.export.places import Directory, refuse_odd
    from ess_cli.export.staging import mark_of_state

    if "://" in to:
        from ess_cli.export.bucket import Bucket

        if not to.startswith("s3://") or not re.match(r"[^/?]", to[5:]):
            raise UsageFault("--to: of addresses, s3://bucket/prefix only")
        if "@" in to:
            raise UsageFault(
                "--to: no credentials in an address (not repeated here)",
                hint="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile of ~/.aws",
            )
        if chosen != "parquet":
            raise UsageFault(f"--format {chosen}: a bucket takes Parquet only")
        staging = None if state is None else state.with_name(f"{state.name}.staged")
        return Bucket(to, staging), None
    path = resolved(Path(to))
    if not is_file:
        mark = None if state is None else mark_of_state(state, kind.noun, chosen)
        return Directory(path, mark=mark), None
    refuse_odd(Path(to))
    return Directory(path.parent, make=False, name=path.name), path.name


def _wanted(
    ess: Any,
    kind: "Kind",
    status: str | None,
    topic: str | None,
    event_type: str | None,
    since: str | None,
    until: str | None,
) -> "Wanted":
    from ess_cli.export.selection import Wanted

    warn_of_status(ess, status)
    keep = matching(ess, kind.time, None, topic, event_type, since, None)
    last = parse_moment("--until", until, ess.now()) if until is not None else None
    return Wanted(keep, status, last)


def _narrowed(ess: Any, kind: "Kind", wanted: "Wanted", cfg: str | None) -> "Wanted":
    """Only one configuration, which is looked up by its name: so this fetches."""
    if cfg is None:
        return wanted
    if kind.noun == "attempts":
        return wanted._replace(keep=both(wanted.keep, of_configuration(ess, cfg)))
    found = ess.configuration(cfg).id
    return wanted._replace(keep=both(wanted.keep, lambda row: str(row.get("del-cfg-id")) == found))


def _going(
    ess: Any,
    kind: "Kind",
    job: "Export",
    to: str,
    incremental: str,
    overlap: str,
    narrowed: dict[str, Any],
) -> "Going":
    from ess_cli.export.running import Going

    service = {
        "profile": ess.profile,
        "service": "embedded" if ess.settings.is_sandbox else ess.settings.base_url.url,
        "what": kind.noun,
        "format": job.layout.format,
        "target": _address(to) if "://" in to else str(resolved(Path(to))),
    }
    span = timedelta(seconds=parse_duration_s("--overlap", overlap))
    if incremental in ("", "-"):
        raise UsageFault(f'--incremental: no file: "{incremental}"')
    return Going(resolved(Path(incremental)), service | narrowed, span, ess.now())


def _address(to: str) -> str:
    """A bucket's address as it is always written."""
    prefix, mark, options = to.partition("?")
    return f"{prefix.rstrip('/')}{mark}{options}"


def _show(ess: Any, kind: "Kind", to: str, job: "Export", written: Sequence[Any]) -> None:
    ess.terminal.progress("")
    ess.show_rows(_rows(to, job, written))
    count = sum(each.rows for each in written)
    ess.terminal.note(f"exported {count:,} {kind.noun} · {ess.profile}")


def _rows(to: str, job: "Export", written: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The files, as the user would name them."""
    where = to.partition("?")[0].rstrip("/") if "://" in to else to.rstrip("/")
    for each in written:
        yield {"file": f"{where}/{each.name}" if job.name is None else to, "rows": each.rows}
