"""The system's keyring: where secrets are kept, bound to an origin and a profile.

Everything happens in a thread with a limit, since a Secret Service that never answers would hang
for ever. Backends that keep plain text are refused by name.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ess_cli.credentials.limits import within
from ess_cli.credentials.secret import Consumer, Credentials, clean
from ess_cli.errors import EssError, NoKeyring
from ess_cli.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

LIMIT_S = 10.0
# On a terminal somebody may have to type the password that unlocks the keyring.
LIMIT_ASKING_S = 60.0
_PAIR = ("consumer-key", "consumer-secret")


class Account(NamedTuple):
    """What stored secrets belong to.

    Attributes:
        origin: ``https://api.syniverse.com``.
        profile: the profile's name; two profiles of one origin keep theirs apart.
    """

    origin: str
    profile: str


def prepare(account: Account, *, limit_s: float = LIMIT_S) -> str:
    """Make sure of the keyring before anybody types a secret; unlocking is asked for here.

    Returns:
        The backend's name.

    Raises:
        NoKeyring: there is none that may be used, it is locked, or it does not answer.
    """

    def touch(backends: list[Any]) -> str:
        backends[0].get_password(service_name(account.origin), f"{account.profile}:token")
        return _label(backends[0])

    return _with_keyring(limit_s, touch)


def name(limit_s: float = LIMIT_S) -> str:
    """The backend that secrets would be kept in, for instance ``SecretService``.

    Raises:
        NoKeyring: there is none that may be used.
    """
    return _with_keyring(limit_s, lambda backends: _label(backends[0]))


def read(account: Account, *, both: bool = True, limit_s: float = LIMIT_S) -> Credentials | None:
    """The stored secrets of an account; None where no token is stored.

    Args:
        account: whose.
        both: whether the user token is wanted too.
        limit_s: how long the keyring may take.

    Raises:
        NoKeyring: there is none that may be used, it is locked, or it does not answer.
        BadSetting: what is stored cannot be sent in a header.
    """

    def find(backends: list[Any]) -> tuple[str, str, str | None] | None:
        service = service_name(account.origin)
        for backend in backends:
            token = backend.get_password(service, f"{account.profile}:token")
            if token is not None:
                user = f"{account.profile}:user-token"
                user_token = backend.get_password(service, user) if both else None
                return _label(backend), token, user_token
        return None

    found = _with_keyring(limit_s, find)
    if found is None:
        return None
    label, token, user_token = found
    source = f"keyring ({label})"
    return Credentials(clean(token, source), clean(user_token, source) if user_token else None)


def store(account: Account, token: str, user_token: str | None, *, limit_s: float = LIMIT_S) -> str:
    """Keep an account's secrets in the keyring; an older user token goes where there is no new one.

    Where it fails, what was stored before is put back; the error says what is stored then.

    Returns:
        The backend's name.

    Raises:
        NoKeyring: there is none that may be used, or it refuses.
    """
    began = False

    def keep(backends: list[Any]) -> str:
        nonlocal began
        backend, service = backends[0], service_name(account.origin)
        # NOTE: the token comes last, since nothing is used of an account that has none.
        new = {"user-token": user_token, "token": token}
        old = {kind: backend.get_password(service, f"{account.profile}:{kind}") for kind in new}
        began = True
        try:
            for kind, value in new.items():
                _put(backend, service, f"{account.profile}:{kind}", value)
        except Exception as error:  # every backend raises errors of its own
            left = _put_back(backend, service, account.profile, old, new)
            raise NoKeyring(redact(_reason(error)), details=left) from error
        return _label(backend)

    try:
        return _with_keyring(limit_s, keep)
    except NoKeyring as error:
        if began and not error.details:  # it was given up on half-way
            error.details = ("  which tokens are stored is not known: ess auth status tells",)
        raise


def _put(backend: Any, service: str, user: str, value: str | None) -> None:
    """Store a secret; None removes what is stored."""
    if value is not None:
        backend.set_password(service, user, value)
    elif backend.get_password(service, user) is not None:
        backend.delete_password(service, user)


def _put_back(
    backend: Any,
    service: str,
    profile: str,
    old: Mapping[str, str | None],
    new: Mapping[str, str | None],
) -> tuple[str, ...]:
    """Store the old secrets again, as far as that can be done; returns what is stored, in words."""
    found = {}
    for kind, value in old.items():
        user = f"{profile}:{kind}"
        with contextlib.suppress(Exception):
            if backend.get_password(service, user) != value:
                _put(backend, service, user, value)
        try:
            stored = backend.get_password(service, user)
        except Exception:  # noqa: BLE001 - as above
            found[kind] = "not known"
            continue
        words = {new[kind]: "the new one", None: "none", value: "as before"}
        found[kind] = words.get(stored, "neither the old one nor the new one")
    if set(found.values()) == {"as before"}:
        return ("  nothing was changed: what was stored before still is",)
    return tuple(f"  stored now as {kind}: {words}" for kind, words in found.items())


def read_consumer(account: Account, *, limit_s: float = LIMIT_S) -> Consumer | None:
    """The stored consumer key and secret of an account; None where not both are stored.

    Raises:
        NoKeyring: there is none that may be used, it is locked, or it does not answer.
        BadSetting: what is stored is no key or secret.
    """

    def find(backends: list[Any]) -> tuple[str, list[str]] | None:
        service = service_name(account.origin)
        for backend in backends:
            stored = [backend.get_password(service, f"{account.profile}:{kind}") for kind in _PAIR]
            if None not in stored:
                return _label(backend), stored
        return None

    found = _with_keyring(limit_s, find)
    if found is None:
        return None
    source = f"keyring ({found[0]})"
    return Consumer(*(clean(value, source) for value in found[1]))


def store_consumer(account: Account, consumer: Consumer, *, limit_s: float = LIMIT_S) -> None:
    """Keep a consumer key and secret beside the account's token.

    Raises:
        NoKeyring: there is none that may be used, or it refuses.
    """

    def keep(backends: list[Any]) -> None:
        for kind, secret in zip(_PAIR, consumer, strict=True):
            user = f"{account.profile}:{kind}"
            backends[0].set_password(service_name(account.origin), user, secret.value)

    _with_keyring(limit_s, keep)


def delete(account: Account, *, limit_s: float = LIMIT_S) -> tuple[str, ...]:
    """Remove an account's secrets from the keyring.

    Returns:
        What was there: ``token``, ``user-token``, ``consumer-key``, ``consumer-secret``; empty
        where nothing was stored.

    Raises:
        NoKeyring: there is none that may be used, or it refuses.
    """

    def remove(backends: list[Any]) -> tuple[str, ...]:
        service = service_name(account.origin)
        removed: dict[str, None] = {}
        for backend in backends:
            for kind in ("token", "user-token", *_PAIR):
                if backend.get_password(service, f"{account.profile}:{kind}") is not None:
                    backend.delete_password(service, f"{account.profile}:{kind}")
                    removed[kind] = None
        return tuple(removed)

    return _with_keyring(limit_s, remove)


def service_name(origin: str) -> str:
    """What the keyring files an origin's secrets under: always with the port."""
    from urllib.parse import urlsplit

    parts = urlsplit(origin)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return f"ess:{parts.scheme}://{host}:{port}"


