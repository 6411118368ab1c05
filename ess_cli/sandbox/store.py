"""The sandbox's database: one SQLite file that several threads and processes share."""

from __future__ import annotations

import os
import sqlite3  # noqa: TID253 - this module is its home, and is imported with the sandbox only
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox.schema import COUNTED, SCHEMA_VERSION, TABLES

# NOTE: closing any descriptor of a file drops every POSIX lock that this process holds on it,
# SQLite's included. So a file is created and first opened under one lock for the whole process.
_OPENING = threading.Lock()

_BUSY = "another process is writing to it; try again"
_ELSEWHERE = "XDG_STATE_HOME may name a directory that can be written"
# What deleting a database would not mend, and what would.
_IN_THE_WAY = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_CANTOPEN: _ELSEWHERE,
    sqlite3.SQLITE_FULL: "make room on its disk; what the sandbox holds is as it was",
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PERM: _ELSEWHERE,
    sqlite3.SQLITE_READONLY: _ELSEWHERE,
}

_OUR_BUGS = (sqlite3.IntegrityError, sqlite3.ProgrammingError)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The database at ``path``, opened on first use and filled with the seed if it is new.

    May be shared by threads: each call borrows a connection of its own from a pool. May be
    shared by processes: SQLite's WAL lets them read while one writes.

    Args:
        path: the file; it is created with mode 0600, a missing directory with 0700.
        now: the clock; an aware datetime in UTC.
        busy_timeout_s: how long to wait for another process that is writing.

    Every method but ``close`` raises SandboxUnusable when the file is damaged, of another
    version, not writable, or busy for longer than that. A damaged file is never replaced
    unless ``reset`` is called.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime] = _utc_now,
        busy_timeout_s: float = 10.0,
    ) -> None:
        self.path = path
        self.now = now
        self._busy_timeout_s = busy_timeout_s
        self._idle: list[sqlite3.Connection] = []
        # Writers of one process queue here: SQLite's own waiting polls, up to 100 ms a time.
        self._writing = threading.Lock()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections. The store may be used again afterwards."""
        while self._idle:
            self._idle.pop().close()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows that a query answers."""
        con = self._borrow()
        try:
            found = con.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            self._give_up(con, error)
        self._idle.append(con)
        return found

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row that a query answers; None where there is none."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for several reads, or for one whose rows are not all wanted at once."""
        with self._lent() as con:
            yield con

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that may write: all of it happens, or, on an exception, nothing."""
        with self._writing, self._lent() as con, _transaction(con):
            yield con

    @contextmanager
    def scratch(self) -> Iterator[IO[bytes]]:
        """A file without a name beside the database, which nobody else can read."""
        from tempfile import TemporaryFile

        try:
            with TemporaryFile(dir=self.path.parent) as file:
                yield file
        except OSError as error:
            raise _unusable(self.path, error) from error

    def status(self) -> dict[str, object]:
        """What ``ess sandbox status`` shows.

        ``path``, ``schema_version``, ``size_bytes`` (the file and its write-ahead log), then
        the number of rows of each table under its public name.
        """
        sql = ", ".join(
            f"(SELECT coalesce(max(seq), 0) FROM {table})"  # noqa: S608 - our own names
            for table in COUNTED.values()
        )
        counts = self.row("SELECT " + sql) or ()
        files = (self.path, self._beside("-wal"))
        return {
            "path": str(self.path),
            "schema_version": SCHEMA_VERSION,
            "size_bytes": sum(file.stat().st_size for file in files if file.exists()),
            **dict(zip(COUNTED, counts, strict=True)),
        }

    def reset(self) -> None:
        """Put the seed back, whatever the file holds now.

        A sound database is emptied and filled in one transaction, so that a server which has
        it open goes on with the new contents. A damaged one, or one of another version, is
        deleted and made anew: this is the only call that does so.
        """
        try:
            with self._writing, self._lent() as con:
                _refill(con)
        except SandboxUnusable as fault:
            cause = fault.__cause__
            if _in_the_way(cause) is not None:
                raise
            self.close()
            for file in (self.path, self._beside("-wal"), self._beside("-shm")):
                try:
                    file.unlink(missing_ok=True)
                except OSError as error:
                    raise _unusable(self.path, error) from error
            self.row("SELECT 1")

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        con = self._borrow()
        try:
            yield con
        except sqlite3.Error as error:
            self._give_up(con, error)
        except BaseException:
            con.close()
            raise
        self._idle.append(con)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _give_up(self, con: sqlite3.Connection, error: sqlite3.Error) -> NoReturn:
        """Close a connection that failed, and say what that means to the user."""
        con.close()
        if isinstance(error, _OUR_BUGS):
            raise error
        raise _unusable(self.path, error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            con = self._connect()
        except (OSError, sqlite3.OperationalError) as error:
            raise _unusable(self.path, error) from error
        try:
            con.execute("PRAGMA foreign_keys = ON")
            # NORMAL loses nothing when the process is killed; only a power cut may cost the
            # last transactions.
            con.execute("PRAGMA synchronous = NORMAL")
            if not self._is_ready(con):
                self._fill(con)
        except sqlite3.Error as error:
            self._give_up(con, error)
        except BaseException:
            con.close()
            raise
        return con

    def _connect(self) -> sqlite3.Connection:
        with _OPENING:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            return sqlite3.connect(
                self.path,
                timeout=self._busy_timeout_s,
                isolation_level=None,
                check_same_thread=False,  # one thread at a time: the pool sees to that
                cached_statements=256,
            )

    def _is_ready(self, con: sqlite3.Connection) -> bool:
        """True for a filled database of this version, False for an empty file."""
        version, tables = con.execute(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        ).fetchone()
        if version == SCHEMA_VERSION:
            return True
        if version or tables:
            reason = f"its schema version is {version}, this program reads {SCHEMA_VERSION}"
            raise SandboxUnusable(str(self.path), reason)
        return False

    def _fill(self, con: sqlite3.Connection) -> None:
        self._enter_wal(con)
        with _transaction(con):
            if not self._is_ready(con):  # another process may have been quicker
                _create(con)

    def _enter_wal(self, con: sqlite3.Connection) -> None:
        # NOTE: SQLite does not wait its busy timeout out when two processes change the journal
        # mode of a new file at the same time; one of them is told "locked" at once.
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                con.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                waits = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if error.sqlite_errorcode & 0xFF not in waits or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


@contextmanager
def _transaction(con: sqlite3.Connection) -> Iterator[None]:
    con.execute("BEGIN IMMEDIATE")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise


def _create(con: sqlite3.Connection) -> None:
    from ess_cli.sandbox import seed

    for statement in TABLES:
        con.execute(statement)
    seed.fill(con)
    con.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _refill(con: sqlite3.Connection) -> None:
    con.execute("PRAGMA foreign_keys = OFF")
    try:
        with _transaction(con):
            tables = con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in tables:
                con.execute(f'DROP TABLE "{name}"')
            _create(con)
    finally:
        con.execute("PRAGMA foreign_keys = ON")
    with suppress(sqlite3.OperationalError):  # another process reads: the space is kept for reuse
        con.execute("VACUUM")


def _unusable(path: Path, error: Exception) -> SandboxUnusable:
    reason = getattr(error, "strerror", None) or str(error)
    hint = _in_the_way(error)
    return SandboxUnusable(str(path), reason, *([] if hint is None else [hint]))


def _in_the_way(cause: BaseException | None) -> str | None:
    """What to do about a failure that a new database would meet too; None for any other."""
    if isinstance(cause, OSError):
        return _ELSEWHERE
    code = getattr(cause, "sqlite_errorcode", 0)
    return _IN_THE_WAY.get(code & 0xFF)  # the rest of an extended code says where
