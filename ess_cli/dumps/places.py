"""Where a file lies that the service names, and whether it may be fetched from there.

A location from the service is fetched only from the service's own origin, or from a host that
the user has named; credentials go to the former alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ess_cli.config.base_url import BaseUrl, UnusableError, parse_base_url
from ess_cli.errors import BadReply

_TARGET = re.compile(r"(?P<path>/[!-~]*?)(?P<query>\?[!-~]*)?")
_REFUSED = set('\\#"<>{}|^`')
_LONGEST = 4096


class Place(NamedTuple):
    """Where a file lies.

    Attributes:
        origin: as a base URL without a path.
        path: percent-encoded.
        query: with its question mark; empty for none.
        is_own: whether that is the service's origin, and so gets credentials.
    """

    origin: BaseUrl
    path: str
    query: str
    is_own: bool


def place_of(uri: str, base_url: BaseUrl, allowed: tuple[str, ...]) -> Place:
    """Where a ``file_uri`` leads.

    Args:
        uri: host-relative or absolute, as the service says.
        base_url: the service's.
        allowed: further hosts, ``NAME`` or ``NAME:PORT``, that the user has named.

    Raises:
        BadReply: it is no plain location, or leads to another host.
    """
    absolute = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", uri)
    authority = absolute[0] if absolute else ""
    target = uri[len(authority) :]
    split = _TARGET.fullmatch(target)
    plain = split is not None and not target.startswith("//") and not _REFUSED & set(target)
    if split is None or not plain or len(uri) > _LONGEST:
        raise BadReply(
            "the location of the file is no path and no plain URL, and is not fetched",
            details=(f"  file_uri: {_shown(uri)}",),
        )
    try:
        origin = parse_base_url(authority or base_url.origin)
        parse_base_url(origin.origin + split["path"])
    except UnusableError as error:
        raise BadReply(
            f"the location of the file is not fetched: {error}",
            details=(f"  file_uri: {_shown(uri)}",),
        ) from None
    is_own = origin.origin == base_url.origin
    named = origin.origin.partition("://")[2]
    if not is_own and named not in {name.lower() for name in allowed}:
        raise BadReply(
            f"the file lies on another host, {named}, and is not fetched from there",
            hint=f"if that is right: --allow-file-host {named} (it gets no credentials)",
        )
    return Place(origin, split["path"], split["query"] or "", is_own)


def _shown(uri: str) -> str:
    """A location without its user info and query, which may hold secrets."""
    return re.sub(r"//[^/]*@", "//…@", uri.partition("?")[0])[:200]
