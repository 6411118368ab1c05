"""A delivery of the list, posted on: its body as it is, or as the service posts it.

The list has an event's fields as JSON in text; a webhook gets them in an envelope (field notes,
"Deliveries", M), which has to be made anew. What is no JSON object, or has that envelope already,
goes as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_posted(
    row: Mapping[str, Any], *, in_envelope: bool = False
) -> tuple[bytes, dict[str, str]] | None:
    """The body of a POST and the headers that describe it; None where the row has no body.

    Args:
        row: of ``GET /event-deliveries``.
        in_envelope: as a webhook gets it; else the event body byte for byte.
    """
    text = row.get("event-body")
    if isinstance(text, dict):
        text = json.dumps(text)
    if not isinstance(text, str) or not text.strip():
        return None
    fields = _object(text)
    if fields is not None and in_envelope and not {"event", "event-id"} <= set(fields):
        text = json.dumps(_envelope(row, fields))
    headers = {"Content-Type": "application/xml" if fields is None else "application/json"}
    for name, key in (("X-ESS-EVENT-KEY", "event-id"), ("X-ESS-EVENT-TIMESTAMP", "timestamp")):
        value = str(row.get(key) or "")
        if value.isascii() and value.isprintable():
            headers[name] = value
    return text.encode("utf-8", "backslashreplace"), headers


def _envelope(row: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "topic": row.get("topic"),
        "attempt": 1,
        "event": {
            "fld-val-list": fields,
            "evt-tp": row.get("event-type"),
            "timestamp": row.get("timestamp"),
        },
        "event-id": row.get("event-id"),
    }


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
