"""What is counted or aged against its limits, for a check that ends well or does not.

Returns data; never prints, never asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ess_cli.errors import UsageFault, WrongShape
from ess_cli.times import read

# Deliveries of these statuses have still to arrive.
WAITING = ("PENDING", "RETRY")

_LONGEST = 18
_SPANS = ((172_800, 86_400, "d"), (7_200, 3_600, "h"), (120, 60, "m"))


class Limit(NamedTuple):
    """How many there may be.

    Attributes:
        counted: which: ``pending``, ``retry`` or ``failed``.
        configuration: the name of the one meant; None for all together.
        most: that many are still well.
    """

    counted: str
    configuration: str | None
    most: int


class Measure(NamedTuple):
    """A number that was looked at.

    Attributes:
        label: what it is called, unlike any other: ``failed``, ``failed ESS Buffer``, ``age``.
        value: the number.
        most: its limit; None where it has none.
        unit: of both: ``s`` for seconds; empty for a count.
        words: the value for people.
    """

    label: str
    value: int
    most: int | None
    unit: str
    words: str

    @property
    def complaint(self) -> str | None:
        """What is wrong, in a few words; None where nothing is."""
        if self.most is None or self.value <= self.most:
            return None
        return f"{self.words}, at most {span(self.most) if self.unit else self.most}"


def parse_limit(option: str, text: str) -> tuple[str | None, int]:
    """What ``N`` or ``CFG=N`` means: a configuration as typed, None for all; and how many.

    Raises:
        UsageFault: it is neither.
    """
    cfg, equals, number = text.rpartition("=")
    is_number = number.isascii() and number.isdigit() and len(number) <= _LONGEST
    if not is_number or (equals and not cfg):
        raise UsageFault(
            f'{option}: neither N nor ID-OR-NAME=N: "{text}"',
            hint=f"{option} 10, or {option} my-webhook=0",
        )
    return cfg or None, int(number)


def refuse_repeats(limits: Iterable[Limit]) -> None:
    """Refuse two limits for one thing: which of them is meant nobody knows.

    Raises:
        UsageFault: naming the option and the configuration.
    """
    seen = set()
    for limit in limits:
        if limit[:2] in seen:
            whose = "in all" if limit.configuration is None else f'for "{limit.configuration}"'
            raise UsageFault(f"--max-{limit.counted}: given twice {whose}")
        seen.add(limit[:2])


def measure_counts(
    limits: Iterable[Limit], counts: Mapping[str, Mapping[str, int]]
) -> list[Measure]:
    """All three counts in total, then those of the configurations that have limits.

    Args:
        limits: no two for one thing.
        counts: by the name of a configuration; one that is not among them has nothing to count.
    """
    totals = {limit.counted: limit.most for limit in limits if limit.configuration is None}
    found = []
    for count in ("pending", "retry", "failed"):
        value = sum(each[count] for each in counts.values())
        found.append(Measure(count, value, totals.get(count), "", f"{value} {count}"))
    for count, name, most in limits:
        if name is not None:
            value = counts.get(name, {}).get(count, 0)
            words = f"{name}: {value} {count}"
            found.append(Measure(f"{count} {name}", value, most, "", words))
    return found


def measure_age(rows: Iterable[Mapping[str, Any]], now: datetime, most_s: float) -> Measure:
    """How long the oldest delivery that has still to arrive has been waiting, by its event's time.

    Args:
        rows: deliveries, of any status.
        now: the present moment, aware.
        most_s: how old it may be, in seconds.

    Raises:
        WrongShape: one has no time, so that it may be older than all others.
    """
    oldest, named = now, ""
    for row in rows:
        if row.get("delivery-status") not in WAITING:
            continue
        moment = read(row.get("timestamp"))
        name = f"{row.get('event-id')}:{row.get('del-cfg-id')}"
        if moment is None:
            raise WrongShape(f"GET /event-deliveries: {name} has no time, so no age")
        if moment < oldest:
            oldest, named = moment, f"{name} {row['delivery-status']}"
    age_s = int((now - oldest).total_seconds())
    words = f"{named} for {span(age_s)}" if named else "none waiting"
    return Measure("age", age_s, int(most_s), "s", words)


def span(duration_s: int) -> str:
    """A time in its largest unit of which it has two: ``90s``, ``5m``, ``47h``, ``3d``."""
    for least_s, unit_s, unit in _SPANS:
        if duration_s >= least_s:
            return f"{duration_s // unit_s}{unit}"
    return f"{duration_s}s"
