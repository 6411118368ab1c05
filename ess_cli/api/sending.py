"""Calls sent by their rules: what is tried again, what never, and what the end of it means.

A GET or PUT is tried up to three times, on connection faults and statuses that pass. A POST, and
the GET that starts a job, is sent again only where provably nothing was received, or after a 429.
A write that may have been received and was not answered is in doubt, and that beats whatever
comes after it. A signal lets a write on the wire come to its end, and then nothing is sent any
more, not even again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

from ess_cli import __version__
from ess_cli.api.exchange import Broken, Service, Sink, Wire
from ess_cli.api.faults import RETRYABLE, Reply, fault, retry_after_s, unknown
from ess_cli.api.pacing import SENDING
from ess_cli.errors import CredentialsRefused, EssError, Temporary
from ess_cli.interruption import Interruption

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

ATTEMPTS = 3
READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_WAIT_S = 60.0
# Parameters that may stand in a log; criteria and raw filters may hold phone numbers.
_SHOWN_PARAMETERS = frozenset({"limit", "offset", "topicId"})


class Authorization(NamedTuple):
    """What a request is authorised with.

    Attributes:
        header: the value of the Authorization header; None where it is not sent.
        user_token: the value of the user-token header; None where it is not sent.
    """

    header: str | None
    user_token: str | None = None


class Call(NamedTuple):
    """A request to make.

    Attributes:
        query: with its question mark, percent-encoded; empty for none.
        look: for a write, how to look what became of it; None for a read.
        once: never sent again if it may have been received.
        sink: takes the body where it is a file; None where it is JSON.
        headers: those of this call only.
    """

    method: str
    path: str
    query: str
    body: bytes | None
    look: str | None
    once: bool
    sink: Sink | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> str:
        """Method and path, for messages."""
        return f"{self.method} {self.path}"


class Sender:
    """Sends calls to one service.

    Args:
        service: where to.
        credentials: asked for at each request, not before.
        adapter: carries the requests; None for real connections.
        log: gets one line for each request sent; it may hold secrets until it is redacted.
        sleep: waits between attempts; takes seconds.
        interruption: told of each write on the wire, and asked before anything is sent.
        renew: gets new credentials, once, where a read was refused with a 401, which it is given
            and may raise; the read is then sent again. None where that is the end. Once more
            after :meth:`may_renew_again`.
    """

    def __init__(
        self,
        service: Service,
        credentials: Callable[[], Authorization],
        *,
        adapter: BaseAdapter | None = None,
        log: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        interruption: Interruption | None = None,
        renew: Callable[[CredentialsRefused], None] | None = None,
    ) -> None:
        self.service = service
        self._credentials = credentials
        self._wire = Wire(service, adapter, log)
        self._sleep = sleep
        self._interruption = interruption or Interruption()
        self._renew = renew
        self._has_renewed = False

    def may_renew_again(self) -> None:
        """New credentials may be had once more: a run that never ends outlives those it has."""
        self._has_renewed = False

    def close(self) -> None:
        """Let go of the connections."""
        self._wire.close()

    def exchange(self, call: Call) -> Reply:
        """The reply to a call, once it is a success.

        Raises:
            EssError: of the kind that the reply, or its absence, stands for.
        """
        doubts: list[EssError] = []
        try:
            return self._renewing(call, doubts)
        except EssError as error:
            raise doubts[-1] if doubts else error from error.__cause__
        except Exception:
            raise
        except BaseException as interrupt:
            # NOTE: what was interrupted after it left may arrive all the same.
            if call.look is not None and (doubts or SENDING.began):
                raise unknown(f"{call.line}: interrupted", call.look) from interrupt
            raise

    def _renewing(self, call: Call, doubts: list[EssError]) -> Reply:
        """As :meth:`_attempts`; a read that was refused with a 401 once more with a new token."""
        try:
            return self._attempts(call, doubts)
        except CredentialsRefused as refused:
            is_read = refused.http == 401 and call.look is None
            if not is_read or self._renew is None or self._has_renewed:
                raise
            self._has_renewed = True
            self._renew(refused)
            return self._attempts(call, doubts)

    def _attempts(self, call: Call, doubts: list[EssError]) -> Reply:
        """Send until there is a success, within the rules for this kind of call.

        Args:
            call: the request.
            doubts: takes the errors of attempts that may have been received. A success makes
                up for them: what a PUT was to set is then set.
        """
        for attempt in range(1, ATTEMPTS + 1):
            wait_s: float | None = None
            try:
                reply = self._send(call)
            except Broken as broken:
                failure = _failure(call, broken)
                again = not broken.lasting and not (call.once and broken.sent)
            else:
                refusal = fault(reply, call.line, call.look)
                if refusal is None:
                    return reply
                failure = refusal
                again = reply.status in RETRYABLE and (not call.once or reply.status == 429)
                wait_s = retry_after_s(reply)
            SENDING.began = False
            if failure.exit_code == 7:
                doubts.append(failure)
            if again and wait_s is not None and wait_s > _LONGEST_WAIT_S:
                failure.details += (f"  the service asks to wait {_as_time(wait_s)}",)
                if isinstance(failure, Temporary):
                    failure.wait_s = wait_s
                again = False
            if not again or attempt == ATTEMPTS or self._interruption.exit_code:
                break
            # The wait itself may be broken off: what is in doubt is in doubt already.
            self._interruption.told()
            self._sleep(random.uniform(0, 2.0 ** (attempt - 1)) if wait_s is None else wait_s)  # noqa: S311
        raise failure

    def _send(self, call: Call) -> Reply:
        self._interruption.check(call.line)
        SENDING.began = False
        credentials = self._credentials()
        is_file = call.sink is not None
        headers = {
            **({} if credentials.header is None else {"Authorization": credentials.header}),
            "Accept": "*/*" if is_file else "application/json",
            # NOTE: a file is wanted as it is stored; its size is that of those bytes.
            "Accept-Encoding": "identity" if is_file else "gzip",
            "User-Agent": f"ess/{__version__}",
            **dict(call.headers),
        }
        if credentials.user_token is not None:
            headers["user-token"] = credentials.user_token
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(call.body))
        elif call.method not in READS:
            headers["Content-Length"] = "0"
        shown = f"{call.line}{_shown_query(call.query)}"
        target, departure = f"{call.path}{call.query}", SENDING.departure
        with (
            nullcontext()
            if call.look is None
            else self._interruption.write(call.line, lambda: departure.began)
        ):
            return self._wire.send(call.method, target, headers, call.body, shown, call.sink)


def _failure(call: Call, broken: Broken) -> EssError:
    message = f"{call.line}: {broken}"
    if call.look is not None and broken.sent:
        return unknown(message, call.look)
    if broken.unusable is not None:
        return broken.unusable(message, hint=broken.hint)
    return Temporary(message, hint=broken.hint or "try again later")


def _as_time(wait_s: float) -> str:
    for unit, size_s in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if wait_s >= 2 * size_s:
            return f"{wait_s:.0f} s ({wait_s / size_s:.0f} {unit})"
    return f"{wait_s:.0f} s"


def _shown_query(query: str) -> str:
    """A query for the log."""
    names = ((pair, pair.partition("=")[0]) for pair in query.removeprefix("?").split("&") if pair)
    shown = [pair if name in _SHOWN_PARAMETERS else f"{name}=…" for pair, name in names]
    return "?" + "&".join(shown) if shown else ""
