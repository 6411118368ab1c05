"""Torture, as curl's tests do it: whichever call fails, nothing leaks, lies or is lost.

Each session runs once to count its fallible calls, and then again and again with one of them
failing, once or from there on, in each manner that fits its kind. Here every so many points are
tried; all of them, which takes minutes, with::

    pytest -m long tests/test_torture.py
"""

from __future__ import annotations

import contextlib
import json
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.torture import FAULTS, Fault, Rack, Ran

TOKEN = "canary-access-5b1e07"
USER_TOKEN = "canary-user-9c2f44"
# Every how many points one is tried; making a new database is slow, and the same again and again.
STEPS = {"sandbox create": 43}
STEP = 7
LONGEST_S = 8.0

CONFIG = "profiles:\n  lab:\n    base-url: {}\n    timeout: 3\n"

CONFIGURATIONS = [
    {
        "id": str(number),
        "del-cfg-nm": f"cfg {number}",
        "del-prtcl-cd": "REST",
        "addr": "https://receiver.example/events",
        "del-fmt-cd": "JSON",
        "is-active": True,
    }
    for number in (7, 8, 9)
]


class Service:
    """A service on loopback that keeps what it is told, and counts the writes that it took.

    Attributes:
        url: its base URL.
        accepted: method and path of each write whose body came whole.
        begun: method and path of each write that came at all.
    """

    def __init__(self) -> None:
        self.renew()
        self._busy = 0
        self._lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def setup(self) -> None:
                with service._lock:
                    service._busy += 1
                super().setup()

            def finish(self) -> None:
                with contextlib.suppress(OSError):
                    super().finish()
                with service._lock:
                    service._busy -= 1

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    super().handle()

            def respond(self) -> None:
                path, _, query = self.path.removeprefix("/ess/v1").partition("?")
                body = self._body(f"{self.command} {path}")
                if body is None:
                    self.close_connection = True
                    return
                document = service.answer(self.command, path, query, body)
                reply = b"" if document is None else json.dumps(document).encode()
                self.send_response(200 if document is not None else 204)
                self.send_header("Content-Type", "application/json")
                if document is not None:
                    self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def _body(self, line: str) -> Any:
                if self.command == "GET":
                    return {}
                service.begun.append(line)
                length = int(self.headers.get("Content-Length") or 0)
                data = self.rfile.read(length)
                if len(data) < length:
                    return None
                service.accepted.append(line)
                return json.loads(data)

            do_GET = do_POST = do_PUT = respond  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ess/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def renew(self) -> None:
        """Know nothing but the three configurations."""
        self.accepted: list[str] = []
        self.begun: list[str] = []
        self._configurations = [dict(row) for row in CONFIGURATIONS]
        self._subscriptions: list[dict[str, Any]] = []

    def settle(self) -> None:
        """Wait until nobody is being served any more."""
        deadline = time.monotonic() + 5
        while self._busy and time.monotonic() < deadline:
            time.sleep(0.001)

    def answer(self, method: str, path: str, query: str, body: Any) -> Any:
        """The document of a reply; None for an empty one."""
        if path == "/topics":
            return {"topics": []}
        if path == "/delivery-configurations":
            offset = int(query.partition("offset=")[2] or 0)
            return {
                "paged-result": {"offset": offset, "limit": 2},
                "delivery-configurations": self._configurations[offset : offset + 2],
            }
        if path == "/topic-subscriptions":
            return {"topic-subscriptions": self._subscriptions}
        if path == "/topic-subscriptions/mdn":
            return {"subscriptions": []}
        if method == "PUT":
            self._configurations[0] = {**body, "id": "7"}
            return None
        if method == "POST":
            made = {"id": "900", "topic-nm": "NIS-Events", "del-cfg-nm": "cfg 7", **body}
            self._subscriptions.append(made)
            return None
        return self._configurations[0]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Session(NamedTuple):
    """What is tortured.

    Attributes:
        argv: the command line.
        codes: the exit codes that may come of a kind of call that fails, once / from there on.
        writes: whether it changes something at the service.
        stdin: what can be read from it.
        is_logged_in: whether the keyring has the tokens.
        in_sandbox: whether the embedded service is meant.
        is_filled: whether that has its database already.
    """

    argv: tuple[str, ...]
    codes: dict[str, tuple[set[int], set[int]]]
    writes: bool = False
    stdin: str = ""
    is_logged_in: bool = True
    in_sandbox: bool = False
    is_filled: bool = False


