"""``ess deliveries export --incremental``: nothing twice, nothing left out, whatever happens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Outcome, Run
from tests.exporting import Deliveries, delivery, service, started, work

__all__ = ["service", "work"]

LINE = ("deliveries", "export", "--to", "lake", "--incremental", "state")


class Lake:
    """Runs the export, and reads what is there."""

    def __init__(self, run: Run, service: Deliveries, work: Path) -> None:
        self._run = run
        self._service = service
        self.path = work / "lake"

    def __call__(self, *more: str) -> Outcome:
        return self._run(*LINE, "--format", "jsonl", *more, env=self._service.env)

    def ok(self, *more: str) -> None:
        """A run that ends well."""
        outcome = self(*more)
        assert outcome.code == 0, outcome

    @property
    def files(self) -> dict[str, list[str]]:
        """The numbers of the events of each file."""
        return {
            path.name: [json.loads(line)["event-id"][-3:] for line in path.read_text().splitlines()]
            for path in sorted(self.path.iterdir())
        }


@pytest.fixture
def lake(ess: Run, service: Deliveries, work: Path) -> Lake:
    return Lake(ess, service, work)


def test_each_run_adds_what_is_new_under_the_next_number(lake: Lake, service: Deliveries) -> None:
    service.rows = [delivery(0), delivery(1)]
    lake.ok()
    service.rows += [delivery(2), delivery(1, **{"del-cfg-id": 7})]
    lake.ok()
    lake.ok()
    service.rows += [delivery(3)]
    lake.ok()
    assert lake.files == {
        "deliveries-000001.jsonl": ["000", "001"],
        "deliveries-000002.jsonl": ["002", "001"],
        "deliveries-000003.jsonl": ["003"],
    }


def test_the_order_of_the_list_does_not_matter(lake: Lake, service: Deliveries) -> None:
    service.rows = [delivery(number) for number in (5, 900, 4, 300)]
    lake.ok()
    service.rows = [delivery(number) for number in (901, 5, 880, 900, 4, 300)]
    lake.ok()
    assert lake.files == {
        "deliveries-000001.jsonl": ["005", "900", "004", "300"],
        "deliveries-000002.jsonl": ["901", "880"],
    }


def test_a_delivery_waits_until_its_status_is_final(lake: Lake, service: Deliveries) -> None:
    service.rows = [
        delivery(0, **{"delivery-status": "PENDING"}),
        delivery(1, **{"delivery-status": "RETRY"}),
        delivery(2, **{"delivery-status": "NEVER-HEARD-OF"}),
        delivery(600),
    ]
    lake.ok()
    assert lake.files == {"deliveries-000001.jsonl": ["002", "600"]}
    # Ten hours older than the newest one, and waited for all the same.
    service.rows[0] = delivery(0)
    lake.ok()
    service.rows[1] = delivery(1, **{"delivery-status": "FAILED"})
    lake.ok()
    lake.ok()
    assert lake.files == {
        "deliveries-000001.jsonl": ["002", "600"],
        "deliveries-000002.jsonl": ["000"],
        "deliveries-000003.jsonl": ["001"],
    }


def test_a_status_is_waited_for_too(lake: Lake, service: Deliveries) -> None:
    service.rows = [delivery(0, **{"delivery-status": "RETRY"}), delivery(900)]
    lake.ok("--status", "FAILED")
    service.rows[0] = delivery(0, **{"delivery-status": "FAILED"})
    lake.ok("--status", "FAILED")
    assert lake.files == {"deliveries-000001.jsonl": ["000"]}


def test_a_status_that_never_comes_is_waited_for_until_another_one_is_final(
    lake: Lake, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(0, **{"delivery-status": "RETRY"})]
    lake.ok("--status", "FAILED")
    assert json.loads((work / "state").read_text())["waiting"] == ["event-0000000\t1266"]
    service.rows[0] = delivery(0)
    lake.ok("--status", "FAILED")
    assert json.loads((work / "state").read_text())["waiting"] == []


def test_what_turns_up_within_the_overlap_is_not_missed(lake: Lake, service: Deliveries) -> None:
    service.rows = [delivery(200)]
    lake.ok("--overlap", "30m")
    service.rows = [delivery(169), delivery(170), delivery(200)]
    lake.ok("--overlap", "30m")
    assert lake.files["deliveries-000002.jsonl"] == ["170"]
    # A longer overlap does not bring back what was exported before it.
    service.rows = [delivery(169), delivery(170), delivery(171), delivery(200)]
    lake.ok("--overlap", "3h")
    assert lake.files["deliveries-000003.jsonl"] == ["171"]


def test_a_longer_overlap_never_brings_back_what_was_forgotten(
    lake: Lake, service: Deliveries
) -> None:
    service.rows = [delivery(100), delivery(200)]
    lake.ok("--overlap", "30m")
    service.rows += [delivery(201)]
    lake.ok("--overlap", "3h")
    lake.ok("--overlap", "3h")
    assert lake.files == {
        "deliveries-000001.jsonl": ["100", "200"],
        "deliveries-000002.jsonl": ["201"],
    }


def test_a_row_of_the_future_does_not_hide_what_comes_before_it(
    lake: Lake, service: Deliveries
) -> None:
    service.rows = [delivery(0), delivery(1, timestamp="2099-01-01T00:00:00Z")]
    lake.ok()
    service.rows += [delivery(2000), delivery(2, timestamp="soon")]
    lake.ok()
    lake.ok()
    assert lake.files == {
        "deliveries-000001.jsonl": ["000", "001"],
        "deliveries-000002.jsonl": ["000", "002"],
    }


def test_what_until_left_out_comes_later(lake: Lake, service: Deliveries, ess: Run) -> None:
    """It is 08:30 on the 23rd: half an hour before is 08:00, event 1920."""
    service.rows = [delivery(1800), delivery(1930)]
    lake.ok("--until", "30m")
    assert lake.files == {"deliveries-000001.jsonl": ["800"]}
    service.rows += [delivery(1805)]
    lake.ok("--until", "30m")
    assert lake.files["deliveries-000002.jsonl"] == ["805"]


def test_a_dead_service_changes_nothing(lake: Lake, service: Deliveries, work: Path) -> None:
    service.rows = [delivery(number) for number in range(30)]
    lake.ok()
    state = (work / "state").read_bytes()
    service.rows += [delivery(number) for number in range(30, 60)]
    service.before = lambda number: 503 if number > 4 else None
    assert lake("--page-size", "10").code == 6
    assert (work / "state").read_bytes() == state
    assert list(lake.files) == ["deliveries-000001.jsonl"]
    service.before = lambda number: None
    lake.ok("--page-size", "10")
    assert len(lake.files["deliveries-000002.jsonl"]) == 30


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"sha256": "x"}', b"\xff", b"[" * 100_000]
)
def test_a_damaged_state_is_found_before_anything_is_fetched(
    lake: Lake, service: Deliveries, work: Path, damage: bytes
) -> None:
    (work / "state").write_bytes(damage)
    outcome = lake()
    assert (outcome.code, service.requests) == (12, 0)
    assert "state is damaged, or no state of an export; nothing was fetched" in outcome.err
    assert (work / "state").read_bytes() == damage


def test_a_state_in_which_one_digit_has_changed_is_damaged(
    lake: Lake, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(0)]
    lake.ok()
    state = (work / "state").read_text()
    (work / "state").write_text(state.replace('"sequence": 1', '"sequence": 7'))
    assert lake().code == 12


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--topic", "Other"], 'its topic is not set, this one\'s is "Other"'),
        (["--attempts"], 'its what is "deliveries", this one\'s is "attempts"'),
        (["--format", "csv"], 'its format is "jsonl", this one\'s is "csv"'),
        (["--to", "other"], "its target is "),
        (["-p", "sandbox"], 'its profile is "default", this one\'s is "sandbox"'),
    ],
)
def test_the_state_of_another_export_is_refused(
    lake: Lake, service: Deliveries, more: list[str], said: str
) -> None:
    service.rows = [delivery(0)]
    lake.ok()
    requests = service.requests
    outcome = lake(*more)
    assert (outcome.code, service.requests) == (12, requests)
    assert said in outcome.err


def test_files_without_their_state_are_not_written_over(
    lake: Lake, service: Deliveries, work: Path
) -> None:
    service.rows = [delivery(0)]
    lake.ok()
    old = shutil.copy(work / "state", work / "old")
    (work / "state").unlink()
    outcome = lake()
    assert outcome.code == 8
    assert "exported deliveries already, and there is no state" in outcome.err
    shutil.copy(old, work / "state")
    for number in (100, 200):
        service.rows.append(delivery(number))
        lake.ok()
    shutil.copy(old, work / "state")
    outcome = lake()
    assert outcome.code == 12
    assert "is older than the files: it ends with number 1, they with 3" in outcome.err
    assert len(lake.files) == 3


def test_all_rows_are_not_put_beside_those_of_a_going_export(
    ess: Run, lake: Lake, service: Deliveries
) -> None:
    service.rows = [delivery(0)]
    lake.ok()
    line = ("deliveries", "export", "--to", "lake", "--format", "jsonl")
    assert ess(*line, env=service.env).code == 8
    assert list(lake.files) == ["deliveries-000001.jsonl"]


def test_two_runs_at_once_do_not_share_a_state(lake: Lake, service: Deliveries) -> None:
    service.rows = [delivery(0)]
    second: list[Outcome] = []

    def meanwhile(number: int) -> None:
        if number == 1:
            second.append(lake())

    first = started(service, *LINE, "--format", "jsonl")
    with first:
        service.before = meanwhile
        first.communicate(timeout=30)
    assert first.returncode == 0
    assert [outcome.code for outcome in second] == [12]
    assert "another export goes on from" in second[0].err


def test_a_state_holds_no_secret(lake: Lake, service: Deliveries, work: Path) -> None:
    service.rows = [delivery(0)]
    lake.ok()
    assert "token-1" not in (work / "state").read_text()
    assert (work / "state").stat().st_mode & 0o777 == 0o600
