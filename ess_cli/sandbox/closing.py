"""Buffer files at their end: what was collected becomes a file that can be fetched.

UNKNOWN: the layout. Here a file has a line of JSON for each event: what a webhook would get, but
for the attempt; for a configuration of format XML it is one list of such elements.
"""

from __future__ import annotations

import json
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from collections.abc import Iterable, Iterator
from datetime import datetime

from ess_cli.sandbox import media
from ess_cli.sandbox.envelope import XML_DECLARATION, Envelope, element
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.matching import Configuration

ARCHIVED = "ARCHIVED"


def open_files(con: sqlite3.Connection) -> list[tuple[int, int]]:
    """The files that still collect: ``seq`` and the id of the configuration."""
    return con.execute("SELECT seq, cfg_id FROM buffer_files WHERE closed IS NULL").fetchall()


def close(
    con: sqlite3.Connection, file: int, configuration: Configuration, at: datetime
) -> str | None:
    """Close a file, store it and raise its notice, within the caller's transaction.

    Args:
        con: of the sandbox's store.
        file: its ``seq``.
        configuration: that it collects for.
        at: the moment, aware, in UTC.

    Returns:
        The name of the stored file; None where somebody else has closed it.
    """
    found = con.execute(
        "UPDATE buffer_files SET status = ?, closed = ? WHERE seq = ? AND closed IS NULL"
        " RETURNING file_id",
        (ARCHIVED, wire(at), file),
    ).fetchone()
    if found is None:
        return None
    is_xml = configuration.format == "XML"
    name = f"events-{configuration.id}-{found[0]}.{'xml' if is_xml else 'jsonl'}"
    rows = con.execute("SELECT doc FROM buffered WHERE file = ? ORDER BY seq", (file,))
    docs = (doc for (doc,) in rows)
    lines = _xml_lines(docs) if is_xml else docs
    stored = media.keep(con, name, (f"{line}\n".encode() for line in lines), at)
    media.announce(con, stored, at)
    con.execute("UPDATE buffer_files SET stored = ? WHERE seq = ?", (stored.file_id, file))
    con.execute("DELETE FROM buffered WHERE file = ?", (file,))
    return name


def _xml_lines(docs: Iterable[str]) -> Iterator[str]:
    yield XML_DECLARATION + "<event-deliveries>"
    for doc in docs:
        document = json.loads(doc)
        event = document["event"]
        fields = event["fld-val-list"]
        envelope = Envelope(
            topic=document["topic"],
            event_type=event["evt-tp"],
            event_id=document["event-id"],
            body="",
            raised_at=event["timestamp"],
            attempt=0,
        )
        yield element(envelope, fields)
    yield "</event-deliveries>"
