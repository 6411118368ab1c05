"""``ess api``: any path of the service, as it comes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Outcome, Run
from tests.services import Scripted, Sent, service

__all__ = ["service"]


def call(ess: Run, service: Scripted, *argv: str, stdin: bytes = b"") -> Outcome:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess("api", *argv, stdin=stdin, env=env)


def test_a_reply_is_printed_byte_for_byte(ess: Run, service: Scripted) -> None:
    body = '{"a" : 1.10,\r\n"ü":"\x1b"}  '.encode()
    service.answer("GET", "/x", body)
    for form in ("table", "json", "csv"):
        assert call(ess, service, "GET", "/x", "-o", form).out.encode() == body


def test_what_is_not_json_or_not_there_is_printed_as_it_came_too(
    ess: Run, service: Scripted
) -> None:
    service.answer("GET", "/html", b"<html>")
    service.answer("GET", "/empty", b"")
    assert call(ess, service, "GET", "/html") == (0, "<html>", "")
    assert call(ess, service, "GET", "/empty") == (0, "", "")


def test_the_path_may_have_a_query_and_no_slash(ess: Run) -> None:
    reply = (
        '{"paged-result":{"offset":1,"limit":1},"topics":[{"topic-nm":"DevTest-Events",'
        '"evt-tp-list":["__GENERIC__"]}]}'
    )
    assert ess("api", "GET", "/topics?limit=1&offset=1") == (0, reply, "")
    assert ess("api", "get", "topics?limit=1", "--field", "offset=1") == (0, reply, "")


def test_what_is_typed_in_a_path_goes_out_as_one_request(ess: Run, service: Scripted) -> None:
    for path in ("/a%2Fb/c d?x=1%2B2&y=&z=ü", "/event-deliveries/-a_b:12/tracking"):
        call(ess, service, "GET", path)
    assert [sent.path for sent in service.sent] == [
        "/a%2Fb/c%20d?x=1%2B2&y=&z=%C3%BC",
        "/event-deliveries/-a_b:12/tracking",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/topics",
        "//elsewhere.example/topics",
        "/../topics",
        "/topics/..",
        "/topics/%2e%2e/x",
        "/topics/%2E./x",
        "/./topics",
        "/a\\..\\b",
        "/a%5c..",
        "/topics#x",
        "/a\nb",
        "/a%0d%0ab",
        "http:/topics://x",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(ess: Run, service: Scripted, path: str) -> None:
    outcome = call(ess, service, "GET", path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith('error: not a path below the base URL: "')
    assert outcome.err.endswith("hint: for instance ess api GET /topics\n")
    assert service.sent == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_anything_but_a_read_wants_a_yes(ess: Run, service: Scripted, method: str) -> None:
    assert call(ess, service, method, "/x") == (
        8,
        "",
        f"error: {method} /x: this wants a yes, and there is nobody to ask\n"
        "hint: add --yes to do it, or --dry-run to see it\n",
    )
    assert service.sent == []


def test_fields_are_text_in_a_body(ess: Run, service: Scripted) -> None:
    service.answer("POST", "/x", b'{"id": 5}', 201)
    argv = ("POST", "/x", "--field", "a=1", "--field", "b=c=d", "--yes")
    assert call(ess, service, *argv) == (0, '{"id": 5}', "")
    assert service.sent == [Sent("POST", "/x", {"a": "1", "b": "c=d"})]


@pytest.mark.parametrize("source", ["-", "file"])
def test_a_body_is_read_from_a_file_or_stdin(
    ess: Run, service: Scripted, tmp_path: Path, source: str
) -> None:
    service.answer("PUT", "/x", b"", 204)
    body = b'{"n": 1.50, "list": []}'
    (tmp_path / "file").write_bytes(body)
    name = "-" if source == "-" else str(tmp_path / "file")
    outcome = call(ess, service, "PUT", "/x", "--data", name, "-y", stdin=body)
    assert outcome == (0, "", "")
    assert service.sent == [Sent("PUT", "/x", {"n": 1.5, "list": []})]


def test_a_dry_run_prints_and_sends_nothing(ess: Run, service: Scripted) -> None:
    outcome = call(ess, service, "POST", "/x?q=1", "--field", "a=1", "-n")
    assert outcome == (0, f'POST {service.url}/x?q=1\n{{\n  "a": "1"\n}}\n', "")
    outcome = call(ess, service, "GET", "/x", "-n", "--json")
    assert json.loads(outcome.out)["url"] == f"{service.url}/x"
    assert service.sent == []


def test_a_refusal_is_the_service_s_own(ess: Run) -> None:
    outcome = ess("api", "GET", "/topics/Nope/event-types")
    assert outcome == (
        4,
        "",
        "error: GET /topics/Nope/event-types: 404: Topic not found: Nope (NOT_FOUND)\n",
    )
    outcome = ess("api", "POST", "/delivery-configurations", "--field", "a=b", "--yes")
    assert (outcome.code, outcome.out) == (5, "")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (
            ["FETCH", "/topics"],
            2,
            'error: unknown method: "FETCH"\n'
            "hint: one of GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS\n",
        ),
        (
            ["GET", "/topics", "--data", "x"],
            2,
            "error: --data goes with a method that sends a body, and without --field\n",
        ),
        (
            ["POST", "/x", "--data", "x", "--field", "a=b"],
            2,
            "error: --data goes with a method that sends a body, and without --field\n",
        ),
        (
            ["POST", "/x", "--field", "a"],
            2,
            'error: --field: not KEY=VALUE: "a"\nhint: --field limit=10\n',
        ),
        (
            ["POST", "/x", "--data", "/none/at/all"],
            12,
            "error: --data /none/at/all: No such file or directory\n",
        ),
        (
            ["POST", "/x", "--field", "a=\udcff", "--yes"],
            2,
            'error: --field: not valid text: "a=\\udcff"\nhint: it is sent as UTF-8\n',
        ),
        (["GET"], 2, "error: missing argument 'PATH'\nhint: ess api --help\n"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    ess: Run, service: Scripted, argv: list[str], code: int, said: str
) -> None:
    assert call(ess, service, *argv) == (code, "", said)
    assert service.sent == []


@pytest.mark.parametrize(
    "name",
    [
        "dump-subscriptions",
        "dump-subscriptions/",
        "dump%2Dsubscriptions",
        "%64ump-subscriptions",
        "dump-subscriptions;v=1",
        "dump-subscriptions%3Bv=1",
        "dump-subscriptions%20",
        "Dump-Subscriptions",
        "dump-subscriptions?x=1",
    ],
)
def test_a_job_under_protection_is_known_however_its_path_is_spelt(
    ess: Run, service: Scripted, name: str
) -> None:
    assert ess("profile", "set", "prod", "--base-url", service.url, "--protected").code == 0
    outcome = call(ess, service, "GET", f"/topics/T/{name}", "--yes")
    assert (outcome.code, service.sent) == (8, [])
    assert 'profile "prod" is protected' in outcome.err
