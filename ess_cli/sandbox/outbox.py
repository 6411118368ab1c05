"""What is on its way: which deliveries are due, and what became of an attempt.

A row of the outbox leaves in the transaction that records how its delivery ended. So a process
that is killed forgets nothing, and what it had not yet recorded is sent once more.
"""

from __future__ import annotations

import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from typing import NamedTuple

from ess_cli.sandbox.envelope import Envelope


class Due(NamedTuple):
    """A delivery whose next attempt may be made."""

    delivery: int
    cfg_id: int
    event: Envelope


class Outcome(NamedTuple):
    """How an attempt went.

    Attributes:
        at: when it began, as the service writes moments.
        address: where it went.
        http_status: None where nothing answered.
        http_body: what was answered, or why nothing was.
        again_at: when the next one is due, in seconds since 1970; None where this was the last.
    """

    due: Due
    at: str
    address: str
    is_success: bool
    http_status: int | None
    http_body: str
    again_at: float | None


# One step down the index for each configuration that has anything on its way.
_WAITING = (
    "WITH RECURSIVE found (id) AS (SELECT min(cfg_id) FROM outbox UNION ALL"
    " SELECT (SELECT min(cfg_id) FROM outbox WHERE cfg_id > found.id) FROM found"
    " WHERE id IS NOT NULL)"
    " SELECT id, (SELECT min(due_at) FROM outbox WHERE cfg_id = found.id) FROM found"
    " WHERE id IS NOT NULL"
)

_DUE = (
    "SELECT o.delivery, d.topic, d.event_type, d.event_id, d.body, o.raised_at, d.attempts + 1"
    " FROM outbox o CROSS JOIN deliveries d ON d.seq = o.delivery"
    " WHERE o.cfg_id = ? AND o.due_at <= ? ORDER BY o.due_at, o.delivery LIMIT ?"
)


def waiting(con: sqlite3.Connection) -> list[tuple[int, float]]:
    """The configurations that have something on its way, and when its first is due."""
    return con.execute(_WAITING).fetchall()


def due(con: sqlite3.Connection, cfg_id: int, now_s: float, limit: int) -> list[Due]:
    """The deliveries of a configuration that are due, those first that have been for longest."""
    rows = con.execute(_DUE, (cfg_id, now_s, limit))
    return [Due(delivery, cfg_id, Envelope(*event)) for delivery, *event in rows]


def record(con: sqlite3.Connection, outcome: Outcome) -> None:
    """Write an outcome down, within the caller's transaction.

    Nothing is written where the delivery is not there any more, after a reset, or where this
    attempt at it has been recorded before.
    """
    (delivery, _, event), again_at = outcome.due, outcome.again_at
    status = "SUCCESS" if outcome.is_success else "FAILED" if again_at is None else "RETRY"
    found = con.execute(
        "UPDATE deliveries SET status = ?, attempts = ?"
        " WHERE seq = ? AND event_id = ? AND attempts = ?",
        (status, event.attempt, delivery, event.event_id, event.attempt - 1),
    )
    if not found.rowcount:
        return
    con.execute(
        "INSERT INTO attempts (delivery, number, result, timestamp, http_status, http_body,"
        " address) SELECT seq, ?, ?, ?, ?, ?, nullif(?, address) FROM deliveries WHERE seq = ?",
        (
            event.attempt,
            "SUCCESS" if outcome.is_success else "FAILED",
            outcome.at,
            outcome.http_status,
            outcome.http_body,
            outcome.address,
            delivery,
        ),
    )
    if status == "RETRY":
        con.execute("UPDATE outbox SET due_at = ? WHERE delivery = ?", (again_at, delivery))
    else:
        con.execute("DELETE FROM outbox WHERE delivery = ?", (delivery,))
