"""``ess listen`` in a process of its own: how it ends, and what is out by then."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests import listening
from tests.conftest import Run
from tests.listening import (
    PASSWORD,
    PATIENCE_S,
    Downstream,
    body,
    running,
)
from tests.test_auth import on_terminal

listen = listening.listen


def test_the_time_that_was_allowed(ess: Run) -> None:
    outcome = ess("listen", "--port", "0", "--for", "50ms", "-o", "json", "-q")
    assert outcome == (0, "[]\n", "")
    outcome = ess("listen", "--port", "0", "--for", "50ms", "--count", "1", "--no-header", "-q")
    assert outcome == (13, "", "error: --for 50ms: 0 of 1 events were taken\n")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_cleanly_with_a_count(home: Path, sent: signal.Signals, code: int) -> None:
    with running(home, "-o", "json") as (hook, process):
        idle = socket.create_connection(("127.0.0.1", hook.port))
        assert [hook.post(body()), hook.post(body()), hook.post(b"")] == [200, 200, 400]
        process.send_signal(sent)
        out, err = process.communicate(timeout=PATIENCE_S)
        idle.close()
    assert process.returncode == code
    assert [row["verdict"] for row in json.loads(out)] == ["ok", "duplicate", "invalid"]
    assert err == b"1 event, 1 duplicate, 1 invalid\n"


def test_ctrl_c_before_the_count_is_an_interruption(home: Path) -> None:
    with running(home, "--count", "2", "-o", "jsonl") as (hook, process):
        assert hook.post(body()) == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, len(out.splitlines())) == (130, 1)
    assert err == b"1 event\ninterrupted\n"


def test_ctrl_c_during_a_delay_answers_what_is_in_flight(home: Path) -> None:
    with running(home, "--delay", "1h", "-o", "jsonl") as (hook, process):
        answers: list[http.client.HTTPResponse] = []
        sender = threading.Thread(target=lambda: answers.append(hook.reply(body())))
        sender.start()
        assert process.stdout is not None
        # The row is there at once; its answer is held back.
        assert json.loads(process.stdout.readline())["verdict"] == "ok"
        assert answers == []
        process.send_signal(signal.SIGINT)
        sender.join(PATIENCE_S)
        assert (answers[0].status, answers[0].getheader("Connection")) == (200, "close")
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("form", ["jsonl", "tsv", "table"])
def test_each_row_is_let_out_at_once(home: Path, form: str) -> None:
    with running(home, "-o", form, "--no-header") as (hook, process):
        assert process.stdout is not None
        for name in ("first", "second"):
            assert hook.post(body(name)) == 200
            shown = b""
            while name.encode() not in shown:
                assert select.select([process.stdout], [], [], PATIENCE_S)[0]
                shown += os.read(process.stdout.fileno(), 65536)


def test_a_reader_that_goes_away_ends_it_quietly(home: Path) -> None:
    read_end, write_end = os.pipe()
    with running(home, "-o", "jsonl", stdout=write_end) as (hook, process):
        os.close(write_end)
        assert hook.post(body("e-1")) == 200
        assert os.read(read_end, 10) == b'{"received'
        os.close(read_end)
        assert hook.post(body("e-2")) == 200
        assert process.wait(PATIENCE_S) == 141
        assert process.stderr is not None
        assert process.stderr.read() == b""
    with pytest.raises(ConnectionRefusedError):
        hook.post(body())


def test_a_reader_that_has_stopped_reading_keeps_it_no_longer(home: Path) -> None:
    read_end, write_end = os.pipe()
    with running(home, "-o", "jsonl", stdout=write_end) as (hook, process):
        os.close(write_end)
        # More than a pipe holds: the run is stuck in a write, and still takes events.
        assert hook.post(body("e-1", topic="x" * 100_000)) == 200
        assert select.select([read_end], [], [], PATIENCE_S)[0]
        assert hook.post(body("e-2")) == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 143
    os.close(read_end)


def test_a_second_ctrl_c_leaves_at_once(home: Path) -> None:
    with Downstream() as other:
        other.answers = [(-1, {}, b"")]
        address = f"http://127.0.0.1:{other.port}/"
        with running(home, "--forward-to", address) as (hook, process):
            threading.Thread(target=hook.lost, args=(body(),), daemon=True).start()
            assert other.came.wait(PATIENCE_S)
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)  # it waits for the other webhook's answer
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 130


def test_a_full_disk_behind_stdout_is_told(home: Path) -> None:
    with Path("/dev/full").open("wb") as full, running(home, stdout=full) as (hook, process):
        assert hook.post(body("e-1")) == 200
        assert process.wait(PATIENCE_S) == 12


def test_a_terminal_shows_a_table_that_grows(home: Path) -> None:
    import pty

    master, slave = pty.openpty()
    with running(home, stdout=slave) as (hook, process):
        os.close(slave)
        shown = b""
        for name in ("first", "se\x1b[2Jcond"):
            assert hook.post(body(name)) == 200
            while shown.count(b" ok") < (1 if name == "first" else 2):
                shown += os.read(master, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    os.close(master)
    header, first, second = shown.decode().replace("\r\n", "\n").splitlines()
    assert header == (
        "RECEIVED                  TOPIC             EVENT TYPE            EVENT ID"
        "                ATTEMPT  VERDICT    DETAIL"
    )
    assert first[24:] == (
        "  NIS-Events        porting_event         first                         1  ok"
    )
    assert second[24:] == (
        "  NIS-Events        porting_event         se\\x1b[2Jcond                 1  ok"
    )


def test_the_password_is_asked_for_on_a_terminal(tmp_path: Path) -> None:
    argv = ["listen", "--port", "0", "--basic", "Admin", "--for", "100ms", "-q"]
    prompt = "password of the receiver: "
    code, screen = on_terminal(tmp_path, argv, [(prompt, f"{PASSWORD}\n")])
    assert (code, screen) == (0, f"{prompt}\n")
