"""Delays counted in bins, so that percentiles cost the same for ten of them and ten million."""

from __future__ import annotations

from math import ceil, exp, log

from ess_cli.health import Delays

# Below that each second has a bin of its own; above, a bin is a twentieth wider than the last.
_EXACT_S = 60
_BINS_PER_E = 20
# A century: no honest delay, and a bound for the number of bins.
_LONGEST_S = 100 * 366 * 86400


def bin_of(delay_s: int) -> int:
    """The bin that a delay belongs to."""
    if delay_s < _EXACT_S:
        return delay_s
    return _EXACT_S + int(log(min(delay_s, _LONGEST_S) / _EXACT_S) * _BINS_PER_E)


def _upper_s(place: int) -> int:
    if place < _EXACT_S:
        return place
    return ceil(_EXACT_S * exp((place - _EXACT_S + 1) / _BINS_PER_E))


class DelayBins:
    """How many delays there are of each length, about."""

    __slots__ = ("_bins", "_worst_s")

    def __init__(self) -> None:
        self._bins: dict[int, int] = {}
        self._worst_s = 0

    def add(self, place: int, delay_s: int) -> None:
        """Count a delay, whose bin is known."""
        self._bins[place] = self._bins.get(place, 0) + 1
        if delay_s > self._worst_s:
            self._worst_s = delay_s

    def add_all(self, others: DelayBins) -> None:
        """Count all that another one has."""
        for place, count in others._bins.items():
            self._bins[place] = self._bins.get(place, 0) + count
        self._worst_s = max(self._worst_s, others._worst_s)

    def summary(self) -> Delays | None:
        """Median, 95th percentile and worst; None where there are none."""
        total = sum(self._bins.values())
        if not total:
            return None
        return Delays(total, self._at(total, 0.5), self._at(total, 0.95), self._worst_s)

    def _at(self, total: int, share: float) -> int:
        """What so large a share of the delays does not exceed."""
        wanted, count = ceil(total * share), 0
        for place in sorted(self._bins):
            count += self._bins[place]
            if count >= wanted:
                return min(_upper_s(place), self._worst_s)
        return self._worst_s
