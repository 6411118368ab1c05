"""The threads that send: each webhook has its own, so that a slow one holds up no other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from ess_cli.sandbox.outbox import Due
from ess_cli.sandbox.posting import Poster

AT_ONCE = 8
"""So many events are sent to one webhook at the same time, each by a thread."""

AHEAD = 256
"""So many are in hand for one webhook, being sent and next in turn."""

_IDLE_S = 5.0


class Lane:
    """The events in hand for one webhook. Threads come with work and go when there is none.

    Args:
        send: makes an attempt, and always comes back.
        timeout_s: how long one attempt may take.
    """

    def __init__(self, send: Callable[[Due, Poster], None], timeout_s: float) -> None:
        self.in_hand: set[int] = set()
        self.next_at_s = 0.0
        self._send = send
        self._timeout_s = timeout_s
        self._queue: deque[Due] = deque()
        self._changed = threading.Condition()
        self._threads = self._idle = 0
        self._stopped = False

    def allowance(self, now_s: float, interval_s: float | None, slack_s: float) -> int:
        """How many more events may be taken in hand now.

        Without a limit, enough to keep the threads busy. With one, events are sent evenly, never
        two within an interval beyond what the last one came late: a burst of a minute's worth
        would be within the letter of the limit, and not what a receiver set it for. Only what a
        thread can send at once is taken then. UNKNOWN: how the service spreads them.

        Args:
            now_s: the moment, in seconds since 1970.
            interval_s: between two events; None without a limit.
            slack_s: how late an event may be without those after it being late too.
        """
        if interval_s is None:
            return AHEAD - len(self.in_hand) if len(self.in_hand) <= AHEAD // 2 else 0
        # A clock that was set back must not stop everything until it is that late again.
        self.next_at_s = min(max(self.next_at_s, now_s - slack_s), now_s + interval_s)
        if now_s < self.next_at_s:
            return 0
        return min(int((now_s - self.next_at_s) / interval_s) + 1, AT_ONCE - len(self.in_hand))

    def take(self, due: Due, interval_s: float | None) -> None:
        """Take an event in hand, to be sent after those before it."""
        self.in_hand.add(due.delivery)
        if interval_s is not None:
            self.next_at_s += interval_s
        self._queue.append(due)

    def move(self) -> None:
        """Have one more thread send, where events wait for one; to be called every moment.

        One more at a time: a receiver that answers at once keeps one thread busy, and more would
        only take turns with those that answer requests.
        """
        with self._changed:
            if self._stopped or not self._queue:
                return
            if self._idle:
                self._changed.notify()
            elif self._threads < AT_ONCE:
                self._threads += 1
                threading.Thread(target=self._run, name="delivering", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more; what is being sent goes on."""
        with self._changed:
            self._stopped = True
            self._queue.clear()
            self._changed.notify_all()

    @property
    def is_busy(self) -> bool:
        """Whether anything is being sent."""
        return self._threads > 0

    def _run(self) -> None:
        poster = Poster(self._timeout_s)
        while (due := self._next()) is not None:
            self._send(due, poster)
        poster.close()

    def _next(self) -> Due | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._queue or self._stopped, _IDLE_S)
            self._idle -= 1
            if self._queue:
                return self._queue.popleft()
            self._threads -= 1
            return None
