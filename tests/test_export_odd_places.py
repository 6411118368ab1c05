"""Where an export cannot go, or goes on from what is no state: told before anything is fetched."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.exporting import Deliveries, delivery, service, work

__all__ = ["service", "work"]

EXPORT = ("deliveries", "export", "--format", "jsonl", "--to")


def digest(content: bytes | str) -> str:
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def tree(directory: Path) -> dict[str, str]:
    """All files below it, each with the digest of its content."""
    return {
        path.relative_to(directory).as_posix(): digest(path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ("loop.jsonl", 12, "loop.jsonl cannot be written: Too many levels of symbolic links"),
        ("loop", 12, "loop cannot be written: Too many levels of symbolic links"),
        ("pipe.jsonl", 12, "pipe.jsonl cannot be written: it is not a regular file"),
        ("pipe", 12, "pipe cannot be written: Not a directory"),
        ("astray.jsonl", 12, "nowhere cannot be written: No such file or directory"),
        ("full.jsonl", 12, "full.jsonl cannot be written: it is not a regular file"),
        ("x" * 300, 12, "cannot be written: File name too long"),
        ("", 2, '--to: no target: ""'),
        ("-", 2, '--to: no target: "-"'),
    ],
)
def test_a_target_that_leads_nowhere_is_told_before_anything_is_fetched(
    ess: Run, service: Deliveries, work: Path, target: str, code: int, said: str
) -> None:
    for name, to in (
        ("loop", "loop"),
        ("loop.jsonl", "loop.jsonl"),
        ("astray.jsonl", "nowhere/x.jsonl"),
        ("full.jsonl", "/dev/full"),
    ):
        (work / name).symlink_to(to)
    os.mkfifo(work / "pipe")
    os.mkfifo(work / "pipe.jsonl")
    outcome = ess(*EXPORT, target, env=service.env)
    assert (outcome.code, outcome.out, service.requests) == (code, "", 0)
    assert said in outcome.err
    assert tree(work) == {}


@pytest.fixture
def read_only(work: Path) -> Iterator[Path]:
    """A directory in which nobody can write; for root by an attribute of some file systems."""
    path = work / "read-only"
    path.mkdir(mode=0o500)
    if os.access(path, os.W_OK):
        done = subprocess.run(["chattr", "+i", path], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("nothing keeps this user from writing")
    yield path
    subprocess.run(["chattr", "-i", path], check=False, capture_output=True)
    path.chmod(0o700)


@pytest.mark.parametrize(
    "argv",
    [
        ("export", "--to", "read-only/x.jsonl"),
        ("export", "--to", "read-only"),
        ("export", "--to", "read-only/lake", "--incremental", "state"),
        ("export", "--to", "lake", "--incremental", "read-only/state"),
        ("report", "--html", "read-only/x.html"),
        ("metrics", "--textfile", "read-only/x.prom"),
        ("summary", "--out", "read-only/x.csv"),
    ],
    ids=" ".join,
)
def test_a_read_only_directory_is_found_before_anything_is_fetched(
    ess: Run, service: Deliveries, read_only: Path, argv: tuple[str, ...]
) -> None:
    outcome = ess("deliveries", *argv, env=service.env)
    assert (outcome.code, outcome.out, service.requests) == (12, "", 0)
    assert "cannot be written: " in outcome.err


def test_a_link_to_a_file_to_come_stays_one_and_is_printed_as_it_was_named(
    ess: Run, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(1)]
    (work / "link.jsonl").symlink_to("file.jsonl")
    outcome = ess(*EXPORT, "link.jsonl", env=service.env)
    assert (outcome.code, outcome.out) == (0, "file\trows\nlink.jsonl\t1\n")
    assert (work / "link.jsonl").is_symlink()
    assert sorted(tree(work)) == ["file.jsonl", "link.jsonl"]


def test_what_lies_deeper_in_the_directory_is_nobody_s_business(
    ess: Run, service: Deliveries, work: Path
) -> None:
    mine = work / "home" / "mine"
    mine.mkdir(parents=True)
    partial = mine / "deliveries.jsonl.4194304.partial"
    partial.write_text("mine")
    (mine / "deliveries-000001.jsonl").write_text("mine")
    service.rows = [delivery(1)]
    assert ess(*EXPORT, "home", "--incremental", "state", env=service.env).code == 0
    assert partial.read_text() == "mine"
    assert (work / "home" / "deliveries-000001.jsonl").exists()


# States that are none


def sealed(**changes: Any) -> Callable[[Path], None]:
    """A state with these values and the digest that belongs to them."""

    def change(path: Path) -> None:
        document = json.loads(path.read_bytes()) | changes
        del document["sha256"]
        sum_of_it = digest(json.dumps(document, sort_keys=True))
        path.write_text(json.dumps(document | {"sha256": sum_of_it}))

    return change


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Something else in its place."""

    def change(path: Path) -> None:
        path.unlink()
        make(path)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (instead(os.mkfifo), "cannot be read: it is not a regular file"),
        (instead(Path.mkdir), "cannot be read: it is not a regular file"),
        (instead(lambda path: path.symlink_to("/dev/zero")), "it is not a regular file"),
        (instead(lambda path: path.symlink_to(path)), "Too many levels of symbolic links"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "state is damaged, or no state"),
        (lambda path: path.write_bytes(bytes(range(256))), "state is damaged, or no state"),
        (sealed(**{"ess-export": 2}), "state is of version 2; nothing was fetched"),
        (sealed(exported=["x"]), "state is damaged, or no state"),
        (sealed(sequence=None), "state is damaged, or no state"),
        (sealed(newest=7), "state is damaged, or no state"),
    ],
)
def test_what_is_no_state_is_told_and_left_as_it_is(
    ess: Run, service: Deliveries, work: Path, change: Callable[[Path], None], said: str
) -> None:
    service.rows = [delivery(1)]
    line = (*EXPORT, "lake", "--incremental", "state")
    assert ess(*line, env=service.env).code == 0
    change(work / "state")
    kept = sorted(work.rglob("*")), tree(work / "lake")
    service.requests = 0
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.out, service.requests) == (12, "", 0)
    assert said in outcome.err
    assert (sorted(work.rglob("*")), tree(work / "lake")) == kept


