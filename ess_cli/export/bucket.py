"""A bucket of S3, or of what speaks its language, through pyarrow's own file systems."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from ess_cli.errors import FileTrouble
from ess_cli.files import file_trouble

T = TypeVar("T")

# An object that every reader passes over, since its name begins with an underscore.
MARK = "_ess-export"
_AT_ONCE = 4


class Bucket:
    """A prefix of a bucket.

    Objects have no rename, but each appears whole or not at all. So files are staged on this
    machine, where temporary files go, and sent once all of them are finished. Credentials, region
    and endpoint come from where pyarrow looks for them: the environment's ``AWS_…``, the files of
    ``~/.aws``, the machine's role.

    Args:
        uri: ``s3://bucket/prefix``, with pyarrow's options behind ``?``.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._shown = uri.partition("?")[0].rstrip("/")
        self._staging: TemporaryDirectory[str] | None = None
        self._system: Any = None
        self._root = ""

    def check(self) -> None:
        """Write an object, to see whether that works; it stays there, empty."""
        from pyarrow import fs

        def connect() -> None:
            self._system, root = fs.FileSystem.from_uri(self._uri)
            self._root = root.rstrip("/")
            self._put(MARK, b"")

        self._try("written", connect)

    def names(self) -> list[str]:
        """All objects below the prefix."""
        from pyarrow import fs

        selector = fs.FileSelector(self._root, allow_not_found=True, recursive=True)
        found = self._try("listed", lambda: self._system.get_file_info(selector))
        start = len(self._root) + 1
        return [each.path[start:] for each in found if each.type == fs.FileType.File]

    def stage(self, name: str) -> Path:
        """A file on this machine."""
        try:
            if self._staging is None:
                self._staging = TemporaryDirectory(prefix="ess-export-", ignore_cleanup_errors=True)
            path = Path(self._staging.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise file_trouble("written", Path(name), error) from error
        return path

    def publish(self, names: Sequence[str]) -> None:
        """Send the files, four at a time.

        NOTE: in threads of their own, which no signal interrupts: pyarrow would close an upload
        that was left in the middle, and half an object would be there under its name.
        """
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            sent = [pool.submit(self._send, name) for name in names]
            for each in sent:
                each.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects."""
        for name in names:
            self._try("removed", partial(self._system.delete_file, self._path(name)))

    def discard(self) -> None:
        """Remove what is staged."""
        if self._staging is not None:
            self._staging.cleanup()
            self._staging = None

    def _send(self, name: str) -> None:
        import pyarrow as pa

        if self._staging is None:
            raise TypeError(name)
        path = Path(self._staging.name) / name
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
            raise FileTrouble(
                f"{where} cannot be {done}",
                details=(f"  {why}",),
                hint="credentials and region are those of the AWS_… variables or ~/.aws",
            ) from None
