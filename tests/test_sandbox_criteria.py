"""Matching criteria: what counts as the same text, what is looked up, and what holds."""

from __future__ import annotations

import pytest

from ess_cli.sandbox.criteria import MalformedError, equality_of, key_of, parse


@pytest.mark.parametrize(
    ("criteria", "key"),
    [
        ("", ""),
        ("  ", ""),
        ("number = '+12345678901'", "number='+12345678901'"),
        (" number='+12345678901'\n", "number='+12345678901'"),
        ("a  =\t'x  =  y'   and\nb = 1", "a='x  =  y' and b=1"),
        ("a = 'unclosed  text", "a='unclosed  text"),
    ],
)
def test_blanks_count_inside_quotes_only(criteria: str, key: str) -> None:
    assert key_of(criteria) == key


@pytest.mark.parametrize(
    ("criteria", "equality"),
    [
        ("number = '+12345678901'", ("number", "+12345678901")),
        ("to_address='a  b'", ("to_address", "a  b")),
        ("company-id = 123", ("company-id", "123")),
        ("number = 007", ("number", "7")),
        ("number = '1' and carrier_id = '1'", None),
        ("(number = '1')", None),
        ("number ( '1'", None),
        ("number = ", None),
        ("number like '1'", None),
        ("", None),
    ],
)
def test_one_equality_and_nothing_else_is_looked_up(
    criteria: str, equality: tuple[str, str] | None
) -> None:
    assert equality_of(criteria) == equality


@pytest.mark.parametrize(
    ("criteria", "matches"),
    [
        ("", True),
        (" ", True),
        ("a = '1'", True),
        ("a='1'", True),
        ("a = 1", True),
        ("a = '2'", False),
        ("c = '1'", False),
        ("a = '1' and b = 'x y'", True),
        ("a = '1' and b = 'x  y'", False),
        ("a = '2' or b = 'x y'", True),
        # "and" binds closer: this is a = 1 or (b = 2 and b = 3).
        ("a = 1 or b = 2 and b = 3", True),
        ("(a = 1 or b = 2) and b = 3", False),
        ("b-c = -7", True),
    ],
)
def test_criteria_hold_or_not(criteria: str, matches: bool) -> None:
    assert parse(criteria)({"a": "1", "b": "x y", "b-c": "-7"}) is matches


@pytest.mark.parametrize(
    ("criteria", "why"),
    [
        ("number", "position 7: expected ="),
        ("number =", "position 9: expected 'text' or an integer"),
        ("number = '+1", "position 10: expected a field, =, a value, and, or, or a bracket"),
        ("number = +1", "position 10: expected a field, =, a value, and, or, or a bracket"),
        ("number like 'x'", "position 8: expected ="),
        ("a = 1 b = 2", "position 7: expected and, or, or the end"),
        ("a = 1 AND b = 2", "position 7: expected and, or, or the end"),
        ("a = 1 and", "position 10: expected a field"),
        ("(a = 1", "position 7: expected )"),
        ("a = 1)", "position 6: expected and, or, or the end"),
        ("(" * 100_000, "position 1: expected fewer brackets"),
    ],
)
def test_what_does_not_parse_says_where(criteria: str, why: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse(criteria)
    assert str(caught.value) == why
