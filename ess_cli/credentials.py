"""Secrets: where they come from, how they are kept, and that nobody sees them.

Looked up in this order: ``--token-file``, ``ESS_TOKEN``, the profile's token command, the
keyring; the user token likewise, from its own option and variable. Where an earlier source
answers, the keyring is not even imported.

A stored secret is bound to scheme, host and port, and to the profile's name: one host's token is
never sent to another. After ``pypa/twine``'s ``auth.py``, with a time limit around the keyring,
since a Secret Service that never answers would hang for ever.

NOTE: a token file that others may read is taken without a word. In containers and CI it is the
platform that sets its mode, and a warning in every run would only be switched off.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ess_cli.errors import (
    BadSetting,
    EssError,
    FileTrouble,
    LocalTrouble,
    NoCredentials,
    NoKeyring,
    UsageFault,
)
from ess_cli.redaction import redact, register

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")

COMMAND_LIMIT_S = 10.0
KEYRING_LIMIT_S = 10.0
# On a terminal somebody may have to type the password that unlocks the keyring.
KEYRING_LIMIT_ASKING_S = 60.0

_LARGEST_SECRET = 1 << 16
_SENDABLE = re.compile(r"[!-~]([ -~]*[!-~])?")


class Secret(NamedTuple):
    """A secret's value and where it came from, in words: ``ESS_TOKEN``, ``keyring (…)``."""

    value: str
    source: str


class Credentials(NamedTuple):
    """What a request authenticates with; ``user_token`` is None where there is none to send."""

    token: Secret
    user_token: Secret | None = None

    @property
    def authorization(self) -> str:
        """The ``Authorization`` header: a token that names no scheme is a bearer token."""
        value = self.token.value
        return value if " " in value else f"Bearer {value}"

    @property
    def user_token_value(self) -> str | None:
        """The ``user-token`` header; None where it is not sent."""
        return self.user_token.value if self.user_token else None


class Account(NamedTuple):
    """What stored secrets belong to.

    Attributes:
        origin: ``https://api.syniverse.com``.
        profile: the profile's name; two profiles of one origin keep theirs apart.
    """

    origin: str
    profile: str


class Sources(NamedTuple):
    """Where one run may look.

    Attributes:
        token_file: a path, or ``-`` for stdin; None where the option was not given.
        user_token_file: likewise.
        environ: the environment, for ``ESS_TOKEN`` and ``ESS_USER_TOKEN``.
        passes_over_environment: whether the profile was named with ``-p``.
        token_command: arguments of a command that prints the token; empty for none.
        token_command_withheld: whether the profile has one, but for another origin.
        command_limit_s: how long the token command may take.
        keyring_limit_s: how long the keyring may take; longer where somebody can unlock it.
        sandbox_command: what to offer when nothing at all is configured, for instance
            ``ess -p sandbox topics list``; None to offer nothing.
    """

    token_file: str | None = None
    user_token_file: str | None = None
    environ: Mapping[str, str] = {}
    passes_over_environment: bool = False
    token_command: tuple[str, ...] = ()
    token_command_withheld: bool = False
    command_limit_s: float = COMMAND_LIMIT_S
    keyring_limit_s: float = KEYRING_LIMIT_S
    sandbox_command: str | None = None


class _Named(Protocol):
    @property
    def value(self) -> str | None: ...
    @property
    def source(self) -> str: ...


class _Address(Protocol):
    @property
    def origin(self) -> str: ...


class RunSettings(Protocol):
    """What is asked of a run's settings; ``config.Settings`` fits."""

    @property
    def profile(self) -> _Named:
        """The profile's name, and how it was selected."""

    @property
    def base_url(self) -> _Address:
        """Has the origin."""

    @property
    def base_url_source(self) -> str:
        """``default`` where nobody said one."""

    @property
    def token_command(self) -> tuple[str, ...]:
        """Empty for none."""

    @property
    def token_command_withheld(self) -> bool:
        """Whether there is one, but for another origin."""

    @property
    def is_sandbox(self) -> bool:
        """Whether this is the embedded service."""

    @property
    def passes_over_environment(self) -> bool:
        """Whether the profile was named with ``-p``."""

    @property
    def config_path(self) -> Path:
        """The configuration file, which may not exist."""


class RunFlags(Protocol):
    """What is asked of a run's options; ``options.Flags`` fits."""

    token_file: str | None
    user_token_file: str | None


