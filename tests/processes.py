"""``ess`` as a process: started as a shell does, sent signals, run to its end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import Outcome
from tests.hostile import TOKEN, USER_TOKEN, Connection, Hostile, Step, hold

ROOT = Path(__file__).parent.parent
PATIENCE_S = 20


class Shell:
    """Starts ``ess`` as a shell does."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def environment(self, server: Hostile | None = None, /, **more: str | None) -> dict[str, str]:
        """What ``ess`` is to find; None takes a variable away."""
        usual: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "ESS_PROFILE": "default" if server else "sandbox",
            "ESS_BASE_URL": server.url if server else None,
            "ESS_TOKEN": TOKEN,
            "ESS_USER_TOKEN": USER_TOKEN,
            "ESS_TIMEOUT": "10",
        }
        return {key: value for key, value in (usual | more).items() if value is not None}

    def start(
        self,
        *argv: str,
        env: dict[str, str],
        redirections: str = "",
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
    ) -> subprocess.Popen[bytes]:
        """A process, with redirections as a shell has them: ``>&-``."""
        command = [sys.executable, "-m", "ess_cli", *argv]
        if redirections:
            command = ["sh", "-c", f'exec "$0" "$@" {redirections}', *command]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=env, cwd=ROOT
        )

    def run(self, *argv: str, env: dict[str, str], redirections: str = "") -> Outcome:
        """A process, run to its end."""
        return finished(self.start(*argv, env=env, redirections=redirections))

    def run_all(self, lines: list[list[str]], redirections: str) -> list[tuple[list[str], Outcome]]:
        """Processes, run at the same time, each to its end."""
        env = self.environment()
        started = [self.start(*argv, env=env, redirections=redirections) for argv in lines]
        with contextlib.ExitStack() as all_of_them:
            for process in started:
                all_of_them.enter_context(process)
            return list(zip(lines, map(finished, started), strict=True))


def finished(process: subprocess.Popen[bytes]) -> Outcome:
    """What a process left."""
    with process:
        out, err = process.communicate(timeout=PATIENCE_S)
    outcome = Outcome(process.returncode, (out or b"").decode(), (err or b"").decode())
    assert outcome.code >= 0, f"ended by signal {-outcome.code}"
    for bad in ("Traceback", "Exception ignored", "a bug in ess", TOKEN, USER_TOKEN):
        assert bad not in outcome.out + outcome.err
    return outcome


def kill(process: Callable[[], subprocess.Popen[bytes]], number: int) -> Step:
    """Step: send the client a signal, and wait until it leaves."""

    def step(connection: Connection) -> None:
        process().send_signal(number)
        hold(connection)

    return step


class Late:
    """A process that a script refers to before it was started."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def set(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """It has been started."""
        self._process = process
        self._started.set()
        return process

    def get(self) -> subprocess.Popen[bytes]:
        """The process, once it has been started."""
        assert self._started.wait(PATIENCE_S)
        assert self._process is not None
        return self._process
