"""HTML with nothing in it that came unescaped; figures and moments in words."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from ess_cli.render.terminal import visible

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_S = 86400


class Html(str):
    """Text that is HTML already; everything else is escaped on its way into a page."""

    __slots__ = ()


def escaped(value: object) -> Html:
    """A value as HTML: hidden characters as visible escapes, then all that HTML reads escaped."""
    return value if isinstance(value, Html) else Html(html.escape(visible(str(value))))


def tag(name: str, *content: object, **attributes: object) -> Html:
    """An element.

    Args:
        name: ``td``, ``svg``.
        content: escaped, unless it is HTML already.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``; None leaves one out.
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{pairs}>{''.join(map(escaped, content))}</{name}>")


def stranger(text: str) -> Html:
    """Text from the service, kept from turning round what stands beside it."""
    return tag("bdi", text)


def unbroken(line: str) -> Html:
    """A command line that is broken between words, and not behind the hyphens of an option."""
    return Html(" ".join(tag("span", word, class_="word") for word in line.split(" ")))


def joined(parts: Iterable[object]) -> Html:
    """One after the other, each escaped unless it is HTML already."""
    return Html("".join(map(escaped, parts)))


class Heading(NamedTuple):
    """What stands above a column.

    Attributes:
        text: a word or a few.
        percent: how wide it is, as the style sheet has it; None for what the others leave.
        is_number: whether to set it to the right.
    """

    text: str
    percent: int | None = None
    is_number: bool = True


def table(caption: str, headings: Sequence[Heading], rows: Iterable[Sequence[object]]) -> Html:
    """A table whose first column names its rows; on a narrow screen each row is a block.

    Columns are as wide as their headings say, whatever strangers have put into them.

    NOTE: the roles stand there since browsers forget them where CSS makes blocks of rows.
    """
    head = joined(
        tag("th", h.text, scope="col", role="columnheader", class_=_classes(h)) for h in headings
    )
    body = joined(tag("tr", _cells(headings, row), role="row") for row in rows)
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", head, role="row"), role="rowgroup"),
        tag("tbody", body, role="rowgroup"),
        role="table",
    )


def _classes(heading: Heading) -> str | None:
    width = None if heading.percent is None else f"c{heading.percent}"
    return " ".join(filter(None, ("n" if heading.is_number else None, width))) or None


def _cells(headings: Sequence[Heading], row: Sequence[object]) -> Html:
    cells = [tag("th", row[0], scope="row", role="rowheader")]
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        named = {"role": "cell", "data_label": heading.text}
        kind = "n" if heading.is_number else None
        cells.append(tag("td", tag("span", cell), class_=kind, **named))
    return joined(cells)


def count(number: int, one: str, many: str) -> str:
    """``1 delivery``, ``2,000 deliveries``."""
    return f"{number:,} {one if number == 1 else many}"


def percent(part: int, whole: int) -> str:
    """A share; never 0 % where there is something, nor 100 % where something is missing."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if part and share < 0.1:
        return "under 0.1 %"
    if part < whole and share > 99.9:
        return "over 99.9 %"
    return f"{share:.1f} %".replace(".0 %", " %")


def duration(seconds: int) -> str:
    """In its two largest units: ``45 s``, ``3 min 20 s``, ``2 d 5 h``."""
    units = ((_DAY_S, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (below, lower) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size} {unit}" + (f" {rest} {lower}" if rest else "")
    return f"{seconds} s"


def instant(moment: datetime) -> str:
    """``23 Nov 2026 08:30 UTC``."""
    return f"{day(moment)} {moment:%H:%M} UTC"


def day(moment: datetime) -> str:
    """``23 Nov 2026``."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def axis_label(moment: datetime, slot_s: int) -> str:
    """A moment as short as the length of slots allows."""
    if slot_s < _DAY_S:
        return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:%H:%M}"
    return day(moment)
