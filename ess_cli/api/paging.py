"""Lists: pages joined into one stream of rows, forward only and in flat memory.

Where a ``next-page-uri`` comes, it decides; otherwise a page with fewer rows than the echoed
``paged-result.limit`` (else than asked for) is the last, and so is an empty one. A list is no
snapshot: a row seen again within the last pages is dropped, and a page with nothing new ends with
an error, since a server that ignores ``offset`` would otherwise be asked for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, compress
from operator import itemgetter, or_
from typing import Any, Generic, NamedTuple, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from ess_cli.api.http import Http
from ess_cli.errors import PagingLoop

PAGE_SIZE = 1000
_REMEMBERED_PAGES = 3

RecordT = TypeVar("RecordT", bound=Mapping[str, Any])


class Window(NamedTuple):
    """Which part of a list to fetch.

    Attributes:
        offset: the service's row to begin at.
        page_size: rows asked for in a request.
        params: raw query parameters, sent with each page, in place of our own of the same name.
    """

    offset: int = 0
    page_size: int = PAGE_SIZE
    params: tuple[tuple[str, str], ...] = ()


class Listing(Generic[RecordT]):
    """The rows of a list; going through them fetches page after page.

    Args:
        http: the service.
        path: below the base URL.
        key: where a reply has its rows.
        window: which part of the list.
        identity: the keys that together tell one row from another.

    Attributes:
        next_offset: the service's offset behind the row last yielded.
        ended: whether the service has no more rows, as far as it says.
    """

    def __init__(
        self, http: Http, path: str, key: str, window: Window, identity: tuple[str, ...]
    ) -> None:
        self._http = http
        self._path = path
        self._key = key
        self._window = window
        self._identity = identity
        self.next_offset = window.offset
        self.ended = False

    def __iter__(self) -> Iterator[RecordT]:
        for offset, rows, is_new, is_last in self._pages():
            for position, (row, new) in enumerate(zip(rows, is_new, strict=True), 1):
                self.next_offset = offset + position
                self.ended = is_last and position == len(rows)
                if new:
                    yield row
        self.ended = True

    def batches(self) -> Iterator[list[RecordT]]:
        """The rows, a page at a time: the quick way where all are wanted.

        A page much larger than was asked for comes in pieces, so that no writer doubles it.
        """
        for offset, rows, is_new, is_last in self._pages():
            self.next_offset = offset + len(rows)
            self.ended = is_last
            shown = rows if all(is_new) else list(compress(rows, is_new))
            if len(shown) <= PAGE_SIZE:
                yield shown
                continue
            for start in range(0, len(shown), PAGE_SIZE):
                yield shown[start : start + PAGE_SIZE]

    def _pages(self) -> Iterator[tuple[int, list[RecordT], list[bool], bool]]:
        """Offset, rows, which of them to show, and whether they are the last; in pieces."""
        offset, limit = self._window.offset, self._window.page_size
        seen: deque[set[object]] = deque(maxlen=_REMEMBERED_PAGES)
        while True:
            batches, facts = self._http.rows(self._path, self._key, self._query(offset, limit))
            # Of a page in many batches, the first and the last ones are remembered.
            first: set[object] = set()
            last: deque[set[object]] = deque(maxlen=_REMEMBERED_PAGES)
            held: tuple[int, list[RecordT], list[bool]] | None = None
            count, brought_new = 0, False
            for rows in batches:
                identities = _identities(rows, self._identity)
                distinct = set(identities)
                is_new = _are_new(identities, distinct, seen)
                if held is None:
                    first, brought_new = distinct, any(is_new)
                elif any(seen) and not brought_new:
                    raise self._nothing_new(offset)
                else:
                    yield (*held, False)
                    last.append(distinct)
                if not all(is_new):
                    # NOTE: one without an identity may be another row that looks alike.
                    is_nameless = [isinstance(identity, _Nameless) for identity in identities]
                    is_new = list(map(or_, is_new, is_nameless))
                held = offset + count, cast("list[RecordT]", rows), is_new
                count += len(rows)
            following = self._next(facts, offset, limit, count)
            if following is not None and not brought_new:
                raise self._nothing_new(offset)
            if held is not None:
                yield (*held, following is None)
            if following is None:
                return
            seen.append(first.union(*last))
            offset, limit = following

    def _nothing_new(self, offset: int) -> PagingLoop:
        return PagingLoop(
            f"GET {self._path}: the page at offset {offset} brought nothing new",
            hint="the service may ignore offset; ask for all at once with --page-size",
        )

    def _query(self, offset: int, limit: int) -> tuple[tuple[str, str], ...]:
        own = [("limit", str(limit))] + ([("offset", str(offset))] if offset else [])
        given = {name for name, _ in self._window.params}
        return (*(pair for pair in own if pair[0] not in given), *self._window.params)

    def _next(
        self, facts: Mapping[str, Any], offset: int, limit: int, count: int
    ) -> tuple[int, int] | None:
        """Offset and limit of the next page; None where this was the last."""
        uri = facts.get("next-page-uri")
        if uri is not None and uri != "":
            return self._following(uri, offset, limit)
        echoed = facts.get("paged-result")
        full = echoed.get("limit") if isinstance(echoed, dict) else None
        if not isinstance(full, int) or isinstance(full, bool) or full < 1:
            full = limit
        return None if not count or count < full else (offset + count, limit)

    def _following(self, uri: object, offset: int, limit: int) -> tuple[int, int]:
        """Offset and limit out of a ``next-page-uri``; nothing else is taken from it."""
        try:
            query = urlsplit(uri).query if isinstance(uri, str) else ""
            values = parse_qs(query, keep_blank_values=True)
        except ValueError:
            values = {}
        offsets, limits = values.get("offset", []), values.get("limit", [str(limit)])
        if not (len(offsets) == len(limits) == 1 and all(map(_is_number, offsets + limits))):
            raise PagingLoop(
                f"GET {self._path}: the page at offset {offset} has a next-page-uri without one"
                " offset and limit"
            )
        following = int(offsets[0]), int(limits[0])
        if following[0] <= offset or following[1] < 1:
            raise PagingLoop(
                f"GET {self._path}: from offset {offset}, next-page-uri leads to offset"
                f" {following[0]} with limit {following[1]}"
            )
        return following


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


class _Nameless(str):
    """What stands for a row that its keys do not tell from others: all of it."""

    __slots__ = ()


def _are_new(
    identities: Sequence[object], distinct: set[object], seen: Collection[set[object]]
) -> list[bool]:
    """Which of a page's rows were in none of the pages seen; quick where none was."""
    if all(map(distinct.isdisjoint, seen)):
        return [True] * len(identities)
    return [not any(identity in each for each in seen) for identity in identities]


def _identities(rows: Sequence[Mapping[str, Any]], keys: tuple[str, ...]) -> list[object]:
    """What tells each row from others."""
    try:
        found: list[object] = list(map(itemgetter(*keys), rows))
        hash(tuple(found))
        values = found if len(keys) == 1 else chain.from_iterable(cast("list[Any]", found))
        if None not in values:
            return found
    except (KeyError, TypeError):
        pass
    return [_identity(row, keys) for row in rows]


def _identity(row: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    values = tuple(row.get(key) for key in keys)
    if not all(isinstance(value, str | int | float) for value in values):
        return _Nameless(row)
    return values[0] if len(keys) == 1 else values
