"""Deliveries while the sandbox is served: what webhooks get, and what is told of it."""

from __future__ import annotations

import base64
import json
import socket
import threading
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from tests import hostile
from tests.conftest import Run
from tests.hostile import Hostile, Wire, on, reply, wire
from tests.rehearsal import PATIENCE_S, Rehearsal, rehearsal, until

__all__ = ["rehearsal", "wire"]

NAME = "a-mock-del-cfg"
OK = reply(200, b"OK")


def hook(server: Hostile) -> str:
    """The address of a receiver."""
    return f"http://{server.host}/hook"


def test_an_event_is_posted_in_its_envelope_and_everything_tells_of_it(
    rehearsal: Rehearsal, wire: Wire
) -> None:
    server = wire.serve(on("POST /hook?key=s3cret", reply(202, b"taken")))
    rehearsal.webhook(f"{hook(server)}?key=s3cret")
    (event_id,) = rehearsal.emit()
    assert rehearsal.status(event_id) == "PENDING"
    assert rehearsal.summary(NAME) == (1, 0, 0)
    rehearsal.serve()
    (attempt,) = rehearsal.tracked(event_id, 1)
    (request,) = server.requests
    stamp = request.values("X-ESS-EVENT-TIMESTAMP")[0]
    assert json.loads(request.body) == {
        "topic": "NIS-Events",
        "attempt": 1,
        "event": {
            "fld-val-list": {"porting_date": "2026-11-23", "number": "+12345678901"},
            "evt-tp": "porting_event",
            "timestamp": stamp,
        },
        "event-id": event_id,
    }
    assert len(stamp) == len("2026-11-23T08:30:00.000Z")
    assert [(name, value) for name, value in request.headers if name != "Content-Length"] == [
        ("Host", server.host),
        ("User-Agent", "ess-sandbox"),
        ("Content-Type", "application/json"),
        ("X-ESS-EVENT-KEY", event_id),
        ("X-ESS-EVENT-TIMESTAMP", stamp),
    ]
    at = rehearsal.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert attempt == {
        "attempt-number": 1,
        "status": "SUCCESS",
        "response-status": 202,
        "response-details": "taken",
        "attempt-timestamp": at,
    }
    row = rehearsal.delivery(event_id)
    assert (row["delivery-status"], row["delivery-point"]) == (
        "SUCCESS",
        f"{hook(server)}?key=s3cret",
    )
    newest = rehearsal.ask("deliveries", "attempts", "--limit", "1")[0]
    assert newest["event-id"] == event_id
    assert newest["delivery-status"] == "SUCCESS"
    assert newest["attempt-result"] == "SUCCESS"
    assert newest["attempt-http-response-status"] == 202
    assert newest["attempt-http-response-body"] == "taken"
    assert newest["attempt-timestamp"] == at
    assert rehearsal.summary(NAME) is None
    (line,) = rehearsal.log
    assert line.startswith(f"POST {hook(server)} 202 ")
    assert line.endswith(f" ms attempt 1 {event_id}")
    assert rehearsal.notes == ["delivers to webhooks on this machine"]


def test_a_failed_attempt_is_followed_by_another_on_schedule(
    rehearsal: Rehearsal, wire: Wire
) -> None:
    server = wire.serve(
        on("POST /hook", reply(503, b"later")),
        on("POST /hook", reply(500)),
        on("POST /hook", OK),
    )
    rehearsal.webhook(hook(server))
    rehearsal.serve(retry_after_s=(10, 600), clock_speed=10)
    (event_id,) = rehearsal.emit()
    rehearsal.tracked(event_id, 1)
    assert rehearsal.status(event_id) == "RETRY"
    assert rehearsal.summary(NAME) == (0, 1, 0)
    rehearsal.pass_time(1)
    rehearsal.tracked(event_id, 2)
    rehearsal.pass_time(59)
    assert rehearsal.status(event_id) == "RETRY"
    rehearsal.pass_time(1)
    attempts = rehearsal.tracked(event_id, 3)
    assert [(each["status"], each["response-status"]) for each in attempts] == [
        ("FAILED", 503),
        ("FAILED", 500),
        ("SUCCESS", 200),
    ]
    assert [json.loads(request.body)["attempt"] for request in server.requests] == [1, 2, 3]
    assert rehearsal.status(event_id) == "SUCCESS"
    assert rehearsal.summary(NAME) == (0, 0, 0)


