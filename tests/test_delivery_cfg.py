"""``ess delivery-cfg``: where events go. Updates are in ``test_delivery_cfg_changes``."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Run
from tests.examples import as_printed, reply_to
from tests.services import Scripted, service

__all__ = ["service"]

TWO = ("delivery-cfg", "list", "--offset", "5", "--limit", "2")
BUFFER = "http://da3d-gen-bit-wls005.dalab.syniverse.com:45002/ess-event-buffer/v1/aggregate/"
LISTED = {
    "table": f"""\
ID    NAME          ACTIVE  FORMAT  THROTTLING  CRON          ADDRESS
1652  TestDelivery  true    JSON            20                https://www.google.com/delivery
1653  Schedular     true    JSON                0 15 * * * *  {BUFFER}1653
""",
    "jsonl": f"""\
{{"del-cfg-nm":"TestDelivery","del-prtcl-cd":"REST","addr":"https://www.google.com/delivery",\
"del-fmt-cd":"JSON","is-active":true,"throttling":20,"id":"1652"}}
{{"del-cfg-nm":"Schedular","del-prtcl-cd":"REST","addr":"{BUFFER}1653","del-fmt-cd":"JSON",\
"is-active":true,"cron-expression":"0 15 * * * *","latest-event-only":true,"id":"1653"}}
""",
    "yaml": f"""\
- "del-cfg-nm": "TestDelivery"
  "del-prtcl-cd": "REST"
  "addr": "https://www.google.com/delivery"
  "del-fmt-cd": "JSON"
  "is-active": true
  "throttling": 20
  "id": "1652"
- "del-cfg-nm": "Schedular"
  "del-prtcl-cd": "REST"
  "addr": "{BUFFER}1653"
  "del-fmt-cd": "JSON"
  "is-active": true
  "cron-expression": "0 15 * * * *"
  "latest-event-only": true
  "id": "1653"
""",
    "csv": f"""\
id,name,active,format,throttling,cron,address
1652,TestDelivery,true,JSON,20,,https://www.google.com/delivery
1653,Schedular,true,JSON,,0 15 * * * *,{BUFFER}1653
""",
    "tsv": f"""\
