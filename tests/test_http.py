"""What goes over the wire, through which proxy, under whose certificate."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from ess_cli import __version__
from ess_cli.api.exchange import Service
from ess_cli.api.http import Http
from ess_cli.api.pacing import SENDING
from ess_cli.api.sending import Authorization, Sender
from ess_cli.errors import EssError
from tests import hostile
from tests.hostile import (
    TOKEN,
    USER_TOKEN,
    Certificates,
    Wire,
    close,
    hold,
    json_reply,
    on,
    on_connect,
    plain_garbage,
    reply,
    start_tls,
)

wire, certificates, strangers = hostile.wire, hostile.certificates, hostile.strangers

TOPICS = "GET /ess/v1/topics?limit=1000"
NO_TOPICS = json_reply({"topics": []})


def test_a_read_is_exactly_these_bytes(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, NO_TOPICS))
    assert wire.ess(server, "topics", "list", "--json").out == "[]\n"
    assert server.requests[0].raw.decode() == (
        "GET /ess/v1/topics?limit=1000 HTTP/1.1\r\n"
        f"Host: {server.host}\r\n"
        f"Authorization: Bearer {TOKEN}\r\n"
        "Accept: application/json\r\n"
        "Accept-Encoding: gzip\r\n"
        f"User-Agent: ess/{__version__}\r\n"
        f"user-token: {USER_TOKEN}\r\n"
        "\r\n"
    )


def test_the_user_token_is_left_out_where_there_is_none(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, NO_TOPICS))
    assert wire.ess(server, "topics", "list", user_token="").code == 0
    assert server.requests[0].values("user-token") == []


def test_a_token_with_a_scheme_is_sent_as_it_is(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, NO_TOPICS))
    wire.ess(server, "topics", "list", env={"ESS_TOKEN": "Basic Y2FuYXJ5"})
    assert server.requests[0].values("authorization") == ["Basic Y2FuYXJ5"]


def test_a_post_is_exact_json_with_its_type_and_length(wire: Wire) -> None:
    body = (
        b'{"del-cfg-nm": "caf\\u00e9", "del-fmt-cd": "JSON", "del-prtcl-cd": "REST", '
        b'"addr": "http://127.0.0.1/hook", "is-active": true}'
    )
    server = wire.serve(
        on("GET /ess/v1/delivery-configurations?limit=1000", json_reply(EMPTY_CONFIGURATIONS)),
        on("POST /ess/v1/delivery-configurations", reply(201, b"", "Location: /x/77")),
        on("GET /ess/v1/delivery-configurations/77", json_reply({"id": 77, "del-cfg-nm": "café"})),
    )
    create = ("delivery-cfg", "create", "--name", "café", "--addr", "http://127.0.0.1/hook")
    assert wire.ess(server, *create).code == 0
    sent = server.requests[1]
    assert sent.body == body
    assert sent.values("content-type") == ["application/json"]
    assert sent.values("content-length") == [str(len(body))]
    assert sent.values("authorization") == [f"Bearer {TOKEN}"]
    assert server.requests[0].values("content-type") == []
    assert server.requests[0].values("content-length") == []


EMPTY_CONFIGURATIONS: dict[str, Any] = {"delivery-configurations": []}


def test_a_write_without_a_body_says_so(wire: Wire) -> None:
    server = wire.serve(on("POST /ess/v1/topics", reply(204)))
    assert wire.ess(server, "api", "POST", "/topics", "--yes").code == 0
    assert server.requests[0].values("content-length") == ["0"]
    assert server.requests[0].values("content-type") == []


@pytest.mark.parametrize("entry", ["machine 127.0.0.1", "default"])
def test_netrc_never_replaces_the_token(wire: Wire, home: Path, entry: str) -> None:
    for netrc in (home / ".netrc", home / "elsewhere"):
        netrc.write_text(f"{entry} login mallory password evil\n")
        netrc.chmod(0o600)
    for env in ({}, {"NETRC": str(home / "elsewhere")}):
        server = wire.serve(on(TOPICS, NO_TOPICS))
        assert wire.ess(server, "topics", "list", env=env).code == 0
        assert server.requests[0].values("authorization") == [f"Bearer {TOKEN}"]


def test_cookies_are_never_sent_back(wire: Wire) -> None:
    first = {"topics": [{"topic-nm": "a"}], "paged-result": {"offset": 0, "limit": 1}}
    last = {"topics": [], "paged-result": {"offset": 1, "limit": 1}}
    server = wire.serve(
        on(TOPICS, json_reply(first, 200, "Set-Cookie: track=me; Path=/")),
        on("GET /ess/v1/topics?limit=1000&offset=1", json_reply(last)),
    )
    assert wire.ess(server, "topics", "list").code == 0
    assert server.requests[1].values("cookie") == []


def test_connections_are_kept_for_the_next_page(wire: Wire) -> None:
    first = {"topics": [{"topic-nm": "a"}], "paged-result": {"offset": 0, "limit": 1}}
    server = wire.serve(
        on(TOPICS, json_reply(first)),
        on("GET /ess/v1/topics?limit=1000&offset=1", NO_TOPICS),
    )
    assert wire.ess(server, "topics", "list").code == 0
    assert server.connections == 1


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = itertools.count(1000.0, 6.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    server = wire.serve(
        on("GET /ess/v1/topics?limit=1", json_reply({"topics": [{"topic-nm": "a"}]})),
        on("GET /ess/v1/topics?limit=1&offset=1", NO_TOPICS),
    )
    assert wire.ess(server, "topics", "list", "--page-size", "1", within_s=1e6).code == 0
    assert server.connections == 2


# Proxies


def _proxies(url: str) -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "all_proxy")
    return {name: url for low in names for name in (low, low.upper())}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_never_goes_through_a_proxy(wire: Wire, host: str) -> None:
    proxy = wire.serve()
    server = wire.serve(on(TOPICS, NO_TOPICS))
    url = server.url.replace("127.0.0.1", host)
    outcome = wire.ess(url, "topics", "list", env=_proxies(f"http://{proxy.host}"))
    assert outcome.code == 0
    assert proxy.connections == 0


def test_a_remote_host_is_reached_through_the_proxy_which_never_sees_the_token(
    wire: Wire, certificates: Certificates
) -> None:
    tunnel = start_tls(certificates.server("remote.invalid"))
    proxy = wire.serve(
        on("CONNECT remote.invalid:443", b"HTTP/1.1 200 Come in\r\n\r\n", tunnel),
        on(TOPICS, NO_TOPICS),
    )
    outcome = wire.ess(
        "https://remote.invalid/ess/v1",
        *("topics", "list", "--json"),
        env={
            "HTTPS_PROXY": f"http://who:what@{proxy.host}",
            "REQUESTS_CA_BUNDLE": certificates.bundle,
        },
    )
    assert (outcome.code, outcome.out) == (0, "[]\n")
    assert TOKEN.encode() not in proxy.requests[0].raw
    assert USER_TOKEN.encode() not in proxy.requests[0].raw
    assert proxy.requests[0].values("proxy-authorization") == ["Basic d2hvOndoYXQ="]
    assert proxy.requests[1].values("authorization") == [f"Bearer {TOKEN}"]
    assert proxy.requests[1].values("proxy-authorization") == []


def test_a_proxy_that_refuses_is_named_and_no_write_is_in_doubt(
    wire: Wire, sleeps: list[float]
) -> None:
    refusal = b"HTTP/1.1 407 Who\x1b are you\r\nContent-Length: 0\r\n\r\n"
    proxy = wire.serve(*[on("CONNECT remote.invalid:443", refusal, close)] * 3)
    outcome = wire.ess(
        "https://remote.invalid/ess/v1",
        *("api", "POST", "/topics", "--yes"),
        env={"HTTPS_PROXY": f"http://{proxy.host}"},
    )
    assert outcome.code == 6
    assert outcome.err.startswith(
        "error: POST /topics: the proxy does not lead to remote.invalid: 407 Who\\x1b are you\n"
    )
    assert len(sleeps) == 2
    assert all(TOKEN.encode() not in request.raw for request in proxy.requests)


def test_a_proxy_that_is_not_there_is_not_taken_for_the_service(wire: Wire) -> None:
    outcome = wire.ess(
        "https://remote.invalid/ess/v1",
        *("topics", "list"),
        env={"HTTPS_PROXY": f"http://127.0.0.1:{_unused_port()}"},
    )
    assert outcome.code == 6
    assert "the proxy does not lead to remote.invalid" in outcome.err


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1", "http://", "::::"])
def test_a_proxy_that_cannot_be_used_is_a_fault_of_the_setup(wire: Wire, proxy: str) -> None:
    outcome = wire.ess(
        "https://remote.invalid/ess/v1", "topics", "list", env={"HTTPS_PROXY": proxy}
    )
    assert outcome.code == 12
    assert "the proxy that the environment names for remote.invalid cannot be used" in outcome.err


def test_no_proxy_is_honoured(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, f"no {host}")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    proxy = wire.serve()
    outcome = wire.ess(
        "https://remote.invalid/ess/v1",
        *("api", "POST", "/topics", "--yes"),
        env={"HTTPS_PROXY": f"http://{proxy.host}", "NO_PROXY": "remote.invalid"},
    )
    assert outcome.code == 6
    assert "no address found for remote.invalid" in outcome.err
    assert proxy.connections == 0


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


# Certificates


def _configure(home: Path, ca_bundle: str) -> None:
    directory = home / ".config" / "ess"
    directory.mkdir(parents=True)
    file = directory / "config.yaml"
    file.write_text(f"profiles:\n  default:\n    ca-bundle: {ca_bundle}\n")
    file.chmod(0o600)


def test_the_profiles_bundle_beats_the_environments(
    wire: Wire, home: Path, certificates: Certificates, strangers: Certificates
) -> None:
    _configure(home, certificates.bundle)
    server = wire.serve(on(TOPICS, NO_TOPICS), tls=certificates.server())
    env = {"REQUESTS_CA_BUNDLE": strangers.bundle, "CURL_CA_BUNDLE": strangers.bundle}
    assert wire.ess(server, "topics", "list", env=env).code == 0


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environments_bundle_counts_without_one_in_the_profile(
    wire: Wire, certificates: Certificates, name: str
) -> None:
    server = wire.serve(on(TOPICS, NO_TOPICS), tls=certificates.server())
    assert wire.ess(server, "topics", "list", env={name: certificates.bundle}).code == 0


def test_a_bundle_that_is_missing_is_a_fault_of_the_setup(
    wire: Wire, home: Path, certificates: Certificates
) -> None:
    server = wire.serve(tls=certificates.server())
    absent = str(home / "absent.pem")
    outcome = wire.ess(server, "topics", "list", env={"REQUESTS_CA_BUNDLE": absent})
    assert outcome.code == 12
    assert outcome.err == f"error: REQUESTS_CA_BUNDLE: no such file: {absent}\n"
    _configure(home, absent)
    outcome = wire.ess(server, "topics", "list", env={"REQUESTS_CA_BUNDLE": certificates.bundle})
    assert outcome.code == 12
    assert outcome.err == f"error: ca-bundle of the profile: no such file: {absent}\n"
    assert server.connections == 0


def test_a_bundle_without_certificates_is_a_fault_of_the_setup(
    wire: Wire, home: Path, certificates: Certificates
) -> None:
    (home / "empty.pem").write_text("nothing of the kind\n")
    server = wire.serve(tls=certificates.server())
    env = {"REQUESTS_CA_BUNDLE": str(home / "empty.pem")}
    outcome = wire.ess(server, "topics", "list", env=env)
    assert outcome.code == 12
    assert f"the certificates in {home / 'empty.pem'} cannot be read" in outcome.err


def test_a_missing_bundle_is_no_trouble_without_tls(wire: Wire, home: Path) -> None:
    server = wire.serve(on(TOPICS, NO_TOPICS))
    env = {"REQUESTS_CA_BUNDLE": str(home / "absent.pem")}
    assert wire.ess(server, "topics", "list", env=env).code == 0


def test_an_untrusted_certificate_is_not_tried_again(
    wire: Wire, certificates: Certificates, strangers: Certificates, sleeps: list[float]
) -> None:
    server = wire.serve(tls=strangers.server())
    env = {"REQUESTS_CA_BUNDLE": certificates.bundle}
    outcome = wire.ess(server, "api", "POST", "/topics", "--yes", env=env)
    assert outcome.code == 6
    assert outcome.err == (
        f"error: POST /topics: the certificate of {server.host} cannot be trusted: "
        "unable to get local issuer certificate\n"
        "hint: a certificate of your own: ess profile set NAME --ca-bundle FILE\n"
    )
    assert server.connections == 1
    assert sleeps == []


def test_a_certificate_for_another_name_is_not_trusted(
    wire: Wire, certificates: Certificates
) -> None:
    server = wire.serve(tls=certificates.server("other.invalid"))
    env = {"REQUESTS_CA_BUNDLE": certificates.bundle}
    outcome = wire.ess(server, "topics", "list", env=env)
    assert outcome.code == 6
    assert "IP address mismatch" in outcome.err
    assert server.requests == []


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        *((f"{name}={value}", 12) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "ca-bundle")
          for value in ("0", "false", "no", "off")),
        ("REQUESTS_CA_BUNDLE=", 6),
        ("PYTHONHTTPSVERIFY=0", 6),
        ("ESS_VERIFY=0", 6),
        ("ESS_INSECURE=1", 6),
    ],
)  # fmt: skip
def test_no_variable_and_no_setting_turns_verification_off(
    wire: Wire, home: Path, strangers: Certificates, setting: str, code: int
) -> None:
    name, _, value = setting.partition("=")
    if name == "ca-bundle":
        _configure(home, value)
    server = wire.serve(tls=strangers.server())
    outcome = wire.ess(server, "topics", "list", env={} if name == "ca-bundle" else {name: value})
    assert outcome.code == code
    assert server.requests == []


# TLS that breaks


def test_a_post_that_ended_in_the_handshake_was_not_sent(
    wire: Wire, certificates: Certificates
) -> None:
    garbage = on_connect(b"HTTP/1.1 400 Bad Request\r\n\r\n", close)
    server = wire.serve(garbage, garbage, garbage, tls=certificates.server())
    env = {"REQUESTS_CA_BUNDLE": certificates.bundle}
    outcome = wire.ess(server, "api", "POST", "/topics", "--yes", env=env)
    assert outcome.code == 6
    assert f"TLS with {server.host} failed" in outcome.err


def test_a_handshake_that_never_ends_is_cut(wire: Wire, certificates: Certificates) -> None:
    server = wire.serve(*[on_connect(hold)] * 3, tls=certificates.server())
    env = {"REQUESTS_CA_BUNDLE": certificates.bundle}
    outcome = wire.ess(
        server, "api", "POST", "/topics", "--yes", env=env, timeout_s=0.3, within_s=3
    )
    assert outcome.code == 6


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_tls_that_breaks_late_leaves_a_post_in_doubt(
    wire: Wire, certificates: Certificates, begins: bytes
) -> None:
    post = on("POST /ess/v1/topics", begins, plain_garbage)
    server = wire.serve(post, tls=certificates.server())
    env = {"REQUESTS_CA_BUNDLE": certificates.bundle}
    outcome = wire.ess(server, "api", "POST", "/topics", "--yes", env=env)
    assert outcome.code == 7
    assert "look before trying again" in outcome.err


def test_tls_that_breaks_late_is_tried_again_for_a_read(
    wire: Wire, certificates: Certificates
) -> None:
    server = wire.serve(on(TOPICS, plain_garbage), on(TOPICS, NO_TOPICS), tls=certificates.server())
    env = {"REQUESTS_CA_BUNDLE": certificates.bundle}
    assert wire.ess(server, "topics", "list", env=env).code == 0


# What is logged


def test_the_log_of_a_request_has_neither_numbers_nor_secrets(wire: Wire) -> None:
    number = "%2B12025550123"
    target = (
        "GET /ess/v1/topic-subscriptions/mdn?topicId=NIS-Events"
        f"&matchingCriteria=number%20%3D%20%27{number}%27&limit=1000"
    )
    server = wire.serve(on(target, json_reply({"subscriptions": []})))
    outcome = wire.ess(server, "subs", "mdn", "+12025550123", "--debug")
    assert outcome.code == 0
    assert (
        "debug: GET /topic-subscriptions/mdn?topicId=NIS-Events&matchingCriteria=…&limit=1000"
        in (outcome.err)
    )
    assert "12025550123" not in outcome.err


# Every failure of the libraries


class _Failing(requests.adapters.BaseAdapter):
    """Fails with a given error, before or after the request has left."""

    def __init__(self, error: BaseException, *, sent: bool) -> None:
        super().__init__()
        self._error = error
        self._sent = sent

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        SENDING.began = self._sent
        raise self._error

    def close(self) -> None:
        pass


def _subclasses(kind: type[BaseException]) -> list[type[BaseException]]:
    found = [kind]
    for each in kind.__subclasses__():
        found += _subclasses(each)
    return found


_MODULES = ("requests.", "urllib3.", "http.client")
FOREIGN = sorted(
    {
        each
        for kind in (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError)
        for each in _subclasses(kind)
        if f"{each.__module__}.".startswith(_MODULES)
    }
    | {OSError, ValueError, TimeoutError, ConnectionResetError, ssl.SSLError, socket.gaierror},
    key=lambda each: (each.__module__, each.__name__),
)


def _made(kind: type[BaseException]) -> BaseException:
    error: BaseException = kind.__new__(kind)
    error.args = (f"quotes Bearer {TOKEN}",)
    return error


def _http(adapter: requests.adapters.BaseAdapter) -> Http:
    service = Service("https://service.invalid/ess/v1", True, 5.0)
    authorization = Authorization(f"Bearer {TOKEN}")
    return Http(Sender(service, lambda: authorization, adapter=adapter, sleep=lambda _: None))


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_failure_of_the_libraries_becomes_one_of_ours(kind: type[BaseException]) -> None:
    calls: list[tuple[Callable[[Http], object], bool, set[int]]] = [
        (lambda http: http.get("/topics"), False, {6, 9, 12}),
        (lambda http: http.get("/topics"), True, {6, 9, 12}),
        (lambda http: http.post("/topics", {}, "look"), False, {6, 7, 12}),
        (lambda http: http.post("/topics", {}, "look"), True, {7, 12}),
        (lambda http: http.put("/topics", {}, "look"), True, {7, 12}),
    ]
    for call, sent, codes in calls:
        with pytest.raises(EssError) as caught:
            call(_http(_Failing(_made(kind), sent=sent)))
        assert caught.value.exit_code in codes
        assert TOKEN not in str(caught.value.message) + str(caught.value.details)
        if not sent and caught.value.exit_code in (7, 9):
            assert "Decod" in kind.__name__, "which only a reply can cause"
        if sent and caught.value.exit_code == 12:
            assert any(word in kind.__name__ for word in ("Proxy", "Schema", "Scheme"))


@pytest.mark.parametrize("sent", [True, False])
def test_an_interrupt_leaves_a_write_in_doubt_only_where_it_had_left(sent: bool) -> None:
    adapter = _Failing(KeyboardInterrupt(), sent=sent)
    with pytest.raises(EssError if sent else KeyboardInterrupt) as caught:
        _http(adapter).post("/topics", json.loads("{}"), "look")
    if sent:
        assert getattr(caught.value, "exit_code", None) == 7
    with pytest.raises(KeyboardInterrupt):
        _http(adapter).get("/topics")
