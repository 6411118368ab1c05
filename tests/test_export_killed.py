"""An incremental export that is killed: the next run brings it to its end, or begins it anew."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import buckets
from tests.buckets import CLOSE, Bucket
from tests.conftest import Run
from tests.exporting import Deliveries, delivery, rows_in, service, started, work

__all__ = ["service", "work"]

bucket = buckets.bucket

LINE = ("deliveries", "export", "--to", "lake", "--incremental", "state")
DAY = "ess/topic=NIS-Events/day=2026-11-{}/deliveries-000001.parquet"


def contents(work: Path) -> dict[str, Any]:
    """All that is there, by name."""
    return {
        path.relative_to(work).as_posix(): path.read_bytes()
        for path in work.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("form", ["jsonl", pytest.param("parquet", marks=pytest.mark.long)])
def test_a_run_killed_at_any_point_and_started_again_leaves_what_one_run_leaves(
    ess: Run, service: Deliveries, work: Path, form: str
) -> None:
    before = [delivery(number) for number in range(20)]
    before[3] |= {"delivery-status": "RETRY"}
    after = [delivery(number, topic="a/b" if number % 2 else "c") for number in range(40)]

    def run() -> None:
        assert ess(*LINE, "--format", form, env=service.env).code == 0

    service.rows = before
    run()
    after[:20] = [before[0], *before[1:3], delivery(3), *before[4:]]
    kept = work.parent / "kept"
    shutil.copytree(work, kept)
    service.rows = after
    run()
    wanted = contents(work)
    assert len(wanted) == (4 if form == "jsonl" else 6)
    killed = 0
    while True:
        shutil.rmtree(work / "lake")
        shutil.copytree(kept, work, dirs_exist_ok=True)
        with started(service, *LINE, "--format", form, kill_at=killed + 1) as process:
            process.communicate(timeout=30)
        if process.returncode == 0:
            break
        assert process.returncode == -9
        killed += 1
        run()
        assert contents(work) == wanted, killed
    assert contents(work) == wanted
    assert killed >= 8


def files(work: Path) -> dict[str, list[str]]:
    """The events of each file that is there, and no other."""
    return {
        path.relative_to(work / "lake").as_posix(): [
            row.get("event-id") or row["event_id"] for row in rows_in(path)
        ]
        for path in sorted((work / "lake").rglob("deliveries*"))
        if path.suffix != ".partial"
    }


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_a_killed_run_published_stays_although_the_list_is_another_one_since(
    ess: Run, service: Deliveries, work: Path, form: str
) -> None:
    """It is killed at each renaming: the state, each file, the state."""
    line = (*LINE, "--format", form)
    first = [delivery(number, topic="abcd"[number % 4]) for number in range(40)]
    # All other rows are gone, and there are new ones, some of them in other partitions.
    later = [*first[1::2], *(delivery(number, topic="de"[number % 2]) for number in range(50, 60))]
    seen = []
    for kill_at in range(1, 9):
        shutil.rmtree(work / "lake", ignore_errors=True)
        (work / "state").unlink(missing_ok=True)
        service.rows = []
        assert ess(*line, env=service.env).code == 0
        service.rows = first
        with started(service, *line, kill_at=kill_at, at="os.rename") as process:
            process.communicate(timeout=30)
        if process.returncode == 0:
            break
        before = files(work)
        is_begun = json.loads((work / "state").read_bytes())["sequence"] == 1
        service.rows = later
        outcome = ess(*line, env=service.env)
        assert outcome.code == 0
        after = files(work)
        assert {name: after[name] for name in before} == before
        counted = Counter(event for events in after.values() for event in events)
        wanted = [*first, *later[20:]] if is_begun else later
        assert counted == Counter(row["event-id"] for row in wanted)
        assert sorted(line.split("\t")[0] for line in outcome.out.splitlines()[1:]) == [
            f"lake/{name}" for name in after
        ]
        assert list(work.rglob("*.partial")) == []
        seen.append((is_begun, len(before)))
    partitions = 4 if form == "parquet" else 1
    assert seen == [(False, 0), *((True, number) for number in range(partitions + 1))]


def test_what_is_finished_and_gone_is_told_and_how_to_go_on(
    ess: Run, service: Deliveries, work: Path
) -> None:
    line = (*LINE, "--format", "jsonl")
    assert ess(*line, env=service.env).code == 0
    service.rows = [delivery(0), delivery(1)]
    with started(service, *line, kill_at=2, at="os.rename") as process:
        process.communicate(timeout=30)
    (staged,) = (work / "lake").iterdir()
    staged.unlink()
    requests = service.requests
    outcome = ess(*line, env=service.env)
    assert outcome == (
        12,
        "",
        "error: deliveries-000001.jsonl is finished, and neither in its place nor where it was"
        f" staged\n  staged: {staged.name}\n  rows: 2\n"
        "hint: put it back; or, if it has been taken away, an empty file of that name\n",
    )
    assert service.requests == requests
    (work / "lake" / "deliveries-000001.jsonl").touch()
    service.rows.append(delivery(2))
    assert ess(*line, env=service.env).code == 0
    (row,) = rows_in(work / "lake" / "deliveries-000002.jsonl")
    assert row["event-id"] == "event-0000002"


def test_a_bucket_gets_the_rest_of_what_a_killed_run_was_sending(
    ess: Run, service: Deliveries, bucket: Bucket, work: Path
) -> None:
    line = ("deliveries", "export", "--to", "s3://lake/ess", "--incremental", "state")
    service.rows = [delivery(1), delivery(1441), delivery(2)]
    process = started(service, *line, env=bucket.env)

    def kill(method: str, key: str, query: str) -> int | None:
        if "day=2026-11-23" in key:
            process.kill()
            return CLOSE
        return None

    with process:
        bucket.fails = kill
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert sorted(path.name for path in work.iterdir()) == ["state", "state.lock", "state.staged"]
    bucket.fails = lambda method, key, query: None
    service.rows = []
    outcome = ess(*line, env={**service.env, **bucket.env})
    assert outcome == (
        0,
        f"file\trows\ns3://lake/{DAY.format(22)}\t2\ns3://lake/{DAY.format(23)}\t1\n",
        "exported 3 deliveries · default\n",
    )
    assert sorted(bucket.objects) == ["ess/_ess-export", DAY.format(22), DAY.format(23)]
    assert sorted(path.name for path in work.iterdir()) == ["state", "state.lock"]


def test_what_a_killed_run_staged_for_a_bucket_is_taken_away_by_the_next(
    ess: Run, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("ess-export-a.999999999", "ess-export-b.1", f"ess-export-c.{os.getpid()}"):
        (tmp_path / f"{name}.partial" / "topic=a").mkdir(parents=True)
        (tmp_path / f"{name}.partial" / "topic=a" / "deliveries.parquet").touch()
    outcome = ess("deliveries", "export", "--to", "s3://lake/ess", env=bucket.env)
    assert outcome.code == 0
    # Process 1 always lives.
    assert [each.name for each in tmp_path.glob("ess-export-*")] == ["ess-export-b.1.partial"]


# Two signals reach the run while its thread makes a file.
_TWICE = """
import os, signal, sys, threading, time
def hook(event, args):
    if event == "open" and str(args[0]).endswith(".partial"):
        if threading.current_thread() is not threading.main_thread():
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.3)
sys.addaudithook(hook)
from ess_cli.main import main
sys.exit(main(sys.argv[3:]))
"""


def test_a_second_signal_leaves_nothing_behind(service: Deliveries, work: Path) -> None:
    service.rows = [delivery(number, **{"event-body": "x" * 20_000}) for number in range(1400)]
    # The directory is not empty without the file, and stays.
    other = work / "lake" / "topic=NIS-Events" / "day=2026-11-22" / "notes.txt"
    other.parent.mkdir(parents=True)
    other.touch()
    with started(service, *LINE, script=_TWICE) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, b"", b"")
    assert list(other.parent.iterdir()) == [other]
