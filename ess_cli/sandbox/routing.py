"""From a path to an operation: what a route is, and what an operation is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from ess_cli.sandbox.fields import Body
from ess_cli.sandbox.replies import RefusedError, Reply
from ess_cli.sandbox.store import Store


class Call(NamedTuple):
    """What an operation is given beside the store."""

    args: tuple[str, ...]
    """The path's parameters in order, percent-decoded."""
    query: Mapping[str, str]
    """The query's parameters, decoded; the first of a name counts."""
    body: Body
    """The JSON object that was sent; empty for a GET."""
    headers: Mapping[str, str]
    """Names in lower case."""


Operation = Callable[[Store, Call], Reply]
Methods = Mapping[str, Operation]


class Route(NamedTuple):
    """One operation, named as the reference names it."""

    method: str
    path: str
    operation: Operation


class Router:
    """Finds the operations of a path.

    Args:
        prefix: what stands before every path of the table.
        routes: the table; paths without parameters win over those with.
    """

    def __init__(self, prefix: str, routes: Iterable[Route]) -> None:
        self._fixed: dict[str, dict[str, Operation]] = {}
        self._patterns: dict[re.Pattern[str], dict[str, Operation]] = {}
        for route in routes:
            path = prefix + route.path
            if "{" in path:
                methods = self._patterns.setdefault(_pattern(path), {})
            else:
                methods = self._fixed.setdefault(path, {})
            methods[route.method] = route.operation

    def find(self, path: str) -> tuple[Methods, tuple[str, ...]]:
        """The operations of ``path`` by method, and the path's parameters.

        Raises:
            RefusedError: 404, when no row of the table has this path.
        """
        methods = self._fixed.get(path)
        if methods is not None:
            return methods, ()
        for pattern, found in self._patterns.items():
            match = pattern.fullmatch(path)
            if match:
                return found, tuple(unquote(text) for text in match.groups())
        raise RefusedError("no-path")


def _pattern(path: str) -> re.Pattern[str]:
    """``/a/{X}:{Y}`` as a pattern over the encoded path; the last colon of a segment divides."""
    colon = "(?::|%3[Aa])"
    parts = re.split(r"\{[^}]*\}", path)
    return re.compile("([^/]+)".join(re.escape(part).replace(":", colon) for part in parts))
