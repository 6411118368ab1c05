"""Parquet, Hive-partitioned: ``topic=NIS-Events/day=2026-11-23/deliveries.parquet``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ess_cli.errors import FileTrouble, LocalTrouble
from ess_cli.export.layout import Layout, Row, Written
from ess_cli.export.places import Place
from ess_cli.export.schema import Columns

if TYPE_CHECKING:
    import pyarrow as pa

# What Hive calls the partition of rows without a value; every reader gives NULL for it.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# Rows are held so that a row group is worth reading; bodies may be long, so bytes are counted.
_GROUP_BYTES = 8 << 20
_HELD_BYTES = 20 << 20
# Rows are told apart so many at a time: a page is too little for what each step costs.
_PARTED_BYTES = 4 << 20
# A batch costs some kB beside its bytes, so that small ones are put together.
_BATCHES = 4
_SMALL_BYTES = 64 << 10
_GROUP_ROWS = 65_536
_OPEN_FILES = 128


def need_pyarrow() -> None:
    """Import it, or say what to install where it is missing.

    Raises:
        LocalTrouble: pyarrow is not there.
    """
    # Read at the import. Its own allocator keeps what was freed: a fifth more, and no time saved.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise LocalTrouble(
            f"Parquet needs pyarrow: {error}", hint="pip install 'ess-cli[parquet]'"
        ) from None


class Partitions:
    """Writes rows into files by topic and day.

    A thread tells them apart and writes, beside the one that fetches. At most 128 files are open.
    A partition that comes again after its file was closed goes on in another one,
    ``…-part2.parquet``.

    Args:
        place: where.
        stem: the files' name, without ending.
        layout: the columns.
    """

    def __init__(self, place: Place, stem: str, layout: Layout) -> None:
        self._place = place
        self._stem = stem
        self._columns = Columns(layout)
        self._arrived: list[pa.RecordBatch] = []
        self._pool = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._is_left = False
        # All below is the thread's while it is at work.
        self._held: dict[str, list[pa.RecordBatch]] = {}
        self._held_bytes: dict[str, int] = {}
        self._open: dict[str, _File] = {}
        self._written: dict[str, list[Written]] = {}

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows behind those before.

        Raises:
            FileTrouble: the disk is full, or gone.
        """
        self._arrived.append(self._columns.batch(rows))
        if sum(batch.nbytes for batch in self._arrived) >= _PARTED_BYTES:
            self._hand_over()

    def finish(self) -> list[Written]:
        """Write what is left; the files can then be published."""
        self._hand_over()
        self._settle()
        self._pool.shutdown()
        for directory in list(self._held):
            self._flush(directory)
        for directory in list(self._open):
            self._close(directory)
        return sorted(each for files in self._written.values() for each in files)

    def leave(self) -> None:
        """Let go of the files, unfinished as they are."""
        self._is_left = True
        # A file must not be closed, or taken away, while it is written; that ends soon now, and a
        # second signal can wait for it. NOTE: a thread whose join() a signal broke counts as ended.
        writing = [self._writing] if self._writing is not None else []
        try:
            wait(writing)
        except BaseException:
            wait(writing)
            raise
        self._pool.shutdown()
        for file in self._open.values():
            file.leave()
        self._open.clear()

    def _hand_over(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._settle()
        if arrived:
            self._writing = self._pool.submit(self._take_in, arrived)

    def _settle(self) -> None:
        """Wait for what is being written, and raise what became of it."""
        if self._writing is not None:
            self._writing.result()

    def _take_in(self, batches: list[pa.RecordBatch]) -> None:
        for directory, batch in self._parted(batches):
            if self._is_left:
                return
            held = self._held.setdefault(directory, [])
            held.append(batch)
            held_bytes = self._held_bytes.get(directory, 0) + batch.nbytes
            self._held_bytes[directory] = held_bytes
            if len(held) >= _BATCHES and held_bytes < len(held) * _SMALL_BYTES:
                self._held[directory] = [_whole(held)]
            if held_bytes >= _GROUP_BYTES:
                self._flush(directory)
        while sum(self._held_bytes.values()) >= _HELD_BYTES and not self._is_left:
            self._flush(max(self._held_bytes, key=self._held_bytes.__getitem__))

    def _parted(self, batches: list[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Rows by their directory."""
        import pyarrow as pa
        import pyarrow.compute as pc

        whole = _whole(batches)
        batch = whole.select(self._columns.schema.names)
        # What is told apart by number need not be looked at row by row.
        topics = whole["topic"].dictionary_encode("encode")
        days = whole["time"].cast(pa.date32()).dictionary_encode("encode")
        named_days = days.dictionary.cast(pa.string()).to_pylist()
        count = len(named_days)
        parts = pc.add(pc.multiply(topics.indices, count), days.indices)
        found = pc.unique(parts).to_pylist()
        for part in found:
            those = batch if len(found) == 1 else batch.filter(pc.equal(parts, part))
            named = topics.dictionary[part // count].as_py()
            yield _directory(named, named_days[part % count]), those

    def _flush(self, directory: str) -> None:
        import pyarrow as pa

        batches = self._held.pop(directory)
        del self._held_bytes[directory]
        file = self._open.pop(directory, None)
        if file is None:
            if len(self._open) >= _OPEN_FILES:
                self._close(next(iter(self._open)))
            file = self._new(directory)
        # The one used last stands last.
        self._open[directory] = file
        file.write(pa.Table.from_batches(batches, self._columns.schema))

    def _new(self, directory: str) -> _File:
        part = len(self._written.get(directory, [])) + 1
        ending = f"-part{part}.parquet" if part > 1 else ".parquet"
        name = f"{directory}/{self._stem}{ending}"
        return _File(name, self._place.stage(name), self._columns)

    def _close(self, directory: str) -> None:
        file = self._open.pop(directory)
        self._written.setdefault(directory, []).append(file.close())


class _File:
    """One Parquet file that is being written."""

    def __init__(self, name: str, path: Path, columns: Columns) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._name = name
        self._rows = 0
        try:
            self._sink = pa.OSFile(os.fsencode(path), "wb")
            self._writer = pq.ParquetWriter(
                self._sink,
                columns.schema,
                compression="zstd",
                use_dictionary=columns.repeating,
                write_statistics=columns.sought,
            )
        except OSError as error:
            raise self._trouble(error) from error

    def write(self, table: pa.Table) -> None:
        self._rows += table.num_rows
        try:
            self._writer.write_table(table, row_group_size=_GROUP_ROWS)
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> Written:
        try:
            self._writer.close()
            self._sink.close()
        except OSError as error:
            raise self._trouble(error) from error
        return Written(self._name, self._rows)

    def leave(self) -> None:
        for each in (self._writer, self._sink):
            try:
                each.close()
            except OSError:
                continue  # the disk is full, which is why

    def _trouble(self, error: OSError) -> FileTrouble:
        why = error.strerror or str(error)
        return FileTrouble(f"{self._name} cannot be written: {why}")


def _whole(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches as one."""
    import pyarrow as pa

    (whole,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return whole


def _directory(topic: str | None, day: str | None) -> str:
    # NOTE: a topic is a stranger's text; encoded, it cannot lead out of the directory.
    return f"topic={quote(topic or '', safe='') or NO_VALUE}/day={day or NO_VALUE}"
