"""``ess listen``: bodies kept in files, and passed on to another webhook."""

from __future__ import annotations

import json
import resource
import socket
import stat
import threading
from pathlib import Path

import pytest

from tests import listening
from tests.conftest import Run
from tests.listening import (
    PATIENCE_S,
    Downstream,
    Listen,
    body,
    interrupted,
    running,
    verdicts,
)

listen = listening.listen


def test_each_event_is_kept_once_as_it_came_under_a_safe_name(
    listen: Listen, tmp_path: Path
) -> None:
    directory = tmp_path / "a" / "b"
    hook = listen("--count", "6", "--save", str(directory), "--fail-first", "1")
    ids = ["-_hc4lnloTSK2aSvrLKiD", "../../evil", "a/b", "nul", "x" * 129]
    for event_id in ids:
        for attempt in (1, 2, 3):
            hook.post(body(event_id, attempt=attempt))
    hook.post(b"<a><eventId>e-9</eventId></a>")
    hook.post(b"<a><eventId>e-9</eventId></a>")
    assert hook.ended().err == "6 events (1 unchecked), 5 duplicates, 6 failed\n"
    kept = {path.name: path for path in directory.iterdir()}
    hashed = [name for name in kept if name.startswith("id-")]
    assert len(hashed) == 4
    assert all(len(name) == len("id-.json") + 32 for name in hashed)
    assert set(kept) - set(hashed) == {"-_hc4lnloTSK2aSvrLKiD.json", "e-9.xml"}
    assert kept["-_hc4lnloTSK2aSvrLKiD.json"].read_bytes() == body(ids[0])
    assert kept["e-9.xml"].read_bytes() == b"<a><eventId>e-9</eventId></a>"
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.values()} == {0o600}
    assert not (tmp_path / "evil.json").exists()


def test_what_is_kept_already_is_never_overwritten(listen: Listen, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "e-2.json").symlink_to(target)
    for attempt in (1, 1, 2):
        hook = listen("--count", "2", "--save", str(tmp_path / "d"))
        hook.post(body("e-1", attempt=attempt))
        hook.post(body("e-2"))
        assert hook.ended().code == 0
    kept = sorted(path.name for path in (tmp_path / "d").iterdir())
    assert kept == ["e-1.2.json", "e-1.json", "e-2.2.json", "e-2.json"]
    assert (tmp_path / "d" / "e-1.json").read_bytes() == body("e-1", attempt=1)
    assert (tmp_path / "d" / "e-1.2.json").read_bytes() == body("e-1", attempt=2)
    assert target.read_text() == "precious"


