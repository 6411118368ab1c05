"""A week of cron against a service in trouble: what is exported is what was delivered.

The week is simulated: time passes when it is told to. The service is `ess sandbox serve` with
faults; webhooks fail and are slow; each export is a process, killed at random points. In the end
the union of each export's files is the service's list, row for row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.exporting import rows_in
from tests.week_cron import BROKEN, JOBS, ODDITIES, ODDS, Crontab, Job
from tests.week_service import Service

START = datetime(2026, 11, 16, tzinfo=UTC)
BEGAN = "2026-11-16T00:00:00Z"
_UNKNOWN = "x-unknown-to-the-reference"
_MOVES, _MOVE_S = 5, 480.0
# Column of csv and Parquet, key of the service: of deliveries and of attempts.
DELIVERY = {
    "event-id": "event-id",
    "time": "timestamp",
    "status": "delivery-status",
    "topic": "topic",
    "event-type": "event-type",
    "cfg-id": "del-cfg-id",
    "configuration": "del-cfg-nm",
    "address": "delivery-point",
    "body": "event-body",
}
ATTEMPT = {
    "event-id": "event-id",
    "time": "attempt-timestamp",
    "attempt": "attempt-number",
    "result": "attempt-result",
    "http": "attempt-http-response-status",
    "answer": "attempt-http-response-body",
    "status": "delivery-status",
    "topic": "topic",
    "event-type": "event-type",
    "configuration": "del-cfg-nm",
    "event-time": "event-timestamp",
    "address": "del-addr",
    "body": "event-body",
}

Row = dict[str, Any]


@pytest.fixture
def service(tmp_path: Path, home: Path, seed: int) -> Iterator[Service]:
    made = Service(tmp_path, seed, START)
    yield made
    made.close()


def live(service: Service, crontab: Crontab, hours: int, span: int, an_hour: int) -> None:
    """Let time pass: so many hours, with other faults after each span, and events in each hour."""
    for number in range(hours):
        ends_s = service.clock.seconds + 3600
        if number % span == 0:
            turn = number // span
            oddities = ODDITIES[1 + turn % (len(ODDITIES) - 1)] if turn else ODDITIES[0]
            service.serve(BROKEN[turn // 7 % 2] if turn % 7 == 3 else oddities)
        service.pause(paused=number % 6 in (2, 3))
        service.webhooks.is_down = number % 5 == 1
        service.webhooks.slow.clear()
        # What "slow" gets now turns up among the attempts when later ones have been exported.
        service.start_emitting(an_hour // 2)
        service.end_emitting()
        service.clock.move(_MOVE_S)
        service.start_emitting(an_hour - an_hour // 2)
        crontab.hour(number, _MOVES, _MOVE_S)
        service.end_emitting()
        service.settle()
        if number % 24 == 5:
            handle_one(service)
        service.clock.move(max(0.0, ends_s - service.clock.seconds))


def handle_one(service: Service) -> None:
    """Mark the newest delivery that failed as handled: it is exported all the same."""
    ((event, topic, kind, name),) = service.rows(
        "SELECT d.event_id, d.topic, d.event_type, c.name FROM deliveries d"
        " JOIN configurations c ON c.id = d.cfg_id WHERE d.status = 'FAILED'"
        " ORDER BY d.seq DESC LIMIT 1"
    )
    which = (f"--event-id={event}", "--topic", topic, "--event-type", kind, "--cfg", name)
    service.sandbox("deliveries", "mark-handled", *which, "--yes")


def come_to_an_end(service: Service) -> None:
    """Let every delivery be tried until it is final, and every buffer file close."""
    service.pause(paused=False)
    service.webhooks.is_down = False
    service.settle()
    open_file = "SELECT 1 FROM buffer_files WHERE closed IS NULL"
    for _ in range(10_000):
        if not service.rows(f"SELECT 1 FROM outbox UNION ALL {open_file}"):
            return
        service.clock.move(900)
        service.settle()
    raise AssertionError("there is no end to it")


def plain(row: Row) -> Row:
    """A row without what the sandbox's oddities make of it."""
    row = {key: value for key, value in row.items() if key != _UNKNOWN}
    if "del-cfg-id" in row:
        row["del-cfg-id"] = str(row["del-cfg-id"])
    for key in ("timestamp", "attempt-timestamp", "event-timestamp"):
        if key in row:
            row[key] = row[key].replace(".000Z", "Z")
    return row


