"""One run of a command and profile at a time (``--lock``), and who it is that runs."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ess_cli.errors import LocalTrouble
from ess_cli.files import file_trouble, make_directory, write_whole
from ess_cli.places import directory
from ess_cli.times import wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@contextmanager
def alone(command: str, profile: str, args: list[str], now: datetime) -> Iterator[None]:
    """Hold the lock of a command and profile.

    It is a file in the state directory that the system frees when its holder ends, however that
    came. Who holds it stands in a file beside it, since whoever tries to lock a file empties it.

    Args:
        command: the words that name it, ``ess`` among them.
        profile: its name.
        args: the command line, for whoever comes second.
        now: the present moment.

    Raises:
        LocalTrouble: another run holds it; the message names that one.
        FileTrouble: the lock cannot be made.
    """
    import filelock

    name = f"{quote(profile, safe='')}.{command.removeprefix('ess ').replace(' ', '-')}"
    path = Path(directory("state")) / "locks" / f"{name}.lock"
    holder = path.with_suffix(".holder")
    try:
        make_directory(path.parent)
        held = filelock.FileLock(path, 0, mode=0o600).acquire()
    except filelock.Timeout:
        raise _held(path, holder) from None
    except (OSError, RuntimeError) as error:
        raise file_trouble("written", path, error) from error
    with held:
        facts = {"pid": os.getpid(), "since": wire(now), "command": shlex.join(["ess", *args])}
        write_whole(holder, json.dumps(facts).encode())
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


def _held(path: Path, holder: Path) -> LocalTrouble:
    """The error that names the other run; where that has not yet said who it is, the lock only."""
    try:
        facts: Any = json.loads(holder.read_bytes())
        who = f": pid {int(facts['pid'])} since {facts['since']}"
        details: tuple[str, ...] = (f"  {facts['command']}",)
    except (OSError, ValueError, TypeError, KeyError):
        who, details = "", ()
    return LocalTrouble(
        f"another run holds the lock{who}",
        details=(*details, f"  lock: {path}"),
        hint="the lock is free once that run has ended, which --max-duration sees to",
    )
