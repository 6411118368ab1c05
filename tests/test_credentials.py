"""Secrets: where they come from, how they are kept, and that nobody sees them."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ess_cli.credentials import (
    Account,
    Credentials,
    Secret,
    Sources,
    clean,
    keyring,
    look_up,
    sandbox_credentials,
)
from ess_cli.errors import (
    BadSetting,
    FileTrouble,
    LocalTrouble,
    NoCredentials,
    NoKeyring,
    UsageFault,
)
from ess_cli.redaction import forget_all, redact
from tests.conftest import MemoryKeyring, Run
from tests.loopback import Loopback

ACCOUNT = Account("https://api.syniverse.com", "default")
SERVICE = "ess:https://api.syniverse.com:443"
ROOT = Path(__file__).parent.parent
TOKEN = "file-token-000111222333"
ENV_TOKEN = "env-token-000111222333"
# Nobody listens there.
NOWHERE = {"ESS_PROFILE": "", "ESS_BASE_URL": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    forget_all()
    yield
    forget_all()


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return str(path)


def use_backend(backend: object) -> None:
    import keyring as library

    library.set_keyring(backend)  # type: ignore[arg-type]


def prints(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; sys.stdout.write({text!r})")


class HangingKeyring(MemoryKeyring):
    """A Secret Service that does not answer, for longer than anybody waits here."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(4)
        return None


class LateKeyring(MemoryKeyring):
    """One that answers when nobody waits any more; as a backend, and already when chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.answer()

    def get_password(self, service: str, username: str) -> str | None:
        self.answer()
        return None

    @staticmethod
    def answer() -> None:
        time.sleep(2)
        print("too late", flush=True)


class BrokenKeyring(MemoryKeyring):
    """A backend whose complaint quotes the secret."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("cannot decrypt\nthe thing")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError(f"cannot keep {password}")


class RefusingKeyring(BrokenKeyring):
    """The same, for storing only."""

    def get_password(self, service: str, username: str) -> str | None:
        return MemoryKeyring.get_password(self, service, username)


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        from keyring.errors import KeyringLocked

        raise KeyringLocked("Failed to unlock the collection!")


# Where they come from


