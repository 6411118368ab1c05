"""Names for completion: ordinary list commands leave them, a TAB reads them.

A TAB must never touch the network, the keyring or YAML, and must not wait: this file imports
nothing but what Python has already loaded. One plain-text file a kind and profile, one
candidate a line, its description behind a tab.

A name is a stranger's text. One with characters that cannot be printed as they are (controls,
line ends, what turns the direction of writing) is no candidate; as a description they are shown
as U+FFFD.
"""

from __future__ import annotations

import os

from ess_cli.places import active_profile_file, directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = ("topics", "event-types", "delivery-cfg")
# The kinds whose lines have descriptions: elsewhere a tab is a part of the name.
_DESCRIBED = ("delivery-cfg",)

_PROFILE_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
# None of them is ever written; tab and line feed are the file's own.
_CONTROLS = bytes({*range(32), 127} - {9, 10})


def answer(words: list[str]) -> bytes:
    """Completions for ``ess __complete KIND PREFIX [PROFILE]``, called by the shells' scripts.

    Returns:
        Lines of value, or value, tab, description, in UTF-8. Nothing where nothing is known, and
        where what is kept is damaged: a TAB never fails.
    """
    kind, prefix, profile = [*words, "", "", ""][:3]
    if kind == "profiles":
        names = sorted(name for name in _profiles() if name.startswith(prefix))
        return "".join(f"{name}\n" for name in names).encode()
    profile = profile or _current()
    if kind not in KINDS or not is_profile(profile):
        return b""
    try:
        return _beginning_with(os.fsencode(prefix), _read(_file(profile, kind)))
    except (OSError, ValueError):
        return b""


def remember(profile: str, kind: str, lines: Iterable[str]) -> None:
    """Keep the names of a kind for a profile, in place of those before.

    Failing is no error: the list was shown, and completion is a convenience.
    """
    if is_profile(profile):
        _replace(_file(profile, kind), _clean(lines, described=kind in _DESCRIBED))


def remember_profiles(names: Iterable[str]) -> None:
    """Keep the profiles that the configuration file has, in place of those before."""
    _replace(_profiles_file(), (name for name in names if is_profile(name)))


def is_profile(name: str) -> bool:
    """Whether a profile can have that name; it becomes the name of a directory."""
    first = name[:1]
    return 0 < len(name) <= 64 and first not in ".-" and _PROFILE_CHARACTERS.issuperset(name)


def _beginning_with(prefix: bytes, data: bytes) -> bytes:
    """The lines that begin so; as all of them are sorted, they stand side by side.

    Raises:
        ValueError: the data is damaged.
    """
    start, data = b"\n" + prefix, b"\n" + data
    first, last = data.find(start), data.rfind(start, 0, -1)
    if last < 0:
        return b""
    found = data[first : data.index(b"\n", last + 1)]
    if found.count(b"\n") != found.count(start) or found != found.translate(None, _CONTROLS):
        raise ValueError(data)
    found.decode()
    return found[1:] + b"\n"


def _clean(lines: Iterable[str], *, described: bool) -> list[str]:
    found: dict[str, str] = {}
    for line in lines:
        value, _, description = line.partition("\t")
        # NOTE: with more than one tab, the name has one. Then only the line of the id is sure.
        unsure = "\t" in description and not (value.isascii() and value.isdigit())
        if not value.isprintable() or not value or unsure or (description and not described):
            continue
        shown = description if description.isprintable() else _made_printable(description)
        found[value] = f"{found[value]}, {shown}" if value in found else shown
    return sorted(f"{value}\t{shown}" if shown else value for value, shown in found.items())


def _made_printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _replace(path: str, lines: Iterable[str]) -> None:
    partial = f"{path}.{os.getpid()}.partial"
    try:
        data = "".join(f"{line}\n" for line in lines).encode()
        _make_directories(os.path.dirname(path))  # noqa: PTH120
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123
                file.write(data)
            os.replace(partial, path)  # noqa: PTH105
        except OSError:
            os.unlink(partial)  # noqa: PTH108 - what another run of this number left, too
    except (OSError, ValueError):
        return


def _make_directories(path: str) -> None:
    """Make a directory below ess's own for caches, each of them for the account alone."""
    base = directory("cache")
    os.makedirs(os.path.dirname(base), exist_ok=True)  # noqa: PTH103, PTH120
    for below in (base, f"{base}/names", path):
        try:
            os.mkdir(below, 0o700)  # noqa: PTH102
        except FileExistsError:
            continue


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


def _file(profile: str, kind: str) -> str:
    return f"{directory('cache')}/names/{profile}/{kind}"


def _profiles_file() -> str:
    return f"{directory('cache')}/names/.profiles"


def _current() -> str:
    """The profile that a command would use now; empty where that cannot be told.

    The configuration is not read: ``ess profile use`` leaves the name beside it.
    """
    named = os.environ.get("ESS_PROFILE")
    if named:
        return named
    try:
        name = _read(active_profile_file()).decode().removesuffix("\n")
    except (FileNotFoundError, NotADirectoryError):
        return "default"
    except (OSError, ValueError):
        return ""
    return name if is_profile(name) else ""


def _profiles() -> set[str]:
    """The built-in profiles, the active one, and those that are known to be configured.

    Until the configuration has been listed once, they are those that have names kept.
    """
    try:
        kept = _read(_profiles_file()).decode().split("\n")
    except (OSError, ValueError):
        kept = _directories()
    return {name for name in ("default", "sandbox", _current(), *kept) if is_profile(name)}


def _directories() -> list[str]:
    try:
        return os.listdir(f"{directory('cache')}/names")  # noqa: PTH208
    except OSError:
        return []
