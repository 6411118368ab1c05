"""``ess help``: what concerns all commands."""

from typing import Annotated

import typer

from ess_cli.cli import Command, noun
from ess_cli.errors import UsageFault
from ess_cli.options import teaches

app = noun("Exit codes, environment, output.")


@app.command("help", cls=Command)
@teaches("ess help exit-codes")
def show_help(
    ctx: typer.Context,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[SUBJECT]", help="exit-codes, environment or output."),
    ] = None,
) -> None:
    """Explain what concerns all commands: exit codes, environment, output."""
    from ess_cli.subjects import SUBJECTS

    if subject is None:
        text = ctx.find_root().get_help() + "\n"
    elif subject in SUBJECTS:
        text = SUBJECTS[subject]
    else:
        raise UsageFault(f'no help on "{subject}"', hint="one of " + ", ".join(SUBJECTS))
    ctx.obj.terminal.write(text.encode())
