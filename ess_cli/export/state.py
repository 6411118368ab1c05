"""Where an export that goes on stands: read whole, written whole, of one export only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import escape
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from ess_cli.errors import FileTrouble, LocalTrouble
from ess_cli.export.staging import PARTIAL
from ess_cli.files import file_trouble, flush_directory, make_directory, write_whole

VERSION = 1


class Due(NamedTuple):
    """A file that is to be in its place.

    Attributes:
        file: its path below the target.
        staged: where it lies until then, as the target tells it; empty where it is known to be in
            place, and only has not been printed.
        rows: how many it has.
    """

    file: str
    staged: str
    rows: int


class State(NamedTuple):
    """What the next run has to know of the runs before.

    Attributes:
        sequence: the number of the last run that wrote files; 0 before the first one.
        publishing: files until they are known to be in place, and have been printed.
        newest: how far the runs have read, in time, as ISO 8601; None before the first one.
        remembered_from: every row exported that is not older than this is in ``exported``;
            None where all of them are.
        exported: rows in that span, and rows without a time, each with its time.
        waiting: rows that were seen and not exported, since their status was not final.
    """

    sequence: int = 0
    publishing: tuple[Due, ...] = ()
    newest: str | None = None
    remembered_from: str | None = None
    exported: Mapping[str, str | None] = {}
    waiting: frozenset[str] = frozenset()


def load(path: Path, export: Mapping[str, Any]) -> State | None:
    """The state in a file; None where there is none yet.

    Args:
        path: the file.
        export: what tells this export from others, by name.

    Raises:
        FileTrouble: it cannot be read, is damaged, or is the state of another export.
    """
    try:
        # NOTE: a pipe would keep the run waiting, and a device for ever.
        if path.exists() and not path.is_file():
            raise FileTrouble(f"{path} cannot be read: it is not a regular file")
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise file_trouble("read", path, error) from error
    document = _checked(path, content)
    kept = document["export"]
    for name, value in export.items():
        if kept.get(name) != value:
            raise FileTrouble(
                f"{path} is the state of another export: its {name} is {_said(kept.get(name))},"
                f" this one's is {_said(value)}",
                hint="each export has a state file, and a target, of its own",
            )
    return State(
        document["sequence"],
        tuple(Due(*each) for each in document["publishing"]),
        document["newest"],
        document["remembered-from"],
        document["exported"],
        frozenset(document["waiting"]),
    )


def save(path: Path, export: Mapping[str, Any], state: State) -> None:
    """Write a state in place of the one before, whole or not at all.

    Raises:
        FileTrouble: it cannot be written; the one before is as it was, unless it is only unknown
            whether the new one would outlive the machine's fall.
    """
    document = {
        "ess-export": VERSION,
        "export": dict(export),
        "sequence": state.sequence,
        "publishing": state.publishing,
        "newest": state.newest,
        "remembered-from": state.remembered_from,
        "exported": dict(state.exported),
        "waiting": sorted(state.waiting),
    }
    document["sha256"] = _digest(document)
    write_whole(path, json.dumps(document, indent=0).encode() + b"\n")
    try:
        # What it says is done next, and must not be on the disk before it.
        flush_directory(path.parent)
    except OSError as error:
        raise file_trouble("written", path, error) from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep a second run off a state; the lock is a file beside it, which stays there, empty.

    Raises:
        LocalTrouble: another run has it.
        FileTrouble: the lock cannot be made.
    """
    import filelock

    lock = path.with_name(path.name + ".lock")
    try:
        make_directory(path.parent)
        held = filelock.FileLock(lock, 0, mode=0o600).acquire()
    except filelock.Timeout:
        raise LocalTrouble(
            f"another export goes on from {path} at this moment",
            details=(f"  lock: {lock}",),
            hint="wait for its end; nothing was fetched",
        ) from None
    except OSError as error:
        raise file_trouble("written", lock, error) from error
    with held:
        # What runs left that were killed while they wrote it: nobody else is writing now.
        for left in path.parent.glob(f".{escape(path.name)}.????????{PARTIAL}"):
            left.unlink(missing_ok=True)
        yield


def _checked(path: Path, content: bytes) -> dict[str, Any]:
    """The document, if it is one of ours and as it was written."""
    try:
        document = json.loads(content)
        whole = isinstance(document, dict) and document.pop("sha256") == _digest(document)
        version = document["ess-export"] if whole else None
        whole = whole and (version != VERSION or _is_shaped(document))
    except (ValueError, KeyError, RecursionError):
        whole, version = False, None
    if not whole or version != VERSION:
        why = f"is of version {version}" if whole else "is damaged, or no state of an export"
        raise FileTrouble(
            f"{path} {why}; nothing was fetched",
            hint="put a copy of it back; or begin anew, with another state file and target",
        )
    found: dict[str, Any] = document
    return found


def _is_shaped(document: Mapping[str, Any]) -> bool:
    """Whether its values are what a state has."""
    times = (document["newest"], document["remembered-from"])
    return (
        all(isinstance(document[name], dict) for name in ("export", "exported"))
        and all(isinstance(document[name], list) for name in ("publishing", "waiting"))
        and all(map(_is_due, document["publishing"]))
        and type(document["sequence"]) is int
        and all(moment is None or isinstance(moment, str) for moment in times)
    )


def _is_due(value: Any) -> bool:
    return isinstance(value, list) and list(map(type, value)) == [str, str, int]


def _digest(document: Mapping[str, Any]) -> str:
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _said(value: Any) -> str:
    return "not set" if value is None else json.dumps(value)
