"""Signals while a write is on the wire: its outcome is awaited and told, nothing more is sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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
from tests.conftest import Outcome, Run
from tests.hostile import (
    Certificates,
    Connection,
    Hostile,
    Step,
    Wire,
    close,
    hold,
    json_reply,
    on,
    on_connect,
    reply,
)
from tests.processes import PATIENCE_S, ROOT, Late, Shell, finished, kill

wire, certificates = hostile.wire, hostile.certificates

BY_SIGNAL = [
    (signal.SIGINT, 130, "press Ctrl-C again to leave"),
    (signal.SIGTERM, 143, "another signal leaves"),
]
WRITES = [
    (("api", "POST", "/topics", "--field", "a=b", "--yes"), "POST /topics"),
    (("api", "PUT", "/topics", "--field", "a=b", "--yes"), "PUT /topics"),
    (("api", "GET", "/topics/T/dump-subscriptions"), "GET /topics/T/dump-subscriptions"),
]
PUT = ("api", "PUT", "/topics", "--field", "a=b", "--yes")
WAITING = "waiting for the answer to PUT /topics; press Ctrl-C again to leave\n"
AUTH_SET = ("delivery-cfg", "auth", "set", "8", "--type", "NONE", "--yes", "-o", "json")
AUTH_PATH = "/delivery-configurations/8/authentication"
IN_DOUBT = (
    "  the change may or may not have been made\n"
    "hint: look before trying again: with a GET of the same path\n"
)


class Signalled:
    """A process of ``ess`` that a server's script can signal, and whose stderr it can watch."""

    def __init__(self, shell: Shell, directory: Path) -> None:
        self._shell = shell
        self._stderr = directory / "stderr"
        self._late = Late()

    def run(self, server: Hostile, *argv: str, **env: str) -> Outcome:
        """The process, run to its end."""
        with self._stderr.open("wb") as stderr:
            environment = self._shell.environment(server, **env)
            process = self._shell.start(*argv, env=environment, stderr=stderr)
            outcome = finished(self._late.set(process))
        return outcome._replace(err=self._stderr.read_text())

    def sends(self, number: int, times: int = 1, *, told: bool = True) -> Step:
        """Step: send it a signal; go on when it says that it waits, if it is to say so."""

        def step(connection: Connection) -> None:
            for _ in range(times):
                self._late.get().send_signal(number)
            self._until(lambda: not told or "waiting for" in self._stderr.read_text())

        return step

    def sends_until_it_leaves(self, number: int) -> Step:
        """Step: send it a signal, again and again."""

        def step(connection: Connection) -> None:
            process = self._late.get()

            def ended() -> bool:
                process.send_signal(number)
                return process.poll() is not None

            self._until(ended)

        return step

    @staticmethod
    def _until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def shell(home: Path) -> Shell:
    """A shell in the test's home."""
    return Shell(home)


@pytest.fixture
def signalled(shell: Shell, tmp_path: Path) -> Signalled:
    """A process to be signalled."""
    return Signalled(shell, tmp_path)


@pytest.mark.parametrize(("number", "code", "again"), BY_SIGNAL)
@pytest.mark.parametrize(("argv", "line"), WRITES)
def test_the_first_signal_awaits_the_answer_to_a_write(
    wire: Wire,
    signalled: Signalled,
    argv: tuple[str, ...],
    line: str,
    number: int,
    code: int,
    again: str,
) -> None:
    expected = line.replace(" ", " /ess/v1")
    server = wire.serve(on(expected, signalled.sends(number), json_reply({"id": 7})))
    outcome = signalled.run(server, *argv)
    assert outcome == (code, '{"id": 7}', f"waiting for the answer to {line}; {again}\n")


def test_half_a_reply_is_awaited_too(wire: Wire, signalled: Signalled) -> None:
    whole = json_reply({"id": 7})
    server = wire.serve(
        on("PUT /ess/v1/topics", whole[:-4], signalled.sends(signal.SIGINT), whole[-4:])
    )
    assert signalled.run(server, *PUT) == (130, '{"id": 7}', WAITING)