def test_after_the_last_attempt_a_delivery_has_failed_until_it_is_handled(
    rehearsal: Rehearsal, wire: Wire
) -> None:
    server = wire.serve(*[on("POST /hook", reply(400, b"no"))] * 3)
    rehearsal.webhook(hook(server))
    rehearsal.serve(retry_after_s=(0, 0))
    (event_id,) = rehearsal.emit()
    rehearsal.tracked(event_id, 3)
    assert rehearsal.status(event_id) == "FAILED"
    assert rehearsal.summary(NAME) == (0, 0, 1)
    handled = rehearsal.ask(
        *("deliveries", "mark-handled", f"--event-id={event_id}", "--topic", "NIS-Events"),
        *("--event-type", "porting_event", "--cfg", "1266", "--yes"),
    )
    assert handled == {"number-of-updated-event-deliveries": 1}
    assert rehearsal.summary(NAME) == (0, 0, 0)
    assert rehearsal.status(event_id) == "FAILED"


CLOSED = "Delivery failed: connection closed before the end of a reply"
LATE = "Delivery failed: no whole reply within 0.3 s"


@pytest.mark.parametrize(
    ("steps", "status", "text"),
    [
        ((reply(302, b"moved", "Location: /elsewhere"),), 302, "moved"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, ""),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", OK), 200, "OK"),
        ((reply(200, b"x" * 5000),), 200, "x" * 4096),
        ((reply(404, b"\xff\x00\x1b[31m"),), 404, "\ufffd\x00\x1b[31m"),
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"2\r\nOK\r\n0\r\n\r\n",
            ),
            200,
            "OK",
        ),
        ((b"HTTP/1.0 200 OK\r\n\r\nto the end", hostile.close), 200, "to the end"),
        ((hostile.close,), None, CLOSED),
        ((hostile.reset,), None, CLOSED),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal", hostile.close), None, CLOSED),
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhal",
                hostile.close,
            ),
            None,
            CLOSED,
        ),
        (
            (b"SSH-2.0-OpenSSH_9.2\r\n", hostile.close),
            None,
            "Delivery failed: the reply is not HTTP",
        ),
        ((hostile.hold,), None, LATE),
        ((b"HTTP/1.1 200 OK\r\nX: ", hostile.drip(b"x", 0.05)), None, LATE),
        (
            (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", hostile.drip(b"x", 0.05)),
            None,
            LATE,
        ),
    ],
)
def test_whatever_a_receiver_does_is_an_attempt(
    rehearsal: Rehearsal,
    wire: Wire,
    steps: tuple[hostile.Step, ...],
    status: int | None,
    text: str,
) -> None:
    server = wire.serve(on("POST /hook", *steps))
    rehearsal.webhook(hook(server))
    rehearsal.serve(retry_after_s=(), delivery_timeout_s=0.3 if text == LATE else 30)
    (event_id,) = rehearsal.emit()
    (attempt,) = rehearsal.tracked(event_id, 1)
    assert attempt.get("response-status") == status
    assert attempt["response-details"] == text
    succeeded = status is not None and 200 <= status < 300
    assert attempt["status"] == ("SUCCESS" if succeeded else "FAILED")
    assert rehearsal.status(event_id) == ("SUCCESS" if succeeded else "FAILED")
    assert len(server.requests) == 1


