"""Lists on their way to the screen: limits, order, and what to say where one stopped early."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
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


def is_count(text: str) -> bool:
    """Whether a text is a number of rows, in digits."""
    return text.isascii() and text.isdigit() and 0 < len(text) < 19


def going_on(program_args: Sequence[str], offset: int) -> str:
    """The same command line, going on at an offset."""
    return _with("--offset", program_args, "--offset", str(offset))


def going_on_from(program_args: Sequence[str], moment: str) -> str:
    """The same command line, going on from a moment."""
    return _with("--since", program_args, "--since", moment)


def showing_all(program_args: Sequence[str], endless_limit: int | None) -> str:
    """The same command line, showing every row."""
    return _with("--limit", program_args, *([] if endless_limit is None else ["--all"]))


def _with(replaced: str, words: Sequence[str], *added: str) -> str:
    """A command line without an option and its values, and with other words for it.

    Behind ``--`` there are no options: what stands there stays there.
    """
    end = words.index("--") if "--" in words else len(words)
    return shlex.join(["ess", *_without(replaced, words[:end]), *added, *words[end:]])


def _without(option: str, words: Sequence[str]) -> list[str]:
    """Words without an option and its values."""
    kept, skip = [], False
    for word in words:
        if skip or word.startswith(f"{option}="):
            skip = False
        elif word == option:
            skip = True
        else:
            kept.append(word)
    return kept