@pytest.mark.parametrize("name", ["", "-"])
def test_a_state_without_a_name_is_a_wrong_call(ess: Run, service: Deliveries, name: str) -> None:
    outcome = ess(*EXPORT, "lake", "--incremental", name, env=service.env)
    assert (outcome.code, service.requests) == (2, 0)


# A disk that is full


@pytest.fixture
def small_disk(work: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this user may mount one."""
    path = work / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("this user may not mount anything")
    yield path
    subprocess.run(["umount", path], check=True)


def rows(count: int) -> list[dict[str, Any]]:
    """Deliveries whose bodies cannot be packed."""
    return [
        delivery(n, **{"event-body": "".join(digest(f"{n}.{part}") for part in range(6))})
        for n in range(count)
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ("--to", "disk/x.jsonl"),
        ("--to", "disk/x.csv.gz"),
        ("--to", "disk/lake"),
        ("--to", "disk/lake", "--incremental", "disk/state"),
        ("--to", "disk/lake", "--format", "jsonl", "--incremental", "disk/state"),
        ("--to", "disk/lake", "--format", "csv.gz", "--incremental", "disk/state"),
    ],
    ids=" ".join,
)
def test_a_full_disk_leaves_what_was_there_and_the_next_run_is_right(
    ess: Run, service: Deliveries, work: Path, small_disk: Path, argv: tuple[str, ...]
) -> None:
    line = ("deliveries", "export", *argv, "--json")
    service.rows = rows(50)
    assert ess(*line, env=service.env).code == 0
    before = tree(small_disk)
    service.rows = rows(6000)
    (small_disk / "filling").write_bytes(bytes(500_000))
    outcome = ess(*line, env=service.env)
    (small_disk / "filling").unlink()
    assert (outcome.code, outcome.out) == (12, "")
    assert "No space left on device" in outcome.err
    assert tree(small_disk) == before
    service.rows = rows(80)
    outcome = ess(*line, env=service.env)
    assert outcome.code == 0
    assert sum(row["rows"] for row in json.loads(outcome.out)) in (30, 80)


def test_where_only_the_state_finds_no_room_the_next_run_writes_the_same_files(
    ess: Run, service: Deliveries, work: Path, small_disk: Path
) -> None:
    line = (*EXPORT, "lake", "--incremental", "disk/state")
    service.rows = rows(50)
    assert ess(*line, env=service.env).code == 0
    service.rows = rows(80)
    state = (small_disk / "state").read_bytes()
    filling = small_disk / "filling"
    with filling.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space"):
        stream.writelines(bytes(4096) for _ in range(500))
    outcome = ess(*line, env=service.env)
    assert outcome.code == 12
    assert "state cannot be written: No space left on device" in outcome.err
    assert (small_disk / "state").read_bytes() == state
    filling.unlink()
    service.rows = rows(90)
    assert ess(*line, env=service.env).out == "file\trows\nlake/deliveries-000002.jsonl\t40\n"
    found = [
        json.loads(text)["event-id"]
        for path in sorted((work / "lake").iterdir())
        for text in path.read_text().splitlines()
    ]
    assert found == [f"event-{number:07d}" for number in range(90)]
