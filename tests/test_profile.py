"""``ess profile``: accounts and their settings."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MemoryKeyring, Run
from tests.test_auth import on_terminal

NO_SANDBOX = {"ESS_PROFILE": ""}
PROD = ("--base-url", "https://ess.example.com/ess/v1")


@pytest.fixture
def path(home: Path) -> Path:
    return home / ".config" / "ess" / "config.yaml"


def settings(
    ess: Run, *argv: str, env: dict[str, str] | None = None
) -> dict[str, tuple[object, str]]:
    outcome = ess("profile", "show", *argv, "--json", env={**NO_SANDBOX, **(env or {})})
    assert outcome.code == 0, outcome.err
    return {row["setting"]: (row["value"], row["source"]) for row in json.loads(outcome.out)}


# list


def test_a_new_machine_has_the_two_built_in_profiles(ess: Run, path: Path) -> None:
    outcome = ess("profile", "list", env=NO_SANDBOX)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (
        "name\tbase-url\tactive\tprotected\tbuilt-in\n"
        "default\thttps://api.syniverse.com/ess/v1\ttrue\tfalse\ttrue\n"
        "sandbox\thttps://sandbox.invalid/ess/v1\tfalse\tfalse\ttrue\n"
    )
    assert not path.exists()


def test_the_list_has_every_setting_in_json(ess: Run) -> None:
    ess("profile", "set", "prod", *PROD, "--protected", "--token-command", "pass show 'a b'")
    rows = json.loads(ess("profile", "list", "--json").out)
    assert rows[2] == {
        "name": "prod",
        "base-url": "https://ess.example.com/ess/v1",
        "active": False,
        "protected": True,
        "built-in": False,
        "output": None,
        "timeout": None,
        "token-command": ["pass", "show", "a b"],
        "company-id": None,
        "ca-bundle": None,
        "auto-refresh": False,
        "refresh-path": None,
        "consumer-key-file": None,
        "consumer-secret-file": None,
    }
    assert ess("profile", "list", "-o", "name").out == "default\nsandbox\nprod\n"
    wide = ess("profile", "list", "-c", "name,token-command").out
    assert wide.endswith("prod\tpass show 'a b'\n")


def test_the_list_works_where_the_selected_profile_does_not(ess: Run) -> None:
    assert ess("profile", "list", env={"ESS_PROFILE": "gone"}).code == 0
    assert ess("topics", "list", env={"ESS_PROFILE": "gone"}).code == 12


# show


def test_every_setting_is_shown_with_where_it_comes_from(
    ess: Run, path: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "certs.pem"
    bundle.touch()
    ess("profile", "set", "prod", *PROD, "--protected", "--company-id", "0701")
    ess("profile", "set", "prod", "--ca-bundle", str(bundle), "--token-command", "pass show x")
    ess("profile", "set", "prod", "--timeout", "5", "--output", "csv")
    env = {"ESS_PROFILE": "prod", "ESS_TIMEOUT": "7.5"}
    assert settings(ess, env=env) == {
        "profile": ("prod", "ESS_PROFILE"),
        "base-url": ("https://ess.example.com/ess/v1", 'profile "prod"'),
        "output": ("json", "option --json"),
        "timeout": (7.5, "ESS_TIMEOUT"),
        "protected": (True, 'profile "prod"'),
        "token-command": (["pass", "show", "x"], 'profile "prod"'),
        "company-id": ("0701", 'profile "prod"'),
        "ca-bundle": (str(bundle), 'profile "prod"'),
        "auto-refresh": (False, "default"),
        "refresh-path": (None, "default"),
        "consumer-key-file": (None, "default"),
        "consumer-secret-file": (None, "default"),
        "config-file": (str(path), "default"),
    }
    as_csv = ess("profile", "show", "prod", env=NO_SANDBOX).out
    assert as_csv.startswith("setting,value,source\nprofile,prod,argument\n")
    assert 'token-command,pass show x,"profile ""prod"""\n' in as_csv


def test_a_named_profile_is_shown_as_if_by_p(ess: Run) -> None:
    ess("profile", "set", "prod", *PROD)
    env = {"ESS_BASE_URL": "http://127.0.0.1:1"}
    assert settings(ess, env=env)["base-url"] == ("http://127.0.0.1:1", "ESS_BASE_URL")
    shown = settings(ess, "prod", env=env)
    assert shown["base-url"] == ("https://ess.example.com/ess/v1", 'profile "prod"')
    assert shown["profile"] == ("prod", "argument")


