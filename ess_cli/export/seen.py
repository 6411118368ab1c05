"""Which rows have been written, in little memory: a list is no snapshot, and repeats itself."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from operator import itemgetter
from typing import Any, cast

_FIRST_SLOTS = 1 << 13
# Moving all of them is as dear as adding them, so it is done seldom while there is room enough.
_LARGE_SLOTS = 1 << 21
_FULL = 0.66


class Seen:
    """A set of hashes of 64 bits: 12 to 24 bytes for each of many, where Python's own takes 70.

    For a million rows it takes 17 MB, for ten millions 134. NOTE: two rows that are not the same
    and have one hash would count as one. Among a million that happens once in 36 million exports,
    among ten millions once in 360,000. The hash is Python's own, keyed anew with each process, so
    nobody can make rows that meet.
    """

    def __init__(self) -> None:
        self._slots = array("q", bytes(8 * _FIRST_SLOTS))
        self._count = 0

    def add_new(self, keys: Collection[object]) -> list[bool]:
        """Add keys; which of them were not there before."""
        while self._count + len(keys) > _FULL * len(self._slots):
            self._grow()
        slots, mask = self._slots, len(self._slots) - 1
        found = []
        for value in map(hash, keys):
            # An empty slot is 0, so nothing else may be.
            value = value or 1
            slot = value & mask
            while (there := slots[slot]) and there != value:
                slot = (slot + 1) & mask
            slots[slot] = value
            found.append(not there)
        self._count += sum(found)
        return found

    def __contains__(self, key: object) -> bool:
        slots, mask = self._slots, len(self._slots) - 1
        value = hash(key) or 1
        slot = value & mask
        while (there := slots[slot]) and there != value:
            slot = (slot + 1) & mask
        return there == value

    def _grow(self) -> None:
        old = self._slots
        growth = 4 if len(old) < _LARGE_SLOTS else 2
        self._slots = slots = array("q", bytes(8 * growth * len(old)))
        mask = len(slots) - 1
        for value in filter(None, old):
            slot = value & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = value


def keys_of(rows: Sequence[Mapping[str, Any]], names: tuple[str, ...]) -> list[object]:
    """What tells each row from others: the values under ``names``, or all of it.

    All of it where one of the values is missing or is no text or number.
    """
    try:
        found: list[object] = list(map(itemgetter(*names), rows))
        if None not in chain.from_iterable(cast("list[tuple[object, ...]]", found)):
            hash(tuple(found))
            return found
    except (KeyError, TypeError):
        pass
    return [key_text(row, names) for row in rows]


def key_text(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The same as text that can be kept: values with tabs between, or a digest of all of it."""
    values = [row.get(name) for name in names]
    if all(type(value) is str or type(value) is int for value in values):
        return "\t".join(map(str, values))
    from ess_cli.render.jsontext import compact

    return "sha256\t" + sha256(compact(dict(sorted(row.items())))).hexdigest()
