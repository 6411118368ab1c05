"""Matching criteria: which events of a topic a subscription wants.

What is known of the language is little (field notes, H): ``field = 'text'``, bare integers,
lower-case ``and`` and ``or``. So criteria are looked at and warned about, never refused.
"""

from __future__ import annotations

import re

from ess_cli.errors import BadNumber, UsageFault

_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)


def criteria_of(match: str | None, number: str | None, option: str, *, required: bool) -> str:
    """The criteria text that two options mean together; empty for every event.

    Args:
        match: raw criteria; None where not given.
        number: a phone number; None where not given.
        option: what the user calls ``number``, for messages.
        required: one of the two must be given.

    Raises:
        UsageFault: both, or neither where one is required.
        BadNumber: the number is not E.164.
    """
    if match is not None and number is not None:
        raise UsageFault(f"--match and {option} exclude each other", hint="give one of them")
    if match is None and number is None and required:
        raise UsageFault(f"{option} or --match is missing", hint=f"{option} +12025550123")
    if number is None:
        return match or ""
    return f"number = '{checked_number(number, option)}'"


def checked_number(number: str, option: str) -> str:
    """The number, if it is E.164: plus, country code, at most 15 digits.

    ``option`` is where the user typed it, for the message.

    Raises:
        BadNumber: it is not, with a correction where one is plain.
    """
    if _E164.fullmatch(number):
        return number
    digits = re.sub(r"[\s().-]", "", number).removeprefix("+").removeprefix("00")
    raise BadNumber(option, number, f"+{digits}" if _E164.fullmatch(f"+{digits}") else None)


def lint(criteria: str) -> tuple[str, ...]:
    """What looks wrong in criteria; empty where nothing does. Never the last word."""
    outside = "".join(criteria.split("'")[::2])
    complaints = []
    if criteria.count("'") % 2:
        complaints.append("a quote is not closed")
    if '"' in outside:
        complaints.append("text stands in single quotes")
    if "==" in outside or "!=" in outside or "<" in outside or ">" in outside:
        complaints.append("= is the only operator known")
    if re.search(r"\b(?:AND|OR|And|Or)\b", outside):
        complaints.append("and / or are written small")
    if "(" in outside or ")" in outside:
        complaints.append("parentheses are not known to work")
    if criteria.strip() and "=" not in outside:
        complaints.append("no field = value in it")
    return tuple(complaints)
