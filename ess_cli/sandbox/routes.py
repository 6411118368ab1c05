"""The 24 operations of the reference, one row each, what stands beside them, and the one way in.

Nothing else of the program describes the service to the sandbox: field names, paths and rules
are read from the API reference a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from ess_cli.sandbox import (
    catalogue,
    configurations,
    deliveries,
    dumps,
    media,
    subscriptions,
    tokens,
)
from ess_cli.sandbox.fields import parse_object
from ess_cli.sandbox.replies import RefusedError, Reply, Request
from ess_cli.sandbox.routing import Call, Route, Router
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.tokens import Keeper

PREFIX = "/ess/v1"

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

BESIDE = (
    Route("GET", "/mediastorage/v1/files/{file-id}/content", media.get_content),
    Route("GET", "/saop-rest-data/v1/apptoken-refresh", tokens.refresh),
    Route("GET", "/apptoken-refresh", tokens.refresh),
)
"""What the field notes know of on the same host."""

_BESIDE = Router("", BESIDE)


def handle(store: Store, request: Request, keeper: Keeper | None = None) -> Reply:
    """What the service answers to ``request``: the same for the adapter and the server.

    Args:
        store: the state.
        request: as it came.
        keeper: of a server; None asks the database about the token each time.

    Checked in this order: path (404), method (405), token (401), media type of a write (415),
    body (400), then the operation's own rules.

    Raises:
        SandboxUnusable: the database is damaged, busy or not writable.
    """
    try:
        router = _ROUTER if request.path.startswith(PREFIX) else _BESIDE
        methods, args = router.find(request.path)
        operation = methods.get(request.method)
        if operation is None:
            raise RefusedError("wrong-method", allow=", ".join(methods))
        if operation is not tokens.refresh:
            tokens.check(store, request.headers, keeper)
        body = {}
        if request.method != "GET":
            _check_media_type(request.headers)
            body = parse_object(request.body)
        try:
            return operation(store, Call(args, _parameters(request.query), body, request.headers))
        finally:
            if keeper is not None and operation is tokens.refresh:
                keeper.forget()
    except RefusedError as refused:
        return refused.reply(request.path, store.now())


def _parameters(query: str) -> dict[str, str]:
    if not query:
        return {}
    # Reversed, so that the first of a name stays.
    return dict(reversed(parse_qsl(query, keep_blank_values=True)))


def _check_media_type(headers: Mapping[str, str]) -> None:
    media_type = headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise RefusedError("not-json", "Content-Type must be application/json")
