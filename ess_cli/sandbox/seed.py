"""What a new sandbox holds: the examples of the API reference, all true at once.

``seed.json`` has what the reference shows, and the configurations that its examples only name.
Deliveries are few there, so a story is told around them: 62 in all, which is more than one page.
Everything is the same on every machine: the sandbox is an example to write scripts against.

NOTE: deliveries went to configurations (``sai``, ``ESS Buffer``) to which nothing is subscribed
any more; the reference shows both. Otherwise its examples agree. Where two ever do not, the
attempt's row gives way.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3  # noqa: TID253 - imported by the store alone, and only to fill a new database
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ess_cli.sandbox.configurations import NO_AUTHENTICATION, forms
from ess_cli.sandbox.criteria import key_of, number_of
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.replies import encode

# The middle of the story, one letter a delivery. p: a number is ported, s: a message changes its
# state, d: a true disconnect, m: a message comes in, f: a file is complete; r: release6, whose
# first delivery is repeated once and then succeeds; t: topic-C of the mark-handled example;
# x: ESS Buffer is not on the allow-list yet, y: it is, but answers 503.
_STORY = "pstdpsdpsmrpsdxxxpsdrmpsyyyyydpsmdpspmdspdmpsdpmspdsffpdfp"
_BEGIN = datetime(2017, 6, 30, 14, 5, 11)
_STEP = timedelta(hours=49, minutes=52, seconds=37)

_REPEAT_AFTER_S = (1, 61, 361, 1261)
"""When the attempts of a delivery are made. UNKNOWN: the service's own schedule."""

_NOT_ALLOWED = "Delivery refused: host ess-buffer.example.com is not on the allow-list"


class _Attempt(NamedTuple):
    at: datetime
    result: str
    http_status: int | None
    http_body: str | None


class _Delivery(NamedTuple):
    event_id: str
    cfg_id: int
    topic: str
    event_type: str
    address: str
    status: str
    at: datetime
    body: str
    attempts: tuple[_Attempt, ...]


def fill(con: sqlite3.Connection) -> None:
    """Write the seed into empty tables, within the caller's transaction."""
    data = json.loads(Path(__file__).with_name("seed.json").read_text(encoding="utf-8"))
    for topic in data["topics"]:
        name = topic["topic-nm"]
        con.execute("INSERT INTO topics (name, doc) VALUES (?, ?)", (name, encode(topic)))
        places = [(name, place, kind) for place, kind in enumerate(topic["evt-tp-list"])]
        con.executemany("INSERT INTO topic_types VALUES (?, ?, ?)", places)
    for event_type in data["event-types"]:
        _insert_event_type(con, event_type)
    addresses = {}
    for document in data["delivery-configurations"]:
        cfg_id = int(document["id"])
        addresses[cfg_id] = document["addr"]
        auth = data["authentication"].get(document["id"])
        con.execute(
            "INSERT INTO configurations (id, name, listed, single, auth) VALUES (?, ?, ?, ?, ?)",
            (cfg_id, *forms(document, cfg_id), encode(auth) if auth else NO_AUTHENTICATION),
        )
    for document in data["subscriptions"]:
        _insert_subscription(con, document)
    _insert_deliveries(con, _deliveries(data, addresses))
    for file in data["event-buffer-files"]:
        con.execute(
            "INSERT INTO buffer_files (file_id, cfg_id, status, opened, closed)"
            " VALUES (?, ?, ?, ?, ?)",
            tuple(file.values()),
        )


def _insert_event_type(con: sqlite3.Connection, event_type: dict[str, Any]) -> None:
    """``seed.json`` writes a field as ``"Text"``, and ``"Text!"`` where it is mandatory."""
    fields = {
        name: {"type": kind.rstrip("!"), "mandatory": kind.endswith("!")}
        for name, kind in event_type["fields"].items()
    }
    within_topic = {name: field for name, field in fields.items() if name != "company-id"}
    con.execute(
        "INSERT INTO event_types (id, doc, topic_doc) VALUES (?, ?, ?)",
        (
            event_type["id"],
            encode(event_type | {"fields": fields}),
            encode(event_type | {"fields": within_topic}),
        ),
    )


def _insert_subscription(con: sqlite3.Connection, document: dict[str, Any]) -> None:
    key = key_of(document["match-crt"])
    con.execute(
        "INSERT INTO subscriptions (id, topic, cfg_id, event_type, criteria, criteria_key,"
        " number, start_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            int(document["id"]),
            document["topic-nm"],
            int(document["del-cfg-id"]),
            document.get("evt-tp"),
            document["match-crt"],
            key,
            number_of(key),
            document["start-date"],
        ),
    )


def _insert_deliveries(con: sqlite3.Connection, deliveries: list[_Delivery]) -> None:
    """Deliveries in the order of their events; attempts in the order in which they were made."""
    con.executemany(
        "INSERT INTO deliveries (seq, event_id, cfg_id, topic, event_type, address, status,"
        " timestamp, body, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (seq, *d[:6], wire(d.at), d.body, len(d.attempts))
            for seq, d in enumerate(deliveries, start=1)
        ],
    )
    attempts = sorted(
        (attempt.at, seq, number, attempt)
        for seq, delivery in enumerate(deliveries, start=1)
        for number, attempt in enumerate(delivery.attempts, start=1)
    )
    con.executemany(
        "INSERT INTO attempts (delivery, number, result, timestamp, http_status, http_body)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (seq, number, a.result, wire(at), a.http_status, a.http_body)
            for at, seq, number, a in attempts
        ],
    )


