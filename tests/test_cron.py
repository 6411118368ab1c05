"""The examples of docs/cron.md: run as cron and systemd run them, read as Kubernetes does."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ess_cli.errors import Temporary
from tests.conftest import Outcome, Run
from tests.processes import PATIENCE_S, ROOT
from tests.services import served_sandbox


def read(name: str) -> str:
    """A document of the docs."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


DOCUMENT = read("cron.md")
HEADER = "configuration,topic,event-type,pending,retry,failed"


def blocks(title: str, kind: str) -> list[str]:
    """The blocks of one kind in one chapter of the document."""
    chapter = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{kind}\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


class Machine:
    """A machine with ``ess`` in a directory, and a profile ``prod`` in a home."""

    def __init__(self, home: Path, programs: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.ess = programs / "ess"
        programs.mkdir()
        self.ess.write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m ess_cli "$@"\n'
        )
        self.ess.chmod(0o755)
        configuration = home / ".config" / "ess"
        configuration.mkdir(parents=True)
        (configuration / "config.yaml").write_text(f"profiles: {{prod: {{base-url: '{url}'}}}}")

    def run(self, argv: list[str], **env: str) -> Outcome:
        """Run a program in nothing but this environment."""
        done = subprocess.run(
            argv,
            env={"HOME": str(self.home), **env},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Iterator[Machine]:
    with served_sandbox(tmp_path) as url:
        yield Machine(home, tmp_path / "bin", url)


def written_in(directory: Path, name: str) -> str:
    """The first line of the day's file; midnight may have passed since."""
    (path,) = directory.glob(name)
    today = datetime.now(UTC)
    assert re.search(r"[0-9]{8}", path.name)[0][:4] == f"{today:%Y}"  # type: ignore[index]
    return path.read_text().splitlines()[0]


def test_the_crontab_line_runs_as_cron_runs_it(machine: Machine) -> None:
    """With sh, in an almost empty environment; a bare percent sign would end the command."""
    (text,) = blocks("crontab", "cron")
    setting, line = text.splitlines()
    variable, _, value = setting.partition("=")
    *when, command = line.split(maxsplit=5)
    assert (variable, len(when)) == ("PATH", 5)
    assert re.search(r"(?<!\\)%", command) is None
    command = command.replace("\\%", "%")
    (machine.home / ".ess-token").write_text("a-token\n")
    cron = {"LOGNAME": "ess", "SHELL": "/bin/sh", "PATH": f"{machine.ess.parent}:{value}"}
    assert machine.run(["/bin/sh", "-c", command], **cron) == (0, "", "")
    assert written_in(machine.home, "ess-summary-*.csv") == HEADER
    (machine.home / ".ess-token").write_text("expired\n")
    refused = machine.run(["/bin/sh", "-c", command], **cron)
    assert (refused.code, refused.out) == (3, "")
    assert all(re.match(r"[-0-9]{10}T[:0-9]{8}Z prod: ", line) for line in refused.err.splitlines())


def test_the_export_s_line_runs_twice_as_cron_runs_it_and_mails_nothing(machine: Machine) -> None:
    exports = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^```cron\n(.*)\n```$", exports, re.MULTILINE)
    command = line.split(maxsplit=5)[5]
    (machine.home / ".ess-token").write_text("a-token\n")
    path = f"{machine.ess.parent}:/usr/local/bin:/usr/bin:/bin"
    for _ in range(2):
        assert machine.run(["/bin/sh", "-c", command], PATH=path) == (0, "", "")
    assert {path.name for path in machine.home.glob("lake/topic=*/day=*/*")} == {
        "deliveries-000001.parquet"
    }


@pytest.mark.parametrize(
    "line",
    [
        line
        for name in ("cron.md", "tasks.md")
        for text in re.findall(r"^```cron\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)
        for line in text.splitlines()
        if "=" not in line.split()[0]
    ],
)
def test_every_line_for_a_crontab_runs(machine: Machine, tmp_path: Path, line: str) -> None:
    assert re.search(r"(?<!\\)%", line) is None
    *_, command = line.replace("\\%", "%").split(maxsplit=5)
    written = tmp_path / "written"
    written.mkdir()
    for place in ("/var/tmp", "/var/lib/prometheus/node-exporter", "$HOME"):
        command = command.replace(f"{place}/ess", f"{written}/ess")
    for token_file in ("/run/secrets/ess", "$HOME/.ess-token"):
        command = command.replace(token_file, str(tmp_path / "token"))
    (tmp_path / "token").write_text("a-token\n")
    configuration = machine.home / ".config" / "ess" / "config.yaml"
    token_command = f"token-command: [cat, '{tmp_path / 'token'}']"
    configuration.write_text(f"profiles: {{prod: {{base-url: '{machine.url}', {token_command}}}}}")
    path = f"{machine.ess.parent}:/usr/bin:/bin"
    assert machine.run(["/bin/sh", "-c", command], PATH=path) == (0, "", "")
    assert len(list(written.iterdir())) == 1


@pytest.fixture
def units(machine: Machine, tmp_path: Path) -> list[Path]:
    """The service and the timer, their paths moved to where a test may write."""
    made = []
    for name, text in zip(
        ("ess-summary.service", "ess-summary.timer"), blocks("systemd", "ini"), strict=True
    ):
        moved = text.replace("/usr/local/bin/ess", str(machine.ess))
        moved = moved.replace("/etc/ess", str(tmp_path)).replace("/var/lib/ess", str(machine.home))
        made.append(tmp_path / name)
        made[-1].write_text(moved)
    return made


def test_the_service_runs_as_systemd_runs_it(
    machine: Machine, units: list[Path], tmp_path: Path
) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(units[0].read_text())
    start = unit["Service"]["ExecStart"]
    assert re.search(r"(?<!%)%(%%)*(?!%)", start) is None
    (tmp_path / "token").write_text("a-token\n")
    outcome = machine.run([part.replace("%%", "%") for part in shlex.split(start)])
    assert outcome == (0, "", "")
    assert written_in(machine.home, "summary-*.csv") == HEADER


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(units: list[Path]) -> None:
    texts = [unit.read_text().replace("User=ess\n", "User=root\n") for unit in units]
    for unit, text in zip(units, texts, strict=True):
        unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    own = [line for line in done.stderr.splitlines() if "ess-summary" in line]
    assert own == []


def test_the_cron_job_is_yaml_and_its_arguments_run(
    machine: Machine, ess: Run, tmp_path: Path
) -> None:
    (text,) = blocks("Kubernetes", "yaml")
    job: Any = yaml.safe_load(text)
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    retried = job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in retried] == ["Ignore", "FailJob"]
    assert retried[1]["onExitCodes"] == {"operator": "NotIn", "values": [Temporary.exit_code]}
    assert (pod["restartPolicy"], job["spec"]["concurrencyPolicy"]) == ("Never", "Forbid")
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in pod["volumes"]
    }
    (tmp_path / "token").write_text("a-token\n")
    args = [each.replace("/run/secrets/ess", str(tmp_path)) for each in container["args"]]
    env = {each["name"]: machine.url for each in container["env"]}
    assert list(env) == ["ESS_BASE_URL"]
    assert ess(*args, env={"ESS_PROFILE": "", **env}) == (0, "", "")


def test_the_lines_about_tokens_run(machine: Machine, tmp_path: Path) -> None:
    lines = [
        line.replace("/etc/ess", str(tmp_path)) for line in blocks("Tokens that run out", "sh")
    ]
    for name, text in (("token", "old"), ("key", "sandbox-key"), ("secret", "sandbox-secret")):
        (tmp_path / name).write_text(f"{text}\n")
    for line in lines:
        outcome = machine.run(["/bin/sh", "-c", line], PATH=f"{machine.ess.parent}:/usr/bin:/bin")
        assert outcome.code == 0, outcome
    assert re.fullmatch("[0-9a-f]{32}\n", (tmp_path / "token").read_text())
    configuration = (machine.home / ".config" / "ess" / "config.yaml").read_text()
    assert yaml.safe_load(configuration)["profiles"]["prod"] == {
        "base-url": machine.url,
        "auto-refresh": True,
        "consumer-key-file": str(tmp_path / "key"),
        "consumer-secret-file": str(tmp_path / "secret"),
    }
