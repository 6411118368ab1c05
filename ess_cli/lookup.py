"""Finding things by what users call them: work made of several reads.

Returns data; never prints, never asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

from ess_cli.api.delivery_cfg import get_configuration, list_configurations
from ess_cli.api.http import Http
from ess_cli.api.paging import Window
from ess_cli.api.shapes import rows_of
from ess_cli.api.subs import find_by_criteria, get_subscription, list_subscriptions
from ess_cli.errors import AmbiguousName, UnknownConfiguration, UnknownSubscription
from ess_cli.records import Configuration, NewSubscription, Subscription

# The only topic that /topic-subscriptions/mdn is documented for.
NUMBER_TOPIC = "NIS-Events"

RowT = TypeVar("RowT", bound=Mapping[str, Any])


class Named(NamedTuple):
    """A configuration as the user named it.

    Attributes:
        id: always known.
        name: None where only an id was given and nothing was looked up.
    """

    id: str
    name: str | None

    def __str__(self) -> str:
        return f"{self.id} {self.name}" if self.name else self.id


def choose_configuration(known: Iterable[Configuration], text: str) -> Named:
    """The configuration with this id, else with this name.

    Raises:
        UnknownConfiguration: there is none; names close to it are mentioned.
        AmbiguousName: two have the name.
    """
    rows = list(known)
    for row in rows:
        if str(row.get("id")) == text:
            return Named(text, row.get("del-cfg-nm"))
    matches = [row for row in rows if row.get("del-cfg-nm") == text]
    if not matches:
        names = [str(row.get("del-cfg-nm", "")) for row in rows]
        raise UnknownConfiguration(text, tuple(get_close_matches(text, names, 3)))
    if len(matches) > 1:
        raise AmbiguousName(text, tuple(str(row.get("id")) for row in matches))
    return Named(str(matches[0].get("id")), text)


def objects_under(document: Mapping[str, Any], key: str, request: str) -> list[dict[str, Any]]:
    """The objects in a list within a reply; none where the key is absent or null.

    Raises:
        WrongShape: something else stands there.
    """
    return [] if document.get(key) is None else rows_of(document, key, request)


def is_id(text: str) -> bool:
    """Whether a text is sent as an id without being looked up: all digits."""
    return text.isascii() and text.isdigit()


def find_listed_subscription(http: Http, subscription_id: str) -> Subscription:
    """A subscription's entry in the list; reading stops where it is found.

    Raises:
        UnknownSubscription: the list does not have it.
    """
    found = listed_subscription(http, subscription_id)
    if found is None:
        raise UnknownSubscription(subscription_id)
    return found


def listed_subscription(http: Http, subscription_id: str) -> Subscription | None:
    """As :func:`find_listed_subscription`; None where the list does not have it."""
    for row in list_subscriptions(http, Window()):
        if str(row.get("id")) == subscription_id:
            return row
    return None


def same_subscriptions(
    http: Http, topic: str, body: NewSubscription, *, by_number: bool
) -> list[Subscription]:
    """Subscriptions that already do what ``body`` asks for, so that none is made twice.

    Args:
        http: the service.
        topic: its name.
        body: what would be sent.
        by_number: the criteria are one number's, so that the service can look them up itself;
            only when that finds something is the list read, for the id.
    """
    if by_number and topic == NUMBER_TOPIC and not _number_is_subscribed(http, topic, body):
        return []
    return [
        row for row in list_subscriptions(http, Window()) if is_same_subscription(row, topic, body)
    ]


def _number_is_subscribed(http: Http, topic: str, body: NewSubscription) -> bool:
    reply = find_by_criteria(http, topic, body["match-crt"], Window().page_size)
    groups = objects_under(reply, "subscriptions", "GET /topic-subscriptions/mdn")
    return any(str(group.get("delivery-cfg-id")) == body["del-cfg-id"] for group in groups)


def is_same_subscription(row: Mapping[str, Any], topic: str, body: NewSubscription) -> bool:
    """Whether a listed subscription has the topic, target, event type and criteria of ``body``.

    Dates do not count: two that differ in them only would still both deliver. Blanks in the
    criteria do not count either.
    """
    return (
        row.get("topic-nm") == topic
        and str(row.get("del-cfg-id")) == body["del-cfg-id"]
        and (row.get("evt-tp") or None) == (body.get("evt-tp") or None)
        and _normal(str(row.get("match-crt") or "")) == _normal(body["match-crt"])
    )


def _normal(criteria: str) -> tuple[str, ...]:
    """Criteria without the blanks that mean nothing: those outside quotes."""
    parts = criteria.split("'")
    return tuple(part if index % 2 else "".join(part.split()) for index, part in enumerate(parts))


def created_subscription(
    http: Http,
    topic: str,
    body: NewSubscription,
    document: Any,
    headers: Mapping[str, str],
    known_ids: set[str],
) -> Subscription | None:
    """The subscription that a POST made: by its reply, else by the list; None where not seen."""
    made_id = new_id(document, headers)
    if made_id:
        return get_subscription(http, topic, made_id)
    rows = list_subscriptions(http, Window())
    return _only_new(rows, known_ids, lambda row: is_same_subscription(row, topic, body))


def created_configuration(
    http: Http, name: str, document: Any, headers: Mapping[str, str], known_ids: set[str]
) -> Configuration | None:
    """The configuration that a POST made, as :func:`created_subscription`."""
    made_id = new_id(document, headers)
    if made_id:
        return get_configuration(http, made_id)
    rows = list_configurations(http, Window())
    return _only_new(rows, known_ids, lambda row: row.get("del-cfg-nm") == name)


def new_id(document: Any, headers: Mapping[str, str]) -> str | None:
    """The id of a thing just made: from the reply's body, else its Location; None without."""
    if isinstance(document, dict) and isinstance(document.get("id"), str | int):
        return str(document["id"])
    # NOTE: only the last segment is taken; where the Location leads is nobody's business.
    last = headers.get("Location", "").split("?")[0].rstrip("/").rpartition("/")[2]
    return last or None


def with_id(
    body: Mapping[str, Any], document: Any, headers: Mapping[str, str]
) -> Mapping[str, Any]:
    """What was sent, with the id that the reply gave the thing made of it, if any."""
    made_id = new_id(document, headers)
    return {"id": made_id, **body} if made_id else body


def _only_new(
    rows: Iterable[RowT], known_ids: set[str], is_it: Callable[[RowT], bool]
) -> RowT | None:
    found = [row for row in rows if str(row.get("id")) not in known_ids and is_it(row)]
    return found[0] if len(found) == 1 else None
