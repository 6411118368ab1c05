"""A service with many deliveries, that may grow, change and die while they are read."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.processes import ROOT


def delivery(number: int, /, **more: Any) -> dict[str, Any]:
    """A delivery, one a minute from 2026-11-22 on."""
    day, minutes = divmod(number, 1440)
    return {
        "event-id": f"event-{number:07d}",
        "topic": "NIS-Events",
        "event-type": "porting_event",
        "delivery-point": "https://hooks.example.com/ess",
        "del-cfg-id": 1266,
        "del-cfg-nm": "sai",
        "delivery-status": "SUCCESS",
        "timestamp": f"2026-11-{22 + day}T{minutes // 60:02d}:{minutes % 60:02d}:00Z",
        "event-body": json.dumps({"number": f"+1202555{number:04d}", "carrier_id": number}),
        **more,
    }


_KILLED = """
import os, signal, sys
work, left, events = os.getcwd(), [int(sys.argv[1])], sys.argv[2].split(",")
def hook(event, args):
    if event in events and args and work in (path := str(args[0])) and "__pycache__" not in path:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from ess_cli.main import main
sys.exit(main(sys.argv[3:]))
"""


def started(
    service: Deliveries,
    *argv: str,
    kill_at: int = 0,
    at: str = "open,os.rename,os.remove,os.mkdir,os.rmdir",
    script: str = _KILLED,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A run in a process of its own, killed when it does its so-manieth thing to the disk.

    Args:
        service: what it reads.
        argv: the arguments of ``ess``.
        kill_at: which one, from 1 on; 0 for none.
        at: what counts.
        script: what the process runs instead.
        env: more environment.
    """
    return subprocess.Popen(
        [sys.executable, "-c", script, str(kill_at), at, *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            "HOME": os.environ["HOME"],
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            **service.env,
            **(env or {}),
        },
    )


def rows_in(path: Path) -> list[dict[str, Any]]:
    """The rows of a file that an export wrote."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        with path.open("rb") as file:
            found: list[dict[str, Any]] = pq.ParquetFile(file).read().to_pylist()
        return found
    if path.suffix == ".gz":
        return list(
            csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode(), newline=""))
        )
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


class Deliveries:
    """Answers ``GET /event-deliveries`` and ``/event-delivery-attempts``, page by page.

    Attributes:
        url: its base URL.
        rows: what there is, in its order.
        before: called with the number of each request, from 1 on, before it is answered; what it
            returns is the status, 200 where None.
        requests: how many there were.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.before: Callable[[int], int | None] = lambda number: None
        self.requests = 0
        deliveries = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                deliveries.requests += 1
                status = deliveries.before(deliveries.requests) or 200
                query = parse_qs(urlsplit(self.path).query)
                offset, limit = (int(query.get(key, ["0"])[0]) for key in ("offset", "limit"))
                rows = deliveries.rows[offset : offset + limit]
                echoed: Any = {"offset": offset, "limit": limit}
                key = "attempts" if "attempts" in self.path else "event-deliveries"
                document = {"paged-result": echoed, key: rows}
                if "/event-deliveries/summary" in self.path:
                    document = {"delivery-configurations": []}
                # Of a long refusal not all is read, and this server would complain of that.
                body = json.dumps(document).encode() if status == 200 else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ess/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        """What points ``ess`` at it."""
        return {"ESS_PROFILE": "default", "ESS_BASE_URL": self.url, "ESS_TOKEN": "token-1"}

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that the test works in."""
    path = tmp_path / "work"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def service() -> Iterator[Deliveries]:
    running = Deliveries()
    yield running
    running.close()
