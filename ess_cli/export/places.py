"""Where an export goes: its files appear there whole, once all of them are."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol

from ess_cli.errors import FileTrouble
from ess_cli.files import file_trouble, flush_directory, make_directory

PARTIAL = ".partial"
# NOTE: where exports have files, and nowhere else: the directory may be somebody's home.
_DEPTHS = ("", "topic=*/day=*/")


class Place(Protocol):
    """A directory, or what is like one.

    A file that is staged lies somewhere else than where it is going to be. Where that is, is told
    as text that means the same to a later run.
    """

    def check(self, keep: Collection[str] = ()) -> None:
        """Find out, before anything is fetched, whether files can be written there.

        What runs that are over left staged is taken away, but for what is to be kept.

        Raises:
            FileTrouble: they cannot.
        """

    def names(self) -> list[str]:
        """The files that are there, as paths below it, with ``/``."""

    def stage(self, name: str) -> Path:
        """An empty file to be written, private to its owner; it is not there until published."""

    def secure(self, names: Sequence[str]) -> dict[str, str]:
        """See that staged files outlive this run, and the machine's fall; where they are staged."""

    def is_staged(self, staged: str) -> bool:
        """Whether a file is still staged."""

    def publish(self, staged: Mapping[str, str]) -> None:
        """Put what was secured in place, over what is there under its name."""

    def remove(self, names: Iterable[str]) -> None:
        """Take files away."""

    def discard(self, keep: Collection[str] = ()) -> None:
        """Take away what this run staged, but for what is to be kept; nothing is staged after."""


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
        """From now on nothing can be added; what is still staged."""
        with self._lock:
            self._is_over = True
            left = list(self.paths.values())
            self.paths.clear()
        return left


class Directory:
    """A directory of this machine; what is staged lies there as ``NAME.PID.partial``.

    Args:
        path: the directory.
        make: whether ``check`` makes it where it is missing, for the owner only.
        name: the one file that is meant; None where all of the directory is.
    """

    def __init__(self, path: Path, *, make: bool = True, name: str | None = None) -> None:
        self.path = path
        self._make = make
        self._name = name
        self._staging = Staging()

    def check(self, keep: Collection[str] = ()) -> None:
        """Make it if need be, write a file to see whether that works, and take leftovers away."""
        from tempfile import TemporaryFile

        try:
            if self._make:
                make_directory(self.path)
            with TemporaryFile(dir=self.path, prefix=".ess-") as probe:
                probe.write(b"ess")
                probe.flush()
            for found in self._partials():
                if is_left(found) and found.relative_to(self.path).as_posix() not in keep:
                    found.unlink(missing_ok=True)
        except OSError as error:
            raise file_trouble("written", self.path, error) from error

    def names(self) -> list[str]:
        """The files where exports have theirs; what earlier runs left unfinished is none."""
        return [
            found.relative_to(self.path).as_posix()
            for depth in _DEPTHS
            for found in self.path.glob(f"{depth}*")
            if found.suffix != PARTIAL and found.is_file()
        ]

    def stage(self, name: str) -> Path:
        """A file beside its final place."""
        try:
            return self._staging.add(name, self.path / f"{name}.{os.getpid()}{PARTIAL}")
        except OSError as error:
            raise file_trouble("written", self.path / name, error) from error

    def secure(self, names: Sequence[str]) -> dict[str, str]:
        """Flush each to the disk, and the directories above it."""
        paths = {name: self._staging.paths[name] for name in names}
        flush(paths.values(), self.path)
        return {name: path.relative_to(self.path).as_posix() for name, path in paths.items()}

    def is_staged(self, staged: str) -> bool:
        """Whether there is such a file."""
        return (self.path / staged).is_file()

    def publish(self, staged: Mapping[str, str]) -> None:
        """Rename each, then flush the directories."""
        path, above = self.path, set()
        try:
            for name, lies in staged.items():
                path = self.path / name
                (self.path / lies).replace(path)
                self._staging.paths.pop(name, None)
                above.add(path.parent)
            for path in above:
                flush_directory(path)
        except OSError as error:
            raise file_trouble("written", path, error) from error

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            path = self.path / name
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise file_trouble("removed", path, error) from error

    def discard(self, keep: Collection[str] = ()) -> None:
        """Remove what is staged, and the directories made for it alone."""
        for path in self._staging.end():
            if path.relative_to(self.path).as_posix() in keep:
                continue
            try:
                path.unlink(missing_ok=True)
                for above in path.parents:
                    if above == self.path or any(above.iterdir()):
                        break
                    above.rmdir()
            except OSError:
                continue  # the next run takes it away

    def _partials(self) -> Iterator[Path]:
        if self._name is None:
            return (found for depth in _DEPTHS for found in self.path.glob(f"{depth}*{PARTIAL}"))
        return (
            found
            for found in self.path.glob(f"*{PARTIAL}")
            if found.name.startswith(f"{self._name}.")
        )


def is_left(path: Path) -> bool:
    """Whether the run that staged something, with its number before the ending, is over.

    It is where the number is that of this run, which has staged nothing yet: in a container, each
    run has the same.
    """
    pid = path.name.split(".")[-2]
    if not pid.isdigit() or int(pid) == os.getpid():
        return pid.isdigit()
    if os.name == "nt":
        return False  # there, asking would end the process
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def refuse_odd(path: Path) -> None:
    """Keep ``--to /dev/null`` from being replaced by a file, as root could.

    Raises:
        FileTrouble: there is something that is no file.
    """
    if path.exists() and not path.is_file():
        what = "a directory" if path.is_dir() else "not a regular file"
        raise FileTrouble(f"{path} cannot be written: it is {what}", hint="--to names a new file")


def flush(paths: Iterable[Path], root: Path) -> None:
    """See that files, and their names below a directory, are on the disk.

    Raises:
        FileTrouble: one of them cannot be written to the end.
    """
    above = {root}
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise file_trouble("written", path, error) from error
        above.update(each for each in path.parents if root in each.parents)
    for path in above:
        flush_directory(path)
