"""The command tree: global options, and groups and verbs that are imported when they are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group, get_params_convertors_ctx_param_name_from_function

from ess_cli.errors import UsageFault
from ess_cli.options import (
    Teaching,
    global_options,
    listing_options,
    unattended_options,
    write_options,
)

if TYPE_CHECKING:
    from ess_cli.context import Ess

# name → (module, help line): all that `ess --help` needs, without importing a single command.
GROUPS = {
    "topics": ("topics", "Topics, their event types, dumps of their subscriptions"),
    "subs": ("subs", "Subscriptions: who gets which events"),
    "delivery-cfg": ("delivery_cfg", "Delivery configurations: webhooks and schedules"),
    "deliveries": ("deliveries", "Deliveries, their attempts, what failed"),
    "buffer-files": ("buffer_files", "Files of scheduled deliveries"),
    "event-types": ("event_types", "Event types and their fields"),
    "dictionaries": ("dictionaries", "Formats, protocols and authentication types"),
    "auth": ("auth", "Log in, log out, see which credentials are used"),
    "profile": ("profile", "Accounts and their settings"),
    "listen": ("listen", "A webhook on this machine, to see and rehearse deliveries"),
    "sandbox": ("sandbox", "The embedded service: serve, emit, seed, reset"),
    "api": ("api", "Any path of the service, as it comes"),
    "completion": ("completion", "Completion for bash, zsh, fish and PowerShell"),
    "help": ("help", "Exit codes, environment, output"),
}

_SOURCES: dict[str, Callable[..., None]] = {
    "global": global_options,
    "listing": listing_options,
    "write": write_options,
    "unattended": unattended_options,
}
_PARAMS: dict[str, list[Any]] = {}
# What Typer raises over a command line. Of that family it exports only BadParameter, and the name
# of its root differs from version to version.
PARSE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]


def shared_params(family: str) -> list[Any]:
    """The click parameters of a family of shared options, built once a run."""
    if family not in _PARAMS:
        source = _SOURCES[family]
        _PARAMS[family] = get_params_convertors_ctx_param_name_from_function(source)[0]
    return _PARAMS[family]


if TYPE_CHECKING:
    _Base = TyperCommand
else:
    _Base = object


class _Sharing(_Base):
    """What commands and groups have in common: they take shared options anywhere in the line."""

    families: tuple[str, ...] = ("global",)

    def get_params(self, ctx: Any) -> list[Any]:
        """The own parameters, then the shared ones."""
        shared = [param for family in self.families for param in shared_params(family)]
        return [*super().get_params(ctx), *shared]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, and hand the shared options over to the run."""
        try:
            rest = super().parse_args(ctx, args)
        except PARSE_ERROR as error:
            # The parser itself does not say which command it was at.
            error.ctx = getattr(error, "ctx", None) or ctx  # type: ignore[attr-defined]
            raise
        for family in self.families:
            for param in shared_params(family):
                value = ctx.params.pop(param.name)
                if _was_given(ctx, param.name):
                    ctx.obj.flags.take(param.name, value)
        return rest


def _was_given(ctx: Any, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


class Command(_Sharing, TyperCommand):
    """One verb."""

    @property
    def teaching(self) -> Teaching:
        """What the function was marked with by ``options.teaches``."""
        found: Teaching = self.callback.teaching  # type: ignore[union-attr]
        return found

    def invoke(self, ctx: Any) -> Any:
        """Run it, once all that says how to print has been checked."""
        if not ctx.obj.prepare(self.teaching.table):
            return 0
        with ctx.obj.unattended(ctx.command_path):
            return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        from ess_cli import help as pages

        own = [("Arguments", _arguments(self)), ("Options", _options(self))]
        shared = [
            (f"{family.capitalize()} options", shared_params(family))
            for family in self.families
            if family != "global"
        ]
        needed = (f"{param.opts[0]} {param.metavar}" for param in _options(self) if param.required)
        named = (param.metavar or param.name.upper() for param in _arguments(self))
        usage = " ".join([*named, *needed, "[OPTIONS]"])
        formatter.write(
            pages.of_command(ctx.command_path, self.help or "", self.teaching, usage, own + shared)
        )


def _arguments(command: Command) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "argument"]


def _options(command: Command) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "option"]


class Listing(Command):
    """A verb that lists: limit, offset, page size, sort, raw parameters."""

    families: tuple[str, ...] = ("listing", "global")


class Write(Command):
    """A verb that changes something: dry run, yes, confirm."""

    families: tuple[str, ...] = ("write", "global")


