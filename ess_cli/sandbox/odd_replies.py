"""Oddities of what the sandbox answers to reads."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ess_cli.sandbox.criteria import equality_of
from ess_cli.sandbox.fields import Body, parse_object
from ess_cli.sandbox.replies import RefusedError, Reply, Request, encode
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.switches import THINGS, Around, Handle, Switch

HOSTILE = "\x1b[31m\x1b]8;;https://evil.example\x07<b>[/x][link=x]\u202e AT@$# T\u2028=1+1"
"""What ``hostile-text`` adds: colour, a link, markup, direction, a line, a formula."""

UNKNOWN_KEY = "x-unknown-to-the-reference"

_IDS = frozenset(("id", "del-cfg-id", "delivery-cfg-id", "file-id", "referenceId"))
_FREE_TEXT = frozenset(
    ("description", "svc-nm", "attempt-http-response-body", "response-details", "event-body")
)
_OFTEN_ABSENT = frozenset(("throttling", "evt-tp", "svc-nm"))
_SCHEDULE = frozenset(("cron-expression", "latest-event-only"))
_INSTANT = re.compile(r"[0-9-]{10}T[0-9:]{8}Z", re.ASCII)


def _answers(change: Callable[[Any, Request], Any]) -> Around:
    """A switch that changes the document of a read."""

    def around(handle: Handle) -> Handle:
        def odd(store: Store, request: Request) -> Reply:
            reply = handle(store, request)
            if reply.status != 200 or not reply.body or request.path.endswith("/authentication"):
                return reply
            return reply._replace(body=encode(change(json.loads(reply.body), request)).encode())

        return odd

    return around


def _objects(change: Callable[[Body], Body]) -> Callable[[Any, Request], Any]:
    """Changes every object of a document, the innermost first."""

    def within(document: Any) -> Any:
        if isinstance(document, list):
            return [within(each) for each in document]
        if isinstance(document, dict):
            return change({key: within(value) for key, value in document.items()})
        return document

    return lambda document, request: within(document)


def _values(change: Callable[[str, Any], Any]) -> Around:
    """A switch that changes the values of replies, each by its key."""
    return _answers(_objects(lambda row: {key: change(key, row[key]) for key in row}))


def _without(keys: frozenset[str]) -> Around:
    """A switch that leaves keys out of every object."""
    return _answers(
        _objects(lambda row: {key: value for key, value in row.items() if key not in keys})
    )


def _as_integer(key: str, value: Any) -> Any:
    is_id = key in _IDS and isinstance(value, str) and value.isascii() and value.isdigit()
    return int(value) if is_id else value


def _as_text(key: str, value: Any) -> Any:
    return str(value) if key in _IDS else value


def _with_milliseconds(key: str, value: Any) -> Any:
    is_instant = isinstance(value, str) and _INSTANT.fullmatch(value)
    return value[:-1] + ".000Z" if is_instant else value


def _with_hostile_text(key: str, value: Any) -> Any:
    if key not in _FREE_TEXT or not isinstance(value, str):
        return value
    if key != "event-body":
        return value + HOSTILE
    fields = _fields_of(value)
    names = [name for name in fields if name.endswith("_name")]
    return encode(fields | dict.fromkeys(names, HOSTILE)) if names else value


def _as_xml(key: str, value: Any) -> Any:
    fields = _fields_of(value) if key == "event-body" else {}
    inner = "".join(f"<{name}>{escape(str(each))}</{name}>" for name, each in fields.items())
    return f"<event>{inner}</event>" if fields else value


def _fields_of(event_body: str) -> Body:
    """The fields in an event's body; none where it is no JSON object."""
    try:
        fields = json.loads(event_body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _number_as_mdn(document: Any, request: Request) -> Any:
    if "mdn" in document:
        equality = equality_of(document["mdn"])
        document["mdn"] = equality.value if equality else document["mdn"]
    return document


def _next_page(change: Callable[[str, Request], str]) -> Around:
    """A switch that leads elsewhere for the next page."""

    def changed(document: Any, request: Request) -> Any:
        if "next-page-uri" in document:
            document["next-page-uri"] = change(document["next-page-uri"], request)
        return document

    return _answers(changed)


def _zipped(handle: Handle) -> Handle:
    def odd(store: Store, request: Request) -> Reply:
        reply = handle(store, request)
        if not reply.body or "gzip" not in request.headers.get("accept-encoding", ""):
            return reply
        headers = (*reply.headers, ("Content-Encoding", "gzip"))
        return reply._replace(headers=headers, body=gzip.compress(reply.body, mtime=0))

    return odd


def _at_the_same_place(request: Request) -> str:
    query = dict(parse_qsl(request.query))
    return urlencode({"offset": query.get("offset", "0"), "limit": query.get("limit", "50")})


def _with_unknown_keys(handle: Handle) -> Handle:
    told = _answers(_objects(lambda row: {**row, UNKNOWN_KEY: "to be kept"}))(handle)

    def odd(store: Store, request: Request) -> Reply:
        try:
            is_put = request.method == "PUT" and THINGS.fullmatch(request.path)
            if is_put and UNKNOWN_KEY not in parse_object(request.body):
                raise RefusedError("invalid", f"{UNKNOWN_KEY}: this PUT would lose it")
        except RefusedError as refused:
            return refused.reply(request.path, store.now())
        return told(store, request)

    return odd


ANSWERING: dict[str, Switch] = {
    "no-paged-result": Switch(
        "lists leave the block paged-result out", _without(frozenset(["paged-result"]))
    ),
    "no-next-page": Switch(
        "next-page-uri is left out, so that a full page is all there is to go by",
        _without(frozenset(["next-page-uri"])),
    ),
    "repeat-next-page": Switch(
        "next-page-uri leads to the same page again",
        _next_page(lambda uri, request: f"{request.path}?{_at_the_same_place(request)}"),
    ),
    "foreign-next-page-uri": Switch(
        "next-page-uri names another host",
        _next_page(lambda uri, request: f"https://elsewhere.example{uri}"),
        frozenset(["backslash-next-page-uri"]),
    ),
    "backslash-next-page-uri": Switch(
        "next-page-uri names a host that two parsers read as two",
        _next_page(lambda uri, request: f"https://elsewhere.example\\@127.0.0.1{uri}"),
    ),
    "ids-as-integers": Switch(
        "every id is an integer", _values(_as_integer), frozenset(["ids-as-text"])
    ),
    "ids-as-text": Switch("every id is text", _values(_as_text)),
    "mdn-number": Switch("the field mdn holds the number itself", _answers(_number_as_mdn)),
    "sparse": Switch("throttling, evt-tp and svc-nm are left out", _without(_OFTEN_ABSENT)),
    "no-schedule": Switch(
        "cron-expression and latest-event-only are left out, as in the schema", _without(_SCHEDULE)
    ),
    "unknown-keys": Switch(
        "every object has a key that nobody knows; a PUT that loses it is refused",
        _with_unknown_keys,
    ),
    "millis": Switch("timestamps have milliseconds", _values(_with_milliseconds)),
    "hostile-text": Switch(
        "free text has control characters and markup", _values(_with_hostile_text)
    ),
    "xml-event-bodies": Switch("event-body is XML", _values(_as_xml), frozenset(["hostile-text"])),
    "gzip": Switch("bodies are compressed for who takes that", _zipped),
}
