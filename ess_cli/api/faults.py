"""Bytes and status → error: what the service's refusals mean.

The service has no single error envelope (field notes, "Errors"): the bytes decide, not the
Content-Type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ess_cli.api.decoding import decode
from ess_cli.errors import (
    BadReply,
    CredentialsRefused,
    EssError,
    NotFound,
    NotJson,
    OutcomeUnknown,
    Redirected,
    Rejected,
    Temporary,
)

RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_REASON = 200

# (code, text) keys of the JSON envelopes seen on this host, in the order of how telling they are.
_CODE_KEYS = ("error_code", "errorCode", "code", "status")
_TEXT_KEYS = ("error_description", "userMsg", "description", "message", "moreInfo", "error")
_XML_CODE = re.compile(rb"<(?:\w+:)?code>([^<]{1,80})</", re.ASCII)
_XML_TEXT = re.compile(rb"<(?:\w+:)?(?:description|message)>([^<]{1,400})</", re.ASCII)


class Reply(NamedTuple):
    """What came back.

    Attributes:
        status: the HTTP status.
        headers: case-insensitive.
        body: the decoded bytes, possibly none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def reason(body: bytes) -> str:
    """What an error reply says, in one line: code and text; empty where it says nothing."""
    if body.lstrip()[:1] == b"<":
        return _reason_in_xml(body)
    try:
        document = decode(body)
    except ValueError:
        return body[:_LONGEST_REASON].decode("utf-8", "replace").strip()
    if not isinstance(document, dict):
        return str(document)[:_LONGEST_REASON] if document else ""
    nested = document.get("error")
    if isinstance(nested, dict):
        document = nested
    return _joined(_first(document, _CODE_KEYS), _first(document, _TEXT_KEYS))


def _first(document: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = document.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)[:_LONGEST_REASON]
    return ""


def _joined(code: str, text: str) -> str:
    return f"{text} ({code})" if code and text else code or text


def _reason_in_xml(body: bytes) -> str:
    code = _XML_CODE.search(body[:10_000])
    text = _XML_TEXT.search(body[:10_000])
    if not code and not text:
        return (
            "a page, not data: "
            + " ".join(re.sub(rb"<[^>]*>", b" ", body[:2000]).decode("utf-8", "replace").split())[
                :80
            ]
        )
    return _joined(
        code[1].decode("utf-8", "replace") if code else "",
        text[1].decode("utf-8", "replace") if text else "",
    )


def fault(reply: Reply, request: str, look: str | None) -> EssError | None:
    """The error that a reply stands for; None where it is a success.

    Args:
        reply: what came back.
        request: method and path, for the message.
        look: for a write, how to look what became of it; None for a read.
    """
    status = reply.status
    if 200 <= status < 300:
        return None
    said = reason(reply.body)
    message = f"{request}: {status}" + (f": {said}" if said else "")
    writes = look is not None
    if status in (401, 403):
        return CredentialsRefused(f"{message or request}", http=status)
    if status == 404:
        return NotFound(message, http=status)
    if status == 304 and writes:
        return Rejected(f"{request}: 304: the update failed", http=status)
    if status == 429:
        return Temporary(f"{message}: the service asks for fewer calls", http=status)
    if status < 400:
        if writes:
            return unknown(f"{request}: {status} redirected to {_host(reply)}", look, status)
        if status < 300 or status == 304:
            return BadReply(f"{request}: {status} is no answer to this request", http=status)
        return Redirected(request, _host(reply), status)
    if status >= 500 or status == 408:
        if writes:
            return unknown(message, look, status)
        return Temporary(message, http=status)
    return Rejected(message, http=status, hint=_hint_on_rejection(status))


def unknown(message: str, look: str | None, http: int | None = None) -> OutcomeUnknown:
    """A write whose outcome nobody knows, saying how to look."""
    return OutcomeUnknown(
        message,
        http=http,
        details=("  the change may or may not have been made; it was not sent again",),
        hint=f"look before trying again: {look}",
    )


def not_json(reply: Reply, request: str, why: str) -> NotJson:
    """A reply that should have been JSON: status, type and how it begins."""
    kind = reply.headers.get("Content-Type", "no content type")
    begins = reply.body[:_LONGEST_REASON].decode("utf-8", "replace")
    return NotJson(
        f"{request}: the reply is not usable JSON: {why}",
        details=(f"  {reply.status}, {kind}", f"  begins: {begins}" if begins else "  empty"),
        hint="is the base URL right? `ess profile show` says where it comes from",
        http=reply.status,
    )


def _hint_on_rejection(status: int) -> str | None:
    return (
        "--debug shows the request; --dry-run shows a body before it is sent"
        if (status in (400, 409, 422))
        else None
    )


def _host(reply: Reply) -> str:
    try:
        return urlsplit(reply.headers.get("Location", "")).netloc.rpartition("@")[2] or "elsewhere"
    except ValueError:
        return "elsewhere"
