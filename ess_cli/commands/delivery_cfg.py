"""``ess delivery-cfg``: where events go."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ess_cli.cli import Command, Listing, noun
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun(
    "Delivery configurations: webhooks and schedules.",
    elsewhere={
        **dict.fromkeys(("create", "update", "enable", "disable"), "delivery_cfg_changes"),
        "auth": "delivery_cfg_auth",
    },
)

CONFIGURATIONS = Table(
    ("delivery configuration", "delivery configurations"),
    (
        Column("id", "id"),
        Column("name", "del-cfg-nm", cut=True),
        Column("active", "is-active"),
        Column("protocol", "del-prtcl-cd", extra=True),
        Column("format", "del-fmt-cd"),
        Column("throttling", "throttling", right=True),
        Column("cron", "cron-expression"),
        Column("address", "addr", cut=True),
        Column("latest-event-only", "latest-event-only", extra=True),
    ),
    lambda row: row.get("id"),
)
# The keys that only the list tells.
SCHEDULE = ("cron-expression", "latest-event-only")

IdOrName = Annotated[
    str, typer.Argument(metavar="ID-OR-NAME", help="Digits are an id; all else is looked up.")
]


@app.command("list", cls=Listing)
@teaches("ess delivery-cfg list", "GET /delivery-configurations", CONFIGURATIONS)
def list_configurations(ctx: typer.Context) -> None:
    """List the delivery configurations."""
    from ess_cli.api import delivery_cfg
    from ess_cli.context import configuration_lines

    ess = ctx.obj
    listing = delivery_cfg.list_configurations(ess.http, ess.window())
    ess.show_listing(listing, remember=("delivery-cfg", configuration_lines))


@app.command("get", cls=Command)
@teaches("ess delivery-cfg get hhh", "GET /delivery-configurations/{del-config-id}", CONFIGURATIONS)
def get_configuration(ctx: typer.Context, configuration: IdOrName) -> None:
    """Show one delivery configuration.

    The service leaves its schedule out of the reply, and so of JSON; columns have it from the
    list.
    """
    from ess_cli.api import delivery_cfg

    ess = ctx.obj
    chosen = ess.configuration(configuration)
    row = delivery_cfg.get_configuration(ess.http, chosen.id)
    ess.show_object(row, [with_schedule(ess, row)])


def with_schedule(ess: Any, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row, where columns are shown, with the schedule that only the list tells."""
    if not ess.shows_columns:
        return row
    listed = ess.listed_configuration(str(row.get("id")))
    return {**{key: listed[key] for key in SCHEDULE if key in listed}, **row}
