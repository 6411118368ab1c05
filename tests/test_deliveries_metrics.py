"""``ess deliveries metrics``: text that Prometheus reads, and a file that outlives failed runs."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import hostile
from tests.conftest import Outcome, Run
from tests.hostile import Wire, hold, on
from tests.processes import Shell
from tests.services import Scripted, service

__all__ = ["service"]

wire = hostile.wire
METRICS = ("deliveries", "metrics", "--textfile")
PATH = "/event-deliveries/summary"
PROMTOOL = shutil.which("promtool")
SANDBOX = """\
# HELP ess_deliveries Deliveries by status, as the service counts them.
# TYPE ess_deliveries gauge
ess_deliveries{configuration="release6 https test",event_type="mo_message_received",\
profile="sandbox",status="pending",topic="SCG-Message"} 0.0
ess_deliveries{configuration="release6 https test",event_type="mo_message_received",\
profile="sandbox",status="retry",topic="SCG-Message"} 0.0
ess_deliveries{configuration="release6 https test",event_type="mo_message_received",\
profile="sandbox",status="failed",topic="SCG-Message"} 0.0
ess_deliveries{configuration="ESS Buffer",event_type="mo_message_received",\
profile="sandbox",status="pending",topic="SCG-Message"} 0.0
ess_deliveries{configuration="ESS Buffer",event_type="mo_message_received",\
profile="sandbox",status="retry",topic="SCG-Message"} 0.0
ess_deliveries{configuration="ESS Buffer",event_type="mo_message_received",\
profile="sandbox",status="failed",topic="SCG-Message"} 8.0
# HELP ess_up Whether the last run could read the summary of deliveries.
# TYPE ess_up gauge
ess_up{profile="sandbox"} 1.0
# HELP ess_read_duration_seconds How long the last read that succeeded took.
# TYPE ess_read_duration_seconds gauge
ess_read_duration_seconds{profile="sandbox"} SECONDS
# HELP ess_last_success_timestamp_seconds When the summary was last read, in Unix time.
# TYPE ess_last_success_timestamp_seconds gauge
ess_last_success_timestamp_seconds{profile="sandbox"} 1.7954226e+09
"""
DOWN = """\
# HELP ess_up Whether the last run could read the summary of deliveries.
# TYPE ess_up gauge
ess_up{profile="default"} 0.0
"""
# Names as strangers may choose them; no two alike.
NAMES = (
    'a "quoted" name',
    "back\\slash\\n",
    "a\nnewline",
    "\x1b[31mred\x7f\x85\u202e\u2028",
    "} 5 # ess_up{",
    " blanks  ",
    "ess_up{profile=\"x\"} 1\ness_up{profile='y'} 1",
    "ünï\U0001f600",
    "cr\r\tand tab",
    "",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ess.prom"


def asked(ess: Run, service: Scripted, path: Path | str, *argv: str) -> Outcome:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess(*METRICS, str(path), *argv, env=env)


def summary(*named: tuple[str, int]) -> dict[str, Any]:
    """Configurations with so many failed deliveries each."""
    return {
        "delivery-configurations": [
            {
                "del-cfg-nm": name,
                "topics": [
                    {
                        "topic-nm": "T",
                        "event-types": [{"id": "e", "pending": 1, "retry": 2, "failed": failed}],
                    }
                ],
            }
            for name, failed in named
        ]
    }


def samples(text: str, metric: str = "ess_deliveries") -> dict[tuple[str, ...], float]:
    """The values of a metric by their labels but the profile, in the alphabet's order of them."""
    return {
        tuple(value for label, value in sorted(sample.labels.items()) if label != "profile"): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == metric
    }


def without_duration(text: str) -> str:
    lines = text.splitlines(keepends=True)
    (line,) = (line for line in lines if line.startswith("ess_read_duration_seconds{"))
    labels, _, number = line.rpartition(" ")
    assert 0 <= float(number) < 60
    return text.replace(line, f"{labels} SECONDS\n")


