"""Reading what a request says, and refusing what does not fit.

Every refusal is a 400 that names the field and shows the value. A field that is ``null`` counts
as left out, for the reference's own example sends ``"end-date": null``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from ess_cli.sandbox.replies import RefusedError, encode

Body = dict[str, Any]
"""A JSON object from outside: keys are text, values are anything."""


def refuse(field: str, must: str, value: object) -> NoReturn:
    """Refuse ``value`` for ``field``, in one form of words."""
    raise RefusedError("invalid", f"{field}: must be {must}, not {encode(value)[:80]}")


def parse_object(body: bytes) -> Body:
    """The JSON object in a request's body.

    Raises:
        RefusedError: 400, when it is not strict JSON in UTF-8, or not an object.
    """
    try:
        document = json.loads(body.decode())
        # Writing it again finds what json lets through: NaN, 1e999, half a surrogate pair.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise RefusedError("invalid", "the body is not JSON") from None
    if not isinstance(document, dict):
        raise RefusedError("invalid", "the body must be a JSON object")
    return document


def required(query: Mapping[str, str], name: str) -> str:
    """A query parameter that must be there and not empty."""
    value = query.get(name)
    if not value:
        raise RefusedError("invalid", f"{name}: this query parameter is required")
    return value


def text(body: Body, field: str) -> str:
    """A field that must be there, as text that is not empty."""
    value = body.get(field)
    if value is None:
        raise RefusedError("invalid", f"{field}: this field is required")
    if not isinstance(value, str) or not value:
        refuse(field, "text", value)
    return value


def boolean(body: Body, field: str, default: bool | None) -> bool | None:
    """A field that is true or false; ``default`` where it is left out."""
    value = body.get(field)
    if value is None:
        return default
    if not isinstance(value, bool):
        refuse(field, "true or false", value)
    return value


def identifier(body: Body, field: str) -> int:
    """A required id in digits. The reference shows them as text here and as integers there."""
    value = body.get(field)
    if value is None:
        raise RefusedError("invalid", f"{field}: this field is required")
    known = value if isinstance(value, int) and not isinstance(value, bool) else as_id(value)
    if known is None or not 0 < known < 10**18:
        refuse(field, "an id in digits", value)
    return known


def as_id(value: object) -> int | None:
    """The id that a piece of text spells; None where it spells none.

    Ids compare as text, so "0142" is not "142".
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        number = int(value)
        return number if str(number) == value else None
    return None


def instant(field: str, value: object) -> datetime:
    """An ISO 8601 date or time. A date alone is 00:00; without a zone it is UTC."""
    try:
        if not isinstance(value, str):
            raise ValueError
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        refuse(field, "an ISO 8601 date", value)


def moment(field: str, value: object) -> str:
    """The same, as the service writes it: UTC, seconds, ``Z``."""
    return wire(instant(field, value))


def wire(at: datetime) -> str:
    """A moment in UTC as the service writes it: 20 characters, which sort."""
    return at.replace(tzinfo=None, microsecond=0).isoformat() + "Z"
