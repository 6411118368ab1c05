"""Attempts over time, in slots that grow as the time does."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from ess_cli.health import Slot
from ess_cli.reporting.delays import DelayBins

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
# Each is a multiple of the one before, so that slots can be put together without splitting any.
_WIDTHS_S = (
    *(_MINUTE_S, 5 * _MINUTE_S, 15 * _MINUTE_S, 30 * _MINUTE_S),
    *(_HOUR_S, 2 * _HOUR_S, 6 * _HOUR_S, 12 * _HOUR_S),
    *(_DAY_S, 7 * _DAY_S, 28 * _DAY_S, 364 * _DAY_S, 3640 * _DAY_S, 36400 * _DAY_S),
    364000 * _DAY_S,
)
_MOST = 48
# NOTE: a Monday, so that weeks begin with one.
_ZERO_S = -3 * _DAY_S


class _Count:
    __slots__ = ("delays", "failed", "succeeded")

    def __init__(self) -> None:
        self.succeeded = 0
        self.failed = 0
        self.delays = DelayBins()

    def add_all(self, other: _Count) -> None:
        self.succeeded += other.succeeded
        self.failed += other.failed
        self.delays.add_all(other.delays)


class Timeline:
    """Counts attempts in at most 48 slots.

    Attributes:
        slot_s: how long a slot is, in seconds; it grows with the time that has to go in.
    """

    def __init__(self) -> None:
        self._wider = [wide // narrow for narrow, wide in pairwise(_WIDTHS_S)]
        self.slot_s = _WIDTHS_S[0]
        self._first = self._last = 0
        self._counts: dict[int, _Count] = {}

    def at(self, at_s: int) -> _Count:
        """The count to add to for a moment, in seconds since 1970."""
        place = (at_s - _ZERO_S) // self.slot_s
        found = self._counts.get(place)
        if found is not None:
            return found
        if not self._counts:
            self._first = self._last = place
        self._first, self._last = min(self._first, place), max(self._last, place)
        if self._last - self._first >= _MOST:
            self._widen()
            return self.at(at_s)
        return self._counts.setdefault(place, _Count())

    def _widen(self) -> None:
        times = self._wider.pop(0)
        before, self._counts = self._counts, {}
        self.slot_s *= times
        self._first //= times
        self._last //= times
        for place, count in before.items():
            self._counts.setdefault(place // times, _Count()).add_all(count)

    def slots(self) -> tuple[Slot, ...]:
        """All of them, from the first that has an attempt to the last."""
        if not self._counts:
            return ()
        return tuple(self._slot(place) for place in range(self._first, self._last + 1))

    def _slot(self, place: int) -> Slot:
        begin = moment(place * self.slot_s + _ZERO_S)
        count = self._counts.get(place) or _Count()
        return Slot(begin, count.succeeded, count.failed, count.delays.summary())


def moment(at_s: int) -> datetime:
    """Seconds since 1970 as a moment; what lies before the year 1 is its beginning."""
    first = int(datetime.min.replace(tzinfo=UTC).timestamp())
    return datetime.fromtimestamp(max(at_s, first), UTC)