def test_a_signal_sent_to_process_and_group_is_one(wire: Wire, signalled: Signalled) -> None:
    twice = signalled.sends(signal.SIGINT, times=2)
    server = wire.serve(on("PUT /ess/v1/topics", twice, json_reply({"id": 7})))
    assert signalled.run(server, *PUT) == (130, '{"id": 7}', WAITING)


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    interruption = Interruption()
    told: list[str] = []
    interruption.tell = told.append
    with interruption.write("PUT /topics", lambda: True):
        assert interruption.defers(signal.SIGINT)
        assert interruption.defers(signal.SIGINT)
        assert not interruption.defers(signal.SIGTERM)
    assert told == ["waiting for the answer to PUT /topics; press Ctrl-C again to leave"]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_leaves_the_write_in_doubt(
    wire: Wire, signalled: Signalled, second: int
) -> None:
    server = wire.serve(
        on(
            "PUT /ess/v1/topics",
            signalled.sends(signal.SIGINT),
            signalled.sends_until_it_leaves(second),
            close,
        )
    )
    outcome = signalled.run(server, *PUT)
    assert outcome == (7, "", f"{WAITING}error: PUT /topics: interrupted\n{IN_DOUBT}")


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [
        (reply(400), 5, "error: PUT /topics: 400\n"),
        (reply(401), 3, "error: PUT /topics: 401\n"),
        (reply(404), 4, "error: PUT /topics: 404\n"),
        (reply(429), 6, "error: PUT /topics: 429: the service asks for fewer calls\n"),
        (reply(503), 7, f"error: PUT /topics: 503\n{IN_DOUBT}"),
    ],
)
def test_a_write_that_fails_after_a_signal_keeps_its_own_code_and_is_not_sent_again(
    wire: Wire, signalled: Signalled, answer: bytes, code: int, error: str
) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", signalled.sends(signal.SIGINT), answer))
    outcome = signalled.run(server, *PUT)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith(WAITING + error)
    assert len(server.requests) == 1


@pytest.mark.parametrize("end", [close, hold])
def test_an_answer_that_does_not_come_leaves_the_write_in_doubt(
    wire: Wire, signalled: Signalled, end: Step
) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", signalled.sends(signal.SIGINT), end))
    outcome = signalled.run(server, *PUT, ESS_TIMEOUT="1")
    assert (outcome.code, outcome.out) == (7, "")
    assert outcome.err.endswith(IN_DOUBT)
    assert len(server.requests) == 1


