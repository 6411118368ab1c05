"""What refusals say, in whichever of the service's envelopes, and what they are called."""

from __future__ import annotations

import json

import pytest

from tests import hostile
from tests.hostile import TOKEN, USER_TOKEN, Wire, close, hold, on, pour, reply

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
JSON = "Content-Type: application/json"

ENVELOPES = {
    "error_code and error_description": (
        b'{"error_code": "ESS-17", "error_description": "no such topic"}',
        "no such topic (ESS-17)",
    ),
    "errorCode, moreInfo and userMsg": (
        b'{"errorCode": 4001, "moreInfo": "https://x", "userMsg": "bad limit"}',
        "bad limit (4001)",
    ),
    "an XML fault that calls itself JSON": (
        b'<?xml version="1.0"?><am:fault xmlns:am="http://wso2.org/apimanager">'
        b"<am:code>900902</am:code><am:type>Status report</am:type>"
        b"<am:message>Missing Credentials</am:message>"
        b"<am:description>Tom &amp; Jerry&#10;are late</am:description></am:fault>",
        "Missing Credentials (900902)",
    ),
    "an XML fault without a message": (
        b"<am:fault><am:code>900902</am:code><am:description>Tom &amp; Jerry&#10;are late"
        b"</am:description></am:fault>",
        "Tom & Jerry are late (900902)",
    ),
    "code, message and description": (
        b'{"code": "900804", "message": "Throttled out", "description": "come back later"}',
        "come back later (900804)",
    ),
    "Spring's": (
        b'{"timestamp": "2026-11-23T08:00:00Z", "status": 400, "error": "Bad Request", '
        b'"message": "limit: not a number", "path": "/ess/v1/topics"}',
        "limit: not a number",
    ),
    "Spring's without a message": (
        b'{"timestamp": 1, "status": 400, "error": "Bad Request", "message": "", "path": "/"}',
        "Bad Request",
    ),
    "an error inside an error": (b'{"error": {"code": 7, "message": "nope"}}', "nope (7)"),
    "a list of errors": (b'[{"code": "a", "message": "first"}, {"code": "b"}]', "first (a)"),
    "an unknown object": (b'{"fault": "x"}', '{"fault": "x"}'),
    "a text in JSON": (b'"too many\\nnumbers"', "too many numbers"),
    "plain text": (b"  too many\r\n numbers\n", "too many numbers"),
    "bytes that are no text": (b"caf\xe9", "caf\ufffd"),
    "a page": (
        b"<!DOCTYPE html><html><head><title>502 Bad &lt;Gateway&gt;</title></head>"
        b"<body><script>alert(1)</script></body></html>",
        "a page, not data: 502 Bad <Gateway>",
    ),
    "a page without a title": (
        b"\xef\xbb\xbf<html><body><h1>Access  denied</h1><p>by policy</p></body></html>",
        "a page, not data: Access denied by policy",
    ),
    "control characters": (
        b'{"code": 1, "message": "\\u001b]0;owned\\u0007 \\u202egnp.exe \\u009b2J \\ud800"}',
        None,
    ),
    "control characters in XML": (
        b"<f><code>1</code><message>&#x202e;a\x1b[2J\x9b1m</message></f>",
        "\\u202ea\\x1b[2J\ufffd1m (1)",
    ),
    "an empty object": (b"{}", "{}"),
    "null": (b"null", ""),
    "a number": (b"17", "17"),
    "nothing": (b"", ""),
    "blanks": (b" \r\n ", ""),
    "deep brackets": (b"[" * 900 + b"]" * 900, "[" * 200),
    "deeper brackets": (b"[" * 60_000, "[" * 200),
    "a huge text": (b"x" * 3_000_000, "x" * 200),
}


@pytest.mark.parametrize("body", [body for body, _ in ENVELOPES.values()], ids=ENVELOPES)
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_refusal_keeps_its_code_whatever_its_body(wire: Wire, body: bytes, status: int) -> None:
    times = 3 if status == 500 else 1
    server = wire.serve(*[on(TOPICS, reply(status, body, JSON))] * times)
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == {400: 5, 403: 3, 404: 4, 500: 6}[status]
    assert outcome.out == ""
    assert len(outcome.err) < 1000
    assert all(line.isprintable() for line in outcome.err.splitlines())


@pytest.mark.parametrize(
    ("body", "said"),
    [(body, said) for body, said in ENVELOPES.values() if said is not None],
    ids=[name for name, (_, said) in ENVELOPES.items() if said is not None],
)
def test_a_refusal_says_why_in_one_line(wire: Wire, body: bytes, said: str) -> None:
    server = wire.serve(on(TOPICS, reply(418, body, JSON)))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 5
    assert outcome.err == f"error: GET /topics: 418{': ' if said else ''}{said}\n"