def test_a_ca_bundle_of_the_environment_is_shown_as_such(ess: Run) -> None:
    shown = settings(ess, env={"REQUESTS_CA_BUNDLE": "/x.pem"})
    assert shown["ca-bundle"] == ("/x.pem", "REQUESTS_CA_BUNDLE")


def test_protection_by_another_profile_s_name_is_shown(ess: Run) -> None:
    ess("profile", "set", "prod", *PROD, "--protected")
    shown = settings(ess, "-p", "default", *PROD)
    assert shown["protected"] == (True, 'profile "prod"')


def test_an_unknown_profile_cannot_be_shown_used_or_removed(ess: Run) -> None:
    for argv in (("show", "gone"), ("use", "gone"), ("remove", "gone", "--yes")):
        outcome = ess("profile", *argv, env=NO_SANDBOX)
        assert outcome.code == 12
        assert outcome.err.startswith('error: no profile named "gone"\n')


# set


def test_setting_says_what_changed_and_shows_the_profile(ess: Run, path: Path) -> None:
    outcome = ess("profile", "set", "prod", "--base-url", "https://ess.example.com/ess/v1/")
    assert outcome.code == 0
    assert outcome.err == (
        f'  base-url  (not set) → https://ess.example.com/ess/v1\nsaved profile "prod" in {path}\n'
    )
    assert outcome.out == (
        "name\tbase-url\tactive\tprotected\tbuilt-in\n"
        "prod\thttps://ess.example.com/ess/v1\tfalse\tfalse\tfalse\n"
    )
    assert path.read_text() == (
        "profiles:\n  prod:\n    base-url: https://ess.example.com/ess/v1\n"
    )
    again = ess("profile", "set", "prod", *PROD)
    assert (again.code, again.err) == (0, 'profile "prod" was so already\n')


def test_base_url_output_and_timeout_are_the_profile_s_and_not_the_call_s(
    ess: Run, path: Path
) -> None:
    assert ess("profile", "set", "lab", "-o", "csv").out.startswith("name\tbase-url\t")
    outcome = ess("profile", "set", "lab", "-o", "csv", "--timeout", "9", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["output"] == "csv"
    assert path.read_text() == "profiles:\n  lab:\n    output: csv\n    timeout: 9\n"


def test_every_setting_has_a_way_back(ess: Run, path: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "certs.pem"
    bundle.touch()
    ess(
        *("profile", "set", "lab", *PROD, "-o", "csv", "--timeout", "9", "--protected"),
        *("--token-command", "echo x", "--company-id", "1", "--ca-bundle", str(bundle)),
    )
    assert len(path.read_text().splitlines()) == 11
    back = ("base-url", "output", "timeout", "token-command", "company-id", "ca-bundle")
    argv = [f"--no-{name}" for name in (*back, "protected")]
    assert ess("profile", "set", "lab", *argv, "--confirm", "lab").code == 0
    assert path.read_text() == "profiles:\n  lab: {}\n"


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        ((), "nothing to set"),
        (("--base-url", "http://x.example"), "--base-url: http:// is for this machine only"),
        (("--base-url", PROD[1], "--no-base-url"), "--base-url and --no-base-url contradict"),
        (("--timeout", "0"), "--timeout: it must be a number of seconds"),
        (("--timeout", "1", "--no-timeout"), "--timeout and --no-timeout contradict"),
        (("--output", "xml"), 'unknown output format: "xml"'),
        (("--token-command", ""), "--token-command: not a program and its arguments"),
        (("--token-command", "pass 'show"), "--token-command: not a program and its arguments"),
        (("--company-id", ""), "--company-id: not a plain value"),
        (("--ca-bundle", "/no/such"), "--ca-bundle: no such file: /no/such"),
    ],
)
def test_a_wrong_setting_changes_nothing(
    ess: Run, path: Path, argv: tuple[str, ...], complaint: str
) -> None:
    outcome = ess("profile", "set", "lab", *argv)
    assert outcome.code == 2
    assert complaint in outcome.err
    assert not path.exists()


@pytest.mark.parametrize("name", [".x", "a b", "a/b", "x" * 65])
def test_a_profile_cannot_have_any_name(ess: Run, path: Path, name: str) -> None:
    outcome = ess("profile", "set", name, "--protected")
    assert outcome.code == 2
    assert "a profile's name has 1 to 64 letters" in outcome.err
    assert not path.exists()


