"""``offset`` and ``limit``: read from the query, echoed in ``paged-result``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ess_cli.sandbox.replies import RefusedError, Reply, encode, text_reply

# 18 digits fit SQLite's integers, and so does the sum of two such numbers.
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


class Page(NamedTuple):
    """A stretch of a list: so many rows after so many."""

    offset: int
    limit: int


def page_of(query: Mapping[str, str], *, default: int | None) -> Page:
    """The page that a query asks for.

    Args:
        query: the query's parameters.
        default: the limit where none is asked for, as the reference's example echoes it; None
            where the reference marks ``limit`` as required.

    Raises:
        RefusedError: 400, when ``offset`` or ``limit`` is no plain number, ``limit`` is 0, or a
            required ``limit`` is missing.
    """
    limit = _number(query, "limit", default)
    if limit is None:
        raise RefusedError("invalid", "limit: this query parameter is required")
    if limit == 0:
        raise RefusedError("invalid", "limit: must be at least 1, not '0'")
    return Page(_number(query, "offset", 0) or 0, limit)


def _number(query: Mapping[str, str], name: str, default: int | None) -> int | None:
    text = query.get(name)
    if text is None:
        return default
    if not _DIGITS.fullmatch(text):
        raise RefusedError("invalid", f"{name}: must be a number in digits, not {text[:40]!r}")
    return int(text)


def listing(page: Page | None, name: str, docs: Iterable[str]) -> Reply:
    """A list of what is JSON text already, under ``name``.

    ``page`` is echoed before it as ``paged-result``, unless the reference shows no such block.
    """
    block = f'"paged-result":{encode(page._asdict())},' if page else ""
    return text_reply(f'{{{block}"{name}":[{",".join(docs)}]}}')
