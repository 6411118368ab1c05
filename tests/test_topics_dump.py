"""``ess topics dump --wait``: the dump is started once, its notice found, its file fetched."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest

from tests import hostile
from tests.conftest import Run
from tests.hostile import (
    TOKEN,
    Connection,
    Exchange,
    Hostile,
    Step,
    Wire,
    close,
    hold,
    json_reply,
    on,
    reply,
)
from tests.processes import Shell, finished
from tests.rehearsal import until
from tests.services import Scripted, served_sandbox

wire = hostile.wire

LIST = "GET /ess/v1/event-deliveries?limit=100"
START = "GET /ess/v1/topics/NIS-Events/dump-subscriptions?compression=true&compressionType=gzip"
FILE = "/mediastorage/v1/files/f-1/content"
LINES = b'{"id":"16301810"}\n{"id":"16301811"}\n'
PACKED = gzip.compress(LINES, mtime=0)
IN_SANDBOX = (
    '{"id":"16301810","del-cfg-id":"1266","del-cfg-nm":"a-mock-del-cfg","topic-nm":"NIS-Events",'
    '"evt-tp":"porting_event","match-crt":"number = \'+12345678901\'",'
    '"start-date":"1970-01-01T00:00:00Z"}\n'
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    directory = tmp_path / "files"
    directory.mkdir()
    return directory / "dump.jsonl"


def notice(
    uri: str = FILE, *, key: str = "e-1", at: str = "2026-11-23T08:30:01Z", **fields: Any
) -> Any:
    """A row of /event-deliveries that announces a file."""
    usual = {"file_uri": uri, "file_status": "COMPLETE", "file_name": "subscriptions-2569.gz"}
    return {
        "event-id": key,
        "topic": "MSS-Messages",
        "event-type": "event_file_complete",
        "del-cfg-id": 1,
        "delivery-status": "SUCCESS",
        "timestamp": at,
        "event-body": json.dumps({**usual, **fields}),
    }


def listing(*rows: Any) -> Step:
    return json_reply({"paged-result": {"offset": 0, "limit": 100}, "event-deliveries": rows})


def company(ess: Run) -> None:
    assert ess("profile", "set", "default", "--company-id", "77").code == 0


def dump(wire: Wire, server: Hostile, out: Path, *options: str, **settings: Any) -> Any:
    line = ("topics", "dump", "NIS-Events", "--wait", "--out", str(out))
    return wire.ess(server, *line, *options, **settings)


def started(*rest: Exchange, first: Step | None = None) -> tuple[Exchange, ...]:
    """The script up to the start of the dump, and what follows."""
    before = on(LIST, first if first is not None else listing())
    return before, on(START, json_reply({"referenceId": "2569"})), *rest


def files_in(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir())


def test_a_dump_is_waited_for_fetched_and_unpacked(ess: Run, out: Path) -> None:
    outcome = ess("topics", "dump", "NIS-Events", "--wait", "--out", str(out))
    assert (outcome.code, outcome.out) == (0, "reference-id\n2569\n")
    assert out.read_text() == IN_SANDBOX
    assert out.stat().st_mode & 0o777 == 0o600
    assert files_in(out) == ["dump.jsonl"]
    assert outcome.err == (
        "started a dump of the subscriptions to NIS-Events, reference id 2569"
        " · profile sandbox (embedded)\n"
        f"wrote {out}: 191 bytes, 167 packed · subscriptions-NIS-Events-2569.jsonl.gz\n"
    )


def test_a_served_sandbox_writes_the_dump_in_the_background(
    ess: Run, tmp_path: Path, out: Path
) -> None:
    company(ess)
    with served_sandbox(tmp_path) as url:
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": url, "ESS_TOKEN": "token-1"}
        line = ("topics", "dump", "NIS-Events", "--no-compression", "--wait", "--out", str(out))
        outcome = ess(*line, "--json", env=env)
    assert (outcome.code, outcome.out) == (0, '{\n  "referenceId": "2569"\n}\n')
    assert out.read_text() == IN_SANDBOX


def test_an_empty_dump_is_an_empty_file_and_a_note(ess: Run, out: Path) -> None:
    outcome = ess("topics", "dump", "ABA-Messages", "--wait", "--out", str(out))
    assert outcome.code == 0
    assert out.read_bytes() == b""
    assert "the service says that there is nothing (EMPTY_FILE)\n" in outcome.err


def test_a_dump_is_gone_on_with_by_its_reference_id(ess: Run, out: Path) -> None:
    ess("topics", "dump", "NIS-Events")
    ess("topics", "dump", "SCG-Message")
    outcome = ess("topics", "dump", "--resume", "2569", "--out", str(out))
    assert (outcome.code, outcome.out) == (0, "reference-id\n2569\n")
    assert out.read_text() == IN_SANDBOX
    assert "started" not in outcome.err
    assert "not matched: subscriptions-SCG-Message-2570.jsonl.gz" in outcome.err


def test_the_file_gets_the_token_and_the_company_and_never_the_user_token(
    wire: Wire, ess: Run, out: Path
) -> None:
    company(ess)
    file = on(f"GET {FILE}", reply(200, PACKED))
    server = wire.serve(*started(on(LIST, listing(notice(file_size=len(PACKED)))), file))
    assert dump(wire, server, out).code == 0
    assert out.read_bytes() == LINES
    request = server.requests[-1]
    assert request.values("Authorization") == [f"Bearer {TOKEN}"]
    assert request.values("int-companyid") == ["77"]
    assert request.values("user-token") == []
    assert [len(request.values("user-token")) for request in server.requests] == [1, 1, 1, 0]


def test_a_location_on_the_service_s_own_origin_may_be_absolute(
    wire: Wire, ess: Run, out: Path
) -> None:
    company(ess)
    server = wire.serve(*started())
    server._script += [
        on(LIST, listing(notice(f"http://127.0.0.1:{server.port}{FILE}?x=1"))),
        on(f"GET {FILE}?x=1", reply(200, LINES)),
    ]
    assert dump(wire, server, out).code == 0
    assert out.read_bytes() == LINES


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("https://elsewhere.example/f", "on another host, elsewhere.example, and is not"),
        ("http://127.0.0.1:9/f", "on another host, 127.0.0.1:9, and is not"),
        ("http://elsewhere.example/f", "not fetched: http:// is for this machine only"),
        ("https://u:canary-pass@elsewhere.example/f", "not fetched: it holds a user name"),
        ("//elsewhere.example/f", "no path and no plain URL"),
        ("https://elsewhere.example\\@127.0.0.1/f", "not fetched: it holds a backslash"),
        ("/a/../../f", "its path is not plain"),
        ("/a b", "no path and no plain URL"),
        ("ftp://127.0.0.1/f", "it must begin with https://"),
        ("content", "no path and no plain URL"),
    ],
)
def test_a_location_elsewhere_is_refused_and_nothing_is_written(
    wire: Wire, ess: Run, out: Path, uri: str, said: str
) -> None:
    company(ess)
    server = wire.serve(*started(on(LIST, listing(notice(uri)))))
    outcome = dump(wire, server, out)
    assert (outcome.code, files_in(out)) == (9, [])
    assert said in outcome.err
    assert "canary-pass" not in outcome.err
    assert "go on with: ess" in outcome.err
    assert "--resume 2569 --since 2026-11-23T08:15:00Z" in outcome.err


def test_another_host_that_the_user_names_gets_no_credentials(
    wire: Wire, ess: Run, out: Path
) -> None:
    company(ess)
    store = wire.serve(on("GET /f", reply(200, PACKED)))
    server = wire.serve(*started(on(LIST, listing(notice(f"http://{store.host}/f")))))
    assert dump(wire, server, out, "--allow-file-host", store.host).code == 0
    assert out.read_bytes() == LINES
    (request,) = store.requests
    names = {name.lower() for name, _ in request.headers}
    assert names == {"host", "accept", "accept-encoding", "user-agent"}


def test_a_redirect_is_not_followed(wire: Wire, ess: Run, out: Path) -> None:
    company(ess)
    moved = reply(302, b"", "Location: https://elsewhere.example/f")
    server = wire.serve(*started(on(LIST, listing(notice())), on(f"GET {FILE}", moved)))
    outcome = dump(wire, server, out)
    assert (outcome.code, files_in(out)) == (9, [])
    assert "redirected to elsewhere.example; redirects are not followed" in outcome.err


@pytest.mark.parametrize(
    ("body", "size", "said"),
    [
        (LINES, 999, "the file has 36 bytes, and its notice said 999"),
        (PACKED[:-9], None, "the file is cut off: its compressed content does not end"),
        (b"\x1f\x8b" + b"x" * 50, None, "begins as gzip does, and cannot be unpacked"),
        (b"\x1f", 2, "the file has 1 bytes, and its notice said 2"),
        (gzip.compress(bytes(3_000_000)), None, "the file is larger than 2,097,152 bytes"),
        (os.urandom(3_000_000), None, "the file is larger than 2,097,152 bytes"),
    ],
)
def test_a_file_that_is_not_what_was_announced_leaves_the_old_one(
    wire: Wire, ess: Run, out: Path, body: bytes, size: int | None, said: str
) -> None:
    company(ess)
    out.write_text("old")
    told: dict[str, Any] = {} if size is None else {"file_size": size}
    file = on(f"GET {FILE}", reply(200, body))
    server = wire.serve(*started(on(LIST, listing(notice(**told))), file))
    outcome = dump(wire, server, out, "--max-size", "2M")
    assert (outcome.code, files_in(out), out.read_text()) == (9, ["dump.jsonl"], "old")
    assert said in outcome.err
    assert f" --max-size {'SIZE' if 'larger' in said else '2M'}\n" in outcome.err


def test_a_file_that_breaks_off_is_fetched_again_from_its_beginning(
    wire: Wire, ess: Run, out: Path, sleeps: list[float]
) -> None:
    company(ess)
    half = reply(200, PACKED)[:-20]
    file = [
        on(f"GET {FILE}", half, close),
        on(f"GET {FILE}", reply(503)),
        on(f"GET {FILE}", reply(200, PACKED)),
    ]
    server = wire.serve(*started(on(LIST, listing(notice(file_size=len(LINES)))), *file))
    assert dump(wire, server, out).code == 0
    assert out.read_bytes() == LINES
    assert len(sleeps) == 2


def test_a_file_that_breaks_off_each_time_is_temporary_and_leaves_nothing(
    wire: Wire, ess: Run, out: Path
) -> None:
    company(ess)
    half = on(f"GET {FILE}", reply(200, PACKED)[:-20], close)
    server = wire.serve(*started(on(LIST, listing(notice())), half, half, half))
    outcome = dump(wire, server, out)
    assert (outcome.code, files_in(out)) == (6, [])


def test_several_members_of_gzip_are_one_file(wire: Wire, ess: Run, out: Path) -> None:
    company(ess)
    file = on(f"GET {FILE}", reply(200, PACKED + PACKED + b"\0\0"))
    server = wire.serve(*started(on(LIST, listing(notice())), file))
    assert dump(wire, server, out).code == 0
    assert out.read_bytes() == LINES + LINES


def test_a_full_disk_leaves_the_old_file(wire: Wire, ess: Run, out: Path) -> None:
    company(ess)
    out.write_text("old")
    server = wire.serve(
        *started(on(LIST, listing(notice())), on(f"GET {FILE}", reply(200, PACKED)))
    )
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file that may not grow past ten bytes is what a full disk is to its writer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))
    try:
        outcome = dump(wire, server, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (outcome.code, files_in(out), out.read_text()) == (12, ["dump.jsonl"], "old")
    assert f"error: {out} cannot be written: File too large\n" in outcome.err


# The notice


@pytest.fixture
def service(ess: Run) -> Any:
    running = Scripted()
    company(ess)
    running.answer("GET", "/topics/NIS-Events/dump-subscriptions", {"referenceId": "2569"})
    running.answer("GET", "/event-deliveries", {"event-deliveries": []})
    running.answer("GET", FILE, PACKED)
    yield running
    running.close()


def waited(ess: Run, service: Scripted, out: Path, *options: str) -> Any:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    line = ("topics", "dump", "NIS-Events", "--wait", "--out", str(out))
    return ess(*line, *options, env=env)


def wait_until_over(connection: Connection) -> None:
    """Step: answer once the timer of --max-duration has run out."""
    until(lambda: signal.getitimer(signal.ITIMER_REAL)[0] == 0)


def starts(service: Scripted) -> int:
    return sum(1 for sent in service.sent if "dump-subscriptions" in sent.path)


def test_a_notice_that_never_comes_ends_with_13_and_the_way_on(
    ess: Run, service: Scripted, out: Path, sleeps: list[float]
) -> None:
    outcome = waited(ess, service, out, "--wait-for", "1m")
    assert (outcome.code, outcome.out, files_in(out)) == (13, "reference-id\n2569\n", [])
    assert outcome.err.endswith(
        "error: no notice that names dump 2569 has come within 1m\n"
        "  none comes without an active subscription to MSS-Messages, event_file_complete:"
        " ess subs list --topic MSS-Messages --event-type event_file_complete\n"
        "hint: go on with: ess topics dump NIS-Events --resume 2569"
        f" --since 2026-11-23T08:15:00Z --out {out}\n"
    )
    assert starts(service) == 1
    assert sum(sleeps) == pytest.approx(60)
    assert max(sleeps) == 15


def test_the_command_that_goes_on_does_so_with_the_same_account_and_limits(
    ess: Run, service: Scripted, out: Path, tmp_path: Path
) -> None:
    token = tmp_path / "a token"
    token.write_text("token-2\n")
    line = ("topics", "dump", "NIS-Events", "--wait", "--out", str(out), "--wait-for", "2s")
    env = {"ESS_PROFILE": ""}
    given = ("--base-url", service.url, "--token-file", str(token), "--max-size", "2M")
    outcome = ess(*line, *given, env=env)
    going_on = outcome.err.rpartition("go on with: ")[2]
    assert going_on == (
        f"ess --base-url {service.url} --token-file '{token}' topics dump NIS-Events"
        f" --resume 2569 --since 2026-11-23T08:15:00Z --out {out} --max-size 2M\n"
    )
    service.answer("GET", "/event-deliveries", {"event-deliveries": [notice()]})
    assert ess(*shlex.split(going_on)[1:], env=env).code == 0
    assert out.read_bytes() == LINES
    assert starts(service) == 1


def test_what_was_announced_before_the_start_is_not_the_dump(
    ess: Run, service: Scripted, out: Path
) -> None:
    service.forget()
    old = notice(key="old", at="2026-11-23T08:29:00Z", file_name="other.gz")
    service.answer("GET", "/topics/NIS-Events/dump-subscriptions", {"referenceId": "2569"})
    service.answer("GET", "/event-deliveries", {"event-deliveries": [old]})
    assert waited(ess, service, out, "--wait-for", "1m").code == 13


def test_the_only_notice_is_assumed_to_be_the_one_and_said_so(
    ess: Run, service: Scripted, out: Path
) -> None:
    service.answer("GET", "/event-deliveries", {"event-deliveries": [notice(file_name="dump.gz")]})
    outcome = waited(ess, service, out)
    assert outcome.code == 0
    assert out.read_bytes() == LINES
    assert (
        "warning: the notice does not name dump 2569: dump.gz is assumed to be its file, being"
        " the only one that was announced since\n"
    ) in outcome.err


def test_of_several_notices_none_is_chosen_and_all_are_listed(
    ess: Run, service: Scripted, out: Path
) -> None:
    rows = [
        notice("/a", key="e-1", file_name="a.gz", file_size=2569, file_id="A1"),
        notice("/b", key="e-2", file_name="b.gz", creation_time="2569"),
    ]
    service.answer("GET", "/event-deliveries", {"event-deliveries": rows})
    outcome = waited(ess, service, out, "--wait-for", "20s")
    assert (outcome.code, files_in(out)) == (13, [])
    assert (
        "  announced, and not known to be it: a.gz, 2,569 bytes, file id A1\n"
        "  announced, and not known to be it: b.gz\n"
        "  --resume also takes the file id of one of them\n"
    ) in outcome.err


def test_two_files_that_name_the_dump_are_listed_and_none_is_fetched(
    ess: Run, service: Scripted, out: Path
) -> None:
    rows = [notice("/a", key="e-1", file_id="A1"), notice("/b", key="e-2", file_id="B2")]
    service.answer("GET", "/event-deliveries", {"event-deliveries": rows})
    outcome = waited(ess, service, out)
    assert (outcome.code, files_in(out)) == (9, [])
    assert "error: 2 files name dump 2569, and none of them was fetched\n" in outcome.err
    assert "file id B2\n" in outcome.err


def test_a_notice_may_be_xml_and_come_to_two_configurations(
    ess: Run, service: Scripted, out: Path
) -> None:
    body = (
        f"<event><file_uri>{FILE}?a=1&amp;b=2</file_uri><file_size>{len(PACKED)}</file_size>"
        "<file_name>dump_2569.gz</file_name></event>"
    )
    named = (
        f'<event-delivery><fld-val name="file_uri">{FILE}?a=1&amp;b=2</fld-val>'
        '<fld-val name="file_name">dump_2569.gz</fld-val></event-delivery>'
    )
    first, second = notice(key="e-1"), notice(key="e-1")
    first["event-body"], second["event-body"], second["del-cfg-id"] = body, named, 2
    service.answer("GET", "/event-deliveries", {"event-deliveries": [first, second]})
    outcome = waited(ess, service, out)
    assert outcome.code == 0, outcome
    assert service.sent[-1].path == f"{FILE}?a=1&b=2"
    assert out.read_bytes() == LINES


def test_trouble_while_waiting_is_noted_once_and_waited_through(
    ess: Run, service: Scripted, out: Path
) -> None:
    for _ in range(7):
        service.answer("GET", "/event-deliveries", b"", 503)
    service.answer("GET", "/event-deliveries", {"event-deliveries": [notice()]})
    outcome = waited(ess, service, out)
    assert outcome.code == 0
    assert outcome.err.count("warning: GET /event-deliveries: 503; waiting goes on\n") == 1
    assert starts(service) == 1


def test_refused_credentials_end_the_wait_and_the_way_on_is_said(
    ess: Run, service: Scripted, out: Path
) -> None:
    service.answer("GET", "/event-deliveries", b"", 401)
    outcome = waited(ess, service, out)
    assert outcome.code == 3
    assert "  the dump is not lost; go on with: ess topics dump NIS-Events --resume 2569" in (
        outcome.err
    )


# Before anything is started


def test_without_a_company_id_nothing_is_started(ess: Run, out: Path) -> None:
    service = Scripted()
    outcome = waited(ess, service, out)
    service.close()
    assert (outcome.code, service.sent) == (12, [])
    assert outcome.err == (
        'error: profile "default" has no company-id, without which no file is handed out\n'
        "hint: ess profile set default --company-id N\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        ["NIS-Events", "--wait"],
        ["NIS-Events", "--wait", "--out", "-"],
        ["NIS-Events", "--out", "x"],
        ["NIS-Events", "--allow-file-host", "x"],
        ["NIS-Events", "--since", "1h"],
        ["NIS-Events", "--wait", "--out", "x", "--resume", "1"],
        ["NIS-Events", "--wait", "--out", "x", "--wait-for", "long"],
        ["NIS-Events", "--wait", "--out", "x", "--max-size", "big"],
        ["--resume", "1", "--out", "x", "--dry-run"],
        ["--resume", "1"],
        [],
    ],
)
def test_options_that_do_not_go_together_are_refused(ess: Run, line: list[str]) -> None:
    outcome = ess("topics", "dump", *line, "--debug")
    assert (outcome.code, outcome.out) == (2, "")
    assert "GET" not in outcome.err


def test_a_dry_run_starts_nothing_and_writes_nothing(ess: Run, out: Path) -> None:
    outcome = ess("topics", "dump", "NIS-Events", "--wait", "--out", str(out), "-n")
    assert (outcome.code, outcome.err, files_in(out)) == (0, "", [])
    assert outcome.out.startswith("GET https://sandbox.invalid/ess/v1/topics/NIS-Events/dump-")


def test_a_file_that_cannot_be_written_is_known_before_the_start(ess: Run, tmp_path: Path) -> None:
    outcome = ess("topics", "dump", "NIS-Events", "--wait", "--out", str(tmp_path))
    assert (outcome.code, outcome.out) == (12, "")
    assert ess("topics", "dump", "NIS-Events").out == "reference-id\n2569\n"


# --max-duration


LIMIT = ("--max-duration", "900ms")


@pytest.mark.parametrize(
    "late",
    [
        [on(LIST, hold)],
        [on(LIST, listing(notice())), on(f"GET {FILE}", reply(200, PACKED)[:-20], hold)],
    ],
    ids=["during a look", "during the download"],
)
def test_where_the_time_is_over_the_way_on_is_said_with_exit_code_13(
    wire: Wire, ess: Run, out: Path, late: list[Exchange]
) -> None:
    company(ess)
    out.write_text("old")
    server = wire.serve(*started(*late))
    assert dump(wire, server, out, *LIMIT, timeout_s=60) == (
        13,
        "reference-id\n2569\n",
        "started a dump of the subscriptions to NIS-Events, reference id 2569"
        f" · profile default (http://{server.host})\n"
        "error: ended after 900ms, which is what --max-duration allows\n"
        f"hint: go on with: ess topics dump NIS-Events --resume 2569"
        f" --since 2026-11-23T08:15:00Z --out {out}\n",
    )
    assert (files_in(out), out.read_text()) == (["dump.jsonl"], "old")


@pytest.mark.parametrize(
    ("limit", "number", "code", "said"),
    [
        ("2s", None, 13, "hint: go on with: "),
        ("1h", signal.SIGINT, 130, "the dump is not lost; go on with: "),
        ("1h", signal.SIGTERM, 143, "the dump is not lost; go on with: "),
    ],
)
def test_what_ends_the_pause_between_two_looks_leaves_the_way_on(
    ess: Run,
    service: Scripted,
    home: Path,
    out: Path,
    limit: str,
    number: int | None,
    code: int,
    said: str,
) -> None:
    shell = Shell(home)
    env = shell.environment(ESS_PROFILE="default", ESS_BASE_URL=service.url)
    line = ("topics", "dump", "NIS-Events", "--wait", "--out", str(out), "--max-duration", limit)
    process = shell.start(*line, env=env)
    until(lambda: starts(service) == 1 and "event-deliveries" in service.sent[-1].path)
    if number is not None:
        process.send_signal(number)
    outcome = finished(process)
    assert outcome.code == code
    assert f"{said}ess topics dump NIS-Events --resume 2569 --since " in outcome.err
    assert starts(service) == 1


def test_an_answer_that_comes_after_the_time_is_told_and_the_way_on_is_said(
    wire: Wire, ess: Run, out: Path
) -> None:
    company(ess)
    answer = on(START, wait_until_over, json_reply({"referenceId": "2569"}))
    outcome = dump(wire, wire.serve(on(LIST, listing()), answer), out, *LIMIT, timeout_s=60)
    assert (outcome.code, outcome.out) == (13, "reference-id\n2569\n")
    assert "--max-duration is over\n" in outcome.err
    assert (
        "  the dump is not lost; go on with: ess topics dump NIS-Events --resume 2569"
    ) in outcome.err


def test_where_the_start_is_never_answered_it_may_have_begun(
    wire: Wire, ess: Run, out: Path
) -> None:
    company(ess)
    outcome = dump(wire, wire.serve(on(LIST, listing()), on(START, hold)), out, *LIMIT, timeout_s=2)
    assert (outcome.code, outcome.out, files_in(out)) == (7, "", [])
    assert outcome.err.splitlines()[1:] == [
        "  the change may or may not have been made",
        "hint: look before trying again: the notice comes as event_file_complete:"
        " ess deliveries list --topic MSS-Messages",
    ]
