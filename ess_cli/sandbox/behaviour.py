"""How a served sandbox behaves beyond its database: what ``ess sandbox serve`` can be told."""

from __future__ import annotations

from typing import NamedTuple

from ess_cli.sandbox.faults import Faults


class Behaviour(NamedTuple):
    """One field for each thing; the defaults are what ``ess sandbox serve`` does by itself.

    Attributes:
        allowed_hosts: names of hosts, in lower case, to which events may go beside this machine.
        retry_after_s: how long after each failed attempt the next one is due; after the last of
            them a delivery has FAILED. UNKNOWN: the service's own schedule.
        clock_speed: what waits for its time waits so many times shorter; 1 or more. Timestamps
            stay those of the real clock.
        delivery_timeout_s: how long one attempt may take, from connecting to the reply's end.
        faults: what goes wrong on demand; None where all goes well.
        token_lifetime_s: how long a token is good for after its first request; None for ever.
    """

    allowed_hosts: frozenset[str] = frozenset()
    retry_after_s: tuple[float, ...] = (10.0, 60.0, 300.0)
    clock_speed: float = 1.0
    delivery_timeout_s: float = 10.0
    faults: Faults | None = None
    token_lifetime_s: float | None = None