def _codes(**by_kind: tuple[set[int], set[int]] | set[int]) -> dict[str, tuple[set[int], set[int]]]:
    """What may come of each kind of call; the names have ``_`` for ``-``."""
    return {
        kind.replace("_", "-"): each if isinstance(each, tuple) else (each, each)
        for kind, each in by_kind.items()
    }


# Reads are tried again; what goes on failing is temporary.
_READ = ({0}, {6})
# Names for completion are a convenience: failing to keep them is no failure.
_FORGIVEN = {0}
_LOCAL = {12}
_COMMON: dict[str, Any] = {
    "resolve": _READ,
    "socket": _READ,
    "connect": _READ,
    "send": _READ,
    "receive": _READ,
    "stdout": _LOCAL,
    "stderr": {0},
    "keyring_get": {3},
    "open": _LOCAL,
    "read": _LOCAL,
    "stat": {0, 12},
    "mkdir": _FORGIVEN,
    "create": _FORGIVEN,
    "write": _FORGIVEN,
    "rename": _FORGIVEN,
    "remove": _FORGIVEN,
}
_DATABASE: dict[str, Any] = {
    **_COMMON,
    "mkdir": {0, 12},
    "create": {0, 12},
    "stat": {0, 12},
    "sqlite_open": _LOCAL,
    "sqlite": {0, 12},
}

SESSIONS = {
    "list": Session(
        ("-p", "lab", "delivery-cfg", "list", "-o", "json", "--page-size", "2"), _codes(**_COMMON)
    ),
    "update": Session(
        (
            "-p",
            "lab",
            "delivery-cfg",
            "update",
            "7",
            "--addr",
            "https://other.example/",
            "--yes",
            "-o",
            "json",
        ),
        _codes(
            **{
                **_COMMON,
                # Once the PUT is accepted, failing to read it back is no failure.
                **dict.fromkeys(("resolve", "socket", "connect"), ({0}, {0, 6})),
                # A PUT is tried again, and its success makes up for the doubt.
                **dict.fromkeys(("send", "receive"), ({0}, {0, 6, 7})),
            }
        ),
        writes=True,
    ),
    "create": Session(
        (
            "-p",
            "lab",
            "subs",
            "create",
            "--topic",
            "NIS-Events",
            "--cfg",
            "7",
            "--number",
            "+12025550123",
            "--start-date",
            "2026-11-01",
            "-o",
            "json",
        ),
        _codes(
            **{
                **_COMMON,
                **dict.fromkeys(("resolve", "socket", "connect"), ({0}, {0, 6})),
                # A POST that may have left is never sent again.
                **dict.fromkeys(("send", "receive"), ({0, 7}, {0, 6, 7})),
            }
        ),
        writes=True,
    ),
    "login": Session(
        ("-p", "lab", "auth", "login", "--with-token", "--user-token-file", "user-token"),
        _codes(
            **{**_COMMON, "keyring_set": {3}, "keyring_delete": {3}, "stdin": _LOCAL},
        ),
        stdin=TOKEN + "\n",
        is_logged_in=False,
    ),
    "sandbox create": Session(
        (
            "-p",
            "sandbox",
            "subs",
            "create",
            "--topic",
            "NIS-Events",
            "--cfg",
            "1266",
            "--number",
            "+12025550123",
            "--start-date",
            "2026-11-01",
            "-o",
            "json",
        ),
        _codes(**_DATABASE),
        writes=True,
        in_sandbox=True,
    ),
    "sandbox create again": Session(
        (
            "-p",
            "sandbox",
            "subs",
            "create",
            "--topic",
            "NIS-Events",
            "--cfg",
            "1266",
            "--number",
            "+12025550123",
            "--start-date",
            "2026-11-01",
            "-o",
            "json",
        ),
        _codes(**_DATABASE),
        writes=True,
        in_sandbox=True,
        is_filled=True,
    ),
    "sandbox list": Session(
        ("-p", "sandbox", "subs", "list", "-o", "json"),
        _codes(**_DATABASE),
        in_sandbox=True,
        is_filled=True,
    ),
    "configure": Session(
        ("profile", "set", "lab", "--timeout", "7"),
        _codes(
            **{
                **_COMMON,
                # It works where the settings do not, and keeps the profiles' names for a TAB.
                **{kind: {0, 12} for kind in ("open", "read", "mkdir", "create", "write")},
                "rename": {0, 12},
                "fsync": _LOCAL,
            }
        ),
    ),
}


