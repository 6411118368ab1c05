"""One value as text: for a table, for tsv, for csv."""

from __future__ import annotations

import re
from typing import Any

from ess_cli.render.jsontext import compact
from ess_cli.render.terminal import visible

# What a spreadsheet takes for a formula. E.164 numbers begin with + and are left alone.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_E164 = re.compile(r"\+[0-9]{1,15}", re.ASCII)
_NEEDS_QUOTES = re.compile('[",\r\n]')


def plain(value: Any) -> str:
    """A value as exact text: nothing for None, JSON for what is no scalar."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return compact(value).decode()


def shown(value: Any) -> str:
    """A value for a table or tsv: one line, hidden characters as escapes."""
    return visible(plain(value))


def csv_line(cells: list[str], *, excel: bool) -> str:
    """Cells as one csv record with its newline; exact unless ``excel`` guards formulas."""
    if excel:
        cells = [_guarded(cell) for cell in cells]
    if cells == [""]:
        return '""\n'  # NOTE: an empty line would read back as no record at all
    return ",".join(map(_quoted, cells)) + "\n"


def _quoted(cell: str) -> str:
    # NOTE: csv.writer leaves a lone CR unquoted before Python 3.13, and then misreads it.
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell


def _guarded(cell: str) -> str:
    if cell.lstrip(" ").startswith(_FORMULA) and not _E164.fullmatch(cell):
        return "'" + cell
    return cell