def test_what_was_written_is_not_read_back_after_a_signal(wire: Wire, signalled: Signalled) -> None:
    server = wire.serve(on(f"PUT /ess/v1{AUTH_PATH}", signalled.sends(signal.SIGINT), reply(204)))
    outcome = signalled.run(server, *AUTH_SET)
    assert (outcome.code, json.loads(outcome.out)) == (130, {"type": "NONE", "settings": {}})
    assert outcome.err == (
        f"waiting for the answer to PUT {AUTH_PATH}; press Ctrl-C again to leave\n"
        "warning: accepted, but not read back: interrupted; this is what was sent\n"
        "set the authentication of delivery configuration 8 to NONE · profile default"
        f" (http://{server.host})\n"
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize(("number", "code", "again"), BY_SIGNAL)
def test_a_signal_while_reading_back_still_tells_what_was_written(
    wire: Wire, shell: Shell, number: int, code: int, again: str
) -> None:
    late = Late()
    server = wire.serve(
        on(f"PUT /ess/v1{AUTH_PATH}", reply(204)),
        on(f"GET /ess/v1{AUTH_PATH}", kill(late.get, number)),
    )
    outcome = finished(late.set(shell.start(*AUTH_SET, env=shell.environment(server))))
    assert (outcome.code, json.loads(outcome.out)) == (code, {"type": "NONE", "settings": {}})
    assert outcome.err == (
        "warning: accepted, but not read back: interrupted; this is what was sent\n"
        "set the authentication of delivery configuration 8 to NONE · profile default"
        f" (http://{server.host})\n"
    )


def test_quiet_says_nothing_of_the_waiting(wire: Wire, signalled: Signalled) -> None:
    server = wire.serve(
        on("PUT /ess/v1/topics", signalled.sends(signal.SIGINT, told=False), json_reply({"id": 7}))
    )
    assert signalled.run(server, *PUT, "--quiet") == (130, '{"id": 7}', "")


@pytest.mark.parametrize(("number", "code", "again"), BY_SIGNAL)
def test_a_write_that_has_not_begun_to_leave_is_not_waited_for(
    wire: Wire,
    shell: Shell,
    certificates: Certificates,
    number: int,
    code: int,
    again: str,
) -> None:
    late = Late()
    server = wire.serve(on_connect(kill(late.get, number)), tls=certificates.server())
    env = shell.environment(server, REQUESTS_CA_BUNDLE=certificates.bundle)
    outcome = finished(late.set(shell.start(*PUT, env=env)))
    assert outcome == (code, "", "interrupted\n" if number == signal.SIGINT else "")


# Sends itself a signal while Python is in the callback of a weak reference.
_LOST = """
import os, sys, time, weakref
class Thing: pass
def callback(reference):
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0)
def hook(event, args):
    if event == "http.client.send" and things:
        things.pop()
things = [Thing()]
reference = weakref.ref(things[0], callback)
sys.addaudithook(hook)
from ess_cli.main import main
os._exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGALRM, 13)]
)
def test_a_signal_that_python_would_forget_ends_the_run_all_the_same(
    home: Path, wire: Wire, number: signal.Signals, code: int
) -> None:
    server = wire.serve(on("GET /ess/v1/event-deliveries/summary", hold))
    line = ("deliveries", "summary", "--max-duration", "1h")
    process = subprocess.Popen(
        [sys.executable, "-c", _LOST, str(number.value), *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=Shell(home).environment(server, PYTHONPATH=str(ROOT)),
    )
    outcome = finished(process)
    assert (outcome.code, outcome.out) == (code, "")


def test_a_run_in_another_thread_leaves_the_handlers_alone(ess: Run) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    outcomes: list[Outcome] = []
    argv = ("subs", "create", "--topic", "NIS-Events", "--cfg", "hhh", "--number", "+12025550123")
    thread = threading.Thread(target=lambda: outcomes.append(ess(*argv, "-o", "name")))
    thread.start()
    thread.join(PATIENCE_S)
    assert [outcome.code for outcome in outcomes] == [0]
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_after_a_run_the_handlers_are_as_before(ess: Run) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert ess("topics", "list").code == 0
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_many_threads_share_one_interruption(wire: Wire) -> None:
    together = threading.Barrier(3)
    answered = threading.Event()

    def meet(connection: Connection) -> None:
        together.wait(PATIENCE_S)
        assert answered.wait(PATIENCE_S)

    server = wire.serve(
        on("POST /ess/v1/rows", meet, json_reply({"id": 1})),
        on("POST /ess/v1/rows", meet, json_reply({"id": 1})),
    )
    interruption, told = Interruption(), list[str]()
    interruption.tell = told.append

    def write_two(ends: list[object]) -> None:
        service = Service(server.url, True, 10.0)
        http = Http(Sender(service, lambda: Authorization("x"), interruption=interruption))
        for _ in range(2):
            try:
                ends.append(http.post("/rows", {}, "look")[0])
            except Interrupted as error:
                ends.append(error.message)
        http.close()

    ends: list[list[object]] = [[], []]
    threads = [threading.Thread(target=write_two, args=(each,)) for each in ends]
    for thread in threads:
        thread.start()
    previous = signal.signal(
        signal.SIGINT, lambda number, frame: told.append(str(interruption.defers(number)))
    )
    try:
        together.wait(PATIENCE_S)
        assert interruption.on_the_wire == ("POST /rows", "POST /rows")
        os.kill(os.getpid(), signal.SIGINT)
        answered.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert told == ["waiting for the 2 answers; press Ctrl-C again to leave", "True"]
    left_out = "POST /rows: left out, since a signal asked the run to end"
    assert ends == [[{"id": 1}, left_out], [{"id": 1}, left_out]]
    assert interruption.exit_code == 130
