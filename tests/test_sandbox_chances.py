"""Faults by chance of a served sandbox, and what ``ess`` makes of each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.chances import CHANCES, STATUSES
from ess_cli.sandbox.faults import parse
from tests.conftest import Outcome, Run
from tests.services import served_sandbox

READ = ("topics", "list", "-o", "name", "--limit", "1")
# One read looks for the same subscription; the second request is the POST.
WRITE = ("subs", "create", "--topic", "NIS-Events", "--cfg", "1654", "-o", "name")
COUNT = ("subs", "list", "-o", "name")
BEFORE = (0, "16301830\n16301850\n16301810\n142\n", "")
AFTER = (0, "16301830\n16301850\n16301810\n142\n16301851\n", "")

POST_OF = "error: POST /topics/NIS-Events/subscriptions: "
DOUBT = "  the change may or may not have been made\n"
LOOK = "hint: look before trying again: ess subs list --topic NIS-Events --cfg 1654\n"
LATER = "hint: try again later\n"
BASE_URL = "hint: is the base URL right? `ess profile show` says where it comes from\n"
NO_ROWS = 'error: GET /topics: the reply has no list of objects under "topics"\n'
RAW = "hint: --debug shows the request; `ess api GET` shows the reply as it came\n"
NO_JSON = "the reply is not usable JSON: Expecting value: line 1 column 1 (char 0)\n"
LOGIN = (
    "  200, text/html; charset=utf-8\n"
    "  begins: <!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>"
    "<form method='post'></form></body></html>\n"
)
BROKE_OFF = "error: GET /topics: the connection to HOST broke off\n" + LATER
STALLED = "error: GET /topics: HOST did not answer, or stalled, for 0.3 s\n" + LATER


class Met(NamedTuple):
    """What a command says when it meets a fault each time."""

    code: int
    err: str
    out: str = ""


READS = {
    "429": Met(
        6, "error: GET /topics: 429: a fault on demand (429): the service asks for fewer calls\n"
    ),
    "404": Met(4, "error: GET /topics: 404: a fault on demand (Not Found)\n"),
    "418": Met(5, "error: GET /topics: 418: a fault on demand (I'm a Teapot)\n"),
    "599": Met(6, "error: GET /topics: 599: a fault on demand (Unassigned)\n"),
    "long-retry-after": Met(
        6,
        "error: GET /topics: 429: a fault on demand (Too Many Requests): the service asks for"
        " fewer calls\n  the service asks to wait 3600 s (60 minutes)\n",
    ),
    "bad-retry-after": Met(6, "error: GET /topics: 503: a fault on demand (503)\n"),
    "503-empty": Met(6, "error: GET /topics: 503\n"),
    "xml-error": Met(6, "error: GET /topics: 500: Runtime Error (Internal Server Error)\n"),
    "html-error": Met(6, "error: GET /topics: 502: a page, not data: 502 Bad Gateway\n"),
    "html-200": Met(9, f"error: GET /topics: {NO_JSON}{LOGIN}{BASE_URL}"),
    "redirect": Met(
        9,
        "error: GET /topics: redirected to login.example.com; redirects are not followed\n"
        "hint: if the service moved, set the new base URL yourself: ess profile set --base-url\n",
    ),
    "empty": Met(
        9,
        "error: GET /topics: the reply is not usable JSON: it is empty\n"
        f"  200, no content type\n  empty\n{BASE_URL}",
    ),
    "null": Met(9, f"{NO_ROWS}  200, application/json\n  begins: null\n{RAW}"),
    "wrong-shape": Met(9, f"{NO_ROWS}  200, application/json\n  begins: [1,2]\n{RAW}"),
    "bad-text": Met(
        9,
        "error: GET /topics: the reply is not usable JSON: not UTF-8 at byte 24\n"
        '  200, application/json\n  begins: {"topics":[{"topic-nm":"\ufffd\ufffd"}]}\n' + BASE_URL,
    ),
    "bad-gzip": Met(9, "error: GET /topics: the reply of HOST cannot be decompressed\n"),
    "not-json": Met(9, f"error: GET /topics: {NO_JSON}  200, text/plain\n  begins: OK\n{BASE_URL}"),
    "timeout": Met(6, STALLED),
    "slow": Met(6, STALLED),
    "drip": Met(6, STALLED),
    "reset": Met(6, BROKE_OFF),
    "cut-headers": Met(6, BROKE_OFF),
    "cut": Met(6, BROKE_OFF),
    "not-http": Met(9, "error: GET /topics: the reply of HOST is not proper HTTP\n"),
    "lost-reply": Met(
        0,
        "stopped after 1 row; go on with: ess topics list -o name --limit 1 --timeout 0.3"
        " --offset 1\n",
        "ABA-Messages\n",
    ),
}

NOT_CARRIED_OUT = {
    "403": (
        3,
        "403: a fault on demand (Forbidden)\nhint: `ess auth status` says which credentials were"
        " sent; `ess auth login` renews them\n",
    ),
    "503": (7, f"503: a fault on demand (Service Unavailable)\n{DOUBT}{LOOK}"),
    "html-200": (7, f"{NO_JSON}{LOGIN}{DOUBT}{LOOK}"),
    "redirect": (7, f"302: redirected to login.example.com\n{DOUBT}{LOOK}"),
    "timeout": (7, f"HOST did not answer, or stalled, for 0.3 s\n{DOUBT}{LOOK}"),
    "reset": (7, f"the connection to HOST broke off\n{DOUBT}{LOOK}"),
    "not-http": (7, f"the reply of HOST is not proper HTTP\n{DOUBT}{LOOK}"),
}
CARRIED_OUT = {
    "lost-reply": (7, f"the connection to HOST broke off\n{DOUBT}{LOOK}"),
    "cut": (7, f"the connection to HOST broke off\n{DOUBT}{LOOK}"),
    "cut-headers": (7, f"the connection to HOST broke off\n{DOUBT}{LOOK}"),
    "drip": (7, f"HOST did not answer, or stalled, for 0.3 s\n{DOUBT}{LOOK}"),
    "slow": (7, f"HOST did not answer, or stalled, for 0.3 s\n{DOUBT}{LOOK}"),
    "not-json": (7, f"{NO_JSON}  200, text/plain\n  begins: OK\n{DOUBT}{LOOK}"),
}


def meeting(ess: Run, directory: Path, spec: str, *lines: tuple[str, ...]) -> list[Outcome]:
    """The outcomes of commands, one after the other, on one sandbox with faults."""
    outcomes = []
    with served_sandbox(directory, Behaviour(faults=parse([spec], 0))) as url:
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": url, "ESS_TOKEN": "token-of-a-test"}
        for line in lines:
            code, out, err = ess(*line, "--timeout", "0.3", env=env)
            host = url.split("/")[2]
            outcomes.append(Outcome(code, out, err.replace(host, "HOST")))
    return outcomes


def test_each_fault_has_a_case() -> None:
    retried = {"429-retry-after", "503-retry-after"}
    assert {name for name in READS if not name.isdigit()} | retried == set(CHANCES) - {STATUSES}


@pytest.mark.parametrize("name", READS)
def test_a_read_that_meets_it_each_time(ess: Run, tmp_path: Path, name: str) -> None:
    assert meeting(ess, tmp_path, name, READ) == [
        (READS[name].code, READS[name].out, READS[name].err)
    ]


@pytest.mark.parametrize("name", NOT_CARRIED_OUT)
def test_a_write_that_was_not_carried_out(ess: Run, tmp_path: Path, name: str) -> None:
    code, err = NOT_CARRIED_OUT[name]
    outcomes = meeting(ess, tmp_path, f"{name}:1/2", WRITE, COUNT)
    assert outcomes == [(code, "", POST_OF + err), BEFORE]


@pytest.mark.parametrize("name", CARRIED_OUT)
def test_a_write_that_was_carried_out(ess: Run, tmp_path: Path, name: str) -> None:
    code, err = CARRIED_OUT[name]
    outcomes = meeting(ess, tmp_path, f"{name}:1/2", WRITE, COUNT)
    assert outcomes == [(code, "", POST_OF + err), AFTER]


@pytest.mark.parametrize("name", [name for name, fault in CHANCES.items() if not fault.writes])
def test_what_befalls_reads_only_leaves_a_write_alone(ess: Run, tmp_path: Path, name: str) -> None:
    outcome = meeting(ess, tmp_path, f"{name}:1/2", WRITE)[0]
    assert (outcome.code, outcome.out) == (0, "16301851\n")


def test_a_dump_is_a_write_whose_reply_may_be_lost(ess: Run, tmp_path: Path) -> None:
    dump = ("topics", "dump", "NIS-Events", "--yes")
    again = ("topics", "dump", "NIS-Events", "-o", "json")
    assert meeting(ess, tmp_path, "lost-reply:1/1", dump)[0].code == 7
    outcome = meeting(ess, tmp_path, "empty", again)[0]
    assert (outcome.code, outcome.out) == (0, '{\n  "referenceId": "2570"\n}\n')


@pytest.mark.parametrize("name", ["429-retry-after", "503-retry-after"])
def test_the_wait_that_is_asked_for_is_kept(
    ess: Run, tmp_path: Path, sleeps: list[float], name: str
) -> None:
    assert meeting(ess, tmp_path, name, READ)[0].code == 6
    assert sleeps == [1.0, 1.0]


@pytest.mark.parametrize("name", ["429", "500", "timeout", "reset", "cut", "html-error"])
def test_every_second_request_only_costs_another_try(ess: Run, tmp_path: Path, name: str) -> None:
    outcomes = meeting(ess, tmp_path, f"{name}:1/2", COUNT, COUNT)
    assert outcomes == [BEFORE, BEFORE]
