"""README and docs tell the truth: its commands run and print what stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ess_cli.errors import EssError
from ess_cli.subjects import EXIT_CODES
from tests.readme import DOCUMENTS, README, blocks, renewed

TEXT = README.read_text()
CI = (README.parent / ".ci" / "run").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_each_console_block_prints_what_is_shown(document: Path, tmp_path: Path) -> None:
    text = document.read_text()
    now = renewed(text, tmp_path)

    for shown, printed in zip(blocks(text), blocks(now), strict=True):
        assert printed == shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_each_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).is_file(), target


@pytest.mark.parametrize(
    "ending", ["ess -p sandbox subs list --topic NIS-Events", ".venv/bin/pytest -q -n auto"]
)
def test_ci_runs_the_two_commands_of_the_readme(ending: str) -> None:
    [command] = [
        line
        for line in TEXT.splitlines()
        if line.startswith("python3 -m venv .venv &&") and line.endswith(ending)
    ]

    assert f"\n{command}\n" in CI


def test_each_operation_of_the_reference_stands_in_the_readme() -> None:
    operations = json.loads((README.parent / "tests/data/operations.json").read_text())

    for operation in operations:
        assert f"| {operation['method']} {operation['path']} | `ess " in TEXT


def test_the_exit_codes_of_readme_help_and_errors_are_the_same() -> None:
    in_readme = {int(code) for code in re.findall(r"^\| (\d+)(?:, \d+)* \|", TEXT, re.MULTILINE)}
    in_help = {int(code) for code in re.findall(r"^  (\d+) ", EXIT_CODES, re.MULTILINE)}
    in_errors = {error.exit_code for error in _tree(EssError)}

    assert in_help - {141, 143} == in_readme
    assert in_errors == {*range(1, 14), 130}
    assert in_errors < in_help


def _tree(error: type[EssError]) -> list[type[EssError]]:
    return [error, *(below for child in error.__subclasses__() for below in _tree(child))]
