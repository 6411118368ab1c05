"""Lists on their way to the screen: limits, order, and what to say where one stopped early."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class Source(Protocol):
    """Rows that may still be arriving; ``api.paging.Listing`` fits."""

    next_offset: int
    ended: bool

    def __iter__(self) -> Iterator[Any]: ...

    def batches(self) -> Iterator[list[Any]]:
        """The rows, as many at a time as arrived together."""


class Whole:
    """Rows that are all there: the lists that the service does not page."""

    def __init__(self, rows: Sequence[Any], offset: int) -> None:
        self._rows = list(rows[offset:])
        self.next_offset = offset
        self.ended = False

    def __iter__(self) -> Iterator[Any]:
        for position, row in enumerate(self._rows, 1):
            self.next_offset += 1
            self.ended = position == len(self._rows)
            yield row

    def batches(self) -> Iterator[list[Any]]:
        """All of them."""
        yield self._rows


class Stop:
    """Lets a number of rows pass, and knows whether it stopped there."""

    def __init__(self) -> None:
        self.early = False

    def after(self, limit: int, rows: Iterable[Any]) -> Iterator[Any]:
        """The first ``limit`` rows; those behind are not asked for."""
        for count, row in enumerate(rows, 1):
            self.early = count == limit
            yield row
            if self.early:
                return


def sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then text; ids are text and compare by size where they are digits."""
    if value is None:
        return (2, 0, "")
    if isinstance(value, int | float):
        return (0, value, "")
    text = str(value)
    if text.isascii() and text.isdigit() and len(text) < 300:
        return (0, float(int(text)), text)
    return (1, 0, text)


def going_on(program_args: Sequence[str], offset: int) -> str:
    """The same command line, going on at an offset."""
    words, skip = ["ess"], False
    for word in program_args:
        if skip or word.startswith("--offset="):
            skip = False
        elif word == "--offset":
            skip = True
        else:
            words.append(word)
    return shlex.join([*words, "--offset", str(offset)])
