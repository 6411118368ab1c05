"""Changes: what is there, what it becomes, and the body that makes it so.

An update reads the whole entity, merges, and sends all of it back, because a PUT replaces the
entity and keys left out are lost (field notes, H).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

# Keys that reads return and the PUTs do not take. Everything else is sent back: the keys that the
# PUT documents, and every key that the reference does not know.
SUBSCRIPTION_READ_ONLY = frozenset({"id", "topic-nm", "del-cfg-id", "del-cfg-nm", "evt-tp"})
CONFIGURATION_READ_ONLY = frozenset({"id"})


class Difference(NamedTuple):
    """One key before and after.

    Attributes:
        key: the service's.
        before: what is there; None where it is absent.
        after: what it becomes; None where it goes.
        known: False where no read tells what is there.
    """

    key: str
    before: Any
    after: Any
    known: bool = True


class Change(NamedTuple):
    """A write that has not been sent.

    Attributes:
        method: POST, PUT, or GET where that starts a job.
        path: below the base URL, with its query.
        what: the thing in words, for questions and for the line afterwards.
        body: what is sent; None where nothing is.
        differences: for an update, the keys that change.
        shown_body: ``body`` without its secrets.
    """

    method: str
    path: str
    what: str
    body: Any = None
    differences: tuple[Difference, ...] = ()
    shown_body: Any = None


def merged(
    single: Mapping[str, Any],
    listed: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
    read_only: frozenset[str],
) -> tuple[dict[str, Any], tuple[Difference, ...]]:
    """The body of a PUT, and what differs from what is there.

    Args:
        single: the entity by its own GET.
        listed: its entry in the list, for keys that the GET leaves out; None where it has none.
        changes: new values; None takes the key away.
        read_only: keys that reads return and the PUT does not take.
    """
    before = {**(listed or {}), **single}
    before = {key: value for key, value in before.items() if key not in read_only}
    gone = {key for key, value in changes.items() if value is None}
    after = {key: value for key, value in {**before, **changes}.items() if key not in gone}
    differences = tuple(
        Difference(key, before.get(key), after.get(key))
        for key in changes
        if before.get(key) != after.get(key)
    )
    return after, differences


def subscription_change(
    single: Mapping[str, Any],
    listed: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
    path: str,
) -> Change:
    """The PUT of a subscription.

    No documented read returns ``end-date``, so it is sent only where it is given, None (for ever)
    included; should a read return it all the same, it is sent back like everything else.
    """
    before = {**(listed or {}), **single}
    told = "end-date" in before
    dates = {key: value for key, value in changes.items() if key == "end-date"}
    others = {key: value for key, value in changes.items() if key != "end-date"}
    body, differences = merged(single, listed, others, SUBSCRIPTION_READ_ONLY)
    body |= dates
    ends = tuple(
        Difference(key, before.get(key), value, known=told)
        for key, value in dates.items()
        if not told or before[key] != value
    )
    what = f"subscription {single.get('id')} of {single.get('topic-nm')}"
    return Change("PUT", path, what, body, differences + ends, shown_body=body)


def configuration_change(
    single: Mapping[str, Any],
    listed: Mapping[str, Any] | None,
    changes: Mapping[str, Any],
    path: str,
) -> Change:
    """The PUT of a delivery configuration; a schedule, which only the list shows, is kept."""
    body, differences = merged(single, listed, changes, CONFIGURATION_READ_ONLY)
    what = f"delivery configuration {single.get('id')} {single.get('del-cfg-nm', '')}".rstrip()
    return Change("PUT", path, what, body, differences, shown_body=body)
