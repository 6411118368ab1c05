"""Marking deliveries of the sandbox as handled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_sandbox_adapter import Service

MARK: dict[str, Any] = {
    "event-id": "event-3",
    "topic": "topic-C",
    "event-type": "some-type-3",
    "del-cfg-nm": "Delivery Configuration 1",
    "timestamp": "[1970-01-01T00:00:00-]",
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def test_a_delivery_is_marked_as_handled_once(service: Service) -> None:
    first = service.post("/handled-event-deliveries", MARK)
    second = service.post("/handled-event-deliveries", MARK)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == {"number-of-updated-event-deliveries": 1}
    assert second.json() == {"number-of-updated-event-deliveries": 0}


def test_what_was_handled_no_longer_counts_in_the_summary(service: Service) -> None:
    rows = service.read("/event-deliveries", limit=100)["event-deliveries"]
    failed = next(row for row in rows if row["delivery-status"] == "FAILED")
    mark = {**MARK, "topic": "SCG-Message", "del-cfg-nm": "ESS Buffer"}
    mark |= {"event-id": failed["event-id"], "event-type": "mo_message_received"}
    reply = service.post("/handled-event-deliveries", mark).json()
    assert reply == {"number-of-updated-event-deliveries": 1}
    summary = service.read("/event-deliveries/summary")["delivery-configurations"]
    assert [row["del-cfg-nm"] for row in summary] == ["release6 https test", "ESS Buffer"]
    assert summary[1]["failed"] == 7
    assert summary[1]["topics"][0]["failed"] == 7
    assert summary[1]["topics"][0]["event-types"] == [
        {"id": "mo_message_received", "pending": 0, "retry": 0, "failed": 7}
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event-id", "event-4"),
        ("topic", "topic-B"),
        ("event-type", "some-type-4"),
        ("del-cfg-nm", "Delivery Configuration 2"),
        ("timestamp", "[-2017-07-04]"),
        ("timestamp", "[2017-07-05-]"),
        ("timestamp", "[2017-07-04T17:50:25.5Z-2018-01-01T00:00:00Z]"),
        ("timestamp", "[2017-07-05-2017-07-04]"),
    ],
)
def test_nothing_is_marked_when_one_part_does_not_match(
    service: Service, field: str, value: str
) -> None:
    reply = service.post("/handled-event-deliveries", {**MARK, field: value}).json()
    assert reply == {"number-of-updated-event-deliveries": 0}


@pytest.mark.parametrize(
    "value",
    [
        "[-]",
        "[2017-07-04-]",
        "[-2017-07-05]",
        "[2017-07-04-2017-07-05]",
        "[2017-07-04T17:50:25Z-2017-07-04T17:50:25Z]",
        "[2017-07-04T12:50:25-05:00-2017-07-04T19:50:25+02:00]",
        "[2017-07-04T12:50:25-0500-]",
    ],
)
def test_a_range_of_dates_with_hyphens_is_read(service: Service, value: str) -> None:
    reply = service.post("/handled-event-deliveries", {**MARK, "timestamp": value}).json()
    assert reply == {"number-of-updated-event-deliveries": 1}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("timestamp", "", 'timestamp: must be text, not ""'),
        ("timestamp", None, "timestamp: this field is required"),
        (
            "timestamp",
            "1970-01-01",
            'timestamp: must be a range [from-to] of ISO 8601 dates, not "1970-01-01"',
        ),
        (
            "timestamp",
            "[1970-]",
            'timestamp: must be a range [from-to] of ISO 8601 dates, not "[1970-]"',
        ),
        (
            "timestamp",
            "[2017-13-01-]",
            'timestamp: must be an ISO 8601 date, not "2017-13-01"',
        ),
        ("event-id", None, "event-id: this field is required"),
        ("topic", 7, "topic: must be text, not 7"),
    ],
)
def test_a_mark_that_does_not_fit_is_refused(
    service: Service, field: str, value: object, reason: str
) -> None:
    response = service.post("/handled-event-deliveries", {**MARK, field: value})
    assert (response.status_code, response.json()["description"]) == (400, reason)
