"""Redirects: never followed, never a success."""

from __future__ import annotations

import pytest

from tests import hostile
from tests.hostile import Wire, json_reply, on, reply

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
STATUSES = [301, 302, 303, 307, 308]


@pytest.mark.parametrize("status", STATUSES)
def test_a_redirected_read_ends_and_names_the_host(wire: Wire, status: int) -> None:
    other = wire.serve()
    location = f"Location: http://{other.host}/ess/v1/topics?limit=1000"
    server = wire.serve(on(TOPICS, reply(status, b"gone there", location)))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 9
    assert outcome.out == ""
    assert outcome.err == (
        f"error: GET /topics: redirected to {other.host}; redirects are not followed\n"
        "hint: if the service moved, set the new base URL yourself: ess profile set --base-url\n"
    )
    assert other.connections == 0


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_redirected_write_is_in_doubt_and_sent_once(wire: Wire, method: str, status: int) -> None:
    other = wire.serve()
    location = f"Location: http://{other.host}/ess/v1/topics"
    server = wire.serve(on(f"{method} /ess/v1/topics", reply(status, b"", location)))
    outcome = wire.ess(server, "api", method, "/topics", "--field", "a=b", "--yes")
    assert outcome.code == 7
    assert outcome.err == (
        f"error: {method} /topics: {status}: redirected to {other.host}\n"
        "  the change may or may not have been made\n"
        "hint: look before trying again: with a GET of the same path\n"
    )
    assert other.connections == 0


def test_a_redirected_job_is_in_doubt(wire: Wire) -> None:
    target = (
        "GET /ess/v1/topics/NIS-Events/dump-subscriptions?compression=true&compressionType=gzip"
    )
    server = wire.serve(on(target, reply(302, b"", "Location: /login")))
    outcome = wire.ess(server, "topics", "dump", "NIS-Events")
    assert outcome.code == 7
    assert "302: redirected to another path of the same host" in outcome.err


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://who:secret@evil.example/x", "evil.example"),
        ("https://api.syniverse.com@evil.example/", "evil.example"),
        ("https://evil.example\\@api.syniverse.com/", "evil.example"),
        ("https:\\\\evil.example\\x", "evil.example"),
        ("//evil.example/x", "evil.example"),
        ("https://evil.example?@api.syniverse.com/", "evil.example"),
        ("https://evil\x1b[31m.example/", "evil\\x1b[31m.example"),
        ("https://evil\x9b\x7f.example/", "evil\\x9b\\x7f.example"),
        ("https://[::1", "[::1"),
        ("/ess/v2/topics", "another path of the same host"),
        ("https://", "nowhere"),
        ("", "nowhere"),
        ("https://" + "a" * 5000, "a" * 200),
    ],
)
def test_where_a_redirect_leads_is_shown_safely(wire: Wire, location: str, shown: str) -> None:
    server = wire.serve(on(TOPICS, reply(302, b"", f"Location: {location}")))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 9
    first = outcome.err.splitlines()[0]
    assert first == f"error: GET /topics: redirected to {shown}; redirects are not followed"
    assert "secret" not in outcome.err


def test_a_redirect_without_a_location_is_one_too(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, reply(300)))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 9
    assert "redirected to nowhere" in outcome.err


def test_a_redirect_of_the_second_page_ends_the_list(wire: Wire) -> None:
    first = {"topics": [{"topic-nm": "a"}], "paged-result": {"offset": 0, "limit": 1}}
    server = wire.serve(
        on(TOPICS, json_reply(first)),
        on("GET /ess/v1/topics?limit=1000&offset=1", reply(302, b"", "Location: /login")),
    )
    outcome = wire.ess(server, "topics", "list", "--json")
    assert (outcome.code, outcome.out) == (9, "")


def test_not_modified_means_that_an_update_failed(wire: Wire) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", reply(304)))
    outcome = wire.ess(server, "api", "PUT", "/topics", "--field", "a=b", "--yes")
    assert outcome.code == 5
    assert outcome.err == "error: PUT /topics: 304: the update failed\n"


def test_not_modified_is_no_answer_to_a_read(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, reply(304)))
    assert wire.ess(server, "topics", "list").code == 9
