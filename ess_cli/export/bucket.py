"""A bucket of S3, or of what speaks its language, through pyarrow's own file systems."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryFile, gettempdir, mkdtemp
from typing import Any, TypeVar

from ess_cli.errors import FileTrouble, Temporary
from ess_cli.export.places import beside
from ess_cli.export.staging import PARTIAL, Staging, flush, is_left, is_named, mark_of_run
from ess_cli.files import file_trouble, make_directory

T = TypeVar("T")

# An object that every reader passes over, since its name begins with an underscore.
MARK = "_ess-export"
_TEMPORARY = re.compile(rf"ess-export-[^.]*\.([0-9]+){re.escape(PARTIAL)}")
_AT_ONCE = 4
# For the first object, which is empty; pyarrow alone would try a server that says nothing for
# more than a minute and a half.
_PATIENCE_S = 30.0
# What pyarrow says of a server that cannot be reached, or cannot do it now.
_MAY_PASS = re.compile(
    "AWS Error (?:NETWORK_CONNECTION|SLOW_DOWN|SERVICE_UNAVAILABLE|INTERNAL_FAILURE"
    "|REQUEST_TIMEOUT|THROTTLING)"
)


class Bucket:
    """A prefix of a bucket.

    Objects have no rename, but each appears whole or not at all. So files are staged on this
    machine, and sent once all of them are finished. Credentials, region and endpoint come from
    where pyarrow looks for them: the environment's ``AWS_…``, the files of ``~/.aws``, the
    machine's role.

    Args:
        uri: ``s3://bucket/prefix``, with pyarrow's options behind ``?``.
        staging: the directory to stage in, of this export alone, so that a later run finds what
            was secured; None makes one where temporary files go.
    """

    def __init__(self, uri: str, staging: Path | None = None) -> None:
        self._uri = uri
        self.shown = uri.partition("?")[0].rstrip("/")
        self._kept = staging
        self._temporary: Path | None = None
        self._staging = Staging()
        self._system: Any = None
        self._root = ""

    def check(self, keep: Collection[str] = ()) -> None:
        """Write an object, to see whether that works; it stays there, empty."""
        from pyarrow import fs

        def connect() -> None:
            self._system, root = fs.FileSystem.from_uri(self._uri)
            self._root = root.rstrip("/")
            self._put(MARK, b"")

        try:
            if self._kept is None:
                _remove_temporary()
            else:
                _clear(self._kept, keep)
                make_directory(self._kept)
            with TemporaryFile(dir=self._kept) as probe:
                probe.write(b"ess")
                probe.flush()
        except OSError as error:
            raise file_trouble("written", self._kept or Path(gettempdir()), error) from error
        self._try("written", lambda: _apart(connect, _PATIENCE_S))

    def names(self) -> list[str]:
        """All objects below the prefix."""
        return list(self._sizes())

    def stage(self, name: str) -> Path:
        """A file on this machine."""
        try:
            return self._staging.add(name, self._directory / name)
        except OSError as error:
            raise file_trouble("written", Path(name), error) from error

    def secure(self, names: Sequence[str]) -> dict[str, str]:
        """Flush each to the disk, where a later run would look for it."""
        if self._kept is not None:
            flush((self._staging.paths[name] for name in names), self._kept)
        return {name: name for name in names}

    def is_staged(self, staged: str) -> bool:
        """Whether there is such a file, and it has not been sent."""
        path = self._directory / staged
        return path.is_file() and path.stat().st_size > 0

    def has(self, name: str, staged: str) -> bool:
        """Whether it was sent: by the empty file that is left of it. It may be gone since."""
        return (self._directory / staged).is_file() or name in self._sizes()

    def publish(self, staged: Mapping[str, str], *, replacing: bool) -> None:
        """Send the files, four at a time; of each that was sent, an empty one is left.

        NOTE: in threads of their own, which no signal interrupts: pyarrow would close an upload
        that was left in the middle, and half an object would be there under its name. Where a
        signal ends the run, or --max-duration, what is on its way is left to itself: it comes to
        its end, or the process does, and an upload without an end leaves no object.
        """
        from concurrent.futures import ThreadPoolExecutor

        if not replacing:
            there = self._sizes()
            for name, lies in staged.items():
                size = (self._directory / lies).stat().st_size
                # One of the same size was sent by this export, which came not to say so.
                if there.get(name, size) != size:
                    raise beside(f"{self.shown}/{name}")
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            sent = [pool.submit(self._send, name, lies) for name, lies in staged.items()]
            for each in sent:
                each.result()
            pool.shutdown()
        except BaseException as error:
            pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
            raise

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects."""
        for name in names:
            remove = partial(self._system.delete_file, self._path(name))
            self._try("removed", partial(_apart, remove))

    def discard(self, keep: Collection[str] = ()) -> None:
        """Remove what is staged, and the directory unless something is to be kept."""
        self._staging.end()
        if self._temporary is not None:
            rmtree(self._temporary, ignore_errors=True)
        if self._kept is not None:
            _clear(self._kept, keep)

    @property
    def _directory(self) -> Path:
        """Where files are staged."""
        if self._kept is not None:
            return self._kept
        if self._temporary is None:
            self._temporary = Path(mkdtemp(f".{mark_of_run()}{PARTIAL}", "ess-export-"))
        return self._temporary

    def _sizes(self) -> dict[str, int]:
        """All objects below the prefix, and how many bytes each has."""
        from pyarrow import fs

        selector = fs.FileSelector(self._root, allow_not_found=True, recursive=True)
        found = self._try("listed", lambda: _apart(partial(self._system.get_file_info, selector)))
        start = len(self._root) + 1
        return {each.path[start:]: each.size for each in found if each.type == fs.FileType.File}

    def _send(self, name: str, staged: str) -> None:
        import pyarrow as pa

        path = self._directory / staged

        def send() -> None:
            with pa.memory_map(os.fsencode(path)) as source:
                self._put(name, source.read_buffer())

        self._try("written", send, name)
        os.truncate(path, 0)

    def _put(self, name: str, content: Any) -> None:
        with self._system.open_output_stream(self._path(name)) as stream:
            stream.write(content)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _try(self, done: str, work: Callable[[], T], name: str = "") -> T:
        import pyarrow as pa

        try:
            return work()
        except (OSError, pa.ArrowException) as error:
            where = f"{self.shown}/{name}".rstrip("/")
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            if _MAY_PASS.search(why) or isinstance(error, TimeoutError):
                raise Temporary(
                    f"{where} cannot be {done} at present",
                    details=(f"  {why}",),
                    hint="run it again later; AWS_ENDPOINT_URL names another server than Amazon's",
                ) from None
            raise FileTrouble(
                f"{where} cannot be {done}",
                details=(f"  {why}",),
                hint="credentials and region are those of the AWS_… variables or ~/.aws",
            ) from None


