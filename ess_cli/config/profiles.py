"""Profiles: what one account's settings are, and which values they may have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from ess_cli.config.base_url import BaseUrl, UnusableError
from ess_cli.errors import UnknownProfile
from ess_cli.formats import FORMATS

DEFAULT = "default"
SANDBOX = "sandbox"
DEFAULT_BASE_URL = "https://api.syniverse.com/ess/v1"
SANDBOX_BASE_URL = "https://sandbox.invalid/ess/v1"
# NOTE: as parse_base_url would have them (a test compares): most runs need no other.
REAL_SERVICE = BaseUrl(DEFAULT_BASE_URL, "https", "api.syniverse.com", 443, "/ess/v1")
EMBEDDED_SERVICE = BaseUrl(SANDBOX_BASE_URL, "https", "sandbox.invalid", 443, "/ess/v1")
SANDBOX_COMPANY_ID = "123"
DEFAULT_TIMEOUT_S = 30.0

_LONGEST_TIMEOUT_S = 86_400
_SECONDS = r"[0-9]{1,5}(\.[0-9]{1,6})?"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"


class Profile(NamedTuple):
    """One account's settings, as the file has them; None, False and () where it is silent.

    Attributes:
        timeout_s: seconds.
        protected: whether every write to this origin wants the profile's name typed.
        token_command: the arguments of a command that prints the token; no shell sees it.
        company_id: for media storage downloads (field notes, H).
        ca_bundle: a path, as written.
        auto_refresh: whether a read that is refused with a 401 gets a new token by itself.
        refresh_path: where the service's host does that, where not at the usual place.
        consumer_key_file: a path, as written; with the next one, what a new token takes.
        consumer_secret_file: likewise.
    """

    name: str
    base_url: BaseUrl | None = None
    output: str | None = None
    timeout_s: float | None = None
    protected: bool = False
    token_command: tuple[str, ...] = ()
    company_id: str | None = None
    ca_bundle: str | None = None
    auto_refresh: bool = False
    refresh_path: str | None = None
    consumer_key_file: str | None = None
    consumer_secret_file: str | None = None

    @property
    def origin(self) -> str:
        """The origin that this profile's secrets, its token command and its protection are for."""
        return (self.base_url or REAL_SERVICE).origin


class Config(NamedTuple):
    """What ``config.yaml`` says.

    Attributes:
        path: where it lies, or would lie.
        profiles: by name, in the file's order; the built-in ones only where the file extends them.
        has_comments: whether saving would lose comments.
    """

    path: Path
    profiles: dict[str, Profile]
    has_comments: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every profile that can be selected, the built-in ones first."""
        return tuple(dict.fromkeys((DEFAULT, SANDBOX, *self.profiles)))

    def having(self, profile: Profile) -> Config:
        """The same with this profile, in place of the one of its name."""
        return self._replace(profiles={**self.profiles, profile.name: profile})

    def without(self, name: str) -> Config:
        """The same without the profile of that name, if there was one."""
        kept = {key: profile for key, profile in self.profiles.items() if key != name}
        return self._replace(profiles=kept)

    def find(self, name: str) -> Profile:
        """The profile of that name.

        Raises:
            UnknownProfile: there is none.
        """
        if name == SANDBOX:
            return Profile(SANDBOX, base_url=EMBEDDED_SERVICE, company_id=SANDBOX_COMPANY_ID)
        if name == DEFAULT:
            return self.profiles.get(name, Profile(DEFAULT))
        if name not in self.profiles:
            raise UnknownProfile(name, self.names)
        return self.profiles[name]

    def protector(self, origin: str, first: str) -> str | None:
        """The protected profile that guards an origin, ``first`` before others; None: unguarded."""
        candidates = [self.find(first), *self.profiles.values()]
        return next((p.name for p in candidates if p.protected and p.origin == origin), None)


def written(profile: Profile) -> dict[str, Any]:
    """A profile as the file has it: its keys and plain values, those left out that say nothing."""
    entry = {
        "base-url": profile.base_url.url if profile.base_url else None,
        "output": profile.output,
        "timeout": plain_number(profile.timeout_s),
        "protected": profile.protected or None,
        "token-command": list(profile.token_command) or None,
        "company-id": profile.company_id,
        "ca-bundle": profile.ca_bundle,
        "auto-refresh": profile.auto_refresh or None,
        "refresh-path": profile.refresh_path,
        "consumer-key-file": profile.consumer_key_file,
        "consumer-secret-file": profile.consumer_secret_file,
    }
    return {key: value for key, value in entry.items() if value is not None}


def plain_number(value: float | None) -> float | None:
    """A number as people write it: 30, not 30.0."""
    return int(value) if value is not None and value.is_integer() else value


def differences(before: Profile, after: Profile) -> list[tuple[str, Any, Any]]:
    """Each of the file's keys that differs, its value before and after; None where absent."""
    old, new = written(before), written(after)
    keys = dict.fromkeys([*old, *new])
    return [(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def parse_timeout(text: str) -> float:
    """Seconds, over 0 and at most a day.

    Raises:
        UnusableError: it is no such number.
    """
    if not re.fullmatch(_SECONDS, text) or not 0 < float(text) <= _LONGEST_TIMEOUT_S:
        raise UnusableError("it must be a number of seconds, over 0 and at most 86400")
    return float(text)


def parse_output(text: str) -> str:
    """The name of an output format.

    Raises:
        UnusableError: there is none of that name.
    """
    if text not in FORMATS:
        raise UnusableError("unknown output format")
    return text


def parse_refresh_path(text: str) -> str:
    """A path on the service's host.

    Raises:
        UnusableError: it is something else, or could lead to another host.
    """
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text) or {".", ".."} & set(text.split("/")):
        raise UnusableError("it must be a plain path that begins with /")
    return text


def parse_name(text: str) -> str:
    """A profile's name.

    Raises:
        UnusableError: it has characters, a beginning or a length that names may not have.
    """
    if not re.fullmatch(_NAME, text):
        raise UnusableError(
            "a profile's name has 1 to 64 letters, digits, dots, underscores and hyphens,"
            " and begins with none of . and -"
        )
    return text
