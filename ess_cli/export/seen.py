"""Which rows have been written, in little memory: a list is no snapshot, and repeats itself."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any

_MASK = (1 << 64) - 1
_FIRST_SLOTS = 1 << 12
_FULL = 0.66


class Seen:
    """A set of hashes of 64 bits: 12 to 24 bytes for each, where Python's own takes about 70.

    For a million rows it takes 16 MB, for ten millions 128. NOTE: two rows that are not the same
    and have one hash would count as one. Among a million that happens once in 36 million exports,
    among ten millions once in 360,000. The hash is Python's own, keyed anew with each process, so
    nobody can make rows that meet.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))
        self._count = 0

    def add_new(self, keys: Iterable[object]) -> list[bool]:
        """Add keys; which of them were not there before."""
        found = []
        mask, slots, room = len(self._slots) - 1, self._slots, self._room
        for key in keys:
            # An empty slot is 0, so nothing else may be.
            value = hash(key) & _MASK or 1
            slot = value & mask
            while (there := slots[slot]) and there != value:
                slot = (slot + 1) & mask
            found.append(not there)
            if not there:
                slots[slot] = value
                room -= 1
                if room <= 0:
                    self._grow()
                    mask, slots, room = len(self._slots) - 1, self._slots, self._room
                else:
                    self._count += 1
        return found

    def __contains__(self, key: object) -> bool:
        slots, mask = self._slots, len(self._slots) - 1
        value = hash(key) & _MASK or 1
        slot = value & mask
        while (there := slots[slot]) and there != value:
            slot = (slot + 1) & mask
        return there == value

    @property
    def _room(self) -> int:
        return int(len(self._slots) * _FULL) - self._count

    def _grow(self) -> None:
        old = self._slots
        self._slots = slots = array("Q", bytes(16 * len(old)))
        mask = len(slots) - 1
        self._count = 0
        for value in old:
            if value:
                slot = value & mask
                while slots[slot]:
                    slot = (slot + 1) & mask
                slots[slot] = value
                self._count += 1


def keys_of(rows: Sequence[Mapping[str, Any]], names: tuple[str, ...]) -> list[object]:
    """What tells each row from others: the values under ``names``, or all of it.

    All of it where one of the values is missing or is no text or number.
    """
    try:
        found: list[object] = list(map(itemgetter(*names), rows))
        if all(None not in key for key in found):  # type: ignore[operator]
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
