"""stdin is read where the line says so; a question needs somebody at both of its ends."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, Typed
from tests.test_redaction import CALLS

ROOT = Path(__file__).parent.parent
SAYS_SO = {name for name, argv in CALLS.items() if {"-", "--with-token"} & set(argv)}
LINES = {
    **{name: argv for name, argv in CALLS.items() if name not in SAYS_SO},
    "api": ("POST", "/topics", "--yes"),
    "delivery-cfg auth set": ("1266", "--type", "BASIC", "--username", "u", "--yes"),
    "auth login": (),
}


@pytest.mark.parametrize("profile", ["sandbox", "default"])
@pytest.mark.parametrize("name", LINES)
def test_stdin_is_not_read_unless_the_line_says_so(
    ess: Run, name: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    argv = [word for word in LINES[name] if word != "--yes"]
    # Nobody is at this address, nor are there credentials for it.
    env = {} if profile == "sandbox" else {"ESS_BASE_URL": "http://127.0.0.1:9"}
    for line in (LINES[name], argv):
        stdin = Typed(b"yes\nyes\n")
        ess(*name.split(), *line, stdin=stdin, env={"ESS_PROFILE": profile, **env})
        assert stdin.is_unread, line


@pytest.mark.parametrize("piped", ["stdin", "stderr"])
def test_nobody_is_asked_where_one_of_the_two_ends_is_no_terminal(home: Path, piped: str) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "subs", "end", "SCG-Message", "16301830"],
        stdin=subprocess.PIPE if piped == "stdin" else slave,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if piped == "stderr" else slave,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "ESS_PROFILE": "sandbox"},
        cwd=ROOT,
        start_new_session=True,
    )
    with process:
        os.write(master, b"y\n")
        process.communicate(b"y\n" if piped == "stdin" else None, timeout=30)
    os.close(slave)
    os.close(master)
    assert process.returncode == 8
