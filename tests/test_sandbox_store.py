"""The sandbox's database: seeded once, shared by threads and processes, never thrown away."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ess_cli.errors import SandboxUnusable
from ess_cli.sandbox.store import Store

SEED = {
    "topics": 10,
    "event-types": 37,
    "delivery-configurations": 14,
    "subscriptions": 4,
    "deliveries": 62,
    "attempts": 87,
    "buffer-files": 3,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "state" / "sandbox.db", busy_timeout_s=5)
    yield store
    store.close()


def rename(store: Store, name: str) -> None:
    with store.writing() as db:
        db.execute("UPDATE configurations SET name = ? WHERE id = 1654", (name,))


def name_of(store: Store) -> object:
    row = store.row("SELECT name FROM configurations WHERE id = 1654")
    return row and row[0]


def counts(store: Store) -> dict[str, object]:
    return {name: store.status()[name] for name in SEED}


def test_nothing_is_touched_before_the_first_use(store: Store) -> None:
    assert not store.path.parent.exists()


def test_status_counts_what_the_seed_holds(store: Store) -> None:
    status = store.status()
    assert list(status) == ["path", "schema_version", "size_bytes", *SEED]
    assert status["path"] == str(store.path)
    assert status["schema_version"] == 4
    assert isinstance(status["size_bytes"], int)
    assert status["size_bytes"] >= store.path.stat().st_size > 0
    assert counts(store) == SEED


def test_the_files_are_the_owners_alone_from_birth(store: Store) -> None:
    rename(store, "private")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in store.path.parent.iterdir()}
    assert modes == {"sandbox.db": 0o600, "sandbox.db-wal": 0o600, "sandbox.db-shm": 0o600}
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_what_one_store_writes_the_next_one_reads(store: Store) -> None:
    rename(store, "kept")
    store.close()
    later = Store(store.path)
    assert name_of(later) == "kept"
    later.close()


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.writing() as db:
            db.execute("UPDATE configurations SET name = 'lost'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert name_of(store) == "hhh"


def test_reset_puts_the_seed_back_under_a_store_that_has_it_open(store: Store) -> None:
    rename(store, "changed")
    other = Store(store.path)
    assert name_of(other) == "changed"
    store.reset()
    assert name_of(other) == "hhh"
    assert counts(other) == SEED
    rename(other, "again")
    assert name_of(store) == "again"
    other.close()


def test_reset_makes_a_database_where_there_is_none(store: Store) -> None:
    store.reset()
    assert counts(store) == SEED


def damage_text(path: Path) -> None:
    path.write_bytes(b"this is not a database, though it is longer than a header" * 20)


def damage_pages(path: Path) -> None:
    with sqlite3.connect(path) as con:
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    con.close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)


def damage_version(path: Path) -> None:
    con = sqlite3.connect(path)
    con.execute("PRAGMA user_version = 99")
    con.close()


def damage_owner(path: Path) -> None:
    path.unlink()
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE somebody_elses (x)")
    con.close()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damage_text, "file is not a database"),
        (damage_pages, "malformed"),
        (damage_version, "its schema version is 99, this program reads 4"),
        (damage_owner, "its schema version is 0, this program reads 4"),
    ],
)
def test_an_unusable_database_is_named_and_kept_until_a_reset(
    store: Store, damage: Callable[[Path], None], reason: str
) -> None:
    store.row("SELECT 1")
    store.close()
    damage(store.path)
    before = store.path.read_bytes()

    calls: list[Callable[[], object]] = [
        store.status,
        lambda: name_of(store),
        lambda: rename(store, "x"),
    ]
    for call in calls:
        with pytest.raises(SandboxUnusable) as caught:
            call()
        assert caught.value.exit_code == 12
        assert reason in str(caught.value)
        assert caught.value.details == (f"  {store.path}",)
        assert "ess sandbox reset" in str(caught.value.hint)
    assert store.path.read_bytes() == before

    store.reset()
    assert counts(store) == SEED
    assert name_of(store) == "hhh"


def test_an_empty_file_is_a_new_database(store: Store) -> None:
    store.path.parent.mkdir()
    store.path.touch()
    assert counts(store) == SEED


def test_a_path_that_cannot_be_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "sandbox.db"):
        store = Store(path)
        with pytest.raises(SandboxUnusable, match="cannot be used"):
            store.status()
        with pytest.raises(SandboxUnusable, match="cannot be used"):
            store.reset()
    assert (tmp_path / "file").exists()


def test_a_full_disk_is_said_to_need_room_not_a_reset(store: Store) -> None:
    def fill() -> None:
        with store.writing() as db:
            db.execute("PRAGMA max_page_count = 1")
            db.execute("CREATE TABLE more AS SELECT hex(randomblob(1000000))")

    with pytest.raises(SandboxUnusable, match="full") as caught:
        fill()
    assert caught.value.hint == "make room on its disk; what the sandbox holds is as it was"
    assert counts(store) == SEED


def test_a_database_that_stays_locked_is_reported_and_not_deleted(store: Store) -> None:
    store.row("SELECT 1")
    blocker = sqlite3.connect(store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    hasty = Store(store.path, busy_timeout_s=0.01)
    calls: list[Callable[[], None]] = [lambda: rename(hasty, "x"), hasty.reset]
    for call in calls:
        with pytest.raises(SandboxUnusable, match="database is locked"):
            call()
    assert name_of(hasty) == "hhh"
    blocker.execute("ROLLBACK")
    blocker.close()
    hasty.close()


def test_threads_read_and_write_at_once_and_lose_nothing(store: Store) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(25):
                with store.writing() as db:
                    (attempts,) = db.execute(
                        "SELECT attempts FROM deliveries WHERE seq = 1"
                    ).fetchone()
                    db.execute("UPDATE deliveries SET attempts = ? WHERE seq = 1", (attempts + 1,))
                assert len(store.rows("SELECT doc FROM topics")) == 10
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.row("SELECT attempts FROM deliveries WHERE seq = 1") == (201,)


OPEN_AND_COUNT = """
import sys
from pathlib import Path
from ess_cli.sandbox.store import Store
store = Store(Path(sys.argv[1]))
sys.stdin.readline()
with store.writing() as db:
    db.execute("UPDATE deliveries SET attempts = attempts + 1 WHERE seq = 1")
