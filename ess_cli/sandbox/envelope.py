"""What a webhook is sent: the body of the POST, and the headers that say what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ess_cli.sandbox.replies import encode

XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_CONTENT_TYPES = {"JSON": "application/json", "XML": "application/xml"}

# What XML 1.0 cannot hold becomes U+FFFD; what a reader would take for layout is written as a
# number.
_UNSAYABLE = (*range(32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000))
_XML = dict.fromkeys(_UNSAYABLE, "\ufffd") | str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)


class Envelope(NamedTuple):
    """An event in one attempt at its delivery.

    Attributes:
        body: the event's fields, as JSON text.
        raised_at: when it happened, to the millisecond.
        attempt: which one this is, from 1; 0 where none is made.
    """

    topic: str
    event_type: str
    event_id: str
    body: str
    raised_at: str
    attempt: int


def wrap(event: Envelope, form: str) -> tuple[bytes, list[tuple[str, str]]]:
    """The body of a POST and the headers that describe it (field notes, "Deliveries", M).

    Args:
        event: what is delivered.
        form: JSON or XML, as the configuration's ``del-fmt-cd``.
    """
    fields = json.loads(event.body)
    content = _as_xml(event, fields) if form == "XML" else _as_json(event, fields)
    return content, [
        ("Content-Type", _CONTENT_TYPES[form]),
        ("X-ESS-EVENT-KEY", event.event_id),
        ("X-ESS-EVENT-TIMESTAMP", event.raised_at),
    ]


def _as_json(event: Envelope, fields: Mapping[str, Any]) -> bytes:
    document = {
        "topic": event.topic,
        "attempt": event.attempt,
        "event": {
            "fld-val-list": fields,
            "evt-tp": event.event_type,
            "timestamp": event.raised_at,
        },
        "event-id": event.event_id,
    }
    return encode(document).encode()


def _as_xml(event: Envelope, fields: Mapping[str, Any]) -> bytes:
    return (XML_DECLARATION + element(event, fields)).encode()


def element(event: Envelope, fields: Mapping[str, Any]) -> str:
    """The same names as elements of XML.

    UNKNOWN: the service's own layout; a webhook of format XML would settle it. A field's name is
    an attribute, because not every name could be an element's.
    """
    values = "".join(
        f'<fld-val name="{_escaped(name)}">{_escaped(_text(value))}</fld-val>'
        for name, value in fields.items()
    )
    attempt = f"<attempt>{event.attempt}</attempt>" if event.attempt else ""
    return (
        f"<event-delivery><topic>{_escaped(event.topic)}</topic>{attempt}"
        f"<event><fld-val-list>{values}</fld-val-list>"
        f"<evt-tp>{_escaped(event.event_type)}</evt-tp>"
        f"<timestamp>{event.raised_at}</timestamp></event>"
        f"<event-id>{event.event_id}</event-id></event-delivery>"
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else encode(value)


def _escaped(text: str) -> str:
    return text.translate(_XML)
