"""Deliveries: what is due is POSTed to its webhook, and what came of it is recorded.

One thread looks every few milliseconds for what is due, since other processes put events on
their way too, hands it to the threads of its webhook, and writes their outcomes down, many in
one transaction. Only that thread uses the outbox. UNKNOWN, and chosen here:

- The configuration is read for each attempt, so a change of it is for the next one.
- What waits for a configuration that is switched off waits until it is switched on.
- What was marked as handled is delivered all the same.
- A host that is not on the allow-list makes a delivery FAILED at its first attempt.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox import outbox
from ess_cli.sandbox.envelope import wrap
from ess_cli.sandbox.fields import wire
from ess_cli.sandbox.lanes import Lane
from ess_cli.sandbox.outbox import Due, Outcome
from ess_cli.sandbox.posting import Answer, Poster
from ess_cli.sandbox.receivers import Receiver, may_be_sent_to, receiver_of, shown, target_of

if TYPE_CHECKING:
    import sqlite3

    from ess_cli.sandbox.behaviour import Behaviour
    from ess_cli.sandbox.store import Store
    from ess_cli.sandbox.workers import Voices

_TICK_S = 0.01
_PAUSE_S = 0.5
# So many outcomes are recorded in one transaction: others want to write too.
_AT_ONCE = 200


class Deliverer:
    """Delivers the events of one database, unless another process does."""

    def __init__(self, store: Store, behaviour: Behaviour, voices: Voices) -> None:
        self._store = store
        self._behaviour = behaviour
        self._log = voices.log or (lambda line: None)
        self._note = voices.note or (lambda line: None)
        self._lanes: dict[int, Lane] = {}
        self._done: deque[tuple[Due, Outcome | None]] = deque()
        self._stopping = threading.Event()
        self._stop_by_s = 0.0
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        """Begin, and say where events go to."""
        self._thread.start()

    def stop(self, grace_s: float) -> None:
        """Send nothing more, wait for the attempts that are being made, and record them."""
        self._stop_by_s = time.monotonic() + grace_s
        self._stopping.set()
        self._thread.join(grace_s + _PAUSE_S)

    def _run(self) -> None:
        import filelock

        path = self._store.path.with_name(self._store.path.name + ".delivering")
        # The system frees it with the process, however that ends.
        lock = filelock.FileLock(path, timeout=0, mode=0o600, thread_local=False)
        is_first = True
        while not self._stopping.is_set():
            try:
                with lock:
                    self._say_where()
                    self._work()
            except filelock.Timeout:
                if is_first:
                    self._note("another `ess sandbox serve` delivers; this one does when it ends")
                is_first = False
                self._stopping.wait(_PAUSE_S)
            except OSError as error:
                self._note(f"nothing is delivered: {path}: {error.strerror}")
                return

    def _say_where(self) -> None:
        others = "".join(f", {name}" for name in sorted(self._behaviour.allowed_hosts))
        self._note(f"delivers to webhooks on this machine{others}")

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._store.reading() as con:
                    while not self._stopping.wait(_TICK_S):
                        self._record()
                        self._hand_out(con)
                        for lane in self._lanes.values():
                            lane.move()
            except SandboxUnusable as fault:
                self._pause(fault.message)
            except Exception as error:  # noqa: BLE001 - deliveries go on whatever one of them is
                self._pause(f"a bug: {type(error).__name__}: {error}")
        self._end()

    def _pause(self, line: str) -> None:
        self._log(line)
        self._stopping.wait(_PAUSE_S)

    def _end(self) -> None:
        """Wait for what is being sent, as long as there is time, and record it as it comes."""
        lanes = self._lanes.values()
        for lane in lanes:
            lane.stop()
        try:
            while any(lane.is_busy for lane in lanes) and time.monotonic() < self._stop_by_s:
                self._record()
                time.sleep(_TICK_S)
            self._record()
        except SandboxUnusable as fault:
            self._log(fault.message)

    def _hand_out(self, con: sqlite3.Connection) -> None:
        """Take in hand what is due, as far as each webhook may be sent more."""
        now_s = self._store.now().timestamp()
        for cfg_id, due_at_s in outbox.waiting(con):
            if due_at_s > now_s:
                continue
            receiver = receiver_of(con, cfg_id)
            if receiver is None or not receiver.is_active:
                continue
            lane = self._lanes.get(cfg_id)
            if lane is None:
                lane = Lane(self._attempt, self._behaviour.delivery_timeout_s)
                self._lanes[cfg_id] = lane
            interval_s = self._interval_s(receiver)
            free = lane.allowance(now_s, interval_s, _TICK_S)
            if free < 1:
                continue
            for due in outbox.due(con, cfg_id, now_s, len(lane.in_hand) + free):
                if due.delivery not in lane.in_hand and free > 0:
                    lane.take(due, interval_s)
                    free -= 1

    def _interval_s(self, receiver: Receiver) -> float | None:
        if receiver.throttling is None or self._refusal(receiver) is not None:
            return None
        return 60 / receiver.throttling / self._behaviour.clock_speed

    def _refusal(self, receiver: Receiver) -> Answer | None:
        """Why a webhook is not to be sent anything; None where it may be."""
        try:
            target = target_of(receiver.address)
        except ValueError:
            return Answer(None, f"Delivery refused: {shown(receiver.address)} is no address")
        if may_be_sent_to(target, self._behaviour.allowed_hosts):
            return None
        return Answer(None, f"Delivery refused: host {target.host} is not on the allow-list")

    def _attempt(self, due: Due, poster: Poster) -> None:
        """Make an attempt; runs in a thread of the webhook's, and leaves an outcome."""
        outcome = None
        try:
            with self._store.reading() as con:
                receiver = receiver_of(con, due.cfg_id)
            if receiver is not None and receiver.is_active:
                outcome = self._outcome(due, receiver, poster)
        except SandboxUnusable as fault:
            self._pause(fault.message)
        finally:
            self._done.append((due, outcome))

    def _outcome(self, due: Due, receiver: Receiver, poster: Poster) -> Outcome:
        at = wire(self._store.now())
        began_s = time.perf_counter()
        answer = self._refusal(receiver)
        again_at = None
        if answer is None:
            answer = _post(due, receiver, poster)
            again_at = None if answer.is_success else self._again_at(due.event.attempt)
        spent_ms = (time.perf_counter() - began_s) * 1000
        self._log(_line(due, receiver, answer, spent_ms))
        return Outcome(
            due, at, receiver.address, answer.is_success, answer.status, answer.text, again_at
        )

    def _again_at(self, attempt: int) -> float | None:
        """When the attempt after this one is due; None where it was the last."""
        waits_s = self._behaviour.retry_after_s
        if attempt > len(waits_s):
            return None
        wait_s = waits_s[attempt - 1] / self._behaviour.clock_speed
        return self._store.now().timestamp() + wait_s

    def _record(self) -> None:
        """Write down what has become of attempts, and let what they were go out of hand."""
        while self._done:
            batch = [self._done[place] for place in range(min(len(self._done), _AT_ONCE))]
            outcomes = [outcome for _, outcome in batch if outcome is not None]
            if outcomes:
                with self._store.writing() as con:
                    for outcome in outcomes:
                        outbox.record(con, outcome)
            for due, _ in batch:
                self._lanes[due.cfg_id].in_hand.discard(due.delivery)
                self._done.popleft()


def _post(due: Due, receiver: Receiver, poster: Poster) -> Answer:
    try:
        body, headers = wrap(due.event, receiver.format)
        if receiver.authorization is not None:
            headers.append(("Authorization", receiver.authorization))
        return poster.post(target_of(receiver.address), headers, body)
    except Exception as error:  # noqa: BLE001 - one event must not end the deliveries
        return Answer(None, f"Delivery failed: a bug: {type(error).__name__}")


def _line(due: Due, receiver: Receiver, answer: Answer, spent_ms: float) -> str:
    """An attempt in one line, without anything that may be a secret."""
    status = "-" if answer.status is None else str(answer.status)
    why = f": {answer.text}" if answer.status is None else ""
    attempt = f"attempt {due.event.attempt} {due.event.event_id}"
    return f"POST {shown(receiver.address)} {status} {spent_ms:.1f} ms {attempt}{why}"
