"""Operations on subscriptions: which events of a topic go to which configuration.

"Active" means here: the end date has not passed. UNKNOWN: whether the service also leaves out
what has not started yet; a subscription created with a future start date would settle it.
"""

from __future__ import annotations

import json
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from collections.abc import Iterator
from typing import Any, NamedTuple

from ess_cli.sandbox.catalogue import require_topic
from ess_cli.sandbox.criteria import equality_of, key_of
from ess_cli.sandbox.fields import (
    Body,
    as_id,
    identifier,
    moment,
    refuse,
    required,
    text,
    wire,
)
from ess_cli.sandbox.paging import page_of
from ess_cli.sandbox.replies import RefusedError, Reply, empty_reply, encode, json_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

ALWAYS = "1970-01-01T00:00:00Z"
"""The start date of a subscription that has always been on (field notes, H)."""

NUMBERS_TOPIC = "NIS-Events"
"""The one topic that the reference counts phone numbers in."""

_FIXED = ("id", "topic-nm", "del-cfg-id", "del-cfg-nm", "evt-tp")
_KNOWN = {*_FIXED, "match-crt", "start-date", "end-date"}


class _Terms(NamedTuple):
    """What a PUT may change, in the order of the columns."""

    criteria: str
    criteria_key: str
    field: str | None
    value: str | None
    start_at: str
    end_at: str | None
    extra: str | None


def list_subscriptions(store: Store, call: Call) -> Reply:
    """GET /topic-subscriptions: the active ones of every topic. ``limit`` is required.

    ``evt-tp`` is absent where every event type of the topic is meant; ``end-date`` is never
    shown.
    """
    page = page_of(call.query, default=None)
    now = wire(store.now())
    rows = store.rows(
        "SELECT s.id, s.cfg_id, c.name, s.topic, s.event_type, s.criteria, s.start_at, s.extra"
        " FROM subscriptions s CROSS JOIN configurations c ON c.id = s.cfg_id"
        " WHERE s.seq > ? AND (s.end_at IS NULL OR s.end_at > ?) ORDER BY s.seq LIMIT ?",
        _last_skipped(store, page.offset, now),
        now,
        page.limit,
    )
    return json_reply(
        {"paged-result": page._asdict(), "topic-subscriptions": [_listed(row) for row in rows]}
    )


def active_of(con: sqlite3.Connection, topic: str, now: str) -> Iterator[Body]:
    """The active subscriptions to a topic, one after the other, as the list shows them."""
    # NOTE: the plus keeps SQLite from sorting what an index found, all of it in memory.
    for row in con.execute(
        "SELECT s.id, s.cfg_id, c.name, s.topic, s.event_type, s.criteria, s.start_at, s.extra"
        " FROM subscriptions s CROSS JOIN configurations c ON c.id = s.cfg_id"
        " WHERE +s.topic = ? AND (s.end_at IS NULL OR +s.end_at > ?) ORDER BY s.seq",
        (topic, now),
    ):
        yield _listed(row)


def _last_skipped(store: Store, offset: int, now: str) -> int:
    """The ``seq`` of the last row that ``offset`` skips, ended rows not being counted.

    ``seq`` has no gaps, so only the few that have ended need a look, however large the table.
    """
    # NOTE: the plus keeps SQLite from walking the whole table in the order of seq.
    ended = store.rows("SELECT seq FROM subscriptions WHERE end_at <= ? ORDER BY +seq", now)
    last = offset
    for (seq,) in ended:
        if seq > last:
            break
        last += 1
    return last


def _listed(row: tuple[Any, ...]) -> Body:
    number, cfg_id, cfg_name, topic, event_type, criteria, start_at, extra = row
    document: Body = {
        "id": str(number),
        "del-cfg-id": str(cfg_id),
        "del-cfg-nm": cfg_name,
        "topic-nm": topic,
    }
    if event_type is not None:
        document["evt-tp"] = event_type
    document["match-crt"] = criteria
    document["start-date"] = start_at
    if extra is not None:
        document.update(json.loads(extra))
    return document


def find_by_criteria(store: Store, call: Call) -> Reply:
    """GET /topic-subscriptions/mdn: who is told about one phone number.

    ``mdn`` repeats the criteria as sent (field notes, oddity 3); ``subscriptions`` is empty
    where nobody is told. A subscription without an event type counts as every type of its
    topic. ``limit`` is required and counts configurations.
    """
    topic = required(call.query, "topicId")
    criteria = required(call.query, "matchingCriteria")
    page = page_of(call.query, default=None)
    require_topic(store, topic)
    rows = store.rows(
        "SELECT s.cfg_id, c.name, coalesce(s.event_type, t.event_type)"
        " FROM subscriptions s JOIN configurations c ON c.id = s.cfg_id"
        " LEFT JOIN topic_types t ON s.event_type IS NULL AND t.topic = s.topic"
        " WHERE s.topic = ? AND s.field IS ? AND s.value IS ? AND s.criteria_key = ?"
        " AND (s.end_at IS NULL OR s.end_at > ?) ORDER BY s.seq, t.place",
        topic,
        *(equality_of(criteria) or (None, None)),
        key_of(criteria),
        wire(store.now()),
    )
    groups: dict[int, tuple[str, dict[str, None]]] = {}
    for cfg_id, name, event_type in rows:
        groups.setdefault(cfg_id, (name, {}))[1][event_type] = None
    found = [
        {"delivery-cfg-id": str(cfg_id), "delivery-cfg-nm": name, "events": [*events]}
        for cfg_id, (name, events) in groups.items()
    ]
    return json_reply(
        {
            "paged-result": page._asdict(),
            "mdn": criteria,
            "topic-name": topic,
            "subscriptions": found[page.offset : page.offset + page.limit],
        }
    )