def _clear(directory: Path, keep: Collection[str]) -> None:
    """Remove what is staged in a directory but for what is to be kept, and what is empty then."""
    for above, _, names in os.walk(directory, topdown=False):
        for path in (Path(above) / name for name in names if is_named(name)):
            if path.relative_to(directory).as_posix() not in keep:
                with suppress(OSError):  # the next run takes it away
                    path.unlink()
        with suppress(OSError):  # something is left in it
            Path(above).rmdir()


def _remove_temporary() -> None:
    """Remove what runs of this user staged that were killed."""
    for found in Path(gettempdir()).glob("ess-export-*"):
        named = _TEMPORARY.fullmatch(found.name)
        with suppress(OSError):  # it has gone
            if named and is_left(named[1], mark_of_run()) and found.lstat().st_uid == os.getuid():
                rmtree(found, ignore_errors=True)


def _apart(work: Callable[[], T], within_s: float | None = None) -> T:
    """Do it in a thread of its own: pyarrow hears of no signal before its call has ended.

    What is given up is left to itself, and ends with the process.

    Raises:
        TimeoutError: it has not ended in time.
    """
    from concurrent.futures import Future
    from threading import Thread

    found: Future[T] = Future()

    def call() -> None:
        try:
            found.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            found.set_exception(error)

    Thread(target=call, daemon=True).start()
    try:
        return found.result(within_s)
    except TimeoutError:
        if found.done() or within_s is None:
            raise
        raise TimeoutError(f"no answer within {within_s:g} s") from None
