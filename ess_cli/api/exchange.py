"""The only home of requests: one request on the wire, its reply within limits, or what broke.

Redirects are never followed, ``.netrc`` and cookies never used, proxies never for loopback.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import requests  # noqa: TID253 - this module is itself imported on use
from requests.utils import get_environ_proxies  # noqa: TID253
from urllib3.exceptions import HTTPError  # noqa: TID253

from ess_cli.api.faults import Reply
from ess_cli.api.pacing import SENDING, Overlong, PacedAdapter
from ess_cli.errors import BadReply, BadSetting, LocalTrouble, TooLarge

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

LARGEST_BODY = 256 * 1024 * 1024
# Of a refusal, only its beginning: the status says what happened, the rest explains it.
_LARGEST_EXPLANATION = 64 * 1024
_CHUNK = 1 << 20
# A connection that was idle for longer is not used again: whatever is between may have forgotten
# it without a word, and a write that is sent into it ends in doubt.
_LONGEST_IDLE_S = 5.0


class Service(NamedTuple):
    """Which service, and how to reach it.

    Attributes:
        base_url: without a slash at its end.
        is_loopback: no proxy, and http is allowed.
        timeout_s: for connecting, for the headers, and for any stall.
        ca_bundle: a file or directory of trusted certificates; None for the usual ones.
    """

    base_url: str
    is_loopback: bool
    timeout_s: float
    ca_bundle: str | None = None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return self.base_url.split("/")[2]


class Sink(Protocol):
    """Takes the body of a reply that is too large to be held."""

    def begin(self) -> None:
        """A body begins; what came of one before it, that broke off, does not count."""

    def take(self, piece: bytes) -> None:
        """The next bytes, as they were sent; raises EssError where no more are wanted."""


class Broken(Exception):
    """The exchange ended without a whole reply.

    Attributes:
        sent: whether the service may have the request.
        lasting: trying again cannot help.
        unusable: what a reply is that came, but that nothing can be made of; None without one.
        hint: what to do about it; None where only waiting helps.
    """

    def __init__(
        self,
        what: str,
        *,
        sent: bool = True,
        lasting: bool = False,
        unusable: type[BadReply] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what)
        self.sent = sent
        self.lasting = lasting or unusable is not None
        self.unusable = unusable
        self.hint = hint


class Wire:
    """Carries requests to one service, one at a time.

    Args:
        service: where to.
        adapter: carries the requests; None for real connections.
        log: gets one line for each request sent; it may hold secrets until it is redacted.
    """

    def __init__(
        self,
        service: Service,
        adapter: BaseAdapter | None,
        log: Callable[[str], None] | None,
    ) -> None:
        self._service = service
        self._adapter = adapter or PacedAdapter()
        self._keeps_connections = adapter is None
        self._used_at = 0.0
        self._log = log
        # NOTE: without TLS nothing is verified, and a missing bundle is nobody's trouble.
        uses_tls = adapter is None and service.base_url.startswith("https:")
        self._verify = _ca_bundle(service) if uses_tls else True
        self._proxies = {} if service.is_loopback else get_environ_proxies(service.base_url)

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        shown: str,
        sink: Sink | None = None,
    ) -> Reply:
        """The reply to one request.

        Args:
            method: GET, POST, …
            target: path and query below the base URL, percent-encoded.
            headers: sent as they are; ``http.client`` adds Host.
            body: None for none.
            shown: the request for the log, without what is nobody's business.
            sink: takes the body of a 200, however large; the reply then has none.

        Raises:
            Broken: there is no whole reply.
            LocalTrouble: this machine keeps the request from being made.
        """
        prepared = requests.PreparedRequest()
        prepared.method = method
        prepared.url = f"{self._service.base_url}{target}"
        prepared.headers = requests.structures.CaseInsensitiveDict(headers)
        prepared.body = body
        prepared.hooks = {"response": []}
        began = time.monotonic()
        if self._keeps_connections and began - self._used_at > _LONGEST_IDLE_S:
            self._adapter.close()
        SENDING.began = False
        SENDING.endless = sink is not None
        answered, size = "no answer", 0
        try:
            response = self._adapter.send(
                prepared,
                stream=True,
                timeout=(self._service.timeout_s, self._service.timeout_s),
                verify=self._verify,
                proxies=dict(self._proxies),
            )
            answered = str(response.status_code)
            try:
                if sink is not None and response.status_code == 200:
                    content, size = b"", _poured(response, sink)
                else:
                    content = _content(response)
                    size = len(content)
            finally:
                response.close()
            return Reply(response.status_code, response.headers, content)
        except _FAILURES as error:
            raise self._broken(error) from error
        finally:
            self._used_at = time.monotonic()
            if self._log:
                took_ms = (self._used_at - began) * 1000
                self._log(f"{shown} → {answered}, {took_ms:.0f} ms, {size} bytes")

    def close(self) -> None:
        """Let go of the connections."""
        self._adapter.close()

    def _broken(self, error: Exception) -> Broken:
        """A failure in words, without the URL (it may hold a phone number)."""
        chain = _chain(error)

        def found(*kinds: type[BaseException]) -> BaseException | None:
            return next((link for link in chain if isinstance(link, kinds)), None)

        from ssl import SSLCertVerificationError, SSLError

        from urllib3 import exceptions as u3

        wrong = requests.exceptions
        host, sent, limit = self._service.host, SENDING.began, f"{self._service.timeout_s:g} s"
        if found(wrong.InvalidProxyURL, wrong.InvalidSchema, u3.ProxySchemeUnknown):
            raise self._unusable_proxy()
        if found(wrong.ProxyError, u3.ProxyError):
            return Broken(f"the proxy does not lead to {host}{_tunnel_reply(chain)}", sent=sent)
        untrusted = found(SSLCertVerificationError)
        if isinstance(untrusted, SSLCertVerificationError):
            return Broken(
                f"the certificate of {host} cannot be trusted: {untrusted.verify_message}",
                sent=sent,
                lasting=True,
                hint="a certificate of your own: ess profile set NAME --ca-bundle FILE",
            )
        if found(u3.NameResolutionError):
            return Broken(f"no address found for {host}", sent=sent)
        if found(ConnectionRefusedError):
            return Broken(f"connection to {host} refused", sent=sent)
        if found(u3.ConnectTimeoutError):
            return Broken(f"no connection to {host} within {limit}", sent=sent)
        if found(TimeoutError, u3.ReadTimeoutError):
            return Broken(f"{host} did not answer, or stalled, for {limit}", sent=sent)
        if found(SSLError, u3.SSLError):
            _check_bundle(self._verify)
            return Broken(f"TLS with {host} failed", sent=sent)
        if found(Overlong):
            return Broken(f"the reply of {host} does not end", unusable=TooLarge)
        if found(u3.DecodeError, wrong.ContentDecodingError):
            return Broken(f"the reply of {host} cannot be decompressed", unusable=BadReply)
        if found(u3.NewConnectionError):
            return Broken(f"cannot connect to {host}", sent=sent)
        if found(u3.InvalidChunkLength, u3.InvalidHeader) or (
            found(http.client.HTTPException, ValueError)
            and not found(ConnectionError, http.client.IncompleteRead)
        ):
            if not sent and self._proxies:
                raise self._unusable_proxy()
            if not sent:
                # NOTE: the library's own text quotes the header, which may be the token.
                raise LocalTrouble("the request cannot be made: a header or the URL is malformed")
            return Broken(f"the reply of {host} is not proper HTTP", unusable=BadReply)
        return Broken(f"the connection to {host} broke off", sent=sent)

    def _unusable_proxy(self) -> BadSetting:
        return BadSetting(
            f"the proxy that the environment names for {self._service.host} cannot be used",
            hint="a proxy is http://HOST:PORT, in HTTPS_PROXY; NO_PROXY names exceptions",
        )


# NOTE: requests' own errors are OSErrors; it lets several of the layers below pass as they are. A
# ValueError is what int() makes of a length that is no number.
_FAILURES = (OSError, HTTPError, http.client.HTTPException, ValueError)


def _chain(error: BaseException) -> list[BaseException]:
    """An error, and those that it wraps in any of the manners of requests and urllib3."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        wrapped = (getattr(cause, "reason", None), *cause.args)
        inner = next((each for each in wrapped if isinstance(each, BaseException)), None)
        hidden = None if cause.__suppress_context__ else cause.__context__
        cause = inner or cause.__cause__ or hidden
    return chain


