"""``ess sandbox``: the embedded service."""

from typing import Annotated

import typer

from ess_cli.changes import Change
from ess_cli.cli import Command, Write, noun
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun(
    "The embedded service: try, rehearse and test without an account.",
    elsewhere={"emit": "sandbox_emit", "seed": "sandbox_seed"},
)

STATUS = Table(("fact", "facts"), (Column("fact", "fact"), Column("value", "value")))
PORT = 8025


@app.command("serve", cls=Command)
@teaches("ess sandbox serve --port 8025")
def serve(
    ctx: typer.Context,
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one. [8025]"),
    ] = PORT,
) -> None:
    """Offer the sandbox over HTTP on this machine, for curl and other clients.

    Prints its base URL, then runs until Ctrl-C. The same database as `ess -p sandbox`. Any
    bearer token is taken, but "expired". -v prints a line a request.
    """
    from ess_cli.sandbox.server import make_server

    ess = ctx.obj
    log = ess.terminal.say if ess.flags.verbose else None
    with make_server(ess.sandbox_store, port, log=log) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/ess/v1"
        ess.terminal.write(f"{address}\n".encode())
        ess.terminal.flush()
        ess.terminal.note(f"try: curl -H 'Authorization: Bearer sandbox' {address}/topics")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            ess.terminal.note("stopped")
        finally:
            server.shutdown()


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
