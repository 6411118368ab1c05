"""``ess event-types``: what events carry."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ess_cli.cli import Command, Listing, noun
from ess_cli.errors import WrongShape
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun("Event types and their fields.")


def _fields(row: Mapping[str, Any], *, mandatory: bool) -> list[str]:
    """Names and types of the fields that are, or are not, mandatory."""
    fields = row.get("fields")
    if not isinstance(fields, dict):
        return []
    return [
        f"{name}:{field.get('type', '')}"
        for name, field in fields.items()
        if isinstance(field, dict) and bool(field.get("mandatory")) is mandatory
    ]


EVENT_TYPES = Table(
    ("event type", "event types"),
    (
        Column("id", "id"),
        Column("validation", "validation-type"),
        Column("mandatory", lambda row: _fields(row, mandatory=True), cut=True),
        Column("optional", lambda row: _fields(row, mandatory=False), cut=True),
    ),
    lambda row: row.get("id"),
)
FIELDS = Table(
    ("field", "fields"),
    (Column("field", "field"), Column("type", "type"), Column("mandatory", "mandatory")),
    lambda row: row.get("id"),
)


@app.command("list", cls=Listing)
@teaches("ess event-types list", "GET /event-types", EVENT_TYPES)
def list_event_types(ctx: typer.Context) -> None:
    """List all event types, with their fields and the fields' types."""
    from ess_cli.api import event_types

    ess = ctx.obj
    listing = event_types.list_event_types(ess.http, ess.window())
    ess.show_listing(listing, remember=("event-types", lambda row: [str(row.get("id", ""))]))


@app.command("get", cls=Command)
@teaches("ess event-types get porting_event", "GET /event-types/{CODE}", FIELDS)
def get_event_type(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="EVENT-TYPE", help="An event type's id.")],
) -> None:
    """Show one event type, a row a field."""
    from ess_cli.api import event_types

    ess = ctx.obj
    reply = event_types.get_event_type(ess.http, code)
    # NOTE: no command takes a field; the name of what is shown is the event type's.
    ess.show_object(
        reply, [reply] if ess.format == "name" else _field_rows(reply.get("fields"), code)
    )


def _field_rows(fields: object, code: str) -> list[dict[str, Any]]:
    if fields is None:
        return []
    if not isinstance(fields, Mapping) or not all(isinstance(f, Mapping) for f in fields.values()):
        raise WrongShape(f"GET /event-types/{code}: the reply's fields are no objects")
    return [{"field": name, **field} for name, field in fields.items()]
