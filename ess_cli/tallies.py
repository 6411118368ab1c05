"""How many deliveries are pending, in retry or failed: the service's summary, flattened and added.

The service counts at three levels: a configuration has topics, a topic has event types, and each
of the three has counts of its own. A row here is one event type with what stands above it; what
is counted above it is added up from the rows, and compared with what the service says.

Returns data; never prints, never asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ess_cli.api.shapes import rows_of
from ess_cli.errors import WrongShape

COUNTS = ("pending", "retry", "failed")
LEVELS = ("configuration", "topic", "event-type")
TOTAL = "(total)"

_REQUEST = "GET /event-deliveries/summary"
_ROOT = "delivery-configurations"
# No count is as high; a number of a thousand digits would break whatever takes it for one.
_MANY = 10**18


def flatten(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a configuration, topic and event type, in the service's order.

    Returns:
        Rows with the keys of ``LEVELS`` and ``COUNTS``, their values as the service sent them;
        None where it sent none.

    Raises:
        WrongShape: something else stands where a list of objects is due.
    """
    return [
        {
            "configuration": configuration.get("del-cfg-nm"),
            "topic": topic.get("topic-nm"),
            "event-type": event_type.get("id"),
            **{key: event_type.get(key) for key in COUNTS},
        }
        for configuration in _under(summary, _ROOT)
        for topic in _under(configuration, "topics")
        for event_type in _under(topic, "event-types")
    ]


def require_counts(summary: Mapping[str, Any]) -> None:
    """Refuse a summary that no decision can be based on: with half of it missing, all looks well.

    Raises:
        WrongShape: there is no list of configurations, or some count is none.
    """
    rows_of(summary, _ROOT, _REQUEST)
    for row in flatten(summary):
        _refuse_others(row, COUNTS)


def require_sums(rows: Iterable[Mapping[str, Any]]) -> None:
    """Refuse rows whose sums would be wrong: a count left out is 0, but ``"8"`` is none.

    Raises:
        WrongShape: something else stands where a count is due.
    """
    for row in rows:
        _refuse_others(row, (key for key in COUNTS if row[key] is not None))


def _refuse_others(row: Mapping[str, Any], keys: Iterable[str]) -> None:
    for key in keys:
        if _count(row[key]) is None:
            named = "/".join(str(row[level]) for level in LEVELS)
            raise WrongShape(f'{_REQUEST}: "{key}" of {named} is no count')


def added(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sums of all counts; what is none counts as 0."""
    sums = dict.fromkeys(COUNTS, 0)
    for row in rows:
        for key in COUNTS:
            sums[key] += _count(row[key]) or 0
    return sums


def by_level(rows: Iterable[Mapping[str, Any]], level: str) -> list[dict[str, Any]]:
    """One row a name of a level, in the order of the first of each.

    Args:
        rows: as :func:`flatten` gives them.
        level: one of ``LEVELS``; two configurations of one name are one row.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row[level] or ""), []).append(row)
    return [{level: name, **added(group)} for name, group in groups.items()]


def differences(summary: Mapping[str, Any]) -> list[str]:
    """Where the service's own counts of a level are not the sums of its event types.

    Returns:
        A few words each, such as ``ESS Buffer/SCG-Message: 9 failed, its event types have 8``.
        A level that the service gives no count for does not differ.
    """
    found = []
    for name, own, rows in _levels(summary):
        sums = added(rows)
        found += [
            f"{name}: {own[key]} {key}, its event types have {sums[key]}"
            for key in COUNTS
            if _count(own.get(key)) not in (None, sums[key])
        ]
    return found


def worst_of_each(summary: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """What each configuration has, by its name: its own counts or the sums, whichever is higher.

    A check must not pass because the service added wrongly, or left out what it had counted.
    Configurations of one name are counted together, since the summary has no ids.
    """
    found: dict[str, dict[str, int]] = {}
    for configuration in _under(summary, _ROOT):
        counts = found.setdefault(
            str(configuration.get("del-cfg-nm") or ""), dict.fromkeys(COUNTS, 0)
        )
        for key in COUNTS:
            below = 0
            for topic in _under(configuration, "topics"):
                of_types = (_count(each.get(key)) or 0 for each in _under(topic, "event-types"))
                below += max(sum(of_types), _count(topic.get(key)) or 0)
            counts[key] += max(below, _count(configuration.get(key)) or 0)
    return found


def _levels(
    summary: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any], list[dict[str, Any]]]]:
    """Each configuration and each topic of one: its name, itself, the rows below it."""
    for configuration in _under(summary, _ROOT):
        name = str(configuration.get("del-cfg-nm"))
        yield name, configuration, flatten({_ROOT: [configuration]})
        for topic in _under(configuration, "topics"):
            alone = {_ROOT: [{**configuration, "topics": [topic]}]}
            yield f"{name}/{topic.get('topic-nm')}", topic, flatten(alone)


def _under(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in a list; none where the key is absent or null."""
    return [] if document.get(key) is None else rows_of(document, key, _REQUEST)


def _count(value: Any) -> int | None:
    """A value that is a count; None where it is something else."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MANY
    return value if is_count else None