def _tunnel_reply(chain: list[BaseException]) -> str:
    """How the proxy refused, after a colon; empty where it did not answer at all."""
    prefix = "Tunnel connection failed: "
    said = next((str(link) for link in chain if str(link).startswith(prefix)), "")
    return f": {said.removeprefix(prefix)[:80]}" if said else ""


def _ca_bundle(service: Service) -> str | bool:
    """What to verify with: the profile's bundle, then the environment's, then requests' own."""
    import os

    for bundle, source in (
        (service.ca_bundle, "ca-bundle of the profile"),
        (os.environ.get("REQUESTS_CA_BUNDLE"), "REQUESTS_CA_BUNDLE"),
        (os.environ.get("CURL_CA_BUNDLE"), "CURL_CA_BUNDLE"),
    ):
        if bundle:
            if not Path(bundle).exists():
                raise BadSetting(f"{source}: no such file: {bundle}")
            return bundle
    return True


def _check_bundle(verify: str | bool) -> None:
    """Find out whether it was the bundle that TLS failed with.

    Raises:
        BadSetting: it holds no certificates, or cannot be read.
    """
    import ssl

    if not isinstance(verify, str) or Path(verify).is_dir():
        return
    try:
        ssl.create_default_context(cafile=verify)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror
        raise BadSetting(f"the certificates in {verify} cannot be read: {reason}") from None


def _content(response: requests.Response) -> bytes:
    """The decoded body, under the cap."""
    if response.status_code >= 300:
        return _explanation(response)
    content = BytesIO()
    for piece in response.iter_content(_CHUNK):
        content.write(piece)
        if content.tell() > LARGEST_BODY:
            raise Broken(
                f"the reply is larger than {LARGEST_BODY // 2**20} MiB",
                unusable=TooLarge,
                hint="ask for less: --page-size, --limit",
            )
    return content.getvalue()


def _poured(response: requests.Response, sink: Sink) -> int:
    """Let the body through as it was sent; returns its bytes."""
    sink.begin()
    size = 0
    for piece in response.raw.stream(_CHUNK, decode_content=False):
        sink.take(piece)
        size += len(piece)
    return size


def _explanation(response: requests.Response) -> bytes:
    """As much of the beginning of a refusal's body as could be had."""
    content = bytearray()
    try:
        while len(content) < _LARGEST_EXPLANATION:
            piece = response.raw.read1(_LARGEST_EXPLANATION, decode_content=True)
            if not piece:
                break
            content += piece
    except _FAILURES:
        pass  # NOTE: the status says what happened, whatever became of the rest
    return bytes(content)
