"""The deliveries of the seed, and how each attempt went.

62 deliveries in all: more than one page, as the reference's example of a next page wants.

NOTE: deliveries went to configurations (``sai``, ``ESS Buffer``) to which nothing is subscribed
any more; the reference shows both. Otherwise its examples agree. Where two ever do not, the
attempt's row gives way.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ess_cli.sandbox.fields import wire

# The middle of the story, one letter a delivery. p: a number is ported, s: a message changes its
# state, d: a true disconnect, m: a message comes in, f: a file is complete; r: release6, whose
# first delivery is repeated once and then succeeds; t: topic-C of the mark-handled example;
# x: ESS Buffer is not on the allow-list yet, y: it is, but answers 503.
_STORY = "pstdpsdpsmrpsdxxxpsdrmpsyyyyydpsmdpspmdspdmpsdpmspdspffdfp"
_BEGIN = datetime(2017, 6, 30, 14, 5, 11)
_STEP = timedelta(hours=49, minutes=52, seconds=37)

_REPEAT_AFTER_S = (1, 61, 361, 1261)
"""When the attempts of a delivery are made. UNKNOWN: the service's own schedule."""

_NOT_ALLOWED = "Delivery refused: host ess-buffer.example.com is not on the allow-list"


class Attempt(NamedTuple):
    """One POST to a webhook; ``http_status`` is None where nothing answered."""

    at: datetime
    result: str
    http_status: int | None
    http_body: str | None


class Delivery(NamedTuple):
    """One event on its way to one configuration."""

    event_id: str
    cfg_id: int
    topic: str
    event_type: str
    address: str
    status: str
    at: datetime
    body: str
    attempts: tuple[Attempt, ...]


def tell(data: dict[str, Any]) -> list[Delivery]:
    """All deliveries of the seed, oldest first.

    The reference's first two, the story between, and the two of its attempts, newest last.
    """
    first = [
        Delivery(
            event_id=row["event-id"],
            cfg_id=row["del-cfg-id"],
            topic=row["topic"],
            event_type=row["event-type"],
            address=row["delivery-point"],
            status=row["delivery-status"],
            at=_read(row["timestamp"]),
            body=row["event-body"],
            attempts=_at_once(_read(row["timestamp"])),
        )
        for row in data["event-deliveries"]
    ]
    cfg_ids = {row["del-cfg-nm"]: int(row["id"]) for row in data["delivery-configurations"]}
    addresses = {int(row["id"]): row["addr"] for row in data["delivery-configurations"]}
    last = [
        Delivery(
            event_id=row["event-id"],
            cfg_id=cfg_ids[row["del-cfg-nm"]],
            topic=row["topic"],
            event_type=row["event-type"],
            address=row["del-addr"],
            status=row["delivery-status"],
            at=_read(row["event-timestamp"]),
            body=row["event-body"],
            attempts=(
                Attempt(
                    _read(row["attempt-timestamp"]),
                    row["attempt-result"],
                    row["attempt-http-response-status"],
                    row["attempt-http-response-body"],
                ),
            ),
        )
        for row in reversed(data["attempts"])
    ]
    story = [_scene(letter, place, addresses) for place, letter in enumerate(_STORY)]
    return [*first, *story, *last]


def _scene(letter: str, place: int, addresses: dict[int, str]) -> Delivery:
    at = _BEGIN + place * _STEP
    topic, event_type, cfg_id, fields = _event(letter, place, at)
    status = "SUCCESS"
    attempts = _at_once(at)
    if letter == "r" and _STORY.index("r") == place:
        attempts = (_attempt(at, 0, 503, "Service Unavailable"), _attempt(at, 1, 200, "OK"))
    elif letter in "xy":
        status = "FAILED"
        http = (None, _NOT_ALLOWED) if letter == "x" else (503, "Service Unavailable")
        attempts = tuple(_attempt(at, i, *http) for i in range(len(_REPEAT_AFTER_S)))
    return Delivery(
        event_id="event-3" if letter == "t" else _token(f"event {place}", 22),
        cfg_id=cfg_id,
        topic=topic,
        event_type=event_type,
        address=addresses[cfg_id],
        status=status,
        at=at,
        body=json.dumps(fields, indent=1),
        attempts=attempts,
    )


def _event(letter: str, place: int, at: datetime) -> tuple[str, str, int, dict[str, object]]:
    """Topic, event type, configuration and the event's own fields."""
    # 555-0100 to 555-0199 are the numbers that belong to nobody.
    number = f"+120255501{place:02}"
    tracking_id = str(1092585662 + 7919 * place)
    if letter == "p":
        return (
            "NIS-Events",
            "porting_event",
            1266,
            {
                "carrier_id": "15799",
                "number": "+12345678901",
                "previous_carrier_id": "",
                "porting_date": wire(at.replace(hour=0, minute=0, second=0)),
                "carrier_name": "PAETEC COMMUNICATIONS INC.",
                "previous_carrier_name": "",
                "tracking_id": tracking_id,
            },
        )
    if letter == "d":
        return (
            "NIS-Events",
            "truedisconnect_event",
            1655,
            {
                "number": number,
                "previous_carrier_id": "1025",
                "previous_carrier_name": "Guru",
                "tracking_id": tracking_id,
                "deactivation_date": wire(at.replace(hour=4, minute=0, second=0)),
            },
        )
    if letter == "s":
        return (
            "SCG-Message",
            "message_state_change",
            1266,
            {
                "message_id": _token(f"message {place}", 22),
                "previous_state": "SENT",
                "new_state": "DELIVERED",
                "reason_code": "0",
                "reason_description": "Delivered to handset",
                "to_address": number,
                "fragments_count": 1,
                "mt_price": 0.0075,
            },
        )
    if letter == "f":
        file_id = _token(f"file {place}", 16)
        return (
            "MSS-Messages",
            "event_file_complete",
            1647,
            {
                "creation_time": wire(at),
                "file_retention_time": 7,
                "file_uri": f"https://api.syniverse.com/mediastorage/v1/files/{file_id}",
                "file_status": "COMPLETE",
                "file_name": "subscriptions.csv.gz",
                "expire_time": wire(at + timedelta(days=7)),
                "file_size": 20480 + place,
                "modified_time": wire(at),
                "file_id": file_id,
            },
        )
    if letter == "t":
        return "topic-C", "some-type-3", 1658, {"note": "an event of the reference's example"}
    return (
        "SCG-Message",
        "mo_message_received",
        {"m": 262, "r": 1656}.get(letter, 1657),
        {
            "message_id": _token(f"message {place}", 22),
            "message_body": "STOP" if letter == "m" else "Hello",
            "message_body_content_type": "text/plain",
            "from_address": number,
            "to_address": "+12025550199",
            "has_attachment": False,
            "fragments_count": 1,
        },
    )


def _at_once(at: datetime) -> tuple[Attempt, ...]:
    return (_attempt(at, 0, 200, "OK"),)


def _attempt(at: datetime, repeat: int, http_status: int | None, http_body: str) -> Attempt:
    result = "SUCCESS" if http_status == 200 else "FAILED"
    when = at + timedelta(seconds=_REPEAT_AFTER_S[repeat])
    return Attempt(when, result, http_status, http_body)


def _token(text: str, length: int) -> str:
    """Characters of base64url that look random and are always the same for ``text``."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest)[:length].decode()


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
