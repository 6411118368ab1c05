"""The commonest of many responses, with room for a few."""

from __future__ import annotations

from collections import Counter

from ess_cli.health import Response

_KEPT = 16
_CUT = 200


class Responses:
    """Counts responses; the rarest are forgotten where there are too many different ones.

    A response that comes back goes on counting, so what is told of it is a lower bound.
    """

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, http: object, text: object) -> None:
        """Count one; values are whatever the service sent, None where nothing."""
        counts = self._counts
        key = (short(http, 20), short(text, _CUT))
        counts[key] += 1
        if len(counts) > 2 * _KEPT:
            self._counts = Counter(dict(counts.most_common(_KEPT)))

    def commonest(self) -> Response | None:
        """None where there was none."""
        if not self._counts:
            return None
        [((http, text), count)] = self._counts.most_common(1)
        return Response(http, text, count)


def short(value: object, most: int) -> str:
    """A value of the service as text of at most so many characters; None is empty."""
    if not isinstance(value, str):
        value = "" if value is None else str(value)
    return value if len(value) <= most else f"{value[: most - 1]}…"
