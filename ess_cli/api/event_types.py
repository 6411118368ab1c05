"""Event types."""

from __future__ import annotations

from typing import cast

from ess_cli.api.http import Http
from ess_cli.api.paging import Listing, Window
from ess_cli.api.paths import segment
from ess_cli.api.shapes import an_object
from ess_cli.records import EventType


def list_event_types(http: Http, window: Window) -> Listing[EventType]:
    """All event types with their fields: ``GET /event-types``."""
    return Listing(http, "/event-types", "event-types", window, ("id",))


def get_event_type(http: Http, code: str) -> EventType:
    """One event type: ``GET /event-types/{CODE}``."""
    path = f"/event-types/{segment('event type', code)}"
    return cast(EventType, http.read(path, an_object))
