"""``ess delivery-cfg auth``: how the receiving webhook authenticates the service."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ess_cli.changes import Change
from ess_cli.cli import Command, Write, noun
from ess_cli.errors import BadReply, FileTrouble, UsageFault
from ess_cli.options import teaches
from ess_cli.records import Authentication
from ess_cli.redaction import MASK, register
from ess_cli.render.columns import Column, Table

app = noun("How a webhook authenticates the service.")

AUTHENTICATION = Table(
    ("setting", "settings"),
    (Column("type", "type"), Column("setting", "setting"), Column("value", "value")),
)
TYPES = ("BASIC", "OAUTH", "NONE")
_SHORTEST_SECRET = 4

IdOrName = Annotated[
    str, typer.Argument(metavar="ID-OR-NAME", help="Digits are an id; all else is looked up.")
]


@app.command("get", cls=Command)
@teaches(
    "ess delivery-cfg auth get hhh",
    "GET /delivery-configurations/{del-config-id}/authentication",
    AUTHENTICATION,
)
def get_authentication(
    ctx: typer.Context,
    configuration: IdOrName,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the secrets.")] = False,
) -> None:
    """Show the authentication of a delivery configuration.

    All settings but the username are masked, unless --reveal is given.
    """
    from ess_cli.api import delivery_cfg

    ess = ctx.obj
    chosen = ess.configuration(configuration)
    try:
        reply = delivery_cfg.get_authentication(ess.http, chosen.id)
    except BadReply as error:
        # What cannot be read may still hold the receiver's password.
        error.details = tuple(line for line in error.details if "begins:" not in line)
        raise
    shown = reply if reveal else masked(reply)
    ess.show_object(shown, _rows(shown))


@app.command("set", cls=Write)
@teaches(
    "ess delivery-cfg auth set hhh --type BASIC --username Admin --password-file pw.txt",
    "PUT /delivery-configurations/{del-config-id}/authentication",
    AUTHENTICATION,
)
def set_authentication(
    ctx: typer.Context,
    configuration: IdOrName,
    type: Annotated[str, typer.Option("--type", metavar="TYPE", help="BASIC, OAUTH or NONE.")],  # noqa: A002
    username: Annotated[
        str | None, typer.Option("--username", metavar="NAME", help="BASIC: who logs in.")
    ] = None,
    password_file: Annotated[
        str | None,
        typer.Option(
            "--password-file",
            metavar="PATH|-",
            help="BASIC: read the password from a file, - is stdin.",
        ),
    ] = None,
    settings_file: Annotated[
        str | None,
        typer.Option(
            "--settings-file", metavar="PATH|-", help="OAUTH: the settings as a JSON object."
        ),
    ] = None,
) -> None:
    """Set the authentication of a delivery configuration.

    With a wrong one the receiver refuses every event, so it asks before it sends. Without
    --password-file the password is asked for on the terminal, without echo. The names of OAUTH's
    settings are not documented: they are sent as the file has them.
    """
    from ess_cli.api import delivery_cfg

    ess = ctx.obj
    code = type.upper()
    _check_options(code, username, password_file, settings_file)
    chosen = ess.configuration(configuration)
    settings = _settings(ess, code, username, password_file, settings_file)
    body: Authentication = {"type": code, "settings": settings}
    change = Change(
        "PUT",
        delivery_cfg.authentication_path(chosen.id),
        f"authentication of delivery configuration {chosen}",
        body,
        shown_body=masked(body),
    )
    if ess.agreed(change, asks=True):
        document, _ = delivery_cfg.replace_authentication(ess.http, chosen.id, body)
        told = isinstance(document, dict) and "settings" in document
        ess.show_written(
            lambda: masked(delivery_cfg.get_authentication(ess.http, chosen.id)),
            sent=masked(body),
            replied=masked(document) if told else None,
            rows=_rows,
        )
        ess.changed(f"set the {change.what} to {code}")


def masked(authentication: Authentication) -> Authentication:
    """The same with all masked but ``type`` and ``username``, whatever its shape."""
    settings: object = authentication.get("settings")
    whole: Mapping[str, Any] = authentication
    around = {key: value for key, value in whole.items() if key != "settings"}
    hidden = _hidden(settings, "username") if isinstance(settings, Mapping) else {}
    masked: Any = {**_hidden(around, "type"), "settings": hidden}
    return cast(Authentication, masked)  # the keys are those that came


def _hidden(settings: Mapping[str, Any], shown: str) -> dict[str, Any]:
    """Masks in place of all values but one, and of that too where it is no text."""
    return {
        key: value if key == shown and isinstance(value, str) else MASK
        for key, value in settings.items()
    }


def _rows(authentication: Authentication) -> list[dict[str, Any]]:
    kind: Any = authentication.get("type")
    settings: object = authentication.get("settings")
    if not isinstance(settings, Mapping):
        return [{"type": kind, "setting": "settings", "value": settings}]
    rows = [{"type": kind, "setting": key, "value": value} for key, value in settings.items()]
    return rows or [{"type": kind}]


def _check_options(
    code: str, username: str | None, password_file: str | None, settings_file: str | None
) -> None:
    if code not in TYPES:
        raise UsageFault(f'--type: unknown: "{code}"', hint="one of " + ", ".join(TYPES))
    if code == "BASIC" and not username:
        raise UsageFault("--type BASIC wants --username", hint="--type BASIC --username NAME")
    if code == "OAUTH" and settings_file is None:
        raise UsageFault("--type OAUTH wants --settings-file", hint="a file with a JSON object")
    if code != "BASIC" and (username or password_file):
        raise UsageFault("--username and --password-file go with --type BASIC")
    if code != "OAUTH" and settings_file:
        raise UsageFault("--settings-file goes with --type OAUTH")


def _settings(
    ess: Any, code: str, username: str | None, password_file: str | None, settings_file: str | None
) -> dict[str, Any]:
    if code == "BASIC":
        password = read_password(ess, password_file, username)
        return {"username": username, "password": password}
    return _oauth_settings(settings_file) if settings_file else {}


def read_password(ess: Any, password_file: str | None, username: str | None) -> str:
    """The password of a receiver, from ``--password-file`` or typed; masked from now on.

    Raises:
        UsageFault: it is empty, or there is nobody to ask.
        FileTrouble: the file cannot be read.
    """
    if password_file is None:
        password = ess.ask_secret("password of the receiver", option="--password-file PATH")
    else:
        password = _read(password_file, "--password-file").removesuffix("\n").removesuffix("\r")
    if not password:
        raise UsageFault("the password is empty")
    # As BASIC sends it, too: a refusal may quote the header.
    register(password)
    register(f"{username}:{password}")
    return str(password)


def _oauth_settings(path: str) -> dict[str, Any]:
    from ess_cli.api.decoding import decode

    text = _read(path, "--settings-file")
    try:
        settings = decode(text.encode())
    except ValueError as error:
        where = (
            f": line {error.lineno}, column {error.colno}"
            if (isinstance(error, json.JSONDecodeError))
            else ""
        )
        raise FileTrouble(f"--settings-file {path}: not JSON{where}") from None
    if not isinstance(settings, dict):
        raise FileTrouble(f"--settings-file {path}: not a JSON object")
    keep_secret(settings)
    return settings


def keep_secret(settings: Mapping[str, Any]) -> None:
    """Have the settings, all but ``username``, masked in whatever is written to stderr."""
    username = settings.get("username")
    for secret in _texts([value for key, value in settings.items() if key != "username"]):
        # NOTE: a mask for each 1 or e would leave nothing of a line, and tell what it hides.
        if len(secret) >= _SHORTEST_SECRET:
            register(secret)
            if isinstance(username, str):
                register(f"{username}:{secret}")


def _texts(value: Any) -> Iterator[str]:
    """Every text and number in a JSON value, however deep, as text."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _read(path: str, option: str) -> str:
    import sys

    if path == "-" and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageFault(
            f"{option}: stdin is not a pipe or a file, and typing would show the secret",
            hint=f"{option} PATH reads a file",
        )
    try:
        if path == "-":
            return sys.stdin.buffer.read().decode()
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        raise FileTrouble(f"{option} {path}: {reason}") from None
