"""``ess deliveries tail``: new deliveries as they come."""

from collections.abc import Callable, Iterator
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ess_cli.cli import Unattended, noun
from ess_cli.commands.deliveries import DELIVERIES
from ess_cli.commands.deliveries_filters import Status, both, matching
from ess_cli.errors import (
    AllowedTimeOver,
    BadReply,
    EssError,
    PartlyDone,
    RunTimeOver,
    Temporary,
    UsageFault,
)
from ess_cli.interruption import TimeOver
from ess_cli.options import Cfg, EventType, Param, Topic, teaches
from ess_cli.times import parse_duration_s, parse_moment, wire

if TYPE_CHECKING:
    from ess_cli.following import Newcomers
    from ess_cli.receiver.forwarding import Forwarder

app = noun()

_LONGEST_PAUSE_S = 300.0
# A service may ask to be left alone for longer than that; a date of next year is a mistake.
_LONGEST_ASKED_S = 3600.0
# So much longer than meant between two looks, and the machine has slept.
_GAP_S = 60.0
# A login page in between goes away; what answers so for five minutes wants to be looked at.
_MOST_UNUSABLE = 5
_FORWARD_PAUSES_S = (1.0, 2.0)
_WORTH_ANOTHER = (408, 429, *range(500, 600))


@app.command("tail", cls=Unattended)
@teaches("ess deliveries tail --topic NIS-Events -o jsonl", None, DELIVERIES)
def tail(
    ctx: typer.Context,
    status: Status = None,
    topic: Topic = None,
    event_type: EventType = None,
    cfg: Cfg = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Begin with those from then on: 2h. [now]"),
    ] = None,
    interval: Annotated[
        str, typer.Option("--interval", metavar="DURATION", help="How often to look. [10s]")
    ] = "10s",
    look_back: Annotated[
        str,
        typer.Option(
            "--look-back", metavar="DURATION", help="How late a row may turn up in the list. [5m]"
        ),
    ] = "5m",
    forward_to: Annotated[
        str | None,
        typer.Option("--forward-to", metavar="URL", help="Post the body of each there."),
    ] = None,
    envelope: Annotated[
        bool, typer.Option("--envelope", help="With --forward-to: the body as a webhook gets it.")
    ] = False,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="End after N deliveries.")
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="DURATION", help="End after so long; short of --count, with code 13."
        ),
    ] = None,
    param: Param = None,
) -> None:
    """Show new deliveries as they come, each once an event and configuration; Ctrl-C ends it.

    The list is polled, at both of its ends, since its order is not documented: three small
    requests a look. A delivery is shown when it first matches the filters, if that is within
    --look-back of its time. After trouble on the way, or when the machine has slept, it goes on
    where it was: nothing is left out.

    --forward-to posts each event body as it is, or with --envelope as a webhook gets it; without
    credentials, and at most three times. What was not taken there is told, and the exit code is
    then 11.
    """
    from ess_cli.following import Newcomers

    ess = ctx.obj
    ess.flags.take("param", tuple(param or ()))
    interval_s = parse_duration_s("--interval", interval)
    if interval_s < 1:
        raise UsageFault("--interval: a second is the least", hint="--interval 10s")
    if envelope and forward_to is None:
        raise UsageFault("--envelope goes with --forward-to")
    keep = matching(ess, "timestamp", status, topic, event_type, None, None)
    first = None if since is None else parse_moment("--since", since, ess.now())
    follower = _Follower(
        ess,
        interval_s,
        None if limit is None else parse_duration_s("--for", limit),
        count,
        None if forward_to is None else _sender(ess, forward_to, in_envelope=envelope),
    )
    if cfg is not None:
        wanted = ess.configuration(cfg).id
        keep = both(keep, lambda row: str(row.get("del-cfg-id")) == wanted)
    newcomers = Newcomers(
        ess.http,
        ess.now,
        parse_duration_s("--look-back", look_back),
        since=first,
        keep=keep,
        params=ess.params(),
    )
    if first is None:
        newcomers.begin()
    begins = wire(ess.now() if first is None else first)
    ess.terminal.note(f"following deliveries from {begins} on · {ess.where}; Ctrl-C ends it")
    try:
        ess.show_arriving(follower.rows(newcomers))
    except KeyboardInterrupt:
        follower.interrupted = True
    except TimeOver:
        raise RunTimeOver(ess.flags.max_duration, _going_on(ess, newcomers)) from None
    except EssError as error:
        error.details += (f"  {_going_on(ess, newcomers)}",)
        raise
    follower.leave(limit)


def _going_on(ess: Any, newcomers: "Newcomers") -> str:
    """How to follow on without a gap."""
    from ess_cli.context.listing import going_on_from

    line = going_on_from(ess.program_args, wire(newcomers.complete_until))
    return f"go on with: {line} (the last ones come again)"


