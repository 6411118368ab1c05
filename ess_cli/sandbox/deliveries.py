"""Operations on what was delivered: deliveries, attempts, the summary, buffer files."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ess_cli.sandbox.fields import Body, as_id, instant, refuse, text
from ess_cli.sandbox.paging import page_of
from ess_cli.sandbox.replies import RefusedError, Reply, json_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

_ISO = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
# Dates contain hyphens themselves; the pattern finds the one between two whole dates.
_RANGE = re.compile(rf"\[({_ISO})?-({_ISO})?\]", re.ASCII)

_COUNTS = {"PENDING": "pending", "RETRY": "retry", "FAILED": "failed"}


def list_deliveries(store: Store, call: Call) -> Reply:
    """GET /event-deliveries, oldest first.

    ``next-page-uri`` is host-relative and there only when another page is.
    """
    page = page_of(call.query, default=50)
    rows = store.rows(
        "SELECT d.event_id, d.topic, d.event_type, d.address, d.cfg_id, c.name, d.status,"
        " d.timestamp, d.body"
        " FROM deliveries d CROSS JOIN configurations c ON c.id = d.cfg_id"
        " WHERE d.seq > ? ORDER BY d.seq LIMIT ?",
        page.offset,
        page.limit + 1,
    )
    document: Body = {"paged-result": page._asdict()}
    if len(rows) > page.limit:
        following = page.offset + page.limit
        uri = f"/ess/v1/event-deliveries?offset={following}&limit={page.limit}"
        document["next-page-uri"] = uri
    document["event-deliveries"] = [_delivery(row) for row in rows[: page.limit]]
    return json_reply(document)


def _delivery(row: tuple[Any, ...]) -> Body:
    event_id, topic, event_type, address, cfg_id, cfg_name, status, timestamp, body = row
    return {
        "event-id": event_id,
        "topic": topic,
        "event-type": event_type,
        "delivery-point": address,
        "del-cfg-id": cfg_id,
        "del-cfg-nm": cfg_name,
        "delivery-status": status,
        "timestamp": timestamp,
        "event-body": body,
    }


def list_attempts(store: Store, call: Call) -> Reply:
    """GET /event-delivery-attempts, newest first.

    ``attempt-http-response-status`` and ``-body`` are absent where nothing answered.
    UNKNOWN: whether the service sends 0 or null instead; an attempt at a closed port would
    settle it.
    """
    page = page_of(call.query, default=50)
    rows = store.rows(
        "SELECT d.event_id, d.event_type, d.body, d.timestamp, d.topic, d.status, c.name,"
        " coalesce(a.address, d.address), a.number, a.result, a.timestamp, a.http_status,"
        " a.http_body"
        " FROM attempts a CROSS JOIN deliveries d ON d.seq = a.delivery"
        " CROSS JOIN configurations c ON c.id = d.cfg_id"
        " WHERE a.seq <= (SELECT max(seq) FROM attempts) - ? ORDER BY a.seq DESC LIMIT ?",
        *page,
    )
    attempts = [_attempt(row) for row in rows]
    return json_reply({"paged-result": page._asdict(), "attempts": attempts})


def _attempt(row: tuple[Any, ...]) -> Body:
    document: Body = {
        "event-id": row[0],
        "event-type": row[1],
        "event-body": row[2],
        "event-timestamp": row[3],
        "topic": row[4],
        "delivery-status": row[5],
        "del-cfg-nm": row[6],
        "del-addr": row[7],
        "attempt-number": row[8],
        "attempt-result": row[9],
        "attempt-timestamp": row[10],
    }
    if row[11] is not None:
        document["attempt-http-response-status"] = row[11]
    if row[12] is not None:
        document["attempt-http-response-body"] = row[12]
    return document


def track(store: Store, call: Call) -> Reply:
    """GET /event-deliveries/{EVT_ID}:{DEL_CFG_ID}/tracking: the attempts in order.

    The same facts as in /event-delivery-attempts under other names (field notes, oddity 2).
    """
    event_id, cfg_id = call.args
    delivery = store.row(
        "SELECT seq FROM deliveries WHERE event_id = ? AND cfg_id = ?", event_id, as_id(cfg_id)
    )
    if delivery is None:
        raise RefusedError("unknown", f"Event delivery not found: {event_id[:80]}:{cfg_id[:80]}")
    rows = store.rows(
        "SELECT number, result, http_status, http_body, timestamp FROM attempts"
        " WHERE delivery = ? ORDER BY number",
        *delivery,
    )
    attempts = []
    for number, result, http_status, http_body, timestamp in rows:
        attempt: Body = {"attempt-number": number, "status": result}
        if http_status is not None:
            attempt["response-status"] = http_status
        if http_body is not None:
            attempt["response-details"] = http_body
        attempts.append({**attempt, "attempt-timestamp": timestamp})
    return json_reply({"event-id": event_id, "delivery-attempts": attempts})


def summarize(store: Store, call: Call) -> Reply:
    """GET /event-deliveries/summary: how many are pending, in retry, failed, at three levels.

    The rule: a combination of configuration, topic and event type is listed when one of its
    deliveries did not succeed at its first attempt, in the order of the first such delivery;
    what was marked as handled no longer counts. UNKNOWN: the service's own rule. The reference's
    example lists a combination whose counts are all 0, and this is a plain rule that makes it
    so.
    """
    rows = store.rows(
        "SELECT c.id, c.name, d.topic, d.event_type, d.status, sum(d.handled = 0), min(d.seq)"
        " FROM deliveries d INDEXED BY deliveries_troubled"
        " JOIN configurations c ON c.id = d.cfg_id"
        " WHERE d.status <> 'SUCCESS' OR d.attempts > 1"
        " GROUP BY d.cfg_id, d.topic, d.event_type, d.status ORDER BY min(d.seq)"
    )
    configurations: dict[int, Body] = {}
    for cfg_id, name, topic, event_type, status, count, _ in rows:
        configuration = configurations.setdefault(cfg_id, {"del-cfg-nm": name, "topics": {}})
        of_topic = configuration["topics"].setdefault(topic, {"topic-nm": topic, "event-types": {}})
        of_type = of_topic["event-types"].setdefault(event_type, {"id": event_type})
        for level in (of_type, of_topic, configuration):
            for label in _COUNTS.values():
                level.setdefault(label, 0)
            if status in _COUNTS:
                level[_COUNTS[status]] += count
    for configuration in configurations.values():
        configuration["topics"] = [*configuration["topics"].values()]
        for of_topic in configuration["topics"]:
            of_topic["event-types"] = [*of_topic["event-types"].values()]
    return json_reply({"delivery-configurations": [*configurations.values()]})


def mark_handled(store: Store, call: Call) -> Reply:
    """POST /handled-event-deliveries: marks what matches, answers how many were not yet marked.

    ``timestamp`` is a range ``[from-to]``, both ends included; a missing end is open. UNKNOWN:
    whether the service takes a missing field for "any"; here each is required, so that nothing
    is marked that was not named.
    """
    fields = ("event-id", "topic", "event-type", "del-cfg-nm")
    wanted = [text(call.body, field) for field in fields]
    since, until = _range(text(call.body, "timestamp"))
    with store.writing() as db:
        found = db.execute(
            "SELECT d.seq, d.timestamp FROM deliveries d JOIN configurations c ON c.id = d.cfg_id"
            " WHERE d.event_id = ? AND d.topic = ? AND d.event_type = ? AND c.name = ?"
            " AND d.handled = 0",
            wanted,
        ).fetchall()
        marked = [
            (seq,)
            for seq, timestamp in found
            if (since is None or datetime.fromisoformat(timestamp) >= since)
            and (until is None or datetime.fromisoformat(timestamp) <= until)
        ]
        db.executemany("UPDATE deliveries SET handled = 1 WHERE seq = ?", marked)
    return json_reply({"number-of-updated-event-deliveries": len(marked)})


def _range(value: str) -> tuple[datetime | None, datetime | None]:
    found = _RANGE.fullmatch(value)
    if not found:
        refuse("timestamp", "a range [from-to] of ISO 8601 dates", value)
    since, until = (side and instant("timestamp", side) for side in found.groups())
    return since or None, until or None


def list_buffer_files(store: Store, call: Call) -> Reply:
    """GET /event-buffer-files: here, and only here, the paging block stands last.

    ``closed`` is absent while a file still collects.
    """
    page = page_of(call.query, default=1000)
    rows = store.rows(
        "SELECT f.file_id, f.cfg_id, c.name, f.status, f.opened, f.closed"
        " FROM buffer_files f CROSS JOIN configurations c ON c.id = f.cfg_id"
        " WHERE f.seq > ? ORDER BY f.seq LIMIT ?",
        *page,
    )
    files = []
    for file_id, cfg_id, cfg_name, status, opened, closed in rows:
        document: Body = {
            "file-id": file_id,
            "del-cfg-id": str(cfg_id),
            "del-cfg-nm": cfg_name,
            "file-status": status,
            "opened": opened,
        }
        if closed is not None:
            document["closed"] = closed
        files.append(document)
    return json_reply({"files": files, "paged-result": page._asdict()})
