"""``ess deliveries check``: limits, ages, and the line of a monitoring plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ess_cli.main import main
from tests import hostile
from tests.conftest import Outcome, Run
from tests.hostile import Wire, hold, on
from tests.processes import Shell
from tests.services import Scripted, service

__all__ = ["service"]

wire = hostile.wire
CHECK = ("deliveries", "check")
PATH = "/event-deliveries/summary"
HINT = "hint: ess deliveries check --max-failed 0\n"


def asked(ess: Run, service: Scripted, *argv: str) -> Outcome:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess(*CHECK, *argv, env=env)


def counts(pending: int, retry: int, failed: int) -> dict[str, int]:
    return {"pending": pending, "retry": retry, "failed": failed}


def configuration(name: str, *counted: dict[str, int], **own: int) -> dict[str, Any]:
    types = [{"id": f"type-{number}", **each} for number, each in enumerate(counted)]
    return {"del-cfg-nm": name, "topics": [{"topic-nm": "T", "event-types": types}], **own}


def answers(service: Scripted, *configurations: dict[str, Any]) -> None:
    service.answer("GET", PATH, {"delivery-configurations": list(configurations)})


# Limits


@pytest.mark.parametrize(
    ("limits", "code", "said"),
    [
        (["--max-failed", "8"], 0, "ok: 0 pending, 0 retry, 8 failed · sandbox\n"),
        (["--max-failed", "7"], 10, "error: 8 failed, at most 7\n"),
        (["--max-failed", "ESS Buffer=7"], 10, "error: ESS Buffer: 8 failed, at most 7\n"),
        (["--max-failed", "1657=7"], 10, "error: ESS Buffer: 8 failed, at most 7\n"),
        (["--max-failed", "hhh=0"], 0, "ok: 0 pending, 0 retry, 8 failed · sandbox\n"),
        (
            ["--max-retry", "0", "--max-pending=0", "--max-failed", "3", "--max-failed", "1657=2"],
            10,
            "error: 8 failed, at most 3; ESS Buffer: 8 failed, at most 2\n",
        ),
    ],
)
def test_limits_are_for_all_or_for_one_configuration(
    ess: Run, limits: list[str], code: int, said: str
) -> None:
    assert ess(*CHECK, *limits) == (code, "", said)


def test_nothing_is_said_of_what_is_well_where_quiet_was_asked_for(ess: Run) -> None:
    assert ess(*CHECK, "--max-failed", "8", "-q") == (0, "", "")
    assert ess(*CHECK, "--max-failed", "7", "-q") == (10, "", "error: 8 failed, at most 7\n")


@pytest.mark.parametrize("count", ["pending", "retry", "failed"])
def test_each_count_has_its_own_limit(ess: Run, service: Scripted, count: str) -> None:
    answers(service, configuration("a", counts(5, 5, 5)), configuration("b", counts(1, 1, 1)))
    assert asked(ess, service, f"--max-{count}", "6").code == 0
    outcome = asked(ess, service, f"--max-{count}", "5")
    assert outcome == (10, "", f"error: 6 {count}, at most 5\n")


@pytest.mark.parametrize(
    ("limits", "code", "said"),
    [
        ([], 2, f"error: no limit to check\n{HINT}"),
        (
            ["--max-failed", "1", "--max-failed", "2"],
            2,
            "error: --max-failed: given twice in all\n",
        ),
        (
            ["--max-retry", "a=1", "--max-retry", "a=1"],
            2,
            'error: --max-retry: given twice for "a"\n',
        ),
        (
            ["--max-failed", "-1"],
            2,
            'error: --max-failed: neither N nor ID-OR-NAME=N: "-1"\n'
            "hint: --max-failed 10, or --max-failed my-webhook=0\n",
        ),
        (
            ["--max-failed", "a=b"],
            2,
            'error: --max-failed: neither N nor ID-OR-NAME=N: "a=b"\n'
            "hint: --max-failed 10, or --max-failed my-webhook=0\n",
        ),
        (
            ["--max-failed", "=5"],
            2,
            'error: --max-failed: neither N nor ID-OR-NAME=N: "=5"\n'
            "hint: --max-failed 10, or --max-failed my-webhook=0\n",
        ),
        (
            ["--max-age", "soon"],
            2,
            'error: --max-age: not a duration: "soon"\nhint: 10s, 1m, 2h\n',
        ),
    ],
)
def test_limits_that_are_none_are_refused_before_anything_is_asked(
    ess: Run, limits: list[str], code: int, said: str
) -> None:
    assert ess(*CHECK, *limits, "--debug") == (code, "", said)


def test_an_id_and_a_name_of_one_configuration_are_the_same_one(ess: Run) -> None:
    outcome = ess(*CHECK, "--max-failed", "1657=7", "--max-failed", "ESS Buffer=9")
    assert outcome == (2, "", 'error: --max-failed: given twice for "ESS Buffer"\n')


@pytest.mark.parametrize("cfg", ["no-such", "4711"])
def test_a_configuration_that_is_none_is_no_success(ess: Run, cfg: str) -> None:
    outcome = ess(*CHECK, "--max-failed", f"{cfg}=100")
    assert outcome.code == 4
    assert f'no delivery configuration with the id or name "{cfg}"' in outcome.err


def test_a_name_with_an_equals_sign_is_a_name(ess: Run, service: Scripted) -> None:
    service.answer(
        "GET",
        "/delivery-configurations",
        {"delivery-configurations": [{"id": "5", "del-cfg-nm": "a=b"}]},
    )
    answers(service, configuration("a=b", counts(0, 0, 4)))
    outcome = asked(ess, service, "--max-failed", "a=b=3")
    assert outcome == (10, "", "error: a=b: 4 failed, at most 3\n")


def test_of_counts_that_differ_the_higher_one_counts(ess: Run, service: Scripted) -> None:
    answers(service, configuration("a", counts(0, 0, 2), failed=9))
    outcome = asked(ess, service, "--max-failed", "8")
    assert outcome == (
        10,
        "",
        "warning: the service's own counts differ from its rows:"
        " a: 9 failed, its event types have 2\n"
        "error: 9 failed, at most 8\n",
    )


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"delivery-configurations": None},
        {"delivery-configurations": [{"topics": [{"event-types": [{"id": "a"}]}]}]},
        {"delivery-configurations": [configuration("a", {"pending": 0, "retry": 0})]},
        {"delivery-configurations": [configuration("a", counts(0, 0, -1))]},
        {
            "delivery-configurations": [
                configuration("a", {**counts(0, 0, 0), "failed": "8"})  # type: ignore[dict-item]
            ]
        },
    ],
)
def test_half_a_summary_is_no_success(ess: Run, service: Scripted, reply: Any) -> None:
    service.answer("GET", PATH, reply)
    outcome = asked(ess, service, "--max-failed", "100")
    assert (outcome.code, outcome.out) == (9, "")


# Ages


def aged(service: Scripted, *rows: tuple[str, str, str | None]) -> None:
    answers(service, configuration("a", counts(0, 0, 0)))
    deliveries = [
        {"event-id": event, "del-cfg-id": 5, "delivery-status": status, "timestamp": timestamp}
        for event, status, timestamp in rows
    ]
    service.answer("GET", "/event-deliveries", {"event-deliveries": deliveries})


@pytest.mark.parametrize(
    ("most", "code", "said"),
    [
        ("3h", 0, "ok: 0 pending, 0 retry, 0 failed, two:5 RETRY for 2h · default\n"),
        ("150m", 0, "ok: 0 pending, 0 retry, 0 failed, two:5 RETRY for 2h · default\n"),
        ("149m", 10, "error: two:5 RETRY for 2h, at most 2h\n"),
        ("90s", 10, "error: two:5 RETRY for 2h, at most 90s\n"),
    ],
)
def test_the_oldest_that_has_still_to_arrive_is_the_one_that_counts(
    ess: Run, service: Scripted, most: str, code: int, said: str
) -> None:
    aged(
        service,
        ("one", "PENDING", "2026-11-23T08:25:00Z"),
        ("two", "RETRY", "2026-11-23T06:00:00.000Z"),
        ("three", "FAILED", "2026-01-01T00:00:00Z"),
        ("four", "SUCCESS", None),
    )
    assert asked(ess, service, "--max-age", most) == (code, "", said)


def test_where_nothing_waits_nothing_is_too_old(ess: Run, service: Scripted) -> None:
    aged(service, ("three", "FAILED", "2026-01-01T00:00:00Z"))
    outcome = asked(ess, service, "--max-age", "1s")
    assert outcome == (0, "", "ok: 0 pending, 0 retry, 0 failed, none waiting · default\n")


def test_what_waits_without_a_time_may_be_the_oldest(ess: Run, service: Scripted) -> None:
    aged(service, ("one", "PENDING", None))
    outcome = asked(ess, service, "--max-age", "1d")
    assert outcome.code == 9
    assert outcome.err == "error: GET /event-deliveries: one:5 has no time, so no age\n"


def test_the_list_is_read_only_where_an_age_is_asked_for(ess: Run, service: Scripted) -> None:
    aged(service)
    assert asked(ess, service, "--max-failed", "0").code == 0
    assert [sent.path for sent in service.sent] == [PATH]


# Monitoring


def test_a_plugin_s_line_has_the_numbers_and_their_limits(ess: Run, service: Scripted) -> None:
    aged(service, ("one", "PENDING", "2026-11-23T08:25:00Z"))
    service.answer(
        "GET",
        "/delivery-configurations",
        {"delivery-configurations": [{"id": "5", "del-cfg-nm": "a"}]},
    )
    outcome = asked(
        ess, service, "--nagios", "--max-failed", "3", "--max-retry", "5=0", "--max-age", "1h"
    )
    assert outcome == (
        0,
        "ESS DELIVERIES OK - 0 pending, 0 retry, 0 failed, one:5 PENDING for 5m"
        " | 'pending'=0;;;0 'retry'=0;;;0 'failed'=0;;3;0 'retry a'=0;;0;0 'age'=300s;;3600;0\n",
        "",
    )


def test_a_limit_exceeded_is_critical_and_all_stands_in_one_line(ess: Run) -> None:
    outcome = ess(*CHECK, "--nagios", "--max-failed", "7", "--max-failed", "ESS Buffer=0")
    assert outcome == (
        2,
        "ESS DELIVERIES CRITICAL - 8 failed, at most 7; ESS Buffer: 8 failed, at most 0"
        " | 'pending'=0;;;0 'retry'=0;;;0 'failed'=8;;7;0 'failed ESS Buffer'=8;;0;0\n",
        "",
    )


def test_names_from_strangers_break_neither_the_line_nor_its_data(
    ess: Run, service: Scripted
) -> None:
    name = "it's|a=b\n\x1b[31m\u202eü"
    service.answer(
        "GET",
        "/delivery-configurations",
        {"delivery-configurations": [{"id": "5", "del-cfg-nm": name}]},
    )
    answers(service, configuration(name, counts(0, 0, 1), failed=2))
    outcome = asked(ess, service, "--nagios", "--max-failed", "5=0")
    assert outcome == (
        2,
        "ESS DELIVERIES CRITICAL - it's/a=b\\n\\x1b[31m\\u202eü: 2 failed, at most 0"
        " | 'pending'=0;;;0 'retry'=0;;;0 'failed'=2;;;0"
        " 'failed it''s/a_b\\n\\x1b[31m\\u202eü'=2;;0;0\n",
        "",
    )


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", f"GET {PATH}: 401"),
        (503, b"", f"GET {PATH}: 503"),
        (302, b"", f"GET {PATH}: redirected"),
        (200, b'{"delivery-config', f"GET {PATH}: "),
        (200, b"{}", f"GET {PATH}: the reply has no list"),
    ],
)
def test_every_error_is_unknown_on_stdout_and_nothing_stands_on_stderr(
    ess: Run, service: Scripted, status: int, body: bytes, said: str
) -> None:
    service.answer("GET", PATH, body, status)
    outcome = asked(ess, service, "--nagios", "--max-failed", "0")
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.out.startswith(f"ESS DELIVERIES UNKNOWN - {said}")
    assert outcome.out.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "env", "said"),
    [
        ([], {}, "no limit to check"),
        (["--max-faild", "3"], {}, "no such option: --max-faild"),
        (["--max-failed", "no-such=3"], {}, "no delivery configuration with the id or name"),
        (["--max-failed", "3", "-p", "nowhere"], {}, 'no profile named "nowhere"'),
        (["--max-failed", "3"], {"ESS_PROFILE": "default"}, "no credentials for https://"),
        (["--max-failed", "3"], {"ESS_TIMEOUT": "x"}, "ESS_TIMEOUT: "),
        (["--max-failed", "3", "--max-duration", "x"], {}, "--max-duration: not a duration"),
    ],
)
def test_errors_before_anything_is_asked_are_unknown_too(
    ess: Run, argv: list[str], env: dict[str, str], said: str
) -> None:
    outcome = ess(*CHECK, "--nagios", *argv, env=env)
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.out.startswith(f"ESS DELIVERIES UNKNOWN - {said}")
    assert outcome.out.count("\n") == 1


def test_a_service_that_is_down_is_unknown(ess: Run, service: Scripted) -> None:
    url = service.url
    service.close()
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": url, "ESS_TOKEN": "token-1"}
    outcome = ess(*CHECK, "--nagios", "--max-failed", "0", env=env)
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.out.startswith(f"ESS DELIVERIES UNKNOWN - GET {PATH}: ")
    again = ess(*CHECK, "--max-failed", "0", env=env)
    assert (again.code, again.out) == (6, "")


def test_a_service_that_does_not_answer_in_time_is_unknown(home: Path, wire: Wire) -> None:
    server = wire.serve(on(f"GET /ess/v1{PATH}", hold))
    shell = Shell(home)
    line = ("--nagios", "--max-failed", "0", "--max-duration", "1s")
    assert shell.run(*CHECK, *line, env=shell.environment(server)) == (
        3,
        "ESS DELIVERIES UNKNOWN - ended after 1s, which is what --max-duration allows\n",
        "",
    )


def test_a_line_that_cannot_be_written_is_unknown(home: Path) -> None:
    shell = Shell(home)
    line = (*CHECK, "--nagios", "--max-failed", "8")
    for redirections in (">/dev/full", ">&-"):
        ended = shell.run(*line, env=shell.environment(), redirections=redirections)
        assert ended == (3, "", "")


def test_a_plugin_s_line_repeats_no_secret(ess: Run, service: Scripted) -> None:
    token = "canary-access-5b1e07"
    service.answer("GET", PATH, {"error": {"code": "X", "message": f"bad {token} | sent"}}, 400)
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": token}
    outcome = ess(*CHECK, "--nagios", "--max-failed", "0", env=env)
    assert outcome == (
        3,
        f"ESS DELIVERIES UNKNOWN - GET {PATH}: 400: bad ******** / sent (X)\n",
        "",
    )


def test_a_bug_is_unknown_too_and_repeats_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESS_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ESS_TOKEN", "canary-access-5b1e07")

    def broken(seconds: float) -> None:
        raise ZeroDivisionError("canary-access-5b1e07")

    assert main([*CHECK, "--nagios", "--max-failed", "0"], sleep=broken) == 3
    assert capsys.readouterr() == (
        "ESS DELIVERIES UNKNOWN - a bug in ess: ZeroDivisionError('********')\n",
        "",
    )
