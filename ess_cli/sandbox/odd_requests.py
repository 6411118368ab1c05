"""Oddities of what the sandbox takes: requests read otherwise, or refused."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode

from ess_cli.sandbox.criteria import MalformedError, parse
from ess_cli.sandbox.fields import parse_object
from ess_cli.sandbox.replies import RefusedError, Reply, Request
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.switches import THINGS, Around, Handle, Switch

LARGEST_PAGE = 10
"""So many rows ``page-cap`` gives at most."""


def _asks(change: Callable[[dict[str, str], Request], None]) -> Around:
    """A switch that changes what a read asks for."""

    def around(handle: Handle) -> Handle:
        def odd(store: Store, request: Request) -> Reply:
            if request.method == "GET":
                query = dict(reversed(parse_qsl(request.query, keep_blank_values=True)))
                change(query, request)
                request = request._replace(query=urlencode(query, quote_via=quote))
            return handle(store, request)

        return odd

    return around


def _ignore_offset(query: dict[str, str], request: Request) -> None:
    query.pop("offset", None)


def _overlap(query: dict[str, str], request: Request) -> None:
    offset = query.get("offset", "")
    if offset.isascii() and offset.isdigit() and int(offset[:19]) > 0:
        query["offset"] = str(int(offset[:19]) - 1)


def _cap(query: dict[str, str], request: Request) -> None:
    # Where the sandbox demands a limit, it still does.
    is_optional = not request.path.startswith("/ess/v1/topic-subscriptions")
    limit = query.get("limit", "1000" if is_optional else "")
    if limit.isascii() and limit.isdigit() and int(limit[:19]) > LARGEST_PAGE:
        query["limit"] = str(LARGEST_PAGE)


def _checks(check: Callable[[Request], None]) -> Around:
    """A switch that refuses what the sandbox would take."""

    def around(handle: Handle) -> Handle:
        def odd(store: Store, request: Request) -> Reply:
            try:
                check(request)
            except RefusedError as refused:
                return refused.reply(request.path, store.now())
            return handle(store, request)

        return odd

    return around


def _check_criteria(request: Request) -> None:
    found = THINGS.fullmatch(request.path)
    if request.method in ("POST", "PUT") and found and found[1]:
        criteria = parse_object(request.body).get("match-crt", "")
        try:
            parse(criteria if isinstance(criteria, str) else "")
        except MalformedError as error:
            raise RefusedError("invalid", f"match-crt: {error}") from None


def _check_user_token(request: Request) -> None:
    if not request.headers.get("user-token"):
        raise RefusedError("no-token", "user-token is missing")


def _not_modified(handle: Handle) -> Handle:
    def odd(store: Store, request: Request) -> Reply:
        return Reply(304) if request.method == "PUT" else handle(store, request)

    return odd


ASKING: dict[str, Switch] = {
    "ignore-offset": Switch("every page of a list is its first", _asks(_ignore_offset)),
    "overlap-pages": Switch("each page begins with the last row before it", _asks(_overlap)),
    "page-cap": Switch(f"pages of {LARGEST_PAGE} rows at most, and it says so", _asks(_cap)),
    "strict-criteria": Switch(
        "criteria that do not parse are refused, with the place", _checks(_check_criteria)
    ),
    "needs-user-token": Switch("401 without a user-token", _checks(_check_user_token)),
    "304-on-put": Switch("a PUT answers 304 and changes nothing", _not_modified),
}
