"""The nouns: the service's own objects under its own keys, as the reference documents them.

A record is the object itself, so that JSON output is what the service sent and unknown keys
survive a GET → PUT. Which keys are absent, and when, stands beside each; ids are text everywhere
but where noted (field notes, oddity 1), and are compared as text.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

Topic = TypedDict(
    "Topic",
    {
        "topic-nm": str,
        "svc-nm": NotRequired[str],  # absent for topics of no service
        "evt-tp-list": list[str],
    },
)


class Field(TypedDict):
    """One field of an event type."""

    type: str
    mandatory: bool


EventType = TypedDict(
    "EventType",
    {
        "id": str,
        "validation-type": str,  # "strict" or "allow-additional-fields"
        "fields": dict[str, Field],
    },
)

Subscription = TypedDict(
    "Subscription",
    {
        "id": str,
        "topic-nm": str,
        "del-cfg-id": "str | int",  # text in lists, an integer in the single GET
        "del-cfg-nm": NotRequired[str],  # in lists only
        "evt-tp": NotRequired[str],  # absent: every event type of the topic (field notes, M)
        "match-crt": str,
        "start-date": str,  # 1970-01-01T00:00:00Z: always
    },
)

# What a POST of a subscription sends.
NewSubscription = TypedDict(
    "NewSubscription",
    {
        "del-cfg-id": str,
        "evt-tp": NotRequired[str],
        "match-crt": str,
        "start-date": str,
        "end-date": "str | None",
    },
)

NumberSubscriptions = TypedDict(
    "NumberSubscriptions",
    {
        "mdn": str,  # the criteria text, not a number (field notes, oddity 3)
        "topic-name": str,
        "subscriptions": list[dict[str, Any]],
    },
)

Configuration = TypedDict(
    "Configuration",
    {
        "id": str,
        "del-cfg-nm": str,
        "del-prtcl-cd": str,
        "addr": str,
        "del-fmt-cd": str,
        "is-active": bool,
        "throttling": NotRequired[int],  # events per minute (field notes, M); absent: no limit
        "cron-expression": NotRequired[str],  # scheduled ones, in the list only
        "latest-event-only": NotRequired[bool],  # likewise
    },
)


class Authentication(TypedDict):
    """How a webhook authenticates the service."""

    type: str
    settings: dict[str, Any]


class DictionaryEntry(TypedDict):
    """A value that the service takes."""

    code: str
    description: str


Delivery = TypedDict(
    "Delivery",
    {
        "event-id": str,
        "topic": str,
        "event-type": str,
        "delivery-point": str,
        "del-cfg-id": int,
        "del-cfg-nm": str,
        "delivery-status": str,  # SUCCESS, PENDING, RETRY, FAILED (field notes, M)
        "timestamp": str,
        "event-body": str,  # JSON in text; XML for XML configurations
    },
)

Attempt = TypedDict(
    "Attempt",
    {
        "event-id": str,
        "event-type": str,
        "event-body": str,
        "event-timestamp": str,
        "topic": str,
        "delivery-status": str,
        "del-cfg-nm": str,  # by name only: attempts carry no configuration id
        "del-addr": str,
        "attempt-number": int,
        "attempt-result": str,
        "attempt-timestamp": str,
        "attempt-http-response-status": int,
        "attempt-http-response-body": str,
    },
)

BufferFile = TypedDict(
    "BufferFile",
    {
        "file-id": int,
        "del-cfg-id": str,
        "del-cfg-nm": str,
        "file-status": str,
        "opened": str,
        "closed": NotRequired[str],  # absent while the file is open (field notes, M)
    },
)

HandledEvent = TypedDict(
    "HandledEvent",
    {
        "event-id": str,
        "topic": str,
        "event-type": str,
        "del-cfg-nm": str,
        "timestamp": str,  # a range in the service's syntax: [from-to], either side may be empty
    },
)
