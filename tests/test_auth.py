"""``ess auth``: logging in and out, and which credentials are used."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MemoryKeyring, Run
from tests.loopback import Loopback

TOKEN = "access-token-000111222333"
USER = "user-token-444"
NO_SANDBOX = {"ESS_PROFILE": ""}


@pytest.fixture
def service() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.close()


@pytest.fixture
def lab(ess: Run, service: Loopback) -> str:
    """A profile for the loopback service."""
    assert ess("profile", "set", "lab", "--base-url", service.url).code == 0
    return f"ess:{service.url}"


class FileKeyring(MemoryKeyring):
    """A keyring that another process can read; only for tests on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(os.environ["TEST_KEYRING"])

    def set_password(self, service: str, username: str, password: str) -> None:
        with self.path.open("a") as file:
            file.write(f"{service} {username} {password}\n")


def on_terminal(
    tmp_path: Path, argv: list[str], typed: list[tuple[str, str]], **env: str
) -> tuple[int, str]:
    """Run ``ess`` on a terminal, typing each text at its prompt; exit code and the screen."""
    import pty
    import select
    import subprocess

    environ = {
        "HOME": str(tmp_path / "home"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PYTHON_KEYRING_BACKEND": "tests.test_auth.FileKeyring",
        "TEST_KEYRING": str(tmp_path / "keyring"),
        "TERM": "dumb",
        **env,
    }
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", *argv],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        start_new_session=True,
    )
    os.close(slave)
    screen, waiting = "", list(typed)
    while select.select([master], [], [], 30)[0]:
        try:
            piece = os.read(master, 4096)
        except OSError:  # Linux: the other side is closed
            break
        if not piece:
            break
        screen += piece.decode()
        if waiting and screen.endswith(waiting[0][0]):
            os.write(master, waiting.pop(0)[1].encode())
    os.close(master)
    return process.wait(30), screen.replace("\r\n", "\n")


# Logging in


def test_a_login_from_stdin_is_tried_stored_and_says_where(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    outcome = ess("-p", "lab", "auth", "login", "--with-token", stdin=f"{TOKEN}\n")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        "logged in: stored the access token in the keyring (MemoryKeyring)"
        f" · profile lab ({service.url})\n"
    )
    assert memory_keyring.secrets == {(lab, "lab:token"): TOKEN}
    assert service.paths == ["/topics?limit=1"]
    assert service.seen[0]["authorization"] == f"Bearer {TOKEN}"
    assert "user-token" not in service.seen[0]
    assert ess("-p", "lab", "topics", "list").code == 0
    assert service.seen[1]["authorization"] == f"Bearer {TOKEN}"


class FailingKeyring(MemoryKeyring):
    """A keyring that does some changes and refuses the others; it always answers questions."""

    def __init__(self, secrets: dict[tuple[str, str], str], changes: str) -> None:
        super().__init__()
        self.secrets = dict(secrets)
        self.changes = list(changes)

    def _change(self) -> None:
        if self.changes and self.changes.pop(0) == "-":
            raise RuntimeError("the keyring is full")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._change()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._change()
        super().delete_password(service, username)


NOTHING_CHANGED = "  nothing was changed: what was stored before still is\n"


@pytest.mark.parametrize(
    ("old", "new_user", "changes", "left", "said"),
    [
        (("t1", "u1"), USER, "-", ("t1", "u1"), NOTHING_CHANGED),
        (("t1", "u1"), USER, "+-", ("t1", "u1"), NOTHING_CHANGED),
        (("t1", "u1"), None, "-", ("t1", "u1"), NOTHING_CHANGED),
        (("t1", "u1"), None, "+-", ("t1", "u1"), NOTHING_CHANGED),
        (("t1", None), USER, "+-", ("t1", None), NOTHING_CHANGED),
        ((None, None), USER, "+-", (None, None), NOTHING_CHANGED),
        (
            ("t1", "u1"),
            USER,
            "+--",
            ("t1", USER),
            "  stored now as user-token: the new one\n  stored now as token: as before\n",
        ),
        (
            ("t1", "u1"),
            None,
            "+--",
            ("t1", None),
            "  stored now as user-token: none\n  stored now as token: as before\n",
        ),
    ],
)
def test_a_login_that_cannot_be_stored_leaves_what_was_there_or_says_what_is(
    ess: Run,
    lab: str,
    tmp_path: Path,
    old: tuple[str | None, str | None],
    new_user: str | None,
    changes: str,
    left: tuple[str | None, str | None],
    said: str,
) -> None:
    import keyring

    def stored(pair: tuple[str | None, str | None]) -> dict[tuple[str, str], str]:
        kinds = ("lab:token", "lab:user-token")
        return {(lab, kind): value for kind, value in zip(kinds, pair, strict=True) if value}

    backend = FailingKeyring(stored(old), changes)
    keyring.set_keyring(backend)
    argv = ["-p", "lab", "auth", "login", "--with-token"]
    if new_user is not None:
        (tmp_path / "user").write_text(new_user)
        argv += ["--user-token-file", str(tmp_path / "user")]
    outcome = ess(*argv, stdin=TOKEN)
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.startswith(
        f"error: no usable keyring: RuntimeError: the keyring is full\n{said}hint: "
    )
    assert backend.secrets == stored(left)


