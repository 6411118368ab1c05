"""Pipes, closed streams, signals, bare environments: the real interpreter, by its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import hostile
from tests.hostile import TOKEN, USER_TOKEN, Connection, Wire, json_reply, on
from tests.hostile import reply as answer
from tests.processes import PATIENCE_S, ROOT, Late, Shell, finished, kill

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
# More than a pipe and a buffer hold together, so that writing fails before the end.
MANY = json_reply({"topics": [{"topic-nm": f"topic-{n}-{'x' * 250}"} for n in range(900)]})
NAMES = "".join(f"topic-{n}-{'x' * 250}\n" for n in range(900))
OUTPUTS = [
    ["--version"],
    ["--help"],
    ["topics", "--help"],
    ["help", "exit-codes"],
    ["completion", "zsh"],
    ["topics", "list", "--columns", "?"],
    ["topics", "list", "-o", "table"],
    ["topics", "list", "-o", "json"],
    ["topics", "list", "-o", "csv"],
    ["api", "GET", "/topics"],
]


@pytest.fixture
def shell(home: Path) -> Shell:
    """A shell in the test's home."""
    return Shell(home)


# A reader that leaves


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_reader_that_leaves_ends_the_run_quietly(wire: Wire, shell: Shell, form: str) -> None:
    server = wire.serve(on(TOPICS, MANY))
    process = shell.start("topics", "list", "-o", form, env=shell.environment(server))
    assert process.stdout is not None
    assert process.stdout.read(10)
    process.stdout.close()
    process.stdout = None
    assert finished(process) == (141, "", "")


def test_a_reader_that_was_never_there_is_no_success(shell: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    processes = [shell.start(*argv, env=shell.environment(), stdout=writing) for argv in OUTPUTS]
    os.close(writing)
    for process in processes:
        assert finished(process) == (141, "", ""), process.args


def test_a_reader_of_stderr_that_leaves_changes_nothing(wire: Wire, shell: Shell) -> None:
    server = wire.serve(on(TOPICS, answer(404)))
    reading, writing = os.pipe()
    os.close(reading)
    process = shell.start("topics", "list", env=shell.environment(server), stderr=writing)
    os.close(writing)
    assert finished(process) == (4, "", "")


# Nowhere to write to


def test_a_full_disk_is_no_success(shell: Shell) -> None:
    for argv, outcome in shell.run_all(OUTPUTS, redirections=">/dev/full"):
        assert outcome.code == 12, argv
        first = outcome.err.splitlines()[0]
        assert first == "error: cannot write to stdout: No space left on device", argv


def test_a_closed_stdout_is_no_success(shell: Shell) -> None:
    for argv, outcome in shell.run_all(OUTPUTS, redirections=">&-"):
        assert outcome.code == 12, argv
        assert "stdout" in outcome.err, argv
        assert "closed" in outcome.err, argv


def test_a_stdout_for_reading_is_no_success(shell: Shell) -> None:
    outcome = shell.run("topics", "list", env=shell.environment(), redirections="1</dev/null")
    assert outcome.code == 12
    assert outcome.err == "error: cannot write to stdout: Bad file descriptor\n"


def test_a_full_disk_does_not_hide_that_the_list_failed(wire: Wire, shell: Shell) -> None:
    server = wire.serve(on(TOPICS, answer(400)))
    env = shell.environment(server)
    assert shell.run("topics", "list", env=env, redirections=">/dev/full").code == 5


@pytest.mark.parametrize("redirections", ["2>&-", "2>/dev/full", "<&-", "<&- 2>&-"])
def test_stderr_and_stdin_may_be_closed(shell: Shell, redirections: str) -> None:
    env = shell.environment()
    whole = shell.run("topics", "list", "--json", env=env)
    assert whole.code == 0
    told = ["topics", "list", "--json", "--debug", "--limit", "1"]
    lines = [["topics", "list", "--json"], ["topics", "list", "-o", "pdf"], told]
    (_, good), (_, bad), (_, noted) = shell.run_all(lines, redirections)
    assert good == (0, whole.out, "")
    assert bad.code == 2
    assert noted.code == 0


def test_everything_may_be_closed(shell: Shell) -> None:
    env = shell.environment()
    outcome = shell.run("topics", "list", env=env, redirections="<&- >&- 2>&-")
    assert outcome == (12, "", "")


def test_a_write_with_closed_streams_writes_into_no_file_of_ours(shell: Shell, home: Path) -> None:
    env = shell.environment()
    create = ("delivery-cfg", "create", "--name", "n", "--addr", "http://127.0.0.1/")
    assert shell.run(*create, env=env, redirections="<&- >&- 2>&-").code == 12
    names = shell.run("delivery-cfg", "list", "-o", "csv", "-c", "name", env=env)
    assert names.code == 0
    assert "n" in names.out.splitlines()


def test_closed_descriptors_are_filled_in_before_anything_is_opened(shell: Shell) -> None:
    program = """
import os
for number in range(3):
    os.close(number)
from ess_cli.main import main
main(["help", "output"])
nowhere = os.stat(os.devnull)
os._exit(sum(not os.path.samestat(os.fstat(number), nowhere) for number in range(3)))
"""
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, env=shell.environment(), cwd=ROOT, check=False).returncode == 0


