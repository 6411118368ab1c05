"""``ess sandbox seed``: the size of a real account, in small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_auth import on_terminal

FILLED = ["sandbox", "seed", "--subscriptions", "150", "--deliveries", "200"]
ON_SANDBOX = ["-p", "sandbox"]


def counts(ess: Run) -> tuple[int, int, int]:
    facts = json.loads(ess("sandbox", "status", "--json").out)
    return facts["subscriptions"], facts["deliveries"], facts["attempts"]


def test_what_is_added_is_there_like_anything_else(ess: Run) -> None:
    assert ess(*FILLED) == (0, "", "added 150 subscriptions and 200 deliveries · sandbox\n")
    assert counts(ess) == (4 + 150, 62 + 200, 87 + 196 + 2 * 2 + 2 * 4)
    listed = ess(*ON_SANDBOX, "subs", "list", "--topic", "NIS-Events", "-o", "name").out
    assert len(listed.split()) == 151
    found = json.loads(ess(*ON_SANDBOX, "subs", "mdn", "+999000000149", "--json").out)
    assert found["subscriptions"] == [
        {
            "delivery-cfg-id": "1266",
            "delivery-cfg-nm": "a-mock-del-cfg",
            "events": ["porting_event"],
        }
    ]
    counted = json.loads(ess(*ON_SANDBOX, "subs", "mdn-count", "--json").out)
    assert counted["activeCount"] == 151
    emitted = ess(
        *("sandbox", "emit", "porting_event", "--field", "number=+999000000007"),
        *("--field", "porting_date=2026-11-23", "-o", "csv", "-c", "configurations"),
    )
    assert emitted.out == "configurations\n1266\n"


def test_of_a_hundred_deliveries_one_failed_and_one_was_repeated(ess: Run) -> None:
    assert ess(*FILLED).code == 0
    rows = json.loads(
        ess(*ON_SANDBOX, "deliveries", "list", "--offset", "62", "--all", "--json").out
    )
    failed = [row["event-id"] for row in rows if row["delivery-status"] == "FAILED"]
    assert failed == ["V000000000000000000161", "V000000000000000000261"]
    assert json.loads(rows[0]["event-body"]) == {
        "number": "+999000000000",
        "porting_date": "2026-11-01T00:00:00Z",
        "carrier_id": "15799",
        "tracking_id": "0",
    }
    tracked = json.loads(ess(*ON_SANDBOX, "deliveries", "track", failed[0], "1266", "--json").out)
    assert [each["response-status"] for each in tracked["delivery-attempts"]] == [503] * 4
    tracked = json.loads(
        ess(*ON_SANDBOX, "deliveries", "track", "V000000000000000000111", "1266", "--json").out
    )
    assert [each["status"] for each in tracked["delivery-attempts"]] == ["FAILED", "SUCCESS"]
    summary = json.loads(ess(*ON_SANDBOX, "deliveries", "summary", "--json").out)
    (of_cfg,) = (
        each
        for each in summary["delivery-configurations"]
        if each["del-cfg-nm"] == "a-mock-del-cfg"
    )
    assert (of_cfg["pending"], of_cfg["retry"], of_cfg["failed"]) == (0, 0, 2)


def test_a_second_time_adds_others(ess: Run) -> None:
    assert ess(*FILLED).code == 0
    assert ess(*FILLED).code == 0
    assert counts(ess)[:2] == (4 + 300, 62 + 400)
    counted = json.loads(ess(*ON_SANDBOX, "subs", "mdn-count", "--json").out)
    assert counted["activeCount"] == 301


def test_a_dry_run_adds_nothing(ess: Run) -> None:
    assert ess(*FILLED, "-n") == (
        0,
        "",
        "would add 150 subscriptions and 200 deliveries · sandbox\n",
    )
    assert counts(ess) == (4, 62, 87)


@pytest.mark.parametrize(
    "argv", [[], ["--subscriptions", "-1"], ["--deliveries", "many"], ["--deliveries", "10000001"]]
)
def test_how_many_must_be_a_number_within_reason(ess: Run, argv: list[str]) -> None:
    assert ess("sandbox", "seed", *argv).code == 2


def test_a_terminal_sees_how_far_it_is(tmp_path: Path) -> None:
    code, shown = on_terminal(tmp_path, FILLED, [], COLUMNS="80")
    assert code == 0
    assert f"subscriptions [{'#' * 30}] 100 % 150" in shown
    assert f"deliveries [{'#' * 30}] 100 % 200" in shown
    assert shown.endswith("added 150 subscriptions and 200 deliveries · sandbox\n")
