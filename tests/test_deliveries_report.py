"""``ess deliveries report``: a page that tells the truth and runs nothing that it was sent."""

from __future__ import annotations

import html
import os
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ess_cli.render.terminal import visible
from tests.conftest import Outcome, Run
from tests.services import Scripted, service
from tests.told import at, attempt, delivery, hostile, tell

__all__ = ["service"]

REPORT = ("deliveries", "report", "--html", "-")
NOT_LISTED = "Delivery refused: host b.example is not on the allow-list"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
VOID = {"meta", "br"}


class Page(HTMLParser):
    """A page as a browser reads it.

    Attributes:
        tags: each element's name and attributes.
        texts: the text of each element that has one, by name.
        text: all of it but the style, blanks as single ones.
        commands: the command lines, as they are when copied.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.commands: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []
        shown = (text for name, text in self.texts if name != "style")
        self.text = " ".join(" ".join(shown).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "pre":
            self.commands.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" in self._open:
            self.commands[-1] += data
        if data.strip():
            self.texts.append((self._open[-1], data))

    def of(self, tag: str) -> list[str]:
        """The texts of all elements of a name."""
        return [text for name, text in self.texts if name == tag]


def paged(outcome: Outcome) -> Page:
    assert (outcome.code, outcome.err) == (0, "")
    return Page(outcome.out)


def a_story() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """a: 8 delivered, one after a second attempt; b: 3 failed, not allow-listed; c: one retried."""
    deliveries = [delivery(n, "a", del_cfg_id=1) for n in range(8)]
    attempts = [attempt(n, "a") for n in range(7)]
    attempts += [attempt(7, "a", 500, "oh", attempt_timestamp=at(4201))]
    attempts += [attempt(7, "a", attempt_timestamp=at(4200 + 90), attempt_number=2)]
    deliveries += [delivery(n, "b", "FAILED", del_cfg_id=2) for n in range(3)]
    attempts += [attempt(n, "b", None, NOT_LISTED) for n in range(3)]
    attempts += [attempt(n, "b", 502, "Bad", attempt_number=2) for n in range(1)]
    deliveries += [delivery(9, "c d", "RETRY", del_cfg_id=3)]
    attempts += [attempt(9, "c d", 401, "who?")]
    return deliveries, attempts


def test_it_says_how_deliveries_fare(ess: Run, service: Scripted) -> None:
    page = paged(ess(*REPORT, env=tell(service, *a_story())))

    for words in (
        "16 Nov 2026 08:30 UTC to 23 Nov 2026 08:30 UTC",
        "1 of 3 webhooks has failed deliveries",
        "3 of 12 deliveries failed for good; 3 of them at b .",
        "12 deliveries 72.7 % delivered, of those that have come to an end 3 failed for good",
        "1 to be tried again 1 min 30 s from event to delivery, 95 in 100 within",
        "42.9 % of 14 attempts failed",
        "8 delivered 3 failed 1 to be tried again",
        f"b https://2.example/hook 3 100 % 0 no HTTP status {NOT_LISTED} 3 times in 4 failed"
        " 20 Nov 2026 00:20",
        "c d https://9.example/hook 0 0 % 1 HTTP 401 who? 1 time in 1 failed 20 Nov 2026 01:30",
        "a https://7.example/hook 0 0 % 0 HTTP 500 oh 1 time in 1 failed 20 Nov 2026 01:10",
        "From an event to the attempt that delivered it. Configuration 95 in 100 within Half within"
        " Worst Delivered Attempts that failed a 1 min 30 s 2 s 1 min 30 s 8 11.1 %",
        "12 rows read, 12 counted",
        "14 rows read, 14 counted",
    ):
        assert words in page.text
    assert page.text.index(" b https://") < page.text.index(" c d https://")


def test_it_says_what_to_do_next(ess: Run, service: Scripted) -> None:
    page = paged(ess(*REPORT, env=tell(service, *a_story())))

    since = "--since 2026-11-16T08:30:00Z"
    assert page.commands == [
        f"ess deliveries attempts --cfg b --status FAILED {since}",
        "ess delivery-cfg get b",
        f"ess deliveries list --cfg b --status FAILED {since} --all"
        " --query '[].\"event-body\"' -o json",
        f"ess deliveries attempts --cfg 'c d' --status RETRY {since}",
        "ess delivery-cfg auth get 'c d'",
        f"ess deliveries attempts --cfg a --sort result {since}",
        "ess delivery-cfg get a",
    ]
    assert "The webhook's host is not on the allow-list: until Syniverse's support" in page.text
    assert "The webhook refuses the credentials" in page.text
    assert "The webhook itself fails" in page.text


def test_what_it_says_to_run_goes_where_it_went_and_shows_what_it_counted(
    ess: Run, service: Scripted
) -> None:
    env = tell(service, *a_story())
    options = ("--topic", "NIS-Events", "--event-type", "porting_event", "--until", "now")
    line = (*REPORT, *options, "--param", "x=1 2", "--base-url", env.pop("ESS_BASE_URL"))
    page = paged(ess(*line, env=env))

    program = f"ess --base-url {line[-1]}"
    narrow = (
        "--topic NIS-Events --event-type porting_event --since 2026-11-16T08:30:00Z"
        " --until 2026-11-23T08:30:00Z --param 'x=1 2'"
    )
    assert page.commands[:2] == [
        f"{program} deliveries attempts --cfg b --status FAILED {narrow}",
        f"{program} delivery-cfg get b",
    ]


def test_a_command_is_broken_between_words_only(ess: Run, service: Scripted) -> None:
    page = ess(*REPORT, "--since", "7d", env=tell(service, *a_story())).out

    word = '<span class="word">{}</span>'.format
    assert " ".join(map(word, ("--cfg", "b", "--status", "FAILED", "--since"))) in page
    assert f"<bdi>{word('--since')} {word('7d')}</bdi></p>" in page
    assert ".word { display: inline-block; max-width: 100%; }" in page


def test_what_became_of_deliveries_is_told_apart_without_colour(
    ess: Run, service: Scripted
) -> None:
    """One is solid; the others are hatched, dotted, outlined and outlined with dashes."""
    page = ess(*REPORT, env=tell(service, [delivery(1, "a", "EXPIRED")], [])).out

    kinds = ("ok", "bad", "retry", "wait", "other")
    styles = [re.search(rf"\.{kind} {{ (.*?);? }}", page) for kind in kinds]
    assert [style[1] if style else None for style in styles] == [
        "fill: var(--ok)",
        "fill: url(#hatch); stroke: var(--bad); stroke-width: 1",
        "fill: url(#dots); stroke: var(--retry); stroke-width: 1",
        "fill: var(--ground); stroke: var(--wait); stroke-width: 1.5",
        "fill: var(--panel); stroke: var(--ink); stroke-dasharray: 3 3",
    ]


def test_too_many_at_once_can_be_slowed_down(ess: Run, service: Scripted) -> None:
    page = paged(ess(*REPORT, env=tell(service, [], [attempt(1, "a b", 429, "slow down")])))

    assert page.commands[-1] == "ess delivery-cfg update 'a b' --throttling 60 --dry-run"


def test_what_it_says_to_run_runs(ess: Run) -> None:
    page = paged(ess("-p", "sandbox", *REPORT, "--since", "2017-01-01"))

    commands = page.commands
    assert len(commands) == 5
    for command in commands:
        name, *words = shlex.split(command)
        outcome = ess(*words, env={"ESS_PROFILE": ""})
        assert (name, outcome.code) == ("ess", 0)
        assert "ESS Buffer" in outcome.out or "release6" in outcome.out or "{" in outcome.out


@pytest.mark.parametrize(
    ("answered", "advice"),
    [
        ((None, None), "Nothing answered:"),
        ((404, ""), "There is nothing at this address"),
        ((429, "slow down"), "The webhook has had too many at once"),
        ((301, ""), "The address leads elsewhere"),
        ((418, "teapot"), "The webhook refuses the events"),
        ((503, "not in the Whitelist"), "The webhook's host is not on the allow-list"),
        (("<b>", ""), "The answer is none of HTTP's"),
    ],
)
def test_what_to_do_depends_on_the_commonest_answer(
    ess: Run, service: Scripted, answered: tuple[Any, Any], advice: str
) -> None:
    attempts = [attempt(n, "a", *answered) for n in (1, 2)] + [attempt(3, "a", 555, "rare")]
    env = tell(service, [delivery(1, "a", "FAILED")], attempts)

    assert advice in paged(ess(*REPORT, env=env)).text


def test_all_is_well(ess: Run, service: Scripted) -> None:
    page = paged(ess(*REPORT, env=tell(service, [delivery(1, "a")], [attempt(1, "a")])))

    assert "All is well No delivery and no attempt failed within this time." in page.text
    assert "Failures by configuration None." in page.text
    assert "What to do next Nothing." in page.text


def test_an_empty_report_says_how_far_to_go_back(ess: Run) -> None:
    page = paged(ess(*REPORT))

    assert (
        "Nothing to report Nothing lies within the period and its filters. The latest row of all"
        " that were read is of 28 Oct 2017 17:15 UTC; to go back as far, add --since 2017-10-28 ."
    ) in page.text


def test_an_empty_report_says_that_there_are_later_rows(ess: Run, service: Scripted) -> None:
    env = tell(service, [delivery(1, "a", timestamp="2026-11-23T08:30:01Z")], [])

    assert (
        "The latest row of all that were read is of 23 Nov 2026 08:30 UTC, after its end; a later"
        " --until takes it in."
    ) in paged(ess(*REPORT, env=env)).text


@pytest.mark.parametrize(
    ("options", "counted"),
    [
        (("--cfg", "b"), (1, 1)),
        (("--cfg", "8"), (1, 1)),
        (("--topic", "T"), (1, 1)),
        (("--event-type", "porting_event"), (3, 3)),
        (("--since", "2026-11-20T00:10:00Z", "--until", "2026-11-20T00:20:00Z"), (1, 1)),
        (("--since", "1d"), (0, 0)),
    ],
)
def test_the_filters_narrow_it(
    ess: Run, service: Scripted, options: tuple[str, ...], counted: tuple[int, int]
) -> None:
    rows = [(0, "a", 7), (1, "b", 8), (2, "c", 9)]
    deliveries = [delivery(n, name, del_cfg_id=cfg) for n, name, cfg in rows]
    attempts = [attempt(n, name) for n, name, _ in rows]
    deliveries[2]["topic"] = attempts[2]["topic"] = "T"
    env = tell(service, deliveries, attempts)
    known = [{"id": str(cfg), "del-cfg-nm": name} for _, name, cfg in rows]
    service.answer("GET", "/delivery-configurations", {"delivery-configurations": known})

    page = paged(ess(*REPORT, *options, env=env))

    assert re.findall(r"3 rows read, (\d+) counted", page.text) == [str(n) for n in counted]
    assert f"Filters {' '.join(options)} " in page.text


def test_raw_parameters_are_sent_with_each_list(ess: Run, service: Scripted) -> None:
    env = tell(service, [], [])
    page = paged(ess(*REPORT, "--param", "topic=A B", env=env))

    assert [sent.path for sent in service.sent] == [
        "/event-deliveries?limit=1000&topic=A%20B",
        "/event-delivery-attempts?limit=1000&topic=A%20B",
    ]
    assert "Filters --param 'topic=A B' " in page.text


# What strangers send


def test_no_text_of_the_service_becomes_anything_but_text(ess: Run, service: Scripted) -> None:
    deliveries, attempts = hostile(1)
    outcome = ess(*REPORT, "--since", "9d", env=tell(service, deliveries, attempts))
    page = paged(outcome)

    harmless = paged(ess(*REPORT, env=tell_again(service, *a_story())))
    assert {name for name, _ in page.tags} <= {name for name, _ in harmless.tags} | {"small"}
    known = {key for _, attributes in harmless.tags for key in attributes}
    assert {key for _, attributes in page.tags for key in attributes} <= known
    assert not {key for key in known if key.startswith("on") or key in ("src", "href", "style")}
    for row in deliveries:
        name = row["del-cfg-nm"]
        if len(name) <= 80:
            assert visible(name) in page.of("bdi")
    assert html.escape("<script>alert(1)</script>") in outcome.out
    assert "\x1b" not in outcome.out
    assert "\u202e" not in outcome.out


def tell_again(service: Scripted, *rows: list[dict[str, Any]]) -> dict[str, str]:
    service.forget()
    return tell(service, *rows)


@pytest.mark.parametrize("name", ["-x", "12", "a\u202eb", " a", "", "x" * 300])
def test_a_name_that_cannot_be_typed_is_not_in_a_command(
    ess: Run, service: Scripted, name: str
) -> None:
    rows = [delivery(1, name, "FAILED", del_cfg_id=77)]
    page = paged(ess(*REPORT, env=tell(service, rows, [])))
    assert page.commands[1] == "ess delivery-cfg get 77"

    rows = [delivery(1, name, "FAILED", del_cfg_id="$(id)")]
    page = paged(ess(*REPORT, env=tell_again(service, rows, [])))
    assert len(page.commands) == 2
    assert page.commands[0].startswith("ess deliveries attempts --status FAILED --since ")


def test_a_name_is_quoted_for_the_shell(ess: Run, service: Scripted) -> None:
    rows = [delivery(1, "it's $(id)", "FAILED")]
    page = paged(ess(*REPORT, env=tell(service, rows, [])))

    assert shlex.split(page.commands[1]) == ["ess", "delivery-cfg", "get", "it's $(id)"]


@pytest.mark.parametrize(
    "odd",
    [None, 5, "", "yesterday", "2026-13-01T00:00:00Z", ["x"], {}, "0001-01-01T00:00:00+14:00"],
)
def test_a_row_whose_time_cannot_be_read_is_told_of(ess: Run, service: Scripted, odd: Any) -> None:
    attempts = [attempt(1, "a", attempt_timestamp=odd), attempt(2, "a", event_timestamp=odd)]
    env = tell(service, [delivery(1, "a", timestamp=odd)], attempts)
    page = paged(ess(*REPORT, env=env))

    assert "1 row read, 0 counted, 1 without a time that can be read" in page.text
    assert "2 rows read, 1 counted, 1 without a time that can be read" in page.text


@pytest.mark.parametrize("odd", [None, 5, 1e300, True, ["x"], {"a": [1]}, ""])
def test_values_of_any_type_are_counted(ess: Run, service: Scripted, odd: Any) -> None:
    keys = ["topic", "del-cfg-nm", "del-cfg-id", "delivery-status", "delivery-point"]
    keys += ["attempt-result", "attempt-http-response-status", "attempt-http-response-body"]
    rows = [dict.fromkeys(keys, odd) | {"event-id": f"e{n}"} for n in range(2)]
    deliveries = [row | {"timestamp": at(1)} for row in rows]
    attempts = [row | {"attempt-timestamp": at(1)} for row in rows]
    page = paged(ess(*REPORT, env=tell(service, deliveries, attempts)))

    assert "100 % of 2 attempts failed" in page.text
    assert page.text.count("2 rows read, 2 counted") == 2


@pytest.mark.parametrize(
    ("event", "delay"),
    [
        ("2026-11-20T00:10:00Z", "3 s"),
        ("2026-11-20T00:09:59Z", "4 s"),
        ("2026-11-19T23:10:00Z", "1 h"),
        ("2026-11-20T01:10:00+01:00", "3 s"),
        ("2026-11-20T00:10:01.500Z", "2 s"),
        ("20261120T001000.010Z", "3 s"),
        ("2026-W47-5T00:10:01Z", "2 s"),
    ],
)
def test_a_delay_is_told_whichever_way_a_moment_is_written(
    ess: Run, service: Scripted, event: str, delay: str
) -> None:
    moment = "2026-11-20T00:10:03Z"
    attempts = [attempt(1, "a", event_timestamp=event, attempt_timestamp=moment)]
    page = paged(ess(*REPORT, env=tell(service, [], attempts)))

    assert f"{delay} from event to delivery, 95 in 100 within" in page.text


def test_moments_at_both_ends_of_the_calendar_fit_into_it(ess: Run, service: Scripted) -> None:
    moments = ("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:58Z")
    attempts = [attempt(n, "a", attempt_timestamp=text) for n, text in enumerate(moments)]
    wide = ("--since", "0001-01-01", "--until", "9999-12-31T23:59:59Z")
    page = paged(ess(*REPORT, *wide, env=tell(service, [], attempts)))

    assert "3 rows read, 3 counted" in page.text
    assert "2 attempts are dated before the event and counted as without delay." in page.text


def test_the_commonest_of_very_many_answers_is_found(ess: Run, service: Scripted) -> None:
    attempts = [attempt(n, "a", 500, f"request {n}") for n in range(500)]
    attempts += [attempt(n, "a", 503, "busy", attempt_number=2) for n in range(500)]
    attempts.sort(key=lambda row: str(row["attempt-timestamp"]))
    deliveries = [delivery(0, "a", "FAILED")]
    page = paged(ess(*REPORT, env=tell(service, deliveries, attempts)))

    commonest = re.search(r"HTTP 503 busy (\d+) times in 9\d\d failed", page.text)
    assert commonest is not None
    assert int(commonest[1]) > 400


def test_configurations_beyond_a_number_are_summed(ess: Run, service: Scripted) -> None:
    deliveries = [delivery(n % 400, f"hook {n}", "FAILED") for n in range(620)]
    env = tell(service, deliveries, [])
    page = paged(ess(*REPORT, env=env))

    assert "500 of more than 500 webhooks have failed deliveries 620 of 620 deliveries" in page.text
    assert "other configurations 120 100 % 0 –" in page.text
    assert "And 481 more, with 481 failed in all." in page.text
    assert "500 configurations are kept apart; all others are summed as “other”." in page.text


# The page by itself


def test_it_needs_no_network_and_runs_no_script(ess: Run, service: Scripted) -> None:
    outcome = ess(*REPORT, env=tell(service, *a_story()))
    page = paged(outcome)
    metas = {
        attributes.get("http-equiv") or attributes.get("name"): attributes.get("content")
        for name, attributes in page.tags
        if name == "meta"
    }

    assert metas["Content-Security-Policy"] == POLICY
    assert metas["referrer"] == "no-referrer"
    assert re.findall(r"(?i)<script|<link|<img|<iframe|@import|\b(?:src|href)=", outcome.out) == []
    assert set(re.findall(r"url\([^)]*\)", outcome.out)) == {"url(#hatch)", "url(#dots)"}


def test_its_charts_are_whole_and_told_in_words(ess: Run, service: Scripted) -> None:
    outcome = ess(*REPORT, env=tell(service, *a_story()))
    drawn = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", outcome.out)]

    images = [svg for svg in drawn if svg.get("role") == "img"]
    assert len(images) == 8  # four charts, each for wide and for narrow pages
    for svg in images:
        ids = [svg[0].get("id"), svg[1].get("id")]
        assert [svg[0].tag, svg[1].tag] == ["title", "desc"]
        assert (svg.get("aria-labelledby") or "").split() == ids
        assert svg[0].text
        assert svg[1].text
    assert all(svg.get("aria-hidden") == "true" for svg in drawn if svg not in images)
    told = [svg[1].text for svg in images[::2]]
    assert told == [
        "8 delivered; 3 failed; 1 to be tried again",
        "19 times of 5 min each. 8 attempts succeeded, 6 failed.",
        "19 times of 5 min each. Most failed from 20 Nov 2026 00:00 UTC: 2.",
        "19 times of 5 min each. In all, half within 2 s, 95 in 100 within 1 min 30 s,"
        " the slowest in 1 min 30 s.",
    ]


def test_what_is_labelled_has_its_label_once(ess: Run, service: Scripted) -> None:
    page = paged(ess(*REPORT, env=tell(service, *a_story())))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)
    assert page.tags[0] == ("html", {"lang": "en"})
    assert [name for name, _ in page.tags if name in ("h1", "table", "caption")] == [
        *("h1", "table", "caption", "table", "caption", "table", "caption"),
    ]


# The file


def test_the_file_is_private_and_named_by_the_day(
    ess: Run, service: Scripted, tmp_path: Path
) -> None:
    env = tell(service, *a_story())
    outcome = ess(*REPORT[:3], str(tmp_path / "on-%Y-%m-%d.html"), env=env)

    assert outcome == (0, "", "")
    [written] = tmp_path.glob("*.html")
    assert written.name == "on-2026-11-23.html"
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.read_text() == ess(*REPORT, env=env).out


def test_a_file_that_cannot_be_written_is_noticed_before_anything_is_read(
    ess: Run, service: Scripted, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")  # as /dev/null is, which root could replace
    env = tell(service, *a_story())
    for path in (tmp_path, tmp_path / "file" / "r.html", tmp_path / "pipe"):
        outcome = ess(*REPORT[:3], str(path), env=env)
        assert outcome.code == 12
        assert outcome.err.startswith(f"error: {path} cannot be written: ")
    assert service.sent == []


def test_a_report_that_was_not_read_whole_is_not_written(
    ess: Run, service: Scripted, tmp_path: Path
) -> None:
    path = tmp_path / "r.html"
    path.write_text("before")
    env = tell(service, *a_story())
    service.forget()
    service.answer("GET", "/event-deliveries", {"event-deliveries": []})
    service.answer("GET", "/event-delivery-attempts", b"", 503)

    assert ess(*REPORT[:3], str(path), env=env).code == 6
    assert path.read_text() == "before"


def test_where_to_write_has_to_be_said(ess: Run) -> None:
    outcome = ess("deliveries", "report")

    assert outcome.code == 2
    assert "--html" in outcome.err
