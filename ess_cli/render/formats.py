"""One writer for each format, over rows that may still be arriving.

json prints everything or nothing; jsonl, yaml, csv and tsv print each row as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from ess_cli.errors import NoNames
from ess_cli.render import jsontext
from ess_cli.render.cells import csv_line, plain, shown
from ess_cli.render.columns import Column, Row, Table
from ess_cli.render.tables import write_table
from ess_cli.render.terminal import Terminal, visible


class Style(NamedTuple):
    """How rows are to be written.

    Attributes:
        format: one of ``options.FORMATS``.
        columns: what table, csv and tsv show.
        header: whether their first line names the columns.
        excel: csv only: cells that a spreadsheet would run are guarded.
    """

    format: str
    columns: tuple[Column, ...]
    header: bool = True
    excel: bool = False


def write_rows(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> int:
    """Write a list in its format.

    Returns:
        How many rows were written.

    Raises:
        NoNames: ``-o name`` of something that no command takes.
    """
    counted = _Counted(rows)
    _WRITERS[style.format](terminal, counted, table, style)
    return counted.count


def write_object(terminal: Terminal, document: Any, rows: list[Row], table: Table, style: Style) -> None:
    """Write one reply: JSON and YAML show the document itself, the others its rows."""
    if style.format == "json":
        terminal.write(jsontext.pretty(document) + b"\n")
    elif style.format == "jsonl":
        terminal.write(jsontext.compact(document) + b"\n")
    elif style.format == "yaml":
        from ess_cli.render.yamltext import dump

        terminal.write(dump(document))
    else:
        write_rows(terminal, rows, table, style)


class _Counted:
    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            self.count += 1
            yield row


def _json(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    terminal.write(jsontext.pretty(list(rows)) + b"\n")


def _jsonl(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    arriving = iter(rows)
    for row in islice(arriving, jsontext.MANY):
        terminal.write(jsontext.compact(row) + b"\n")
    first = next(arriving, None)
    if first is None:
        return
    import orjson  # noqa: F401 - jsontext.compact uses it once it is there

    for row in chain([first], arriving):
        terminal.write(jsontext.compact(row) + b"\n")


def _yaml(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    from ess_cli.render.yamltext import dump

    empty = True
    for row in rows:
        terminal.write(dump([row]))
        empty = False
    if empty:
        terminal.write(b"[]\n")


def _csv(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    if style.header:
        terminal.write(csv_line([column.name for column in style.columns], excel=False).encode())
    for row in rows:
        cells = [plain(column.of(row)) for column in style.columns]
        terminal.write(csv_line(cells, excel=style.excel).encode())


def _tsv(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    if style.header:
        terminal.write(("\t".join(column.name for column in style.columns) + "\n").encode())
    for row in rows:
        line = "\t".join(shown(column.of(row)) for column in style.columns)
        terminal.write(f"{line}\n".encode())


def _name(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    if table.name is None:
        raise NoNames
    for row in rows:
        terminal.write(f"{visible(plain(table.name(row)))}\n".encode())


def _table(terminal: Terminal, rows: Iterable[Row], table: Table, style: Style) -> None:
    write_table(terminal, rows, style.columns, header=style.header)


_WRITERS: dict[str, Callable[[Terminal, Iterable[Row], Table, Style], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "yaml": _yaml,
    "csv": _csv,
    "tsv": _tsv,
    "name": _name,
}
