"""A service on loopback that does nothing but reply, so that a bench times the client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def answer(reply: Callable[[str, int], bytes]) -> None:
    """Print a port, then answer each GET with what its path and its offset give, until ended."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            offset = parse_qs(url.query).get("offset", ["0"])[0]
            body = reply(url.path.removeprefix("/ess/v1"), int(offset))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


@contextmanager
def served(module: str, rows: int) -> Iterator[str]:
    """The base URL of what ``python -m MODULE --serve ROWS`` answers."""
    command = [sys.executable, "-m", module, "--serve", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield f"http://127.0.0.1:{port}/ess/v1"
        finally:
            process.kill()
