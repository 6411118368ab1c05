"""How tests reach ``ess``: by the front door, each in a home of its own.

The fixture ``ess`` calls the same ``main`` as the console script, against the in-process sandbox
unless a test names another service. Nothing of ours is patched; only the clock, the waiting, the
streams, the environment and the keyring's backend are given.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import keyring.backend
import pytest

from ess_cli.main import main

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

# What is started in the background of a script is to ignore Ctrl-C, and what it starts inherits
# that. Here many a process is to be ended by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Outcome(NamedTuple):
    """What a run left: exit code, stdout and stderr as text."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Calls ``ess``; ``stdin`` is what can be read from it, ``env`` is set for the call."""

    def __call__(
        self, *argv: str, stdin: str | bytes | Typed = b"", env: dict[str, str] | None = None
    ) -> Outcome: ...


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.secrets:
            raise keyring.errors.PasswordDeleteError("no such secret")
        del self.secrets[service, username]


class Typed(io.TextIOWrapper):
    """A captured stream, or what is typed into one; never a terminal."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", newline="\n", write_through=True)

    @property
    def is_unread(self) -> bool:
        """Whether nobody has taken anything of what was typed."""
        return self.buffer.tell() == 0  # type: ignore[attr-defined, no-any-return]

    @property
    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, an environment without anything of ess, proxies or colour in it."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith(("ESS_", "XDG_")) or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "NETRC", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def memory_keyring() -> Iterator[MemoryKeyring]:
    """The keyring that the test's runs find."""
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(MemoryKeyring())


@pytest.fixture
def sleeps() -> list[float]:
    """The waits, in seconds, that runs of the test asked for."""
    return []


@pytest.fixture
def ess(monkeypatch: pytest.MonkeyPatch, sleeps: list[float]) -> Run:
    """Call ``ess`` on the sandbox, or on another service where the call or ``env`` names one."""

    def run(
        *argv: str, stdin: str | bytes | Typed = b"", env: dict[str, str] | None = None
    ) -> Outcome:
        typed = stdin.encode() if isinstance(stdin, str) else stdin
        streams: dict[str, Any] = {
            "stdin": Typed(typed) if isinstance(typed, bytes) else typed,
            "stdout": Typed(),
            "stderr": Typed(),
        }
        with monkeypatch.context() as patch:
            patch.setenv("ESS_PROFILE", "sandbox")
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = main(argv, clock=lambda: NOW, sleep=sleeps.append)
        return Outcome(code, streams["stdout"].text, streams["stderr"].text)

    return run
