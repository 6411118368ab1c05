"""Dates as users type them, and as the service is told them."""

from __future__ import annotations

import pytest

from ess_cli.errors import UsageFault
from ess_cli.times import parse_duration_s
from tests.conftest import Run

HINT = "hint: 2026-11-23, 2026-11-23T08:00:00Z, now, 15m or 2d (ago), +2d (ahead)\n"


def sent(ess: Run, typed: str) -> str:
    """What a start date becomes on the wire."""
    argv = ("subs", "create", "--topic", "NIS-Events", "--cfg", "1654", f"--start-date={typed}")
    outcome = ess(*argv, "--dry-run", "--query", 'body."start-date"')
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out.removesuffix("\n")


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ("now", "2026-11-23T08:30:00Z"),
        ("30s", "2026-11-23T08:29:30Z"),
        ("15m", "2026-11-23T08:15:00Z"),
        ("2h", "2026-11-23T06:30:00Z"),
        ("2d", "2026-11-21T08:30:00Z"),
        ("1w", "2026-11-16T08:30:00Z"),
        ("+15m", "2026-11-23T08:45:00Z"),
        ("+2d", "2026-11-25T08:30:00Z"),
        ("0d", "2026-11-23T08:30:00Z"),
        ("2026-12-24", "2026-12-24T00:00:00Z"),
        ("20261224", "2026-12-24T00:00:00Z"),
        ("2026-12-24T18:00", "2026-12-24T18:00:00Z"),
        ("2026-12-24 18:00:01", "2026-12-24T18:00:01Z"),
        ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"),
        ("2026-12-24T18:00:00+05:30", "2026-12-24T12:30:00Z"),
        ("2026-12-24T18:00:00.999Z", "2026-12-24T18:00:00Z"),
        ("1970-01-01", "1970-01-01T00:00:00Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
    ],
)
def test_a_date_is_understood(ess: Run, typed: str, wire: str) -> None:
    assert sent(ess, typed) == wire


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "yesterday",
        "Now",
        "2d ",
        "-2d",
        "2 d",
        "2y",
        "1.5d",
        "++2d",
        "d",
        "12",
        "2026-02-29",
        "2026-13-01",
        "2026-11-23T25:00",
        "23.11.2026",
        "11/23/2026",
        "999999999w",
        "+999999999w",
        "0001-01-01T00:00:00+14:00",
        "٢d",
        "2026-11-23T08:00:00Z\n",
    ],
)
def test_what_is_no_date_is_refused_with_its_value(ess: Run, typed: str) -> None:
    argv = ("subs", "create", "--topic", "NIS-Events", "--cfg", "1654", f"--start-date={typed}")
    outcome = ess(*argv, "--debug")
    shown = typed.replace("\n", r"\n")
    assert outcome == (2, "", f'error: --start-date: not a date: "{shown}"\n{HINT}')


def test_each_option_that_takes_a_date_names_itself(ess: Run) -> None:
    create = ("subs", "create", "--topic", "NIS-Events", "--cfg", "1654")
    for argv in (
        (*create, "--end-date", "x"),
        ("subs", "update", "142", "--start-date", "x", "--yes"),
        ("subs", "update", "142", "--end-date", "x", "--yes"),
        ("subs", "end", "142", "--at", "x", "--yes"),
        ("deliveries", "attempts", "--since", "x"),
        ("deliveries", "list", "--until", "x"),
    ):
        option = next(word for word in argv[2:] if word in ARGUMENTS)
        assert ess(*argv) == (2, "", f'error: {option}: not a date: "x"\n{HINT}')


ARGUMENTS = ("--start-date", "--end-date", "--at", "--since", "--until")


def test_a_length_of_time_is_a_number_and_its_unit() -> None:
    lengths = {"500ms": 0.5, "0s": 0, "1.5s": 1.5, "10m": 600, "2h": 7200, "3d": 259200}
    assert {text: parse_duration_s("--for", text) for text in lengths} == lengths
    for text in ("", "2", "-2s", "+2s", "2 s", "2S", "1e3s", ".5s", "1h30m", "367d", "٢s", "2s\n"):
        with pytest.raises(UsageFault):
            parse_duration_s("--for", text)
