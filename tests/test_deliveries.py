"""``ess deliveries``: what became of events."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.conftest import Outcome, Run
from tests.examples import OPERATIONS, as_printed, name_of, reply_to

HANDLE = shlex.split(
    "deliveries mark-handled --event-id event-3 --topic topic-C --event-type some-type-3 --cfg"
)
DELIVERY = {
    "table": """\
EVENT ID                TIME                  STATUS   TOPIC       EVENT TYPE     CFG ID  \
CONFIGURATION
ADEIboH1Q7m-OYRV2m268A  2017-06-30T12:59:30Z  SUCCESS  NIS-Events  porting_event  1266    \
a-mock-del-cfg
""",
    "csv": """\
event-id,time,status,topic,event-type,cfg-id,configuration
ADEIboH1Q7m-OYRV2m268A,2017-06-30T12:59:30Z,SUCCESS,NIS-Events,porting_event,1266,a-mock-del-cfg
""",
    "tsv": """\
event-id\ttime\tstatus\ttopic\tevent-type\tcfg-id\tconfiguration
ADEIboH1Q7m-OYRV2m268A\t2017-06-30T12:59:30Z\tSUCCESS\tNIS-Events\tporting_event\t1266\t\
a-mock-del-cfg
""",
    "name": "ADEIboH1Q7m-OYRV2m268A:1266\n",
}
ATTEMPT = {
    "table": """\
EVENT ID                TIME                  ATTEMPT  RESULT   HTTP  ANSWER       STATUS   \
TOPIC       EVENT TYPE            CONFIGURATION
8KL0fnzlSC6PhN7nc7Oh7w  2017-10-28T17:15:32Z        1  SUCCESS   200  Hello World  SUCCESS  \
NIS-Events  truedisconnect_event  sai
""",
    "csv": """\
event-id,time,attempt,result,http,answer,status,topic,event-type,configuration
8KL0fnzlSC6PhN7nc7Oh7w,2017-10-28T17:15:32Z,1,SUCCESS,200,Hello World,SUCCESS,NIS-Events,\
truedisconnect_event,sai
""",
    "name": "8KL0fnzlSC6PhN7nc7Oh7w:sai\n",
}
SUMMARY = {
    "table": """\
CONFIGURATION        TOPIC        EVENT TYPE           PENDING  RETRY  FAILED
release6 https test  SCG-Message  mo_message_received        0      0       0
ESS Buffer           SCG-Message  mo_message_received        0      0       8
""",
    "json": as_printed(reply_to("GET /event-deliveries/summary")),
    "csv": """\
configuration,topic,event-type,pending,retry,failed
release6 https test,SCG-Message,mo_message_received,0,0,0
ESS Buffer,SCG-Message,mo_message_received,0,0,8
""",
    "tsv": """\
