"""New files are their owner's alone from birth: others may not read them even for a moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# At every event of the interpreter, whatever lies in the home is looked at.
WATCHING = """
import os, sys
home, argv = sys.argv[1], sys.argv[2:]
os.umask(0)
busy = False
def look(event, args):
    global busy
    if busy or not event.startswith(("os.", "open", "sqlite3.", "shutil.", "tempfile.")):
        return
    busy = True
    for place, _, names in os.walk(home):
        for name in names:
            path = os.path.join(place, name)
            try:
                mode = os.stat(path).st_mode & 0o777
            except OSError:
                continue
            if mode & 0o077:
                os.write(2, f"{event}: {path} {mode:o}\\n".encode())
                os._exit(99)
    busy = False
sys.addaudithook(look)
from ess_cli.main import program
sys.argv = ["ess", *argv]
program()
"""


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("profile set lab --base-url http://127.0.0.1:9 --company-id 7", ".config/ess/config.yaml"),
        ("profile use sandbox", ".config/ess/config.yaml.active"),
        ("-p sandbox topics list", ".cache/ess/names/sandbox/topics"),
        (
            "-p sandbox subs create --topic NIS-Events --cfg 1266 --number +12025550123",
            ".local/state/ess/sandbox.db",
        ),
    ],
    ids=["configuration", "pointer", "names", "sandbox"],
)
def test_nobody_else_may_ever_read_a_new_file(home: Path, line: str, left: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WATCHING, str(home), *line.split()],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert (home / left).is_file()
