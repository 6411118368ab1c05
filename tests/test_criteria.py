"""Matching criteria: numbers are checked, raw text is looked at and sent as it stands."""

from __future__ import annotations

import pytest

from tests.conftest import Run

CREATE = ("subs", "create", "--topic", "SCG-Contact", "--cfg", "1654", "--dry-run")
CRITERIA = ("--query", 'body."match-crt"')


@pytest.mark.parametrize("number", ["+12025550123", "+4930123456", "+12", "+123456789012345"])
def test_a_number_becomes_criteria(ess: Run, number: str) -> None:
    outcome = ess(*CREATE, *CRITERIA, "--number", number)
    assert outcome == (0, f"number = '{number}'\n", "")


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("4930123456", "+4930123456"),
        ("004930123456", "+4930123456"),
        ("+49 30 123456", "+4930123456"),
        ("(49) 30.123-456", "+4930123456"),
        ("+49-30-123456", "+4930123456"),
        # Nothing plain to correct these to: an example stands in its place.
        ("", "+12025550123"),
        ("+", "+12025550123"),
        ("0123", "+12025550123"),
        ("+0123", "+12025550123"),
        ("+1234567890123456", "+12025550123"),
        ("+1202555O123", "+12025550123"),
        ("+１２０２", "+12025550123"),
        ("+12025550123\n", "+12025550123"),
        ("x' or 1=1", "+12025550123"),
    ],
)
def test_what_is_not_e164_is_refused_with_a_correction(
    ess: Run, typed: str, corrected: str
) -> None:
    shown = typed.replace("\n", r"\n")
    assert ess(*CREATE, "--number", typed) == (
        2,
        "",
        f'error: not an E.164 number: "{shown}"\n'
        f"hint: numbers begin with + and the country code: --number {corrected}\n",
    )


@pytest.mark.parametrize(
    "criteria",
    [
        "",
        "number = '+12025550123'",
        "company-id = 123 and carrier_id = '15799'",
        "a='x' or b='y'",
        "text = 'AND (this) is == inside \"quotes\" < >'",
    ],
)
def test_criteria_of_the_known_kind_raise_no_warning(ess: Run, criteria: str) -> None:
    assert ess(*CREATE, *CRITERIA, "--match", criteria) == (0, f"{criteria}\n", "")


@pytest.mark.parametrize(
    ("criteria", "complaint"),
    [
        ("number = '+1202", "a quote is not closed"),
        ('number = "+1202"', "text stands in single quotes"),
        ("a == 1", "= is the only operator known"),
        ("a != 1", "= is the only operator known"),
        ("a = 1 and b > 2", "= is the only operator known"),
        ("a = 1 AND b = 2", "and / or are written small"),
        ("a = 1 Or b = 2", "and / or are written small"),
        ("(a = 1)", "parentheses are not known to work"),
        ("porting_event", "no field = value in it"),
        ("'a = 1'", "no field = value in it"),
    ],
)
def test_criteria_that_look_wrong_are_warned_about_and_sent(
    ess: Run, criteria: str, complaint: str
) -> None:
    assert ess(*CREATE, *CRITERIA, "--match", criteria) == (
        0,
        f"{criteria}\n",
        f"warning: --match: {complaint}; it is sent as it stands\n",
    )


def test_an_update_looks_at_criteria_too(ess: Run) -> None:
    argv = ("subs", "update", "142", "--no-end-date", "--dry-run", *CRITERIA)
    assert ess(*argv, "--match", "nonsense") == (
        0,
        "nonsense\n",
        "warning: --match: no field = value in it; it is sent as it stands\n",
    )