def _with_keyring(limit_s: float, work: Callable[[list[Any]], T]) -> T:
    """Do something with the keyrings that may be used, the preferred one first.

    Everything happens in a thread with a limit, the import and the choice of a backend too: on
    Linux that alone talks to D-Bus.
    """

    def run() -> T:
        import keyring

        return work(_usable(keyring.get_keyring()))

    try:
        return within(limit_s, run)
    except TimeoutError:
        raise NoKeyring(f"it gave no answer within {limit_s:g} s") from None
    except EssError:
        raise
    except Exception as error:  # every backend raises errors of its own
        raise NoKeyring(redact(_reason(error))) from error


def _reason(error: Exception) -> str:
    from keyring.errors import KeyringLocked

    if isinstance(error, KeyringLocked):
        return f"it is locked ({error})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _usable(backend: Any) -> list[Any]:
    """The backend, or the members of a chain, without those that may not keep secrets.

    Raises:
        NoKeyring: none is left.
    """
    refusals = []
    usable = []
    for member in getattr(backend, "backends", None) or [backend]:
        refusal = _refusal(member)
        if refusal is None:
            usable.append(member)
        else:
            refusals.append(refusal)
    if not usable:
        raise NoKeyring("; ".join(refusals))
    return usable


def _refusal(backend: Any) -> str | None:
    """Why a backend may not be used; None where it may."""
    for kind in type(backend).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name in ("keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"):
            return "this system offers none"
        if name == "keyrings.alt.file.EncryptedKeyring":
            return f"{name} would ask for its password in the middle of a run"
        if "plaintext" in name.lower():
            return f"{name} keeps secrets in plain text"
        if name.startswith("keyrings.alt.") and not name.startswith("keyrings.alt.Windows."):
            return f"{name} is not known to keep secrets encrypted"
    return None


def _label(backend: Any) -> str:
    kind = type(backend)
    module = kind.__module__.rpartition(".")[2]
    return module if kind.__name__ == "Keyring" else kind.__name__
