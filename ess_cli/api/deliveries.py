"""Deliveries, attempts, summary."""

from __future__ import annotations

from typing import Any

from ess_cli.api.faults import wrong_shape
from ess_cli.api.http import Http
from ess_cli.api.paging import Listing, Window
from ess_cli.api.paths import segment
from ess_cli.api.shapes import an_object
from ess_cli.records import Attempt, Delivery, HandledEvent


def list_deliveries(http: Http, window: Window) -> Listing[Delivery]:
    """Events and what became of them, one row a configuration: ``GET /event-deliveries``.

    The one list with a ``next-page-uri``. The service has filters whose names are unknown.
    """
    return Listing(
        http,
        "/event-deliveries",
        "event-deliveries",
        window,
        ("event-id", "del-cfg-id"),
    )


def get_summary(http: Http) -> dict[str, Any]:
    """Pending, retry and failed by configuration, topic and event type.

    ``GET /event-deliveries/summary``: names and no ids, and no count of successes.
    """
    path = "/event-deliveries/summary"
    return http.read(path, an_object)


def track(http: Http, event_id: str, configuration_id: str) -> dict[str, Any]:
    """Every attempt to deliver one event: ``GET /event-deliveries/{EVT}:{CFG}/tracking``."""
    pair = f"{segment('event', event_id)}:{segment('delivery configuration', configuration_id)}"
    path = f"/event-deliveries/{pair}/tracking"
    return http.read(path, an_object)


def list_attempts(http: Http, window: Window) -> Listing[Attempt]:
    """Attempts of all deliveries: ``GET /event-delivery-attempts``.

    NOTE: they tell no id of their configuration, and two may have one name; their addresses differ.
    """
    return Listing(
        http,
        "/event-delivery-attempts",
        "attempts",
        window,
        ("event-id", "del-cfg-nm", "del-addr", "attempt-number"),
    )


def mark_handled(http: Http, body: HandledEvent) -> dict[str, Any]:
    """Take deliveries off the books: ``POST /handled-event-deliveries``.

    It looks like a bulk filter (field notes, M), so it is treated as destructive.

    Returns:
        The reply, with ``number-of-updated-event-deliveries``.
    """
    path = "/handled-event-deliveries"
    document, reply = http.post(path, body, "ess deliveries summary")
    try:
        return {} if not reply.body.strip() else an_object(document)
    except ValueError as error:
        raise wrong_shape(reply, f"POST {path}", str(error)) from None
