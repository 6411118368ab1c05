"""``ess completion``: scripts for the shells."""

from typing import Annotated

import typer

from ess_cli.cli import Command, noun, root
from ess_cli.errors import UsageFault
from ess_cli.options import teaches

app = noun("Completion for bash, zsh, fish and PowerShell.")


@app.command("completion", cls=Command)
@teaches("ess completion bash > ~/.local/share/bash-completion/completions/ess")
def print_completion(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> None:
    """Print the completion script of a shell.

    Topics, event types and delivery configurations complete from what the last list commands of
    the profile showed; a TAB never asks the service.
    """
    from ess_cli.completion import SHELLS, script

    if shell not in SHELLS:
        raise UsageFault(f'unknown shell: "{shell}"', hint="one of " + ", ".join(SHELLS))
    ctx.obj.terminal.write(script(shell, root()).encode())
