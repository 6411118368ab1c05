"""Every promise about hazards has a test that fails without it: each is broken on purpose."""

from __future__ import annotations

import ast
import compileall
import os
import py_compile
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple

import pytest

import tests.musts
from tests.musts import Break, Must

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ess_cli"
# A break may make a test hang: that is noticed too, if only by the one who waits.
PATIENCE_S = 60
COPIED = ("ess_cli", "tests", "completions", "docs", "pyproject.toml", "README.md", "CHANGELOG.md")


class Case(NamedTuple):
    """A break, and whose it is."""

    chapter: str
    must: Must
    broken: Break

    @property
    def name(self) -> str:
        number = self.must.breaks.index(self.broken)
        return f"{self.chapter}: {self.must.promise}" + (f" [{number + 1}]" if number else "")


CHAPTERS = {
    module.name: import_module(f"tests.musts.{module.name}").MUSTS
    for module in iter_modules(tests.musts.__path__)
}
CASES = [
    Case(chapter, must, broken)
    for chapter, musts in CHAPTERS.items()
    for must in musts
    for broken in must.breaks
]
FIRST_OF_EACH = [next(case for case in CASES if case.chapter == chapter) for chapter in CHAPTERS]
SOURCES = {path: path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}


def home_of(broken: Break) -> Path:
    """The one file with the text to replace."""
    homes = [path for path, text in SOURCES.items() if broken.old in text]
    assert len(homes) == 1, f"{broken.old!r} is in {homes}"
    assert SOURCES[homes[0]].count(broken.old) == 1, f"{broken.old!r} is there more than once"
    return homes[0]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, to break things in."""
    to = tmp_path_factory.mktemp("broken")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, to / name)
    # What is whole is compiled once; by its hash, so that what is broken never counts as whole.
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    assert compileall.compile_dir(to / "ess_cli", quiet=1, invalidation_mode=mode)
    return to


def notices(copy: Path, broken: Break) -> None:
    """Break it in the copy, and see a test fail."""
    path = copy / home_of(broken).relative_to(ROOT)
    whole = path.read_text()
    path.write_text(whole.replace(broken.old, broken.new))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "", "-p", "no:cacheprovider"]
    tests = [f"tests/{name}" for name in broken.tests]
    process = subprocess.Popen(
        [*command, "--hypothesis-seed=0", "-p", "tests.unshrunk", "--no-header", *tests],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.communicate()
        path.write_text(whole)
    assert process.returncode == 1, printed[-3000:]
    assert " failed" in printed.splitlines()[-1], printed[-3000:]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_break_is_in_its_place_and_its_tests_exist(case: Case) -> None:
    whole = SOURCES[home_of(case.broken)]
    ast.parse(whole.replace(case.broken.old, case.broken.new))
    assert case.broken.tests
    for name in case.broken.tests:
        file, _, rest = name.partition("::")
        function = rest.partition("[")[0]
        tree = ast.parse((ROOT / "tests" / file).read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not function or function in defined, name


@pytest.mark.parametrize("case", FIRST_OF_EACH, ids=lambda case: case.name)
def test_a_promise_of_each_chapter_is_missed_where_it_is_broken(copy: Path, case: Case) -> None:
    notices(copy, case.broken)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_promise_is_missed_where_it_is_broken(copy: Path, case: Case) -> None:
    notices(copy, case.broken)
