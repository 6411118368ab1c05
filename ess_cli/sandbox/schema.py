"""The tables behind the sandbox.

Every list's table has a ``seq`` that counts from 1 without a gap, in the order in which it is
answered, because its rows are never deleted. So "skip 900,000 rows" is one step down the tree.

What never changes after it is written is kept as the JSON text that a reply contains.
Identifiers that the reference shows as digits are integers here; routes write them as the
reference does. Moments are text of one form, ``2017-10-28T17:14:54Z``, which sorts.
"""

from __future__ import annotations

SCHEMA_VERSION = 4
"""Goes into ``PRAGMA user_version``; raise it with every change of the tables or the seed."""

TABLES = (
    """CREATE TABLE topics (
        seq INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        doc TEXT NOT NULL)""",
    # NOTE: event_type is no foreign key: __GENERIC__ belongs to a topic, yet /event-types does
    # not know it.
    """CREATE TABLE topic_types (
        topic TEXT NOT NULL REFERENCES topics (name),
        place INTEGER NOT NULL,
        event_type TEXT NOT NULL,
        PRIMARY KEY (topic, place)) WITHOUT ROWID""",
    # topic_doc is the form under /topics/{ID}/event-types, which has no company-id.
    """CREATE TABLE event_types (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        doc TEXT NOT NULL,
        topic_doc TEXT NOT NULL)""",
    # listed and single are the two forms of one configuration; only the list's has the schedule.
    """CREATE TABLE configurations (
        seq INTEGER PRIMARY KEY,
        id INTEGER NOT NULL UNIQUE,
        name TEXT NOT NULL,
        listed TEXT NOT NULL,
        single TEXT NOT NULL,
        auth TEXT NOT NULL)""",
    # What follows criteria comes from it: criteria_key is the text with its blanks evened out;
    # field and value are there where it is one equality and nothing else, which is how a million
    # numbers are found without a scan. extra is a JSON object.
    """CREATE TABLE subscriptions (
        seq INTEGER PRIMARY KEY,
        id INTEGER NOT NULL UNIQUE,
        topic TEXT NOT NULL REFERENCES topics (name),
        cfg_id INTEGER NOT NULL REFERENCES configurations (id),
        event_type TEXT,
        criteria TEXT NOT NULL,
        criteria_key TEXT NOT NULL,
        field TEXT,
        value TEXT,
        start_at TEXT NOT NULL,
        end_at TEXT,
        extra TEXT)""",
    "CREATE INDEX subscriptions_value ON subscriptions (topic, field, value, end_at)",
    "CREATE INDEX subscriptions_end ON subscriptions (end_at) WHERE end_at IS NOT NULL",
    # The topic and event type of a delivery are plain text: the reference's own example marks
    # one of a topic ("topic-C") that /topics does not list.
    """CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL,
        cfg_id INTEGER NOT NULL REFERENCES configurations (id),
        topic TEXT NOT NULL,
        event_type TEXT NOT NULL,
        address TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('SUCCESS', 'PENDING', 'RETRY', 'FAILED')),
        attempts INTEGER NOT NULL,
        handled INTEGER NOT NULL DEFAULT 0,
        timestamp TEXT NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (event_id, cfg_id))""",
    # Few deliveries give trouble, so the summary reads few rows however many there are.
    """CREATE INDEX deliveries_troubled
        ON deliveries (cfg_id, topic, event_type, seq, status, handled)
        WHERE status <> 'SUCCESS' OR attempts > 1""",
    # http_status is NULL where nothing answered; http_body then says why, if anything does.
    # address is NULL where it is the delivery's own: a configuration may have got another since.
    """CREATE TABLE attempts (
        seq INTEGER PRIMARY KEY,
        delivery INTEGER NOT NULL REFERENCES deliveries (seq),
        number INTEGER NOT NULL,
        result TEXT NOT NULL,
        timestamp TEXT NOT NULL,
        http_status INTEGER,
        http_body TEXT,
        address TEXT,
        UNIQUE (delivery, number))""",
    # What is still to be sent, and when, in seconds since 1970. raised_at is the event's moment to
    # the millisecond, as webhooks get it. Rows leave when their delivery has ended.
    """CREATE TABLE outbox (
        delivery INTEGER PRIMARY KEY REFERENCES deliveries (seq),
        cfg_id INTEGER NOT NULL,
        due_at REAL NOT NULL,
        raised_at TEXT NOT NULL)""",
    "CREATE INDEX outbox_due ON outbox (cfg_id, due_at)",
    """CREATE TABLE buffer_files (
        seq INTEGER PRIMARY KEY,
        file_id INTEGER NOT NULL UNIQUE,
        cfg_id INTEGER NOT NULL REFERENCES configurations (id),
        status TEXT NOT NULL,
        opened TEXT NOT NULL,
        closed TEXT,
        stored TEXT REFERENCES stored_files (id))""",
    "CREATE INDEX buffer_files_open ON buffer_files (cfg_id) WHERE closed IS NULL",
    # What an open buffer file has collected so far; emptied when it closes.
    """CREATE TABLE buffered (
        seq INTEGER PRIMARY KEY,
        file INTEGER NOT NULL REFERENCES buffer_files (seq),
        doc TEXT NOT NULL)""",
    "CREATE INDEX buffered_file ON buffered (file)",
    # A job is done when it has a file.
    """CREATE TABLE dumps (
        seq INTEGER PRIMARY KEY,
        reference_id INTEGER NOT NULL UNIQUE,
        topic TEXT NOT NULL REFERENCES topics (name),
        compression INTEGER NOT NULL,
        compression_type TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        stored TEXT REFERENCES stored_files (id))""",
    "CREATE INDEX dumps_unfinished ON dumps (seq) WHERE stored IS NULL",
    # What Media Storage hands out, in pieces of one size. size is NULL until the
    # file is complete; an expired one has no pieces any more.
    """CREATE TABLE stored_files (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        created TEXT NOT NULL,
        expires TEXT NOT NULL,
        size INTEGER) WITHOUT ROWID""",
    """CREATE TABLE stored_pieces (
        file TEXT NOT NULL REFERENCES stored_files (id),
        place INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (file, place))""",
    # What a refresh issued or replaced. Of a token only its SHA-256 is kept. ends_at is in seconds
    # since 1970; NULL lasts for ever.
    """CREATE TABLE tokens (
        digest BLOB PRIMARY KEY,
        ends_at REAL) WITHOUT ROWID""",
)

COUNTED = {
    "topics": "topics",
    "event-types": "event_types",
    "delivery-configurations": "configurations",
    "subscriptions": "subscriptions",
    "deliveries": "deliveries",
    "attempts": "attempts",
    "buffer-files": "buffer_files",
}
"""What ``Store.status`` counts: the public name of each table."""
