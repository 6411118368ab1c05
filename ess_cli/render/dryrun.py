"""A change before it is sent: what ``--dry-run`` prints, and what a question shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from ess_cli.render import jsontext
from ess_cli.render.cells import shown
from ess_cli.render.terminal import Terminal


class KeyDifference(Protocol):
    """A key before and after; None where it is absent."""

    @property
    def key(self) -> str:
        """The service's key."""

    @property
    def before(self) -> Any:
        """What is there."""

    @property
    def after(self) -> Any:
        """What it becomes."""

    @property
    def known(self) -> bool:
        """Whether any read tells what is there."""


def write_change(
    terminal: Terminal, url: str, change: Any, output_format: str, query: str | None
) -> None:
    """Print a change that is not sent: as one document, or as lines for people.

    A query that finds nothing in it was meant for the reply: then all of it is printed.
    """
    document = {
        "method": change.method,
        "url": url,
        "body": change.shown_body,
        "changes": [
            {"key": each.key, "before": each.before, "after": each.after}
            for each in change.differences
        ],
    }
    if query is not None:
        from ess_cli.render.formats import Style
        from ess_cli.render.query import search, write_result

        result = search(query, document)
        if result is not None:
            write_result(terminal, result, Style(output_format, ()))
            return
    if output_format in ("json", "jsonl", "yaml"):
        if output_format == "yaml":
            from ess_cli.render.yamltext import dump

            terminal.write(dump(document))
        else:
            encode = jsontext.pretty if output_format == "json" else jsontext.compact
            terminal.write(encode(document) + b"\n")
        return
    terminal.write(f"{change.method} {url}\n".encode())
    for line in difference_lines(change.differences):
        terminal.write(f"{line}\n".encode())
    if change.shown_body is not None:
        terminal.write(jsontext.pretty(change.shown_body) + b"\n")


def difference_lines(differences: Iterable[KeyDifference]) -> list[str]:
    """Before → after, a line a key."""
    rows = [
        (each.key, _side(each.before) if each.known else "(not told)", _side(each.after))
        for each in differences
    ]
    width = max((len(key) for key, _, _ in rows), default=0)
    return [f"   {key:<{width}}  {before} → {after}" for key, before, after in rows]


def _side(value: Any) -> str:
    return "(none)" if value is None else shown(value) or '""'
