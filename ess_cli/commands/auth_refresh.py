"""``ess auth refresh``: a new access token for the one there is."""

from typing import Annotated, Any

import typer

from ess_cli.changes import Change
from ess_cli.cli import UnattendedWrite, noun
from ess_cli.commands.auth import account_of
from ess_cli.credentials import Consumer, clean, from_file, keyring, keyring_limit_s
from ess_cli.errors import EssError, NoKeyring, UsageFault
from ess_cli.options import teaches

app = noun()

_BOTH = "--consumer-key-file and --consumer-secret-file"


@app.command("refresh", cls=UnattendedWrite)
@teaches("ess auth refresh --consumer-key-file key --consumer-secret-file secret --yes")
def refresh(
    ctx: typer.Context,
    consumer_key_file: Annotated[
        str | None,
        typer.Option("--consumer-key-file", metavar="PATH|-", help="Holds the consumer key."),
    ] = None,
    consumer_secret_file: Annotated[
        str | None,
        typer.Option("--consumer-secret-file", metavar="PATH|-", help="Holds its secret."),
    ] = None,
    validity: Annotated[
        int,
        typer.Option(
            "--validity",
            metavar="SECONDS",
            min=0,
            max=999_999_999,
            help="How long the new one is good; 0 for ever. [86400]",
            show_default=False,
        ),
    ] = 86400,
) -> None:
    """Replace the access token by a new one. The old one dies for everyone who holds it.

    The new one goes where the old one is: the keyring, or the file that --token-file names.
    Consumer key and secret come from files, from those that the profile names, from the keyring,
    or are asked for and then kept there. Never sent twice: exit code 7 if nobody knows what
    became of it.
    """
    from ess_cli.context.renewing import home_of, path_of, renew

    ess = ctx.obj
    account_of(ess)
    home = home_of(ess)
    what = f"replace the access token in {home.words}; the old one dies for everyone who holds it"
    if ess.flags.dry_run:
        from ess_cli.render.dryrun import write_change

        url = f"{ess.settings.base_url.origin}{path_of(ess)}"
        write_change(ess.terminal, url, Change("GET", url, what), ess.format, ess.flags.query)
        return
    consumer, typed = _consumer(ess, consumer_key_file, consumer_secret_file)
    ess.confirm(what, ess.settings.protected_by)
    old = ess.credentials.token.value
    renewed = renew(ess, home, consumer, validity)
    ess.changed(_in_words(renewed, home.words, stayed=renewed.token.value == old))
    if typed and home.path is None:
        _keep(ess, consumer)


def _consumer(ess: Any, key: str | None, secret: str | None) -> tuple[Consumer, bool]:
    """Key and secret, and whether they were typed.

    Raises:
        UsageFault: only one is given, both are stdin, or there is nobody to ask.
        NoKeyring: they are in no file, and the keyring does not answer.
    """
    from ess_cli.context.renewing import consumer_of

    if (key is None) != (secret is None):
        raise UsageFault(f"{_BOTH} go together")
    if key is not None and secret is not None:
        if key == secret == "-":
            raise UsageFault(f"{_BOTH} cannot both be read from stdin")
        key_secret = from_file(key, "--consumer-key-file")
        return Consumer(key_secret, from_file(secret, "--consumer-secret-file")), False
    try:
        found = consumer_of(ess)
    except NoKeyring as error:
        if not ess.may_ask:
            error.hint = (
                f"give consumer key and secret with {_BOTH}, or name the files in the profile"
            )
            raise
        found = None
    if found is not None:
        return found, False
    texts = (ess.ask_secret(f"consumer {kind}", option=_BOTH) for kind in ("key", "secret"))
    return Consumer(*(clean(text, "consumer key or secret", UsageFault) for text in texts)), True


def _in_words(renewed: Any, home: str, *, stayed: bool) -> str:
    if renewed.granted is None:
        return f"nothing sent: another run has just put a new access token into {home}"
    validity_s = renewed.granted.validity_s
    good = {None: "", 0: ", good for ever"}.get(validity_s, f", good for {validity_s} s")
    if stayed:
        return f"the token in {home} is still good and stays{good or ', as the service has it'}"
    return f"refreshed: a new access token is in {home}{good}; the old one is dead for everyone"


def _keep(ess: Any, consumer: Consumer) -> None:
    try:
        limit_s = keyring_limit_s(interactive=True)
        keyring.store_consumer(account_of(ess), consumer, limit_s=limit_s)
    except EssError as error:
        ess.terminal.warn(f"consumer key and secret were not stored: {error.message}")
    else:
        ess.terminal.note("consumer key and secret are in the keyring now; logout removes them")
