"""What ``ess profile`` shows: the profiles, and the settings of a run."""

import os
import shlex
from typing import Any

from ess_cli import config
from ess_cli.config import Config, Profile
from ess_cli.render.columns import Column, Row, Table


def _command_line(row: Row) -> str | None:
    return shlex.join(row["token-command"]) if row["token-command"] else None


PROFILES = Table(
    ("profile", "profiles"),
    (
        Column("name", "name"),
        Column("base-url", "base-url"),
        Column("active", "active"),
        Column("protected", "protected"),
        Column("built-in", "built-in"),
        Column("output", "output", extra=True),
        Column("timeout", "timeout", right=True, extra=True),
        Column("token-command", _command_line, extra=True),
        Column("company-id", "company-id", extra=True),
        Column("ca-bundle", "ca-bundle", extra=True),
        Column("auto-refresh", "auto-refresh", extra=True),
    ),
    lambda row: row["name"],
)


def _value(row: Row) -> Any:
    return shlex.join(row["value"]) if isinstance(row["value"], list) else row["value"]


SETTINGS = Table(
    ("setting", "settings"),
    (Column("setting", "setting"), Column("value", _value), Column("source", "source")),
)


def is_active(known: Config, name: str) -> bool:
    """Whether commands use this profile where -p and ESS_PROFILE name none."""
    return config.select(None, {}, known.path).value == name


def address(profile: Profile) -> str:
    """The profile's base URL, the real service's where it has none of its own."""
    return profile.base_url.url if profile.base_url else config.DEFAULT_BASE_URL


def profile_row(known: Config, profile: Profile) -> dict[str, Any]:
    """A profile as ``ess profile list`` shows it; None for what it does not set."""
    written = config.written(profile)
    return {
        "name": profile.name,
        "base-url": address(profile),
        "active": is_active(known, profile.name),
        "protected": profile.protected,
        "built-in": profile.name in (config.DEFAULT, config.SANDBOX),
        **{
            key: written.get(key)
            for key in ("output", "timeout", "token-command", "company-id", "ca-bundle")
        },
        "auto-refresh": profile.auto_refresh,
        **{
            key: written.get(key)
            for key in ("refresh-path", "consumer-key-file", "consumer-secret-file")
        },
    }


def settings_rows(settings: config.Settings, *, named: bool) -> list[dict[str, Any]]:
    """Each setting of a run, its value (None for none), and where it comes from.

    Args:
        settings: the run's.
        named: whether the profile was named as the command's argument.
    """
    own = f'profile "{settings.profile.value}"'
    guard = settings.protected_by
    ca_bundle, refreshing = settings.ca_bundle, settings.refreshing
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if ca_bundle.value is None and os.environ.get(variable):
            ca_bundle = config.Setting(os.environ[variable], variable)
    rows = [
        ("profile", settings.profile.value, "argument" if named else settings.profile.source),
        ("base-url", settings.base_url.url, settings.base_url_source),
        ("output", *settings.output),
        ("timeout", config.plain_number(settings.timeout_s), settings.timeout_source),
        ("protected", guard is not None, f'profile "{guard}"' if guard else "default"),
        ("token-command", list(settings.token_command) or None, _command_source(settings, own)),
        ("company-id", settings.company_id, own if settings.company_id else "default"),
        ("ca-bundle", *ca_bundle),
        ("auto-refresh", refreshing.automatic, own if refreshing.automatic else "default"),
        *(
            (key, value, own if value else "default")
            for key, value in (
                ("refresh-path", refreshing.path),
                ("consumer-key-file", refreshing.consumer_key_file),
                ("consumer-secret-file", refreshing.consumer_secret_file),
            )
        ),
        ("config-file", str(settings.config_path), _path_source()),
    ]
    return [{"setting": key, "value": value, "source": source} for key, value, source in rows]


def _command_source(settings: config.Settings, own: str) -> str:
    if settings.token_command_withheld:
        return f"{own} has one, but for its own base URL"
    return own if settings.token_command else "default"


def _path_source() -> str:
    return "ESS_CONFIG_FILE" if os.environ.get("ESS_CONFIG_FILE") else "default"
