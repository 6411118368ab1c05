"""Runs of ``ess`` as processes whose clock is a file, and that can be killed at a point.

This file is also a program: ``python tests/clocked.py CLOCK serve-arguments…`` is ``ess`` under
that clock. ``python tests/clocked.py CLOCK --rack`` starts once, imports what ``ess`` would, and
forks a process for each run that it is told about. Nothing of ``ess`` is patched: what stands below
it gives the time, and Python's audit hooks tell where a run is.
"""

from __future__ import annotations

import datetime
import json
import mmap
import os
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_CLOCK = struct.Struct("=d")
# Waits between attempts are cut to this: what is waited for there does not happen here.
_LONGEST_WAIT_S = 0.005


class Clock:
    """A moment that stands until it is moved, for every process that has the file."""

    def __init__(self, path: Path, start: datetime.datetime | None = None) -> None:
        if start is not None:
            path.write_bytes(_CLOCK.pack(start.timestamp()))
        self.path = path
        with path.open("r+b") as file:
            self._shown = mmap.mmap(file.fileno(), _CLOCK.size)

    @property
    def seconds(self) -> float:
        """Since 1970."""
        moment: float = _CLOCK.unpack_from(self._shown)[0]
        return moment

    def move(self, seconds: float) -> None:
        """Let time pass."""
        # NOTE: pack_into would write zeros first, and somebody may read 1970.
        self._shown[:] = _CLOCK.pack(self.seconds + seconds)


class Trap(NamedTuple):
    """Where a run ends itself.

    Attributes:
        signal: what it is sent there.
        point: one of ``POINTS``; None counts all of them.
        number: at the so-manieth, from 1, just before it is done.
    """

    signal: int
    point: str | None
    number: int


POINTS = ("request", "stage", "publish", "state-open", "state-rename", "remove", "other")


class Rack:
    """The process that starts the runs; ``close`` ends it.

    Args:
        clock: for all of them.
        work: where runs are, and whose files count as points.
    """

    def __init__(self, clock: Clock, work: Path) -> None:
        import subprocess

        self._work = work
        self._count = 0
        self._process = subprocess.Popen(
            command(clock, "--rack"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": _ROOT, "PYTHONUTF8": "1"},
            text=True,
        )

    def start(self, argv: tuple[str, ...], home: Path, trap: Trap | None = None) -> Going:
        """Start a run."""
        self._count += 1
        stem = self._work.parent / "runs" / f"{self._count}"
        stem.parent.mkdir(exist_ok=True)
        for name in ("out", "err"):
            stem.with_suffix(f".{name}").touch()
        order = {
            "argv": argv,
            "home": str(home),
            "work": str(self._work),
            "stem": str(stem),
            "trap": trap,
        }
        return Going(self, self.ask(order), stem)

    def ask(self, order: object) -> Any:
        """What the process answers."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Going:
    """A run that has been started."""

    def __init__(self, rack: Rack, pid: int, stem: Path) -> None:
        self._rack = rack
        self.pid = pid
        self._stem = stem
        self._code: int | None = None

    def code(self, *, wait: bool = False) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._code is None:
            self._code = self._rack.ask({"pid": self.pid, "wait": wait})
        return self._code

    def send(self, number: int) -> None:
        """Send it a signal; it is there to be sent one until its code was asked for."""
        os.kill(self.pid, number)

    def text(self, name: str) -> str:
        """What it wrote to ``out`` or ``err``."""
        return self._stem.with_suffix(f".{name}").read_text()

    @property
    def passed(self) -> int:
        """How many points it has passed; 0 where it did not come to its end."""
        try:
            return int(self._stem.with_suffix(".passed").read_text())
        except FileNotFoundError:
            return 0

    def forget(self) -> None:
        """Remove what it wrote."""
        for name in ("out", "err", "passed"):
            self._stem.with_suffix(f".{name}").unlink(missing_ok=True)


_ROOT = str(Path(__file__).parent.parent)


def command(clock: Clock, *argv: str) -> list[str]:
    """The command line of ``ess`` under a clock."""
    return [sys.executable, "-W", "ignore", __file__, str(clock.path), *argv]


def _give_time(clock: Clock) -> None:
    """Have ``datetime`` show it, for everything that is imported from now on."""

    class Moment(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Moment:
            return cls.fromtimestamp(clock.seconds, tz)

    datetime.datetime = Moment  # type: ignore[misc]


def _point(event: str, args: tuple[Any, ...], work: str) -> str | None:
    """What a run is about to do; None where that is no point."""
    if event == "http.client.send":
        return "request"
    if event not in ("open", "os.rename", "os.remove", "os.mkdir"):
        return None
    path = os.fspath(args[0]) if isinstance(args[0], str | os.PathLike) else ""
    if not path.startswith(work):
        return None
    name = path.rpartition("/")[2]
    if event == "os.rename":
        return "state-rename" if ".state." in name else "publish"
    if event == "open" and name.endswith(".partial"):
        return "stage"
    if event == "open" and name.startswith(".") and ".state." in name:
        return "state-open"
    return "remove" if event == "os.remove" else "other"


class _Watch:
    """Counts points, and ends the run at one of them."""

    def __init__(self, trap: Trap | None, work: str) -> None:
        self.passed = 0
        self._left = trap.number if trap else 0
        self._trap = trap
        self._work = work

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        point = _point(event, args, self._work)
        if point is None:
            return
        self.passed += 1
        trap = self._trap
        if trap is not None and trap.point in (None, point):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), trap.signal)


def _become(order: dict[str, Any]) -> None:
    """Become a run of ``ess``, as the order has it."""
    stem = order["stem"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(f"{stem}.{name}", flags, 0o600), number)
    os.environ["HOME"] = order["home"]
    os.environ["ESS_TIMEOUT"] = "2"
    os.chdir(order["work"])
    watch = _Watch(Trap(*order["trap"]) if order["trap"] else None, order["work"])
    sys.addaudithook(watch)
    sys.argv = ["ess", *order["argv"]]
    code = _run()
    Path(f"{stem}.passed").write_text(str(watch.passed))
    os._exit(code)


def _run() -> int:
    from ess_cli.main import main

    code = main(sleep=lambda seconds: time.sleep(min(seconds, _LONGEST_WAIT_S)))
    sys.stdout.flush()
    return code


def _rack() -> None:
    """Start what is ordered, a line of JSON each, and tell what became of it."""
    from tests.torture import _import_all

    _import_all()
    with suppress(ImportError):
        import pyarrow.parquet  # noqa: F401
    told = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        if "argv" in order:
            answer: int | None = os.fork()
            if answer == 0:
                _become(order)
        else:
            pid, status = os.waitpid(order["pid"], 0 if order["wait"] else os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        told.write(json.dumps(answer) + "\n")
        told.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _give_time(Clock(Path(sys.argv.pop(1))))
    if sys.argv[1:] == ["--rack"]:
        _rack()
    else:
        from ess_cli.main import program

        program()
