"""A service on loopback that misbehaves by a script, and records every byte it is sent.

gh's double rule holds: a request that nobody expected fails the test, and so does an expected one
that never came. :meth:`Wire.ess` adds what holds for every case: no traceback, neither secret in
anything printed, an end within a bound of time.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Outcome, Run

TOKEN = "canary-access-5b1e07"
USER_TOKEN = "canary-user-9c2f44"
PATIENCE_S = 10.0


class Request(NamedTuple):
    """A request as it arrived.

    Attributes:
        raw: every byte.
        line: method and target.
        headers: in their order, names as they were sent.
        body: as long as Content-Length says.
    """

    raw: bytes
    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Connection:
    """What a step of a script works with."""

    def __init__(self, sock: socket.socket, server: Hostile) -> None:
        self.sock = sock
        self.server = server
        self.is_open = True
        self._buffer = b""

    def read_request(self) -> Request | None:
        """The next request; None where the peer leaves."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return None
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name, value.strip()) for name, _, value in pairs)
        length = sum(int(value) for name, value in headers if name.lower() == "content-length")
        while len(rest) < length:
            if not self._more():
                return None
            rest = self._buffer[len(head) + 4 :]
        self._buffer = rest[length:]
        raw = head + b"\r\n\r\n" + rest[:length]
        return Request(raw, first.rpartition(" ")[0], headers, rest[:length])

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def send(self, data: bytes) -> None:
        """Send it all, or notice that the peer has left."""
        try:
            self.sock.sendall(data)
        except OSError:
            self.is_open = False

    def close(self) -> None:
        """Say that nothing more comes, and let go."""
        self.is_open = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


Step = bytes | Callable[[Connection], None]


def close(connection: Connection) -> None:
    """Step: close the connection in the proper way."""
    connection.close()


def reset(connection: Connection) -> None:
    """Step: break the connection off."""
    linger = struct.pack("ii", 1, 0)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.is_open = False
    connection.sock.close()


def hold(connection: Connection) -> None:
    """Step: say nothing until the peer leaves."""
    with contextlib.suppress(OSError):
        while connection.sock.recv(65536):
            pass
    connection.close()


def drip(piece: bytes, every_s: float, times: int = 1_000_000) -> Step:
    """Step: send a piece again and again, until the peer leaves."""

    def step(connection: Connection) -> None:
        for _ in range(times):
            connection.send(piece)
            if not connection.is_open or connection.server.over.wait(every_s):
                return

    return step


def pour(pieces: Callable[[], Iterator[bytes]]) -> Step:
    """Step: send what comes, until it ends or the peer leaves."""

    def step(connection: Connection) -> None:
        for piece in pieces():
            connection.send(piece)
            if not connection.is_open:
                return

    return step


def start_tls(context: ssl.SSLContext) -> Step:
    """Step: from now on there is TLS, as behind a proxy's CONNECT."""

    def step(connection: Connection) -> None:
        connection.sock = context.wrap_socket(connection.sock, server_side=True)

    return step


def plain_garbage(connection: Connection) -> None:
    """Step: break TLS from inside, by bytes that are none of its records."""
    with socket.socket(fileno=socket.dup(connection.sock.fileno())) as below:
        below.sendall(b"\x00" * 64)
    connection.close()


class Exchange(NamedTuple):
    """A request that is expected, and what is done about it.

    Attributes:
        expected: method and target; None for steps to take before anything is read.
        steps: bytes to send, or things to do with the connection.
    """

    expected: str | None
    steps: tuple[Step, ...]


def on(expected: str, *steps: Step) -> Exchange:
    """When this request has come, take these steps."""
    return Exchange(expected, steps)


def on_connect(*steps: Step) -> Exchange:
    """When a connection comes, take these steps before TLS and before anything is read."""
    return Exchange(None, steps)


