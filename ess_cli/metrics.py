"""Counts of deliveries as Prometheus reads them, in the text of a file for node_exporter.

Returns data; never prints, never asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ess_cli.errors import LocalTrouble

# So many combinations of configuration, topic and event type have series of their own, three each:
# what costs in Prometheus is the number of series, and here strangers' names make them.
MOST_COMBINATIONS = 333
OTHER = "(other)"

_STATUSES = ("pending", "retry", "failed")
_UP = "ess_up"
_UP_MEANS = "Whether the last run could read the summary of deliveries."
# NOTE: a newline in a label is escaped, so a sample is always one line.
_UP_LINE = re.compile(rb"^(ess_up\{.*\}) \S+$", re.MULTILINE)


class Text(NamedTuple):
    """What a file is to have.

    Attributes:
        content: all of it.
        folded: how many combinations have no series of their own.
    """

    content: bytes
    folded: int


def require_library() -> None:
    """See that the library is there, before anything is asked.

    Raises:
        LocalTrouble: it is an extra that was not installed.
    """
    try:
        import prometheus_client  # noqa: F401
    except ImportError as error:
        raise LocalTrouble(
            f"metrics need prometheus_client: {error}", hint="pip install 'ess-cli[metrics]'"
        ) from error


def succeeded(
    profile: str, rows: Iterable[Mapping[str, Any]], duration_s: float, now: datetime
) -> Text:
    """The metrics of a run that has read the summary.

    Args:
        profile: its name, a label of each sample.
        rows: one a configuration, topic and event type, with whole numbers for counts. Rows of
            one name, which the service may well have, are one.
        duration_s: how long the reading took.
        now: the present moment, aware.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    counts, folded = _capped(rows)
    registry = CollectorRegistry()
    deliveries = Gauge(
        "ess_deliveries",
        "Deliveries by status, as the service counts them.",
        ("profile", "configuration", "topic", "event_type", "status"),
        registry=registry,
    )
    for names, values in counts.items():
        for status, value in zip(_STATUSES, values, strict=True):
            deliveries.labels(profile, *names, status).set(value)
    for name, means, number in (
        (_UP, _UP_MEANS, 1),
        ("ess_read_duration_seconds", "How long the last read that succeeded took.", duration_s),
        (
            "ess_last_success_timestamp_seconds",
            "When the summary was last read, in Unix time.",
            now.timestamp(),
        ),
    ):
        Gauge(name, means, ("profile",), registry=registry).labels(profile).set(number)
    return Text(generate_latest(registry), folded)


def failed(profile: str, before: bytes) -> bytes:
    """The metrics of a run that could not read: those of before, and that it is down.

    Args:
        profile: its name, where there is nothing to keep.
        before: what the last run left; empty, or not of ours, where there is nothing to keep.
    """
    kept, found = _UP_LINE.subn(rb"\1 0.0", before)
    if found:
        return kept
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    Gauge(_UP, _UP_MEANS, ("profile",), registry=registry).labels(profile).set(0)
    return generate_latest(registry)


def _capped(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[dict[tuple[str, str, str], list[int]], int]:
    """The counts by names, the smallest ones put together where there are too many."""
    counts: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        names = tuple(str(row[level] or "") for level in ("configuration", "topic", "event-type"))
        sums = counts.setdefault((names[0], names[1], names[2]), [0, 0, 0])
        for index, status in enumerate(_STATUSES):
            sums[index] += row[status]
    if len(counts) <= MOST_COMBINATIONS:
        return counts, 0
    ranked = sorted(counts, key=lambda names: (-sum(counts[names]), names))
    kept = {names: counts[names] for names in ranked[: MOST_COMBINATIONS - 1]}
    others = ranked[MOST_COMBINATIONS - 1 :]
    other = kept.setdefault((OTHER, "", ""), [0, 0, 0])
    for names in others:
        for index in range(len(_STATUSES)):
            other[index] += counts[names][index]
    return kept, len(others)
