"""Webhooks as they are configured at the moment of sending, and which of them may be sent to."""

from __future__ import annotations

import base64
import ipaddress
import json
import sqlite3  # noqa: TID253 - only for its type; the store hands out connections
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:=&?~+!$,;'@()*[]"


class Target(NamedTuple):
    """An address taken apart.

    Attributes:
        host: name or IP address, in lower case, without brackets.
        path: with the query, percent-encoded.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Receiver(NamedTuple):
    """What a delivery configuration says of its webhook.

    Attributes:
        format: JSON or XML.
        throttling: events per minute; None for no limit.
        authorization: the value of that header; None where none is sent. OAUTH has none: the
            names of its settings are unknown.
    """

    address: str
    format: str
    is_active: bool
    throttling: int | None
    authorization: str | None


def receiver_of(con: sqlite3.Connection, cfg_id: int) -> Receiver | None:
    """The webhook of a configuration as it is now; None where the configuration has gone."""
    row = con.execute("SELECT listed, auth FROM configurations WHERE id = ?", (cfg_id,)).fetchone()
    return None if row is None else _read(*row)


# Hundreds of events go to one webhook between two changes of it.
@lru_cache(maxsize=1024)
def _read(listed: str, auth: str) -> Receiver:
    document: dict[str, Any] = json.loads(listed)
    return Receiver(
        address=document["addr"],
        format=document["del-fmt-cd"],
        is_active=document["is-active"],
        throttling=document.get("throttling"),
        authorization=_authorization(json.loads(auth)),
    )


def _authorization(auth: dict[str, Any]) -> str | None:
    if auth["type"] != "BASIC":
        return None
    pair = f"{auth['settings']['username']}:{auth['settings']['password']}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


@lru_cache(maxsize=1024)
def target_of(address: str) -> Target:
    """Where an address points to; who it names before an ``@`` is left out.

    Raises:
        ValueError: it cannot be sent to: no host, or a port that is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(address)
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else None
    return Target(parts.scheme, host or parts.hostname, parts.port or _PORTS[parts.scheme], path)


@lru_cache(maxsize=1024)
def shown(address: str) -> str:
    """An address without its query, and without who it names: either may hold a secret."""
    plain = address.partition("?")[0].partition("#")[0]
    scheme, _, rest = plain.partition("://")
    netloc, slash, path = rest.partition("/")
    return f"{scheme}://{netloc.rpartition('@')[2]}{slash}{path}"


@lru_cache(maxsize=1024)
def may_be_sent_to(target: Target, allowed_hosts: frozenset[str]) -> bool:
    """Whether a host is on the allow-list: this machine always, others by their exact name.

    The name decides, and nothing is looked up: a name that leads to this machine is still not
    this machine.
    """
    if target.host == "localhost" or target.host in allowed_hosts:
        return True
    try:
        return ipaddress.ip_address(target.host).is_loopback
    except ValueError:
        return False
