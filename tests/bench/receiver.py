"""A webhook on loopback that acknowledges at once, so that the bench times the sender.

``python -m tests.bench.receiver`` prints its port, then runs until it is ended. A GET answers how
many events have come so far.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
_LENGTH = b"Content-Length: "


class Receiver:
    """Counts events.

    Attributes:
        events: how many have been acknowledged.
        connections: how many are open.
    """

    def __init__(self) -> None:
        self.events = 0
        self.connections = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def run(self) -> None:
        """Take connections until stopped."""
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._lock:
                    self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def took(self, head: bytes) -> None:
        """An event has come; called before it is acknowledged."""

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            buffer = b""
            while data := connection.recv(65536):
                buffer += data
                head, found, rest = buffer.partition(b"\r\n\r\n")
                if found and head.startswith(b"GET"):
                    count = str(self.events).encode()
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + count)
                    break
                if not found or len(rest) < _length(head):
                    continue
                buffer = b""
                with self._lock:
                    self.events += 1
                    self.took(head)
                connection.sendall(_OK)
        with self._lock:
            self.connections -= 1


def _length(head: bytes) -> int:
    return int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])


if __name__ == "__main__":
    receiver = Receiver()
    sys.stdout.write(f"{receiver.port}\n")
    sys.stdout.flush()
    receiver.run()
