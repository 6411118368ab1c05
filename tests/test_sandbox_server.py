"""The sandbox over HTTP: correct, strict, and closed to web pages."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ess_cli.errors import PortInUse, SandboxUnusable
from ess_cli.sandbox import http1
from ess_cli.sandbox.replies import Reply
from ess_cli.sandbox.server import SandboxServer, make_server
from ess_cli.sandbox.store import Store
from tests.test_sandbox_adapter import fresh

TOKEN = "Authorization: Bearer s3cret-token\r\n"
JSON = "Content-Type: application/json\r\n"


class Served:
    """A running server, and raw connections to it."""

    def __init__(self, server: SandboxServer, log: list[str]) -> None:
        self.server = server
        self.log = log
        self.port = server.server_address[1]

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(10)
        return connection

    def exchange(self, text: str | bytes) -> bytes:
        """Send ``text``, with %HOST% filled in, and read until the server closes."""
        with self.connect() as connection:
            connection.sendall(self.fill(text))
            return read_to_end(connection)

    def fill(self, text: str | bytes) -> bytes:
        raw = text.encode("latin-1") if isinstance(text, str) else text
        return raw.replace(b"%HOST%", f"Host: 127.0.0.1:{self.port}\r\n".encode())

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def status_of(reply: bytes) -> int:
    return int(reply.split(b" ", 2)[1])


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[tuple[SandboxServer, threading.Thread]] = []
    store = Store(fresh(tmp_path / "sandbox.db"))

    def start(idle_timeout_s: float = 60) -> Served:
        log: list[str] = []
        server = make_server(store, log=log.append, idle_timeout_s=idle_timeout_s)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        started.append((server, thread))
        return Served(server, log)

    yield start
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()
    store.close()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def test_a_keep_alive_connection_serves_request_after_request(served: Served) -> None:
    client = served.client()
    for _ in range(50):
        client.request("GET", "/ess/v1/topics", headers={"Authorization": "Bearer x"})
        response = client.getresponse()
        assert response.status == 200
        assert response.version == 11
        assert response.getheader("Content-Type") == "application/json"
        assert response.getheader("Date", "").endswith(" GMT")
        assert len(json.load(response)["topics"]) == 10
    client.close()


def test_a_write_is_seen_by_the_next_read(served: Served) -> None:
    client = served.client()
    body = json.dumps({"del-cfg-id": "262"})
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    client.request("POST", "/ess/v1/topics/SCG-Message/subscriptions", body, headers)
    response = client.getresponse()
    assert (response.status, response.getheader("Content-Length")) == (201, "0")
    assert response.read() == b""
    client.request("GET", "/ess/v1/topics/SCG-Message/subscriptions/16301851", headers=headers)
    assert json.load(client.getresponse())["del-cfg-id"] == 262
    client.close()


def test_replies_leave_at_once_and_in_one_piece(served: Served) -> None:
    with served.connect() as connection:
        # Once may be luck: what left in two pieces can arrive together.
        for _ in range(20):
            connection.sendall(served.fill(f"GET /ess/v1/topics HTTP/1.1\r\n%HOST%{TOKEN}\r\n"))
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head
        (inside,) = served.server.connections
        assert inside.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    one = f"GET /ess/v1/event-types/dtmf HTTP/1.1\r\n%HOST%{TOKEN}\r\n"
    two = f"\r\nGET /ess/v1/nothing HTTP/1.1\r\n%HOST%{TOKEN}Connection: close\r\n\r\n"
    reply = served.exchange(one + two)
    assert reply.count(b"HTTP/1.1 ") == 2
    assert reply.index(b'"id":"dtmf"') < reply.index(b"HTTP/1.1 404 Not Found")
    assert served.log[0].startswith("GET /ess/v1/event-types/dtmf 200 ")


def test_a_request_may_arrive_in_pieces(served: Served) -> None:
    body = '{"del-cfg-id": "262"}'
    request = served.fill(
        f"POST /ess/v1/topics/SCG-Message/subscriptions HTTP/1.1\r\n%HOST%{TOKEN}{JSON}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )
    with served.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(request)):
            connection.sendall(request[place : place + 1])
        assert status_of(read_to_end(connection)) == 201


@pytest.mark.parametrize(
    ("version", "connection", "closes"),
    [("1.1", "", False), ("1.1", "close", True), ("1.0", "", True), ("1.0", "keep-alive", False)],
)
def test_the_clients_wish_to_close_is_honoured(
    served: Served, version: str, connection: str, closes: bool
) -> None:
    wish = f"Connection: {connection}\r\n" if connection else ""
    request = served.fill(f"GET /ess/v1/nothing HTTP/{version}\r\n%HOST%{TOKEN}{wish}\r\n")
    with served.connect() as client:
        client.sendall(request)
        reply = client.recv(65536)
        assert (b"Connection: close" in reply) is closes
        if closes:
            assert client.recv(1) == b""
        else:
            client.sendall(request)
            assert status_of(client.recv(65536)) == 404


def test_a_head_request_gets_a_405_and_no_body(served: Served) -> None:
    client = served.client()
    client.request("HEAD", "/ess/v1/topics", headers={"Authorization": "Bearer x"})
    response = client.getresponse()
    assert (response.status, response.getheader("Allow")) == (405, "GET")
    assert response.read() == b""
    client.request("GET", "/ess/v1/dictionaries/x", headers={"Authorization": "Bearer x"})
    assert client.getresponse().status == 404
    client.close()


def test_a_204_has_neither_body_nor_length() -> None:
    raw = http1.render(Reply(204, (), b"ignored"), closes=False)
    assert raw.startswith(b"HTTP/1.1 204 No Content\r\nDate: ")
    assert raw.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in raw


def test_a_client_that_waits_for_100_continue_gets_it(served: Served) -> None:
    body = b'{"del-cfg-id": "262"}'
    head = served.fill(
        f"POST /ess/v1/topics/SCG-Message/subscriptions HTTP/1.1\r\n%HOST%{TOKEN}{JSON}"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with served.connect() as connection:
        connection.sendall(head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert status_of(read_to_end(connection)) == 201


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /ess/v1/topics\r\n\r\n", 400),
        ("GET  /ess/v1/topics HTTP/1.1\r\n%HOST%\r\n", 400),
        ("GET /ess/v1/to pics HTTP/1.1\r\n%HOST%\r\n", 400),
        ("GET /ess/v1/t\u00e9 HTTP/1.1\r\n%HOST%\r\n", 400),
        ("G(T /ess/v1/topics HTTP/1.1\r\n%HOST%\r\n", 400),
        ("GET /ess/v1/topics HTTP/2.0\r\n%HOST%\r\n", 505),
        ("GET /ess/v1/topics HTTP/1.1\n%HOST%\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%no colon\r\n\r\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%Name : value\r\n\r\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%Name: a\r\n folded\r\n\r\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%Name: a\x00b\r\n\r\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%Name: a\rb\r\n\r\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%%HOST%\r\n", 400),
        ("GET /ess/v1/topics HTTP/1.1\r\n\r\n", 400),
        ("GET /" + "x" * 9000 + " HTTP/1.1\r\n%HOST%\r\n", 414),
        ("GET / HTTP/1.1\r\n%HOST%" + "Name: " + "x" * 70_000 + "\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n%HOST%" + "Name: xxxxxxxxxxxxx\r\n" * 9000, 431),
        ("POST /ess/v1/topics HTTP/1.1\r\n%HOST%Transfer-Encoding: chunked\r\n\r\n", 411),
        ("POST /ess/v1/topics HTTP/1.1\r\n%HOST%Transfer-Encoding: gzip\r\n\r\n", 501),
        ("POST /ess/v1/topics HTTP/1.1\r\n%HOST%Content-Length: -1\r\n\r\n", 400),
        ("POST /ess/v1/topics HTTP/1.1\r\n%HOST%Content-Length: +1\r\n\r\nx", 400),
        (
            "POST / HTTP/1.1\r\n%HOST%Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            400,
        ),
        ("POST /ess/v1/topics HTTP/1.1\r\n%HOST%Content-Length: 10485761\r\n\r\n", 413),
        ("GET /ess/v1/topics HTTP/1.1\r\n%HOST%Expect: miracles\r\n\r\n", 417),
    ],
)
def test_what_is_not_plain_http_is_refused_and_the_connection_closed(
    served: Served, request_text: str, status: int
) -> None:
    # What follows must never be read as a second request.
    reply = served.exchange(request_text + f"GET /ess/v1/topics HTTP/1.1\r\n%HOST%{TOKEN}\r\n")
    assert status_of(reply) == status
    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in reply


def test_a_refusal_reaches_a_client_that_is_still_sending(served: Served) -> None:
    head = f"POST /ess/v1/topics HTTP/1.1\r\n%HOST%{TOKEN}Content-Length: 12000000\r\n\r\n"
    reply = served.exchange(served.fill(head) + b"x" * 12_000_000)
    assert status_of(reply) == 413
    assert b"the body is over 10485760 bytes" in reply


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:1", "localhost:", "[::2]", "127.1", "*"],
)
def test_a_foreign_host_is_refused(served: Served, host: str) -> None:
    rest = f"{TOKEN}Connection: close\r\n\r\n"
    reply = served.exchange(f"GET /ess/v1/topics HTTP/1.1\r\nHost: {host}\r\n{rest}")
    assert status_of(reply) == 403
    assert b"evil" not in reply
    absolute = f"GET http://{host}/ess/v1/topics HTTP/1.1\r\n%HOST%{rest}"
    assert status_of(served.exchange(absolute)) == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_our_own_names_are_served_with_and_without_the_port(served: Served, name: str) -> None:
    for host in (name, f"{name}:{served.port}"):
        rest = f"HTTP/1.1\r\nHost: {host}\r\n{TOKEN}Connection: close\r\n\r\n"
        assert status_of(served.exchange(f"GET /ess/v1/topics {rest}")) == 200
        assert status_of(served.exchange(f"GET http://{host}/ess/v1/topics {rest}")) == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", ""])
def test_any_origin_is_refused(served: Served, origin: str) -> None:
    rest = f"{TOKEN}Connection: close\r\nOrigin: {origin}\r\n\r\n"
    reply = served.exchange(f"GET /ess/v1/topics HTTP/1.1\r\n%HOST%{rest}")
    assert status_of(reply) == 403
    assert b"evil" not in reply


@pytest.mark.parametrize("line", ["Host: evil.example", "%HOST%Origin: http://evil.example"])
def test_each_request_of_a_connection_is_looked_at(served: Served, line: str) -> None:
    request = "GET /ess/v1/event-types/dtmf HTTP/1.1\r\n"
    good = f"{request}%HOST%{TOKEN}\r\n"
    bad = f"{request}{line}\r\n{TOKEN}\r\n"
    reply = served.exchange(f"{good}{bad}{request}%HOST%{TOKEN}Connection: close\r\n\r\n")
    assert status_of(reply) == 200
    assert reply.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 403 " in reply


@pytest.mark.parametrize(
    "write",
    [
        "POST /ess/v1/delivery-configurations",
        "PUT /ess/v1/delivery-configurations/1654",
        "PUT /ess/v1/delivery-configurations/1654/authentication",
        "POST /ess/v1/topics/SCG-Message/subscriptions",
        "PUT /ess/v1/topics/SCG-Message/subscriptions/142",
        "POST /ess/v1/handled-event-deliveries",
    ],
)
@pytest.mark.parametrize("media_type", ["", "Content-Type: text/plain\r\n"])
def test_a_write_wants_json_as_its_type(served: Served, write: str, media_type: str) -> None:
    reply = served.exchange(
        f"{write} HTTP/1.1\r\n%HOST%{TOKEN}{media_type}"
        "Content-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    assert status_of(reply) == 415


def test_the_log_has_a_line_a_request_and_no_query_or_header_in_it(served: Served) -> None:
    query = "topicId=NIS-Events&matchingCriteria=number%20%3D%20%27%2B12345678901%27&limit=5"
    served.exchange(
        f"GET /ess/v1/topic-subscriptions/mdn?{query} HTTP/1.1\r\n%HOST%{TOKEN}"
        "X-Secret: s3cret\r\nConnection: close\r\n\r\n"
    )
    served.exchange(f"GET / HTTP/1.1\r\nHost: evil.example\r\n{TOKEN}\r\n")
    served.server.shutdown()
    first, second = served.log
    assert first.startswith("GET /ess/v1/topic-subscriptions/mdn 200 ")
    assert first.endswith(" ms")
    assert second.startswith("? 403 ")
    assert not any(word in first + second for word in ("s3cret", "12345678901", "evil", "?topic"))


def test_a_silent_connection_is_closed(serve: Callable[..., Served]) -> None:
    served = serve(idle_timeout_s=0.05)
    with served.connect() as silent, served.connect() as stalled:
        stalled.sendall(b"GET /ess/v1/top")
        assert silent.recv(1) == b""
        assert stalled.recv(1) == b""


def test_a_client_that_leaves_early_hurts_nobody(served: Served) -> None:
    for part in ("", "GET /", "POST / HTTP/1.1\r\n%HOST%Content-Length: 9\r\n\r\nabc"):
        with served.connect() as connection:
            connection.sendall(served.fill(part))
    request = f"GET /ess/v1/topics HTTP/1.1\r\n%HOST%{TOKEN}Connection: close\r\n\r\n"
    assert status_of(served.exchange(request)) == 200


def test_many_connections_are_served_at_once(served: Served) -> None:
    statuses: list[int] = []

    def work(number: int) -> None:
        client = served.client()
        headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
        for _ in range(10):
            body = json.dumps({"del-cfg-id": "262", "match-crt": f"company-id = {number}"})
            client.request("POST", "/ess/v1/topics/SCG-Message/subscriptions", body, headers)
            response = client.getresponse()
            response.read()
            statuses.append(response.status)
        client.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 80
    assert served.server.store.status()["subscriptions"] == 84


def test_a_damaged_database_is_a_503_without_a_body_and_said_in_the_log(served: Served) -> None:
    con = sqlite3.connect(served.server.store.path)
    con.execute("PRAGMA user_version = 99")
    con.close()
    request = f"GET /ess/v1/topics HTTP/1.1\r\n%HOST%{TOKEN}Connection: close\r\n\r\n"
    served.server.store.close()
    reply = served.exchange(request)
    assert status_of(reply) == 503
    assert reply.endswith(b"\r\n\r\n")
    assert "its schema version is 99" in served.log[0]


def test_a_server_does_not_start_on_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_bytes(b"this is not a database" * 50)
    with pytest.raises(SandboxUnusable, match="file is not a database"):
        make_server(Store(tmp_path / "sandbox.db"))


def test_a_port_in_use_is_an_error_of_its_own(served: Served) -> None:
    with pytest.raises(PortInUse) as caught:
        make_server(served.server.store, served.port)
    assert caught.value.exit_code == 12
    assert str(served.port) in str(caught.value)


def test_only_loopback_is_listened_on(served: Served) -> None:
    assert served.server.socket.getsockname() == ("127.0.0.1", served.port)


def test_shutdown_lets_a_request_in_flight_finish_and_closes_the_idle(served: Served) -> None:
    body = b'{"del-cfg-id": "262"}'
    head = served.fill(
        f"POST /ess/v1/topics/SCG-Message/subscriptions HTTP/1.1\r\n%HOST%{TOKEN}{JSON}"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with served.connect() as idle, served.connect() as busy:
        busy.sendall(head)
        assert busy.recv(65536).startswith(b"HTTP/1.1 100")
        stopping = threading.Thread(target=served.server.shutdown)
        stopping.start()
        assert idle.recv(1) == b""
        busy.sendall(body)
        reply = read_to_end(busy)
        stopping.join()
    assert status_of(reply) == 201
    assert b"Connection: close\r\n" in reply
    assert served.server.connections == set()


def test_a_server_that_never_served_can_be_shut_down(tmp_path: Path) -> None:
    with make_server(Store(tmp_path / "sandbox.db")) as server:
        server.shutdown()
        server.serve_forever()
