"""What a service tells of deliveries and attempts, as a test wants it told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.services import Scripted

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
# Names, answers and addresses as nobody honest would choose them.
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script src=//evil.example/x.js></script>",
    "<img src=http://127.0.0.1:PORT/img onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "--><iframe src=http://127.0.0.1:PORT/frame></iframe>",
    "</title></svg><link rel=stylesheet href=http://127.0.0.1:PORT/css>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:PORT/meta>",
    "javascript:alert(1)",
    "' onmouseover='alert(1)",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "\u202egnp.exe \x1b[31mred\x1b[0m \x00\u200b\u2028",
    "name; rm -rf / $(reboot) `reboot` 'quoted'",
    "--all",
    "שלום עולם مرحبا",
    "Z\u0351\u036b\u0343\u036aalgo" + "\u0351\u036b\u0343" * 60,
    "W" * 300,
    "url(http://127.0.0.1:PORT/url) @import 'http://127.0.0.1:PORT/import';",
    "{{7*7}} ${7*7} <%= 7*7 %>",
)


def at(seconds: float) -> str:
    """A moment of the service, so long after the beginning."""
    return (BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def delivery(number: int, name: Any, status: Any = "SUCCESS", **other: Any) -> dict[str, Any]:
    """A row of ``GET /event-deliveries``; an event every ten minutes."""
    row = {
        "event-id": f"event-{number}",
        "topic": "NIS-Events",
        "event-type": "porting_event",
        "delivery-point": f"https://{number % 10}.example/hook",
        "del-cfg-id": 1000 + sum(map(ord, str(name))) % 1000,
        "del-cfg-nm": name,
        "delivery-status": status,
        "timestamp": at(600 * number),
        "event-body": "{}",
    }
    return row | {key.replace("_", "-"): value for key, value in other.items()}


def attempt(
    number: int, name: Any, http: Any = 200, answer: Any = "OK", **other: Any
) -> dict[str, Any]:
    """A row of ``GET /event-delivery-attempts``, two seconds after the event."""
    row = {
        "event-id": f"event-{number}",
        "topic": "NIS-Events",
        "event-type": "porting_event",
        "event-timestamp": at(600 * number),
        "delivery-status": "SUCCESS",
        "del-cfg-nm": name,
        "del-addr": "https://hooks.example.com/ess",
        "attempt-number": 1,
        "attempt-result": "SUCCESS" if http == 200 else "FAILED",
        "attempt-timestamp": at(600 * number + 2),
        "attempt-http-response-status": http,
        "attempt-http-response-body": answer,
    }
    return row | {key.replace("_", "-"): value for key, value in other.items()}


def tell(
    service: Scripted, deliveries: list[dict[str, Any]], attempts: list[dict[str, Any]]
) -> dict[str, str]:
    """Have the service tell these rows; the environment that leads to it."""
    paged = {"paged-result": {"offset": 0, "limit": 10_000_000}}
    service.answer("GET", "/event-deliveries", {**paged, "event-deliveries": deliveries})
    service.answer("GET", "/event-delivery-attempts", {**paged, "attempts": attempts})
    return {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}


def hostile(port: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Deliveries and attempts whose every text is hostile; PORT is where requests would go."""
    texts = [text.replace("PORT", str(port)) for text in HOSTILE]
    deliveries, attempts = [], []
    for number, text in enumerate(texts):
        failed = {"delivery_status": "FAILED", "http": "<b>500</b>", "answer": text}
        deliveries.append(delivery(number, text, "FAILED", delivery_point=text, topic=text))
        deliveries.append(delivery(number + 100, text, text, del_cfg_id=text))
        attempts.append(attempt(number, text, **failed))
        attempts.append(attempt(number + 100, text))
    return deliveries, attempts
