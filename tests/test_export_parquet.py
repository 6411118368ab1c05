"""``ess deliveries export`` to Parquet: on disk and in a bucket, read back by others."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Run
from tests.exporting import Deliveries, delivery, service, work
from tests.processes import ROOT

__all__ = ["service", "work"]

COLUMNS = [
    ("event_id", "VARCHAR"),
    ("time", "TIMESTAMP WITH TIME ZONE"),
    ("status", "VARCHAR"),
    ("event_type", "VARCHAR"),
    ("cfg_id", "VARCHAR"),
    ("configuration", "VARCHAR"),
    ("address", "VARCHAR"),
    ("body", "VARCHAR"),
    ("other", "VARCHAR"),
]


def asked(query: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers; LAKE is the directory."""
    lake = "read_parquet('lake/**/*.parquet', hive_partitioning=true)"
    with duckdb.connect() as db:
        db.sql("SET TimeZone = 'UTC'")
        return db.sql(query.replace("LAKE", lake)).fetchall()


def test_duckdb_reads_what_was_listed(ess: Run, work: Path) -> None:
    outcome = ess("deliveries", "export", "--to", "lake", "--json")
    assert outcome.code == 0
    assert {
        "file": "lake/topic=MSS-Messages/day=2017-10-18/deliveries.parquet",
        "rows": 1,
    } in json.loads(outcome.out)
    listed = json.loads(ess("deliveries", "list", "--all", "--json").out)
    found = asked(
        "SELECT event_id, cfg_id, status, topic, event_type, configuration, address, body,"
        " strftime(time, '%Y-%m-%dT%H:%M:%SZ'), strftime(day, '%Y-%m-%d'), other FROM LAKE"
    )
    keys = ("event-id", "del-cfg-id", "delivery-status", "topic", "event-type", "del-cfg-nm")
    more = ("delivery-point", "event-body", "timestamp")
    assert sorted(found) == sorted(
        (*(str(row[key]) for key in (*keys, *more)), row["timestamp"][:10], None) for row in listed
    )
    schema = [row[:2] for row in asked("DESCRIBE SELECT * EXCLUDE (topic, day) FROM LAKE")]
    assert schema == COLUMNS
    assert {path.stat().st_mode & 0o777 for path in work.rglob("*.parquet")} == {0o600}