def test_the_sandbox_cannot_be_changed_or_removed(ess: Run) -> None:
    for argv in (("set", "sandbox", "--protected"), ("remove", "sandbox", "--yes")):
        outcome = ess("profile", *argv)
        assert outcome.code == 2
        assert "the sandbox is built in and cannot be changed or removed" in outcome.err


@pytest.mark.parametrize(
    "loosening",
    [("--no-protected",), ("--base-url", "https://other.example"), ("--no-base-url",)],
)
def test_loosening_a_protection_wants_the_profile_s_name(
    ess: Run, path: Path, loosening: tuple[str, ...]
) -> None:
    ess("profile", "set", "prod", *PROD, "--protected")
    before = path.read_text()
    for wrong in ((), ("--yes",), ("--confirm", "other")):
        outcome = ess("profile", "set", "prod", *loosening, *wrong)
        assert outcome.code == 8
        assert (
            "hint: add --confirm prod to do it, or --dry-run to see it; --yes is not enough\n"
            in outcome.err
        )
        assert path.read_text() == before
    assert ess("profile", "set", "prod", *loosening, "--confirm", "prod").code == 0
    assert path.read_text() != before


def test_what_does_not_loosen_a_protection_needs_no_name(ess: Run) -> None:
    ess("profile", "set", "prod", *PROD, "--protected")
    same_origin = "https://ess.example.com:443/ess/v2"
    assert ess("profile", "set", "prod", "--base-url", same_origin, "--timeout", "3").code == 0


def test_a_dry_run_shows_and_saves_nothing(ess: Run, path: Path) -> None:
    outcome = ess("profile", "set", "prod", *PROD, "--dry-run")
    assert outcome.code == 0
    assert outcome.err.endswith('dry run: profile "prod" was not saved\n')
    assert not path.exists()
    ess("profile", "set", "prod", *PROD)
    removed = ess("profile", "remove", "prod", "--dry-run")
    assert removed.code == 0
    assert removed.err == (
        'dry run: would remove profile "prod" (https://ess.example.com/ess/v1)\n'
    )
    assert "prod" in path.read_text()


def test_lost_comments_are_mentioned(ess: Run, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("# mine\nprofiles: {}\n")
    outcome = ess("profile", "set", "lab", "--timeout", "3")
    assert f"warning: the comments in {path} were not kept\n" in outcome.err
    assert "warning" not in ess("profile", "set", "lab", "--timeout", "4").err


def test_a_full_disk_leaves_the_old_file_as_it_was(ess: Run, path: Path) -> None:
    assert ess("profile", "set", "lab", "--timeout", "5").code == 0
    before, beside = path.read_bytes(), sorted(path.parent.iterdir())
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file that may not grow past ten bytes is what a full disk is to its writer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))
    try:
        outcome = ess("profile", "set", "lab", "--timeout", "6")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (outcome.code, outcome.out) == (12, "")
    assert f"error: {path} cannot be written: File too large\n" in outcome.err
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == beside


