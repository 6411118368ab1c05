"""How fast a report on a million rows is: ``python -m tests.bench.report [ROWS]``.

A part of ``tests.bench.run``, which can be run alone. Half of the rows are deliveries, half
attempts. Memory is measured on a tenth of the rows too, since it is promised not
to grow with them. Beside it stands what fetching the same pages takes and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.rows import Row, as_markdown
from tests.bench.serving import answer, served
from tests.bench.timing import timed
from tests.told import attempt, delivery

ROWS = 1_000_000
PAGE = 1000
# What stands for the number of a page, in a page made beforehand.
_NUMBER = b"PAGE-NUMBER"
_FETCH = """
import requests
session = requests.Session()
for path in ("/event-deliveries", "/event-delivery-attempts"):
    for offset in range(0, {rows} // 2, 1000):
        session.get("{url}" + path + "?limit=1000&offset=%d" % offset)
"""


def _pages() -> dict[str, bytes]:
    """A page of each list; one row in fifty is of a failure."""
    deliveries, attempts = [], []
    for number in range(PAGE):
        name, failed = f"configuration {number % 40}", number % 50 == 7
        told = {"event_id": f"{_NUMBER.decode()}-{number:04d}", "event_body": "x" * 300}
        deliveries.append(delivery(number, name, "FAILED" if failed else "SUCCESS", **told))
        answer = (503, f"Service Unavailable {number}") if failed else (200, "OK")
        attempts.append(attempt(number, name, *answer, **told))
    return {
        "/event-deliveries": json.dumps(deliveries).encode(),
        "/event-delivery-attempts": json.dumps(attempts).encode(),
    }


def serve(rows: int) -> None:
    """Print a port, then answer until ended."""
    pages = _pages()
    keys = {"/event-deliveries": b"event-deliveries", "/event-delivery-attempts": b"attempts"}

    def reply(path: str, offset: int) -> bytes:
        page = pages[path] if offset < rows // 2 else b"[]"
        page = page.replace(_NUMBER, b"%d" % offset)
        return b'{"paged-result": {"limit": %d}, "%s": %s}' % (PAGE, keys[path], page)

    answer(reply)


def measure(home: Path, rows: int) -> list[Row]:
    """What is promised of a report, measured."""
    ess = str(Path(sys.executable).parent / "ess")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "ESS_TOKEN": "bench-token"}
    command = [ess, "deliveries", "report", "--html", str(home / "report.html")]
    command += ["--since", "2026-11-01", "--until", "2026-12-31"]
    runs = {}
    for count in (rows // 10, rows):
        with served("tests.bench.report", count) as url:
            runs[count] = timed(command, {**environment, "ESS_BASE_URL": url})
            told = f"{count // 2:,} rows read, {count // 2:,} counted"
            if (home / "report.html").read_text().count(told) != 2:
                raise RuntimeError("the report does not have all rows")
            bare = timed([sys.executable, "-c", _FETCH.format(url=url, rows=count)], environment)
    grown = runs[rows].megabytes - runs[rows // 10].megabytes
    return [
        Row(f"report on {rows:,} rows", runs[rows].seconds, 30, " s"),
        Row("that / fetching them", runs[rows].seconds / bare.seconds, 4, "×"),
        Row("memory for that", runs[rows].megabytes, 80, " MB"),
        Row("memory more than for a tenth of them", grown, 5, " MB"),
    ]


def main() -> int:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as home:
        measured = measure(Path(home), rows)
    sys.stdout.write(as_markdown(measured) + "\n")
    return 0 if all(row.held for row in measured) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
    sys.exit(main())