class Bench:
    """Runs sessions in homes of their own, and knows what must hold after each."""

    def __init__(self, rack: Rack, service: Service, directory: Path) -> None:
        self.rack = rack
        self.service = service
        self._directory = directory
        self._homes = 0

    def points(self, session: Session) -> list[Fault]:
        """Every way in which a call of a session can fail."""
        ran, _ = self.run(session, None)
        again, _ = self.run(session, None)
        assert (ran.code, again.calls) == (0, ran.calls), ran
        return [
            Fault(number, name, lasting)
            for number, kind in enumerate(ran.calls)
            for name in FAULTS[kind]
            for lasting in (False, True)
        ]

    def run(self, session: Session, fault: Fault | None) -> tuple[Ran, Path]:
        """One run, in a new home."""
        self._homes += 1
        home = self._directory / f"home-{self._homes}"
        config = home / ".config" / "ess"
        config.mkdir(parents=True)
        (config / "config.yaml").write_text(CONFIG.format(self.service.url))
        (config / "config.yaml").chmod(0o600)
        (home / "user-token").write_text(USER_TOKEN + "\n")
        if session.is_filled:
            shutil.copytree(self._filled(), home / ".local")
        self.service.renew()
        ran = self.rack.run(
            session.argv, home, stdin=session.stdin, secrets=self._secrets(session), fault=fault
        )
        self.service.settle()
        return ran, home

    def _filled(self) -> Path:
        filled = self._directory / "filled"
        if not filled.exists():
            filled.mkdir()
            assert self.rack.run(("-p", "sandbox", "subs", "list"), filled).code == 0
        return filled / ".local"

    def _secrets(self, session: Session) -> dict[str, str]:
        where = self.service.url.removesuffix("/ess/v1")
        held = {f"ess:{where} lab:token": TOKEN, f"ess:{where} lab:user-token": USER_TOKEN}
        return held if session.is_logged_in else {}

    def subscriptions(self, home: Path) -> list[Any]:
        """What the sandbox of a home has now."""
        ran = self.rack.run(("-p", "sandbox", "subs", "list", "-o", "json"), home)
        assert ran.code == 0, ran
        rows: list[Any] = json.loads(ran.out)
        return rows


class Whole(NamedTuple):
    """A session that nothing failed in.

    Attributes:
        files: the files it left, without the database.
        before: likewise, before it.
        subscriptions: how many the sandbox had before.
    """

    ran: Ran
    files: dict[str, bytes]
    before: dict[str, bytes]
    subscriptions: int


def _files(home: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and ".local/" not in str(path) and path.name != "user-token"
    }


def _faults_of(
    bench: Bench, session: Session, whole: Whole, fault: Fault, ran: Ran, home: Path
) -> list[str]:
    """What is wrong with a run in which a call failed; nothing, it is to be hoped."""
    kind = ran.calls[fault.number] if fault.number < len(ran.calls) else "none"
    printed = ran.out + ran.err
    wrong: list[str] = []

    def must(holds: object, what: str) -> None:
        if not holds:
            wrong.append(what)

    allowed = session.codes.get(kind, (set(), set()))[fault.lasting]
    if fault.name == "done-reset":
        allowed = allowed | {0}  # the reply is there already, and is read
    accepted = len(bench.service.accepted)
    if session.in_sandbox and session.writes:
        accepted = len(bench.subscriptions(home)) - whole.subscriptions
    if kind == "stdout" or not accepted:
        must(ran.code in allowed, f"exit code {ran.code}")
    must(ran.code not in (None, 1), f"exit code {ran.code}")
    # Another process that is writing is waited for, ten seconds at most.
    longest_s = LONGEST_S + 10 * (fault.name == "busy")
    must(ran.took_s < longest_s, f"took {ran.took_s:.1f} s")
    must(b"Traceback" not in printed and b"a bug in ess" not in printed, "traceback")
    must(ran.code == 0 or kind == "stderr" or b"error: " in ran.err, "mute")
    must(kind == "stdout" or b"cannot write to stdout" not in ran.err, "blames stdout")
    stored = [path for path in home.rglob("*") if path.is_file() and path.name != "user-token"]
    for secret in (TOKEN.encode(), USER_TOKEN.encode()):
        must(secret not in printed, "a secret is printed")
        must(not any(secret in path.read_bytes() for path in stored), "a secret is stored")

    if session.writes:
        posted = [line for line in bench.service.begun if line.startswith("POST")]
        must(len(posted) <= 1, "a POST was sent twice")
        must(accepted or ran.code != 0, "success without an effect")
        must(not accepted or ran.code in (0, 7) or kind == "stdout", f"accepted, and {ran.code}")
        if accepted and ran.code == 12:
            said = (b"created subscription", b"updated delivery", b"accepted")
            must(any(text in ran.err for text in said), "done, and not said")
        must(ran.code != 7 or bench.service.begun or kind == "send", "a doubt without a reason")
    elif ran.code == 0 and kind != "stderr":
        must(ran.out == whole.ran.out, "another output")
    elif ran.code and kind != "stdout":
        must(not ran.out, "output of a failure")

    after = _files(home)
    for name, content in after.items():
        known = (whole.before.get(name), whole.files.get(name))
        must(content in known or kind == "remove", f"{name} is neither old nor new, or left over")
    for name in whole.before:
        must(name in after, f"{name} is gone")
    for path in stored:
        must(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, f"others may read {path.name}")
    if session.stdin:
        held = sorted(ran.secrets.values())
        must(ran.code != 0 or held == [TOKEN, USER_TOKEN], "logged in without tokens")
        must(ran.code == 0 or TOKEN not in held or kind in ("stdout", "stderr"), "logged in anyway")
    if session.argv[0] == "profile":
        name = ".config/ess/config.yaml"
        expected = whole.files if ran.code == 0 else whole.before
        must(kind == "stdout" or after[name] == expected[name], "the file belies the exit code")
    return wrong


