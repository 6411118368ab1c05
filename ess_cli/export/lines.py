"""Files of lines: jsonl and csv, gzipped or not."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from io import BufferedWriter
from typing import BinaryIO, cast

from ess_cli.errors import FileTrouble
from ess_cli.export.layout import Row, Written
from ess_cli.export.places import Place

_GZIP_LEVEL = 6
_BUFFER = 1 << 18


class Lines:
    """Writes one file of lines.

    Args:
        place: where.
        name: the file's.
        encode: rows as bytes.
        header: what stands first.
        packed: whether the file is gzipped.
    """

    def __init__(
        self,
        place: Place,
        name: str,
        encode: Callable[[Sequence[Row]], bytes],
        header: bytes = b"",
        *,
        packed: bool = False,
    ) -> None:
        self._place = place
        self._name = name
        self._encode = encode
        self._count = 0
        self._open = ExitStack()
        path = place.stage(name)
        try:
            raw = self._open.enter_context(path.open("wb", buffering=_BUFFER))
            self._stream: BinaryIO | BufferedWriter = raw
            if packed:
                # Without a name and a time, the same rows are the same bytes.
                squeezed = gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0)
                self._stream = cast("BinaryIO", self._open.enter_context(squeezed))
            self._stream.write(header)
        except OSError as error:
            raise self._trouble(error) from error

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows behind those before.

        Raises:
            FileTrouble: the disk is full, or gone.
        """
        try:
            self._stream.write(self._encode(rows))
        except OSError as error:
            raise self._trouble(error) from error
        self._count += len(rows)

    def finish(self) -> list[Written]:
        """Write what is left; the file can then be published."""
        try:
            self._open.close()
        except OSError as error:
            raise self._trouble(error) from error
        return [Written(self._name, self._count)]

    def leave(self) -> None:
        """Let go of the file; it is not going to be published."""
        try:
            self._open.close()
        except OSError:
            return  # the disk is full, which is why

    def _trouble(self, error: OSError) -> FileTrouble:
        return FileTrouble(
            f"{self._name} cannot be written: {error.strerror}; what was there is as it was"
        )
