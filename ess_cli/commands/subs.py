"""``ess subs``: who gets which events."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from ess_cli.cli import Command, Listing, noun
from ess_cli.errors import UsageFault
from ess_cli.options import Cfg, EventType, Topic, teaches
from ess_cli.render.columns import Column, Table

app = noun(
    "Subscriptions: who gets which events.",
    elsewhere=dict.fromkeys(("create", "update", "end"), "subs_changes"),
)

SUBSCRIPTIONS = Table(
    ("subscription", "subscriptions"),
    (
        Column("id", "id"),
        Column("topic", "topic-nm"),
        Column("event-type", "evt-tp"),
        Column("cfg-id", "del-cfg-id"),
        Column("configuration", "del-cfg-nm", cut=True),
        Column("match", "match-crt"),
        Column("start", "start-date"),
    ),
    lambda row: row.get("id"),
)
BY_NUMBER = Table(
    ("configuration", "configurations"),
    (
        Column("cfg-id", "delivery-cfg-id"),
        Column("configuration", "delivery-cfg-nm", cut=True),
        Column("event-types", "events"),
    ),
    lambda row: row.get("delivery-cfg-id"),
)
COUNT = Table(
    ("count", "counts"),
    (Column("topic", "topic-name"), Column("numbers", "activeCount", right=True)),
)

TopicOrId = Annotated[
    list[str],
    typer.Argument(
        metavar="[TOPIC] ID", help="The subscription's id; its topic is looked up if left out."
    ),
]
Match = Annotated[
    str | None, typer.Option("--match", metavar="TEXT", help="Criteria: number = '+12025550123'.")
]


@app.command("list", cls=Listing)
@teaches("ess subs list --topic NIS-Events", "GET /topic-subscriptions", SUBSCRIPTIONS)
def list_subscriptions(
    ctx: typer.Context, topic: Topic = None, event_type: EventType = None, cfg: Cfg = None
) -> None:
    """List subscriptions, all or some.

    A subscription without an event type receives every one of its topic, so --event-type shows
    it too.
    """
    from ess_cli.api import subs

    ess = ctx.obj
    keep = _filter(ess, topic, event_type, cfg)
    window = ess.window(filtered=keep is not None)
    ess.show_listing(subs.list_subscriptions(ess.http, window), keep=keep)


def _filter(
    ess: Any, topic: str | None, event_type: str | None, cfg: str | None
) -> Callable[[Mapping[str, Any]], bool] | None:
    if topic is event_type is cfg is None:
        return None
    wanted = ess.configuration(cfg).id if cfg is not None else None
    return lambda row: (
        (topic is None or row.get("topic-nm") == topic)
        and (event_type is None or row.get("evt-tp") in (event_type, None, ""))
        and (wanted is None or str(row.get("del-cfg-id")) == wanted)
    )


@app.command("mdn", cls=Command)
@teaches("ess subs mdn +12345678901", "GET /topic-subscriptions/mdn", BY_NUMBER)
def find_by_number(
    ctx: typer.Context,
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="An E.164 number.")
    ] = None,
    match: Match = None,
    topic: Annotated[
        str, typer.Option("--topic", metavar="TOPIC", help="NIS-Events is the only one documented.")
    ] = "NIS-Events",
) -> None:
    """Show who is subscribed to a phone number.

    The criteria must be the same text as the subscription's: --match asks for other ones.
    """
    from ess_cli.api import subs
    from ess_cli.criteria import criteria_of
    from ess_cli.lookup import objects_under

    criteria = criteria_of(match, number, "NUMBER", required=True)
    reply = subs.find_by_criteria(ctx.obj.http, topic, criteria, limit=1000)
    found = objects_under(reply, "subscriptions", "GET /topic-subscriptions/mdn")
    ctx.obj.show_object(reply, found)


@app.command("mdn-count", cls=Command)
@teaches("ess subs mdn-count", "GET /topic-subscriptions/uniqueMdnCount", COUNT)
def count_numbers(ctx: typer.Context) -> None:
    """Count the different numbers that are subscribed."""
    from ess_cli.api import subs

    ctx.obj.show_object(subs.count_numbers(ctx.obj.http))


@app.command("get", cls=Command)
@teaches(
    "ess subs get SCG-Message 142",
    "GET /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}",
    SUBSCRIPTIONS,
)
def get_subscription(ctx: typer.Context, topic_and_id: TopicOrId) -> None:
    """Show one subscription.

    The service never says when a subscription ends.
    """
    from ess_cli.api import subs

    ess = ctx.obj
    topic, subscription_id, _ = place(ess, topic_and_id)
    row = subs.get_subscription(ess.http, topic, subscription_id)
    ess.show_object(row, [with_name(ess, row)])


def place(ess: Any, topic_and_id: list[str]) -> tuple[str, str, Any]:
    """Topic and id of a subscription, and its entry in the list where that was read for it."""
    if len(topic_and_id) == 2:
        return topic_and_id[0], topic_and_id[1], None
    if len(topic_and_id) > 2:
        raise UsageFault(f"one subscription at a time: {' '.join(topic_and_id)}")
    from ess_cli.lookup import find_listed_subscription

    listed = find_listed_subscription(ess.http, topic_and_id[0])
    return str(listed.get("topic-nm", "")), topic_and_id[0], listed


def with_name(ess: Any, row: Any) -> Any:
    """The row, with the configuration's name beside its id where columns are shown."""
    if row is None or row.get("del-cfg-nm") or not ess.shows_columns:
        return row
    return {
        **row,
        "del-cfg-nm": ess.listed_configuration(str(row.get("del-cfg-id"))).get("del-cfg-nm"),
    }
