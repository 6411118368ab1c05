"""Ids and parameters: on the request line exactly as they are, or nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import hostile
from tests.hostile import Hostile, Wire, json_reply, on

wire = hostile.wire

PATIENT = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
TRICKY = [
    ".",
    "..",
    "...",
    ".. ",
    "%2e%2e",
    "..%2f",
    "../../x",
    "..\\..",
    "a/b",
    "a\\b",
    "a?b=c",
    "a#b",
    "a;b",
    "a:b",
    "a@b",
    "//evil.example",
    "http://evil.example/",
    "-x",
    "--help",
    " ",
    "\u00a0",
    "a b",
    "a+b",
    "a%b",
    "a%2",
    "%",
    "%00",
    "é",
    "e\u0301",
    "\u202e",
    "\U0001f4a3",
    "\ud800",
    "\udcff",
    "a\nb",
    "a\r\nX: y",
    "\x00",
    "\x7f",
    "\x85",
    "",
    "x" * 256,
    "x" * 257,
    "é" * 256,
]
anything = st.text(max_size=40) | st.text("./%\\?#&+ '\"-", max_size=8) | st.sampled_from(TRICKY)


@pytest.fixture
def echo() -> Iterator[Hostile]:
    """A server that answers everything with an empty object, for as long as it is asked."""
    server = Hostile((on("*", json_reply({"topics": [], "a": 1})),))
    yield server
    server.stop()


def _target(server: Hostile) -> str | None:
    """What was asked for; None where nothing was. The script begins anew."""
    assert server.complaints == []
    requests, server.requests = server.requests, []
    server.renew()
    assert len(requests) <= 1
    return requests[0].line if requests else None


def _is_exactly(segment: str, value: str) -> bool:
    return set(segment.encode()) <= UNRESERVED and unquote_to_bytes(segment) == value.encode()


@PATIENT
@given(anything)
@example("..")
@example("\ud800")
def test_any_id_is_on_the_request_line_as_it_is_or_nothing_is_sent(
    wire: Wire, echo: Hostile, value: str
) -> None:
    outcome = wire.ess(echo.url, "event-types", "get", "--json", "--", value)
    target = _target(echo)
    if target is None:
        assert outcome.code == 2
        return
    method, _, path = target.partition(" ")
    assert outcome.code == 0
    assert method == "GET"
    assert path.startswith("/ess/v1/event-types/")
    assert _is_exactly(path.removeprefix("/ess/v1/event-types/"), value)


@pytest.mark.parametrize("value", TRICKY)
def test_a_tricky_id_is_refused_or_sent_as_it_is(wire: Wire, echo: Hostile, value: str) -> None:
    outcome = wire.ess(echo.url, "topics", "event-types", "--json", "--", value)
    target = _target(echo)
    refused = (
        value in ("", ".", "..") or len(value) > 256 or not value.isprintable()
    ) and value not in ("\u00a0", "\u202e")
    assert (target is None) == refused
    if refused:
        assert outcome.code == 2
        assert outcome.err.startswith("error: topic: ")
    else:
        assert target is not None
        segment = target.removeprefix("GET /ess/v1/topics/").removesuffix("/event-types")
        assert _is_exactly(segment, value)


@PATIENT
@given(anything, anything)
def test_both_ids_of_a_pair_are_there_as_they_are(
    wire: Wire, echo: Hostile, event: str, number: str
) -> None:
    digits = "".join(str(ord(character) % 10) for character in number)[:200]
    outcome = wire.ess(echo.url, "deliveries", "track", "--json", "--", event, digits or "7")
    target = _target(echo)
    if target is None:
        assert outcome.code in (2, 4)
        return
    pair = target.removeprefix("GET /ess/v1/event-deliveries/").removesuffix("/tracking")
    found, _, configuration = pair.rpartition(":")
    assert _is_exactly(found, event)
    assert configuration == (digits or "7")


@PATIENT
@given(anything, anything)
@example("a b", "c+d'e&f=g")
@example("k", "\udcff")
def test_any_parameter_is_in_the_query_as_it_is_or_nothing_is_sent(
    wire: Wire, echo: Hostile, key: str, value: str
) -> None:
    if key in ("offset", "limit"):
        return
    outcome = wire.ess(echo.url, "topics", "list", "--param", f"{key}={value}")
    target = _target(echo)
    if target is None:
        assert outcome.code == 2
        return
    name, _, text = f"{key}={value}".partition("=")
    query = target.removeprefix("GET /ess/v1/topics?limit=1000&")
    assert "&" not in query
    sent_name, _, sent_text = query.partition("=")
    assert _is_exactly(sent_name, name)
    assert _is_exactly(sent_text, text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [("+", "%2B"), (" ", "%20"), ("'", "%27"), ("é", "%C3%A9"), ("/", "%2F"), ("%", "%25")],
)
def test_what_stands_for_what_in_a_query(wire: Wire, echo: Hostile, text: str, sent: str) -> None:
    assert wire.ess(echo.url, "topics", "list", "--param", f"k={text}").code == 0
    assert _target(echo) == f"GET /ess/v1/topics?limit=1000&k={sent}"


def test_criteria_are_sent_as_they_stand(wire: Wire) -> None:
    server = wire.serve(
        on(
            "GET /ess/v1/topic-subscriptions/mdn?topicId=NIS-Events"
            "&matchingCriteria=a%20%3D%20%27%2B1%20%26%20%C3%A9%27&limit=1000",
            json_reply({"subscriptions": []}),
        )
    )
    assert wire.ess(server, "subs", "mdn", "--match", "a = '+1 & é'").code == 0


@pytest.mark.parametrize("value", ["\udcff", "a\ud800b"])
def test_what_is_no_text_is_in_no_body(wire: Wire, value: str) -> None:
    server = wire.serve(
        on(
            "GET /ess/v1/topic-subscriptions?limit=1000",
            json_reply({"topic-subscriptions": []}),
        )
    )
    create = ("subs", "create", "--topic", "T", "--cfg", "5", "--match", f"a = '{value}'")
    outcome = wire.ess(server, *create)
    assert outcome.code == 2
    assert "error: a value holds bytes that are no text, so nothing was sent\n" in outcome.err
