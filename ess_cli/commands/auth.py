"""``ess auth``: logging in and out, and which credentials are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ess_cli.cli import Command, noun
from ess_cli.credentials import (
    Account,
    Credentials,
    Secret,
    clean,
    from_file,
    keyring,
    keyring_limit_s,
    read_stdin,
)
from ess_cli.errors import CredentialsRefused, EssError, UsageFault
from ess_cli.options import teaches
from ess_cli.redaction import MASK
from ess_cli.render.columns import Column, Table

app = noun(
    "Log in, log out, see which credentials are used.", elsewhere={"refresh": "auth_refresh"}
)

SECRETS = Table(
    ("secret", "secrets"),
    (
        Column("secret", "secret"),
        Column("source", "source"),
        Column("value", "value"),
        Column("origin", "origin"),
        Column("profile", "profile"),
        Column("accepted", "accepted"),
    ),
)

# A token's last characters tell two tokens apart; of a short one they would tell too much.
_SHOWN_FROM = 20
_SHOWN = 4


@app.command("login", cls=Command)
@teaches("ess auth login")
def log_in(
    ctx: typer.Context,
    with_token: Annotated[
        bool, typer.Option("--with-token", help="Read the access token from stdin.")
    ] = False,
) -> None:
    """Store the access token, and a user token if there is one, in the system's keyring.

    Both are asked for without being shown, tried with one call (GET /topics), and stored for
    this profile and this service only. Without a terminal: ess auth login --with-token < FILE,
    and --user-token-file for the user token.
    """
    ess = ctx.obj
    account = account_of(ess)
    limit_s = keyring_limit_s(interactive=ess.may_ask)
    _check_call(ess, with_token)
    keyring.prepare(account, limit_s=limit_s)
    entered = _entered(ess, with_token)
    _try_before_storing(ess, entered)
    user_token = entered.user_token_value
    label = keyring.store(account, entered.token.value, user_token, limit_s=limit_s)
    what = "the access token" if user_token is None else "the access token and the user token"
    ess.changed(f"logged in: stored {what} in the keyring ({label})")


@app.command("logout", cls=Command)
@teaches("ess auth logout")
def log_out(ctx: typer.Context) -> None:
    """Remove the stored tokens of this profile and this service from the keyring."""
    ess = ctx.obj
    account = account_of(ess)
    removed = keyring.delete(account, limit_s=keyring_limit_s(interactive=ess.may_ask))
    if removed:
        ess.changed(f"logged out: removed {' and '.join(removed)} from the keyring")
    else:
        ess.terminal.note(f"nothing was stored · {ess.where}")
    if os.environ.get("ESS_TOKEN") and not ess.settings.passes_over_environment:
        ess.terminal.note("ESS_TOKEN is still set, and is used without a login")


@app.command("status", cls=Command)
@teaches("ess auth status", table=SECRETS)
def show_status(
    ctx: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the service whether it accepts them.")
    ] = False,
) -> None:
    """Show where each secret comes from, masked, and whether the service accepts it.

    Whether it does is found out with one call (GET /topics); it cannot be told for one secret
    without the other. Exit code 3 if there are none, or the service refuses them.
    """
    ess = ctx.obj
    found = ess.credentials
    failure = None if offline else _try(ess, found)
    accepted = failure is None
    known = not offline and (accepted or isinstance(failure, CredentialsRefused))
    ess.show_rows(_rows(ess, found, accepted if known else None))
    if failure is not None:
        raise failure


def account_of(ess: Any) -> Account:
    """What the run's stored secrets belong to.

    Raises:
        UsageFault: to the sandbox, which has none.
    """
    if ess.settings.is_sandbox:
        raise UsageFault(
            "the sandbox is the embedded service and needs no login",
            hint="ess -p sandbox topics list; for the real service, another profile: -p default",
        )
    return Account(ess.settings.base_url.origin, ess.profile)


def _check_call(ess: Any, with_token: bool) -> None:
    """Refuse, before anything is typed or read, a call that cannot say where the token is.

    Raises:
        UsageFault: nobody can be asked, or two things would read the same.
    """
    flags = ess.flags
    if with_token and flags.token_file is not None:
        raise UsageFault("--with-token and --token-file both give the access token")
    if flags.user_token_file == "-" and (with_token or flags.token_file == "-"):  # noqa: S105
        raise UsageFault(
            "the access token and the user token cannot both be read from stdin",
            hint="give the user token as a file: --user-token-file PATH",
        )
    if not with_token and flags.token_file is None and not ess.may_ask:
        raise UsageFault(
            "there is no terminal to ask for the token on",
            hint="ess auth login --with-token < FILE reads it from stdin",
        )


def _entered(ess: Any, with_token: bool) -> Credentials:
    """Both secrets, as typed or as read; none of them in the environment counts here."""
    flags = ess.flags
    user_token = None
    if flags.user_token_file is not None:
        user_token = from_file(flags.user_token_file, "--user-token-file")
    if with_token:
        token = clean(read_stdin("--with-token"), "--with-token", UsageFault)
        return Credentials(token, user_token)
    if flags.token_file is not None:
        return Credentials(from_file(flags.token_file, "--token-file"), user_token)
    ess.terminal.say(f"logging in · {ess.where}")
    typed = ess.ask_secret("access token", option="--with-token < FILE")
    token = clean(typed, "access token", UsageFault)
    if user_token is None:
        text = ess.ask_secret("user token (Enter for none)", option="--user-token-file PATH")
        user_token = clean(text, "user token", UsageFault) if text else None
    return Credentials(token, user_token)


def _try_before_storing(ess: Any, entered: Credentials) -> None:
    failure = _try(ess, entered)
    if failure is None:
        return
    failure.details = (*failure.details, "  nothing was stored")
    if isinstance(failure, CredentialsRefused):
        failure.hint = "is it the token of this account? `ess profile show` says which service"
    raise failure


def _try(ess: Any, credentials: Credentials) -> EssError | None:
    """What keeps the service from answering with these credentials; None where it answers."""
    from ess_cli.api.sending import Authorization

    http = ess.http_with(
        lambda: Authorization(credentials.authorization, credentials.user_token_value)
    )
    try:
        http.get("/topics", (("limit", "1"),))
    except EssError as error:
        return error
    finally:
        http.close()
    return None


def _rows(ess: Any, found: Credentials, accepted: bool | None) -> Iterator[dict[str, Any]]:
    for name, secret in (("token", found.token), ("user-token", found.user_token)):
        if secret is not None:
            yield {
                "secret": name,
                "source": secret.source,
                "value": _masked(secret),
                "origin": ess.settings.base_url.origin,
                "profile": ess.profile,
                "accepted": accepted,
            }


def _masked(secret: Secret) -> str:
    return MASK + (secret.value[-_SHOWN:] if len(secret.value) >= _SHOWN_FROM else "")
