"""A service that dies while a long list is read: the code that is due, and the next run right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.exporting import Deliveries, delivery, service

__all__ = ["service"]

OLDEST = "event-0000000:1266 RETRY for 32h, at most 60m"


@pytest.fixture(autouse=True)
def dying(service: Deliveries) -> None:
    """Six pages, of which the fifth does not come in time."""
    service.rows = [delivery(number, **{"delivery-status": "RETRY"}) for number in range(5500)]
    service.before = lambda number: 503 if number > 5 else None


def revive(service: Deliveries) -> None:
    service.before = lambda number: None


def test_a_check_is_temporary_and_finds_what_there_is_next_time(
    ess: Run, service: Deliveries
) -> None:
    line = ("deliveries", "check", "--max-age", "1h")
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.out) == (6, "")
    revive(service)
    assert ess(*line, env=service.env) == (10, "", f"error: {OLDEST}\n")


def test_a_plugin_s_state_is_unknown_and_then_critical(ess: Run, service: Deliveries) -> None:
    line = ("deliveries", "check", "--max-age", "1h", "--nagios")
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.out.startswith("ESS DELIVERIES UNKNOWN - GET /event-deliveries: 503")
    revive(service)
    outcome = ess(*line, env=service.env)
    assert (outcome.code, outcome.err) == (2, "")
    assert outcome.out.startswith(f"ESS DELIVERIES CRITICAL - {OLDEST} | ")


def test_a_report_of_before_stays(ess: Run, service: Deliveries, tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    path.write_text("old")
    outcome = ess("deliveries", "report", "--html", str(path), env=service.env)
    assert (outcome.code, outcome.out, path.read_text()) == (6, "", "old")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home", "x.html"]


def test_who_follows_gets_the_rest_once_it_is_back(
    ess: Run, service: Deliveries, sleeps: list[float]
) -> None:
    service.before = lambda number: 503 if 5 < number < 12 else None
    line = ("deliveries", "tail", "--since", "2026-11-22", "--count", "5500", "-o", "name")
    outcome = ess(*line, env=service.env)
    assert outcome.code == 0
    names = outcome.out.splitlines()
    assert (len(names), len(set(names))) == (5500, 5500)
    assert outcome.err.count("; trying again\n") == 1
