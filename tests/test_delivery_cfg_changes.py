"""``ess delivery-cfg update``, ``enable`` and ``disable``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run

YES_WANTED = (
    "error: delivery configuration 1654 hhh: this wants a yes, and there is nobody to ask\n"
    "hint: add --yes to do it, or --dry-run to see it\n"
)


def listed(ess: Run, identity: str) -> dict[str, Any]:
    """A configuration's entry in the list, where all of it is told."""
    rows = json.loads(ess("delivery-cfg", "list", "--json").out)
    (row,) = (row for row in rows if row["id"] == identity)
    assert isinstance(row, dict)
    return row


def test_an_update_shows_the_difference_and_what_is_there_now(ess: Run) -> None:
    outcome = ess("delivery-cfg", "update", "hhh", "--throttling", "322", "-o", "csv")
    assert outcome == (
        0,
        "id,name,active,format,throttling,cron,address\n1654,hhh,true,JSON,322,,http://wwww.giiig\n",
        " delivery configuration 1654 hhh · profile sandbox (embedded)\n"
        "   throttling  32 → 322\n"
        "updated delivery configuration 1654 hhh · profile sandbox (embedded)\n",
    )


def test_an_update_sends_the_whole_body(ess: Run) -> None:
    outcome = ess("delivery-cfg", "update", "1654", "--name", "h2", "--throttling", "322", "-n")
    assert outcome == (
        0,
        "PUT https://sandbox.invalid/ess/v1/delivery-configurations/1654\n"
        "   del-cfg-nm  hhh → h2\n"
        "   throttling  32 → 322\n"
        "{\n"
        '  "del-cfg-nm": "h2",\n'
        '  "del-prtcl-cd": "REST",\n'
        '  "addr": "http://wwww.giiig",\n'
        '  "del-fmt-cd": "JSON",\n'
        '  "is-active": true,\n'
        '  "throttling": 322\n'
        "}\n",
        "",
    )
    assert listed(ess, "1654")["throttling"] == 32


def test_a_schedule_survives_an_update_of_something_else(ess: Run) -> None:
    before = listed(ess, "1653")
    assert before["cron-expression"] == "0 15 * * * *"
    assert before["latest-event-only"] is True
    assert ess("delivery-cfg", "update", "Schedular", "--name", "Scheduler").code == 0
    assert listed(ess, "1653") == {**before, "del-cfg-nm": "Scheduler"}
    assert ess("delivery-cfg", "disable", "Scheduler", "--yes").code == 0
    assert ess("delivery-cfg", "enable", "Scheduler").code == 0
    assert listed(ess, "1653") == {**before, "del-cfg-nm": "Scheduler"}


def test_a_schedule_s_own_fields_can_be_changed(ess: Run) -> None:
    argv = ("--cron", "0 0 6 * * MON", "--no-latest-event-only")
    outcome = ess("delivery-cfg", "update", "1653", *argv)
    assert (outcome.code, outcome.err.splitlines()[1:3]) == (
        0,
        [
            "   cron-expression    0 15 * * * * → 0 0 6 * * MON",
            "   latest-event-only  true → false",
        ],
    )
    assert listed(ess, "1653")["cron-expression"] == "0 0 6 * * MON"
    assert listed(ess, "1653")["latest-event-only"] is False
    assert ess("delivery-cfg", "update", "1653", "--latest-event-only").code == 0
    assert listed(ess, "1653")["latest-event-only"] is True