def test_a_directory_that_cannot_be_written_is_told_before_listening(
    ess: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert ess("listen", "--save", str(tmp_path / "file")) == (
        12,
        "",
        f"error: --save {tmp_path}/file: nothing can be written there: File exists\n",
    )
    assert ess("listen", "--save", "/proc/nowhere").code == 12


def test_an_event_that_cannot_be_saved_is_to_come_again(home: Path, tmp_path: Path) -> None:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    argv = ["--save", str(tmp_path / "d"), "-o", "jsonl", "--count", "1"]
    with running(home, *argv, preexec_fn=no_room) as (hook, process):
        assert hook.post(body("big", topic="x" * 1000)) == 507
        assert hook.post(body("big", topic="x" * 1000)) == 507
        assert hook.post(body("small")) == 200
        out, err = process.communicate(timeout=PATIENCE_S)
    full = ("failed", "--save: File too large", 507)
    assert verdicts([json.loads(line) for line in out.splitlines()]) == [
        full,
        full,
        ("ok", "", 200),
    ]
    assert err == b"1 event, 2 failed\n"
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["small.json"]


def test_an_event_is_passed_on_as_it_came_and_without_its_credentials(listen: Listen) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
    with Downstream() as other:
        other.answers = [(202, {}, b"thanks")]
        address = f"http://127.0.0.1:{other.port}/in?a=b"
        hook = listen("--forward-to", address, "--count", "1", "-o", "jsonl", env=proxy)
        headers = {
            "Content_Type": "application/json; charset=utf-8",
            "X_ESS_EVENT_KEY": "k",
            "Authorization": "Basic c2VjcmV0",
            "Cookie": "a=b",
            "User_Token": "secret",
        }
        assert hook.post(body(), **headers) == 202
        assert verdicts(hook.rows())[0] == ("ok", "", 202)
    assert other.lines == ["POST /in?a=b"]
    ((sent, content),) = other.received
    assert content == body()
    assert set(sent) == {
        *("Host", "Accept-Encoding", "User-Agent", "Content-Length"),
        *("Content-Type", "X-ESS-EVENT-KEY"),
    }
    assert sent["Content-Type"] == "application/json; charset=utf-8"


def test_two_copies_at_a_time_are_passed_on_once(listen: Listen) -> None:
    with Downstream() as other:
        other.pause.clear()
        hook = listen(
            *("--forward-to", f"http://127.0.0.1:{other.port}/", "--count", "2", "-o", "jsonl")
        )
        senders = [threading.Thread(target=hook.post, args=(body("e-1"),)) for _ in range(2)]
        senders[0].start()
        assert other.came.wait(PATIENCE_S)
        senders[1].start()
        # The second copy has its turn once the first one has been answered.
        assert hook.post(body("e-2", topic="")) == 400
        other.pause.set()
        for sender in senders:
            sender.join(PATIENCE_S)
        hook.post(body("e-2"))
        assert sorted(row["verdict"] for row in hook.rows()) == [
            *("duplicate", "invalid", "ok", "ok")
        ]
    assert other.lines == ["POST /"] * 2


def test_what_the_other_webhook_answers_is_answered(listen: Listen) -> None:
    with Downstream() as other:
        elsewhere = {"Location": f"http://127.0.0.1:{other.port}/elsewhere"}
        other.answers = [(500, {}, b"oh"), (302, elsewhere, b""), (0, {}, b""), (-1, {}, b"")]
        other.answers += [(204, {}, b"")]
        address = f"http://127.0.0.1:{other.port}/"
        hook = listen(*("--forward-to", address, "--count", "1", "-o", "jsonl"), "--timeout", "0.5")
        answers = [hook.post(body()) for _ in range(5)]
        rows = verdicts(hook.rows())
    assert answers == [500, 302, 502, 502, 204]
    host = f"127.0.0.1:{other.port}"
    assert rows == [
        ("failed", "--forward-to: answered 500", 500),
        ("failed", "--forward-to: answered 302", 302),
        ("failed", f"--forward-to: the connection to {host} broke off", 502),
        ("failed", f"--forward-to: {host} did not answer, or stalled, for 0.5 s", 502),
        ("ok", "", 204),
    ]
    assert other.lines == ["POST /"] * 5


def test_nobody_at_the_other_end_is_a_bad_gateway(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    argv = ["--forward-to", f"http://localhost:{port}", "-o", "jsonl"]
    with running(home, *argv) as (hook, process):
        assert hook.post(body()) == 502
        out, _ = interrupted(process)
    refused = f"--forward-to: connection to localhost:{port} refused"
    assert verdicts([json.loads(out)]) == [("failed", refused, 502)]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://x/", '--forward-to: it must begin with http:// or https://: "ftp://x/"'),
        ("http://u:s3cret@x/", "--forward-to: it holds a user name or password"),
        ("http://x/#f", '--forward-to: it holds a fragment: "http://x/#f"'),
        ("http://x/a b",
         '--forward-to: it holds a character that must be percent-encoded: "http://x/a b"'),
        ("http://x:99999/", '--forward-to: its host or port is not valid: "http://x:99999/"'),
        ("http:///x", '--forward-to: it names no host: "http:///x"'),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(ess: Run, address: str, said: str) -> None:
    assert ess("listen", "--forward-to", address) == (
        2,
        "",
        f"error: {said}\nhint: for instance --forward-to http://127.0.0.1:8000/ess\n",
    )
