"""``ess sandbox serve`` as a process: its end, kind or not, loses no event and repeats few."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import hostile
from tests.bench.receiver import Receiver
from tests.conftest import Run
from tests.hostile import Wire, on, reply, wire
from tests.rehearsal import NUMBER, PATIENCE_S, PORTED, until
from tests.test_sandbox_command import serving

__all__ = ["wire"]

OK = reply(200, b"OK")


def emitted(ess: Run, count: int) -> list[str]:
    """Ids of events that are accepted."""
    outcome = ess(*PORTED, *NUMBER, "--count", str(count), "-o", "name")
    assert outcome.code == 0
    return outcome.out.split()


def point(ess: Run, address: str) -> None:
    """Point the configuration that gets them somewhere."""
    assert ess("delivery-cfg", "update", "1266", "--addr", address, "--yes").code == 0


def successes(ess: Run) -> list[str]:
    """The ids of deliveries that have succeeded, beside the seed's."""
    rows = ess("deliveries", "list", "--offset", "62", "--all", "--status", "SUCCESS", "--json")
    return [row["event-id"] for row in json.loads(rows.out)]


def heard(process: subprocess.Popen[str], text: str) -> None:
    """Read what a server says until it has said this."""
    assert process.stderr is not None
    patience = threading.Timer(PATIENCE_S, process.kill)
    patience.start()
    try:
        for line in process.stderr:
            if text in line:
                return
    finally:
        patience.cancel()
    raise AssertionError(f"it never said: {text}")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_attempt_in_flight_finish_and_records_it(
    ess: Run, home: Path, wire: Wire, stop: signal.Signals
) -> None:
    with serving(home, "-v", "--allow-host", "0.0.0.0") as (_, process):

        def end_it(connection: hostile.Connection) -> None:
            process.send_signal(stop)
            # It takes no new connection any more, yet waits for this reply.
            assert process.stdout is not None
            if stop == signal.SIGINT:
                heard(process, "stopped")

        server = wire.serve(on("POST /hook", end_it, OK))
        point(ess, f"http://0.0.0.0:{server.port}/hook")
        emitted(ess, 1)
        process.wait(60)
        assert process.stderr is not None
        assert f"POST http://0.0.0.0:{server.port}/hook 200 " in process.stderr.read()
    assert len(successes(ess)) == 1


def test_of_two_servers_of_one_database_one_delivers_and_the_other_takes_over(
    ess: Run, home: Path, wire: Wire
) -> None:
    server = wire.serve(*[on("POST /hook", OK)] * 40)
    point(ess, f"http://{server.host}/hook")
    with serving(home) as (_, first):
        heard(first, "delivers to webhooks on this machine")
        with serving(home) as (_, second):
            heard(second, "another `ess sandbox serve` delivers; this one does when it ends")
            emitted(ess, 20)
            until(lambda: len(successes(ess)) == 20)
            assert len(server.requests) == 20
            first.kill()
            heard(second, "delivers to webhooks on this machine")
            emitted(ess, 20)
            until(lambda: len(successes(ess)) == 40)


class Ledger(Receiver):
    """A receiver that remembers which events it has acknowledged, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: list[str] = []

    def took(self, head: bytes) -> None:
        """Note an event."""
        _, _, rest = head.partition(b"X-ESS-EVENT-KEY: ")
        self.acknowledged.append(rest.partition(b"\r\n")[0].decode())


def rehearse_crashes(ess: Run, home: Path, ledger: Ledger, kills: int) -> None:
    """Kill the server again and again while events come; see who got what."""
    moments = random.Random(kills)
    point(ess, f"http://127.0.0.1:{ledger.port}/hook")
    accepted: list[str] = []
    known, recorded = Counter[str](), set[str]()
    for _ in range(kills):
        known_before, recorded_before = known, recorded
        with serving(home) as (_, process):
            accepted += emitted(ess, 30)
            # From before the first POST of this life to some way through its events.
            due = len(ledger.acknowledged) + moments.choice((0, 1, 5, 12, 20))
            until(lambda due=due: len(ledger.acknowledged) >= due)  # type: ignore[misc]
            time.sleep(moments.random() * 0.02)
            process.kill()
            process.wait()
        until(lambda: not ledger.connections)
        known = Counter(ledger.acknowledged)
        recorded = set(successes(ess))
        assert recorded <= set(known), "recorded, and never acknowledged"
        # At most once more in each life, and never again once it was recorded.
        assert max((known - known_before).values(), default=0) <= 1
        assert all(known[event] == known_before[event] for event in recorded_before)
    with serving(home):
        until(lambda: len(successes(ess)) == len(accepted))
    assert set(ledger.acknowledged) == set(accepted)
    assert len(accepted) == 30 * kills


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A running one."""
    made = Ledger()
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join()


def test_killed_at_any_moment_it_loses_nothing_and_repeats_little(
    ess: Run, home: Path, ledger: Ledger
) -> None:
    rehearse_crashes(ess, home, ledger, kills=6)


@pytest.mark.long
def test_killed_a_hundred_times_it_loses_nothing_and_repeats_little(
    ess: Run, home: Path, ledger: Ledger
) -> None:
    rehearse_crashes(ess, home, ledger, kills=120)
