"""``ess sandbox``: the embedded service."""

import typer

from ess_cli.changes import Change
from ess_cli.cli import Command, Write, noun
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun(
    "The embedded service: try, rehearse and test without an account.",
    elsewhere={
        "serve": "sandbox_serve",
        "faults": "sandbox_faults",
        "emit": "sandbox_emit",
        "seed": "sandbox_seed",
    },
)

STATUS = Table(("fact", "facts"), (Column("fact", "fact"), Column("value", "value")))


@app.command("status", cls=Command)
@teaches("ess sandbox status", table=STATUS)
def status(ctx: typer.Context) -> None:
    """Say where the sandbox keeps its state, and what is in it."""
    ess = ctx.obj
    facts = ess.sandbox_store.status()
    ess.show_object(facts, [{"fact": name, "value": value} for name, value in facts.items()])


@app.command("reset", cls=Write)
@teaches("ess sandbox reset --yes")
def reset(ctx: typer.Context) -> None:
    """Give the sandbox its first contents back. What was changed in it is lost."""
    ess = ctx.obj
    ess.use_sandbox()
    if ess.flags.dry_run:
        ess.terminal.note("a reset would empty the sandbox; what is in it: ess sandbox status")
    elif ess.agreed(Change("RESET", "", "reset of the sandbox"), asks=True):
        ess.sandbox_store.reset()
        ess.changed("the sandbox has its first contents again")
