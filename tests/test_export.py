"""``ess deliveries export``: files that are whole, with each row once."""

from __future__ import annotations

import csv
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.examples import reply_to
from tests.exporting import Deliveries, delivery, service, work
from tests.services import Scripted

__all__ = ["service", "work"]


def ids(path: Path) -> list[str]:
    """The events of a file of JSON lines."""
    return [json.loads(line)["event-id"] for line in path.read_text().splitlines()]


def files(path: Path) -> list[str]:
    """All that is below a directory."""
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())


# Formats and filters


def test_jsonl_has_the_service_s_own_objects(ess: Run, work: Path) -> None:
    outcome = ess("deliveries", "export", "--to", "all.jsonl")
    assert outcome.code == 0
    assert outcome.out == "file\trows\nall.jsonl\t62\n"
    assert outcome.err == "exported 62 deliveries · sandbox\n"
    rows = [json.loads(line) for line in (work / "all.jsonl").read_text().splitlines()]
    assert rows[:2] == reply_to("GET /event-deliveries")["event-deliveries"]
    assert files(work) == ["all.jsonl"]
    assert (work / "all.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_name_that_ends_with_gz_is_packed_and_the_same_each_time(ess: Run, work: Path) -> None:
    assert ess("deliveries", "export", "--to", "one.jsonl.gz").code == 0
    assert ess("deliveries", "export", "--to", "two.jsonl.gz").code == 0
    assert ess("deliveries", "export", "--to", "LOUD.JSONL.GZ").code == 0
    assert ess("deliveries", "export", "--to", "plain.jsonl").code == 0
    packed = (work / "one.jsonl.gz").read_bytes()
    assert packed == (work / "two.jsonl.gz").read_bytes() == (work / "LOUD.JSONL.GZ").read_bytes()
    assert gzip.decompress(packed) == (work / "plain.jsonl").read_bytes()


def test_csv_is_exact_and_has_every_column(ess: Run, service: Deliveries, work: Path) -> None:
    service.rows = [delivery(1, **{"del-cfg-nm": '=a,"b"\r\n+c', "event-body": "<x>\x00</x>"})]
    assert ess("deliveries", "export", "--to", "x.csv", env=service.env).code == 0
    with (work / "x.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            [
                *("event-id", "time", "status", "topic", "event-type", "cfg-id"),
                *("configuration", "address", "body"),
            ],
            [
                *("event-0000001", "2026-11-22T00:01:00Z", "SUCCESS", "NIS-Events"),
                *("porting_event", "1266", '=a,"b"\r\n+c', "https://hooks.example.com/ess"),
                "<x>\x00</x>",
            ],
        ]