def test_the_file_has_the_counts_and_no_times_of_its_own(ess: Run, path: Path) -> None:
    umask = os.umask(0o022)
    try:
        assert ess(*METRICS, str(path)) == (0, "", "")
    finally:
        os.umask(umask)
    assert without_duration(path.read_text()) == SANDBOX
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_dash_is_stdout(ess: Run, service: Scripted) -> None:
    outcome = ess(*METRICS, "-")
    assert (outcome.code, without_duration(outcome.out), outcome.err) == (0, SANDBOX, "")
    service.answer("GET", PATH, status=401)
    outcome = asked(ess, service, "-")
    assert (outcome.code, outcome.out) == (3, DOWN)


def test_names_from_strangers_are_labels_and_nothing_else(
    ess: Run, service: Scripted, path: Path
) -> None:
    service.answer("GET", PATH, summary(*((name, at) for at, name in enumerate(NAMES))))
    assert asked(ess, service, path) == (0, "", "")
    text = path.read_bytes().decode()
    assert samples(text) == {
        (name, "e", status, "T"): value
        for at, name in enumerate(NAMES)
        for status, value in (("pending", 1), ("retry", 2), ("failed", at))
    }
    assert samples(text, "ess_up") == {(): 1}
    service.forget()
    service.answer("GET", PATH, status=401)
    assert asked(ess, service, path).code == 3
    now = path.read_bytes().decode()
    assert samples(now) == samples(text)
    assert samples(now, "ess_up") == {(): 0}


def test_rows_of_one_name_are_added(ess: Run, service: Scripted, path: Path) -> None:
    service.answer("GET", PATH, summary(("a", 3), ("a", 4)))
    assert asked(ess, service, path) == (0, "", "")
    assert samples(path.read_text()) == {
        ("a", "e", "pending", "T"): 2,
        ("a", "e", "retry", "T"): 4,
        ("a", "e", "failed", "T"): 7,
    }


def test_too_many_names_are_put_together(ess: Run, service: Scripted, path: Path) -> None:
    service.answer("GET", PATH, summary(*((f"cfg-{number}", number) for number in range(333))))
    assert asked(ess, service, path) == (0, "", "")
    assert len(samples(path.read_text())) == 999
    service.forget()
    service.answer("GET", PATH, summary(*((f"cfg-{number}", number) for number in range(400))))
    assert asked(ess, service, path) == (
        0,
        "",
        "warning: 68 combinations of configuration, topic and event type are together"
        ' configuration="(other)"\n',
    )
    found = samples(path.read_text())
    assert len(found) == 999
    assert found["(other)", "", "pending", ""] == 68
    assert found["(other)", "", "failed", ""] == sum(range(68))
    assert found["cfg-68", "e", "failed", "T"] == 68
    assert ("cfg-67", "e", "failed", "T") not in found


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b"", 3),
        (503, b"", 6),
        (200, b'{"delivery-config', 9),
        (200, b"{}", 9),
        (200, b'{"delivery-configurations": [{"topics": [{"event-types": [{"id": 1}]}]}]}', 9),
    ],
)
def test_a_run_that_fails_keeps_the_values_and_says_that_it_is_down(
    ess: Run, service: Scripted, path: Path, status: int, body: bytes, code: int
) -> None:
    service.answer("GET", PATH, summary(("a", 3)))
    assert asked(ess, service, path).code == 0
    before = path.read_text()
    service.forget()
    service.answer("GET", PATH, body, status)
    for _ in range(2):
        outcome = asked(ess, service, path)
        assert (outcome.code, outcome.out) == (code, "")
        assert path.read_text() == before.replace(
            'ess_up{profile="default"} 1.0', 'ess_up{profile="default"} 0.0'
        )
    service.forget()
    service.answer("GET", PATH, summary(("a", 3)))
    assert asked(ess, service, path).code == 0
    assert samples(path.read_text(), "ess_up") == {(): 1}


