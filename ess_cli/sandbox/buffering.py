"""Scheduled delivery: events are collected into buffer files instead of being POSTed.

A file opens with its first event and closes on the schedule's tick (field notes, M). UNKNOWN:
what the service calls a file that is still open, and what a delivery into a file looks like in
the list of deliveries; a scheduled configuration with one event would settle both.
"""

from __future__ import annotations

import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from typing import TYPE_CHECKING

from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.replies import encode

if TYPE_CHECKING:
    from ess_cli.sandbox.events import Event
    from ess_cli.sandbox.matching import Configuration

OPEN = "OPEN"
_FIRST_FILE_ID = 604


def collect(
    con: sqlite3.Connection, configuration: Configuration, event: Event, delivery: int
) -> None:
    """Put an event into the configuration's open file, within the caller's transaction.

    Its delivery is a success at once: the service's own buffer has taken it.
    """
    moment = wire(event.at)
    file = _open_file(con, configuration.id, moment)
    if configuration.latest_only:
        con.execute("DELETE FROM buffered WHERE file = ?", (file,))
    doc = {
        "topic": event.topic,
        "event": {
            "fld-val-list": dict(event.fields),
            "evt-tp": event.event_type,
            "timestamp": event.raised_at,
        },
        "event-id": event.event_id,
    }
    con.execute("INSERT INTO buffered (file, doc) VALUES (?, ?)", (file, encode(doc)))
    con.execute(
        "INSERT INTO attempts (delivery, number, result, timestamp, http_status, http_body)"
        " VALUES (?, 1, 'SUCCESS', ?, 200, '')",
        (delivery, moment),
    )


def _open_file(con: sqlite3.Connection, cfg_id: int, moment: str) -> int:
    """The ``seq`` of the file that collects for a configuration; a new one where none does."""
    row = con.execute(
        "SELECT seq FROM buffer_files WHERE cfg_id = ? AND closed IS NULL", (cfg_id,)
    ).fetchone()
    if row is None:
        row = con.execute(
            "INSERT INTO buffer_files (file_id, cfg_id, status, opened)"
            " SELECT coalesce(max(file_id) + 1, ?), ?, ?, ? FROM buffer_files RETURNING seq",
            (_FIRST_FILE_ID, cfg_id, OPEN, moment),
        ).fetchone()
    file: int = row[0]
    return file
