"""URL paths and queries: an id goes out exactly as it is, or nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from ess_cli.errors import BadId, UsageFault

_LONGEST = 256

Query = Iterable[tuple[str, str]]


def segment(what: str, value: str) -> str:
    """An id as one segment of a path, percent-encoded.

    Args:
        what: what the id names, for the message: "subscription", "topic".
        value: the id.

    Raises:
        BadId: it is empty, too long, a dot segment (``..`` would climb to another resource), or
            has control characters or bytes that are no text.
    """
    if not value:
        raise BadId(what, value, "is empty")
    if value in (".", ".."):
        raise BadId(what, value, "would name another place")
    if len(value) > _LONGEST:
        raise BadId(what, value[:20] + "…", f"is longer than {_LONGEST} characters")
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise BadId(what, value, "has control characters")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise BadId(what, value, "is not valid text") from None


def query_string(pairs: Query) -> str:
    """A query with its question mark; blanks as ``%20``, plus as ``%2B``; empty without pairs.

    Raises:
        UsageFault: a key or value holds bytes that are no text.
    """
    try:
        text = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)
    except UnicodeEncodeError as error:
        raise UsageFault(
            f'not valid text: "{error.object}"', hint="parameters are sent as UTF-8"
        ) from None
    return f"?{text}" if text else ""
