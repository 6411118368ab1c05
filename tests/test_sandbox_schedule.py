"""Cron expressions of six fields, as Spring reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ess_cli.sandbox.schedule import ScheduleRefusedError, next_tick

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("* * * * * *", "2026-11-23T08:30:01"),
        ("*/20 * * * * *", "2026-11-23T08:30:20"),
        ("5/20 * * * * *", "2026-11-23T08:30:05"),
        ("0 * * * * *", "2026-11-23T08:31:00"),
        ("0 15 * * * *", "2026-11-23T09:15:00"),
        ("0 */5 * * * *", "2026-11-23T08:35:00"),
        ("30 0-9/3,45 * * * *", "2026-11-23T08:45:30"),
        ("0 0 6,19 * * *", "2026-11-23T19:00:00"),
        ("0 0/30 8-10 * * *", "2026-11-23T09:00:00"),
        ("0 0 0 ? * *", "2026-11-24T00:00:00"),
        ("0 0 9-17 * * MON-FRI", "2026-11-23T09:00:00"),
        ("0 0 0 ? * sat", "2026-11-28T00:00:00"),
        ("0 0 0 ? * 0", "2026-11-29T00:00:00"),
        ("0 0 0 ? * 7", "2026-11-29T00:00:00"),
        ("0 0 0 ? * TUE-SUN", "2026-11-24T00:00:00"),
        ("0 0 0 ? * SAT-SUN", "2026-11-28T00:00:00"),
        ("0 0 0 25 DEC ?", "2026-12-25T00:00:00"),
        ("0 0 0 25 dec ?", "2026-12-25T00:00:00"),
        ("0 0 0 L * *", "2026-11-30T00:00:00"),
        ("0 0 0 ? * 5L", "2026-11-27T00:00:00"),
        ("0 0 0 ? * MON#1", "2026-12-07T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        # Where both days are restricted, both must fit: a Friday the 13th.
        ("0 0 0 13 * FRI", "2027-08-13T00:00:00"),
    ],
)
def test_the_next_tick(expression: str, due: str) -> None:
    tick = next_tick(expression, MONDAY)
    assert tick is not None
    assert tick.isoformat() == due + "+00:00"


def test_a_moment_that_never_comes_is_none() -> None:
    assert next_tick("0 0 0 29 2 MON#1", MONDAY) is None


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("* * * * *", "six fields, seconds first"),
        ("@hourly", "six fields, seconds first"),
        ("60 * * * * *", "Bad second"),
        ("* * 24 * * *", "Bad hour"),
        ("? * * * * *", "Bad second"),
        ("0 0 0 L-3 * *", "Bad day-of-month"),
        ("0 0 0 15W * *", "Bad day-of-month"),
        ("0 0 0 30 2 *", "Bad day-of-month"),
        ("0 0 0 * FOO *", "Bad month"),
        ("*/0 * * * * *", "Bad second"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_field(expression: str, why: str) -> None:
    with pytest.raises(ScheduleRefusedError) as caught:
        next_tick(expression, MONDAY)
    assert str(caught.value) == why
