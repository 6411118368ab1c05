"""``ess sandbox serve --fault``: what it takes, what it says, and that it can be repeated."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.faults import parse, table
from ess_cli.sandbox.server import make_server
from ess_cli.sandbox.store import Store
from tests.conftest import Run
from tests.services import served_sandbox
from tests.test_sandbox_command import fetch, serving

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ sandbox: ")
ALL = "hint: all of them: ess sandbox faults\n"
SHARE = "not a share of the requests\nhint: 0% to 100%, or 1/7\n"
REFUSED = {
    "tmeout:1%": 'item 1, "tmeout:1%": there is no such fault\nhint: timeout? all of them: ess'
    " sandbox faults\n",
    "429:5%,,503": f'item 2, "": it is empty\n{ALL}',
    "xyz": f'item 1, "xyz": there is no such fault\n{ALL}',
    "600": f'item 1, "600": there is no such fault\n{ALL}',
    "399:1%": f'item 1, "399:1%": there is no such fault\n{ALL}',
    "429:101%": f'item 1, "429:101%": {SHARE}',
    "429:-1%": f'item 1, "429:-1%": {SHARE}',
    "429:5": f'item 1, "429:5": {SHARE}',
    "lag,429:": f'item 2, "429:": {SHARE}',
    "429:1/0": f'item 1, "429:1/0": {SHARE}',
    "429:٥%": f'item 1, "429:٥%": {SHARE}',
    "ignore-offset:5%": 'item 1, "ignore-offset:5%": it is a switch, always on: ignore-offset\n',
    "429:5%,429:6%": 'item 2, "429:6%": it is given twice\n',
    "lag, lag": 'item 2, " lag": it is given twice\n',
    "write-200,write-204": 'item 2, "write-204": it does not go with write-200\n',
    "write-body,write-204": 'item 2, "write-204": it does not go with write-body\n',
    "ids-as-text,ids-as-integers": 'item 2, "ids-as-integers": it does not go with ids-as-text\n',
    "429:60%,503:40.5%": "together more than 100% of the reads: 100.5%\n"
    "hint: one request has one fault at most; NAME alone is NAME:100%\n",
    "lost-reply,503:0.5%": "together more than 100% of the writes: 100.5%\n"
    "hint: one request has one fault at most; NAME alone is NAME:100%\n",
}


@pytest.mark.parametrize("spec", REFUSED)
def test_a_spec_that_makes_no_sense_is_refused(ess: Run, spec: str) -> None:
    refused = ess("sandbox", "serve", "--port", "0", "--fault", spec)
    assert refused == (2, "", f"error: --fault: {REFUSED[spec]}")


def test_places_are_counted_through_all_the_options(ess: Run) -> None:
    options = ("--fault", "429:5%,lag", "--fault", "nonesuch")
    outcome = ess("sandbox", "serve", "--port", "0", *options)
    assert outcome.err == f'error: --fault: item 3, "nonesuch": there is no such fault\n{ALL}'


def test_a_seed_alone_is_refused(ess: Run) -> None:
    assert ess("sandbox", "serve", "--fault-seed", "1") == (
        2,
        "",
        "error: --fault-seed goes with --fault\nhint: ess sandbox faults\n",
    )


@pytest.mark.parametrize(
    "specs",
    [
        ["empty:60%,lost-reply:60%"],  # never both: one befalls reads, the other writes
        ["429:0.1%,503:33.3%,500:33.3%,502:33.3%"],
        ["429:100%,503:1/2"],
        ["write-200,write-body,write-location,lag", "ids-as-text"],
    ],
)
def test_what_makes_sense_is_taken(specs: list[str]) -> None:
    assert parse(specs, 1).seed == 1


def test_the_faults_are_listed(ess: Run) -> None:
    rows = json.loads(ess("sandbox", "faults", "--json").out)
    assert rows == table()
    assert {row["kind"] for row in rows} == {"chance", "switch"}
    assert ess("sandbox", "faults", "--no-header").out.split("\n")[-2] == (
        "gzip\tswitch\tbodies are compressed for who takes that"
    )
    assert ess("sandbox", "faults", "-o", "name").out.startswith("400-599\n429-retry-after\n")


def test_each_name_of_the_list_can_be_asked_for(ess: Run) -> None:
    names = ess("sandbox", "faults", "-o", "name").out.split()
    assert names[0] == "400-599"
    for name in ["400", "599", *names[1:]]:
        faults = parse([name], 0)
        assert [odds.name for odds in faults.odds] + [*faults.switches] == [name]


def statuses(url: str, count: int) -> list[int]:
    """What so many requests are answered, one after the other."""
    return [fetch(f"{url}/topics?limit=1")[0] for _ in range(count)]


@pytest.mark.parametrize(
    ("spec", "seed", "expected"),
    [
        (
            "503:30%,404:20%",
            7,
            "404 200 404 404 503 503 503 503 404 200 200 200 200 200 200 200",
        ),
        (
            "503:30%,404:20%",
            8,
            "200 200 200 200 503 200 200 503 200 200 200 404 503 404 503 200",
        ),
        ("503:1/3", 7, "200 200 503 200 200 503 200 200 503 200 200 503 200 200 503 200"),
        ("503:0%", 7, "200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200"),
    ],
)
def test_the_same_seed_brings_the_same_faults(
    tmp_path: Path, spec: str, seed: int, expected: str
) -> None:
    for _ in range(2):
        with served_sandbox(tmp_path, Behaviour(faults=parse([spec], seed))) as url:
            assert " ".join(map(str, statuses(url, 16))) == expected


def test_as_many_faults_befall_several_clients_at_once(tmp_path: Path) -> None:
    faults = parse(["503:30%"], 7)
    with served_sandbox(tmp_path, Behaviour(faults=faults)) as url:
        alone = statuses(url, 64)
    with served_sandbox(tmp_path, Behaviour(faults=faults)) as url:
        together: list[int] = []
        clients = [
            threading.Thread(target=lambda: together.extend(statuses(url, 16))) for _ in range(4)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join(30)
    assert sorted(together) == sorted(alone)
    assert 503 in alone


def told(process: subprocess.Popen[str]) -> str:
    """The next line under -v without what each begins with, the deliverer's own passed over."""
    assert process.stderr is not None
    line = process.stderr.readline()
    assert STAMP.match(line), line
    line = STAMP.sub("", line)
    return told(process) if line.startswith("delivers to ") else line


