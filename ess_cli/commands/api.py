"""``ess api``: any path of the service, as it comes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ess_cli.changes import Change
from ess_cli.cli import Write, noun
from ess_cli.commands.delivery_cfg_auth import keep_secret, masked
from ess_cli.errors import FileTrouble, UsageFault
from ess_cli.options import teaches
from ess_cli.records import Authentication
from ess_cli.redaction import MASK

app = noun("Any path of the service, as it comes.")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


@app.command("api", cls=Write)
@teaches("ess api GET '/topic-subscriptions?limit=10'")
def call(
    ctx: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, …")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Below the base URL: /topics")],
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE|-", help="Send the file as JSON; - is stdin."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field", metavar="KEY=VALUE", help="A GET's query parameter, else a key of the body."
        ),
    ] = None,
) -> None:
    """Call any path of the service and print the reply as it came.

    Anything but GET asks first. A value of --field is text in a body.
    """
    ess = ctx.obj
    verb = method.upper()
    if verb not in METHODS:
        raise UsageFault(f'unknown method: "{method}"', hint="one of " + ", ".join(METHODS))
    place, query = _split(path)
    pairs = [_pair(text) for text in field or []]
    if data is not None and (pairs or verb == "GET"):
        raise UsageFault("--data goes with a method that sends a body, and without --field")
    body = _body(data, dict(pairs) if verb != "GET" else {})
    if verb == "GET":
        query = (*query, *pairs)
    shown = _shown(body)
    if "authentication" in _names(place):
        shown = _masked(shown)
    from ess_cli.api.paths import query_string

    change = Change(verb, place + query_string(query), f"{verb} {place}", None, (), shown)
    reads = verb == "GET"
    # The GET that starts a job counts as a write for protection and for retries, as in
    # `topics dump`.
    starts_job = "dump-subscriptions" in _names(place)
    if (reads and not starts_job and not ess.flags.dry_run) or ess.agreed(change, asks=not reads):
        reply = ess.http.raw(verb, place, query, body, starts_job=reads and starts_job)
        ess.terminal.write(reply.body)


def _split(path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Path and query of what the user typed.

    Raises:
        UsageFault: it names another host, or climbs above the base URL.
    """
    from functools import partial
    from urllib.parse import unquote

    place, _, query = path.partition("?")
    place = place if place.startswith("/") else f"/{place}"
    decoded = unquote(place)
    if (
        "://" in place
        or place.startswith("//")
        or "\\" in decoded
        or "#" in path
        or not decoded.isprintable()
        or any(part in (".", "..") for part in decoded.split("/"))
    ):
        # A password or a token may hide in a URL.
        may_hide_one = "@" in path or ("//" in path and set("?#") & set(path))
        shown = "" if may_hide_one else f': "{path}"'
        raise UsageFault(
            f"not a path below the base URL{shown}", hint="for instance ess api GET /topics"
        )
    parts = (part.partition("=") for part in query.split("&") if part)
    # NOTE: + is itself, not a blank: it begins every phone number.
    decode = partial(unquote, errors="surrogateescape")
    return _quoted(place), tuple((decode(key), decode(value)) for key, _, value in parts)


def _names(place: str) -> set[str]:
    """What a path goes through, as a server may read it: decoded, in any case, without ``;…``."""
    from urllib.parse import unquote

    return {part.partition(";")[0].strip().lower() for part in unquote(place).split("/")}


def _quoted(place: str) -> str:
    from urllib.parse import quote

    return quote(place, safe="/%:@!$&'()*+,;=~-._")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageFault(f'--field: not KEY=VALUE: "{text}"', hint="--field limit=10")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageFault(f'--field: not valid text: "{text}"', hint="it is sent as UTF-8") from None
    return key, value


def _body(data: str | None, fields: dict[str, str]) -> bytes | None:
    import json
    import sys

    if data is None:
        return json.dumps(fields).encode() if fields else None
    if data == "-" and sys.stdin is None:
        raise UsageFault("--data -: stdin is closed", hint="--data FILE reads a file")
    try:
        return sys.stdin.buffer.read() if data == "-" else Path(data).read_bytes()
    except OSError as error:
        raise FileTrouble(f"--data {data}: {error.strerror}") from None


def _shown(body: bytes | None) -> Any:
    """The body for a dry run: as JSON where it is JSON."""
    from ess_cli.api.decoding import decode

    if body is None:
        return None
    try:
        return decode(body)
    except ValueError:
        return body.decode("utf-8", "backslashreplace")


def _masked(shown: Any) -> Any:
    """A webhook's authentication without its secrets, which are also kept out of errors."""
    if not isinstance(shown, Mapping):
        return None if shown is None else MASK
    settings = shown.get("settings")
    keep_secret(settings if isinstance(settings, Mapping) else shown)
    whole: Any = masked(cast(Authentication, shown))  # the keys are those that were typed
    return {key: whole[key] for key in shown}
