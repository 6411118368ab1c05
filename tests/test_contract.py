"""What the contract says, held from outside where no other file does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Outcome, Run
from tests.services import Scripted, service

__all__ = ["service"]

CONFIGURATION = {
    "del-cfg-nm": "hhh",
    "del-fmt-cd": "JSON",
    "addr": "https://h.example/",
    "is-active": True,
    "throttling": 32,
    "id": "1654",
}
CREATE = ("subs", "create", "--topic", "T", "--cfg", "1", "--match", "a = 1")
BODY = {
    "del-cfg-id": "1",
    "match-crt": "a = 1",
    "start-date": "2026-11-23T08:30:00Z",
    "end-date": None,
}


def call(ess: Run, service: Scripted, *argv: str) -> Outcome:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess(*argv, env=env)


# After a write


def test_a_created_subscription_is_shown_from_the_reply(ess: Run, service: Scripted) -> None:
    made = {"id": 77, "topic-nm": "T", "del-cfg-id": 1, "x": [1], **BODY}
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("POST", "/topics/T/subscriptions", made, 201)
    outcome = call(ess, service, *CREATE, "--json")
    assert (outcome.code, list(json.loads(outcome.out).items())) == (0, list(made.items()))
    assert outcome.err == f"created subscription 77 of T · profile default ({service.url[:-7]})\n"
    assert [sent.method for sent in service.sent] == ["GET", "POST"]


def test_a_created_configuration_is_shown_from_the_reply(ess: Run, service: Scripted) -> None:
    service.answer("GET", "/delivery-configurations", {"delivery-configurations": []})
    made = {"id": "9", "del-cfg-nm": "n", "del-prtcl-cd": "REST", "addr": "https://h.example/"}
    made |= {"del-fmt-cd": "JSON", "is-active": "true"}
    service.answer("POST", "/delivery-configurations", made, 201)
    argv = ("delivery-cfg", "create", "--name", "n", "--addr", "https://h.example/", "--json")
    outcome = call(ess, service, *argv)
    assert (outcome.code, json.loads(outcome.out)) == (0, made)
    assert outcome.err.startswith("created delivery configuration 9 n · ")


def test_an_update_is_shown_from_the_reply(ess: Run, service: Scripted) -> None:
    listed = {"delivery-configurations": [CONFIGURATION]}
    service.answer("GET", "/delivery-configurations", listed)
    service.answer("GET", "/delivery-configurations/1654", CONFIGURATION)
    after = {**CONFIGURATION, "throttling": 5, "updated-by": "me"}
    service.answer("PUT", "/delivery-configurations/1654", after)
    argv = ("delivery-cfg", "update", "hhh", "--throttling", "5", "--json")
    outcome = call(ess, service, *argv)
    assert (outcome.code, json.loads(outcome.out)) == (0, after)
    assert [sent.method for sent in service.sent] == ["GET", "GET", "PUT"]


def test_an_updated_subscription_is_shown_from_the_reply(ess: Run, service: Scripted) -> None:
    single = {"id": "7", "topic-nm": "T", "del-cfg-id": 1, "match-crt": "", "start-date": "x"}
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("GET", "/topics/T/subscriptions/7", single)
    replied = {"match-crt": "a = 1", "start-date": "x"}
    service.answer("PUT", "/topics/T/subscriptions/7", replied)
    argv = ("subs", "update", "T", "7", "--match", "a = 1", "--yes")
    assert json.loads(call(ess, service, *argv, "--json").out) == replied
    assert call(ess, service, *argv, "-o", "name").out == "7\n"


def test_what_is_not_visible_yet_is_the_body_that_was_sent(ess: Run, service: Scripted) -> None:
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("POST", "/topics/T/subscriptions", status=202)
    outcome = call(ess, service, *CREATE, "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, BODY)
    assert call(ess, service, *CREATE, "-o", "csv", "-c", "id,topic").out == "id,topic\n,T\n"


@pytest.mark.parametrize(
    ("reply", "headers"), [({"id": 77}, {}), (None, {"Location": "/topics/T/subscriptions/77"})]
)
def test_an_id_that_was_told_is_shown_though_reading_back_fails(
    ess: Run, service: Scripted, reply: object, headers: dict[str, str]
) -> None:
    service.answer("GET", "/topic-subscriptions", {"topic-subscriptions": []})
    service.answer("POST", "/topics/T/subscriptions", reply, 201, **headers)
    outcome = call(ess, service, *CREATE, "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, {"id": "77", **BODY})
    assert "\ncreated subscription 77 of T · " in outcome.err
    assert call(ess, service, *CREATE, "-o", "name").out == "77\n"


def test_a_schedule_stays_in_the_columns_after_an_update(ess: Run) -> None:
    argv = ("delivery-cfg", "update", "Schedular", "--name", "S", "-o", "csv", "-c", "name,cron")
    assert ess(*argv).out == "name,cron\nS,0 15 * * * *\n"
    again = ("delivery-cfg", "enable", "S", "-o", "csv", "-c", "name,cron")
    assert ess(*again).out == "name,cron\nS,0 15 * * * *\n"


AUTHENTICATION = "/delivery-configurations/7/authentication"
SET = ("delivery-cfg", "auth", "set", "7", "--type", "BASIC", "--username", "u", "--yes", "--json")


@pytest.mark.parametrize(
    ("replied", "read"),
    [
        ({"type": "BASIC", "settings": {"username": "v", "password": "pa55word"}}, 404),
        (None, 200),
        ({"status": "ok"}, 200),
    ],
)
def test_authentication_that_was_set_is_shown_as_it_is_now(
    ess: Run, service: Scripted, replied: object, read: int
) -> None:
    now = {"type": "BASIC", "settings": {"username": "v", "password": "pa55word"}}
    service.answer("PUT", AUTHENTICATION, replied)
    service.answer("GET", AUTHENTICATION, now, read)
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess(*SET, "--password-file", "-", env=env, stdin="pa55word")
    masked = {"type": "BASIC", "settings": {"username": "v", "password": "********"}}
    assert (outcome.code, json.loads(outcome.out)) == (0, masked)
    assert outcome.err.startswith("set the authentication of delivery configuration 7 to BASIC · ")


def test_authentication_that_cannot_be_read_back_is_what_was_sent(
    ess: Run, service: Scripted
) -> None:
    service.answer("PUT", AUTHENTICATION, status=204)
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess(*SET, "--password-file", "-", env=env, stdin="pa55word")
    masked = {"type": "BASIC", "settings": {"username": "u", "password": "********"}}
    assert (outcome.code, json.loads(outcome.out)) == (0, masked)
    assert outcome.err.startswith("warning: accepted, but reading it back failed: GET ")


# Wrong calls


@pytest.mark.parametrize(
    "options", [["--number", "12025550123"], ["--number", "+12025550123", "--match", "a = 1"]]
)
def test_a_wrong_number_is_told_before_anything_is_read(ess: Run, options: list[str]) -> None:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": "http://127.0.0.1:1"}
    outcome = ess("subs", "create", "--topic", "NIS-Events", "--cfg", "hhh", *options, env=env)
    assert (outcome.code, outcome.out) == (2, "")


@pytest.mark.parametrize("place", ["single", "listed"])
def test_an_end_date_that_a_read_tells_is_sent_back(
    ess: Run, service: Scripted, place: str
) -> None:
    single = {"id": "7", "topic-nm": "T", "match-crt": "", "start-date": "x"}
    told = {"end-date": "2027-01-01T00:00:00Z"}
    listed = {"topic-subscriptions": [{**single, **(told if place == "listed" else {})}]}
    service.answer("GET", "/topic-subscriptions", listed)
    service.answer(
        "GET", "/topics/T/subscriptions/7", {**single, **told} if place == "single" else single
    )
    service.answer("PUT", "/topics/T/subscriptions/7", status=204)
    outcome = call(ess, service, "subs", "update", "T", "7", "--match", "a = 1", "--yes")
    assert (outcome.code, "warning" in outcome.err) == (0, False)
    body = {"match-crt": "a = 1", "start-date": "x", **told}
    assert [sent.body for sent in service.sent if sent.method == "PUT"] == [body]
    outcome = call(ess, service, "subs", "update", "T", "7", "--no-end-date", "--yes")
    assert "\n   end-date  2027-01-01T00:00:00Z → (none)\n" in outcome.err
    for_ever = {"match-crt": "", "start-date": "x", "end-date": None}
    assert [sent.body for sent in service.sent if sent.method == "PUT"][1:] == [for_ever]
    outcome = call(ess, service, "subs", "end", "7", "--at", "2027-01-01", "--yes")
    assert outcome.err == "subscription 7 of T is so already; nothing was sent\n"


def test_a_dump_that_is_accepted_without_a_reference_warns(ess: Run, service: Scripted) -> None:
    service.answer("GET", "/topics/T/dump-subscriptions", status=202)
    outcome = call(ess, service, "topics", "dump", "T", "--json")
    assert (outcome.code, outcome.out) == (0, "{}\n")
    assert outcome.err.startswith("warning: accepted, without a reference id\nstarted a dump ")


# Lists


def test_a_list_that_stopped_early_goes_on_though_options_have_ended(
    ess: Run, service: Scripted
) -> None:
    service.answer("GET", "/topics/-t/event-types", {"event-types": [{"id": "a"}, {"id": "b"}]})
    argv = ("topics", "event-types", "--offset", "0", "--limit", "1", "-o", "name", "--", "-t")
    outcome = call(ess, service, *argv)
    onwards = "ess topics event-types --limit 1 -o name --offset 1 -- -t"
    assert outcome == (0, "a\n", f"stopped after 1 row; go on with: {onwards}\n")
    assert call(ess, service, *onwards.split()[1:]) == (0, "b\n", "")


# Names for the next command


def test_the_name_of_an_event_type_is_what_the_next_command_takes(ess: Run) -> None:
    assert ess("event-types", "get", "porting_event", "-o", "name") == (0, "porting_event\n", "")


# Marking as handled


def test_marking_that_is_answered_with_nothing_warns_and_shows_what_was_sent(
    ess: Run, service: Scripted
) -> None:
    service.answer("GET", "/delivery-configurations", {"delivery-configurations": [CONFIGURATION]})
    service.answer("POST", "/handled-event-deliveries", status=204)
    argv = ["deliveries", "mark-handled", "--event-id", "e", "--topic", "t", "--event-type", "x"]
    outcome = call(ess, service, *argv, "--cfg", "hhh", "--yes", "--json")
    assert (outcome.code, json.loads(outcome.out)) == (
        0,
        {
            "event-id": "e",
            "topic": "t",
            "event-type": "x",
            "del-cfg-nm": "hhh",
            "timestamp": "[1970-01-01T00:00:00-]",
        },
    )
    assert "\nwarning: accepted, without saying how many; this is what was sent\n" in outcome.err


# Raw calls


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE"])
def test_a_raw_call_with_anything_but_get_wants_a_yes(ess: Run, method: str) -> None:
    outcome = ess("api", method, "/topics")
    assert (outcome.code, outcome.out) == (8, "")
    assert outcome.err.endswith("hint: add --yes to do it, or --dry-run to see it\n")


def test_a_plus_typed_in_a_raw_query_is_a_plus(ess: Run, service: Scripted) -> None:
    service.answer("GET", "/x", {})
    assert call(ess, service, "api", "GET", "/x?n = '+1 2'&m=%2B%20&e&z=a=b").code == 0
    sent = "/x?n%20=%20%27%2B1%202%27&m=%2B%20&e=&z=a%3Db"
    assert [each.path for each in service.sent] == [sent]
    assert call(ess, service, "api", "GET", "/x?n=%FF").code == 2
    assert len(service.sent) == 1


# Secrets


def test_a_dry_run_of_a_raw_call_masks_authentication(ess: Run) -> None:
    path = "/delivery-configurations/1654/authentication"
    argv = ("api", "PUT", path, "--dry-run", "--json")
    typed = json.dumps({"type": "BASIC", "settings": {"username": "u", "password": "pa55word"}})
    outcome = ess(*argv, "--data", "-", stdin=typed)
    assert json.loads(outcome.out)["body"] == {
        "type": "BASIC",
        "settings": {"username": "u", "password": "********"},
    }
    outcome = ess(*argv, "--field", "password=pa55word")
    assert json.loads(outcome.out)["body"] == {"password": "********"}
    assert json.loads(ess(*argv, "--data", "-", stdin="pa55word").out)["body"] == "********"
    assert json.loads(ess(*argv).out)["body"] is None


def test_settings_too_short_to_be_secrets_do_not_garble_what_is_said(
    ess: Run, tmp_path: Path
) -> None:
    file = tmp_path / "oauth.json"
    file.write_text('{"secret": "pa55word", "version": 1, "scopes": ["e"]}')
    argv = ("delivery-cfg", "auth", "set", "1654", "--type", "OAUTH", "--yes")
    assert ess(*argv, "--settings-file", str(file)).err == (
        "set the authentication of delivery configuration 1654 to OAUTH"
        " · profile sandbox (embedded)\n"
    )


# Errors


def test_a_profile_s_json_gets_errors_as_json_too(ess: Run) -> None:
    set_profile = ("profile", "set", "p", "--base-url", "http://127.0.0.1:9", "--output", "json")
    assert ess(*set_profile, env={"ESS_PROFILE": ""}).code == 0
    env = {"ESS_PROFILE": "p", "ESS_TOKEN": "t"}
    outcome = ess("topics", "list", env=env)
    assert outcome.code == 6
    assert json.loads(outcome.err.splitlines()[-1])["error"]["exit"] == 6
    assert "{" not in ess("topics", "list", "-o", "csv", env=env).err


def test_a_range_that_is_none_is_not_sent(ess: Run) -> None:
    named = ("--event-id", "event-3", "--topic", "topic-C", "--event-type", "some-type-3")
    cfg = ("--cfg", "Delivery Configuration 1")

    outcome = ess(
        "deliveries", "mark-handled", *named, *cfg, "--timestamp", "yesterday", "--yes", "-o", "csv"
    )

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        'error: --timestamp: not a range: "yesterday"\nhint: [1970-01-01T00:00:00-] is all\n'
    )
