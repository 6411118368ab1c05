"""``ess sandbox faults``: what can go wrong on demand."""

import typer

from ess_cli.cli import Command, noun
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun()

FAULTS = Table(
    ("fault", "faults"),
    (Column("name", "name"), Column("kind", "kind"), Column("effect", "effect")),
    name=lambda row: row["name"],
)


@app.command("faults", cls=Command)
@teaches("ess sandbox faults --query \"[?kind == 'switch']\"", table=FAULTS)
def list_faults(ctx: typer.Context) -> None:
    """List what can go wrong on demand: the faults of `ess sandbox serve --fault`.

    Of kind chance: `NAME:5%` befalls five of a hundred requests, `NAME:1/7` every seventh, NAME
    alone each one; one request has one fault at most, and is not carried out unless the effect
    says so. Of kind switch: NAME, always on.
    """
    from ess_cli.sandbox.faults import table

    ctx.obj.show_rows(table())
