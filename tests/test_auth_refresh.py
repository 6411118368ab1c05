"""``ess auth refresh`` and ``auto-refresh``: a new token, and the old one dies for everyone."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import keyring
import pytest
from keyring.backends import fail

from tests import hostile
from tests.conftest import MemoryKeyring, Outcome, Run
from tests.hostile import Connection, Exchange, Hostile, Step, Wire, close, json_reply, on, reply
from tests.services import served_sandbox
from tests.test_auth import on_terminal

wire = hostile.wire

REFRESH = ("auth", "refresh", "--yes")
PATH = "/saop-rest-data/v1/apptoken-refresh"
OLD = "canary-access-5b1e07"
KEY, SECRET = "sandbox-key", "sandbox-secret"
LAB = {"ESS_PROFILE": "lab"}


class Lab:
    """A profile ``lab`` for a served sandbox, its token in a file or in the keyring."""

    def __init__(self, run: Run, directory: Path, url: str, memory: MemoryKeyring) -> None:
        self._run = run
        self.url = url
        self.memory = memory
        self.service = f"ess:{url.removesuffix('/ess/v1')}"
        self.token_file = directory / "token"
        self.token_file.write_text(f"{OLD}\n")
        for name, text in (("key", KEY), ("secret", SECRET), ("wrong", "canary-wrong")):
            (directory / name).write_text(f"{text}\n")
        self.files = (
            *("--consumer-key-file", str(directory / "key")),
            *("--consumer-secret-file", str(directory / "secret")),
        )
        self.wrong = (*self.files[:3], str(directory / "wrong"))
        assert run("profile", "set", "lab", "--base-url", url).code == 0

    def __call__(self, *argv: str) -> Outcome:
        outcome = self._run(*argv, env=LAB)
        for secret in (OLD, KEY, SECRET, "canary-wrong", self.token):
            assert secret not in outcome.out + outcome.err
        return outcome

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()

    def accepts(self, token: str) -> bool:
        return self._run("topics", "list", env={**LAB, "ESS_TOKEN": token}).code == 0

    def log_in(self, *kinds: str) -> None:
        values = {
            "token": OLD,
            "user-token": "user",
            "consumer-key": KEY,
            "consumer-secret": SECRET,
        }
        for kind in kinds:
            self.memory.secrets[self.service, f"lab:{kind}"] = values[kind]


@pytest.fixture
def lab(ess: Run, tmp_path: Path, memory_keyring: MemoryKeyring) -> Iterator[Lab]:
    with served_sandbox(tmp_path) as url:
        yield Lab(ess, tmp_path, url, memory_keyring)


# Asked for


def test_a_token_in_a_file_is_replaced_there_and_the_old_one_dies(lab: Lab) -> None:
    lab.token_file.chmod(0o644)
    outcome = lab(*REFRESH, *lab.files, "--token-file", str(lab.token_file), "--validity", "1000")
    assert outcome == (
        0,
        "",
        f"refreshed: a new access token is in {lab.token_file}, good for 1000 s;"
        f" the old one is dead for everyone · profile lab ({lab.url.removesuffix('/ess/v1')})\n",
    )
    assert re.fullmatch("[0-9a-f]{32}\n", lab.token_file.read_text())
    assert lab.token_file.stat().st_mode & 0o777 == 0o600
    assert (lab.accepts(OLD), lab.accepts(lab.token)) == (False, True)


def test_a_token_in_the_keyring_is_replaced_there_beside_the_user_token(lab: Lab) -> None:
    lab.log_in("token", "user-token", "consumer-key", "consumer-secret")
    outcome = lab(*REFRESH, "--validity", "0")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith(
        "refreshed: a new access token is in the keyring, good for ever; the old one is dead"
    )
    new = lab.memory.secrets[lab.service, "lab:token"]
    assert new != OLD
    assert lab.memory.secrets[lab.service, "lab:user-token"] == "user"
    assert lab("topics", "list").code == 0
    assert not lab.accepts(OLD)
    assert lab("auth", "logout").code == 0
    assert lab.memory.secrets == {}


def test_a_wrong_secret_is_exit_code_3_and_leaves_the_token_alone(lab: Lab) -> None:
    outcome = lab(*REFRESH, *lab.wrong, "--token-file", str(lab.token_file))
    assert outcome == (
        3,
        "",
        f"error: GET {PATH}: 500, which is the answer to a wrong consumer key or secret\n"
        "  if both are right, the token may have been replaced all the same\n"
        "hint: `ess auth status` says whether the old token is still good; if not,"
        " `ess auth login`\n",
    )
    assert (lab.token, lab.accepts(OLD)) == (OLD, True)


@pytest.mark.parametrize("more", [(), ("--debug", "-v")])
def test_the_request_has_what_it_takes_and_nothing_of_it_is_shown(
    lab: Lab, ess: Run, wire: Wire, more: tuple[str, ...]
) -> None:
    granted = {"accessToken": "canary-new", "validityTime": 1000}
    server = wire.serve(on_refresh(json_reply(granted)))
    argv = (*REFRESH, *lab.files, "--token-file", str(lab.token_file), *more)
    outcome = ess(*argv, env=at(server))
    assert outcome.code == 0
    sent = server.requests[0]
    assert parse_qs(urlsplit(sent.line).query) == {
        "consumerkey": [KEY],
        "consumersecret": [SECRET],
        "oldtoken": [OLD],
        "validity": ["86400"],
    }
    assert sent.values("authorization") == sent.values("user-token") == []
    for secret in (KEY, SECRET, OLD, "canary-new"):
        assert secret not in outcome.err
    if more:
        assert f"debug: GET {PATH}?consumerkey=…&consumersecret=…&oldtoken=…&validity=…" in (
            outcome.err
        )


def at(server: Hostile) -> dict[str, str]:
    return {"ESS_PROFILE": "", "ESS_BASE_URL": server.url}


def on_refresh(*steps: Step, old: str = OLD) -> Exchange:
    """When the refresh of the lab's token has come, take these steps."""
    query = f"consumerkey={KEY}&consumersecret={SECRET}&oldtoken={old}&validity=86400"
    return on(f"GET {PATH}?{query}", *steps)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (reply(503), 7),
        (reply(502, b"<html>"), 7),
        (close, 7),
        (reply(200, b"<html>"), 7),
        (reply(200), 7),
        (json_reply({"token": "x"}), 7),
        (json_reply({"accessToken": "two\nlines"}), 7),
        (reply(302, b"", "Location: https://x.example/"), 7),
        (reply(500), 3),
        (reply(401), 3),
        (reply(404), 4),
        (reply(400), 5),
    ],
)
def test_whatever_the_answer_it_is_sent_once_and_the_token_stays(
    lab: Lab, ess: Run, wire: Wire, step: Step, code: int
) -> None:
    server = wire.serve(on_refresh(step))
    argv = (*REFRESH, *lab.files, "--token-file", str(lab.token_file))
    outcome = ess(*argv, env=at(server))
    assert (outcome.code, outcome.out) == (code, "")
    assert lab.token == OLD
    assert len(server.requests) == 1


