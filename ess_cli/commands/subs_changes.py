"""``ess subs create``, ``update`` and ``end``: changing subscriptions."""

from datetime import datetime
from typing import Annotated, Any

import typer

from ess_cli.changes import SUBSCRIPTION_READ_ONLY, Change
from ess_cli.cli import Write, noun
from ess_cli.commands.subs import SUBSCRIPTIONS, Match, TopicOrId, place, with_name
from ess_cli.errors import AlreadyExists, UsageFault
from ess_cli.options import teaches
from ess_cli.records import NewSubscription
from ess_cli.times import parse_moment, wire

app = noun()

Number = Annotated[
    str | None, typer.Option("--number", metavar="NUMBER", help="Only events of this E.164 number.")
]


@app.command("create", cls=Write)
@teaches(
    "ess subs create --topic NIS-Events --cfg hhh --number +12025550123",
    "POST /topics/{ID}/subscriptions",
    SUBSCRIPTIONS,
)
def create_subscription(
    ctx: typer.Context,
    topic: Annotated[str, typer.Option("--topic", metavar="TOPIC", help="The topic's name.")],
    cfg: Annotated[str, typer.Option("--cfg", metavar="ID-OR-NAME", help="Where the events go.")],
    event_type: Annotated[
        str | None,
        typer.Option("--event-type", metavar="EVENT-TYPE", help="Only this one; all without it."),
    ] = None,
    match: Match = None,
    number: Number = None,
    start_date: Annotated[
        str, typer.Option("--start-date", metavar="DATE", help="Events from then on. [now]")
    ] = "now",
    end_date: Annotated[
        str | None,
        typer.Option("--end-date", metavar="DATE", help="Events until then; for ever without it."),
    ] = None,
    allow_duplicate: Annotated[
        bool, typer.Option("--allow-duplicate", help="Even if the same one exists.")
    ] = False,
) -> None:
    """Subscribe a delivery configuration to a topic.

    A subscription cannot be removed again, only ended, so ess looks first whether the same one
    exists and then refuses, exit code 8, unless --allow-duplicate is given.
    """
    ess = ctx.obj
    criteria = _criteria(ess, match, number)
    body = _new_body(ess, cfg, event_type, criteria, start_date, end_date)
    _create(ess, topic, body, by_number=number is not None, allow_duplicate=allow_duplicate)


def _criteria(ess: Any, match: str | None, number: str | None) -> str:
    from ess_cli.criteria import criteria_of, lint

    criteria = criteria_of(match, number, "--number", required=False)
    for complaint in lint(match or ""):
        ess.terminal.warn(f"--match: {complaint}; it is sent as it stands")
    return criteria


def _new_body(
    ess: Any,
    cfg: str,
    event_type: str | None,
    criteria: str,
    start_date: str,
    end_date: str | None,
) -> NewSubscription:
    start = parse_moment("--start-date", start_date, ess.now())
    end = parse_moment("--end-date", end_date, ess.now()) if end_date is not None else None
    _check_order(start, end)
    body: NewSubscription = {
        "del-cfg-id": ess.configuration(cfg).id,
        "match-crt": criteria,
        "start-date": wire(start),
        "end-date": wire(end) if end else None,
    }
    if event_type is not None:
        body["evt-tp"] = event_type
    return body


