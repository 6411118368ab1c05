"""What a run prints: rows, replies, lists as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any

from ess_cli.context.listing import Source, Whole, going_on, is_count, showing_all, sort_key
from ess_cli.context.run import Run
from ess_cli.errors import NoNames, UnknownFormat, UsageFault
from ess_cli.formats import FORMATS

if TYPE_CHECKING:
    from ess_cli.api.paging import Window
    from ess_cli.render.columns import Row, Table
    from ess_cli.render.formats import Style

# Work that is over within this says nothing while it lasts.
_QUIET_S = 1.0
_PAGING = ("offset", "limit")


class Showing(Run):
    """The part of a run that prints.

    Attributes:
        endless_limit: how many rows a list without an end shows; None for lists that end.
    """

    endless_limit: int | None = None

    def prepare(self, table: Table | None) -> bool:
        """Check all that says how to print, before anything is sent.

        Returns:
            False where the command is not to run, since only its columns were asked for.

        Raises:
            UsageFault: an unknown format or column, a query that does not parse.
        """
        self.terminal.quiet = self.flags.quiet
        if self.flags.verbose:
            self.be_verbose()
        if self.flags.no_color:
            self.terminal.colour = False
        self.table = table
        if self.flags.output is not None and self.flags.output not in FORMATS:
            raise UnknownFormat(self.flags.output, FORMATS)
        if table is None:
            return True
        if self.flags.columns == "?":
            self.terminal.write("".join(f"{name}\n" for name in table.names).encode())
            return False
        table.select(self.flags.columns)
        if self.flags.sort is not None:
            table.column(self.flags.sort.removeprefix("-"))
        if self.flags.query is not None:
            from ess_cli.render.query import parse

            parse(self.flags.query)
        if self.flags.output == "name" and table.name is None:
            raise NoNames
        return True

    def show_whole(self, rows: Sequence[Any]) -> None:
        """Print a list that the service does not page, within ``--limit``, sorted."""
        self.show_listing(Whole(rows, self.flags.offset or 0))

    def show_rows(self, rows: Iterable[Row]) -> int:
        """Print a list; returns how many rows it had."""
        return self._show_batches([list(rows)])

    def show_arriving(self, rows: Iterable[Row]) -> None:
        """Print rows as they come, each let out at once.

        json, and what ``--query`` picks of anything but jsonl, are one document: they wait for
        the last row.
        """
        if self.format == "table" and not self.flags.query:
            from ess_cli.render.live import write_live

            style = self._style
            write_live(self.terminal, rows, style.columns, header=style.header)
        else:
            self._show_batches(self._let_out(rows))

    def _let_out(self, rows: Iterable[Row]) -> Iterator[list[Any]]:
        for row in rows:
            yield [row]
            self.terminal.flush()

    def show_object(self, document: Any, rows: Iterable[Row] | None = None) -> None:
        """Print one reply.

        Args:
            document: what json and yaml show.
            rows: what tables show of it; the document itself where None.
        """
        from ess_cli.render.formats import write_object

        if self.flags.query:
            from ess_cli.render.query import search, write_result

            result = search(self.flags.query, document)
            write_result(self.terminal, result, self._style)
            return
        shown = [document] if rows is None else list(rows)
        write_object(self.terminal, document, shown, self._table, self._style)

    def show_listing(
        self,
        listing: Source,
        *,
        keep: Callable[[Any], bool] | None = None,
        remember: tuple[str, Callable[[Any], list[str]]] | None = None,
    ) -> None:
        """Print a list as it arrives, within ``--limit``, filtered and sorted.

        Args:
            listing: where the rows come from.
            keep: a filter on our side.
            remember: which kind of names to keep for completion, and the lines a row gives.
        """
        limit, kept = self.row_limit, filter(keep, listing) if keep else listing
        further = None
        if self.flags.sort:
            rows = self._sorted(kept, self.flags.sort)
            count = self._show_batches([rows[:limit]])
            if count < len(rows):
                further = f"all of them: {showing_all(self.program_args, self.endless_limit)}"
        elif limit is None:
            count = self._show_batches(self._whole(listing, keep, remember))
        else:
            count = self._show_batches([row] for row in islice(kept, limit))
            if count == limit and not listing.ended:
                further = f"go on with: {going_on(self.program_args, listing.next_offset)}"
        self._say_how_many(count)
        if further:
            rows_shown = f"{count} row" if count == 1 else f"{count} rows"
            self.terminal.note(f"stopped after {rows_shown}; {further}")

    @property
    def row_limit(self) -> int | None:
        """How many rows a list shows at most; None for all."""
        if self.flags.limit is not None:
            return self.flags.limit
        return None if self.flags.all else self.endless_limit

    def window(self, *, filtered: bool = False, endless: int | None = None) -> Window:
        """Which part of a list to fetch.

        Args:
            filtered: rows are filtered on our side, so that more are needed than shown.
            endless: how many rows are shown, unless told otherwise, of a list without an end.
        """
        from ess_cli.api.paging import PAGE_SIZE, Window

        self.endless_limit = endless
        params, offset, size = self.params(), self.flags.offset, self.flags.page_size
        # Paging goes by these two, also where they are given raw.
        raw = {key: int(text) for key, text in params if key in _PAGING and is_count(text)}
        offset = raw.get("offset", 0) if offset is None else offset
        size = size or raw.get("limit")
        if size is None:
            size = PAGE_SIZE
            if self.row_limit and not filtered and not self.flags.sort:
                # NOTE: one more than shown, to know whether there is more.
                size = min(size, self.row_limit + 1)
        return Window(offset, size, tuple(pair for pair in params if pair[0] not in raw))

    @property
    def shows_columns(self) -> bool:
        """Whether rows are shown as columns, and so want names beside ids."""
        return self.format in ("table", "csv", "tsv") and not self.flags.query

    @property
    def _table(self) -> Table:
        if self.table is None:
            raise TypeError("this command declares no table")
        return self.table

    @property
    def _style(self) -> Style:
        from ess_cli.render.formats import Style

        self.check_names()
        return Style(
            self.format,
            self._table.select(self.flags.columns),
            header=not self.flags.no_header,
            excel=self.flags.excel,
        )

    def _show_batches(self, batches: Iterable[list[Any]]) -> int:
        from ess_cli.render.formats import write_rows

        query = self.flags.query
        if not query:
            return write_rows(self.terminal, batches, self._table, self._style)
        from ess_cli.render.query import search, write_result

        if self.format == "jsonl":
            picked = ([search(query, row) for row in batch] for batch in batches)
            return write_rows(self.terminal, picked, self._table, self._style)
        document = [row for batch in batches for row in batch]
        write_result(self.terminal, search(query, document), self._style)
        return len(document)

    def _whole(
        self,
        listing: Source,
        keep: Callable[[Any], bool] | None,
        remember: tuple[str, Callable[[Any], list[str]]] | None,
    ) -> Iterator[list[Any]]:
        """All of a list, page by page; what it names is kept for completion."""
        lines: list[str] = []
        began, count = monotonic(), 0
        for batch in listing.batches():
            if remember:
                lines += [line for row in batch for line in remember[1](row)]
            count += len(batch)
            if monotonic() - began > _QUIET_S:
                self.terminal.progress(f"{count:,} rows …")
            yield list(filter(keep, batch)) if keep else batch
        self.terminal.progress("")
        if remember and not self.flags.param and not self.flags.offset:
            from ess_cli import cache

            cache.remember(self.profile, remember[0], lines)

    def watched(self, source: Source, what: str) -> Iterator[list[Any]]:
        """A list page by page for a command that prints no rows, with how far it is."""
        began, count = monotonic(), 0
        for batch in source.batches():
            count += len(batch)
            if monotonic() - began > _QUIET_S:
                self.terminal.progress(f"{count:,} {what} …", alone=True)
            yield batch
        self.terminal.progress("")

    def _sorted(self, rows: Iterable[Any], field: str) -> list[Any]:
        column = self._table.column(field.removeprefix("-"))
        return sorted(rows, key=lambda row: sort_key(column.of(row)), reverse=field.startswith("-"))

    def _say_how_many(self, count: int) -> None:
        if self.format == "table" and self.terminal.err_is_tty and self.terminal.out_is_tty:
            noun = self._table.noun[0 if count == 1 else 1]
            self.terminal.note(f"{count} {noun} · {self.profile}")

    def params(self) -> tuple[tuple[str, str], ...]:
        """The raw query parameters of ``--param``.

        Raises:
            UsageFault: one is not KEY=VALUE.
        """
        pairs = []
        for text in self.flags.param:
            key, equals, value = text.partition("=")
            if not key or not equals:
                raise UsageFault(
                    f'--param: not KEY=VALUE: "{text}"', hint="--param topic=NIS-Events"
                )
            pairs.append((key, value))
        return tuple(pairs)
