"""A new access token for an old one: kept where the old one was, and never lost.

The old token dies at once for everyone who holds it (field notes, H), so the new one is the only
one there is. Before anything is sent it is made sure of that it can be kept; where that fails all
the same, it is left in a file of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ess_cli.credentials import Account, Secret, clean, from_file, keyring
from ess_cli.errors import EssError, LocalTrouble, OutcomeUnknown, UsageFault
from ess_cli.files import file_trouble, make_directory, write_whole
from ess_cli.places import directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ess_cli.api.tokens import Granted

VALIDITY_S = 86400
"""How long a new token is asked to be good, unless somebody says otherwise: a day."""

_WAIT_S = 60.0


class Home(NamedTuple):
    """Where a token is kept.

    Attributes:
        account: whose it is.
        path: the file that it is in; None for the keyring.
        limit_s: how long the keyring may take.
    """

    account: Account
    path: Path | None
    limit_s: float

    @property
    def words(self) -> str:
        """For messages."""
        return "the keyring" if self.path is None else str(self.path)

    def read(self) -> Secret | None:
        """The token that is there now; None for none."""
        if self.path is not None:
            return from_file(str(self.path), "--token-file")
        found = keyring.read(self.account, both=False, limit_s=self.limit_s)
        return found.token if found else None

    def write(self, token: str) -> None:
        """Keep a token in place of the one that is there."""
        if self.path is not None:
            write_whole(self.path, f"{token}\n".encode())
            return
        found = keyring.read(self.account, limit_s=self.limit_s)
        user_token = found.user_token_value if found else None
        keyring.store(self.account, token, user_token, limit_s=self.limit_s)


class Renewed(NamedTuple):
    """What became of a token.

    Attributes:
        token: the one to use from now on.
        granted: what the service answered; None where another run had been quicker.
    """

    token: Secret
    granted: Granted | None


def home_of(token: Secret, token_file: str | None, account: Account, limit_s: float) -> Home:
    """Where a run's token is kept, once it is sure that another one can be kept there.

    Args:
        token: the token, with where it came from.
        token_file: what ``--token-file`` says; None where it was not given.
        account: whose it is.
        limit_s: how long the keyring may take.

    Raises:
        UsageFault: it comes from where nothing can be kept.
        FileTrouble: nothing can be written beside its file.
        NoKeyring: the keyring does not answer.
    """
    if token.source.startswith("keyring ("):
        keyring.prepare(account, limit_s=limit_s)  # it may be locked since
        return Home(account, None, limit_s)
    path = Path(token_file or "-")
    if token.source != "--token-file" or token_file == "-" or not path.is_file():  # noqa: S105
        came_from = f"{token.source} {token_file}" if token_file else token.source
        raise UsageFault(
            f"the access token comes from {came_from}, where a new one cannot be kept",
            hint="keep it in a file (--token-file PATH) or in the keyring (`ess auth login`)",
        )
    _try_to_write(path)
    return Home(account, path, limit_s)


def renew(home: Home, old: Secret, ask: Callable[[str], Granted]) -> Renewed:
    """Get a new token and keep it; only one run at a time does that.

    Args:
        home: where it is kept.
        old: the token that this run knows.
        ask: gets a new token for an old one, which has no scheme.

    Raises:
        LocalTrouble: another run has been at it for a minute; or the new token could not be kept,
            and then the error says where it is.
        OutcomeUnknown: what came is no token.
        EssError: what ``ask`` raises.
    """
    with _alone(home):
        now = home.read()
        if now is not None and now.value != old.value:
            return Renewed(now, None)
        scheme, blank, value = old.value.rpartition(" ")
        granted = ask(value)
        token = clean(f"{scheme}{blank}{granted.token}", old.source, OutcomeUnknown)
        if token.value != old.value:
            _keep(home, token.value)
        return Renewed(token, granted)


def _keep(home: Home, token: str) -> None:
    try:
        home.write(token)
    except EssError as error:
        raise _rescued(home, token, error) from error
    except BaseException:  # a second signal, for instance
        _rescued(home, token, None)
        raise


def _rescued(home: Home, token: str, error: EssError | None) -> LocalTrouble:
    """Leave a token that could not be kept in a file of its own; the error that says so."""
    path = Path(directory("state")) / f"rescued-token.{_mark(home)}"
    message = f"the token was replaced, but the new one could not be kept in {home.words}"
    reasons = (f"  {error.message}", *error.details) if error else ()
    try:
        write_whole(path, f"{token}\n".encode())
    except EssError as second:
        return LocalTrouble(
            message,
            details=(*reasons, f"  {second.message}", "  it is lost, and the old one is dead"),
            hint="get a new token from the vendor's portal, then `ess auth login`",
        )
    return LocalTrouble(
        message,
        details=(*reasons, f"  the old one is dead; the new one is in {path}, for you alone"),
        hint=f"ess auth login --with-token < {path}, then remove that file",
    )


def _try_to_write(path: Path) -> None:
    from tempfile import TemporaryFile

    try:
        with TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as error:
        raise file_trouble("written", path, error) from error


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold the lock of a token: two that replace one at the same time would lose it."""
    import filelock

    if home.path is None:
        path = Path(directory("state")) / "locks" / f"refresh.{_mark(home)}.lock"
    else:
        path = home.path.resolve()
        path = path.with_name(f".{path.name}.lock")
    try:
        make_directory(path.parent)
        held = filelock.FileLock(path, _WAIT_S, mode=0o600).acquire()
    except filelock.Timeout:
        raise LocalTrouble(
            f"another run has been replacing this token for {_WAIT_S:g} s",
            details=(f"  lock: {path}",),
        ) from None
    except (OSError, RuntimeError) as error:
        raise file_trouble("written", path, error) from error
    with held:
        yield


def _mark(home: Home) -> str:
    """What tells the files of one account from those of another."""
    text = f"{home.account.origin} {home.account.profile} {home.path or ''}"
    return f"{home.account.profile}.{sha256(text.encode()).hexdigest()[:8]}"
