"""What must be complete: a home for each operation, a line for each exit code."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import ess_cli.api
from ess_cli.main import main
from ess_cli.sandbox.routes import ROUTES
from tests.commands import COMMANDS
from tests.conftest import Run
from tests.examples import OPERATIONS, name_of
from tests.services import Scripted, service

__all__ = ["service"]

ROOT = Path(__file__).parent.parent

# Adding an operation is a row here and in tests/data; everything else that is missing is named.
HOMES = {
    "GET /topics": ["topics list"],
    "GET /topics/{ID}/event-types": ["topics event-types"],
    "GET /topics/{ID}/dump-subscriptions": ["topics dump"],
    "GET /topic-subscriptions": ["subs list"],
    "GET /topic-subscriptions/mdn": ["subs mdn"],
    "GET /topic-subscriptions/uniqueMdnCount": ["subs mdn-count"],
    "POST /topics/{ID}/subscriptions": ["subs create"],
    "GET /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}": ["subs get"],
    "PUT /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}": ["subs update", "subs end"],
    "GET /delivery-configurations": ["delivery-cfg list"],
    "POST /delivery-configurations": ["delivery-cfg create"],
    "GET /delivery-configurations/{del-config-id}": ["delivery-cfg get"],
    "PUT /delivery-configurations/{del-config-id}": [
        "delivery-cfg update",
        "delivery-cfg enable",
        "delivery-cfg disable",
    ],
    "GET /delivery-configurations/{del-config-id}/authentication": ["delivery-cfg auth get"],
    "PUT /delivery-configurations/{del-config-id}/authentication": ["delivery-cfg auth set"],
    "GET /dictionaries/{DICT_CODE}": ["dictionaries get"],
    "GET /event-types": ["event-types list"],
    "GET /event-types/{CODE}": ["event-types get"],
    "GET /event-deliveries": ["deliveries list"],
    "GET /event-deliveries/summary": ["deliveries summary"],
    "GET /event-deliveries/{EVT_ID}:{DEL_CFG_ID}/tracking": ["deliveries track"],
    "GET /event-delivery-attempts": ["deliveries attempts"],
    "POST /handled-event-deliveries": ["deliveries mark-handled"],
    "GET /event-buffer-files": ["buffer-files list"],
}

# A command line that ends with each exit code; SERVICE answers as the test says. Code 11 wants a
# webhook that fails: `deliveries tail --forward-to` has it in its own tests.
EXIT_CODES = {
    0: "topics list",
    2: "topics list -o xml",
    3: "topics list",
    4: "subs get 999",
    5: "delivery-cfg create --name x --addr http://x --format CSV",
    6: "topics list",
    7: "api POST /x --yes",
    8: "subs end 142",
    9: "topics list",
    10: "deliveries check --max-failed 7",
    12: "-p nowhere topics list",
    13: "listen --port 0 --for 50ms --count 1",
}
IN_ITS_OWN_TESTS = {11}
WITHOUT_A_LINE = {1, 130, 141, 143}


def names_only(operation: str) -> str:
    """An operation without the names of its parameters, which docstrings shorten."""
    return re.sub(r"{[^}]*}", "{}", operation)


# Operations


def test_the_reference_has_24_operations_and_each_has_a_home() -> None:
    assert len(OPERATIONS) == 24
    assert {name_of(row) for row in OPERATIONS} == set(HOMES)


def test_each_operation_is_called_by_its_own_commands_and_no_other() -> None:
    marked: dict[str, list[str]] = {}
    for words, command in COMMANDS.items():
        if command.teaching.operation:
            marked.setdefault(command.teaching.operation, []).append(words)
    assert marked == HOMES


def test_each_operation_has_one_function_of_the_api() -> None:
    documented = []
    for module in iter_modules(ess_cli.api.__path__, "ess_cli.api."):
        found = import_module(module.name)
        for _, function in inspect.getmembers(found, inspect.isfunction):
            if function.__module__ == module.name and not function.__name__.startswith("_"):
                text = inspect.getdoc(function) or ""
                documented += re.findall(r"``((?:GET|POST|PUT) /[^`]*)``", text)
    wanted = sorted(names_only(name_of(row)) for row in OPERATIONS)
    assert sorted(map(names_only, documented)) == wanted


def test_each_operation_has_one_route_of_the_sandbox() -> None:
    routes = [f"{route.method} {route.path}" for route in ROUTES]
    assert sorted(routes) == sorted(name_of(row) for row in OPERATIONS)


# Exit codes


@pytest.mark.parametrize(("code", "line"), EXIT_CODES.items())
def test_each_exit_code_has_a_line_that_ends_with_it(
    ess: Run, service: Scripted, code: int, line: str
) -> None:
    env = {}
    if code == 3:
        env = {"ESS_PROFILE": ""}
    elif code in (6, 7, 9):
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
        service.answer("GET", "/topics", b"<html>", 503 if code == 6 else 200)
        service.answer("POST", "/x", status=500)
    outcome = ess(*shlex.split(line), "--json", env=env)
    assert outcome.code == code
    if code:
        assert outcome.out == ("[]\n" if code == 13 else "")  # what came until then
        assert f'"exit": {code},' in outcome.err.splitlines()[-1]


def test_a_bug_is_exit_code_1_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESS_PROFILE", "sandbox")

    def broken() -> None:
        raise ZeroDivisionError("the clock has stopped")

    line = "subs create --topic NIS-Events --cfg hhh"
    assert main(line.split(), clock=broken) == 1  # type: ignore[arg-type]
    assert capsys.readouterr() == (
        "",
        "error: a bug in ess: ZeroDivisionError: the clock has stopped\n"
        "hint: please report it, with what --debug prints (secrets are masked there)\n",
    )


def test_what_a_bug_leaves_has_no_secret_and_no_local_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("PROFILE", "default"), ("BASE_URL", "http://127.0.0.1:9")):
        monkeypatch.setenv(f"ESS_{name}", value)
    monkeypatch.setenv("ESS_TOKEN", "canary-token-5b1e07")

    def broken(seconds: float) -> None:
        local = "canary-local-" + str(7 * 11 * 13)
        raise ZeroDivisionError("canary-token-5b1e07", len(local))

    assert main(["topics", "list", "--debug"], sleep=broken) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: a bug in ess: ZeroDivisionError: ('********', 17)\n" in err
    assert 'raise ZeroDivisionError("' in err
    assert "canary-local-1001" not in err


def console(line: str, home: Path, stdout: int | None = None) -> subprocess.Popen[bytes]:
    """The console command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ess_cli", *shlex.split(line)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "table", "yaml", "name"])
def test_a_reader_that_goes_away_is_exit_code_141_and_quiet(home: Path, form: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = console(f"-p sandbox topics list -o {form}", home, stdout=write_end)
    os.close(write_end)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [(signal.SIGINT, 130, b"interrupted\n"), (signal.SIGTERM, 143, b"")],
)
def test_a_signal_is_an_exit_code(
    home: Path, tmp_path: Path, sent: signal.Signals, code: int, said: bytes
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    line = f"-p sandbox delivery-cfg auth set 1654 --type BASIC --username U --password-file {pipe}"
    process = console(line, home)
    with pipe.open("w"):  # opens when the command reads it, and so waits for a password
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (code, said)


def test_every_code_of_the_help_is_accounted_for(ess: Run) -> None:
    page = ess("help", "exit-codes").out
    told = {int(found) for found in re.findall(r"^  (\d+) ", page, re.MULTILINE)}
    assert told == set(EXIT_CODES) | IN_ITS_OWN_TESTS | WITHOUT_A_LINE
