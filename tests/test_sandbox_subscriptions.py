"""Subscriptions written to the sandbox, and what later reads make of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.test_sandbox_adapter import BASE, Service

SUBSCRIPTIONS = "/topics/SCG-Message/subscriptions"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def test_a_new_subscription_is_listed_counted_and_found(service: Service) -> None:
    body = {
        "del-cfg-id": "262",
        "evt-tp": "porting_event",
        "match-crt": "number = '+12025550123'",
        "start-date": "2017-10-27T19:29:42+02:00",
        "end-date": None,
    }
    assert service.post("/topics/NIS-Events/subscriptions", body).status_code == 201
    assert service.read("/topics/NIS-Events/subscriptions/16301851") == {
        "del-cfg-id": 262,
        "evt-tp": "porting_event",
        "match-crt": "number = '+12025550123'",
        "start-date": "2017-10-27T17:29:42Z",
        "id": "16301851",
        "topic-nm": "NIS-Events",
    }
    rows = service.read("/topic-subscriptions", limit=100)["topic-subscriptions"]
    assert [row["id"] for row in rows] == ["16301830", "16301850", "16301810", "142", "16301851"]
    assert service.read("/topic-subscriptions/uniqueMdnCount")["activeCount"] == 2
    assert found(service, "number = '+12025550123'") == ["262"]


def found(service: Service, criteria: str) -> list[str]:
    reply = service.read(
        "/topic-subscriptions/mdn", topicId="NIS-Events", matchingCriteria=criteria, limit=50
    )
    return [row["delivery-cfg-id"] for row in reply["subscriptions"]]


def test_the_same_subscription_twice_makes_two_but_counts_one_number(service: Service) -> None:
    body = {"del-cfg-id": 1266, "evt-tp": "porting_event", "match-crt": "number='+12345678901'"}
    assert service.post("/topics/NIS-Events/subscriptions", body).status_code == 201
    assert len(service.read("/topic-subscriptions", limit=100)["topic-subscriptions"]) == 5
    assert service.read("/topic-subscriptions/uniqueMdnCount")["activeCount"] == 1
    assert found(service, "number = '+12345678901'") == ["1266"]


def test_an_ended_subscription_is_gone_but_for_the_single_get(service: Service) -> None:
    path = "/topics/NIS-Events/subscriptions/16301810"
    body = {"match-crt": "number = '+12345678901'", "end-date": "2026-11-24"}
    assert service.put(path, body).status_code == 200
    assert "end-date" not in service.read(path)
    assert service.read("/topic-subscriptions/uniqueMdnCount")["activeCount"] == 1

    service.now += timedelta(days=1)

    rows = service.read("/topic-subscriptions", limit=100)["topic-subscriptions"]
    assert [row["id"] for row in rows] == ["16301830", "16301850", "142"]
    assert service.read("/topic-subscriptions/uniqueMdnCount")["activeCount"] == 0
    assert found(service, "number = '+12345678901'") == []
    assert service.read(path)["id"] == "16301810"


def test_paging_does_not_count_ended_subscriptions(service: Service) -> None:
    service.put("/topics/SCG-Message/subscriptions/16301830", {"end-date": "2017-01-01"})
    service.put("/topics/NIS-Events/subscriptions/16301810", {"end-date": "2017-01-01"})
    ids = [
        [
            row["id"]
            for row in service.read("/topic-subscriptions", limit=1, offset=offset)[
                "topic-subscriptions"
            ]
        ]
        for offset in range(3)
    ]
    assert ids == [["16301850"], ["142"], []]


def test_a_subscription_put_replaces_what_may_change(service: Service) -> None:
    path = SUBSCRIPTIONS + "/142"
    body = {"match-crt": "company-id = 123", "start-date": "2016-09-27T13:08:57Z", "end-date": None}
    assert service.put(path, body).status_code == 200
    assert service.read(path)["match-crt"] == "company-id = 123"
    assert service.put(path, {}).status_code == 200
    assert service.read(path)["match-crt"] == ""
    assert service.read(path)["start-date"] == "1970-01-01T00:00:00Z"


def test_topic_type_and_target_of_a_subscription_are_fixed(service: Service) -> None:
    path = SUBSCRIPTIONS + "/142"
    same = {**service.read(path), "del-cfg-nm": "whatever"}
    assert service.put(path, same).status_code == 200
    assert service.put(path, {**same, "del-cfg-id": "262"}).status_code == 200
    for field, value, kept in (
        ("id", "143", '"142"'),
        ("topic-nm", "NIS-Events", '"SCG-Message"'),
        ("del-cfg-id", 1266, '"262"'),
        ("evt-tp", "message_state_change", '"mo_message_received"'),
    ):
        response = service.put(path, {**same, field: value})
        assert response.status_code == 400
        reason = response.json()["description"]
        assert reason.startswith(f"{field}: must be left as it is ({kept}), not ")
    assert service.put("/topics/NIS-Events/subscriptions/142", same).status_code == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "del-cfg-id: this field is required"),
        (
            {"del-cfg-id": "9"},
            'del-cfg-id: must be a known delivery configuration, not "9"',
        ),
        ({"del-cfg-id": "hhh"}, 'del-cfg-id: must be an id in digits, not "hhh"'),
        ({"del-cfg-id": True}, "del-cfg-id: must be an id in digits, not true"),
        (
            {"del-cfg-id": "262", "evt-tp": "porting_event"},
            'evt-tp: must be an event type of SCG-Message, not "porting_event"',
        ),
        ({"del-cfg-id": "262", "match-crt": None}, "match-crt: must be text, not null"),
        ({"del-cfg-id": "262", "match-crt": ["x"]}, 'match-crt: must be text, not ["x"]'),
        (
            {"del-cfg-id": "262", "start-date": "yesterday"},
            'start-date: must be an ISO 8601 date, not "yesterday"',
        ),
        (
            {"del-cfg-id": "262", "end-date": 20171027},
            "end-date: must be an ISO 8601 date, not 20171027",
        ),
        (
            {"del-cfg-id": "262", "end-date": "0001-01-01T00:00:00+23:00"},
            'end-date: must be an ISO 8601 date, not "0001-01-01T00:00:00+23:00"',
        ),
    ],
)
def test_a_subscription_that_does_not_fit_is_refused_and_nothing_is_kept(
    service: Service, body: dict[str, Any], reason: str
) -> None:
    response = service.post(SUBSCRIPTIONS, body)
    assert (response.status_code, response.json()["description"]) == (400, reason)
    assert len(service.read("/topic-subscriptions", limit=100)["topic-subscriptions"]) == 4
    assert service.post("/topics/No-Topic/subscriptions", body).status_code == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff{}", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b'{"x": NaN}', "the body is not JSON"),
        (b'{"x": 1e999}', "the body is not JSON"),
        (b'{"x": "\\ud800"}', "the body is not JSON"),
        (b'{"x": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        (b"[]", "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
    ],
)
def test_a_body_that_is_no_strict_json_object_is_refused(
    service: Service, body: bytes, reason: str
) -> None:
    headers = {"Content-Type": "application/json"}
    response = service.session.post(BASE + SUBSCRIPTIONS, data=body, headers=headers)
    assert (response.status_code, response.json()["description"]) == (400, reason)


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_write_of_another_media_type_is_refused(service: Service, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    response = service.session.post(BASE + SUBSCRIPTIONS, data=b"{}", headers=headers)
    assert response.status_code == 415
    assert response.json()["message"] == "Content-Type must be application/json"
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    response = service.session.post(BASE + SUBSCRIPTIONS, data=b"{}", headers=headers)
    assert response.status_code == 400


def test_each_dump_has_a_reference_of_its_own(service: Service) -> None:
    path = "/topics/NIS-Events/dump-subscriptions"
    replies = [
        service.read(path, compression=compression, compressionType="gzip")
        for compression in ("true", "false", "true")
    ]
    assert replies == [{"referenceId": "2569"}, {"referenceId": "2570"}, {"referenceId": "2571"}]


def test_a_dump_wants_a_subscription_for_its_notice(service: Service) -> None:
    params = {"compression": "true", "compressionType": "gzip"}
    path = "/topics/NIS-Events/dump-subscriptions"
    service.put("/topics/MSS-Messages/subscriptions/16301850", {"end-date": "2017-10-28"})
    response = service.get(path, **params)
    assert response.status_code == 400
    assert response.json()["description"] == (
        "no active subscription to MSS-Messages / event_file_complete for the notice"
    )
    other = {"del-cfg-id": "1647", "evt-tp": "event_file_delete"}
    service.post("/topics/MSS-Messages/subscriptions", other)
    assert service.get(path, **params).status_code == 400
    service.post("/topics/MSS-Messages/subscriptions", {**other, "evt-tp": "event_file_complete"})
    assert service.read(path, **params) == {"referenceId": "2569"}