def count_numbers(store: Store, call: Call) -> Reply:
    """GET /topic-subscriptions/uniqueMdnCount: distinct numbers in NIS-Events subscriptions.

    A number counts where it is the whole criteria and the subscription is active.
    """
    row = store.row(
        "SELECT count(DISTINCT value) FROM subscriptions"
        " WHERE topic = ? AND field = 'number' AND (end_at IS NULL OR end_at > ?)",
        NUMBERS_TOPIC,
        wire(store.now()),
    )
    return json_reply({"topic-name": NUMBERS_TOPIC, "activeCount": row[0] if row else 0})


def create_subscription(store: Store, call: Call) -> Reply:
    """POST /topics/{ID}/subscriptions: 201 and no body.

    The service has no idempotency: the same one twice makes two.
    """
    (topic,) = call.args
    require_topic(store, topic)
    cfg_id = identifier(call.body, "del-cfg-id")
    if not store.row("SELECT 1 FROM configurations WHERE id = ?", cfg_id):
        refuse("del-cfg-id", "a known delivery configuration", call.body["del-cfg-id"])
    event_type = None if call.body.get("evt-tp") is None else text(call.body, "evt-tp")
    sql = "SELECT 1 FROM topic_types WHERE topic = ? AND event_type = ?"
    if event_type is not None and not store.row(sql, topic, event_type):
        refuse("evt-tp", f"an event type of {topic}", event_type)
    terms = _terms(call.body)
    with store.writing() as db:
        db.execute(
            "INSERT INTO subscriptions (id, topic, cfg_id, event_type, criteria, criteria_key,"
            " field, value, start_at, end_at, extra)"
            " SELECT max(id) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM subscriptions",
            (topic, cfg_id, event_type, *terms),
        )
    return empty_reply(201)


def get_subscription(store: Store, call: Call) -> Reply:
    """GET /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}: also one that has ended.

    ``del-cfg-id`` is an integer here and text in the list (field notes, oddity 1).
    """
    topic, number = call.args
    cfg_id, event_type, criteria, start_at, extra = _found(store, topic, number)
    document: Body = {"del-cfg-id": cfg_id}
    if event_type is not None:
        document["evt-tp"] = event_type
    document.update({"match-crt": criteria, "start-date": start_at, "id": number})
    document["topic-nm"] = topic
    if extra is not None:
        document.update(json.loads(extra))
    return json_reply(document)


def replace_subscription(store: Store, call: Call) -> Reply:
    """PUT /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}: 200 and no body.

    Replaces the whole entity: what is left out is lost. Topic, event type and target cannot
    change (field notes, M): sent as they are they are ignored, sent otherwise refused.
    """
    topic, number = call.args
    cfg_id, event_type, *_ = _found(store, topic, number)
    fixed = {"id": number, "topic-nm": topic, "del-cfg-id": str(cfg_id), "evt-tp": event_type}
    for field, value in fixed.items():
        sent = call.body.get(field)
        if sent is not None and (str(sent) if field.endswith("id") else sent) != value:
            refuse(field, f"left as it is ({encode(value)})", sent)
    terms = _terms(call.body)
    with store.writing() as db:
        db.execute(
            "UPDATE subscriptions SET criteria = ?, criteria_key = ?, field = ?, value = ?,"
            " start_at = ?, end_at = ?, extra = ? WHERE id = ?",
            (*terms, int(number)),
        )
    return empty_reply(200)


def _found(store: Store, topic: str, number: str) -> tuple[Any, ...]:
    row = store.row(
        "SELECT cfg_id, event_type, criteria, start_at, extra FROM subscriptions"
        " WHERE id = ? AND topic = ?",
        as_id(number),
        topic,
    )
    if row is None:
        raise RefusedError(
            "unknown", f"Subscription not found: {number[:80]} in topic {topic[:80]}"
        )
    return row


def _terms(body: Body) -> _Terms:
    criteria = body.get("match-crt", "")
    if not isinstance(criteria, str):
        refuse("match-crt", "text", criteria)
    # UNKNOWN: what the service takes for a start date that is left out. A POST without one
    # would settle it; "always" loses no event.
    start, end = body.get("start-date"), body.get("end-date")
    extra = {key: value for key, value in body.items() if key not in _KNOWN}
    field, value = equality_of(criteria) or (None, None)
    return _Terms(
        criteria=criteria,
        criteria_key=key_of(criteria),
        field=field,
        value=value,
        start_at=ALWAYS if start is None else moment("start-date", start),
        end_at=None if end is None else moment("end-date", end),
        extra=encode(extra) if extra else None,
    )