def test_the_order_is_file_environment_command_keyring(
    token_file: str, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.secrets[SERVICE, "default:token"] = "kept-token"
    sources = Sources(
        token_file=token_file,
        environ={"ESS_TOKEN": ENV_TOKEN},
        token_command=prints("command-token\n"),
    )
    assert look_up(ACCOUNT, sources).token == (TOKEN, "--token-file")
    sources = sources._replace(token_file=None)
    assert look_up(ACCOUNT, sources).token == (ENV_TOKEN, "ESS_TOKEN")
    sources = sources._replace(environ={"ESS_TOKEN": ""})
    assert look_up(ACCOUNT, sources).token == (
        "command-token",
        'token-command of profile "default"',
    )
    sources = sources._replace(token_command=())
    assert look_up(ACCOUNT, sources).token == ("kept-token", "keyring (MemoryKeyring)")


def test_the_user_token_comes_from_its_own_option_or_variable(
    tmp_path: Path, token_file: str
) -> None:
    user_file = tmp_path / "user"
    user_file.write_text("user-from-file")
    environ = {"ESS_USER_TOKEN": "user-from-env"}
    by_variable = look_up(ACCOUNT, Sources(token_file=token_file, environ=environ))
    assert by_variable.user_token == ("user-from-env", "ESS_USER_TOKEN")
    by_option = look_up(
        ACCOUNT,
        Sources(token_file=token_file, user_token_file=str(user_file), environ=environ),
    )
    assert by_option.user_token == ("user-from-file", "--user-token-file")


def test_the_keyring_gives_a_user_token_only_beside_its_own_token(
    token_file: str, memory_keyring: MemoryKeyring
) -> None:
    keyring.store(ACCOUNT, "kept-token", "kept-user")
    assert look_up(ACCOUNT, Sources()).user_token == ("kept-user", "keyring (MemoryKeyring)")
    assert look_up(ACCOUNT, Sources(token_file=token_file)).user_token is None
    environ = {"ESS_USER_TOKEN": "user-from-env"}
    mixed = look_up(ACCOUNT, Sources(environ=environ))
    assert mixed.token.value == "kept-token"
    assert mixed.user_token == ("user-from-env", "ESS_USER_TOKEN")


def test_where_an_earlier_source_answers_the_keyring_is_not_even_imported(
    tmp_path: Path,
) -> None:
    import subprocess

    program = (
        "import sys; from ess_cli.credentials import Account, Sources, look_up;"
        "look_up(Account('https://x.example', 'p'), Sources(environ={'ESS_TOKEN': 'abc'}));"
        "print('keyring' in sys.modules, 'subprocess' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b"False False\n"


def test_a_profile_named_with_p_passes_over_the_environment_and_says_so() -> None:
    sources = Sources(
        environ={"ESS_TOKEN": ENV_TOKEN, "ESS_USER_TOKEN": "u"}, passes_over_environment=True
    )
    with pytest.raises(NoCredentials) as caught:
        look_up(ACCOUNT, sources)
    assert "ESS_TOKEN" not in caught.value.details[0]
    assert (caught.value.hint or "").endswith(
        "; ESS_TOKEN is passed over because the profile was named with -p"
    )
    keyring.store(ACCOUNT, "kept-token", None)
    assert look_up(ACCOUNT, sources).token.value == "kept-token"
    assert look_up(ACCOUNT, sources).user_token is None


def test_where_nothing_is_found_the_error_says_where_it_looked() -> None:
    with pytest.raises(NoCredentials) as caught:
        look_up(ACCOUNT, Sources(sandbox_command="ess -p sandbox topics list"))
    assert caught.value.message == "no credentials for https://api.syniverse.com"
    assert caught.value.details == (
        '  looked in: --token-file, ESS_TOKEN, token-command of profile "default",'
        " keyring (MemoryKeyring)",
    )
    assert caught.value.hint == (
        "log in with `ess auth login`, or try the embedded service: ess -p sandbox topics list"
    )


def test_a_withheld_token_command_is_mentioned() -> None:
    with pytest.raises(NoCredentials) as caught:
        look_up(ACCOUNT, Sources(token_command_withheld=True))
    assert "(not used: it is for the profile's own base URL)" in caught.value.details[0]


def test_the_sandbox_has_a_word_and_no_secret() -> None:
    found = sandbox_credentials()
    assert found.authorization == "Bearer sandbox"
    assert found.user_token_value is None
    assert redact("sandbox") == "sandbox"


def test_the_sandbox_never_sees_a_token_of_the_environment_or_the_keyring(
    ess: Run, memory_keyring: MemoryKeyring
) -> None:
    # It refuses the token "expired": had it seen that, it would say so.
    memory_keyring.secrets["ess:https://sandbox.invalid", "sandbox:token"] = "expired"
    assert ess("topics", "list", env={"ESS_TOKEN": "expired", "ESS_USER_TOKEN": "u"}).code == 0
    assert ess("topics", "list", "-p", "sandbox").code == 0


def test_a_token_without_a_scheme_is_a_bearer_token() -> None:
    assert Credentials(Secret("abc", "x")).authorization == "Bearer abc"
    assert Credentials(Secret("Basic abc", "x")).authorization == "Basic abc"


# What a secret may look like


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_newline_at_the_end_goes(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(f"{TOKEN}{ending}".encode())
    assert look_up(ACCOUNT, Sources(token_file=str(path))).token.value == TOKEN


@pytest.mark.parametrize(
    "content",
    [
        b"secret-abc\n\n",
        b"secret-abc\r",
        b"secret-abc\ndef",
        b" secret-abc",
        b"secret-abc ",
        b"secret-abc\t",
        b"secret-abc\x00",
        b"secret-abc\x1b[0m",
        b"secret-abc\x7f",
        b"secret-abc\xff",
        "secret-abcé".encode(),
        "\ufeffsecret-abc".encode(),
        "secret-abc".encode("utf-16"),
        b"",
        b"\n",
        b"secret-abc" * 6554,
    ],
)
def test_what_cannot_stand_in_a_header_is_refused_and_not_repeated(
    tmp_path: Path, ess: Run, content: bytes
) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    outcome = ess("topics", "list", "--token-file", str(path), env=NOWHERE)
    assert outcome.code == 12
    assert outcome.err.startswith("error: --token-file: ")
    assert "secret" not in outcome.err.replace("it may be a secret", "")
    by_stdin = ess("topics", "list", "--token-file", "-", stdin=content, env=NOWHERE)
    assert (by_stdin.code, by_stdin.err) == (12, outcome.err)


def test_a_bad_variable_is_named_and_not_repeated(ess: Run) -> None:
    env = {**NOWHERE, "ESS_TOKEN": "secret-abc\nX-Evil: 1"}
    outcome = ess("topics", "list", env=env)
    assert outcome.code == 12
    assert outcome.err.startswith("error: ESS_TOKEN: not one line of printable ASCII")
    assert "abc" not in outcome.err


def test_a_variable_that_is_not_even_text_is_refused() -> None:
    with pytest.raises(BadSetting, match="ESS_TOKEN"):
        look_up(ACCOUNT, Sources(environ={"ESS_TOKEN": "abc\udcff"}))


def test_every_secret_is_registered_with_and_without_its_scheme(token_file: str) -> None:
    look_up(ACCOUNT, Sources(token_file=token_file))
    clean("Bearer other-secret", "x")
    assert redact(f"a {TOKEN} b other-secret") == "a ******** b ********"


# Files and stdin


def test_a_token_file_that_cannot_be_read_is_local_trouble(ess: Run, tmp_path: Path) -> None:
    missing = tmp_path / "none"
    outcome = ess("topics", "list", "--token-file", str(missing), env={"ESS_PROFILE": ""})
    assert outcome.code == 12
    assert outcome.err == (
        f"error: --token-file: {missing} cannot be read: No such file or directory\n"
    )
    with pytest.raises(FileTrouble, match="Is a directory"):
        look_up(ACCOUNT, Sources(token_file=str(tmp_path)))
    with pytest.raises(FileTrouble, match="not a path"):
        look_up(ACCOUNT, Sources(token_file="a\0b"))


def test_both_files_cannot_be_stdin() -> None:
    with pytest.raises(UsageFault, match="cannot both read stdin"):
        look_up(ACCOUNT, Sources(token_file="-", user_token_file="-"))


def test_a_secret_is_not_read_from_a_terminal_that_would_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stdin in (Terminal("abc"), None):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(UsageFault, match="typing would show the secret"):
            look_up(ACCOUNT, Sources(token_file="-"))


# The token command


def test_the_token_command_sees_no_shell(tmp_path: Path) -> None:
    program = "import sys; print('|'.join(sys.argv[1:]))"
    command = (sys.executable, "-c", program, "$HOME", "a b", "; touch x", "*")
    found = look_up(ACCOUNT, Sources(token_command=command))
    assert found.token.value == "$HOME|a b|; touch x|*"


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("import sys; print('out-secret'); sys.exit('err-secret')", "ended with exit code 1"),
        ("print('out-secret'); print('second-secret')", "not one line of printable ASCII"),
        ("pass", "it is empty"),
        ("import os; print('out-secret', flush=True); os.kill(os.getpid(), 9)", "exit code -9"),
    ],
)
def test_a_failing_token_command_is_local_trouble_and_its_output_is_not_shown(
    capfd: pytest.CaptureFixture[str], program: str, complaint: str
) -> None:
    command = (sys.executable, "-c", program)
    with pytest.raises(LocalTrouble, match=complaint) as caught:
        look_up(ACCOUNT, Sources(token_command=command))
    assert 'token-command of profile "default"' in caught.value.message
    assert "out-secret" not in f"{caught.value.message}{caught.value.hint}"
    assert capfd.readouterr() == ("", "")


def test_a_token_command_that_does_not_exist_is_local_trouble() -> None:
    with pytest.raises(LocalTrouble, match="/no/such cannot be run: No such file"):
        look_up(ACCOUNT, Sources(token_command=("/no/such", "x")))


def test_a_token_command_that_hangs_is_stopped(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    program = f"import time; time.sleep(1.5); open({str(mark)!r}, 'w')"
    command = (sys.executable, "-c", program)
    assert Sources().command_limit_s == 10
    began = time.monotonic()
    with pytest.raises(LocalTrouble, match=r"gave no answer within 0\.3 s"):
        look_up(ACCOUNT, Sources(token_command=command, command_limit_s=0.3))
    assert time.monotonic() - began < 1.4
    time.sleep(1.5)
    assert not mark.exists()


def test_what_a_token_command_started_ends_with_it(tmp_path: Path) -> None:
    script = tmp_path / "command"
    pid = tmp_path / "pid"
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {pid}\nwait\n")
    script.chmod(0o700)
    with pytest.raises(LocalTrouble, match=r"gave no answer within 1\.5 s"):
        look_up(ACCOUNT, Sources(token_command=(str(script),), command_limit_s=1.5))
    assert has_ended(int(pid.read_text()))


def test_a_child_that_holds_the_pipe_ends_though_its_parent_has_ended(tmp_path: Path) -> None:
    script = tmp_path / "command"
    pid = tmp_path / "pid"
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {pid}\necho token\n")
    script.chmod(0o700)
    with pytest.raises(LocalTrouble, match=r"gave no answer within 1\.5 s"):
        look_up(ACCOUNT, Sources(token_command=(str(script),), command_limit_s=1.5))
    assert has_ended(int(pid.read_text()))


def test_an_agent_that_a_token_command_leaves_running_stays(tmp_path: Path) -> None:
    script = tmp_path / "command"
    pid = tmp_path / "pid"
    script.write_text(f"#!/bin/sh\nsleep 60 > /dev/null 2>&1 &\necho $! > {pid}\necho token-1\n")
    script.chmod(0o700)
    found = look_up(ACCOUNT, Sources(token_command=(str(script),)))
    assert found.token.value == "token-1"
    os.kill(int(pid.read_text()), signal.SIGKILL)


def has_ended(pid: int) -> bool:
    """Whether a process ends within a while; one that nobody waits for is at its end, too."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return False


def test_a_token_command_that_prints_for_ever_is_stopped() -> None:
    program = "while True: print('x' * 10000)"
    with pytest.raises(BadSetting, match="over 64 KiB"):
        look_up(ACCOUNT, Sources(token_command=(sys.executable, "-c", program)))


def test_a_token_command_cannot_eat_stdin() -> None:
    import subprocess

    program = (
        "import sys; from tests.test_credentials import *\n"
        "command = (sys.executable, '-c', \"import sys; print('read:' + sys.stdin.read())\")\n"
        "print(look_up(ACCOUNT, Sources(token_command=command)).token.value, sys.stdin.read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=b"the data",
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"read: the data\n"


# The keyring


def test_stored_secrets_are_bound_to_scheme_host_port_and_profile(
    memory_keyring: MemoryKeyring,
) -> None:
    assert keyring.store(ACCOUNT, "t1", "u1") == "MemoryKeyring"
    assert memory_keyring.secrets == {
        (SERVICE, "default:token"): "t1",
        (SERVICE, "default:user-token"): "u1",
    }
    assert keyring.read(ACCOUNT) is not None
    for origin, profile in (
        ("http://api.syniverse.com", "default"),
        ("https://api.syniverse.com:8443", "default"),
        ("https://api.example.com", "default"),
        ("https://api.syniverse.com", "prod"),
    ):
        assert keyring.read(Account(origin, profile)) is None
    assert keyring.service_name("http://[::1]:8080") == "ess:http://[::1]:8080"
    assert keyring.service_name("http://localhost") == "ess:http://localhost:80"


def test_storing_without_a_user_token_removes_an_older_one(memory_keyring: MemoryKeyring) -> None:
    keyring.store(ACCOUNT, "t1", "u1")
    keyring.store(ACCOUNT, "t2", None)
    assert memory_keyring.secrets == {(SERVICE, "default:token"): "t2"}


def test_deleting_says_what_was_there(memory_keyring: MemoryKeyring) -> None:
    keyring.store(ACCOUNT, "t1", "u1")
    assert keyring.delete(ACCOUNT) == ("token", "user-token")
    assert keyring.delete(ACCOUNT) == ()
    assert memory_keyring.secrets == {}


def test_a_keyring_that_never_answers_is_given_up_on() -> None:
    use_backend(HangingKeyring())
    began = time.monotonic()
    uses: list[Callable[[], object]] = [
        lambda: keyring.read(ACCOUNT, limit_s=0.2),
        lambda: keyring.prepare(ACCOUNT, limit_s=0.2),
        lambda: keyring.store(ACCOUNT, "t", None, limit_s=0.2),
        lambda: keyring.delete(ACCOUNT, limit_s=0.2),
    ]
    for use in uses:
        with pytest.raises(NoKeyring, match=r"it gave no answer within 0\.2 s"):
            use()
    with pytest.raises(NoCredentials, match="no credentials for") as caught:
        look_up(ACCOUNT, Sources(keyring_limit_s=0.2))
    assert "keyring (none usable: it gave no answer within 0.2 s)" in caught.value.details[0]
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("hangs", ["as it is chosen", "as it is asked"])
def test_a_hanging_keyring_holds_up_neither_the_run_nor_its_end(hangs: str) -> None:
    import os
    import subprocess

    backend = "LateKeyring" if hangs == "as it is chosen" else "MemoryKeyring"
    program = (
        "from tests.test_credentials import *\n"
        "MemoryKeyring.get_password = lambda *_: LateKeyring.answer()\n"
        "try: keyring.read(ACCOUNT, limit_s=0.1)\n"
        "except NoKeyring as error: print(error.reason, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHON_KEYRING_BACKEND": f"tests.test_credentials.{backend}"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"it gave no answer within 0.1 s\n"


def test_a_backend_s_own_error_is_translated_and_redacted() -> None:
    use_backend(BrokenKeyring())
    with pytest.raises(NoKeyring, match="RuntimeError: cannot decrypt the thing"):
        keyring.read(ACCOUNT)
    secret = clean("very-secret-token", "x")
    use_backend(RefusingKeyring())
    with pytest.raises(NoKeyring, match=r"OSError: cannot keep \*{8}$"):
        keyring.store(ACCOUNT, "other", secret.value)


def test_a_locked_keyring_says_so() -> None:
    use_backend(LockedKeyring())
    with pytest.raises(NoKeyring, match="it is locked"):
        keyring.prepare(ACCOUNT)


def test_a_stored_secret_that_cannot_be_sent_is_refused(memory_keyring: MemoryKeyring) -> None:
    memory_keyring.secrets[SERVICE, "default:token"] = "se\ncret"
    with pytest.raises(BadSetting, match=r"^keyring \(MemoryKeyring\): not one line"):
        look_up(ACCOUNT, Sources())


def backend_named(module: str, name: str) -> Any:
    return type(name, (MemoryKeyring,), {"__module__": module, "__qualname__": name})()


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        ("keyrings.alt.file", "PlaintextKeyring", "PlaintextKeyring keeps secrets in plain text"),
        ("keyrings.alt.pyfs", "PlaintextKeyring", "keeps secrets in plain text"),
        ("my.plaintext", "Keyring", "keeps secrets in plain text"),
        ("keyrings.alt.multi", "MultipartKeyringWrapper", "not known to keep secrets encrypted"),
        ("keyrings.alt.file", "EncryptedKeyring", "would ask for its password"),
        ("keyring.backends.fail", "Keyring", "this system offers none"),
        ("keyring.backends.null", "Keyring", "this system offers none"),
    ],
)
def test_backends_that_keep_plain_text_or_nothing_are_refused_by_name(
    module: str, name: str, reason: str
) -> None:
    refused = backend_named(module, name)
    subclass = type("Mine", (type(refused),), {"__module__": "mine"})()
    for backend in (refused, subclass):
        use_backend(backend)
        with pytest.raises(NoKeyring, match=reason):
            keyring.store(ACCOUNT, "t", "u")
        with pytest.raises(NoKeyring, match=reason):
            keyring.read(ACCOUNT)
        assert backend.secrets == {}


def test_the_real_fail_and_null_backends_are_refused() -> None:
    from keyring.backends import fail, null

    backends: list[Any] = [fail.Keyring, null.Keyring]
    for backend in (kind() for kind in backends):
        use_backend(backend)
        with pytest.raises(NoKeyring, match="this system offers none"):
            keyring.name()


def test_of_a_chain_only_the_members_that_may_be_used_are(memory_keyring: MemoryKeyring) -> None:
    class Chain(MemoryKeyring):
        backends = (
            backend_named("keyrings.alt.file", "PlaintextKeyring"),
            memory_keyring,
            MemoryKeyring(),
        )

    chain = Chain()
    use_backend(chain)
    assert keyring.store(ACCOUNT, "t", None) == "MemoryKeyring"
    plain, usable, last = chain.backends
    assert (plain.secrets, last.secrets) == ({}, {})
    assert usable.secrets == {(SERVICE, "default:token"): "t"}
    last.secrets[SERVICE, "default:token"] = "older"
    found = keyring.read(ACCOUNT)
    assert found is not None
    assert found.token.value == "t"
    assert keyring.delete(ACCOUNT) == ("token",)
    assert last.secrets == {}


def test_a_chain_of_nothing_but_plain_text_is_refused() -> None:
    class Chain(MemoryKeyring):
        backends = (backend_named("keyrings.alt.file", "PlaintextKeyring"),)

    use_backend(Chain())
    with pytest.raises(NoKeyring, match="keeps secrets in plain text"):
        keyring.name()


# On the wire


@pytest.fixture
def service() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.close()


def test_the_service_sees_exactly_the_configured_headers(
    ess: Run, service: Loopback, token_file: str
) -> None:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_USER_TOKEN": "user-1"}
    assert ess("topics", "list", "--token-file", token_file, env=env).code == 0
    assert service.seen[0]["authorization"] == f"Bearer {TOKEN}"
    assert service.seen[0]["user-token"] == "user-1"
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "Basic abc"}
    assert ess("topics", "list", env=env).code == 0
    assert service.seen[1]["authorization"] == "Basic abc"
    assert "user-token" not in service.seen[1]


def test_a_token_of_another_host_is_never_sent(
    ess: Run, service: Loopback, memory_keyring: MemoryKeyring
) -> None:
    keyring.store(ACCOUNT, "production-token", None)
    outcome = ess("topics", "list", env={"ESS_PROFILE": "", "ESS_BASE_URL": service.url})
    assert outcome.code == 3
    assert service.seen == []


def test_without_anything_configured_the_error_offers_the_sandbox(ess: Run) -> None:
    outcome = ess("topics", "list", env={"ESS_PROFILE": ""})
    assert outcome.code == 3
    assert outcome.err == (
        "error: no credentials for https://api.syniverse.com\n"
        '  looked in: --token-file, ESS_TOKEN, token-command of profile "default",'
        " keyring (MemoryKeyring)\n"
        "hint: log in with `ess auth login`, or try the embedded service:"
        " ess -p sandbox topics list\n"
    )


def test_the_hint_names_the_login_for_the_address_that_was_asked_for(ess: Run) -> None:
    argv = ("topics", "list", "--base-url", "http://127.0.0.1:1")
    outcome = ess(*argv, env={"ESS_PROFILE": ""})
    assert outcome.err.endswith(
        "hint: log in with `ess auth login --base-url http://127.0.0.1:1`\n"
    )
