"""The report in a real browser: it runs nothing, asks for nothing, and fits a phone.

``pytest -m long tests/test_report_in_a_browser.py``; wants Chromium, which CI may not have.
"""

from __future__ import annotations

import html
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.services import Scripted
from tests.told import hostile, tell

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
OFFLINE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--hide-scrollbars"),
)
CARELESS = "<title>before</title><img src=http://127.0.0.1:PORT/x><script>{}</script>"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium"),
]


class Listener:
    """Notes who calls, and answers nothing.

    Attributes:
        port: where.
        calls: the first line of each request.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.calls: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    self.calls.append(connection.recv(4096).partition(b"\r\n")[0])

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


@pytest.fixture
def page(ess: Run, listener: Listener) -> Iterator[str]:
    """A report whose every text from the service is hostile."""
    service = Scripted()
    env = tell(service, *hostile(listener.port))
    outcome = ess("deliveries", "report", "--html", "-", "--since", "9d", env=env)
    assert outcome.code == 0
    yield outcome.out
    service.close()


def seen(page: str, tmp_path: Path) -> str:
    """The document after a browser has shown a page."""
    file = tmp_path / "page.html"
    file.write_text(page)
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [CHROMIUM, *OFFLINE, profile, "--virtual-time-budget=3000", "--dump-dom"]
    done = subprocess.run(
        [*command, file.as_uri()], check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def test_a_careless_page_is_noticed(listener: Listener, tmp_path: Path) -> None:
    """Without which the next test would prove nothing."""
    careless = CARELESS.replace("PORT", str(listener.port)).format("document.title = 'ran'")
    assert "<title>ran</title>" in seen(careless, tmp_path)
    assert b"GET /x HTTP/1.1" in listener.calls


def test_nothing_is_run_and_nothing_asked_for(
    page: str, listener: Listener, tmp_path: Path
) -> None:
    shown = seen(page, tmp_path)

    assert "<title>Event deliveries, default</title>" in shown
    assert listener.calls == []
    for name in ("script", "img", "iframe", "link", "object", "embed", "form", "a"):
        assert f"<{name} " not in shown
        assert f"<{name}>" not in shown
    assert shown.count("<meta ") == page.count("<meta ") == 5


def test_the_policy_holds_even_where_something_got_in(
    page: str, listener: Listener, tmp_path: Path
) -> None:
    within = CARELESS.replace("PORT", str(listener.port)).format("document.title = 'ran'")
    shown = seen(page.replace("<main>", f"<main>{within}"), tmp_path)

    assert "<title>Event deliveries, default</title>" in shown
    assert listener.calls == []


@pytest.mark.parametrize("width", [320, 360, 640, 800, 1400])
def test_no_page_has_to_be_moved_sideways(page: str, tmp_path: Path, width: int) -> None:
    """In a frame, since a window of a browser cannot be as narrow as a phone."""
    frame = (
        f'<iframe id="f" style="width:{width}px;border:0" srcdoc="{html.escape(page)}"></iframe>'
    )
    read = "f.onload = () => document.title = f.contentDocument.documentElement.scrollWidth"
    shown = seen(f"<title>before</title>{frame}<script>{read}</script>", tmp_path)

    assert f"<title>{width}</title>" in shown
