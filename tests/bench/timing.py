"""Commands timed side by side, which is what each bench does."""

from __future__ import annotations

import os
import subprocess
import time
from statistics import median
from typing import NamedTuple

BARE_PAGES = """
import requests
session, offset, size = requests.Session(), 0, 0
session.headers["Authorization"] = "Bearer bench"
while offset < {rows}:
    query = "/event-deliveries?limit=1000&offset=%d" % offset
    size += len(session.get({url!r} + query).content)
    offset += 1000
print(size)
"""


class Run(NamedTuple):
    """One timed run: wall clock in seconds, most memory held in MB."""

    seconds: float
    megabytes: float


def timed(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command once, its output thrown away.

    Raises:
        RuntimeError: it failed; a failure is quick and would look like speed.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if process.returncode:
            said = process.stderr.read().decode() if process.stderr else ""
            raise RuntimeError(f"{command}: exit code {process.returncode}\n{said}")
    return Run(seconds, usage.ru_maxrss / 1024)


def in_turns(
    commands: dict[str, list[str]], environment: dict[str, str], rounds: int
) -> dict[str, list[Run]]:
    """Each command ``rounds`` times, taking turns; the first round warms up and is dropped."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            runs[name].append(timed(command, environment))
    return {name: found[1:] for name, found in runs.items()}


def ratio(runs: dict[str, list[Run]], name: str, base: str) -> float:
    """The median of each turn's ratio: a machine's speed drifts, and hits both of one turn."""
    turns = zip(runs[name], runs[base], strict=True)
    return median(run.seconds / bare.seconds for run, bare in turns)
