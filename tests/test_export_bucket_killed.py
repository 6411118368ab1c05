"""An export to a bucket that is killed, and what else is in its way."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests import buckets
from tests.buckets import CLOSE, Bucket
from tests.conftest import Run
from tests.exporting import Deliveries, delivery, service, started, work

__all__ = ["service", "work"]

bucket = buckets.bucket

DAY = "ess/topic=NIS-Events/day=2026-11-{}/deliveries-000001.parquet"


def test_a_bucket_gets_the_rest_of_what_a_killed_run_was_sending(
    ess: Run, service: Deliveries, bucket: Bucket, work: Path
) -> None:
    """The state is reached by a link; what was sent is taken out of the bucket by somebody."""
    (work / "there").mkdir()
    (work / "link").symlink_to(work / "there" / "state")
    line = ("deliveries", "export", "--to", "s3://lake/ess", "--incremental")
    service.rows = [delivery(1), delivery(1441), delivery(2)]
    process = started(service, *line, "link", env=bucket.env)
    marked = work / "there" / "state.staged" / DAY.format(22).removeprefix("ess/")

    def kill(method: str, key: str, query: str) -> int | None:
        if "day=2026-11-23" in key:
            while not marked.exists() or marked.stat().st_size:
                time.sleep(0.01)
            process.kill()
            return CLOSE
        return None

    with process:
        bucket.fails = kill
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    del bucket.objects[DAY.format(22)]
    bucket.fails = lambda method, key, query: None
    service.rows = []
    outcome = ess(*line, "there/state", env={**service.env, **bucket.env})
    assert outcome == (
        0,
        f"file\trows\ns3://lake/{DAY.format(22)}\t2\ns3://lake/{DAY.format(23)}\t1\n",
        "exported 3 deliveries · default\n",
    )
    assert sorted(bucket.objects) == ["ess/_ess-export", DAY.format(23)]
    assert sorted(path.name for path in (work / "there").iterdir()) == ["state", "state.lock"]


def test_an_object_that_this_export_has_not_written_stays(
    ess: Run, service: Deliveries, bucket: Bucket, work: Path
) -> None:
    line = ("deliveries", "export", "--to", "s3://lake/ess", "--incremental", "state")
    service.rows = [delivery(1)]

    def meanwhile(number: int) -> None:
        bucket.objects[DAY.format(22)] = b"another's"

    service.before = meanwhile
    outcome = ess(*line, env={**service.env, **bucket.env})
    assert outcome.code == 12
    assert bucket.objects[DAY.format(22)] == b"another's"


def test_a_staging_directory_that_cannot_be_is_found_before_anything_is_fetched(
    ess: Run, service: Deliveries, bucket: Bucket, work: Path
) -> None:
    (work / "state.staged").write_text("somebody's")
    line = ("deliveries", "export", "--to", "s3://lake/ess", "--incremental", "state")
    outcome = ess(*line, env={**service.env, **bucket.env})
    assert (outcome.code, service.requests) == (12, 0)
    assert outcome.err == f"error: {work}/state.staged cannot be written: Not a directory\n"


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
