"""JSON as ``ess`` prints it: strict, ASCII only, keys and their order untouched."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

_NOT_ASCII = "[^\x00-\x7e]"
# From here on orjson's speed pays for its import (20 ms, four times what Python takes to start).
MANY = 1000


def compact(value: Any) -> bytes:
    """One line without blanks, and without a newline."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def lines(values: Sequence[Any]) -> bytes:
    """One value a line."""
    if len(values) >= MANY or "orjson" in sys.modules:
        import orjson

        newline = orjson.OPT_APPEND_NEWLINE
        with suppress(orjson.JSONEncodeError):  # it stops at 64 bits, and at 254 levels
            return _ascii(b"".join([orjson.dumps(value, option=newline) for value in values]))
    return b"".join(compact(value) + b"\n" for value in values)


def pretty(value: Any) -> bytes:
    """Two blanks a level, for people and for diffs; no newline at the end."""
    if isinstance(value, list) and len(value) >= MANY:
        import orjson

        with suppress(orjson.JSONEncodeError):
            return _ascii(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    return json.dumps(value, indent=2, allow_nan=False).encode()


def elements(values: Sequence[Any]) -> bytes:
    """Values as :func:`pretty` prints them in a list, without its brackets."""
    return pretty(list(values)).removeprefix(b"[\n  ").removesuffix(b"\n]")


def _ascii(data: bytes) -> bytes:
    if data.isascii() and b"\x7f" not in data:
        return data
    return re.sub(_NOT_ASCII, _escape, data.decode()).encode()


def _escape(match: re.Match[str]) -> str:
    if match[0] == "\x7f":
        return "\\u007f"
    return json.dumps(match[0])[1:-1]