id\tname\tactive\tformat\tthrottling\tcron\taddress
1652\tTestDelivery\ttrue\tJSON\t20\t\thttps://www.google.com/delivery
1653\tSchedular\ttrue\tJSON\t\t0 15 * * * *\t{BUFFER}1653
""",
    "name": "1652\n1653\n",
}


@pytest.mark.parametrize(("format", "printed"), LISTED.items())
def test_configurations_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    outcome = ess(*TWO, "-o", format)
    assert (outcome.code, outcome.out) == (0, printed)


def test_configurations_as_json_are_the_service_s_own_objects(ess: Run) -> None:
    outcome = ess("delivery-cfg", "list", "--limit", "8", "--json")
    known = reply_to("GET /delivery-configurations")["delivery-configurations"]
    assert outcome.out == as_printed(known)


@pytest.mark.parametrize("named", ["1654", "hhh"])
def test_one_configuration_as_json_is_the_reply_as_it_is(ess: Run, named: str) -> None:
    known = reply_to("GET /delivery-configurations/{del-config-id}")
    assert ess("delivery-cfg", "get", named, "-o", "json") == (0, as_printed(known), "")


def test_columns_of_one_configuration_have_the_schedule_that_only_the_list_tells(ess: Run) -> None:
    outcome = ess("delivery-cfg", "get", "Schedular", "-c", "id,cron,latest-event-only")
    assert outcome.out == "id\tcron\tlatest-event-only\n1653\t0 15 * * * *\ttrue\n"
    assert "cron-expression" not in ess("delivery-cfg", "get", "Schedular", "-o", "json").out


def test_an_id_in_digits_is_sent_as_it_is(ess: Run) -> None:
    outcome = ess("delivery-cfg", "get", "1654", "--json", "--debug")
    assert outcome.err.count("debug: ") == 1
    outcome = ess("delivery-cfg", "get", "99999", "--debug")
    assert outcome.code == 4
    assert "GET /delivery-configurations/99999 → 404" in outcome.err
    assert "error: GET /delivery-configurations/99999: 404" in outcome.err


def test_an_unknown_name_is_not_found_and_near_ones_are_told(ess: Run) -> None:
    assert ess("delivery-cfg", "get", "Scheduler") == (
        4,
        "",
        'error: no delivery configuration with the id or name "Scheduler"\n'
        "  near: Schedular\n"
        "hint: ess delivery-cfg list\n",
    )


def test_a_name_that_two_have_is_refused_with_both_ids(ess: Run) -> None:
    address = "https://hooks.example.com/ess"
    assert ess("delivery-cfg", "create", "--name", "hhh", "--addr", address).err == (
        'warning: there is a configuration named "hhh" already; several reports name it only\n'
        "created delivery configuration 1659 hhh · profile sandbox (embedded)\n"
    )
    for argv in ("delivery-cfg get hhh", "subs list --cfg hhh"):
        assert ess(*argv.split()) == (
            2,
            "",
            'error: 2 delivery configurations are named "hhh": 1654, 1659\n'
            "hint: name it by its id, for instance 1654\n",
        )


def test_an_exact_id_goes_before_a_name(ess: Run, service: Scripted) -> None:
    rows = [{"id": "7", "del-cfg-nm": "a-1"}, {"id": "a-1", "del-cfg-nm": "other"}]
    service.answer("GET", "/delivery-configurations", {"delivery-configurations": rows})
    service.answer("GET", "/delivery-configurations/a-1", rows[1])
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess("delivery-cfg", "get", "a-1", "-c", "name", "--no-header", env=env)
    assert (outcome.code, outcome.out) == (0, "other\n")


def test_digits_are_an_id_even_where_a_configuration_is_named_so(
    ess: Run, service: Scripted
) -> None:
    rows = [{"id": "7", "del-cfg-nm": "2024"}]
    service.answer("GET", "/delivery-configurations", {"delivery-configurations": rows})
    service.answer("GET", "/event-delivery-attempts", {"attempts": [{"del-cfg-nm": "2024"}]})
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    argv = ("deliveries", "attempts", "-c", "configuration", "--no-header", "--cfg")
    assert ess(*argv, "2024", env=env).code == 4
    assert ess(*argv, "7", env=env).out == "2024\n"
    assert ess("delivery-cfg", "get", "2024", env=env).code == 4


# Creating


def test_a_new_webhook_is_shown_and_said_in_one_line(ess: Run) -> None:
    argv = ("--name", "ported", "--addr", "https://hooks.example.com/ess", "--throttling", "60")
    outcome = ess("delivery-cfg", "create", *argv, "--json")
    assert list(json.loads(outcome.out).items()) == [
        ("del-cfg-nm", "ported"),
        ("del-prtcl-cd", "REST"),
        ("addr", "https://hooks.example.com/ess"),
        ("del-fmt-cd", "JSON"),
        ("is-active", True),
        ("throttling", 60),
        ("id", "1659"),
    ]
    assert (outcome.code, outcome.err) == (
        0,
        "created delivery configuration 1659 ported · profile sandbox (embedded)\n",
    )
    assert ess("delivery-cfg", "get", "ported", "-o", "name").out == "1659\n"


def test_a_new_schedule_is_shown_with_its_cron_expression(ess: Run) -> None:
    argv = ("--name", "nightly", "--cron", "0 15 3 * * *", "--latest-event-only", "--format", "XML")
    outcome = ess("delivery-cfg", "create", *argv, "-o", "csv", "-c", "+latest-event-only")
    assert outcome.code == 0
    assert outcome.out == (
        "id,name,active,format,throttling,cron,address,latest-event-only\n"
        f"1659,nightly,true,XML,,0 15 3 * * *,{BUFFER}1659,true\n"
    )


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (
            ["--addr", "https://h.example/x"],
            {"del-fmt-cd": "JSON", "del-prtcl-cd": "REST", "addr": "https://h.example/x"},
        ),
        (
            ["--addr", "http://h.example/x", "--format", "XML", "--throttling", "5", "--inactive"],
            {
                "del-fmt-cd": "XML",
                "del-prtcl-cd": "REST",
                "addr": "http://h.example/x",
                "throttling": 5,
                "is-active": False,
            },
        ),
        (
            ["--cron", "0 0 * * * *"],
            {"del-fmt-cd": "JSON", "cron-expression": "0 0 * * * *", "latest-event-only": False},
        ),
    ],
)
def test_a_dry_run_shows_the_body_of_each_shape(
    ess: Run, options: list[str], body: dict[str, object]
) -> None:
    outcome = ess("delivery-cfg", "create", "--name", "new", *options, "--dry-run", "--json")
    assert outcome.code == 0
    shown = json.loads(outcome.out)
    assert shown["method"] == "POST"
    assert shown["url"] == "https://sandbox.invalid/ess/v1/delivery-configurations"
    assert shown["body"] == {"del-cfg-nm": "new", "is-active": True, **body}
    assert ess("delivery-cfg", "get", "new").code == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--cron", "15 * * * *"],
            'error: --cron: six fields wanted, seconds first; "15 * * * *" has 5\n'
            "hint: for instance --cron '0 15 * * * *': at minute 15 of every hour\n",
        ),
        (
            ["--cron", "0 15 * * * *", "--addr", "https://h.example/x"],
            "error: --addr and --cron exclude each other\n"
            "hint: --addr URL for a webhook, --cron EXPR for files on a schedule\n",
        ),
        (
            [],
            "error: --addr or --cron is missing\n"
            "hint: --addr URL for a webhook, --cron EXPR for files on a schedule\n",
        ),
        (
            ["--addr", "ftp://h.example/x"],
            'error: --addr: not an http(s) address: "ftp://h.example/x"\n'
            "hint: for instance --addr https://hooks.example.com/ess\n",
        ),
        (
            ["--addr", "https://h.example/x", "--latest-event-only"],
            "error: --latest-event-only goes with --cron\n",
        ),
        (["--cron", "0 15 * * * *", "--protocol", "REST"], "error: --protocol goes with --addr\n"),
        (
            ["--addr", "https://h.example/x", "--throttling", "0"],
            "error: invalid value for '--throttling': 0 is not in the range x>=1\n"
            "hint: ess delivery-cfg create --help\n",
        ),
        (
            ["--addr", "https://h.example/x", "--throttling", "fast"],
            "error: invalid value for '--throttling': 'fast' is not a whole number\n"
            "hint: ess delivery-cfg create --help\n",
        ),
    ],
)
def test_wrong_input_says_what_and_changes_nothing(ess: Run, options: list[str], said: str) -> None:
    assert ess("delivery-cfg", "create", "--name", "new", *options) == (2, "", said)
    assert ess("delivery-cfg", "get", "new").code == 4


@pytest.mark.parametrize(
    "address", ["", "hooks.example.com", "https://", "http://[::1", "https://a b/", "http://a\\b/"]
)
def test_an_address_that_is_no_url_is_refused(ess: Run, address: str) -> None:
    outcome = ess("delivery-cfg", "create", "--name", "new", "--addr", address)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: --addr: not an http(s) address: ")


def test_a_name_of_blanks_is_refused(ess: Run) -> None:
    outcome = ess("delivery-cfg", "create", "--name", " ", "--addr", "https://h.example/x")
    assert outcome == (2, "", "error: --name: empty\nhint: --name ported-numbers\n")


def test_a_format_that_the_service_does_not_know_it_refuses_itself(ess: Run) -> None:
    argv = ("--name", "new", "--addr", "https://h.example/x", "--format", "CSV")
    outcome = ess("delivery-cfg", "create", *argv)
    assert outcome == (
        5,
        "",
        "error: POST /delivery-configurations: 400: del-fmt-cd: must be one of JSON, XML,"
        ' not "CSV" (400)\n'
        "hint: --debug shows the request; --dry-run shows a body before it is sent\n",
    )
    assert ess("delivery-cfg", "get", "new").code == 4
