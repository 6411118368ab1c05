"""``--query``: JMESPath over the JSON document, its result in the chosen format."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import jmespath

from ess_cli.errors import BadQuery
from ess_cli.render import jsontext
from ess_cli.render.cells import csv_text, plain, shown
from ess_cli.render.columns import Table, guess
from ess_cli.render.formats import Style, write_rows
from ess_cli.render.terminal import Terminal


def parse(query: str) -> Any:
    """The query ready for use.

    Raises:
        BadQuery: it is no JMESPath.
    """
    try:
        # NOTE: `foo` without its own quotes is an old way to write text, which works.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            return jmespath.compile(query)
    except ValueError as error:
        raise BadQuery(query, _first_line(error)) from None
    except RecursionError:
        raise BadQuery(query, "nested too deep") from None


def search(query: str, document: Any) -> Any:
    """What the query picks.

    Raises:
        BadQuery: a function of it cannot take what it finds, or it picks what is no JSON.
    """
    parsed = parse(query)
    try:
        found = parsed.search(document)
        if _may_invent(query):
            _refuse_no_json(found)
    except jmespath.exceptions.JMESPathTypeError as error:
        # NOTE: its own text repeats the data, which may be long, or secret.
        wanted = " or ".join(error.expected_types)
        found = f"found {error.actual_type} where it wants {wanted}"
        raise BadQuery(query, f"{error.function_name}() {found}") from None
    except (ArithmeticError, TypeError, ValueError) as error:
        # NOTE: jmespath lets out Python's own errors too, of a step of 0 or of rounding infinity.
        raise BadQuery(query, _first_line(error)) from None
    return found


def _first_line(error: Exception) -> str:
    """What is wrong; of Python's own long text about long numbers, the part for users."""
    return str(error).split("\n")[0].split("; use sys.")[0]


def _may_invent(query: str) -> bool:
    """Whether a query may yield more than values of the document: a literal, a function, a key.

    Else its result is as good as the document, and a long one need not be looked through.
    """
    return any(sign in query for sign in "`(&\\") or not query.isascii()


def _refuse_no_json(value: Any) -> None:
    """Raise ValueError where a result holds infinity, not-a-number, an expression or no text."""
    if isinstance(value, list):
        for item in value:
            _refuse_no_json(item)
    elif isinstance(value, Mapping):
        for item in (*value, *value.values()):
            _refuse_no_json(item)
    elif isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("its result is no text that JSON has")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("its result is a number that JSON does not have")
    elif not isinstance(value, int | float | None):
        raise ValueError("its result is an expression, not a value")


def write_result(terminal: Terminal, result: Any, style: Style) -> None:
    """Print a result: objects as a table of their keys, lists as rows, the rest as lines."""
    if style.format == "json":
        terminal.write(jsontext.pretty(result) + b"\n")
        return
    if style.format == "yaml":
        from ess_cli.render.yamltext import dump

        terminal.write(dump(result))
        return
    items = result if isinstance(result, list) else [] if result is None else [result]
    if style.format == "jsonl":
        terminal.write(jsontext.lines(items))
    elif items and all(isinstance(item, Mapping) for item in items):
        table = Table(("row", "rows"), guess(items), None)
        write_rows(terminal, [items], table, style._replace(columns=table.columns))
    else:
        for item in items:
            cells = item if isinstance(item, list) else [item]
            terminal.write(_line(cells, style))


def _line(cells: list[Any], style: Style) -> bytes:
    if style.format == "csv":
        return csv_text([tuple(plain(cell) for cell in cells)], excel=style.excel).encode()
    return ("\t".join(shown(cell) for cell in cells) + "\n").encode()
