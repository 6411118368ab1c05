"""What is new in a list that grows, without reading all of it: the deliveries.

The service says neither in which order it lists deliveries nor how many there are, and its
filters are not documented. So both ends of the list are looked at, each as far back as the
look-back window reaches, whichever of them it is that grows:

- the beginning: one small page; only where that has a row of the window, page after page;
- the end: found once by doubling offsets and halving between them, remembered, and read from
  where the window was last seen to begin. Old rows may have gone meanwhile: where the place no
  longer lies before the window, larger and larger steps lead back to where it does.

A short list is one request, a long one about three. A row is given once, whatever order rows come
in, as long as it appears no later than the window after its time. The window begins that long
before the last look that succeeded, so that neither a suspended machine nor trouble on the way
leaves a gap. What is remembered are the rows of the window, by event and configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from ess_cli.api.deliveries import list_deliveries
from ess_cli.api.http import Http
from ess_cli.api.paging import PAGE_SIZE, Window
from ess_cli.errors import NotFound, Rejected
from ess_cli.records import Delivery
from ess_cli.times import read

_GLANCE = 100
_FARTHEST = 10**15


class Newcomers:
    """Deliveries that were not there before.

    Args:
        http: the service.
        now: the present moment.
        look_back_s: how far the window reaches back; how late a row may appear, and how far the
            service's clock and this one's may be apart.
        since: rows from then on are new, at first; None: what is there already is not new, and
            :meth:`begin` is to be called.
        keep: which rows count; one is new when it first does.
        params: raw query parameters of each request.

    Attributes:
        timeless: rows without a time that can be read, which are never new; those last seen.
        looks: how many have succeeded.
    """

    def __init__(
        self,
        http: Http,
        now: Callable[[], datetime],
        look_back_s: float,
        *,
        since: datetime | None = None,
        keep: Callable[[Delivery], bool] | None = None,
        params: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._http = http
        self._now = now
        self._look_back = timedelta(seconds=look_back_s)
        self._first = now() - self._look_back if since is None else since
        self._keep = keep
        self._params = params
        self._seen: dict[tuple[str, str], datetime] = {}
        self._end: int | None = None
        self._is_whole = False
        self.timeless = self.looks = 0

    def begin(self) -> None:
        """Take down what is there, none of it new.

        Raises:
            EssError: as a list.
        """
        for _ in self.look():
            pass

    @property
    def complete_until(self) -> datetime:
        """Where the window begins: all that is older has been given, or never will be."""
        return self._first

    def look(self) -> Iterator[list[Delivery]]:
        """What is new, a page at a time; a page's rows by their time.

        Raises:
            EssError: as a list; what was not given yet is found by the next look.
        """
        began, self.timeless = self._now(), 0
        for rows in chain(self._at_beginning(), self._at_end()):
            fresh = self._fresh(rows)
            if fresh:
                yield fresh
        self.looks += 1
        self._http.may_renew_again()
        # NOTE: a clock that was set back makes the window longer, never shorter.
        self._first = max(self._first, began - self._look_back)
        self._seen = {key: time for key, time in self._seen.items() if time >= self._first}

    def _fresh(self, rows: list[Delivery]) -> list[Delivery]:
        fresh = []
        for row in rows:
            moment = read(row.get("timestamp"))
            if moment is None:
                self.timeless += 1
            elif moment >= self._first and (self._keep is None or self._keep(row)):
                identity = str(row.get("event-id")), str(row.get("del-cfg-id"))
                if identity not in self._seen:
                    self._seen[identity] = moment
                    fresh.append((moment, row))
        fresh.sort(key=lambda pair: pair[0])
        return [row for _, row in fresh]

    def _at_beginning(self) -> Iterator[list[Delivery]]:
        rows, self._is_whole = self._page(0, _GLANCE)
        if self._is_whole or not any(map(self._is_recent, rows)):
            yield rows
            return
        for batch in list_deliveries(self._http, Window(0, PAGE_SIZE, self._params)).batches():
            yield batch
            if not any(map(self._is_recent, batch)):
                return
        self._is_whole = True

    def _at_end(self) -> Iterator[list[Delivery]]:
        if self._is_whole:
            return
        if self._end is None:
            self._end = self._find_end()
        start, step = max(0, self._end - _GLANCE), _GLANCE
        while start and not self._lies_before(start):
            start, step = max(0, start - step), step * 4
        listing = list_deliveries(self._http, Window(start, PAGE_SIZE, self._params))
        end = None
        for batch in listing.batches():
            recent = [place for place, row in enumerate(batch) if self._is_recent(row)]
            if recent and end is None:
                end = listing.next_offset - len(batch) + recent[0]
            yield batch
        self._end = listing.next_offset if end is None else end

    def _lies_before(self, offset: int) -> bool:
        """Whether at least half of what stands there is older than the window."""
        rows, _ = self._page(offset, _GLANCE)
        older = [row for row in rows if not self._is_recent(row)]
        return bool(rows) and 2 * len(older) >= len(rows)

    def _find_end(self) -> int:
        """An offset near the end of the list; 0 for a service that ignores offsets."""
        first = _identity(self._page(0, 1)[0])
        known, beyond = 0, 4 * PAGE_SIZE
        while (found := self._page(beyond, 1)[0]) and beyond < _FARTHEST:
            if _identity(found) == first:
                return 0
            known, beyond = beyond, 4 * beyond
        while beyond - known > _GLANCE:
            middle = (known + beyond) // 2
            if self._page(middle, 1)[0]:
                known = middle
            else:
                beyond = middle
        return known

    def _page(self, offset: int, size: int) -> tuple[list[Delivery], bool]:
        """One page, none where there is nothing; and whether it is the last."""
        listing = list_deliveries(self._http, Window(offset, size, self._params))
        try:
            rows = next(listing.batches(), [])
        except (NotFound, Rejected):
            if not offset:
                raise
            return [], True  # UNKNOWN: what the service says of an offset behind the end
        return rows, listing.ended

    def _is_recent(self, row: Delivery) -> bool:
        moment = read(row.get("timestamp"))
        return moment is not None and moment >= self._first


def _identity(rows: list[Delivery]) -> list[tuple[object, object]]:
    return [(row.get("event-id"), row.get("del-cfg-id")) for row in rows]
