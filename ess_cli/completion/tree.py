"""The command tree as the scripts need it: names, help lines, and what values may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import typer

from ess_cli.formats import FORMATS
from ess_cli.subjects import SUBJECTS

SHELLS = ("bash", "zsh", "fish", "powershell")


class Value(NamedTuple):
    """What may stand in a place of the command line.

    Attributes:
        kind: one of ``words``, several of them with commas between (``list``), names that
            ``ess __complete`` knows, a file, or anything (``text``).
        words: the words; for names their kind, as ``ess __complete`` takes it.
    """

    kind: Literal["words", "list", "names", "files", "text"]
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The form in which the scripts hold it; there are no spaces in it."""
        return f"{self.kind}:{','.join(self.words)}" if self.words else self.kind


TEXT = Value("text")
FILES = Value("files")

# NOTE: NAME is not offered: --confirm wants a protected profile's name typed, to be sure.
_TYPED = (
    *(
        "A,B",
        "COMMAND",
        "D,…",
        "DATE",
        "DURATION",
        "EVENT-ID",
        "EXPR",
        "FAULTS",
        "FIELD",
        "FIELDS",
        "ID",
    ),
    *("JMESPATH", "KEY=VALUE", "N", "N|CFG=N"),
    *("N/s", "NAME", "NUMBER", "RANGE", "SECONDS", "SIZE", "TEXT", "URL"),
)
# A metavar says what kind of value is meant ...
_BY_METAVAR = {
    "TOPIC": Value("names", ("topics",)),
    "EVENT-TYPE": Value("names", ("event-types",)),
    "ID-OR-NAME": Value("names", ("delivery-cfg",)),
    "PROFILE": Value("names", ("profiles",)),
    "FORMAT": Value("words", FORMATS),
    "METHOD": Value("words", ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")),
    "SHELL": Value("words", SHELLS),
    "STATUS": Value("words", ("SUCCESS", "PENDING", "RETRY", "FAILED")),
    "SUBJECT": Value("words", tuple(SUBJECTS)),
    "DIR": FILES,
    "PATH": FILES,
    "PATH|-": FILES,
    "FILE": FILES,
    "FILE|-": FILES,
    "STATE": FILES,
    "TARGET": FILES,
    **dict.fromkeys(_TYPED, TEXT),
}
# ... and the parameter's name which, where a metavar means several things.
_BY_NAME = {
    ("CODE", "code"): ("delivery-formats", "delivery-protocols", "authentication-types"),
    ("CODE", "format"): ("JSON", "XML"),
    ("CODE", "protocol"): ("REST",),
    ("FORMAT", "file_format"): ("parquet", "jsonl", "jsonl.gz", "csv", "csv.gz"),
    ("TYPE", "compression_type"): ("gzip",),
    ("LEVEL", "by"): ("cfg", "topic", "event-type"),
    ("TYPE", "type"): ("BASIC", "OAUTH", "NONE"),
}


class Option(NamedTuple):
    """An option, or a flag with its opposite.

    Attributes:
        names: as typed, the short one first.
        metavar: what the help calls its value; empty for a flag.
        value: None for a flag.
        help: one line; may be empty.
        repeatable: whether it may stand several times in a line.
    """

    names: tuple[str, ...]
    metavar: str
    value: Value | None
    help: str
    repeatable: bool

    def __str__(self) -> str:
        """``-p|--profile=names:profiles``; ``+|`` before it where it may be repeated."""
        names = "|".join(("+", *self.names) if self.repeatable else self.names)
        return names if self.value is None else f"{names}={self.value}"


class Argument(NamedTuple):
    """A place for a positional argument."""

    metavar: str
    value: Value


class Verb(NamedTuple):
    """A command, or a group of commands.

    Attributes:
        path: the words that lead to it; none for ``ess`` itself.
        commands: a group's, name and help line.
        options: its own; those of every command are not among them.
        arguments: in order.
        endless: whether the last of the arguments may be repeated.
    """

    path: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    endless: bool


class Tree(NamedTuple):
    """Everything that a script is made of: the options of every command, and the commands."""

    everywhere: tuple[Option, ...]
    verbs: tuple[Verb, ...]


def read(tree: Any) -> Tree:
    """Walk a tree of click commands, hidden ones left out."""
    walked = list(_walk(tree, None, ()))
    operations = [_teaching(command, "operation") for _, command, _ in walked]
    reads = [text.removeprefix("GET ") for text in operations if text and text.startswith("GET ")]
    paths = tuple(dict.fromkeys(path for path in reads if "{" not in path))
    verbs = [_verb(path, command, context, paths) for path, command, context in walked]
    shared = tuple(
        option for option in verbs[0].options if all(option in verb.options for verb in verbs)
    )
    return Tree(
        shared,
        tuple(
            verb._replace(options=tuple(own for own in verb.options if own not in shared))
            for verb in verbs
        ),
    )


def unknown_metavars(tree: Any) -> set[str]:
    """The metavars of which completion does not know what they mean."""
    return {
        part
        for path, command, context in _walk(tree, None, ())
        for param in command.get_params(context)
        for part in _parts(param)
        if part not in _BY_METAVAR and (part, param.name) not in _BY_NAME
    }


def _walk(
    command: Any, parent: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    name = path[-1] if path else "ess"
    context = typer.Context(command, parent=parent, info_name=name, **command.context_settings)
    yield path, command, context
    for name, child in _children(command, context):
        yield from _walk(child, context, (*path, name))


def _children(command: Any, context: Any) -> list[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        return []
    named = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [(name, child) for name, child in named if child is not None and not child.hidden]


def _verb(path: tuple[str, ...], command: Any, context: Any, paths: tuple[str, ...]) -> Verb:
    table = _teaching(command, "table")
    columns = tuple(table.names) if table else ()
    options, arguments, endless = [], [], False
    for param in command.get_params(context):
        if getattr(param, "hidden", False):
            continue
        if param.param_type_name == "option":
            options.append(_option(param, columns))
            continue
        for part in _parts(param):
            # NOTE: this one is a path of the service.
            of_service = path == ("api",) and part == "PATH"
            value = Value("words", paths) if of_service else _value(part, param.name)
            arguments.append(Argument(part, value))
        endless = param.nargs == -1 and len(_parts(param)) == 1
    commands = tuple(
        (name, _line(child.get_short_help_str(200))) for name, child in _children(command, context)
    )
    return Verb(path, commands, tuple(options), tuple(arguments), endless)


def _option(param: Any, columns: tuple[str, ...]) -> Option:
    # NOTE: click keeps the names of --help in a set, so their order is not the same every time.
    names = tuple(sorted(param.opts, key=len)) + tuple(sorted(param.secondary_opts, key=len))
    if param.is_flag:
        return Option(names, "", None, _line(param.help), False)
    metavar = param.metavar or param.name.upper()
    value = _value(metavar, param.name)
    if columns and metavar in ("A,B", "FIELD"):
        value = Value("list" if metavar == "A,B" else "words", columns)
    return Option(names, metavar, value, _line(param.help), bool(param.multiple))


def _parts(param: Any) -> list[str]:
    """The places that a parameter fills: two for ``[TOPIC] ID``."""
    if param.param_type_name == "argument":
        text = param.metavar or param.name.upper()
        return [part.strip("[].…") for part in text.split()]
    return [] if param.is_flag else [param.metavar or param.name.upper()]


def _value(metavar: str, name: str) -> Value:
    words = _BY_NAME.get((metavar, name))
    return Value("words", words) if words else _BY_METAVAR.get(metavar, TEXT)


def _teaching(command: Any, what: str) -> Any:
    """A part of what ``options.teaches`` marked a command with; None for a group."""
    return getattr(getattr(command.callback, "teaching", None), what, None)


def _line(text: str | None) -> str:
    return " ".join((text or "").split()).removesuffix(".")
