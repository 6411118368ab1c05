"""What a report on deliveries says: counts by webhook and over time, and what to do next.

Plain figures, made in ``reporting`` and drawn by ``render``. Texts in them are the service's own,
and have been cut where they are long, but nothing in them is escaped yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Delays(NamedTuple):
    """From an event to the attempt that delivered it, in seconds.

    Attributes:
        times: over how many attempts; never 0.
        median_s: half of them took at most that long; exact below a minute, else rounded up by
            at most a twentieth.
        p95_s: likewise for 95 in a hundred.
        worst_s: the longest, exact.
    """

    times: int
    median_s: int
    p95_s: int
    worst_s: int


class Response(NamedTuple):
    """How a webhook answered attempts that failed.

    Attributes:
        http: the status as text; empty where there was none.
        text: the body, or what the service says in its place; may be empty.
        times: for how many attempts, at least.
    """

    http: str
    text: str
    times: int


class Webhook(NamedTuple):
    """A delivery configuration, by its name: attempts tell no id.

    Attributes:
        name: empty where rows name none; several summed under "other" have ``is_rest``.
        ids: as deliveries tell them; two or more where a name is not unique, none where only
            attempts name it.
        address: where to, as the latest row tells it; may be empty.
        delivered: deliveries with status SUCCESS; ``failed``, ``retrying``, ``pending`` likewise.
        other: deliveries with any other status.
        succeeded_attempts: attempts that the webhook took.
        failed_attempts: attempts that it did not take.
        response: the commonest to failed attempts; None where none failed.
        delays: None where nothing was delivered, or no time could be read.
        last_failed_at: of the latest failed attempt; None where none failed.
        is_rest: whether this is the sum of all that were too many to be kept apart.
    """

    name: str
    ids: tuple[str, ...]
    address: str
    delivered: int
    failed: int
    retrying: int
    pending: int
    other: int
    succeeded_attempts: int
    failed_attempts: int
    response: Response | None
    delays: Delays | None
    last_failed_at: datetime | None
    is_rest: bool = False

    @property
    def has_trouble(self) -> bool:
        """Whether anything of it failed or has to be tried again."""
        return bool(self.failed or self.retrying or self.failed_attempts)

    @property
    def deliveries(self) -> int:
        """All of them, whatever became of them."""
        return self.delivered + self.failed + self.retrying + self.pending + self.other


class Slot(NamedTuple):
    """A stretch of time and the attempts made in it; ``delays`` is None where none succeeded."""

    begin: datetime
    succeeded: int
    failed: int
    delays: Delays | None


class Rows(NamedTuple):
    """How many rows of a list were read, and which of them do not count.

    Attributes:
        read: all that the service sent.
        counted: those within the period that pass the filters.
        undated: those whose time is missing or cannot be read.
        first: the earliest time among all that were read; None where none could be read.
        last: likewise the latest.
    """

    read: int
    counted: int
    undated: int
    first: datetime | None
    last: datetime | None


class Health(NamedTuple):
    """All that was found.

    Attributes:
        since: the first moment of the period.
        until: the moment after its last.
        deliveries: what was read of ``GET /event-deliveries``.
        attempts: what was read of ``GET /event-delivery-attempts``.
        total: all webhooks as one, but for name, addresses and answers.
        webhooks: each of them, those with the most failures first.
        slot_s: how long a slot is, in seconds.
        slots: without gaps, from the first attempt to the last; empty where there is none.
        early: attempts that are dated before their event, counted as without delay.
    """

    since: datetime
    until: datetime
    deliveries: Rows
    attempts: Rows
    total: Webhook
    webhooks: tuple[Webhook, ...]
    slot_s: int
    slots: tuple[Slot, ...]
    early: int


class Command(NamedTuple):
    """A command line, quoted for a shell, and what it is for."""

    purpose: str
    line: str


class Step(NamedTuple):
    """Something to do.

    Attributes:
        name: the webhook that it is about, as in :class:`Webhook`.
        advice: sentences of our own, with nothing from the service in them.
        commands: what to run, in this order.
    """

    name: str
    advice: str
    commands: tuple[Command, ...]


class Origin(NamedTuple):
    """Where a report comes from.

    Attributes:
        made_at: when.
        version: of ess.
        profile: its name.
        service: the origin of the base URL, or that it is the embedded one.
        filters: the options that narrowed it, as typed; empty where there are none.
    """

    made_at: datetime
    version: str
    profile: str
    service: str
    filters: tuple[str, ...]
