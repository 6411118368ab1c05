"""Changes: what is there, what it becomes, and the body that makes it so.

An update reads the whole entity, merges, and sends all of it back, because a PUT replaces the
entity and keys left out are lost (field notes, H).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """One key before and after; None where it is absent on that side."""

    key: str
    before: Any
    after: Any


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
    after = dict(before)
    for key, value in changes.items():
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
    differences = tuple(
        Difference(key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if key in changes and before.get(key) != after.get(key)
    )
    return after, differences