def reply(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    """A proper reply."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def json_reply(document: Any, status: int = 200, *headers: str) -> bytes:
    """A proper reply with JSON."""
    body = json.dumps(document).encode()
    return reply(status, body, "Content-Type: application/json", *headers)


class Hostile:
    """The server of one script.

    Attributes:
        url: the base URL to point ``ess`` at.
        requests: what came, in its order.
        connections: how many were opened.
        complaints: what came and nobody expected.
        over: set at the end.
    """

    def __init__(self, script: tuple[Exchange, ...], tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.complaints: list[str] = []
        self.over = threading.Event()
        self._script = list(script)
        self._whole_script = script
        self._tls = tls
        self._lock = threading.Lock()
        self._open: list[Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}/ess/v1"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def unseen(self) -> list[str | None]:
        """What was expected and has not come."""
        return [exchange.expected for exchange in self._script]

    def renew(self) -> None:
        """Begin the script anew."""
        self._script = list(self._whole_script)

    def stop_listening(self) -> None:
        """From now on connections are refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def stop(self) -> None:
        """Let everything go, and wait until it has gone."""
        self.over.set()
        self.stop_listening()
        for connection in self._open:
            connection.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection = Connection(sock, self)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            if self._script and self._script[0].expected is None:
                self._take(connection, self._script.pop(0).steps)
            if connection.is_open and self._tls is not None:
                start_tls(self._tls)(connection)  # type: ignore[operator]
            while connection.is_open:
                request = connection.read_request()
                if request is None:
                    break
                self._take(connection, self._answer(request))
        except (OSError, ValueError):
            pass  # the peer left, or would not have our certificate
        finally:
            connection.close()

    def _answer(self, request: Request) -> tuple[Step, ...]:
        with self._lock:
            self.requests.append(request)
            if self._script and self._script[0].expected in (request.line, "*"):
                return self._script.pop(0).steps
            due = self._script[0].expected if self._script else "nothing"
            self.complaints.append(f"{request.line}, where {due} was expected")
        return (close,)

    @staticmethod
    def _take(connection: Connection, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if not connection.is_open:
                return
            if isinstance(step, bytes):
                connection.send(step)
            else:
                step(connection)


class Wire:
    """Runs ``ess`` against scripts."""

    def __init__(self, run: Run, directory: Path) -> None:
        self._run = run
        self._directory = directory
        self._servers: list[Hostile] = []

    def serve(self, *script: Exchange, tls: ssl.SSLContext | None = None) -> Hostile:
        """A server for a script."""
        server = Hostile(script, tls)
        self._servers.append(server)
        return server

    def ess(
        self,
        where: Hostile | str,
        *argv: str,
        env: dict[str, str] | None = None,
        stdin: str | bytes = b"",
        timeout_s: float = 5,
        within_s: float = PATIENCE_S,
        user_token: str = USER_TOKEN,
    ) -> Outcome:
        """Call ``ess`` on a server, and check what holds for every case."""
        began = time.monotonic()
        outcome = self._run(
            *argv,
            stdin=stdin,
            env={
                "ESS_PROFILE": "default",
                "ESS_BASE_URL": where if isinstance(where, str) else where.url,
                "ESS_TOKEN": TOKEN,
                "ESS_USER_TOKEN": user_token,
                "ESS_TIMEOUT": str(timeout_s),
                **(env or {}),
            },
        )
        took_s = time.monotonic() - began
        self.check(outcome)
        assert took_s < within_s, f"{took_s:.1f} s, {outcome}"
        return outcome

    def check(self, outcome: Outcome) -> None:
        """What holds for every case."""
        printed = outcome.out + outcome.err
        assert [each.complaints for each in self._servers] == [[]] * len(self._servers), printed
        assert "Traceback" not in printed
        assert "a bug in ess" not in printed
        assert TOKEN not in printed
        assert USER_TOKEN not in printed
        assert outcome.code != 1

    def stop(self) -> None:
        """Stop all servers, and check that everything expected has come."""
        for server in self._servers:
            server.stop()
        for server in self._servers:
            assert server.complaints == []
            assert server.unseen == []


@pytest.fixture
def wire(ess: Run, tmp_path: Path) -> Iterator[Wire]:
    """Servers by script, and ``ess`` pointed at them."""
    made = Wire(ess, tmp_path)
    yield made
    made.stop()


class Certificates:
    """A throw-away authority, and servers' certificates by it.

    Attributes:
        bundle: the file that makes clients trust it.
    """

    def __init__(self, directory: Path) -> None:
        import trustme

        self._authority = trustme.CA()
        self.bundle = str(directory / "authority.pem")
        self._authority.cert_pem.write_to_path(self.bundle)

    def server(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """TLS for a server of this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The authority that a test may have ``ess`` trust."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that nobody trusts."""
    return Certificates(tmp_path_factory.mktemp("strangers"))