def test_a_token_that_comes_back_unchanged_is_no_trouble(lab: Lab, ess: Run, wire: Wire) -> None:
    server = wire.serve(on_refresh(json_reply({"accessToken": OLD, "validityTime": 7})))
    argv = (*REFRESH, *lab.files, "--token-file", str(lab.token_file))
    outcome = ess(*argv, env=at(server))
    assert outcome.code == 0
    assert outcome.err.startswith(f"the token in {lab.token_file} is still good and stays, ")


def test_where_no_token_can_be_kept_nothing_is_sent(lab: Lab, ess: Run) -> None:
    files = lab.files
    hint = "hint: keep it in a file (--token-file PATH) or in the keyring (`ess auth login`)\n"
    outcome = ess(*REFRESH, *files, env={**LAB, "ESS_TOKEN": OLD})
    assert outcome == (
        2,
        "",
        f"error: the access token comes from ESS_TOKEN, where a new one cannot be kept\n{hint}",
    )
    assert ess(*REFRESH, *files, "--token-file", "-", stdin=OLD, env=LAB).code == 2
    assert ess("profile", "set", "lab", "--token-command", f"echo {OLD}").code == 0
    assert ess(*REFRESH, *files, env=LAB).code == 2
    assert ess("-p", "sandbox", *REFRESH, *files).code == 2
    assert lab.accepts(OLD)


