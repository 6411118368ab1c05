"""Dumps of a topic's subscriptions: the operation that starts one, and the file that it makes.

A job is remembered before its ``referenceId`` is answered. Its file is written right afterwards:
by the embedded service before the call returns, by a server in the background. A job that was
broken off is begun again by the next server or dump; whoever finishes it first has finished it.

UNKNOWN: the file's layout, here a line of JSON for each subscription as the list shows it; how
``referenceId`` maps to the notice, here it ends the file's name; the values of
``compressionType``, here any is taken, ``gzip`` compresses and all others leave the file as it is.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from typing import IO, NamedTuple

from ess_cli.sandbox import media
from ess_cli.sandbox.catalogue import require_topic
from ess_cli.sandbox.fields import refuse, required, wire
from ess_cli.sandbox.media import NOTICE_TOPIC, NOTICE_TYPE
from ess_cli.sandbox.replies import RefusedError, Reply, encode, json_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.subscriptions import active_of

EMPTY = b"EMPTY_FILE"
"""The content of a file that has nothing to say, never compressed (field notes, H)."""

_FIRST_REFERENCE_ID = 2569
_LINES_AT_ONCE = 1000
_LEVEL = 6


class _Job(NamedTuple):
    reference_id: int
    topic: str
    is_compressed: bool


class _GivenUp(Exception):
    pass


def dump_subscriptions(store: Store, call: Call) -> Reply:
    """GET /topics/{ID}/dump-subscriptions: starts a job, although it is a GET.

    Each call remembers one more job and answers its ``referenceId``, as text. It wants an
    active subscription through which the notice of the file can arrive: to
    MSS-Messages/event_file_complete, or to every event type of MSS-Messages.
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
    return json_reply({"referenceId": str(reference_id)})._replace(is_job=True)


def finish(store: Store, is_over: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Write the files of all jobs that have none; yields what was written, name by name.

    Args:
        store: the state.
        is_over: asked now and then; where it says so, the job is left as it was.

    Raises:
        SandboxUnusable: the database is damaged, busy or not writable, or the disk full.
    """
    rows = store.rows(
        "SELECT reference_id, topic, compression AND lower(compression_type) = 'gzip'"
        " FROM dumps WHERE stored IS NULL ORDER BY seq"
    )
    for job in map(_Job._make, rows):
        try:
            name = _finish(store, job, is_over)
        except _GivenUp:
            return
        if name is not None:
            yield f"wrote {name}"


def _finish(store: Store, job: _Job, is_over: Callable[[], bool]) -> str | None:
    """The name of the file; None where somebody else has written it meanwhile.

    The subscriptions are those of one moment; nobody else has to wait for them. The job is done
    and its notice raised in one transaction.
    """
    name = f"subscriptions-{job.topic}-{job.reference_id}.jsonl"
    with store.scratch() as file:
        is_empty = not _write(store, job, file, is_over)
        if is_empty:
            file.write(EMPTY)
        elif job.is_compressed:
            name += ".gz"
        file.seek(0)
        parts = iter(lambda: file.read(media.PIECE_BYTES), b"")
        stored = media.stage(store, name, parts, store.now())
    with store.writing() as con:
        mine = con.execute(
            "UPDATE dumps SET stored = ? WHERE reference_id = ? AND stored IS NULL RETURNING 1",
            (stored.file_id, job.reference_id),
        ).fetchone()
        if not mine:
            return None
        media.announce(con, stored, store.now())
    return name


def _write(store: Store, job: _Job, file: IO[bytes], is_over: Callable[[], bool]) -> bool:
    """Write the lines of a job; False where there were none, and so nothing was written."""
    with store.reading() as con:
        documents = active_of(con, job.topic, wire(store.now()))
        lines = (encode(document) + "\n" for document in documents)
        first = next(lines, None)
        if first is None:
            return False
        # No moment in its header: the same subscriptions are the same file.
        zipped = gzip.GzipFile("", "wb", _LEVEL, file, 0) if job.is_compressed else None
        with zipped or nullcontext(file) as sink:
            sink.write(first.encode())
            while stretch := "".join(islice(lines, _LINES_AT_ONCE)):
                if is_over():
                    raise _GivenUp
                sink.write(stretch.encode())
    return True
