"""What is printed: formats, columns, queries. Order and limits are in ``test_lists``."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import yaml

from tests.conftest import Outcome, Run
from tests.services import Scripted, service

__all__ = ["service"]

HEADER = "id,topic,event-type,cfg-id,configuration,match,start"
NASTY = "a\tb\nc\rd\x1b[31me\u202ef\u200bg\x00h"


def topics(ess: Run, service: Scripted, names: list[Any], *argv: str) -> Outcome:
    """List topics that have these names."""
    document = {"topics": [{"topic-nm": name, "evt-tp-list": []} for name in names]}
    service.answer("GET", "/topics", document)
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    return ess("topics", "list", *argv, env=env)


# Formats


def test_away_from_a_terminal_the_default_is_tsv(ess: Run) -> None:
    assert ess("subs", "mdn-count") == (0, "topic\tnumbers\nNIS-Events\t1\n", "")


def test_the_environment_chooses_a_format_and_an_option_beats_it(ess: Run) -> None:
    env = {"ESS_OUTPUT": "csv"}
    assert ess("subs", "mdn-count", env=env).out == "topic,numbers\nNIS-Events,1\n"
    assert ess("subs", "mdn-count", "-o", "tsv", env=env).out == "topic\tnumbers\nNIS-Events\t1\n"


@pytest.mark.parametrize("format", ["xml", "JSON", "", "js"])
def test_an_unknown_format_is_refused_as_an_option(ess: Run, format: str) -> None:  # noqa: A002
    assert ess("subs", "list", "-o", format) == (
        2,
        "",
        f'error: unknown output format: "{format}"\n'
        "hint: one of table, json, jsonl, yaml, csv, tsv, name\n",
    )


def test_an_unknown_format_from_the_environment_is_local_trouble(ess: Run) -> None:
    outcome = ess("subs", "list", env={"ESS_OUTPUT": "xml"})
    assert (outcome.code, outcome.out) == (12, "")
    assert outcome.err.startswith('error: ESS_OUTPUT: unknown output format: "xml"\n')


@pytest.mark.parametrize("argv", [("deliveries", "summary"), ("topics", "dump", "NIS-Events")])
def test_names_where_there_are_none_are_refused_before_anything_is_sent(
    ess: Run, argv: tuple[str, ...]
) -> None:
    assert ess(*argv, "-o", "name", "--debug").code == 2
    outcome = ess(*argv, env={"ESS_OUTPUT": "name"})
    assert outcome == (
        12,
        "",
        'error: ESS_OUTPUT: "name" does not go with this command,'
        " whose rows no other takes as its argument\n"
        "hint: -o chooses another format for this call\n",
    )
    assert ess("topics", "dump", "NIS-Events", "--json").out == '{\n  "referenceId": "2569"\n}\n'


@pytest.mark.parametrize(
    ("format", "printed"),
    [
        ("table", ""),
        ("json", "[]\n"),
        ("jsonl", ""),
        ("yaml", "[]\n"),
        ("csv", f"{HEADER}\n"),
        ("tsv", HEADER.replace(",", "\t") + "\n"),
        ("name", ""),
    ],
)
def test_an_empty_list_is_an_empty_document_or_a_header(
    ess: Run,
    format: str,  # noqa: A002
    printed: str,
) -> None:
    assert ess("subs", "list", "--topic", "Nope", "-o", format) == (0, printed, "")


def test_two_ways_to_say_json_agree_and_two_formats_do_not(ess: Run) -> None:
    assert ess("subs", "mdn-count", "--json").out == ess("subs", "mdn-count", "-o", "json").out
    assert ess("subs", "mdn-count", "--json", "-o", "json").code == 0
    assert ess("subs", "mdn-count", "--json", "-o", "csv").code == 2


def test_json_is_ascii_whatever_the_service_says(ess: Run, service: Scripted) -> None:
    name = "Zürich \u202e\x7f 😀"
    outcome = topics(ess, service, [name], "--json")
    assert outcome.out.isascii()
    assert "\x7f" not in outcome.out
    assert json.loads(outcome.out)[0]["topic-nm"] == name


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_of_many_rows_is_ascii_too(ess: Run, service: Scripted, form: str) -> None:
    names = ["Zürich \u202e\x7f 😀"] * 1500
    outcome = topics(ess, service, names, "-o", form, "--page-size", "2000")
    assert outcome.out.isascii()
    assert "\x7f" not in outcome.out
    assert outcome.out.count(r'"Z\u00fcrich \u202e\u007f \ud83d\ude00"') == 1500


def test_keys_and_numbers_come_out_as_they_came_in(ess: Run, service: Scripted) -> None:
    body = b'{"topics": [{"z": 1.10, "a": 12345678901234567890, "topic-nm": "x", "n": null}]}'
    service.answer("GET", "/topics", body)
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess("topics", "list", "-o", "jsonl", env=env)
    assert outcome.out == '{"z":1.1,"a":12345678901234567890,"topic-nm":"x","n":null}\n'


def test_csv_is_exact(ess: Run, service: Scripted) -> None:
    names = [NASTY, 'quo"te', "com,ma", "", " ", "\r"]
    outcome = topics(ess, service, names, "-o", "csv", "-c", "name")
    assert [row[0] if row else "" for row in csv.reader(io.StringIO(outcome.out, newline=""))] == [
        "name",
        *names,
    ]


def test_tsv_table_and_names_show_control_characters_as_escapes(
    ess: Run, service: Scripted
) -> None:
    shown = r"a\tb\nc\rd\x1b[31me\u202ef\u200bg\x00h"
    argv = ("-c", "name", "--no-header", "-o")
    assert topics(ess, service, [NASTY], *argv, "tsv").out == f"{shown}\n"
    assert topics(ess, service, [NASTY], *argv, "table").out == f"{shown}\n"
    assert topics(ess, service, [NASTY], *argv, "name").out == f"{shown}\n"


HIDDEN = {
    "C0": ("\x07", r"\x07"),
    "ESC": ("\x1b", r"\x1b"),
    "NUL": ("\x00", r"\x00"),
    "DEL": ("\x7f", r"\x7f"),
    "C1": ("\x9b", r"\x9b"),
    "next-line": ("\x85", r"\x85"),
    "soft-hyphen": ("\xad", r"\xad"),
    "Arabic-letter-mark": ("\u061c", r"\u061c"),
    "vowel-separator": ("\u180e", r"\u180e"),
    "zero-width": ("\u200b", r"\u200b"),
    "joiner": ("\u200d", r"\u200d"),
    "mark": ("\u200f", r"\u200f"),
    "line-separator": ("\u2028", r"\u2028"),
    "paragraph-separator": ("\u2029", r"\u2029"),
    "override": ("\u202e", r"\u202e"),
    "word-joiner": ("\u2060", r"\u2060"),
    "isolate": ("\u2066", r"\u2066"),
    "byte-order-mark": ("\ufeff", r"\ufeff"),
    "interlinear": ("\ufff9", r"\ufff9"),
    "tag": ("\U000e0041", r"\ue0041"),
    "lines": ("\n\r\t", r"\n\r\t"),
}


@pytest.mark.parametrize(("hidden", "shown"), HIDDEN.values(), ids=HIDDEN)
def test_each_kind_of_hidden_character_comes_out_as_an_escape(
    ess: Run, service: Scripted, hidden: str, shown: str
) -> None:
    name = f"a{hidden}z"
    for form in ("tsv", "table", "name"):
        outcome = topics(ess, service, [name], "-o", form, "-c", "name", "--no-header")
        assert outcome.out == f"a{shown}z\n"
    service.forget()
    key = ("--query", f'[].{{{json.dumps(name)}: "topic-nm"}}', "-o")
    assert topics(ess, service, ["x"], *key, "tsv").out == f"a{shown}z\nx\n"
    title = f"a{shown}z".upper()
    assert topics(ess, service, ["x"], *key, "table").out == f"{title}\nx\n"


def test_bytes_that_are_no_text_come_out_as_escapes(ess: Run) -> None:
    outcome = ess("delivery-cfg", "update", "hhh", "--name", "a\udcffz", "--dry-run")
    assert outcome.code == 0
    assert "   del-cfg-nm  hhh → a\\udcffz\n" in outcome.out


def test_yaml_text_is_quoted_so_that_no_reader_takes_it_for_something_else(
    ess: Run, service: Scripted
) -> None:
    names = ["+12025550123", "0701", "no", "null", "1e3", "2026-11-23", "", NASTY, "~"]
    outcome = topics(ess, service, names, "-o", "yaml")
    assert [row["topic-nm"] for row in yaml.safe_load(outcome.out)] == names
    assert outcome.out.startswith('- "topic-nm": "+12025550123"\n  "evt-tp-list": []\n')


def test_cells_that_a_spreadsheet_would_run_are_guarded_when_asked(
    ess: Run, service: Scripted
) -> None:
    names = ["=1+1", "+1", "+12025550123", "-5", "@SUM(A1)", " =x", "plain", "＝1", "+1 555"]
    argv = ("-o", "csv", "-c", "name", "--no-header")
    assert topics(ess, service, names, *argv, "--excel").out.splitlines() == [
        "'=1+1",
        "+1",
        "+12025550123",
        "'-5",
        "'@SUM(A1)",
        "' =x",
        "plain",
        "'＝1",
        "'+1 555",
    ]
    assert topics(ess, service, names, *argv).out.splitlines() == names


def test_what_a_query_picks_is_guarded_too(ess: Run, service: Scripted) -> None:
    argv = ("-o", "csv", "--excel", "--query")
    assert topics(ess, service, ["=1+1"], *argv, '[]."topic-nm"').out == "'=1+1\n"
    query = '[].{"=a": @."topic-nm"}'
    assert topics(ess, service, ["=1+1"], *argv, query).out == "'=a\n'=1+1\n"


def test_the_header_can_be_left_out(ess: Run) -> None:
    for form in ("table", "csv", "tsv"):
        outcome = ess("subs", "list", "-c", "id", "--no-header", "-o", form)
        assert outcome.out == "16301830\n16301850\n16301810\n142\n"


def test_a_list_that_cannot_be_had_leaves_stdout_empty(ess: Run, service: Scripted) -> None:
    for form in ("table", "json", "jsonl", "yaml", "csv", "tsv", "name"):
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
        outcome = ess("subs", "list", "-o", form, env=env)
        assert (outcome.code, outcome.out) == (4, "")


def test_a_list_that_breaks_off_keeps_rows_but_no_half_document(
    ess: Run, service: Scripted
) -> None:
    page = {"topics": [{"topic-nm": "a"}], "paged-result": {"offset": 0, "limit": 1}}
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    printed = {"json": "", "jsonl": '{"topic-nm":"a"}\n', "csv": "name\na\n", "tsv": "name\na\n"}
    for form, kept in printed.items():
        service.answer("GET", "/topics", page)
        service.answer("GET", "/topics", b"<html>", 200)
        outcome = ess("topics", "list", "-o", form, "-c", "name", env=env)
        assert (outcome.code, outcome.out) == (9, kept)
        service.forget()


def test_a_long_list_that_breaks_off_leaves_no_half_document(ess: Run, service: Scripted) -> None:
    # So many rows that they are no longer held in memory.
    rows = [{"topic-nm": str(number)} for number in range(25_000)]
    page = {"topics": rows, "paged-result": {"offset": 0, "limit": 25_000}}
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    service.answer("GET", "/topics", page)
    service.answer("GET", "/topics", b"<html>", 200)
    outcome = ess("topics", "list", "--json", env=env)
    assert (outcome.code, outcome.out) == (9, "")


# Columns


def test_a_question_mark_lists_the_columns_and_asks_nothing(ess: Run) -> None:
    outcome = ess("deliveries", "list", "-c", "?", "--debug")
    names = "event-id time status topic event-type cfg-id configuration address body"
    assert outcome == (0, names.replace(" ", "\n") + "\n", "")
    assert ess("subs", "end", "142", "--yes", "-c", "?").out.startswith("id\n")
    assert "142" in ess("subs", "list", "-o", "name").out


@pytest.mark.parametrize(
    ("columns", "header"),
    [
        ("id", "id"),
        ("start,id", "start,id"),
        ("id, topic", "id,topic"),
        ("id,id", "id"),
    ],
)
def test_columns_come_as_asked_for(ess: Run, columns: str, header: str) -> None:
    outcome = ess("subs", "list", "-c", columns, "-o", "csv", "--limit", "1")
    assert outcome.out.splitlines()[0] == header


def test_a_plus_adds_a_column_to_the_usual_ones(ess: Run) -> None:
    outcome = ess("delivery-cfg", "list", "-c", "+protocol,+latest-event-only", "-o", "csv")
    assert outcome.out.splitlines()[0] == (
        "id,name,active,format,throttling,cron,address,protocol,latest-event-only"
    )


@pytest.mark.parametrize("columns", ["colour", "id,colour", "+colour", "ID", "", "id,", "+"])
def test_an_unknown_column_is_refused_before_anything_is_asked(ess: Run, columns: str) -> None:
    outcome = ess("subs", "list", "--columns", columns, "--debug")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith('error: unknown column: "')
    assert outcome.err.endswith(f"hint: columns here: {HEADER.replace(',', ', ')}\n")


# Queries


@pytest.mark.parametrize(
    ("query", "format", "printed"),
    [
        ("[].id", "json", '[\n  "16301830",\n  "16301850",\n  "16301810",\n  "142"\n]\n'),
        ("[].id", "tsv", "16301830\n16301850\n16301810\n142\n"),
        ("[].id", "table", "16301830\n16301850\n16301810\n142\n"),
        ("[].id", "name", "16301830\n16301850\n16301810\n142\n"),
        ("[:2].id", "yaml", '- "16301830"\n- "16301850"\n'),
        ('[:2].[id,"topic-nm"]', "csv", "16301830,SCG-Message\n16301850,MSS-Messages\n"),
        (
            '[:2].{a:id,b:"topic-nm"}',
            "csv",
            "a,b\n16301830,SCG-Message\n16301850,MSS-Messages\n",
        ),
        (
            '[:2].{a:id,b:"topic-nm"}',
            "table",
            "A         B\n16301830  SCG-Message\n16301850  MSS-Messages\n",
        ),
        ("length(@)", "json", "4\n"),
        ("length(@)", "yaml", "4\n"),
        ("length(@)", "tsv", "4\n"),
        ("[9].id", "json", "null\n"),
        ("[9].id", "tsv", ""),
        ("id", "jsonl", '"16301830"\n"16301850"\n"16301810"\n"142"\n'),
        ("length(@)", "jsonl", "7\n6\n7\n7\n"),
    ],
)
def test_a_query_picks_from_the_document_or_for_jsonl_from_each_row(
    ess: Run,
    query: str,
    format: str,  # noqa: A002
    printed: str,
) -> None:
    assert ess("subs", "list", "--query", query, "-o", format) == (0, printed, "")


def test_a_query_sees_the_reply_as_the_service_sent_it(ess: Run) -> None:
    outcome = ess("subs", "get", "142", "--query", '"del-cfg-id"', "-o", "json")
    assert outcome == (0, "262\n", "")


@pytest.mark.parametrize("output", ["json", "jsonl", "yaml", "csv", "tsv"])
@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("@[::0]", "slice step cannot be zero"),
        ("ceil(`1e400`)", "cannot convert float infinity to integer"),
        ("to_number('nan')", "its result is a number that JSON does not have"),
        ("[{a: [`-1e400`]}]", "its result is a number that JSON does not have"),
        ("&id", "its result is an expression, not a value"),
        ("{a: &id}", "its result is an expression, not a value"),
        (r'{"\ud800": `1`}', "its result is no text that JSON has"),
    ],
)
def test_a_query_without_a_json_result_is_wrong_usage(
    ess: Run, query: str, reason: str, output: str
) -> None:
    if (query, output) == ("@[::0]", "jsonl"):
        return  # of a row, which is no list, that is null
    outcome = ess("subs", "list", "--query", query, "-o", output)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f'error: --query cannot be used: "{query}"\n  {reason}\n')


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            "[" + "9" * 5000 + "]",
            "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits",
        ),
        ("(" * 3000, "nested too deep"),
    ],
)
def test_a_query_beyond_all_measure_is_wrong_usage(ess: Run, query: str, reason: str) -> None:
    outcome = ess("subs", "list", "--query", query)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.split("\n")[1] == f"  {reason}"


def test_a_query_may_write_text_in_the_old_way(ess: Run) -> None:
    assert ess("subs", "list", "--query", "`old`", "-o", "json") == (0, '"old"\n', "")


def test_a_query_that_is_none_is_refused_before_anything_is_asked(ess: Run) -> None:
    for query in ("[", "", "a b"):
        outcome = ess("subs", "list", "--query", query, "--debug")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(f'error: --query cannot be used: "{query}"\n')
        assert "debug" not in outcome.err


def test_a_query_that_does_not_fit_is_refused_without_repeating_the_data(ess: Run) -> None:
    argv = ("delivery-cfg", "auth", "get", "hhh", "--reveal", "--query", "sum(settings)")
    outcome = ess(*argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert "  sum() found object where it wants array-number\n" in outcome.err
    assert "adnin" not in outcome.err
