"""Operations on what the service offers: topics, event types, dictionaries."""

from __future__ import annotations

from ess_cli.sandbox.paging import listing, page_of
from ess_cli.sandbox.replies import RefusedError, Reply, json_reply, text_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

DICTIONARIES: dict[str, tuple[dict[str, str], ...]] = {
    "delivery-formats": (
        {"code": "JSON", "description": "JSON"},
        {"code": "XML", "description": "XML"},
    ),
    "delivery-protocols": ({"code": "REST", "description": "REST"},),
    "authentication-types": (
        {"code": "OAUTH", "description": "OAuth 2.0"},
        {"code": "NONE", "description": "No Authentication"},
        {"code": "BASIC", "description": "Basic Authentication - ID / PW"},
    ),
}
"""Codes and order are the reference's. It shows descriptions for the authentication types only."""


def codes(dictionary: str) -> tuple[str, ...]:
    """The codes that a dictionary allows."""
    return tuple(entry["code"] for entry in DICTIONARIES[dictionary])


def require_topic(store: Store, topic: str) -> None:
    """Raise RefusedError (404) when /topics does not list ``topic``."""
    if not store.row("SELECT 1 FROM topics WHERE name = ?", topic):
        raise RefusedError("unknown", f"Topic not found: {topic[:80]}")


def list_topics(store: Store, call: Call) -> Reply:
    """GET /topics. ``svc-nm`` is absent where no service stands behind the topic."""
    page = page_of(call.query, default=10_000_000)
    sql = "SELECT doc FROM topics WHERE seq > ? ORDER BY seq LIMIT ?"
    docs = (doc for (doc,) in store.rows(sql, *page))
    return listing(page, "topics", docs)


def list_topic_event_types(store: Store, call: Call) -> Reply:
    """GET /topics/{ID}/event-types: no paging block, no ``company-id`` (field notes, oddity 8).

    A type that /event-types does not know (``__GENERIC__``) is not in the list.
    """
    (topic,) = call.args
    require_topic(store, topic)
    rows = store.rows(
        "SELECT e.topic_doc FROM topic_types t JOIN event_types e ON e.id = t.event_type"
        " WHERE t.topic = ? ORDER BY t.place",
        topic,
    )
    return listing(None, "event-types", (doc for (doc,) in rows))


def list_event_types(store: Store, call: Call) -> Reply:
    """GET /event-types: every event type of every topic, fields included."""
    page = page_of(call.query, default=50)
    sql = "SELECT doc FROM event_types WHERE seq > ? ORDER BY seq LIMIT ?"
    docs = (doc for (doc,) in store.rows(sql, *page))
    return listing(page, "event-types", docs)


def get_event_type(store: Store, call: Call) -> Reply:
    """GET /event-types/{CODE}."""
    (code,) = call.args
    row = store.row("SELECT doc FROM event_types WHERE id = ?", code)
    if row is None:
        raise RefusedError("unknown", f"Event type not found: {code[:80]}")
    return text_reply(row[0])


def get_dictionary(store: Store, call: Call) -> Reply:
    """GET /dictionaries/{DICT_CODE}: the entries, under the code that was asked for."""
    (code,) = call.args
    if code not in DICTIONARIES:
        raise RefusedError("unknown", f"Dictionary not found: {code[:80]}")
    return json_reply({code: DICTIONARIES[code]})