def test_the_document_s_own_lines_fit_what_is_written(ess: Run, work: Path) -> None:
    """DuckDB's query is run; the table for Trino has the files' columns, and the directories'."""
    assert ess("deliveries", "export", "--to", "lake").code == 0
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    duckdb_s, trino_s, _ = re.findall(r"^```sql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    with duckdb.connect() as db:
        found = db.sql(duckdb_s).fetchall()
    assert sum(count for _, _, count in found) == 62
    assert {topic for topic, _, _ in found} == {
        *("MSS-Messages", "NIS-Events", "SCG-Message", "topic-C")
    }
    listed = trino_s.partition("(")[2].partition("\n)")[0]
    columns = [part.split()[0].strip('"') for part in listed.split(",")]
    assert columns == [*(name for name, _ in COLUMNS), "topic", "day"]


def test_attempts_have_numbers(ess: Run) -> None:
    assert ess("deliveries", "export", "--attempts", "--to", "lake").code == 0
    assert asked("SELECT count(*), max(attempt), max(http), max(event_time) > max(time) FROM LAKE")[
        0
    ][:2] == (87, 4)
    assert asked("SELECT typeof(attempt), typeof(http), typeof(event_time) FROM LAKE LIMIT 1") == [
        ("BIGINT", "BIGINT", "TIMESTAMP WITH TIME ZONE")
    ]


def test_what_fits_no_column_is_kept(ess: Run, service: Deliveries) -> None:
    service.rows = [
        delivery(1, topic="../a b/ü=%2F", new={"key": [1]}),
        delivery(2, topic=None, timestamp="soon", **{"del-cfg-id": "x", "event-type": 7}),
        delivery(3, timestamp="2026-11-22T23:59:59.123-05:00"),
    ]
    assert ess("deliveries", "export", "--to", "lake", env=service.env).code == 0
    assert asked(
        "SELECT event_id, topic, strftime(day, '%d'), cfg_id, event_type, other,"
        " strftime(time, '%d %H:%M:%S.%g') FROM LAKE ORDER BY event_id"
    ) == [
        (
            *("event-0000001", "../a b/ü=%2F", "22", "1266", "porting_event"),
            *('{"new":{"key":[1]}}', "22 00:01:00.000"),
        ),
        ("event-0000002", None, None, "x", "7", '{"timestamp":"soon"}', None),
        (
            *("event-0000003", "NIS-Events", "23", "1266", "porting_event", None),
            "23 04:59:59.123",
        ),
    ]


@pytest.mark.parametrize("alone", [False, True])
def test_a_number_is_a_whole_one(ess: Run, service: Deliveries, alone: bool) -> None:
    """Arrow would take 1.5 for 1, also where no other number stands beside it."""
    expected = [
        ("0", None, '{"attempt-number":1.5}'),
        ("1", 1, None),
        ("2", None, '{"attempt-number":true}'),
        ("3", None, '{"attempt-number":"2"}'),
        ("4", None, '{"attempt-number":1000000000000000000000000000000}'),
        ("5", None, None),
    ][: 1 if alone else 6]
    service.rows = [
        {"event-id": number, "attempt-number": value, "attempt-timestamp": "2026-11-22T00:00Z"}
        for (number, *_), value in zip(expected, (1.5, 1, True, "2", 10**30, None), strict=False)
    ]
    line = ("deliveries", "export", "--attempts", "--to", "lake")
    assert ess(*line, env=service.env).code == 0
    assert asked("SELECT event_id, attempt, other FROM LAKE ORDER BY event_id") == expected


def test_fields_of_the_event_are_text(ess: Run, service: Deliveries) -> None:
    service.rows = [delivery(7), delivery(8, **{"event-body": "<x/>"})]
    line = ("deliveries", "export", "--to", "lake", "--body", "number,carrier_id")
    assert ess(*line, env=service.env).code == 0
    assert asked("SELECT body_number, body_carrier_id FROM LAKE ORDER BY event_id") == [
        ("+12025550007", "7"),
        (None, None),
    ]


def test_many_topics_and_days_are_all_written(ess: Run, service: Deliveries) -> None:
    """More partitions than files may be open at once, each of them coming back."""
    service.rows = [
        delivery(number, topic=f"topic-{number % 140}", **{"event-body": "x" * 40_000})
        for number in range(1400)
    ]
    line = ("deliveries", "export", "--to", "lake", "--page-size", "100")
    outcome = ess(*line, env=service.env)
    assert (outcome.code, "-part2.parquet\t" in outcome.out) == (0, True)
    assert asked("SELECT count(*), count(DISTINCT event_id), count(DISTINCT topic) FROM LAKE") == [
        (1400, 1400, 140)
    ]


def test_what_cannot_be_written_ends_the_run_before_the_list_ends(
    ess: Run, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(number, **{"event-body": "x" * 40_000}) for number in range(2000)]
    in_the_way = work / "lake" / "topic=NIS-Events"
    in_the_way.parent.mkdir()
    in_the_way.write_text("somebody's\n")
    outcome = ess("deliveries", "export", "--to", "lake", "--page-size", "100", env=service.env)
    assert (outcome.code, outcome.out) == (12, "")
    where = in_the_way / "day=2026-11-22" / "deliveries.parquet"
    assert outcome.err == f"error: {where} cannot be written: Not a directory\n"
    # Of 20: what the thread could not do is told when it is given more.
    assert service.requests == 6
    assert in_the_way.read_text() == "somebody's\n"


def test_a_second_export_replaces_the_first(ess: Run, service: Deliveries, work: Path) -> None:
    line = ("deliveries", "export", "--to", "lake")
    service.rows = [delivery(1), delivery(2000)]
    assert ess(*line, env=service.env).code == 0
    (work / "lake" / "mine.parquet.txt").write_text("mine")
    service.rows = [delivery(2000), delivery(2001)]
    assert ess(*line, env=service.env).code == 0
    assert asked("SELECT event_id FROM LAKE ORDER BY 1") == [("event-0002000",), ("event-0002001",)]
    assert (work / "lake" / "mine.parquet.txt").read_text() == "mine"


def test_incremental_files_are_numbered_in_each_partition(ess: Run, service: Deliveries) -> None:
    line = ("deliveries", "export", "--to", "lake", "--incremental", "state")
    service.rows = [delivery(1)]
    assert ess(*line, env=service.env).code == 0
    service.rows += [delivery(2)]
    outcome = ess(*line, env=service.env)
    assert outcome.out.splitlines()[1:] == [
        "lake/topic=NIS-Events/day=2026-11-22/deliveries-000002.parquet\t1"
    ]
    assert asked("SELECT count(*), count(DISTINCT event_id) FROM LAKE") == [(2, 2)]


def test_a_dead_service_leaves_the_old_files(ess: Run, service: Deliveries, work: Path) -> None:
    service.rows = [delivery(number) for number in range(100)]
    line = ("deliveries", "export", "--to", "lake", "--page-size", "10")
    assert ess(*line, env=service.env).code == 0
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    service.before = lambda number: 503 if number > 15 else None
    service.rows = [delivery(number) for number in range(5000)]
    assert ess(*line, env=service.env).code == 6
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before


def test_without_pyarrow_the_error_says_what_to_install(
    ess: Run, service: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    outcome = ess("deliveries", "export", "--to", "lake", env=service.env)
    assert (outcome.code, service.requests) == (12, 0)
    assert outcome.err.endswith("hint: pip install 'ess-cli[parquet]'\n")


# Buckets


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server's file system, with an empty bucket named lake."""
    from pyarrow import fs

    for name, value in (
        ("AWS_ENDPOINT_URL", s3),
        ("AWS_ACCESS_KEY_ID", "canary-id"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    system = fs.S3FileSystem(
        endpoint_override=s3, allow_bucket_creation=True, allow_bucket_deletion=True
    )
    system.create_dir("lake")
    yield system
    system.delete_dir("lake")


def test_a_bucket_gets_the_same_and_pyarrow_reads_it(
    ess: Run, service: Deliveries, bucket: Any
) -> None:
    import pyarrow.dataset as ds

    line = ("deliveries", "export", "--to", "s3://lake/ess", "--incremental", "state")
    service.rows = [delivery(1), delivery(2000, topic="a/b")]
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.out.splitlines()[1:]) == (
        0,
        [
            "s3://lake/ess/topic=NIS-Events/day=2026-11-22/deliveries-000001.parquet\t1",
            "s3://lake/ess/topic=a%2Fb/day=2026-11-23/deliveries-000001.parquet\t1",
        ],
    )
    service.rows += [delivery(2001)]
    assert ess(*line, env=service.env).code == 0
    table = ds.dataset("lake/ess", filesystem=bucket, partitioning="hive").to_table()
    found = zip(*(table.column(name).to_pylist() for name in ("event_id", "topic")), strict=True)
    assert sorted(found) == [
        ("event-0000001", "NIS-Events"),
        ("event-0002000", "a/b"),
        ("event-0002001", "NIS-Events"),
    ]


def test_a_second_export_to_a_bucket_replaces_the_first(
    ess: Run, service: Deliveries, bucket: Any
) -> None:
    from pyarrow import fs

    for number in (1, 2000):
        service.rows = [delivery(number)]
        assert ess("deliveries", "export", "--to", "s3://lake/ess", env=service.env).code == 0
    found = bucket.get_file_info(fs.FileSelector("lake/ess", recursive=True))
    assert sorted(each.path for each in found if each.type == fs.FileType.File) == [
        "lake/ess/_ess-export",
        "lake/ess/topic=NIS-Events/day=2026-11-23/deliveries.parquet",
    ]


def test_a_bucket_that_refuses_is_found_before_anything_is_fetched(
    ess: Run, service: Deliveries, bucket: Any
) -> None:
    outcome = ess("deliveries", "export", "--to", "s3://nowhere/ess", env=service.env)
    assert (outcome.code, outcome.out, service.requests) == (12, "", 0)
    assert outcome.err.startswith("error: s3://nowhere/ess cannot be written\n")
    assert "canary" not in outcome.err


@pytest.mark.parametrize(
    "to", ["s3://", "s3:///x", "gs://bucket/x", "s3://key:canary@bucket/x", "s3://b/x?a=k@canary"]
)
def test_an_address_that_cannot_be_meant_is_refused(ess: Run, service: Deliveries, to: str) -> None:
    outcome = ess("deliveries", "export", "--to", to, env=service.env)
    assert (outcome.code, service.requests) == (2, 0)
    assert "canary" not in outcome.err


def test_a_bucket_takes_parquet_only(ess: Run, service: Deliveries) -> None:
    line = ("deliveries", "export", "--to", "s3://lake/x", "--format", "csv")
    assert ess(*line, env=service.env).code == 2
