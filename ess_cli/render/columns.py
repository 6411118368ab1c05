"""Columns: what a table, csv and tsv show of the service's objects, under plain names.

Column names are public: scripts select them with ``--columns``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ess_cli.errors import UnknownColumn

Row = Mapping[str, Any]


class Column(NamedTuple):
    """One column.

    Attributes:
        name: what users call it.
        value: the service's key, or a function of the whole object.
        right: numbers stand at the right.
        cut: may be shortened in the middle on a terminal; ids never are.
        extra: shown only when asked for.
        least: how wide it begins where rows are printed as they come.
    """

    name: str
    value: str | Callable[[Row], Any]
    right: bool = False
    cut: bool = False
    extra: bool = False
    least: int = 0

    def of(self, row: Row) -> Any:
        """This column's value in a row; None where the row has none."""
        return row.get(self.value) if isinstance(self.value, str) else self.value(row)

    def of_all(self, rows: Sequence[Row]) -> list[Any]:
        """This column's values in rows, in order."""
        key = self.value
        if isinstance(key, str):
            return [row.get(key) for row in rows]
        return [key(row) for row in rows]


class Table(NamedTuple):
    """How one kind of object is shown.

    Attributes:
        noun: singular and plural, for the line below a table.
        columns: in order.
        name: what the next command takes as its argument (``-o name``); None where nothing does.
    """

    noun: tuple[str, str]
    columns: tuple[Column, ...]
    name: Callable[[Row], Any] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All column names, the extra ones last."""
        shown = [column.name for column in self.columns if not column.extra]
        return (*shown, *(column.name for column in self.columns if column.extra))

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            UnknownColumn: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownColumn(name, self.names)

    def select(self, wanted: str | None) -> tuple[Column, ...]:
        """The columns to show: the usual ones, ``a,b`` just those, ``+x`` one more.

        Raises:
            UnknownColumn: a name that is none.
        """
        usual = tuple(column for column in self.columns if not column.extra)
        if wanted is None:
            return usual
        chosen: tuple[Column, ...] = ()
        for part in (part.strip() for part in wanted.split(",")):
            if part.startswith("+"):
                chosen = (*(chosen or usual), self.column(part[1:]))
            else:
                chosen = (*chosen, self.column(part))
        return tuple(dict.fromkeys(chosen))


def guess(rows: list[Any]) -> tuple[Column, ...]:
    """Columns for objects of unknown make (the result of ``--query``): every key seen, in order."""
    keys = dict.fromkeys(key for row in rows if isinstance(row, Mapping) for key in row)
    return tuple(Column(key, key) for key in keys)
