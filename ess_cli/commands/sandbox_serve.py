"""``ess sandbox serve``: the embedded service over HTTP, with all that it does by itself."""

from typing import Annotated

import typer

from ess_cli.cli import Command, noun
from ess_cli.options import teaches

app = noun()

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
    from ess_cli.sandbox.behaviour import Behaviour
    from ess_cli.sandbox.server import make_server

    ess = ctx.obj
    behaviour = Behaviour()
    log = ess.terminal.say if ess.flags.verbose else None
    note = ess.terminal.note
    with make_server(ess.sandbox_store, port, behaviour=behaviour, log=log, note=note) as server:
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
