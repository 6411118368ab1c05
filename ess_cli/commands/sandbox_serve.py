"""``ess sandbox serve``: the embedded service over HTTP, with all that it does by itself."""

import re
from typing import Annotated, Any

import typer

from ess_cli.cli import Command, noun
from ess_cli.errors import UsageFault
from ess_cli.options import teaches
from ess_cli.times import parse_duration_s

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
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", metavar="NAME", help="Deliver to this host too, not only to loopback."
        ),
    ] = None,
    retry_schedule: Annotated[
        str,
        typer.Option(
            "--retry-schedule",
            metavar="D,…",
            show_default=False,
            help="Waits before another attempt, or none. [10s,1m,5m]",
        ),
    ] = "10s,1m,5m",
    clock_speed: Annotated[
        float,
        typer.Option(
            "--clock-speed", metavar="N", show_default=False, help="Wait N times shorter. [1]"
        ),
    ] = 1,
    delivery_timeout: Annotated[
        str,
        typer.Option(
            "--delivery-timeout",
            metavar="DURATION",
            show_default=False,
            help="For one attempt. [10s]",
        ),
    ] = "10s",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="FAULTS",
            help="What goes wrong, and how often: 429:5%,timeout:1%; see ess sandbox faults.",
        ),
    ] = None,
    fault_seed: Annotated[
        int | None,
        typer.Option(
            "--fault-seed", metavar="N", min=0, help="The same faults again. [a new one each time]"
        ),
    ] = None,
    expire_tokens: Annotated[
        str | None,
        typer.Option(
            "--expire-tokens", metavar="DURATION", help="How long a token is good for. [for ever]"
        ),
    ] = None,
) -> None:
    """Offer the sandbox over HTTP on this machine, for curl and other clients.

    Prints its base URL, then runs until Ctrl-C. The same database as `ess -p sandbox`. Any
    bearer token is taken, but "expired". Events on their way are delivered to their webhooks.
    -v prints a line a request and a line an attempt.

    Buffer files close on their configuration's schedule; dumps are written. Tokens are refreshed
    with the consumer key `sandbox-key` and the secret `sandbox-secret`.

    With --fault, things go wrong: `--fault '429:5%,timeout:1%,ignore-offset'`. That is so for
    who comes over HTTP; `ess -p sandbox` stays exact. The same seed brings the same faults to
    the same requests in the same order; with several at a time, their order is chance.
    """
    from ess_cli.sandbox.behaviour import Behaviour
    from ess_cli.sandbox.server import make_server

    ess = ctx.obj
    ess.use_sandbox()
    behaviour = Behaviour(
        allowed_hosts=frozenset(_host(name) for name in allow_host or []),
        retry_after_s=_schedule(retry_schedule),
        clock_speed=_speed(clock_speed),
        delivery_timeout_s=_timeout_s(delivery_timeout),
        faults=_faults(ess, fault, fault_seed),
        token_lifetime_s=_lifetime_s(expire_tokens),
    )
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


_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)


def _host(name: str) -> str:
    """The name as addresses have it.

    Raises:
        UsageFault: it is a pattern, a URL, has a port, or is otherwise no name of one host.
    """
    from ipaddress import ip_address

    lower = name.lower().strip("[]")
    try:
        is_address = bool(ip_address(lower))
    except ValueError:
        is_address = False
    if not is_address and not _HOST.fullmatch(lower):
        hint = "the exact name in the address: hooks.example.com"
        raise UsageFault(f'--allow-host: not the name of a host: "{name}"', hint=hint)
    return lower


def _schedule(text: str) -> tuple[float, ...]:
    if text == "none":
        return ()
    return tuple(parse_duration_s("--retry-schedule", each) for each in text.split(","))


def _lifetime_s(text: str | None) -> float | None:
    return None if text is None else parse_duration_s("--expire-tokens", text)


def _speed(speed: float) -> float:
    if not 1 <= speed <= 1_000_000:
        raise UsageFault(f"--clock-speed: not from 1 to 1000000: {speed:g}")
    return speed


def _timeout_s(text: str) -> float:
    timeout_s = parse_duration_s("--delivery-timeout", text)
    if not 0 < timeout_s <= 3600:
        raise UsageFault(f"--delivery-timeout: not up to 1h: {text}")
    return timeout_s


def _faults(ess: Any, specs: list[str] | None, seed: int | None) -> Any:
    """The faults asked for; None where none are."""
    from random import randrange

    from ess_cli.sandbox import faults

    if not specs:
        if seed is not None:
            raise UsageFault("--fault-seed goes with --fault", hint="ess sandbox faults")
        return None
    found = faults.parse(specs, randrange(1_000_000) if seed is None else seed)  # noqa: S311
    again = f" · the same again: --fault-seed {found.seed}" if found.odds else ""
    ess.terminal.note(f"faults: {','.join(specs)}{again}")
    return found
