"""What a reply must look like to be read at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ess_cli.errors import WrongShape


def rows_under(key: str) -> Callable[[Any], list[dict[str, Any]]]:
    """A reading of replies that have objects in a list under a key.

    What is returned takes a document; it raises ValueError where there is no such list.
    """

    def rows_of(document: Any) -> list[dict[str, Any]]:
        rows = document.get(key) if isinstance(document, dict) else None
        if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
            raise ValueError(f'the reply has no list of objects under "{key}"')
        return rows

    return rows_of


def rows_of(document: Any, key: str, request: str) -> list[dict[str, Any]]:
    """The objects under a key of a document that was read before.

    Raises:
        WrongShape: there is no list of objects; ``request`` is named for what was read.
    """
    try:
        return rows_under(key)(document)
    except ValueError as error:
        raise WrongShape(f"{request}: {error}") from None


def an_object(document: Any) -> dict[str, Any]:
    """A reply that must be one object.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(document, dict):
        raise ValueError("the reply is no object")
    return document
