"""Which rows an export takes: those asked for, once each; under a state, those not taken before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Any, NamedTuple, Protocol

from ess_cli.export.seen import Seen, key_text, keys_of
from ess_cli.export.state import State
from ess_cli.times import read

Row = Mapping[str, Any]
# What is delivered later changes from these; every other status, known or not, is taken as final,
# so that no delivery is waited for in vain.
OPEN = ("PENDING", "RETRY")
_PRUNED_FROM = 10_000


class Kind(NamedTuple):
    """What is exported.

    Attributes:
        noun: in the plural; files are named after it.
        identity: the service's keys that tell one row from another.
        time: the key of a row's time.
        settles: whether a row changes until its status is final.
    """

    noun: str
    identity: tuple[str, ...]
    time: str
    settles: bool


DELIVERIES = Kind("deliveries", ("event-id", "del-cfg-id"), "timestamp", settles=True)
ATTEMPTS = Kind(
    "attempts",
    # NOTE: attempts tell no id of their configuration, and two may have one name.
    ("event-id", "del-cfg-nm", "del-addr", "attempt-number"),
    "attempt-timestamp",
    settles=False,
)


class Wanted(NamedTuple):
    """Which rows are asked for.

    Attributes:
        keep: what never changes of a row: topic, event type, configuration, ``--since``; None
            keeps all.
        status: the delivery's; None for any.
        until: rows from then on are not for this run; None where there is no such bound.
    """

    keep: Callable[[Row], bool] | None = None
    status: str | None = None
    until: datetime | None = None


class Selection(Protocol):
    """Takes rows as they arrive and gives those to be written."""

    def take(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows to be written, of these."""


class Once:
    """Rows once each, as they were when they were seen first."""

    def __init__(self, kind: Kind, wanted: Wanted) -> None:
        self._kind = kind
        self._wanted = wanted
        self._seen = Seen()

    def take(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that are asked for and were not there before."""
        keep, status, until = self._wanted
        if keep is not None:
            rows = list(filter(keep, rows))
        if status is not None:
            rows = [row for row in rows if row.get("delivery-status") == status]
        if until is not None:
            rows = [row for row in rows if _is_before(until, read(row.get(self._kind.time)))]
        is_new = self._seen.add_new(keys_of(rows, self._kind.identity))
        return rows if all(is_new) else list(compress(rows, is_new))


class Further:
    """Rows that no run before has exported, once each, when their status is final.

    Rows older than the newest one of the runs before, less the overlap, are passed over unless
    they are waited for; within the overlap each exported row is known by its key.

    Args:
        kind: what is exported.
        wanted: which of them.
        state: what the runs before left.
        overlap: how late a row may turn up in the list.
        now: the present moment: rows of the future do not count for how far has been read.
    """

    def __init__(
        self, kind: Kind, wanted: Wanted, state: State, overlap: timedelta, now: datetime
    ) -> None:
        self._kind = kind
        self._wanted = wanted
        self._overlap = overlap
        self._state = state
        self._limit = min(now, wanted.until) if wanted.until is not None else now
        self._newest = read(state.newest)
        self._floor = _later(_less(self._newest, overlap), read(state.remembered_from))
        self._seen = Seen()
        self._seen.add_new(state.exported)
        self._exported = dict(state.exported)
        self._waiting = set(state.waiting)
        self._prune_at = max(_PRUNED_FROM, 2 * len(self._exported))

    def take(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that are due."""
        return [row for row in rows if self._is_due(row)]

    def state(self) -> State:
        """What the next run has to know, once the rows taken are safe; sequence is the old one."""
        self._prune()
        return State(
            sequence=self._state.sequence,
            newest=_text(self._newest),
            remembered_from=_text(self._remembered_from),
            exported=self._exported,
            waiting=frozenset(self._waiting),
        )

    def _is_due(self, row: Row) -> bool:
        key, text = key_text(row, self._kind.identity), row.get(self._kind.time)
        moment = read(text)
        if key not in self._waiting and not self._is_asked_for(row, moment):
            return False
        if moment is not None:
            # NOTE: a row of next year must not make this year's the past.
            self._newest = _later(self._newest, min(moment, self._limit))
        status = row.get("delivery-status")
        wanted = self._wanted.status
        if status != wanted if wanted else self._kind.settles and status in OPEN:
            if status not in OPEN:
                self._waiting.discard(key)
            elif key not in self._seen:
                self._waiting.add(key)
            return False
        if not self._seen.add_new([key])[0]:
            return False
        self._waiting.discard(key)
        self._exported[key] = str(text) if moment is not None else None
        if len(self._exported) >= self._prune_at:
            self._prune()
            self._prune_at = max(_PRUNED_FROM, 2 * len(self._exported))
        return True

    def _is_asked_for(self, row: Row, moment: datetime | None) -> bool:
        if moment is not None and self._floor is not None and moment < self._floor:
            return False
        if self._wanted.until is not None and not _is_before(self._wanted.until, moment):
            return False
        return self._wanted.keep is None or self._wanted.keep(row)

    @property
    def _remembered_from(self) -> datetime | None:
        return _later(_less(self._newest, self._overlap), self._floor)

    def _prune(self) -> None:
        """Forget what the next run passes over by its time."""
        start = self._remembered_from
        if start is None:
            return
        times = ((key, text, read(text)) for key, text in self._exported.items())
        self._exported = {
            key: text for key, text, moment in times if moment is None or moment >= start
        }


def _is_before(until: datetime, moment: datetime | None) -> bool:
    return moment is not None and moment < until


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments; None is earlier than all."""
    if one is None or other is None:
        return one or other
    return max(one, other)


def _less(moment: datetime | None, span: timedelta) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment - span
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
