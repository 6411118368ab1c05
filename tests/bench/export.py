"""How fast ``ess deliveries export`` is: ``python -m tests.bench.export [ROWS]``.

A part of ``tests.bench.run``, which can be run alone. A million deliveries of 3 topics and 30
days, listed by their time, to jsonl and to Parquet, against fetching the same pages and throwing
them away; and the most memory held. They take turns; medians are shown.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.bench.rows import Row, as_markdown
from tests.bench.server import PAGE, delivery
from tests.bench.timing import BARE_PAGES, in_turns, ratio

ROWS = 1_000_000
DAYS = 30
_MARK = "@id@"


def page_maker() -> list[list[bytes]]:
    """A page of each day, its topics taking turns, in pieces between which the ids go."""
    pages = []
    for day in range(1, DAYS + 1):
        rows = [
            delivery(0)
            | {
                "event-id": _MARK,
                "topic": f"Topic-{number % 3}",
                "timestamp": f"2026-11-{day:02d}T12:{number // 60:02d}:{number % 60:02d}Z",
            }
            for number in range(PAGE)
        ]
        pages.append([piece.encode() for piece in json.dumps(rows).split(_MARK)])
    return pages


def serve(rows: int) -> None:
    """Print the port, then answer until ended."""
    pages = page_maker()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            offset = int(parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0])
            pieces = pages[min(offset * DAYS // rows, DAYS - 1)]
            whole = [pieces[0]]
            for number, piece in enumerate(pieces[1:], offset):
                whole += (b"ADEIboH1Q7m-%010d" % number, piece)
            uri = f"/ess/v1/event-deliveries?offset={offset + PAGE}&limit={PAGE}"
            facts = {"next-page-uri": uri} if offset + PAGE < rows else {}
            start = json.dumps({**facts, "event-deliveries": 0}).removesuffix("0}").encode()
            body = start + (b"".join(whole) if offset < rows else b"[]") + b"}"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


def measure(home: Path, rows: int, rounds: int) -> list[Row]:
    """The promises, measured."""
    ess = str(Path(sys.executable).parent / "ess")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "ESS_TOKEN": "bench-token"}
    command = [sys.executable, "-m", "tests.bench.export", "--serve", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            url = environment["ESS_BASE_URL"] = f"http://127.0.0.1:{port}/ess/v1"
            export = [ess, "deliveries", "export", "--to"]
            runs = in_turns(
                {
                    "bare": [sys.executable, "-c", BARE_PAGES.format(url=url, rows=rows)],
                    "jsonl": [*export, str(home / "all.jsonl")],
                    "parquet": [*export, str(home / "lake")],
                },
                environment,
                rounds,
            )
        finally:
            process.kill()
    shutil.rmtree(home / "lake")
    found = []
    for name in ("jsonl", "parquet"):
        what = f"{rows:,} deliveries exported to {name}"
        found.append(Row(f"{what} / fetching them", ratio(runs, name, "bare"), 2.5, "×"))
        most = max(run.megabytes for run in runs[name])
        found.append(Row("memory for that", most, 200, " MB"))
    return found


def main() -> int:
    """Measure and print."""
    if "--serve" in sys.argv:
        serve(int(sys.argv[2]))
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as home:
        found = measure(Path(home), rows, 3)
    sys.stdout.write(as_markdown(found) + "\n")
    return 0 if all(row.held for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
