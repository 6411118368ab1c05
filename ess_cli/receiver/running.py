"""A receiver at work: what arrives, one after the other, for the one thread that prints.

Signals do not break in anywhere: the first is taken down, and arrivals end once what is in flight
has been answered; a second one does what it always does.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from ess_cli.receiver.intake import Arrival, Intake
from ess_cli.receiver.server import ReceiverServer

# So many arrivals wait to be printed before senders are kept waiting.
_ROOM = 1000
_GRACE_S = 10.0
_HASTE_S = 1.0
_STUCK_S = 3.0
# A signal that comes when Python is about to wait, and no longer looks, is heard after the wait.
_LISTEN_S = 0.5
# `timeout` and process managers send one signal to the process and to its group: that is one.
_SAME_S = 0.25


class Receiver:
    """Listens while in its ``with`` block, where signals end :meth:`arrivals`.

    Args:
        intake: decides what is answered.
        port: 0 takes a free one.

    Attributes:
        port: the one it listens on.
        signal: the signal that ended the arrivals; None where none did.
        timed_out: whether the time that was allowed ended them.

    Raises:
        PortInUse: the port is taken or not allowed.
    """

    def __init__(self, intake: Intake, port: int) -> None:
        # NOTE: of all queues, these may be put into from a signal handler. The first has what
        # arrived, None at its end; the other the order to end, with its grace in seconds.
        self._queue: SimpleQueue[Arrival | None] = SimpleQueue()
        self._orders: SimpleQueue[float] = SimpleQueue()
        self._room = threading.Semaphore(_ROOM)
        self._left = threading.Event()
        self._finishing = threading.Thread(target=self._finish, daemon=True)
        self._signals = _signals_into(self._take)
        self._server = ReceiverServer(intake, port, self._report)
        self.port: int = self._server.server_address[1]
        self.signal: int | None = None
        self.timed_out = False

    def __enter__(self) -> Receiver:
        self._signals.__enter__()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._finishing.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._signals.__exit__(None, None, None)
        self._left.set()
        self._orders.put(_HASTE_S)
        if kind is None or issubclass(kind, Exception):  # else a second signal: leave at once
            self._finishing.join(2 * _HASTE_S)
            if not self._finishing.is_alive():
                self._server.server_close()

    def arrivals(self, limit_s: float | None = None) -> Iterator[Arrival]:
        """What arrives, until :meth:`end`, a signal, or the limit in seconds.

        After each of these come the arrivals that were still in flight.
        """
        deadline = inf if limit_s is None else monotonic() + limit_s
        while True:
            left_s = deadline - monotonic()
            try:
                found = self._queue.get(timeout=max(0.0, min(left_s, _LISTEN_S)))
            except Empty:
                if left_s <= _LISTEN_S:
                    self.timed_out, deadline = True, inf
                    self.end()
                continue
            if found is None:
                return
            self._room.release()
            yield found

    def end(self) -> None:
        """Take no new connection; arrivals end once what is in flight has been answered."""
        self._orders.put(_GRACE_S)

    def _take(self, number: int) -> None:
        """A signal has come; called from its handler."""
        self.signal = number
        self.end()

    def _finish(self) -> None:
        grace_s = self._orders.get()
        self._server.shutdown()
        self._server.finish_all(grace_s)
        self._queue.put(None)
        self._insist()

    def _insist(self) -> None:
        """Repeat the signal that ended it where what is still to be printed makes no progress.

        Whoever reads stdout may have stopped, and a write to a full pipe ends on no first signal.
        """
        waiting = self._queue.qsize()
        while self.signal is not None and not self._left.wait(_STUCK_S):
            before, waiting = waiting, self._queue.qsize()
            if waiting == before and hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, self.signal)
                return

    def _report(self, arrival: Arrival) -> None:
        while not self._room.acquire(timeout=0.5):
            if self._left.is_set():
                return
        self._queue.put(arrival)


@contextmanager
def _signals_into(put: Callable[[int], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM is put; what comes after it meets the handlers that were there.

    A signal that is ignored stays so. Only the main thread has signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(signal.getsignal(number))
    }

    taken: list[tuple[int, float]] = []

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def take(number: int, frame: object) -> None:
        if not taken:
            taken.append((number, monotonic()))
            put(number)
        elif number != taken[0][0] or monotonic() - taken[0][1] >= _SAME_S:
            restore()
            before[number](number, frame)

    for number in before:
        signal.signal(number, take)
    try:
        yield
    finally:
        restore()
