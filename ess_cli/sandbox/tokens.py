"""Access tokens: which are taken, how long, and what a refresh does.

Any token is taken but the word ``expired``, and tokens that a refresh replaced or whose validity
is over. Where the server was told a lifetime, a token that it did not issue is good for that long
after the server first saw it. Of no token more than its SHA-256 is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

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


class Lifetime:
    """How long a token is good for that this server did not issue.

    What was seen is forgotten with the server: a new one takes the same tokens again.

    Args:
        lifetime_s: in seconds, from the first request with it.
    """

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime = timedelta(seconds=lifetime_s)
        self._ends: dict[bytes, datetime] = {}
        self._changing = threading.Lock()

    def is_over(self, digest: bytes, now: datetime) -> bool:
        """Whether a token has been used up; its time begins with the first call."""
        ends = self._ends.get(digest)
        if ends is None:
            with self._changing:
                if len(self._ends) >= _MOST_SEEN:
                    del self._ends[next(iter(self._ends))]
                ends = self._ends.setdefault(digest, now + self._lifetime)
        return now >= ends


def check(store: Store, headers: Mapping[str, str], lifetime: Lifetime | None) -> None:
    """Refuse a request without a token that is still good.

    ``user-token`` is marked as required throughout, yet never demanded (field notes, H).

    Raises:
        RefusedError: 401.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise RefusedError("no-token", "Authorization: Bearer <token> is missing")
    if token == EXPIRED_TOKEN or _has_ended(store, token, lifetime):
        raise RefusedError("expired-token", "The access token has expired")


def _has_ended(store: Store, token: str, lifetime: Lifetime | None) -> bool:
    digest = _digest(token)
    # Asked of the database each time: another process may have replaced the token just now.
    known = store.row("SELECT ends_at FROM tokens WHERE digest = ?", digest)
    if known is not None:
        (ends_at,) = known
        return ends_at is not None and store.now().timestamp() >= ends_at
    return lifetime is not None and lifetime.is_over(digest, store.now())


def refresh(store: Store, call: Call) -> Reply:
    """GET /saop-rest-data/v1/apptoken-refresh, and the alias /apptoken-refresh.

    ``validity`` is in seconds, 0 for ever. Wants no Authorization. A wrong key or secret is a 500
    (field notes, H). UNKNOWN: when the service answers a still-valid token unchanged. Here every
    refresh issues a new token and the old one dies at once: whoever copes with that copes with
    both. UNKNOWN too: what a missing parameter is answered with; here a 400.
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