def test_cells_of_csv_are_guarded_where_a_spreadsheet_is_to_read_them(
    ess: Run, service: Deliveries, work: Path
) -> None:
    body = '{"number": "+12025550123", "note": "=1+1"}'
    service.rows = [delivery(1, **{"del-cfg-nm": "=cmd()", "event-body": body})]
    line = ("deliveries", "export", "--to", "x.csv", "--body", "number,note", "--excel")
    assert ess(*line, env=service.env).code == 0
    with (work / "x.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    found = row["configuration"], row["body.number"], row["body.note"]
    assert found == ("'=cmd()", "+12025550123", "'=1+1")


def test_attempts_are_told_apart_by_their_number(ess: Run, work: Path) -> None:
    assert ess("deliveries", "export", "--attempts", "--to", "x.jsonl").code == 0
    listed = ess("deliveries", "attempts", "--all", "-o", "jsonl").out
    assert (work / "x.jsonl").read_text() == listed
    assert len(listed.splitlines()) == 87


@pytest.mark.parametrize("command", [["export", "--to", "x.jsonl"], ["attempts", "-o", "jsonl"]])
def test_attempts_of_two_configurations_of_one_name_are_all_there(
    ess: Run, work: Path, command: list[str]
) -> None:
    service = Scripted()
    twin = {"event-id": "e", "del-cfg-nm": "twin", "attempt-number": 1}
    addresses = ["https://one.example.com/", "https://two.example.com/"]
    for rows in *([{**twin, "del-addr": address}] for address in addresses), []:
        reply = {"paged-result": {"limit": 1}, "attempts": rows}
        service.answer("GET", "/event-delivery-attempts", reply)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    options = ("--attempts",) if "export" in command else ("--all",)
    outcome = ess("deliveries", *command, *options, "--page-size", "1", env=env)
    service.close()
    assert outcome.code == 0
    text = (work / "x.jsonl").read_text() if "export" in command else outcome.out
    assert [json.loads(line)["del-addr"] for line in text.splitlines()] == addresses


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--status", "FAILED"], 1),
        (["--topic", "Other"], 1),
        (["--event-type", "other_event"], 1),
        (["--since", "2026-11-22T00:08:00Z"], 2),
        (["--until", "2026-11-22T00:03:00Z"], 3),
        (["--since", "2026-11-22T00:01:00Z", "--until", "2026-11-22T00:03:00Z"], 2),
    ],
)
def test_filters_choose_rows(
    ess: Run, service: Deliveries, work: Path, options: list[str], count: int
) -> None:
    service.rows = [delivery(number) for number in range(10)]
    service.rows[4] |= {"delivery-status": "FAILED"}
    service.rows[5] |= {"topic": "Other"}
    service.rows[6] |= {"event-type": "other_event"}
    assert ess("deliveries", "export", "--to", "x.jsonl", *options, env=service.env).code == 0
    assert len(ids(work / "x.jsonl")) == count


@pytest.mark.parametrize("command", [["export", "--to", "x.jsonl"], ["list"], ["attempts"]])
def test_a_status_that_is_not_known_is_warned_of_even_quietly(
    ess: Run, work: Path, command: list[str]
) -> None:
    outcome = ess("deliveries", *command, "--status", "failed", "--quiet")
    assert outcome.code == 0
    assert outcome.err == (
        'warning: --status: "failed" is none of those known: SUCCESS, PENDING, RETRY, FAILED\n'
    )
    assert ess("deliveries", *command, "--status", "FAILED", "--quiet").err == ""


def test_one_configuration_by_its_name(ess: Run, work: Path) -> None:
    assert ess("deliveries", "export", "--to", "x.jsonl", "--cfg", "sai").code == 0
    names = {json.loads(line)["del-cfg-nm"] for line in (work / "x.jsonl").read_text().splitlines()}
    assert names == {"sai"}


@pytest.mark.parametrize(
    "body",
    [
        '{"number": "+12025550123", "n": 7, "deep": {"a": [1]}}',
        '{"fld-val-list": {"number": "+12025550123", "n": 7, "deep": {"a": [1]}}}',
        '{"event": {"fld-val-list": {"number": "+12025550123", "n": 7, "deep": {"a": [1]}}}}',
    ],
)
def test_fields_of_the_event_are_columns_on_request(
    ess: Run, service: Deliveries, work: Path, body: str
) -> None:
    service.rows = [delivery(1, **{"event-body": body}), delivery(2, **{"event-body": "<x/>"})]
    fields = ("--body", "number, n,deep,none")
    assert ess("deliveries", "export", "--to", "x.csv", *fields, env=service.env).code == 0
    with (work / "x.csv").open(newline="") as file:
        rows = [row[-4:] for row in csv.reader(file)]
    assert rows == [
        ["body.number", "body.n", "body.deep", "body.none"],
        ["+12025550123", "7", '{"a":[1]}', ""],
        ["", "", "", ""],
    ]
    assert ess("deliveries", "export", "--to", "x.jsonl", *fields, env=service.env).code == 0
    first, second = map(json.loads, (work / "x.jsonl").read_text().splitlines())
    assert (first["body.n"], first["body.deep"], first["body.none"]) == (7, {"a": [1]}, None)
    assert second["body.number"] is None


