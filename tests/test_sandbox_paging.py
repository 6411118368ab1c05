"""Paging: ``offset`` and ``limit`` work on every list that has a ``paged-result``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_sandbox_adapter import Service

NUMBER = "number = '+12345678901'"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def pages(service: Service, path: str, name: str, limit: int, **params: str) -> list[list[Any]]:
    """All pages of a list, until one is shorter than asked for."""
    found: list[list[Any]] = []
    while not found or len(found[-1]) == limit:
        offset = sum(map(len, found))
        reply = service.read(path, offset=offset, limit=limit, **params)
        assert reply["paged-result"] == {"offset": offset, "limit": limit}
        found.append(reply[name])
    return found


@pytest.mark.parametrize(
    ("path", "name", "limit", "sizes"),
    [
        ("/topics", "topics", 4, [4, 4, 2]),
        ("/event-types", "event-types", 20, [20, 17]),
        ("/delivery-configurations", "delivery-configurations", 5, [5, 5, 4]),
        ("/topic-subscriptions", "topic-subscriptions", 3, [3, 1]),
        ("/event-deliveries", "event-deliveries", 31, [31, 31, 0]),
        ("/event-delivery-attempts", "attempts", 50, [50, 37]),
        ("/event-buffer-files", "files", 2, [2, 1]),
    ],
)
def test_a_list_can_be_read_page_after_page(
    service: Service, path: str, name: str, limit: int, sizes: list[int]
) -> None:
    read = pages(service, path, name, limit)
    assert [len(page) for page in read] == sizes
    whole = service.read(path, limit=1000)[name]
    assert [row for page in read for row in page] == whole


def test_the_mdn_reply_is_paged_by_configuration(service: Service) -> None:
    for cfg_id in ("262", "1655"):
        body = {"del-cfg-id": cfg_id, "match-crt": NUMBER}
        assert service.post("/topics/NIS-Events/subscriptions", body).status_code == 201
    params = {"topicId": "NIS-Events", "matchingCriteria": NUMBER}
    read = pages(service, "/topic-subscriptions/mdn", "subscriptions", 2, **params)
    assert [[row["delivery-cfg-id"] for row in page] for page in read] == [
        ["1266", "262"],
        ["1655"],
    ]
    # Without an event type, every type of the topic is meant.
    assert read[0][1]["events"] == ["deactivation_event", "porting_event", "truedisconnect_event"]


def test_the_next_page_is_named_only_where_there_is_one(service: Service) -> None:
    reply = service.read("/event-deliveries", offset=10, limit=51)
    assert reply["next-page-uri"] == "/ess/v1/event-deliveries?offset=61&limit=51"
    last = service.session.get("https://sandbox.invalid" + reply["next-page-uri"]).json()
    assert len(last["event-deliveries"]) == 1
    assert "next-page-uri" not in last
    assert "next-page-uri" not in service.read("/event-deliveries", limit=62)
    assert "next-page-uri" not in service.read("/event-delivery-attempts")


def test_an_offset_beyond_the_end_answers_an_empty_page(service: Service) -> None:
    reply = service.read("/event-deliveries", offset=10**17, limit=10**17)
    assert reply["event-deliveries"] == []
    assert service.read("/event-delivery-attempts", offset=88)["attempts"] == []


def test_unknown_parameters_and_those_of_lists_without_pages_are_ignored(
    service: Service,
) -> None:
    assert len(service.read("/event-deliveries", topic="x", status="y")["event-deliveries"]) == 50
    types = service.read("/topics/NIS-Events/event-types", limit="0", offset="x")
    assert len(types["event-types"]) == 3
    assert "paged-result" not in service.read("/event-deliveries/summary", limit="1")
    assert "paged-result" not in service.read("/dictionaries/delivery-formats", limit="1")
