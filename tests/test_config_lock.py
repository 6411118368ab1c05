"""Changes of the configuration at the same time: none is lost."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.processes import PATIENCE_S, ROOT, Shell, finished

NO_SANDBOX = {"ESS_PROFILE": ""}
SETTINGS = (
    ("--company-id", "c1"),
    ("--output", "json"),
    ("--timeout", "7"),
    ("--protected",),
    ("--token-command", "pass show ess"),
    ("--ca-bundle", __file__),
)


@pytest.fixture
def path(home: Path) -> Path:
    return home / ".config" / "ess" / "config.yaml"


def test_of_many_changes_at_the_same_time_none_is_lost(home: Path, ess: Run, path: Path) -> None:
    shell = Shell(home)
    env = shell.environment()
    lines = [("profile", "set", "one", *setting) for setting in SETTINGS]
    lines += [("profile", "set", f"p{number}", "--company-id", f"c{number}") for number in range(3)]
    started = [shell.start(*line, env=env) for line in lines]
    assert [finished(process).code for process in started] == [0] * len(lines)
    rows = json.loads(ess("profile", "list", "--json").out)
    by_name = {row["name"]: row for row in rows}
    assert {name: row["company-id"] for name, row in by_name.items()} == {
        "default": None,
        "sandbox": "123",
        "one": "c1",
        **{f"p{number}": f"c{number}" for number in range(3)},
    }
    assert by_name["one"] == {
        "name": "one",
        "base-url": "https://api.syniverse.com/ess/v1",
        "active": False,
        "protected": True,
        "built-in": False,
        "output": "json",
        "timeout": 7,
        "token-command": ["pass", "show", "ess"],
        "company-id": "c1",
        "ca-bundle": __file__,
        "auto-refresh": False,
        "refresh-path": None,
        "consumer-key-file": None,
        "consumer-secret-file": None,
    }
    lock = path.with_name("config.yaml.lock")
    assert (lock.read_bytes(), lock.stat().st_mode & 0o777) == (b"", 0o600)


def test_a_lock_that_is_not_freed_is_exit_code_12_and_named(ess: Run, path: Path) -> None:
    assert ess("profile", "set", "one", "--company-id", "c1").code == 0
    before = path.read_bytes()
    lock = path.with_name("config.yaml.lock")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = ess("profile", "set", "one", "--company-id", "c2", "--quiet")
    assert outcome == (
        12,
        "",
        f"error: {path} is being changed by another ess, for more than 5 s\n"
        f"  lock: {lock}\n"
        "hint: nothing was saved; try again once the other one has ended\n",
    )
    assert path.read_bytes() == before
    assert ess("profile", "set", "one", "--company-id", "c2").code == 0


@pytest.mark.parametrize("line", [("set", "one", "--no-protected"), ("remove", "one")])
def test_a_protected_profile_that_changed_during_the_question_is_left_alone(
    home: Path, ess: Run, line: tuple[str, ...]
) -> None:
    assert ess("profile", "set", "one", "--protected").code == 0
    shell = Shell(home)
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "profile", *line],
        stdin=there,
        stdout=subprocess.PIPE,
        stderr=there,
        env=shell.environment(),
        cwd=ROOT,
    )
    os.close(there)
    said = b""
    while b"type its name" not in said:
        said += os.read(here, 1000)
    assert (
        ess(
            "profile",
            "set",
            "one",
            "--base-url",
            "https://ess.example.com/ess/v1",
            "--confirm",
            "one",
        ).code
        == 0
    )
    os.write(here, b"one\n")
    assert process.wait(PATIENCE_S) == 8
    with process:
        process.communicate()
    rest = os.read(here, 10_000)
    os.close(here)
    assert b'profile "one" was changed by another ess meanwhile; nothing was saved' in rest
    shown = ess("profile", "show", "one", "--json", env=NO_SANDBOX)
    facts = {row["setting"]: row["value"] for row in json.loads(shown.out)}
    assert (facts["protected"], facts["base-url"]) == (True, "https://ess.example.com/ess/v1")
