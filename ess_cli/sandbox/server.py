"""The sandbox over loopback HTTP, for curl and other clients.

The standard library's server does the listening and the threads; reading a request and writing a
reply are ours (``http1.py``), because that is where its time goes, and because a server in reach
of every web page on the machine has to be stricter than it is.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: TID253 - its home
from socketserver import TCPServer
from typing import Any

from ess_cli.errors import PortInUse, SandboxUnusable
from ess_cli.sandbox import breakage, http1
from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.faults import Trouble
from ess_cli.sandbox.replies import RefusedError, Reply, Request
from ess_cli.sandbox.routes import handle
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.switches import Handle
from ess_cli.sandbox.tokens import Keeper
from ess_cli.sandbox.workers import Voices, Worker, workers_for

_NAMES = ("127.0.0.1", "localhost", "[::1]")
_LINGER_S = 2.0
_LINGER_BYTES = 4 * http1.MAX_BODY_BYTES


class SandboxServer(ThreadingHTTPServer):
    """A server on 127.0.0.1, one daemon thread for each connection.

    ``server_address`` has the port; ``serve_forever`` runs until ``shutdown`` is called from
    another thread, or until an exception such as KeyboardInterrupt leaves it. ``shutdown`` is
    graceful, may be called in either case, and leaves ``server_close`` to be done; a ``with``
    block does that.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    # Two servers must not share a port: Windows allows that with the first of these, others
    # with the second, which newer versions of http.server turn on.
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False

    def __init__(
        self,
        store: Store,
        port: int,
        behaviour: Behaviour,
        voices: Voices,
        idle_timeout_s: float,
        grace_s: float,
    ) -> None:
        self.store = store
        self.behaviour = behaviour
        self.answer = _answering(behaviour)
        self.log = voices.log
        self.idle_timeout_s = idle_timeout_s
        self.stopping = False
        self.busy: set[socket.socket] = set()
        self._grace_s = grace_s
        self._serving = False
        self.connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._workers = workers_for(store, behaviour, voices)
        self._started: list[Worker] = []
        super().__init__(("127.0.0.1", port), _Handler)
        port = self.server_address[1]
        self.hosts = frozenset([*_NAMES, *(f"{name}:{port}" for name in _NAMES)])

    def server_bind(self) -> None:
        """Bind, without HTTPServer's look-up of the host's name, which may ask a DNS server."""
        TCPServer.server_bind(self)

    def serve_forever(self, poll_interval: float = 0.05) -> None:
        """Serve, workers and all, until ``shutdown``; at once over if that was called before."""
        with self._changed:
            if self.stopping:
                return
            self._serving = True
            for worker in self._workers:
                self._started.append(worker)
                worker.start()
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        """Take no new connection, let what is in flight finish, close the idle ones.

        Comes back when all connections are closed and all workers have stopped, after
        ``grace_s`` seconds in any case.
        """
        deadline_s = time.monotonic() + self._grace_s
        with self._changed:
            self.stopping = True
            serving = self._serving
        if serving:
            super().shutdown()
        with self._changed:
            for connection in self.connections - self.busy:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        for worker in self._started:
            worker.stop(max(0.0, deadline_s - time.monotonic()))
        with self._changed:
            left_s = max(0.0, deadline_s - time.monotonic())
            self._changed.wait_for(lambda: not self.connections, left_s)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then start its thread."""
        with self._changed:
            self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self.connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: what can be said was logged with the request; the client has gone."""


def _answering(behaviour: Behaviour) -> Handle:
    answer = partial(handle, keeper=Keeper(behaviour.token_lifetime_s))
    return Trouble(behaviour.faults, answer).answer if behaviour.faults else answer


class _Handler(BaseHTTPRequestHandler):
    """One connection: its requests, one after the other."""

    server: SandboxServer
    # Without these two, a keep-alive connection stalls 40 ms for each reply: header and body
    # leave apart, and the second waits for the acknowledgement of the first.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self._ahead = b""
        self._refused = False
        self._heads = http1.HeadReader(self.server.hosts)
        super().setup()
        self.connection.settimeout(self.server.idle_timeout_s)

    def finish(self) -> None:
        with suppress(OSError):  # the client has gone before its reply
            super().finish()

    def handle(self) -> None:
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


def make_server(
    store: Store,
    port: int = 0,
    *,
    behaviour: Behaviour | None = None,
    log: Callable[[str], None] | None = None,
    note: Callable[[str], None] | None = None,
    idle_timeout_s: float = 60.0,
    grace_s: float = 10.0,
) -> SandboxServer:
    """A server for ``store``, listening on 127.0.0.1; ``serve_forever`` starts it.

    Args:
        store: whose state is served; it stays the caller's to close.
        port: 0 takes a free one, to be read from ``server_address``.
        behaviour: what it was told; the defaults where None.
        log: gets one line for each request: method, path, status, milliseconds; never the
            query, a header or a body. And one for each thing that a worker did.
        note: gets what the workers have to say once.
        idle_timeout_s: a connection that is silent for so long is closed.
        grace_s: how long ``shutdown`` waits for requests in flight.

    Raises:
        SandboxUnusable: the database is damaged, busy or not writable. Said now rather than
            to every client.
        PortInUse: the port is taken or not allowed.
    """
    store.row("SELECT 1")
    try:
        voices = Voices(log, note)
        return SandboxServer(store, port, behaviour or Behaviour(), voices, idle_timeout_s, grace_s)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortInUse(port) from error
        raise
