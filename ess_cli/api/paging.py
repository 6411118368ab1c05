"""Lists: pages joined into one stream of rows, forward only and in flat memory.

Where a ``next-page-uri`` comes, it decides; otherwise a page with fewer rows than the echoed
``paged-result.limit`` (else than asked for) is the last, and so is an empty one. A list is no
snapshot: a row seen again within the last pages is dropped, and a page with nothing new ends with
an error, since a server that ignores ``offset`` would otherwise be asked for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

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
        params: raw query parameters, sent with each page.
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
        """The rows, a page at a time: the quick way where all are wanted."""
        for offset, rows, is_new, is_last in self._pages():
            self.next_offset = offset + len(rows)
            self.ended = is_last
            yield rows if all(is_new) else list(compress(rows, is_new))

    def _pages(self) -> Iterator[tuple[int, list[RecordT], list[bool], bool]]:
        """Offset, rows, which of them are new, and whether the page is the last."""
        offset, limit = self._window.offset, self._window.page_size
        seen: deque[set[object]] = deque(maxlen=_REMEMBERED_PAGES)
        while True:
            rows, following = self._page(offset, limit)
            identities = _identities(rows, self._identity)
            known = set().union(*seen)
            is_new = [identity not in known for identity in identities]
            yield offset, rows, is_new, following is None
            if following is None:
                return
            if not any(is_new):
                raise PagingLoop(
                    f"GET {self._path}: the page at offset {offset} brought nothing new",
                    hint="the service may ignore offset; ask for all at once with --page-size",
                )
            seen.append(set(identities))
            offset, limit = following

    def _page(self, offset: int, limit: int) -> tuple[list[RecordT], tuple[int, int] | None]:
        """One page's rows, and offset and limit of the next one; None where this is the last."""
        query = [("limit", str(limit))]
        if offset:
            query.append(("offset", str(offset)))
        given = {key for key, _ in self._window.params}
        query = [pair for pair in query if pair[0] not in given]
        document = self._http.get(self._path, (*query, *self._window.params))
        rows = rows_of(document, self._key, f"GET {self._path}")
        if isinstance(document.get("next-page-uri"), str) and document["next-page-uri"]:
            return cast("list[RecordT]", rows), self._following(
                document["next-page-uri"], offset, limit
            )
        echoed = document.get("paged-result")
        full = echoed.get("limit") if isinstance(echoed, dict) else None
        if not isinstance(full, int) or isinstance(full, bool) or full < 1:
            full = limit
        last = not rows or len(rows) < full
        return cast("list[RecordT]", rows), None if last else (offset + len(rows), limit)

    def _following(self, uri: str, offset: int, limit: int) -> tuple[int, int]:
        """Offset and limit out of a ``next-page-uri``; nothing else is taken from it."""
        try:
            values = dict(parse_qsl(urlsplit(uri).query))
        except ValueError:
            values = {}
        digits = values.get("offset", ""), values.get("limit", str(limit))
        if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in digits):
            raise PagingLoop(
                f"GET {self._path}: next-page-uri without a usable offset: {uri[:200]}"
            )
        next_offset, next_limit = int(digits[0]), int(digits[1])
        if next_offset <= offset or next_limit < 1:
            raise PagingLoop(f"GET {self._path}: next-page-uri does not go forward: {uri[:200]}")
        return next_offset, next_limit


def _identities(rows: Sequence[Mapping[str, Any]], keys: tuple[str, ...]) -> list[object]:
    """What tells each row from others; all of a row where its keys are absent or no scalars."""
    try:
        found: list[object] = list(map(itemgetter(*keys), rows))
        hash(tuple(found))
    except (KeyError, TypeError):
        return [repr(row) for row in rows]
    return found


def rows_of(document: Any, key: str, request: str) -> list[dict[str, Any]]:
    """The objects under a key of a reply.

    Raises:
        WrongShape: the reply is no object, or has no list of objects there.
    """
    rows = document.get(key) if isinstance(document, dict) else None
    if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
        raise WrongShape(
            f'{request}: the reply has no list of objects under "{key}"',
            hint="--debug shows the request; `ess api GET` shows the reply as it came",
        )
    return rows


def object_of(document: Any, request: str) -> dict[str, Any]:
    """A reply that must be one object.

    Raises:
        WrongShape: it is something else.
    """
    if not isinstance(document, dict):
        raise WrongShape(f"{request}: the reply is no object")
    return document
