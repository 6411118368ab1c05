"""``ess topics``: what can be subscribed to."""

from typing import Annotated

import typer

from ess_cli.cli import Listing, noun
from ess_cli.commands.event_types import EVENT_TYPES
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun(
    "Topics, their event types, dumps of their subscriptions.",
    elsewhere={"dump": "topics_dump"},
)

TOPICS = Table(
    ("topic", "topics"),
    (
        Column("name", "topic-nm"),
        Column("service", "svc-nm"),
        Column("event-types", "evt-tp-list", cut=True),
    ),
    lambda row: row.get("topic-nm"),
)

Topic = Annotated[str, typer.Argument(metavar="TOPIC", help="A topic's name.")]


@app.command("list", cls=Listing)
@teaches("ess topics list", "GET /topics", TOPICS)
def list_topics(ctx: typer.Context) -> None:
    """List the topics of the company."""
    from ess_cli.api import topics

    ess = ctx.obj
    listing = topics.list_topics(ess.http, ess.window())
    ess.show_listing(listing, remember=("topics", lambda row: [str(row.get("topic-nm", ""))]))


@app.command("event-types", cls=Listing)
@teaches("ess topics event-types NIS-Events", "GET /topics/{ID}/event-types", EVENT_TYPES)
def get_event_types(ctx: typer.Context, topic: Topic) -> None:
    """List the event types of a topic, with their fields.

    The service leaves company-id out of the fields here; `ess event-types get` shows it.
    """
    from ess_cli.api import topics

    ess = ctx.obj
    ess.show_whole(topics.get_event_types(ess.http, topic, ess.params()))
