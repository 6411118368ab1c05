"""``ess dictionaries``: the values that the service takes."""

from typing import Annotated

import typer

from ess_cli.cli import Listing, noun
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun("Formats, protocols and authentication types.")

ENTRIES = Table(
    ("entry", "entries"),
    (Column("code", "code"), Column("description", "description", cut=True)),
    lambda row: row.get("code"),
)


@app.command("get", cls=Listing)
@teaches("ess dictionaries get authentication-types", "GET /dictionaries/{DICT_CODE}", ENTRIES)
def get_dictionary(
    ctx: typer.Context,
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="delivery-formats, delivery-protocols or authentication-types."
        ),
    ],
) -> None:
    """List the entries of a dictionary."""
    from ess_cli.api import dictionaries

    ess = ctx.obj
    ess.show_whole(dictionaries.get_dictionary(ess.http, code, ess.params()))
