"""``ess deliveries mark-handled``: what failed and has been seen to."""

from typing import Annotated

import typer

from ess_cli.changes import Change
from ess_cli.cli import Write, noun
from ess_cli.commands.deliveries_filters import name_of
from ess_cli.errors import UsageFault
from ess_cli.options import teaches
from ess_cli.records import HandledEvent
from ess_cli.render.columns import Column, Table

app = noun()

EVERYTHING = "[1970-01-01T00:00:00-]"

HANDLED = Table(
    ("reply", "replies"),
    (Column("updated", "number-of-updated-event-deliveries", right=True),),
)


@app.command("mark-handled", cls=Write)
@teaches(
    "ess deliveries mark-handled --event-id event-3 --topic topic-C --event-type some-type-3"
    " --cfg 'Delivery Configuration 1'",
    "POST /handled-event-deliveries",
    HANDLED,
)
def mark_handled(
    ctx: typer.Context,
    event_id: Annotated[str, typer.Option("--event-id", metavar="EVENT-ID", help="Which event.")],
    topic: Annotated[str, typer.Option("--topic", metavar="TOPIC", help="Its topic.")],
    event_type: Annotated[
        str, typer.Option("--event-type", metavar="EVENT-TYPE", help="Its type.")
    ],
    cfg: Annotated[
        str, typer.Option("--cfg", metavar="ID-OR-NAME", help="Its delivery configuration.")
    ],
    timestamp: Annotated[
        str,
        typer.Option(
            "--timestamp", metavar="RANGE", help=f"[from-to]; the default is {EVERYTHING}"
        ),
    ] = EVERYTHING,
) -> None:
    """Mark deliveries as handled, so that they no longer count as failed.

    It cannot be undone, and the operation looks like a bulk filter, so it asks before it sends.
    """
    from ess_cli.api import deliveries

    ess = ctx.obj
    if not (timestamp.startswith("[") and "-" in timestamp and timestamp.endswith("]")):
        raise UsageFault(f'--timestamp: not a range: "{timestamp}"', hint=f"{EVERYTHING} is all")
    body: HandledEvent = {
        "event-id": event_id,
        "topic": topic,
        "event-type": event_type,
        "del-cfg-nm": name_of(ess, cfg),
        "timestamp": timestamp,
    }
    ess.tell_before(f"timestamp: {timestamp}")
    what = f"event {event_id} for {body['del-cfg-nm']} as handled"
    change = Change("POST", "/handled-event-deliveries", f"mark {what}", body, (), body)
    if ess.agreed(change, asks=True):
        reply = deliveries.mark_handled(ess.http, body)
        if not reply:
            ess.terminal.warn("accepted, without saying how many; this is what was sent")
        ess.show_done(reply or body)
        none = reply.get("number-of-updated-event-deliveries") == 0
        ess.changed(f"found nothing to mark: {what}" if none else f"marked {what}")
