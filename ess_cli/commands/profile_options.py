"""What the options of ``ess profile set`` ask for, as fields of a profile."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ess_cli import config
from ess_cli.config import Profile
from ess_cli.errors import UsageFault


def from_flags(flags: Any) -> dict[str, Any]:
    """The three global options that are the profile's here, taken away from this run."""
    asked: tuple[tuple[str, str, Callable[[str], Any], str], ...] = (
        ("base_url", "base_url", config.parse_base_url, config.DEFAULT_BASE_URL),
        ("output", "output", config.parse_output, "json"),
        ("timeout_s", "timeout", config.parse_timeout, "30"),
    )
    taken = {}
    for field, flag, parse, example in asked:
        option = "--" + flag.replace("_", "-")
        said = config.said(option, getattr(flags, flag), {}, parse, example)
        taken[field] = said[0] if said else None
        setattr(flags, flag, None)
    return taken


def program(command: str | None) -> tuple[str, ...] | None:
    """``--token-command`` as a program and its arguments; None where it is not given.

    Raises:
        UsageFault: it is none.
    """
    if command is None:
        return None
    try:
        arguments = tuple(shlex.split(command))
    except ValueError:
        arguments = ()
    if not arguments or not all(part.isprintable() and part for part in arguments):
        raise UsageFault(
            "--token-command: not a program and its arguments",
            hint="quoted as for a shell, for instance --token-command 'pass show ess'",
        )
    return arguments


def plain(option: str, value: str | None) -> str | None:
    """A value as it is given.

    Raises:
        UsageFault: it is empty, or holds what cannot be printed.
    """
    if value is not None and (not value or not value.isprintable()):
        raise UsageFault(f'{option}: not a plain value: "{value}"')
    return value


def refresh_path(text: str | None) -> str | None:
    """``--refresh-path``; None where it is not given.

    Raises:
        UsageFault: it is no path.
    """
    example = "/apptoken-refresh"
    said = config.said("--refresh-path", text, {}, config.parse_refresh_path, example)
    return said[0] if said else None


def existing(option: str, path: str | None) -> str | None:
    """The absolute path of a file; None where the option is not given.

    Raises:
        UsageFault: there is no such file.
    """
    if path is None:
        return None
    if not Path(path).exists():
        raise UsageFault(f"{option}: no such file: {path}")
    return str(Path(path).absolute())


def changes(given: dict[str, Any], back: dict[str, bool]) -> dict[str, Any]:
    """The fields to replace. A way back makes a field what a new profile has.

    Raises:
        UsageFault: nothing is to be set, or something both set and taken back.
    """
    fresh = Profile("")
    changes = {field: value for field, value in given.items() if value is not None}
    for field in (field for field, wanted in back.items() if wanted):
        if field in changes:
            name = field.removesuffix("_s").replace("_", "-")
            raise UsageFault(f"--{name} and --no-{name} contradict each other")
        changes[field] = getattr(fresh, field)
    if not changes:
        raise UsageFault("nothing to set", hint="ess profile set --help lists what can be set")
    return changes
