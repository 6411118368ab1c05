"""``ess listen``: what it makes of requests, good and bad ones."""

from __future__ import annotations

import http.client
import socket
import threading
from pathlib import Path

import pytest

from tests import listening
from tests.listening import (
    PATIENCE_S,
    Listen,
    body,
    verdicts,
)

listen = listening.listen


def test_one_connection_delivers_again_and_again_without_a_stall(listen: Listen) -> None:
    hook = listen("--count", "100", "-o", "name", "-q", env={"ESS_OUTPUT": ""})
    connection = http.client.HTTPConnection("127.0.0.1", hook.port, timeout=PATIENCE_S)
    connection.connect()
    first = connection.sock
    for number in range(100):
        connection.request("POST", "/", body(f"e-{number}"))
        response = connection.getresponse()
        assert (response.status, response.version, response.read()) == (200, 11, b"")
        if number < 99:
            assert connection.sock is first
    connection.close()
    hook._thread.join(PATIENCE_S)
    assert hook._outcomes[0].out.split() == [f"e-{number}" for number in range(100)]


def test_many_senders_at_a_time_and_each_event_is_taken_once(listen: Listen) -> None:
    hook = listen("--count", "31", "-o", "jsonl", "--fail-first", "1")
    answers: list[int] = []

    def send() -> None:
        answers.extend(hook.post(body(f"e-{number}")) for number in range(30))

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(PATIENCE_S)
    assert [hook.post(body("last")), hook.post(body("last"))] == [503, 200]
    counted = [row["verdict"] for row in hook.rows()]
    assert {verdict: counted.count(verdict) for verdict in counted} == {
        "failed": 31,
        "ok": 31,
        "duplicate": 120,
    }
    assert (answers.count(503), answers.count(200)) == (30, 150)


def test_only_loopback_is_listened_on(listen: Listen) -> None:
    hook = listen("--count", "1")
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    servers = [local for _, local, _, state, *_ in sockets if state == "0A"]
    assert [local for local in servers if local.endswith(f":{hook.port:04X}")] == [
        f"0100007F:{hook.port:04X}"
    ]
    hook.post(body())
    assert hook.ended().code == 0


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "not a POST"),
        (b"garbage\r\n\r\n", 400, "bad request"),
        (b"\x16\x03\x01\x02\x00\x01\xfc\n", 400, "bad request"),
        (b"POST / HTTP/9.9\r\n\r\n", 505, "http version not supported"),
        (b"POST /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, "the request line is too long"),
        (POST + b"\r\n", 411, "no Content-Length"),
        (POST + b"Content-Length: -1\r\n\r\n", 400, "a malformed Content-Length"),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
         "a malformed Content-Length"),
        (POST + b"Content-Length: 10485761\r\n\r\nx", 413, "the body is over 10485760 bytes"),
        (POST + b"Content-Length: 9\r\n\r\nshort", 400, "the body ended early"),
        (POST + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431, "request header fields too large"),
        (POST + b"X: y\r\n" * 101 + b"\r\n", 431, "request header fields too large"),
        (POST + b"".join(b"X%d: %s\r\n" % (n, b"y" * 9000) for n in range(9)) + b"\r\n", 431,
         "the headers are too long"),
        (POST + b"X-ESS-A: b\r\n c\r\nContent-Length: 0\r\n\r\n", 400, "a malformed header"),
        (POST + b"no colon\r\nContent-Length: 0\r\n\r\n", 400, "a malformed header"),
        (POST + b"Origin: https://evil.example\r\nContent-Length: 0\r\n\r\n", 403,
         "a request of a web page"),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 400,
         "a Transfer-Encoding other than chunked, or a length beside it"),
        (CHUNKED + b"xyz\r\n", 400, "a malformed chunk"),
        (CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", 400, "a malformed chunk"),
        (CHUNKED + b"A00001\r\n", 413, "the body is over 10485760 bytes"),
        (CHUNKED + b"5\r\nab", 400, "the body ended early"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_and_the_next_one_served(
    listen: Listen, request_: bytes, status: int, detail: str
) -> None:
    hook = listen("--count", "1", "-o", "jsonl")
    answer = hook.raw(request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"Connection: close\r\n\r\n")
    assert hook.post(body()) == 200
    assert verdicts(hook.rows()) == [("invalid", detail, status), ("ok", "", 200)]


def test_a_chunked_body_and_one_that_waits_for_leave_are_read(listen: Listen) -> None:
    hook = listen("--count", "2", "-o", "jsonl")
    half, rest = body("e-1")[:50], body("e-1")[50:]
    chunks = b"%x;a=b\r\n%s\r\n%X\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (
        *(len(half), half),
        *(len(rest), rest),
    )
    assert hook.raw(CHUNKED + chunks).startswith(b"HTTP/1.1 200 OK\r\n")
    with socket.create_connection(("127.0.0.1", hook.port)) as connection:
        connection.settimeout(PATIENCE_S)
        content = body("e-2")
        head = b"\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(content)
        connection.sendall(POST.rstrip() + head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert [row["event-id"] for row in hook.rows()] == ["e-1", "e-2"]
