"""Delivery configurations written to the sandbox, and what later reads make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_sandbox_adapter import Service

HHH: dict[str, Any] = {
    "del-cfg-nm": "hhh",
    "del-prtcl-cd": "REST",
    "addr": "http://wwww.giiig",
    "del-fmt-cd": "JSON",
    "throttling": 322,
    "is-active": True,
}
SCHEDULED: dict[str, Any] = {
    "del-cfg-nm": "Schedular",
    "del-fmt-cd": "JSON",
    "is-active": True,
    "cron-expression": "0 15 * * * *",
    "latest-event-only": True,
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def listed(service: Service, cfg_id: str) -> Any:
    rows = service.read("/delivery-configurations")["delivery-configurations"]
    return next(row for row in rows if row["id"] == cfg_id)


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def test_a_write_is_answered_without_a_body(service: Service) -> None:
    created = service.post("/delivery-configurations", HHH)
    replaced = service.put("/delivery-configurations/1654", HHH)
    assert (created.status_code, created.content) == (201, b"")
    assert (replaced.status_code, replaced.content) == (200, b"")
    for response in (created, replaced):
        assert "Location" not in response.headers
        assert "Content-Type" not in response.headers


def test_a_new_configuration_gets_the_next_id_and_stands_last(service: Service) -> None:
    service.post("/delivery-configurations", HHH)
    rows = service.read("/delivery-configurations")["delivery-configurations"]
    assert rows[-1] == {**HHH, "id": "1659"}
    assert service.read("/delivery-configurations/1659") == {**HHH, "id": "1659"}
    assert service.read("/delivery-configurations/1659/authentication")["type"] == "NONE"


def test_two_configurations_may_have_one_name(service: Service) -> None:
    assert service.post("/delivery-configurations", HHH).status_code == 201
    rows = service.read("/delivery-configurations")["delivery-configurations"]
    assert [row["id"] for row in rows if row["del-cfg-nm"] == "hhh"] == ["1654", "1659"]


def test_a_scheduled_configuration_gets_the_services_own_address(service: Service) -> None:
    assert service.post("/delivery-configurations", SCHEDULED).status_code == 201
    assert listed(service, "1659") == {
        **SCHEDULED,
        "del-prtcl-cd": "REST",
        "addr": "http://da3d-gen-bit-wls005.dalab.syniverse.com:45002"
        "/ess-event-buffer/v1/aggregate/1659",
        "id": "1659",
    }
    assert "cron-expression" not in service.read("/delivery-configurations/1659")


def test_what_a_put_leaves_out_is_lost(service: Service) -> None:
    changed = without(HHH, "throttling")
    assert service.put("/delivery-configurations/1654", changed).status_code == 200
    assert service.read("/delivery-configurations/1654") == {**changed, "id": "1654"}


def test_a_scheduled_configuration_put_without_its_schedule_turns_real_time(
    service: Service,
) -> None:
    single = service.read("/delivery-configurations/1653")
    assert service.put("/delivery-configurations/1653", single).status_code == 200
    assert "cron-expression" not in listed(service, "1653")
    assert "latest-event-only" not in listed(service, "1653")


def test_a_scheduled_configuration_put_as_it_is_listed_stays_as_it_is(service: Service) -> None:
    before = listed(service, "1653")
    assert service.put("/delivery-configurations/1653", before).status_code == 200
    assert listed(service, "1653") == before


def test_keys_that_the_reference_does_not_know_are_kept(service: Service) -> None:
    extra = {"x-team": {"name": "ops", "sizes": [1, 2.5, None]}}
    service.put("/delivery-configurations/1654", {**HHH, **extra})
    assert listed(service, "1654")["x-team"] == extra["x-team"]
    assert service.read("/delivery-configurations/1654")["x-team"] == extra["x-team"]

    service.post("/topics/SCG-Message/subscriptions", {"del-cfg-id": "262", **extra})
    rows = service.read("/topic-subscriptions", limit=100)["topic-subscriptions"]
    assert rows[-1]["x-team"] == extra["x-team"]
    path = "/topics/SCG-Message/subscriptions/16301851"
    assert service.read(path)["x-team"] == extra["x-team"]
    service.put(path, {"match-crt": "company-id = 1"})
    assert "x-team" not in service.read(path)


def test_a_renamed_configuration_is_renamed_in_every_report(service: Service) -> None:
    service.put("/delivery-configurations/1266", {**HHH, "del-cfg-nm": "renamed"})
    assert service.read("/topic-subscriptions", limit=1)["topic-subscriptions"][0] == {
        "id": "16301830",
        "del-cfg-id": "1266",
        "del-cfg-nm": "renamed",
        "topic-nm": "SCG-Message",
        "evt-tp": "message_state_change",
        "match-crt": "",
        "start-date": "1970-01-01T00:00:00Z",
    }
    row = service.read("/event-deliveries", limit=1)["event-deliveries"][0]
    assert row["del-cfg-nm"] == "renamed"
    assert row["delivery-point"].startswith("http://da3d-gen-sao-odb002")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (without(HHH, "del-cfg-nm"), "del-cfg-nm: this field is required"),
        ({**HHH, "del-cfg-nm": ""}, 'del-cfg-nm: must be text, not ""'),
        ({**HHH, "del-cfg-nm": 7}, "del-cfg-nm: must be text, not 7"),
        (without(HHH, "del-fmt-cd"), "del-fmt-cd: this field is required"),
        ({**HHH, "del-fmt-cd": "CSV"}, 'del-fmt-cd: must be one of JSON, XML, not "CSV"'),
        (without(HHH, "del-prtcl-cd"), "del-prtcl-cd: this field is required"),
        ({**HHH, "del-prtcl-cd": "SOAP"}, 'del-prtcl-cd: must be one of REST, not "SOAP"'),
        (without(HHH, "addr"), "addr: this field is required"),
        ({**HHH, "addr": "ftp://x"}, 'addr: must be an http or https address, not "ftp://x"'),
        ({**HHH, "addr": "http://"}, 'addr: must be an http or https address, not "http://"'),
        ({**HHH, "addr": "http://[x"}, 'addr: must be an http or https address, not "http://[x"'),
        ({**HHH, "is-active": "dd"}, 'is-active: must be true or false, not "dd"'),
        ({**HHH, "is-active": 1}, "is-active: must be true or false, not 1"),
        ({**HHH, "throttling": True}, "throttling: must be a positive integer, not true"),
        ({**HHH, "throttling": 0}, "throttling: must be a positive integer, not 0"),
        ({**HHH, "throttling": "32"}, 'throttling: must be a positive integer, not "32"'),
        ({**HHH, "latest-event-only": "no"}, 'latest-event-only: must be true or false, not "no"'),
        (
            {**SCHEDULED, "cron-expression": "15 * * * *"},
            'cron-expression: must be six fields, seconds first, not "15 * * * *"',
        ),
        (
            {**SCHEDULED, "cron-expression": "0 15 * * * $"},
            'cron-expression: must be six fields, seconds first, not "0 15 * * * $"',
        ),
        (
            {**SCHEDULED, "del-prtcl-cd": "SOAP"},
            'del-prtcl-cd: must be one of REST, not "SOAP"',
        ),
        (
            {**SCHEDULED, "addr": "http://x"},
            'addr: goes not with cron-expression, but is "http://x"',
        ),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_and_nothing_is_kept(
    service: Service, body: dict[str, Any], reason: str
) -> None:
    before = service.read("/delivery-configurations")
    response = service.post("/delivery-configurations", body)
    assert (response.status_code, response.json()["description"]) == (400, reason)
    assert service.read("/delivery-configurations") == before


def test_a_put_is_checked_like_a_post_and_may_not_change_the_id(service: Service) -> None:
    for body, reason in (
        ({**HHH, "throttling": -1}, "throttling: must be a positive integer, not -1"),
        ({**HHH, "id": "1"}, 'id: must be left as it is ("1654"), not "1"'),
    ):
        response = service.put("/delivery-configurations/1654", body)
        assert (response.status_code, response.json()["description"]) == (400, reason)
    assert service.read("/delivery-configurations/1654")["throttling"] == 32
    assert service.put("/delivery-configurations/9", HHH).status_code == 404
    assert service.put("/delivery-configurations/9/authentication", {}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (
            {"type": "BASIC", "settings": {"username": "u", "password": "p"}},
            {"type": "BASIC", "settings": {"username": "u", "password": "p"}},
        ),
        (
            {"type": "OAUTH", "settings": {"any": ["thing"]}},
            {"type": "OAUTH", "settings": {"any": ["thing"]}},
        ),
        ({"type": "NONE", "settings": {"left": "over"}}, {"type": "NONE", "settings": {}}),
    ],
)
def test_authentication_is_replaced(
    service: Service, sent: dict[str, Any], read: dict[str, Any]
) -> None:
    path = "/delivery-configurations/1654/authentication"
    response = service.put(path, sent)
    assert (response.status_code, response.content) == (200, b"")
    assert service.read(path) == read


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"settings": {}}, "type: this field is required"),
        (
            {"type": "DIGEST", "settings": {}},
            'type: must be one of OAUTH, NONE, BASIC, not "DIGEST"',
        ),
        ({"type": "NONE"}, "settings: must be an object"),
        ({"type": "OAUTH", "settings": "s3cret"}, "settings: must be an object"),
        (
            {"type": "BASIC", "settings": {"username": "s3cret"}},
            "settings.password: BASIC wants it, as text",
        ),
        (
            {"type": "BASIC", "settings": {"username": "", "password": "s3cret"}},
            "settings.username: BASIC wants it, as text",
        ),
    ],
)
def test_authentication_that_does_not_fit_is_refused_without_showing_a_secret(
    service: Service, body: dict[str, Any], reason: str
) -> None:
    response = service.put("/delivery-configurations/1654/authentication", body)
    assert (response.status_code, response.json()["description"]) == (400, reason)
    assert "s3cret" not in response.text


def test_names_from_strangers_come_back_letter_by_letter(service: Service) -> None:
    name = "AT@$# T \u0000\u001b[31m\u202e 🦆 ' OR 1=1 --"
    service.put("/delivery-configurations/1654", {**HHH, "del-cfg-nm": name})
    assert service.read("/delivery-configurations/1654")["del-cfg-nm"] == name
    assert listed(service, "1654")["del-cfg-nm"] == name
