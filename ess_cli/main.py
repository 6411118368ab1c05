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

    from ess_cli.context import Ess

# Imports make many objects that live for ever; looking through them again and again is a tenth of
# a short run. A long listing still gets its collections, just fewer.
_GC_THRESHOLD = 50_000


class Terminated(BaseException):
    """SIGTERM arrived."""


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

        return _emit(f"ess {__version__}\n")
    if args[:1] == ["__complete"]:
        from ess_cli.cache import candidates

        return _emit("".join(f"{line}\n" for line in candidates(args[1:])))
    import gc

    from ess_cli.context import Ess

    gc.set_threshold(_GC_THRESHOLD, 20, 50)
    return _run(Ess(args, clock, sleep))


def _emit(text: str) -> int:
    try:
        if sys.stdout is None:
            return 12
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        _detach_stdout()
        return 141 if isinstance(error, BrokenPipeError) else 12
    return 0


def _run(ess: Ess) -> int:
    from ess_cli import redaction

    redaction.forget_all()
    restore = _catch_sigterm()
    try:
        from ess_cli.cli import invoke

        code = invoke(list(ess.program_args), ess)
        ess.terminal.flush()
    except BaseException as error:  # noqa: BLE001 - the one place where everything ends
        code = _report(error, ess)
    finally:
        restore()
        ess.close()
    return code


def _report(error: BaseException, ess: Ess) -> int:
    """Say what happened on stderr, and name the exit code for it."""
    from typer.exceptions import Abort, Exit, TyperException

    from ess_cli.cli import usage_fault
    from ess_cli.errors import EssError, OutputTrouble

    if isinstance(error, Exit):
        return error.exit_code
    if isinstance(error, Terminated):
        return _leave(ess, 143)
    if isinstance(error, KeyboardInterrupt | Abort):
        ess.terminal.note("interrupted")
        return _leave(ess, 130)
    if isinstance(error, BrokenPipeError):
        return _leave(ess, 141)
    if isinstance(error, TyperException):
        error = usage_fault(error, ess.program_args)
    elif isinstance(error, OSError):
        error = OutputTrouble(f"cannot write to stdout: {error.strerror or 'it is closed'}")
    if isinstance(error, EssError):
        ess.terminal.fail(error, as_json=ess.wants_json_errors)
        return _leave(ess, error.exit_code)
    ess.terminal.bug(error, traceback=ess.flags.debug)
    return _leave(ess, 1)


def _leave(ess: Ess, code: int) -> int:
    """Let out what was written before the failure; what cannot be written is let go."""
    try:
        ess.terminal.flush()
    except OSError:
        ess.terminal.drop()
        _detach_stdout()
    return code


def _detach_stdout() -> None:
    """Point stdout at nothing, or the interpreter fails once more at its end (exit code 120)."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)
    except (OSError, ValueError, AttributeError):
        return


def _catch_sigterm() -> Callable[[], None]:
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    previous = signal.signal(signal.SIGTERM, terminate)
    return lambda: (signal.signal(signal.SIGTERM, previous), None)[1]


if __name__ == "__main__":
    sys.exit(main())
