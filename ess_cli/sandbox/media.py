"""Media Storage: the files that the sandbox makes, announces and hands out.

UNKNOWN, and chosen here:

- ``file_uri`` is host-relative, as ``next-page-uri`` is, so that it holds for the embedded and for
  the served sandbox alike.
- A request without ``int-companyid`` is a 400; any digits are taken for the company.
- A file that has expired is a 404, as one that never was.
- The company hears of a file through whatever is subscribed to its event. A scheduled
  configuration may be: the notice of one file then opens the next.
"""

from __future__ import annotations

import re
import secrets
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox.events import accept, new_event
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.replies import RefusedError, Reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

NOTICE_TOPIC = "MSS-Messages"
NOTICE_TYPE = "event_file_complete"

PIECE_BYTES = 256 * 1024
_PIECES_AT_ONCE = 16
RETENTION_DAYS = 7
"""How long a file can be fetched (field notes, H: typically)."""

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


class Staged(NamedTuple):
    """A file whose bytes are stored, and of which nobody knows yet."""

    file_id: str
    name: str
    size: int


def stage(store: Store, name: str, content: Iterable[bytes], at: datetime) -> Staged:
    """Store the bytes of a file that may be large, some in each of many short transactions.

    What is broken off, or never announced, cannot be fetched, and goes when it would expire.

    Args:
        store: the state.
        name: of the file, for people.
        content: its bytes, in parts of any size; never in memory as a whole.
        at: the moment, aware, in UTC.
    """
    with store.writing() as con:
        file_id = _begin(con, name, at)
    size = 0
    pieces = enumerate(_pieces(content))
    while stretch := list(islice(pieces, _PIECES_AT_ONCE)):
        with store.writing() as con:
            size += _write(con, file_id, stretch)
    return Staged(file_id, name, size)


def keep(con: sqlite3.Connection, name: str, content: Iterable[bytes], at: datetime) -> Staged:
    """The same for a small file, within the caller's transaction."""
    file_id = _begin(con, name, at)
    return Staged(file_id, name, _write(con, file_id, enumerate(_pieces(content))))


def announce(con: sqlite3.Connection, file: Staged, at: datetime) -> None:
    """Let a file be fetched and raise its notice, within the caller's transaction."""
    con.execute("UPDATE stored_files SET size = ? WHERE id = ?", (file.size, file.file_id))
    fields = {
        "creation_time": wire(at),
        "file_retention_time": RETENTION_DAYS,
        "file_uri": f"/mediastorage/v1/files/{file.file_id}/content",
        "file_status": "COMPLETE",
        "file_name": file.name,
        "expire_time": _expiry(at),
        "file_size": file.size,
        "modified_time": wire(at),
        "file_id": file.file_id,
    }
    accept(con, new_event(NOTICE_TOPIC, NOTICE_TYPE, fields, at))


def _begin(con: sqlite3.Connection, name: str, at: datetime) -> str:
    con.execute(
        "DELETE FROM stored_pieces WHERE file IN (SELECT id FROM stored_files WHERE expires <= ?)",
        (wire(at),),
    )
    file_id = secrets.token_urlsafe(12)
    con.execute(
        "INSERT INTO stored_files (id, name, created, expires) VALUES (?, ?, ?, ?)",
        (file_id, name, wire(at), _expiry(at)),
    )
    return file_id


def _write(con: sqlite3.Connection, file_id: str, pieces: Iterable[tuple[int, bytes]]) -> int:
    size = 0
    for place, piece in pieces:
        con.execute("INSERT INTO stored_pieces VALUES (?, ?, ?)", (file_id, place, piece))
        size += len(piece)
    return size


def _expiry(at: datetime) -> str:
    return wire(at + timedelta(days=RETENTION_DAYS))


def get_content(store: Store, call: Call) -> Reply:
    """GET /mediastorage/v1/files/{file-id}/content: the bytes as they were stored.

    What was compressed stays so, and no ``Content-Encoding`` says it (field notes, H).
    """
    (file_id,) = call.args
    if not _DIGITS.fullmatch(call.headers.get("int-companyid", "")):
        raise RefusedError("invalid", "int-companyid: this header is required, in digits")
    file = store.row(
        "SELECT size FROM stored_files WHERE id = ? AND expires > ? AND size IS NOT NULL",
        file_id,
        wire(store.now()),
    )
    if file is None:
        raise RefusedError("unknown", f"File not found: {file_id[:80]}")
    first = _piece(store, file_id, 0)
    (size,) = file
    places = range(1, -(-size // PIECE_BYTES))
    rest = (_piece(store, file_id, place) for place in places)
    return Reply(
        200,
        (("Content-Type", "application/octet-stream"),),
        first,
        rest=rest,
        rest_bytes=size - len(first),
    )


def _piece(store: Store, file_id: str, place: int) -> bytes:
    sql = "SELECT content FROM stored_pieces WHERE file = ? AND place = ?"
    row = store.row(sql, file_id, place)
    if row is None:  # the client was so slow that the file expired, or was reset away
        raise SandboxUnusable(str(store.path), "a file was removed while it was read")
    content: bytes = row[0]
    return content


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of ``PIECE_BYTES``; the last is what is left, or the only one."""
    held = bytearray()
    for part in content:
        held += part
        while len(held) > PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    yield bytes(held)