def test_no_question_is_asked_where_stdin_is_closed(shell: Shell) -> None:
    env = shell.environment()
    end = ("subs", "end", "SCG-Message", "142")
    assert shell.run(*end, env=env, redirections="<&-").code == 8
    assert shell.run("auth", "login", "-p", "default", env=env, redirections="<&-").code == 2


# A reader that is slow


@pytest.mark.parametrize(
    ("env", "blocking"),
    [({}, True), ({}, False), ({"PYTHONUNBUFFERED": "1"}, True)],
    ids=["usual", "not blocking", "unbuffered"],
)
def test_a_slow_reader_gets_every_byte(
    wire: Wire, shell: Shell, env: dict[str, str | None], blocking: bool
) -> None:
    server = wire.serve(on(TOPICS, MANY))
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    environment = shell.environment(server, **env)
    process = shell.start("topics", "list", "-o", "name", env=environment, stdout=writing)
    os.close(writing)
    pieces = []
    while piece := os.read(reading, 3000):
        pieces.append(piece)
        time.sleep(0.001)
    os.close(reading)
    outcome = finished(process)
    assert (outcome.code, outcome.err) == (0, "")
    assert b"".join(pieces).decode() == NAMES


# Signals


BY_SIGNAL = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("number", "code"), BY_SIGNAL)
def test_a_signal_during_a_read_ends_it_by_exit_code(
    wire: Wire, shell: Shell, number: int, code: int
) -> None:
    late = Late()
    server = wire.serve(on(TOPICS, kill(late.get, number)))
    outcome = finished(late.set(shell.start("topics", "list", env=shell.environment(server))))
    assert outcome == (code, "", "interrupted\n" if number == signal.SIGINT else "")


@pytest.mark.parametrize(("number", "code"), BY_SIGNAL)
def test_a_signal_half_way_keeps_whole_rows(
    wire: Wire, shell: Shell, number: int, code: int
) -> None:
    late = Late()
    server = wire.serve(
        on("GET /ess/v1/topics?limit=1", json_reply({"topics": [{"topic-nm": "a"}]})),
        on("GET /ess/v1/topics?limit=1&offset=1", kill(late.get, number)),
    )
    argv = ("topics", "list", "--page-size", "1", "-o", "jsonl")
    outcome = finished(late.set(shell.start(*argv, env=shell.environment(server))))
    assert (outcome.code, outcome.out) == (code, '{"topic-nm":"a"}\n')


def test_a_signal_that_is_ignored_stays_ignored(wire: Wire, shell: Shell) -> None:
    late = Late()

    def interrupt(connection: Connection) -> None:
        late.get().send_signal(signal.SIGINT)
        late.get().send_signal(signal.SIGTERM)
        connection.send(json_reply({"topics": []}))

    server = wire.serve(on(TOPICS, interrupt))
    command = 'trap "" INT TERM; exec "$0" -m ess_cli topics list --json'
    process = subprocess.Popen(
        ["sh", "-c", command, sys.executable],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=shell.environment(server),
        cwd=ROOT,
    )
    assert finished(late.set(process)) == (0, "[]\n", "")


