"""The receiver's HTTP: any path, POST only, on 127.0.0.1.

The standard library's server listens and reads the heads of requests. Bodies, limits and the way
it ends are ours: nothing that a client sends ends the run.

NOTE: a foreign ``Host`` is served, unlike in the sandbox: a tunnel brings one, and is how the real
service gets here. A request of a web page (``Origin``) is refused.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: TID253 - its home
from socketserver import TCPServer
from typing import Any

from ess_cli.errors import PortInUse
from ess_cli.receiver.intake import Arrival, Intake

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEAD_BYTES = 64 * 1024
IDLE_TIMEOUT_S = 60.0
_LONGEST_CHUNK_LINE = 1024
_LINGER_S = 2.0
_LINGER_BYTES = 4 * MAX_BODY_BYTES
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?\r?\n")


class _Refused(Exception):
    """A request that cannot be read to its end; the connection ends with the answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class ReceiverServer(ThreadingHTTPServer):
    """A server on 127.0.0.1, one daemon thread for each connection.

    Args:
        intake: decides what is answered.
        port: 0 takes a free one, to be read from ``server_address``.
        report: gets each arrival before it is answered; called from many threads, and may block.

    Raises:
        PortInUse: the port is taken or not allowed.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    # Two receivers must not share a port, and a restart must not wait.
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False

    def __init__(
        self,
        intake: Intake,
        port: int,
        report: Callable[[Arrival], None],
        idle_timeout_s: float = IDLE_TIMEOUT_S,
    ) -> None:
        self.intake = intake
        self.report = report
        self.idle_timeout_s = idle_timeout_s
        self.stopping = threading.Event()
        self.busy: set[socket.socket] = set()
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        try:
            super().__init__(("127.0.0.1", port), _Connection)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise PortInUse(port, "ess listen") from error
            raise

    def server_bind(self) -> None:
        """Bind, without HTTPServer's look-up of the host's name, which may ask a DNS server."""
        TCPServer.server_bind(self)

    def finish_all(self, grace_s: float) -> None:
        """Once no connection is taken any more: answer what is in flight, close what is idle.

        Comes back when all connections are closed, after ``grace_s`` seconds in any case.
        """
        self.stopping.set()
        with self._changed:
            for connection in self._connections - self.busy:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._connections, grace_s)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then start its thread."""
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: the client has gone."""


class _Connection(BaseHTTPRequestHandler):
    """One connection: its requests, one after the other."""

    server: ReceiverServer
    protocol_version = "HTTP/1.1"
    # Without these, a keep-alive connection stalls 40 ms for each reply: header and body
    # leave apart, and the second waits for the acknowledgement of the first.
    wbufsize, disable_nagle_algorithm = -1, True

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.idle_timeout_s)
        self._lingers = False

    def finish(self) -> None:
        with suppress(OSError):  # the client has gone before its answer
            super().finish()

    def handle(self) -> None:
        with suppress(OSError):
            self.close_connection = False
            while not self.close_connection and not self.server.stopping.is_set():
                self._handle_next()
            if self._lingers:
                self._linger()

    def _handle_next(self) -> None:
        """Serve one request; ``close_connection`` says whether another may follow."""
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(MAX_HEAD_BYTES + 1)
        if not self.raw_requestline:
            return
        if self.raw_requestline in (b"\r\n", b"\n"):
            self.close_connection = False  # an empty line before a request is forgiven
            return
        self.server.busy.add(self.connection)
        try:
            try:
                body = self._read_request()
            except _Refused as refused:
                self.close_connection = self._lingers = True
                self._answer(self.server.intake.refused(refused.detail, refused.status))
                return
            self._answer(self._take(body))
        finally:
            self.server.busy.discard(self.connection)

    def _take(self, body: bytes) -> Arrival:
        intake = self.server.intake
        try:
            return intake.take(_once(self.headers), body)
        except Exception as error:  # noqa: BLE001 - one bad request must not end the run
            bug = intake.refused(f"a bug in ess: {type(error).__name__}", 500)
            return bug._replace(verdict="failed")

    def _read_request(self) -> bytes:
        """Read one request; returns its body.

        Raises:
            _Refused: it cannot be served.
        """
        if len(self.raw_requestline) > MAX_HEAD_BYTES:
            raise _Refused(414, "the request line is too long")
        # NOTE: parse_request answers what it refuses by send_error, which raises here.
        if not self.parse_request():
            raise _Refused(400, "not a request in HTTP/1.1")
        self._check_head()
        if self.command != "POST":
            raise _Refused(405, "not a POST")
        if self.headers.get("Origin") is not None:
            raise _Refused(403, "a request of a web page")
        try:
            return self._read_body()
        except TimeoutError:
            raise _Refused(408, "the body stopped coming") from None

    def _check_head(self) -> None:
        lines = self.headers.items()
        if sum(len(name) + len(value) + 4 for name, value in lines) > MAX_HEAD_BYTES:
            raise _Refused(431, "the headers are too long")
        if self.headers.defects or any(re.search("[\0\r\n]", value) for _, value in lines):
            raise _Refused(400, "a malformed header")

    def _read_body(self) -> bytes:
        coding = self.headers.get_all("Transfer-Encoding") or []
        lengths = self.headers.get_all("Content-Length") or []
        if coding:
            if lengths or [text.strip().lower() for text in coding] != ["chunked"]:
                raise _Refused(400, "a Transfer-Encoding other than chunked, or a length beside it")
            return self._read_chunks()
        if not lengths:
            raise _Refused(411, "no Content-Length")
        if len(lengths) > 1 or not re.fullmatch("[0-9]{1,18}", lengths[0]):
            raise _Refused(400, "a malformed Content-Length")
        length = int(lengths[0])
        if length > MAX_BODY_BYTES:
            raise _Refused(413, f"the body is over {MAX_BODY_BYTES} bytes")
        return self._read(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = _CHUNK_SIZE.fullmatch(self.rfile.readline(_LONGEST_CHUNK_LINE))
            if not size:
                raise _Refused(400, "a malformed chunk")
            length = int(size[1], 16)
            if len(body) + length > MAX_BODY_BYTES:
                raise _Refused(413, f"the body is over {MAX_BODY_BYTES} bytes")
            if not length:
                break
            body += self._read(length)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _Refused(400, "a malformed chunk")
        for _ in range(100):
            if self.rfile.readline(_LONGEST_CHUNK_LINE) in (b"\r\n", b"\n"):
                return bytes(body)
        raise _Refused(400, "a malformed chunk")

    def _read(self, length: int) -> bytes:
        data = self.rfile.read(length)
        if len(data) < length:
            raise _Refused(400, "the body ended early")
        return data

    def handle_expect_100(self) -> bool:
        """Have the client send its body, at once."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Leave the answer to the caller: the standard library's own repeats the request."""
        raise _Refused(int(code), _PHRASES.get(int(code), "not HTTP").lower())

    def _answer(self, arrival: Arrival) -> None:
        """Report an arrival, hold its answer back as long as asked for, and answer."""
        server = self.server
        server.report(arrival)
        server.stopping.wait(server.intake.plan.delay_s)
        if server.stopping.is_set():
            self.close_connection = True
        status = arrival.status
        head = [
            f"HTTP/1.1 {status} {_PHRASES.get(status, 'Status')}",
            f"Date: {self.date_time_string()}",
        ]
        if status not in (204, 304):
            head.append("Content-Length: 0")
        if status == 401:
            head.append('WWW-Authenticate: Basic realm="ess"')
        if status == 405:
            head.append("Allow: POST")
        if self.close_connection:
            head.append("Connection: close")
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1"))
        self.wfile.flush()

    def _linger(self) -> None:
        """Read on for a moment: closing on unread data would take the answer away again."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_LINGER_S)
        deadline_s = time.monotonic() + _LINGER_S
        read_bytes = 0
        while read_bytes < _LINGER_BYTES and time.monotonic() < deadline_s:
            data = self.connection.recv(64 * 1024)
            if not data:
                return
            read_bytes += len(data)


def _once(headers: Any) -> dict[str, str]:
    """Each header by its name as it came first; of one that came twice, the first."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in headers.items():
        if name.lower() not in seen:
            seen.add(name.lower())
            found[name] = value
    return found
