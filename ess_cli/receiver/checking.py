"""Whether events are what their event types say.

How the service writes a number or a truth value into an event is not known (UNKNOWN; events of
every field type would settle it), so both the JSON value and its text are taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ess_cli.errors import EssError
from ess_cli.receiver.intake import Arrival
from ess_cli.records import EventType
from ess_cli.times import read as read_moment

STRICT = "strict"
# Event types are named by whoever delivers: no more different ones are asked for in a run.
_ASKED = 200
# So many faults of one event are named.
_NAMED = 3
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)


class Checker:
    """Holds arrivals against their event types, each of which is asked for once.

    Args:
        fetch: an event type by its id; raises EssError where it cannot be had.
        tell: gets a line where one cannot.
    """

    def __init__(self, fetch: Callable[[str], EventType], tell: Callable[[str], None]) -> None:
        self._fetch = fetch
        self._tell = tell
        self._types: dict[str, EventType | None] = {}

    def check(self, arrival: Arrival) -> Arrival:
        """The arrival; one that was ``ok`` may now be ``mismatch`` or ``unchecked``."""
        event = arrival.event
        if arrival.verdict != "ok" or event is None or event.fields is None:
            return arrival
        if event.type is None:
            return arrival._replace(verdict="unchecked", detail="it names no event type")
        event_type = self._type(event.type)
        if event_type is None:
            detail = "its event type is not to be had"
            return arrival._replace(verdict="unchecked", detail=detail)
        wrong = differences(event_type, event.fields)
        if not wrong:
            return arrival
        more = [f"and {len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else []
        detail = "; ".join([*wrong[:_NAMED], *more])
        return arrival._replace(verdict="mismatch", detail=detail)

    def _type(self, code: str) -> EventType | None:
        if code not in self._types:
            if len(self._types) >= _ASKED:
                return None
            try:
                self._types[code] = self._fetch(code)
            except EssError as error:
                self._types[code] = None
                self._tell(f"event type {code} is not checked: {error.message}")
        return self._types[code]


def differences(event_type: EventType, fields: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event's fields, one short text each; none where it fits.

    A mandatory field that is null counts as missing; one that is not mandatory may be null. A
    field that the type does not know is wrong under ``strict`` only. A field type that is not
    one of the reference's five is not checked, nor is a type whose fields cannot be read.
    """
    known: object = event_type.get("fields")
    if not isinstance(known, Mapping):
        return []
    wrong = [
        f"{name}: missing"
        for name, field in known.items()
        if isinstance(field, Mapping) and field.get("mandatory") is True
        if fields.get(name) is None
    ]
    for name, value in fields.items():
        field = known.get(name)
        if field is None:
            if event_type.get("validation-type") == STRICT:
                wrong.append(f"{name}: not a field of the event type")
        elif isinstance(field, Mapping) and value is not None:
            kind = field.get("type")
            fits = _FITS.get(kind) if isinstance(kind, str) else None
            if fits is not None and not fits(value):
                wrong.append(f"{name}: not of type {kind}")
    return wrong


def _is_integer(value: object) -> bool:
    if isinstance(value, str):
        return _INTEGER.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _is_decimal(value: object) -> bool:
    if isinstance(value, str):
        return _DECIMAL.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


_FITS: dict[str, Callable[[object], bool]] = {
    "Text": lambda value: isinstance(value, str),
    "Integer": _is_integer,
    "Decimal": _is_decimal,
    "Boolean": _is_boolean,
    "Date": lambda value: read_moment(value) is not None,
}
