"""What becomes of each delivery: who may deliver, what is answered, what has been seen before."""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from threading import Condition
from typing import TYPE_CHECKING, Literal, NamedTuple

from ess_cli.receiver import events
from ess_cli.receiver.events import Event, NotAnEventError
from ess_cli.receiver.saving import Folder, why

if TYPE_CHECKING:
    from ess_cli.receiver.forwarding import Forwarder

Verdict = Literal["ok", "duplicate", "failed", "unauthorized", "invalid", "unchecked", "mismatch"]
# So many event ids are remembered, the one seen longest ago is forgotten first.
REMEMBERED = 100_000
FAILING = 503
NO_ROOM = 507
_OWN_HEADER = re.compile(r"x-ess-[!#$%&'*+.^_`|~0-9a-z-]+", re.IGNORECASE)


class Basic(NamedTuple):
    """Who may deliver."""

    user: str
    password: str


class Plan(NamedTuple):
    """How deliveries are answered.

    Attributes:
        status: what is answered, 200 to 599.
        fail_first: so many requests of each event id are failed before one is taken.
        delay_s: how long each answer is held back.
        basic: who may deliver; None for everybody.
        folder: where bodies are kept; None for nowhere.
        forwarder: passes deliveries on; None where they stay.
    """

    status: int = 200
    fail_first: int = 0
    delay_s: float = 0.0
    basic: Basic | None = None
    folder: Folder | None = None
    forwarder: Forwarder | None = None

    @property
    def failing(self) -> int:
        """The status for a request that is failed on purpose."""
        return FAILING if self.status < 300 else self.status

    @property
    def taking(self) -> int:
        """The status for a request that is taken."""
        return 200 if self.fail_first and self.status >= 300 else self.status


class Arrival(NamedTuple):
    """A request, and what was made of it.

    Attributes:
        received: aware, UTC.
        detail: what is to be said beside the verdict; may be empty.
        status: the HTTP status that is answered.
        event: None where the request holds none, or nobody has a right to deliver it.
        headers: ``X-ESS-*`` only, as they came.
    """

    received: datetime
    verdict: Verdict
    detail: str
    status: int
    event: Event | None = None
    headers: Mapping[str, str] = {}


class _Known:
    """What is remembered of an event id."""

    def __init__(self) -> None:
        self.requests = 0
        self.taken = False
        self.kept = False


class Intake:
    """Decides about deliveries; may be used by many threads at a time.

    Args:
        plan: how to answer.
        clock: the present moment, aware.
    """

    def __init__(self, plan: Plan, clock: Callable[[], datetime]) -> None:
        self.plan = plan
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._busy: set[bytes] = set()
        self._changed = Condition()
        self._credentials = _credentials(plan.basic)

    def refused(self, detail: str, status: int) -> Arrival:
        """A request that was not even read."""
        return Arrival(self._now(), "invalid", detail, status)

    def take(self, headers: Mapping[str, str], body: bytes) -> Arrival:
        """Decide about a delivery.

        Args:
            headers: as they came.
            body: as it came.
        """
        received = self._now()
        if self._credentials and not self._may(headers):
            given = any(name.lower() == "authorization" for name in headers)
            detail = "not the user and password of --basic" if given else "no credentials"
            return Arrival(received, "unauthorized", detail, 401)
        own = {name: text for name, text in headers.items() if _OWN_HEADER.fullmatch(name)}
        try:
            event = events.read(body)
        except NotAnEventError as error:
            return Arrival(received, "invalid", str(error), 400, None, own)
        with self._known_of(event.id) as known:
            verdict, detail, status = self._decide(known, event, headers, own, body)
        return Arrival(received, verdict, detail, status, event, own)

    def _decide(
        self,
        known: _Known,
        event: Event,
        headers: Mapping[str, str],
        own: Mapping[str, str],
        body: bytes,
    ) -> tuple[Verdict, str, int]:
        plan = self.plan
        known.requests += 1
        if known.taken:
            return "duplicate", "answered before", plan.taking
        if plan.folder and not known.kept:
            try:
                plan.folder.keep(event.id, body, is_xml=event.is_xml)
            except OSError as error:
                return "failed", f"--save: {why(error)}", NO_ROOM
            known.kept = True
        if known.requests <= plan.fail_first:
            detail = f"--fail-first: request {known.requests} of {plan.fail_first}"
            return "failed", detail, plan.failing
        if plan.taking >= 300:
            return "failed", f"--status {plan.status}", plan.status
        status = plan.taking
        if plan.forwarder:
            kept = {name: text for name, text in headers.items() if name.lower() == "content-type"}
            status, detail = plan.forwarder.send(body, {**kept, **own})
            if detail:
                return "failed", detail, status
        known.taken = True
        if event.is_xml:
            return "unchecked", events.UNKNOWN_LAYOUT, status
        return "ok", "", status

    @contextmanager
    def _known_of(self, event_id: str | None) -> Iterator[_Known]:
        """What is known of an id; two requests of one id are decided one after the other."""
        if event_id is None:
            yield _Known()
            return
        key = sha256(event_id.encode("utf-8", "surrogatepass")).digest()
        with self._changed:
            self._changed.wait_for(lambda: key not in self._busy)
            self._busy.add(key)
            known = self._known.setdefault(key, _Known())
            self._known.move_to_end(key)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        try:
            yield known
        finally:
            with self._changed:
                self._busy.discard(key)
                self._changed.notify_all()

    def _may(self, headers: Mapping[str, str]) -> bool:
        sent = next((text for name, text in headers.items() if name.lower() == "authorization"), "")
        scheme, _, value = sent.partition(" ")
        given = value.strip().encode("utf-8", "replace")
        # NOTE: all are compared, so that the time taken tells nothing.
        same = [hmac.compare_digest(given, wanted) for wanted in self._credentials]
        return scheme.lower() == "basic" and any(same)

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _credentials(basic: Basic | None) -> tuple[bytes, ...]:
    """What may stand behind ``Basic``: the standard leaves the character set open."""
    if basic is None:
        return ()
    pair = f"{basic.user}:{basic.password}"
    forms = [pair.encode()]
    with suppress(UnicodeEncodeError):
        forms.append(pair.encode("latin-1"))
    return tuple(b64encode(form) for form in forms)
