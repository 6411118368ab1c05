"""Where ``ess`` keeps things on this machine: configuration, cache, state.

The places are platformdirs'. On Linux its answer is worked out here, since a TAB must not wait
for its import; a test holds the two to be equal.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ON_LINUX = sys.platform.startswith("linux")
_LINUX = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}


def directory(kind: str, environ: Mapping[str, str] | None = None) -> str:
    """The directory for ``config``, ``cache`` or ``state``; it may not exist yet.

    Without a HOME it is the one of the account, as the system knows it; where it knows none, or
    HOME is relative, a place that does not exist, so that nothing is found there and writing says
    so.
    """
    environ = os.environ if environ is None else environ
    if _ON_LINUX:
        variable, below_home = _LINUX[kind]
        given = environ.get(variable, "")
        # NOTE: the XDG specification has relative paths ignored.
        if os.path.isabs(given):  # noqa: PTH117 - pathlib costs a TAB 7 ms
            return f"{given}/ess"
        home = os.path.expanduser("~")  # noqa: PTH111
        # NOTE: an account that the system does not know, as containers have, stays "~"; that, like
        # any relative HOME, would be a directory wherever one happens to be.
        return f"{home if os.path.isabs(home) else '/nonexistent'}/{below_home}/ess"  # noqa: PTH117
    import platformdirs

    found: str = getattr(platformdirs, f"user_{kind}_dir")("ess", appauthor=False)
    return found


def config_file(environ: Mapping[str, str] | None = None) -> str:
    """The configuration file: ESS_CONFIG_FILE, else the platform's place for it."""
    environ = os.environ if environ is None else environ
    return environ.get("ESS_CONFIG_FILE") or f"{directory('config', environ)}/config.yaml"


def active_profile_file(environ: Mapping[str, str] | None = None) -> str:
    """The plain-text pointer that ``profile use`` leaves, beside the configuration file."""
    return config_file(environ) + ".active"
