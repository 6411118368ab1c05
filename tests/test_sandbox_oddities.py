"""The switches of a served sandbox, each an oddity, and what ``ess`` makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.faults import parse
from ess_cli.sandbox.oddities import SWITCHES
from tests.conftest import Outcome, Run
from tests.services import served_sandbox

SUBS = ("subs", "list", "-o", "name", "--page-size", "2")
DELIVERIES = ("deliveries", "list", "--all", "--page-size", "20", "--json", "--query", "length(@)")
LISTED = ("deliveries", "list", "--all", "-c", "time", "--no-header")
ONE_DELIVERY = ("deliveries", "list", "--event-type", "porting_event", "--limit", "1", "-q")
EVENT_TYPES = ("event-types", "list", "--json", "--query", "length(@)")
CREATE = ("subs", "create", "--topic", "NIS-Events", "--cfg", "1654")
UPDATE = ("subs", "update", "142", "--match", "company-id = 5", "--yes", "-o", "name")
THROTTLE = ("delivery-cfg", "update", "1654", "--throttling", "5", "--yes", "-o", "name")
ALL_SUBS = "16301830\n16301850\n16301810\n142\n"
CREATED = "created subscription 16301851 of NIS-Events · profile default (http://HOST)\n"
HOSTILE = "\\x1b[31m\\x1b]8;;https://evil.example\\x07<b>[/x][link=x]\\u202e AT@$# T\\u2028=1+1"
UPDATED = (
    "warning: no read tells when a subscription ends: if this one has an end date, the service may"
    " drop it with this update; --end-date or --no-end-date says which is meant\n"
    " subscription 142 of SCG-Message · profile default (http://HOST)\n"
    '   match-crt  "" → company-id = 5\n'
)
UPDATE_DONE = UPDATED + "updated subscription 142 of SCG-Message · profile default (http://HOST)\n"
THROTTLED = (
    " delivery configuration 1654 hhh · profile default (http://HOST)\n"
    "   throttling  32 → 5\n"
    "updated delivery configuration 1654 hhh · profile default (http://HOST)\n"
)


class Case(NamedTuple):
    """A command on a sandbox with a switch, and its outcome in full."""

    spec: str
    line: tuple[str, ...]
    out: str
    err: str = ""
    code: int = 0


CASES = [
    Case(
        "ignore-offset",
        SUBS,
        "16301830\n16301850\n",
        "error: GET /topic-subscriptions: the page at offset 2 brought nothing new\n"
        "hint: the service may ignore offset; ask for all at once with --page-size\n",
        9,
    ),
    Case("ignore-offset", ("subs", "list", "-o", "name"), ALL_SUBS),
    Case("overlap-pages", SUBS, ALL_SUBS),
    Case("overlap-pages", DELIVERIES, "62\n"),
    Case("page-cap", EVENT_TYPES, "37\n"),
    Case("page-cap", DELIVERIES, "62\n"),
    Case("no-paged-result", SUBS, ALL_SUBS),
    Case("no-next-page", DELIVERIES, "62\n"),
    Case(
        "repeat-next-page",
        DELIVERIES,
        "",
        "error: GET /event-deliveries: from offset 0, next-page-uri leads to offset 0 with limit"
        ' 20\n{"error": {"kind": "bad-reply", "message": "GET /event-deliveries: from offset 0,'
        ' next-page-uri leads to offset 0 with limit 20", "exit": 9, "http": null, "retryable":'
        " false}}\n",
        9,
    ),
    Case("foreign-next-page-uri", DELIVERIES, "62\n"),
    Case("backslash-next-page-uri", DELIVERIES, "62\n"),
    Case("ids-as-integers", UPDATE, "142\n", UPDATE_DONE),
    Case("ids-as-integers", THROTTLE, "1654\n", THROTTLED),
    Case("ids-as-text", UPDATE, "142\n", UPDATE_DONE),
    Case(
        "mdn-number",
        ("subs", "mdn", "+12345678901", "--query", "mdn", "--json"),
        '"+12345678901"\n',
    ),
    Case(
        "sparse",
        ("delivery-cfg", "get", "hhh", "-c", "name,throttling", "--no-header"),
        "hhh\t\n",
    ),
    Case(
        "no-schedule",
        ("delivery-cfg", "list", "--json", "--query", '[?"cron-expression"].id'),
        "[]\n",
    ),
    Case("unknown-keys", UPDATE, "142\n", UPDATE_DONE),
    Case("unknown-keys", THROTTLE, "1654\n", THROTTLED),
    Case(
        "unknown-keys",
        ("api", "PUT", "/delivery-configurations/1654", "--field", "is-active=false", "--yes"),
        "",
        "error: PUT /delivery-configurations/1654: 400: x-unknown-to-the-reference: this PUT would"
        " lose it (400)\n"
        "hint: --debug shows the request; --dry-run shows a body before it is sent\n",
        5,
    ),
    Case(
        "millis",
        (*LISTED, "--since", "2017-06-30T12:59:30Z", "--until", "2017-06-30T12:59:31Z"),
        "2017-06-30T12:59:30.000Z\n",
    ),
    Case("millis", UPDATE, "142\n", UPDATE_DONE),
    Case(
        "hostile-text",
        ("deliveries", "track", "hc4lnloTSK2aSvrLKiDpSA", "sai", "-c", "answer", "--no-header"),
        f"Hello World{HOSTILE}\n",
    ),
    Case(
        "xml-event-bodies",
        (*ONE_DELIVERY, "--json", "--query", '[]."event-body"'),
        '[\n  "<event><carrier_id>15799</carrier_id><number>+12345678901</number>'
        "<previous_carrier_id></previous_carrier_id><porting_date>2011-05-27T00:00:00Z"
        "</porting_date><carrier_name>PAETEC COMMUNICATIONS INC.</carrier_name>"
        "<previous_carrier_name></previous_carrier_name><tracking_id>1092585662</tracking_id>"
        '</event>"\n]\n',
    ),
    Case("gzip", SUBS, ALL_SUBS),
    Case("write-200", (*CREATE, "-o", "name"), "16301851\n", CREATED),
    Case("write-201", UPDATE, "142\n", UPDATE_DONE),
    Case("write-202", THROTTLE, "1654\n", THROTTLED),
    Case("write-204", UPDATE, "142\n", UPDATE_DONE),
    Case("write-body", (*CREATE, "-o", "name"), "16301851\n", CREATED),
    Case("write-body", UPDATE, "142\n", UPDATE_DONE),
    Case("write-body,write-202,gzip", (*CREATE, "-o", "name"), "16301851\n", CREATED),
    Case("write-location", (*CREATE, "-o", "name"), "16301851\n", CREATED),
    Case("write-location,write-204", (*CREATE, "-o", "name"), "16301851\n", CREATED),
    Case(
        "lag",
        (*CREATE, "--json", "--query", "id"),
        "null\n",
        "warning: accepted, but it cannot be seen yet; this is what was sent\n"
        "created subscription (id unknown) of NIS-Events · profile default (http://HOST)\n",
    ),
    Case(
        "lag,write-location",
        (*CREATE, "-o", "name"),
        "16301851\n",
        "warning: accepted, but reading it back failed: GET"
        " /topics/NIS-Events/subscriptions/16301851: 404: not found yet (NOT_FOUND)\n" + CREATED,
    ),
    Case(
        "304-on-put",
        UPDATE,
        "",
        UPDATED + "error: PUT /topics/SCG-Message/subscriptions/142: 304: the update failed\n",
        5,
    ),
    Case(
        "strict-criteria",
        (*CREATE, "--match", "number = +12"),
        "",
        "error: POST /topics/NIS-Events/subscriptions: 400: match-crt: position 10: expected a"
        " field, =, a value, and, or, or a bracket (400)\n"
        "hint: --debug shows the request; --dry-run shows a body before it is sent\n",
        5,
    ),
    Case(
        "strict-criteria",
        (*CREATE, "--match", "number = '1'", "-o", "name"),
        "16301851\n",
        CREATED,
    ),
    Case(
        "needs-user-token",
        ("topics", "list"),
        "",
        "error: GET /topics: 401: Missing Credentials (900902)\nhint: `ess auth status` says which"
        " credentials were sent; `ess auth login` renews them\n",
        3,
    ),
]


def on(ess: Run, directory: Path, spec: str, *lines: tuple[str, ...]) -> list[Outcome]:
    """The outcomes of commands, one after the other, on one sandbox with switches."""
    outcomes = []
    with served_sandbox(directory, Behaviour(faults=parse([spec], 0))) as url:
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": url, "ESS_TOKEN": "token-of-a-test"}
        for line in lines:
            code, out, err = ess(*line, env=env)
            outcomes.append(Outcome(code, out, err.replace(url.split("/")[2], "HOST")))
    return outcomes


def test_each_switch_has_a_case() -> None:
    cases = {case.spec for case in CASES if "," not in case.spec}
    assert cases | {"token-unchanged"} == set(SWITCHES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.spec} {' '.join(case.line[:2])}")
def test_a_command_meets_it(ess: Run, tmp_path: Path, case: Case) -> None:
    assert on(ess, tmp_path, case.spec, case.line) == [(case.code, case.out, case.err)]


def test_a_refresh_meets_a_token_that_comes_back_unchanged(ess: Run, tmp_path: Path) -> None:
    texts = {"token": "token-of-a-test", "key": "sandbox-key", "secret": "sandbox-secret"}
    for name, text in texts.items():
        (tmp_path / name).write_text(f"{text}\n")
    given = ("--token-file", str(tmp_path / "token"))
    line = ("auth", "refresh", "--yes", *given, "--consumer-key-file", str(tmp_path / "key"))
    right, wrong = (
        (*line, "--consumer-secret-file", str(tmp_path / name)) for name in ("secret", "key")
    )
    outcomes = on(ess, tmp_path, "token-unchanged", right, wrong, ("topics", "list", *given))
    assert [outcome.code for outcome in outcomes] == [0, 3, 0]
    assert f"the token in {tmp_path / 'token'} is still good and stays" in outcomes[0].err
    assert (tmp_path / "token").read_text() == "token-of-a-test\n"


def test_a_token_that_has_ended_does_not_come_back(ess: Run, tmp_path: Path) -> None:
    texts = {"token": "expired", "key": "sandbox-key", "secret": "sandbox-secret"}
    for name, text in texts.items():
        (tmp_path / name).write_text(f"{text}\n")
    given = ("--token-file", str(tmp_path / "token"))
    line = ("auth", "refresh", "--yes", *given, "--consumer-key-file", str(tmp_path / "key"))
    refreshed = (*line, "--consumer-secret-file", str(tmp_path / "secret"))
    outcomes = on(ess, tmp_path, "token-unchanged", refreshed, ("topics", "list", *given))
    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert (tmp_path / "token").read_text() != "expired\n"
