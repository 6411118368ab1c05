"""Topics."""

from __future__ import annotations

from typing import cast

from ess_cli.api.http import Http
from ess_cli.api.paging import Listing, Window
from ess_cli.api.paths import Query, segment
from ess_cli.api.shapes import an_object, rows_under
from ess_cli.records import EventType, Topic


def list_topics(http: Http, window: Window) -> Listing[Topic]:
    """All topics of the company: ``GET /topics``."""
    return Listing(http, "/topics", "topics", window, ("topic-nm",))


def get_event_types(http: Http, topic: str, params: Query = ()) -> list[EventType]:
    """The event types of a topic with their fields: ``GET /topics/{ID}/event-types``.

    ``params`` are raw query parameters. The whole list comes at once: this reply has no paging
    block. ``company-id`` is left out of the fields, where ``/event-types`` lists it (field
    notes, oddity 8).
    """
    path = f"/topics/{segment('topic', topic)}/event-types"
    return cast("list[EventType]", http.read(path, rows_under("event-types"), params))


def dump_subscriptions(
    http: Http, topic: str, *, compression: bool, compression_type: str
) -> dict[str, object]:
    """Start writing a file of a topic's subscriptions: ``GET /topics/{ID}/dump-subscriptions``.

    Each call starts a job, so it is never repeated. The notice that the file is there arrives as
    an event ``event_file_complete`` of MSS-Messages.

    Returns:
        The service's reply, with ``referenceId``. How that maps to the notice is UNKNOWN.
    """
    path = f"/topics/{segment('topic', topic)}/dump-subscriptions"
    query = (
        ("compression", "true" if compression else "false"),
        ("compressionType", compression_type),
    )
    look = "the notice comes as event_file_complete: ess deliveries list --topic MSS-Messages"
    return http.start_job(path, an_object, query, look)