@pytest.mark.parametrize("before", [None, "", "# of somebody else\nnode_load1 5\n"])
def test_a_first_run_that_fails_says_only_that_it_is_down(
    ess: Run, service: Scripted, path: Path, before: str | None
) -> None:
    if before is not None:
        path.write_text(before)
    url = service.url
    service.close()
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": url, "ESS_TOKEN": "token-1"}
    outcome = ess(*METRICS, str(path), env=env)
    assert (outcome.code, outcome.out) == (6, "")
    assert path.read_text() == DOWN


def test_settings_that_are_wrong_are_a_failed_run_too(ess: Run, path: Path) -> None:
    assert ess(*METRICS, str(path)).code == 0
    assert ess(*METRICS, str(path), env={"ESS_TIMEOUT": "x"}).code == 12
    assert samples(path.read_text(), "ess_up") == {(): 0}


def test_a_run_that_takes_too_long_is_a_failed_one(home: Path, wire: Wire, path: Path) -> None:
    server = wire.serve(on(f"GET /ess/v1{PATH}", hold))
    shell = Shell(home)
    line = (*METRICS, str(path), "--max-duration", "1s")
    assert shell.run(*line, env=shell.environment(server)).code == 13
    assert path.read_text() == DOWN


def test_a_full_disk_leaves_the_old_file(ess: Run, service: Scripted, path: Path) -> None:
    service.answer("GET", PATH, summary(("a", 3)))
    assert asked(ess, service, path).code == 0
    before, beside = path.read_bytes(), sorted(path.parent.iterdir())
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file that may not grow past ten bytes is what a full disk is to its writer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))
    try:
        full = asked(ess, service, path)
        service.forget()
        service.answer("GET", PATH, status=401)
        both = asked(ess, service, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert full == (12, "", f"error: {path} cannot be written: File too large\n")
    assert (both.code, both.out) == (3, "")
    assert both.err.startswith(
        f"warning: ess_up is not 0: {path} cannot be written: File too large\nerror: "
    )
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == beside


def test_a_place_where_no_file_can_be_is_refused_before_anything_is_asked(
    ess: Run, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    outcome = ess(*METRICS, str(missing / "ess.prom"), "--debug")
    assert outcome == (
        12,
        "",
        f"error: {missing / 'ess.prom'} cannot be written: there is no directory {missing}\n"
        f"hint: mkdir -p {missing}\n",
    )
    assert not missing.exists()


def test_a_name_that_node_exporter_would_not_read_is_warned_of(ess: Run, tmp_path: Path) -> None:
    path = tmp_path / "ess.txt"
    assert ess(*METRICS, str(path)) == (
        0,
        "",
        f"warning: node_exporter reads only files that end in .prom: {path}\n",
    )
    assert path.is_file()


def test_without_the_library_nothing_is_asked(
    ess: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    outcome = ess(*METRICS, str(path), "--debug")
    assert (outcome.code, outcome.out) == (12, "")
    first, hint = outcome.err.splitlines()
    assert first.startswith("error: metrics need prometheus_client: ")
    assert hint == "hint: pip install 'ess-cli[metrics]'"
    assert not path.exists()


@pytest.mark.skipif(PROMTOOL is None, reason="promtool, of Debian's prometheus, is not installed")
def test_promtool_finds_nothing_wrong(ess: Run, service: Scripted, path: Path) -> None:
    service.answer("GET", PATH, summary(*((name, 1) for name in NAMES)))
    texts = [ess(*METRICS, "-").out]
    assert asked(ess, service, path).code == 0
    texts.append(path.read_bytes().decode())
    service.forget()
    service.answer("GET", PATH, status=401)
    texts += [asked(ess, service, path).out or path.read_bytes().decode(), DOWN]
    for text in texts:
        assert PROMTOOL is not None
        checked = subprocess.run(
            [PROMTOOL, "check", "metrics"],
            input=text.encode(),
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
