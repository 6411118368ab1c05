"""Deliveries and attempts counted as they stream by, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from ess_cli.health import Health, Rows, Webhook
from ess_cli.reporting.delays import DelayBins, bin_of
from ess_cli.reporting.responses import Responses, short
from ess_cli.reporting.timeline import Timeline, moment
from ess_cli.times import read

# What is kept apart; whatever strangers send, no more than that is held in memory.
MOST_WEBHOOKS = 500
_MOST_IDS = 3
_LONGEST_NAME = 256
_STATUSES = ("SUCCESS", "FAILED", "RETRY", "PENDING")
_USUAL_LENGTH = len("2026-11-23T08:30:00Z")
_SECONDS = {f"{second:02}": second for second in range(60)}

Keep = Callable[[Mapping[str, Any]], bool]


class _Tally:
    """What is counted of a webhook."""

    __slots__ = (
        *("address", "delays", "failed_attempts", "ids", "last_failed_s", "responses"),
        *("statuses", "succeeded_attempts"),
    )

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}
        self.address = ""
        self.statuses = {"SUCCESS": 0, "FAILED": 0, "RETRY": 0, "PENDING": 0, "": 0}
        self.succeeded_attempts = 0
        self.failed_attempts = 0
        self.responses = Responses()
        self.delays = DelayBins()
        self.last_failed_s: int | None = None

    def add_all(self, other: _Tally) -> None:
        """Count all that another one has, but its answers."""
        for status, number in other.statuses.items():
            self.statuses[status] += number
        self.succeeded_attempts += other.succeeded_attempts
        self.failed_attempts += other.failed_attempts
        self.delays.add_all(other.delays)

    def webhook(self, name: str, *, is_rest: bool = False) -> Webhook:
        """The figures."""
        return Webhook(
            name=name,
            ids=() if is_rest else tuple(self.ids),
            address="" if is_rest else self.address,
            delivered=self.statuses["SUCCESS"],
            failed=self.statuses["FAILED"],
            retrying=self.statuses["RETRY"],
            pending=self.statuses["PENDING"],
            other=self.statuses[""],
            succeeded_attempts=self.succeeded_attempts,
            failed_attempts=self.failed_attempts,
            response=self.responses.commonest(),
            delays=self.delays.summary(),
            last_failed_at=None if self.last_failed_s is None else moment(self.last_failed_s),
            is_rest=is_rest,
        )


class _Reading:
    """How many rows of a list came, and which of them count."""

    def __init__(self, since: datetime, until: datetime, keep: Keep | None) -> None:
        self._since_s = since.timestamp()
        self._until_s = until.timestamp()
        self._keep = keep
        self._first_s: int | None = None
        self._last_s: int | None = None
        self._counts = {"read": 0, "counted": 0, "undated": 0}

    def counts_at(self, row: Mapping[str, Any], time_key: str) -> int | None:
        """When a row's time was, in seconds since 1970; None where the row does not count."""
        counts = self._counts
        counts["read"] += 1
        at_s = _seconds(row.get(time_key))
        if at_s is None:
            counts["undated"] += 1
            return None
        if self._first_s is None or at_s < self._first_s:
            self._first_s = at_s
        if self._last_s is None or at_s > self._last_s:
            self._last_s = at_s
        if not self._since_s <= at_s < self._until_s:
            return None
        if self._keep is not None and not self._keep(row):
            return None
        counts["counted"] += 1
        return at_s

    def rows(self) -> Rows:
        """The figures."""
        first, last = self._first_s, self._last_s
        return Rows(
            **self._counts,
            first=None if first is None else moment(first),
            last=None if last is None else moment(last),
        )


