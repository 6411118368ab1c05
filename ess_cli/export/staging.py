"""What is written and not in its place yet: whose it is, and when it is nobody's any more."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from hashlib import sha256
from pathlib import Path
from threading import Lock

from ess_cli.errors import FileTrouble
from ess_cli.files import file_trouble, flush_directory, make_directory

PARTIAL = ".partial"
_NAME = r"(?:deliveries|attempts)(?:-\d{6,})?(?:-part\d+)?\.(?:jsonl|csv|parquet)(?:\.gz)?"
_MARK = r"[0-9]+|s[0-9a-f]{8}"


class Staging:
    """The files that a run has staged.

    A thread may be staging more while another one, where a signal has come, takes them away.
    """

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}
        self._is_over = False
        self._lock = Lock()

    def add(self, name: str, path: Path) -> Path:
        """Make an empty file, private to its owner.

        Raises:
            OSError: it cannot be made.
            FileTrouble: the run is being left.
        """
        with self._lock:
            if self._is_over:
                raise FileTrouble(f"{name} cannot be written: the run has ended")
            make_directory(path.parent)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self.paths[name] = path
        return path

    def end(self) -> Collection[Path]:
        """From now on nothing can be added; what was, and has not been put in place."""
        with self._lock:
            self._is_over = True
        return list(self.paths.values())


def mark_of_state(path: Path, *export: str) -> str:
    """What marks the files that an export that goes on has staged: they may outlive its run.

    Args:
        path: its state file, which one run at a time has.
        export: what else tells it from others.
    """
    told = "\n".join((str(path), *export)).encode(errors="surrogateescape")
    return f"s{sha256(told).hexdigest()[:8]}"


def mark_of_run() -> str:
    """What marks those of any other export: they are of no use after its run."""
    return str(os.getpid())


def is_named(name: str) -> bool:
    """Whether a file has a name that exports give."""
    return re.fullmatch(_NAME, name) is not None


def mark_in(staged: str, name: str | None = None) -> str | None:
    """Whose a staged file is, by its name; None where it is none.

    Args:
        staged: the name, without directory.
        name: the name that the file is going to have; None where it may be any that exports give.
    """
    known = _NAME if name is None else re.escape(name)
    found = re.fullmatch(rf"{known}\.({_MARK}){re.escape(PARTIAL)}", staged)
    return found[1] if found else None


def is_left(mark: str, own: str) -> bool:
    """Whether what has a mark was left behind; called before this run stages anything.

    What has its own mark was: one run at a time has a state, and no other process has this one's
    number. NOTE: processes in another container may have; see docs/exports.md.
    """
    if mark == own:
        return True
    if not mark.isdecimal() or os.name == "nt":
        return False  # another export's; and on Windows, asking for a process would end it
    try:
        os.kill(int(mark), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def take_away(path: Path, root: Path) -> None:
    """Remove a staged file, and the directories below the root that were made for it alone."""
    try:
        path.unlink(missing_ok=True)
        for above in path.parents:
            if above == root or any(above.iterdir()):
                break
            above.rmdir()
    except OSError:
        return  # the next run takes it away


def flush(paths: Iterable[Path], root: Path) -> None:
    """See that files, and their names below a directory, are on the disk.

    Raises:
        FileTrouble: one of them cannot be written to the end.
    """
    path, above = root, {root.parent, root}
    try:
        for path in paths:
            descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            above.update(each for each in path.parents if root in each.parents)
        for path in above:
            flush_directory(path)
    except OSError as error:
        raise file_trouble("written", path, error) from error
