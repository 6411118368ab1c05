"""Options that many commands share: defined once, as functions whose signature Typer reads.

Four families: every command takes the global options, wherever they stand in the line; a list
takes the listing options; whatever changes something takes the write options; what a timer may
start takes the unattended ones. A command's own options stand in its signature, with the aliases
at the end of this file where several share one.

The metavar says what kind of value is meant; completion goes by it.

NOTE: no postponed annotations here and in ``commands``: Typer would evaluate each text twice.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar

import typer

from ess_cli.formats import FORMATS
from ess_cli.render.columns import Table

CommandT = TypeVar("CommandT", bound=Callable[..., None])

# As many digits as a count in a page's address may have.
LARGEST_COUNT = 10**18 - 1


class Flags:
    """The shared options of one run, as typed; None and False where absent."""

    profile: str | None = None
    base_url: str | None = None
    token_file: str | None = None
    user_token_file: str | None = None
    output: str | None = None
    json: bool = False
    query: str | None = None
    columns: str | None = None
    no_header: bool = False
    excel: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    no_color: bool = False
    timeout: str | None = None
    no_input: bool = False
    version: bool = False

    limit: int | None = None
    offset: int | None = None
    page_size: int | None = None
    all: bool = False
    sort: str | None = None
    param: tuple[str, ...] = ()

    dry_run: bool = False
    yes: bool = False
    confirm: str | None = None

    lock: bool = False
    max_duration: str | None = None

    def take(self, name: str, value: Any) -> None:
        """Set what the command line gives; a later place in the line wins, repeats add up."""
        if isinstance(value, tuple):
            value = (*getattr(self, name), *value)
        setattr(self, name, value)


def _show_version(ctx: typer.Context, value: bool) -> None:
    if value:
        from ess_cli import __version__

        ctx.obj.terminal.write(f"ess {__version__}\n".encode())
        raise typer.Exit


def global_options(
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", metavar="PROFILE", help="Which account to work on."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="The service's base URL, for this call."),
    ] = None,
    token_file: Annotated[
        str | None,
        typer.Option("--token-file", metavar="PATH|-", help="Read the access token from a file."),
    ] = None,
    user_token_file: Annotated[
        str | None,
        typer.Option(
            "--user-token-file", metavar="PATH|-", help="Read the user token from a file."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FORMAT", help="|".join(FORMATS) + "."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as -o json.")] = False,
    query: Annotated[
        str | None, typer.Option("--query", metavar="JMESPATH", help="Pick from the JSON document.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns", "-c", metavar="A,B", help="Columns to show; +x adds one, ? lists them."
        ),
    ] = None,
    no_header: Annotated[bool, typer.Option("--no-header", help="No header line.")] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="csv: guard cells that a spreadsheet would run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes on stderr.")] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Say more on stderr, with time and profile."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="One line a request on stderr, secrets masked.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False,
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout", metavar="SECONDS", help="For connecting, headers and any stall. [30]"
        ),
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask anything.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", is_eager=True, callback=_show_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Every command takes these, before or after its name."""


PageSize = Annotated[
    int | None,
    typer.Option(
        "--page-size", metavar="N", min=1, max=LARGEST_COUNT, help="Rows a request. [1000]"
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="KEY=VALUE", help="A raw query parameter; may be repeated."),
]


def listing_options(
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=1,
            max=LARGEST_COUNT,
            help="Stop after N rows, filters applied.",
        ),
    ] = None,
    offset: Annotated[
        int | None,
        typer.Option(
            "--offset", metavar="N", min=0, max=LARGEST_COUNT, help="Begin at the service's row N."
        ),
    ] = None,
    page_size: PageSize = None,
    all: Annotated[bool, typer.Option("--all", help="Every row, however many.")] = False,  # noqa: A002
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="FIELD", help="Order by a column; -FIELD turns it round."),
    ] = None,
    param: Param = None,
) -> None:
    """Every list takes these."""


def write_options(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be sent; send only reads.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="Confirm a protected profile by its name."),
    ] = None,
) -> None:
    """Everything that changes something takes these."""


def unattended_options(
    lock: Annotated[
        bool,
        typer.Option("--lock", help="Exit code 12 if this command runs already."),
    ] = False,
    max_duration: Annotated[
        str | None,
        typer.Option("--max-duration", metavar="DURATION", help="Exit code 13 after that time."),
    ] = None,
) -> None:
    """What a timer may start takes these."""


class Teaching(NamedTuple):
    """What a command's help says beside its options.

    Attributes:
        operation: as in the API reference, ``GET /topics``; None where a command calls several
            or none.
        example: one command line with real values.
        table: what its rows look like; None where it prints none.
    """

    operation: str | None
    example: str
    table: Table | None = None


def teaches(
    example: str, operation: str | None = None, table: Table | None = None
) -> Callable[[CommandT], CommandT]:
    """A decorator that puts a :class:`Teaching` on a command's function."""

    def mark(function: CommandT) -> CommandT:
        marked: Any = function
        marked.teaching = Teaching(operation, example, table)
        return function

    return mark


Topic = Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="Only this topic.")]
EventType = Annotated[
    str | None, typer.Option("--event-type", metavar="EVENT-TYPE", help="Only this event type.")
]
Cfg = Annotated[
    str | None,
    typer.Option("--cfg", metavar="ID-OR-NAME", help="Only this delivery configuration."),
]