class Collector:
    """Counts what it is given.

    Args:
        since: the first moment of the period: of events for deliveries, else of attempts.
        until: the moment after its last.
        keep_delivery: which deliveries count; None for all.
        keep_attempt: which attempts count; None for all.
    """

    def __init__(
        self,
        since: datetime,
        until: datetime,
        keep_delivery: Keep | None,
        keep_attempt: Keep | None,
    ) -> None:
        self._since, self._until = since, until
        self._deliveries = _Reading(since, until, keep_delivery)
        self._attempts = _Reading(since, until, keep_attempt)
        self._tallies: dict[str, _Tally] = {}
        self._rest: _Tally | None = None
        self._timeline = Timeline()
        self._early = 0

    def take_deliveries(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Count rows of ``GET /event-deliveries``."""
        for row in rows:
            if self._deliveries.counts_at(row, "timestamp") is None:
                continue
            given = row.get("delivery-status")
            status = given if isinstance(given, str) and given in _STATUSES else ""
            tally = self._tally(row)
            tally.statuses[status] += 1
            address = row.get("delivery-point")
            if address is not None and address != tally.address:
                tally.address = short(address, _LONGEST_NAME)
            cfg_id = row.get("del-cfg-id")
            if cfg_id is not None and len(tally.ids) < _MOST_IDS:
                tally.ids[short(cfg_id, _LONGEST_NAME)] = None

    def take_attempts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Count rows of ``GET /event-delivery-attempts``."""
        for row in rows:
            at_s = self._attempts.counts_at(row, "attempt-timestamp")
            if at_s is None:
                continue
            tally, slot = self._tally(row), self._timeline.at(at_s)
            if row.get("attempt-result") == "SUCCESS":
                tally.succeeded_attempts += 1
                slot.succeeded += 1
                self._count_delay(row, at_s, tally.delays, slot.delays)
                continue
            slot.failed += 1
            http, text = (row.get(f"attempt-http-response-{key}") for key in ("status", "body"))
            tally.failed_attempts += 1
            tally.responses.add(http, text)
            tally.last_failed_s = max(at_s, tally.last_failed_s or at_s)

    def _count_delay(self, row: Mapping[str, Any], at_s: int, *counts: DelayBins) -> None:
        event_s = _seconds(row.get("event-timestamp"))
        if event_s is None:
            return
        delay_s = at_s - event_s
        if delay_s < 0:
            self._early += 1
            delay_s = 0
        place = bin_of(delay_s)
        for each in counts:
            each.add(place, delay_s)

    def _tally(self, row: Mapping[str, Any]) -> _Tally:
        name = row.get("del-cfg-nm")
        if not isinstance(name, str) or len(name) > _LONGEST_NAME:
            name = short(name, _LONGEST_NAME)
        found = self._tallies.get(name)
        if found is not None:
            return found
        if len(self._tallies) >= MOST_WEBHOOKS:
            self._rest = self._rest or _Tally()
            return self._rest
        return self._tallies.setdefault(name, _Tally())

    def health(self) -> Health:
        """What was found, of all that was given."""
        webhooks = [tally.webhook(name) for name, tally in self._tallies.items()]
        if self._rest is not None:
            webhooks.append(self._rest.webhook("", is_rest=True))
        total = _Tally()
        for tally in (*self._tallies.values(), *([self._rest] if self._rest else [])):
            total.add_all(tally)
        webhooks.sort(key=lambda hook: (-hook.failed, -hook.retrying, -hook.failed_attempts))
        return Health(
            since=self._since,
            until=self._until,
            deliveries=self._deliveries.rows(),
            attempts=self._attempts.rows(),
            total=total.webhook(""),
            webhooks=tuple(webhooks),
            slot_s=self._timeline.slot_s,
            slots=self._timeline.slots(),
            early=self._early,
        )


def _seconds(value: object) -> int | None:
    """A timestamp of the service in seconds since 1970; None where it is none.

    NOTE: there are millions of them, nearly all of one form, and many of the same minute.
    """
    if isinstance(value, str) and len(value) == _USUAL_LENGTH and value[16::3] == ":Z":
        second = _SECONDS.get(value[17:19])
        if second is not None:
            minute_s = _minute_s(value[:17])
            return None if minute_s is None else minute_s + second
    return _read_s(value)


@lru_cache(maxsize=4096)
def _minute_s(text: str) -> int | None:
    return _read_s(f"{text}00Z")


def _read_s(value: object) -> int | None:
    found = read(value)
    return None if found is None else int(found.timestamp() // 1)
