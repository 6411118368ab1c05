"""A bucket that refuses, is not there, or goes away in the middle of an export."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests import buckets
from tests.buckets import CLOSE, HOLD, ID, SECRET, Bucket
from tests.conftest import Outcome, Run
from tests.exporting import Deliveries, delivery, service

__all__ = ["service"]

bucket = buckets.bucket

LINE = ("deliveries", "export", "--to", "s3://lake/ess")
GOING = (*LINE, "--incremental", "state")
DAY = "ess/topic=NIS-Events/day=2026-11-{}/deliveries{}.parquet"


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that the test works in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Export:
    """Runs an export to the bucket, and checks that no secret is shown."""

    def __init__(self, run: Run, service: Deliveries, bucket: Bucket) -> None:
        self._run = run
        self._env = {**service.env, **bucket.env}

    def __call__(self, *argv: str) -> Outcome:
        outcome = self._run(*argv, env=self._env)
        for bad in (ID, SECRET, "Traceback", "a bug in ess"):
            assert bad not in outcome.out + outcome.err
        return outcome


@pytest.fixture
def export(ess: Run, service: Deliveries, bucket: Bucket) -> Export:
    return Export(ess, service, bucket)


@pytest.mark.parametrize(("status", "code"), [(403, 12), (404, 12)])
def test_a_bucket_that_refuses_is_found_before_anything_is_fetched(
    export: Export, service: Deliveries, bucket: Bucket, status: int, code: int
) -> None:
    bucket.fails = lambda method, key, query: status
    outcome = export(*LINE)
    assert (outcome.code, outcome.out, service.requests) == (code, "", 0)
    assert outcome.err.startswith("error: s3://lake/ess cannot be written")


def test_a_server_that_is_not_there_is_given_up_and_temporary(
    export: Export, service: Deliveries, bucket: Bucket
) -> None:
    bucket.close()
    outcome = export(*LINE)
    assert (outcome.code, service.requests) == (6, 0)
    assert "connect to server" in outcome.err  # the words before differ between versions


@pytest.mark.parametrize(
    "from_request",
    # What each leaves behind keeps the next test of this process waiting for six seconds.
    [
        pytest.param(1, id="at once", marks=pytest.mark.long),
        pytest.param(5, id="while files are sent"),
    ],
)
def test_a_server_that_says_nothing_does_not_outlast_max_duration(
    export: Export, service: Deliveries, bucket: Bucket, from_request: int
) -> None:
    service.rows = [delivery(1)]

    held: list[str] = []

    def hold(method: str, key: str, query: str) -> int | None:
        if bucket.requests < from_request:
            return None
        if not held:
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # the time is over as soon as it is held
        held.append(key)
        return HOLD

    bucket.fails = hold
    outcome = export(*LINE, "--max-duration", "1h")
    assert outcome.code == 13
    assert "ended after 1h, which is what --max-duration allows" in outcome.err
    assert sorted(bucket.objects) == ([] if from_request == 1 else ["ess/_ess-export"])


def test_a_bucket_that_may_not_be_listed_is_told_of(
    export: Export, service: Deliveries, bucket: Bucket
) -> None:
    bucket.fails = lambda method, key, query: 403 if method == "GET" else None
    outcome = export(*LINE)
    assert (outcome.code, service.requests) == (12, 0)
    assert outcome.err.startswith("error: s3://lake/ess cannot be listed\n")


def test_an_upload_that_breaks_off_between_its_parts_leaves_the_old_object(
    export: Export, service: Deliveries, bucket: Bucket
) -> None:
    service.rows = [delivery(1)]
    assert export(*LINE).code == 0
    before = dict(bucket.objects)
    chance = random.Random(1)
    bodies = [chance.randbytes(200_000).hex() for _ in range(70)]
    service.rows = [delivery(n, **{"event-body": body}) for n, body in enumerate(bodies)]

    def second_part(method: str, key: str, query: str) -> int | None:
        return 403 if "partNumber=2" in query else None

    bucket.fails = second_part
    assert export(*LINE).code == 12
    assert bucket.objects == before
    bucket.fails = lambda method, key, query: None
    assert export(*LINE).code == 0
    assert len(bucket.objects[DAY.format(22, "")]) > 10_000_000


@pytest.mark.parametrize(
    ("status", "code"), [(403, 12), pytest.param(CLOSE, 6, marks=pytest.mark.long)]
)
def test_a_server_that_dies_between_two_files_leaves_whole_ones_and_the_next_run_is_right(
    export: Export, service: Deliveries, bucket: Bucket, work: Path, status: int, code: int
) -> None:
    service.rows = [delivery(1)]
    assert export(*GOING).code == 0
    first = dict(bucket.objects)
    service.rows += [delivery(2), delivery(1441)]
    bucket.fails = lambda method, key, query: status if "day=2026-11-23" in key else None
    assert export(*GOING).code == code
    second = DAY.format(22, "-000002")
    assert {key: value for key, value in bucket.objects.items() if key != second} == first
    bucket.fails = lambda method, key, query: None
    outcome = export(*GOING)
    assert outcome.out == (
        "file\trows\n"
        "s3://lake/ess/topic=NIS-Events/day=2026-11-22/deliveries-000002.parquet\t1\n"
        "s3://lake/ess/topic=NIS-Events/day=2026-11-23/deliveries-000002.parquet\t1\n"
    )
    assert sorted(bucket.objects) == [
        "ess/_ess-export",
        DAY.format(22, "-000001"),
        second,
        DAY.format(23, "-000002"),
    ]
    assert sorted(path.name for path in work.iterdir()) == ["home", "state", "state.lock"]
    # The same place, written otherwise.
    assert export(*("s3://lake/ess/" if each == LINE[3] else each for each in GOING)).code == 0
