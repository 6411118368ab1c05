"""Replies that do not arrive as they should: what faults on demand do to a connection."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

from ess_cli.sandbox.chances import SLOW_S

_DRIP_BYTES_PER_S = 20
_LOOK_EVERY_S = 0.05


class Line(NamedTuple):
    """A connection on which a reply is due.

    Attributes:
        connection: nothing of the reply has been sent.
        is_over: whether the server is stopping.
    """

    connection: socket.socket
    is_over: Callable[[], bool]

    def wait(self, seconds: float) -> None:
        """Let time pass, less of it where the server stops."""
        end_s = time.monotonic() + seconds
        while not self.is_over() and (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(_LOOK_EVERY_S, left_s))

    def wait_for_leaving(self) -> None:
        """Come back once the client has left, or the server stops."""
        self.connection.settimeout(_LOOK_EVERY_S)
        while not self.is_over():
            try:
                if not self.connection.recv(64 * 1024):
                    return
            except TimeoutError:
                continue

    def reset(self) -> None:
        """Close it so that the client sees a reset, rather than an orderly end."""
        linger = struct.pack("ii" if os.name == "posix" else "hh", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


def send(fault: str, line: Line, raw: bytes) -> bool:
    """Send a reply as a fault wants it; one that spoils no connection sends it whole.

    Args:
        fault: a name of ``chances.py``.
        line: where to.
        raw: the reply, head and body.

    Returns:
        Whether the connection may serve another request.
    """
    breaks = _BREAKS.get(fault)
    if breaks is None:
        if fault == "slow":
            line.wait(SLOW_S)
        line.connection.sendall(raw)
        return True
    breaks(line, raw)
    return False


def _hold(line: Line, raw: bytes) -> None:
    line.wait_for_leaving()


def _reset(line: Line, raw: bytes) -> None:
    line.reset()


def _not_http(line: Line, raw: bytes) -> None:
    line.connection.sendall(b"220 mail.example.com ESMTP ready\r\n")


def _cut_headers(line: Line, raw: bytes) -> None:
    line.connection.sendall(raw[: raw.index(b"\r\n") + 10])


def _cut(line: Line, raw: bytes) -> None:
    # An empty body cannot be cut; there, the empty line before it goes.
    body_bytes = len(raw) - raw.index(b"\r\n\r\n") - 4
    line.connection.sendall(raw[: -max(1, body_bytes - body_bytes // 2)])


def _drip(line: Line, raw: bytes) -> None:
    for place in range(len(raw)):
        line.connection.sendall(raw[place : place + 1])
        line.wait(1 / _DRIP_BYTES_PER_S)
        if line.is_over():
            return


_BREAKS: dict[str, Callable[[Line, bytes], None]] = {
    "timeout": _hold,
    "reset": _reset,
    "lost-reply": _reset,
    "not-http": _not_http,
    "cut-headers": _cut_headers,
    "cut": _cut,
    "drip": _drip,
}
