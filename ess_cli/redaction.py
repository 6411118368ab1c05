"""The one place that keeps secrets out of everything ``ess`` writes but data.

A secret is registered where it enters the program (``credentials``, ``commands.auth``, a
receiver's password); every line to stderr passes through :func:`redact`. ``--debug`` and error
messages may therefore be built without thinking about it.
"""

from __future__ import annotations

MASK = "********"

_secrets: dict[str, None] = {}


def register(secret: str) -> None:
    """Remember a secret for the rest of the run, in the forms that replies quote it in.

    They are those of URLs, JSON, HTML and base64.
    """
    import json
    from binascii import b2a_base64
    from urllib.parse import quote, quote_plus

    in_html = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    encoded = secret.encode("utf-8", "replace")
    for form in (
        secret,
        quote(encoded, safe=""),
        quote(encoded),
        quote_plus(encoded),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        in_html,
        in_html.replace('"', "&quot;"),
        in_html.replace('"', "&quot;").replace("'", "&#x27;"),
        in_html.replace('"', "&#34;").replace("'", "&#39;"),
        b2a_base64(encoded, newline=False).decode().rstrip("="),
    ):
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
