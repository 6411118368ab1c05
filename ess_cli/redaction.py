"""The one place that keeps secrets out of everything ``ess`` writes but data.

A secret is registered where it enters the program (``credentials``, ``commands.auth``, a
receiver's password); every line to stderr passes through :func:`redact`. ``--debug`` and error
messages may therefore be built without thinking about it.
"""

from __future__ import annotations

MASK = "********"

_secrets: dict[str, None] = {}


def register(secret: str) -> None:
    """Remember a secret for the rest of the run; its URL-quoted form is remembered with it."""
    from urllib.parse import quote, quote_plus

    for form in (secret, quote(secret, safe=""), quote_plus(secret)):
        if form.strip():
            _secrets[form] = None


def forget_all() -> None:
    """Start a run with nothing registered (one process may run several, as tests do)."""
    _secrets.clear()


def redact(text: str) -> str:
    """The text with each registered secret replaced by a mask, longest first."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text
