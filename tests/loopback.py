"""A service on loopback that answers one thing and remembers the headers it was called with."""

from __future__ import annotations

import threading
from typing import Any


class Loopback:
    """Answers every GET alike, until told otherwise.

    Attributes:
        url: its base URL.
        status: what it answers with.
        body: likewise.
        seen: the headers of each request, names in lower case.
        paths: the path of each request, with its query.
    """

    def __init__(self) -> None:
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        self.status = 200
        self.body = b'{"topics": []}'
        self.seen: list[dict[str, str]] = []
        self.paths: list[str] = []
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                loopback.paths.append(self.path)
                loopback.seen.append({key.lower(): value for key, value in self.headers.items()})
                self.send_response(loopback.status)
                self.send_header("Content-Length", str(len(loopback.body)))
                self.end_headers()
                self.wfile.write(loopback.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
