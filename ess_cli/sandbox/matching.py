"""Who is told of an event: the configurations whose subscriptions match it.

A subscription matches when its topic is the event's, its event type is the event's or absent,
the moment lies between its start and its end, and its criteria hold. Criteria that do not parse
match nothing, and are told of: whoever wrote them expects events.
"""

from __future__ import annotations

import json
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from collections.abc import Iterable
from typing import Any, NamedTuple

from ess_cli.sandbox.criteria import Fields, MalformedError, parse


class Configuration(NamedTuple):
    """A delivery configuration, as far as delivering needs it.

    Attributes:
        addr: where to; of a scheduled one the service's own buffer.
        format: JSON or XML.
        throttling: events per minute; None for no limit.
        cron: when its buffer file closes; None for a real-time one.
        latest_only: a buffer file keeps the last event only.
    """

    id: int
    name: str
    addr: str
    format: str
    is_active: bool
    throttling: int | None
    cron: str | None
    latest_only: bool


class Malformed(NamedTuple):
    """A subscription whose criteria cannot be read, and why."""

    subscription_id: int
    criteria: str
    why: str


class Matches(NamedTuple):
    """What matching found.

    Attributes:
        configurations: the active ones, each once, in the order of their subscriptions.
        inactive: how many more there would be, were they switched on.
        malformed: subscriptions of the topic that can match nothing.
    """

    configurations: list[Configuration]
    inactive: int
    malformed: list[Malformed]


# The fields of the event are the outer loop: each is one step down the index, however many
# subscriptions there are. What is no plain equality has neither field nor value, and is read.
_FOUND = (
    "SELECT s.seq, s.id, s.cfg_id, s.criteria FROM ({fields}) f CROSS JOIN subscriptions s"
    " INDEXED BY subscriptions_value ON s.topic = ?1 AND s.field IS f.name AND s.value IS f.value"
    " WHERE (s.event_type IS NULL OR s.event_type = ?2) AND s.start_at <= ?3"
    " AND (s.end_at IS NULL OR s.end_at > ?3)"
)


def match(
    con: sqlite3.Connection, topic: str, event_type: str, fields: Fields, now: str
) -> Matches:
    """The configurations that an event goes to.

    Args:
        con: of the sandbox's store.
        topic: of the event.
        event_type: of the event.
        fields: its fields as text.
        now: the moment, as the service writes it.
    """
    rows = con.execute(
        _FOUND.format(fields=_pairs(len(fields))),
        (topic, event_type, now, *(part for pair in fields.items() for part in pair)),
    ).fetchall()
    cfg_ids: dict[int, None] = {}
    malformed = []
    for _, subscription_id, cfg_id, criteria in sorted(rows):
        try:
            if parse(criteria)(fields):
                cfg_ids[cfg_id] = None
        except MalformedError as error:
            malformed.append(Malformed(subscription_id, criteria, str(error)))
    found = [configuration(con, cfg_id) for cfg_id in cfg_ids]
    active = [each for each in found if each.is_active]
    return Matches(active, len(found) - len(active), malformed)


def _pairs(count: int) -> str:
    rows = "".join(f" UNION ALL SELECT ?{n}, ?{n + 1}" for n in range(4, 4 + 2 * count, 2))
    return f"SELECT NULL AS name, NULL AS value{rows}"


def configuration(con: sqlite3.Connection, cfg_id: int) -> Configuration:
    """The configuration of an id that is known to exist."""
    (listed,) = con.execute("SELECT listed FROM configurations WHERE id = ?", (cfg_id,)).fetchone()
    document: dict[str, Any] = json.loads(listed)
    return Configuration(
        id=cfg_id,
        name=document["del-cfg-nm"],
        addr=document["addr"],
        format=document["del-fmt-cd"],
        is_active=document.get("is-active", True),
        throttling=document.get("throttling"),
        cron=document.get("cron-expression"),
        latest_only=document.get("latest-event-only", False),
    )


def scheduled(con: sqlite3.Connection) -> Iterable[Configuration]:
    """The configurations that collect events into files, active or not."""
    for (cfg_id,) in con.execute(
        "SELECT id FROM configurations WHERE listed ->> '$.cron-expression' IS NOT NULL"
    ).fetchall():
        yield configuration(con, cfg_id)
