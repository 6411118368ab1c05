"""The token command of a profile: a program that prints the token, run without a shell."""

from __future__ import annotations

from ess_cli.credentials.limits import within
from ess_cli.credentials.secret import LARGEST, Secret, clean, decoded
from ess_cli.errors import LocalTrouble


def run_token_command(command: tuple[str, ...], profile: str, limit_s: float) -> Secret:
    """What the profile's command prints: one line. Its own messages are not shown.

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
            process.kill()
        return content, process.wait()

    try:
        content, code = within(limit_s, collect)
    except TimeoutError:
        raise LocalTrouble(
            f"{source}: {command[0]} gave no answer within {limit_s:g} s",
            hint="run it by hand: it may be waiting for something",
        ) from None
    finally:
        process.kill()
    if code != 0 and len(content) <= LARGEST:
        raise LocalTrouble(
            f"{source}: {command[0]} ended with exit code {code}",
            hint="run it by hand: its output is not shown here, since it may hold the secret",
        )
    return clean(decoded(content), source)
