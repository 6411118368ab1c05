"""Secrets: where they come from, how they are kept, and that nobody sees them.

Looked up in this order: ``--token-file``, ``ESS_TOKEN``, the profile's token command, the
keyring; the user token likewise, from its own option and variable. Where an earlier source
answers, the keyring is not even imported.

A stored secret is bound to scheme, host and port, and to the profile's name: one host's token is
never sent to another. After ``pypa/twine``'s ``auth.py``, with a time limit around the keyring,
since a Secret Service that never answers would hang for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ess_cli.credentials import keyring
from ess_cli.credentials.keyring import Account
from ess_cli.credentials.secret import (
    Consumer,
    Credentials,
    Secret,
    clean,
    from_file,
    read_stdin,
)
from ess_cli.errors import NoCredentials, NoKeyring, UsageFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Protocol

    class _Named(Protocol):
        @property
        def value(self) -> str | None: ...
        @property
        def source(self) -> str: ...

    class _Address(Protocol):
        @property
        def url(self) -> str: ...
        @property
        def origin(self) -> str: ...

    class RunSettings(Protocol):
        """What is asked of a run's settings; ``config.Settings`` fits."""

        @property
        def profile(self) -> _Named:
            """The profile's name, and how it was selected."""

        @property
        def base_url(self) -> _Address:
            """Has the URL and the origin."""

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


__all__ = [
    "Account",
    "Consumer",
    "Credentials",
    "Secret",
    "Sources",
    "clean",
    "for_run",
    "from_file",
    "keyring",
    "keyring_limit_s",
    "look_up",
    "read_stdin",
    "sandbox_credentials",
]

COMMAND_LIMIT_S = 10.0


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
        login_command: what stores the missing secrets, for the hint.
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
    keyring_limit_s: float = keyring.LIMIT_S
    login_command: str = "ess auth login"
    sandbox_command: str | None = None


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
        login_command=_login_command(settings),
        sandbox_command=_on_sandbox(program_args) if nothing_configured else None,
    )
    return look_up(Account(settings.base_url.origin, settings.profile.value or ""), sources)


def _login_command(settings: RunSettings) -> str:
    profile = settings.profile.value
    words = ["ess", *(["-p", profile] if profile and profile != "default" else []), "auth", "login"]
    if settings.base_url_source == "option --base-url":
        words += ["--base-url", settings.base_url.url]
    return " ".join(words)


def _on_sandbox(program_args: Sequence[str]) -> str:
    import shlex

    return "ess -p sandbox " + shlex.join(program_args)


def keyring_limit_s(*, interactive: bool) -> float:
    """How long the keyring may take: longer where somebody may have to unlock it."""
    return keyring.LIMIT_ASKING_S if interactive else keyring.LIMIT_S


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
        from ess_cli.credentials.command import run_token_command

        token = run_token_command(sources.token_command, account.profile, sources.command_limit_s)
    if token is not None:
        return Credentials(token, user_token)
    try:
        stored = keyring.read(account, both=user_token is None, limit_s=sources.keyring_limit_s)
    except NoKeyring as error:
        raise _nothing(account, sources, f"none usable: {error.reason}") from error
    if stored is None:
        raise _nothing(account, sources, keyring.name(sources.keyring_limit_s))
    return stored if user_token is None else stored._replace(user_token=user_token)


def _nothing(account: Account, sources: Sources, keyring: str) -> NoCredentials:
    looked_in = ["--token-file"]
    hint = f"log in with `{sources.login_command}`"
    if not sources.passes_over_environment:
        looked_in.append("ESS_TOKEN")
    elif sources.environ.get("ESS_TOKEN"):
        hint += "; ESS_TOKEN is passed over because the profile was named with -p"
    command = f'token-command of profile "{account.profile}"'
    if sources.token_command_withheld:
        command += " (not used: it is for the profile's own base URL)"
    looked_in += [command, f"keyring ({keyring})"]
    if sources.sandbox_command:
        hint += f", or try the embedded service: {sources.sandbox_command}"
    return NoCredentials(account.origin, tuple(looked_in), hint)


def _given(kind: str, path: str | None, environ: Mapping[str, str]) -> Secret | None:
    """A secret from its option or its variable; None where neither was given."""
    if path is not None:
        return from_file(path, f"--{kind}-file")
    variable = "ESS_" + kind.replace("-", "_").upper()
    if environ.get(variable):
        return clean(environ[variable], variable)
    return None
