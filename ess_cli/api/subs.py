"""Subscriptions."""

from __future__ import annotations

from typing import Any, cast

from ess_cli.api.faults import Reply
from ess_cli.api.http import Http
from ess_cli.api.paging import Listing, Window
from ess_cli.api.paths import segment
from ess_cli.api.shapes import an_object
from ess_cli.records import NewSubscription, NumberSubscriptions, Subscription


def list_subscriptions(http: Http, window: Window) -> Listing[Subscription]:
    """All subscriptions of the company, whatever the topic: ``GET /topic-subscriptions``.

    ``limit`` is required there. Ended ones: UNKNOWN whether the service lists them.
    """
    return Listing(http, "/topic-subscriptions", "topic-subscriptions", window, ("id",))


def find_by_criteria(http: Http, topic: str, criteria: str, limit: int) -> NumberSubscriptions:
    """Who is subscribed with these criteria: ``GET /topic-subscriptions/mdn``.

    The reference names ``NIS-Events`` as the only topic. ``mdn`` in the reply is the criteria.
    """
    query = (("topicId", topic), ("matchingCriteria", criteria), ("limit", str(limit)))
    path = "/topic-subscriptions/mdn"
    return cast(NumberSubscriptions, http.read(path, an_object, query))


def count_numbers(http: Http) -> dict[str, Any]:
    """How many different numbers are subscribed: ``GET /topic-subscriptions/uniqueMdnCount``."""
    path = "/topic-subscriptions/uniqueMdnCount"
    return http.read(path, an_object)


def get_subscription(http: Http, topic: str, subscription_id: str) -> Subscription:
    """One subscription: ``GET /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}``.

    ``del-cfg-id`` is an integer here; the configuration's name is left out, and so is ``end-date``.
    """
    path = subscription_path(topic, subscription_id)
    return cast(Subscription, http.read(path, an_object))


def create_subscription(http: Http, topic: str, body: NewSubscription) -> tuple[Any, Reply]:
    """Subscribe: ``POST /topics/{ID}/subscriptions``.

    Returns:
        The reply's document, None where it is empty (the reference documents none), and the reply.
    """
    look = f"ess subs list --topic {topic} --cfg {body['del-cfg-id']}"
    return http.post(subscriptions_path(topic), body, look)


def replace_subscription(
    http: Http, topic: str, subscription_id: str, body: dict[str, Any]
) -> tuple[Any, Reply]:
    """Replace the whole of it: ``PUT /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}``.

    Keys left out are lost (field notes, H).
    """
    look = f"ess subs get {topic} {subscription_id}"
    return http.put(subscription_path(topic, subscription_id), body, look)


def subscriptions_path(topic: str) -> str:
    """The path of a topic's subscriptions below the base URL."""
    return f"/topics/{segment('topic', topic)}/subscriptions"


def subscription_path(topic: str, subscription_id: str) -> str:
    """The path of one subscription below the base URL."""
    return f"{subscriptions_path(topic)}/{segment('subscription', subscription_id)}"
