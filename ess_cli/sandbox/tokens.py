"""Access tokens: which are taken, how long, and what a refresh does.

Any token is taken but the word ``expired``, and tokens that a refresh replaced or whose validity
is over. Where the server was told a lifetime, a token that it did not issue is good for that long
after the server first saw it. Of no token more than its SHA-256 is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from ess_cli.sandbox.fields import refuse, required
from ess_cli.sandbox.replies import RefusedError, Reply, json_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

EXPIRED_TOKEN = "expired"  # noqa: S105 - a word that everybody may know
"""The token that is always refused, so that an expired one can be rehearsed."""

CONSUMER_KEY = "sandbox-key"
CONSUMER_SECRET = "sandbox-secret"  # noqa: S105 - likewise
"""What a refresh wants here."""

_MOST_SEEN = 10_000
_ASK_EVERY_S = 0.02


class Known(NamedTuple):
    """A token that a refresh issued or replaced; ``ends_at`` in seconds since 1970, None never."""

    ends_at: float | None


class Keeper:
    """What a server knows of the tokens that it meets.

    What the database says of a token is asked again after some milliseconds, for another process
    may have replaced it; a refresh through this server counts at once.

    Args:
        lifetime_s: how long a token is good for that this server did not issue, from the first
            request with it; None for ever. What was seen is forgotten with the server: a new one
            takes the same tokens again.
    """

    def __init__(self, lifetime_s: float | None = None) -> None:
        self._lifetime = None if lifetime_s is None else timedelta(seconds=lifetime_s)
        self._ends: dict[bytes, datetime] = {}
        self._asked: dict[bytes, tuple[float, Known | None]] = {}
        self._changing = threading.Lock()

    def ask(self, store: Store, digest: bytes) -> Known | None:
        """What the database says of a token, now or a moment ago."""
        asked = self._asked.get(digest)
        if asked is not None and time.monotonic() - asked[0] < _ASK_EVERY_S:
            return asked[1]
        asked_at_s = time.monotonic()
        known = _ask(store, digest)
        if len(self._asked) >= _MOST_SEEN:
            self._asked.clear()
        self._asked[digest] = asked_at_s, known
        return known

    def forget(self) -> None:
        """Ask again about every token."""
        self._asked.clear()

    def is_used_up(self, digest: bytes, now: datetime) -> bool:
        """Whether the lifetime of a token is over; it begins with the first call."""
        if self._lifetime is None:
            return False
        ends = self._ends.get(digest)
        if ends is None:
            with self._changing:
                if len(self._ends) >= _MOST_SEEN:
                    del self._ends[next(iter(self._ends))]
                ends = self._ends.setdefault(digest, now + self._lifetime)
        return now >= ends


def check(store: Store, headers: Mapping[str, str], keeper: Keeper | None) -> None:
    """Refuse a request without a token that is still good.

    ``user-token`` is marked as required throughout, yet never demanded (field notes, H).

    Raises:
        RefusedError: 401.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise RefusedError("no-token", "Authorization: Bearer <token> is missing")
    if has_ended(store, token, keeper):
        raise RefusedError("expired-token", "The access token has expired")


def has_ended(store: Store, token: str, keeper: Keeper | None = None) -> bool:
    """Whether a token is no longer good, but for what a keeper alone would know."""
    if token == EXPIRED_TOKEN:
        return True
    digest = _digest(token)
    known = keeper.ask(store, digest) if keeper else _ask(store, digest)
    if known is not None:
        return known.ends_at is not None and store.now().timestamp() >= known.ends_at
    return keeper is not None and keeper.is_used_up(digest, store.now())


def _ask(store: Store, digest: bytes) -> Known | None:
    row = store.row("SELECT ends_at FROM tokens WHERE digest = ?", digest)
    return None if row is None else Known(*row)


def refresh(store: Store, call: Call) -> Reply:
    """GET /saop-rest-data/v1/apptoken-refresh, and the alias /apptoken-refresh.

    ``validity`` is in seconds, 0 for ever. Wants no Authorization. A wrong key or secret is a 500
    (field notes, H). UNKNOWN: when the service answers a still-valid token unchanged. Here every
    refresh issues a new token and the old one dies at once; the switch ``token-unchanged`` is the
    other way. UNKNOWN too: what a missing parameter is answered with; here a 400.
    """
    old = required(call.query, "oldtoken")
    validity = required(call.query, "validity")
    if not (validity.isascii() and validity.isdigit() and len(validity) <= 9):
        refuse("validity", "seconds in digits", validity)
    given = (call.query.get("consumerkey"), call.query.get("consumersecret"))
    if given != (CONSUMER_KEY, CONSUMER_SECRET):
        raise RefusedError("bug", "consumerkey and consumersecret do not fit")
    now_s = store.now().timestamp()
    validity_s = int(validity)
    new = _new_token()
    sql = "INSERT OR REPLACE INTO tokens (digest, ends_at) VALUES (?, ?)"
    with store.writing() as con:
        con.execute(sql, (_digest(old), now_s))
        con.execute(sql, (_digest(new), now_s + validity_s if validity_s else None))
    return json_reply({"accessToken": new, "validityTime": validity_s})


def _new_token() -> str:
    from secrets import token_hex

    return token_hex(16)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
