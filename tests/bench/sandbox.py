"""How fast the sandbox is while it works: ``python -m tests.bench.sandbox``.

A part of ``tests.bench.run``, which can be run alone. Everything is there at once, as in a
rehearsal: the server, the command that emits, and a webhook on loopback, each a process of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.rows import Row, as_markdown

EVENTS = 5_000
FLOW = 500
SECONDS = 10
MILLION = 1_000_000
_EMIT = ["sandbox", "emit", "porting_event", "--field", "porting_date=2026-11-23"]
_EMIT += ["--field", "number=+12345678901", "-o", "name"]
_GET = (
    b"GET /ess/v1/delivery-configurations/1654 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Authorization: Bearer sandbox\r\n\r\n"
)


class Rehearsal:
    """A served sandbox whose events go to a receiver."""

    def __init__(self, port: int, receiver_port: int, environment: dict[str, str]) -> None:
        self._port = port
        self._receiver_port = receiver_port
        self._environment = environment

    def emitting(self, count: int, *options: str) -> subprocess.Popen[bytes]:
        """Start to emit."""
        command = [_ess(), *_EMIT, "--count", str(count), *options]
        return subprocess.Popen(
            command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def delivered(self) -> int:
        """How many events the receiver has acknowledged."""
        with socket.create_connection(("127.0.0.1", self._receiver_port)) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            reply = b""
            while data := connection.recv(4096):
                reply += data
        return int(reply.rpartition(b"\n")[2])

    def delivery_rate(self) -> float:
        """Events a second, from the start of the command that emits to the last acknowledgement."""
        before = self.delivered()
        began = time.perf_counter()
        with self.emitting(EVENTS):
            while self.delivered() < before + EVENTS:
                time.sleep(0.05)
            return EVENTS / (time.perf_counter() - began)

    def request_rate(self) -> tuple[float, float]:
        """Requests a second on one connection while events flow; and events a second meanwhile."""
        with self.emitting(FLOW * (SECONDS + 4), "--rate", f"{FLOW}/s") as emitter:
            while not self.delivered():
                time.sleep(0.05)
            before, began = self.delivered(), time.perf_counter()
            with socket.create_connection(("127.0.0.1", self._port)) as connection:
                rates = [_requests_in_a_second(connection) for _ in range(SECONDS)]
            flow = (self.delivered() - before) / (time.perf_counter() - began)
            emitter.kill()
        return median(rates), flow


def _requests_in_a_second(connection: socket.socket) -> float:
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < 1:
        connection.sendall(_GET)
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
        length = int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        done += 1
    return done / spent


def _ess() -> str:
    return str(Path(sys.executable).parent / "ess")


@contextmanager
def rehearsal(home: Path) -> Iterator[Rehearsal]:
    """Everything started."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    receiver = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.receiver"], stdout=subprocess.PIPE, text=True
    )
    serve = [_ess(), "sandbox", "serve", "--port", "0", "-q"]
    with receiver:
        receiver_port = receiver.stdout.readline().strip() if receiver.stdout else ""
        update = ["-p", "sandbox", "delivery-cfg", "update", "1266", "--yes", "-q"]
        subprocess.run(
            [_ess(), *update, "--addr", f"http://127.0.0.1:{receiver_port}/events"],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True) as server:
            try:
                url = server.stdout.readline().strip() if server.stdout else ""
                port = int(url.split(":")[2].split("/")[0])
                yield Rehearsal(port, int(receiver_port), environment)
            finally:
                server.terminate()
                receiver.kill()


def at_volume(home: Path) -> list[Row]:
    """A million rows of each kind: how long they take to make, and what serving them takes."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    many = ["--subscriptions", str(MILLION), "--deliveries", str(MILLION), "-q"]
    began = time.perf_counter()
    subprocess.run([_ess(), "sandbox", "seed", *many], env=environment, check=True)
    seeded_s = time.perf_counter() - began
    serve = [_ess(), "sandbox", "serve", "--port", "0", "-q"]
    with subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip() if server.stdout else ""
            lists = ["subs", "list"], ["deliveries", "list", "--all"], ["subs", "mdn-count"]
            for each in lists:
                subprocess.run(
                    [_ess(), "--base-url", url, *each],
                    env=environment | {"ESS_TOKEN": "bench"},
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
            status = Path(f"/proc/{server.pid}/status").read_text()
        finally:
            server.terminate()
    peak_mb = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return [
        Row("a million subscriptions and deliveries made", seeded_s, 60, " s"),
        Row("memory of the server, all of them listed", peak_mb, 150, " MB"),
        Row("an event matched among them and accepted", _match_ms(environment), 3, " ms"),
    ]


def _match_ms(environment: dict[str, str]) -> float:
    """What one more event costs, within one process; in milliseconds."""
    count, few = 2000, 100
    spent_s = []
    for events in (few, count):
        command = [_ess(), "sandbox", "emit", "porting_event", "--count", str(events), "-o", "name"]
        fields = ["--field", "number=+999000777777", "--field", "porting_date=2026-11-23"]
        began = time.perf_counter()
        subprocess.run(
            [*command, *fields, "-q"], env=environment, stdout=subprocess.DEVNULL, check=True
        )
        spent_s.append(time.perf_counter() - began)
    return (spent_s[1] - spent_s[0]) * 1000 / (count - few)


def measure(home: Path) -> list[Row]:
    """What is promised of a sandbox at work, measured."""
    with rehearsal(home) as each:
        rate = each.delivery_rate()
        requests, flow = each.request_rate()
    served = f"`ess sandbox serve`, one connection, while delivering {flow:,.0f} events/s"
    return [
        Row(served, requests, 3000, "/s"),
        Row("events emitted, matched and delivered", rate, 500, "/s"),
        *at_volume(home / "volume"),
    ]


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        rows = measure(Path(home))
    sys.stdout.write(as_markdown(rows) + "\n")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
