"""``ess topics``: what can be subscribed to."""

from typing import Annotated

import typer

from ess_cli.cli import Listing, Write, noun
from ess_cli.commands.event_types import EVENT_TYPES
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun("Topics, their event types, dumps of their subscriptions.")

TOPICS = Table(
    ("topic", "topics"),
    (
        Column("name", "topic-nm"),
        Column("service", "svc-nm"),
        Column("event-types", "evt-tp-list", cut=True),
    ),
    lambda row: row.get("topic-nm"),
)
DUMP = Table(("dump", "dumps"), (Column("reference-id", "referenceId"),))

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


@app.command("dump", cls=Write)
@teaches("ess topics dump NIS-Events", "GET /topics/{ID}/dump-subscriptions", DUMP)
def dump_subscriptions(
    ctx: typer.Context,
    topic: Topic,
    compression: Annotated[
        bool, typer.Option("--compression/--no-compression", help="Compress the file. [on]")
    ] = True,
    compression_type: Annotated[
        str,
        typer.Option(
            "--compression-type", metavar="TYPE", help="gzip is the only one seen. [gzip]"
        ),
    ] = "gzip",
) -> None:
    """Have the service write a file of a topic's subscriptions.

    Each call starts a job, so it is never repeated by itself. The service needs an active
    subscription to MSS-Messages, event type event_file_complete; the notice that the file is
    there arrives by it: ess deliveries list --topic MSS-Messages.
    """
    from ess_cli.api import topics
    from ess_cli.api.paths import query_string, segment
    from ess_cli.changes import Change

    ess = ctx.obj
    query = (("compression", str(compression).lower()), ("compressionType", compression_type))
    path = f"/topics/{segment('topic', topic)}/dump-subscriptions{query_string(query)}"
    if ess.agreed(Change("GET", path, f"dump of the subscriptions to {topic}"), asks=False):
        reply = topics.dump_subscriptions(
            ess.http, topic, compression=compression, compression_type=compression_type
        )
        if not reply:
            ess.terminal.warn("accepted, without a reference id")
        ess.show_done(reply)
        ess.changed(f"started a dump of the subscriptions to {topic}")
