"""The switches of a served sandbox as another client sees them."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.faults import parse
from tests.services import served_sandbox


def asked(
    url: str, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body as another client gets them."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    sent = {"Authorization": "Bearer any", "Content-Type": "application/json", **headers}
    try:
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/ess/v1{path}", content, sent)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()


NEXT = "/event-deliveries?limit=20&offset=20"
PLAIN = {"evt-tp": "mo_message_received", "match-crt": "", "id": "142", "topic-nm": "SCG-Message"}
FIRST = {"del-cfg-id": 262, **PLAIN, "start-date": "2016-09-27T13:08:57Z"}
ONE = "/topics/SCG-Message/subscriptions/142"
# What a read of a path answers, or what stands in it under a key.
READS: dict[str, tuple[str, str | None, Any]] = {
    "ignore-offset": (NEXT, "paged-result", {"offset": 0, "limit": 20}),
    "overlap-pages": (NEXT, "paged-result", {"offset": 19, "limit": 20}),
    "page-cap": (NEXT, "paged-result", {"offset": 20, "limit": 10}),
    "no-paged-result": (NEXT, "paged-result", None),
    "no-next-page": (NEXT, "next-page-uri", None),
    "repeat-next-page": (NEXT, "next-page-uri", "/ess/v1/event-deliveries?offset=20&limit=20"),
    "foreign-next-page-uri": (
        NEXT,
        "next-page-uri",
        "https://elsewhere.example/ess/v1/event-deliveries?offset=40&limit=20",
    ),
    "backslash-next-page-uri": (
        NEXT,
        "next-page-uri",
        "https://elsewhere.example\\@127.0.0.1/ess/v1/event-deliveries?offset=40&limit=20",
    ),
    "ids-as-integers": (ONE, None, {**FIRST, "id": 142}),
    "ids-as-text": (ONE, None, {**FIRST, "del-cfg-id": "262"}),
    "sparse": (ONE, None, {key: FIRST[key] for key in FIRST if key != "evt-tp"}),
    "unknown-keys": (ONE, None, {**FIRST, "x-unknown-to-the-reference": "to be kept"}),
    "millis": (ONE, None, {**FIRST, "start-date": "2016-09-27T13:08:57.000Z"}),
    "gzip": (ONE, None, FIRST),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_shows_it(tmp_path: Path, name: str) -> None:
    path, key, expected = READS[name]
    with served_sandbox(tmp_path, Behaviour(faults=parse([name], 0))) as url:
        status, headers, body = asked(url, "GET", path, **{"Accept-Encoding": "gzip"})
        assert status == 200
        assert headers.get("Content-Encoding") == ("gzip" if name == "gzip" else None)
        document = json.loads(gzip.decompress(body) if name == "gzip" else body)
        assert (document if key is None else document.get(key)) == expected


MADE = "/ess/v1/topics/NIS-Events/subscriptions/16301851"


@pytest.mark.parametrize(
    ("spec", "status", "location", "body"),
    [
        ("write-200", 200, None, b""),
        ("write-201", 201, None, b""),
        ("write-202", 202, None, b""),
        ("write-204", 204, None, b""),
        ("write-body", 201, None, b'{"id":"16301851"}'),
        ("write-location", 201, MADE, b""),
        ("write-location,write-body,write-202", 202, MADE, b'{"id":"16301851"}'),
    ],
)
def test_a_write_is_answered_so(
    tmp_path: Path, spec: str, status: int, location: str | None, body: bytes
) -> None:
    with served_sandbox(tmp_path, Behaviour(faults=parse([spec], 0))) as url:
        path = "/topics/NIS-Events/subscriptions"
        found = asked(url, "POST", path, {"del-cfg-id": "1654", "match-crt": ""})
        assert (found[0], found[1].get("Location"), found[2]) == (status, location, body)
        one = asked(url, "PUT", ONE, {"match-crt": ""})
        assert one[0] == (200 if spec in ("write-body", "write-location") else status)
        assert one[1].get("Location") == (f"/ess/v1{ONE}" if location else None)
        assert one[2] == (b'{"id":"142"}' if body else b"")
        # What is refused is refused as ever.
        assert asked(url, "POST", path, {"del-cfg-id": "1"})[0] == 400


def test_what_lags_is_there_after_five_reads(tmp_path: Path) -> None:
    path = "/topics/NIS-Events/subscriptions"
    with served_sandbox(tmp_path, Behaviour(faults=parse(["lag"], 0))) as url:
        assert asked(url, "POST", path, {"del-cfg-id": "1654", "match-crt": ""})[0] == 201
        statuses = [asked(url, "GET", f"{path}/16301851")[0] for _ in range(4)]
        assert statuses == [404] * 4
        assert b"16301851" not in asked(url, "GET", "/topic-subscriptions?limit=9")[2]
        assert b"16301851" in asked(url, "GET", "/topic-subscriptions?limit=9")[2]
        assert asked(url, "GET", f"{path}/16301851")[0] == 200


def test_switches_leave_a_webhook_s_password_as_it_is(tmp_path: Path) -> None:
    names = ["ids-as-integers", "unknown-keys", "hostile-text"]
    path = "/delivery-configurations/1654/authentication"
    secret = {"type": "BASIC", "settings": {"username": "id", "password": "42", "id": "42"}}
    with served_sandbox(tmp_path, Behaviour(faults=parse(names, 0))) as url:
        assert asked(url, "PUT", path, secret)[0] == 200
        assert json.loads(asked(url, "GET", path)[2]) == secret
