"""What the sandbox answers to reads: the reference's examples, its oddities, one story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ess_cli.sandbox.routes import ROUTES
from tests.test_sandbox_adapter import Service

OPERATIONS = json.loads((Path(__file__).parent / "data" / "operations.json").read_text())
EXAMPLES = {(row["method"], row["path"]): row["reply-example"] for row in OPERATIONS}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def in_order(document: object) -> str:
    """JSON text, in which the order of keys counts."""
    return json.dumps(document)


def test_every_operation_of_the_reference_has_one_route() -> None:
    named = [(row["method"], row["path"]) for row in OPERATIONS]
    assert len(named) == 24
    assert sorted((route.method, route.path) for route in ROUTES) == sorted(named)


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        (
            "/topic-subscriptions/mdn",
            "/topic-subscriptions/mdn",
            {"topicId": "NIS-Events", "matchingCriteria": "number = '+12345678901'", "limit": "50"},
        ),
        ("/topic-subscriptions/uniqueMdnCount", "/topic-subscriptions/uniqueMdnCount", {}),
        (
            "/delivery-configurations/{del-config-id}",
            "/delivery-configurations/1654",
            {},
        ),
        (
            "/delivery-configurations/{del-config-id}/authentication",
            "/delivery-configurations/1654/authentication",
            {},
        ),
        ("/topics", "/topics", {}),
        (
            "/topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}",
            "/topics/SCG-Message/subscriptions/142",
            {},
        ),
        ("/topics/{ID}/event-types", "/topics/NIS-Events/event-types", {}),
        (
            "/topics/{ID}/dump-subscriptions",
            "/topics/NIS-Events/dump-subscriptions",
            {"compression": "true", "compressionType": "gzip"},
        ),
        ("/dictionaries/{DICT_CODE}", "/dictionaries/authentication-types", {}),
        ("/event-deliveries/summary", "/event-deliveries/summary", {}),
        (
            "/event-deliveries/{EVT_ID}:{DEL_CFG_ID}/tracking",
            "/event-deliveries/hc4lnloTSK2aSvrLKiDpSA:1655/tracking",
            {},
        ),
        ("/event-types", "/event-types", {}),
        ("/event-types/{CODE}", "/event-types/aba_job_completed", {}),
        ("/event-buffer-files", "/event-buffer-files", {}),
    ],
)
def test_a_new_sandbox_answers_the_references_example(
    service: Service, template: str, path: str, params: dict[str, str]
) -> None:
    assert in_order(service.read(path, **params)) == in_order(EXAMPLES["GET", template])


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/topic-subscriptions", "topic-subscriptions", {"limit": "1000"}),
        ("/delivery-configurations", "delivery-configurations", {}),
        ("/event-deliveries", "event-deliveries", {}),
        ("/event-delivery-attempts", "attempts", {}),
    ],
)
def test_a_new_sandbox_begins_its_longer_lists_with_the_references_example(
    service: Service, path: str, name: str, params: dict[str, str]
) -> None:
    example = EXAMPLES["GET", path]
    reply = service.read(path, **params)
    reply[name] = reply[name][: len(example[name])]
    assert in_order(reply) == in_order(example)


def test_configurations_that_other_examples_name_follow_the_list(service: Service) -> None:
    rows = service.read("/delivery-configurations")["delivery-configurations"][8:]
    assert [(row["id"], row["del-cfg-nm"]) for row in rows] == [
        ("262", "scg-inbound-messages"),
        ("1449", "trueeventDisconnect"),
        ("1655", "sai"),
        ("1656", "release6 https test"),
        ("1657", "ESS Buffer"),
        ("1658", "Delivery Configuration 1"),
    ]
    assert rows[1]["cron-expression"] == "0 */5 * * * *"
    assert rows[2]["addr"] == "https://putsreq.com/DUnYuHkpF7AareURlCAy"


def test_the_list_of_subscriptions_has_the_examples_three_and_142(service: Service) -> None:
    rows = service.read("/topic-subscriptions", limit=1000)["topic-subscriptions"]
    assert [row["id"] for row in rows] == ["16301830", "16301850", "16301810", "142"]
    assert rows[3] == {
        "id": "142",
        "del-cfg-id": "262",
        "del-cfg-nm": "scg-inbound-messages",
        "topic-nm": "SCG-Message",
        "evt-tp": "mo_message_received",
        "match-crt": "",
        "start-date": "2016-09-27T13:08:57Z",
    }
    assert [row["id"] for row in rows if row["topic-nm"] == "NIS-Events"] == ["16301810"]


def test_the_generic_type_belongs_to_a_topic_but_no_list_of_types_knows_it(
    service: Service,
) -> None:
    assert service.read("/topics/DevTest-Events/event-types") == {"event-types": []}
    assert service.get("/event-types/__GENERIC__").status_code == 404


def test_event_types_of_a_topic_never_show_the_company(service: Service) -> None:
    within = service.read("/topics/MSS-Messages/event-types")
    assert list(within) == ["event-types"]
    assert [row["id"] for row in within["event-types"]] == [
        "event_file_complete",
        "event_file_delete",
        "event_file_download",
    ]
    assert all("company-id" not in row["fields"] for row in within["event-types"])
    assert "company-id" in service.read("/event-types/event_file_delete")["fields"]


def test_the_smaller_dictionaries_have_the_references_codes(service: Service) -> None:
    formats = service.read("/dictionaries/delivery-formats")["delivery-formats"]
    protocols = service.read("/dictionaries/delivery-protocols")["delivery-protocols"]
    assert [row["code"] for row in formats] == ["JSON", "XML"]
    assert [row["code"] for row in protocols] == ["REST"]


def test_only_the_list_shows_a_schedule(service: Service) -> None:
    listed = service.read("/delivery-configurations")["delivery-configurations"][6]
    assert listed["cron-expression"] == "0 15 * * * *"
    assert listed["latest-event-only"] is True
    assert in_order(service.read("/delivery-configurations/1653")) == in_order(
        {
            "del-cfg-nm": "Schedular",
            "del-prtcl-cd": "REST",
            "addr": "http://da3d-gen-bit-wls005.dalab.syniverse.com:45002"
            "/ess-event-buffer/v1/aggregate/1653",
            "del-fmt-cd": "JSON",
            "is-active": True,
            "id": "1653",
        }
    )


def test_a_configuration_without_authentication_says_so(service: Service) -> None:
    reply = service.read("/delivery-configurations/1266/authentication")
    assert reply == {"type": "NONE", "settings": {}}


def test_ids_are_integers_where_the_reference_shows_integers(service: Service) -> None:
    single = service.read("/topics/MSS-Messages/subscriptions/16301850")
    listed = service.read("/topic-subscriptions", limit=2)["topic-subscriptions"][1]
    delivery = service.read("/event-deliveries", limit=1)["event-deliveries"][0]
    file = service.read("/event-buffer-files", limit=1)["files"][0]
    assert (single["del-cfg-id"], listed["del-cfg-id"]) == (1647, "1647")
    assert (single["id"], delivery["del-cfg-id"]) == ("16301850", 1266)
    assert (file["file-id"], file["del-cfg-id"]) == (601, "1449")
    assert "evt-tp" not in single
    assert "evt-tp" not in listed


def test_criteria_are_found_whatever_their_blanks_and_echoed_as_sent(service: Service) -> None:
    sent = "  number='+12345678901' "
    reply = service.read(
        "/topic-subscriptions/mdn", topicId="NIS-Events", matchingCriteria=sent, limit=50
    )
    assert reply["mdn"] == sent
    assert reply["subscriptions"] == [
        {
            "delivery-cfg-id": "1266",
            "delivery-cfg-nm": "a-mock-del-cfg",
            "events": ["porting_event"],
        }
    ]


@pytest.mark.parametrize("criteria", ["number = '+12345678902'", "number = ' +12345678901'"])
def test_a_number_that_nobody_is_told_about_has_no_subscriptions(
    service: Service, criteria: str
) -> None:
    reply = service.read(
        "/topic-subscriptions/mdn", topicId="NIS-Events", matchingCriteria=criteria, limit=50
    )
    assert reply["subscriptions"] == []


def test_tracking_tells_all_attempts_in_order(service: Service) -> None:
    rows = service.read("/event-deliveries", limit=100)["event-deliveries"]
    failed = [row for row in rows if row["delivery-status"] == "FAILED"]
    assert len(failed) == 8
    last = service.read(f"/event-deliveries/{failed[-1]['event-id']}:1657/tracking")
    assert [attempt["attempt-number"] for attempt in last["delivery-attempts"]] == [1, 2, 3, 4]
    assert list(last["delivery-attempts"][0]) == [
        "attempt-number",
        "status",
        "response-status",
        "response-details",
        "attempt-timestamp",
    ]
    assert {attempt["response-status"] for attempt in last["delivery-attempts"]} == {503}
    first = service.read(f"/event-deliveries/{failed[0]['event-id']}:1657/tracking")
    assert all("response-status" not in attempt for attempt in first["delivery-attempts"])
    assert first["delivery-attempts"][0]["response-details"] == (
        "Delivery refused: host ess-buffer.example.com is not on the allow-list"
    )


def test_the_colon_of_a_tracking_path_may_be_encoded(service: Service) -> None:
    reply = service.read("/event-deliveries/_FTiBOP9SOKdEvpDMoqj9g%3A1266/tracking")
    assert reply["event-id"] == "_FTiBOP9SOKdEvpDMoqj9g"
    assert len(reply["delivery-attempts"]) == 1


def test_attempts_and_deliveries_tell_one_story(service: Service) -> None:
    deliveries = service.read("/event-deliveries", limit=1000)["event-deliveries"]
    attempts = service.read("/event-delivery-attempts", limit=1000)["attempts"]
    assert (len(deliveries), len(attempts)) == (62, 87)
    assert deliveries == sorted(deliveries, key=lambda row: str(row["timestamp"]))
    stamps = [row["attempt-timestamp"] for row in attempts]
    assert stamps == sorted(stamps, reverse=True)
    known = {(row["event-id"], row["del-cfg-nm"]): row for row in deliveries}
    assert len(known) == 62
    assert {(row["event-id"], row["del-cfg-nm"]) for row in attempts} == set(known)
    for attempt in attempts:
        delivery = known[attempt["event-id"], attempt["del-cfg-nm"]]
        assert attempt["delivery-status"] == delivery["delivery-status"]
        assert attempt["del-addr"] == delivery["delivery-point"]
        assert attempt["event-timestamp"] == delivery["timestamp"]


def test_event_bodies_are_valid_for_their_event_types(service: Service) -> None:
    kinds: dict[str, type | tuple[type, ...]] = {
        "Text": str,
        "Date": str,
        "Boolean": bool,
        "Integer": int,
        "Decimal": (int, float),
    }
    types = {row["id"]: row["fields"] for row in service.read("/event-types")["event-types"]}
    checked = 0
    for delivery in service.read("/event-deliveries", limit=1000)["event-deliveries"]:
        if delivery["event-type"] == "some-type-3":
            continue  # the example's own type, which the service does not list
        body = json.loads(delivery["event-body"])
        fields = types[delivery["event-type"]]
        assert set(body) <= set(fields)
        assert {name for name, field in fields.items() if field["mandatory"]} <= set(body)
        assert all(isinstance(value, kinds[fields[name]["type"]]) for name, value in body.items())
        checked += 1
    assert checked == 61