def for_run(
    settings: RunSettings,
    flags: RunFlags,
    environ: Mapping[str, str],
    *,
    interactive: bool,
    program_args: Sequence[str] = ("topics", "list"),
) -> Credentials:
    """The secrets that a run sends; those of the sandbox are no secrets.

    Args:
        settings: the run's settings.
        flags: the run's options.
        environ: the environment.
        interactive: whether somebody can unlock the keyring.
        program_args: the command line, to be offered on the sandbox where nothing is configured.

    Raises:
        EssError: as :func:`look_up`.
    """
    if settings.is_sandbox:
        return sandbox_credentials()
    nothing_configured = (
        settings.profile.source == settings.base_url_source == "default"
        and not settings.config_path.exists()
    )
    sources = Sources(
        token_file=flags.token_file,
        user_token_file=flags.user_token_file,
        environ=environ,
        passes_over_environment=settings.passes_over_environment,
        token_command=settings.token_command,
        token_command_withheld=settings.token_command_withheld,
        keyring_limit_s=keyring_limit_s(interactive=interactive),
        sandbox_command=_on_sandbox(program_args) if nothing_configured else None,
    )
    return look_up(Account(settings.base_url.origin, settings.profile.value or ""), sources)


def _on_sandbox(program_args: Sequence[str]) -> str:
    import shlex

    return "ess -p sandbox " + shlex.join(program_args)


def keyring_limit_s(*, interactive: bool) -> float:
    """How long the keyring may take: longer where somebody may have to unlock it."""
    return KEYRING_LIMIT_ASKING_S if interactive else KEYRING_LIMIT_S


def sandbox_credentials() -> Credentials:
    """What the sandbox is called with: a word, no secret, and nothing is consulted for it."""
    return Credentials(Secret("sandbox", "built in"))


def look_up(account: Account, sources: Sources) -> Credentials:
    """The secrets for an account.

    Raises:
        NoCredentials: nothing found; says where it looked and what was passed over.
        UsageFault: both files are stdin, or stdin is a terminal.
        FileTrouble: a token file cannot be read.
        BadSetting: what was found cannot be sent in a header.
        LocalTrouble: the token command failed.
    """
    if sources.token_file == sources.user_token_file == "-":  # noqa: S105 - stdin, no secret
        raise UsageFault(
            "--token-file and --user-token-file cannot both read stdin",
            hint="give one of them as a file",
        )
    environ = {} if sources.passes_over_environment else sources.environ
    user_token = _given("user-token", sources.user_token_file, environ)
    token = _given("token", sources.token_file, environ)
    if token is None and sources.token_command:
        token = _from_command(account, sources)
    if token is not None:
        return Credentials(token, user_token)
    try:
        stored = read(account, both=user_token is None, limit_s=sources.keyring_limit_s)
    except NoKeyring as error:
        raise _nothing(account, sources, error.message) from error
    if stored is None:
        raise _nothing(account, sources, f"keyring ({keyring_name(sources.keyring_limit_s)})")
    return stored if user_token is None else stored._replace(user_token=user_token)


def _nothing(account: Account, sources: Sources, keyring: str) -> NoCredentials:
    looked_in = ["--token-file"]
    hint = "log in with `ess auth login`"
    if account.profile != "default":
        hint = f"log in with `ess -p {account.profile} auth login`"
    if not sources.passes_over_environment:
        looked_in.append("ESS_TOKEN")
    elif sources.environ.get("ESS_TOKEN"):
        hint += "; ESS_TOKEN is passed over because the profile was named with -p"
    command = f'token-command of profile "{account.profile}"'
    if sources.token_command_withheld:
        command += " (not used: it is for the profile's own base URL)"
    looked_in += [command, keyring]
    if sources.sandbox_command:
        hint += f", or try the embedded service: {sources.sandbox_command}"
    return NoCredentials(account.origin, tuple(looked_in), hint)


def _given(kind: str, path: str | None, environ: Mapping[str, str]) -> Secret | None:
    """A secret from its option or its variable; None where neither was given."""
    if path is not None:
        return from_file(path, f"--{kind}-file")
    variable = "ESS_" + kind.replace("-", "_").upper()
    if environ.get(variable):
        return Secret(clean(environ[variable], variable), variable)
    return None


