"""The sandbox as requests sees it. ``Service`` is how the other sandbox tests call it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import requests

from ess_cli.sandbox.adapter import SandboxAdapter
from ess_cli.sandbox.store import Store

BASE = "https://sandbox.invalid/ess/v1"
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@cache
def _seeded() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory) / "sandbox.db")
        store.row("SELECT 1")
        store.close()
        return store.path.read_bytes()


def fresh(path: Path) -> Path:
    """``path`` with a new sandbox in it, copied: seeding each test's own takes 20 ms."""
    path.write_bytes(_seeded())
    return path


class Service:
    """A fresh sandbox behind a session; ``now`` can be moved."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.store = Store(fresh(path), now=lambda: self.now)
        self.session = requests.Session()
        self.session.mount("https://sandbox.invalid/", SandboxAdapter(self.store))
        self.session.headers["Authorization"] = "Bearer rehearsal"

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.close()

    def get(self, path: str, **params: str | int) -> requests.Response:
        return self.session.get(BASE + path, params=params)

    def read(self, path: str, **params: str | int) -> Any:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: object) -> requests.Response:
        return self.session.post(BASE + path, json=body)

    def put(self, path: str, body: object) -> requests.Response:
        return self.session.put(BASE + path, json=body)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def test_a_reply_can_be_streamed_from_raw_like_one_from_a_connection(service: Service) -> None:
    response = service.session.get(BASE + "/topics", stream=True)

    first = response.raw.read(20)
    rest = b"".join(response.raw.stream(100))

    assert first == b'{"paged-result":{"of'
    assert len(first + rest) == int(response.headers["Content-Length"])
    assert response.raw.read(1) == b""


def test_a_reply_reads_like_one_from_a_connection(service: Service) -> None:
    response = service.get("/delivery-configurations/1654")

    assert response.status_code == 200
    assert response.reason == "OK"
    assert response.ok
    assert response.headers["content-type"] == "application/json"
    assert response.url == "https://sandbox.invalid/ess/v1/delivery-configurations/1654"
    assert response.request.method == "GET"
    assert not response.history
    assert response.json()["del-cfg-nm"] == "hhh"


def test_a_body_may_be_text_or_bytes_but_not_a_stream(service: Service) -> None:
    url = BASE + "/topics/SCG-Message/subscriptions"
    headers = {"Content-Type": "application/json"}
    text = '{"del-cfg-id": "262"}'

    assert service.session.post(url, data=text, headers=headers).status_code == 201
    assert service.session.post(url, data=text.encode(), headers=headers).status_code == 201
    with pytest.raises(TypeError, match="bytes or text, not generator"):
        service.session.post(url, data=(part for part in [b"{}"]), headers=headers)


def test_a_closed_session_can_go_on(service: Service) -> None:
    assert len(service.read("/topics")["topics"]) == 10
    service.session.close()
    assert len(service.read("/topics")["topics"]) == 10


def test_the_sandbox_does_not_read_the_programs_own_names_of_the_wire() -> None:
    modules = sorted(Path(sys.modules[Store.__module__].__file__ or "").parent.glob("*.py"))
    lines = [line.strip() for module in modules for line in module.read_text().splitlines()]

    imported = {
        line.split()[1] for line in lines if line.startswith(("import ess_cli", "from ess_cli"))
    }

    assert len(modules) > 10
    assert {name for name in imported if not name.startswith("ess_cli.sandbox")} == {
        "ess_cli.errors"
    }
