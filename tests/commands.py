"""Every command of the tree, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from ess_cli.cli import Command, root


def walk(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each verb with the words that name it, ``ess`` left out."""
    group = root() if group is None else group
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if isinstance(command, Command):
            yield (*path, name), command
        else:
            yield from walk(command, (*path, name))


def params_of(command: Any) -> list[Any]:
    """All parameters of a verb, the shared ones and ``--help`` with them."""
    found: list[Any] = command.get_params(
        typer.Context(command, help_option_names=["-h", "--help"])
    )
    return found


COMMANDS: dict[str, Any] = {" ".join(path): command for path, command in walk()}
GROUPS = sorted({"", *(words.rpartition(" ")[0] for words in COMMANDS)})
