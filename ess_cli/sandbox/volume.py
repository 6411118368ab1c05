"""Volume: so many subscriptions and deliveries that scripts meet the size of a real account.

The rows are made inside SQLite, and are the same on every machine but for their moments. Numbers
begin with +999, a country code that belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ess_cli.sandbox.store import Store

CONFIGURATION = 1266
"""The configuration that all of it belongs to."""

# So many rows are one transaction: a server that has the database open goes on answering.
_AT_ONCE = 50_000
_NUMBERS = (
    "WITH RECURSIVE n (i) AS (SELECT :begin UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)"
)
_FIRST_NUMBER = 999_000_000_000
_STEP_S = 2
_SUBSCRIPTIONS = (
    _NUMBERS + " INSERT INTO subscriptions (id, topic, cfg_id, event_type, criteria, criteria_key,"
    " field, value, start_at) SELECT :id + i, 'NIS-Events', :cfg, 'porting_event',"
    " 'number = ''' || v || '''', 'number=''' || v || '''', 'number', v, '1970-01-01T00:00:00Z'"
    " FROM (SELECT i, '+' || (:number + i) AS v FROM n)"
)
# Of a hundred deliveries 98 succeed at once, one does at its second attempt, one never does.
_DELIVERIES = (
    _NUMBERS + " INSERT INTO deliveries (event_id, cfg_id, topic, event_type, address, status,"
    " attempts, timestamp, body) SELECT printf('V%021d', :id + i), :cfg, 'NIS-Events',"
    " 'porting_event', :address, iif(i % 100 = 99, 'FAILED', 'SUCCESS'),"
    " CASE i % 100 WHEN 99 THEN 4 WHEN 49 THEN 2 ELSE 1 END,"
    " strftime('%Y-%m-%dT%H:%M:%SZ', :since + i * :step, 'unixepoch'),"
    ' printf(\'{\n "number": "+%d",\n "porting_date": "2026-11-01T00:00:00Z",\n\''
    ' || \' "carrier_id": "15799",\n "tracking_id": "%d"\n}\', :number + i, i) FROM n'
)
_ATTEMPTS = (
    "WITH a (number, wait_s) AS (VALUES (1, 1), (2, 61), (3, 361), (4, 1261))"
    " INSERT INTO attempts (delivery, number, result, timestamp, http_status, http_body)"
    " SELECT d.seq, a.number, iif(d.status = 'SUCCESS' AND a.number = d.attempts, 'SUCCESS',"
    " 'FAILED'), strftime('%Y-%m-%dT%H:%M:%SZ', d.timestamp, '+' || wait_s || ' seconds'),"
    " iif(d.status = 'SUCCESS' AND a.number = d.attempts, 200, 503),"
    " iif(d.status = 'SUCCESS' AND a.number = d.attempts, 'OK', 'Service Unavailable')"
    " FROM deliveries d JOIN a ON a.number <= d.attempts WHERE d.seq > :seq ORDER BY d.seq"
)


class Progress(NamedTuple):
    """How far filling has come: so many of so many rows of a kind."""

    kind: str
    done: int
    total: int


def fill(store: Store, subscriptions: int, deliveries: int) -> Iterator[Progress]:
    """Add so many subscriptions, each to a number of its own, and so many deliveries.

    What has been yielded is there for good, also where filling is broken off.

    Raises:
        SandboxUnusable: the database is damaged, busy or not writable.
    """
    for begin, end in _stretches(subscriptions):
        with store.writing() as con:
            (last,) = con.execute("SELECT max(id) FROM subscriptions").fetchone()
            (number,) = con.execute(
                "SELECT coalesce(max(value) + 1, ?) FROM subscriptions"
                " WHERE topic = 'NIS-Events' AND field = 'number' AND value > '+999'",
                (_FIRST_NUMBER,),
            ).fetchone()
            rows = {"begin": 0, "end": end - begin, "id": last + 1, "number": number}
            con.execute(_SUBSCRIPTIONS, rows | {"cfg": CONFIGURATION})
        yield Progress("subscriptions", end, subscriptions)
    since = int(store.now().timestamp()) - deliveries * _STEP_S
    for begin, end in _stretches(deliveries):
        with store.writing() as con:
            (seq,) = con.execute("SELECT max(seq) FROM deliveries").fetchone()
            (address,) = con.execute(
                "SELECT listed ->> '$.addr' FROM configurations WHERE id = ?", (CONFIGURATION,)
            ).fetchone()
            values = {
                "begin": begin,
                "end": end,
                "id": seq - begin,
                "cfg": CONFIGURATION,
                "address": address,
                "since": since,
                "step": _STEP_S,
                "number": _FIRST_NUMBER,
            }
            con.execute(_DELIVERIES, values)
            con.execute(_ATTEMPTS, {"seq": seq})
        yield Progress("deliveries", end, deliveries)


def _stretches(total: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, total, _AT_ONCE):
        yield begin, min(total, begin + _AT_ONCE)
