"""The line that a monitoring plugin prints, as Nagios, Icinga and their like read it.

After the Monitoring Plugins Development Guidelines: one line with the state, a few words, and
behind a bar what was measured: ``'label'=value[unit];warn;crit;min``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ess_cli.redaction import redact
from ess_cli.render.terminal import visible

# The exit codes of plugins, which are not those of ess.
STATES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


class Datum(NamedTuple):
    """One number of the performance data; ``critical`` is None where it has no threshold."""

    label: str
    value: int
    unit: str
    critical: int | None


def plugin_line(state: str, text: str, data: Iterable[Datum] = ()) -> bytes:
    """The one line, newline and all.

    Args:
        state: one of ``STATES``.
        text: what the state is about.
        data: what was measured.
    """
    line = f"ESS DELIVERIES {state} - {_plain(text)}"
    performance = " ".join(map(_datum, data))
    return f"{line} | {performance}\n".encode() if performance else f"{line}\n".encode()


def _datum(datum: Datum) -> str:
    # NOTE: a label has no "=" in it at all, and a quote is doubled.
    label = _plain(datum.label).replace("=", "_").replace("'", "''")
    most = "" if datum.critical is None else datum.critical
    return f"'{label}'={datum.value}{datum.unit};;{most};0"


def _plain(text: str) -> str:
    """Text on one line, no secret in it, and without the bar where the data would begin."""
    return visible(redact(text)).replace("|", "/")
