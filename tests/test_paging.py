"""Lists over pages: where they end, what is dropped, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import hostile
from tests.hostile import Exchange, Step, Wire, close, json_reply, on, reply

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
DELIVERIES = "GET /ess/v1/event-deliveries?limit=1000"
LIST = ("deliveries", "list", "--all", "-o", "name")


def _words(line: str) -> list[str]:
    return line.split()


def _topics(*names: str, **more: Any) -> bytes:
    return json_reply({"topics": [{"topic-nm": name} for name in names], **more})


def _paged(*names: str, limit: Any, offset: int = 0) -> bytes:
    return _topics(*names, **{"paged-result": {"offset": offset, "limit": limit}})


def _deliveries(*events: str, **more: Any) -> bytes:
    rows = [{"event-id": event, "del-cfg-id": 1} for event in events]
    return json_reply({"event-deliveries": rows, **more})


def _onward(uri: Any, *events: str) -> bytes:
    return _deliveries(*events, **{"next-page-uri": uri})


def _next(offset: int, limit: int = 2) -> str:
    return f"/ess/v1/event-deliveries?offset={offset}&limit={limit}"


# Where a list ends


def test_a_page_shorter_than_the_limit_asked_for_is_the_last(wire: Wire) -> None:
    server = wire.serve(on("GET /ess/v1/topics?limit=3", _topics("a", "b")))
    assert wire.ess(server, *_words("topics list --page-size 3 -o name")).out == "a\nb\n"


def test_a_full_page_is_followed_by_another_until_an_empty_one(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=2", _topics("a", "b")),
        on("GET /ess/v1/topics?limit=2&offset=2", _topics("c", "d")),
        on("GET /ess/v1/topics?limit=2&offset=4", _topics()),
    )
    outcome = wire.ess(server, *_words("topics list --page-size 2 -o name"))
    assert outcome == (0, "a\nb\nc\nd\n", "")


def test_the_echoed_limit_counts_not_the_one_asked_for(wire: Wire) -> None:
    server = wire.serve(
        on(TOPICS, _paged("a", "b", limit=2)),
        on("GET /ess/v1/topics?limit=1000&offset=2", _paged("c", limit=2, offset=2)),
    )
    assert wire.ess(server, "topics", "list", "-o", "name").out == "a\nb\nc\n"


@pytest.mark.parametrize("limit", [0, -1, "2", None, True, 2.0, [], {}], ids=json.dumps)
def test_an_echoed_limit_that_is_no_number_does_not_count(wire: Wire, limit: Any) -> None:
    server = wire.serve(on(TOPICS, _paged("a", "b", limit=limit)))
    assert wire.ess(server, "topics", "list", "-o", "name").out == "a\nb\n"


@pytest.mark.parametrize("block", [None, [], "x", 5], ids=json.dumps)
def test_a_paging_block_that_is_none_does_not_count(wire: Wire, block: Any) -> None:
    server = wire.serve(on(TOPICS, _topics("a", **{"paged-result": block})))
    assert wire.ess(server, "topics", "list", "-o", "name").out == "a\n"


def test_more_rows_than_asked_for_are_all_taken(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=2", _topics("a", "b", "c")),
        on("GET /ess/v1/topics?limit=2&offset=3", _topics("d")),
    )
    outcome = wire.ess(server, *_words("topics list --page-size 2 -o name"))
    assert outcome.out == "a\nb\nc\nd\n"


def test_a_page_of_many_thousands_is_printed_whole(wire: Wire) -> None:
    names = [f"t{number}" for number in range(2500)]
    server = wire.serve(on(TOPICS, _paged(*names, limit=9999)))
    assert wire.ess(server, "topics", "list", "-o", "name").out.split() == names


def test_an_empty_list_is_empty(wire: Wire) -> None:
    server = wire.serve(*[on(TOPICS, _topics())] * 3)
    assert wire.ess(server, "topics", "list", "-o", "json").out == "[]\n"
    assert wire.ess(server, "topics", "list", "-o", "jsonl").out == ""
    assert wire.ess(server, "topics", "list", "-o", "csv").out == "name,service,event-types\n"


# next-page-uri


def test_a_next_page_uri_decides_whatever_the_size_of_the_page(wire: Wire) -> None:
    server = wire.serve(
        on(DELIVERIES, _onward(_next(1, 1), "a")),
        on("GET /ess/v1/event-deliveries?limit=1&offset=1", _onward(_next(50, 7), "b")),
        on("GET /ess/v1/event-deliveries?limit=7&offset=50", _deliveries("c")),
    )
    assert wire.ess(server, *LIST).out == "a:1\nb:1\nc:1\n"


@pytest.mark.parametrize("uri", [None, ""])
def test_an_empty_next_page_uri_is_none(wire: Wire, uri: str | None) -> None:
    server = wire.serve(on(DELIVERIES, _onward(uri, "a")))
    assert wire.ess(server, *LIST).out == "a:1\n"


def test_raw_parameters_go_with_every_page(wire: Wire) -> None:
    server = wire.serve(
        on(DELIVERIES + "&topic=A%26B", _onward(_next(1), "a")),
        on("GET /ess/v1/event-deliveries?limit=2&offset=1&topic=A%26B", _deliveries()),
    )
    assert wire.ess(server, *LIST, "--param", "topic=A&B").code == 0


def test_only_offset_and_limit_are_taken_from_the_servers_uri(wire: Wire) -> None:
    other = wire.serve()
    uris = [
        f"http://{other.host}/elsewhere?offset=1&limit=1&user-token=x",
        f"//{other.host}/ess/v1/event-deliveries?limit=1&offset=2",
        f"http://{other.host}\\@api.syniverse.com/x?offset=3&limit=1#top",
        "javascript:alert(1)?offset=4&limit=1",
        "?offset=5&limit=1",
        "../../../secrets?offset=6&limit=1&topicId=evil",
    ]
    pages = [_onward(uri, f"e{number}") for number, uri in enumerate(uris)]
    script = [on(DELIVERIES, pages[0])] + [
        on(f"GET /ess/v1/event-deliveries?limit=1&offset={number}", page)
        for number, page in enumerate([*pages[1:], _deliveries()], 1)
    ]
    server = wire.serve(*script)
    assert wire.ess(server, *LIST).code == 0
    assert other.connections == 0


@pytest.mark.parametrize(
    "uri",
    [
        "/x?limit=2",
        "/x?offset=&limit=2",
        "/x?offset=-1&limit=2",
        "/x?offset=1.0",
        "/x?offset=0x10",
        "/x?offset=%2B5",
        "/x?offset=5%00",
        "/x?offset=٣",
        "/x?offset=1e3",
        "/x?offset=5&offset=6",
        "/x?offset=5&limit=",
        "/x?offset=5&limit=ten",
        "/x?offset=5&limit=1&limit=2",
        "/x?offset=" + "9" * 19,
        "/x?offset=" + "9" * 5000,
        "/x",
        "\u202e\x1b]0;x\x07",
        "http://[::1",
        "https://evil\\@api.host/x",
        5,
        True,
        False,
        0,
        ["/x?offset=5"],
        ["/x?offset=5#"],
        {"offset": 5},
    ],
    ids=repr,
)
def test_a_next_page_uri_without_one_plain_offset_is_refused(wire: Wire, uri: Any) -> None:
    server = wire.serve(on(DELIVERIES, _onward(uri, "a")))
    outcome = wire.ess(server, *LIST)
    assert outcome.code == 9
    assert outcome.err == (
        "error: GET /event-deliveries: the page at offset 0 has a next-page-uri without one offset"
        " and limit\n"
    )


@pytest.mark.parametrize("uri", [_next(0), _next(5, 0), "/x?offset=0000"])
def test_a_next_page_uri_that_does_not_go_forward_is_refused(wire: Wire, uri: str) -> None:
    server = wire.serve(on(DELIVERIES, _onward(uri, "a")))
    outcome = wire.ess(server, *LIST)
    assert outcome.code == 9
    assert "error: GET /event-deliveries: from offset 0, next-page-uri leads to offset" in (
        outcome.err
    )


def test_a_next_page_uri_that_goes_back_is_refused(wire: Wire) -> None:
    server = wire.serve(
        on(DELIVERIES, _onward(_next(10), "a")),
        on("GET /ess/v1/event-deliveries?limit=2&offset=10", _onward(_next(9), "b")),
    )
    outcome = wire.ess(server, *LIST)
    assert outcome.code == 9
    assert "from offset 10, next-page-uri leads to offset 9 with limit 2" in outcome.err


# Lists are no snapshot


def test_rows_seen_on_the_last_pages_are_dropped(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=3", _topics("a", "b", "c")),
        on("GET /ess/v1/topics?limit=3&offset=3", _topics("c", "d", "a")),
        on("GET /ess/v1/topics?limit=3&offset=6", _topics("b", "e")),
    )
    for form, shown in (("name", "a\nb\nc\nd\ne\n"), ("jsonl", None)):
        outcome = wire.ess(server, *_words(f"topics list --page-size 3 -o {form}"))
        assert outcome.code == 0
        assert shown is None or outcome.out == shown
        if form == "name":
            server.renew()
        else:
            assert [json.loads(line)["topic-nm"] for line in outcome.out.splitlines()] == [*"abcde"]


def test_no_more_than_the_last_pages_is_remembered(wire: Wire) -> None:
    names = [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("a", "i"), ()]
    pages = [
        on(f"{TOPICS.replace('1000', '2')}{f'&offset={2 * n}' if n else ''}", _topics(*page))
        for n, page in enumerate(names)
    ]
    outcome = wire.ess(wire.serve(*pages), *_words("topics list --page-size 2 -o name"))
    assert outcome == (0, "a\nb\nc\nd\ne\nf\ng\nh\na\ni\n", "")


def test_rows_repeated_inside_one_page_are_kept(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, _topics("a", "a", "b", "a")))
    assert wire.ess(server, "topics", "list", "-o", "name").out == "a\na\nb\na\n"


def test_two_deliveries_of_one_event_are_two_rows(wire: Wire) -> None:
    rows = [{"event-id": "e", "del-cfg-id": number} for number in (1, 2)]
    server = wire.serve(
        on(DELIVERIES, json_reply({"event-deliveries": rows[:1], "next-page-uri": _next(1)})),
        on(
            "GET /ess/v1/event-deliveries?limit=2&offset=1",
            json_reply({"event-deliveries": rows}),
        ),
        on("GET /ess/v1/event-deliveries?limit=2&offset=3", _deliveries()),
    )
    assert wire.ess(server, *LIST).out == "e:1\ne:2\n"


@pytest.mark.parametrize("nothing", [{}, {"id": None}, {"id": ["x"]}, {"id": {}}], ids=json.dumps)
def test_rows_that_nothing_tells_apart_are_kept(wire: Wire, nothing: dict[str, Any]) -> None:
    rows = [{"id": "1"}, nothing]
    server = wire.serve(
        on("GET /ess/v1/topic-subscriptions?limit=2", json_reply({"topic-subscriptions": rows})),
        on(
            "GET /ess/v1/topic-subscriptions?limit=2&offset=2",
            json_reply({"topic-subscriptions": [nothing, {"id": "1"}, {"id": "2"}]}),
        ),
        on(
            "GET /ess/v1/topic-subscriptions?limit=2&offset=5",
            json_reply({"topic-subscriptions": [nothing]}),
        ),
    )
    outcome = wire.ess(server, *_words("subs list --page-size 2 --json"))
    assert outcome.code == 0
    assert json.loads(outcome.out) == [{"id": "1"}, nothing, nothing, {"id": "2"}, nothing]


def test_a_server_that_ignores_offset_is_not_asked_for_ever(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=2", _topics("a", "b")),
        on("GET /ess/v1/topics?limit=2&offset=2", _topics("a", "b")),
    )
    outcome = wire.ess(server, *_words("topics list --page-size 2 --json"))
    assert (outcome.code, outcome.out) == (9, "")
    assert "error: GET /topics: the page at offset 2 brought nothing new\n" in outcome.err


def test_the_same_holds_for_a_page_of_many_megabytes(wire: Wire) -> None:
    names = [f"t{number}" for number in range(5000)]
    rows = [{"topic-nm": name, "pad": "x" * 4000} for name in names]
    page = json_reply({"topics": rows, "paged-result": {"limit": 5000}})
    server = wire.serve(on(TOPICS, page), on(f"{TOPICS}&offset=5000", page))
    outcome = wire.ess(server, "topics", "list", "-o", "name")
    assert (outcome.code, outcome.out.split()) == (9, names)


def test_the_same_holds_for_rows_that_nothing_tells_apart(wire: Wire) -> None:
    page = json_reply({"topics": [{"x": 1}, {"x": 2}]})
    server = wire.serve(
        on("GET /ess/v1/topics?limit=2", page), on("GET /ess/v1/topics?limit=2&offset=2", page)
    )
    outcome = wire.ess(server, *_words("topics list --page-size 2 -o jsonl"))
    assert (outcome.code, outcome.out) == (9, '{"x":1}\n{"x":2}\n')


def test_pages_that_take_turns_are_not_asked_for_ever(wire: Wire) -> None:
    pages = [_topics("a", "b"), _topics("c", "d")]
    script = [on("GET /ess/v1/topics?limit=2", pages[0])] + [
        on(f"GET /ess/v1/topics?limit=2&offset={2 * number}", pages[number % 2])
        for number in range(1, 3)
    ]
    outcome = wire.ess(wire.serve(*script), *_words("topics list --page-size 2"))
    assert outcome.code == 9


def test_an_empty_page_that_leads_on_brings_nothing_new(wire: Wire) -> None:
    server = wire.serve(on(DELIVERIES, _onward(_next(5))))
    assert wire.ess(server, *LIST).code == 9


def test_a_last_page_without_anything_new_is_still_the_last(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=2", _topics("a", "b")),
        on("GET /ess/v1/topics?limit=2&offset=2", _topics("b")),
    )
    outcome = wire.ess(server, *_words("topics list --page-size 2 -o name"))
    assert outcome == (0, "a\nb\n", "")


def test_where_the_service_will_not_page_all_is_asked_for_at_once(wire: Wire) -> None:
    server = wire.serve(on("GET /ess/v1/topics?limit=3", _topics("a", "b")))
    assert wire.ess(server, *_words("topics list --page-size 3")).code == 0


# Failing half-way


def _two_pages(*second: Step) -> tuple[Exchange, ...]:
    failing = on("GET /ess/v1/topics?limit=2&offset=2", *(second or (reply(500),)))
    return (on("GET /ess/v1/topics?limit=2", _topics("a", "b")), failing, failing, failing)


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ("json", ""),
        ("jsonl", '{"topic-nm":"a"}\n{"topic-nm":"b"}\n'),
        ("csv", "name,service,event-types\na,,\nb,,\n"),
        ("tsv", "name\tservice\tevent-types\na\t\t\nb\t\t\n"),
        ("name", "a\nb\n"),
    ],
)
def test_a_list_that_fails_half_way_keeps_what_was_streamed_but_no_half_json(
    wire: Wire, form: str, kept: str
) -> None:
    server = wire.serve(*_two_pages())
    outcome = wire.ess(server, "topics", "list", "--page-size", "2", "-o", form)
    assert (outcome.code, outcome.out) == (6, kept)


def test_a_list_that_is_cut_half_way_has_no_success(wire: Wire) -> None:
    cut = b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"topics":'
    server = wire.serve(*_two_pages(cut, close))
    outcome = wire.ess(server, "topics", "list", "--page-size", "2", "-o", "jsonl")
    assert outcome.code == 6
    assert outcome.out == '{"topic-nm":"a"}\n{"topic-nm":"b"}\n'


def test_a_sorted_list_that_fails_half_way_prints_nothing(wire: Wire) -> None:
    server = wire.serve(*_two_pages())
    outcome = wire.ess(server, *_words("topics list --page-size 2 --sort name -o jsonl"))
    assert (outcome.code, outcome.out) == (6, "")


# No more than needed


def test_a_limit_asks_for_one_row_more_than_it_shows(wire: Wire) -> None:
    server = wire.serve(on("GET /ess/v1/topics?limit=3", _topics("a", "b", "c")))
    outcome = wire.ess(server, *_words("topics list --limit 2 -o name"))
    assert outcome.out == "a\nb\n"
    assert outcome.err == (
        "stopped after 2 rows; go on with: ess topics list --limit 2 -o name --offset 2\n"
    )


def test_a_limit_that_is_met_on_the_first_page_asks_for_no_other(wire: Wire) -> None:
    server = wire.serve(on("GET /ess/v1/topics?limit=2", _topics("a", "b")))
    outcome = wire.ess(server, *_words("topics list --page-size 2 --limit 2 -o name"))
    assert outcome.out == "a\nb\n"
    assert "--offset 2" in outcome.err


def test_a_limit_over_small_pages_asks_for_as_many_as_needed(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=2", _topics("a", "b")),
        on("GET /ess/v1/topics?limit=2&offset=2", _topics("c", "d")),
    )
    outcome = wire.ess(server, *_words("topics list --page-size 2 --limit 3 -o name"))
    assert outcome.out == "a\nb\nc\n"
    assert outcome.err.endswith(" --offset 3\n")


def test_a_limit_larger_than_the_list_says_nothing(wire: Wire) -> None:
    server = wire.serve(on("GET /ess/v1/topics?limit=6", _topics("a", "b")))
    assert wire.ess(server, *_words("topics list --limit 5 -o name")) == (0, "a\nb\n", "")


def test_where_to_go_on_counts_rows_that_were_dropped(wire: Wire) -> None:
    server = wire.serve(
        on("GET /ess/v1/topics?limit=3&offset=10", _topics("a", "b", "c")),
        on("GET /ess/v1/topics?limit=3&offset=13", _topics("b", "c", "d")),
    )
    outcome = wire.ess(server, *_words("topics list --page-size 3 --offset 10 --limit 4 -o name"))
    assert outcome.out == "a\nb\nc\nd\n"
    assert outcome.err.endswith(" --offset 16\n")


def test_deliveries_stop_at_fifty_and_say_how_to_go_on(wire: Wire) -> None:
    events = [f"e{number}" for number in range(51)]
    server = wire.serve(on("GET /ess/v1/event-deliveries?limit=51", _deliveries(*events)))
    outcome = wire.ess(server, *_words("deliveries list -o name"))
    assert outcome.out.splitlines() == [f"{event}:1" for event in events[:50]]
    assert "stopped after 50 rows; go on with: ess deliveries list -o name --offset 50" in (
        outcome.err
    )
