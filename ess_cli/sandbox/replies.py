"""Requests and replies of the sandbox, and the ways in which it says no.

The real service has no single envelope for errors, and its own is unpublished (field notes,
"Errors"). The sandbox therefore answers in the five seen on that host, and once with nothing, so
that a client which reads only one of them is found out here:

=================  ====  ===============================================================
fault              HTTP  envelope
=================  ====  ===============================================================
no-token           401   ``<am:fault><am:code/><am:type/><am:message/><am:description/>``
expired-token      401   ``{"errorCode", "moreInfo", "userMsg"}``
foreign            403   ``{"errorCode", "moreInfo", "userMsg"}``
invalid            400   ``{"code", "message", "description"}``
unknown            404   ``{"error_code", "error_description"}``: no such topic, id, code
no-path            404   ``{timestamp, status, error, message, path}`` (Spring)
wrong-method       405   the same, with ``Allow``
not-json           415   the same
bug                500   the same
unavailable        503   an empty body
=================  ====  ===============================================================

What breaks HTTP itself (411, 413, 414, 417, 431, 501, 505) is answered like ``invalid``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

encode = json.JSONEncoder(separators=(",", ":")).encode
"""JSON text without blanks, pure ASCII."""

Headers = tuple[tuple[str, str], ...]
PHRASES = {status.value: status.phrase for status in HTTPStatus}
JSON_TYPE = ("Content-Type", "application/json")


class Request(NamedTuple):
    """One HTTP request, whichever way it came."""

    method: str
    path: str
    """From the host on, with the /ess/v1 prefix, still percent-encoded, without the query."""
    query: str
    """What followed the ``?``, still encoded; empty where there was none."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Reply(NamedTuple):
    """One HTTP reply; the transport adds Content-Length and Date."""

    status: int
    """0 where nothing is sent."""
    headers: Headers = ()
    body: bytes = b""
    fault: str = ""
    """How it was spoilt on demand, as a name of ``faults.py``; empty for an honest reply."""
    rest: Iterable[bytes] = ()
    """What follows the body, read once, part by part: a file too large for the memory."""
    rest_bytes: int = 0
    is_job: bool = False
    """It says that something will be done, which is to be done now."""


def json_reply(document: object) -> Reply:
    """200 with ``document`` as JSON."""
    return text_reply(encode(document))


def text_reply(text: str) -> Reply:
    """200 with ``text``, which is JSON already."""
    return Reply(200, (JSON_TYPE,), text.encode())


def empty_reply(status: int) -> Reply:
    """What a write is answered with: a status and no body (field notes, oddity 6)."""
    return Reply(status)


class RefusedError(Exception):
    """The service says no.

    Args:
        fault: a row of the table above.
        reason: names the offending field and value; empty where the row says it all.
        allow: the methods of the path, for 405.
    """

    def __init__(self, fault: str, reason: str = "", *, allow: str = "") -> None:
        super().__init__(fault, reason)
        self.fault = fault
        self.reason = reason
        self.allow = allow

    def reply(self, path: str, now: datetime) -> Reply:
        """The reply in the fault's envelope."""
        status, title, envelope = FAULTS[self.fault]
        headers, body = envelope(_Facts(status, title, self.reason, path, now))
        if self.allow:
            headers = (*headers, ("Allow", self.allow))
        return Reply(status, headers, body)


class _Facts(NamedTuple):
    status: int
    title: str
    reason: str
    path: str
    now: datetime


_Content = tuple[Headers, bytes]


def _xml(facts: _Facts) -> _Content:
    reason = facts.reason.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    message = "Missing Credentials" if facts.status == 401 else "Runtime Error"
    body = (
        '<am:fault xmlns:am="http://wso2.org/apimanager">'
        f"<am:code>{facts.title}</am:code><am:type>Status report</am:type>"
        f"<am:message>{message}</am:message>"
        f"<am:description>{reason}</am:description></am:fault>"
    )
    return (("Content-Type", "application/xml; charset=UTF-8"),), body.encode()


def _user_message(facts: _Facts) -> _Content:
    return _json({"errorCode": facts.title, "moreInfo": "", "userMsg": facts.reason})


def _code_message(facts: _Facts) -> _Content:
    code = str(facts.status)
    return _json({"code": code, "message": facts.title, "description": facts.reason})


def _error_description(facts: _Facts) -> _Content:
    return _json({"error_code": facts.title, "error_description": facts.reason})


def _spring(facts: _Facts) -> _Content:
    return _json(
        {
            "timestamp": int(facts.now.timestamp() * 1000),
            "status": facts.status,
            "error": facts.title,
            "message": facts.reason or "No message available",
            "path": facts.path,
        }
    )


def _nothing(facts: _Facts) -> _Content:
    return (), b""


def _json(document: dict[str, object]) -> _Content:
    return (JSON_TYPE,), encode(document).encode()


FAULTS: dict[str, tuple[int, str, Callable[[_Facts], _Content]]] = {
    "no-token": (401, "900902", _xml),
    "expired-token": (401, "900903", _user_message),
    "foreign": (403, "900908", _user_message),
    "invalid": (400, "Bad Request", _code_message),
    "unknown": (404, "NOT_FOUND", _error_description),
    "no-path": (404, "Not Found", _spring),
    "wrong-method": (405, "Method Not Allowed", _spring),
    "not-json": (415, "Unsupported Media Type", _spring),
    "bug": (500, "Internal Server Error", _spring),
    "unavailable": (503, "Service Unavailable", _nothing),
    "length-required": (411, "Length Required", _code_message),
    "too-large": (413, "Content Too Large", _code_message),
    "long-target": (414, "URI Too Long", _code_message),
    "no-expectation": (417, "Expectation Failed", _code_message),
    "long-headers": (431, "Request Header Fields Too Large", _code_message),
    "not-implemented": (501, "Not Implemented", _code_message),
    "wrong-version": (505, "HTTP Version Not Supported", _code_message),
}
"""Each fault: HTTP status, title or code inside the envelope, envelope."""

_ENVELOPES = (_user_message, _error_description, _code_message, _spring, _xml)


def refusal(status: int, turn: int, path: str, now: datetime) -> Reply:
    """A refusal that no operation made: ``status`` in one of the envelopes, by ``turn``."""
    title = PHRASES.get(status, "Unassigned")
    facts = _Facts(status, title, "a fault on demand", path, now)
    return Reply(status, *_ENVELOPES[turn % len(_ENVELOPES)](facts))
