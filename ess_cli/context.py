"""One run: what was asked for, and everything built from it on first use."""

from __future__ import annotations

import itertools
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ess_cli.errors import EssError, NeedsConfirmation, NoNames, UnknownFormat, UsageFault
from ess_cli.options import FORMATS, Flags
from ess_cli.render.terminal import Terminal

if TYPE_CHECKING:
    from ess_cli.api.http import Authorization, Http
    from ess_cli.api.paging import Listing, Window
    from ess_cli.changes import Change
    from ess_cli.config import Settings
    from ess_cli.credentials import Credentials
    from ess_cli.lookup import Named
    from ess_cli.records import Configuration
    from ess_cli.render.columns import Row, Table
    from ess_cli.render.formats import Style


class Ess:
    """What a command works with.

    Args:
        program_args: the command line, for messages that say how to go on.
        clock: the present moment, aware.
        sleep: waits between attempts; takes seconds.

    Attributes:
        flags: the shared options.
        terminal: the streams.
        table: what the command's rows look like; None where it prints none.
    """

    def __init__(
        self,
        program_args: list[str],
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.program_args = program_args
        self.flags = Flags()
        self.terminal = Terminal()
        self.table: Table | None = None
        self._clock = clock or (lambda: datetime.now(UTC))
        self._sleep = sleep

    # -- what the run is about ------------------------------------------------------------

    @cached_property
    def settings(self) -> Settings:
        """Profile, base URL and the rest, each with its source."""
        from ess_cli import config

        return config.resolve(self.flags, os.environ)

    @cached_property
    def http(self) -> Http:
        """The service, with credentials looked up at the first request."""
        return self.http_with(self._authorization)

    def http_with(self, credentials: Callable[[], Authorization]) -> Http:
        """The service, with these credentials."""
        import time

        from ess_cli.api.http import Http, Service

        base_url = self.settings.base_url
        return Http(
            Service(
                base_url.url,
                base_url.is_loopback or self.settings.is_sandbox,
                self.settings.timeout_s,
                self.settings.ca_bundle.value,
            ),
            credentials,
            adapter=self._sandbox_adapter() if self.settings.is_sandbox else None,
            log=(lambda line: self.terminal.say(f"debug: {line}")) if self.flags.debug else None,
            sleep=self._sleep or time.sleep,
        )

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._clock()

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.settings.profile.value or "default"

    @property
    def wants_json_errors(self) -> bool:
        """Whether an error is also printed as JSON; works before the command line is parsed."""
        words = self.program_args
        following = dict(itertools.pairwise(words))
        output = (
            self.flags.output or following.get("-o") or following.get("--output")
        ) or os.environ.get("ESS_OUTPUT")
        glued = {"-ojson", "-ojsonl", "--output=json", "--output=jsonl", "--json"}
        return self.flags.json or output in ("json", "jsonl") or bool(glued & set(words))

    def close(self) -> None:
        """Let go of connections and databases."""
        if "http" in self.__dict__:
            self.http.close()

    # -- before a command runs -----------------------------------------------------------

    def prepare(self, table: Table | None) -> bool:
        """Check all that says how to print, before anything is sent.

        Returns:
            False where the command is not to run, since only its columns were asked for.

        Raises:
            UsageFault: an unknown format or column, a query that does not parse.
        """
        self.terminal.quiet = self.flags.quiet
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
        if self.flags.sort:
            table.column(self.flags.sort.removeprefix("-"))
        if self.flags.query:
            from ess_cli.render.query import parse

            parse(self.flags.query)
        if self.flags.output == "name" and table.name is None:
            raise NoNames
        return True

    # -- showing ------------------------------------------------------------------------

    @property
    def format(self) -> str:
        """The output format: as asked for, else a table on a terminal and tsv elsewhere."""
        if self.flags.json:
            return "json"
        chosen = self.flags.output or self.settings.output.value
        return chosen or ("table" if self.terminal.out_is_tty else "tsv")

    def show_rows(self, rows: Iterable[Row]) -> int:
        """Print a list; returns how many rows it had."""
        return self._show_batches([list(rows)])

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

    def show_written(self, read: Callable[[], Any], *, sent: Any) -> None:
        """After a write, print what is there now; what was sent, if that cannot be seen.

        The write went through, so nothing that happens here makes it a failure.
        """
        try:
            row = read()
        except EssError as error:
            self.terminal.warn(f"accepted, but reading it back failed: {error.message}")
            row = sent
        else:
            if row is None:
                self.terminal.warn("accepted, but it cannot be seen yet; this is what was sent")
                row = sent
        self.show_object(row)

    def show_listing(
        self,
        listing: Listing[Any],
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
        limit, stopped = self.row_limit, _Stop()
        if limit is None and not self.flags.sort:
            count = self._show_batches(self._whole(listing, keep, remember))
        else:
            rows: Iterable[Any] = filter(keep, listing) if keep else listing
            if self.flags.sort:
                rows = self._sorted(rows, self.flags.sort)
            rows = rows if limit is None else stopped.after(limit, rows)
            count = self._show_batches([row] for row in rows)
        self._say_how_many(count)
        if stopped.early and not listing.ended:
            self.terminal.note(f"stopped after {count} rows; go on with: {self._going_on(listing)}")
        elif stopped.early and self.flags.sort:
            self.terminal.note(f"stopped after {count} rows; all of them: --all")

    @property
    def row_limit(self) -> int | None:
        """How many rows a list shows at most; None for all."""
        if self.flags.limit is not None:
            return self.flags.limit
        return None if self.flags.all else self.endless_limit

    endless_limit: int | None = None

    def window(self, *, filtered: bool = False, endless: int | None = None) -> Window:
        """Which part of a list to fetch.

        Args:
            filtered: rows are filtered on our side, so that more are needed than shown.
            endless: how many rows are shown, unless told otherwise, of a list without an end.
        """
        from ess_cli.api.paging import PAGE_SIZE, Window

        self.endless_limit = endless
        size = self.flags.page_size or PAGE_SIZE
        if self.row_limit and not filtered and not self.flags.sort and not self.flags.page_size:
            # NOTE: one more than shown, to know whether there is more.
            size = min(size, self.row_limit + 1)
        return Window(self.flags.offset or 0, size, self._params())

    def changed(self, what: str) -> None:
        """The line that says what changed, and under which profile."""
        self.terminal.note(f"{what} · {self.where}")

    @property
    def where(self) -> str:
        """Profile and service, for people."""
        if self.settings.is_sandbox:
            return "profile sandbox (embedded)"
        return f"profile {self.profile} ({self.settings.base_url.origin})"

    # -- changing -----------------------------------------------------------------------

    def agreed(self, change: Change, *, asks: bool) -> bool:
        """Show a change and get leave for it.

        Args:
            change: what would be sent.
            asks: whether it cuts off or redirects events, or cannot be undone.

        Returns:
            False under ``--dry-run``, which has then shown it.

        Raises:
            NeedsConfirmation: it wants a yes and there is none.
        """
        if self.flags.dry_run:
            from ess_cli.render.dryrun import write_change

            url = self.http.url(change.path)
            write_change(self.terminal, change.method, url, change, self.format)
            return False
        guard = self.settings.protected_by
        if change.differences:
            self._show_differences(change)
        if guard:
            self._confirm_by_name(change, guard)
        elif asks:
            self._confirm(change)
        return True

    def _show_differences(self, change: Change) -> None:
        from ess_cli.render.dryrun import difference_lines

        self.terminal.note(f" {change.what} · {self.where}")
        for line in difference_lines(change.differences):
            self.terminal.note(line)

    def _confirm(self, change: Change) -> None:
        if self.flags.yes:
            return
        if not self._may_ask:
            raise NeedsConfirmation(
                f"{change.what}: this wants a yes, and there is nobody to ask",
                hint="add --yes to do it, or --dry-run to see it",
            )
        if self.terminal.ask(f"{change.what}: send this change? [y/N] ").lower() not in (
            "y",
            "yes",
        ):
            raise NeedsConfirmation(f"{change.what}: not confirmed, nothing was sent")

    def _confirm_by_name(self, change: Change, guard: str) -> None:
        answer = self.flags.confirm
        if answer is None and self._may_ask:
            question = f"{change.what}: profile {guard} is protected; type its name to go on: "
            answer = self.terminal.ask(question)
        if answer == guard:
            return
        raise NeedsConfirmation(
            f'{change.what}: profile "{guard}" is protected'
            + ("" if answer is None else ", and another name was given"),
            hint=f"add --confirm {guard} to do it, or --dry-run to see it; --yes is not enough",
        )

    def ask_secret(self, what: str, *, option: str) -> str:
        """A secret typed without echo.

        Args:
            what: what is asked for.
            option: the other way to give it, named where nobody can be asked.

        Raises:
            UsageFault: there is nobody to ask, or the terminal would show what is typed.
        """
        import getpass
        import warnings

        if not self._may_ask:
            raise UsageFault(f"no {what}, and nobody to ask", hint=f"give it with {option}")
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(f"{what}: ", sys.stderr)
            except (getpass.GetPassWarning, EOFError):
                raise UsageFault(
                    f"the {what} cannot be asked for without showing it", hint=f"use {option}"
                ) from None

    @property
    def _may_ask(self) -> bool:
        return self.terminal.is_interactive and not self.flags.no_input

    # -- configurations -----------------------------------------------------------------

    @cached_property
    def configurations(self) -> list[Configuration]:
        """All delivery configurations; read once a run, and remembered for completion."""
        from ess_cli import cache
        from ess_cli.api.delivery_cfg import list_configurations
        from ess_cli.api.paging import Window

        rows = list(list_configurations(self.http, Window()))
        lines = [line for row in rows for line in configuration_lines(row)]
        cache.remember(self.profile, "delivery-cfg", lines)
        return rows

    def configuration(self, text: str) -> Named:
        """What ``ID-OR-NAME`` means: digits are an id and not looked up."""
        from ess_cli.lookup import Named, choose_configuration, is_id

        return Named(text, None) if is_id(text) else choose_configuration(self.configurations, text)

    def listed_configuration(self, configuration_id: str) -> Mapping[str, Any]:
        """A configuration's entry in the list, to fill columns from; empty if it cannot be had."""
        try:
            rows = self.configurations
        except EssError:
            return {}
        return next((row for row in rows if str(row.get("id")) == configuration_id), {})

    @property
    def shows_columns(self) -> bool:
        """Whether rows are shown as columns, and so want names beside ids."""
        return self.format in ("table", "csv", "tsv") and not self.flags.query

    # -- inner --------------------------------------------------------------------------

    @cached_property
    def credentials(self) -> Credentials:
        """The secrets of this run, looked up once."""
        from ess_cli import credentials

        return credentials.for_run(
            self.settings,
            self.flags,
            os.environ,
            interactive=self._may_ask,
            program_args=self.program_args,
        )

    def _authorization(self) -> Authorization:
        from ess_cli.api.http import Authorization

        found = self.credentials
        user_token = found.user_token
        return Authorization(found.authorization, user_token.value if user_token else None)

    def _sandbox_adapter(self) -> Any:
        from ess_cli.sandbox.adapter import SandboxAdapter

        return SandboxAdapter(self.sandbox_store)

    @cached_property
    def sandbox_store(self) -> Any:
        """The sandbox's database."""
        from pathlib import Path

        from ess_cli.places import directory
        from ess_cli.sandbox.store import Store

        return Store(Path(directory("state")) / "sandbox.db")

    @property
    def _table(self) -> Table:
        if self.table is None:
            raise TypeError("this command declares no table")
        return self.table

    @property
    def _style(self) -> Style:
        from ess_cli.render.formats import Style

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
        listing: Listing[Any],
        keep: Callable[[Any], bool] | None,
        remember: tuple[str, Callable[[Any], list[str]]] | None,
    ) -> Iterator[list[Any]]:
        """All of a list, page by page; what it names is kept for completion."""
        lines: list[str] = []
        for batch in listing.batches():
            if remember:
                lines += [line for row in batch for line in remember[1](row)]
            yield list(filter(keep, batch)) if keep else batch
        if remember and not self.flags.param and not self.flags.offset:
            from ess_cli import cache

            cache.remember(self.profile, remember[0], lines)

    def _sorted(self, rows: Iterable[Any], field: str) -> list[Any]:
        column = self._table.column(field.removeprefix("-"))
        return sorted(
            rows, key=lambda row: _sort_key(column.of(row)), reverse=field.startswith("-")
        )

    def _say_how_many(self, count: int) -> None:
        if self.format == "table" and self.terminal.err_is_tty and self.terminal.out_is_tty:
            noun = self._table.noun[0 if count == 1 else 1]
            self.terminal.note(f"{count} {noun} · {self.profile}")

    def _going_on(self, listing: Listing[Any]) -> str:
        """This command line, with the offset that goes on."""
        words, skip = ["ess"], False
        for word in self.program_args:
            if skip or word.startswith("--offset="):
                skip = False
            elif word == "--offset":
                skip = True
            else:
                words.append(word)
        return shlex.join([*words, "--offset", str(listing.next_offset)])

    def _params(self) -> tuple[tuple[str, str], ...]:
        pairs = []
        for text in self.flags.param:
            key, equals, value = text.partition("=")
            if not key or not equals:
                raise UsageFault(
                    f'--param: not KEY=VALUE: "{text}"', hint="--param topic=NIS-Events"
                )
            pairs.append((key, value))
        return tuple(pairs)


class _Stop:
    """Lets a number of rows pass, and knows whether it stopped there."""

    def __init__(self) -> None:
        self.early = False

    def after(self, limit: int, rows: Iterable[Any]) -> Iterator[Any]:
        for count, row in enumerate(rows, 1):
            self.early = count == limit
            yield row
            if self.early:
                return


def _sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then text; ids are text and compare by size where they are digits."""
    if value is None:
        return (2, 0, "")
    if isinstance(value, int | float):
        return (0, value, "")
    text = str(value)
    if text.isascii() and text.isdigit() and len(text) < 300:
        return (0, float(int(text)), text)
    return (1, 0, text)


def configuration_lines(row: Mapping[str, Any]) -> list[str]:
    """A configuration's two candidates for completion: its id, and its name."""
    identity, name = str(row.get("id", "")), str(row.get("del-cfg-nm", ""))
    return [f"{identity}\t{name}", f"{name}\t{identity}"]
