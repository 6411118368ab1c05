"""``ess sandbox emit``: let events happen, so that they are delivered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ess_cli.cli import Write, noun
from ess_cli.errors import FileTrouble, UsageFault
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table

app = noun()

EMITTED = Table(
    ("event", "events"),
    (
        Column("event-id", "event-id"),
        Column("topic", "topic"),
        Column("event-type", "event-type"),
        Column("configurations", lambda row: ",".join(map(str, row["configurations"]))),
        Column("timestamp", "timestamp", extra=True),
    ),
    name=lambda row: row["event-id"],
)


@app.command("emit", cls=Write)
@teaches(
    "ess sandbox emit porting_event --field number=+12025550123 --field porting_date=2026-11-23",
    table=EMITTED,
)
def emit(
    ctx: typer.Context,
    event_type: Annotated[
        str | None, typer.Argument(metavar="[EVENT-TYPE]", show_default=False)
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option("--topic", metavar="TOPIC", help="Where several topics have this event type."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="KEY=VALUE", help="A field of the event; repeat it."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="PATH|-", help="JSON lines instead: topic, event-type, fields."
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, help="How often it happens. [1]")
    ] = 1,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="N/s", help="At most so many a second, or N/m a minute."),
    ] = None,
) -> None:
    """Let an event happen: it is checked, matched, and goes to who is subscribed to it.

    Webhooks get it while `ess sandbox serve` runs; until then its deliveries are PENDING. A
    line of --file may also be an event as a webhook gets it. --dry-run shows who would get it.
    """
    from ess_cli.sandbox import emission

    ess = ctx.obj
    ess.use_sandbox()
    per_second = _rate(rate) if rate is not None else None
    sketched = _sketches(ess, event_type, topic, field or [], file)
    tally = Tally(ess.terminal)
    if ess.flags.dry_run:
        found = iter([list(emission.preview(ess.sandbox_store, sketched))])
    else:
        found = emission.emit(ess.sandbox_store, sketched, count, per_second, ess.wait)
    ess.show_arriving(tally.rows(found))
    tally.say("would go" if ess.flags.dry_run else "went", ess)


class Tally:
    """Counts what was emitted, and warns of subscriptions that can match nothing."""

    def __init__(self, terminal: Any) -> None:
        self._terminal = terminal
        self._warned: set[int] = set()
        self.events = self.deliveries = self.inactive = 0

    def rows(self, batches: Iterator[list[Any]]) -> Iterator[dict[str, Any]]:
        """The rows to show of what was accepted."""
        for batch in batches:
            for accepted in batch:
                self._count(accepted)
                yield _row(accepted)

    def _count(self, accepted: Any) -> None:
        self.events += 1
        self.deliveries += len(accepted.deliveries)
        self.inactive += accepted.matches.inactive
        for each in accepted.matches.malformed:
            if each.subscription_id not in self._warned:
                self._warned.add(each.subscription_id)
                self._terminal.warn(
                    f"subscription {each.subscription_id} matches nothing, its criteria do not"
                    f" parse: {each.why}: {each.criteria}"
                )

    def say(self, verb: str, ess: Any) -> None:
        """How many events went out, and to how many."""
        events = "1 event" if self.events == 1 else f"{self.events:,} events"
        sent = "1 delivery" if self.deliveries == 1 else f"{self.deliveries:,} deliveries"
        if self.inactive:
            sent += f", {self.inactive:,} more were their configurations active"
        ess.terminal.note(f"{events} {verb} out: {sent} · sandbox")


def _row(accepted: Any) -> dict[str, Any]:
    event = accepted.event
    return {
        "event-id": event.event_id,
        "topic": event.topic,
        "event-type": event.event_type,
        "timestamp": event.raised_at,
        "configurations": [each.id for each in accepted.deliveries],
    }


def _sketches(
    ess: Any, event_type: str | None, topic: str | None, fields: list[str], file: str | None
) -> list[Any]:
    from ess_cli.sandbox import emission
    from ess_cli.sandbox.events import EventRefusedError

    if file is None and event_type is None:
        raise UsageFault("which event type?", hint="ess -p sandbox event-types list, or --file")
    if file is not None and fields:
        raise UsageFault("--field goes with an event type, not with --file")
    pairs = [_pair(text) for text in fields]
    try:
        if file is None:
            return [emission.sketch(ess.sandbox_store, topic, event_type or "", pairs)]
        lines = _read(file).splitlines()
        return emission.sketches(ess.sandbox_store, lines, topic, event_type)
    except EventRefusedError as error:
        if file is not None:
            raise FileTrouble(f"--file {file}: {error}; nothing was emitted") from None
        raise UsageFault(str(error), hint=f"ess -p sandbox event-types get {event_type}") from None


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageFault(f'--field: not KEY=VALUE: "{text}"', hint="--field number=+12025550123")
    return key, value


def _read(path: str) -> bytes:
    import sys

    if path == "-" and sys.stdin is None:
        raise UsageFault("--file -: stdin is closed", hint="--file PATH reads a file")
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise FileTrouble(f"--file {path}: {error.strerror}") from None


_UNITS_S = {"": 1, "s": 1, "m": 60}


def _rate(text: str) -> float:
    """Events a second.

    Raises:
        UsageFault: it is no rate.
    """
    number, _, unit = text.partition("/")
    if number.isascii() and number.isdigit() and int(number[:9]) > 0 and unit in _UNITS_S:
        return int(number[:9]) / _UNITS_S[unit]
    raise UsageFault(f'--rate: not a rate: "{text}"', hint="--rate 50/s, or --rate 90/m")
