"""What is tried again, what never, and what the end of it is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests import hostile
from tests.hostile import (
    Connection,
    Step,
    Wire,
    close,
    hold,
    json_reply,
    on,
    on_connect,
    reply,
    reset,
)

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
NO_TOPICS = json_reply({"topics": []})
DUMP = "GET /ess/v1/topics/NIS-Events/dump-subscriptions?compression=true&compressionType=gzip"
POST = ("api", "POST", "/topics", "--field", "a=b", "--yes")
PUT = ("api", "PUT", "/topics", "--field", "a=b", "--yes")
PASSING = [408, 429, 500, 502, 503, 504]

CUTS: dict[str, tuple[Step, ...]] = {
    "after the request": (close,),
    "by a reset": (reset,),
    "inside the status line": (b"HTTP/1.1 20", close),
    "behind the status line": (b"HTTP/1.1 200 OK\r\n", close),
    "inside the headers": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-", close),
    "before the empty line": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", close),
    "before the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n", close),
    "inside the body": (b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"topics":', close),
    "inside a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{", close),
    "between chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        close,
    ),
    "behind 100 Continue": (b"HTTP/1.1 100 Continue\r\n\r\n", close),
}
cuts = pytest.mark.parametrize("steps", CUTS.values(), ids=CUTS)


# Reads


@pytest.mark.parametrize("status", PASSING)
def test_a_read_is_tried_three_times_on_a_status_that_passes(
    wire: Wire, status: int, sleeps: list[float]
) -> None:
    server = wire.serve(on(TOPICS, reply(status)), on(TOPICS, reply(status)), on(TOPICS, NO_TOPICS))
    assert wire.ess(server, "topics", "list").code == 0
    assert len(sleeps) == 2


@pytest.mark.parametrize("status", PASSING)
def test_a_read_is_given_up_after_three(wire: Wire, status: int) -> None:
    server = wire.serve(*[on(TOPICS, reply(status))] * 3)
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 6
    assert outcome.err.startswith(f"error: GET /topics: {status}")


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 409, 410, 418, 422, 501, 505, 511, 999]
)
def test_a_read_is_tried_once_on_a_status_that_stays(
    wire: Wire, status: int, sleeps: list[float]
) -> None:
    server = wire.serve(on(TOPICS, reply(status)))
    expected = {401: 3, 403: 3, 404: 4}.get(status, 5 if status < 500 else 6)
    assert wire.ess(server, "topics", "list").code == expected
    assert sleeps == []


@cuts
def test_a_read_that_was_cut_is_tried_again(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(on(TOPICS, *steps), on(TOPICS, *steps), on(TOPICS, NO_TOPICS))
    outcome = wire.ess(server, "topics", "list", "--json")
    assert (outcome.code, outcome.out) == (0, "[]\n")


@cuts
def test_a_read_that_is_always_cut_is_given_up(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(*[on(TOPICS, *steps)] * 3)
    outcome = wire.ess(server, "topics", "list", "--json")
    assert (outcome.code, outcome.out) == (6, "")
    assert f"the connection to {server.host} broke off" in outcome.err


@pytest.mark.parametrize("step", [close, reset])
def test_a_read_whose_connection_is_dropped_at_once_is_tried_again(wire: Wire, step: Step) -> None:
    server = wire.serve(on_connect(step), on_connect(step), on(TOPICS, NO_TOPICS))
    assert wire.ess(server, "topics", "list").code == 0


def test_a_refused_connection_is_tried_again_and_then_named(
    wire: Wire, sleeps: list[float]
) -> None:
    server = wire.serve()
    server.stop()
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 6
    assert outcome.err == (
        f"error: GET /topics: connection to {server.host} refused\nhint: try again later\n"
    )
    assert len(sleeps) == 2


def test_the_waits_have_full_jitter(wire: Wire, sleeps: list[float]) -> None:
    server = wire.serve()
    server.stop()
    for _ in range(20):
        wire.ess(server, "topics", "list")
    first, second = sleeps[::2], sleeps[1::2]
    assert len(set(sleeps)) == 40
    assert 0 <= min(first) < 0.5 < max(first) <= 1
    assert 0 <= min(second) < 1 < max(second) <= 2


# Retry-After


def _date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", PASSING)
def test_a_wait_that_the_service_asks_for_is_kept(
    wire: Wire, status: int, sleeps: list[float]
) -> None:
    server = wire.serve(
        on(TOPICS, reply(status, b"", "Retry-After: 7")),
        on(TOPICS, reply(status, b"", "Retry-After: 0")),
        on(TOPICS, NO_TOPICS),
    )
    assert wire.ess(server, "topics", "list").code == 0
    assert sleeps == [7, 0]


def test_a_wait_may_be_a_date(wire: Wire, sleeps: list[float]) -> None:
    server = wire.serve(
        on(TOPICS, reply(503, b"", f"Retry-After: {_date(30)}")),
        on(TOPICS, reply(503, b"", f"Retry-After: {_date(-3600)}")),
        on(TOPICS, NO_TOPICS),
    )
    assert wire.ess(server, "topics", "list").code == 0
    assert 20 < sleeps[0] <= 30
    assert sleeps[1] == 0


@pytest.mark.parametrize(
    "value",
    [
        "1.5",
        "-1",
        "+5",
        "abc",
        "",
        "Ù£",
        "³",
        "5 minutes",
        "1e3",
        "9" * 5000,
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -9999",
        "Fri, 99 Foo 2026 99:99:99 GMT",
        "0" * 41,
        "nan",
        "inf",
    ],
    ids=lambda value: value[:20],
)
def test_a_wait_that_is_nonsense_is_our_own(wire: Wire, value: str, sleeps: list[float]) -> None:
    header = f"Retry-After: {value}".encode("latin-1")
    refusal = b"HTTP/1.1 503 Busy\r\n" + header + b"\r\nContent-Length: 0\r\n\r\n"
    server = wire.serve(on(TOPICS, refusal), on(TOPICS, NO_TOPICS))
    assert wire.ess(server, "topics", "list").code == 0
    assert len(sleeps) == 1
    assert 0 <= sleeps[0] <= 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("61", "61 s"),
        ("3600", "3600 s (60 minutes)"),
        ("7200", "7200 s (2 hours)"),
        ("864000", "864000 s (10 days)"),
        ("99999999999", "99999999999 s (1157407 days)"),
    ],
)
def test_a_long_wait_is_left_to_the_caller(
    wire: Wire, value: str, shown: str, sleeps: list[float]
) -> None:
    server = wire.serve(on(TOPICS, reply(429, b"", f"Retry-After: {value}")))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 6
    assert outcome.err == (
        "error: GET /topics: 429: the service asks for fewer calls\n"
        f"  the service asks to wait {shown}\n"
    )
    assert sleeps == []


def test_a_long_wait_may_be_a_date(wire: Wire, sleeps: list[float]) -> None:
    server = wire.serve(on(TOPICS, reply(503, b"", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT")))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 6
    assert "the service asks to wait" in outcome.err
    assert sleeps == []


def test_a_long_wait_does_not_make_a_write_certain(wire: Wire) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", reply(503, b"", "Retry-After: 3600")))
    outcome = wire.ess(server, *PUT)
    assert outcome.code == 7
    assert "  the service asks to wait 3600 s (60 minutes)\n" in outcome.err


# Writes that are sent once


@pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 599, 999])
def test_a_post_is_sent_once_and_then_in_doubt(wire: Wire, status: int) -> None:
    server = wire.serve(on("POST /ess/v1/topics", reply(status, b"", "Retry-After: 1")))
    outcome = wire.ess(server, *POST)
    assert outcome.code == 7
    assert outcome.err == (
        f"error: POST /topics: {status}\n"
        "  the change may or may not have been made\n"
        "hint: look before trying again: with a GET of the same path\n"
    )


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_job_is_started_once_and_then_in_doubt(wire: Wire, status: int) -> None:
    server = wire.serve(on(DUMP, reply(status)))
    outcome = wire.ess(server, "topics", "dump", "NIS-Events")
    assert outcome.code == 7
    assert (
        "hint: look before trying again: the notice comes as event_file_complete: "
        "ess deliveries list --topic MSS-Messages" in outcome.err
    )


@cuts
def test_a_post_that_was_cut_is_in_doubt(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(on("POST /ess/v1/topics", *steps))
    assert wire.ess(server, *POST).code == 7


@cuts
def test_a_job_that_was_cut_is_in_doubt(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(on(DUMP, *steps))
    assert wire.ess(server, "topics", "dump", "NIS-Events").code == 7


def _await_a_byte(connection: Connection) -> None:
    """Step: a reset that overtakes the first byte leaves it provably unsent, and sent again."""
    connection.sock.recv(1)


@pytest.mark.parametrize("step", [close, reset])
def test_a_post_whose_connection_is_dropped_at_once_is_in_doubt(wire: Wire, step: Step) -> None:
    server = wire.serve(on_connect(_await_a_byte, step))
    assert wire.ess(server, *POST).code == 7


def test_a_post_without_an_answer_is_in_doubt(wire: Wire) -> None:
    server = wire.serve(on("POST /ess/v1/topics", hold))
    outcome = wire.ess(server, *POST, timeout_s=0.3, within_s=2)
    assert outcome.code == 7
    assert f"{server.host} did not answer, or stalled, for 0.3 s" in outcome.err


def test_a_post_that_was_refused_unsent_may_be_tried_again(wire: Wire, sleeps: list[float]) -> None:
    server = wire.serve()
    server.stop()
    outcome = wire.ess(server, *POST)
    assert outcome.code == 6
    assert len(sleeps) == 2


def test_a_post_answered_with_429_is_sent_again(wire: Wire, sleeps: list[float]) -> None:
    server = wire.serve(
        on("POST /ess/v1/topics", reply(429, b"", "Retry-After: 3")),
        on("POST /ess/v1/topics", reply(201)),
    )
    assert wire.ess(server, *POST).code == 0
    assert sleeps == [3]


def test_a_post_always_answered_with_429_was_not_done(wire: Wire) -> None:
    server = wire.serve(*[on("POST /ess/v1/topics", reply(429))] * 3)
    assert wire.ess(server, *POST).code == 6


@pytest.mark.parametrize(
    ("status", "code"), [(400, 5), (401, 3), (403, 3), (404, 4), (405, 5), (409, 5), (422, 5)]
)
@pytest.mark.parametrize("call", [POST, PUT], ids=["POST", "PUT"])
def test_a_write_that_was_refused_was_not_done(
    wire: Wire, call: tuple[str, ...], status: int, code: int
) -> None:
    server = wire.serve(on(f"{call[1]} /ess/v1/topics", reply(status)))
    assert wire.ess(server, *call).code == code


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("call", [POST, PUT], ids=["POST", "PUT"])
def test_a_write_with_an_empty_success_is_done(
    wire: Wire, call: tuple[str, ...], status: int
) -> None:
    server = wire.serve(on(f"{call[1]} /ess/v1/topics", reply(status)))
    assert wire.ess(server, *call).code == 0


def test_a_job_with_an_empty_success_is_started(wire: Wire) -> None:
    server = wire.serve(on(DUMP, reply(202)))
    outcome = wire.ess(server, "topics", "dump", "NIS-Events", "--json")
    assert (outcome.code, outcome.out) == (0, "{}\n")


@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b"OK", b"{", b"\xff", b"NaN"], ids=lambda body: str(body)
)
@pytest.mark.parametrize("call", [POST, PUT], ids=["POST", "PUT"])
def test_a_write_answered_with_something_else_than_json_is_in_doubt(
    wire: Wire, call: tuple[str, ...], body: bytes
) -> None:
    server = wire.serve(on(f"{call[1]} /ess/v1/topics", reply(200, body)))
    outcome = wire.ess(server, *call)
    assert (outcome.code, outcome.out) == (7, "")
    assert "the reply is not usable JSON" in outcome.err


# PUT


@pytest.mark.parametrize("status", PASSING)
def test_a_put_is_tried_three_times_on_a_status_that_passes(wire: Wire, status: int) -> None:
    refusal = on("PUT /ess/v1/topics", reply(status))
    server = wire.serve(refusal, refusal, on("PUT /ess/v1/topics", reply(204)))
    assert wire.ess(server, *PUT).code == 0
    assert len({request.raw for request in server.requests}) == 1


@cuts
def test_a_put_that_was_cut_and_then_went_through_is_done(
    wire: Wire, steps: tuple[Step, ...]
) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", *steps), on("PUT /ess/v1/topics", reply(200)))
    assert wire.ess(server, *PUT).code == 0


@cuts
def test_a_put_that_is_always_cut_is_in_doubt(wire: Wire, steps: tuple[Step, ...]) -> None:
    server = wire.serve(*[on("PUT /ess/v1/topics", *steps)] * 3)
    assert wire.ess(server, *PUT).code == 7


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 304, 302])
def test_a_put_that_was_cut_and_then_refused_stays_in_doubt(wire: Wire, status: int) -> None:
    again = 2 if status == 429 else 1
    server = wire.serve(
        on("PUT /ess/v1/topics", close), *[on("PUT /ess/v1/topics", reply(status))] * again
    )
    outcome = wire.ess(server, *PUT)
    assert outcome.code == 7


def test_a_put_that_was_cut_and_then_met_nobody_stays_in_doubt(wire: Wire) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", _leave_for_good))
    outcome = wire.ess(server, *PUT)
    assert outcome.code == 7
    assert f"the connection to {server.host} broke off" in outcome.err


def _leave_for_good(connection: hostile.Connection) -> None:
    connection.server.stop_listening()
    connection.close()


# A write that went through


def test_a_failing_read_back_after_a_post_is_a_warning(wire: Wire) -> None:
    server = wire.serve(
        on(
            "GET /ess/v1/delivery-configurations?limit=1000",
            json_reply({"delivery-configurations": []}),
        ),
        on("POST /ess/v1/delivery-configurations", reply(201, b"", "Location: /x/77")),
        *[on("GET /ess/v1/delivery-configurations/77", reply(503))] * 3,
    )
    create = ("delivery-cfg", "create", "--name", "n", "--addr", "http://127.0.0.1/", "--json")
    outcome = wire.ess(server, *create)
    assert outcome.code == 0
    assert '"del-cfg-nm": "n"' in outcome.out
    assert (
        "warning: accepted, but reading it back failed: GET /delivery-configurations/77: 503"
        in (outcome.err)
    )


def test_a_failing_read_back_of_a_subscription_is_a_warning(wire: Wire) -> None:
    subscriptions = "GET /ess/v1/topic-subscriptions?limit=1000"
    server = wire.serve(
        on(subscriptions, json_reply({"topic-subscriptions": []})),
        on("POST /ess/v1/topics/T/subscriptions", reply(201)),
        *[on(subscriptions, close)] * 3,
    )
    create = ("subs", "create", "--topic", "T", "--cfg", "5", "--match", "a = 1", "--json")
    outcome = wire.ess(server, *create)
    assert outcome.code == 0
    assert '"match-crt": "a = 1"' in outcome.out
    assert "warning: accepted, but reading it back failed" in outcome.err


def test_a_failing_read_back_after_a_put_is_a_warning(wire: Wire) -> None:
    single = {"id": 5, "del-cfg-nm": "n", "is-active": True, "addr": "http://127.0.0.1/"}
    server = wire.serve(
        on("GET /ess/v1/delivery-configurations/5", json_reply(single)),
        on(
            "GET /ess/v1/delivery-configurations?limit=1000",
            json_reply({"delivery-configurations": [single]}),
        ),
        on("PUT /ess/v1/delivery-configurations/5", close),
        on("PUT /ess/v1/delivery-configurations/5", reply(204)),
        on("GET /ess/v1/delivery-configurations/5", reply(200, b"<html>", "Content-Type: x")),
    )
    outcome = wire.ess(server, "delivery-cfg", "disable", "5", "--yes", "--json")
    assert outcome.code == 0
    assert "warning: accepted, but reading it back failed" in outcome.err


def test_a_typed_write_in_doubt_says_how_to_look(wire: Wire) -> None:
    single = {"id": 5, "del-cfg-nm": "n", "is-active": True, "addr": "http://127.0.0.1/"}
    server = wire.serve(
        on("GET /ess/v1/delivery-configurations/5", json_reply(single)),
        on(
            "GET /ess/v1/delivery-configurations?limit=1000",
            json_reply({"delivery-configurations": [single]}),
        ),
        *[on("PUT /ess/v1/delivery-configurations/5", close)] * 3,
    )
    outcome = wire.ess(server, "delivery-cfg", "disable", "5", "--yes", "-o", "json")
    assert (outcome.code, outcome.out) == (7, "")
    assert "hint: look before trying again: ess delivery-cfg get 5\n" in outcome.err
    assert outcome.err.splitlines()[-1] == (
        '{"error": {"kind": "outcome-unknown", "message": "PUT /delivery-configurations/5: the '
        f'connection to {server.host} broke off", "exit": 7, "http": null, "retryable": false}}}}'
    )


def test_a_raw_call_that_starts_a_job_is_not_sent_twice(wire: Wire) -> None:
    place = "/topics/NIS-Events/dump-subscriptions"
    server = wire.serve(on(f"GET /ess/v1{place}", reply(503)))
    outcome = wire.ess(server, "api", "GET", place)
    assert (outcome.code, outcome.out) == (7, "")
