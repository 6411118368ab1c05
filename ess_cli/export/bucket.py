"""A bucket of S3, or of what speaks its language, through pyarrow's own file systems."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp
from typing import Any, TypeVar

from ess_cli.errors import FileTrouble, Temporary
from ess_cli.export.places import PARTIAL, Staging, flush, is_left
from ess_cli.files import file_trouble

T = TypeVar("T")

# An object that every reader passes over, since its name begins with an underscore.
MARK = "_ess-export"
_TEMPORARY = "ess-export-"
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
        self._shown = uri.partition("?")[0].rstrip("/")
        self._keeps = staging is not None
        self._directory = staging
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

        if self._directory is None:
            _remove_temporary()
        else:
            _clear(self._directory, keep)
        self._try("written", lambda: _apart(connect, _PATIENCE_S))

    def names(self) -> list[str]:
        """All objects below the prefix."""
        from pyarrow import fs

        selector = fs.FileSelector(self._root, allow_not_found=True, recursive=True)
        found = self._try("listed", lambda: _apart(partial(self._system.get_file_info, selector)))
        start = len(self._root) + 1
        return [each.path[start:] for each in found if each.type == fs.FileType.File]

    def stage(self, name: str) -> Path:
        """A file on this machine."""
        try:
            if self._directory is None:
                self._directory = Path(
                    mkdtemp(prefix=_TEMPORARY, suffix=f".{os.getpid()}{PARTIAL}")
                )
            return self._staging.add(name, self._directory / name)
        except OSError as error:
            raise file_trouble("written", Path(name), error) from error

    def secure(self, names: Sequence[str]) -> dict[str, str]:
        """Flush each to the disk, where a later run would look for it."""
        if self._keeps and self._directory is not None:
            flush((self._staging.paths[name] for name in names), self._directory)
        return {name: name for name in names}

    def is_staged(self, staged: str) -> bool:
        """Whether there is such a file."""
        return self._directory is not None and (self._directory / staged).is_file()

    def publish(self, staged: Mapping[str, str]) -> None:
        """Send the files, four at a time; staged they stay, until they are discarded.

        NOTE: in threads of their own, which no signal interrupts: pyarrow would close an upload
        that was left in the middle, and half an object would be there under its name. Where a
        signal ends the run, or --max-duration, what is on its way is left to itself: it comes to
        its end, or the process does, and an upload without an end leaves no object.
        """
        from concurrent.futures import ThreadPoolExecutor

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
        if self._directory is not None:
            _clear(self._directory, keep)

    def _send(self, name: str, staged: str) -> None:
        import pyarrow as pa

        if self._directory is None:
            raise TypeError(name)
        path = self._directory / staged
        with pa.memory_map(str(path)) as source:
            content = source.read_buffer()
            self._try("written", lambda: self._put(name, content), name)

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
            where = f"{self._shown}/{name}".rstrip("/")
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
    """Remove a directory's files but for those to be kept, and what is empty then."""
    for above, _, names in os.walk(directory, topdown=False):
        for path in (Path(above) / name for name in names):
            if path.relative_to(directory).as_posix() not in keep:
                with suppress(OSError):  # the next run takes it away
                    path.unlink()
        with suppress(OSError):  # something is left in it
            Path(above).rmdir()


def _remove_temporary() -> None:
    """Remove what runs of this user staged that were killed."""
    if os.name == "nt":
        return  # there, nobody can tell whether a run is over
    for found in Path(gettempdir()).glob(f"{_TEMPORARY}*{PARTIAL}"):
        with suppress(OSError):  # it has gone
            if is_left(found) and found.lstat().st_uid == os.getuid():
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