@pytest.mark.parametrize("target", ["x.jsonl", "x.csv", "x"])
def test_a_body_that_is_not_strict_json_has_no_fields_and_ends_nothing(
    ess: Run, service: Deliveries, work: Path, target: str
) -> None:
    bodies = ['{"n": NaN}', '{"n": 1e999}', '{"n": "\\ud800"}', '{"n": 7}']
    rows = enumerate(bodies)
    service.rows = [delivery(number, **{"event-body": body}) for number, body in rows]
    line = ("deliveries", "export", "--to", target, "--body", "n")
    assert ess(*line, env=service.env).code == 0
    if target == "x.jsonl":
        read = map(json.loads, (work / "x.jsonl").read_text().splitlines())
        found = [(row["event-body"], row["body.n"]) for row in read]
        assert found == [(body, None) for body in bodies[:3]] + [(bodies[3], 7)]


# Once each


def test_a_list_that_grows_at_its_beginning_gives_each_row_once(
    ess: Run, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(number) for number in reversed(range(100))]

    def grow(number: int) -> None:
        service.rows[:0] = [delivery(100 + number * 9 + more) for more in range(9)]

    service.before = grow
    outcome = ess("deliveries", "export", "--to", "x.jsonl", "--page-size", "10", env=service.env)
    assert outcome.code == 0
    found = ids(work / "x.jsonl")
    assert len(found) == len(set(found))
    assert {f"event-{number:07d}" for number in range(100)} <= set(found)


def test_a_row_seen_again_long_after_is_dropped(ess: Run, service: Deliveries, work: Path) -> None:
    service.rows = [delivery(number) for number in range(60)]
    service.rows[55] = delivery(2, **{"delivery-status": "FAILED"})
    service.rows[56] = delivery(3, **{"del-cfg-id": 7})
    assert (
        ess("deliveries", "export", "--to", "x.jsonl", "--page-size", "5", env=service.env).code
        == 0
    )
    found = ids(work / "x.jsonl")
    assert found.count("event-0000002") == 1
    assert found.count("event-0000003") == 2
    assert len(found) == 59


# Bad days


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("missing/x.jsonl", "missing cannot be written: No such file or directory"),
        ("file/x.jsonl", "file cannot be written: Not a directory"),
        ("/dev/null", "/dev/null cannot be written: Not a directory"),
        ("/proc/x.jsonl", "/proc cannot be written: No such file or directory"),
    ],
)
def test_a_target_that_cannot_be_written_is_found_before_anything_is_fetched(
    ess: Run, service: Deliveries, work: Path, target: str, said: str
) -> None:
    (work / "file").write_text("")
    line = ("deliveries", "export", "--to", target, "--cfg", "sai")
    more = () if target.endswith(".jsonl") else ("--format", "jsonl")
    outcome = ess(*line, *more, env=service.env)
    assert (outcome.code, outcome.out, service.requests) == (12, "", 0)
    assert said in outcome.err


@pytest.mark.parametrize(
    "options",
    [
        ["--to", "x.xml"],
        ["--to", "x.parquet"],
        ["--to", "x.ndjson"],
        ["--to", "x.sql.gz"],
        ["--to", ""],
        ["--to", "-"],
        ["--to", "x.csv", "--format", "jsonl"],
        ["--to", "x", "--format", "xml"],
        ["--to", "x.jsonl", "--incremental", "state"],
        ["--to", "x.jsonl", "--body", ","],
        ["--to", "x", "--body", "a-b,c,a_b"],
        ["--to", "x", "--body", "number,Number"],
        ["--to", "x.jsonl", "--since", "whenever"],
        ["--to", "x.jsonl", "--until", "whenever"],
        ["--to", "x.jsonl", "--param", "no-value"],
        ["--to", "x", "--format", "csv", "--incremental", "state", "--overlap", "long"],
        ["--to", "x.csv", "--overlap", "2h"],
    ],
)
def test_a_wrong_call_writes_nothing(
    ess: Run, service: Deliveries, work: Path, options: list[str]
) -> None:
    assert ess("deliveries", "export", *options, env=service.env).code == 2
    assert (list(work.iterdir()), service.requests) == ([], 0)


