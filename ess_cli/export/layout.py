"""What stands in the files of an export, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ess_cli.api.decoding import decode

if TYPE_CHECKING:
    from ess_cli.render.columns import Column

Row = Mapping[str, Any]
FORMATS = ("jsonl", "jsonl.gz", "csv", "csv.gz", "parquet")


class Layout(NamedTuple):
    """What stands in the files.

    Attributes:
        format: one of ``FORMATS``.
        columns: what csv and Parquet show; jsonl has the service's own objects.
        body: the fields of the event's body that are columns too.
        excel: csv only: cells that a spreadsheet would run are guarded.
    """

    format: str
    columns: tuple[Column, ...]
    body: tuple[str, ...] = ()
    excel: bool = False


class Written(NamedTuple):
    """A file that was written: its path below the target, and its rows."""

    name: str
    rows: int


class Writer(Protocol):
    """Writes rows into staged files."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows behind those before."""

    def finish(self) -> list[Written]:
        """Write what is left; the files can then be published."""

    def leave(self) -> None:
        """Let go of the files, unfinished as they are."""


def body_of(row: Row) -> Mapping[str, Any]:
    """The fields of a row's event; none where its body is no object in strict JSON, such as XML.

    A body is the event's fields, or as webhooks get them, with the fields under
    ``fld-val-list``.
    """
    text = row.get("event-body")
    if not isinstance(text, str):
        return {}
    try:
        # As strict as with a reply: what JSON has not, NaN for one, no file can have either.
        found = decode(text.encode())
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    event = found.get("event", found)
    inner = event.get("fld-val-list") if isinstance(event, dict) else None
    return inner if isinstance(inner, dict) else found
