"""``ess sandbox seed``: the size of a real account."""

from typing import Annotated

import typer

from ess_cli.cli import Write, noun
from ess_cli.errors import UsageFault
from ess_cli.options import teaches

app = noun()

_MOST = 10_000_000


@app.command("seed", cls=Write)
@teaches("ess sandbox seed --subscriptions 20000 --deliveries 10000")
def seed(
    ctx: typer.Context,
    subscriptions: Annotated[
        int,
        typer.Option(
            "--subscriptions", metavar="N", min=0, max=_MOST, help="Each to a number of its own."
        ),
    ] = 0,
    deliveries: Annotated[
        int,
        typer.Option(
            "--deliveries", metavar="N", min=0, max=_MOST, help="One in a hundred has failed."
        ),
    ] = 0,
) -> None:
    """Add many subscriptions and deliveries to the sandbox, to see how scripts bear it.

    They are added to what is there; `ess sandbox reset` takes them away. The numbers begin with
    +999, which belongs to nobody.
    """
    from ess_cli.sandbox import volume

    ess = ctx.obj
    ess.use_sandbox()
    if not subscriptions + deliveries:
        raise UsageFault("how many?", hint="--subscriptions 1000000 --deliveries 1000000")
    what = f"{subscriptions:,} subscriptions and {deliveries:,} deliveries"
    if ess.flags.dry_run:
        ess.terminal.note(f"would add {what} · sandbox")
        return
    for progress in volume.fill(ess.sandbox_store, subscriptions, deliveries):
        ess.terminal.bar(*progress)
    ess.terminal.note(f"added {what} · sandbox")