def test_where_the_file_s_directory_is_gone_nothing_is_sent(lab: Lab, tmp_path: Path) -> None:
    lab.log_in("token")
    outcome = lab(*REFRESH, *lab.files, "--token-file", str(tmp_path / "no" / "token"))
    assert outcome.code == 12
    assert lab.accepts(OLD)


@pytest.mark.skipif(sys.platform != "linux", reason="a file that nobody can replace")
def test_where_nothing_can_be_written_beside_the_file_nothing_is_sent(lab: Lab) -> None:
    path = Path("/proc/sys/kernel/random/boot_id")
    outcome = lab(*REFRESH, *lab.files, "--token-file", str(path))
    assert outcome.code == 12
    assert f"error: {path} cannot be written: " in outcome.err
    assert lab.accepts(path.read_text().strip())


@pytest.mark.parametrize(
    "argv",
    [("--consumer-key-file", "x"), ("--consumer-key-file", "-", "--consumer-secret-file", "-"), ()],
)
def test_half_of_what_it_takes_or_none_is_exit_code_2(lab: Lab, argv: tuple[str, ...]) -> None:
    assert lab(*REFRESH, "--token-file", str(lab.token_file), *argv).code == 2
    assert lab.accepts(OLD)


def test_it_wants_a_yes_and_of_a_protected_profile_its_name(lab: Lab, ess: Run) -> None:
    argv = ("auth", "refresh", *lab.files, "--token-file", str(lab.token_file))
    outcome = lab(*argv)
    assert outcome.code == 8
    assert outcome.err.startswith(
        f"error: replace the access token in {lab.token_file}; the old one dies for everyone who"
        " holds it: this wants a yes, and there is nobody to ask\n"
    )
    assert ess("profile", "set", "lab", "--protected").code == 0
    assert lab(*argv, "--yes").code == 8
    assert lab.accepts(OLD)
    assert lab(*argv, "--confirm", "lab").code == 0
    assert not lab.accepts(OLD)


def test_a_dry_run_sends_nothing(lab: Lab) -> None:
    argv = (*REFRESH, *lab.files, "--token-file", str(lab.token_file))
    outcome = lab(*argv, "--dry-run", "-o", "json")
    assert json.loads(outcome.out)["url"] == f"{lab.url.removesuffix('/ess/v1')}{PATH}"
    assert (lab.token, lab.accepts(OLD)) == (OLD, True)


class Refusing(MemoryKeyring):
    """A keyring that keeps nothing new."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("the keyring is full")


def test_a_new_token_that_cannot_be_kept_is_left_in_a_file(lab: Lab, home: Path) -> None:
    lab.log_in("token")
    refusing = Refusing()
    refusing.secrets = lab.memory.secrets
    keyring.set_keyring(refusing)
    outcome = lab(*REFRESH, *lab.files)
    (rescued,) = (home / ".local" / "state" / "ess").glob("rescued-token.lab.*")
    assert outcome == (
        12,
        "",
        "error: the token was replaced, but the new one could not be kept in the keyring\n"
        "  no usable keyring: RuntimeError: the keyring is full\n"
        "  nothing was changed: what was stored before still is\n"
        f"  the old one is dead; the new one is in {rescued}, for you alone\n"
        f"hint: ess auth login --with-token < {rescued}, then remove that file\n",
    )
    assert rescued.stat().st_mode & 0o777 == 0o600
    assert lab.accepts(rescued.read_text().strip())


class FileKeyring(MemoryKeyring):
    """A keyring that lasts from one process to the next; only for tests on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._path = Path(os.environ["TEST_KEYRING"])
        lines = (line.split() for line in self._path.read_text().splitlines())
        self.secrets = {(service, user): secret for service, user, secret in lines}

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        lines = (f"{' '.join(where)} {secret}\n" for where, secret in self.secrets.items())
        self._path.write_text("".join(lines))


