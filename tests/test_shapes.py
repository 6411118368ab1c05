"""Replies of another shape than the reference's: exit code 9, never a bug of ess."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from tests.conftest import Run
from tests.services import Scripted, service

__all__ = ["service"]

# A command line, the path it reads, and replies that it cannot show.
WRONG: dict[tuple[str, str], list[Any]] = {
    ("topics list", "/topics"): [{}, {"topics": None}, {"topics": {}}, {"topics": ["a"]}, []],
    ("topics event-types T", "/topics/T/event-types"): [{}, {"event-types": [1]}, "text"],
    ("dictionaries get D", "/dictionaries/D"): [{}, {"D": "x"}, {"a": [], "b": []}, [[]]],
    ("subs list", "/topic-subscriptions"): [{"topic-subscriptions": [None]}, 7],
    ("subs get T 5", "/topics/T/subscriptions/5"): [[], None, "x", 5],
    ("subs mdn +12025550123", "/topic-subscriptions/mdn"): [
        {"subscriptions": ["x"]},
        {"subscriptions": {}},
        [],
    ],
    ("subs mdn-count", "/topic-subscriptions/uniqueMdnCount"): [[1], 1],
    ("delivery-cfg list", "/delivery-configurations"): [{"delivery-configurations": [[]]}],
    ("delivery-cfg get 5", "/delivery-configurations/5"): [[], True],
    ("delivery-cfg auth get 5", "/delivery-configurations/5/authentication"): [[], "BASIC"],
    ("deliveries summary", "/event-deliveries/summary"): [
        [],
        {"delivery-configurations": 1},
        {"delivery-configurations": [{"topics": ["x"]}]},
        {"delivery-configurations": [{"topics": [{"event-types": "x"}]}]},
    ],
    ("deliveries track E 5", "/event-deliveries/E:5/tracking"): [
        [],
        {"delivery-attempts": "x"},
        {"delivery-attempts": [1]},
    ],
    ("event-types get E", "/event-types/E"): [[], {"fields": []}, {"fields": {"a": "Text"}}],
    ("buffer-files list", "/event-buffer-files"): [{"files": "x"}],
}


@pytest.mark.parametrize("form", ["tsv", "json"])
@pytest.mark.parametrize(
    ("line", "path", "reply"),
    [(line, path, reply) for (line, path), replies in WRONG.items() for reply in replies],
)
def test_a_reply_of_the_wrong_shape_is_told_as_such(
    ess: Run, service: Scripted, line: str, path: str, reply: Any, form: str
) -> None:
    service.answer("GET", path, json.dumps(reply).encode())
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess(*shlex.split(line), "-o", form, env=env)
    assert (outcome.code, outcome.out) == (9, "")
    assert outcome.err.startswith(f"error: GET {path.partition(':')[0]}")


@pytest.mark.parametrize(
    ("line", "path", "reply", "printed"),
    [
        ("topics list", "/topics", {"topics": [{"odd": 1}]}, "name,service,event-types\n,,\n"),
        (
            "deliveries summary",
            "/event-deliveries/summary",
            {"delivery-configurations": [{"del-cfg-nm": "a", "topics": None}]},
            "configuration,topic,event-type,pending,retry,failed\n",
        ),
        ("subs mdn +12", "/topic-subscriptions/mdn", {}, "cfg-id,configuration,event-types\n"),
        ("event-types get E", "/event-types/E", {"id": "E"}, "field,type,mandatory\n"),
        (
            "event-types list",
            "/event-types",
            {"event-types": [{"id": ["x"], "fields": "none"}]},
            "id,validation,mandatory,optional\nx,,,\n",
        ),
        (
            "delivery-cfg auth get 5",
            "/delivery-configurations/5/authentication",
            {"type": "NEW", "settings": "s3cret"},
            "type,setting,value\nNEW,,\n",
        ),
    ],
)
def test_what_is_only_absent_or_odd_is_shown_as_far_as_it_goes(
    ess: Run, service: Scripted, line: str, path: str, reply: Any, printed: str
) -> None:
    service.answer("GET", path, reply)
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    assert ess(*shlex.split(line), "-o", "csv", env=env) == (0, printed, "")


def test_settings_of_an_unknown_shape_are_masked_too(ess: Run, service: Scripted) -> None:
    path = "/delivery-configurations/5/authentication"
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    for settings in (["s3cret"], "s3cret", {"username": {"old": "s3cret"}, "key": ["s3cret"]}):
        reply = {"type": "NEW", "settings": settings, "extra": "also-s3cret"}
        service.forget()
        service.answer("GET", path, reply)
        for form in ("json", "jsonl", "yaml", "csv", "tsv", "table"):
            outcome = ess("delivery-cfg", "auth", "get", "5", "-o", form, env=env)
            assert outcome.code == 0
            assert "NEW" in outcome.out
            assert "s3cret" not in outcome.out + outcome.err
            argv = ("delivery-cfg", "auth", "get", "5", "--reveal", "-o", form)
            assert "s3cret" in ess(*argv, env=env).out


def test_nothing_is_created_where_the_look_before_it_cannot_be_read(
    ess: Run, service: Scripted
) -> None:
    service.answer("GET", "/topic-subscriptions/mdn", {"subscriptions": ["x"]})
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    argv = ("subs", "create", "--topic", "NIS-Events", "--cfg", "5", "--number", "+12025550123")
    assert ess(*argv, env=env).code == 9
    assert [sent.method for sent in service.sent] == ["GET"]
