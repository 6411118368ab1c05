"""Names for completion: ordinary list commands leave them, a TAB reads them.

A TAB must never touch the network, the keyring or YAML, and must not wait: this file imports
nothing but what Python has already loaded. One plain-text file a kind and profile, one
candidate a line, its description behind a tab.
"""

from __future__ import annotations

import os

from ess_cli.places import active_profile_file, directory

KINDS = ("topics", "event-types", "delivery-cfg")


def candidates(words: list[str]) -> list[str]:
    """Completions for ``ess __complete KIND PREFIX [PROFILE]``, called by the shells' scripts.

    Returns:
        Lines of value, or value, tab, description. Nothing where nothing is known: a TAB never
        fails.
    """
    kind, prefix, profile = [*words, "", "", ""][:3]
    if kind == "profiles":
        return sorted(name for name in _profiles() if name.startswith(prefix))
    if kind not in KINDS:
        return []
    try:
        with open(_file(profile or _current(), kind), encoding="utf-8") as lines:  # noqa: PTH123
            return [line.rstrip("\n") for line in lines if line.startswith(prefix)]
    except (OSError, ValueError):
        return []


def remember(profile: str, kind: str, lines: list[str]) -> None:
    """Keep the names of a kind for a profile, in place of those before.

    Failing is no error: the list was shown, and completion is a convenience.
    """
    path = _file(profile, kind)
    text = "".join(f"{line}\n" for line in lines)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
        partial = f"{path}.{os.getpid()}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
        os.replace(partial, path)  # noqa: PTH105
    except (OSError, ValueError):
        return


def _file(profile: str, kind: str) -> str:
    return f"{directory('cache')}/names/{profile}/{kind}"


def _current() -> str:
    """The profile that a command would use now, without reading the configuration."""
    named = os.environ.get("ESS_PROFILE")
    if named:
        return named
    try:
        with open(active_profile_file(), encoding="utf-8") as pointer:  # noqa: PTH123
            return pointer.read().strip() or "default"
    except (OSError, ValueError):
        return "default"


def _profiles() -> set[str]:
    """Profiles that have names kept, the built-in ones, and the active one."""
    try:
        kept = set(os.listdir(f"{directory('cache')}/names"))  # noqa: PTH208
    except OSError:
        kept = set()
    return {"default", "sandbox", _current()} | kept
