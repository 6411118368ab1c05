"""Where an export goes: its files appear there whole, once all of them are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ess_cli.errors import FileTrouble
from ess_cli.files import file_trouble, make_directory

PARTIAL = ".partial"
# NOTE: where exports have files, and nowhere else: the directory may be somebody's home.
_DEPTHS = ("", "topic=*/day=*/")


class Place(Protocol):
    """A directory, or what is like one."""

    def check(self) -> None:
        """Find out, before anything is fetched, whether files can be written there.

        Raises:
            FileTrouble: they cannot.
        """

    def names(self) -> list[str]:
        """The files that are there, as paths below it, with ``/``."""

    def stage(self, name: str) -> Path:
        """An empty file to be written, private to its owner; it is not there until published."""

    def publish(self, names: Sequence[str]) -> None:
        """Put staged files in place, whole and on the disk, over those of the same name."""

    def remove(self, names: Iterable[str]) -> None:
        """Take files away."""

    def discard(self) -> None:
        """Take away what is staged."""


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
        self._staged: dict[str, Path] = {}

    def check(self) -> None:
        """Make it if need be, write a file to see whether that works, and take leftovers away."""
        from tempfile import TemporaryFile

        try:
            if self._make:
                make_directory(self.path)
            with TemporaryFile(dir=self.path, prefix=".ess-") as probe:
                probe.write(b"ess")
                probe.flush()
            for found in self._partials():
                if _is_left(found):
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
        path = self.path / f"{name}.{os.getpid()}{PARTIAL}"
        try:
            make_directory(path.parent)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise file_trouble("written", self.path / name, error) from error
        self._staged[name] = path
        return path

    def publish(self, names: Sequence[str]) -> None:
        """Flush each to the disk, then rename each, then flush the directories."""
        path, above = self.path, set()
        try:
            for name in names:
                path = self._staged[name]
                _flush(path)
            for name in names:
                path = self.path / name
                self._staged[name].replace(path)
                del self._staged[name]
                above.add(path.parent)
            for path in above:
                _flush(path)
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

    def discard(self) -> None:
        """Remove what is staged, and the directories made for it alone."""
        for path in self._staged.values():
            try:
                path.unlink(missing_ok=True)
                for above in path.parents:
                    if above == self.path or any(above.iterdir()):
                        break
                    above.rmdir()
            except OSError:
                continue  # the next run takes it away
        self._staged.clear()

    def _partials(self) -> Iterator[Path]:
        if self._name is None:
            return (found for depth in _DEPTHS for found in self.path.glob(f"{depth}*{PARTIAL}"))
        return (
            found
            for found in self.path.glob(f"*{PARTIAL}")
            if found.name.startswith(f"{self._name}.")
        )


def _is_left(path: Path) -> bool:
    """Whether the run that wrote a staged file is over."""
    pid = path.name.split(".")[-2]
    if os.name == "nt" or not pid.isdigit() or int(pid) == os.getpid():
        return False  # on Windows, asking would end the process
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


def _flush(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # there, a directory cannot be opened
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
