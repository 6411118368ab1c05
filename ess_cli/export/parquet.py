"""Parquet, Hive-partitioned: ``topic=NIS-Events/day=2026-11-23/deliveries.parquet``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ess_cli.errors import FileTrouble, LocalTrouble
from ess_cli.export.layout import Layout, Row, Written
from ess_cli.export.places import Place
from ess_cli.render.cells import plain
from ess_cli.render.columns import Column
from ess_cli.render.jsontext import compact
from ess_cli.times import read

if TYPE_CHECKING:
    import pyarrow as pa

# What Hive calls the partition of rows without a value; every reader gives NULL for it.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_TIMES = ("time", "event-time")
_NUMBERS = ("attempt", "http")
# A dictionary is of no use where nearly each value is another one.
_DISTINCT = ("event_id", "time", "event_time", "body", "other")
_GROUP_ROWS = 16_384
_HELD_ROWS = 65_536
_OPEN_FILES = 64


def need_pyarrow() -> None:
    """Say what to install where it is missing.

    Raises:
        LocalTrouble: pyarrow is not there.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise LocalTrouble(
            f"Parquet needs pyarrow: {error}", hint="pip install 'ess-cli[parquet]'"
        ) from None


class Partitions:
    """Writes rows into files by topic and day.

    At most 64 files are open. A partition that comes again after its file was closed goes on in
    another one, ``…-part2.parquet``.

    Args:
        place: where.
        stem: the files' name, without ending.
        layout: the columns.
        time: the service's key of a row's time.
    """

    def __init__(self, place: Place, stem: str, layout: Layout, time: str) -> None:
        self._place = place
        self._stem = stem
        self._time = time
        self._columns = _Columns(layout)
        self._held: dict[str, list[pa.RecordBatch]] = {}
        self._held_rows: dict[str, int] = {}
        self._open: dict[str, _File] = {}
        self._written: dict[str, list[Written]] = {}

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows behind those before.

        Raises:
            FileTrouble: the disk is full, or gone.
        """
        by_directory: dict[str, list[Row]] = {}
        for row in rows:
            by_directory.setdefault(self._directory(row), []).append(row)
        for directory, those in by_directory.items():
            self._held.setdefault(directory, []).append(self._columns.batch(those))
            held = self._held_rows.get(directory, 0) + len(those)
            self._held_rows[directory] = held
            if held >= _GROUP_ROWS:
                self._flush(directory)
        while sum(self._held_rows.values()) >= _HELD_ROWS:
            self._flush(max(self._held_rows, key=self._held_rows.__getitem__))

    def finish(self) -> list[Written]:
        """Write what is left; the files can then be published."""
        for directory in list(self._held):
            self._flush(directory)
        for directory in list(self._open):
            self._close(directory)
        return sorted(each for files in self._written.values() for each in files)

    def leave(self) -> None:
        """Let go of the files, unfinished as they are."""
        for file in self._open.values():
            file.leave()
        self._open.clear()

    def _directory(self, row: Row) -> str:
        topic, text = row.get("topic"), row.get(self._time)
        day = _day(text) if isinstance(text, str) else NO_VALUE
        # NOTE: a topic is a stranger's text; encoded, it cannot lead out of the directory.
        named = _encoded(topic) if isinstance(topic, str) and topic else NO_VALUE
        return f"topic={named}/day={day}"

    def _flush(self, directory: str) -> None:
        import pyarrow as pa

        batches, rows = self._held.pop(directory), self._held_rows.pop(directory)
        file = self._open.pop(directory, None)
        if file is None:
            if len(self._open) >= _OPEN_FILES:
                self._close(next(iter(self._open)))
            file = self._new(directory)
        # The one used last stands last.
        self._open[directory] = file
        file.write(pa.Table.from_batches(batches, self._columns.schema), rows)

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

    def __init__(self, name: str, path: Path, columns: _Columns) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._name = name
        self._rows = 0
        try:
            self._sink = pa.OSFile(str(path), "wb")
            self._writer = pq.ParquetWriter(
                self._sink, columns.schema, compression="zstd", use_dictionary=columns.repeating
            )
        except OSError as error:
            raise self._trouble(error) from error

    def write(self, table: pa.Table, rows: int) -> None:
        self._rows += rows
        try:
            self._writer.write_table(table, row_group_size=_GROUP_ROWS * 4)
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


class _Columns:
    """The schema, and rows as columns of it.

    Names are the columns' with ``_`` for ``-``. Text is text, ids too; times are UTC, in
    microseconds; fields of the body are text. ``other`` has, as JSON, what has no column: keys
    that are not documented, and values that are not of their column's type, which is then null.
    """

    def __init__(self, layout: Layout) -> None:
        import pyarrow as pa

        # The topic is in the directory's name, and would be there twice.
        self._shown = [column for column in layout.columns if column.name != "topic"]
        body = [Column(f"body.{field}", f"body.{field}") for field in layout.body]
        self._all = [*self._shown, *body]
        self._known = {"topic", *(str(column.value) for column in self._all)}
        self.schema = pa.schema(
            [
                *((_name(column), _type(column)) for column in self._all),
                ("other", pa.string()),
            ]
        )
        self.repeating = [name for name in self.schema.names if name not in _DISTINCT]

    def batch(self, rows: Sequence[Row]) -> pa.RecordBatch:
        """Rows as columns."""
        import pyarrow as pa

        others: dict[int, dict[str, Any]] = {}
        for number, row in enumerate(rows):
            if not self._known.issuperset(row):
                others[number] = {key: row[key] for key in row if key not in self._known}
        arrays = [self._array(column, rows, others) for column in self._all]
        other = (
            [None] * len(rows) if not others else [_json(others.get(n)) for n in range(len(rows))]
        )
        return pa.record_batch([*arrays, pa.array(other, pa.string())], schema=self.schema)

    def _array(
        self, column: Column, rows: Sequence[Row], others: dict[int, dict[str, Any]]
    ) -> pa.Array:
        import pyarrow as pa

        values, kind = column.of_all(rows), _type(column)
        try:
            if column.name in _TIMES:
                return pa.array(values, pa.string()).cast(kind)
            return pa.array(values, kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            pass
        if column.name in _TIMES:
            read_ones: list[Any] = list(map(read, values))
        elif column.name in _NUMBERS:
            read_ones = [_number(value) for value in values]
        else:
            return pa.array([None if v is None else plain(v) for v in values], kind)
        for number, (value, found) in enumerate(zip(values, read_ones, strict=True)):
            if found is None and value is not None:
                others.setdefault(number, {})[str(column.value)] = value
        return pa.array(read_ones, kind)


def _name(column: Column) -> str:
    return column.name.replace("-", "_").replace("body.", "body_")


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    if column.name in _TIMES:
        return pa.timestamp("us", "UTC")
    return pa.int64() if column.name in _NUMBERS else pa.string()


def _number(value: object) -> int | None:
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    return None


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else compact(value).decode()


def _day(text: str) -> str:
    """The day, in UTC, of a timestamp of the service."""
    if text[10:11] == "T" and text[-1] == "Z":
        day = _checked_day(text[:10])
        if day is not None:
            return day
    moment = read(text)
    return NO_VALUE if moment is None else moment.date().isoformat()


@lru_cache(maxsize=4096)
def _encoded(topic: str) -> str:
    return quote(topic, safe="")


@lru_cache(maxsize=4096)
def _checked_day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
