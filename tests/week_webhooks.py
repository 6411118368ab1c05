"""Webhooks on loopback that fail, are down or slow, and know what they have taken."""

from __future__ import annotations

import threading
from collections import Counter
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 60.0
TEXT = 'AT@$# T "WIRELESS", Ltd;\n\u202e\x07 Österreich €=1+1'


class Webhooks:
    """One receiver on loopback, each configuration a path of it.

    Attributes:
        taken: configuration and event of each 2xx that was answered.
        busy: how many attempts wait for their answer.
        is_down: whether "down" is.
        slow: "slow" answers once this is set.
    """

    def __init__(self, seed: int) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()
        self.busy = 0
        self.is_down = False
        self.slow = threading.Event()
        self._seed = seed
        self._tries: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        webhooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                name, event = self.path[1:], self.headers["X-ESS-EVENT-KEY"]
                with webhooks._lock:
                    webhooks.busy += 1
                    webhooks._tries[name, event] += 1
                    attempt = webhooks._tries[name, event]
                if name == "slow":
                    webhooks.slow.wait(PATIENCE_S)
                status = webhooks._status(name, event, attempt)
                if status:
                    body = b"" if status == 204 else f"{status}: {TEXT}".encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                with webhooks._lock:
                    webhooks.taken[name, event] += status // 100 == 2
                    webhooks.busy -= 1

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # whoever sent it was ended with the test

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()

    def _status(self, name: str, event: str, attempt: int) -> int:
        """What is answered; 0 is nothing at all."""
        digest = blake2b(f"{self._seed} {name} {event} {attempt}".encode()).digest()
        failure = (503, 500, 404, 0)[digest[0] % 4]
        share = {"flaky": 0.5, "paused": 0.7, "slow": 0.1}.get(name, 0.0)
        fails = self.is_down if name == "down" else digest[1] < 256 * share
        return failure if fails else (200, 202, 204)[digest[2] % 3] if digest[3] % 2 else 200
