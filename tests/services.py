"""Services on loopback: the sandbox over HTTP, and one that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.server import make_server
from ess_cli.sandbox.store import Store


@contextmanager
def served_sandbox(directory: Path, behaviour: Behaviour | None = None) -> Iterator[str]:
    """A sandbox of its own over HTTP, that behaves so; gives its base URL."""
    store = Store(directory / "served.db")
    with make_server(store, behaviour=behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/ess/v1"
        server.shutdown()
        thread.join(10)
    store.close()


class Sent(NamedTuple):
    """A request as it arrived; ``path`` has its query, ``body`` is JSON or None."""

    method: str
    path: str
    body: Any


class Scripted:
    """Answers what it is told for a method and path, the last answer again and again; else 404.

    Attributes:
        url: its base URL.
        sent: the requests that arrived.
    """

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._answers: dict[tuple[str, str], list[tuple[int, dict[str, str], bytes]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ess/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(
        self, method: str, path: str, document: Any = None, status: int = 200, **headers: str
    ) -> None:
        """Add an answer; without a document its body is empty, bytes are sent as they are."""
        raw = isinstance(document, bytes)
        body = document if raw else b"" if document is None else json.dumps(document).encode()
        self._answers.setdefault((method, path), []).append((status, headers, body))

    def forget(self) -> None:
        """Have no answers any more."""
        self._answers.clear()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                path = self.path.removeprefix("/ess/v1")
                script.sent.append(Sent(self.command, path, json.loads(body) if body else None))
                waiting = script._answers.get((self.command, path.partition("?")[0]), [])
                status, headers, reply = (404, {}, b"") if not waiting else waiting[0]
                if len(waiting) > 1:
                    waiting.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler


@pytest.fixture
def service() -> Iterator[Scripted]:
    """One, running."""
    running = Scripted()
    yield running
    running.close()
