"""Bad input: the value is named, a hint given, nothing sent, changed or left behind."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.conftest import Run

CREATE = "subs create --topic NIS-Events --cfg hhh"
WEBHOOK = "delivery-cfg create --name new"

BAD = {
    f"{CREATE} -o xml": (2, "xml"),
    "topics list -o xml": (2, "xml"),
    f"{CREATE} --start-date tomorrow": (2, "tomorrow"),
    "deliveries list --since 31.12.2026": (2, "31.12.2026"),
    f"{CREATE} --number 12025550123": (2, "12025550123"),
    "subs mdn 202-555-0123": (2, "202-555-0123"),
    f"{CREATE} --match 'x = 1' --number +12025550123": (2, "--match and --number"),
    f"{WEBHOOK} --cron '15 * * * *'": (2, "15 * * * *"),
    "delivery-cfg update Schedular --cron '0 15 * * * * *'": (2, "0 15 * * * * *"),
    f"{WEBHOOK} --cron '0 15 * * * *' --addr https://h.example/x": (2, "--addr and --cron"),
    f"{WEBHOOK} --addr ftp://h.example/x": (2, "ftp://h.example/x"),
    f"{WEBHOOK} --addr hooks.example.com": (2, "hooks.example.com"),
    "subs create --topic NIS-Events --cfg hh": (4, "hh"),
    "delivery-cfg disable nope --yes": (4, "nope"),
    "subs create --topic NIS-Events --cfg twin": (2, "1659, 1660"),
    "delivery-cfg auth set twin --type NONE --yes": (2, "1659, 1660"),
    "-p nowhere subs end 142 --yes": (12, "nowhere"),
    f"{CREATE} --query '['": (2, "["),
    f"{CREATE} -c colour": (2, "colour"),
    "subs list --sort colour": (2, "colour"),
    "subs list --limit -3": (2, "-3"),
    "topics list --timeout soon": (2, "soon"),
    "api POST https://elsewhere.example/x --yes": (2, "https://elsewhere.example/x"),
    "subs get SCG-Message ..": (2, ".."),
    "help everything": (2, "everything"),
    "completion tcsh": (2, "tcsh"),
    "sandbox serve --port 70000": (2, "70000"),
}


def left(home: Path) -> dict[str, bytes]:
    """All files of a home but the sandbox's own database, which readers touch too."""
    return {
        str(file.relative_to(home)): file.read_bytes()
        for file in home.rglob("*")
        if file.is_file() and not file.name.startswith("sandbox.db")
    }


@pytest.mark.parametrize(("line", "outcome"), BAD.items())
def test_bad_input_is_named_with_a_hint_and_changes_nothing(
    ess: Run, home: Path, line: str, outcome: tuple[int, str]
) -> None:
    for _ in range(2):
        assert (
            ess("delivery-cfg", "create", "--name", "twin", "--addr", "http://a.example").code == 0
        )
    assert ess("delivery-cfg", "list").code == 0
    before = (left(home), ess("sandbox", "status", "--query", "subscriptions").out)
    rows = ess("api", "GET", "/delivery-configurations").out
    code, value = outcome
    result = ess(*shlex.split(line), "--debug")
    assert (result.code, result.out) == (code, "")
    assert "POST" not in result.err.replace("api POST", "")
    assert "PUT" not in result.err
    said = [line for line in result.err.splitlines() if not line.startswith("debug: ")]
    assert said[0].startswith("error: ")
    assert value in said[0]
    assert said[-1].startswith("hint: ")
    assert (left(home), ess("sandbox", "status", "--query", "subscriptions").out) == before
    assert ess("api", "GET", "/delivery-configurations").out == rows


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("profiles:\n  prod: [\n", "line 3, column 1"),
        ("profiles:\n  prod:\n    base-url: 'https://x\n", "line 4, column 1"),
        ("profiles:\n\tprod: {}\n", "line 2, column 1"),
    ],
)
def test_a_damaged_configuration_is_told_with_line_and_column(
    ess: Run, home: Path, content: str, place: str
) -> None:
    file = home / ".config" / "ess" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    outcome = ess("topics", "list", "--json", env={"ESS_PROFILE": ""})
    assert (outcome.code, outcome.out) == (12, "")
    assert place in outcome.err
    assert file.read_text() == content
    assert list(left(home)) == [".config/ess/config.yaml"]


def test_the_sandbox_works_beside_a_damaged_configuration(ess: Run, home: Path) -> None:
    file = home / ".config" / "ess" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("profiles: [\n")
    assert ess("-p", "sandbox", "subs", "mdn-count", "--no-header").out == "NIS-Events\t1\n"
