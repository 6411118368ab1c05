"""The limit on stalls: an honest reply never meets it, a dripping one always does."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

from tests import hostile
from tests.hostile import Step, Wire, drip, hold, on, on_connect

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
# Short where a stall is meant to be cut, long enough for a busy machine where it is not.
LIMIT_S, HONEST_LIMIT_S = 0.1, 0.4
AT_MOST_S = 2.5


def _dripping(piece: bytes, every_s: float) -> Step:
    """Longer than anybody is to wait, and not for ever: a limit that is broken shows soon."""
    return drip(piece, every_s, times=round(1.2 * AT_MOST_S / every_s))


DRIPS: dict[str, tuple[Step, ...]] = {
    "nothing": (hold,),
    "a status line, byte by byte": (_dripping(b"H", 0.02),),
    "one header after the other": (b"HTTP/1.1 200 OK\r\n", _dripping(b"X: y\r\n", 0.05)),
    "100 Continue, again and again": (_dripping(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),),
    "headers and nothing more": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", hold),
    "a body, byte by byte": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n",
        _dripping(b" ", 0.02),
    ),
    "a body without an end, byte by byte": (b"HTTP/1.1 200 OK\r\n\r\n", _dripping(b" ", 0.02)),
    "half a kilobyte in the time of one": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n",
        _dripping(b" " * 50, 0.03),
    ),
    "chunks of one byte": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        _dripping(b"1\r\n \r\n", 0.02),
    ),
    "trailers without an end": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        _dripping(b"X: y\r\n", 0.03),
    ),
    "much at once, then byte by byte": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b" " * 50_000,
        _dripping(b" ", 0.02),
    ),
}
drips = pytest.mark.parametrize("steps", DRIPS.values(), ids=DRIPS)


@drips
def test_a_read_that_drips_is_cut(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(*[on(TOPICS, *steps)] * 3)
    outcome = wire.ess(server, "topics", "list", timeout_s=LIMIT_S, within_s=AT_MOST_S)
    assert outcome.code == 6
    assert outcome.err == (
        f"error: GET /topics: {server.host} did not answer, or stalled, for 0.1 s\n"
        "hint: try again later\n"
    )


@drips
def test_a_write_that_drips_is_cut_and_in_doubt(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(on("POST /ess/v1/topics", *steps))
    outcome = wire.ess(
        server, "api", "POST", "/topics", "--yes", timeout_s=LIMIT_S, within_s=AT_MOST_S
    )
    assert outcome.code == 7


@pytest.mark.parametrize("status", [400, 503])
def test_a_refusal_whose_reason_drips_is_still_that_refusal(wire: Wire, status: int) -> None:
    head = f"HTTP/1.1 {status} No\r\nContent-Length: 5000\r\n\r\nfull disk".encode()
    refusal = on("PUT /ess/v1/topics", head, hold)
    server = wire.serve(*[refusal] * (1 if status == 400 else 3))
    outcome = wire.ess(
        server, "api", "PUT", "/topics", "--yes", timeout_s=LIMIT_S, within_s=AT_MOST_S
    )
    assert outcome.code == (5 if status == 400 else 7)
    assert outcome.err.startswith(f"error: PUT /topics: {status}")


def _slow_topics(pieces: int, every_s: float) -> tuple[Step, ...]:
    topics = [{"topic-nm": "n" * 1200} for _ in range(pieces)]
    body = json.dumps({"topics": topics}).encode()
    size = -(-len(body) // pieces)
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return (head, *(drip(part, every_s, times=1) for part in parts))


def test_a_slow_but_steady_reply_is_never_cut(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, *_slow_topics(pieces=12, every_s=0.1)))
    outcome = wire.ess(server, "topics", "list", "-o", "name", timeout_s=HONEST_LIMIT_S)
    assert outcome.code == 0
    assert outcome.out == ("n" * 1200 + "\n") * 12


def test_a_reply_of_a_few_bytes_may_take_its_time(wire: Wire) -> None:
    parts = [b"HTTP/1.1 200 OK\r\n", b"Content-Length: 14\r\n", b"\r\n", b'{"topics"', b": []"]
    steps = [drip(part, 0.05, times=1) for part in parts]
    server = wire.serve(on(TOPICS, *steps, b"}"))
    assert wire.ess(server, "topics", "list", timeout_s=HONEST_LIMIT_S).code == 0


def test_a_peer_that_never_reads_is_given_up(wire: Wire) -> None:
    server = wire.serve(on_connect(_never_read))
    outcome = wire.ess(
        server,
        *("api", "POST", "/topics", "--data", "-", "--yes"),
        stdin=b'"' + b"x" * 20_000_000 + b'"',
        timeout_s=LIMIT_S,
        within_s=AT_MOST_S,
    )
    assert outcome.code == 7


def _never_read(connection: hostile.Connection) -> None:
    connection.server.over.wait(hostile.PATIENCE_S)


def test_a_connection_that_never_comes_about_leaves_a_post_unsent(wire: Wire) -> None:
    with _full_backlog() as port:
        outcome = wire.ess(
            f"http://127.0.0.1:{port}/ess/v1",
            *("api", "POST", "/topics", "--yes"),
            timeout_s=LIMIT_S,
            within_s=AT_MOST_S,
        )
    assert outcome.code == 6
    assert f"no connection to 127.0.0.1:{port} within 0.1 s" in outcome.err


@contextlib.contextmanager
def _full_backlog() -> Iterator[int]:
    """A port at which connections wait for ever."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(20):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.05)
            try:
                waiting.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        yield port