def torture(bench: Bench, session: Session, seed: int, step: int) -> list[str]:
    """Try every so many points of a session; what was wrong."""
    before_home = bench.run(session._replace(argv=("--version",), stdin=""), None)[1]
    ran, home = bench.run(session, None)
    subscriptions = 0
    if session.in_sandbox:
        subscriptions = len(bench.subscriptions(before_home))
    whole = Whole(ran, _files(home), _files(before_home), subscriptions)
    complaints = []
    points = bench.points(session)
    for fault in points[seed % step :: step]:
        ran, home = bench.run(session, fault)
        kind = ran.calls[fault.number] if fault.number < len(ran.calls) else "none"
        which = f"call {fault.number} ({kind} {fault.name}{', lasting' if fault.lasting else ''})"
        complaints += [
            f"{wrong}: {which} → {ran.code}, {ran.err!r}"
            for wrong in _faults_of(bench, session, whole, fault, ran, home)
        ]
        shutil.rmtree(home)
    return complaints


@pytest.fixture(scope="module")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    made = Rack(tmp_path_factory.mktemp("rack"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.close()


@pytest.fixture
def bench(rack: Rack, service: Service, tmp_path: Path) -> Bench:
    return Bench(rack, service, tmp_path)


@pytest.mark.parametrize("name", SESSIONS)
def test_whichever_call_fails_nothing_leaks_lies_or_is_lost(bench: Bench, name: str) -> None:
    assert torture(bench, SESSIONS[name], len(name), STEPS.get(name, STEP)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", SESSIONS)
def test_whichever_of_all_calls_fails_nothing_leaks_lies_or_is_lost(
    bench: Bench, name: str
) -> None:
    assert torture(bench, SESSIONS[name], 0, 1) == []


# What it found


def test_a_file_is_on_the_disk_before_it_takes_its_name(bench: Bench) -> None:
    ran, _ = bench.run(SESSIONS["configure"], None)
    steps = [kind for kind in ran.calls if kind in ("create", "write", "fsync", "rename")]
    synced = steps.index("fsync")
    assert steps[synced - 2 : synced + 2] == ["create", "write", "fsync", "rename"]


def test_a_write_that_was_accepted_is_said_where_its_result_cannot_be_printed(
    bench: Bench,
) -> None:
    session = SESSIONS["create"]
    ran, _ = bench.run(session, None)
    ran, _ = bench.run(session, Fault(ran.calls.index("stdout"), "full", lasting=True))
    assert bench.service.accepted == ["POST /topics/NIS-Events/subscriptions"]
    first, second, *_ = ran.err.decode().splitlines()
    assert ran.code == 12
    assert first.startswith("created subscription 900 of NIS-Events · profile lab (http://127.")
    assert second == "error: cannot write to stdout: No space left on device"


def test_a_token_that_cannot_be_read_from_stdin_is_not_blamed_on_stdout(bench: Bench) -> None:
    session = SESSIONS["login"]
    ran, _ = bench.run(session, None)
    ran, _ = bench.run(session, Fault(ran.calls.index("stdin"), "io", lasting=False))
    assert ran.code == 12
    assert ran.err == b"error: --with-token: stdin cannot be read: Input/output error\n"
    assert ran.secrets == {}
