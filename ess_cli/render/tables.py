"""Tables: Rich on a terminal and for a screenful, plain columns everywhere else.

Rich takes 0.3 ms a row and needs all of them; plain columns take their widths from the first
rows and go on as rows arrive, in flat memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from unicodedata import combining, east_asian_width

from ess_cli.render.cells import shown
from ess_cli.render.columns import Column, Row
from ess_cli.render.terminal import Terminal

_SCREENFUL = 200
_LEAST_ROOM = 12


def write_table(
    terminal: Terminal, rows: Iterable[Row], columns: tuple[Column, ...], *, header: bool
) -> None:
    """A table of rows; nothing at all, not even the header, where there are none."""
    arriving = iter(rows)
    first = [_cells(row, columns) for row in islice(arriving, _SCREENFUL)]
    if not first:
        return
    following = next(arriving, None)
    if terminal.out_is_tty and following is None:
        _write_rich(terminal, first, columns, header=header)
        return
    titles = [title(column) for column in columns]
    widths = [
        max(width_of(line[index]) for line in ([titles] if header else []) + first)
        for index in range(len(columns))
    ]
    if header:
        terminal.write(plain_line(titles, columns, widths))
    for cells in first:
        terminal.write(plain_line(cells, columns, widths))
    if following is not None:
        terminal.write(plain_line(_cells(following, columns), columns, widths))
    for row in arriving:
        terminal.write(plain_line(_cells(row, columns), columns, widths))


def _cells(row: Row, columns: tuple[Column, ...]) -> list[str]:
    return [shown(column.of(row)) for column in columns]


def title(column: Column) -> str:
    """What stands above a column."""
    return shown(column.name).upper().replace("-", " ")


def plain_line(cells: list[str], columns: tuple[Column, ...], widths: list[int]) -> bytes:
    """One line of aligned cells, no blanks at its end."""
    padded = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        blanks = " " * (width - width_of(cell))
        padded.append(blanks + cell if column.right else cell + blanks)
    return f"{'  '.join(padded).rstrip()}\n".encode()


def width_of(text: str) -> int:
    """Columns of the screen that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )


def _write_rich(
    terminal: Terminal, lines: list[list[str]], columns: tuple[Column, ...], *, header: bool
) -> None:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(
        box=None, show_header=header, header_style="bold cyan", pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        grid.add_column(
            Text(title(column)),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="crop",
        )
    room = _room(lines, columns, terminal.width)
    for cells in lines:
        grid.add_row(
            *(
                Text(cut(cell, room) if column.cut else cell)
                for cell, column in zip(cells, columns, strict=True)
            )
        )
    # NOTE: wide enough for every cell: Rich would otherwise cut or wrap ids to fit the screen.
    needed = sum(max(map(len, column)) + 2 for column in zip(*lines, strict=True)) * 2 + 200
    console = Console(
        file=StringIO(),
        force_terminal=True,
        width=max(needed, terminal.width),
        height=25,  # NOTE: without it Rich takes 80 columns for a dumb terminal, and cuts ids
        color_system="standard" if terminal.colour else None,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(grid)
    text = "\n".join(line.rstrip() for line in capture.get().splitlines())
    terminal.write(f"{text}\n".encode())


def _room(lines: list[list[str]], columns: tuple[Column, ...], width: int) -> int:
    """How many characters a cell that may be cut keeps, so that the table fits the screen."""
    longest = [max(map(len, column)) for column in zip(*lines, strict=True)]
    longest = [max(size, len(column.name)) for size, column in zip(longest, columns, strict=True)]
    flexible = [size for size, column in zip(longest, columns, strict=True) if column.cut]
    room = width - 2 * len(longest) - (sum(longest) - sum(flexible))
    # The longest give way first: what is short is shown whole.
    for given, size in enumerate(sorted(flexible)):
        share = room // (len(flexible) - given)
        if size > share:
            return max(_LEAST_ROOM, share)
        room -= size
    return max(flexible, default=0)


def cut(text: str, room: int) -> str:
    """A name shortened in its middle."""
    if len(text) <= room:
        return text
    head = (room - 1 + 1) // 2
    return f"{text[:head]}…{text[-(room - 1 - head) :]}"