def _deliveries(data: dict[str, Any], addresses: dict[int, str]) -> list[_Delivery]:
    """The reference's first two, the story between, and the two of its attempts, newest last."""
    first = [
        _Delivery(
            event_id=row["event-id"],
            cfg_id=row["del-cfg-id"],
            topic=row["topic"],
            event_type=row["event-type"],
            address=row["delivery-point"],
            status=row["delivery-status"],
            at=_read(row["timestamp"]),
            body=row["event-body"],
            attempts=_at_once(_read(row["timestamp"])),
        )
        for row in data["event-deliveries"]
    ]
    cfg_ids = {row["del-cfg-nm"]: int(row["id"]) for row in data["delivery-configurations"]}
    last = [
        _Delivery(
            event_id=row["event-id"],
            cfg_id=cfg_ids[row["del-cfg-nm"]],
            topic=row["topic"],
            event_type=row["event-type"],
            address=row["del-addr"],
            status=row["delivery-status"],
            at=_read(row["event-timestamp"]),
            body=row["event-body"],
            attempts=(
                _Attempt(
                    _read(row["attempt-timestamp"]),
                    row["attempt-result"],
                    row["attempt-http-response-status"],
                    row["attempt-http-response-body"],
                ),
            ),
        )
        for row in reversed(data["attempts"])
    ]
    story = [_scene(letter, place, addresses) for place, letter in enumerate(_STORY)]
    return [*first, *story, *last]


def _scene(letter: str, place: int, addresses: dict[int, str]) -> _Delivery:
    at = _BEGIN + place * _STEP
    topic, event_type, cfg_id, fields = _event(letter, place, at)
    status = "SUCCESS"
    attempts = _at_once(at)
    if letter == "r" and _STORY.index("r") == place:
        attempts = (_attempt(at, 0, 503, "Service Unavailable"), _attempt(at, 1, 200, "OK"))
    elif letter in "xy":
        status = "FAILED"
        http = (None, _NOT_ALLOWED) if letter == "x" else (503, "Service Unavailable")
        attempts = tuple(_attempt(at, i, *http) for i in range(len(_REPEAT_AFTER_S)))
    return _Delivery(
        event_id="event-3" if letter == "t" else _token(f"event {place}", 22),
        cfg_id=cfg_id,
        topic=topic,
        event_type=event_type,
        address=addresses[cfg_id],
        status=status,
        at=at,
        body=json.dumps(fields, indent=1),
        attempts=attempts,
    )


def _event(letter: str, place: int, at: datetime) -> tuple[str, str, int, dict[str, object]]:
    """Topic, event type, configuration and the event's own fields."""
    # 555-0100 to 555-0199 are the numbers that belong to nobody.
    number = f"+120255501{place:02}"
    tracking_id = str(1092585662 + 7919 * place)
    if letter == "p":
        return (
            "NIS-Events",
            "porting_event",
            1266,
            {
                "carrier_id": "15799",
                "number": "+12345678901",
                "previous_carrier_id": "",
                "porting_date": wire(at.replace(hour=0, minute=0, second=0)),
                "carrier_name": "PAETEC COMMUNICATIONS INC.",
                "previous_carrier_name": "",
                "tracking_id": tracking_id,
            },
        )
    if letter == "d":
        return (
            "NIS-Events",
            "truedisconnect_event",
            1655,
            {
                "number": number,
                "previous_carrier_id": "1025",
                "previous_carrier_name": "Guru",
                "tracking_id": tracking_id,
                "deactivation_date": wire(at.replace(hour=4, minute=0, second=0)),
            },
        )
    if letter == "s":
        return (
            "SCG-Message",
            "message_state_change",
            1266,
            {
                "message_id": _token(f"message {place}", 22),
                "previous_state": "SENT",
                "new_state": "DELIVERED",
                "reason_code": "0",
                "reason_description": "Delivered to handset",
                "to_address": number,
                "fragments_count": 1,
                "mt_price": 0.0075,
            },
        )
    if letter == "f":
        file_id = _token(f"file {place}", 16)
        return (
            "MSS-Messages",
            "event_file_complete",
            1647,
            {
                "creation_time": wire(at),
                "file_retention_time": 7,
                "file_uri": f"https://api.syniverse.com/mediastorage/v1/files/{file_id}",
                "file_status": "COMPLETE",
                "file_name": "subscriptions.csv.gz",
                "expire_time": wire(at + timedelta(days=7)),
                "file_size": 20480 + place,
                "modified_time": wire(at),
                "file_id": file_id,
            },
        )
    if letter == "t":
        return "topic-C", "some-type-3", 1658, {"note": "an event of the reference's example"}
    return (
        "SCG-Message",
        "mo_message_received",
        {"m": 262, "r": 1656}.get(letter, 1657),
        {
            "message_id": _token(f"message {place}", 22),
            "message_body": "STOP" if letter == "m" else "Hello",
            "message_body_content_type": "text/plain",
            "from_address": number,
            "to_address": "+12025550199",
            "has_attachment": False,
            "fragments_count": 1,
        },
    )


def _at_once(at: datetime) -> tuple[_Attempt, ...]:
    return (_attempt(at, 0, 200, "OK"),)


def _attempt(at: datetime, repeat: int, http_status: int | None, http_body: str) -> _Attempt:
    result = "SUCCESS" if http_status == 200 else "FAILED"
    when = at + timedelta(seconds=_REPEAT_AFTER_S[repeat])
    return _Attempt(when, result, http_status, http_body)


def _token(text: str, length: int) -> str:
    """Characters of base64url that look random and are always the same for ``text``."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest)[:length].decode()


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
