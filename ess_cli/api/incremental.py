"""A long list read a piece at a time: its rows need never all be there as objects.

As objects, a reply takes four times the memory of its text. A long one is therefore read row by
row out of the text, by the same strict rules as ``decoding``.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

from ess_cli.api.decoding import finite, refuse

_PIECE = 1 << 20
_BATCH = 1000
_BLANK = " \t\r\n"
# What may follow a number that is cut; nothing at all stands for the end of the text.
_NUMERIC = frozenset(["", *"0123456789.eE+-"])


class Rows:
    """The rows of one reply, in batches; what else the reply says is known afterwards.

    Args:
        body: a JSON object with a list of objects under ``key``.
        key: where the rows are.

    Attributes:
        facts: the other keys of the reply; whole once the last batch has come.

    Iterating raises ValueError where the text is no JSON, or the list is not as due.
    """

    def __init__(self, body: bytes, key: str) -> None:
        self.facts: dict[str, Any] = {}
        self._key = key
        self._body = memoryview(body)
        self._read = 0
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder(parse_constant=refuse, parse_float=finite)
        self._text = ""
        self._at = 0

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        found = False
        self._expect("{")
        while self._next() != "}":
            name = self._value()
            if not isinstance(name, str):
                raise ValueError("a key that is no text")
            self._expect(":")
            if name == self._key and self._next() == "[":
                found = True
                yield from self._batches()
            else:
                self.facts[name] = self._value()
            self._separator("}")
        self._at += 1
        if self._next():
            raise ValueError("something follows the end")
        if not found:
            raise ValueError(f'the reply has no list of objects under "{self._key}"')

    def _batches(self) -> Iterator[list[dict[str, Any]]]:
        self._expect("[")
        batch: list[dict[str, Any]] = []
        while self._next() != "]":
            row = self._value()
            if not isinstance(row, dict):
                raise ValueError(f'the reply has no list of objects under "{self._key}"')
            batch.append(row)
            self._separator("]")
            if len(batch) == _BATCH:
                yield batch
                batch = []
        self._at += 1
        if batch:
            yield batch

    def _separator(self, end: str) -> None:
        """Past a comma, or up to the end."""
        following = self._next()
        if following == ",":
            self._at += 1
            if self._next() == end:
                raise ValueError(f"a comma before {end}")
        elif following != end:
            raise ValueError(f"neither a comma nor {end}")

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"{character} is missing")
        self._at += 1

    def _next(self) -> str:
        """The next character that is no blank, without taking it; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _value(self) -> Any:
        """The next value, with as much more text as it takes."""
        self._next()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                raise ValueError("nested too deep") from None
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            # NOTE: a number at the end of the text may go on in the next piece; one without what
            # makes its end a number, as in 12.5e, is read up to there.
            if self._text[end : end + 1] not in _NUMERIC or not self._more():
                break
        if "\\ud" in self._text[self._at : end].lower():
            json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate: ValueError
        self._at = end
        return value

    def _more(self) -> bool:
        """Get more text; False where there is none. As much again as is waiting, at least."""
        if self._read >= len(self._body):
            return False
        size = max(_PIECE, len(self._text) - self._at)
        piece = self._body[self._read : self._read + size]
        self._read += len(piece)
        is_last = self._read >= len(self._body)
        try:
            text = self._utf8.decode(piece, is_last)
        except UnicodeDecodeError:
            raise ValueError("not UTF-8") from None
        self._text = self._text[self._at :] + text
        self._at = 0
        return True
