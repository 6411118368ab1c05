"""Settings: what one run goes by, and where each value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ess_cli.config.active import active_profile
from ess_cli.config.base_url import BaseUrl, UnusableError, parse_base_url
from ess_cli.config.file import load
from ess_cli.config.profiles import (
    DEFAULT,
    DEFAULT_BASE_URL,
    DEFAULT_TIMEOUT_S,
    REAL_SERVICE,
    SANDBOX,
    Config,
    Profile,
    parse_output,
    parse_timeout,
)
from ess_cli.errors import BadSetting, UnknownFormat, UsageFault
from ess_cli.formats import FORMATS
from ess_cli.places import config_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol, TypeVar

    T = TypeVar("T")

    class GlobalFlags(Protocol):
        """The global options that settings depend on; None where they were not given."""

        profile: str | None
        base_url: str | None
        token_file: str | None
        user_token_file: str | None
        output: str | None
        json: bool
        timeout: str | None


class Setting(NamedTuple):
    """A value and where it came from: ``option --base-url``, ``ESS_OUTPUT``, ``default``."""

    value: str | None
    source: str


class Refreshing(NamedTuple):
    """How a profile gets new tokens.

    Attributes:
        automatic: by itself, where a read is refused with a 401.
        path: on the service's host; None for the usual one.
        consumer_key_file: as a path that may not exist; None where the profile names none.
        consumer_secret_file: likewise.
    """

    automatic: bool = False
    path: str | None = None
    consumer_key_file: str | None = None
    consumer_secret_file: str | None = None


class Settings(NamedTuple):
    """Everything that one run goes by.

    Attributes:
        profile: the selected profile's name.
        output: the format's name; value None where nobody said one.
        timeout_s: seconds, for connecting, headers and any stall.
        ca_bundle: the profile's, as a path that may not exist; value None where it has none,
            and what requests' users set in the environment may count.
        token_command: empty where the profile has none, or where this run's base URL is of
            another origin than the profile's: then ``token_command_withheld`` is set.
        protected_by: the protected profile whose origin this base URL has, however that was
            given; None where writes are not guarded.
        refreshing: what the profile says of new tokens; of a base URL of another origin, nothing.
        passes_over_environment: whether the profile was named with ``-p``, so that the
            environment counts neither for the base URL nor for credentials.
    """

    profile: Setting
    base_url: BaseUrl
    base_url_source: str
    output: Setting
    timeout_s: float
    timeout_source: str
    ca_bundle: Setting
    company_id: str | None
    token_command: tuple[str, ...]
    token_command_withheld: bool
    protected_by: str | None
    is_sandbox: bool
    passes_over_environment: bool
    config_path: Path
    refreshing: Refreshing = Refreshing()


def resolve(flags: GlobalFlags, environ: Mapping[str, str]) -> Settings:
    """The settings of a run.

    An empty environment variable counts as one that is not set. The sandbox needs no file and
    reads none.

    Raises:
        UsageFault: an option's value cannot be used, or contradicts the sandbox.
        BadSetting: a value from the environment cannot be used, or contradicts the sandbox.
        BadConfiguration: the file is damaged.
        UnknownProfile: the selected profile does not exist.
        FileTrouble: the file, or the pointer to the selected profile, cannot be read.
    """
    path = config_path(environ)
    selected = select(flags.profile, environ, path)
    name = selected.value or DEFAULT
    by_option = flags.profile is not None
    is_sandbox = name == SANDBOX
    if is_sandbox:
        _keep_apart(flags, environ, selected)
    config = Config(path, {}) if is_sandbox else load(path)
    profile = config.find(name)
    base_url, base_url_source = _base_url(flags.base_url, {} if by_option else environ, profile)
    timeout_s, timeout_source = _timeout(flags.timeout, environ, profile)
    withheld = bool(profile.token_command) and base_url.origin != profile.origin
    return Settings(
        profile=selected,
        base_url=base_url,
        base_url_source=base_url_source,
        output=_output(flags, environ, profile),
        timeout_s=timeout_s,
        timeout_source=timeout_source,
        ca_bundle=_ca_bundle(profile, path),
        company_id=profile.company_id,
        token_command=() if withheld else profile.token_command,
        token_command_withheld=withheld,
        protected_by=config.protector(base_url.origin, name),
        is_sandbox=is_sandbox,
        passes_over_environment=by_option,
        config_path=path,
        refreshing=_refreshing(profile, base_url, path),
    )


def select(option: str | None, environ: Mapping[str, str], path: Path) -> Setting:
    """Which profile a run works under: ``-p``, ``ESS_PROFILE``, ``ess profile use``, ``default``.

    Whether it exists is not looked at.

    Raises:
        UsageFault: the option is empty: ``-p "$UNSET"`` must not mean the default.
        FileTrouble: the pointer that ``ess profile use`` leaves cannot be read or is damaged.
    """
    if option == "":
        raise UsageFault("--profile is empty", hint="ess profile list names the profiles")
    if option is not None:
        return Setting(option, "option --profile")
    if environ.get("ESS_PROFILE"):
        return Setting(environ["ESS_PROFILE"], "ESS_PROFILE")
    active = active_profile(path)
    if active is not None:
        return Setting(active, "ess profile use")
    return Setting(DEFAULT, "default")


def _keep_apart(flags: GlobalFlags, environ: Mapping[str, str], selected: Setting) -> None:
    """Hold the sandbox and the real service apart: neither address nor secret may cross."""
    for option, value in (
        ("--base-url", flags.base_url),
        ("--token-file", flags.token_file),
        ("--user-token-file", flags.user_token_file),
    ):
        if value is not None:
            raise UsageFault(
                f"{option} does not go with the sandbox, which is the embedded service"
                f" (selected by {selected.source})",
                hint=f"leave {option} out, or name another profile with -p",
            )
    if flags.profile is None and environ.get("ESS_BASE_URL"):
        raise BadSetting(
            f"ESS_BASE_URL contradicts the sandbox, selected by {selected.source}",
            hint="unset ESS_BASE_URL, or name the profile you mean with -p",
        )


def said(
    option: str,
    value: str | None,
    environ: Mapping[str, str],
    parse: Callable[[str], T],
    example: str,
) -> tuple[T, str] | None:
    """What the option, else its variable says, and which of them; None where both are silent.

    Raises:
        UsageFault: the option's value cannot be used.
        BadSetting: the variable's cannot.
    """
    variable = "ESS_" + option.removeprefix("--").replace("-", "_").upper()
    given = value is not None
    text = value if given else environ.get(variable) or None
    if text is None:
        return None
    try:
        return parse(text), f"option {option}" if given else variable
    except UnusableError as error:
        # A password or a token may hide in a URL that has one of these.
        shown = "" if set("@?#") & set(text) else f': "{text}"'
        fault = UsageFault if given else BadSetting
        raise fault(
            f"{option if given else variable}: {error}{shown}", hint=f"for instance {example}"
        ) from None


def _base_url(
    option: str | None, environ: Mapping[str, str], profile: Profile
) -> tuple[BaseUrl, str]:
    found = said("--base-url", option, environ, parse_base_url, DEFAULT_BASE_URL)
    if found is not None:
        return found
    if profile.base_url is not None:
        return profile.base_url, f'profile "{profile.name}"'
    return REAL_SERVICE, "default"


def _timeout(option: str | None, environ: Mapping[str, str], profile: Profile) -> tuple[float, str]:
    found = said("--timeout", option, environ, parse_timeout, "30 or 2.5")
    if found is not None:
        return found
    if profile.timeout_s is not None:
        return profile.timeout_s, f'profile "{profile.name}"'
    return DEFAULT_TIMEOUT_S, "default"


def _output(flags: GlobalFlags, environ: Mapping[str, str], profile: Profile) -> Setting:
    if flags.json and flags.output not in (None, "json"):
        raise UsageFault(
            f"--json and -o {flags.output} contradict each other", hint="give one of them"
        )
    if flags.json:
        return Setting("json", "option --json")
    if flags.output is not None and flags.output not in FORMATS:
        raise UnknownFormat(flags.output, FORMATS)
    found = said("--output", flags.output, environ, parse_output, ", ".join(FORMATS))
    if found is not None:
        return Setting(*found)
    if profile.output is not None:
        return Setting(profile.output, f'profile "{profile.name}"')
    return Setting(None, "default")


def _ca_bundle(profile: Profile, path: Path) -> Setting:
    if profile.ca_bundle is None:
        return Setting(None, "default")
    return Setting(_beside(path, profile.ca_bundle), f'profile "{profile.name}"')


def _refreshing(profile: Profile, base_url: BaseUrl, path: Path) -> Refreshing:
    if base_url.origin != profile.origin:
        return Refreshing()
    key, secret = profile.consumer_key_file, profile.consumer_secret_file
    return Refreshing(
        profile.auto_refresh,
        profile.refresh_path,
        None if key is None else _beside(path, key),
        None if secret is None else _beside(path, secret),
    )


def _beside(path: Path, name: str) -> str:
    """A path that the configuration file names, which may not exist."""
    return str(path.parent / os.path.expanduser(name))  # noqa: PTH111 - never raises


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the configuration lies: ``ESS_CONFIG_FILE``, else the platform's place for it."""
    return Path(config_file(environ))