def listed(service: Service, what: str) -> list[Row]:
    """The service's list, in its order, fetched without faults."""
    token = str(service.home / "token")
    line = ("-p", "prod", "--token-file", token, "deliveries", what, "--all", "-o", "jsonl")
    going = service.rack.start(line, service.home)
    assert going.code(wait=True) == 0, going.text("err")
    return [plain(json.loads(line)) for line in going.text("out").splitlines()]


def exported(crontab: Crontab, job: Job, columns: dict[str, str]) -> list[Row]:
    """The rows of all files of an export, under the service's keys."""
    if job.form == "parquet":
        return [_from_parquet(row, columns) for row in _lake(job, crontab)]
    rows = [row for path in crontab.files(job) for row in rows_in(path)]
    if job.form == "jsonl":
        return list(map(plain, rows))
    return [plain({columns[name]: value for name, value in row.items()}) for row in rows]


def _lake(job: Job, crontab: Crontab) -> list[Row]:
    files = [str(path) for path in crontab.files(job)]
    with duckdb.connect() as db:
        db.sql("SET TimeZone = 'UTC'")
        times = ["time", "event_time"] if "--attempts" in job.more else ["time"]
        shown = ", ".join(f"strftime({name}, '%Y-%m-%dT%H:%M:%SZ') AS {name}" for name in times)
        found = db.execute(
            f"SELECT * REPLACE ({shown}), strftime(day, '%Y-%m-%d') AS on_day"
            " FROM read_parquet(?, hive_partitioning = true)",
            [files],
        )
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _from_parquet(row: Row, columns: dict[str, str]) -> Row:
    assert row["on_day"] == row["time"][:10]
    assert row["other"] in (None, json.dumps({_UNKNOWN: "to be kept"}, separators=(",", ":")))
    found = {key: row[name.replace("-", "_")] for name, key in columns.items()}
    return {key: value for key, value in found.items() if value is not None}


def same(found: list[Row], wanted: list[Row], without: str = "") -> None:
    """Fail, saying which, unless they are the same rows, each as often, in any order."""

    def counted(rows: list[Row]) -> Counter[str]:
        return Counter(
            json.dumps({key: row[key] for key in row if key != without}, sort_keys=True)
            for row in rows
        )

    one, other = counted(found), counted(wanted)
    missing, beyond = other - one, one - other
    assert not missing, f"{missing.total()} are missing: {next(iter(missing))}"
    assert not beyond, f"{beyond.total()} too many: {next(iter(beyond))}"


def in_the_database(service: Service) -> list[Row]:
    """The deliveries, read past everything that serves them."""
    rows = service.rows(
        "SELECT d.event_id, d.topic, d.event_type, d.address, CAST(d.cfg_id AS TEXT), c.name,"
        " d.status, d.timestamp, d.body FROM deliveries d JOIN configurations c ON c.id = d.cfg_id"
    )
    first = ("event-id", "topic", "event-type", "delivery-point", "del-cfg-id", "del-cfg-nm")
    keys = (*first, "delivery-status", "timestamp", "event-body")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def check_deliveries(service: Service, deliveries: list[Row]) -> None:
    """The list is what was emitted, by what is subscribed, and what webhooks took."""
    same(deliveries, in_the_database(service))
    new = [row for row in deliveries if row["timestamp"] >= BEGAN]
    assert len(deliveries) - len(new) == 62
    assert {row["delivery-status"] for row in new} == {"SUCCESS", "FAILED"}
    pairs = Counter((row["event-id"], row["del-cfg-nm"]) for row in new)
    closed = [pair for pair in pairs if pair[1] == "Truedisconnect1"]
    ((files,),) = service.rows("SELECT count(*) FROM buffer_files WHERE closed >= ?", BEGAN)
    assert len(closed) == files > 0
    assert pairs - Counter(closed) == Counter(
        (event, name) for event, names in service.emitted.items() for name in names
    )
    at_hand = [row for row in new if row["delivery-point"].startswith(service.webhooks.url)]
    taken = Counter(
        (row["delivery-point"].rpartition("/")[2], row["event-id"])
        for row in at_hand
        if row["delivery-status"] == "SUCCESS"
    )
    assert taken == +service.webhooks.taken


