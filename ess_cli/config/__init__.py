"""Profiles and settings: which account a run works on, and where each value came from.

The order is option, environment, profile, default. A profile named with ``-p`` beats the
environment for the base URL and the credentials, so that what was left in the environment for one
account never meets another.

In here: ``settings`` what a run goes by, ``active`` the profile that ``ess profile use`` selected,
``base_url`` what an address is, ``profiles`` what a profile is, ``file`` the YAML,
``lock`` one change of it at a time.
"""

from ess_cli.config.active import active_profile, pointer_path, use
from ess_cli.config.base_url import BaseUrl, UnusableError, parse_base_url
from ess_cli.config.file import load, save
from ess_cli.config.lock import locked
from ess_cli.config.profiles import (
    DEFAULT,
    DEFAULT_BASE_URL,
    EMBEDDED_SERVICE,
    REAL_SERVICE,
    SANDBOX,
    SANDBOX_BASE_URL,
    Config,
    Profile,
    differences,
    parse_name,
    parse_output,
    parse_refresh_path,
    parse_timeout,
    plain_number,
    written,
)
from ess_cli.config.settings import Setting, Settings, config_path, resolve, said, select

__all__ = [
    "DEFAULT",
    "DEFAULT_BASE_URL",
    "EMBEDDED_SERVICE",
    "REAL_SERVICE",
    "SANDBOX",
    "SANDBOX_BASE_URL",
    "BaseUrl",
    "Config",
    "Profile",
    "Setting",
    "Settings",
    "UnusableError",
    "active_profile",
    "config_path",
    "differences",
    "load",
    "locked",
    "parse_base_url",
    "parse_name",
    "parse_output",
    "parse_refresh_path",
    "parse_timeout",
    "plain_number",
    "pointer_path",
    "resolve",
    "said",
    "save",
    "select",
    "use",
    "written",
]
