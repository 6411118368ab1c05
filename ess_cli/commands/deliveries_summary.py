"""``ess deliveries summary``: how many are pending, in retry or failed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ess_cli import tallies
from ess_cli.cli import Unattended, noun
from ess_cli.errors import UsageFault
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun()

# What --by takes, and the column it means.
BY = {"cfg": "configuration", "topic": "topic", "event-type": "event-type"}

_NOUN = ("row", "rows")
_COUNTS = tuple(Column(key, key, right=True) for key in tallies.COUNTS)
_LEVELS = tuple(Column(level, level, cut=level == "configuration") for level in tallies.LEVELS)
SUMMARY = Table(_NOUN, (*_LEVELS, *_COUNTS))
_TOLD_DIFFERENCES = 3


@app.command("summary", cls=Unattended)
@teaches(
    "ess deliveries summary --by cfg --out summary-%Y%m%dT%H%M.csv",
    "GET /event-deliveries/summary",
    SUMMARY,
)
def get_summary(
    ctx: typer.Context,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="LEVEL", help="Add up by cfg, topic or event-type."),
    ] = None,
    totals: Annotated[bool, typer.Option("--totals", help="A last row with the sums.")] = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="Write a file, whole; %Y%m%dT%H%M and the like become the time in UTC.",
        ),
    ] = None,
) -> None:
    """Count pending, retried and failed deliveries by configuration, topic and event type.

    The service counts no successes. JSON and YAML are its own tree, whatever --by and --totals
    say; the other formats are rows. A file's format is -o's, else its name's, else csv.
    """
    from ess_cli.api import deliveries

    ess = ctx.obj
    path = _place(ess, out)
    if by is not None:
        _show_only(ess, by)
    reply = deliveries.get_summary(ess.http)
    rows = every = tallies.flatten(reply)
    if totals or by is not None:
        tallies.require_sums(every)
    if by is not None:
        rows = tallies.by_level(every, BY[by])
    if totals:
        first = tallies.LEVELS[0] if by is None else BY[by]
        rows = [*rows, {first: tallies.TOTAL, **tallies.added(every)}]
    if path is None:
        _print(ess, reply, rows)
    else:
        from ess_cli.files import write_whole

        with ess.terminal.diverted() as content:
            _print(ess, reply, rows)
        write_whole(path, content.getvalue(), private=False)
    warn_of_differences(ess, reply)
    if path is None and ess.terminal.err_is_tty:
        _say_what_next(ess, every)


def warn_of_differences(ess: Any, summary: Mapping[str, Any]) -> None:
    """Say where the service's own counts are not what its event types add up to."""
    found = tallies.differences(summary)
    if found:
        more = len(found) - _TOLD_DIFFERENCES
        told = [*found[:_TOLD_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])]
        ess.terminal.warn(f"the service's own counts differ from its rows: {'; '.join(told)}")


def _place(ess: Any, out: str | None) -> Path | None:
    """The file to write, checked, its format chosen; None where the rows go to stdout."""
    if out is None or out == "-":
        return None
    from ess_cli import files

    path = files.dated("--out", out, ess.now())
    if path.suffix.lower() == ".gz":
        raise UsageFault(f"--out {out}: this file is not packed", hint="name it without .gz")
    files.refuse_place(path)
    named = {"yml": "yaml"}.get(path.suffix[1:].lower(), path.suffix[1:].lower())
    # NOTE: read now, since an error is JSON only where JSON was asked for, not for a file's name.
    usual = ess.settings.output.value
    if ess.flags.output is None and not ess.flags.json:
        of_files = ("csv", "tsv", "json", "jsonl", "yaml")
        ess.flags.output = named if named in of_files else usual or "csv"
    return path


def _show_only(ess: Any, by: str) -> None:
    """Have one column beside the counts.

    Raises:
        UsageFault: there is no such level, or another level's column is asked for.
    """
    if by not in BY:
        raise UsageFault(f'--by: no such level: "{by}"', hint=f"one of {', '.join(BY)}")
    ess.table = Table(_NOUN, (SUMMARY.column(BY[by]), *_COUNTS))
    ess.table.select(ess.flags.columns)


def _print(ess: Any, reply: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    if ess.format == "jsonl":
        ess.show_rows(rows)
    else:
        ess.show_object(reply, rows)


def _say_what_next(ess: Any, rows: list[dict[str, Any]]) -> None:
    """Totals, and the command that shows why the first failing configuration fails."""
    from shlex import quote

    totals = (f"{count} {key}" for key, count in tallies.added(rows).items())
    ess.terminal.note(f"total: {', '.join(totals)} · {ess.profile}")
    failing = next((row for row in rows if row["failed"]), None)
    if failing:
        named = f"-p {quote(ess.flags.profile)} " if ess.flags.profile else ""
        cfg = quote(str(failing["configuration"]))
        ess.terminal.note(f"hint: ess {named}deliveries attempts --cfg {cfg} --status FAILED")