def test_a_refused_connection_is_an_attempt(rehearsal: Rehearsal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    rehearsal.webhook(f"http://localhost:{port}/hook")
    rehearsal.serve(retry_after_s=())
    (event_id,) = rehearsal.emit()
    (attempt,) = rehearsal.tracked(event_id, 1)
    assert "response-status" not in attempt
    assert attempt["response-details"] == "Delivery failed: connection refused"
    assert rehearsal.log[0].endswith(f" {event_id}: Delivery failed: connection refused")


def test_a_receiver_that_closes_or_keeps_its_connections_gets_every_event(
    rehearsal: Rehearsal, wire: Wire
) -> None:
    closing = wire.serve(*[on("POST /hook", OK, hostile.close)] * 3)
    rehearsal.webhook(hook(closing))
    rehearsal.serve()
    for event_id in rehearsal.emit(3):
        rehearsal.tracked(event_id, 1)
    keeping = wire.serve(*[on("POST /hook", OK)] * 3)
    rehearsal.webhook(hook(keeping))
    for event_id in rehearsal.emit(3):
        rehearsal.tracked(event_id, 1)
    assert keeping.connections < 3
    assert rehearsal.summary(NAME) is None


def test_basic_authentication_is_sent_and_never_told(rehearsal: Rehearsal, wire: Wire) -> None:
    server = wire.serve(on("POST /hook", OK), on("POST /hook", OK))
    rehearsal.webhook(f"http://who:ever@{server.host}/hook")
    password = base64.b64encode("Zoë:correct horse".encode()).decode()
    secret = rehearsal.path.with_name("password")
    secret.write_text("correct horse", encoding="utf-8")
    auth = ("delivery-cfg", "auth", "set", "1266", "--yes", "--type")
    rehearsal.ask(*auth, "BASIC", "--username", "Zoë", "--password-file", str(secret))
    rehearsal.serve()
    rehearsal.tracked(rehearsal.emit()[0], 1)
    rehearsal.ask(*auth, "NONE")
    rehearsal.tracked(rehearsal.emit()[0], 1)
    first, second = server.requests
    assert first.values("Authorization") == [f"Basic {password}"]
    assert second.values("Authorization") == []
    assert not any(word in str(rehearsal.log) for word in (password, "horse", "who", "ever"))


def test_a_configuration_of_format_xml_gets_xml(rehearsal: Rehearsal, wire: Wire) -> None:
    server = wire.serve(on("POST /hook", OK))
    rehearsal.webhook(hook(server), "262", "--format", "XML")
    rehearsal.serve()
    (event,) = rehearsal.ask(
        *("sandbox", "emit", "mo_message_received", "--field", "message_id=<&\"'>"),
        *("--field", "message_body=a\nb\x1bc é", "--field", "has_attachment=true"),
    )
    rehearsal.tracked(event["event-id"], 1, "262")
    (request,) = server.requests
    assert request.values("Content-Type") == ["application/xml"]
    document = ElementTree.fromstring(request.body)
    assert [child.tag for child in document] == ["topic", "attempt", "event", "event-id"]
    assert document.findtext("topic") == "SCG-Message"
    assert document.findtext("attempt") == "1"
    assert document.findtext("event-id") == event["event-id"]
    assert document.findtext("event/evt-tp") == "mo_message_received"
    assert document.findtext("event/timestamp") == event["timestamp"]
    assert {
        value.get("name"): value.text for value in document.iterfind("event/fld-val-list/fld-val")
    } == {"message_id": "<&\"'>", "message_body": "a\nb\ufffdc é", "has_attachment": "true"}


def test_throttling_spreads_events_evenly(rehearsal: Rehearsal, wire: Wire) -> None:
    server = wire.serve(*[on("POST /hook", OK)] * 4)
    other = wire.serve(*[on("POST /hook", OK)] * 3)
    rehearsal.webhook(hook(server), "1266", "--throttling", "20")
    rehearsal.webhook(hook(other), "262")
    events = rehearsal.emit(4)
    rehearsal.serve()
    rehearsal.tracked(events[0], 1)
    for sent in (1, 2, 3):
        # What goes elsewhere meanwhile shows that there was time for more.
        rehearsal.tracked(rehearsal.message(), 1, "262")
        assert len(server.requests) == sent
        rehearsal.pass_time(2.9)
        rehearsal.pass_time(0.2)
        rehearsal.tracked(events[sent], 1)
    assert [request.values("X-ESS-EVENT-KEY")[0] for request in server.requests] == events


def test_the_clock_speed_is_that_of_throttling_too(rehearsal: Rehearsal, wire: Wire) -> None:
    server = wire.serve(*[on("POST /hook", OK)] * 2)
    rehearsal.webhook(hook(server), "1266", "--throttling", "1")
    events = rehearsal.emit(2)
    rehearsal.serve(clock_speed=60)
    rehearsal.tracked(events[0], 1)
    assert rehearsal.track(events[1]) == []
    rehearsal.pass_time(1)
    rehearsal.tracked(events[1], 1)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://hooks.example.com/x", "hooks.example.com"),
        ("http://127.0.0.1.example.com/", "127.0.0.1.example.com"),
        ("http://127.1/", "127.1"),
        ("http://2130706433/", "2130706433"),
        ("http://localhost@10.0.0.1/", "10.0.0.1"),
        ("http://169.254.169.254/latest", "169.254.169.254"),
        ("http://0.0.0.0:1/", "0.0.0.0"),
        ("http://[::2]/", "::2"),
    ],
)
def test_a_host_that_is_not_on_the_allow_list_fails_the_delivery_at_once(
    rehearsal: Rehearsal, address: str, host: str
) -> None:
    rehearsal.webhook(address, "1266", "--throttling", "1")
    rehearsal.serve()
    for event_id in rehearsal.emit(2):
        (attempt,) = rehearsal.tracked(event_id, 1)
        assert "response-status" not in attempt
        assert attempt["status"] == "FAILED"
        assert (
            attempt["response-details"] == f"Delivery refused: host {host} is not on the allow-list"
        )
        assert rehearsal.status(event_id) == "FAILED"


def test_what_waits_for_a_configuration_that_is_off_waits(rehearsal: Rehearsal, wire: Wire) -> None:
    server = wire.serve(on("POST /hook", reply(503)), on("POST /hook", OK))
    other = wire.serve(on("POST /hook", OK))
    rehearsal.webhook(hook(server))
    rehearsal.webhook(hook(other), "262")
    rehearsal.serve()
    (event_id,) = rehearsal.emit()
    rehearsal.tracked(event_id, 1)
    rehearsal.ask("delivery-cfg", "disable", "1266", "--yes")
    rehearsal.pass_time(3600)
    rehearsal.tracked(rehearsal.message(), 1, "262")
    assert rehearsal.status(event_id) == "RETRY"
    assert len(server.requests) == 1
    rehearsal.ask("delivery-cfg", "enable", "1266")
    rehearsal.tracked(event_id, 2)
    assert rehearsal.status(event_id) == "SUCCESS"


