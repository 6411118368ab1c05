"""``ess subs create``, ``update`` and ``end``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Outcome, Run
from tests.services import Scripted, Sent, service

__all__ = ["service"]

CREATE = ("subs", "create", "--topic", "NIS-Events", "--cfg", "hhh")
NUMBER = ("--number", "+12025550123")
NO_END_TOLD = (
    "warning: no read tells when a subscription ends: if this one has an end date, the service may"
    " drop it with this update; --end-date or --no-end-date says which is meant\n"
)


def call(ess: Run, service: Scripted, *argv: str) -> Outcome:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess(*argv, env=env)


def ids(ess: Run) -> list[str]:
    return ess("subs", "list", "-o", "name").out.split()


# Creating


def test_a_new_subscription_is_shown_and_said_in_one_line(ess: Run) -> None:
    outcome = ess(*CREATE, *NUMBER, "-o", "csv")
    assert outcome == (
        0,
        "id,topic,event-type,cfg-id,configuration,match,start\n"
        "16301851,NIS-Events,,1654,hhh,number = '+12025550123',2026-11-23T08:30:00Z\n",
        "created subscription 16301851 of NIS-Events · profile sandbox (embedded)\n",
    )
    assert ids(ess) == ["16301830", "16301850", "16301810", "142", "16301851"]


def test_a_new_subscription_as_json_is_the_service_s_own_object(ess: Run) -> None:
    outcome = ess(*CREATE, "--event-type", "porting_event", "--json")
    assert list(json.loads(outcome.out).items()) == [
        ("id", "16301851"),
        ("del-cfg-id", "1654"),
        ("del-cfg-nm", "hhh"),
        ("topic-nm", "NIS-Events"),
        ("evt-tp", "porting_event"),
        ("match-crt", ""),
        ("start-date", "2026-11-23T08:30:00Z"),
    ]


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        ([], "2026-11-23T08:30:00Z", None),
        (["--start-date", "2026-12-01"], "2026-12-01T00:00:00Z", None),
        (["--start-date", "2d"], "2026-11-21T08:30:00Z", None),
        (["--end-date", "+2d"], "2026-11-23T08:30:00Z", "2026-11-25T08:30:00Z"),
        (
            ["--start-date", "2026-12-01T10:00:00+02:00", "--end-date", "2027-01-01T00:00:00"],
            "2026-12-01T08:00:00Z",
            "2027-01-01T00:00:00Z",
        ),
    ],
)
def test_dates_go_out_in_utc_and_the_start_is_now_unless_given(
    ess: Run, options: list[str], start: str, end: str | None
) -> None:
    outcome = ess(*CREATE, *options, "--dry-run", "--query", "body", "-o", "json")
    body = json.loads(outcome.out)
    assert (body["start-date"], body["end-date"]) == (start, end)


def test_a_dry_run_prints_what_would_be_sent_and_sends_only_reads(ess: Run) -> None:
    outcome = ess(*CREATE, *NUMBER, "--event-type", "porting_event", "-n", "--debug")
    assert outcome.out == (
        "POST https://sandbox.invalid/ess/v1/topics/NIS-Events/subscriptions\n"
        "{\n"
        '  "del-cfg-id": "1654",\n'
        '  "match-crt": "number = \'+12025550123\'",\n'
        '  "start-date": "2026-11-23T08:30:00Z",\n'
        '  "end-date": null,\n'
        '  "evt-tp": "porting_event"\n'
        "}\n"
    )
    assert outcome.code == 0
    assert all(line.startswith("debug: GET ") for line in outcome.err.splitlines())
    assert len(ids(ess)) == 4


def test_a_dry_run_as_json_is_one_document(ess: Run) -> None:
    outcome = ess(*CREATE, "--dry-run", "--json")
    assert json.loads(outcome.out) == {
        "method": "POST",
        "url": "https://sandbox.invalid/ess/v1/topics/NIS-Events/subscriptions",
        "body": {
            "del-cfg-id": "1654",
            "match-crt": "",
            "start-date": "2026-11-23T08:30:00Z",
            "end-date": None,
        },
        "changes": [],
    }


def test_a_query_meant_for_the_reply_does_not_hide_a_dry_run(ess: Run) -> None:
    outcome = ess(*CREATE, "--dry-run", "--query", "id", "-o", "json")
    assert json.loads(outcome.out)["method"] == "POST"


def test_a_dry_run_of_no_difference_shows_what_would_be_sent(ess: Run) -> None:
    outcome = ess("subs", "update", "142", "--no-match", "--no-end-date", "-n", "--json")
    assert json.loads(outcome.out)["method"] == "PUT"
    outcome = ess("subs", "update", "142", "--no-match", "-n", "--json")
    assert json.loads(outcome.out)["changes"] == []
    assert json.loads(outcome.out)["body"]["match-crt"] == ""


def test_the_same_subscription_is_not_made_twice(ess: Run) -> None:
    assert ess(*CREATE, *NUMBER).code == 0
    outcome = ess(*CREATE, *NUMBER)
    assert outcome == (
        8,
        "",
        "error: the same subscription exists: 16301851\n"
        "  subscription of NIS-Events to configuration 1654, match: number = '+12025550123'\n"
        "hint: it cannot be removed again, only ended; a second one needs --allow-duplicate\n",
    )
    assert ess(*CREATE, *NUMBER, "--yes").code == 8
    assert ess(*CREATE, *NUMBER, "--dry-run").code == 8
    assert ids(ess)[4:] == ["16301851"]
    outcome = ess(*CREATE, *NUMBER, "--allow-duplicate", "-o", "name")
    assert (outcome.code, outcome.out) == (0, "16301852\n")


def test_what_is_the_same_goes_by_topic_target_type_and_criteria(ess: Run) -> None:
    match = ("--match", "company-id=123  and  number = '+1  2'")
    assert ess(*CREATE, *match).code == 0
    assert ess(*CREATE, "--match", "company-id = 123 and number='+1  2'").code == 8
    assert ess(*CREATE, "--match", "company-id = 123 and number='+1 2'").code == 0
    assert ess(*CREATE, *match, "--event-type", "porting_event").code == 0
    assert ess("subs", "create", "--topic", "NIS-Events", "--cfg", "GGG", *match).code == 0
    assert ess("subs", "create", "--topic", "SCG-Message", "--cfg", "hhh", *match).code == 0
    assert ess(*CREATE, *match, "--start-date", "2d").code == 8


def test_a_number_is_looked_up_by_the_service_and_other_criteria_in_the_list(ess: Run) -> None:
    outcome = ess(*CREATE, *NUMBER, "-n", "--debug")
    assert "GET /topic-subscriptions/mdn?" in outcome.err
    assert "GET /topic-subscriptions?" not in outcome.err
    outcome = ess(*CREATE, "--match", "company-id = 123", "-n", "--debug")
    assert "GET /topic-subscriptions/mdn?" not in outcome.err
    assert "GET /topic-subscriptions?" in outcome.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--number", "12025550123"],
            'error: not an E.164 number: "12025550123"\n'
            "hint: numbers begin with + and the country code: --number +12025550123\n",
        ),
        (
            ["--number", "+1 (202) 555-0123"],
            'error: not an E.164 number: "+1 (202) 555-0123"\n'
            "hint: numbers begin with + and the country code: --number +12025550123\n",
        ),
        (
            [*NUMBER, "--match", "x"],
            "error: --match and --number exclude each other\nhint: give one of them\n",
        ),
        (
            ["--start-date", "yesterday"],
            'error: --start-date: not a date: "yesterday"\n'
            "hint: 2026-11-23, 2026-11-23T08:00:00Z, now, 15m or 2d (ago), +2d (ahead)\n",
        ),
        (
            ["--end-date", ""],
            'error: --end-date: not a date: ""\n'
            "hint: 2026-11-23, 2026-11-23T08:00:00Z, now, 15m or 2d (ago), +2d (ahead)\n",
        ),
        (
            ["--end-date", "2d"],
            "error: --end-date 2026-11-21T08:30:00Z is not after"
            " --start-date 2026-11-23T08:30:00Z\n"
            "hint: it would never receive anything\n",
        ),
        (
            ["--end-date", "now"],
            "error: --end-date 2026-11-23T08:30:00Z is not after"
            " --start-date 2026-11-23T08:30:00Z\n"
            "hint: it would never receive anything\n",
        ),
    ],
)
def test_wrong_input_says_what_and_changes_nothing(ess: Run, options: list[str], said: str) -> None:
    assert ess(*CREATE, *options) == (2, "", said)
    assert len(ids(ess)) == 4


def test_criteria_that_look_wrong_are_warned_about_and_sent(ess: Run) -> None:
    outcome = ess(*CREATE, "--match", 'number == "1" AND (x', "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["match-crt"] == 'number == "1" AND (x'
    assert outcome.err == (
        "warning: --match: text stands in single quotes; it is sent as it stands\n"
        "warning: --match: = is the only operator known; it is sent as it stands\n"
        "warning: --match: and / or are written small; it is sent as it stands\n"
        "warning: --match: parentheses are not known to work; it is sent as it stands\n"
        "created subscription 16301851 of NIS-Events · profile sandbox (embedded)\n"
    )


@pytest.mark.parametrize("missing", ["--topic", "--cfg"])
def test_a_missing_option_is_named(ess: Run, missing: str) -> None:
    given = {"--topic": "NIS-Events", "--cfg": "hhh"}
    del given[missing]
    outcome = ess("subs", "create", *(word for pair in given.items() for word in pair))
    assert outcome == (
        2,
        "",
        f"error: missing option '{missing}'\nhint: ess subs create --help\n",
    )


def test_what_the_service_does_not_know_it_says_itself(ess: Run) -> None:
    assert ess("subs", "create", "--topic", "Nope", "--cfg", "hhh").code == 4
    outcome = ess("subs", "create", "--topic", "NIS-Events", "--cfg", "99999")
    assert (outcome.code, outcome.out) == (5, "")
    outcome = ess(*CREATE, "--event-type", "nope")
    assert (outcome.code, outcome.out) == (5, "")
    assert len(ids(ess)) == 4


def test_a_query_that_cannot_be_applied_does_not_make_a_write_a_failure(ess: Run) -> None:
    outcome = ess(*CREATE, "--query", "sum(@)")
    assert outcome.code == 0
    assert json.loads(outcome.out)["id"] == "16301851"
    assert outcome.err == (
        'warning: accepted, and shown whole: --query cannot be used: "sum(@)"\n'
        "created subscription 16301851 of NIS-Events · profile sandbox (embedded)\n"
    )
    assert ess(*CREATE, "--query", "[").code == 2


@pytest.mark.parametrize(
    ("reply", "headers"),
    [({"id": 77}, {}), (None, {"Location": "https://elsewhere.example/x/77?y"})],
)
def test_the_new_id_is_taken_from_the_reply_or_its_location(
    ess: Run, service: Scripted, reply: object, headers: dict[str, str]
) -> None:
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("POST", "/topics/T/subscriptions", reply, 201, **headers)
    service.answer("GET", "/topics/T/subscriptions/77", {"id": "77", "topic-nm": "T"})
    outcome = call(ess, service, "subs", "create", "--topic", "T", "--cfg", "1", "-o", "name")
    assert (outcome.code, outcome.out) == (0, "77\n")


def test_what_cannot_be_seen_afterwards_is_a_warning_and_no_failure(
    ess: Run, service: Scripted
) -> None:
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("POST", "/topics/T/subscriptions", status=202)
    argv = ("subs", "create", "--topic", "T", "--cfg", "1", "--json")
    outcome = call(ess, service, *argv)
    assert outcome.code == 0
    assert json.loads(outcome.out) == {
        "del-cfg-id": "1",
        "match-crt": "",
        "start-date": "2026-11-23T08:30:00Z",
        "end-date": None,
    }
    assert outcome.err == (
        "warning: accepted, but it cannot be seen yet; this is what was sent\n"
        f"created subscription (id unknown) of T · profile default ({service.url[:-7]})\n"
    )


def test_a_read_that_fails_after_a_write_is_a_warning_and_no_failure(
    ess: Run, service: Scripted
) -> None:
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("POST", "/topics/T/subscriptions", {"id": "77"}, 201)
    outcome = call(ess, service, "subs", "create", "--topic", "T", "--cfg", "1", "--json")
    assert outcome.code == 0
    assert outcome.err.startswith(
        "warning: accepted, but reading it back failed: GET /topics/T/subscriptions/77: 404\n"
    )
    assert [sent.method for sent in service.sent].count("POST") == 1


# Updating


def test_an_update_shows_the_difference_and_sends_all_of_it_back(ess: Run) -> None:
    outcome = ess("subs", "update", "16301810", "--match", "company-id = 123", "--yes", "-o", "csv")
    assert outcome == (
        0,
        "id,topic,event-type,cfg-id,configuration,match,start\n"
        "16301810,NIS-Events,porting_event,1266,a-mock-del-cfg,company-id = 123,"
        "1970-01-01T00:00:00Z\n",
        NO_END_TOLD + " subscription 16301810 of NIS-Events · profile sandbox (embedded)\n"
        "   match-crt  number = '+12345678901' → company-id = 123\n"
        "updated subscription 16301810 of NIS-Events · profile sandbox (embedded)\n",
    )


def test_an_update_sends_what_the_put_takes_and_leaves_out_what_only_reads_have(ess: Run) -> None:
    argv = ("subs", "update", "SCG-Message", "142", "--match", "company-id = 123")
    outcome = ess(*argv, "--no-end-date", "-n")
    assert outcome == (
        0,
        "PUT https://sandbox.invalid/ess/v1/topics/SCG-Message/subscriptions/142\n"
        '   match-crt  "" → company-id = 123\n'
        "   end-date   (not told) → (none)\n"
        "{\n"
        '  "match-crt": "company-id = 123",\n'
        '  "start-date": "2016-09-27T13:08:57Z",\n'
        '  "end-date": null\n'
        "}\n",
        "",
    )


def test_a_key_that_nobody_knows_survives_an_update(ess: Run, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"del-cfg-id": "262", "match-crt": "x = 1", "colour": {"blue": [1, 2.50]}}')
    assert (
        ess("api", "POST", "/topics/NIS-Events/subscriptions", "--data", str(body), "-y").code == 0
    )
    outcome = ess("subs", "update", "16301851", "--match", "x = 2", "--yes", "--json")
    assert json.loads(outcome.out)["colour"] == {"blue": [1, 2.5]}
    assert json.loads(outcome.out)["match-crt"] == "x = 2"


def test_an_end_date_is_sent_only_when_it_is_given(ess: Run) -> None:
    argv = ("subs", "update", "142", "--start-date", "2026-01-01", "-n", "--json")
    outcome = ess(*argv)
    assert "end-date" not in json.loads(outcome.out)["body"]
    assert outcome.err == NO_END_TOLD
    outcome = ess(*argv, "--end-date", "2027-01-01")
    assert json.loads(outcome.out)["body"]["end-date"] == "2027-01-01T00:00:00Z"
    assert outcome.err == ""
    outcome = ess(*argv, "--no-end-date")
    assert json.loads(outcome.out)["body"]["end-date"] is None
    assert outcome.err == ""


def test_an_update_that_changes_nothing_sends_nothing(ess: Run) -> None:
    outcome = ess("subs", "update", "142", "--no-match", "--debug", "-o", "name")
    assert (outcome.code, outcome.out) == (0, "142\n")
    assert outcome.err.endswith("subscription 142 of SCG-Message is so already; nothing was sent\n")
    assert "PUT" not in outcome.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "error: nothing to change\nhint: --match, --start-date, --end-date, --no-…\n"),
        (["--match", "x = 1", "--no-match"], "error: --match and --no-match exclude each other\n"),
        (
            ["--end-date", "+2d", "--no-end-date"],
            "error: --end-date and --no-end-date exclude each other\n",
        ),
        (
            ["--start-date", "+2d", "--end-date", "+1d"],
            "error: --end-date 2026-11-24T08:30:00Z is not after"
            " --start-date 2026-11-25T08:30:00Z\n"
            "hint: it would never receive anything\n",
        ),
    ],
)
def test_an_update_that_makes_no_sense_is_refused(ess: Run, options: list[str], said: str) -> None:
    assert ess("subs", "update", "142", *options, "--yes") == (2, "", said)


@pytest.mark.parametrize(
    "argv", [["subs", "update", "142", "--match", "x = 1"], ["subs", "end", "142"]]
)
def test_what_cuts_events_off_wants_a_yes(ess: Run, argv: list[str]) -> None:
    before = ess("api", "GET", "/topics/SCG-Message/subscriptions/142").out
    outcome = ess(*argv)
    assert (outcome.code, outcome.out) == (8, "")
    assert outcome.err.endswith(
        "error: subscription 142 of SCG-Message: this wants a yes, and there is nobody to ask\n"
        "hint: add --yes to do it, or --dry-run to see it\n"
    )
    assert ess("api", "GET", "/topics/SCG-Message/subscriptions/142").out == before
    assert ess(*argv, "--yes").code == 0


def test_ending_sets_the_end_date_and_takes_a_subscription_off_the_list(ess: Run) -> None:
    outcome = ess("subs", "end", "NIS-Events", "16301810", "--at", "2020-01-01", "-y", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["id"] == "16301810"
    assert outcome.err == (
        " subscription 16301810 of NIS-Events · profile sandbox (embedded)\n"
        "   end-date  (not told) → 2020-01-01T00:00:00Z\n"
        "updated subscription 16301810 of NIS-Events · profile sandbox (embedded)\n"
    )
    assert "16301810" not in ids(ess)
    assert ess("subs", "get", "16301810").code == 4
    assert ess("subs", "get", "NIS-Events", "16301810").code == 0


def test_ending_is_now_unless_said_otherwise(ess: Run) -> None:
    for at, end in (([], "2026-11-23T08:30:00Z"), (["--at", "+2d"], "2026-11-25T08:30:00Z")):
        outcome = ess("subs", "end", "142", *at, "-n", "--json")
        assert json.loads(outcome.out)["changes"] == [
            {"key": "end-date", "before": None, "after": end}
        ]
    assert ess("subs", "end", "142", "--at", "soon", "-y").code == 2


def test_keys_of_the_list_s_entry_are_sent_back_too(ess: Run, service: Scripted) -> None:
    listed = {"id": "5", "topic-nm": "T", "del-cfg-id": "1", "del-cfg-nm": "n", "listed-only": 1}
    single = {"id": "5", "topic-nm": "T", "del-cfg-id": 1, "match-crt": "", "evt-tp": "e"}
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": [listed]})
    service.answer("GET", "/topics/T/subscriptions/5", single)
    service.answer("PUT", "/topics/T/subscriptions/5", status=204)
    outcome = call(ess, service, "subs", "end", "T", "5", "--at", "2027-01-01", "--yes")
    assert outcome.code == 0
    body = {"listed-only": 1, "match-crt": "", "end-date": "2027-01-01T00:00:00Z"}
    assert Sent("PUT", "/topics/T/subscriptions/5", body) in service.sent
