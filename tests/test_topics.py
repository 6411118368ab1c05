"""``ess topics``: what can be subscribed to."""

from __future__ import annotations

import pytest

from tests.conftest import Run
from tests.examples import as_printed, reply_to

TWO_TOPICS = {
    "table": """\
NAME            SERVICE  EVENT TYPES
ABA-Messages    ABA      aba_job_completed,aba_job_queued,aba_job_resumed,aba_job_started,\
aba_job_suspended
DevTest-Events           __GENERIC__
""",
    "jsonl": """\
{"topic-nm":"ABA-Messages","svc-nm":"ABA","evt-tp-list":["aba_job_completed","aba_job_queued",\
"aba_job_resumed","aba_job_started","aba_job_suspended"]}
{"topic-nm":"DevTest-Events","evt-tp-list":["__GENERIC__"]}
""",
    "yaml": """\
- "topic-nm": "ABA-Messages"
  "svc-nm": "ABA"
  "evt-tp-list":
  - "aba_job_completed"
  - "aba_job_queued"
  - "aba_job_resumed"
  - "aba_job_started"
  - "aba_job_suspended"
- "topic-nm": "DevTest-Events"
  "evt-tp-list":
  - "__GENERIC__"
""",
    "csv": """\
name,service,event-types
ABA-Messages,ABA,"aba_job_completed,aba_job_queued,aba_job_resumed,aba_job_started,\
aba_job_suspended"
DevTest-Events,,__GENERIC__
""",
    "tsv": """\
name\tservice\tevent-types
ABA-Messages\tABA\taba_job_completed,aba_job_queued,aba_job_resumed,aba_job_started,\
aba_job_suspended
DevTest-Events\t\t__GENERIC__
""",
    "name": "ABA-Messages\nDevTest-Events\n",
}


@pytest.mark.parametrize(("format", "printed"), TWO_TOPICS.items())
def test_topics_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    outcome = ess("topics", "list", "--limit", "2", "-o", format)
    assert (outcome.code, outcome.out) == (0, printed)


def test_topics_as_json_are_the_service_s_own_objects(ess: Run) -> None:
    outcome = ess("topics", "list", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == as_printed(reply_to("GET /topics")["topics"])


def test_event_types_of_a_topic_are_the_service_s_own_objects(ess: Run) -> None:
    outcome = ess("topics", "event-types", "NIS-Events", "-o", "json")
    assert outcome.code == 0
    assert outcome.out == as_printed(reply_to("GET /topics/{ID}/event-types")["event-types"])


def test_event_types_of_a_topic_in_columns(ess: Run) -> None:
    outcome = ess("topics", "event-types", "NIS-Events", "-o", "table", "-c", "id,mandatory")
    assert outcome.out == (
        "ID                    MANDATORY\n"
        "deactivation_event    number:Text,deactivation_date:Date\n"
        "porting_event         number:Text,porting_date:Date\n"
        "truedisconnect_event  number:Text,deactivation_date:Date\n"
    )
    assert ess("topics", "event-types", "MSS-Messages", "-o", "name").out == (
        "event_file_complete\nevent_file_delete\nevent_file_download\n"
    )


def test_a_topic_whose_only_type_has_no_fields_known_lists_none(ess: Run) -> None:
    assert ess("topics", "event-types", "DevTest-Events", "-o", "json") == (0, "[]\n", "")


def test_an_unknown_topic_is_not_found(ess: Run) -> None:
    outcome = ess("topics", "event-types", "Nope")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err == (
        "error: GET /topics/Nope/event-types: 404: Topic not found: Nope (NOT_FOUND)\n"
    )


@pytest.mark.parametrize("topic", ["", ".", "..", "a\nb", "x" * 257])
def test_a_topic_that_cannot_stand_in_a_path_is_never_sent(ess: Run, topic: str) -> None:
    outcome = ess("topics", "event-types", topic, "--debug")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: topic: ")
    assert "GET" not in outcome.err


def test_a_topic_is_one_segment_of_the_path_whatever_it_holds(ess: Run) -> None:
    outcome = ess("topics", "event-types", "SCG / IMN?x=1#y", "--debug")
    assert outcome.code == 4
    assert "debug: GET /topics/SCG%20%2F%20IMN%3Fx%3D1%23y/event-types → 404" in outcome.err


def test_a_dump_answers_its_reference_and_says_what_was_started(ess: Run) -> None:
    outcome = ess("topics", "dump", "NIS-Events")
    assert outcome.code == 0
    assert outcome.out == "reference-id\n2569\n"
    assert outcome.err == (
        "started a dump of the subscriptions to NIS-Events · profile sandbox (embedded)\n"
    )
    assert ess("topics", "dump", "NIS-Events", "--json").out == '{\n  "referenceId": "2570"\n}\n'


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([], "compression=true&compressionType=gzip"),
        (["--compression"], "compression=true&compressionType=gzip"),
        (["--no-compression"], "compression=false&compressionType=gzip"),
        (["--compression-type", "zip"], "compression=true&compressionType=zip"),
    ],
)
def test_a_dump_always_sends_both_of_its_parameters(
    ess: Run, options: list[str], query: str
) -> None:
    outcome = ess("topics", "dump", "NIS-Events", "-n", *options)
    assert outcome == (
        0,
        f"GET https://sandbox.invalid/ess/v1/topics/NIS-Events/dump-subscriptions?{query}\n",
        "",
    )


def test_a_dry_run_of_a_dump_starts_nothing(ess: Run) -> None:
    ess("topics", "dump", "NIS-Events", "--dry-run")
    assert ess("topics", "dump", "NIS-Events").out == "reference-id\n2569\n"


def test_a_dump_that_the_service_refuses_is_rejected(ess: Run) -> None:
    assert ess("subs", "end", "16301850", "--yes", "--at", "2020-01-01").code == 0
    outcome = ess("topics", "dump", "NIS-Events")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err.startswith(
        "error: GET /topics/NIS-Events/dump-subscriptions: 400: no active subscription to"
        " MSS-Messages / event_file_complete for the notice"
    )
