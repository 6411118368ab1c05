"""A run's access token replaced by a new one: when asked to, or after a 401."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ess_cli.credentials import Account, Consumer, from_file, keyring, keyring_limit_s
from ess_cli.errors import CredentialsRefused, EssError, LocalTrouble

if TYPE_CHECKING:
    from ess_cli.api.tokens import Granted
    from ess_cli.context.run import Run
    from ess_cli.renewal import Home, Renewed


def account_of(run: Run) -> Account:
    """What the run's secrets belong to."""
    return Account(run.settings.base_url.origin, run.profile)


def home_of(run: Run) -> Home:
    """Where the run's token is kept; see :func:`ess_cli.renewal.home_of`."""
    from ess_cli import renewal

    limit_s = keyring_limit_s(interactive=run.may_ask)
    return renewal.home_of(run.credentials.token, run.flags.token_file, account_of(run), limit_s)


def path_of(run: Run) -> str:
    """Where the service's host gives new tokens."""
    from ess_cli.api.tokens import PATH

    return run.settings.refreshing.path or PATH


def consumer_of(run: Run) -> Consumer | None:
    """Consumer key and secret, from the files that the profile names, else the keyring.

    Raises:
        LocalTrouble: the profile names only one of the files.
        FileTrouble: one of them cannot be read.
        NoKeyring: the keyring does not answer.
    """
    named = run.settings.refreshing
    key, secret = named.consumer_key_file, named.consumer_secret_file
    if key is not None and secret is not None:
        key_secret = from_file(key, "consumer-key-file")
        return Consumer(key_secret, from_file(secret, "consumer-secret-file"))
    if key is not None or secret is not None:
        raise LocalTrouble("the profile names only one of consumer-key-file, consumer-secret-file")
    limit_s = keyring_limit_s(interactive=run.may_ask)
    return keyring.read_consumer(account_of(run), limit_s=limit_s)


def renew(run: Run, home: Home, consumer: Consumer, validity_s: int) -> Renewed:
    """Replace the run's token, and go on with the new one.

    Raises:
        EssError: see :func:`ess_cli.renewal.renew` and :func:`ess_cli.api.tokens.refresh`.
    """
    from ess_cli import renewal
    from ess_cli.api import tokens
    from ess_cli.api.sending import Authorization

    base_url = run.settings.base_url
    host = base_url._replace(url=base_url.origin, path="")
    http = run.http_with(lambda: Authorization(None), host)

    def ask(old: str) -> Granted:
        pair = (consumer.key.value, consumer.secret.value)
        return tokens.refresh(http, path_of(run), consumer=pair, old=old, validity_s=validity_s)

    try:
        renewed = renewal.renew(home, run.credentials.token, ask)
    finally:
        http.close()
    run.credentials = run.credentials._replace(token=renewed.token)
    return renewed


def after_refusal(run: Run, refused: CredentialsRefused) -> None:
    """Replace a token that a read was refused with, as the profile wants it.

    Raises:
        CredentialsRefused: the same, saying why there is no new token.
        EssError: it was tried, and that is what became of it.
    """
    from ess_cli.renewal import VALIDITY_S

    try:
        home = home_of(run)
        consumer = consumer_of(run)
        if consumer is None:
            raise LocalTrouble("no consumer key and secret in files of the profile, or the keyring")
    except EssError as error:
        refused.details = (
            *refused.details,
            f"  auto-refresh: {error.message}",
            *error.details,
        )
        raise refused from error
    if renew(run, home, consumer, VALIDITY_S).granted is not None:
        run.terminal.note(
            "the access token was refused (401), so auto-refresh replaced it in"
            f" {home.words}; the old one is dead for everyone who holds it · {run.where}"
        )
    run.interruption.told()
