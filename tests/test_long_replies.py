"""Long replies: read row by row, in little memory, by the same strict rules."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ess_cli.api.http import LONG_BYTES
from tests import hostile
from tests.hostile import Wire, on, reply

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
PAD = "p" * 1000
COUNT = LONG_BYTES // 1000 + 500


def long_list(
    rows: Callable[[int], dict[str, Any]], count: int = COUNT, limit: int = 10_000_000
) -> bytes:
    listed = [{**rows(number), "pad": PAD} for number in range(count)]
    paged = {"offset": 0, "limit": limit}
    body = json.dumps({"topics": listed, "paged-result": paged}).encode()
    assert len(body) > LONG_BYTES
    return body


def named(number: int) -> dict[str, Any]:
    return {"topic-nm": f"t{number}"}


def test_each_row_of_a_long_reply_arrives_once_and_in_order(wire: Wire) -> None:
    body = long_list(named)
    server = wire.serve(on(TOPICS, reply(200, body)))

    outcome = wire.ess(server, "topics", "list", "-o", "name")

    assert outcome.code == 0
    assert outcome.out.split() == [f"t{number}" for number in range(COUNT)]


def test_the_end_of_the_list_is_judged_by_what_stands_behind_the_rows(wire: Wire) -> None:
    full = long_list(named, limit=COUNT)
    rest = b'{"topics": [{"topic-nm": "last"}], "paged-result": {"limit": 5}}'
    server = wire.serve(
        on(TOPICS, reply(200, full)), on(f"{TOPICS}&offset={COUNT}", reply(200, rest))
    )

    outcome = wire.ess(server, "topics", "list", "-o", "name")

    assert outcome.code == 0
    assert outcome.out.split()[-2:] == [f"t{COUNT - 1}", "last"]


def test_json_of_a_long_reply_is_the_same_as_of_a_short_one(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, reply(200, long_list(named, COUNT + 5000))))

    outcome = wire.ess(server, "topics", "list", "--json")

    assert outcome.code == 0
    rows = [{**named(number), "pad": PAD} for number in range(COUNT + 5000)]
    assert outcome.out == json.dumps(rows, indent=2) + "\n"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda body: body[:-1], "neither a comma nor }"),
        (lambda body: body.replace(b'"t9000"', b"NaN"), "NaN is not JSON"),
        (lambda body: body.replace(b'"t9000"', b'"\\ud800"'), "surrogates not allowed"),
        (lambda body: body.replace(b'"t9000"', b'"\xff"'), "not UTF-8"),
        (lambda body: body + b"{}", "something follows the end"),
        (lambda body: body.replace(b"topics", b"topica", 1), 'no list of objects under "topics"'),
    ],
    ids=["cut", "NaN", "surrogate", "latin-1", "trailing", "other key"],
)
def test_a_long_reply_that_is_broken_is_unusable(
    wire: Wire, broken: Callable[[bytes], bytes], why: str
) -> None:
    server = wire.serve(on(TOPICS, reply(200, broken(long_list(named)))))

    outcome = wire.ess(server, "topics", "list", "--json")

    assert (outcome.code, outcome.out) == (9, "")
    assert why in outcome.err


@pytest.fixture
def two_hundred_megabytes(tmp_path: Path) -> Iterator[str]:
    """The base URL of a server with an honest list of 205 MB."""
    script = tmp_path / "server.py"
    script.write_text(_SERVER)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as it:
        port = it.stdout.readline().strip() if it.stdout else ""
        yield f"http://127.0.0.1:{port}/ess/v1"
        it.kill()


_SERVER = """
import http.server, json
row = json.dumps({"id": "1", "topic-nm": "NIS-Events", "match-crt": "x" * 430})[:-1]
count = 205_000_000 // (len(row) + 20)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"topic-subscriptions": [')
        for start in range(0, count, 1000):
            rows = (row + ', "n": %09d}' % (10**8 + n) for n in range(start, start + 1000))
            self.wfile.write(((", " if start else "") + ", ".join(rows)).encode())
        self.wfile.write(b'], "paged-result": {"offset": 0, "limit": 10000000}}')
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.mark.long
@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_a_list_of_205_mb_passes_within_300_mb_of_memory(
    two_hundred_megabytes: str, tmp_path: Path, form: str
) -> None:
    limit = 300 * 1024 * 1024
    out = tmp_path / "out"
    with out.open("wb") as file:
        command = [sys.executable, "-m", "ess_cli", "subs", "list", "-o", form]
        done = subprocess.run(
            [*command, "--base-url", two_hundred_megabytes],
            env={"ESS_TOKEN": "token", "HOME": str(tmp_path), "PYTHONPATH": "."},
            stdout=file,
            stderr=subprocess.PIPE,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
        )

    assert (done.returncode, done.stderr) == (0, b"")
    assert out.stat().st_size > 190_000_000 or form == "csv"