print(store.status()["deliveries"], store.status()["attempts"])
store.close()
"""


def test_processes_that_start_at_once_seed_exactly_once(store: Store) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_COUNT, str(store.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == ["62 87\n"] * 6
    assert [process.returncode for process in processes] == [0] * 6
    # None of the six changes was overwritten by another one's seed.
    assert store.row("SELECT attempts FROM deliveries WHERE seq = 1") == (7,)


def test_a_seeded_database_opens_without_reading_the_seed(store: Store) -> None:
    store.row("SELECT 1")
    code = (
        "import sys; from pathlib import Path; from ess_cli.sandbox.store import Store;"
        "store = Store(Path(sys.argv[1])); store.row('SELECT 1'); store.close();"
        "print('ess_cli.sandbox.seed' in sys.modules, 'requests' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False\n"


@pytest.mark.parametrize(
    ("sql", "forbidden"),
    [
        ("SELECT * FROM deliveries WHERE seq > 9 ORDER BY seq LIMIT 9", "SCAN"),
        ("SELECT * FROM attempts WHERE seq <= 9 ORDER BY seq DESC LIMIT 9", "SCAN"),
        ("SELECT * FROM attempts WHERE delivery = 9 ORDER BY number", "SCAN"),
        ("SELECT seq FROM subscriptions WHERE end_at <= 'x' ORDER BY +seq", "SCAN"),
        ("SELECT * FROM subscriptions WHERE topic = 'x' AND field IS NULL", "SCAN"),
        ("SELECT seq FROM deliveries WHERE event_id = 'x' AND cfg_id = 1", "SCAN"),
    ],
)
def test_large_tables_are_searched_not_scanned(store: Store, sql: str, forbidden: str) -> None:
    plan = " ".join(str(row[3]) for row in store.rows("EXPLAIN QUERY PLAN " + sql))
    assert "SEARCH" in plan
    assert forbidden not in plan