def test_on_a_terminal_key_and_secret_are_asked_for_once_and_kept(lab: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "keyring"
    kept.write_text(f"{lab.service} lab:token {OLD}\n")
    argv = ["-p", "lab", "auth", "refresh", "--yes"]
    backend = {"PYTHON_KEYRING_BACKEND": "tests.test_auth_refresh.FileKeyring"}
    typed = [("consumer key: ", f"{KEY}\n"), ("consumer secret: ", f"{SECRET}\n")]
    code, screen = on_terminal(tmp_path, argv, typed, **backend)
    assert code == 0, screen
    assert "consumer key and secret are in the keyring now; logout removes them\n" in screen
    code, again = on_terminal(tmp_path, argv, [], **backend)
    assert (code, again.count("refreshed: "), again.count("consumer")) == (0, 1, 0)
    for secret in (KEY, SECRET, OLD):
        assert secret not in screen + again
    secrets = dict(line.split()[1:] for line in kept.read_text().splitlines())
    assert (secrets["lab:consumer-key"], secrets["lab:consumer-secret"]) == (KEY, SECRET)
    assert lab.accepts(secrets["lab:token"])


NOWHERE = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def test_without_a_keyring_it_says_which_files_to_name(lab: Lab) -> None:
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    outcome = lab(*REFRESH, "--token-file", str(lab.token_file))
    assert outcome == (
        3,
        "",
        "error: no usable keyring: this system offers none\n"
        "hint: give consumer key and secret with --consumer-key-file and --consumer-secret-file,"
        " or name the files in the profile\n",
    )
    assert lab.accepts(OLD)


def test_on_a_terminal_without_a_keyring_they_are_asked_for(lab: Lab, tmp_path: Path) -> None:
    argv = ["-p", "lab", "auth", "refresh", "--yes", "--token-file", str(lab.token_file)]
    typed = [("consumer key: ", f"{KEY}\n"), ("consumer secret: ", f"{SECRET}\n")]
    code, screen = on_terminal(tmp_path, argv, typed, **NOWHERE)
    assert code == 0, screen
    assert (lab.accepts(OLD), lab.accepts(lab.token)) == (False, True)


def test_another_path_of_the_host_can_be_set(lab: Lab, ess: Run) -> None:
    argv = (*REFRESH, *lab.files, "--token-file", str(lab.token_file))
    assert ess("profile", "set", "lab", "--refresh-path", "/elsewhere").code == 0
    assert lab(*argv).code == 4
    assert ess("profile", "set", "lab", "--refresh-path", "/apptoken-refresh").code == 0
    assert lab(*argv).code == 0
    for path in ("elsewhere", "//x.example/y", "/a/../b", "/a?b=c", "/a b", "/"):
        assert ess("profile", "set", "lab", "--refresh-path", path).code == 2


# By itself


@pytest.fixture
def automatic(lab: Lab, ess: Run) -> Lab:
    """The lab, its token refused, and auto-refresh with key and secret in files."""
    lab.token_file.write_text("expired\n")
    assert ess("profile", "set", "lab", "--auto-refresh", *lab.files).code == 0
    return lab


def test_a_read_that_is_refused_gets_a_new_token_and_is_sent_again(automatic: Lab) -> None:
    argv = ("topics", "list", "-o", "name", "--token-file", str(automatic.token_file))
    first = automatic(*argv)
    assert (first.code, "NIS-Events\n" in first.out) == (0, True)
    assert first.err == (
        "the access token was refused (401), so auto-refresh replaced it in"
        f" {automatic.token_file}; the old one is dead for everyone who holds it"
        f" · profile lab ({automatic.url.removesuffix('/ess/v1')})\n"
    )
    kept = automatic.token
    assert re.fullmatch("[0-9a-f]{32}", kept)
    assert automatic(*argv) == (0, first.out, "")
    assert automatic.token == kept


def test_from_the_keyring_it_is_quiet_if_told_so(lab: Lab, ess: Run) -> None:
    lab.log_in("token", "consumer-key", "consumer-secret")
    lab.memory.secrets[lab.service, "lab:token"] = "expired"
    assert ess("profile", "set", "lab", "--auto-refresh").code == 0
    outcome = lab("subs", "mdn-count", "-q")
    assert (outcome.code, outcome.err) == (0, "")
    assert lab.memory.secrets[lab.service, "lab:token"] != "expired"


def test_a_write_that_is_refused_is_not_sent_again(automatic: Lab) -> None:
    argv = ("topics", "dump", "NIS-Events", "--yes", "--token-file", str(automatic.token_file))
    outcome = automatic(*argv)
    assert outcome.code == 3
    assert "401" in outcome.err
    assert automatic.token == "expired"


def test_without_auto_refresh_a_401_is_a_401(automatic: Lab, ess: Run) -> None:
    assert ess("profile", "set", "lab", "--no-auto-refresh").code == 0
    argv = ("topics", "list", "--token-file", str(automatic.token_file))
    assert automatic(*argv).code == 3
    assert automatic.token == "expired"


def test_a_token_that_cannot_be_replaced_says_why(automatic: Lab, ess: Run) -> None:
    outcome = ess("topics", "list", env={**LAB, "ESS_TOKEN": "expired"})
    assert outcome.code == 3
    assert outcome.err.splitlines()[1] == (
        "  auto-refresh: the access token comes from ESS_TOKEN, where a new one cannot be kept"
    )


def test_one_refresh_and_one_replay_in_a_run_and_no_more(lab: Lab, ess: Run, wire: Wire) -> None:
    listed = "GET /ess/v1/delivery-configurations?limit=1000"
    row = {"id": "7", "del-cfg-nm": "hook"}
    server = wire.serve(
        on(listed, reply(401)),
        on_refresh(json_reply({"accessToken": "new"})),
        on(listed, json_reply({"delivery-configurations": [row]})),
        on("GET /ess/v1/delivery-configurations/7", reply(401)),
    )
    assert ess("profile", "set", "lab", "--auto-refresh", *lab.files).code == 0
    assert ess("profile", "set", "lab", "--base-url", server.url).code == 0
    outcome = lab("delivery-cfg", "get", "hook", "--token-file", str(lab.token_file))
    assert outcome.code == 3
    assert lab.token == "new"


def test_what_follows_outlives_its_tokens_with_one_refresh_a_look(
    lab: Lab, ess: Run, wire: Wire
) -> None:
    listed = "GET /ess/v1/event-deliveries?limit=100"
    at = {"event-id": "e", "del-cfg-id": 7, "timestamp": "2026-11-23T08:30:00Z"}
    server = wire.serve(
        on(listed, reply(401)),
        on_refresh(json_reply({"accessToken": "second"})),
        on(listed, json_reply({"event-deliveries": []})),
        on(listed, reply(401)),
        on_refresh(json_reply({"accessToken": "third"}), old="second"),
        on(listed, json_reply({"event-deliveries": [at]})),
        on(listed, reply(401)),
        on_refresh(json_reply({"accessToken": "fourth"}), old="third"),
        on(listed, reply(401)),
    )
    assert ess("profile", "set", "lab", "--auto-refresh", *lab.files).code == 0
    assert ess("profile", "set", "lab", "--base-url", server.url).code == 0
    line = ("deliveries", "tail", "--for", "60s", "-o", "name", "--token-file")
    outcome = lab(*line, str(lab.token_file))
    assert (outcome.code, outcome.out, lab.token) == (3, "e:7\n", "fourth")


def test_what_another_run_has_just_put_there_is_used_and_not_replaced(
    lab: Lab, ess: Run, wire: Wire
) -> None:
    topics = "GET /ess/v1/topics?limit=1000"

    def meanwhile(_: Connection) -> None:
        lab.token_file.write_text("newer\n")

    server = wire.serve(on(topics, meanwhile, reply(401)), on(topics, json_reply({"topics": []})))
    assert ess("profile", "set", "lab", "--auto-refresh", *lab.files).code == 0
    assert ess("profile", "set", "lab", "--base-url", server.url).code == 0
    assert lab("topics", "list", "--json", "--token-file", str(lab.token_file)) == (0, "[]\n", "")
    assert server.requests[1].values("authorization") == ["Bearer newer"]


def test_neither_key_nor_token_goes_to_another_host_than_the_profile_s(
    lab: Lab, ess: Run, wire: Wire
) -> None:
    server = wire.serve(on("GET /ess/v1/topics?limit=1000", reply(401)))
    assert ess("profile", "set", "lab", "--auto-refresh", *lab.files).code == 0
    argv = ("topics", "list", "--base-url", server.url, "--token-file", str(lab.token_file))
    assert lab(*argv).code == 3
    assert lab.token == OLD
