"""One POST to a webhook, and what came of it.

The standard library reads the reply; connecting, sending and the time for all of it are ours: a
receiver that drips a byte at a time must not hold an attempt for longer than one that is silent.
Nothing goes through a proxy, and no redirect is followed.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from functools import cache
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ess_cli.sandbox.receivers import Target

KEPT_BYTES = 4096
"""So much of a reply's body is read and recorded."""

# Receivers close connections that are idle for 2 s or more.
_REUSED_WITHIN_S = 1.0


class Answer(NamedTuple):
    """What came of a POST.

    Attributes:
        status: of the reply; None where there was none, or no whole one in time.
        text: the beginning of the reply's body, or why there is none.
    """

    status: int | None
    text: str

    @property
    def is_success(self) -> bool:
        """Any 2xx is."""
        return self.status is not None and 200 <= self.status < 300


class Poster:
    """Sends events for one thread, over one connection that is kept while it is used.

    Args:
        timeout_s: how long one POST may take, from connecting to the end of the reply.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._line: _Line | None = None

    def close(self) -> None:
        """Let the connection go."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def post(self, target: Target, headers: list[tuple[str, str]], body: bytes) -> Answer:
        """POST a body; whatever goes wrong is an answer without a status."""
        deadline_s = time.monotonic() + self._timeout_s
        try:
            return self._post(target, headers, body, deadline_s)
        except ConnectionError as error:
            was_reused = self._line is not None and self._line.is_reused
            self.close()
            if not was_reused:
                return self._failed(error)
        except (OSError, HTTPException, ValueError) as error:
            return self._failed(error)
        # NOTE: a receiver may close a kept connection at the very moment in which it is sent an
        # event. That is no failure of the attempt; at worst the event comes a second time.
        try:
            return self._post(target, headers, body, deadline_s)
        except (OSError, HTTPException, ValueError) as error:
            return self._failed(error)

    def _post(
        self, target: Target, headers: list[tuple[str, str]], body: bytes, deadline_s: float
    ) -> Answer:
        line = self._connected(target, deadline_s)
        line.sock.sendall(_request(target, headers, body))
        response = HTTPResponse(line, method="POST")  # type: ignore[arg-type]  # makefile is all it calls
        with response:
            response.begin()
            line.is_reused = False
            kept = response.read(KEPT_BYTES)
            if len(kept) < KEPT_BYTES and response.length:
                raise ConnectionResetError
            is_over = response.isclosed()
        if not is_over or response.will_close:
            self.close()
        else:
            line.idle_since_s = time.monotonic()
        return Answer(response.status, kept.decode("utf-8", "replace"))

    def _failed(self, error: Exception) -> Answer:
        self.close()
        return Answer(None, f"Delivery failed: {self._reason(error)}")

    def _connected(self, target: Target, deadline_s: float) -> _Line:
        line = self._line
        if line is None or not line.may_serve(target):
            self.close()
            line = self._line = _Line(target, deadline_s)
        else:
            line.is_reused = True
        line.deadline_s = deadline_s
        line.sock.settimeout(_left_s(deadline_s))
        return line

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no whole reply within {self._timeout_s:g} s"
        if isinstance(error, ConnectionRefusedError):
            return "connection refused"
        if isinstance(error, ConnectionError | IncompleteRead):
            return "connection closed before the end of a reply"
        if isinstance(error, socket.gaierror | UnicodeError):
            return "no such host"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"TLS: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS: {error.reason}"
        if isinstance(error, OSError):
            return error.strerror or type(error).__name__
        return "the reply is not HTTP"


class _Line:
    """A connection; its reads end at the deadline, however little each of them waits."""

    def __init__(self, target: Target, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self.idle_since_s = time.monotonic()
        self.is_reused = False
        self._to = target[:3]
        self.sock = _connect(target, deadline_s)

    def may_serve(self, target: Target) -> bool:
        """Whether it leads there, was used just now, and the other side has not closed it."""
        if self._to != target[:3] or time.monotonic() - self.idle_since_s > _REUSED_WITHIN_S:
            return False
        try:
            self.sock.settimeout(0)
            # Below TLS: an end, or anything that nobody asked for, shows there too.
            socket.socket.recv(self.sock, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def makefile(self, mode: str) -> io.BufferedReader:
        """The replies, as http.client wants them."""
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Let go."""
        self.sock.close()


class _Incoming(io.RawIOBase):
    def __init__(self, line: _Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = self._line
        line.sock.settimeout(_left_s(line.deadline_s))
        return line.sock.recv_into(buffer)


def _left_s(deadline_s: float) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def _connect(target: Target, deadline_s: float) -> socket.socket:
    """A connection to the first address of the host that takes one, with TLS for https."""
    fault: OSError = ConnectionRefusedError()
    # NOTE: the look-up of a name has no time limit of its own; only names that were allowed
    # explicitly are looked up.
    for family, kind, protocol, _, address in socket.getaddrinfo(
        target.host, target.port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left_s(deadline_s))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "https":
                sock.settimeout(_left_s(deadline_s))
                sock = _tls().wrap_socket(sock, server_hostname=target.host)
        except OSError as error:
            sock.close()
            fault = error
        else:
            return sock
    raise fault


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(target: Target, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.netloc}",
        "User-Agent: ess-sandbox",
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