def check_exports(crontab: Crontab, deliveries: list[Row], attempts: list[Row]) -> dict[str, int]:
    """Each export has the service's rows, each once; how many files it is in."""
    final = {(row["event-id"], row["del-cfg-nm"]): row["delivery-status"] for row in deliveries}
    files = {}
    for job in JOBS:
        is_attempts = "--attempts" in job.more
        rows = exported(crontab, job, ATTEMPT if is_attempts else DELIVERY)
        if is_attempts:
            # An attempt is exported at once, with what the delivery's status then was.
            same(rows, attempts, without="delivery-status")
            for row in rows:
                settled = final[row["event-id"], row["del-cfg-nm"]]
                assert row["delivery-status"] in (settled, "RETRY")
        else:
            same(rows, deliveries)
        files[job.name] = len(crontab.files(job))
    return files


def spend(service: Service, *, hours: int, span: int, an_hour: int) -> dict[str, Any]:
    """Live through a week and check everything; its figures."""
    crontab = Crontab(service)
    live(service, crontab, hours, span, an_hour)
    service.serve(ODDS)
    come_to_an_end(service)
    crontab.export_until_done()
    service.serve("")
    before = {job.name: crontab.files(job) for job in JOBS}
    crontab.export_until_done()
    assert {job.name: crontab.files(job) for job in JOBS} == before
    deliveries, attempts = listed(service, "list"), listed(service, "attempts")
    check_deliveries(service, deliveries)
    files = check_exports(crontab, deliveries, attempts)
    for left in ("[!.]*.partial", ".*.state.*"):
        assert [path for path in service.work.rglob(left) if path.suffix != ".lock"] == []
    service.stop()
    retried = Counter((row["event-id"], row["del-cfg-nm"]) for row in attempts)
    statuses = Counter(row["delivery-status"] for row in deliveries)
    return crontab.figures | {
        "hours": hours,
        "events": len(service.emitted),
        "deliveries": dict(statuses) | {"all": len(deliveries)},
        "deliveries that took several attempts": sum(each > 1 for each in retried.values()),
        "attempts": len(attempts),
        "files": files,
        "requests": service.requests,
        "faults answered": dict(sorted(service.faults.items())) | {"all": service.faults.total()},
    }


@pytest.mark.parametrize("seed", [1])
def test_a_day_of_cron_exports_what_was_delivered(
    service: Service, record_property: Callable[[str, object], None]
) -> None:
    figures = spend(service, hours=8, span=2, an_hour=16)
    record_property("figures", json.dumps(figures))
    print(json.dumps(figures, indent=1))
    assert figures["ends that hit a run"] >= 5
    assert figures["faults answered"]["all"] >= 5


@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_week_of_cron_exports_what_was_delivered(
    service: Service, record_property: Callable[[str, object], None]
) -> None:
    figures = spend(service, hours=168, span=6, an_hour=36)
    record_property("figures", json.dumps(figures))
    print(json.dumps(figures, indent=1))
    assert figures["deliveries"]["all"] >= 10_000
    assert figures["exports"] >= 500
    assert figures["ends that hit a run"] >= 100
