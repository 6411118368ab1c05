"""Cron expressions: six fields, seconds first, as Spring reads them (field notes, M).

Blanks divide the fields; ``?`` is ``*`` for a day; where both days are restricted, both must fit.
UNKNOWN: the service's time zone, UTC here; whether its days of the week count from Sunday = 0 as
Spring's, or from Sunday = 1 as Quartz's.
"""

from __future__ import annotations

import re
from datetime import datetime

_DAY, _WEEKDAY = 3, 5
_UP_TO_SUNDAY = re.compile(r"-SUN\b", re.IGNORECASE)


class ScheduleRefusedError(ValueError):
    """An expression that this sandbox cannot read; says which field."""


def next_tick(expression: str, after: datetime) -> datetime | None:
    """The first moment after ``after`` that an expression names; None where none ever comes.

    Args:
        expression: of a scheduled configuration.
        after: aware, in UTC.

    Raises:
        ScheduleRefusedError: it is none, or uses what is not read here (``L-3``, ``15W``).
    """
    from cronsim import CronSim, CronSimError

    fields = expression.split()
    if len(fields) != 6:
        raise ScheduleRefusedError("six fields, seconds first")
    for day in (_DAY, _WEEKDAY):
        if fields[day] == "?":
            fields[day] = "*"
    fields[_WEEKDAY] = _UP_TO_SUNDAY.sub("-7", fields[_WEEKDAY])
    try:
        ticks = CronSim(" ".join(fields), after)
    except CronSimError as error:
        raise ScheduleRefusedError(str(error)) from error
    # Without this it takes either day, as Debian's cron does.
    ticks.day_and = True
    return next(ticks, None)