def test_hidden_characters_in_a_reason_come_out_as_escapes(wire: Wire) -> None:
    body = json.dumps({"code": 1, "message": "a\x1b]0;x\x07 \u202eb\u200b \x9b2J"}).encode()
    server = wire.serve(on(TOPICS, reply(400, body)))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.err.splitlines()[0] == (
        "error: GET /topics: 400: a\\x1b]0;x\\x07 \\u202eb\\u200b \\x9b2J (1)"
    )


@pytest.mark.parametrize("padding", range(180, 200))
@pytest.mark.parametrize("status", [200, 400])
def test_a_secret_that_the_service_repeats_is_masked_before_the_text_is_cut(
    wire: Wire, padding: int, status: int
) -> None:
    echo = f"{'x' * padding}{TOKEN} and {USER_TOKEN}"
    escaped = echo.replace("canary", "c\\u0061nary")
    for body in (echo, json.dumps({"message": echo}), f'{{"message": "{escaped}"}}'):
        server = wire.serve(on(TOPICS, reply(status, body.encode())))
        outcome = wire.ess(server, "topics", "list")
        assert TOKEN[:5] not in outcome.err
        assert status == 200 or "*" in outcome.err


@pytest.mark.parametrize(
    "kind", ["Content-Type: \x1b[2J" + "t" * 900, "Content-Type: text/html\xa0\x9b1m"]
)
def test_the_type_of_a_reply_is_shown_safely(wire: Wire, kind: str) -> None:
    server = wire.serve(on(TOPICS, reply(200, b"<html>", kind)))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 9
    assert len(outcome.err) < 1000
    assert all(line.replace("\xa0", " ").isprintable() for line in outcome.err.splitlines())


def test_no_phone_number_of_a_query_is_repeated(wire: Wire) -> None:
    target = (
        "GET /ess/v1/topic-subscriptions/mdn?topicId=NIS-Events"
        "&matchingCriteria=number%20%3D%20%27%2B12025550123%27&limit=1000"
    )
    server = wire.serve(on(target, reply(400, b"bad")))
    outcome = wire.ess(server, "subs", "mdn", "+12025550123")
    assert outcome.code == 5
    assert outcome.err.startswith("error: GET /topic-subscriptions/mdn: 400: bad\n")
    assert "2025550123" not in outcome.err


def test_an_error_is_one_json_line_where_json_was_asked_for(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, reply(404, b'{"code": 5, "message": "gone \\u001b"}')))
    outcome = wire.ess(server, "topics", "list", "-o", "jsonl")
    assert outcome.code == 4
    assert json.loads(outcome.err.splitlines()[-1]) == {
        "error": {
            "kind": "not-found",
            "message": "GET /topics: 404: gone \x1b (5)",
            "exit": 4,
            "http": 404,
            "retryable": False,
        }
    }


def test_an_endless_reason_is_not_waited_for(wire: Wire) -> None:
    endless = pour(lambda: iter(lambda: b"4\r\nwhy \r\n", None))
    head = b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = wire.serve(on(TOPICS, head, endless))
    outcome = wire.ess(server, "topics", "list", within_s=3)
    assert outcome.code == 5
    assert outcome.err.startswith("error: GET /topics: 400: why why why")


def test_a_reason_that_is_cut_is_shown_as_far_as_it_came(wire: Wire) -> None:
    head = b"HTTP/1.1 409 No\r\nContent-Length: 500\r\n\r\nsuch a name exists"
    server = wire.serve(on("POST /ess/v1/topics", head, close))
    outcome = wire.ess(server, "api", "POST", "/topics", "--yes")
    assert outcome.code == 5
    assert outcome.err.startswith("error: POST /topics: 409: such a name exists\n")


@pytest.mark.parametrize("status", [102, 103, 199])
def test_an_answer_before_the_answer_is_none(wire: Wire, status: int) -> None:
    interim = f"HTTP/1.1 {status} Wait\r\n\r\n".encode()
    server = wire.serve(on(TOPICS, interim, hold))
    assert wire.ess(server, "topics", "list").code == 9
    server = wire.serve(on("POST /ess/v1/topics", interim, hold))
    assert wire.ess(server, "api", "POST", "/topics", "--yes").code == 7


@pytest.mark.parametrize("blanks", [16384 - 10, 16384 - len(TOKEN), 100, 180])
def test_a_secret_is_masked_where_a_reply_is_cut(wire: Wire, blanks: int) -> None:
    body = b"a" + b" " * blanks + TOKEN.encode() + b" and more" * 2000
    server = wire.serve(on(TOPICS, reply(400, body)), on(TOPICS, reply(200, body)))
    for code in (5, 9):
        outcome = wire.ess(server, "topics", "list")
        assert outcome.code == code
        assert TOKEN[:6] not in outcome.err


def test_a_secret_is_masked_where_a_location_is_cut(wire: Wire) -> None:
    moved = reply(302, b"", f"Location: https://{'a' * 190}{TOKEN}/")
    server = wire.serve(on(TOPICS, moved))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 9
    assert TOKEN[:6] not in outcome.err
