"""``ess subs``: who gets which events. What changes them is in ``test_subs_changes``."""

from __future__ import annotations

import pytest

from tests.conftest import Run
from tests.examples import as_printed, reply_to

ONE = {
    "table": """\
ID        TOPIC       EVENT TYPE     CFG ID  CONFIGURATION   MATCH                    START
16301810  NIS-Events  porting_event  1266    a-mock-del-cfg  number = '+12345678901'  \
1970-01-01T00:00:00Z
""",
    "json": """\
[
  {
    "id": "16301810",
    "del-cfg-id": "1266",
    "del-cfg-nm": "a-mock-del-cfg",
    "topic-nm": "NIS-Events",
    "evt-tp": "porting_event",
    "match-crt": "number = '+12345678901'",
    "start-date": "1970-01-01T00:00:00Z"
  }
]
""",
    "jsonl": """\
{"id":"16301810","del-cfg-id":"1266","del-cfg-nm":"a-mock-del-cfg","topic-nm":"NIS-Events",\
"evt-tp":"porting_event","match-crt":"number = '+12345678901'",\
"start-date":"1970-01-01T00:00:00Z"}
""",
    "yaml": """\
- "id": "16301810"
  "del-cfg-id": "1266"
  "del-cfg-nm": "a-mock-del-cfg"
  "topic-nm": "NIS-Events"
  "evt-tp": "porting_event"
  "match-crt": "number = '+12345678901'"
  "start-date": "1970-01-01T00:00:00Z"
""",
    "csv": """\
id,topic,event-type,cfg-id,configuration,match,start
16301810,NIS-Events,porting_event,1266,a-mock-del-cfg,number = '+12345678901',1970-01-01T00:00:00Z
""",
    "tsv": """\
id\ttopic\tevent-type\tcfg-id\tconfiguration\tmatch\tstart
16301810\tNIS-Events\tporting_event\t1266\ta-mock-del-cfg\tnumber = '+12345678901'\t\
1970-01-01T00:00:00Z
""",
    "name": "16301810\n",
}
BY_NUMBER = {
    "table": "CFG ID  CONFIGURATION   EVENT TYPES\n1266    a-mock-del-cfg  porting_event\n",
    "csv": "cfg-id,configuration,event-types\n1266,a-mock-del-cfg,porting_event\n",
    "tsv": "cfg-id\tconfiguration\tevent-types\n1266\ta-mock-del-cfg\tporting_event\n",
    "jsonl": (
        '{"paged-result":{"offset":0,"limit":1000},"mdn":"number = \'+12345678901\'",'
        '"topic-name":"NIS-Events","subscriptions":[{"delivery-cfg-id":"1266",'
        '"delivery-cfg-nm":"a-mock-del-cfg","events":["porting_event"]}]}\n'
    ),
    "name": "1266\n",
}
COUNT = {
    "table": "TOPIC       NUMBERS\nNIS-Events        1\n",
    "json": as_printed(reply_to("GET /topic-subscriptions/uniqueMdnCount")),
    "jsonl": '{"topic-name":"NIS-Events","activeCount":1}\n',
    "yaml": '"topic-name": "NIS-Events"\n"activeCount": 1\n',
    "csv": "topic,numbers\nNIS-Events,1\n",
    "tsv": "topic\tnumbers\nNIS-Events\t1\n",
}


# Listing


@pytest.mark.parametrize(("format", "printed"), ONE.items())
def test_subscriptions_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("subs", "list", "--topic", "NIS-Events", "-o", format) == (0, printed, "")


def test_subscriptions_as_json_are_the_service_s_own_objects(ess: Run) -> None:
    outcome = ess("subs", "list", "--limit", "3", "--json")
    assert outcome.out == as_printed(reply_to("GET /topic-subscriptions")["topic-subscriptions"])


def test_a_filter_on_the_event_type_keeps_what_receives_every_type(ess: Run) -> None:
    outcome = ess("subs", "list", "--event-type", "event_file_complete", "-c", "id,event-type")
    assert outcome.out == "id\tevent-type\n16301850\t\n"
    outcome = ess("subs", "list", "--event-type", "porting_event", "-c", "id,event-type")
    assert outcome.out == "id\tevent-type\n16301850\t\n16301810\tporting_event\n"


def test_filters_narrow_together(ess: Run) -> None:
    argv = ("subs", "list", "--topic", "SCG-Message", "--event-type", "mo_message_received")
    assert ess(*argv, "-o", "name").out == "142\n"
    assert ess(*argv, "--cfg", "262", "-o", "name").out == "142\n"
    assert ess(*argv, "--cfg", "1266", "-o", "name").out == ""


def test_a_configuration_is_named_by_id_or_by_name(ess: Run) -> None:
    for cfg in ("1266", "a-mock-del-cfg"):
        assert ess("subs", "list", "--cfg", cfg, "-o", "name").out == "16301830\n16301810\n"


def test_digits_are_an_id_and_are_not_looked_up(ess: Run) -> None:
    outcome = ess("subs", "list", "--cfg", "99999", "--debug", "-o", "name")
    assert (outcome.code, outcome.out) == (0, "")
    assert "delivery-configurations" not in outcome.err


