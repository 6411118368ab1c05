"""``ess sandbox emit``: events are checked, matched, and put on their way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

PORTED = ["sandbox", "emit", "porting_event", "--field", "porting_date=2026-11-23"]
SEEDS_NUMBER = "number=+12345678901"


def test_an_event_goes_to_who_is_subscribed_to_it(ess: Run) -> None:
    outcome = ess(*PORTED, "--field", SEEDS_NUMBER, "--json")
    assert outcome.code == 0
    assert outcome.err == "1 event went out: 1 delivery · sandbox\n"
    (event,) = json.loads(outcome.out)
    assert event["topic"] == "NIS-Events"
    assert event["configurations"] == [1266]
    assert len(event["event-id"]) == 22
    found = ess("-p", "sandbox", "deliveries", "list", "--offset", "62", "--json")
    (delivery,) = json.loads(found.out)
    assert delivery["event-id"] == event["event-id"]
    assert delivery["delivery-status"] == "PENDING"
    assert delivery["del-cfg-id"] == 1266
    assert json.loads(delivery["event-body"]) == {
        "porting_date": "2026-11-23",
        "number": "+12345678901",
    }


def test_what_nobody_is_subscribed_to_goes_nowhere(ess: Run) -> None:
    outcome = ess(*PORTED, "--field", "number=+12025550123")
    assert (outcome.code, outcome.err) == (0, "1 event went out: 0 deliveries · sandbox\n")
    assert ess("-p", "sandbox", "deliveries", "list", "--offset", "62", "-o", "name").out == ""


def test_an_inactive_configuration_gets_nothing_and_is_counted(ess: Run) -> None:
    assert ess("-p", "sandbox", "delivery-cfg", "disable", "1266", "--yes").code == 0
    outcome = ess(*PORTED, "--field", SEEDS_NUMBER)
    assert outcome.err == (
        "1 event went out: 0 deliveries, 1 more were their configurations active · sandbox\n"
    )


@pytest.mark.parametrize(
    ("dates", "deliveries"),
    [
        (["--start-date", "+1d"], 1),
        (["--start-date", "1d"], 2),
        (["--start-date", "2d", "--end-date", "1d"], 1),
        (["--start-date", "2d", "--end-date", "+90d"], 2),
    ],
)
def test_start_and_end_of_a_subscription_count(ess: Run, dates: list[str], deliveries: int) -> None:
    made = ess(
        *("-p", "sandbox", "subs", "create", "--topic", "NIS-Events", "--cfg", "1647"),
        *("--number", "+12345678901", *dates),
    )
    assert made.code == 0
    (event,) = json.loads(ess(*PORTED, "--field", SEEDS_NUMBER, "--json").out)
    assert event["configurations"] == [1266, 1647][:deliveries]


def test_two_subscriptions_of_one_configuration_are_one_delivery(ess: Run) -> None:
    for criteria in ("number = '+12345678901' or carrier_id = '1'", ""):
        made = ess(
            *("-p", "sandbox", "subs", "create", "--topic", "NIS-Events", "--cfg", "1266"),
            *("--match", criteria, "--start-date", "1d"),
        )
        assert made.code == 0
    (event,) = json.loads(ess(*PORTED, "--field", SEEDS_NUMBER, "--json").out)
    assert event["configurations"] == [1266]


def test_criteria_that_do_not_parse_are_told_of_with_their_position(ess: Run) -> None:
    made = ess(
        *("-p", "sandbox", "subs", "create", "--topic", "NIS-Events", "--cfg", "1647"),
        *("--match", "number like '+1'", "--start-date", "1d"),
    )
    assert made.code == 0
    outcome = ess(*PORTED, "--field", SEEDS_NUMBER, "--count", "3", "-o", "name")
    assert outcome.code == 0
    assert outcome.err == (
        "warning: subscription 16301851 matches nothing, its criteria do not parse:"
        " position 8: expected =: number like '+1'\n"
        "3 events went out: 3 deliveries · sandbox\n"
    )


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        ([], "which event type?"),
        (["nonsense"], "there is no event type 'nonsense'"),
        (
            ["porting_event", "--topic", "DevTest-Events"],
            "DevTest-Events has no event type 'porting_event'; it has __GENERIC__",
        ),
        (["porting_event", "--field", "number=+1"], "porting_event wants porting_date"),
        (
            ["deactivation_event", "--field", "number=+1", "--field", "deactivation_date=soon"],
            "deactivation_date: 'soon' is no Date",
        ),
        (
            [*PORTED[2:], "--field", "number=+1", "--field", "company-id=1.5"],
            "company-id: '1.5' is no Integer",
        ),
        (
            [*PORTED[2:], "--field", "number=+1", "--field", "colour=red"],
            "porting_event has no field 'colour'; it has carrier_id, number, previous_carrier_id,"
            " porting_date, company-id, carrier_name, previous_carrier_name, tracking_id",
        ),
        ([*PORTED[2:], "--field", "number"], '--field: not KEY=VALUE: "number"'),
        (["porting_event", "--file", "x", "--field", "a=b"], "--field goes with an event type"),
        ([*PORTED[2:], "--rate", "fast"], '--rate: not a rate: "fast"'),
    ],
)
def test_what_is_no_event_is_refused(ess: Run, argv: list[str], error: str) -> None:
    outcome = ess("sandbox", "emit", *argv)
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {error}")
    assert ess("-p", "sandbox", "deliveries", "list", "--offset", "62", "-o", "name").out == ""


def test_a_file_has_an_event_a_line_in_either_form(ess: Run, tmp_path: Path) -> None:
    fields = {"number": "+12345678901", "porting_date": "2026-11-23T00:00:00Z"}
    lines = [
        json.dumps({"event-type": "porting_event", "fields": fields}),
        "",
        json.dumps(
            {
                "topic": "NIS-Events",
                "attempt": 1,
                "event": {"evt-tp": "porting_event", "fld-val-list": fields, "timestamp": "x"},
                "event-id": "is-made-anew-every-tim",
            }
        ),
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines))
    outcome = ess("sandbox", "emit", "--file", str(path), "--count", "2", "--rate", "100/s")
    assert outcome.code == 0
    assert outcome.err == "4 events went out: 4 deliveries · sandbox\n"
    assert len({line.split("\t")[0] for line in outcome.out.splitlines()}) == 5


def test_a_rate_never_waits_for_what_has_passed(ess: Run, sleeps: list[float]) -> None:
    outcome = ess(*PORTED, "--field", SEEDS_NUMBER, "--count", "60", "--rate", "1000/s")
    assert outcome.code == 0
    assert min(sleeps) >= 0


def test_a_bad_line_of_a_file_is_named_and_nothing_is_emitted(ess: Run) -> None:
    good = json.dumps(
        {"event-type": "porting_event", "fields": {"number": "+1", "porting_date": "2026-11-23"}}
    )
    for bad, why in [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", 'wants "event-type" and "fields", or an event as webhooks get it'),
        ('{"event-type": "porting_event", "fields": {"number": 1}}', "porting_event wants"),
    ]:
        outcome = ess("sandbox", "emit", "--file", "-", stdin=f"{good}\n{bad}\n")
        assert outcome.code == 12
        assert outcome.err.startswith(f"error: --file -: line 2: {why}")
        assert "nothing was emitted" in outcome.err
    assert ess("-p", "sandbox", "deliveries", "list", "--offset", "62", "-o", "name").out == ""


def test_a_dry_run_says_who_would_get_it(ess: Run) -> None:
    outcome = ess(*PORTED, "--field", SEEDS_NUMBER, "--dry-run", "-c", "configurations")
    assert (outcome.code, outcome.out) == (0, "configurations\n1266\n")
    assert outcome.err == "1 event would go out: 1 delivery · sandbox\n"
    assert ess("-p", "sandbox", "deliveries", "list", "--offset", "62", "-o", "name").out == ""


def test_a_scheduled_configuration_collects(ess: Run) -> None:
    made = ess(
        *("-p", "sandbox", "subs", "create", "--topic", "NIS-Events", "--cfg", "1653"),
        *("--number", "+12025550123", "--start-date", "1d"),
    )
    assert made.code == 0
    outcome = ess(*PORTED, "--field", "number=+12025550123", "--count", "2")
    assert outcome.err == "2 events went out: 2 deliveries · sandbox\n"
    files = json.loads(ess("-p", "sandbox", "buffer-files", "list", "--json").out)
    assert [(each["file-id"], each["del-cfg-id"], each["file-status"]) for each in files[3:]] == [
        (604, "1653", "OPEN")
    ]
    assert "closed" not in files[3]


def test_another_profile_is_no_sandbox(ess: Run) -> None:
    outcome = ess("-p", "prod", *PORTED, "--field", SEEDS_NUMBER)
    assert outcome.code == 2
    assert outcome.err == "error: -p prod: this command works on the sandbox only\n"
