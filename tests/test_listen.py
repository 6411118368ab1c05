"""``ess listen``: what it shows, what it makes of events, what it refuses."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests import listening
from tests.conftest import Run
from tests.listening import (
    BASIC,
    HEADER,
    NOW,
    PASSWORD,
    PATIENCE_S,
    Downstream,
    Listen,
    body,
    interrupted,
    running,
    verdicts,
)

listen = listening.listen


def test_an_event_is_a_line_of_json_with_what_came_and_what_was_answered(listen: Listen) -> None:
    hook = listen("--count", "1", "-o", "jsonl")
    headers = {"X_ESS_EVENT_KEY": "k-1", "X_Ess_Event_Timestamp": "t", "Authorization": "Bearer x"}
    assert hook.post(body("hc4lnloTSK2aSvrLKiDpSA"), **headers) == 200
    outcome = hook.ended()
    assert outcome == (
        0,
        '{"received":"2026-11-23T08:30:00.000Z","verdict":"ok","detail":"","status":200,'
        '"attempt":1,"event-id":"hc4lnloTSK2aSvrLKiDpSA","topic":"NIS-Events",'
        '"event-type":"porting_event","timestamp":"2026-11-23T08:29:59.123Z",'
        '"event":{"number":"+12025550123","porting_date":"2011-05-27T00:00:00Z"},'
        '"headers":{"X-ESS-EVENT-KEY":"k-1","X-Ess-Event-Timestamp":"t"}}\n',
        "1 event\n",
    )


def test_off_a_terminal_rows_are_tsv_and_control_characters_are_visible(listen: Listen) -> None:
    hook = listen("--count", "1")
    assert hook.post(body("e\x1b]0;x\x07", topic="a\tb\nc\u202e")) == 200
    assert hook.ended() == (
        0,
        f"{HEADER}{NOW}\ta\\tb\\nc\\u202e\tporting_event\te\\x1b]0;x\\x07\t1\tok\t\n",
        "1 event\n",
    )


@pytest.mark.parametrize(
    ("options", "out"),
    [
        (["-o", "name"], "e-1\ne-2\n"),
        (["-o", "csv", "-c", "event-id,verdict,status"], "event-id,verdict,status\n"
         ",invalid,400\ne-1,ok,200\ne-2,ok,200\n"),
        (["-o", "tsv", "--no-header", "-c", "event-id"], "\ne-1\ne-2\n"),
        (["-o", "jsonl", "--query", "\"event-id\""], 'null\n"e-1"\n"e-2"\n'),
        (["-o", "json", "--query", "[].\"event-id\""], '[\n  "e-1",\n  "e-2"\n]\n'),
        (["-o", "table", "-c", "event-id,attempt,verdict"],
         "EVENT ID                ATTEMPT  VERDICT\n"
         "                                 invalid\n"
         "e-1                           1  ok\n"
         "e-2                           1  ok\n"),
        (["-o", "yaml", "--query", "length(@)"], "3\n"),
    ],
)  # fmt: skip
def test_formats_columns_and_queries_work_as_for_lists(
    listen: Listen, options: list[str], out: str
) -> None:
    hook = listen("--count", "2", "-q", *options)
    assert [hook.post(b"{}"), hook.post(body("e-1")), hook.post(body("e-2"))] == [400, 200, 200]
    hook._thread.join(PATIENCE_S)
    (outcome,) = hook._outcomes
    assert outcome == (0, out, "")


def test_a_wider_value_widens_its_column_from_then_on(listen: Listen) -> None:
    hook = listen("--count", "3", "-o", "table", "-c", "topic,verdict")
    for number, topic in enumerate(("short", "a-topic-of-24-characters", "short")):
        hook.post(body(f"e-{number}", topic=topic))
    assert hook.ended().out == (
        "TOPIC             VERDICT\n"
        "short             ok\n"
        "a-topic-of-24-characters  ok\n"
        "short                     ok\n"
    )


def test_an_event_is_taken_once_however_often_it_comes(listen: Listen) -> None:
    hook = listen("--count", "2", "-o", "jsonl", "--status", "202")
    assert [hook.post(body("e-1", attempt=n)) for n in (1, 2, 3)] == [202, 202, 202]
    hook.post(body("e-2"))
    outcome = hook.ended()
    assert [json.loads(line)["verdict"] for line in outcome.out.splitlines()] == [
        "ok",
        "duplicate",
        "duplicate",
        "ok",
    ]
    assert outcome.err == "2 events, 2 duplicates\n"


def test_the_first_requests_of_each_event_fail_then_it_is_taken(listen: Listen) -> None:
    hook = listen("--count", "2", "-o", "jsonl", "--fail-first", "2")
    assert [hook.post(body(name)) for name in ("a", "b", "a", "b", "a", "a", "b")] == [
        *(503, 503, 503, 503),
        *(200, 200, 200),
    ]
    outcome = hook.ended()
    assert outcome.err == "2 events, 1 duplicate, 4 failed\n"
    assert json.loads(outcome.out.splitlines()[2])["detail"] == "--fail-first: request 2 of 2"


@pytest.mark.parametrize(("status", "failing", "taking"), [("500", 500, 200), ("204", 503, 204)])
def test_fail_first_fails_with_the_status_where_that_is_an_error(
    listen: Listen, status: str, failing: int, taking: int
) -> None:
    hook = listen("--count", "1", "--fail-first", "1", "--status", status)
    assert [hook.post(body()), hook.post(body())] == [failing, taking]
    assert hook.ended().err == "1 event, 1 failed\n"


def test_a_failing_status_is_answered_to_every_event(home: Path) -> None:
    with running(home, "--status", "503", "-o", "jsonl") as (hook, process):
        assert [hook.post(body()), hook.post(body())] == [503, 503]
        out, err = interrupted(process)
    assert (
        verdicts([json.loads(line) for line in out.splitlines()])
        == [("failed", "--status 503", 503)] * 2
    )
    assert err == b"0 events, 2 failed\n"


def test_only_the_right_user_may_deliver(listen: Listen, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(f"{PASSWORD}\n")
    hook = listen(
        *("--basic", "Admin", "--password-file", str(tmp_path / "pw")),
        *("--count", "1", "-o", "jsonl", "--debug"),
    )
    refused = hook.reply(body())
    assert (refused.status, refused.getheader("WWW-Authenticate")) == (401, 'Basic realm="ess"')
    for wrong in ("Basic QWRtaW46eA==", f"Bearer {BASIC}", f"Basic {BASIC}x", "Basic \xff"):
        assert hook.post(body(), Authorization=wrong) == 401
    assert hook.post(body(), Authorization=f"basic {BASIC}") == 200
    outcome = hook.ended()
    assert verdicts([json.loads(line) for line in outcome.out.splitlines()]) == [
        ("unauthorized", "no credentials", 401),
        *[("unauthorized", "not the user and password of --basic", 401)] * 4,
        ("ok", "", 200),
    ]
    assert outcome.err == "1 event, 5 unauthorized\n"
    assert json.loads(outcome.out.splitlines()[0])["event-id"] is None
    for secret in (PASSWORD, BASIC, "QWRtaW46eA"):
        assert secret not in outcome.out + outcome.err


def test_the_password_may_come_from_stdin(listen: Listen) -> None:
    hook = listen("--basic", "Admin", "--password-file", "-", "--count", "1", stdin=PASSWORD)
    assert hook.post(body(), Authorization=f"Basic {BASIC}") == 200
    assert hook.ended().code == 0


def test_events_are_held_against_their_types_where_a_profile_is_named(listen: Listen) -> None:
    hook = listen("--count", "6", "-o", "jsonl", profile="sandbox")
    wrong = {"porting_date": "soon", "carrier": "x", "tracking_id": 1, "company-id": "?"}
    hook.post(body("a"))
    hook.post(body("b", fields=wrong))
    hook.post(body("c", kind="no_such_type"))
    hook.post(body("d", kind="no_such_type"))
    hook.post(body("e", kind=""))
    hook.post(body("f", kind="../topics"))
    outcome = hook.ended()
    assert verdicts([json.loads(line) for line in outcome.out.splitlines()]) == [
        ("ok", "", 200),
        (
            "mismatch",
            "number: missing; porting_date: not of type Date;"
            " carrier: not a field of the event type; and 2 more",
            200,
        ),
        ("unchecked", "its event type is not to be had", 200),
        ("unchecked", "its event type is not to be had", 200),
        ("unchecked", "it names no event type", 200),
        ("unchecked", "its event type is not to be had", 200),
    ]
    first, second, total = outcome.err.splitlines()
    assert first.startswith("event type no_such_type is not checked: GET /event-types/no_such_type")
    assert second.startswith("event type ../topics is not checked: ")
    assert total == "6 events (1 mismatch, 4 unchecked)"


def test_each_event_type_is_asked_for_once_and_without_a_profile_not_at_all(
    listen: Listen, tmp_path: Path
) -> None:
    with Downstream() as service:
        service.answers = [(200, {}, b'{"id": "x", "validation-type": "strict", "fields": {}}')]
        env = {"ESS_BASE_URL": f"http://127.0.0.1:{service.port}", "ESS_TOKEN": "token-1"}
        hook = listen("--count", "1", "-o", "jsonl", env=env)
        hook.post(body(kind="x", fields={}))
        assert verdicts(hook.rows()) == [("ok", "", 200)]
        assert service.lines == []
        (tmp_path / "config.yaml").write_text("profiles:\n  lab:\n    output: jsonl\n")
        env["ESS_CONFIG_FILE"] = str(tmp_path / "config.yaml")
        hook = listen("--count", "3", env=env, profile="lab")
        for name in ("a", "b", "c"):
            hook.post(body(name, kind="x", fields={}))
        assert verdicts(hook.rows()) == [("ok", "", 200)] * 3
        assert service.lines == ["GET /event-types/x"]


def test_xml_is_taken_without_being_understood(listen: Listen) -> None:
    hook = listen("--count", "2", "-o", "jsonl", profile="sandbox")
    xml = b"<event><topic>NIS-Events</topic><event-id>e-1</event-id><attempt>2</attempt></event>"
    assert [hook.post(xml), hook.post(xml), hook.post(b"<odd/>")] == [200, 200, 200]
    rows = hook.rows()
    unknown = ("unchecked", "XML: its layout is not known", 200)
    assert verdicts(rows) == [unknown, ("duplicate", "answered before", 200), unknown]
    assert [rows[0][key] for key in ("topic", "event-id", "attempt", "event")] == [
        *("NIS-Events", "e-1", 2, None)
    ]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--port", "65536"], "invalid value for '--port': 65536 is not in the range 0<=x<=65535"),
        (["--status", "199"],
         "invalid value for '--status': 199 is not in the range 200<=x<=599"),
        (["--fail-first", "-1"], "invalid value for '--fail-first': -1 is not in the range x>=0"),
        (["--delay", "2"], '--delay: not a duration: "2"'),
        (["--for", "500y"], '--for: not a duration: "500y"'),
        (["--for", "99999d"], '--for: not a duration: "99999d"'),
        (["--basic", "a:b"], "--basic: a user's name is not empty and has no colon"),
        (["--basic", ""], "--basic: a user's name is not empty and has no colon"),
        (["--basic", "a"], "no password of the receiver, and nobody to ask"),
        (["--password-file", "x"], "--password-file goes with --basic"),
        (["--status", "503", "--count", "1"], "--count: with --status 503 no event is taken"),
        (["-o", "xml"], 'unknown output format: "xml"'),
        (["-c", "nope"], 'unknown column: "nope"'),
    ],
)  # fmt: skip
def test_a_wrong_call_is_refused_before_listening(ess: Run, argv: list[str], said: str) -> None:
    outcome = ess("listen", *argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[0] == f"error: {said}"


def test_a_port_that_is_taken_names_the_way_out(ess: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ess("listen", "--port", str(port)) == (
            12,
            "",
            f"error: port {port} is in use or not allowed\n"
            "hint: choose another one: ess listen --port 0 takes a free one\n",
        )
        same = f"http://127.0.0.1:{port}/"
    assert ess("listen", "--port", str(port), "--forward-to", same) == (
        2,
        "",
        "error: --forward-to: that is this very webhook\n",
    )


def test_an_unknown_profile_is_told_before_listening(ess: Run) -> None:
    assert ess("-p", "nowhere", "listen").code == 12
