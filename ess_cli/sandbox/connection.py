"""One connection to the served sandbox: requests are read strictly, and answered in turn."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler  # noqa: TID253 - imported with its server
from typing import TYPE_CHECKING

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox import breakage, http1
from ess_cli.sandbox.replies import RefusedError, Reply, Request

if TYPE_CHECKING:
    from ess_cli.sandbox.server import SandboxServer

_LINGER_S = 2.0
_LINGER_BYTES = 4 * http1.MAX_BODY_BYTES


class Connection(BaseHTTPRequestHandler):
    """One connection: its requests, one after the other."""

    server: SandboxServer
    # Without these two, a keep-alive connection stalls 40 ms for each reply: header and body
    # leave apart, and the second waits for the acknowledgement of the first.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Before the first request."""
        self._ahead = b""
        self._refused = False
        self._heads = http1.HeadReader(self.server.hosts)
        super().setup()
        self.connection.settimeout(self.server.idle_timeout_s)

    def finish(self) -> None:
        """After the last one."""
        with suppress(OSError):  # the client has gone before its reply
            super().finish()

    def handle(self) -> None:
        """One request after the other, until either side wants no more."""
        with suppress(OSError, EOFError):
            while self._handle_next() and not self.server.stopping:
                pass
            if self._refused:
                self._linger()

    def _handle_next(self) -> bool:
        """Serve one request; True when the connection may serve another."""
        if not self._ahead:
            self._receive()
        server = self.server
        server.busy.add(self.connection)
        began_s = time.perf_counter()
        what = "?"
        reply: Reply | None = None
        try:
            try:
                head = self._heads.read(self._read_head())
                what = f"{head.method} {head.path}"
            except RefusedError as refused:
                reply = refused.reply("", server.store.now())
                self._refused = True
                self._send(reply, closes=True, is_head=False)
                return False
            reply = self._reply(head)
            closes = head.closes or server.stopping
            goes_on = self._send(reply, closes=closes, is_head=head.method == "HEAD")
            return goes_on and not closes
        finally:
            server.busy.discard(self.connection)
            if reply is not None and server.log is not None:
                spent_ms = (time.perf_counter() - began_s) * 1000
                fault = f", fault {reply.fault}" if reply.fault else ""
                server.log(f"{what} {reply.status or '-'} {spent_ms:.1f} ms{fault}")

    def _reply(self, head: http1.Head) -> Reply:
        body = self._read_body(head.fields)
        request = Request(head.method, head.path, head.query, head.fields.headers, body)
        store = self.server.store
        try:
            return self.server.answer(store, request)
        except SandboxUnusable as fault:
            self._say(fault.message)
            return RefusedError("unavailable").reply(head.path, store.now())
        except Exception as error:  # noqa: BLE001 - one bad request must not end the connection
            self._say(f"a bug: {type(error).__name__}")
            return RefusedError("bug").reply(head.path, store.now())

    def _say(self, line: str) -> None:
        if self.server.log is not None:
            self.server.log(line)

    def _receive(self) -> None:
        data = self.rfile.read1(64 * 1024)
        if not data:
            raise EOFError
        self._ahead += data

    def _read_head(self) -> bytes:
        while True:
            # One empty line before a request is forgiven (RFC 9112, 2.2).
            ahead = self._ahead.removeprefix(b"\r\n")
            end = ahead.find(http1.END_OF_HEAD)
            if end >= 0:
                self._ahead = ahead[end + 4 :]
                return ahead[:end]
            if len(ahead) > http1.MAX_HEAD_BYTES:
                raise RefusedError("long-headers", f"longer than {http1.MAX_HEAD_BYTES} bytes")
            if ahead.count(b"\n") != ahead.count(b"\r\n"):
                raise RefusedError("invalid", "lines must end in CR LF")
            self._receive()

    def _read_body(self, fields: http1.Fields) -> bytes:
        missing = fields.length - len(self._ahead)
        if missing > 0:
            if fields.awaits_continue:
                self.wfile.write(http1.CONTINUE)
                self.wfile.flush()
            rest = self.rfile.read(missing)
            if len(rest) < missing:
                raise EOFError
            self._ahead += rest
        body, self._ahead = self._ahead[: fields.length], self._ahead[fields.length :]
        return body

    def _send(self, reply: Reply, *, closes: bool, is_head: bool) -> bool:
        """Send it; False where a fault on demand has spoilt the connection."""
        raw = http1.render(reply, closes=closes, is_head=is_head)
        if reply.fault:
            raw += b"" if is_head else b"".join(reply.rest)
            line = breakage.Line(self.connection, lambda: self.server.stopping)
            return breakage.send(reply.fault, line, raw)
        self.wfile.write(raw)
        if not is_head:
            for part in reply.rest:
                self.wfile.write(part)
        self.wfile.flush()
        return True

    def _linger(self) -> None:
        """Read on for a moment: closing on unread data would take the reply away again."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_LINGER_S)
        deadline_s = time.monotonic() + _LINGER_S
        read_bytes = 0
        while read_bytes < _LINGER_BYTES and time.monotonic() < deadline_s:
            data = self.connection.recv(64 * 1024)
            if not data:
                return
            read_bytes += len(data)