def test_a_key_that_nobody_knows_survives_an_update(ess: Run, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(
        '{"del-cfg-nm": "odd", "del-prtcl-cd": "REST", "addr": "https://h.example/x",'
        ' "del-fmt-cd": "JSON", "is-active": true, "retry-policy": {"max": 3}}'
    )
    assert ess("api", "POST", "/delivery-configurations", "--data", str(body), "--yes").code == 0
    assert ess("delivery-cfg", "update", "odd", "--throttling", "7").code == 0
    assert listed(ess, "1659")["retry-policy"] == {"max": 3}
    assert listed(ess, "1659")["throttling"] == 7


def test_a_limit_can_be_taken_away_again(ess: Run) -> None:
    outcome = ess("delivery-cfg", "update", "hhh", "--no-throttling")
    assert "   throttling  32 → (none)\n" in outcome.err
    assert "throttling" not in listed(ess, "1654")


def test_the_other_fields_can_be_changed(ess: Run) -> None:
    assert ess("delivery-cfg", "update", "hhh", "--format", "XML", "--protocol", "REST").code == 0
    assert listed(ess, "1654")["del-fmt-cd"] == "XML"


@pytest.mark.parametrize(
    ("argv", "difference"),
    [
        (["update", "hhh", "--addr", "https://h.example/x"], "addr  http://wwww.giiig → https://h"),
        (["update", "hhh", "--inactive"], "is-active  true → false"),
        (["disable", "hhh"], "is-active  true → false"),
    ],
)
def test_what_cuts_off_or_redirects_events_wants_a_yes(
    ess: Run, argv: list[str], difference: str
) -> None:
    before = listed(ess, "1654")
    outcome = ess("delivery-cfg", *argv)
    assert (outcome.code, outcome.out) == (8, "")
    assert difference in outcome.err
    assert outcome.err.endswith(YES_WANTED)
    assert listed(ess, "1654") == before
    assert ess("delivery-cfg", *argv, "--yes").code == 0
    assert listed(ess, "1654") != before


def test_delivering_again_wants_no_yes(ess: Run) -> None:
    assert ess("delivery-cfg", "disable", "hhh", "-y").code == 0
    assert listed(ess, "1654")["is-active"] is False
    outcome = ess("delivery-cfg", "enable", "hhh", "-c", "id,active")
    assert (outcome.code, outcome.out) == (0, "id\tactive\n1654\ttrue\n")
    assert ess("delivery-cfg", "update", "hhh", "--inactive", "-y").code == 0
    assert ess("delivery-cfg", "update", "hhh", "--active").code == 0
    assert listed(ess, "1654")["is-active"] is True


@pytest.mark.parametrize("argv", [["update", "hhh", "--throttling", "32"], ["enable", "hhh"]])
def test_an_update_that_changes_nothing_sends_nothing(ess: Run, argv: list[str]) -> None:
    outcome = ess("delivery-cfg", *argv, "--debug", "-o", "name")
    assert (outcome.code, outcome.out) == (0, "1654\n")
    assert outcome.err.endswith("delivery configuration 1654 hhh is so already; nothing was sent\n")
    assert "PUT" not in outcome.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["hhh"], "error: nothing to change\nhint: for instance --throttling 60\n"),
        (
            ["hhh", "--throttling", "5", "--no-throttling"],
            "error: --throttling and --no-throttling exclude each other\n",
        ),
        (
            ["hhh", "--cron", "0 15 * * * *"],
            "error: --cron: 1654 hhh is a webhook\n"
            "hint: ess delivery-cfg create --cron EXPR makes a scheduled one\n",
        ),
        (
            ["Schedular", "--addr", "https://h.example/x"],
            "error: --addr: 1653 Schedular is scheduled; the service fills in its address\n"
            "hint: ess delivery-cfg create --addr URL makes a webhook\n",
        ),
        (
            ["1653", "--cron", "* *"],
            'error: --cron: six fields wanted, seconds first; "* *" has 2\n'
            "hint: for instance --cron '0 15 * * * *': at minute 15 of every hour\n",
        ),
        (
            ["hhh", "--addr", "nowhere"],
            'error: --addr: not an http(s) address: "nowhere"\n'
            "hint: for instance --addr https://hooks.example.com/ess\n",
        ),
        (["hhh", "--name", ""], "error: --name: empty\nhint: --name ported-numbers\n"),
    ],
)
def test_an_update_that_makes_no_sense_is_refused(ess: Run, argv: list[str], said: str) -> None:
    before = ess("api", "GET", "/delivery-configurations").out
    assert ess("delivery-cfg", "update", *argv, "--yes") == (2, "", said)
    assert ess("api", "GET", "/delivery-configurations").out == before


def test_an_unknown_configuration_cannot_be_updated(ess: Run) -> None:
    assert ess("delivery-cfg", "update", "nope", "--throttling", "5").code == 4
    assert ess("delivery-cfg", "disable", "99999", "--yes").code == 4
