"""What imports what: imports only go down, and what is heavy is imported where it is used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import COMMANDS, GROUPS
from tests.services import Scripted

PACKAGE = Path(__file__).parent.parent / "ess_cli"

# From the top down. What stands on one line does not import each other.
FLOORS = (
    {"__main__"},
    {"main"},
    {"commands"},
    {"completion"},
    {"cli"},
    {"help", "subjects"},
    {"context"},
    {"options"},
    {
        "lookup",
        "metrics",
        "changes",
        "checks",
        "receiver",
        "renewal",
        "export",
        "running",
        "tallies",
        "dumps",
        "following",
        "reporting",
    },
    {"api", "render", "credentials", "config", "cache"},
    {"records", "health", "redaction", "times", "criteria", "places", "formats", "interruption"},
    {"files"},
    {"errors"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = [
    "requests",
    "urllib3",
    "rich",
    "yaml",
    "keyring",
    "jmespath",
    "orjson",
    "sqlite3",
    "platformdirs",
    "prometheus_client",
    "filelock",
    "http.client",
]


def room_of(module: str) -> str:
    """The room that a module of the package is in."""
    return module.split(".")[1]


def imports() -> Iterator[tuple[str, str]]:
    """Each module of the package with a module of it that it imports, wherever in the file."""
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}: a relative import"
                base = node.module or ""
                names = [f"{base}.{name.name}" for name in node.names]
                targets = names if base == "ess_cli" else [base]
            elif isinstance(node, ast.Import):
                targets = [name.name for name in node.names]
            else:
                continue
            for target in targets:
                if target.startswith("ess_cli.") and target != "ess_cli.__version__":
                    yield module, target


def test_every_module_is_in_a_room_of_a_floor() -> None:
    rooms = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()}
    assert rooms - {"__init__", "__pycache__", "py"} == {*FLOOR, "sandbox"}


def test_imports_go_down() -> None:
    """At module level, inside functions and for types alike.

    The one way up is the table of ``cli``, which imports the module of a command by its name
    when that is typed. Modules of one package may import each other.
    """
    wrong = [
        f"{module} imports {target}"
        for module, target in imports()
        if "sandbox" not in (room_of(module), room_of(target))
        and room_of(module) != room_of(target)
        and FLOOR[room_of(module)] >= FLOOR[room_of(target)]
    ]
    assert wrong == []


def test_the_sandbox_is_a_second_reading_of_the_reference() -> None:
    """It shares nothing with the program but errors, and few know it."""
    used = {room_of(target) for module, target in imports() if room_of(module) == "sandbox"}
    assert used <= {"sandbox", "errors"}
    users = {
        module
        for module, target in imports()
        if room_of(target) == "sandbox" and room_of(module) != "sandbox"
    }
    assert {user for user in users if not user.startswith("ess_cli.commands.sandbox")} == {
        "ess_cli.context.run"
    }


def test_nothing_imports_click() -> None:
    """Typer has one of its own, and may change it."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert "click" not in {name.name.split(".")[0] for name in node.names}
            if isinstance(node, ast.ImportFrom):
                assert "click" not in (node.module or "").split(".")


def loaded(lines: list[list[str]], home: Path, names: list[str], **env: str) -> list[str]:
    """Which of these modules are loaded after the command lines ran, in a process of its own."""
    program = (
        "import io, sys\n"
        "from ess_cli.main import main\n"
        "for line in LINES:\n"
        "    sys.stdout = io.TextIOWrapper(io.BytesIO())\n"
        "    assert main(line) == 0, line\n"
        "print(*[name for name in NAMES if name in sys.modules], file=sys.__stdout__)\n"
    ).replace("LINES", repr(lines))
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent)}
    result = subprocess.run(
        [sys.executable, "-c", program.replace("NAMES", repr(names))],
        check=True,
        capture_output=True,
        text=True,
        env={**environ, **env},
        timeout=60,
    )
    return result.stdout.split()


def test_no_page_of_help_imports_anything_heavy(home: Path) -> None:
    lines = [[*words.split(), "-h"] for words in [*GROUPS, *COMMANDS]]
    lines += [[], ["help", "exit-codes"], ["subs", "list", "-c", "?"]]
    assert loaded(lines, home, HEAVY) == []


@pytest.mark.parametrize("line", [["--version"], ["-V"], ["__complete", "topics", ""]])
def test_the_version_and_a_tab_do_without_typer(home: Path, line: list[str]) -> None:
    assert loaded([line], home, ["typer", "inspect", "datetime", "json", *HEAVY]) == []


@pytest.mark.parametrize(
    ("line", "module"),
    [
        (["delivery-cfg", "list"], []),
        (["delivery-cfg", "enable", "-h"], ["delivery_cfg_changes"]),
        (["delivery-cfg", "auth", "get", "hhh"], ["delivery_cfg_auth"]),
        (["deliveries", "list"], []),
        (["deliveries", "export", "-h"], ["deliveries_export"]),
        (["deliveries", "mark-handled", "-h"], ["deliveries_handled"]),
        (["deliveries", "report", "-h"], ["deliveries_report"]),
        (["profile", "list"], []),
        (["profile", "set", "-h"], ["profile_changes"]),
        (["subs", "list"], []),
        (["subs", "create", "-h"], ["subs_changes"]),
    ],
)
def test_a_verb_does_not_import_its_neighbours(
    home: Path, line: list[str], module: list[str]
) -> None:
    neighbours = [
        "deliveries_export",
        "deliveries_handled",
        "deliveries_report",
        "delivery_cfg_auth",
        "delivery_cfg_changes",
        "profile_changes",
        "subs_changes",
    ]
    names = [f"ess_cli.commands.{name}" for name in neighbours]
    wanted = [f"ess_cli.commands.{name}" for name in module]
    assert loaded([["-p", "sandbox", *line]], home, names) == wanted


def test_a_list_as_json_imports_what_a_request_takes_and_no_more(home: Path) -> None:
    light = ["rich", "yaml", "keyring", "orjson", "jmespath", "platformdirs", "getpass"]
    line = ["topics", "list", "--json"]
    assert loaded([["-p", "sandbox", *line]], home, [*light, "requests"]) == ["requests"]
    service = Scripted()
    service.answer("GET", "/topics", {"topics": [{"topic-nm": "a"}]})
    env = {"ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    assert loaded([line], home, [*light, "sqlite3", "ess_cli.sandbox"], **env) == []
    service.close()


@pytest.mark.parametrize(
    ("options", "library"),
    [
        (["-o", "csv"], []),
        (["-o", "table"], []),
        (["-o", "yaml"], ["yaml"]),
        (["--query", "[].id"], ["jmespath"]),
    ],
)
def test_a_format_imports_its_own_library_only(
    home: Path, options: list[str], library: list[str]
) -> None:
    libraries = ["rich", "yaml", "keyring", "orjson", "jmespath", "platformdirs"]
    assert loaded([["-p", "sandbox", "subs", "list", *options]], home, libraries) == library
