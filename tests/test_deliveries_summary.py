"""``ess deliveries summary``: levels, totals, and files of it."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run
from tests.examples import as_printed, reply_to
from tests.services import Scripted, service

__all__ = ["service"]

PATH = "/event-deliveries/summary"
CSV = """\
configuration,topic,event-type,pending,retry,failed
release6 https test,SCG-Message,mo_message_received,0,0,0
ESS Buffer,SCG-Message,mo_message_received,0,0,8
"""


def counts(pending: int, retry: int, failed: int) -> dict[str, int]:
    return {"pending": pending, "retry": retry, "failed": failed}


TWO_BY_TWO: dict[str, Any] = {
    "delivery-configurations": [
        {
            "del-cfg-nm": "one",
            "topics": [
                {"topic-nm": "T", "event-types": [{"id": "a", **counts(1, 2, 3)}]},
                {"topic-nm": "U", "event-types": [{"id": "b", **counts(0, 0, 7)}]},
            ],
            **counts(1, 2, 10),
        },
        {
            "del-cfg-nm": "two",
            "topics": [
                {
                    "topic-nm": "T",
                    "event-types": [{"id": "a", **counts(10, 0, 0)}, {"id": "b"}],
                    **counts(10, 0, 0),
                }
            ],
        },
    ]
}


def asked(ess: Run, service: Scripted, *argv: str) -> Outcome:
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess("deliveries", "summary", *argv, env=env)


@pytest.mark.parametrize(
    ("by", "printed"),
    [
        ("cfg", "configuration,pending,retry,failed\none,1,2,10\ntwo,10,0,0\n"),
        ("topic", "topic,pending,retry,failed\nT,11,2,3\nU,0,0,7\n"),
        ("event-type", "event-type,pending,retry,failed\na,11,2,3\nb,0,0,7\n"),
    ],
)
def test_counts_are_added_up_by_level(ess: Run, service: Scripted, by: str, printed: str) -> None:
    service.answer("GET", PATH, TWO_BY_TWO)
    assert asked(ess, service, "--by", by, "-o", "csv") == (0, printed, "")


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        (
            "csv",
            "configuration,topic,event-type,pending,retry,failed\n"
            "one,T,a,1,2,3\none,U,b,0,0,7\ntwo,T,a,10,0,0\ntwo,T,b,,,\n(total),,,11,2,10\n",
        ),
        (
            "table",
            "CONFIGURATION  TOPIC  EVENT TYPE  PENDING  RETRY  FAILED\n"
            "one            T      a                 1      2       3\n"
            "one            U      b                 0      0       7\n"
            "two            T      a                10      0       0\n"
            "two            T      b\n"
            "(total)                                11      2      10\n",
        ),
        (
            "jsonl",
            '{"configuration":"one","topic":"T","event-type":"a",'
            '"pending":1,"retry":2,"failed":3}\n'
            '{"configuration":"one","topic":"U","event-type":"b",'
            '"pending":0,"retry":0,"failed":7}\n'
            '{"configuration":"two","topic":"T","event-type":"a",'
            '"pending":10,"retry":0,"failed":0}\n'
            '{"configuration":"two","topic":"T","event-type":"b",'
            '"pending":null,"retry":null,"failed":null}\n'
            '{"configuration":"(total)","pending":11,"retry":2,"failed":10}\n',
        ),
        ("json", as_printed(TWO_BY_TWO)),
    ],
)
def test_totals_are_a_last_row_where_there_are_rows(
    ess: Run, service: Scripted, form: str, printed: str
) -> None:
    service.answer("GET", PATH, TWO_BY_TWO)
    assert asked(ess, service, "--totals", "-o", form) == (0, printed, "")


def test_json_and_yaml_are_the_service_s_own_tree_whatever_is_added_up(ess: Run) -> None:
    tree = as_printed(reply_to("GET /event-deliveries/summary"))
    assert ess("deliveries", "summary", "--by", "topic", "--totals", "--json").out == tree
    shown = ess("deliveries", "summary", "--by", "topic", "-o", "yaml").out
    assert shown.startswith('"delivery-configurations":\n- "del-cfg-nm": "release6 https test"\n')


def test_a_query_of_jsonl_picks_from_each_row(ess: Run) -> None:
    outcome = ess("deliveries", "summary", "-o", "jsonl", "--query", "failed")
    assert outcome == (0, "0\n8\n", "")


def test_a_level_that_is_none_and_a_column_that_it_leaves_out_are_refused(ess: Run) -> None:
    assert ess("deliveries", "summary", "--by", "status", "--debug") == (
        2,
        "",
        'error: --by: no such level: "status"\nhint: one of cfg, topic, event-type\n',
    )
    assert ess("deliveries", "summary", "--by", "cfg", "-c", "topic", "--debug") == (
        2,
        "",
        'error: unknown column: "topic"\n'
        "hint: columns here: configuration, pending, retry, failed\n",
    )


def test_counts_of_the_service_that_do_not_add_up_are_told(ess: Run, service: Scripted) -> None:
    topic = {"topic-nm": "T", "event-types": [{"id": "a", **counts(0, 0, 8)}], **counts(0, 0, 9)}
    configuration = {"del-cfg-nm": "one", "topics": [topic], **counts(4, 1, 9)}
    service.answer("GET", PATH, {"delivery-configurations": [configuration]})
    outcome = asked(ess, service, "--by", "cfg", "-o", "csv")
    assert outcome == (
        0,
        "configuration,pending,retry,failed\none,0,0,8\n",
        "warning: the service's own counts differ from its rows:"
        " one: 4 pending, its event types have 0; one: 1 retry, its event types have 0;"
        " one: 9 failed, its event types have 8; and 1 more\n",
    )


@pytest.mark.parametrize("count", ["8", -1, 1.5, True, 10**18])
def test_what_is_no_count_is_shown_but_never_added_up(
    ess: Run, service: Scripted, count: Any
) -> None:
    topic = {"topic-nm": "T", "event-types": [{"id": "a", "pending": 1, "failed": count}]}
    service.answer("GET", PATH, {"delivery-configurations": [{"topics": [topic]}]})
    assert asked(ess, service, "-o", "csv", "--no-header").code == 0
    for option in (["--totals"], ["--by", "cfg"]):
        outcome = asked(ess, service, *option)
        assert (outcome.code, outcome.out) == (9, "")
        assert '"failed" of None/T/a is no count' in outcome.err


# Files


def test_a_file_is_named_by_the_time_in_utc_and_stdout_stays_empty(
    ess: Run, tmp_path: Path
) -> None:
    pattern = tmp_path / "summary-%Y%m%dT%H%M-100%%.csv"
    umask = os.umask(0o027)
    try:
        assert ess("deliveries", "summary", "--out", str(pattern)) == (0, "", "")
    finally:
        os.umask(umask)
    written = tmp_path / "summary-20261123T0830-100%.csv"
    assert written.read_text() == CSV
    assert written.stat().st_mode & 0o777 == 0o640
    assert [path for path in tmp_path.iterdir() if path.is_file()] == [written]


@pytest.mark.parametrize(
    ("name", "options", "env", "begins"),
    [
        ("s", (), {}, "configuration,topic"),
        ("s.tsv", (), {"ESS_OUTPUT": "json"}, "configuration\ttopic"),
        ("s.JSON", (), {}, '{\n  "delivery-configurations"'),
        ("s.jsonl", (), {}, '{"configuration":"release6'),
        ("s.yml", (), {}, '"delivery-configurations":\n'),
        ("s.csv", ("-o", "tsv"), {}, "configuration\ttopic"),
        ("s.csv", ("--json",), {}, '{\n  "delivery-configurations"'),
        ("s.txt", (), {"ESS_OUTPUT": "table"}, "CONFIGURATION        TOPIC"),
    ],
)
def test_the_format_of_a_file_is_the_option_s_then_its_name_s_then_csv(
    ess: Run,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    env: dict[str, str],
    begins: str,
) -> None:
    path = tmp_path / name
    assert ess("deliveries", "summary", "--out", str(path), *options, env=env) == (0, "", "")
    assert path.read_text().startswith(begins)


def test_a_dash_is_stdout(ess: Run) -> None:
    assert ess("deliveries", "summary", "--out", "-", "-o", "csv") == (0, CSV, "")


@pytest.mark.parametrize(
    ("out", "code", "said"),
    [
        ("missing/s.csv", 12, "there is no directory "),
        ("home", 12, "it is not a regular file"),
        ("s-%Q.csv", 2, '--out: no part of a time: "%Q"'),
        ("s-%", 2, '--out: no part of a time: "%"'),
        ("", 2, "--out: no file's name: ''"),
        ("s.csv.gz", 2, "--out s.csv.gz: this file is not packed\nhint: name it without .gz"),
    ],
)
def test_a_place_where_no_file_can_be_is_refused_before_anything_is_asked(
    ess: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = ess("deliveries", "summary", "--out", out, "--debug")
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err
    assert "GET" not in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b"", 3),
        (503, b"", 6),
        (200, b'{"delivery-config', 9),
        (200, b'{"delivery-configurations": 5}', 9),
    ],
)
def test_what_cannot_be_read_leaves_the_old_file(
    ess: Run, service: Scripted, tmp_path: Path, status: int, body: bytes, code: int
) -> None:
    path = tmp_path / "s.json"
    path.write_text("old")
    service.answer("GET", PATH, body, status)
    outcome = asked(ess, service, "--out", str(path))
    assert (outcome.code, outcome.out) == (code, "")
    assert path.read_text() == "old"
    # A file's name asks for no JSON on stderr.
    assert '{"error"' not in outcome.err


def test_a_full_disk_leaves_the_old_file_and_no_other(
    ess: Run, service: Scripted, tmp_path: Path
) -> None:
    path = tmp_path / "s.csv"
    path.write_text("old")
    service.answer("GET", PATH, TWO_BY_TWO)
    before = sorted(tmp_path.iterdir())
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file that may not grow past ten bytes is what a full disk is to its writer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))
    try:
        outcome = asked(ess, service, "--out", str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert outcome == (12, "", f"error: {path} cannot be written: File too large\n")
    assert path.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == before
