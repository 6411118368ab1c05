"""What stands in a Parquet file: the service's objects as typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ess_cli.export.layout import Layout, Row
from ess_cli.render.cells import plain
from ess_cli.render.columns import Column
from ess_cli.render.jsontext import compact
from ess_cli.times import read

if TYPE_CHECKING:
    import pyarrow as pa

_TIMES = ("time", "event-time")
_NUMBERS = ("attempt", "http")
_TOPIC = Column("topic", "topic")
# A dictionary is of no use where nearly each value is another one.
_DISTINCT = ("event_id", "time", "event_time", "body", "other")
_LONG = ("answer", "body", "other")


class Columns:
    """The schema, and rows as columns of it.

    Names are the columns' with ``_`` for ``-``. Text is text, ids too; times are UTC, in
    microseconds; fields of the body are text. ``other`` has, as JSON, what has no column: keys
    that are not documented, and values that are not of their column's type, which is then null.

    Attributes:
        schema: names and types, the same in all files of a layout.
        repeating: the names of columns whose values repeat.
        sought: those that queries compare, so that smallest and largest values are worth keeping.
    """

    def __init__(self, layout: Layout) -> None:
        import pyarrow as pa

        # The topic is in the directory's name, and would be there twice.
        shown = [column for column in layout.columns if column.name != "topic"]
        body = [Column(name_of_body(field), f"body.{field}") for field in layout.body]
        self._in_files = [*shown, *body]
        self._known = {"topic", *(str(column.value) for column in self._in_files)}
        # The service's keys that have had text, or nothing, in all rows so far.
        numbers = {column.value for column in self._in_files if column.name in _NUMBERS}
        self._texts = sorted(self._known - numbers)
        self.schema = pa.schema(
            [
                *((_name(column), _type(column)) for column in self._in_files),
                ("other", pa.string()),
            ]
        )
        self._with_topic = self.schema.append(pa.field("topic", pa.string()))
        self.repeating = [name for name in self.schema.names if name not in _DISTINCT]
        self.sought = [name for name in self.schema.names if name not in _LONG]

    def batch(self, rows: Sequence[Row]) -> pa.RecordBatch:
        """Rows as columns: what goes into files, and the topic last."""
        import pyarrow as pa

        others: dict[int, dict[str, Any]] = {}
        if not self._known.issuperset(set().union(*rows)):
            for number, row in enumerate(rows):
                if not self._known.issuperset(row):
                    others[number] = {key: row[key] for key in row if key not in self._known}
        texts = self._all_texts(rows)
        arrays = [self._array(column, rows, texts, others) for column in self._in_files]
        other = (
            [None] * len(rows) if not others else [_json(others.get(n)) for n in range(len(rows))]
        )
        topic = self._array(_TOPIC, rows, texts, others)
        return pa.record_batch(
            [*arrays, pa.array(other, pa.string()), topic], schema=self._with_topic
        )

    def _all_texts(self, rows: Sequence[Row]) -> dict[str, pa.Array]:
        """The columns of text, by the service's key: all at once takes half as long."""
        import pyarrow as pa

        kind = pa.struct([(key, pa.string()) for key in self._texts])
        try:
            return dict(zip(self._texts, pa.array(rows, kind).flatten(), strict=True))
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            self._texts = [
                key
                for key in self._texts
                if all(isinstance(row.get(key), str | None) for row in rows)
            ]
            return {}

    def _array(
        self,
        column: Column,
        rows: Sequence[Row],
        texts: Mapping[str, pa.Array],
        others: dict[int, dict[str, Any]],
    ) -> pa.Array:
        import pyarrow as pa

        kind = _type(column)
        try:
            found = texts.get(str(column.value))
            found = pa.array(column.of_all(rows)) if found is None else found
            if found.type == kind:
                return found
            if _is_exact(found.type, kind):
                return found.cast(kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            pass
        values = column.of_all(rows)
        if column.name in _TIMES:
            read_ones: list[Any] = list(map(read, values))
        elif column.name in _NUMBERS:
            read_ones = [_number(value) for value in values]
        else:
            return pa.array([None if v is None else plain(v) for v in values], kind)
        for number, (value, read_one) in enumerate(zip(values, read_ones, strict=True)):
            if read_one is None and value is not None:
                others.setdefault(number, {})[str(column.value)] = value
        return pa.array(read_ones, kind)


def name_of_body(field: str) -> str:
    """The column of a field of the event's body."""
    return f"body_{field}".replace("-", "_")


def _name(column: Column) -> str:
    return column.name.replace("-", "_")


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    if column.name in _TIMES:
        return pa.timestamp("us", "UTC")
    return pa.int64() if column.name in _NUMBERS else pa.string()


def _is_exact(found: pa.DataType, kind: pa.DataType) -> bool:
    """Whether values come out of a conversion as the service wrote them: 1.5 is not to be 1."""
    import pyarrow as pa

    from_others = {pa.string(): pa.int64(), pa.timestamp("us", "UTC"): pa.string()}
    return found in (pa.null(), from_others.get(kind))


def _number(value: object) -> int | None:
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    return None


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else compact(value).decode()
