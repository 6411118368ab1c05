"""Matching criteria as the sandbox reads them: ``number = '+12025550123' and carrier_id = '15'``.

Known (field notes, H): ``field = 'text'`` in single quotes, integers bare, lower-case ``and``
and ``or``. The rest of this grammar is assumed, each line because SQL has it so:

    criteria := [ either ]              nothing at all matches every event
    either   := both { "or" both }      "and" binds closer than "or"
    both     := one { "and" one }
    one      := field "=" value | "(" either ")"
    value    := "'" anything but "'" "'" | [ "-" ] digits

A value matches a field that has it as its text, so ``count = 3`` and ``count = '3'`` are the
same; a field that the event does not have matches nothing.

UNKNOWN: parentheses, other operators, how a quote is written inside quotes, and whether the
service compares the text of criteria or their meaning. Here text that differs in more than the
blanks outside quotes is other criteria. A reply to each would settle it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

Fields = Mapping[str, str]
"""The fields of an event, each value as text."""

Test = Callable[[Fields], bool]
"""Whether criteria hold for an event."""

_AROUND_EQUALS = re.compile(r"\s*=\s*")
_BLANKS = re.compile(r"\s+")
_TOKEN = re.compile(r"\s*(?:([A-Za-z_][\w-]*)|('[^']*'|-?[0-9]+)|([=()])|$)", re.ASCII)
_WORD, _VALUE, _SIGN = 1, 2, 3


class MalformedError(ValueError):
    """Criteria that do not parse.

    Attributes:
        position: where, as an offset into the text; its length where more was expected.
        expected: what could have stood there.
    """

    def __init__(self, position: int, expected: str) -> None:
        super().__init__(f"position {position + 1}: expected {expected}")
        self.position = position
        self.expected = expected


class Equality(NamedTuple):
    """Criteria that are ``field = value`` and nothing else: these are looked up."""

    field: str
    value: str


def key_of(criteria: str) -> str:
    """The criteria with the blanks outside quotes evened out, to compare by."""
    pieces = criteria.strip().split("'")
    for place in range(0, len(pieces), 2):  # those at odd places are inside quotes
        pieces[place] = _BLANKS.sub(" ", _AROUND_EQUALS.sub("=", pieces[place]))
    return "'".join(pieces)


def equality_of(criteria: str) -> Equality | None:
    """The one equality that criteria consist of; None where they are more, less, or malformed."""
    try:
        tokens = _tokens(criteria)
    except MalformedError:
        return None
    if [kind for kind, _, _ in tokens] != [_WORD, _SIGN, _VALUE, None] or tokens[1][1] != "=":
        return None
    return Equality(tokens[0][1], _value(tokens[2][1]))


@lru_cache(maxsize=4096)
def parse(criteria: str) -> Test:
    """What tells whether an event matches.

    Raises:
        MalformedError: where the text leaves the grammar.
    """
    tokens = _tokens(criteria)
    if len(tokens) == 1:
        return lambda fields: True
    tokens.reverse()
    try:
        test = _either(tokens)
    except RecursionError:
        raise MalformedError(0, "fewer brackets") from None
    if tokens[-1][0] is not None:
        raise MalformedError(tokens[-1][2], "and, or, or the end")
    return test


_Token = tuple[int | None, str, int]


def _tokens(criteria: str) -> list[_Token]:
    """Kind, text and position of each token; at the end one of no kind."""
    tokens: list[_Token] = []
    position = 0
    while True:
        found = _TOKEN.match(criteria, position)
        if found is None:
            start = position + len(criteria[position:]) - len(criteria[position:].lstrip())
            raise MalformedError(start, "a field, =, a value, and, or, or a bracket")
        if found.lastindex is None:
            return [*tokens, (None, "", len(criteria))]
        start = found.start(found.lastindex)
        tokens.append((found.lastindex, found[found.lastindex], start))
        position = found.end()


def _either(tokens: list[_Token]) -> Test:
    tests = [_both(tokens)]
    while tokens[-1][:2] == (_WORD, "or"):
        tokens.pop()
        tests.append(_both(tokens))
    return tests[0] if len(tests) == 1 else lambda fields: any(test(fields) for test in tests)


def _both(tokens: list[_Token]) -> Test:
    tests = [_one(tokens)]
    while tokens[-1][:2] == (_WORD, "and"):
        tokens.pop()
        tests.append(_one(tokens))
    return tests[0] if len(tests) == 1 else lambda fields: all(test(fields) for test in tests)


def _one(tokens: list[_Token]) -> Test:
    if tokens[-1][1] == "(":
        tokens.pop()
        inner = _either(tokens)
        _take(tokens, _SIGN, ")")
        return inner
    field = _take(tokens, _WORD)
    _take(tokens, _SIGN, "=")
    value = _value(_take(tokens, _VALUE))
    return lambda fields: fields.get(field) == value


_EXPECTED = {_WORD: "a field", _VALUE: "'text' or an integer"}


def _take(tokens: list[_Token], kind: int, text: str = "") -> str:
    found, actual, position = tokens[-1]
    if found != kind or (text and actual != text):
        raise MalformedError(position, text or _EXPECTED[kind])
    tokens.pop()
    return actual


def _value(token: str) -> str:
    """The text that a value stands for; an integer in its shortest form."""
    return token[1:-1] if token.startswith("'") else str(int(token[:400]))
