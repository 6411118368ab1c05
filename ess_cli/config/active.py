"""The active profile: the one that ``ess profile use`` selected, in a file beside the YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ess_cli.config.profiles import parse_name
from ess_cli.errors import FileTrouble
from ess_cli.files import file_trouble, refuse_device, write_whole

if TYPE_CHECKING:
    from pathlib import Path


def pointer_path(path: Path) -> Path:
    """The file in which ``ess profile use`` leaves the active profile's name, as plain text."""
    return path.with_name(path.name + ".active")


def active_profile(path: Path) -> str | None:
    """The profile that ``ess profile use`` selected; None where it selected none.

    Raises:
        FileTrouble: the pointer cannot be read, or is damaged. Falling back to the default
            could turn a command for the sandbox into one for production.
    """
    pointer = pointer_path(path)
    try:
        with pointer.open("rb") as stream:
            return parse_name(stream.read(256).decode("ascii").removesuffix("\n"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise FileTrouble(
            f"the active profile's name cannot be read: {reason}",
            details=(f"  {pointer}",),
            hint="ess profile use NAME writes it anew",
        ) from error


def use(path: Path, name: str | None) -> None:
    """Make a profile the active one; None: none is.

    Raises:
        FileTrouble: the pointer cannot be written.
    """
    pointer = pointer_path(path)
    if name is not None:
        refuse_device(path)
        write_whole(pointer, f"{name}\n".encode())
        return
    try:
        pointer.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise file_trouble("removed", pointer, error) from error
