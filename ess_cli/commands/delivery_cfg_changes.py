"""``ess delivery-cfg create``, ``update``, ``enable`` and ``disable``: changing where events go."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ess_cli.changes import Change, configuration_change
from ess_cli.cli import Write, noun
from ess_cli.commands.delivery_cfg import CONFIGURATIONS, SCHEDULE, IdOrName, with_schedule
from ess_cli.errors import BadAddress, BadCron, UsageFault
from ess_cli.options import teaches

app = noun()

Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it.")]
Addr = Annotated[str | None, typer.Option("--addr", metavar="URL", help="The webhook's address.")]
Format = Annotated[str | None, typer.Option("--format", metavar="CODE", help="JSON or XML.")]
Protocol = Annotated[str | None, typer.Option("--protocol", metavar="CODE", help="REST.")]
Throttling = Annotated[
    int | None, typer.Option("--throttling", metavar="N", min=1, help="At most N events a minute.")
]
Cron = Annotated[
    str | None,
    typer.Option("--cron", metavar="EXPR", help="Collect into files; six fields, seconds first."),
]


@app.command("create", cls=Write)
@teaches(
    "ess delivery-cfg create --name ported --addr https://hooks.example.com/ess --throttling 60",
    "POST /delivery-configurations",
    CONFIGURATIONS,
)
def create_configuration(
    ctx: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call it.")],
    addr: Addr = None,
    format: Format = "JSON",  # noqa: A002 - the option's name
    protocol: Protocol = None,
    throttling: Throttling = None,
    cron: Cron = None,
    latest_event_only: Annotated[
        bool | None,
        typer.Option(
            "--latest-event-only/--no-latest-event-only", help="With --cron: one event a number."
        ),
    ] = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Deliver nothing yet.")] = False,
) -> None:
    """Create a webhook (--addr), or a schedule that collects events into files (--cron).

    The webhook's domain must be allow-listed by the operator of the service first; until then
    events end FAILED, and only the attempts say why.
    """
    body = _new_body(name, addr, format, protocol, throttling, cron, latest_event_only)
    _create(ctx.obj, {**body, "is-active": not inactive})


def _new_body(
    name: str,
    addr: str | None,
    format_code: str | None,
    protocol: str | None,
    throttling: int | None,
    cron: str | None,
    latest_event_only: bool | None,
) -> dict[str, Any]:
    if (addr is None) == (cron is None):
        raise UsageFault(
            "--addr and --cron exclude each other" if addr else "--addr or --cron is missing",
            hint="--addr URL for a webhook, --cron EXPR for files on a schedule",
        )
    if cron is None and latest_event_only is not None:
        raise UsageFault("--latest-event-only goes with --cron")
    if cron is not None and protocol is not None:
        raise UsageFault("--protocol goes with --addr")
    body: dict[str, Any] = {"del-cfg-nm": _checked_name(name), "del-fmt-cd": format_code}
    if addr is not None:
        body |= {"del-prtcl-cd": protocol or "REST", "addr": _checked_address(addr)}
    if cron is not None:
        body["cron-expression"] = _checked_cron(cron)
        body["latest-event-only"] = bool(latest_event_only)
    return body if throttling is None else {**body, "throttling": throttling}


def _create(ess: Any, body: dict[str, Any]) -> None:
    from ess_cli import lookup
    from ess_cli.api import delivery_cfg

    name = body["del-cfg-nm"]
    if any(row.get("del-cfg-nm") == name for row in ess.configurations):
        ess.terminal.warn(
            f'there is a configuration named "{name}" already; several reports name it only'
        )
    change = Change(
        "POST", "/delivery-configurations", f"delivery configuration {name}", body, (), body
    )
    if not ess.agreed(change, asks=False):
        return
    known = {str(row.get("id")) for row in ess.configurations}
    document, reply = delivery_cfg.create_configuration(ess.http, body)
    shown = ess.show_written(
        lambda: lookup.created_configuration(ess.http, name, document, reply.headers, known),
        sent=lookup.with_id(body, document, reply.headers),
        replied=document if lookup.new_id(document, {}) else None,
    )
    ess.changed(f"created delivery configuration {shown.get('id', '(id unknown)')} {name}")


@app.command("update", cls=Write)
@teaches(
    "ess delivery-cfg update hhh --throttling 322",
    "PUT /delivery-configurations/{del-config-id}",
    CONFIGURATIONS,
)
def update_configuration(
    ctx: typer.Context,
    configuration: IdOrName,
    name: Name = None,
    addr: Addr = None,
    format: Format = None,  # noqa: A002 - the option's name
    protocol: Protocol = None,
    throttling: Throttling = None,
    no_throttling: Annotated[bool, typer.Option("--no-throttling", help="No limit.")] = False,
    cron: Cron = None,
    latest_event_only: Annotated[
        bool | None,
        typer.Option("--latest-event-only/--no-latest-event-only", help="For a schedule."),
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Deliver, or stop delivering.")
    ] = None,
) -> None:
    """Change a delivery configuration.

    The service replaces the whole of it, so ess reads it first and sends all of it back, the
    schedule too. A new address and --inactive cut off or redirect events: these it asks about.
    """
    if no_throttling and throttling is not None:
        raise UsageFault("--throttling and --no-throttling exclude each other")
    changes = {
        "del-cfg-nm": _checked_name(name) if name is not None else None,
        "addr": _checked_address(addr) if addr is not None else None,
        "del-fmt-cd": format,
        "del-prtcl-cd": protocol,
        "throttling": throttling,
        "cron-expression": _checked_cron(cron) if cron is not None else None,
        "latest-event-only": latest_event_only,
        "is-active": active,
    }
    given: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
    if no_throttling:
        given["throttling"] = None
    if not given:
        raise UsageFault("nothing to change", hint="for instance --throttling 60")
    _replace(ctx.obj, configuration, given)


@app.command("enable", cls=Write)
@teaches(
    "ess delivery-cfg enable hhh", "PUT /delivery-configurations/{del-config-id}", CONFIGURATIONS
)
def enable_configuration(ctx: typer.Context, configuration: IdOrName) -> None:
    """Let a delivery configuration deliver again."""
    _replace(ctx.obj, configuration, {"is-active": True})


@app.command("disable", cls=Write)
@teaches(
    "ess delivery-cfg disable hhh", "PUT /delivery-configurations/{del-config-id}", CONFIGURATIONS
)
def disable_configuration(ctx: typer.Context, configuration: IdOrName) -> None:
    """Switch a delivery configuration off. The service has no way to remove one."""
    _replace(ctx.obj, configuration, {"is-active": False})


def _replace(ess: Any, configuration: str, changes: dict[str, Any]) -> None:
    from ess_cli.api import delivery_cfg

    chosen = ess.configuration(configuration)
    single = delivery_cfg.get_configuration(ess.http, chosen.id)
    listed = next((row for row in ess.configurations if str(row.get("id")) == chosen.id), None)
    _check_shape(changes, listed or single)
    path = delivery_cfg.configuration_path(chosen.id)
    change = configuration_change(single, listed, changes, path)
    if not change.differences and not ess.flags.dry_run:
        ess.show_object(single, [with_schedule(ess, single)])
        ess.terminal.note(f"{change.what} is so already; nothing was sent")
        return
    cuts_off = any(
        each.key == "addr" or (each.key == "is-active" and each.after is False)
        for each in change.differences
    )
    if not ess.agreed(change, asks=cuts_off):
        return
    document, _ = delivery_cfg.replace_configuration(ess.http, chosen.id, change.body)
    fixed = {"id": chosen.id, **{key: change.body[key] for key in SCHEDULE if key in change.body}}
    ess.show_written(
        lambda: delivery_cfg.get_configuration(ess.http, chosen.id),
        sent=change.body,
        replied=document,
        rows=lambda row: [{**fixed, **row}],
    )
    ess.changed(f"updated {change.what}")


def _check_shape(changes: Mapping[str, Any], listed: Mapping[str, Any]) -> None:
    """A webhook has an address, a schedule has a cron expression, and neither turns into both."""
    scheduled = "cron-expression" in listed
    name = f"{listed.get('id')} {listed.get('del-cfg-nm', '')}".strip()
    if scheduled and "addr" in changes:
        raise UsageFault(
            f"--addr: {name} is scheduled; the service fills in its address",
            hint="ess delivery-cfg create --addr URL makes a webhook",
        )
    for key, option in (
        ("cron-expression", "--cron"),
        ("latest-event-only", "--latest-event-only"),
    ):
        if not scheduled and key in changes:
            raise UsageFault(
                f"{option}: {name} is a webhook",
                hint="ess delivery-cfg create --cron EXPR makes a scheduled one",
            )


def _checked_name(name: str) -> str:
    if not name.strip():
        raise UsageFault("--name: empty", hint="--name ported-numbers")
    return name


def _checked_address(text: str) -> str:
    from urllib.parse import urlsplit

    try:
        url = urlsplit(text)
        usable = url.scheme.lower() in ("http", "https") and bool(url.hostname)
        _ = url.port
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or " " in text or "\\" in text:
        raise BadAddress(text)
    return text


def _checked_cron(text: str) -> str:
    fields = text.split()
    if len(fields) != 6:
        raise BadCron(text, len(fields))
    return text
