"""Files made while the sandbox is served: dumps that were asked for, buffer files on their tick.

UNKNOWN, and chosen here:

- The file of a configuration that is switched off, or has no schedule any more, stays open. So
  does one whose schedule cannot be read, which is told of.
- A tick that passed while nothing served the sandbox is made up for by the next one.

Several servers of one database may do this: who comes second finds it done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox import closing, dumps
from ess_cli.sandbox.matching import Configuration, configuration, scheduled
from ess_cli.sandbox.schedule import ScheduleRefusedError, next_tick

if TYPE_CHECKING:
    from ess_cli.sandbox.behaviour import Behaviour
    from ess_cli.sandbox.store import Store
    from ess_cli.sandbox.workers import Voices

# Other processes emit events and ask for dumps too, so somebody has to look.
_LOOK_EVERY_S = 0.2
_LOOK_AT_MOST_EVERY_S = 0.01
_PAUSE_S = 1.0
_LAST_MOMENT = datetime(9000, 1, 1, tzinfo=UTC)


class _Due(NamedTuple):
    configuration: Configuration
    file: int


class Archivist:
    """Writes the files of one database: dumps in one thread, so that ticks wait for none."""

    def __init__(self, store: Store, behaviour: Behaviour, voices: Voices) -> None:
        self._store = store
        self._log = voices.log or (lambda line: None)
        self._note = voices.note or (lambda line: None)
        self._clock = Clock(store.now(), behaviour.clock_speed)
        self._ticks = Ticks(self._clock.start)
        self._told: set[tuple[int, str]] = set()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name="archivist", daemon=True)
            for work in (self._write_dumps, self._close_due)
        ]

    def start(self) -> None:
        """Begin; say first whose schedules cannot be read."""
        with self._store.reading() as con:
            for each in scheduled(con):
                if each.cron is not None:
                    self._tick_lies_behind(each, each.cron, self._clock.start)
        for thread in self._threads:
            thread.start()

    def stop(self, grace_s: float) -> None:
        """Give up a dump that is being written; the next server begins it again."""
        self._stopping.set()
        end_s = time.monotonic() + grace_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, end_s - time.monotonic()))

    def _run(self, work: Callable[[], float]) -> None:
        wait_s = _LOOK_EVERY_S
        while not self._stopping.wait(wait_s):
            wait_s = _PAUSE_S
            try:
                wait_s = work()
            except SandboxUnusable as fault:
                self._log(fault.message)
            except Exception as error:  # noqa: BLE001 - one bad file must not end all others
                self._log(f"a bug: {type(error).__name__}")

    def _write_dumps(self) -> float:
        for line in dumps.finish(self._store, self._stopping.is_set):
            self._log(line)
        return _LOOK_EVERY_S

    def _close_due(self) -> float:
        """Close what is due; the seconds until something may be due again."""
        now = self._clock.read(self._store.now())
        for due in self._find_due(now):
            with self._store.writing() as con:
                name = closing.close(con, due.file, due.configuration, self._store.now())
            if name is not None:
                self._log(f"closed {name}")
        self._ticks.pass_to(now)
        wait_s = self._clock.real_s(self._ticks.next_in_s)
        return max(_LOOK_AT_MOST_EVERY_S, min(_LOOK_EVERY_S, wait_s))

    def _find_due(self, now: datetime) -> list[_Due]:
        with self._store.reading() as con:
            collecting = [
                _Due(configuration(con, cfg_id), file) for file, cfg_id in closing.open_files(con)
            ]
        return [
            due
            for due in collecting
            if due.configuration.is_active
            and due.configuration.cron is not None
            and self._tick_lies_behind(due.configuration, due.configuration.cron, now)
        ]

    def _tick_lies_behind(self, subject: Configuration, cron: str, now: datetime) -> bool:
        try:
            return self._ticks.lies_behind(cron, now)
        except ScheduleRefusedError as error:
            if (subject.id, cron) not in self._told:
                self._told.add((subject.id, cron))
                self._note(
                    f"delivery configuration {subject.id} {subject.name}: its buffer files never"
                    f' close, for "{cron}" cannot be read here: {error}'
                )
            return False


class Clock:
    """The schedules' clock: so many times faster than the real one.

    Args:
        start: when both show the same.
        speed: 1 for the real clock.
    """

    def __init__(self, start: datetime, speed: float) -> None:
        self.start = start
        self._speed = speed

    def read(self, now: datetime) -> datetime:
        """What it shows when the real clock shows ``now``. It stops in the year 9000."""
        elapsed_s = (now - self.start).total_seconds() * self._speed
        longest = _LAST_MOMENT - self.start
        return self.start + min(longest, timedelta(seconds=min(elapsed_s, 1e12)))

    def real_s(self, seconds: float) -> float:
        """How long its seconds last."""
        return seconds / self._speed


class Ticks:
    """Which schedules have ticked since the last look."""

    def __init__(self, looked_at: datetime) -> None:
        self._looked_at = looked_at
        self._next: dict[str, datetime | None] = {}

    @property
    def next_in_s(self) -> float:
        """Seconds from the last look to the first tick that is known of."""
        ahead = [at for at in self._next.values() if at is not None]
        if not ahead:
            return float("inf")
        return max(0.0, (min(ahead) - self._looked_at).total_seconds())

    def lies_behind(self, cron: str, now: datetime) -> bool:
        """Whether a schedule ticked after the last look, up to ``now``.

        Raises:
            ScheduleRefusedError: it cannot be read.
        """
        if cron not in self._next:
            self._next[cron] = next_tick(cron, self._looked_at)
        at = self._next[cron]
        return at is not None and at <= now

    def pass_to(self, now: datetime) -> None:
        """Look no more at what was before ``now``."""
        set_back = now < self._looked_at
        self._looked_at = now
        for cron, at in self._next.items():
            if at is not None and (at <= now or set_back):
                self._next[cron] = next_tick(cron, now)
