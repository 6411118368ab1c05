"""Completion scripts, made from the command tree.

``python -m ess_cli.completion`` writes the four files of ``completions/`` anew: run it in the
project's directory after every change of commands or options. A script holds the whole tree, so
that a TAB starts no process unless it needs names; those it asks of ``ess __complete``, which
``ess_cli.cache`` answers.
"""

from __future__ import annotations

from typing import Any

from ess_cli.completion import bash, fish, powershell, zsh
from ess_cli.completion.tree import SHELLS, read

__all__ = ["FILES", "SHELLS", "script"]

# Where each shell's script lies below completions/.
FILES = {"bash": "ess.bash", "zsh": "_ess", "fish": "ess.fish", "powershell": "ess.ps1"}

_RENDER = {
    "bash": bash.render,
    "zsh": zsh.render,
    "fish": fish.render,
    "powershell": powershell.render,
}


def script(shell: str, tree: Any) -> str:
    """The completion script of one of ``SHELLS`` for a tree of click commands."""
    return _RENDER[shell](read(tree))
