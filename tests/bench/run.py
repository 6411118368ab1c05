"""How fast ``ess`` is, as ratios on one machine: ``python -m tests.bench.run [--readme]``.

Run it with the Python of an environment in which ``ess`` is installed as users install it
(``pip install '.[parquet]'``, not ``-e``), on a quiet machine. What is compared takes turns, so
that a busy moment hits both; medians are shown. ``--readme`` writes the table into README.md. Each
limit is a promise of this project's; a missed one is marked, and makes the exit code 1.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench import export, report, sandbox
from tests.bench.rows import Row, as_markdown
from tests.bench.serving import served
from tests.bench.timing import BARE_PAGES, in_turns, ratio

ROWS = 100_000
NAMES = 10_000
REQUESTS = 20_000
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"

_BARE_GET = """
import requests
print(len(requests.get({url!r} + "/topics", headers={{"Authorization": "Bearer bench"}}).content))
"""


def sandbox_rate(ess: str, environment: dict[str, str]) -> float:
    """Requests a second that ``ess sandbox serve`` answers on one keep-alive connection."""
    command = [ess, "sandbox", "serve", "--port", "0", "-q"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            return _rate(int(url.split(":")[2].split("/")[0]))
        finally:
            process.terminate()


def _rate(port: int) -> float:
    request = (
        b"GET /ess/v1/delivery-configurations/1654 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Authorization: Bearer sandbox\r\n\r\n"
    )
    rates = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        size = len(connection.recv(65536))
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(REQUESTS // 5):
                connection.sendall(request)
                left = size
                while left > 0:
                    left -= len(connection.recv(65536))
            rates.append(REQUESTS / 5 / (time.perf_counter() - began))
    return median(rates)


def measure(home: Path) -> list[Row]:
    """All promises, measured."""
    bin_directory = Path(sys.executable).parent
    ess = str(bin_directory / "ess")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "ESS_TOKEN": "bench-token"}
    names = home / ".cache/ess/names/default"
    names.mkdir(parents=True)
    lines = (f"{number}\tconfiguration-{number}\n" for number in range(NAMES // 2))
    others = (f"configuration-{number}\t{number}\n" for number in range(NAMES // 2))
    (names / "delivery-cfg").write_text("".join([*lines, *others]))
    tab = [ess, "__complete", "delivery-cfg", "configuration-49"]
    with served("tests.bench.server", ROWS) as url:
        environment["ESS_BASE_URL"] = url
        starts = in_turns(
            {
                "python": [sys.executable, "-c", "pass"],
                "version": [ess, "--version"],
                "tab": tab,
                "help": [ess, "--help"],
            },
            environment,
            31,
        )
        one = in_turns(
            {
                "bare": [sys.executable, "-c", _BARE_GET.format(url=url)],
                "list": [ess, "topics", "list", "--json"],
            },
            environment,
            31,
        )
        many = in_turns(
            {
                "bare": [sys.executable, "-c", BARE_PAGES.format(url=url, rows=ROWS)],
                "list": [ess, "deliveries", "list", "--all", "-o", "jsonl"],
            },
            environment,
            7,
        )
    del environment["ESS_BASE_URL"]
    return [
        Row("`ess --version` / `python -c pass`", ratio(starts, "version", "python"), 2, "×"),
        Row(f"a TAB, {NAMES:,} names / `python -c pass`", ratio(starts, "tab", "python"), 2, "×"),
        Row("`ess --help` / `python -c pass`", ratio(starts, "help", "python"), 7, "×"),
        Row(
            "`ess topics list --json` / bare `requests.get`", ratio(one, "list", "bare"), 1.45, "×"
        ),
        Row(f"{ROWS:,} deliveries to jsonl / fetching them", ratio(many, "list", "bare"), 2.5, "×"),
        Row("memory for that", max(run.megabytes for run in many["list"]), 60, " MB"),
        Row("`ess sandbox serve`, one connection", sandbox_rate(ess, environment), 3000, "/s"),
    ]


def main() -> int:
    """Measure, print, and write into the README if asked to."""
    with tempfile.TemporaryDirectory() as home:
        rows = [
            *measure(Path(home)),
            *export.measure(Path(home), export.ROWS, 5),
            *report.measure(Path(home), report.ROWS),
            *sandbox.measure(Path(home)),
        ]
    table = as_markdown(rows)
    sys.stdout.write(table + "\n")
    if "--readme" in sys.argv:
        readme = Path("README.md")
        before, rest = readme.read_text().split(BEGIN)
        readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
