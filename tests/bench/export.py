"""How fast ``ess deliveries export`` is: ``python -m tests.bench.export [ROWS]``.

A part of ``tests.bench.run``, which can be run alone. A million deliveries of 3 topics and 30
days, listed by their time, to jsonl and to Parquet, against fetching the same pages and throwing
them away; and the most memory held. They take turns; medians are shown.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench.rows import Row, as_markdown
from tests.bench.server import PAGE, delivery
from tests.bench.serving import answer, served
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

    def reply(_path: str, offset: int) -> bytes:
        pieces = pages[min(offset * DAYS // rows, DAYS - 1)]
        whole = [pieces[0]]
        for number, piece in enumerate(pieces[1:], offset):
            whole += (b"ADEIboH1Q7m-%010d" % number, piece)
        uri = f"/ess/v1/event-deliveries?offset={offset + PAGE}&limit={PAGE}"
        facts = {"next-page-uri": uri} if offset + PAGE < rows else {}
        start = json.dumps({**facts, "event-deliveries": 0}).removesuffix("0}").encode()
        return start + (b"".join(whole) if offset < rows else b"[]") + b"}"

    answer(reply)


def measure(home: Path, rows: int, rounds: int) -> list[Row]:
    """The promises, measured."""
    ess = str(Path(sys.executable).parent / "ess")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "ESS_TOKEN": "bench-token"}
    export = [ess, "deliveries", "export", "--to"]
    with served("tests.bench.export", rows) as url:
        runs = in_turns(
            {
                "bare": [sys.executable, "-c", BARE_PAGES.format(url=url, rows=rows)],
                "jsonl": [*export, str(home / "all.jsonl")],
                "parquet": [*export, str(home / "lake")],
            },
            environment | {"ESS_BASE_URL": url},
            rounds,
        )
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
        found = measure(Path(home), rows, 5)
    sys.stdout.write(as_markdown(found) + "\n")
    return 0 if all(row.held for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
