"""An export beside a sandbox in which events keep happening."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import Run
from tests.processes import ROOT
from tests.rehearsal import NUMBER, PORTED, until


def listed(ess: Run) -> set[tuple[str, str]]:
    """Event and configuration of each delivery that is there."""
    outcome = ess("deliveries", "list", "--all", "-o", "jsonl")
    assert outcome.code == 0
    rows = map(json.loads, outcome.out.splitlines())
    return {(row["event-id"], str(row["del-cfg-id"])) for row in rows}


def test_each_delivery_is_exported_once_while_others_come(
    ess: Run, home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "x.jsonl"
    with subprocess.Popen(
        [sys.executable, "-m", "ess_cli", *PORTED, *NUMBER, "--rate", "200", "--count", "5000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    ) as emitting:
        try:
            until(lambda: len(listed(ess)) > 70)
            before = listed(ess)
            outcome = ess("deliveries", "export", "--to", str(target), "--page-size", "5")
            after = listed(ess)
            assert emitting.poll() is None
        finally:
            emitting.kill()
    assert outcome.code == 0
    rows = map(json.loads, target.read_text().splitlines())
    found = Counter((row["event-id"], str(row["del-cfg-id"])) for row in rows)
    assert set(found.values()) == {1}
    assert before <= set(found) <= after
    assert before < after