def _check_order(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise UsageFault(
            f"--end-date {wire(end)} is not after --start-date {wire(start)}",
            hint="it would never receive anything",
        )


def _create(
    ess: Any, topic: str, body: NewSubscription, *, by_number: bool, allow_duplicate: bool
) -> None:
    from ess_cli import lookup
    from ess_cli.api import subs

    same = lookup.same_subscriptions(ess.http, topic, body, by_number=by_number)
    what = f"subscription of {topic} to configuration {body['del-cfg-id']}"
    if same and not allow_duplicate:
        raise AlreadyExists(
            f"the same subscription exists: {', '.join(str(row.get('id')) for row in same)}",
            details=(f"  {what}, match: {body['match-crt'] or 'every event'}",),
            hint="it cannot be removed again, only ended; a second one needs --allow-duplicate",
        )
    path = subs.subscriptions_path(topic)
    if not ess.agreed(Change("POST", path, what, body, shown_body=body), asks=False):
        return
    document, reply = subs.create_subscription(ess.http, topic, body)
    known = {str(row.get("id")) for row in same}
    shown = ess.show_written(
        lambda: lookup.created_subscription(ess.http, topic, body, document, reply.headers, known),
        sent=lookup.with_id(body, document, reply.headers),
        replied=document if lookup.new_id(document, {}) else None,
        rows=lambda row: [with_name(ess, {"topic-nm": topic, **row})],
    )
    ess.changed(f"created subscription {shown.get('id', '(id unknown)')} of {topic}")


@app.command("update", cls=Write)
@teaches(
    "ess subs update SCG-Message 142 --match 'company-id = 123'",
    "PUT /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}",
    SUBSCRIPTIONS,
)
def update_subscription(
    ctx: typer.Context,
    topic_and_id: TopicOrId,
    match: Match = None,
    no_match: Annotated[bool, typer.Option("--no-match", help="Every event.")] = False,
    start_date: Annotated[
        str | None, typer.Option("--start-date", metavar="DATE", help="Events from then on.")
    ] = None,
    end_date: Annotated[
        str | None, typer.Option("--end-date", metavar="DATE", help="Events until then.")
    ] = None,
    no_end_date: Annotated[bool, typer.Option("--no-end-date", help="For ever.")] = False,
) -> None:
    """Change criteria or dates of a subscription.

    Topic, event type and configuration are fixed when it is created. The service replaces the
    whole of it, so ess reads it first and sends all of it back. It asks before it sends.
    """
    ess = ctx.obj
    for given, other in (("match", no_match), ("end-date", no_end_date)):
        if other and (match if given == "match" else end_date) is not None:
            raise UsageFault(f"--{given} and --no-{given} exclude each other")
    changes: dict[str, Any] = {}
    if match is not None or no_match:
        changes["match-crt"] = _criteria(ess, match, None)
    start = parse_moment("--start-date", start_date, ess.now()) if start_date is not None else None
    end = parse_moment("--end-date", end_date, ess.now()) if end_date is not None else None
    if start is not None:
        _check_order(start, end)
        changes["start-date"] = wire(start)
    if end is not None or no_end_date:
        changes["end-date"] = wire(end) if end else None
    if not changes:
        raise UsageFault("nothing to change", hint="--match, --start-date, --end-date, --no-…")
    _replace(ess, topic_and_id, changes)


@app.command("end", cls=Write)
@teaches(
    "ess subs end NIS-Events 16301810 --at +2d",
    "PUT /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}",
    SUBSCRIPTIONS,
)
def end_subscription(
    ctx: typer.Context,
    topic_and_id: TopicOrId,
    at: Annotated[
        str, typer.Option("--at", metavar="DATE", help="No events from then on. [now]")
    ] = "now",
) -> None:
    """End a subscription: the nearest thing to removing it that the service has.

    Sets its end date. The service never shows that date again.
    """
    _replace(ctx.obj, topic_and_id, {"end-date": wire(parse_moment("--at", at, ctx.obj.now()))})


def _replace(ess: Any, topic_and_id: list[str], changes: dict[str, Any]) -> None:
    from ess_cli import lookup
    from ess_cli.api import subs
    from ess_cli.changes import subscription_change

    topic, number, listed = place(ess, topic_and_id)
    single = subs.get_subscription(ess.http, topic, number)
    if listed is None:
        listed = lookup.listed_subscription(ess.http, number)
    change = subscription_change(single, listed, changes, subs.subscription_path(topic, number))
    if not change.differences and not ess.flags.dry_run:
        ess.show_object(single, [with_name(ess, single)])
        ess.terminal.note(f"{change.what} is so already; nothing was sent")
        return
    if "end-date" not in change.body:
        ess.terminal.warn(
            "no read tells when a subscription ends: if this one has an end date, the service may"
            " drop it with this update; --end-date or --no-end-date says which is meant"
        )
    if not ess.agreed(change, asks=True):
        return
    document, _ = subs.replace_subscription(ess.http, topic, number, change.body)
    fixed = {key: value for key, value in single.items() if key in SUBSCRIPTION_READ_ONLY}
    ess.show_written(
        lambda: subs.get_subscription(ess.http, topic, number),
        sent=change.body,
        replied=document,
        rows=lambda row: [with_name(ess, {**fixed, **row})],
    )
    ess.changed(f"updated {change.what}")
