"""The sandbox over loopback HTTP, for curl and other clients.

The standard library's server does the listening and the threads; reading a request and writing a
reply are ours (``connection.py``, ``http1.py``), because that is where its time goes, and because
a server in reach of every web page on the machine has to be stricter than it is.
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
from http.server import ThreadingHTTPServer  # noqa: TID253 - its home
from socketserver import TCPServer
from typing import Any

from ess_cli.errors import PortInUse
from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.connection import Connection
from ess_cli.sandbox.faults import Trouble
from ess_cli.sandbox.routes import handle
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.switches import Handle
from ess_cli.sandbox.tokens import Keeper
from ess_cli.sandbox.workers import Voices, Worker, workers_for

_NAMES = ("127.0.0.1", "localhost", "[::1]")


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
        super().__init__(("127.0.0.1", port), Connection)
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
