"""Lists: order, limits, pages, and what a list that stopped early says of its end."""

from __future__ import annotations

import shlex

import pytest

from tests.conftest import Run
from tests.services import Scripted, service

__all__ = ["service"]


@pytest.mark.parametrize(
    ("field", "order"),
    [
        ("id", ["142", "16301810", "16301830", "16301850"]),
        ("-id", ["16301850", "16301830", "16301810", "142"]),
        ("topic", ["16301850", "16301810", "16301830", "142"]),
        ("start", ["16301830", "16301810", "142", "16301850"]),
        ("event-type", ["16301830", "142", "16301810", "16301850"]),
    ],
)
def test_rows_can_be_put_in_order(ess: Run, field: str, order: list[str]) -> None:
    outcome = ess("subs", "list", f"--sort={field}", "-o", "name")
    assert (outcome.code, outcome.out.split(), outcome.err) == (0, order, "")


def test_numbers_are_ordered_by_size(ess: Run) -> None:
    outcome = ess("delivery-cfg", "list", "--sort", "throttling", "--limit", "2", "-o", "name")
    assert outcome.out == "1652\n1654\n"
    outcome = ess("delivery-cfg", "list", "--sort", "id", "--limit", "2", "-o", "name")
    assert outcome.out == "262\n1234\n"


def test_an_order_by_no_column_is_refused(ess: Run) -> None:
    for field in ("colour", "-colour", ""):
        assert ess("subs", "list", f"--sort={field}").code == 2


def test_a_limit_counts_rows_after_filters_and_order(ess: Run) -> None:
    argv = ("subs", "list", "-o", "name")
    assert ess(*argv, "--topic", "SCG-Message", "--limit", "2").out == "16301830\n142\n"
    assert ess(*argv, "--sort=-id", "--limit", "2").out == "16301850\n16301830\n"
    assert ess(*argv, "--limit", "4").err == ""


def test_an_ordered_list_that_was_cut_names_the_command_that_shows_all(ess: Run) -> None:
    outcome = ess("subs", "list", "--sort", "id", "--limit=3", "-o", "name")
    further = "ess subs list --sort id -o name"
    assert outcome.err == f"stopped after 3 rows; all of them: {further}\n"
    assert len(ess(*shlex.split(further)[1:]).out.split()) == 4
    assert ess("subs", "list", "--sort", "id", "--limit", "4").err == ""
    outcome = ess("deliveries", "list", "--sort=-time", "-o", "name")
    further = "ess deliveries list --sort=-time -o name --all"
    assert outcome.err == f"stopped after 50 rows; all of them: {further}\n"
    assert len(ess(*shlex.split(further)[1:]).out.split()) == 62


def test_the_command_that_goes_on_shows_the_rest(ess: Run) -> None:
    outcome = ess("-o", "name", "subs", "list", "--offset=1", "--limit", "1")
    assert outcome.out == "16301850\n"
    further = "ess -o name subs list --limit 1 --offset 2"
    assert outcome.err == f"stopped after 1 row; go on with: {further}\n"
    assert ess(*shlex.split(further)[1:]).out == "16301810\n"


def test_pages_of_any_size_make_the_same_list(ess: Run) -> None:
    whole = ess("event-types", "list", "--json").out
    for size in ("1", "7", "37", "1000"):
        assert ess("event-types", "list", "--json", "--page-size", size).out == whole
    log = ess("event-types", "list", "-o", "name", "--page-size", "30", "--debug").err
    assert "GET /event-types?limit=30 → 200" in log
    assert "GET /event-types?limit=30&offset=30 → 200" in log


def test_an_offset_is_the_service_s_own(ess: Run) -> None:
    outcome = ess("subs", "list", "--offset", "2", "-o", "name", "--debug")
    assert outcome.out == "16301810\n142\n"
    assert "GET /topic-subscriptions?limit=1000&offset=2 → 200" in outcome.err


def test_raw_parameters_are_sent_with_each_page(ess: Run, service: Scripted) -> None:
    page = {"topics": [{"topic-nm": "a"}], "paged-result": {"offset": 0, "limit": 1}}
    service.answer("GET", "/topics", page)
    argv = ("--page-size", "1", "--param", "colour=light blue+", "--param", "a=b=c", "--json")
    service.answer("GET", "/topics", {"topics": []})
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess("topics", "list", *argv, env=env)
    assert outcome.code == 0
    raw = "colour=light%20blue%2B&a=b%3Dc"
    assert [sent.path for sent in service.sent] == [
        f"/topics?limit=1&{raw}",
        f"/topics?limit=1&offset=1&{raw}",
    ]


def test_offset_and_limit_given_raw_are_paged_by(ess: Run) -> None:
    outcome = ess("subs", "list", "--param", "offset=1", "--param", "limit=1", "-o", "name")
    assert outcome.out == "16301850\n16301810\n142\n"
    assert ess("subs", "list", "--param", "offset=1", "--limit", "1").err == (
        "stopped after 1 row; go on with: ess subs list --param offset=1 --limit 1 --offset 2\n"
    )


@pytest.mark.parametrize(
    ("options", "value"),
    [
        (["--limit", "0"], "0"),
        (["--limit", "many"], "many"),
        (["--page-size", "-1"], "-1"),
        (["--offset", "-1"], "-1"),
        (["--param", "colour"], "colour"),
        (["--param", "=x"], "=x"),
    ],
)
def test_a_malformed_number_or_parameter_is_refused(
    ess: Run, options: list[str], value: str
) -> None:
    outcome = ess("subs", "list", *options, "--debug")
    assert (outcome.code, outcome.out) == (2, "")
    assert value in outcome.err.splitlines()[0]
    assert "debug:" not in outcome.err
    assert outcome.err.splitlines()[1].startswith("hint: ")


def test_a_limit_after_a_filter_asks_for_whole_pages(ess: Run) -> None:
    argv = ("subs", "list", "--limit", "1", "-o", "name", "--debug")
    assert "GET /topic-subscriptions?limit=2 → 200" in ess(*argv).err
    assert "GET /topic-subscriptions?limit=1000 → 200" in ess(*argv, "--topic", "NIS-Events").err


@pytest.mark.parametrize(
    "line", ["topics event-types NIS-Events", "dictionaries get authentication-types"]
)
def test_lists_that_the_service_does_not_page_are_cut_and_ordered_here(ess: Run, line: str) -> None:
    whole = ess(*line.split(), "-o", "name").out.split()
    assert len(whole) == 3
    outcome = ess(*line.split(), "-o", "name", "--limit", "2")
    further = f"ess {line} -o name --limit 2 --offset 2"
    assert (outcome.out.split(), outcome.err) == (
        whole[:2],
        f"stopped after 2 rows; go on with: {further}\n",
    )
    outcome = ess(*shlex.split(further)[1:])
    assert (outcome.out.split(), outcome.err) == (whole[2:], "")
    column = "id" if line.startswith("topics") else "code"
    outcome = ess(*line.split(), "-o", "name", f"--sort=-{column}", "--param", "a=b", "--debug")
    assert outcome.out.split() == sorted(whole, reverse=True)
    assert "?a=… → 200" in outcome.err