def test_a_write_that_is_killed_leaves_the_old_file_as_it_was(ess: Run, path: Path) -> None:
    assert ess("profile", "set", "lab", "--timeout", "5").code == 0
    before = path.read_bytes()
    program = """
import os, signal
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
from ess_cli.main import main
main(["profile", "set", "lab", "--timeout", "6"])
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert ess("profile", "set", "lab", "--timeout", "7").code == 0
    assert b"timeout: 7" in path.read_bytes()


def test_setting_does_not_touch_a_damaged_file(ess: Run, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("profiles: [\n")
    assert ess("profile", "set", "lab", "--timeout", "3").code == 12
    assert path.read_text() == "profiles: [\n"


# use


def test_the_profile_in_use_is_what_a_plain_call_works_under(ess: Run, path: Path) -> None:
    ess("profile", "set", "prod", *PROD)
    outcome = ess("profile", "use", "prod", env=NO_SANDBOX)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "active profile: prod (https://ess.example.com/ess/v1)\n"
    assert path.with_name("config.yaml.active").read_text() == "prod\n"
    assert settings(ess)["profile"] == ("prod", "ess profile use")
    rows = json.loads(ess("profile", "list", "--json", env=NO_SANDBOX).out)
    assert [row["active"] for row in rows] == [False, False, True]


def test_the_sandbox_in_use_needs_no_p(ess: Run) -> None:
    ess("profile", "use", "sandbox", env=NO_SANDBOX)
    assert ess("topics", "list", env=NO_SANDBOX).code == 0


def test_using_says_when_the_environment_goes_before(ess: Run) -> None:
    outcome = ess("profile", "use", "default")
    assert "warning: ESS_PROFILE is set, and goes before the active profile\n" in outcome.err


def test_a_damaged_pointer_is_mended_by_use(ess: Run, path: Path) -> None:
    ess("profile", "use", "sandbox")
    path.with_name("config.yaml.active").write_bytes(b"\xff\xff")
    broken = ess("topics", "list", env=NO_SANDBOX)
    assert broken.code == 12
    assert "hint: ess profile use NAME writes it anew" in broken.err
    assert ess("profile", "use", "sandbox", env=NO_SANDBOX).code == 0
    assert ess("topics", "list", env=NO_SANDBOX).code == 0


# remove


def test_removing_wants_a_yes_and_makes_no_other_profile_active(ess: Run, path: Path) -> None:
    ess("profile", "set", "prod", *PROD)
    ess("profile", "set", "lab", "--timeout", "3")
    ess("profile", "use", "prod")
    unsure = ess("profile", "remove", "prod")
    assert unsure.code == 8
    assert unsure.err == (
        'error: remove profile "prod": this wants a yes, and there is nobody to ask\n'
        "hint: add --yes to do it, or --dry-run to see it\n"
    )
    outcome = ess("profile", "remove", "prod", "--yes", env=NO_SANDBOX)
    assert outcome.code == 0
    assert outcome.err == (
        'it was the active profile; none is active now\ndone: remove profile "prod"\n'
    )
    assert path.read_text() == "profiles:\n  lab:\n    timeout: 3\n"
    assert settings(ess)["profile"] == ("default", "default")


def test_a_protected_profile_is_removed_by_its_name_only(ess: Run) -> None:
    ess("profile", "set", "prod", *PROD, "--protected")
    assert ess("profile", "remove", "prod", "--yes").code == 8
    assert ess("profile", "remove", "prod", "--confirm", "prod").code == 0


def test_the_default_profile_is_only_reset(ess: Run) -> None:
    nothing = ess("profile", "remove", "default", "--yes")
    assert (nothing.code, nothing.err) == (
        0,
        'nothing to reset: profile "default" is as built in\n',
    )
    ess("profile", "set", "default", "--timeout", "3")
    assert settings(ess)["timeout"] == (3, 'profile "default"')
    assert ess("profile", "remove", "default", "--yes").code == 0
    assert settings(ess)["timeout"] == (30, "default")


def test_a_profile_whose_tokens_are_stored_is_not_removed(
    ess: Run, memory_keyring: MemoryKeyring
) -> None:
    ess("profile", "set", "prod", *PROD)
    memory_keyring.secrets["ess:https://ess.example.com:443", "prod:token"] = "abc"
    outcome = ess("profile", "remove", "prod", "--yes")
    assert outcome.code == 8
    assert outcome.err == (
        'error: the keyring still holds tokens of profile "prod"\n'
        "hint: ess -p prod auth logout removes them; then try again\n"
    )
    assert ess("-p", "prod", "auth", "logout").code == 0
    assert ess("profile", "remove", "prod", "--yes").code == 0


def test_on_a_terminal_removing_asks(ess: Run, tmp_path: Path, path: Path) -> None:
    ess("profile", "set", "lab", "--timeout", "3")
    question = 'remove profile "lab": do it? [y/N] '
    code, screen = on_terminal(tmp_path, ["profile", "remove", "lab"], [(question, "\n")])
    assert (code, "lab" in path.read_text()) == (8, True), screen
    code, screen = on_terminal(tmp_path, ["profile", "remove", "lab"], [(question, "y\n")])
    assert (code, "lab" in path.read_text()) == (0, False), screen


def test_on_a_terminal_loosening_a_protection_asks_for_the_name(
    ess: Run, tmp_path: Path, path: Path
) -> None:
    ess("profile", "set", "prod", *PROD, "--protected")
    argv = ["profile", "set", "prod", "--no-protected"]
    prompt = "profile prod is protected; type its name to go on: "
    code, screen = on_terminal(tmp_path, argv, [(prompt, "yes\n")])
    assert (code, "protected: true" in path.read_text()) == (8, True), screen
    code, screen = on_terminal(tmp_path, argv, [(prompt, "prod\n")])
    assert (code, "protected: true" in path.read_text()) == (0, False), screen
