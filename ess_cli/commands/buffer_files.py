"""``ess buffer-files``: files of scheduled deliveries."""

import typer

from ess_cli.cli import Listing, noun
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun("Files of scheduled deliveries.")

FILES = Table(
    ("file", "files"),
    (
        Column("id", "file-id", right=True),
        Column("cfg-id", "del-cfg-id"),
        Column("configuration", "del-cfg-nm", cut=True),
        Column("status", "file-status"),
        Column("opened", "opened"),
        Column("closed", "closed"),
    ),
)


@app.command("list", cls=Listing)
@teaches("ess buffer-files list --sort opened", "GET /event-buffer-files", FILES)
def list_buffer_files(ctx: typer.Context) -> None:
    """List the buffer files. An open one has no closing time."""
    from ess_cli.api import buffer_files

    ess = ctx.obj
    ess.show_listing(buffer_files.list_buffer_files(ess.http, ess.window()))
