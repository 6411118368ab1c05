"""Events made by hand or from a file, checked before any of them is put on its way."""

from __future__ import annotations

import json
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from time import monotonic
from typing import Any, NamedTuple

from ess_cli.sandbox.events import (
    Accepted,
    EventRefusedError,
    accept,
    as_text,
    check,
    event_type_of,
    new_event,
    read_value,
)
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.matching import match
from ess_cli.sandbox.store import Store

# So many events are put on their way in one transaction: few enough that nothing waits for long.
_AT_ONCE = 100


class Sketch(NamedTuple):
    """An event that has not happened yet: no id, no moment."""

    topic: str
    event_type: str
    fields: Mapping[str, Any]


def sketch(
    store: Store, topic: str | None, event_type: str, pairs: Iterable[tuple[str, str]]
) -> Sketch:
    """The event that options describe, checked against its type.

    Args:
        store: knows the topics and types.
        topic: None where the event type belongs to one topic only.
        event_type: its name.
        pairs: fields and their values as text; they are read in the type of the field.

    Raises:
        EventRefusedError: it is none that the service would take.
    """
    with store.reading() as con:
        topic = topic or _only_topic(con, event_type)
        kind = event_type_of(con, topic, event_type)
        fields = {name: read_value(kind, name, text) for name, text in pairs}
        check(kind, fields)
    return Sketch(topic, event_type, fields)


def sketches(
    store: Store, lines: Iterable[bytes], topic: str | None, event_type: str | None
) -> list[Sketch]:
    """The events that a file of JSON lines describes, checked against their types.

    A line is ``{"topic", "event-type", "fields": {…}}``, or what a webhook receives:
    ``{"topic", "event": {"evt-tp", "fld-val-list": {…}}, …}``. Empty lines are passed over.

    Args:
        store: knows the topics and types.
        lines: of the file.
        topic: for lines without one.
        event_type: for lines without one.

    Raises:
        EventRefusedError: a line is no event that the service would take; names the line.
    """
    found = []
    with store.reading() as con:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                one = _read(con, line, topic, event_type)
                check(event_type_of(con, one.topic, one.event_type), one.fields)
            except EventRefusedError as error:
                raise EventRefusedError(f"line {number}: {error}") from None
            found.append(one)
    return found


def _read(
    con: sqlite3.Connection, line: bytes, topic: str | None, event_type: str | None
) -> Sketch:
    try:
        document = json.loads(line)
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise EventRefusedError("not JSON") from None
    if not isinstance(document, dict):
        raise EventRefusedError("not a JSON object")
    event = document.get("event")
    if isinstance(event, dict):
        found, fields = event.get("evt-tp"), event.get("fld-val-list")
    else:
        found, fields = document.get("event-type"), document.get("fields")
    found = found or event_type
    if not isinstance(found, str) or not isinstance(fields, dict):
        raise EventRefusedError('wants "event-type" and "fields", or an event as webhooks get it')
    at = document.get("topic") or topic or _only_topic(con, found)
    if not isinstance(at, str):
        raise EventRefusedError(f"topic: {at!r} is no text")
    return Sketch(at, found, fields)


def _only_topic(con: sqlite3.Connection, event_type: str) -> str:
    topics = [
        topic
        for (topic,) in con.execute(
            "SELECT topic FROM topic_types WHERE event_type = ? ORDER BY topic", (event_type,)
        )
    ]
    if not topics:
        raise EventRefusedError(f"there is no event type {event_type!r}")
    if len(topics) > 1:
        raise EventRefusedError(f"{event_type} belongs to {', '.join(topics)}: which topic?")
    topic: str = topics[0]
    return topic


def preview(store: Store, sketched: Sequence[Sketch]) -> Iterator[Accepted]:
    """What would become of the events if they were emitted now."""
    for each in sketched:
        event = new_event(*each, store.now())
        with store.reading() as con:
            found = match(con, each.topic, each.event_type, as_text(each.fields), wire(store.now()))
        yield Accepted(event, found.configurations, found)


def emit(
    store: Store,
    sketched: Sequence[Sketch],
    count: int,
    per_second: float | None,
    sleep: Callable[[float], None],
) -> Iterator[list[Accepted]]:
    """Let the events happen, in their order; what has been yielded is accepted for good.

    Args:
        store: takes them.
        sketched: the events.
        count: how often each of them happens, round after round.
        per_second: at most so many; None for as many as go.
        sleep: waits; takes seconds.

    Yields:
        The events of one transaction.
    """
    due = chain.from_iterable(repeat(sketched, count))
    began, done = monotonic(), 0
    total = count * len(sketched)
    while done < total:
        at_once = _AT_ONCE
        if per_second is not None:
            ahead = int((monotonic() - began) * per_second) + 1 - done
            if ahead < 1:
                # The moment may have come since.
                sleep(max(0.0, done / per_second - (monotonic() - began)))
                continue
            at_once = min(at_once, ahead)
        with store.writing() as con:
            accepted = [accept(con, new_event(*each, store.now())) for each in islice(due, at_once)]
        done += len(accepted)
        yield accepted
