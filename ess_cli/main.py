"""The console script: runs a command line, and turns whatever happens into an exit code.

``--version`` and completion are answered before anything else is imported: a TAB must not wait.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import FrameType
    from typing import NoReturn

    from ess_cli.context import Ess
    from ess_cli.errors import EssError
    from ess_cli.interruption import Interruption

# Imports make many objects that live for ever; looking through them again and again is a tenth of
# a short run. A long listing still gets its collections, just fewer.
_GC_THRESHOLD = 50_000
# A reader that has stopped reading keeps a run that was told to end no longer than this.
_LAST_WRITE_S = 1.0


def program() -> NoReturn:
    """The console script: :func:`main`, and out.

    The interpreter is not taken apart: everything is written, closed and flushed by then, and
    undoing 400 modules one by one is a tenth of a short run.
    """
    code = main()
    # NOTE: stderr is flushed line by line, and losing a line of it is no failure.
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = code or 141
    except (OSError, ValueError):
        code = code or 12
    os._exit(code)


class Terminated(BaseException):
    """SIGTERM arrived."""

    exit_code = 143


def main(
    argv: Sequence[str] | None = None,
    *,
    clock: Callable[[], datetime] | None = None,
    sleep: Callable[[float], None] | None = None,
) -> int:
    """Run ``ess`` with these arguments (the process's own by default).

    Args:
        argv: the command line without the program's name.
        clock: the present moment, aware; the system's where None.
        sleep: waits between attempts, in seconds; really does where None.

    Returns:
        The exit code; see ``ess help exit-codes``. Nothing is raised and nothing exits here, so
        that the console script, ``python -m ess_cli`` and the tests take the same way.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    if args in (["--version"], ["-V"]):
        from ess_cli import __version__

        return _emit(f"ess {__version__}\n".encode())
    if args[:1] == ["__complete"]:
        from ess_cli.cache import answer

        return _emit(answer(args[1:]))
    code, let_go = 1, None
    try:
        from ess_cli.interruption import Interruption

        interruption = Interruption()
        let_go = _catch_signals(interruption)
        code = _run(args, clock, sleep, interruption)
    except BaseException as signal:
        if isinstance(signal, Exception):
            raise
        # Before anything had begun, or for the second time: then nothing is waited for.
        code = getattr(signal, "exit_code", 130)
        _detach_stdout()
    finally:
        if let_go is not None:
            let_go(code if argv is None else None)
    return code


def _emit(data: bytes) -> int:
    """Print something without the rest of the house; returns the exit code."""
    if sys.stdout is None:
        why = "it is closed"
    else:
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return 0
        except OSError as error:
            _detach_stdout()
            if isinstance(error, BrokenPipeError):
                return 141
            why = error.strerror or type(error).__name__
    if sys.stderr is not None:
        sys.stderr.write(f"error: cannot write to stdout: {why}\n")
    return 12


def _run(
    args: list[str],
    clock: Callable[[], datetime] | None,
    sleep: Callable[[float], None] | None,
    interruption: Interruption,
) -> int:
    import gc

    from ess_cli import redaction
    from ess_cli.context import Ess

    gc.set_threshold(_GC_THRESHOLD, 20, 50)
    _occupy_descriptors()
    redaction.forget_all()
    ess = Ess(args, clock, sleep, interruption)
    try:
        from ess_cli.cli import invoke

        code = invoke(list(args), ess)
        ess.terminal.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where everything ends
        code = _report(error, ess)
    finally:
        interruption.stop_clock()
        ess.close()
    if not code and interruption.exit_code == 13:
        ess.terminal.fail(_time_over(ess), as_json=ess.wants_json_errors)
    return code or interruption.exit_code


def _report(error: BaseException, ess: Ess) -> int:
    """Say what happened on stderr, and name the exit code for it."""
    from typer import Abort, Exit

    from ess_cli.cli import PARSE_ERROR, usage_fault
    from ess_cli.errors import EssError, OutputTrouble
    from ess_cli.interruption import TimeOver

    if isinstance(error, Exit):
        try:
            ess.terminal.flush()
            # NOTE: Typer leaves this way after a help page, which it prints even to nowhere.
            if sys.stdout is None and not error.exit_code:
                raise OutputTrouble("cannot write to stdout: it is closed")
        except (OSError, EssError) as trouble:
            return _report(trouble, ess)
        return error.exit_code
    if isinstance(error, Terminated):
        return _leave(ess, 143, within_s=_LAST_WRITE_S)
    if isinstance(error, TimeOver) and ess.is_plugin:
        error = _time_over(ess)
    if isinstance(error, TimeOver):
        ess.terminal.fail(_time_over(ess), as_json=ess.wants_json_errors)
        return _leave(ess, error.exit_code, within_s=_LAST_WRITE_S)
    if isinstance(error, KeyboardInterrupt | Abort):
        if not ess.terminal.quiet:
            ess.terminal.say("interrupted")
        return _leave(ess, 130, within_s=_LAST_WRITE_S)
    if isinstance(error, BrokenPipeError):
        return _leave(ess, 141)
    if isinstance(error, PARSE_ERROR):
        error = usage_fault(error, ess.program_args)
    found = error if isinstance(error, EssError) else _trouble(error)
    if ess.is_plugin:
        return _report_to_monitoring(found.message if found else f"a bug in ess: {error!r}", ess)
    if found is None:
        ess.terminal.bug(error, traceback=ess.flags.debug)
        return _leave(ess, 1)
    ess.terminal.fail(found, as_json=ess.wants_json_errors)
    return _leave(ess, found.exit_code)


def _report_to_monitoring(message: str, ess: Ess) -> int:
    """An error as a plugin tells it: on stdout, in its own line, with its own exit code."""
    from contextlib import suppress

    from ess_cli.errors import OutputTrouble
    from ess_cli.render.nagios import STATES, plugin_line

    with suppress(OSError, OutputTrouble):
        ess.terminal.write(plugin_line("UNKNOWN", message))
    return _leave(ess, STATES["UNKNOWN"])


def _time_over(ess: Ess) -> EssError:
    from ess_cli.errors import RunTimeOver

    return RunTimeOver(ess.flags.max_duration)


def _trouble(error: BaseException) -> EssError | None:
    """What a failure of Python's own means to a user; None where it is a bug of ess."""
    from ess_cli.errors import BadReply, LocalTrouble, OutputTrouble

    if isinstance(error, OSError):
        why = error.strerror or "it is closed"
        if isinstance(error.filename, str):
            return LocalTrouble(f"{error.filename}: {why}")
        return OutputTrouble(f"cannot write to stdout: {why}")
    if isinstance(error, RecursionError):
        return BadReply("the reply is nested too deep to be shown")
    if isinstance(error, MemoryError):
        return LocalTrouble("out of memory", hint="ask for less: --limit, --page-size, -o jsonl")
    return None


def _leave(ess: Ess, code: int, within_s: float | None = None) -> int:
    """Let out what was written before the end; what cannot be written is let go."""
    from ess_cli.errors import OutputTrouble

    stop_waiting = _after(within_s) if within_s else lambda: None
    try:
        ess.terminal.flush()
    except (OSError, ValueError, OutputTrouble):
        _detach_stdout()
        ess.terminal.drop()
    finally:
        stop_waiting()
    return code


def _detach_stdout() -> None:
    """Point stdout at nothing, or the interpreter fails once more at its end (exit code 120)."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)
    except (OSError, ValueError, AttributeError):
        return


def _occupy_descriptors() -> None:
    """Fill in what was closed of the first three, or the next file opened would be one of them.

    ``sys.stdout`` and the others stay None, so that nobody mistakes this for somewhere to write.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            if os.open(os.devnull, os.O_RDWR) == descriptor:
                os.set_inheritable(descriptor, True)


def _catch_signals(interruption: Interruption) -> Callable[[int | None], None]:
    """From now on SIGTERM raises :class:`Terminated`, as SIGINT raises KeyboardInterrupt.

    The first of them does not while a write is on the wire, or its outcome is still to be told:
    it is deferred, and the run ends with that outcome's own exit code where it is an error, else
    with 130 or 143. The second one leaves at once; the write is then in doubt, exit code 7.

    Returns:
        What undoes it. Given an exit code, the process is at its end: a signal that still comes
        leaves with that code, instead of by the signal and with a traceback.
    """
    import signal
    import threading

    from ess_cli.interruption import TIME_OVER, TimeOver, send_again_what_is_lost

    if threading.current_thread() is not threading.main_thread():
        return lambda code: None

    def leave(number: int, frame: FrameType | None) -> None:
        if not interruption.defers(number):
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    # NOTE: a signal that the parent wants ignored (nohup, a shell's background job) stays ignored.
    caught = [
        (number, signal.getsignal(number))
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    ]
    for number, _ in caught:
        signal.signal(number, leave)
    stop_sending = send_again_what_is_lost(
        {Terminated: signal.SIGTERM, KeyboardInterrupt: signal.SIGINT, TimeOver: TIME_OVER}
    )

    def let_go(code: int | None) -> None:
        stop_sending()
        for number, previous in caught:
            if code is None:
                signal.signal(number, previous)
            else:
                signal.signal(number, lambda number, frame: os._exit(code))

    return let_go


def _after(limit_s: float) -> Callable[[], None]:
    """After this time, TimeoutError is raised in whatever is going on; returns what stops that.

    Only where there is a timer for it, and in the main thread.
    """
    import signal
    import threading

    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        return lambda: None

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit_s)

    def stop() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)

    return stop
