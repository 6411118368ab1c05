"""Moments: what users write, what the service reads, and how they compare.

Inside the program a moment is an aware ``datetime`` in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ess_cli.errors import BadDate, UsageFault

_RELATIVE = re.compile(r"(?P<sign>\+?)(?P<count>[0-9]{1,9})(?P<unit>[smhdw])", re.ASCII)
_DURATION = re.compile(r"(?P<count>[0-9]{1,9}(\.[0-9]{1,3})?)(?P<unit>ms|[smhdw])", re.ASCII)
_LONGEST_S = 366 * 86400
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_moment(option: str, text: str, now: datetime) -> datetime:
    """The moment that a user means by ``text``.

    ISO 8601 (a bare date is 00:00, without a zone UTC), ``now``, ``15m`` or ``2d`` backwards,
    ``+2d`` forwards. Units are s, m, h, d, w.

    Raises:
        BadDate: naming the option and the value.
    """
    if text == "now":
        return now.replace(microsecond=0)
    relative = _RELATIVE.fullmatch(text)
    try:
        if relative:
            span = timedelta(seconds=int(relative["count"]) * _UNIT_S[relative["unit"]])
            return (now + span if relative["sign"] else now - span).replace(microsecond=0)
        moment = datetime.fromisoformat(text)
        # NOTE: fromisoformat takes week dates and compact forms too; they are ISO 8601, so fine.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadDate(option, text) from None


def parse_duration_s(option: str, text: str) -> float:
    """The seconds that ``10s``, ``1.5m`` or ``2h`` lasts; units are ms, s, m, h, d, w.

    It is a year at most, which every way to wait can take.

    Raises:
        UsageFault: naming the option and the value.
    """
    found = _DURATION.fullmatch(text)
    unit_s = {**_UNIT_S, "ms": 0.001}[found["unit"]] if found else 0
    duration_s = float(found["count"]) * unit_s if found else 0
    if not found or duration_s > _LONGEST_S:
        raise UsageFault(f'{option}: not a duration: "{text}"', hint="10s, 1m, 2h")
    return duration_s


def wire(moment: datetime) -> str:
    """The moment as the API writes it: seconds and ``Z`` (field notes, oddity 7)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def read(text: object) -> datetime | None:
    """A timestamp of the service, seconds or milliseconds; None where it is not one."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
