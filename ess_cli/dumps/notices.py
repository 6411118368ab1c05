"""Notices of Media Storage: which file is there, and which dump it may be.

UNKNOWN: how the ``referenceId`` of a dump maps to its notice. So a notice is of a dump if the id
stands anywhere in it, as a word of its own, but for its sizes and times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any, NamedTuple

TOPIC = "MSS-Messages"
EVENT_TYPE = "event_file_complete"

_ELEMENT = re.compile(r"<(?:\w+:)?([A-Za-z_][\w.-]*)[^<>]*>([^<>]*)</", re.ASCII)
_NAMED = re.compile(r'<[^<>]*\bname="([^"<>]*)"[^<>]*>([^<>]*)</', re.ASCII)
_NO_NAMES = ("time", "size", "status")
_COMPLETE = ("", "COMPLETE", "COMPLETED")


class Notice(NamedTuple):
    """The notice that a file is there.

    Attributes:
        uri: where it lies, as the service says; not to be trusted.
        name: what it is called; empty where the notice does not say.
        file_id: likewise.
        size: its bytes as stored; None where the notice does not say.
        status: as the service spells it; empty where the notice does not say.
        texts: whatever may name it.
    """

    uri: str
    name: str
    file_id: str
    size: int | None
    status: str
    texts: tuple[str, ...]

    def tells(self, reference_id: str) -> bool:
        """Whether an id stands in it, as a word of its own."""
        word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(reference_id)}(?![A-Za-z0-9])")
        return any(word.search(text) for text in self.texts)

    @property
    def is_complete(self) -> bool:
        """Whether it says nothing else of its file."""
        return self.status.upper() in _COMPLETE

    def __str__(self) -> str:
        """What tells it from others, for people."""
        size = "" if self.size is None else f", {self.size:,} bytes"
        return f"{self.name or self.uri}{size}" + (f", file id {self.file_id}" * bool(self.file_id))


def read_notice(row: Mapping[str, Any]) -> Notice | None:
    """The notice that a delivery carries; None where its body names no file."""
    body = row.get("event-body")
    fields = dict(_fields(body))
    uri = fields.get("file_uri", "")
    if not uri:
        return None
    size = fields.get("file_size", "")
    texts = [text for key, text in fields.items() if not any(word in key for word in _NO_NAMES)]
    return Notice(
        uri,
        fields.get("file_name", ""),
        fields.get("file_id", ""),
        int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
        fields.get("file_status", ""),
        tuple(texts),
    )


class Found:
    """The notices that have come, each file once; several configurations may each have got one."""

    def __init__(self) -> None:
        self._notices: dict[str, Notice] = {}

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take what these deliveries tell."""
        for row in rows:
            notice = read_notice(row)
            if notice is not None:
                self._notices.setdefault(notice.uri, notice)

    def of(self, reference_id: str) -> list[Notice]:
        """Those that name a dump."""
        return [notice for notice in self._notices.values() if notice.tells(reference_id)]

    @property
    def all(self) -> list[Notice]:
        """All of them, in the order in which they came."""
        return list(self._notices.values())


def _fields(body: object) -> Iterator[tuple[str, str]]:
    """Keys and plain values of a body, wherever they stand in it; the first of a key comes last.

    It is JSON in text, or XML where the configuration wants that; of XML, whose layout is not
    known, whatever looks like an element is taken, and no entity but those of HTML.
    """
    document = body
    if isinstance(body, str):
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            found = [*_ELEMENT.findall(body), *_NAMED.findall(body)]
            yield from ((_key(key), unescape(text)) for key, text in reversed(found))
            return
    yield from reversed(list(_walk(document)))


def _walk(document: object) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        key, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting += [(str(name), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in value]
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield _key(key), str(value)


def _key(text: str) -> str:
    """``fileUri`` and ``file-uri`` as ``file_uri``: names use both signs (field notes)."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).replace("-", "_").lower()