class Unattended(Command):
    """A verb that a timer may start: one at a time, and not for ever."""

    families = ("unattended", "global")


class UnattendedListing(Listing):
    """A verb that lists, and that a timer may start."""

    families = ("listing", "unattended", "global")


class UnattendedWrite(Write):
    """A verb that changes something, and that a timer may start."""

    families = ("write", "unattended", "global")


class Group(_Sharing, TyperGroup):
    """A noun. Named without a verb, it shows its help, as gh and kubectl do.

    Attributes:
        elsewhere: name → module of ``commands``, for what is imported when it is named; after the
            verbs of the noun's own module, in this order.
    """

    elsewhere: Mapping[str, str] = {}

    def __init__(self, **settings: Any) -> None:
        settings["invoke_without_command"] = True
        super().__init__(**settings)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the verbs."""
        own = [name for name in self.commands if name not in self.elsewhere]
        return [*own, *self.elsewhere]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A verb or a group, imported now where it is elsewhere; None where there is none."""
        if cmd_name in self.elsewhere and cmd_name not in self.commands:
            app: typer.Typer = import_module(f"ess_cli.commands.{self.elsewhere[cmd_name]}").app
            built = get_group(app)
            # What a module has under this very name is meant; else its whole group.
            self.commands[cmd_name] = built.commands.get(cmd_name, built)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that the line names, with a guess at what was meant where there is none."""
        if args and args[0] not in self.list_commands(ctx):
            # Typer guesses among the verbs that are there.
            for name in self.elsewhere:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb that was named, or show the help."""
        result = super().invoke(ctx)
        if ctx.invoked_subcommand is None:
            ctx.obj.terminal.write(f"{ctx.get_help()}\n".encode())
        return result

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        from ess_cli import help as pages

        named = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        verbs = [(name, verb.get_short_help_str(200)) for name, verb in named]
        formatter.write(pages.of_group(ctx.command_path, self.help or "", verbs))


class Root(Group):
    """``ess`` itself: groups come from a table and are imported when named."""

    elsewhere: Mapping[str, str] = {name: module for name, (module, _) in GROUPS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The group that the line names, with a guess at what was meant where there is none."""
        if args and args[0] not in GROUPS:
            from difflib import get_close_matches

            near = ", ".join(repr(name) for name in get_close_matches(args[0], GROUPS))
            ctx.fail(f"No such command {args[0]!r}" + (f". Did you mean {near}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        from ess_cli import help as pages

        formatter.write(pages.of_root(GROUPS, shared_params("global")))


def noun(
    help_line: str = "", cls: type[Group] = Group, *, elsewhere: Mapping[str, str] | None = None
) -> typer.Typer:
    """A command group in the house's manner: no completion installer, no markup, no traceback.

    Args:
        help_line: empty for a module of verbs that belong to another module's noun.
        cls: what the group is.
        elsewhere: the verbs and groups that are in other modules, see :class:`Group`.
    """
    if elsewhere:
        cls = type(cls.__name__, (cls,), {"elsewhere": elsewhere})
    return typer.Typer(
        cls=cls,
        help=help_line,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def root() -> Root:
    """The whole tree, its groups not yet imported."""
    tree = get_group(noun("Administer the Syniverse Event Subscription Service (ESS).", Root))
    if not isinstance(tree, Root):
        raise TypeError(tree)
    return tree


def invoke(args: list[str], ess: Ess) -> int:
    """Parse a command line and run the verb it names.

    Returns:
        The exit code of the verb, 0 unless it says otherwise.

    Raises:
        PARSE_ERROR: the line cannot be parsed.
        EssError: what the verb raises.
    """
    tree = root()
    with tree.make_context("ess", args, obj=ess) as ctx:
        result = tree.invoke(ctx)
    return result if isinstance(result, int) else 0


def usage_fault(error: Any, args: list[str]) -> UsageFault:
    """Typer's complaint in the house's words.

    What stands behind `ess auth` is never repeated: it may be a token typed in the wrong place.
    """
    text = error.format_message().rstrip(".").replace("a valid int range", "a whole number")
    if "auth" in args and "Did you mean" not in text:
        if text.startswith("Got unexpected extra argument"):
            text = "unexpected argument (not repeated here, it may be a secret)"
        elif text.startswith("No such command"):
            text = "no such command (not repeated here, it may be a secret)"
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "ess"
    return UsageFault(text[:1].lower() + text[1:], hint=f"{path} --help")
