"""The 24 operations as the API reference has them, for tests to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OPERATIONS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "operations.json").read_text(encoding="utf-8")
)


def name_of(operation: dict[str, Any]) -> str:
    """An operation as commands name theirs: ``GET /topics``."""
    return f"{operation['method']} {operation['path']}"


def reply_to(name: str) -> Any:
    """The reference's example of a reply."""
    (found,) = (row for row in OPERATIONS if name_of(row) == name)
    return found["reply-example"]


def as_printed(document: Any) -> str:
    """A document as ``-o json`` prints it: its keys in its own order."""
    return json.dumps(document, indent=2) + "\n"
