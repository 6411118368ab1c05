"""The first signal lets a write that is on the wire come to its end; the second one leaves.

What a write did is known only once its answer is there, and is of use only once it has been told.
So from the moment a write's request begins to leave until its outcome has been told, the first
SIGINT or SIGTERM breaks nothing: it is remembered, and nothing new is sent. Where many threads
write, they share one :class:`Interruption`. The end of ``--max-duration`` is one more signal.
"""

from __future__ import annotations

import contextlib
from threading import get_ident
from time import monotonic, sleep

from ess_cli.errors import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SIGTERM = 15
# What SIGALRM is, where there is one.
TIME_OVER = 14
# `timeout` and process managers send one signal to the process and to its group: that is one.
_SAME_S = 0.25
# How much later a signal that was lost is sent again.
_AGAIN_S = 0.01


class TimeOver(BaseException):
    """``--max-duration`` is over; no Exception, since nothing is to take it for a failure."""

    exit_code = 13


class Interruption:
    """Whether a run has been asked to end, and what it must still wait for.

    Every method may be called from any thread. :meth:`defers` is called from a signal handler, so
    nothing here takes a lock that the interrupted code might hold.

    Attributes:
        tell: takes the line that says what is waited for; called from within a signal handler.
    """

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = lambda line: None
        self._number: int | None = None
        self._deferred = False
        self._deferred_at = 0.0
        self._stop_clock: Callable[[], None] = lambda: None
        self._untold: set[int] = set()
        self._flights: dict[object, tuple[str, Callable[[], bool]]] = {}

    @property
    def exit_code(self) -> int:
        """130, 143 or 13 once a signal has been deferred; 0 before."""
        return self._signal_code if self._deferred else 0

    @property
    def on_the_wire(self) -> tuple[str, ...]:
        """The writes whose request has begun to leave and whose answer is not whole."""
        return tuple(line for line, has_left in self._flights.copy().values() if has_left())

    def defers(self, number: int) -> bool:
        """A signal has come.

        Returns:
            Whether the run goes on until what is on the wire has been answered and told; False
            where it is to be left now.
        """
        if self._deferred and number == TIME_OVER:
            return True
        if self._deferred and self._number != TIME_OVER:
            return number == self._number and monotonic() - self._deferred_at < _SAME_S
        # NOTE: the same signal may come again while this runs: it is to find that it is known.
        self._number, self._deferred_at = number, monotonic()
        self._deferred = True
        lines = self.on_the_wire
        self._deferred = bool(lines or self._untold)
        if lines:
            what = f"answer to {lines[0]}" if len(lines) == 1 else f"{len(lines)} answers"
            again = {SIGTERM: "another signal leaves", TIME_OVER: "--max-duration is over"}.get(
                number, "press Ctrl-C again to leave"
            )
            self.tell(f"waiting for the {what}; {again}")
        return self._deferred

    def end_after(self, limit_s: float) -> None:
        """Let the run end once this time has passed.

        From then on nothing new is sent, and :class:`TimeOver` is raised in whatever is going on,
        a stalled read for instance; but not while a write is on the wire, or untold. Without a
        timer that can do so, or in another thread than the main one, what is going on comes to
        its own end.
        """
        import signal
        import threading

        def time_is_over(*_: object) -> None:
            if not self.defers(TIME_OVER):
                raise TimeOver

        def stop_clock() -> None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

        if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
            previous = signal.signal(signal.SIGALRM, time_is_over)
            signal.setitimer(signal.ITIMER_REAL, limit_s)
            self._stop_clock = stop_clock
        else:
            timer = threading.Timer(limit_s, self._end)
            timer.daemon = True
            timer.start()
            self._stop_clock = timer.cancel

    def stop_clock(self) -> None:
        """The run has ended, in time or not."""
        self._stop_clock()

    def _end(self) -> None:
        """Send nothing any more."""
        if not self._deferred:
            self._number, self._deferred, self._deferred_at = TIME_OVER, True, monotonic()

    def check(self, line: str) -> None:
        """Called before anything new is sent.

        Args:
            line: the request, for the message.

        Raises:
            Interrupted: a signal has been deferred, so it is not to be sent.
        """
        if self._deferred:
            raise Interrupted(line, self._signal_code)

    @contextlib.contextmanager
    def write(self, line: str, has_left: Callable[[], bool]) -> Iterator[None]:
        """While a write is sent and answered.

        Args:
            line: the request, for the message.
            has_left: whether its request has begun to leave; before that nothing is waited for.
        """
        flight, answered = object(), False
        self._flights[flight] = (line, has_left)
        try:
            yield
            answered = True
        finally:
            # NOTE: in this order, so that there is no moment between the two.
            if answered or has_left():
                self._untold.add(get_ident())
            del self._flights[flight]

    def told(self) -> None:
        """What this thread's writes did has been told, or is already known to be in doubt."""
        self._untold.discard(get_ident())

    @contextlib.contextmanager
    def optional(self, line: str) -> Iterator[None]:
        """While something is read that the outcome of a write can be told without.

        Args:
            line: what is read, for the message.

        Raises:
            Interrupted: a signal came, and the outcome is still to be told; the signal counts as
                deferred. Where no outcome is to be told, a signal ends the run as ever.
        """
        untold = get_ident() in self._untold
        self.told()
        try:
            yield
        except Exception:
            raise
        except BaseException as signal:
            if not untold or self._deferred or self._number is None:
                raise
            self._deferred, self._deferred_at = True, monotonic()
            raise Interrupted(line, self._signal_code) from signal
        finally:
            if untold:
                self._untold.add(get_ident())

    @property
    def _signal_code(self) -> int:
        return {SIGTERM: 143, TIME_OVER: 13}.get(self._number or 0, 130)


def send_again_what_is_lost(numbers: Mapping[type[BaseException], int]) -> Callable[[], None]:
    """See that a signal whose exception came to nothing is sent again.

    NOTE: Python calls the handler of a signal anywhere, also in the callback of a weak reference or
    in a finalizer, and what is raised there is printed with a traceback and forgotten. Imports have
    such callbacks, so a signal in a run's first moments would be lost every now and then.

    Args:
        numbers: the exceptions that handlers raise, and the signals that they stand for.

    Returns:
        What undoes it.
    """
    import os
    import sys
    from _thread import start_new_thread

    previous, is_over = sys.unraisablehook, False

    def send(number: int) -> None:
        # Not from within the callback, where it would be lost once more.
        sleep(_AGAIN_S)
        if not is_over:
            os.kill(os.getpid(), number)

    def hook(lost: sys.UnraisableHookArgs) -> None:
        for kind, number in numbers.items():
            if isinstance(lost.exc_value, kind):
                # Whoever was interrupted may hold a lock that threading.Thread would take.
                start_new_thread(send, (number,))
                return
        previous(lost)

    def undo() -> None:
        nonlocal is_over
        is_over = True
        sys.unraisablehook = previous

    sys.unraisablehook = hook
    return undo
