"""Deliveries passed on: the same body to another webhook, whose answer decides ours."""

from __future__ import annotations

from collections.abc import Mapping
from threading import local
from typing import NamedTuple
from urllib.parse import urlsplit

from ess_cli import __version__
from ess_cli.api.exchange import Broken, Service, Wire
from ess_cli.config.base_url import UnusableError, parse_base_url
from ess_cli.errors import EssError, UsageFault

UNREACHABLE = 502


class Target(NamedTuple):
    """Where deliveries are passed on to.

    Attributes:
        origin: ``http://127.0.0.1:8000``.
        path: path and query; may be empty.
        is_loopback: this machine, which is reached without a proxy.
        port: 80 or 443 where none was given.
    """

    origin: str
    path: str
    is_loopback: bool
    port: int


def parse_target(text: str) -> Target:
    """The address that ``--forward-to`` names; ``http`` may be any host's.

    Raises:
        UsageFault: it is none. A text with user info is not repeated: it may hold a password.
    """
    try:
        parts = urlsplit(text)
        scheme = parts.scheme
        if scheme not in ("http", "https") or not text[len(scheme) :].startswith("://"):
            raise UnusableError("it must begin with http:// or https://")
        path = text[len(scheme) + 3 + len(parts.netloc) :]
        if not text.isascii() or not text.isprintable() or set(' "\\<>') & set(text):
            raise UnusableError("it holds a character that must be percent-encoded")
        if "#" in path:
            raise UnusableError("it holds a fragment")
        host = parse_base_url(f"https://{parts.netloc}")
    except UnusableError as error:
        reason = str(error)
    except ValueError:
        reason = "its host or port is not valid"
    else:
        path = path if path.startswith("/") else f"/{path}"
        port = parts.port or {"http": 80, "https": 443}[scheme]
        shown = f"[{host.host}]" if ":" in host.host else host.host
        return Target(f"{scheme}://{shown}:{port}", path, host.is_loopback, port)
    shown = "" if "@" in text else f': "{text}"'
    raise UsageFault(
        f"--forward-to: {reason}{shown}", hint="for instance --forward-to http://127.0.0.1:8000/ess"
    )


class Forwarder:
    """Passes deliveries on; may be used by many threads at a time.

    Args:
        target: where to.
        timeout_s: for connecting, the reply's headers and any stall.
    """

    def __init__(self, target: Target, timeout_s: float) -> None:
        self._target = target
        self._service = Service(target.origin, target.is_loopback, timeout_s)
        self._own = local()
        self._wire()

    def send(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Pass a delivery on, redirects not followed.

        Returns:
            The status for the sender, and what happened where that is not 2xx: the other
            webhook's own status, 502 where it has none.
        """
        sent = {
            **headers,
            "User-Agent": f"ess/{__version__}",
            "Content-Length": str(len(body)),
        }
        try:
            reply = self._wire().send("POST", self._target.path, sent, body, "POST")
        except Broken as broken:
            return UNREACHABLE, f"--forward-to: {broken}"
        except EssError as error:
            return UNREACHABLE, f"--forward-to: {error.message}"
        if not 200 <= reply.status <= 599:
            return UNREACHABLE, f"--forward-to: answered {reply.status}"
        return reply.status, "" if reply.status < 300 else f"--forward-to: answered {reply.status}"

    def is_at(self, port: int) -> bool:
        """Whether the target is this port of this machine."""
        return self._target.is_loopback and self._target.port == port

    def _wire(self) -> Wire:
        """This thread's own way there: a wire carries one request at a time."""
        wire: Wire | None = getattr(self._own, "wire", None)
        if wire is None:
            wire = self._own.wire = Wire(self._service, None, None)
        return wire
