"""Matching criteria as far as the sandbox reads them: evened out, and the number inside.

Known (field notes, H): ``field = 'text'`` in single quotes, integers bare, ``and``, ``or``.

UNKNOWN: whether the service compares the text of criteria or their meaning. Here blanks outside
quotes do not matter and everything else does. A reply for criteria that differ in their brackets
or their order would settle it.
"""

from __future__ import annotations

import re

_AROUND_EQUALS = re.compile(r"\s*=\s*")
_BLANKS = re.compile(r"\s+")
_ONE_NUMBER = re.compile(r"number='([^']*)'")


def key_of(criteria: str) -> str:
    """The criteria with the blanks outside quotes evened out, to compare by."""
    pieces = criteria.strip().split("'")
    for place in range(0, len(pieces), 2):  # those at odd places are inside quotes
        pieces[place] = _BLANKS.sub(" ", _AROUND_EQUALS.sub("=", pieces[place]))
    return "'".join(pieces)


def number_of(key: str) -> str | None:
    """The phone number, where ``key`` asks for one number and nothing else; otherwise None."""
    found = _ONE_NUMBER.fullmatch(key)
    return found[1] if found else None
