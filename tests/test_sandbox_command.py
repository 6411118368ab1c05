"""``ess sandbox``: serve, status, reset."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import Run

ROOT = Path(__file__).parent.parent
FACTS = "path schema_version size_bytes topics event-types delivery-configurations subscriptions"


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The console command on a free port; gives its base URL and the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "sandbox", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def fetch(url: str, token: str = "any") -> tuple[int, bytes]:
    """What another client gets."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}"}
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_another_client_sees_what_commands_see_and_change(ess: Run, home: Path) -> None:
    with serving(home) as (url, _):
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/ess/v1")
        same = ess("api", "GET", "/delivery-configurations").out.encode()
        assert fetch(f"{url}/delivery-configurations") == (200, same)
        assert fetch(f"{url}/topics", token="expired")[0] == 401
        assert ess("delivery-cfg", "update", "hhh", "--throttling", "5").code == 0
        assert json.loads(fetch(f"{url}/delivery-configurations/1654")[1])["throttling"] == 5
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": url, "ESS_TOKEN": "any"}
        assert ess("delivery-cfg", "update", "hhh", "--throttling", "6", env=env).code == 0
        assert ess("delivery-cfg", "get", "hhh", "-c", "throttling", "--no-header").out == "6\n"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(home: Path, stop: signal.Signals) -> None:
    with serving(home) as (url, process):
        assert fetch(f"{url}/topics?limit=1")[0] == 200
        process.send_signal(stop)
        out, err = process.communicate(timeout=30)
        assert out == ""
        assert err.startswith(f"try: curl -H 'Authorization: Bearer sandbox' {url}/topics\n")
        assert "Traceback" not in err
        assert process.returncode == {signal.SIGINT: 0, signal.SIGTERM: 143}[stop]


def test_verbose_is_a_line_a_request_without_its_query(home: Path) -> None:
    with serving(home, "-v") as (url, process):
        fetch(f"{url}/topics?limit=1")
        assert process.stderr is not None
        assert " sandbox: try: " in process.stderr.readline()
        # The line is written once the reply has been sent; the one of the thread that delivers
        # stands wherever that came to it.
        assert any(" sandbox: GET /ess/v1/topics 200 " in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert re.search(r"^[-0-9]{10}T[:0-9]{8}Z sandbox: stopped$", err, re.MULTILINE)


def test_a_port_that_is_taken_is_local_trouble(ess: Run, home: Path) -> None:
    with serving(home) as (url, _):
        port = urlsplit(url).port
        outcome = ess("sandbox", "serve", "--port", str(port))
        assert (outcome.code, outcome.out) == (12, "")
        assert outcome.err == (
            f"error: port {port} is in use or not allowed\n"
            "hint: choose another one: ess sandbox serve --port 0 takes a free one\n"
        )


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(ess: Run, port: str) -> None:
    assert ess("sandbox", "serve", f"--port={port}").code == 2


def test_status_says_where_the_state_is_and_what_is_in_it(ess: Run, home: Path) -> None:
    outcome = ess("sandbox", "status", "--json")
    facts = json.loads(outcome.out)
    size = facts.pop("size_bytes")
    assert facts == {
        "path": str(home / ".local" / "state" / "ess" / "sandbox.db"),
        "schema_version": 4,
        "topics": 10,
        "event-types": 37,
        "delivery-configurations": 14,
        "subscriptions": 4,
        "deliveries": 62,
        "attempts": 87,
        "buffer-files": 3,
    }
    assert size > 0
    outcome = ess("sandbox", "status", "-o", "tsv", "-c", "fact", "--no-header")
    assert outcome.out.split()[:7] == FACTS.split()


def test_status_is_the_sandbox_s_whatever_profile_is_selected(ess: Run) -> None:
    assert ess("sandbox", "status", env={"ESS_PROFILE": ""}).code == 0


def test_a_reset_wants_a_yes_and_brings_the_first_contents_back(ess: Run) -> None:
    assert ess("subs", "create", "--topic", "NIS-Events", "--cfg", "hhh").code == 0
    assert ess("sandbox", "reset") == (
        8,
        "",
        "error: reset of the sandbox: this wants a yes, and there is nobody to ask\n"
        "hint: add --yes to do it, or --dry-run to see it\n",
    )
    assert ess("sandbox", "reset", "--dry-run") == (
        0,
        "",
        "a reset would empty the sandbox; what is in it: ess sandbox status\n",
    )
    assert len(ess("subs", "list", "-o", "name").out.split()) == 5
    assert ess("sandbox", "reset", "--yes") == (
        0,
        "",
        "the sandbox has its first contents again · profile sandbox (embedded)\n",
    )
    assert len(ess("subs", "list", "-o", "name").out.split()) == 4


def test_only_the_sandbox_can_be_reset(ess: Run) -> None:
    assert ess("-p", "prod", "sandbox", "reset", "--yes") == (
        2,
        "",
        "error: -p prod: this command works on the sandbox only\n",
    )
    assert ess("sandbox", "reset", "--yes", env={"ESS_PROFILE": "prod"}).code == 0


def test_a_damaged_database_is_told_and_a_reset_mends_it(ess: Run, home: Path) -> None:
    path = home / ".local" / "state" / "ess" / "sandbox.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    outcome = ess("topics", "list")
    assert (outcome.code, outcome.out) == (12, "")
    assert str(path) in outcome.err
    assert outcome.err.endswith(
        "hint: `ess sandbox reset` makes a new one; its contents are lost\n"
    )
    assert ess("sandbox", "reset", "--yes").code == 0
    assert ess("topics", "list").code == 0


@pytest.mark.parametrize("command", [("topics", "list"), ("sandbox", "reset", "--yes")])
@pytest.mark.parametrize("in_the_way", ["ess", "ess/sandbox.db/"])
def test_what_a_reset_would_not_mend_is_not_told_to_be_mended_by_it(
    ess: Run, home: Path, in_the_way: str, command: tuple[str, ...]
) -> None:
    path = home / ".local" / "state" / in_the_way
    if in_the_way.endswith("/"):
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True)
        path.touch()
    outcome = ess(*command)
    assert (outcome.code, outcome.out) == (12, "")
    assert outcome.err.startswith("error: the sandbox's database cannot be used: ")
    assert outcome.err.endswith("hint: XDG_STATE_HOME may name a directory that can be written\n")
