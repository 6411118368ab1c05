"""The token command of a profile: a program that prints the token, run without a shell."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ess_cli.credentials.limits import within
from ess_cli.credentials.secret import LARGEST, Secret, clean, decoded
from ess_cli.errors import LocalTrouble

if TYPE_CHECKING:
    from subprocess import Popen


def run_token_command(command: tuple[str, ...], profile: str, limit_s: float) -> Secret:
    """What the profile's command prints: one line. Its own messages are not shown.

    It has no terminal, so it cannot ask in the one that ``ess`` runs on; where it is given up on,
    the processes that it started end with it.

    Args:
        command: the arguments, the program first.
        profile: whose command it is, for messages.
        limit_s: how long it may take.

    Raises:
        LocalTrouble: it cannot be run, fails, or takes too long.
        BadSetting: what it prints cannot be sent in a header.
    """
    import subprocess

    source = f'token-command of profile "{profile}"'
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a command"
        raise LocalTrouble(f"{source}: {command[0]} cannot be run: {reason}") from error
    output = process.stdout
    if output is None:
        raise TypeError(output)

    def collect() -> tuple[bytes, int]:
        with output:
            content = output.read(LARGEST + 1)
        if len(content) > LARGEST:
            _kill(process)
        return content, process.wait()

    try:
        content, code = within(limit_s, collect)
    except TimeoutError:
        raise LocalTrouble(
            f"{source}: {command[0]} gave no answer within {limit_s:g} s",
            hint="run it by hand: it may be waiting for something",
        ) from None
    finally:
        _kill(process)
    if code != 0 and len(content) <= LARGEST:
        raise LocalTrouble(
            f"{source}: {command[0]} ended with exit code {code}",
            hint="run it by hand: its output is not shown here, since it may hold the secret",
        )
    return clean(decoded(content), source)


def _kill(process: Popen[bytes]) -> None:
    """End a command that has not ended, with all that it started and that did not leave its group.

    One that has ended keeps what it left running: that may be an agent for the next time.
    """
    import os
    import signal
    import sys

    if process.returncode is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