def from_file(path: str, option: str) -> Secret:
    """A secret from a file, ``-`` for stdin.

    Args:
        path: as given on the command line.
        option: the option's name, for messages and as the secret's source.

    Raises:
        FileTrouble: it cannot be read.
        BadSetting: it is over 64 KiB, or cannot be sent in a header.
        UsageFault: stdin is a terminal, which would show what is typed.
    """
    if path == "-":
        return Secret(clean(read_stdin(option), option), option)
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - the path is the user's own text
            content = stream.read(_LARGEST_SECRET + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise FileTrouble(f"{option}: {path} cannot be read: {reason}") from error
    return Secret(clean(_decoded(content), option), option)


def read_stdin(option: str) -> str:
    """All of stdin, up to the size a secret may have.

    Raises:
        UsageFault: stdin is a terminal, or closed.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageFault(
            f"{option}: stdin is not a pipe or a file, and typing would show the secret",
            hint="`ess auth login` asks for it without showing it",
        )
    return _decoded(sys.stdin.buffer.read(_LARGEST_SECRET + 1))


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def clean(text: str, source: str, fault: type[EssError] = BadSetting) -> str:
    """A secret as it can stand in a header, registered for redaction.

    One newline at the end goes; the rest must be printable ASCII without blanks around it. This
    happens before any library sees the value: requests' complaint would quote it.

    Raises:
        BadSetting: it cannot be sent (or the error given as ``fault``). Names the source, never
            the value.
    """
    value = text.removesuffix("\n").removesuffix("\r")
    register(value)
    register(value.partition(" ")[2])
    if len(value) > _LARGEST_SECRET:
        raise fault(f"{source}: over 64 KiB, which is no token")
    if not value:
        raise fault(f"{source}: it is empty")
    if not _SENDABLE.fullmatch(value):
        raise fault(
            f"{source}: not one line of printable ASCII without blanks around it"
            " (not repeated here, it may be a secret)",
            hint="a token is sent as it stands; look for a second line, a blank or a quote",
        )
    return value


def _from_command(account: Account, sources: Sources) -> Secret:
    """What the profile's command prints: one line. Its own messages are not shown."""
    import subprocess

    command = sources.token_command
    source = f'token-command of profile "{account.profile}"'
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a command"
        raise LocalTrouble(f"{source}: {command[0]} cannot be run: {reason}") from error
    output = process.stdout
    if output is None:
        raise TypeError(output)

    def collect() -> tuple[bytes, int]:
        with output:
            content = output.read(_LARGEST_SECRET + 1)
        if len(content) > _LARGEST_SECRET:
            process.kill()
        return content, process.wait()

    try:
        content, code = _within(sources.command_limit_s, collect)
    except TimeoutError:
        raise LocalTrouble(
            f"{source}: {command[0]} gave no answer within {sources.command_limit_s:g} s",
            hint="run it by hand: it may be waiting for something",
        ) from None
    finally:
        process.kill()
    if code != 0 and len(content) <= _LARGEST_SECRET:
        raise LocalTrouble(
            f"{source}: {command[0]} ended with exit code {code}",
            hint="run it by hand: its output is not shown here, since it may hold the secret",
        )
    return Secret(clean(_decoded(content), source), source)


def _within(limit_s: float, work: Callable[[], T]) -> T:
    """The result of something that may never end.

    It runs in a daemon thread, which a stuck process does not wait for at its end.

    Raises:
        TimeoutError: the limit has passed; the thread is left behind.
    """
    from threading import Thread

    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            failures.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        raise TimeoutError
    if failures:
        raise failures[0]
    return results[0]


def prepare_keyring(account: Account, *, limit_s: float = KEYRING_LIMIT_S) -> str:
    """Make sure of the keyring before anybody types a secret; unlocking is asked for here.

    Returns:
        The backend's name.

    Raises:
        NoKeyring: there is none that may be used, it is locked, or it does not answer.
    """

    def touch(backends: list[Any]) -> str:
        backends[0].get_password(service_name(account.origin), f"{account.profile}:token")
        return _name(backends[0])

    return _with_keyring(limit_s, touch)


def keyring_name(limit_s: float = KEYRING_LIMIT_S) -> str:
    """The backend that secrets would be kept in, for instance ``SecretService``.

    Raises:
        NoKeyring: there is none that may be used.
    """
    return _with_keyring(limit_s, lambda backends: _name(backends[0]))


def read(
    account: Account, *, both: bool = True, limit_s: float = KEYRING_LIMIT_S
) -> Credentials | None:
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
                return _name(backend), token, user_token
        return None

    found = _with_keyring(limit_s, find)
    if found is None:
        return None
    name, token, user_token = found
    source = f"keyring ({name})"
    return Credentials(
        Secret(clean(token, source), source),
        Secret(clean(user_token, source), source) if user_token else None,
    )


def store(
    account: Account, token: str, user_token: str | None, *, limit_s: float = KEYRING_LIMIT_S
) -> str:
    """Keep an account's secrets in the keyring; an older user token goes where there is no new one.

    Returns:
        The backend's name.

    Raises:
        NoKeyring: there is none that may be used, or it refuses.
    """

    def keep(backends: list[Any]) -> str:
        backend = backends[0]
        service = service_name(account.origin)
        backend.set_password(service, f"{account.profile}:token", token)
        user = f"{account.profile}:user-token"
        if user_token is not None:
            backend.set_password(service, user, user_token)
        elif backend.get_password(service, user) is not None:
            backend.delete_password(service, user)
        return _name(backend)

    return _with_keyring(limit_s, keep)


def delete(account: Account, *, limit_s: float = KEYRING_LIMIT_S) -> tuple[str, ...]:
    """Remove an account's secrets from the keyring.

    Returns:
        What was there: ``token``, ``user-token``; empty where nothing was stored.

    Raises:
        NoKeyring: there is none that may be used, or it refuses.
    """

    def remove(backends: list[Any]) -> tuple[str, ...]:
        service = service_name(account.origin)
        removed: dict[str, None] = {}
        for backend in backends:
            for kind in ("token", "user-token"):
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
        return _within(limit_s, run)
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


def _name(backend: Any) -> str:
    kind = type(backend)
    module = kind.__module__.rpartition(".")[2]
    return module if kind.__name__ == "Keyring" else kind.__name__
