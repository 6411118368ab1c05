"""An incremental export that is killed: the next run brings it to its end, or begins it anew."""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.exporting import Deliveries, delivery, rows_in, service, started, work

__all__ = ["service", "work"]

LINE = ("deliveries", "export", "--to", "lake", "--incremental", "state")


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
    """It is killed at each renaming: the state, each file, the state, the state once printed."""
    line = (*LINE, "--format", form)
    first = [delivery(number, topic="abcd"[number % 4]) for number in range(40)]
    # All other rows are gone, and there are new ones, some of them in other partitions.
    later = [*first[1::2], *(delivery(number, topic="de"[number % 2]) for number in range(50, 60))]
    seen = []
    for kill_at in range(1, 12):
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
    numbers = [*range(partitions + 1), partitions]
    assert seen == [(False, 0), *((True, number) for number in numbers)]


def killed_before_its_file_is_in_place(service: Deliveries, work: Path) -> Path:
    """A first run that has finished deliveries 0 and 1; the file that it staged."""
    service.rows = [delivery(0), delivery(1)]
    with started(service, *LINE, "--format", "jsonl", kill_at=3, at="os.rename") as process:
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    (staged,) = (work / "lake").glob("*.partial")
    return staged


def test_what_is_finished_and_gone_is_told_once(ess: Run, service: Deliveries, work: Path) -> None:
    line = (*LINE, "--format", "jsonl")
    killed_before_its_file_is_in_place(service, work).unlink()
    requests = service.requests
    outcome = ess(*line, env=service.env)
    assert outcome == (
        12,
        "",
        "error: 2 exported rows may be in no file: what was finished is neither in its place nor"
        f" staged any more\n  {work}/lake/deliveries-000001.jsonl, 2 rows\n"
        "hint: unless it was taken away from there, begin anew, with another state file and target;"
        " else run it again, and it goes on without these\n",
    )
    assert service.requests == requests
    service.rows.append(delivery(2))
    outcome = ess(*line, env=service.env)
    assert (outcome.code, files(work)) == (0, {"deliveries-000002.jsonl": ["event-0000002"]})


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (["--format", "jsonl", "--attempts", "--incremental", "other"], 0),
        (["--format", "csv", "--incremental", "other"], 0),
        (["--format", "csv"], 0),
        (["--format", "jsonl"], 0),
        (["--format", "jsonl", "--incremental", "staet"], 0),
    ],
)
def test_another_export_leaves_what_a_killed_one_has_finished(
    ess: Run, service: Deliveries, work: Path, other: list[str], code: int
) -> None:
    staged = killed_before_its_file_is_in_place(service, work)
    content = staged.read_bytes()
    outcome = ess("deliveries", "export", "--to", "lake", *other, env=service.env)
    assert (outcome.code, staged.read_bytes()) == (code, content)
    theirs = {path: path.read_bytes() for path in (work / "lake").iterdir() if path != staged}
    outcome = ess(*LINE, "--format", "jsonl", env=service.env)
    mine = work / "lake" / "deliveries-000001.jsonl"
    if mine in theirs:  # under a mistyped state, or without one
        assert outcome == (
            12,
            "",
            f"error: {mine} is there already, and not of this export\n"
            "hint: each export has a target of its own; what this one has finished stays staged\n",
        )
        mine.unlink()
        del theirs[mine]
        assert ess(*LINE, "--format", "jsonl", env=service.env).code == 0
    assert {path: path.read_bytes() for path in theirs} == theirs
    assert mine.read_bytes() == content


def test_what_was_put_in_place_is_printed_by_the_next_run_that_ends_well(
    ess: Run, service: Deliveries, work: Path
) -> None:
    killed_before_its_file_is_in_place(service, work)
    line = (*LINE, "--format", "jsonl", "-q", "--no-header")
    service.before = lambda number: 403
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.out) == (3, "")
    (file,) = (work / "lake").iterdir()
    # Somebody takes what is there, and need not have read what a run printed.
    file.unlink()
    service.before = lambda number: None
    assert ess(*line, env=service.env) == (0, "lake/deliveries-000001.jsonl\t2\n", "")
    assert ess(*line, env=service.env) == (0, "", "")


def test_what_others_have_in_the_directory_stays(ess: Run, service: Deliveries, work: Path) -> None:
    (work / "lake").mkdir()
    names = ("movie.999999999.partial", "x.\u00b2.partial", "deliveries.jsonl.1.partial")
    for name in names:
        (work / "lake" / name).touch()
    (work / ".state.original").touch()
    gone = work / "lake" / "topic=gone" / "day=2026-11-22"
    gone.mkdir(parents=True)
    (gone / "deliveries.parquet.999999999.partial").touch()
    service.rows = [delivery(0)]
    outcome = ess("deliveries", "export", "--to", "lake", "--format", "csv", env=service.env)
    assert outcome.code == 0
    assert {path.name for path in (work / "lake").iterdir()} == {*names, "deliveries.csv"}
    assert ess(*LINE, "--format", "jsonl", env=service.env).code == 0
    assert (work / ".state.original").exists()


def test_a_directory_may_have_any_name(ess: Run, service: Deliveries, work: Path) -> None:
    service.rows = [delivery(0)]
    outcome = ess("deliveries", "export", "--to", "la\udcffke", env=service.env)
    assert outcome.code == 0
    assert len(list((work / "la\udcffke").rglob("*.parquet"))) == 1


# Two signals reach the run while its thread has staged a file, and has not opened it.
_TWICE = """
import os, signal, sys, threading, time
signals = [signal.SIGTERM, signal.SIGTERM]
def profile(frame, event, arg):
    code = frame.f_code
    if event == "call" and (code.co_name, code.co_filename[-10:]) == ("__init__", "parquet.py"):
        while signals:
            os.kill(os.getpid(), signals.pop())
            time.sleep(0.4)
threading.setprofile(profile)
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
