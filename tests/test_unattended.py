"""``--lock`` and ``--max-duration``: what a timer starts runs once at a time, and not for ever."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ess_cli.api.exchange import Service
from ess_cli.api.http import Http
from ess_cli.api.sending import Authorization, Sender
from ess_cli.errors import Interrupted
from ess_cli.interruption import Interruption
from tests import hostile
from tests.conftest import Run
from tests.hostile import Connection, Step, Wire, drip, hold, json_reply, on
from tests.processes import PATIENCE_S, Shell, finished

wire = hostile.wire

SUMMARY = ("deliveries", "summary")
PATH = "GET /ess/v1/event-deliveries/summary"
EMPTY = json_reply({"delivery-configurations": []})


class Gate:
    """Step: hold the reply until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, connection: Connection) -> None:
        self.reached.set()
        assert self.opened.wait(PATIENCE_S)


def until(holds: Callable[[], bool]) -> None:
    """Wait for it, within reason."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def locks(home: Path) -> Path:
    return home / ".local" / "state" / "ess" / "locks"


def test_a_second_run_ends_with_exit_code_12_and_names_the_first(home: Path, wire: Wire) -> None:
    gate = Gate()
    server = wire.serve(on(PATH, gate, EMPTY), on(PATH, EMPTY))
    shell = Shell(home)
    env = shell.environment(server)
    first = shell.start(*SUMMARY, "--lock", "-o", "json", env=env)
    try:
        assert gate.reached.wait(PATIENCE_S)
        facts = json.loads((locks(home) / "default.deliveries-summary.holder").read_text())
        second = shell.run(*SUMMARY, "--lock", env=env)
    finally:
        gate.opened.set()
        ended = finished(first)
    assert facts["pid"] == first.pid
    assert second == (
        12,
        "",
        f"error: another run holds the lock: pid {first.pid} since {facts['since']}\n"
        "  ess deliveries summary --lock -o json\n"
        f"  lock: {locks(home) / 'default.deliveries-summary.lock'}\n"
        "hint: the lock is free once that run has ended, which --max-duration sees to\n",
    )
    assert ended.code == 0
    assert shell.run(*SUMMARY, "--lock", env=env).code == 0


def test_other_profiles_and_commands_have_locks_of_their_own(
    home: Path, wire: Wire, ess: Run
) -> None:
    gate = Gate()
    server = wire.serve(on(PATH, gate, EMPTY))
    shell = Shell(home)
    first = shell.start(*SUMMARY, "--lock", env=shell.environment(server))
    try:
        assert gate.reached.wait(PATIENCE_S)
        second = ess(*SUMMARY, "--lock")
    finally:
        gate.opened.set()
        ended = finished(first)
    assert (second.code, ended.code) == (0, 0)


def test_a_run_that_was_killed_leaves_the_lock_free(home: Path, wire: Wire) -> None:
    gate = Gate()
    server = wire.serve(on(PATH, gate, EMPTY), on(PATH, EMPTY))
    shell = Shell(home)
    env = shell.environment(server)
    with shell.start(*SUMMARY, "--lock", env=env) as first:
        assert gate.reached.wait(PATIENCE_S)
        first.send_signal(signal.SIGKILL)
    gate.opened.set()
    assert shell.run(*SUMMARY, "--lock", env=env).code == 0


def test_a_lock_that_cannot_be_made_is_exit_code_12(home: Path, ess: Run) -> None:
    locks(home).parent.mkdir(parents=True)
    locks(home).write_bytes(b"")
    outcome = ess(*SUMMARY, "--lock")
    assert (outcome.code, outcome.out) == (12, "")
    assert f"{locks(home) / 'sandbox.deliveries-summary.lock'} cannot be written" in outcome.err


# From the command's start: long enough to get as far as the request on a busy machine.
LIMIT = ("--max-duration", "800ms")


@pytest.mark.parametrize(
    "step", [hold, drip(b" " * 50_000, 0.05, times=400)], ids=["nothing", "much, but no end"]
)
def test_a_read_that_does_not_end_ends_with_exit_code_13(wire: Wire, step: Step) -> None:
    server = wire.serve(on(PATH, b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n", step))
    assert wire.ess(server, *SUMMARY, *LIMIT, timeout_s=60) == (
        13,
        "",
        "error: ended after 800ms, which is what --max-duration allows\n"
        "hint: give it more time, or less to do\n",
    )


def test_as_json_the_end_of_the_time_is_one_line_too(wire: Wire) -> None:
    outcome = wire.ess(wire.serve(on(PATH, hold)), *SUMMARY, *LIMIT, "--json", timeout_s=60)
    assert (outcome.code, outcome.out) == (13, "")
    assert json.loads(outcome.err.splitlines()[-1]) == {
        "error": {
            "kind": "time-over",
            "message": "ended after 800ms, which is what --max-duration allows",
            "exit": 13,
            "http": None,
            "retryable": False,
        }
    }


def test_a_run_within_its_time_is_as_ever(ess: Run) -> None:
    before = signal.getsignal(signal.SIGALRM)
    assert ess(*SUMMARY, "--max-duration", "1h", "--lock", "-o", "json").code == 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == before


@pytest.mark.parametrize("value", ["0s", "soon"])
def test_a_duration_that_is_none_is_exit_code_2(ess: Run, value: str) -> None:
    assert ess(*SUMMARY, "--max-duration", value).code == 2


def test_a_write_on_the_wire_is_answered_and_nothing_is_sent_after_it(wire: Wire) -> None:
    told: list[str] = []
    gate = Gate()
    server = wire.serve(on("POST /ess/v1/rows", gate, json_reply({"id": 1})))
    interruption = Interruption()

    def tell(line: str) -> None:
        told.append(line)
        gate.opened.set()

    interruption.tell = tell
    service = Service(server.url, True, 10.0)
    http = Http(Sender(service, lambda: Authorization("x"), interruption=interruption))
    interruption.end_after(0.2)
    try:
        document, _ = http.post("/rows", {}, "look")
        with pytest.raises(Interrupted) as left_out:
            http.post("/rows", {}, "look")
    finally:
        interruption.stop_clock()
        http.close()
    assert document == {"id": 1}
    assert told == ["waiting for the answer to POST /rows; --max-duration is over"]
    assert left_out.value.message == "POST /rows: left out, since --max-duration is over"
    assert (left_out.value.exit_code, left_out.value.kind) == (13, "time-over")
    assert interruption.exit_code == 13


def test_where_nothing_can_be_broken_off_nothing_new_is_sent(wire: Wire) -> None:
    """Outside the main thread, and on Windows."""
    server = wire.serve()
    interruption = Interruption()
    thread = threading.Thread(target=interruption.end_after, args=(0.01,))
    thread.start()
    thread.join(PATIENCE_S)
    until(lambda: interruption.exit_code == 13)
    service = Service(server.url, True, 10.0)
    http = Http(Sender(service, lambda: Authorization("x"), interruption=interruption))
    with pytest.raises(Interrupted, match="left out, since --max-duration is over"):
        http.get("/rows")
    http.close()


# What is said


def test_verbose_puts_time_and_profile_before_each_line(ess: Run) -> None:
    at = "2026-11-23T08:30:00Z"
    done = ess("-v", "delivery-cfg", "disable", "hhh", "--yes")
    assert done.code == 0
    assert {line[: len(at) + 10] for line in done.err.splitlines()} == {f"{at} sandbox: "}
    missing = ess("subs", "get", "999", "--verbose", "-o", "json")
    assert missing.err.splitlines()[:-1] == [
        f"{at} sandbox: error: no subscription 999 in the list of subscriptions",
        f"{at} sandbox: hint: ess subs list; an ended one may need its topic:"
        " ess subs get TOPIC ID",
    ]
    assert json.loads(missing.err.splitlines()[-1])["error"]["exit"] == 4


def test_verbose_holds_for_a_line_that_cannot_be_parsed_and_without_a_profile(ess: Run) -> None:
    at = "2026-11-23T08:30:00Z"
    assert ess("-v", "-p", "prod", "topics", "--lst").err == (
        f"{at} prod: error: no such option: --lst\n{at} prod: hint: ess topics --help\n"
    )
    outcome = ess("-v", "topics", "list", env={"ESS_PROFILE": "nowhere"})
    assert outcome.code == 12
    assert outcome.err.startswith(f'{at} nowhere: error: no profile named "nowhere"\n')


@pytest.mark.parametrize("more", [(), ("-v",)])
def test_success_is_quiet(ess: Run, more: tuple[str, ...]) -> None:
    outcome = ess(*SUMMARY, "--lock", "--max-duration", "1h", *more)
    assert (outcome.code, outcome.err) == (0, "")
