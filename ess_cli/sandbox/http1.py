"""HTTP/1.1 in bytes: the head of a request read strictly, a reply written in one piece.

Stricter than the RFC allows where leniency is how two programs come to read one request
differently: no bare line feeds, no folded or repeated headers that matter, nothing chunked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

from ess_cli.sandbox.replies import PHRASES, Headers, RefusedError, Reply

MAX_TARGET_BYTES = 8 * 1024
MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 10 * 1024 * 1024
END_OF_HEAD = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - HTTP's word for a name
_REQUEST_LINE = re.compile(rf"({_TOKEN}) ([!-~]+) HTTP/([0-9]\.[0-9])")
_NAME = re.compile(_TOKEN)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}")
_ABSOLUTE = re.compile(r"http://([^/?]+)(/.*)", re.IGNORECASE)
_ONCE = frozenset(("host", "content-length", "authorization", "content-type"))


class Fields(NamedTuple):
    """What the header lines of a request say."""

    headers: dict[str, str]
    """Names in lower case."""
    length: int
    """Bytes of body to come."""
    awaits_continue: bool
    """The client sends its body only after a 100 Continue."""


class Head(NamedTuple):
    """What stands before the body of a request."""

    method: str
    path: str
    query: str
    fields: Fields
    closes: bool
    """The client wants no further request on this connection."""


class HeadReader:
    """Reads the heads of one connection's requests.

    A client repeats its header lines from request to request, letter by letter, so the last
    ones are remembered: reading them is most of the work.

    Args:
        hosts: the values of ``Host`` that are ours, in lower case.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = hosts
        self._lines = b""
        self._fields: Fields | None = None

    def read(self, raw: bytes) -> Head:
        """The head in ``raw``: request line and headers, without the empty line after them.

        Raises:
            RefusedError: 400 when malformed, 403 for a foreign Host or any Origin, 411, 413,
                414, 417, 431, 501, 505. The connection cannot go on after any of them.
        """
        if len(raw) > MAX_HEAD_BYTES:
            raise RefusedError("long-headers", f"longer than {MAX_HEAD_BYTES} bytes")
        line, _, lines = raw.partition(b"\r\n")
        if len(line) > MAX_TARGET_BYTES:
            raise RefusedError("long-target", f"longer than {MAX_TARGET_BYTES} bytes")
        found = _REQUEST_LINE.fullmatch(line.decode("latin-1"))
        if not found:
            raise RefusedError("invalid", "malformed request line")
        method, target, version = found.groups()
        if version not in ("1.1", "1.0"):
            raise RefusedError("wrong-version", "this server speaks HTTP/1.1")
        if self._fields is None or lines != self._lines:
            self._fields = self._read_fields(lines.decode("latin-1"))
            self._lines = lines
        path, _, query = self._own(target).partition("?")
        connection = self._fields.headers.get("connection", "").lower()
        closes = "keep-alive" not in connection if version == "1.0" else "close" in connection
        return Head(method, path, query, self._fields, closes)

    def _own(self, target: str) -> str:
        """The path and query of a target; a client may put the host before them."""
        absolute = None if target.startswith("/") else _ABSOLUTE.fullmatch(target)
        if not absolute:
            return target
        host, path = absolute.groups()
        self._refuse_foreign(host)
        return path

    def _read_fields(self, lines: str) -> Fields:
        headers = _headers(lines.split("\r\n"))
        if not headers.get("host"):
            raise RefusedError("invalid", "Host is missing")
        # A page on a rebound name sends that name; a script on any page sends its origin.
        self._refuse_foreign(headers["host"])
        if "origin" in headers:
            raise RefusedError("foreign", "Requests from web pages are not served")
        return Fields(headers, _length(headers), _awaits_continue(headers))

    def _refuse_foreign(self, host: str) -> None:
        if host.lower() not in self._hosts:
            raise RefusedError("foreign", "This Host is not served here")


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        # A folded line begins with a blank, which no name contains.
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise RefusedError("invalid", "malformed header line")
        name = name.lower()
        if name not in headers:
            headers[name] = value.strip(" \t")
        elif name in _ONCE:
            raise RefusedError("invalid", f"{name}: sent twice")
        else:
            headers[name] += ", " + value.strip(" \t")
    return headers


def _length(headers: dict[str, str]) -> int:
    coding = headers.get("transfer-encoding")
    if coding is not None:
        fault = "length-required" if "chunked" in coding.lower() else "not-implemented"
        raise RefusedError(fault, "Transfer-Encoding is not taken; send Content-Length")
    length = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length):
        raise RefusedError("invalid", "Content-Length is not a number")
    if int(length) > MAX_BODY_BYTES:
        raise RefusedError("too-large", f"the body is over {MAX_BODY_BYTES} bytes")
    return int(length)


def _awaits_continue(headers: dict[str, str]) -> bool:
    expect = headers.get("expect")
    if expect is None:
        return False
    if expect.lower() != "100-continue":
        raise RefusedError("no-expectation", "only 100-continue can be expected")
    return True


def render(reply: Reply, *, closes: bool, is_head: bool = False) -> bytes:
    """``reply`` as it goes over the wire, head and body in one piece; without its rest.

    Args:
        reply: what to send.
        closes: say that the connection ends with this reply.
        is_head: it answers a HEAD, which gets no body.
    """
    head = _start(reply.status, reply.headers) + _date(int(time.time()))
    if reply.status != 204:
        head += f"Content-Length: {len(reply.body) + reply.rest_bytes}\r\n"
    if closes:
        head += "Connection: close\r\n"
    body = b"" if is_head or reply.status == 204 else reply.body
    return head.encode("latin-1") + b"\r\n" + body


@lru_cache(maxsize=64)
def _start(status: int, headers: Headers) -> str:
    lines = [f"HTTP/1.1 {status} {PHRASES.get(status, 'Unassigned')}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers), ""])


@lru_cache(maxsize=1)
def _date(now_s: int) -> str:
    return f"Date: {formatdate(now_s, usegmt=True)}\r\n"
