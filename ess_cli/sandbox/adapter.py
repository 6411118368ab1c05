"""The sandbox inside this process: a transport adapter for requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from io import BufferedReader, RawIOBase
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

# NOTE: this module is imported when a session is built for the sandbox, requests being there.
from requests import PreparedRequest, Response  # noqa: TID253
from requests.adapters import BaseAdapter  # noqa: TID253
from requests.structures import CaseInsensitiveDict  # noqa: TID253
from requests.utils import get_encoding_from_headers  # noqa: TID253
from urllib3 import HTTPResponse  # noqa: TID253

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox import dumps
from ess_cli.sandbox.replies import Request
from ess_cli.sandbox.routes import handle
from ess_cli.sandbox.store import Store


class SandboxAdapter(BaseAdapter):
    """Answers the requests of a session from ``store``, without a socket.

    Mount it for ``https://sandbox.invalid/``: nothing of that name can exist. The response reads
    like one from a connection: ``raw`` can be streamed.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """The reply to ``request``; only its method, URL, headers and body matter.

        Raises:
            SandboxUnusable: the database is damaged, busy or not writable.
        """
        url = urlsplit(request.url or "")
        reply = handle(
            self._store,
            Request(
                method=request.method or "GET",
                path=str(url.path),
                query=str(url.query),
                headers={name.lower(): _text(value) for name, value in request.headers.items()},
                body=_bytes(request.body),
            ),
        )
        if reply.is_job:
            # The job is remembered. Where it cannot be done now, the next one takes it along.
            with suppress(SandboxUnusable):
                for _ in dumps.finish(self._store):
                    pass
        body = [] if request.method == "HEAD" else chain([reply.body], reply.rest)
        length = len(reply.body) + reply.rest_bytes
        headers = {**dict(reply.headers), "Content-Length": str(length)}
        raw = HTTPResponse(
            body=BufferedReader(_Parts(body)),
            headers=headers,
            status=reply.status,
            reason=HTTPStatus(reply.status).phrase,
            preload_content=False,
            request_method=request.method,
            request_url=request.url,
        )
        # What requests' own adapter does with a reply (HTTPAdapter.build_response).
        response = Response()
        response.status_code = reply.status
        response.headers = CaseInsensitiveDict(headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = raw
        response.reason = raw.reason or ""
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Close the store's idle connections."""
        self._store.close()


class _Parts(RawIOBase):
    """The parts of a body, to be read as from a connection."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            try:
                self._held = next(self._parts)
            except StopIteration:
                return 0
        taken = self._held[: len(buffer)]
        buffer[: len(taken)] = taken
        self._held = self._held[len(taken) :]
        return len(taken)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    raise TypeError(f"the sandbox takes a body as bytes or text, not {type(body).__name__}")