def test_a_login_takes_the_user_token_from_a_file(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    file = tmp_path / "user"
    file.write_text(f"{USER}\n")
    argv = ("-p", "lab", "auth", "login", "--with-token", "--user-token-file", str(file))
    outcome = ess(*argv, stdin=TOKEN)
    assert outcome.code == 0
    assert "stored the access token and the user token in the keyring" in outcome.err
    assert memory_keyring.secrets == {(lab, "lab:token"): TOKEN, (lab, "lab:user-token"): USER}
    assert service.seen[0]["user-token"] == USER


def test_a_login_takes_the_token_from_a_file_too(
    ess: Run, lab: str, memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    assert ess("-p", "lab", "auth", "login", "--token-file", str(file)).code == 0
    assert memory_keyring.secrets == {(lab, "lab:token"): TOKEN}


def test_a_token_in_the_environment_plays_no_part_in_a_login(
    ess: Run, service: Loopback, memory_keyring: MemoryKeyring
) -> None:
    env = {**NO_SANDBOX, "ESS_BASE_URL": service.url, "ESS_TOKEN": "other", "ESS_USER_TOKEN": "u"}
    assert ess("auth", "login", "--with-token", stdin=TOKEN, env=env).code == 0
    assert memory_keyring.secrets == {(f"ess:{service.url}", "default:token"): TOKEN}
    assert "user-token" not in service.seen[0]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_the_service_refuses_is_not_stored(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring, status: int
) -> None:
    memory_keyring.secrets[lab, "lab:token"] = "the one before"
    service.status, service.body = status, b'{"error_code": "x", "error_description": "bad"}'
    outcome = ess("-p", "lab", "auth", "login", "--with-token", stdin=TOKEN)
    assert outcome.code == 3
    assert f"error: GET /topics: {status}: bad (x)\n" in outcome.err
    assert "nothing was stored" in outcome.err
    assert memory_keyring.secrets == {(lab, "lab:token"): "the one before"}


def test_a_service_that_repeats_the_token_does_not_get_it_onto_the_screen(
    ess: Run, service: Loopback, lab: str
) -> None:
    service.status, service.body = 401, f"no such token: {TOKEN}".encode()
    outcome = ess("-p", "lab", "auth", "login", "--with-token", "--debug", stdin=TOKEN)
    assert outcome.code == 3
    assert TOKEN not in outcome.err
    assert "no such token: ********" in outcome.err


def test_a_login_that_cannot_be_tried_stores_nothing(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    service.close()
    outcome = ess("-p", "lab", "auth", "login", "--with-token", stdin=TOKEN)
    assert outcome.code == 6
    assert "nothing was stored" in outcome.err
    assert memory_keyring.secrets == {}


def test_a_page_instead_of_an_answer_stores_nothing(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    service.body = b"<html>Please accept the terms of this hotel's network</html>"
    outcome = ess("-p", "lab", "auth", "login", "--with-token", stdin=TOKEN)
    assert outcome.code == 9
    assert "nothing was stored" in outcome.err
    assert memory_keyring.secrets == {}


@pytest.mark.parametrize("argv", [(), ("--no-input",)])
def test_off_a_terminal_a_login_names_with_token(
    ess: Run, service: Loopback, lab: str, argv: tuple[str, ...]
) -> None:
    outcome = ess("-p", "lab", "auth", "login", *argv, stdin=TOKEN)
    assert outcome.code == 2
    assert outcome.err == (
        "error: there is no terminal to ask for the token on\n"
        "hint: ess auth login --with-token < FILE reads it from stdin\n"
    )
    assert service.seen == []


@pytest.mark.parametrize("typed", ["", "\n", "two\nlines\n", " blank", "ünïcode"])
def test_a_token_that_cannot_be_sent_is_wrong_usage(
    ess: Run, service: Loopback, lab: str, typed: str
) -> None:
    outcome = ess("-p", "lab", "auth", "login", "--with-token", stdin=typed)
    assert outcome.code == 2
    assert outcome.err.startswith("error: --with-token: ")
    assert typed.strip() == "" or typed.strip() not in outcome.err
    assert service.seen == []


def test_two_ways_to_give_the_token_are_one_too_many(ess: Run, lab: str, tmp_path: Path) -> None:
    argv = ("-p", "lab", "auth", "login", "--with-token")
    assert ess(*argv, "--token-file", "x", stdin=TOKEN).code == 2
    both = ess(*argv, "--user-token-file", "-", stdin=TOKEN)
    assert both.code == 2
    assert "cannot both be read from stdin" in both.err


def test_a_token_as_an_argument_is_refused_and_not_repeated(ess: Run) -> None:
    for argv in (("auth", "login", TOKEN), ("auth", "login", "--with-token", TOKEN)):
        outcome = ess(*argv, env=NO_SANDBOX)
        assert outcome.code == 2
        assert TOKEN not in outcome.out + outcome.err


def test_the_sandbox_needs_no_login(ess: Run) -> None:
    for verb in ("login", "logout"):
        outcome = ess("-p", "sandbox", "auth", verb)
        assert outcome.code == 2
        assert "the sandbox is the embedded service and needs no login" in outcome.err


def test_without_a_keyring_a_login_lists_the_other_ways_before_reading_anything(
    ess: Run, service: Loopback, lab: str
) -> None:
    import keyring
    from keyring.backends import fail

    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    outcome = ess("-p", "lab", "auth", "login", "--with-token", stdin=TOKEN)
    assert outcome.code == 3
    assert outcome.err == (
        "error: no usable keyring: this system offers none\n"
        "hint: other ways: --token-file PATH, ESS_TOKEN, or token-command in the profile"
        " (ess profile set NAME --token-command 'pass show ess')\n"
    )
    assert service.seen == []


# On a terminal


def test_on_a_terminal_both_tokens_are_asked_for_without_being_shown(
    tmp_path: Path, service: Loopback
) -> None:
    code, screen = on_terminal(
        tmp_path,
        ["auth", "login", "--base-url", service.url],
        [("access token: ", f"{TOKEN}\n"), ("user token (Enter for none): ", f"{USER}\n")],
    )
    assert code == 0, screen
    assert TOKEN not in screen
    assert USER not in screen
    assert screen.startswith(f"logging in · profile default ({service.url})\n")
    assert "stored the access token and the user token in the keyring (FileKeyring)" in screen
    assert (tmp_path / "keyring").read_text() == (
        f"ess:{service.url} default:user-token {USER}\ness:{service.url} default:token {TOKEN}\n"
    )


def test_on_a_terminal_the_user_token_may_be_left_out(tmp_path: Path, service: Loopback) -> None:
    code, screen = on_terminal(
        tmp_path,
        ["auth", "login", "--base-url", service.url],
        [("access token: ", f"{TOKEN}\n"), ("user token (Enter for none): ", "\n")],
    )
    assert code == 0, screen
    assert "user-token" not in service.seen[0]


def test_on_a_terminal_stdin_is_no_place_for_a_token(tmp_path: Path, service: Loopback) -> None:
    code, screen = on_terminal(
        tmp_path, ["auth", "login", "--with-token", "--base-url", service.url], []
    )
    assert code == 2
    assert "typing would show the secret" in screen


def test_a_keyring_that_may_not_be_used_is_refused_before_the_prompt(tmp_path: Path) -> None:
    code, screen = on_terminal(
        tmp_path, ["auth", "login"], [], PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring"
    )
    assert code == 3
    assert screen.startswith("error: no usable keyring: this system offers none\n")


# Logging out


def test_a_logout_removes_both_tokens_of_this_profile_and_service_only(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.secrets = {
        (lab, "lab:token"): TOKEN,
        (lab, "lab:user-token"): USER,
        (lab, "other:token"): "stays",
        ("ess:https://api.syniverse.com:443", "lab:token"): "stays",
    }
    outcome = ess("-p", "lab", "auth", "logout")
    assert outcome.code == 0
    assert outcome.err == (
        f"logged out: removed token and user-token from the keyring · profile lab ({service.url})\n"
    )
    assert list(memory_keyring.secrets.values()) == ["stays", "stays"]
    again = ess("-p", "lab", "auth", "logout")
    assert again.code == 0
    assert again.err == f"nothing was stored · profile lab ({service.url})\n"


def test_a_logout_says_that_a_token_in_the_environment_is_still_used(ess: Run) -> None:
    outcome = ess("auth", "logout", env={**NO_SANDBOX, "ESS_TOKEN": TOKEN})
    assert outcome.code == 0
    assert outcome.err.endswith("ESS_TOKEN is still set, and is used without a login\n")
    named = ess("-p", "default", "auth", "logout", env={"ESS_TOKEN": TOKEN})
    assert "ESS_TOKEN" not in named.err


# The status


def test_the_status_names_each_source_masked_and_whether_it_is_accepted(
    ess: Run, service: Loopback
) -> None:
    env = {
        **NO_SANDBOX,
        "ESS_BASE_URL": service.url,
        "ESS_TOKEN": TOKEN,
        "ESS_USER_TOKEN": "short",
    }
    outcome = ess("auth", "status", "--json", env=env)
    assert outcome.code == 0
    assert json.loads(outcome.out) == [
        {
            "secret": "token",
            "source": "ESS_TOKEN",
            "value": "********2333",
            "origin": service.url,
            "profile": "default",
            "accepted": True,
        },
        {
            "secret": "user-token",
            "source": "ESS_USER_TOKEN",
            "value": "********",
            "origin": service.url,
            "profile": "default",
            "accepted": True,
        },
    ]
    table = ess("auth", "status", env=env)
    assert table.out.startswith("secret\tsource\tvalue\torigin\tprofile\taccepted\n")
    assert TOKEN not in table.out + table.err + outcome.out
    assert "short" not in table.out


def test_the_status_off_line_calls_nobody(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.secrets[lab, "lab:token"] = TOKEN
    outcome = ess("-p", "lab", "auth", "status", "--offline", "--json")
    assert outcome.code == 0
    (row,) = json.loads(outcome.out)
    assert row["source"] == "keyring (MemoryKeyring)"
    assert row["accepted"] is None
    assert service.seen == []


def test_the_status_of_refused_credentials_is_shown_and_is_exit_3(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.secrets[lab, "lab:token"] = TOKEN
    service.status, service.body = 401, b""
    outcome = ess("-p", "lab", "auth", "status", "--json")
    assert outcome.code == 3
    assert json.loads(outcome.out)[0]["accepted"] is False
    assert outcome.err.startswith("error: GET /topics: 401\n")


def test_the_status_of_a_service_that_is_not_there_is_unknown(
    ess: Run, service: Loopback, lab: str, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.secrets[lab, "lab:token"] = TOKEN
    service.close()
    outcome = ess("-p", "lab", "auth", "status", "--json")
    assert outcome.code == 6
    assert json.loads(outcome.out)[0]["accepted"] is None


def test_the_status_without_credentials_is_exit_3(ess: Run, lab: str) -> None:
    outcome = ess("-p", "lab", "auth", "status", "--json")
    assert (outcome.code, outcome.out) == (3, "")
    assert "hint: log in with `ess -p lab auth login`" in outcome.err


def test_the_status_of_the_sandbox_needs_nothing(ess: Run) -> None:
    outcome = ess("-p", "sandbox", "auth", "status", "--json", env={"ESS_TOKEN": TOKEN})
    assert outcome.code == 0
    (row,) = json.loads(outcome.out)
    assert (row["source"], row["accepted"]) == ("built in", True)
