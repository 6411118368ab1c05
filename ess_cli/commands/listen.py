"""``ess listen``: a webhook on this machine."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ess_cli.cli import Command, noun
from ess_cli.errors import AllowedTimeOver, UsageFault
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table
from ess_cli.times import parse_duration_s

if TYPE_CHECKING:
    from ess_cli.receiver.checking import Checker
    from ess_cli.receiver.forwarding import Forwarder
    from ess_cli.receiver.intake import Arrival, Plan
    from ess_cli.receiver.running import Receiver

app = noun("A webhook on this machine, to see and rehearse deliveries.")

PORT = 8026
ARRIVALS = Table(
    ("event", "events"),
    (
        Column("received", "received"),
        Column("topic", "topic", least=16),
        Column("event-type", "event-type", least=20),
        Column("event-id", "event-id", least=22),
        Column("attempt", "attempt", right=True),
        Column("verdict", "verdict", least=9),
        Column("status", "status", right=True, extra=True),
        Column("timestamp", "timestamp", extra=True),
        Column("event", "event", extra=True),
        Column("detail", "detail", cut=True),
    ),
    lambda row: row["event-id"],
)


@app.command("listen", cls=Command)
@teaches("ess listen --fail-first 2 --save events", None, ARRIVALS)
def listen(
    ctx: typer.Context,
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one. [8026]"),
    ] = PORT,
    status: Annotated[
        int,
        typer.Option(
            "--status", metavar="N", min=200, max=599, help="What is answered: --status 503. [200]"
        ),
    ] = 200,
    fail_first: Annotated[
        int,
        typer.Option(
            "--fail-first",
            metavar="N",
            min=0,
            help="Fail the first N requests of each event id, with --status or 503; then take it.",
        ),
    ] = 0,
    delay: Annotated[
        str, typer.Option("--delay", metavar="DURATION", help="Hold each answer back: 500ms, 2s.")
    ] = "0s",
    basic: Annotated[
        str | None,
        typer.Option("--basic", metavar="NAME", help="Take events of this user only."),
    ] = None,
    password_file: Annotated[
        str | None,
        typer.Option(
            "--password-file",
            metavar="PATH|-",
            help="Read that user's password from a file, - is stdin; else it is asked for.",
        ),
    ] = None,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="DIR", help="Keep each event's body in this directory."),
    ] = None,
    forward_to: Annotated[
        str | None,
        typer.Option(
            "--forward-to", metavar="URL", help="Pass events on, and answer what is answered there."
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", metavar="N", min=1, help="End after N different events taken."),
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="DURATION", help="End after so long; short of --count, with code 13."
        ),
    ] = None,
) -> None:
    """Be a webhook: show each event as it is delivered, and answer as told.

    Listens on 127.0.0.1 and takes POSTs to any path, until Ctrl-C. Verdicts: ok; duplicate (an
    event id that was taken before); failed (on purpose, or since it could not be saved or passed
    on); unauthorized; invalid (no event). With -p or ESS_PROFILE an event is held against its
    event type: mismatch says what is wrong, unchecked that the type is not to be had. Both are
    taken all the same, as is XML, whose layout is not known.

    Duplicates are taken, but neither saved nor passed on again. A body is saved once an event id,
    whatever is answered.
    """
    from ess_cli.receiver.intake import Intake
    from ess_cli.receiver.running import Receiver

    ess = ctx.obj
    limit_s = None if limit is None else parse_duration_s("--for", limit)
    if count is not None and status >= 300 and not fail_first:
        raise UsageFault(f"--count: with --status {status} no event is taken", hint="--for 10m")
    checker = _checker(ess)
    plan = _plan(ess, status, fail_first, delay, basic, password_file, save, forward_to)
    counts: Counter[str] = Counter()
    with Receiver(Intake(plan, ess.now), port) as receiver:
        if plan.forwarder and plan.forwarder.is_at(receiver.port):
            raise UsageFault("--forward-to: that is this very webhook")
        address = f"http://127.0.0.1:{receiver.port}/"
        ess.terminal.note(f"listening: {address} (delivery-cfg create --addr); Ctrl-C ends it")
        rows = _rows(receiver, limit_s, checker, count, counts)
        ess.show_arriving(row for row in rows if row["event-id"] or ess.format != "name")
    ess.terminal.note(_total(counts))
    _leave(receiver, limit, count, _taken(counts))


def _rows(
    receiver: "Receiver",
    limit_s: float | None,
    checker: "Checker | None",
    count: int | None,
    counts: Counter[str],
) -> Iterator[dict[str, Any]]:
    """What arrives, as rows, until enough events were taken; counted by verdict."""
    for arrival in receiver.arrivals(limit_s):
        checked = checker.check(arrival) if checker else arrival
        counts[checked.verdict] += 1
        yield _row(checked)
        if count is not None and _taken(counts) >= count:
            receiver.end()


def _row(arrival: "Arrival") -> dict[str, Any]:
    event = arrival.event
    return {
        "received": arrival.received.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "verdict": arrival.verdict,
        "detail": arrival.detail,
        "status": arrival.status,
        "attempt": event and event.attempt,
        "event-id": event and event.id,
        "topic": event and event.topic,
        "event-type": event and event.type,
        "timestamp": event and event.timestamp,
        "event": event and event.fields,
        "headers": arrival.headers,
    }


def _checker(ess: Any) -> "Checker | None":
    """What holds events against their types; None where no profile was named."""
    from ess_cli.receiver.checking import Checker

    if ess.settings.profile.source not in ("option --profile", "ESS_PROFILE"):
        return None

    def fetch(code: str) -> Any:
        from ess_cli.api.event_types import get_event_type

        return get_event_type(ess.http, code)

    return Checker(fetch, ess.terminal.note)


def _plan(
    ess: Any,
    status: int,
    fail_first: int,
    delay: str,
    basic: str | None,
    password_file: str | None,
    save: str | None,
    forward_to: str | None,
) -> "Plan":
    """How to answer; the password, which may have to be typed, comes last."""
    from ess_cli.commands.delivery_cfg_auth import read_password
    from ess_cli.receiver.intake import Basic, Plan
    from ess_cli.receiver.saving import Folder

    if password_file is not None and basic is None:
        raise UsageFault("--password-file goes with --basic", hint="--basic NAME")
    if basic is not None and (not basic or ":" in basic or not basic.isprintable()):
        raise UsageFault("--basic: a user's name is not empty and has no colon")
    delay_s = parse_duration_s("--delay", delay)
    forwarder = None if forward_to is None else _forwarder(ess, forward_to)
    folder = None if save is None else Folder(Path(save))
    return Plan(
        status,
        fail_first,
        delay_s,
        None if basic is None else Basic(basic, read_password(ess, password_file, basic)),
        folder,
        forwarder,
    )


def _forwarder(ess: Any, address: str) -> "Forwarder":
    from ess_cli.receiver.forwarding import Forwarder, parse_target

    return Forwarder(parse_target(address), ess.settings.timeout_s)


def _taken(counts: Mapping[str, int]) -> int:
    return sum(counts.get(verdict, 0) for verdict in ("ok", "unchecked", "mismatch"))


def _total(counts: Mapping[str, int]) -> str:
    """``12 events (1 mismatch), 2 duplicates, 1 failed``."""
    taken, twice = _taken(counts), counts.get("duplicate", 0)
    text = f"{taken} event{'' if taken == 1 else 's'}"
    odd = [f"{counts[key]} {key}" for key in ("mismatch", "unchecked") if counts.get(key)]
    text += f" ({', '.join(odd)})" if odd else ""
    rest = [
        f"{counts[key]} {key}" for key in ("failed", "unauthorized", "invalid") if counts.get(key)
    ]
    dupes = [f"{twice} duplicate{'' if twice == 1 else 's'}"] if twice else []
    return ", ".join([text, *dupes, *rest])


def _leave(receiver: "Receiver", limit: str | None, count: int | None, taken: int) -> None:
    """End with the code that is due.

    Ctrl-C is how a webhook without --count is meant to be ended; else a signal means what it
    always does.

    Raises:
        AllowedTimeOver: ``--for`` is over, and fewer events came than ``--count`` asks for.
    """
    import signal

    short = count is not None and taken < count
    if receiver.signal == signal.SIGTERM or (receiver.signal is not None and short):
        signal.raise_signal(signal.Signals(receiver.signal))
    if receiver.timed_out and short:
        raise AllowedTimeOver(f"--for {limit}: {taken} of {count} events were taken")