class _Follower:
    """Looks again and again.

    Attributes:
        interrupted: whether Ctrl-C ended it.
    """

    def __init__(
        self,
        ess: Any,
        interval_s: float,
        limit_s: float | None,
        most: int | None,
        send: Callable[[Any], str] | None,
    ) -> None:
        self._ess = ess
        self._interval_s = interval_s
        self._limit_s = limit_s
        self._most = most
        self._send = send
        self._shown = 0
        self._failed = 0
        self._began, self._slept_s = monotonic(), 0.0
        self._is_troubled = self._was_timeless = False
        self._unusable = 0
        self._in_flight: str | None = None
        self.interrupted = False

    def rows(self, newcomers: "Newcomers") -> Iterator[Any]:
        """What comes, until one of the limits or Ctrl-C."""
        try:
            yield from self._rows(newcomers)
        except KeyboardInterrupt:
            # NOTE: here, so that a document is closed as it would be otherwise.
            self.interrupted = True

    def leave(self, limit: str | None) -> None:
        """Say how many there were, and end with the code that is due.

        Raises:
            PartlyDone: some were not forwarded.
            AllowedTimeOver: ``--for`` is over, and there were fewer than ``--count``.
            KeyboardInterrupt: likewise by Ctrl-C.
        """
        many = "delivery" if self._shown == 1 else "deliveries"
        self._ess.terminal.note(f"{self._shown} {many}")
        if self._in_flight is not None:
            self._ess.terminal.warn(f"interrupted while {self._in_flight} was forwarded")
        if self._failed:
            raise PartlyDone(f"of {self._shown} {many}, {self._failed} could not be forwarded")
        if self._most is not None and self._shown < self._most:
            if self.interrupted:
                raise KeyboardInterrupt
            raise AllowedTimeOver(f"--for {limit}: {self._shown} of {self._most} deliveries came")

    def _rows(self, newcomers: "Newcomers") -> Iterator[Any]:
        pause_s = self._interval_s
        while True:
            asked_s = 0.0
            try:
                for page in newcomers.look():
                    for row in page:
                        self._forward(row)
                        self._shown += 1
                        yield row
                        if self._shown == self._most:
                            return
                pause_s, self._unusable = self._interval_s, 0
                self._say_again(newcomers)
            except (Temporary, BadReply) as error:
                self._unusable += isinstance(error, BadReply)
                if self._unusable >= (_MOST_UNUSABLE if newcomers.looks else 1):
                    raise
                pause_s = min(2 * pause_s, max(_LONGEST_PAUSE_S, self._interval_s))
                asked_s = _asked_s(error)
                if not self._is_troubled:
                    when = f" in {asked_s:.0f} s, as it asks" if asked_s > pause_s else ""
                    self._ess.terminal.warn(f"{error.message}; trying again{when}")
                self._is_troubled = True
            if not self._pause(max(pause_s, asked_s)):
                return

    def _say_again(self, newcomers: "Newcomers") -> None:
        if self._is_troubled:
            self._ess.terminal.note("the service answers again; nothing was left out")
        self._is_troubled = False
        if newcomers.timeless and not self._was_timeless:
            self._ess.terminal.warn("deliveries without a time are passed over")
            self._was_timeless = True

    def _pause(self, pause_s: float) -> bool:
        """Wait; False where the time is over."""
        if self._limit_s is not None:
            left_s = self._limit_s - max(self._slept_s, monotonic() - self._began)
            if left_s <= 0:
                return False
            pause_s = min(pause_s, left_s)
        before: datetime = self._ess.now()
        self._ess.wait(pause_s)
        self._slept_s += pause_s
        gap_s = (self._ess.now() - before).total_seconds()
        if gap_s > pause_s + _GAP_S:
            self._ess.terminal.note(f"{gap_s:.0f} s without a look; going on from {wire(before)}")
        return True

    def _forward(self, row: Any) -> None:
        if self._send is None:
            return
        self._in_flight = str(DELIVERIES.name(row)) if DELIVERIES.name else ""
        why = self._send(row)
        if why:
            self._failed += 1
            self._ess.terminal.warn(f"{self._in_flight} was not forwarded: {why}")
        self._in_flight = None


def _asked_s(error: EssError) -> float:
    """How long the service asks to be left alone; 0 where it does not ask."""
    asked_s = error.wait_s if isinstance(error, Temporary) else None
    return min(asked_s or 0.0, _LONGEST_ASKED_S)


def _sender(ess: Any, address: str, *, in_envelope: bool) -> Callable[[Any], str]:
    """What posts a delivery on; it gives the reason where that was not taken."""
    from ess_cli.receiver.forwarding import Forwarder, parse_target
    from ess_cli.receiver.reposting import as_posted

    forwarder = Forwarder(parse_target(address), ess.settings.timeout_s)

    def send(row: Any) -> str:
        posted = as_posted(row, in_envelope=in_envelope)
        return "it has no body" if posted is None else _post(ess, forwarder, *posted)

    return send


def _post(ess: Any, forwarder: "Forwarder", body: bytes, headers: dict[str, str]) -> str:
    for pause_s in (*_FORWARD_PAUSES_S, None):
        status, why = forwarder.send(body, headers)
        if pause_s is None or status not in _WORTH_ANOTHER:
            break
        ess.wait(pause_s)
    return why
