"""One writer for each format, over rows that may still be arriving.

json prints everything or nothing; jsonl, yaml, csv and tsv print each row as it comes, and a
header not before the first: a list that cannot be had leaves stdout empty. What only some
formats need is imported by them: a short run is mostly imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

from ess_cli.errors import FileTrouble, NoNames
from ess_cli.render import jsontext
from ess_cli.render.columns import Column, Row, Table
from ess_cli.render.terminal import Terminal, visible

# So many rows of a JSON array are held in memory, before a temporary file takes over.
_HELD_ROWS = 20_000


class Style(NamedTuple):
    """How rows are to be written.

    Attributes:
        format: one of ``formats.FORMATS``.
        columns: what table, csv and tsv show.
        header: whether their first line names the columns.
        excel: csv only: cells that a spreadsheet would run are guarded.
    """

    format: str
    columns: tuple[Column, ...]
    header: bool = True
    excel: bool = False


def write_rows(
    terminal: Terminal, batches: Iterable[Sequence[Row]], table: Table, style: Style
) -> int:
    """Write a list in its format, as its batches arrive.

    Returns:
        How many rows were written.

    Raises:
        NoNames: ``-o name`` of something that no command takes.
    """
    counted = _Counted(batches)
    _WRITERS[style.format](terminal, counted, table, style)
    return counted.count


def write_object(
    terminal: Terminal, document: Any, rows: list[Row], table: Table, style: Style
) -> None:
    """Write one reply: JSON and YAML show the document itself, the others its rows."""
    if style.format == "json":
        terminal.write(jsontext.pretty(document) + b"\n")
    elif style.format == "jsonl":
        terminal.write(jsontext.lines([document]))
    elif style.format == "yaml":
        from ess_cli.render.yamltext import dump

        terminal.write(dump(document))
    else:
        write_rows(terminal, [rows], table, style)


class _Counted:
    def __init__(self, batches: Iterable[Sequence[Row]]) -> None:
        self.batches = batches
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Row]]:
        for batch in self.batches:
            self.count += len(batch)
            yield batch


Batches = Iterable[Sequence[Row]]


def _json(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    rows: list[Row] = []
    arriving = iter(batches)
    for batch in arriving:
        rows += batch
        if len(rows) > _HELD_ROWS:
            _json_spooled(terminal, chain([rows], arriving))
            return
    terminal.write(jsontext.pretty(rows) + b"\n")


def _json_spooled(terminal: Terminal, batches: Batches) -> None:
    """A long array, by way of a temporary file: whole or absent, and in flat memory."""
    from tempfile import TemporaryFile

    with TemporaryFile() as spool:
        try:
            filled = filter(None, batches)
            for start, batch in zip(chain(["[\n  "], repeat(",\n  ")), filled, strict=False):
                spool.write(start.encode() + jsontext.elements(batch))
            spool.write(b"\n]\n")
            spool.seek(0)
        except OSError as error:
            raise FileTrouble(
                f"the list is long and is kept in a temporary file: {error.strerror}",
                hint="-o jsonl needs none; TMPDIR says where temporary files go",
            ) from error
        while piece := spool.read(1 << 20):
            terminal.write(piece)


def _jsonl(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    for batch in batches:
        terminal.write(jsontext.lines(batch))


def _yaml(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    from ess_cli.render.yamltext import dump

    empty = True
    for batch in batches:
        for row in batch:
            terminal.write(dump([row]))
            empty = False
    if empty:
        terminal.write(b"[]\n")


def _csv(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    from ess_cli.render.cells import csv_text, plain_rows

    names = tuple(column.name for column in style.columns)
    header = csv_text([names], excel=style.excel) if style.header else ""
    for batch in batches:
        records = plain_rows(batch, style.columns)
        terminal.write((header + csv_text(records, excel=style.excel)).encode())
        header = ""
    terminal.write(header.encode())


def _tsv(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    from ess_cli.render.cells import shown, shown_rows

    # NOTE: under --query the names are the service's keys, or the user's.
    header = "\t".join(shown(column.name) for column in style.columns) + "\n"
    header = header if style.header else ""
    for batch in batches:
        lines = ["\t".join(cells) + "\n" for cells in shown_rows(batch, style.columns)]
        terminal.write("".join([header, *lines]).encode())
        header = ""
    terminal.write(header.encode())


def _name(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    from ess_cli.render.cells import plain

    name = table.name
    if name is None:
        raise NoNames
    for batch in batches:
        lines = [f"{visible(plain(name(row)))}\n" for row in batch]
        terminal.write("".join(lines).encode())


def _table(terminal: Terminal, batches: Batches, table: Table, style: Style) -> None:
    from ess_cli.render.tables import write_table

    rows = (row for batch in batches for row in batch)
    write_table(terminal, rows, style.columns, header=style.header)


_WRITERS: dict[str, Callable[[Terminal, Batches, Table, Style], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "yaml": _yaml,
    "csv": _csv,
    "tsv": _tsv,
    "name": _name,
}
