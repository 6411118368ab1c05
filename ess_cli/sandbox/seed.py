"""What a new sandbox holds: the examples of the API reference, all true at once.

``seed.json`` has what the reference shows, and the configurations that its examples only name.
Its deliveries are two, and the attempts of two more; ``story.py`` tells the rest around them.
Everything is the same on every machine: the sandbox is an example to write scripts against.
"""

from __future__ import annotations

import json
import sqlite3  # noqa: TID253 - imported by the store alone, and only to fill a new database
from pathlib import Path
from typing import Any

from ess_cli.sandbox.configurations import NO_AUTHENTICATION, forms
from ess_cli.sandbox.criteria import equality_of, key_of
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.replies import encode
from ess_cli.sandbox.story import Delivery, tell


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
    for document in data["delivery-configurations"]:
        cfg_id = int(document["id"])
        auth = data["authentication"].get(document["id"])
        con.execute(
            "INSERT INTO configurations (id, name, listed, single, auth) VALUES (?, ?, ?, ?, ?)",
            (cfg_id, *forms(document, cfg_id), encode(auth) if auth else NO_AUTHENTICATION),
        )
    for document in data["subscriptions"]:
        _insert_subscription(con, document)
    _insert_deliveries(con, tell(data))
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
    criteria = document["match-crt"]
    con.execute(
        "INSERT INTO subscriptions (id, topic, cfg_id, event_type, criteria, criteria_key,"
        " field, value, start_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            int(document["id"]),
            document["topic-nm"],
            int(document["del-cfg-id"]),
            document.get("evt-tp"),
            criteria,
            key_of(criteria),
            *(equality_of(criteria) or (None, None)),
            document["start-date"],
        ),
    )


def _insert_deliveries(con: sqlite3.Connection, deliveries: list[Delivery]) -> None:
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
