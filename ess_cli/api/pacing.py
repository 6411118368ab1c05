"""Connections with the limits that requests does not have.

Its timeouts count from one received byte to the next, so a peer that drips one byte at a time
holds a call for ever. Here the whole of the reply's headers must arrive within the limit, and
after that every stretch of that length must bring at least 1 kB of body. An honest reply of any
size never meets the limit; a dripping one does.

``http.client`` and urllib3 also take much for a reply that is none: headers that are cut off, and
so a whole reply without a body; headers behind a line that is none, and so a body without a
length; chunks of a negative size; trailers without an end. Here each of them is an error.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LEAST_BYTES = 1000
# What one reply may take on the wire. Decoded bytes have their own, lower limit; this one ends
# what brings bytes for ever and decodes to nothing: empty gzip blocks, trailers, chunks.
MOST_BYTES = 512 * 1024 * 1024
MOST_LINES = 2_000_000
_LONGEST_LINE = 65536
_BROKEN_HEADERS = (FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect)


class Overlong(OSError):
    """More bytes than any reply may have."""


class _PacedReader(io.RawIOBase):
    """A socket's raw file whose reads share one deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._limit_s = sock.gettimeout()
        self._raw = sock.makefile("rb", buffering=0)
        self._in_body = False
        self._left = None if SENDING.endless else MOST_BYTES
        self._restart()

    def begin_body(self) -> None:
        """The headers are in; from now on progress starts the clock anew."""
        self._in_body = True
        self._restart()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._limit_s is not None:
            left_s = self._deadline - monotonic()
            if left_s <= 0:
                raise TimeoutError("the reply stalled")
            self._sock.settimeout(left_s)
        count = self._raw.readinto(buffer) or 0
        if not count and not self._in_body:
            raise ConnectionResetError("the reply ended among its headers")
        self._arrived += count
        if self._left is not None:
            self._left -= count
            if self._left < 0:
                raise Overlong("the reply does not end")
        if self._in_body and self._arrived >= LEAST_BYTES:
            self._restart()
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def _restart(self) -> None:
        self._deadline = monotonic() + (self._limit_s or 0)
        self._arrived = 0


class _BoundedReader(io.BufferedReader):
    """Reads of a size, and lines of a length and number, that a proper reply can have."""

    _lines = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size < 0:
            raise ValueError("a size below zero")
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        self._lines += 1
        if self._lines > MOST_LINES:
            raise Overlong("the reply does not end")
        most = _LONGEST_LINE if size is None or size < 0 else size
        line = super().readline(most)
        if len(line) >= most and not line.endswith(b"\n"):
            raise ValueError("a line without an end")
        return line


class _PacedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **settings: Any) -> None:
        super().__init__(sock, *args, **settings)
        self.fp.close()
        self._paced = _PacedReader(sock)
        self.fp = _BoundedReader(self._paced, 65536)

    def begin(self) -> None:
        super().begin()
        if any(isinstance(defect, _BROKEN_HEADERS) for defect in self.headers.defects):
            raise ValueError("a header that is none")
        self._paced.begin_body()


class Departure:
    """Whether any byte of a request has left: the difference between unsent and in doubt."""

    began = False


class _Sending(threading.local):
    """The departure of each thread's request.

    Attributes:
        departure: may be looked at from other threads.
        endless: whoever takes the reply has a limit to its bytes of their own.
    """

    def __init__(self) -> None:
        self.departure = Departure()
        self.endless = False

    @property
    def began(self) -> bool:
        """Whether any byte of this thread's request has left."""
        return self.departure.began

    @began.setter
    def began(self, began: bool) -> None:
        self.departure.began = began


SENDING = _Sending()


class _Watched:
    """A connection that says when it begins to send."""

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        finally:
            # NOTE: a CONNECT to a proxy is no part of the request itself.
            SENDING.began = False

    def send(self, data: Any) -> None:
        if self.sock is None:  # type: ignore[attr-defined]
            self.connect()
        SENDING.began = True
        super().send(data)  # type: ignore[misc]


class _PacedHTTPConnection(_Watched, HTTPConnection):
    response_class = _PacedResponse


class _PacedHTTPSConnection(_Watched, HTTPSConnection):
    response_class = _PacedResponse


class _PacedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PacedHTTPConnection


class _PacedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PacedHTTPSConnection


_POOLS = {"http": _PacedHTTPPool, "https": _PacedHTTPSPool}


class PacedAdapter(HTTPAdapter):
    """requests' own adapter, without its retries, on connections that limit stalls."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Connections that limit stalls."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """The same through a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