def test_serve_says_what_goes_wrong_and_marks_it(home: Path) -> None:
    options = ("-v", "--fault", "503:1/2,lag", "--fault-seed", "7")
    with serving(home, *options) as (url, process):
        assert told(process) == "faults: 503:1/2,lag · the same again: --fault-seed 7\n"
        assert told(process).startswith("try: curl ")
        for status, mark in ((200, ""), (503, ", fault 503"), (200, "")):
            assert statuses(url, 1) == [status]
            # The line is written once the reply has been sent.
            line = told(process)
            assert line.startswith(f"GET /ess/v1/topics {status} ")
            assert line.endswith(f" ms{mark}\n")


def test_what_was_never_answered_has_no_status_in_its_line(home: Path) -> None:
    with serving(home, "-v", "-q", "--fault", "reset", "--fault-seed", "7") as (url, process):
        with pytest.raises(ConnectionResetError) as raised:
            fetch(f"{url}/topics")
        assert raised.type is ConnectionResetError  # an orderly end has a class below it
        line = told(process)
        assert line.startswith("GET /ess/v1/topics - ")
        assert line.endswith(" ms, fault reset\n")


def test_a_seed_that_was_drawn_is_told(home: Path) -> None:
    with serving(home, "--fault", "503:50%") as (url, process):
        first = statuses(url, 16)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    said, _, seed = err.splitlines()[0].rpartition(" ")
    assert said == "faults: 503:50% · the same again: --fault-seed"
    with serving(home, "--fault", "503:50%", "--fault-seed", seed) as (url, _):
        assert statuses(url, 16) == first


@pytest.mark.parametrize("fault", ["timeout", "drip", "slow"])
def test_ctrl_c_ends_it_while_a_reply_is_held_back(home: Path, fault: str) -> None:
    with serving(home, "--fault", f"{fault}:1/2") as (url, process):
        assert statuses(url, 1) == [200]
        host, port = urlsplit(url).netloc.split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(
                f"GET /ess/v1/topics HTTP/1.1\r\nHost: {host}\r\n"
                "Authorization: Bearer any\r\n\r\n".encode()
            )
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "stopped" in err.splitlines()  # what delivers may say where to after that


def test_a_client_that_waits_for_ever_does_not_keep_the_server(tmp_path: Path) -> None:
    store = Store(tmp_path / "served.db")
    behaviour = Behaviour(faults=parse(["timeout"], 0))
    with make_server(store, behaviour=behaviour, grace_s=5) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with socket.create_connection(("127.0.0.1", server.server_address[1])) as client:
            client.sendall(b"GET /ess/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not server.busy:
                threading.Event().wait(0.01)
            server.shutdown()
            assert not server.connections
    store.close()


def test_only_who_comes_over_http_meets_faults(ess: Run, home: Path) -> None:
    with serving(home, "--fault", "503") as (url, _):
        assert statuses(url, 1) == [503]
        assert ess("topics", "list", "--limit", "1", "-o", "name").out == "ABA-Messages\n"
