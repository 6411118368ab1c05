"""Events: checked against their type, matched, and put on their way, in one transaction.

What is committed is accepted: it is delivered sooner or later, whatever becomes of the process.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ess_cli.sandbox import buffering
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.matching import Configuration, Matches, match

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d))?", re.ASCII)


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        fields: values as JSON has them, in the types of the event type.
        event_id: 22 characters of base64url.
        at: when, aware, in UTC.
    """

    topic: str
    event_type: str
    fields: Mapping[str, Any]
    event_id: str
    at: datetime

    @property
    def raised_at(self) -> str:
        """When, to the millisecond, as webhooks get it."""
        return self.at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

    @property
    def body(self) -> str:
        """The fields as JSON text."""
        return json.dumps(self.fields, indent=1)


class EventRefusedError(ValueError):
    """An event that is not one of its type; says which field, which value, and what is due."""


class EventType(NamedTuple):
    """What an event of a type must be.

    Attributes:
        kinds: the type of each field: Text, Integer, Decimal, Boolean or Date.
        mandatory: the fields that may not be missing.
        is_strict: no other field is allowed.
    """

    name: str
    kinds: Mapping[str, str]
    mandatory: frozenset[str]
    is_strict: bool


class Accepted(NamedTuple):
    """What became of an event.

    Attributes:
        deliveries: the configurations that it goes to.
        matches: how they were found.
    """

    event: Event
    deliveries: list[Configuration]
    matches: Matches


def event_type_of(con: sqlite3.Connection, topic: str, name: str) -> EventType | None:
    """The event type of a topic; None for one that /event-types does not know (__GENERIC__).

    Raises:
        EventRefusedError: there is no such topic, or it has no such type.
    """
    names = [
        found
        for (found,) in con.execute(
            "SELECT event_type FROM topic_types WHERE topic = ? ORDER BY place", (topic,)
        )
    ]
    if not names:
        topics = (found for (found,) in con.execute("SELECT name FROM topics ORDER BY seq"))
        raise EventRefusedError(f"there is no topic {topic!r}; there are {', '.join(topics)}")
    if name not in names:
        raise EventRefusedError(f"{topic} has no event type {name!r}; it has {', '.join(names)}")
    row = con.execute("SELECT doc FROM event_types WHERE id = ?", (name,)).fetchone()
    if row is None:
        return None
    document = json.loads(row[0])
    fields: dict[str, dict[str, Any]] = document["fields"]
    return EventType(
        name,
        {field: facts["type"] for field, facts in fields.items()},
        frozenset(field for field, facts in fields.items() if facts["mandatory"]),
        document["validation-type"] == "strict",
    )


def check(kind: EventType | None, fields: Mapping[str, Any]) -> None:
    """Refuse an event that is not one of its type, as the service would.

    Raises:
        EventRefusedError: a mandatory field is missing, a value has another type, or a strict
            type does not know a field.
    """
    if kind is None:
        return
    missing = [field for field in kind.kinds if field in kind.mandatory and field not in fields]
    if missing:
        raise EventRefusedError(f"{kind.name} wants {', '.join(missing)}")
    for field, value in fields.items():
        due = kind.kinds.get(field)
        if due is None:
            if kind.is_strict:
                known = ", ".join(kind.kinds)
                raise EventRefusedError(f"{kind.name} has no field {field!r}; it has {known}")
        elif not _IS[due](value):
            raise EventRefusedError(f"{field}: {value!r} is no {due}")


def read_value(kind: EventType | None, field: str, text: str) -> Any:
    """The value that text stands for, in the type of its field; text where it has none.

    Raises:
        EventRefusedError: it is none of that type.
    """
    due = kind.kinds.get(field, "Text") if kind else "Text"
    try:
        value = _READ[due](text)
        if _IS[due](value):
            return value
    except (ValueError, KeyError, OverflowError):
        pass
    raise EventRefusedError(f"{field}: {text!r} is no {due}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_IS: dict[str, Callable[[Any], bool]] = {
    "Text": lambda value: isinstance(value, str),
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Decimal": _is_number,
    "Boolean": lambda value: isinstance(value, bool),
    "Date": _is_date,
}

_READ: dict[str, Callable[[str], Any]] = {
    "Text": str,
    "Integer": int,
    "Decimal": lambda text: int(text) if re.fullmatch(r"-?\d+", text) else float(text),
    "Boolean": lambda text: {"true": True, "false": False}[text],
    "Date": str,
}


def new_event(topic: str, event_type: str, fields: Mapping[str, Any], at: datetime) -> Event:
    """An event with an id of its own: 22 characters of base64url, as the service's."""
    return Event(topic, event_type, fields, secrets.token_urlsafe(16), at.astimezone(UTC))


def as_text(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields of an event as criteria compare them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
    }


def accept(con: sqlite3.Connection, event: Event) -> Accepted:
    """Match an event and put it on its way, within the caller's transaction.

    The event is not checked here: see :func:`check`.
    """
    moment = wire(event.at)
    found = match(con, event.topic, event.event_type, as_text(event.fields), moment)
    for configuration in found.configurations:
        is_collected = configuration.cron is not None
        (delivery,) = con.execute(
            "INSERT INTO deliveries (event_id, cfg_id, topic, event_type, address, status,"
            " attempts, timestamp, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
            (
                event.event_id,
                configuration.id,
                event.topic,
                event.event_type,
                configuration.addr,
                "SUCCESS" if is_collected else "PENDING",
                int(is_collected),
                moment,
                event.body,
            ),
        ).fetchone()
        if is_collected:
            buffering.collect(con, configuration, event, delivery)
            continue
        con.execute(
            "INSERT INTO outbox (delivery, cfg_id, due_at, raised_at) VALUES (?, ?, ?, ?)",
            (delivery, configuration.id, event.at.timestamp(), event.raised_at),
        )
    return Accepted(event, found.configurations, found)
