"""``ess deliveries``: what became of events."""

from typing import Annotated

import typer

from ess_cli.cli import Command, Listing, noun
from ess_cli.commands.deliveries_filters import (
    Since,
    Status,
    Until,
    both,
    matching,
    of_configuration,
)
from ess_cli.errors import UsageFault
from ess_cli.options import Cfg, EventType, Topic, teaches
from ess_cli.render.columns import Column, Table

app = noun(
    "Deliveries, their attempts, what failed.",
    elsewhere={
        "summary": "deliveries_summary",
        "check": "deliveries_check",
        "metrics": "deliveries_metrics",
        "tail": "deliveries_tail",
        "export": "deliveries_export",
        "mark-handled": "deliveries_handled",
        "report": "deliveries_report",
    },
)

# Deliveries and attempts have no end: a bare list stops here (contract).
FIRST_ROWS = 50

DELIVERIES = Table(
    ("delivery", "deliveries"),
    (
        Column("event-id", "event-id"),
        Column("time", "timestamp"),
        Column("status", "delivery-status"),
        Column("topic", "topic"),
        Column("event-type", "event-type"),
        Column("cfg-id", "del-cfg-id"),
        Column("configuration", "del-cfg-nm", cut=True),
        Column("address", "delivery-point", cut=True, extra=True),
        Column("body", "event-body", cut=True, extra=True),
    ),
    lambda row: f"{row.get('event-id', '')}:{row.get('del-cfg-id', '')}",
)
ATTEMPTS = Table(
    ("attempt", "attempts"),
    (
        Column("event-id", "event-id"),
        Column("time", "attempt-timestamp"),
        Column("attempt", "attempt-number", right=True),
        Column("result", "attempt-result"),
        Column("http", "attempt-http-response-status", right=True),
        Column("answer", "attempt-http-response-body", cut=True),
        Column("status", "delivery-status"),
        Column("topic", "topic"),
        Column("event-type", "event-type"),
        Column("configuration", "del-cfg-nm", cut=True),
        Column("event-time", "event-timestamp", extra=True),
        Column("address", "del-addr", cut=True, extra=True),
        Column("body", "event-body", cut=True, extra=True),
    ),
    lambda row: f"{row.get('event-id', '')}:{row.get('del-cfg-nm', '')}",
)
TRACKING = Table(
    ("attempt", "attempts"),
    (
        Column("attempt", "attempt-number", right=True),
        Column("time", "attempt-timestamp"),
        Column("status", "status"),
        Column("http", "response-status", right=True),
        Column("answer", "response-details", cut=True),
    ),
)


@app.command("list", cls=Listing)
@teaches("ess deliveries list --status FAILED --since 2d", "GET /event-deliveries", DELIVERIES)
def list_deliveries(
    ctx: typer.Context,
    status: Status = None,
    topic: Topic = None,
    event_type: EventType = None,
    cfg: Cfg = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """List deliveries: one row an event and configuration.

    The list has no end, so it stops after 50 rows unless --limit or --all says otherwise. The
    filters work on this side: names of the service's own ones are not documented, --param sends
    them raw.
    """
    from ess_cli.api import deliveries

    ess = ctx.obj
    keep = matching(ess, "timestamp", status, topic, event_type, since, until)
    if cfg is not None:
        wanted = ess.configuration(cfg).id
        keep = both(keep, lambda row: str(row.get("del-cfg-id")) == wanted)
    window = ess.window(filtered=keep is not None, endless=FIRST_ROWS)
    ess.show_listing(deliveries.list_deliveries(ess.http, window), keep=keep)


@app.command("attempts", cls=Listing)
@teaches(
    "ess deliveries attempts --cfg sai --status FAILED", "GET /event-delivery-attempts", ATTEMPTS
)
def list_attempts(
    ctx: typer.Context,
    status: Status = None,
    topic: Topic = None,
    event_type: EventType = None,
    cfg: Cfg = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """List attempts to deliver, with what the webhook answered.

    The first place to look when events fail: a domain that is not allow-listed shows only here.
    Attempts name their configuration, without its id. Stops after 50 rows, as `deliveries list`.
    """
    from ess_cli.api import deliveries

    ess = ctx.obj
    keep = matching(ess, "attempt-timestamp", status, topic, event_type, since, until)
    if cfg is not None:
        keep = both(keep, of_configuration(ess, cfg))
    window = ess.window(filtered=keep is not None, endless=FIRST_ROWS)
    ess.show_listing(deliveries.list_attempts(ess.http, window), keep=keep)


@app.command("track", cls=Command)
@teaches(
    "ess deliveries track hc4lnloTSK2aSvrLKiDpSA sai",
    "GET /event-deliveries/{EVT_ID}:{DEL_CFG_ID}/tracking",
    TRACKING,
)
def track(
    ctx: typer.Context,
    event: Annotated[
        str,
        typer.Argument(metavar="EVENT-ID", help="Or EVENT-ID:CFG, as -o name prints it."),
    ],
    cfg: Annotated[
        str | None, typer.Argument(metavar="[ID-OR-NAME]", help="The delivery configuration.")
    ] = None,
) -> None:
    """Show every attempt to deliver one event to one configuration.

    An event id that begins with a dash goes after --.
    """
    from ess_cli.api import deliveries

    ess = ctx.obj
    if cfg is None:
        event, colon, cfg = event.partition(":")
        if not colon or not cfg:
            raise UsageFault(
                f"which delivery configuration? {event} may have gone to several",
                hint=f"ess deliveries track {event} ID-OR-NAME",
            )
    from ess_cli.lookup import objects_under

    reply = deliveries.track(ess.http, event, ess.configuration(cfg).id)
    attempts = objects_under(
        reply, "delivery-attempts", f"GET /event-deliveries/{event}:…/tracking"
    )
    ess.show_object(reply, attempts)
