"""Bodies of events as files: whole or absent, for their owner only, never one over another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from threading import Lock

from ess_cli.errors import FileTrouble

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
# Windows takes these for devices, whatever stands behind the dot.
_DEVICE = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)[0-9]")


class Folder:
    """A directory that bodies are kept in, made if it is not there.

    Args:
        path: the directory.

    Raises:
        FileTrouble: nothing can be written in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._temporary(b"").unlink()
        except (OSError, ValueError) as error:
            raise FileTrouble(
                f"--save {path}: nothing can be written there: {why(error)}"
            ) from None

    def keep(self, event_id: str | None, body: bytes, *, is_xml: bool) -> None:
        """Write a body under the event's id; the same bytes are not written twice.

        Another body under the same id, left by an earlier run, is kept: the new one gets a
        number.

        Raises:
            OSError: it could not be written; nothing is left of it.
        """
        with self._lock:
            temporary = self._temporary(body)
            try:
                for name in _names(event_id, body, ".xml" if is_xml else ".json"):
                    target = self.path / name
                    if _claimed(temporary, target) or _holds(target, body):
                        return
            finally:
                temporary.unlink(missing_ok=True)

    def _temporary(self, body: bytes) -> Path:
        """A new file in the directory, on the disk."""
        handle, name = mkstemp(dir=self.path, prefix=".", suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(handle)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)


def why(error: Exception) -> str:
    """A failure of the file system in words."""
    return (error.strerror if isinstance(error, OSError) else None) or "not a path"


def _names(event_id: str | None, body: bytes, suffix: str) -> Iterator[str]:
    if event_id is None:
        stem = f"body-{sha256(body).hexdigest()[:32]}"
    elif _PLAIN_ID.fullmatch(event_id) and not _DEVICE.fullmatch(event_id):
        stem = event_id
    else:
        stem = f"id-{sha256(event_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
    yield stem + suffix
    number = 2
    while True:
        # NOTE: a dot stands in no id that is taken as it is, so this is nobody else's name.
        yield f"{stem}.{number}{suffix}"
        number += 1


def _claimed(temporary: Path, target: Path) -> bool:
    """Give a file its name unless that is taken; False where it is."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:
        # NOTE: not every file system has links. Another program might take the name between.
        if os.path.lexists(target):
            return False
        temporary.replace(target)
    return True


def _holds(target: Path, body: bytes) -> bool:
    return not target.is_symlink() and target.is_file() and target.read_bytes() == body
