"""The only home of requests: one request, its limits, its retries, and what became of it.

Redirects are never followed, ``.netrc`` and cookies never used, proxies never for loopback, and a
POST is never sent twice unless no byte of it left or the service answered 429.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests.utils import get_environ_proxies

from ess_cli import __version__
from ess_cli.api.decoding import decode
from ess_cli.api.faults import RETRYABLE, Reply, fault, not_json, unknown
from ess_cli.api.pacing import SENDING, PacedAdapter
from ess_cli.api.paths import Query, query_string
from ess_cli.errors import BadSetting, EssError, LocalTrouble, Temporary, TooLarge

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

ATTEMPTS = 3
LARGEST_BODY = 256 * 1024 * 1024
_LONGEST_WAIT_S = 60.0
_CHUNK = 1 << 20


class Authorization(NamedTuple):
    """What a request is authorised with.

    Attributes:
        header: the value of the Authorization header.
        user_token: the value of the user-token header; None where it is not sent.
    """

    header: str
    user_token: str | None = None


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


class _Call(NamedTuple):
    method: str
    path: str
    query: str
    body: bytes | None
    look: str | None
    once: bool

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


class _Broken(Exception):
    """The exchange ended without a whole reply."""

    def __init__(self, what: str, *, sent: bool, lasting: bool = False) -> None:
        super().__init__(what)
        self.sent = sent
        self.lasting = lasting


class Http:
    """Sends requests to one service.

    Args:
        service: where to.
        credentials: asked for at the first request, not before.
        adapter: carries the requests; None for real connections.
        log: gets one line for each request sent; it may hold secrets until it is redacted.
        sleep: waits between attempts; takes seconds.
    """

    def __init__(
        self,
        service: Service,
        credentials: Callable[[], Authorization],
        *,
        adapter: BaseAdapter | None = None,
        log: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.service = service
        self._credentials = credentials
        self._adapter = adapter or PacedAdapter()
        self._log = log
        self._sleep = sleep
        self._verify = _ca_bundle(service)
        self._proxies = {} if service.is_loopback else get_environ_proxies(service.base_url)

    def get(self, path: str, query: Query = ()) -> Any:
        """The JSON document at a path below the base URL.

        Raises:
            EssError: of the kind that the reply, or its absence, stands for.
        """
        call = _Call("GET", path, query_string(query), None, look=None, once=False)
        return self._document(call, self._exchange(call))

    def start_job(self, path: str, query: Query, look: str) -> Any:
        """Like :meth:`get`, for the GET that starts a job: never sent twice."""
        call = _Call("GET", path, query_string(query), None, look=look, once=True)
        return self._document(call, self._exchange(call))

    def post(self, path: str, body: object, look: str) -> tuple[Any, Reply]:
        """Send a new thing; never twice, unless it provably did not leave.

        Returns:
            The reply's document (None where its body is empty), and the reply.
        """
        call = _Call("POST", path, "", _encoded(body), look=look, once=True)
        reply = self._exchange(call)
        return (self._document(call, reply) if reply.body.strip() else None), reply

    def put(self, path: str, body: object, look: str) -> tuple[Any, Reply]:
        """Replace a thing; as :meth:`post`, but repeated when that may help."""
        call = _Call("PUT", path, "", _encoded(body), look=look, once=False)
        reply = self._exchange(call)
        return (self._document(call, reply) if reply.body.strip() else None), reply

    def raw(self, method: str, path: str, query: Query, body: bytes | None) -> Reply:
        """Any request, its reply as it came; only a refusal by the service raises."""
        look = None if method == "GET" else "with a GET of the same path"
        once = method not in ("GET", "PUT")
        return self._exchange(_Call(method, path, query_string(query), body, look, once))

    def url(self, path: str, query: Query = ()) -> str:
        """The whole URL of a path, for messages."""
        return f"{self.service.base_url}{path}{query_string(query)}"

    def close(self) -> None:
        """Let go of the connections."""
        self._adapter.close()

    def _document(self, call: _Call, reply: Reply) -> Any:
        why = "it is empty"
        if reply.body.strip():
            try:
                return decode(reply.body)
            except ValueError as error:
                why = str(error)
        if call.look is not None:
            raise unknown(
                f"{call.line}: {reply.status} with a reply that is not JSON",
                call.look,
                reply.status,
            )
        raise not_json(reply, call.line, why)

    def _exchange(self, call: _Call) -> Reply:
        """Send until there is an answer worth having, within the rules for this kind of call."""
        doubt: EssError | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = self._once(call)
            except _Broken as broken:
                failure = self._failure(call, broken)
                in_doubt = broken.sent
                again = not broken.lasting and (not call.once or not broken.sent)
                wait_s = None
            else:
                found = fault(reply, call.line, call.look)
                if found is None and doubt is None:
                    return reply
                if found is None:
                    return reply  # a repeated PUT went through: what it was to set is set
                failure = found
                in_doubt = failure.exit_code == 7
                again = reply.status in RETRYABLE and (not call.once or reply.status == 429)
                wait_s = _retry_after(reply)
            if in_doubt and call.look is not None:
                doubt = failure
            if wait_s is not None and wait_s > _LONGEST_WAIT_S and again:
                failure.details += (f"  the service asks to wait {wait_s:.0f} s",)
                again = False
            if not again or attempt == ATTEMPTS:
                break
            self._sleep(wait_s if wait_s is not None else random.uniform(0, 2.0 ** (attempt - 1)))  # noqa: S311
        raise doubt or failure

    def _failure(self, call: _Call, broken: _Broken) -> EssError:
        if call.look is not None and broken.sent:
            return unknown(f"{call.line}: {broken}", call.look)
        return Temporary(f"{call.line}: {broken}", hint="try again later")

    def _once(self, call: _Call) -> Reply:
        prepared = requests.PreparedRequest()
        prepared.method = call.method
        prepared.url = f"{self.service.base_url}{call.path}{call.query}"
        prepared.headers = self._headers(call)
        prepared.body = call.body
        prepared.hooks = {"response": []}
        began = time.monotonic()
        SENDING.began = False
        status, size = "no answer", 0
        try:
            response = self._adapter.send(
                prepared,
                stream=True,
                timeout=(self.service.timeout_s, self.service.timeout_s),
                verify=self._verify,
                proxies=dict(self._proxies),
            )
            status = str(response.status_code)
            try:
                body = _body(response, call.line)
            finally:
                response.close()
            size = len(body)
            return Reply(response.status_code, response.headers, body)
        except (requests.RequestException, OSError) as error:
            raise _broken(error, self.service) from error
        finally:
            if self._log:
                took_ms = (time.monotonic() - began) * 1000
                shown = f"{call.line}{_shown_query(call.query)}"
                self._log(f"{shown} → {status}, {took_ms:.0f} ms, {size} bytes")

    def _headers(self, call: _Call) -> Any:
        credentials = self._credentials()
        headers = requests.structures.CaseInsensitiveDict(
            {
                "Authorization": credentials.header,
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"ess/{__version__}",
            }
        )
        if credentials.user_token is not None:
            headers["user-token"] = credentials.user_token
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(call.body))
        elif call.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = "0"
        return headers


def _encoded(body: object) -> bytes:
    import json

    return json.dumps(body, allow_nan=False).encode()


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


def _body(response: requests.Response, line: str) -> bytes:
    """The decoded body, under the cap."""
    pieces, size = [], 0
    try:
        for piece in response.iter_content(_CHUNK):
            size += len(piece)
            if size > LARGEST_BODY:
                raise TooLarge(
                    f"{line}: the reply is larger than {LARGEST_BODY // 2**20} MiB",
                    hint="ask for less: --page-size, --limit",
                    http=response.status_code,
                )
            pieces.append(piece)
    except requests.RequestException:
        if response.status_code in RETRYABLE or response.status_code < 400:
            raise
        return b""  # NOTE: the status already says what happened; the rest was its explanation
    return b"".join(pieces)


def _broken(error: Exception, service: Service) -> _Broken:
    """A transport failure in words, without the URL (it may hold a phone number)."""
    from urllib3 import exceptions as u3

    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        inner = getattr(cause, "reason", None) or (cause.args[0] if cause.args else None)
        cause = inner if isinstance(inner, BaseException) else cause.__cause__ or cause.__context__
    host = service.base_url.split("/")[2]
    sent = SENDING.began

    def found(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    import ssl

    if found(ssl.SSLCertVerificationError):
        verify = next(link for link in chain if isinstance(link, ssl.SSLCertVerificationError))
        what = f"the certificate of {host} cannot be trusted: {verify.verify_message}"
        return _Broken(what, sent=sent, lasting=True)
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.InvalidURL):
        raise LocalTrouble("the request cannot be built: a header or the URL is malformed")
    if found(u3.NameResolutionError):
        return _Broken(f"no address found for {host}", sent=sent)
    if found(ConnectionRefusedError):
        return _Broken(f"connection to {host} refused", sent=sent)
    if found(u3.ConnectTimeoutError):
        return _Broken(f"no connection to {host} within {service.timeout_s:g} s", sent=sent)
    if found(requests.exceptions.ProxyError, u3.ProxyError):
        return _Broken(f"the proxy does not lead to {host}", sent=sent)
    if found(TimeoutError, u3.ReadTimeoutError):
        return _Broken(f"{host} did not answer, or stalled, for {service.timeout_s:g} s", sent=sent)
    if found(ssl.SSLError, u3.SSLError):
        return _Broken(f"TLS with {host} failed", sent=sent)
    if found(u3.DecodeError, requests.exceptions.ContentDecodingError):
        return _Broken(f"the reply of {host} cannot be decompressed", sent=sent)
    if found(u3.NewConnectionError):
        return _Broken(f"cannot connect to {host}", sent=sent)
    return _Broken(f"the connection to {host} broke off", sent=sent)


def _retry_after(reply: Reply) -> float | None:
    """Seconds the service asks to wait; None where it does not say, or says nonsense."""
    text = reply.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    if not text or len(text) > 40:
        return None
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        return max(
            0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, OverflowError, TypeError):
        return None


def _shown_query(query: str) -> str:
    """A query for the log: criteria hold phone numbers and are left out."""
    shown = [
        pair if pair.split("=")[0] in ("limit", "offset", "topicId") else pair.split("=")[0] + "=…"
        for pair in query.removeprefix("?").split("&")
        if pair
    ]
    return "?" + "&".join(shown) if shown else ""
