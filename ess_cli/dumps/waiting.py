"""The wait for the notice of a dump: how often to look, and when a notice counts as its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from ess_cli.dumps.notices import Found, Notice
from ess_cli.errors import BadReply, Temporary

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 15.0
# A notice that does not name the dump is taken after so many further looks that brought no other.
_LOOKS_ALONE = 3


class Waiting(NamedTuple):
    """How to wait.

    Attributes:
        look: the deliveries that have come since the last look.
        most_s: how long, in seconds; one look is taken even where that is nothing.
        sleep: lets so many seconds pass.
        trouble: takes the error of a look that failed; once, until one succeeds.
        passed: takes how many seconds have passed, before each pause.
    """

    look: Callable[[], Iterable[Sequence[Mapping[str, Any]]]]
    most_s: float
    sleep: Callable[[float], None]
    trouble: Callable[[Temporary], None]
    passed: Callable[[float], None]


def await_notice(
    waiting: Waiting, found: Found, reference_id: str, *, may_assume: bool
) -> Notice | None:
    """The notice of a dump; None where it has not come in time.

    Args:
        waiting: how to wait.
        found: gets every notice that comes.
        reference_id: the dump's; empty where the service did not give one.
        may_assume: whether a notice that does not name the dump is taken for its own, if it is
            the only one that came.

    Raises:
        BadReply: several files name the same dump.
        EssError: a look failed, and not for a time only.
    """
    began, slept_s, pause_s, alone, in_trouble = monotonic(), 0.0, _FIRST_PAUSE_S, 0, False
    while True:
        try:
            for rows in waiting.look():
                found.add(rows)
            in_trouble = False
        except Temporary as error:
            if not in_trouble:
                waiting.trouble(error)
            in_trouble = True
        named = found.of(reference_id) if reference_id else []
        if named:
            return _only(named, reference_id)
        alone = alone + 1 if may_assume and len(found.all) == 1 else 0
        left_s = waiting.most_s - max(slept_s, monotonic() - began)
        if alone > _LOOKS_ALONE or (alone and left_s <= 0):
            return found.all[0]
        if left_s <= 0:
            return None
        waiting.passed(waiting.most_s - left_s)
        waiting.sleep(min(pause_s, left_s))
        slept_s, pause_s = slept_s + min(pause_s, left_s), min(1.5 * pause_s, _LONGEST_PAUSE_S)


def _only(named: list[Notice], reference_id: str) -> Notice:
    if len(named) > 1:
        raise BadReply(
            f"{len(named)} files name dump {reference_id}, and none of them was fetched",
            details=tuple(f"  {notice}" for notice in named),
            hint="--resume takes the file id of one of them",
        )
    return named[0]
