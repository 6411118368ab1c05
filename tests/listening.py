"""``ess listen`` at work, and those who deliver to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run

ROOT = Path(__file__).parent.parent
PATIENCE_S = 20
PASSWORD = "correct horse battery"
BASIC = "QWRtaW46Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"
PORTING = {"number": "+12025550123", "porting_date": "2011-05-27T00:00:00Z"}
HEADER = "received\ttopic\tevent-type\tevent-id\tattempt\tverdict\tdetail\n"
NOW = "2026-11-23T08:30:00.000Z"


def body(
    event_id: str = "e-1", fields: Any = PORTING, kind: str = "porting_event", **changes: Any
) -> bytes:
    """A delivery as the service sends it."""
    event = {"fld-val-list": fields, "evt-tp": kind, "timestamp": "2026-11-23T08:29:59.123Z"}
    usual = {"topic": "NIS-Events", "attempt": 1, "event": event, "event-id": event_id}
    return json.dumps({**usual, **changes}).encode()


class Sender:
    """Delivers to a webhook on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def reply(self, content: bytes, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            named = {name.replace("_", "-"): text for name, text in headers.items()}
            connection.request("POST", "/hook", content, named)
            response = connection.getresponse()
            assert response.read() == b""
            return response
        finally:
            connection.close()

    def post(self, content: bytes, **headers: str) -> int:
        return self.reply(content, **headers).status

    def lost(self, content: bytes) -> None:
        """Deliver to somebody who leaves without an answer."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.reply(content)

    def raw(self, data: bytes) -> bytes:
        """Send bytes, then nothing more; all that is answered."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.settimeout(PATIENCE_S)
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer


class Listening(Sender):
    """A run in a thread, on a port that was free a moment ago; it ends by --count or --for."""

    def __init__(self, ess: Run, argv: tuple[str, ...], env: dict[str, str], stdin: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            super().__init__(probe.getsockname()[1])
        self._outcomes: list[Outcome] = []
        line = ("listen", "--port", str(self.port), *argv)
        self._thread = threading.Thread(
            target=lambda: self._outcomes.append(ess(*line, env=env, stdin=stdin)), daemon=True
        )
        self._thread.start()
        while self._thread.is_alive():
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    break

    def ended(self) -> Outcome:
        self._thread.join(PATIENCE_S)
        (outcome,) = self._outcomes
        assert outcome.err.startswith(
            f"listening: http://127.0.0.1:{self.port}/ (delivery-cfg create --addr);"
            " Ctrl-C ends it\n"
        )
        return outcome._replace(err=outcome.err.partition("\n")[2])

    def rows(self) -> list[dict[str, Any]]:
        """What a run with -o jsonl printed."""
        return [json.loads(line) for line in self.ended().out.splitlines()]


Listen = Callable[..., Listening]


@pytest.fixture
def listen(ess: Run) -> Listen:
    def start(
        *argv: str, env: dict[str, str] | None = None, stdin: str = "", profile: str = ""
    ) -> Listening:
        return Listening(ess, argv, {"ESS_PROFILE": profile, **(env or {})}, stdin)

    return start


def verdicts(rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(row["verdict"], row["detail"], row["status"]) for row in rows]


class Downstream:
    """Another webhook (or service), which answers as it is told and notes what came."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"")]
        self.lines: list[str] = []
        self.came = threading.Event()
        self.pause = threading.Event()
        self.pause.set()
        self.received: list[tuple[dict[str, str], bytes]] = []
        downstream = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                downstream.lines.append(f"{self.command} {self.path}")
                downstream.received.append((dict(self.headers.items()), content))
                downstream.came.set()
                downstream.pause.wait(PATIENCE_S)
                answers = downstream.answers
                status, headers, reply = answers.pop(0) if len(answers) > 1 else answers[0]
                if status == 0:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if status < 0:
                    self.rfile.read(1)  # until the other side gives up
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_POST = respond  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]

    def __enter__(self) -> Downstream:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def running(
    home: Path, *argv: str, **settings: Any
) -> Iterator[tuple[Sender, subprocess.Popen[bytes]]]:
    """The console command on a port of its choice."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "listen", "--port", "0", *argv],
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            # NOTE: with a limit to the size of files, Python would leave its own ones cut.
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings},
    )
    try:
        assert process.stderr is not None
        note = process.stderr.readline().decode()
        assert note.startswith("listening: http://127.0.0.1:")
        yield Sender(int(note.split(":")[3].partition("/")[0])), process
    finally:
        process.kill()
        process.communicate()


def interrupted(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What a run printed that Ctrl-C ended cleanly."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    return out, err