@pytest.mark.parametrize(("number", "code"), BY_SIGNAL)
def test_a_signal_ends_a_run_whose_reader_has_stopped_reading(
    wire: Wire, shell: Shell, number: int, code: int
) -> None:
    # The first page fills the pipe; the second one is still in our buffer when the signal comes.
    pages = [
        json_reply({"topics": [{"topic-nm": f"{page}-{n}-{'x' * 100}"} for n in range(550)]})
        for page in range(2)
    ]
    server = wire.serve(
        on("GET /ess/v1/topics?limit=550", pages[0]),
        on("GET /ess/v1/topics?limit=550&offset=550", pages[1]),
        on("GET /ess/v1/topics?limit=550&offset=1100", json_reply({"topics": []})),
    )
    argv = ("topics", "list", "--page-size", "550", "-o", "name")
    process = shell.start(*argv, env=shell.environment(server))
    assert process.stdout is not None
    assert process.stdout.read(1)
    _wait_until_full(process.stdout.fileno())
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(PATIENCE_S) == code
    assert time.monotonic() - began < 5
    finished(process)


def _wait_until_full(descriptor: int) -> None:
    """Wait until a pipe holds as much as it can, so that its writer is stuck."""
    import fcntl
    import termios

    capacity = fcntl.fcntl(descriptor, getattr(fcntl, "F_GETPIPE_SZ", 1032))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        held = bytearray(4)
        fcntl.ioctl(descriptor, termios.FIONREAD, held)
        if int.from_bytes(held, sys.byteorder) >= capacity - 4096:
            return
        time.sleep(0.005)
    pytest.fail("the pipe never filled")


# Bare and strange environments


def test_an_empty_environment_is_enough(wire: Wire, home: Path) -> None:
    (home / "token").write_text(TOKEN)
    (home / "user-token").write_text(USER_TOKEN)
    server = wire.serve(on("GET /ess/v1/event-types/x", json_reply({"id": "caf\u00e9"})))
    argv = [
        *("event-types", "get", "x", "-o", "jsonl", "--base-url", server.url),
        *("--token-file", str(home / "token"), "--user-token-file", str(home / "user-token")),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd=ROOT,
    )
    assert finished(process) == (0, '{"id":"caf\\u00e9"}\n', "")


LOCALES: list[dict[str, str | None]] = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"LC_ALL": "nonsense"},
]
locales = pytest.mark.parametrize(
    "env", LOCALES, ids=lambda env: " ".join(f"{key}={value}" for key, value in env.items())
)


@locales
def test_any_locale_gets_the_same_bytes(
    wire: Wire, shell: Shell, env: dict[str, str | None]
) -> None:
    name = "caf\u00e9 \u20ac \U0001f4a3"
    server = wire.serve(on(TOPICS, json_reply({"topics": [{"topic-nm": name}]})))
    outcome = shell.run("topics", "list", env=shell.environment(server, **env))
    assert outcome == (0, f"name\tservice\tevent-types\n{name}\t\t\n", "")


@locales
def test_any_locale_gets_its_errors(wire: Wire, shell: Shell, env: dict[str, str | None]) -> None:
    server = wire.serve(on(TOPICS, answer(400, "caf\u00e9 \u20ac".encode())))
    process = shell.start("topics", "list", env=shell.environment(server, **env))
    with process:
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 5
    assert err.startswith(b"error: GET /topics: 400: caf")


