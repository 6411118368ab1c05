"""A file on its way to the disk: unpacked as it comes, under its name only once it is whole.

It goes by the bytes, whatever the service says of them: what begins as gzip does is unpacked
(field notes, H), and a content of ``EMPTY_FILE`` means that there is none.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ess_cli.errors import BadReply, TooLarge
from ess_cli.files import file_trouble

_MAGIC = b"\x1f\x8b"
_GZIP = 31
_AT_ONCE = 1 << 20
_EMPTY = b"EMPTY_FILE"


class Kept:
    """Takes the bytes of a download; see :class:`ess_cli.api.exchange.Sink`.

    Until :meth:`finish` they lie beside the file, in one of its name that ends in ``.partial``
    and that only its owner can read; leaving the ``with`` block removes that.

    Args:
        path: the file; what is there is as it was until the new one is whole.
        most_bytes: the most that may come, and the most that it may be unpacked.
        tell: is told how many bytes have come, after each piece.

    Attributes:
        received: bytes that came.
        written: bytes that they are unpacked.
        was_packed: whether they were gzip.
        was_empty: whether the service said that there is nothing.

    Raises:
        FileTrouble: nothing can be written there.
    """

    def __init__(self, path: Path, most_bytes: int, tell: Callable[[int], None]) -> None:
        from tempfile import mkstemp

        self._path = path
        self._most = most_bytes
        self._tell = tell
        try:
            self._target = path.resolve()
            handle, name = mkstemp(
                dir=self._target.parent, prefix=f".{self._target.name}.", suffix=".partial"
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise file_trouble("written", path, error) from error
        self._temporary = Path(name)
        self._file: BinaryIO = os.fdopen(handle, "w+b")
        self.begin()

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def begin(self) -> None:
        """A body begins; what came of one before it does not count."""
        self.received = self.written = 0
        self.was_packed = self.was_empty = False
        self._head = b""
        self._unpacking: zlib._Decompress | None = None
        self._on_disk(lambda: (self._file.seek(0), self._file.truncate()))

    def take(self, piece: bytes) -> None:
        """The next bytes.

        Raises:
            BadReply: they begin as gzip does and are none.
            TooLarge: there are more than was allowed.
            FileTrouble: they cannot be written.
        """
        self.received += len(piece)
        if self.received > self._most:
            raise self._too_large()
        if self.received - len(piece) < len(_MAGIC):
            piece, self._head = self._head + piece, b""
            if len(piece) < len(_MAGIC):
                self._head = piece
                return
            if piece.startswith(_MAGIC):
                self.was_packed, self._unpacking = True, zlib.decompressobj(_GZIP)
        self._put(piece)
        self._tell(self.received)

    def finish(self, size: int | None) -> None:
        """All has come: give the file its name.

        Args:
            size: what the service said of its size; None where it did not say.

        Raises:
            BadReply: it is not of that size, or a part of it is missing.
            FileTrouble: it cannot be written.
        """
        if self._head:
            self._write(self._head)
        if self._unpacking is not None and not self._unpacking.eof:
            raise BadReply("the file is cut off: its compressed content does not end")
        # NOTE: UNKNOWN whether the size is that of the bytes as stored; likely it is.
        if size is not None and size not in (self.received, self.written):
            raise BadReply(
                f"the file has {self.received:,} bytes, and its notice said {size:,}",
                hint="--debug shows the requests",
            )
        self._on_disk(self._let_out)

    def _let_out(self) -> None:
        if self.written < 2 * len(_EMPTY):
            self._file.seek(0)
            if self._file.read().strip() == _EMPTY:
                self.was_empty, self.written = True, 0
                self._file.seek(0)
                self._file.truncate()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self._target)

    def _put(self, piece: bytes) -> None:
        while self._unpacking is not None and piece:
            if self._unpacking.eof:  # one member behind the other is one file
                piece = piece.lstrip(b"\0")
                if not piece:
                    return
                self._unpacking = zlib.decompressobj(_GZIP)
            try:
                self._write(self._unpacking.decompress(piece, _AT_ONCE))
            except zlib.error:
                raise BadReply("the file begins as gzip does, and cannot be unpacked") from None
            piece = self._unpacking.unconsumed_tail or self._unpacking.unused_data
        if self._unpacking is None:
            self._write(piece)

    def _write(self, data: bytes) -> None:
        self.written += len(data)
        if self.written > self._most:
            raise self._too_large()
        self._on_disk(lambda: self._file.write(data))

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"the file is larger than {self._most:,} bytes", hint="--max-size allows more"
        )

    def _on_disk(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (OSError, ValueError) as error:
            raise file_trouble("written", self._path, error) from error
