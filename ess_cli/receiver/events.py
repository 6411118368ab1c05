"""From the bytes of a delivery to the event in it.

The layout is known from samples only (field notes, M), so what is not needed may be missing: a
delivery is an event as soon as it names one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ess_cli.api.decoding import decode

UNKNOWN_LAYOUT = "XML: its layout is not known"
# Local names of elements, without - and _, in lower case.
_XML_NAMES = {
    "topic": "topic",
    "topicnm": "topic",
    "topicname": "topic",
    "eventid": "event-id",
    "evttp": "event-type",
    "eventtype": "event-type",
    "timestamp": "timestamp",
    "attempt": "attempt",
}
_DEEPEST = 200


class NotAnEventError(ValueError):
    """A body that is no event; the text says why, without repeating it."""


class Event(NamedTuple):
    """What a delivery carries; None for whatever it does not say.

    Attributes:
        id: 22 base64url characters, as far as is known; None in XML that does not say.
        attempt: which attempt to deliver it this is, from 1.
        timestamp: as it came: milliseconds and ``Z``.
        fields: ``fld-val-list``; None in XML.
        is_xml: the body is XML, whose layout is not known.
    """

    id: str | None
    topic: str | None
    type: str | None
    attempt: int | None
    timestamp: str | None
    fields: Mapping[str, Any] | None
    is_xml: bool = False


def read(body: bytes) -> Event:
    """The event in a body; the bytes decide whether that is XML, not Content-Type.

    Raises:
        NotAnEventError: it is none.
    """
    if not body.strip():
        raise NotAnEventError("the body is empty")
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return _of_xml(body) if start == b"<" else _of_json(body)


def _of_json(body: bytes) -> Event:
    try:
        document = decode(body)
    except ValueError:
        raise NotAnEventError("the body is not JSON") from None
    if not isinstance(document, dict):
        raise NotAnEventError("the body is not a JSON object")
    event = document.get("event")
    identity, topic = _text(document.get("event-id")), _text(document.get("topic"))
    if identity is None:
        raise NotAnEventError("no event-id")
    if topic is None:
        raise NotAnEventError("no topic")
    if not isinstance(event, dict) or not isinstance(event.get("fld-val-list"), dict):
        raise NotAnEventError("no event with a fld-val-list")
    return Event(
        identity,
        topic,
        _text(event.get("evt-tp")),
        _count(document.get("attempt")),
        _text(event.get("timestamp")),
        event["fld-val-list"],
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _of_xml(body: bytes) -> Event:
    found = _named_texts(body)
    return Event(
        found.get("event-id"),
        found.get("topic"),
        found.get("event-type"),
        _count(found.get("attempt")),
        found.get("timestamp"),
        None,
        is_xml=True,
    )


def _named_texts(body: bytes) -> dict[str, str]:
    """The text of the first element of each name that is known, by its plain name.

    NOTE: a document type may define entities that unfold to gigabytes; none is needed here.
    """
    from xml.parsers.expat import ExpatError, ParserCreate

    found: dict[str, str] = {}
    path: list[str] = []
    pieces: list[str] = []

    def begin(name: str, attributes: object) -> None:
        if len(path) >= _DEEPEST:
            raise NotAnEventError("the XML is nested too deep")
        path.append(name)
        pieces.clear()

    def end(name: str) -> None:
        path.pop()
        plain = re.sub("[-_]", "", name.rpartition(":")[2]).lower()
        text = "".join(pieces).strip()
        if plain in _XML_NAMES and text:
            found.setdefault(_XML_NAMES[plain], text)
        pieces.clear()

    def refuse(*facts: object) -> None:
        raise NotAnEventError("XML with a document type is not read")

    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = pieces.append
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (ExpatError, LookupError, UnicodeError, ValueError) as error:
        if isinstance(error, NotAnEventError):
            raise
        raise NotAnEventError("the body is not XML") from None
    return found
