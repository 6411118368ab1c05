"""Charts as inline SVG: with words for those who do not see them, shapes beside colours.

Each is drawn twice, for a wide and for a narrow page, and the style sheet shows one of the two:
scaled down, a chart's letters cannot be read. No text of the service is in any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log10

from ess_cli.health import Slot
from ess_cli.render.htmltext import Html, axis_label, duration, joined, tag

WIDE, NARROW = 860, 330
_LEFT, _RIGHT, _TOP = 48, 12, 12
_PLOT, _BELOW = 120, 24
_TICKS = (
    *((1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (21600, "6 h")),
    *((86400, "1 day"), (604800, "1 week"), (2419200, "4 weeks"), (31449600, "1 year")),
)

# How far a second stands above nothing, in powers of ten.
_FIRST = 0.5


def both(draw: Callable[[int, str], Html]) -> Html:
    """A chart in both widths; ``draw`` takes the width and a mark to make ids unique."""
    return joined(
        tag("div", draw(width, kind), class_=kind)
        for width, kind in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def patterns() -> Html:
    """What failures and what is tried again are filled with; once a page, for all its charts."""
    lines = tag("path", d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4", class_="hatch-line")
    ground = tag("rect", width=8, height=8, class_="hatch-ground")
    dot = tag("circle", cx=3, cy=3, r=1.4, class_="dots-dot")
    paper = tag("rect", width=6, height=6, class_="dots-ground")
    unit = {"patternUnits": "userSpaceOnUse"}
    hatch = tag("pattern", ground, lines, id="hatch", width=8, height=8, **unit)
    dots = tag("pattern", paper, dot, id="dots", width=6, height=6, **unit)
    # NOTE: not hidden by CSS, or nothing could be filled with them.
    return tag("svg", tag("defs", hatch, dots), class_="patterns", aria_hidden="true")


def attempts(name: str, slots: Sequence[Slot], slot_s: int, told: tuple[str, str]) -> Html:
    """Attempts over time, those that failed hatched and on top."""

    def draw(width: int, kind: str) -> Html:
        top = _nice(max(slot.succeeded + slot.failed for slot in slots))
        plot = _Plot(f"{name}-{kind}", width, slots, slot_s)
        parts = []
        for place, slot in enumerate(slots):
            failed = _PLOT * slot.failed / top
            succeeded = _PLOT * slot.succeeded / top
            parts.append(plot.bar(place, 0, succeeded, "ok"))
            parts.append(plot.bar(place, succeeded, failed, "bad"))
        return plot.framed(told, _counted(top), parts)

    return both(draw)


def failures(name: str, slots: Sequence[Slot], slot_s: int, told: tuple[str, str]) -> Html:
    """Attempts that failed, on a scale of their own."""

    def draw(width: int, kind: str) -> Html:
        top = _nice(max(slot.failed for slot in slots))
        plot = _Plot(f"{name}-{kind}", width, slots, slot_s)
        heights = [_PLOT * slot.failed / top for slot in slots]
        parts = [plot.bar(place, 0, height, "bad") for place, height in enumerate(heights)]
        return plot.framed(told, _counted(top), parts)

    return both(draw)


def delays(name: str, slots: Sequence[Slot], slot_s: int, told: tuple[str, str]) -> Html:
    """Median and 95th percentile over time; each tick is several times the one below."""

    def draw(width: int, kind: str) -> Html:
        longest = max(slot.delays.p95_s for slot in slots if slot.delays)
        below = sum(1 for tick_s, _ in _TICKS if tick_s < longest)
        ticks = _TICKS[: max(2, below + 1)]
        scale = log10(max(ticks[-1][0], longest)) + _FIRST

        def height(seconds: int) -> float:
            return _PLOT * (log10(seconds) + _FIRST) / scale if seconds else 0

        plot = _Plot(f"{name}-{kind}", width, slots, slot_s)
        medians = [height(slot.delays.median_s) if slot.delays else None for slot in slots]
        highs = [height(slot.delays.p95_s) if slot.delays else None for slot in slots]
        marks = [(0.0, "0 s"), *((height(tick_s), label) for tick_s, label in ticks)]
        parts = [plot.line(highs, "p95"), plot.line(medians, "median")]
        return plot.framed(told, marks, parts)

    return both(draw)


class _Plot:
    """Slots from left to right, heights from the bottom; pixels of a 1:1 screen."""

    def __init__(self, name: str, width: int, slots: Sequence[Slot], slot_s: int) -> None:
        self._name = name
        self._width = width
        self._slots = slots
        self._slot_s = slot_s
        self._step = (width - _LEFT - _RIGHT) / max(len(slots), 6)

    def _x(self, place: float) -> float:
        return _LEFT + place * self._step

    def _y(self, height: float) -> float:
        return _TOP + _PLOT - height

    def bar(self, place: int, bottom: float, height: float, kind: str) -> Html:
        """One of a slot's bars; what is there is never too small to be seen."""
        if not height:
            return Html()
        height = max(height, 1.5)
        gap = min(2.0, self._step / 6)
        return tag(
            "rect",
            x=f"{self._x(place) + gap / 2:.1f}",
            y=f"{self._y(bottom + height):.1f}",
            width=f"{self._step - gap:.1f}",
            height=f"{height:.1f}",
            class_=kind,
        )

    def line(self, heights: Sequence[float | None], kind: str) -> Html:
        """Points with a line from each to the next; broken where there is none."""
        path, marks, pen = [], [], "M"
        for place, height in enumerate(heights):
            if height is None:
                pen = "M"
                continue
            x, y = self._x(place + 0.5), self._y(height)
            path.append(f"{pen}{x:.1f},{y:.1f}")
            marks.append(point(kind, x, y))
            pen = "L"
        return joined([tag("path", d=" ".join(path), class_=f"line {kind}"), *marks])

    def framed(
        self, told: tuple[str, str], marks: Iterable[tuple[float, str]], parts: Iterable[Html]
    ) -> Html:
        """The whole chart: title and description, scale, parts, times."""
        title, description = told
        names = f"{self._name}-title", f"{self._name}-desc"
        return tag(
            "svg",
            tag("title", title, id=names[0]),
            tag("desc", description, id=names[1]),
            *(self._mark(height, label) for height, label in marks),
            *parts,
            *self._times(),
            role="img",
            aria_labelledby=" ".join(names),
            viewBox=f"0 0 {self._width} {_TOP + _PLOT + _BELOW}",
        )

    def _mark(self, height: float, label: str) -> Html:
        y = self._y(height)
        right = self._width - _RIGHT
        line = tag("path", d=f"M{_LEFT},{y:.1f} H{right}", class_="base" if not height else "grid")
        return joined([line, tag("text", label, x=_LEFT - 6, y=f"{y + 4:.1f}", class_="end")])

    def _times(self) -> Iterable[Html]:
        wanted = max(1, int((self._width - _LEFT - _RIGHT) // 128))
        every = max(1, -(-len(self._slots) // wanted), -(-110 // int(max(self._step, 1))))
        bottom = _TOP + _PLOT
        for place in range(0, len(self._slots), every):
            x = self._x(place)
            yield tag("path", d=f"M{x:.1f},{bottom} v4", class_="base")
            label = axis_label(self._slots[place].begin, self._slot_s)
            if x + 80 <= self._width:
                yield tag("text", label, x=f"{x:.1f}", y=bottom + 18)


def point(kind: str, x: float, y: float) -> Html:
    """A mark: a circle for the median, a triangle for the 95th percentile."""
    if kind == "median":
        return tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, class_="mark median")
    return tag("path", d=f"M{x:.1f},{y - 4:.1f} l4,7 h-8 z", class_="mark p95")


def rect(part: str, x: float, y: float, width: float, height: float) -> Html:
    """A rectangle, filled as what it stands for is."""
    place = {"x": f"{x:.1f}", "y": y, "width": f"{max(width, 0):.1f}", "height": height}
    return tag("rect", **place, class_=part)


def swatch(part: str) -> Html:
    """A piece of a legend."""
    is_point = part in ("median", "p95")
    shape = point(part, 10, 7) if is_point else rect(part, 1, 1, 18, 12)
    return tag("svg", shape, viewBox="0 0 20 14", aria_hidden="true")


def _nice(most: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 … that a number fits below."""
    top = 2
    while top < most:
        top = top * 5 // 2 if str(top)[0] == "4" else top * 2
    return top


def _counted(top: int) -> list[tuple[float, str]]:
    return [(_PLOT * part / 2, compact(top * part // 2)) for part in range(3)]


def compact(number: int) -> str:
    """``850``, ``20k``, ``1.5M``."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f}{unit}".replace(".0", "")
    return str(number)


def described(slots: Sequence[Slot], slot_s: int) -> str:
    """What a time chart covers, in words."""
    times = "time" if len(slots) == 1 else "times"
    return f"{len(slots)} {times} of {duration(slot_s)} each"
