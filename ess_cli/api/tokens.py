"""Access tokens: how one is replaced by a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ess_cli.api.faults import unknown
from ess_cli.errors import CredentialsRefused, OutcomeUnknown

if TYPE_CHECKING:
    from ess_cli.api.http import Http

PATH = "/saop-rest-data/v1/apptoken-refresh"
"""Where the service does that, on the host of its API (field notes, H)."""

_LOOK = "`ess auth status` says whether the old token is still good; if not, `ess auth login`"


class Granted(NamedTuple):
    """A new token, and for how many seconds it is good: 0 for ever, None where nobody said."""

    token: str
    validity_s: int | None


def refresh(
    http: Http, path: str, *, consumer: tuple[str, str], old: str, validity_s: int
) -> Granted:
    """A new token for an old one, which dies at once for everyone who holds it.

    The token may come back unchanged where it is still good. All of this is in the field notes
    (H), none of it in the reference. Never sent twice, as any write.

    Args:
        http: to the host of the service, without credentials.
        path: see :data:`PATH`; the service has aliases.
        consumer: key and secret.
        old: the token without its scheme.
        validity_s: how long the new one is to be good; 0 for ever.

    Raises:
        CredentialsRefused: a 500 too, since key or secret being wrong is answered so.
        OutcomeUnknown: the old token may be dead, and there is no new one.
        EssError: as of any request.
    """
    query = (
        ("consumerkey", consumer[0]),
        ("consumersecret", consumer[1]),
        ("oldtoken", old),
        ("validity", str(validity_s)),
    )

    def granted(document: Any) -> Granted:
        token = document.get("accessToken") if isinstance(document, dict) else None
        if not isinstance(token, str) or not token:
            raise unknown(f'GET {path}: the reply has no "accessToken"', _LOOK)
        validity = document.get("validityTime")
        return Granted(token, validity if type(validity) is int else None)

    try:
        return http.start_job(path, granted, query, _LOOK)
    except OutcomeUnknown as doubt:
        if doubt.http != 500:
            raise
        refused = CredentialsRefused(
            f"GET {path}: 500, which is the answer to a wrong consumer key or secret", http=500
        )
        refused.details = ("  if both are right, the token may have been replaced all the same",)
        refused.hint = _LOOK
        raise refused from doubt