def test_names_complete_in_any_locale(wire: Wire, shell: Shell) -> None:
    server = wire.serve(on(TOPICS, json_reply({"topics": [{"topic-nm": "caf\u00e9"}]})))
    assert shell.run("topics", "list", env=shell.environment(server)).code == 0
    environment = shell.environment(server, **LOCALES[1])
    outcome = shell.run("__complete", "topics", "caf", env=environment)
    assert outcome == (0, "caf\u00e9\n", "")


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "dumb"},
        {"TERM": "no-such-terminal"},
        {"COLUMNS": "0"},
        {"COLUMNS": "wide", "LINES": "-1"},
        {"TERM": "xterm-256color", "COLUMNS": "10", "LC_ALL": "C"},
        {"NO_COLOR": "1", "TERM": "xterm-256color"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=lambda env: " ".join(f"{key}={value}" for key, value in env.items()),
)
def test_any_terminal_gets_every_row(wire: Wire, shell: Shell, env: dict[str, str | None]) -> None:
    topics = [{"topic-nm": f"t{number}", "svc-nm": "caf\u00e9"} for number in range(3)]
    server = wire.serve(on(TOPICS, json_reply({"topics": topics})))
    with _terminal() as (screen, inside):
        process = shell.start("topics", "list", env=shell.environment(server, **env), stdout=inside)
        shown = _everything_on(screen, inside, process)
    outcome = finished(process)
    assert outcome.code == 0
    for number in range(3):
        assert f"t{number}".encode() in shown
    if env.get("TERM") == "dumb" or "NO_COLOR" in env:
        assert b"\x1b" not in shown


def test_progress_is_for_a_screen_that_shows_nothing_else(wire: Wire, shell: Shell) -> None:
    def late(connection: Connection) -> None:
        time.sleep(1.1)  # what is over within a second says nothing
        connection.send(json_reply({"topics": [{"topic-nm": "a"}, {"topic-nm": "b"}]}))

    server = wire.serve(*[on(TOPICS, late)] * 2)
    argv, env = ("topics", "list", "-o", "name"), shell.environment(server)
    assert shell.run(*argv, env=env) == (0, "a\nb\n", "")
    with _terminal() as (screen, inside):
        process = shell.start(*argv, env=env, stderr=inside)
        shown = _everything_on(screen, inside, process)
    assert finished(process) == (0, "a\nb\n", "")
    assert shown == b"\r\r2 rows \xe2\x80\xa6\r        \r"


@contextlib.contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    screen, inside = pty.openpty()
    try:
        yield screen, inside
    finally:
        os.close(screen)


def _everything_on(screen: int, inside: int, process: subprocess.Popen[bytes]) -> bytes:
    os.close(inside)
    shown = b""
    while True:
        ready, _, _ = select.select([screen], [], [], PATIENCE_S)
        assert ready, shown
        try:
            piece = os.read(screen, 65536)
        except OSError:  # how Linux says that the other side has gone
            piece = b""
        if not piece:
            return shown
        shown += piece


@pytest.mark.parametrize(
    "env",
    [{"HOME": None}, {"HOME": ""}, {"HOME": "/nonexistent"}, {"HOME": "/dev/null"}],
    ids=lambda env: f"HOME={env['HOME']}",
)
def test_no_home_is_needed_to_read(
    wire: Wire, shell: Shell, home: Path, env: dict[str, str | None]
) -> None:
    elsewhere = {
        f"XDG_{kind}_HOME": str(home / kind.lower())
        for kind in ("CONFIG", "STATE", "CACHE", "DATA")
    }
    server = wire.serve(on(TOPICS, json_reply({"topics": []})))
    environment = shell.environment(server, **(elsewhere if env["HOME"] is None else {}), **env)
    assert shell.run("topics", "list", "--json", env=environment) == (0, "[]\n", "")


@pytest.mark.parametrize("home_is", ["/nonexistent", "/dev/null"])
def test_a_sandbox_that_cannot_be_kept_is_a_fault_of_the_setup(shell: Shell, home_is: str) -> None:
    outcome = shell.run("topics", "list", env=shell.environment(HOME=home_is))
    assert outcome.code in (0, 12)
    assert outcome.code == 0 or outcome.err.startswith("error: ")


def test_an_error_is_json_on_stderr_even_without_a_terminal(shell: Shell) -> None:
    env = shell.environment()
    outcome = shell.run("topics", "list", "-o", "json", env=env, redirections=">/dev/full")
    assert json.loads(outcome.err.splitlines()[-1])["error"]["exit"] == 12
