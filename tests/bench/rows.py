"""What the bench measured, beside what is promised."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A line of the result."""

    what: str
    measured: float
    limit: float
    unit: str

    @property
    def held(self) -> bool:
        """Whether the promise is kept; requests a second are a floor, all else a ceiling."""
        return self.measured >= self.limit if self.unit == "/s" else self.measured <= self.limit


def as_markdown(rows: list[Row]) -> str:
    """The table for the README."""
    lines = ["| what | measured | promised |", "| --- | ---: | ---: |"]
    for row in rows:
        figure = f"{row.measured:,.0f}" if row.limit > 10 else f"{row.measured:.2f}"
        bound = f"at least {row.limit:,}" if row.unit == "/s" else f"at most {row.limit}"
        missed = "" if row.held else " **missed**"
        lines.append(f"| {row.what} | {figure}{row.unit}{missed} | {bound}{row.unit} |")
    return "\n".join(lines)
