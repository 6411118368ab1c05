"""``ess deliveries check``: whether too much is pending, in retry, failed, or too old."""

from typing import Annotated, Any

import typer

from ess_cli import checks, tallies
from ess_cli.cli import Unattended, noun
from ess_cli.commands.deliveries_filters import known_name
from ess_cli.commands.deliveries_summary import warn_of_differences
from ess_cli.errors import CheckFailed, UsageFault
from ess_cli.options import teaches

app = noun()


def _most(count: str, words: str) -> Any:
    return typer.Option(
        f"--max-{count}",
        metavar="N|CFG=N",
        help=f"At most so many {words}, in all or of one configuration; may be repeated.",
    )


@app.command("check", cls=Unattended)
@teaches("ess deliveries check --max-failed 10 --max-failed hhh=0 --max-age 2h")
def check(
    ctx: typer.Context,
    max_failed: Annotated[list[str] | None, _most("failed", "failed")] = None,
    max_retry: Annotated[list[str] | None, _most("retry", "in retry")] = None,
    max_pending: Annotated[list[str] | None, _most("pending", "pending")] = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age",
            metavar="DURATION",
            help="No event PENDING or RETRY is older; this reads the whole list of deliveries.",
        ),
    ] = None,
    nagios: Annotated[
        bool, typer.Option("--nagios", help="A monitoring plugin's line and exit codes.")
    ] = False,
) -> None:
    """Compare pending, retried and failed deliveries with limits: exit code 0 or 10.

    The counts are those of `ess deliveries summary`; a configuration is an id or a name. With
    --nagios a limit exceeded is CRITICAL (exit code 2), and every error is UNKNOWN (3).
    """
    ess = ctx.obj
    typed = {"failed": max_failed, "retry": max_retry, "pending": max_pending}
    limits, age_s = _limits(ess, typed, max_age)
    measures = _measured(ess, limits, age_s)
    complaints = [found for measure in measures if (found := measure.complaint)]
    good = ", ".join(measure.words for measure in measures if " " not in measure.label)
    if nagios:
        _leave_as_plugin(ess, measures, "; ".join(complaints), good)
    elif complaints:
        raise CheckFailed("; ".join(complaints))
    else:
        ess.terminal.note(f"ok: {good} · {ess.profile}")


def _limits(
    ess: Any, typed: dict[str, list[str] | None], max_age: str | None
) -> tuple[list[checks.Limit], float | None]:
    """The limits as typed, with the configurations' names; nothing is read unless one is named.

    Raises:
        UsageFault: one is no limit, or there are two for one thing, or none at all.
        UnknownConfiguration: a configuration that there is not.
    """
    from ess_cli.times import parse_duration_s

    parsed = [
        (count, *checks.parse_limit(f"--max-{count}", text))
        for count, texts in typed.items()
        for text in texts or ()
    ]
    age_s = None if max_age is None else parse_duration_s("--max-age", max_age)
    if not parsed and age_s is None:
        raise UsageFault("no limit to check", hint="ess deliveries check --max-failed 0")
    checks.refuse_repeats(checks.Limit(*limit) for limit in parsed)
    limits = [
        checks.Limit(count, None if cfg is None else known_name(ess, cfg), most)
        for count, cfg, most in parsed
    ]
    # NOTE: once more, since an id and a name may be the same configuration's.
    checks.refuse_repeats(limits)
    return limits, age_s


def _measured(ess: Any, limits: list[checks.Limit], age_s: float | None) -> list[checks.Measure]:
    from ess_cli.api import deliveries
    from ess_cli.api.paging import Window

    reply = deliveries.get_summary(ess.http)
    tallies.require_counts(reply)
    measures = checks.measure_counts(limits, tallies.worst_of_each(reply))
    if age_s is not None:
        rows = deliveries.list_deliveries(ess.http, Window())
        measures.append(checks.measure_age(rows, ess.now(), age_s))
    if not ess.is_plugin:
        warn_of_differences(ess, reply)
    return measures


def _leave_as_plugin(ess: Any, measures: list[checks.Measure], complaints: str, good: str) -> None:
    from ess_cli.render.nagios import STATES, Datum, plugin_line

    state = "CRITICAL" if complaints else "OK"
    data = [Datum(each.label, each.value, each.unit, each.most) for each in measures]
    ess.terminal.write(plugin_line(state, complaints or good, data))
    raise typer.Exit(STATES[state])
