"""Lists: pages joined into one stream of rows, forward only and in flat memory.

Where a ``next-page-uri`` comes, it decides; otherwise a page with fewer rows than the echoed
``paged-result.limit`` (else than asked for) is the last, and so is an empty one. A list is no
snapshot: a row seen again within the last pages is dropped, and a page with nothing new ends with
an error, since a server that ignores ``offset`` would otherwise be asked for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, compress
from operator import itemgetter, or_
from typing import Any, Generic, NamedTuple, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from ess_cli.api.http import Http
from ess_cli.errors import PagingLoop, WrongShape

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


class _Page(NamedTuple):
    """One reply.

    Attributes:
        rows: as they came.
        following: offset and limit of the next page; None where this is the last.
    """

    rows: list[dict[str, Any]]
    following: tuple[int, int] | None


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
        self._rows_of = rows_under(key)
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
        """Offset, rows, which of them to show, and whether the page is the last."""
        offset, limit = self._window.offset, self._window.page_size
        seen: deque[set[object]] = deque(maxlen=_REMEMBERED_PAGES)
        while True:
            page = self._page(offset, limit)
            identities = _identities(page.rows, self._identity)
            known = set().union(*seen)
            is_new = [identity not in known for identity in identities]
            if page.following is not None and not any(is_new):
                raise PagingLoop(
                    f"GET {self._path}: the page at offset {offset} brought nothing new",
                    hint="the service may ignore offset; ask for all at once with --page-size",
                )
            if not all(is_new):
                # NOTE: one without an identity may be another row that looks alike.
                is_nameless = [isinstance(identity, _Nameless) for identity in identities]
                is_new = list(map(or_, is_new, is_nameless))
            yield offset, cast("list[RecordT]", page.rows), is_new, page.following is None
            if page.following is None:
                return
            seen.append(set(identities))
            offset, limit = page.following

    def _page(self, offset: int, limit: int) -> _Page:
        own = [("limit", str(limit))] + ([("offset", str(offset))] if offset else [])
        given = {name for name, _ in self._window.params}
        query = (*(pair for pair in own if pair[0] not in given), *self._window.params)

        def read(document: Any) -> _Page:
            rows = self._rows_of(document)
            uri = document.get("next-page-uri")
            if uri is not None and uri != "":
                return _Page(rows, self._following(uri, offset, limit))
            echoed = document.get("paged-result")
            full = echoed.get("limit") if isinstance(echoed, dict) else None
            if not isinstance(full, int) or isinstance(full, bool) or full < 1:
                full = limit
            last = not rows or len(rows) < full
            return _Page(rows, None if last else (offset + len(rows), limit))

        return self._http.read(self._path, read, query)

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


def rows_under(key: str) -> Callable[[Any], list[dict[str, Any]]]:
    """A reading of replies that have objects in a list under a key.

    What is returned takes a document; it raises ValueError where there is no such list.
    """

    def rows_of(document: Any) -> list[dict[str, Any]]:
        rows = document.get(key) if isinstance(document, dict) else None
        if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
            raise ValueError(f'the reply has no list of objects under "{key}"')
        return rows

    return rows_of


def rows_of(document: Any, key: str, request: str) -> list[dict[str, Any]]:
    """The objects under a key of a document that was read before.

    Raises:
        WrongShape: there is no list of objects; ``request`` is named for what was read.
    """
    try:
        return rows_under(key)(document)
    except ValueError as error:
        raise WrongShape(f"{request}: {error}") from None


def an_object(document: Any) -> dict[str, Any]:
    """A reply that must be one object.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(document, dict):
        raise ValueError("the reply is no object")
    return document
