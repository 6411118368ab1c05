"""Bytes and status → error: what the service's refusals mean.

The service has no single error envelope (field notes, "Errors"): the bytes decide, not the
Content-Type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

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
    WrongShape,
)
from ess_cli.redaction import redact

RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_REASON = 200
_LONGEST_SECRET = 4096
# As far as a reply is searched for a reason. What is shown is cut only after secrets in it have
# been masked: half of one would not be recognised.
_SEARCHED = 16384

# (code, text) keys of the JSON envelopes seen on this host, in the order of how telling they are.
_CODE_KEYS = ("error_code", "errorCode", "code")
_TEXT_KEYS = ("error_description", "userMsg", "description", "message", "moreInfo", "error")
_XML_CODE = re.compile(r"<(?:\w+:)?code>([^<]{1,80})</", re.ASCII)
_XML_TEXT = re.compile(r"<(?:\w+:)?(?:description|message)>([^<]{1,400})</", re.ASCII)
_TITLE = re.compile(r"<title[^>]*>([^<]{1,400})</", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]{2}|[/\\]{2}")


class Reply(NamedTuple):
    """What came back.

    Attributes:
        status: the HTTP status.
        headers: case-insensitive.
        body: the decoded bytes, possibly none; of a refusal, their beginning.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def reason(body: bytes) -> str:
    """What an error reply says, in one line: text and code; empty where it says nothing."""
    text = _beginning(body).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return _in_xml(text)
    try:
        document = decode(body)
    except ValueError:
        return _one_line(text)
    if isinstance(document, list) and document:
        document = document[0]
    if isinstance(document, dict):
        nested = document.get("error")
        return _in_object(nested if isinstance(nested, dict) else document) or _one_line(text)
    if isinstance(document, str | int | float):
        return _one_line(str(document))
    return _one_line(text) if document else ""


def _beginning(body: bytes) -> str:
    """How a body begins, without secrets: not even a part of one that the cut goes through."""
    text = redact(body[:_SEARCHED].decode("utf-8", "replace"))
    return text if len(body) <= _SEARCHED else text[:-_LONGEST_SECRET]


def _in_object(document: dict[str, Any]) -> str:
    return _joined(_first(document, _CODE_KEYS), _first(document, _TEXT_KEYS))


def _first(document: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = document.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return _one_line(str(value))
    return ""


def _in_xml(text: str) -> str:
    from html import unescape

    code, said = _XML_CODE.search(text), _XML_TEXT.search(text)
    if code or said:
        return _joined(
            _one_line(unescape(code[1])) if code else "",
            _one_line(unescape(said[1])) if said else "",
        )
    title = _TITLE.search(text)
    return "a page, not data: " + _one_line(unescape(title[1] if title else _TAG.sub(" ", text)))


def _joined(code: str, text: str) -> str:
    return f"{text} ({code})" if code and text else code or text


def _one_line(text: str) -> str:
    return " ".join(redact(text).split())[:_LONGEST_REASON]


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
    if status < 400:
        return _no_answer(reply, request, look)
    said = reason(reply.body)
    message = f"{request}: {status}" + (f": {said}" if said else "")
    if status in (401, 403):
        return CredentialsRefused(message, http=status)
    if status == 404:
        return NotFound(message, http=status)
    if status == 429:
        return Temporary(f"{message}: the service asks for fewer calls", http=status)
    if status >= 500 or status == 408:
        return unknown(message, look, status) if look else Temporary(message, http=status)
    hint = "--debug shows the request; --dry-run shows a body before it is sent"
    return Rejected(message, http=status, hint=hint if status in (400, 409, 422) else None)


def _no_answer(reply: Reply, request: str, look: str | None) -> EssError:
    """The error for a status under 200 or from 300 to 399."""
    status = reply.status
    if status == 304:
        if look is not None:
            return Rejected(f"{request}: 304: the update failed", http=status)
        return BadReply(f"{request}: 304 answers a question that was not asked", http=status)
    if status < 300:
        message = f"{request}: {status} is no whole answer"
        return unknown(message, look, status) if look else BadReply(message, http=status)
    target = _host(reply.headers.get("Location", ""))
    if look is not None:
        return unknown(f"{request}: {status}: redirected to {target}", look, status)
    return Redirected(request, target, status)


def unknown(message: str, look: str, http: int | None = None) -> OutcomeUnknown:
    """A write whose outcome nobody knows, saying how to look."""
    return OutcomeUnknown(
        message,
        http=http,
        details=("  the change may or may not have been made",),
        hint=f"look before trying again: {look}",
    )


def not_json(reply: Reply, request: str, why: str) -> NotJson:
    """A reply that should have been JSON: status, type and how it begins."""
    return NotJson(
        f"{request}: the reply is not usable JSON: {why}",
        details=_facts(reply),
        hint="is the base URL right? `ess profile show` says where it comes from",
        http=reply.status,
    )


def wrong_shape(reply: Reply, request: str, why: str) -> WrongShape:
    """A reply that is JSON, but not as documented: status, type and how it begins."""
    return WrongShape(
        f"{request}: {why}",
        details=_facts(reply),
        hint="--debug shows the request; `ess api GET` shows the reply as it came",
        http=reply.status,
    )


def _facts(reply: Reply) -> tuple[str, str]:
    kind = redact(reply.headers.get("Content-Type", "no content type"))[:_LONGEST_REASON]
    begins = _beginning(reply.body).strip()[:_LONGEST_REASON]
    return f"  {reply.status}, {kind}", f"  begins: {begins}" if begins else "  empty"


def _host(location: str) -> str:
    """Where a Location leads, without user info, as browsers read it: a backslash is a slash."""
    absolute = _AUTHORITY.match(location)
    if absolute is None:
        return "another path of the same host" if location else "nowhere"
    authority = re.split(r"[/\\?#]", location[absolute.end() :], maxsplit=1)[0]
    return redact(authority.rpartition("@")[2])[:_LONGEST_REASON] or "nowhere"


def retry_after_s(reply: Reply) -> float | None:
    """Seconds the service asks to wait; None where it does not say, or says nonsense."""
    text = reply.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return float(text)
    if not text or len(text) > 40:
        return None
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