@pytest.mark.parametrize(("status", "code"), [(503, 6), (401, 3), (400, 5)])
def test_a_service_that_dies_leaves_the_old_file_whole_and_the_next_run_right(
    ess: Run, service: Deliveries, work: Path, status: int, code: int
) -> None:
    service.rows = [delivery(number) for number in range(7000)]
    line = ("deliveries", "export", "--to", "x.jsonl", "--page-size", "10")
    (work / "x.jsonl").write_text("old\n")
    service.before = lambda number: status if number >= 700 else None
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.out) == (code, "")
    assert (work / "x.jsonl").read_text() == "old\n"
    assert files(work) == ["x.jsonl"]
    service.before = lambda number: None
    assert ess(*line, env=service.env).code == 0
    assert ids(work / "x.jsonl") == [f"event-{number:07d}" for number in range(7000)]


def process(
    service: Deliveries, home: Path, *argv: str, file_limit: int | None = None
) -> subprocess.Popen[bytes]:
    """``ess deliveries export`` in a process of its own."""

    def limited() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "deliveries", "export", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **service.env,
        },
        preexec_fn=limited,
    )


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.csv"])
def test_a_disk_that_is_full_leaves_the_old_file_whole(
    service: Deliveries, work: Path, home: Path, name: str
) -> None:
    service.rows = [delivery(number) for number in range(5000)]
    (work / name).write_text("old\n")
    with process(service, home, "--to", name, file_limit=50_000) as running:
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (12, b"")
    assert f"error: {name} cannot be written: File too large".encode() in err
    assert b"Exception ignored" not in err
    assert (work / name).read_text() == "old\n"
    assert files(work) == [name]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_run_that_is_ended_leaves_the_old_file_whole_and_the_next_one_tidies_up(
    ess: Run, service: Deliveries, work: Path, home: Path, number: int, code: int
) -> None:
    service.rows = [delivery(number) for number in range(50)]
    (work / "x.jsonl").write_text("old\n")
    started: list[subprocess.Popen[bytes]] = []

    def end(request: int) -> None:
        if request == 3:
            started[0].send_signal(number)
            started[0].wait(30)

    service.before = end
    with process(service, home, "--to", "x.jsonl", "--page-size", "10") as running:
        started.append(running)
        running.communicate(timeout=30)
    assert running.returncode == code
    assert (work / "x.jsonl").read_text() == "old\n"
    assert len(files(work)) == (2 if number == signal.SIGKILL else 1)
    service.before = lambda number: None
    assert ess("deliveries", "export", "--to", "x.jsonl", env=service.env).code == 0
    assert files(work) == ["x.jsonl"]
    assert len(ids(work / "x.jsonl")) == 50


def test_two_exports_at_once_leave_each_other_s_files_alone(
    ess: Run, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(1)]
    # The process of number 1 is always there.
    (work / "x.jsonl.1.partial").write_text("another's")
    assert ess("deliveries", "export", "--to", "x.jsonl", env=service.env).code == 0
    assert files(work) == ["x.jsonl", "x.jsonl.1.partial"]


def test_what_is_printed_says_which_files(ess: Run, work: Path) -> None:
    line = ("deliveries", "export", "--to", "d", "--format", "csv", "--attempts", "--json")
    assert json.loads(ess(*line).out) == [{"file": "d/attempts.csv", "rows": 87}]
    document: Any = json.loads(ess("deliveries", "export", "--to", "x.csv", "--json").out)
    assert document == [{"file": "x.csv", "rows": 62}]