configuration\ttopic\tevent-type\tpending\tretry\tfailed
release6 https test\tSCG-Message\tmo_message_received\t0\t0\t0
ESS Buffer\tSCG-Message\tmo_message_received\t0\t0\t8
""",
}
TRACKING = {
    "table": (
        "ATTEMPT  TIME                  STATUS   HTTP  ANSWER\n"
        "      1  2017-10-28T17:14:54Z  SUCCESS   200  Hello World\n"
    ),
    "json": as_printed(reply_to("GET /event-deliveries/{EVT_ID}:{DEL_CFG_ID}/tracking")),
    "jsonl": (
        '{"event-id":"hc4lnloTSK2aSvrLKiDpSA","delivery-attempts":[{"attempt-number":1,'
        '"status":"SUCCESS","response-status":200,"response-details":"Hello World",'
        '"attempt-timestamp":"2017-10-28T17:14:54Z"}]}\n'
    ),
    "yaml": (
        '"event-id": "hc4lnloTSK2aSvrLKiDpSA"\n"delivery-attempts":\n- "attempt-number": 1\n'
        '  "status": "SUCCESS"\n  "response-status": 200\n  "response-details": "Hello World"\n'
        '  "attempt-timestamp": "2017-10-28T17:14:54Z"\n'
    ),
    "csv": "attempt,time,status,http,answer\n1,2017-10-28T17:14:54Z,SUCCESS,200,Hello World\n",
    "tsv": (
        "attempt\ttime\tstatus\thttp\tanswer\n1\t2017-10-28T17:14:54Z\tSUCCESS\t200\tHello World\n"
    ),
}


def rows(outcome: Outcome) -> list[str]:
    """The first column of what was printed without a header."""
    return [line.split("\t")[0] for line in outcome.out.splitlines()]


# Lists


@pytest.mark.parametrize(("format", "printed"), DELIVERY.items())
def test_deliveries_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    outcome = ess("deliveries", "list", "--limit", "1", "-o", format)
    assert (outcome.code, outcome.out) == (0, printed)


def test_deliveries_as_json_are_the_service_s_own_objects(ess: Run) -> None:
    known = reply_to("GET /event-deliveries")["event-deliveries"]
    assert ess("deliveries", "list", "--limit", "2", "--json").out == as_printed(known)
    outcome = ess("deliveries", "list", "--limit", "2", "-o", "jsonl")
    assert [json.loads(line) for line in outcome.out.splitlines()] == known


@pytest.mark.parametrize(("format", "printed"), ATTEMPT.items())
def test_attempts_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    outcome = ess("deliveries", "attempts", "--limit", "1", "-o", format)
    assert (outcome.code, outcome.out) == (0, printed)


def test_attempts_as_json_are_the_service_s_own_objects(ess: Run) -> None:
    known = reply_to("GET /event-delivery-attempts")["attempts"]
    assert ess("deliveries", "attempts", "--limit", "2", "--json").out == as_printed(known)


@pytest.mark.parametrize(("verb", "whole"), [("list", 62), ("attempts", 87)])
def test_lists_without_an_end_stop_after_50_rows_and_name_the_command_that_goes_on(
    ess: Run, verb: str, whole: int
) -> None:
    argv = ("deliveries", verb, "-c", "event-id", "--no-header")
    first = ess(*argv)
    assert first.code == 0
    assert len(rows(first)) == 50
    further = f"ess deliveries {verb} -c event-id --no-header --offset 50"
    assert first.err == f"stopped after 50 rows; go on with: {further}\n"
    second = ess(*shlex.split(further)[1:])
    assert second.err == ""
    everything = ess(*argv, "--all")
    assert everything.err == ""
    assert rows(everything) == rows(first) + rows(second)
    assert len(rows(everything)) == whole
    assert len(rows(ess(*argv, "--limit", "55"))) == 55


def test_the_command_that_goes_on_takes_filters_into_account(ess: Run) -> None:
    words = shlex.split("ess deliveries list --status FAILED --limit 3 -o name")
    seen: list[str] = []
    for _ in range(4):
        outcome = ess(*words[1:])
        assert outcome.code == 0
        seen += rows(outcome)
        if not outcome.err:
            break
        words = shlex.split(outcome.err.partition("go on with: ")[2])
    assert seen == rows(ess("deliveries", "list", "--status", "FAILED", "--all", "-o", "name"))
    assert len(seen) == 8


def test_filters_narrow_together(ess: Run) -> None:
    argv = ("deliveries", "list", "--all", "-c", "event-id", "--no-header")
    assert len(rows(ess(*argv, "--cfg", "ESS Buffer"))) == 8
    assert len(rows(ess(*argv, "--cfg", "1657", "--status", "FAILED"))) == 8
    assert len(rows(ess(*argv, "--cfg", "1657", "--status", "SUCCESS"))) == 0
    assert len(rows(ess(*argv, "--topic", "MSS-Messages"))) == 3
    types = ("--topic", "NIS-Events", "--event-type", "truedisconnect_event")
    assert rows(ess(*argv, *types, "--since", "2017-10-28")) == [
        "hc4lnloTSK2aSvrLKiDpSA",
        "8KL0fnzlSC6PhN7nc7Oh7w",
    ]


def test_since_is_included_and_until_is_not(ess: Run) -> None:
    argv = ("deliveries", "list", "-c", "time", "--no-header", "--since")
    outcome = ess(*argv, "2017-10-02T02:32:56Z", "--until", "2017-10-04T04:25:33Z")
    assert outcome.out == "2017-10-02T02:32:56Z\n"
    outcome = ess(*argv, "2017-10-02T02:32:57Z", "--until", "2017-10-04T04:25:34Z")
    assert outcome.out == "2017-10-04T04:25:33Z\n"
    assert ess(*argv, "3d").out == ""


def test_attempts_are_filtered_by_the_attempt_s_time_and_the_configuration_s_name(ess: Run) -> None:
    argv = ("deliveries", "attempts", "-c", "event-id", "--no-header")
    for cfg in ("sai", "1655"):
        outcome = ess(*argv, "--cfg", cfg, "--since", "2017-10-28T17:15:32Z")
        assert outcome.out == "8KL0fnzlSC6PhN7nc7Oh7w\n"
    assert len(rows(ess(*argv, "--cfg", "ESS Buffer", "--all"))) == 32
    assert ess(*argv, "--cfg", "99999").code == 4


def test_an_attempt_that_nobody_answered_has_no_http_status(ess: Run) -> None:
    argv = ("deliveries", "attempts", "--cfg", "ESS Buffer", "--sort", "time", "--limit", "1")
    outcome = ess(*argv, "-c", "attempt,result,http,answer", "--no-header")
    assert outcome.out == (
        "1\tFAILED\t\tDelivery refused: host ess-buffer.example.com is not on the allow-list\n"
    )


@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("value", ["yesterday", "", "2017-13-01", "99999999999d", "+2x"])
def test_a_malformed_date_is_refused_before_anything_is_asked(
    ess: Run, option: str, value: str
) -> None:
    outcome = ess("deliveries", "list", option, value, "--debug")
    assert outcome == (
        2,
        "",
        f'error: {option}: not a date: "{value}"\n'
        "hint: 2026-11-23, 2026-11-23T08:00:00Z, now, 15m or 2d (ago), +2d (ahead)\n",
    )


def test_address_and_body_are_shown_when_asked_for(ess: Run) -> None:
    outcome = ess("deliveries", "list", "--limit", "1", "-c", "address,body", "--no-header")
    assert outcome.out == (
        "http://da3d-gen-sao-odb002.dalab.syniverse.com:25002/saop-mock/v1/hello/testpost-ntv\t"
        '{\\n "carrier_id": "15799",\\n "number": "+12345678901",\\n "previous_carrier_id": "",\\n'
        ' "porting_date": "2011-05-27T00:00:00Z",\\n "carrier_name": "PAETEC COMMUNICATIONS INC.",'
        '\\n "previous_carrier_name": "",\\n "tracking_id": "1092585662"\\n}\n'
    )


# Summary and tracking


@pytest.mark.parametrize(("format", "printed"), SUMMARY.items())
def test_the_summary_prints_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("deliveries", "summary", "-o", format) == (0, printed, "")


@pytest.mark.parametrize(("format", "printed"), TRACKING.items())
def test_tracking_prints_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    argv = ("deliveries", "track", "hc4lnloTSK2aSvrLKiDpSA", "sai", "-o", format)
    assert ess(*argv) == (0, printed, "")


@pytest.mark.parametrize(
    "named",
    [
        ["hc4lnloTSK2aSvrLKiDpSA", "1655"],
        ["hc4lnloTSK2aSvrLKiDpSA:1655"],
        ["hc4lnloTSK2aSvrLKiDpSA:sai"],
    ],
)
def test_a_delivery_is_named_by_its_event_and_configuration(ess: Run, named: list[str]) -> None:
    assert ess("deliveries", "track", *named, "-o", "csv").out == TRACKING["csv"]


@pytest.mark.parametrize("verb", ["list", "attempts"])
def test_what_lists_call_a_delivery_can_be_tracked(ess: Run, verb: str) -> None:
    names = ess("deliveries", verb, "--limit", "5", "-o", "name").out.splitlines()
    assert len(names) == 5
    for name in names:
        assert ess("deliveries", "track", "--json", "--", name).code == 0


def test_an_event_that_may_have_gone_to_several_wants_its_configuration(ess: Run) -> None:
    assert ess("deliveries", "track", "hc4lnloTSK2aSvrLKiDpSA") == (
        2,
        "",
        "error: which delivery configuration? hc4lnloTSK2aSvrLKiDpSA may have gone to several\n"
        "hint: ess deliveries track hc4lnloTSK2aSvrLKiDpSA ID-OR-NAME\n",
    )


def test_an_event_id_that_begins_with_a_dash_goes_after_two(ess: Run) -> None:
    outcome = ess("deliveries", "track", "--", "-abc", "sai")
    assert outcome.code == 4
    assert "GET /event-deliveries/-abc:1655/tracking: 404" in outcome.err
    assert ess("deliveries", "track", "-abc", "sai").code == 2


# Marking


@pytest.mark.parametrize("cfg", ["Delivery Configuration 1", "1658"])
def test_marking_shows_its_range_and_answers_the_count(ess: Run, cfg: str) -> None:
    outcome = ess(*HANDLE, cfg, "--yes", "--json")
    assert outcome == (
        0,
        as_printed(reply_to("POST /handled-event-deliveries")),
        "timestamp: [1970-01-01T00:00:00-]\n"
        "marked event event-3 for Delivery Configuration 1 as handled"
        " · profile sandbox (embedded)\n",
    )


def test_marking_what_is_marked_says_that_there_was_nothing(ess: Run) -> None:
    assert ess(*HANDLE, "1658", "-y").code == 0
    outcome = ess(*HANDLE, "1658", "-y", "-o", "csv")
    assert (outcome.code, outcome.out) == (0, "updated\n0\n")
    assert outcome.err.endswith(
        "found nothing to mark: event event-3 for Delivery Configuration 1 as handled"
        " · profile sandbox (embedded)\n"
    )


def test_the_body_of_a_marking_is_that_of_the_reference(ess: Run) -> None:
    shown = json.loads(ess(*HANDLE, "1658", "-n", "--json").out)
    (known,) = (row for row in OPERATIONS if name_of(row) == "POST /handled-event-deliveries")
    assert shown["body"] == known["request-example"]
    outcome = ess(*HANDLE, "1658", "--dry-run", "--timestamp", "[2017-01-01-2018-01-01]")
    assert outcome == (
        0,
        "POST https://sandbox.invalid/ess/v1/handled-event-deliveries\n"
        "{\n"
        '  "event-id": "event-3",\n'
        '  "topic": "topic-C",\n'
        '  "event-type": "some-type-3",\n'
        '  "del-cfg-nm": "Delivery Configuration 1",\n'
        '  "timestamp": "[2017-01-01-2018-01-01]"\n'
        "}\n",
        "timestamp: [2017-01-01-2018-01-01]\n",
    )


def test_marking_wants_a_yes_since_it_cannot_be_undone(ess: Run) -> None:
    outcome = ess(*HANDLE, "1658")
    assert outcome == (
        8,
        "",
        "timestamp: [1970-01-01T00:00:00-]\n"
        "error: mark event event-3 for Delivery Configuration 1 as handled: this wants a yes,"
        " and there is nobody to ask\n"
        "hint: add --yes to do it, or --dry-run to see it\n",
    )
    assert ess(*HANDLE, "1658", "-y", "-c", "updated", "--no-header").out == "1\n"


def test_a_range_that_is_none_the_service_refuses(ess: Run) -> None:
    outcome = ess(*HANDLE, "1658", "--yes", "--timestamp", "[garbage-]")
    assert (outcome.code, outcome.out) == (5, "")
    assert ess(*HANDLE, "1658", "-y", "-c", "updated", "--no-header").out == "1\n"
