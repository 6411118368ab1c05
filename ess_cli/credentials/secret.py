"""A secret: what it may look like, and how it is read from a file or from stdin."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from ess_cli.errors import BadSetting, FileTrouble, UsageFault
from ess_cli.redaction import register

if TYPE_CHECKING:
    from ess_cli.errors import EssError

LARGEST = 1 << 16
_SENDABLE = r"[!-~]([ -~]*[!-~])?"


class Secret(NamedTuple):
    """A secret's value and where it came from, in words: ``ESS_TOKEN``, ``keyring (…)``."""

    value: str
    source: str


class Credentials(NamedTuple):
    """What a request authenticates with; ``user_token`` is None where there is none to send."""

    token: Secret
    user_token: Secret | None = None

    @property
    def authorization(self) -> str:
        """The ``Authorization`` header: a token that names no scheme is a bearer token."""
        value = self.token.value
        return value if " " in value else f"Bearer {value}"

    @property
    def user_token_value(self) -> str | None:
        """The ``user-token`` header; None where it is not sent."""
        return self.user_token.value if self.user_token else None


class Consumer(NamedTuple):
    """The application's own key and secret, which a new token is asked for with."""

    key: Secret
    secret: Secret


def clean(text: str, source: str, fault: type[EssError] = BadSetting) -> Secret:
    """A secret as it can stand in a header, registered for redaction.

    One newline at the end goes; the rest must be printable ASCII without blanks around it. This
    happens before any library sees the value: requests' complaint would quote it.

    Raises:
        BadSetting: it cannot be sent (or the error given as ``fault``). Names the source, never
            the value.
    """
    value = text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
    for form in (value, value.partition(" ")[2]):
        register(form.encode("utf-8", "replace").decode())
    if len(value) > LARGEST:
        raise fault(f"{source}: over 64 KiB, which is no token")
    if not value:
        raise fault(f"{source}: it is empty")
    if not re.fullmatch(_SENDABLE, value):
        raise fault(
            f"{source}: not one line of printable ASCII without blanks around it"
            " (not repeated here, it may be a secret)",
            hint="a token is sent as it stands; look for a second line, a blank or a quote",
        )
    return Secret(value, source)


def from_file(path: str, option: str) -> Secret:
    """A secret from a file, ``-`` for stdin.

    NOTE: a file that others may read is taken without a word. In containers and CI the platform
    sets its mode, and a warning in every run would only be switched off.

    Args:
        path: as given on the command line.
        option: the option's name, for messages and as the secret's source.

    Raises:
        FileTrouble: it cannot be read.
        BadSetting: it is over 64 KiB, or cannot be sent in a header.
        UsageFault: stdin is a terminal, which would show what is typed.
    """
    if path == "-":
        return clean(read_stdin(option), option)
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - the path is the user's own text
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise FileTrouble(f"{option}: {path} cannot be read: {reason}") from error
    return clean(decoded(content), option)


def read_stdin(option: str) -> str:
    """All of stdin, up to the size a secret may have.

    Raises:
        UsageFault: stdin is closed, or is a terminal, which would show what is typed.
        FileTrouble: it cannot be read.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageFault(
            f"{option}: stdin is not a pipe or a file, and typing would show the secret",
            hint="`ess auth login` asks for it without showing it",
        )
    try:
        return decoded(sys.stdin.buffer.read(LARGEST + 1))
    except OSError as error:
        raise FileTrouble(f"{option}: stdin cannot be read: {error.strerror}") from error


def decoded(content: bytes) -> str:
    """Bytes as text; what is no text becomes a character that :func:`clean` refuses."""
    return content.decode("utf-8", "replace")
