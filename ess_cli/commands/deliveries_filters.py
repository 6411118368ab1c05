"""Which deliveries and attempts are wanted: the options that say so, and the filters they make."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from ess_cli.times import parse_moment, read

Keep = Callable[[Mapping[str, Any]], bool]

# As far as is known (field notes, M).
STATUSES = ("SUCCESS", "PENDING", "RETRY", "FAILED")

Status = Annotated[
    str | None,
    typer.Option("--status", metavar="STATUS", help="SUCCESS, PENDING, RETRY or FAILED."),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Events from then on: 2h, 2026-11-01.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Events before then.")]


def matching(
    ess: Any,
    time_key: str,
    status: str | None,
    topic: str | None,
    event_type: str | None,
    since: str | None,
    until: str | None,
) -> Keep | None:
    """The rows that these options ask for; None where they ask for all.

    Args:
        ess: the run, for its clock.
        time_key: where a row has its time; one without a time is in no span.
        status: as the service spells it.
        topic: its name.
        event_type: its code.
        since: the first moment, as typed.
        until: the moment after the last, as typed.

    Raises:
        BadDate: one of the two is no moment.
    """
    warn_of_status(ess, status)
    equal = {"delivery-status": status, "topic": topic, "event-type": event_type}
    wanted = {key: value for key, value in equal.items() if value is not None}
    first = parse_moment("--since", since, ess.now()) if since is not None else None
    last = parse_moment("--until", until, ess.now()) if until is not None else None
    if not wanted and first is last is None:
        return None

    def keep(row: Mapping[str, Any]) -> bool:
        if any(row.get(key) != value for key, value in wanted.items()):
            return False
        if first is last is None:
            return True
        moment = read(row.get(time_key))
        return moment is not None and (
            (first is None or moment >= first) and (last is None or moment < last)
        )

    return keep


def warn_of_status(ess: Any, status: str | None) -> None:
    """Say that a status is not known: ``failed`` would match nothing, for ever and quietly.

    It is no error, since the service may have more of them than are known.
    """
    if status is not None and status not in STATUSES:
        ess.terminal.warn(f'--status: "{status}" is none of those known: {", ".join(STATUSES)}')


def both(one: Keep | None, other: Keep) -> Keep:
    """The rows that two filters keep; None keeps all."""
    return other if one is None else lambda row: one(row) and other(row)


def of_configuration(ess: Any, cfg: str) -> Keep:
    """The rows of one configuration, where rows tell its name only."""
    name = name_of(ess, cfg)
    return lambda row: row.get("del-cfg-nm") == name


def name_of(ess: Any, cfg: str) -> str:
    """The name of a configuration, where the service knows it by name only; warns of two."""
    name = known_name(ess, cfg)
    if sum(1 for row in ess.configurations if row.get("del-cfg-nm") == name) > 1:
        ess.terminal.warn(f'several configurations are named "{name}"; here they count as one')
    return name


def known_name(ess: Any, cfg: str) -> str:
    """The name of the configuration that is meant by an id or a name."""
    from ess_cli.lookup import choose_configuration, is_id

    # Digits are an id, even where some configuration has them for its name.
    known = [row for row in ess.configurations if not is_id(cfg) or str(row.get("id")) == cfg]
    return choose_configuration(known, cfg).name or ""
