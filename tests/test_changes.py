"""Leave to change something: dry runs, protected profiles, questions on a terminal."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Outcome, Run
from tests.services import served_sandbox
from tests.test_auth import on_terminal

WRITES = {
    "delivery configuration 1654 hhh": "delivery-cfg update hhh --throttling 7",
    "delivery configuration new": "delivery-cfg create --name new --addr https://h.example/x",
    "authentication of delivery configuration 1654 hhh": "delivery-cfg auth set hhh --type NONE",
    "subscription 142 of SCG-Message": "subs end 142 --at 2020-01-01",
    "subscription of NIS-Events to configuration 1654": "subs create --topic NIS-Events --cfg hhh",
    "dump of the subscriptions to NIS-Events": "topics dump NIS-Events",
    "mark event event-3 for Delivery Configuration 1 as handled": (
        "deliveries mark-handled --event-id event-3 --topic topic-C --event-type some-type-3"
        " --cfg 1658"
    ),
    "POST /x": "api POST /x --field a=b",
    "GET /topics/NIS-Events/dump-subscriptions": (
        "api GET '/topics/NIS-Events/dump-subscriptions?compression=true&compressionType=gzip'"
    ),
}


class Guarded(NamedTuple):
    """A protected profile named prod, and the service that it guards."""

    ess: Run
    url: str

    def __call__(self, line: str, **env: str) -> Outcome:
        """Run a command line under it."""
        return self.ess(
            *shlex.split(line), env={"ESS_PROFILE": "prod", "ESS_TOKEN": "token-1", **env}
        )

    @property
    def state(self) -> str:
        """All that commands can change."""
        paths = (
            "/delivery-configurations",
            "/delivery-configurations/1654/authentication",
            "'/topic-subscriptions?limit=1000'",
            "/event-deliveries/summary",
        )
        return "".join(self(f"api GET {path}").out for path in paths)


@pytest.fixture
def prod(ess: Run, home: Path, tmp_path: Path) -> Iterator[Guarded]:
    with served_sandbox(tmp_path) as url:
        directory = home / ".config" / "ess"
        directory.mkdir(parents=True)
        (directory / "config.yaml").write_text(
            f"profiles:\n  prod:\n    base-url: {url}\n    protected: true\n"
        )
        (directory / "config.yaml").chmod(0o600)
        yield Guarded(ess, url)


# Protected profiles


@pytest.mark.parametrize(("what", "line"), WRITES.items())
def test_under_a_protected_profile_a_yes_is_not_enough(prod: Guarded, what: str, line: str) -> None:
    before = prod.state
    for outcome in (prod(line), prod(f"{line} --yes")):
        assert (outcome.code, outcome.out) == (8, "")
        assert outcome.err.endswith(
            f'error: {what}: profile "prod" is protected\n'
            "hint: add --confirm prod to do it, or --dry-run to see it; --yes is not enough\n"
        )
    outcome = prod(f"{line} --yes --confirm PROD")
    assert (outcome.code, outcome.out) == (8, "")
    assert (
        f'error: {what}: profile "prod" is protected, and another name was given\n' in outcome.err
    )
    assert prod.state == before


@pytest.mark.parametrize("line", [line for line in WRITES.values() if "/x --field" not in line])
def test_a_protected_profile_s_name_lets_every_write_through(prod: Guarded, line: str) -> None:
    outcome = prod(f"{line} --confirm prod")
    assert outcome.code == 0
    assert outcome.out != ""


@pytest.mark.parametrize("line", WRITES.values())
def test_a_dry_run_wants_no_leave(prod: Guarded, line: str) -> None:
    before = prod.state
    outcome = prod(f"{line} --dry-run --json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["url"].startswith(prod.url)
    assert prod.state == before


def test_reads_want_no_leave(prod: Guarded) -> None:
    assert prod("subs list -o name").code == 0
    assert prod("deliveries track hc4lnloTSK2aSvrLKiDpSA sai").code == 0


def test_the_guard_is_the_origin_s_however_the_base_url_was_given(prod: Guarded) -> None:
    line = "delivery-cfg update hhh --throttling 7 --yes"
    for outcome in (
        prod(line, ESS_PROFILE="", ESS_BASE_URL=prod.url),
        prod(f"{line} --base-url {prod.url}", ESS_PROFILE=""),
        prod(f"{line} --base-url {prod.url.upper().replace('/ESS/V1', '/ess/v1')}", ESS_PROFILE=""),
    ):
        assert outcome.code == 8
        assert 'profile "prod" is protected' in outcome.err
    assert prod(f"{line} --base-url {prod.url} --confirm prod", ESS_PROFILE="").code == 0


def test_the_sandbox_is_not_guarded_by_the_profile_of_another_origin(prod: Guarded) -> None:
    assert prod("-p sandbox delivery-cfg update hhh --throttling 7").code == 0


def test_what_changed_is_said_with_the_profile_it_was_done_under(prod: Guarded) -> None:
    outcome = prod("delivery-cfg update hhh --throttling 7 --confirm prod")
    origin = prod.url.removesuffix("/ess/v1")
    assert outcome.err == (
        f" delivery configuration 1654 hhh · profile prod ({origin})\n"
        "   throttling  32 → 7\n"
        f"updated delivery configuration 1654 hhh · profile prod ({origin})\n"
    )


# Questions on a terminal


@pytest.mark.parametrize(
    ("answer", "code", "active"),
    [("y\n", 0, "false"), ("YES\n", 0, "false"), ("\n", 8, "true"), ("n\n", 8, "true")],
)
def test_on_a_terminal_it_asks_and_only_a_yes_is_one(
    ess: Run, tmp_path: Path, answer: str, code: int, active: str
) -> None:
    question = "delivery configuration 1654 hhh: do it? [y/N] "
    argv = ["-p", "sandbox", "delivery-cfg", "disable", "hhh"]
    left, screen = on_terminal(tmp_path, argv, [(question, answer)])
    assert left == code
    assert "   is-active  true → false\n" in screen
    assert ess("delivery-cfg", "get", "hhh", "-c", "active", "--no-header").out == f"{active}\n"


def test_a_question_shows_hidden_characters_as_escapes(ess: Run, tmp_path: Path) -> None:
    name = "a\x1b[2Jb\u202ec\nd"
    assert ess("delivery-cfg", "create", "--name", name, "--addr", "https://h.example/x").code == 0
    asked = r"delivery configuration 1659 a\x1b[2Jb\u202ec\nd: do it? [y/N] "
    argv = ["-p", "sandbox", "delivery-cfg", "update", "1659", "--name", "e\x07", "--inactive"]
    left, screen = on_terminal(tmp_path, argv, [(": do it? [y/N] ", "n\n")])
    assert left == 8
    assert asked in screen
    assert r"   del-cfg-nm  a\x1b[2Jb\u202ec\nd → e\x07" in screen
    assert "\x1b" not in screen
    dry = ess("delivery-cfg", "update", "1659", "--name", "e\x07", "--dry-run")
    assert r"   del-cfg-nm  a\x1b[2Jb\u202ec\nd → e\x07" in dry.out
    assert "\x1b" not in dry.out


def test_a_question_stays_out_of_stdout(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    argv = ["-p", "sandbox", "delivery-cfg", "disable", "hhh", "-o", "name"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", *argv],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        cwd=Path(__file__).parent.parent,
        start_new_session=True,
    )
    os.write(master, b"y\n")
    out, _ = process.communicate(timeout=30)
    os.close(slave)
    os.close(master)
    assert (process.returncode, out) == (0, b"1654\n")


def test_a_question_says_what_it_is_about_even_when_quiet(tmp_path: Path) -> None:
    question = "delivery configuration 1654 hhh: do it? [y/N] "
    argv = ["-p", "sandbox", "-q", "delivery-cfg", "disable", "hhh"]
    left, screen = on_terminal(tmp_path, argv, [(question, "n\n")])
    assert left == 8
    assert "   is-active  true → false\n" in screen


def test_no_input_means_no_question_even_on_a_terminal(tmp_path: Path) -> None:
    argv = ["-p", "sandbox", "--no-input", "delivery-cfg", "disable", "hhh"]
    left, screen = on_terminal(tmp_path, argv, [("[y/N] ", "n\n")])
    assert left == 8
    assert "[y/N]" not in screen


def test_a_protected_profile_s_name_can_be_typed(prod: Guarded, tmp_path: Path) -> None:
    question = (
        "delivery configuration 1654 hhh: profile prod is protected; type its name to go on: "
    )
    for typed, code in (("yes\n", 8), ("prod\n", 0)):
        argv = ["-p", "prod", "delivery-cfg", "update", "hhh", "--throttling", "7"]
        (tmp_path / "token").write_text("token-1")
        argv += ["--token-file", str(tmp_path / "token")]
        left, _ = on_terminal(tmp_path, argv, [(question, typed)])
        assert left == code


def test_a_password_is_typed_without_being_shown(ess: Run, tmp_path: Path) -> None:
    argv = shlex.split("-p sandbox delivery-cfg auth set hhh --type BASIC --username U --yes")
    left, screen = on_terminal(tmp_path, argv, [("password of the receiver: ", "s3cret-9\n")])
    assert left == 0
    assert "s3cret-9" not in screen
    outcome = ess("delivery-cfg", "auth", "get", "hhh", "--reveal", "--query", "settings.password")
    assert outcome.out == "s3cret-9\n"


def test_a_password_is_not_read_from_a_terminal_that_would_show_it(tmp_path: Path) -> None:
    argv = shlex.split("-p sandbox delivery-cfg auth set hhh --type BASIC --username U --yes")
    left, screen = on_terminal(tmp_path, [*argv, "--password-file", "-"], [])
    assert left == 2
    assert "typing would show the secret" in screen
