"""A table whose rows are printed as they come: aligned, and only ever added to.

Nothing is drawn anew, so a log of it reads as the screen did. A column that meets a longer value
is wider from then on.
"""

from __future__ import annotations

from collections.abc import Iterable

from ess_cli.render.cells import shown
from ess_cli.render.columns import Column, Row
from ess_cli.render.tables import cut, plain_line, title, width_of
from ess_cli.render.terminal import Terminal

_LEAST_ROOM = 12


def write_live(
    terminal: Terminal,
    rows: Iterable[Row],
    columns: tuple[Column, ...],
    *,
    header: bool,
) -> None:
    """A table of rows; its header before the first of them.

    On a terminal the last column, if it may be cut, gets what room the line has left.
    """
    titles = [title(column) for column in columns]
    widths = [
        max(width_of(name), column.least) for name, column in zip(titles, columns, strict=True)
    ]
    for row in rows:
        cells = [shown(column.of(row)) for column in columns]
        if terminal.out_is_tty and columns[-1].cut:
            taken = sum(max(pair) for pair in zip(widths, map(width_of, cells), strict=True))
            taken += 2 * (len(columns) - 1) - max(widths[-1], width_of(cells[-1]))
            cells[-1] = cut(cells[-1], max(_LEAST_ROOM, terminal.width - taken))
        widths = [max(pair) for pair in zip(widths, map(width_of, cells), strict=True)]
        if header:
            terminal.write(plain_line(titles, columns, widths))
            header = False
        terminal.write(plain_line(cells, columns, widths))
        terminal.flush()
