"""The operation that starts a dump of a topic's subscriptions."""

from __future__ import annotations

from ess_cli.sandbox.catalogue import require_topic
from ess_cli.sandbox.fields import refuse, required, wire
from ess_cli.sandbox.replies import RefusedError, Reply, json_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

NOTICE_TOPIC = "MSS-Messages"
NOTICE_TYPE = "event_file_complete"

_FIRST_REFERENCE_ID = 2569


def dump_subscriptions(store: Store, call: Call) -> Reply:
    """GET /topics/{ID}/dump-subscriptions: starts a job, although it is a GET.

    Each call remembers one more job and answers its ``referenceId``, as text. It wants an
    active subscription through which the notice of the file can arrive: to
    MSS-Messages/event_file_complete, or to every event type of MSS-Messages.

    UNKNOWN: the values of ``compressionType``; any is taken.
    """
    (topic,) = call.args
    require_topic(store, topic)
    compression = required(call.query, "compression")
    if compression not in ("true", "false"):
        refuse("compression", "true or false", compression)
    compression_type = required(call.query, "compressionType")
    now = wire(store.now())
    with store.writing() as db:
        ready = db.execute(
            "SELECT 1 FROM subscriptions WHERE topic = ? AND (event_type IS NULL OR"
            " event_type = ?) AND (end_at IS NULL OR end_at > ?) LIMIT 1",
            (NOTICE_TOPIC, NOTICE_TYPE, now),
        ).fetchone()
        if not ready:
            reason = f"no active subscription to {NOTICE_TOPIC} / {NOTICE_TYPE} for the notice"
            raise RefusedError("invalid", reason)
        (reference_id,) = db.execute(
            "INSERT INTO dumps (reference_id, topic, compression, compression_type, asked_at)"
            " SELECT coalesce(max(reference_id) + 1, ?), ?, ?, ?, ? FROM dumps"
            " RETURNING reference_id",
            (_FIRST_REFERENCE_ID, topic, compression == "true", compression_type, now),
        ).fetchone()
    return json_reply({"referenceId": str(reference_id)})
