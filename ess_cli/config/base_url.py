"""Base URLs: one canonical form, so that two that mean the same host compare equal.

Stored secrets and protection hang on the origin. Whatever two readers might take for different
hosts is therefore refused: user info, backslashes, blanks, control characters, numbers that only
some take for an address.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DEFAULT_PORTS = {"https": 443, "http": 80}
# NOTE: compiled on first use, since most runs parse nothing.
# NOTE: compiled on first use, since most runs parse no URL but the built-in ones.
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_BRACKETED = r"\[[^\[\]]*\](:[0-9]+)?"
_NUMERIC_LABEL = r"[0-9]+|0x[0-9a-f]*"
_PATH = r"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*"


class UnusableError(ValueError):
    """A value that cannot be used; the text is the reason and never holds the value itself."""


class BaseUrl(NamedTuple):
    """A base URL in its canonical form.

    Attributes:
        url: without a trailing slash; the port only where it is not the scheme's own.
        scheme: ``https``, or ``http`` for this machine only.
        host: lower case, ASCII; an IPv6 address without brackets.
        port: the scheme's own where none was given.
        path: ``/ess/v1``, or empty.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What a secret is bound to: ``https://api.syniverse.com``, with any unusual port."""
        return _origin(self.scheme, self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine: 127.0.0.0/8, ::1 or localhost."""
        return _is_loopback(self.host)


def parse_base_url(text: str) -> BaseUrl:
    """A base URL, checked. ``http`` is for this machine alone; a host outside ASCII becomes IDNA.

    Raises:
        UnusableError: with the reason.
    """
    from urllib.parse import urlsplit

    if not text.isprintable() or " " in text:
        raise UnusableError("it holds a blank or a control character")
    for character, what in (("\\", "a backslash"), ("?", "a query"), ("#", "a fragment")):
        if character in text:
            raise UnusableError(f"it holds {what}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UnusableError("its host or port is not valid") from None
    if parts.scheme not in _DEFAULT_PORTS or not text[len(parts.scheme) :].startswith("://"):
        raise UnusableError("it must begin with https:// (http:// is for this machine only)")
    if "@" in parts.netloc:
        raise UnusableError("it holds a user name or password")
    # NOTE: Python 3.11.7 still reads [::1]x as ::1.
    bracketed = re.fullmatch(_BRACKETED, parts.netloc) or not set("[]") & set(parts.netloc)
    if parts.netloc.endswith(":") or port == 0 or not bracketed:
        raise UnusableError("its host or port is not valid")
    host = _canonical_host(parts.hostname or "")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UnusableError("http:// is for this machine only; use https://")
    path = parts.path.rstrip("/")
    if not re.fullmatch(_PATH, path) or _climbs(path):
        raise UnusableError("its path is not plain (percent-encode what is not ASCII)")
    port = port or _DEFAULT_PORTS[parts.scheme]
    return BaseUrl(_origin(parts.scheme, host, port) + path, parts.scheme, host, port, path)


def _origin(scheme: str, host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or (
        host.startswith("127.") and re.fullmatch(_IPV4, host) is not None
    )


def _climbs(path: str) -> bool:
    from urllib.parse import unquote

    return any(segment in (".", "..") for segment in unquote(path).split("/"))


def _canonical_host(host: str) -> str:
    """The host in the one form that everything is compared in.

    NOTE: a name's final dot goes: ``api.syniverse.com.`` is the same host, and would otherwise
    slip past the protection of its profile.
    """
    if not host:
        raise UnusableError("it names no host")
    if ":" in host:
        return _canonical_ipv6(host)
    host = _to_ascii(host).removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(re.fullmatch(_LABEL, label) for label in labels):
        raise UnusableError("its host or port is not valid")
    # What ends in a number is an address to some readers (127.1, 0x7f000001) and a name to others.
    if re.fullmatch(_NUMERIC_LABEL, labels[-1]) and not re.fullmatch(_IPV4, host):
        raise UnusableError("its host is a number but not a whole IPv4 address")
    return host


def _canonical_ipv6(host: str) -> str:
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(host)
    except ValueError:
        raise UnusableError("its host or port is not valid") from None
    if address.scope_id is not None:
        raise UnusableError("its address names a network interface")
    return address.compressed


def _to_ascii(host: str) -> str:
    """The host as DNS has it.

    NOTE: Python's own IDNA is that of 2003, which turns ß into ss and so reaches another host
    than a browser does. A host that does not come back as it went in is refused.
    """
    if host.isascii():
        return host
    try:
        encoded = host.encode("idna").decode("ascii")
        same = encoded.encode("ascii").decode("idna") == host.lower()
    except UnicodeError:
        same = False
    if not same:
        raise UnusableError("write its host in the ASCII form, xn--…")
    return encoded
