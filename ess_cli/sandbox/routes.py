"""The 24 operations of the reference, one row each, and the one way into them.

Nothing else of the program describes the service to the sandbox: field names, paths and rules
are read from the API reference a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from ess_cli.sandbox import catalogue, configurations, deliveries, dumps, subscriptions
from ess_cli.sandbox.fields import parse_object
from ess_cli.sandbox.replies import RefusedError, Reply, Request
from ess_cli.sandbox.routing import Call, Route, Router
from ess_cli.sandbox.store import Store

PREFIX = "/ess/v1"

EXPIRED_TOKEN = "expired"  # noqa: S105 - a word that everybody may know
"""The token that is always refused, so that an expired one can be rehearsed."""

ROUTES = (
    Route("GET", "/topic-subscriptions", subscriptions.list_subscriptions),
    Route("GET", "/topic-subscriptions/mdn", subscriptions.find_by_criteria),
    Route("GET", "/topic-subscriptions/uniqueMdnCount", subscriptions.count_numbers),
    Route("POST", "/handled-event-deliveries", deliveries.mark_handled),
    Route("GET", "/delivery-configurations", configurations.list_configurations),
    Route("POST", "/delivery-configurations", configurations.create_configuration),
    Route("GET", "/delivery-configurations/{del-config-id}", configurations.get_configuration),
    Route("PUT", "/delivery-configurations/{del-config-id}", configurations.replace_configuration),
    Route(
        "GET",
        "/delivery-configurations/{del-config-id}/authentication",
        configurations.get_authentication,
    ),
    Route(
        "PUT",
        "/delivery-configurations/{del-config-id}/authentication",
        configurations.replace_authentication,
    ),
    Route("GET", "/topics", catalogue.list_topics),
    Route("POST", "/topics/{ID}/subscriptions", subscriptions.create_subscription),
    Route(
        "GET",
        "/topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}",
        subscriptions.get_subscription,
    ),
    Route(
        "PUT",
        "/topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}",
        subscriptions.replace_subscription,
    ),
    Route("GET", "/topics/{ID}/event-types", catalogue.list_topic_event_types),
    Route("GET", "/topics/{ID}/dump-subscriptions", dumps.dump_subscriptions),
    Route("GET", "/dictionaries/{DICT_CODE}", catalogue.get_dictionary),
    Route("GET", "/event-deliveries", deliveries.list_deliveries),
    Route("GET", "/event-deliveries/summary", deliveries.summarize),
    Route("GET", "/event-deliveries/{EVT_ID}:{DEL_CFG_ID}/tracking", deliveries.track),
    Route("GET", "/event-types", catalogue.list_event_types),
    Route("GET", "/event-types/{CODE}", catalogue.get_event_type),
    Route("GET", "/event-delivery-attempts", deliveries.list_attempts),
    Route("GET", "/event-buffer-files", deliveries.list_buffer_files),
)

_ROUTER = Router(PREFIX, ROUTES)


def handle(store: Store, request: Request) -> Reply:
    """What the service answers to ``request``: the same for the adapter and the server.

    Checked in this order: path (404), method (405), token (401), media type of a write (415),
    body (400), then the operation's own rules.

    Raises:
        SandboxUnusable: the database is damaged, busy or not writable.
    """
    try:
        methods, args = _ROUTER.find(request.path)
        operation = methods.get(request.method)
        if operation is None:
            raise RefusedError("wrong-method", allow=", ".join(methods))
        _check_token(request.headers)
        body = {}
        if request.method != "GET":
            _check_media_type(request.headers)
            body = parse_object(request.body)
        return operation(store, Call(args, _parameters(request.query), body))
    except RefusedError as refused:
        return refused.reply(request.path, store.now())


def _parameters(query: str) -> dict[str, str]:
    if not query:
        return {}
    # Reversed, so that the first of a name stays.
    return dict(reversed(parse_qsl(query, keep_blank_values=True)))


def _check_token(headers: Mapping[str, str]) -> None:
    # user-token is marked as required throughout, yet never demanded (field notes, H).
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise RefusedError("no-token", "Authorization: Bearer <token> is missing")
    if token == EXPIRED_TOKEN:
        raise RefusedError("expired-token", "The access token has expired")


def _check_media_type(headers: Mapping[str, str]) -> None:
    media_type = headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise RefusedError("not-json", "Content-Type must be application/json")
