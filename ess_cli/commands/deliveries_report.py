"""``ess deliveries report``: how deliveries fare, as a page to show to others."""

import shlex
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ess_cli.cli import Unattended, noun
from ess_cli.commands.deliveries_filters import (
    Keep,
    Since,
    Until,
    both,
    matching,
    of_configuration,
)
from ess_cli.files import dated, refuse_place, write_whole
from ess_cli.health import Health, Origin
from ess_cli.options import Cfg, EventType, Param, Topic, teaches
from ess_cli.times import parse_moment, wire

app = noun()

PERIOD = "7d"
FILTERS = ("--topic", "--event-type", "--cfg", "--since", "--until")


@app.command("report", cls=Unattended)
@teaches("ess deliveries report --html report.html --since 30d")
def report(
    ctx: typer.Context,
    html: Annotated[
        str,
        typer.Option(
            "--html", metavar="FILE|-", help="Where to write it; %Y-%m-%d stands for today."
        ),
    ],
    topic: Topic = None,
    event_type: EventType = None,
    cfg: Cfg = None,
    since: Since = None,
    until: Until = None,
    param: Param = None,
) -> None:
    """Write a page on how deliveries fare: failures, delays, what to do next.

    One file that needs no network and runs no script. It covers the last seven days unless
    --since says otherwise. It has answers of webhooks in it, so only its owner can read it.
    """
    from ess_cli.render.htmlreport import page
    from ess_cli.reporting.advice import steps

    ess = ctx.obj
    ess.flags.take("param", tuple(param or ()))
    origin = _origin(ess, topic, event_type, cfg, since, until)
    path = _file(html, origin.made_at)
    begin = parse_moment("--since", since or PERIOD, origin.made_at)
    end = parse_moment("--until", until or "now", origin.made_at)
    chosen = matching(ess, "", None, topic, event_type, None, None)
    health = _collected(ess, begin, end, chosen, cfg)
    narrowing = _narrowing(ess, topic, event_type, begin, None if until is None else end)
    content = page(health, steps(health.webhooks, ess.program, narrowing), origin)
    if path is None:
        ess.terminal.write(content)
    else:
        write_whole(path, content)


def _file(given: str, now: datetime) -> Path | None:
    """Where to write the page, known to be a place for a file; None for stdout."""
    if given == "-":
        return None
    path = dated("--html", given, now)
    refuse_place(path)
    return path


def _origin(ess: Any, *given: str | None) -> Origin:
    """Where the page comes from; ``given`` are the filters in the order of their options."""
    from ess_cli import __version__

    service = "embedded sandbox" if ess.settings.is_sandbox else ess.settings.base_url.origin
    pairs = zip(FILTERS, given, strict=True)
    words = [f"{option} {shlex.quote(value)}" for option, value in pairs if value is not None]
    params = [f"--param {shlex.quote(text)}" for text in ess.flags.param]
    return Origin(ess.now(), __version__, ess.profile, service, (*words, *params))


def _narrowing(
    ess: Any, topic: str | None, event_type: str | None, begin: datetime, end: datetime | None
) -> list[str]:
    """The options that have a list show what the report counted, of one configuration."""
    filters = {
        "--topic": topic,
        "--event-type": event_type,
        "--since": wire(begin),
        "--until": None if end is None else wire(end),
    }
    given = [(option, value) for option, value in filters.items() if value is not None]
    given += [("--param", text) for text in ess.flags.param]
    return [word for pair in given for word in pair]


def _collected(
    ess: Any, begin: datetime, end: datetime, chosen: Keep | None, cfg: str | None
) -> Health:
    """What the service tells of deliveries, then of attempts, counted page by page."""
    from ess_cli.api import deliveries
    from ess_cli.api.paging import Window
    from ess_cli.reporting.collecting import Collector

    keep_delivery = keep_attempt = chosen
    if cfg is not None:
        wanted = ess.configuration(cfg).id
        keep_delivery = both(chosen, lambda row: str(row.get("del-cfg-id")) == wanted)
        keep_attempt = both(chosen, of_configuration(ess, cfg))
    collector = Collector(begin, end, keep_delivery, keep_attempt)
    window = Window(params=ess.params())
    for batch in ess.watched(deliveries.list_deliveries(ess.http, window), "deliveries"):
        collector.take_deliveries(batch)
    for batch in ess.watched(deliveries.list_attempts(ess.http, window), "attempts"):
        collector.take_attempts(batch)
    return collector.health()