def test_a_new_address_counts_from_the_next_attempt(rehearsal: Rehearsal, wire: Wire) -> None:
    old = wire.serve(on("POST /hook", reply(410)))
    new = wire.serve(on("POST /hook", OK))
    rehearsal.webhook(hook(old))
    rehearsal.serve()
    (event_id,) = rehearsal.emit()
    rehearsal.tracked(event_id, 1)
    rehearsal.webhook(hook(new))
    rehearsal.pass_time(10)
    rehearsal.tracked(event_id, 2)
    assert rehearsal.delivery(event_id)["delivery-point"] == hook(old)
    second, first = rehearsal.ask("deliveries", "attempts", "--limit", "2")
    assert (first["del-addr"], first["attempt-number"]) == (hook(old), 1)
    assert (second["del-addr"], second["attempt-number"]) == (hook(new), 2)


def test_a_slow_webhook_holds_up_no_other(rehearsal: Rehearsal, wire: Wire) -> None:
    go_on = threading.Event()

    def wait(connection: hostile.Connection) -> None:
        go_on.wait(PATIENCE_S)

    slow = wire.serve(*[on("POST /hook", wait, OK)] * 20)
    quick = wire.serve(on("POST /hook", OK))
    rehearsal.webhook(hook(slow))
    rehearsal.webhook(hook(quick), "262")
    rehearsal.serve(delivery_timeout_s=60)
    events = rehearsal.emit(20)
    until(lambda: len(slow.requests) == 8)
    rehearsal.tracked(rehearsal.message(), 1, "262")
    assert len(slow.requests) == 8
    go_on.set()
    rehearsal.tracked(events[-1], 1)


def test_what_was_recorded_is_not_sent_again_after_a_restart(
    rehearsal: Rehearsal, wire: Wire
) -> None:
    server = wire.serve(on("POST /hook", OK), on("POST /hook", reply(500)), on("POST /hook", OK))
    rehearsal.webhook(hook(server), "1266", "--throttling", "60")
    rehearsal.serve(retry_after_s=(100,))
    events = rehearsal.emit(2)
    rehearsal.tracked(events[0], 1)
    rehearsal.pass_time(1)
    rehearsal.tracked(events[1], 1)
    rehearsal.stop()
    rehearsal.now += timedelta(seconds=100)
    rehearsal.serve(retry_after_s=(100,))
    rehearsal.tracked(events[1], 2)
    assert len(rehearsal.track(events[0])) == 1


def test_a_reset_while_an_event_is_sent_leaves_no_trace_of_it(
    rehearsal: Rehearsal, wire: Wire, ess: Run
) -> None:
    go_on = threading.Event()

    def wait(connection: hostile.Connection) -> None:
        go_on.wait(PATIENCE_S)

    server = wire.serve(on("POST /hook", wait, OK))
    rehearsal.webhook(hook(server))
    rehearsal.serve(delivery_timeout_s=60)
    rehearsal.emit()
    until(lambda: server.requests)
    assert ess("sandbox", "reset", "--yes").code == 0
    rehearsal.ask("delivery-cfg", "update", "1266", "--throttling", "1")
    (new,) = rehearsal.emit()
    go_on.set()
    attempts = rehearsal.tracked(new, 1)
    assert attempts[0]["response-details"].endswith("is not on the allow-list")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            ["--allow-host", "*.example.com"],
            '--allow-host: not the name of a host: "*.example.com"',
        ),
        (["--allow-host", "http://x"], '--allow-host: not the name of a host: "http://x"'),
        (["--allow-host", "x:80"], '--allow-host: not the name of a host: "x:80"'),
        (["--retry-schedule", "10s,soon"], '--retry-schedule: not a duration: "soon"'),
        (["--retry-schedule", ""], '--retry-schedule: not a duration: ""'),
        (["--clock-speed", "0.5"], "--clock-speed: not from 1 to 1000000: 0.5"),
        (["--clock-speed", "nan"], "--clock-speed: not from 1 to 1000000: nan"),
        (["--delivery-timeout", "10"], '--delivery-timeout: not a duration: "10"'),
        (["--delivery-timeout", "0s"], "--delivery-timeout: not up to 1h: 0s"),
    ],
)
def test_what_cannot_be_told_to_serve_is_refused(ess: Run, options: list[str], error: str) -> None:
    outcome = ess("sandbox", "serve", *options)
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {error}\n")
