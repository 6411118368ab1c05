"""Faults that befall a request by chance: what is answered instead, or made of the answer.

Those that break the connection only say here whether the request is carried out before; the
rest of them is in ``breakage.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from ess_cli.sandbox.replies import JSON_TYPE, Headers, Reply, Request, refusal

SLOW_S = 2.0
"""How much later a slow reply is sent."""

STATUSES = "400-599"
"""Stands for each of these numbers in the table."""

_STATUS = re.compile("[45][0-9]{2}", re.ASCII)
_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_LOGIN = (
    b"<!DOCTYPE html><html><head><title>Sign in to the network</title></head>"
    b"<body><form method='post'></form></body></html>"
)
_GATEWAY = (
    b"<html><head><title>502 Bad Gateway</title></head>"
    b"<body><center><h1>502 Bad Gateway</h1></center></body></html>"
)


class Exchange(NamedTuple):
    """A request that a fault befalls.

    Attributes:
        carry_out: does what the request asks for; the honest reply.
        request: as it arrived.
        number: which one it is since the server started, from 1.
        now: for what says when it happened.
    """

    carry_out: Callable[[], Reply]
    request: Request
    number: int
    now: datetime


class Chance(NamedTuple):
    """A fault that befalls some requests.

    Attributes:
        effect: in a line, for users.
        reply: what is answered.
        reads: it may befall a request that changes nothing.
        writes: it may befall one that changes something, or starts a job.
    """

    effect: str
    reply: Callable[[Exchange], Reply]
    reads: bool = True
    writes: bool = True

    def befalls(self, *, write: bool) -> bool:
        """Whether a write, or a read, can have it."""
        return self.writes if write else self.reads


def is_write(request: Request) -> bool:
    """Whether a request changes something; the GET that starts a job does."""
    return request.method not in _READS or request.path.endswith("/dump-subscriptions")


def find(name: str) -> Chance | None:
    """The fault of a name, a status among them; None where there is none."""
    if _STATUS.fullmatch(name):
        status = int(name)
        return Chance(_STATUS_EFFECT, lambda asked: _refused(asked, status))
    return CHANCES.get(name) if name != STATUSES else None


_STATUS_EFFECT = "any such HTTP status, in each of the service's error bodies in turn"


def _refused(asked: Exchange, status: int, headers: Headers = ()) -> Reply:
    reply = refusal(status, asked.number - 1, asked.request.path, asked.now)
    return reply._replace(headers=(*reply.headers, *headers))


def _throttled(status: int, retry_after: str) -> Callable[[Exchange], Reply]:
    return lambda asked: _refused(asked, status, (("Retry-After", retry_after),))


def _xml_error(asked: Exchange) -> Reply:
    return refusal(500, 4, asked.request.path, asked.now)


def _always(status: int, headers: Headers = (), body: bytes = b"") -> Callable[[Exchange], Reply]:
    reply = Reply(status, headers, body)
    return lambda asked: reply


def _instead(headers: Headers, body: bytes) -> Callable[[Exchange], Reply]:
    """Carries the request out, and answers a success with another body."""

    def answer(asked: Exchange) -> Reply:
        honest = asked.carry_out()
        return Reply(200, headers, body) if honest.status < 300 else honest

    return answer


def _not_gzip(asked: Exchange) -> Reply:
    reply = asked.carry_out()
    return reply._replace(headers=(*reply.headers, ("Content-Encoding", "gzip")))


def _honest(asked: Exchange) -> Reply:
    return asked.carry_out()


_UNSENT = _always(0)

CHANCES: dict[str, Chance] = {
    STATUSES: Chance(_STATUS_EFFECT, _UNSENT),
    "429-retry-after": Chance("429 with Retry-After: 1", _throttled(429, "1")),
    "503-retry-after": Chance("503 with Retry-After: 1", _throttled(503, "1")),
    "long-retry-after": Chance("429 with Retry-After: 3600", _throttled(429, "3600")),
    "bad-retry-after": Chance("503 with a Retry-After that is none", _throttled(503, "-1.5e9")),
    "503-empty": Chance("503 without a body", _always(503)),
    "xml-error": Chance("500 as <am:fault>, whatever was asked for", _xml_error),
    "html-error": Chance("502 with a gateway's page", _always(502, _HTML, _GATEWAY)),
    "html-200": Chance("200 with a proxy's login page", _always(200, _HTML, _LOGIN)),
    "redirect": Chance(
        "302 to another host", _always(302, (("Location", "https://login.example.com/sso"),))
    ),
    "empty": Chance("200 without a body; reads only", _always(200), writes=False),
    "null": Chance("200 with null; reads only", _always(200, (JSON_TYPE,), b"null"), writes=False),
    "wrong-shape": Chance(
        "200 with a list of numbers; reads only",
        _always(200, (JSON_TYPE,), b"[1,2]"),
        writes=False,
    ),
    "bad-text": Chance(
        "200 with JSON that is not UTF-8; reads only",
        _always(200, (JSON_TYPE,), b'{"topics":[{"topic-nm":"\xff\xfe"}]}'),
        writes=False,
    ),
    "bad-gzip": Chance(
        "the reply, said to be gzip without being it; reads only", _not_gzip, writes=False
    ),
    "not-json": Chance(
        "carried out, and answered with the text OK",
        _instead((("Content-Type", "text/plain"),), b"OK"),
    ),
    "timeout": Chance("no answer until the client leaves; not carried out", _UNSENT),
    "slow": Chance(f"carried out, and the reply comes {SLOW_S:g} s later", _honest),
    "reset": Chance("the connection breaks before the reply; not carried out", _UNSENT),
    "lost-reply": Chance(
        "carried out, then the connection breaks before the reply; writes only",
        _honest,
        reads=False,
    ),
    "not-http": Chance("an answer in another protocol; not carried out", _UNSENT),
    "cut-headers": Chance("carried out, then the reply ends among its headers", _honest),
    "cut": Chance("carried out, then the reply ends half-way through its body", _honest),
    "drip": Chance("carried out, then the reply comes at 20 bytes a second", _honest),
}
"""Every fault by chance. Where the effect does not say otherwise, a faulted request is not
carried out."""
