"""Files that are written whole or not at all, and what to say where they are not."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ess_cli.errors import FileTrouble, UsageFault

# The parts of a moment that a file's name may have; what others mean depends on the machine.
_DATED = "YymdHMSjGVuFT%"


def refuse_device(path: Path) -> None:
    """Keep ``ESS_CONFIG_FILE=/dev/null`` from being replaced by a file, as root could.

    Raises:
        FileTrouble: there is something that is no file.
    """
    if path.exists() and not path.is_file():
        raise FileTrouble(
            f"{path} cannot be written: it is not a regular file",
            hint="ESS_CONFIG_FILE names the configuration file",
        )


def dated(option: str, pattern: str, moment: datetime) -> Path:
    """The file that a pattern means at a moment: ``summary-%Y%m%dT%H%M.csv``.

    Args:
        option: where the pattern was given, for the message.
        pattern: with the directives of strftime; ``%%`` is a percent sign.
        moment: aware; its own time zone counts.

    Raises:
        UsageFault: a directive that is not taken, or no name at all.
    """

    def part(found: re.Match[str]) -> str:
        if found[1] == "" or found[1] not in _DATED:
            raise UsageFault(
                f'{option}: no part of a time: "{found[0]}"',
                hint=f"%{', %'.join(_DATED)}; %% is a percent sign",
            )
        return moment.strftime(found[0])

    name = re.sub("%(.?)", part, pattern, flags=re.DOTALL)
    if not name or "\0" in name:
        raise UsageFault(f"{option}: no file's name: {name!r}")
    return Path(name)


def refuse_place(path: Path) -> None:
    """See that a file can come to stand here, before the work for it begins.

    Raises:
        FileTrouble: its directory is missing or not to be written, or it is no regular file.
    """
    from shlex import quote

    try:
        parent = path.resolve().parent
        if not parent.is_dir():
            raise FileTrouble(
                f"{path} cannot be written: there is no directory {parent}",
                hint=f"mkdir -p {quote(str(parent))}",
            )
        if path.exists() and not path.is_file():
            raise FileTrouble(f"{path} cannot be written: it is not a regular file")
    except (OSError, RuntimeError) as error:
        raise file_trouble("written", path, error) from error
    if not os.access(parent, os.W_OK):
        raise FileTrouble(f"{path} cannot be written: its directory is not for you to write")


def resolved(path: Path) -> Path:
    """Where a path leads, whether or not there is anything yet.

    Raises:
        FileTrouble: nowhere: its links go in a circle, or its name is none.
    """
    try:
        # NOTE: that they do is found here, since from Python 3.13 on resolve() lets it pass.
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise file_trouble("written", path, error) from error


def write_whole(path: Path, content: bytes, *, private: bool = True) -> None:
    """Write a file whole or not at all.

    Directories that are missing are made, for the owner only.

    Args:
        path: where; a symbolic link stays one, and what it points to is replaced.
        content: all of it.
        private: readable by its owner only, from its first byte; else by whom the umask says.

    Raises:
        FileTrouble: it cannot be written; what was there is as it was.
    """
    from tempfile import mkstemp

    temporary = None
    try:
        target = path.resolve()
        make_directory(target.parent)
        handle, temporary = mkstemp(".partial", f".{target.name}.", target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            if not private:
                Path(temporary).chmod(0o666 & ~_umask())
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
        temporary = None
    except (OSError, RuntimeError) as error:
        raise file_trouble("written", path, error) from error
    finally:
        # Also where a signal, or the end of --max-duration, broke it off.
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def flush_directory(path: Path) -> None:
    """See that what was renamed in a directory is on the disk, where that can be done.

    Raises:
        OSError: it may not be.
    """
    if os.name == "nt":
        return  # there, a directory cannot be opened
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        # Some file systems have no such thing; and who may not list a directory cannot do it.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES):
            raise


def make_directory(path: Path) -> None:
    """Make a directory and those above it, where they are missing, for the owner only."""
    missing = [d for d in (path, *path.parents) if not d.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)


def file_trouble(done: str, path: Path, error: Exception) -> FileTrouble:
    """The error for a file that cannot be ``read``, ``written`` or ``removed``."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return FileTrouble(f"{path} cannot be {done}: {reason}")


def _umask() -> int:
    # There is no way to read it but to set it.
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
