"""The service's verbs: calls, and what is expected of their replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from ess_cli.api.decoding import decode
from ess_cli.api.exchange import Sink
from ess_cli.api.faults import Reply, not_json, unknown, wrong_shape
from ess_cli.api.paths import Query, query_string
from ess_cli.api.sending import READS, Call, Sender
from ess_cli.api.shapes import rows_under
from ess_cli.errors import BadReply, UsageFault

# From here on the rows of a list are read one by one: as objects they take four times the memory.
LONG_BYTES = 16 * 1024 * 1024

T = TypeVar("T")


class Http:
    """One service, by its verbs.

    Args:
        sender: sends the calls.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def may_renew_again(self) -> None:
        """A read that is refused once more may get new credentials once more."""
        self._sender.may_renew_again()

    def close(self) -> None:
        """Let go of the connections."""
        self._sender.close()

    def get(self, path: str, query: Query = ()) -> Any:
        """The JSON document at a path below the base URL.

        Raises:
            EssError: of the kind that the reply, or its absence, stands for.
        """
        return self.read(path, lambda document: document, query)

    def read(self, path: str, expects: Callable[[Any], T], query: Query = ()) -> T:
        """What ``expects`` makes of the JSON document at a path.

        Args:
            path: below the base URL.
            expects: takes the document; raises ValueError, with the reason, if it is not as due.
            query: parameters.

        Raises:
            EssError: as :meth:`get`.
        """
        call = Call("GET", path, query_string(query), None, look=None, once=False)
        return _shaped(call, self._sender.exchange(call), expects)

    def rows(
        self, path: str, key: str, query: Query
    ) -> tuple[Iterator[list[dict[str, Any]]], Mapping[str, Any]]:
        """The rows of a list, in batches, and the reply's other keys.

        A reply of usual size is one batch. Of a long one the keys that stand behind the rows are
        there once the last batch has come.

        Args:
            path: below the base URL.
            key: where the reply has its rows.
            query: parameters.

        Raises:
            EssError: as :meth:`get`; for a long reply also while the batches are read.
        """
        call = Call("GET", path, query_string(query), None, look=None, once=False)
        reply = self._sender.exchange(call)
        if len(reply.body) < LONG_BYTES:
            document = _shaped(call, reply, lambda document: _with_rows(document, key))
            return iter([document[key]]), document
        from ess_cli.api.incremental import Rows

        rows = Rows(reply.body, key)
        return _checked(call, reply, rows), rows.facts

    def start_job(self, path: str, expects: Callable[[Any], T], query: Query, look: str) -> T:
        """Like :meth:`read`, for the GET that starts a job: never sent twice.

        As after any write, an empty reply means that it is done; ``expects`` gets an empty object.
        """
        call = Call("GET", path, query_string(query), None, look=look, once=True)
        reply = self._sender.exchange(call)
        return _shaped(call, reply, expects) if reply.body.strip() else expects({})

    def download(
        self, path: str, query: str, sink: Sink, headers: tuple[tuple[str, str], ...]
    ) -> None:
        """Let a file through to ``sink``; tried again as any read, from its beginning.

        Args:
            path: below the base URL, percent-encoded.
            query: with its question mark; empty for none.
            sink: takes the bytes as they are sent, and limits them.
            headers: beside those of every request.

        Raises:
            BadReply: it is answered with anything but a redirect, a refusal or the file.
            EssError: as :meth:`get`, and what the sink raises.
        """
        call = Call("GET", path, query, None, None, once=False, sink=sink, headers=headers)
        reply = self._sender.exchange(call)
        if reply.status != 200:
            raise BadReply(f"{call.line}: {reply.status} comes without a file", http=reply.status)

    def post(self, path: str, body: object, look: str) -> tuple[Any, Reply]:
        """Send a new thing; never twice, unless it provably did not leave.

        Returns:
            The reply's document (None where its body is empty), and the reply.
        """
        call = Call("POST", path, "", _encoded(body), look=look, once=True)
        return self._written(call)

    def put(self, path: str, body: object, look: str) -> tuple[Any, Reply]:
        """Replace a thing; as :meth:`post`, but repeated when that may help."""
        call = Call("PUT", path, "", _encoded(body), look=look, once=False)
        return self._written(call)

    def raw(
        self, method: str, path: str, query: Query, body: bytes | None, *, starts_job: bool = False
    ) -> Reply:
        """Any request, its reply as it came.

        Args:
            method: GET, POST, …
            path: below the base URL.
            query: parameters.
            body: None for none.
            starts_job: a GET that is never to be sent twice.

        Raises:
            EssError: the service refused it, or the outcome of a write is in doubt.
        """
        look: str | None = "with a GET of the same path"
        if starts_job:
            look = "by the notice that the job is done"
        elif method in READS:
            look = None
        once = starts_job or method not in ("GET", "PUT")
        call = Call(method, path, query_string(query), body, look, once)
        reply = self._sender.exchange(call)
        if look is not None and reply.body.strip():
            _document(call, reply)
        return reply

    def url(self, path: str, query: Query = ()) -> str:
        """The whole URL of a path, for messages."""
        return f"{self._sender.service.base_url}{path}{query_string(query)}"

    def _written(self, call: Call) -> tuple[Any, Reply]:
        reply = self._sender.exchange(call)
        return (_document(call, reply) if reply.body.strip() else None), reply


def _encoded(body: object) -> bytes:
    import json

    text = json.dumps(body, allow_nan=False)
    if "\\ud" in text:
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise UsageFault("a value holds bytes that are no text, so nothing was sent") from None
    return text.encode()


def _document(call: Call, reply: Reply) -> Any:
    """The JSON of a reply.

    Raises:
        NotJson: it has none.
        OutcomeUnknown: likewise, and the call was a write.
    """
    why = "it is empty"
    if reply.body.strip():
        try:
            return decode(reply.body)
        except ValueError as error:
            why = str(error)
    refusal = not_json(reply, call.line, why)
    if call.look is None:
        raise refusal
    doubt = unknown(refusal.message, call.look, reply.status)
    doubt.details = (*refusal.details, *doubt.details)
    raise doubt


def _shaped(call: Call, reply: Reply, expects: Callable[[Any], T]) -> T:
    document = _document(call, reply)
    try:
        return expects(document)
    except ValueError as error:
        raise wrong_shape(reply, call.line, str(error)) from None


def _with_rows(document: Any, key: str) -> dict[str, Any]:
    rows_under(key)(document)
    return cast("dict[str, Any]", document)


def _checked(
    call: Call, reply: Reply, batches: Iterable[list[dict[str, Any]]]
) -> Iterator[list[dict[str, Any]]]:
    """The batches, a complaint about their text as an error about the reply."""
    try:
        yield from batches
    except ValueError as error:
        raise not_json(reply, call.line, str(error)) from None
