"""Matching criteria: what counts as the same text, and which number is inside."""

from __future__ import annotations

import pytest

from ess_cli.sandbox.criteria import key_of, number_of


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
    ("key", "number"),
    [
        ("number='+12345678901'", "+12345678901"),
        ("number='+12345678901' and carrier_id='1'", None),
        ("to_address='+12345678901'", None),
        ("number=12345678901", None),
        ("", None),
    ],
)
def test_a_number_counts_where_it_is_the_whole_criteria(key: str, number: str | None) -> None:
    assert number_of(key) == number
