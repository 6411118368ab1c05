"""One change of the configuration at a time, or the later of two would undo the earlier one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ess_cli.errors import LocalTrouble
from ess_cli.files import file_trouble, make_directory, refuse_device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT_S = 5.0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the configuration file while it is read, changed and written back.

    The lock is a file beside it, which stays there, empty; its holder's end frees it, however
    that came. Reading alone needs no lock, since the file is replaced whole.

    Args:
        path: the configuration file; a symbolic link is followed.

    Raises:
        LocalTrouble: another ess holds it for 5 s.
        FileTrouble: the file that is the lock cannot be made.
    """
    import filelock

    refuse_device(path)
    try:
        target = path.resolve()
        make_directory(target.parent)
        lock = target.with_name(target.name + ".lock")
        held = filelock.FileLock(lock, LIMIT_S, mode=0o600).acquire()
    except filelock.Timeout:
        raise LocalTrouble(
            f"{path} is being changed by another ess, for more than {LIMIT_S:g} s",
            details=(f"  lock: {lock}",),
            hint="nothing was saved; try again once the other one has ended",
        ) from None
    except (OSError, RuntimeError) as error:
        raise file_trouble("written", path, error) from error
    with held:
        yield
