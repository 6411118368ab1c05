"""A webhook on loopback that acknowledges at once, so that the bench times the sender.

``python -m tests.bench.receiver`` prints its port, then runs until it is ended. A GET answers how
many events have come so far.
"""

from __future__ import annotations

import socket
import sys
import threading

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
_LENGTH = b"Content-Length: "


class Receiver:
    """Counts events.

    Attributes:
        events: how many have been acknowledged.
    """

    def __init__(self) -> None:
        self.events = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def run(self) -> None:
        """Take connections, for ever."""
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        buffer = b""
        while data := connection.recv(65536):
            buffer += data
            head, found, rest = buffer.partition(b"\r\n\r\n")
            if not found:
                continue
            if head.startswith(b"GET"):
                count = str(self.events).encode()
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + count)
                connection.close()
                return
            length = int(head[head.index(_LENGTH) + len(_LENGTH) :].split(b"\r\n")[0])
            if len(rest) >= length:
                buffer = rest[length:]
                with self._lock:
                    self.events += 1
                connection.sendall(_OK)


if __name__ == "__main__":
    receiver = Receiver()
    sys.stdout.write(f"{receiver.port}\n")
    sys.stdout.flush()
    receiver.run()