def test_an_unknown_configuration_is_not_found_and_near_names_are_told(ess: Run) -> None:
    outcome = ess("subs", "list", "--cfg", "a-mock-delcfg")
    assert outcome == (
        4,
        "",
        'error: no delivery configuration with the id or name "a-mock-delcfg"\n'
        "  near: a-mock-del-cfg\n"
        "hint: ess delivery-cfg list\n",
    )


def test_an_empty_configuration_is_unknown_and_not_every_one(ess: Run) -> None:
    outcome = ess("subs", "list", "--cfg", "")
    assert (outcome.code, outcome.out) == (4, "")


# One subscription


@pytest.mark.parametrize("place", [["SCG-Message", "142"], ["142"]])
def test_one_subscription_as_json_is_the_reply_as_it_is(ess: Run, place: list[str]) -> None:
    known = reply_to("GET /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}")
    assert ess("subs", "get", *place, "-o", "json") == (0, as_printed(known), "")


def test_one_subscription_in_columns_has_its_configuration_s_name(ess: Run) -> None:
    outcome = ess("subs", "get", "SCG-Message", "142", "-o", "table")
    assert outcome.out == (
        "ID   TOPIC        EVENT TYPE           CFG ID  CONFIGURATION         MATCH  START\n"
        "142  SCG-Message  mo_message_received  262     scg-inbound-messages"
        "         2016-09-27T13:08:57Z\n"
    )
    assert ess("subs", "get", "142", "-c", "cfg-id,configuration", "-o", "csv").out == (
        "cfg-id,configuration\n262,scg-inbound-messages\n"
    )
    assert ess("subs", "get", "142", "-o", "name").out == "142\n"


def test_a_topic_that_is_given_is_not_looked_up(ess: Run) -> None:
    outcome = ess("subs", "get", "SCG-Message", "142", "--json", "--debug")
    assert outcome.err.count("debug: ") == 1
    assert "GET /topics/SCG-Message/subscriptions/142 → 200" in outcome.err


def test_an_unknown_id_without_a_topic_is_not_found(ess: Run) -> None:
    assert ess("subs", "get", "999") == (
        4,
        "",
        "error: no subscription 999 in the list of subscriptions\n"
        "hint: ess subs list; an ended one may need its topic: ess subs get TOPIC ID\n",
    )


def test_a_subscription_of_another_topic_is_not_found(ess: Run) -> None:
    outcome = ess("subs", "get", "NIS-Events", "142")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err == (
        "error: GET /topics/NIS-Events/subscriptions/142: 404:"
        " Subscription not found: 142 in topic NIS-Events (NOT_FOUND)\n"
    )


def test_an_id_that_begins_with_a_dash_goes_after_two(ess: Run) -> None:
    outcome = ess("subs", "get", "-o", "json", "--", "NIS-Events", "-5")
    assert outcome.code == 4
    assert "GET /topics/NIS-Events/subscriptions/-5: 404" in outcome.err
    assert ess("subs", "get", "NIS-Events", "-5").code == 2


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c"]])
def test_neither_no_nor_three_arguments_name_a_subscription(ess: Run, arguments: list[str]) -> None:
    assert ess("subs", "get", *arguments).code == 2


# Numbers


@pytest.mark.parametrize(("format", "printed"), BY_NUMBER.items())
def test_who_has_a_number_prints_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("subs", "mdn", "+12345678901", "-o", format) == (0, printed, "")


def test_who_has_a_number_as_json_is_the_reply_as_it_is(ess: Run) -> None:
    known = reply_to("GET /topic-subscriptions/mdn")
    outcome = ess("subs", "mdn", "+12345678901", "-o", "json")
    asked_for = {"offset": 0, "limit": 1000}
    assert outcome.out == as_printed({**known, "paged-result": asked_for})


def test_raw_criteria_and_another_topic_can_be_asked_for(ess: Run) -> None:
    outcome = ess("subs", "mdn", "--match", "number = '+12345678901'", "-o", "name")
    assert outcome.out == "1266\n"
    outcome = ess("subs", "mdn", "+12345678901", "--topic", "SCG-Message", "-o", "name")
    assert (outcome.code, outcome.out) == (0, "")


def test_a_number_goes_out_encoded_and_stays_out_of_the_log(ess: Run) -> None:
    outcome = ess("subs", "mdn", "+12345678901", "--debug", "--json")
    assert "GET /topic-subscriptions/mdn?topicId=NIS-Events&matchingCriteria=…" in outcome.err
    assert "12345678901" not in outcome.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "error: NUMBER or --match is missing\nhint: NUMBER +12025550123\n"),
        (
            ["+12345678901", "--match", "x = 1"],
            "error: --match and NUMBER exclude each other\nhint: give one of them\n",
        ),
        (
            ["12345678901"],
            'error: not an E.164 number: "12345678901"\n'
            "hint: numbers begin with + and the country code: +12345678901\n",
        ),
    ],
)
def test_wrong_ways_to_ask_for_a_number_say_what_to_type(
    ess: Run, argv: list[str], said: str
) -> None:
    assert ess("subs", "mdn", *argv) == (2, "", said)


@pytest.mark.parametrize(("format", "printed"), COUNT.items())
def test_the_count_of_numbers_prints_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("subs", "mdn-count", "-o", format) == (0, printed, "")


def test_the_count_of_numbers_has_no_name(ess: Run) -> None:
    assert ess("subs", "mdn-count", "-o", "name").code == 2
