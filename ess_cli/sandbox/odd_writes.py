"""Oddities of what the sandbox answers to writes, and of what is seen of them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from secrets import token_hex
from urllib.parse import parse_qsl, quote, urlencode

from ess_cli.sandbox.replies import JSON_TYPE, RefusedError, Reply, Request, encode
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.switches import THINGS, Around, Handle, Switch
from ess_cli.sandbox.tokens import has_ended

LAG_READS = 5
"""For so many reads, ``lag`` does not show a new thing."""

_TABLES = {
    "subscriptions": "SELECT max(id) FROM subscriptions",
    "configurations": "SELECT max(id) FROM configurations",
}
_LISTS = {"topic-subscriptions": "subscriptions", "delivery-configurations": "configurations"}


def _written(change: Callable[[Reply, str, str], Reply]) -> Around:
    """A switch that changes the reply to a change of a subscription or a configuration.

    ``change`` gets the reply, which is a success, and the id and the path of the thing.
    """

    def around(handle: Handle) -> Handle:
        lock = threading.Lock()

        def odd(store: Store, request: Request) -> Reply:
            found = THINGS.fullmatch(request.path)
            if not found or request.method not in ("POST", "PUT"):
                return handle(store, request)
            # One at a time: the newest one is then the one that was just made.
            with lock:
                reply = handle(store, request)
                if reply.status >= 300:
                    return reply
                path = request.path if found[3] else f"{request.path}/{_newest(store, found)}"
            return change(reply, path.rpartition("/")[2], path)

        return odd

    return around


def _newest(store: Store, found: re.Match[str]) -> int:
    row = store.row(_TABLES[found[1] or found[2]])
    return int(row[0]) if row else 0


def _with_body(reply: Reply, made_id: str, path: str) -> Reply:
    headers = (*reply.headers, JSON_TYPE)
    return reply._replace(headers=headers, body=encode({"id": made_id}).encode())


def _with_location(reply: Reply, made_id: str, path: str) -> Reply:
    return reply._replace(headers=(*reply.headers, ("Location", path)))


def _lagging(handle: Handle) -> Handle:
    """New things are not seen by the next few reads."""
    reads_left: dict[tuple[str, str], int] = {}
    lock = threading.Lock()

    def odd(store: Store, request: Request) -> Reply:
        found = THINGS.match(request.path)
        with lock:
            if request.method != "GET":
                reply = handle(store, request)
                if request.method == "POST" and found and reply.status < 300:
                    kind = found[1] or found[2]
                    reads_left[kind, str(_newest(store, found))] = LAG_READS
                return reply
            hidden = set(reads_left)
            for thing in hidden:
                reads_left[thing] -= 1
                if not reads_left[thing]:
                    del reads_left[thing]
        if found and found[3] and (found[1] or found[2], found[3][1:]) in hidden:
            return RefusedError("unknown", "not found yet").reply(request.path, store.now())
        reply = handle(store, request)
        return reply if reply.status != 200 or not hidden else _unseen(reply, hidden)

    return odd


def _unseen(reply: Reply, hidden: set[tuple[str, str]]) -> Reply:
    document = json.loads(reply.body)
    for name, kind in _LISTS.items():
        if name in document:
            rows = document[name]
            kept = [row for row in rows if (kind, str(row.get("id"))) not in hidden]
            document[name] = kept
    return reply._replace(body=encode(document).encode())


def _token_unchanged(handle: Handle) -> Handle:
    """A refresh gives a token that is still good back, and it stays good.

    NOTE: that its lifetime under --expire-tokens is over is not known here; a token that a refresh
    replaced, or whose validity is over, is replaced as ever.
    """

    def odd(store: Store, request: Request) -> Reply:
        query = dict(reversed(parse_qsl(request.query, keep_blank_values=True)))
        old = query.get("oldtoken", "")
        if not request.path.endswith("/apptoken-refresh") or not old or has_ended(store, old):
            return handle(store, request)
        # All else is checked as ever, and a token that nobody has is replaced.
        query["oldtoken"] = f"in place of {token_hex(16)}"
        reply = handle(store, request._replace(query=urlencode(query, quote_via=quote)))
        if reply.status != 200:
            return reply
        document = json.loads(reply.body) | {"accessToken": old}
        return reply._replace(body=encode(document).encode())

    return odd


def _with_status(status: int) -> Switch:
    around = _written(lambda reply, made_id, path: reply._replace(status=status))
    others = {f"write-{other}" for other in (200, 201, 202, 204) if other != status}
    excludes = frozenset(others | {"write-body"}) if status == 204 else frozenset(others)
    return Switch(f"writes answer {status}", around, excludes)


WRITING: dict[str, Switch] = {
    "lag": Switch(f"what is created is not seen by the next {LAG_READS} reads", _lagging),
    "token-unchanged": Switch(
        "a refresh gives a token that is still good back unchanged", _token_unchanged
    ),
    "write-body": Switch("writes answer a body with the id", _written(_with_body)),
    "write-location": Switch("writes name the thing in Location", _written(_with_location)),
    "write-200": _with_status(200),
    "write-201": _with_status(201),
    "write-202": _with_status(202),
    "write-204": _with_status(204),
}
