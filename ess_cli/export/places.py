"""Where an export goes: its files appear there whole, once all of them are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ess_cli.errors import FileTrouble
from ess_cli.export.staging import (
    PARTIAL,
    Staging,
    flush,
    is_left,
    mark_in,
    mark_of_run,
    take_away,
)
from ess_cli.files import file_trouble, flush_directory, make_directory

# NOTE: where exports have files, and nowhere else: the directory may be somebody's home.
_DEPTHS = ("", "topic=*/day=*/")


class Place(Protocol):
    """A directory, or what is like one.

    A file that is staged lies somewhere else than where it is going to be. Where that is, is told
    as text that means the same to a later run.

    Attributes:
        shown: where files are, for messages.
    """

    shown: str

    def check(self, keep: Collection[str] = ()) -> None:
        """Find out, before anything is fetched, whether files can be written there.

        What runs that are over left staged is taken away, but for what is to be kept.

        Raises:
            FileTrouble: they cannot.
            Temporary: not at present.
        """

    def names(self) -> list[str]:
        """The files that are there, as paths below it, with ``/``."""

    def stage(self, name: str) -> Path:
        """An empty file to be written, private to its owner; it is not there until published."""

    def secure(self, names: Sequence[str]) -> dict[str, str]:
        """See that staged files outlive this run, and the machine's fall; where they are staged."""

    def is_staged(self, staged: str) -> bool:
        """Whether a file is still to be published."""

    def has(self, name: str, staged: str) -> bool:
        """Whether a file that is not to be published any more has been."""

    def publish(self, staged: Mapping[str, str], *, replacing: bool) -> None:
        """Put what was secured in place.

        Args:
            staged: where it is staged, by name.
            replacing: whether it goes over what has its name.

        Raises:
            FileTrouble: it cannot be put there; or something has its name, and is to stay.
            Temporary: not at present.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Take files away."""

    def discard(self, keep: Collection[str] = ()) -> None:
        """Take away what this run staged, but for what is to be kept; nothing is staged after."""


class Directory:
    """A directory of this machine; what is staged lies there as ``NAME.MARK.partial``.

    Args:
        path: the directory.
        make: whether ``check`` makes it where it is missing, for the owner only.
        name: the one file that is meant; None where all of the directory is.
        mark: what tells the staged files of this export from others'; None for those of a run.
    """

    def __init__(
        self, path: Path, *, make: bool = True, name: str | None = None, mark: str | None = None
    ) -> None:
        self.path = path
        self.shown = str(path)
        self._make = make
        self._name = name
        self._mark = mark or mark_of_run()
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
            for found in self._left():
                if found.relative_to(self.path).as_posix() not in keep:
                    take_away(found, self.path)
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
            return self._staging.add(name, self.path / f"{name}.{self._mark}{PARTIAL}")
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

    def has(self, name: str, staged: str) -> bool:
        """Whether it is there."""
        return (self.path / name).is_file()

    def publish(self, staged: Mapping[str, str], *, replacing: bool) -> None:
        """Rename each, then flush the directories."""
        path, above = self.path, set()
        try:
            for name, lies in staged.items():
                path = self.path / name
                if not replacing and path.exists():
                    raise beside(path)
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
            if path.relative_to(self.path).as_posix() not in keep:
                take_away(path, self.path)

    def _left(self) -> Iterator[Path]:
        """The files that were staged in runs that are over."""
        depths = _DEPTHS if self._name is None else ("",)
        for depth in depths:
            for found in self.path.glob(f"{depth}*{PARTIAL}"):
                mark = mark_in(found.name, self._name)
                if mark is not None and is_left(mark, self._mark):
                    yield found


def beside(where: object) -> FileTrouble:
    """The error where another export has written a file of this one's name."""
    return FileTrouble(
        f"{where} is there already, and not of this export",
        hint="each export has a target of its own; what this one has finished stays staged",
    )


def refuse_odd(path: Path) -> None:
    """Keep ``--to /dev/null`` from being replaced by a file, as root could.

    Raises:
        FileTrouble: there is something that is no file.
    """
    if path.exists() and not path.is_file():
        what = "a directory" if path.is_dir() else "not a regular file"
        raise FileTrouble(f"{path} cannot be written: it is {what}", hint="--to names a new file")
