"""What is read out of a delivery, and how an event is held against its type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ess_cli.receiver import events
from ess_cli.receiver.checking import differences
from ess_cli.receiver.events import Event, NotAnEventError
from ess_cli.records import EventType

FIELDS = {"number": "+12025550123"}


def delivery(**changes: Any) -> dict[str, Any]:
    event = {"fld-val-list": FIELDS, "evt-tp": "porting_event", "timestamp": "2026-11-23T08:30Z"}
    usual = {"topic": "NIS-Events", "attempt": 1, "event": event, "event-id": "e-1"}
    return {**usual, **{key.replace("_", "-"): value for key, value in changes.items()}}


def test_an_event_is_read() -> None:
    assert events.read(json.dumps(delivery()).encode()) == Event(
        "e-1", "NIS-Events", "porting_event", 1, "2026-11-23T08:30Z", FIELDS
    )


@pytest.mark.parametrize(
    ("attempt", "read"), [(2, 2), ("3", 3), (None, None), (True, None), ("x", None), (1.5, None)]
)
def test_an_attempt_is_a_number_or_left_out(attempt: object, read: int | None) -> None:
    assert events.read(json.dumps(delivery(attempt=attempt)).encode()).attempt == read


def test_what_is_not_needed_may_be_missing() -> None:
    body = {"topic": "T", "event": {"fld-val-list": {}}, "event-id": "e"}
    assert events.read(json.dumps(body).encode()) == Event("e", "T", None, None, None, {})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the body is empty"),
        (b" \r\n", "the body is empty"),
        (b"event", "the body is not JSON"),
        (b'{"topic": NaN}', "the body is not JSON"),
        (b'{"topic": "\xff"}', "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b"null", "the body is not a JSON object"),
        (json.dumps(delivery(event_id=7)).encode(), "no event-id"),
        (json.dumps(delivery(event_id="")).encode(), "no event-id"),
        (json.dumps(delivery(topic=None)).encode(), "no topic"),
        (json.dumps(delivery(event=None)).encode(), "no event with a fld-val-list"),
        (json.dumps(delivery(event={"evt-tp": "x"})).encode(), "no event with a fld-val-list"),
        (b"<a><b></a>", "the body is not XML"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "the body is not XML"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "XML with a document type is not read"),
        (b"<a>" * 300 + b"</a>" * 300, "the XML is nested too deep"),
    ],
)
def test_what_is_no_event_says_why(body: bytes, why: str) -> None:
    with pytest.raises(NotAnEventError) as caught:
        events.read(body)
    assert str(caught.value) == why


def test_of_xml_obvious_names_are_taken_wherever_they_stand() -> None:
    body = (
        b"\xef\xbb\xbf<?xml version='1.0'?><n:delivery xmlns:n='urn:x'><n:topic> NIS-Events "
        b"</n:topic><attempt>2</attempt><eventId>e&amp;1</eventId><event><evt-tp>porting_event"
        b"</evt-tp><topic>another</topic></event></n:delivery>"
    )
    assert events.read(body) == Event(
        "e&1", "NIS-Events", "porting_event", 2, None, None, is_xml=True
    )
    assert events.read(b"<a><b/></a>") == Event(None, None, None, None, None, None, is_xml=True)


TYPE: EventType = {
    "id": "t",
    "validation-type": "strict",
    "fields": {
        "text": {"type": "Text", "mandatory": True},
        "integer": {"type": "Integer", "mandatory": False},
        "decimal": {"type": "Decimal", "mandatory": False},
        "boolean": {"type": "Boolean", "mandatory": False},
        "date": {"type": "Date", "mandatory": False},
        "other": {"type": "Colour", "mandatory": False},
    },
}
OPEN: EventType = {**TYPE, "validation-type": "allow-additional-fields"}


@pytest.mark.parametrize(
    ("field", "fits", "not_"),
    [
        ("text", ["", "x"], [1, True, [], {}]),
        ("integer", [0, -5, "12", "-3"], ["", "1.5", 1.5, True, "１"]),
        ("decimal", [0, 1.5, "0.0040", "-1", "1e3"], ["", "x", False, "NaN"]),
        ("boolean", [True, False, "true", "false"], [0, 1, "yes", ""]),
        ("date", ["2011-05-27T00:00:00Z", "2026-11-23T08:30:00.123Z"], ["", "soon", 1306454400]),
        ("other", ["red", 1, []], []),
    ],
)
def test_each_field_type_takes_its_values_and_their_text(
    field: str, fits: list[object], not_: list[object]
) -> None:
    kind = TYPE["fields"][field]["type"]
    for value in [*fits, *([] if field == "text" else [None])]:
        assert differences(TYPE, {"text": "x", field: value}) == [], value
    for value in not_:
        wrong = differences(TYPE, {"text": "x", field: value})
        assert wrong == [f"{field}: not of type {kind}"], value


def test_missing_and_unknown_fields() -> None:
    assert differences(TYPE, {}) == ["text: missing"]
    assert differences(TYPE, {"text": None}) == ["text: missing"]
    assert differences(TYPE, {"text": "x", "new": 1}) == ["new: not a field of the event type"]
    assert differences(OPEN, {"text": "x", "new": 1}) == []
    assert differences(OPEN, {"new": 1, "integer": "x"}) == [
        "text: missing",
        "integer: not of type Integer",
    ]


def test_a_type_of_another_shape_checks_nothing() -> None:
    shapes: list[Any] = [None, [], {"text": "Text"}]
    for fields in shapes:
        odd: Any = {"id": "t", "validation-type": "strict", "fields": fields}
        assert differences(odd, {"text": 1}) == []
