"""A sandbox that is served and delivers, with a clock that stands until it is moved."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.server import SandboxServer, make_server
from ess_cli.sandbox.store import Store
from tests.conftest import Run
from tests.test_sandbox_adapter import fresh

PATIENCE_S = 30.0
SEEDS_DELIVERIES = 62
PORTED = ("sandbox", "emit", "porting_event", "--field", "porting_date=2026-11-23")
NUMBER = ("--field", "number=+12345678901")
MESSAGE = ("sandbox", "emit", "mo_message_received", "--field", "message_id=m")
TEXT = ("--field", "message_body=Hello")


def until(condition: Callable[[], Any]) -> Any:
    """What the condition gives as soon as it gives anything; fails when it does not."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


class Rehearsal:
    """Runs commands on a sandbox, and serves it.

    Attributes:
        now: the served sandbox's clock; it begins a minute ahead of those that emit.
        log: a line for each attempt.
        notes: what was said once.
    """

    def __init__(self, ess: Run, home: Path) -> None:
        directory = home / ".local" / "state" / "ess"
        directory.mkdir(parents=True)
        self.path = fresh(directory / "sandbox.db")
        self.now = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60)
        self.log: list[str] = []
        self.notes: list[str] = []
        self._ess = ess
        self._store = Store(self.path, now=lambda: self.now)
        self._running: list[tuple[SandboxServer, threading.Thread]] = []

    def serve(self, **told: Any) -> None:
        """Serve and deliver, told this."""
        server = make_server(
            self._store,
            behaviour=Behaviour(**told),
            log=self.log.append,
            note=self.notes.append,
            grace_s=PATIENCE_S,
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self._running.append((server, thread))

    def stop(self) -> None:
        """Stop serving."""
        while self._running:
            server, thread = self._running.pop()
            server.shutdown()
            server.server_close()
            thread.join()
        self._store.close()

    def pass_time(self, seconds: float) -> None:
        """Move the clock on."""
        self.now += timedelta(seconds=seconds)

    def ask(self, *argv: str) -> Any:
        """The JSON that a command prints."""
        outcome = self._ess("--json", *argv)
        assert outcome.code == 0, outcome
        return json.loads(outcome.out)

    def webhook(self, address: str, cfg: str = "1266", *options: str) -> None:
        """Point a configuration somewhere."""
        self.ask("delivery-cfg", "update", cfg, "--addr", address, "--yes", *options)

    def emit(self, count: int = 1) -> list[str]:
        """Emit events that 1266 gets; their ids."""
        events = self.ask(*PORTED, *NUMBER, "--count", str(count))
        return [event["event-id"] for event in events]

    def message(self) -> str:
        """Emit an event that 262 gets; its id."""
        (event,) = self.ask(*MESSAGE, *TEXT)
        return str(event["event-id"])

    def track(self, event_id: str, cfg: str = "1266") -> list[dict[str, Any]]:
        """The attempts at a delivery."""
        attempts: list[dict[str, Any]] = self.ask("deliveries", "track", "--", event_id, cfg)[
            "delivery-attempts"
        ]
        return attempts

    def tracked(self, event_id: str, count: int, cfg: str = "1266") -> list[dict[str, Any]]:
        """The attempts at a delivery, when there are so many."""

        def enough() -> list[dict[str, Any]] | None:
            found = self.track(event_id, cfg)
            return found if len(found) >= count else None

        found: list[dict[str, Any]] = until(enough)
        assert len(found) == count
        return found

    def delivery(self, event_id: str) -> dict[str, Any]:
        """The row of a delivery."""
        rows = self.ask("deliveries", "list", "--offset", str(SEEDS_DELIVERIES), "--all")
        (row,) = [row for row in rows if row["event-id"] == event_id]
        assert isinstance(row, dict)
        return row

    def status(self, event_id: str) -> str:
        """PENDING, RETRY, SUCCESS or FAILED."""
        return str(self.delivery(event_id)["delivery-status"])

    def summary(self, name: str) -> tuple[int, int, int] | None:
        """Pending, retry and failed of a configuration; None where it is not listed."""
        for row in self.ask("deliveries", "summary")["delivery-configurations"]:
            if row["del-cfg-nm"] == name:
                return row["pending"], row["retry"], row["failed"]
        return None


@pytest.fixture
def rehearsal(ess: Run, home: Path) -> Iterator[Rehearsal]:
    """A fresh sandbox, not yet served."""
    made = Rehearsal(ess, home)
    yield made
    made.stop()
