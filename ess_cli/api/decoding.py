"""JSON from the service: strict, since a wrong reading is worse than none."""

from __future__ import annotations

import json
from typing import Any, NoReturn

# From here on orjson's speed pays for its import; below it, the standard library is quicker.
_LARGE = 64 * 1024
# orjson reads integers beyond 64 bits as floats; 19 digits outside of text may be one. With each
# digit as 0 and all that can stand before a number as a colon, finding one is a plain search.
_SHAPE = bytes(
    48 if 48 <= byte <= 57 else 58 if byte in b" \t\r\n:,[-" else 120 for byte in range(256)
)
_LONG_INTEGER = b":" + b"0" * 19
_NUMERIC = frozenset(b"%c" % byte for byte in b"-0123456789")
# A long body is searched a piece at a time: its shape need not be held beside it.
_PIECE = 1 << 20


def decode(body: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none: not UTF-8, NaN or Infinity, nested too deep, an integer of
            thousands of digits, a lone surrogate.
    """
    if len(body) >= _LARGE and not _has_long_integer(body):
        import orjson

        return orjson.loads(body)
    if b"\\ud" in body or b"\\uD" in body:
        import orjson

        orjson.loads(body)  # NOTE: the standard library takes a lone surrogate; orjson does not
    try:
        return json.loads(body.decode(), parse_constant=refuse, parse_float=finite)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None


def _has_long_integer(body: bytes) -> bool:
    return body[:1] in _NUMERIC or any(
        _LONG_INTEGER in body[start : start + _PIECE + len(_LONG_INTEGER)].translate(_SHAPE)
        for start in range(0, len(body), _PIECE)
    )


def refuse(name: str) -> NoReturn:
    """For ``parse_constant``: NaN and Infinity are not JSON."""
    raise ValueError(f"{name} is not JSON")


def finite(text: str) -> float:
    """For ``parse_float``: a number, if a float can hold it."""
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number beyond all floats")
    return value
