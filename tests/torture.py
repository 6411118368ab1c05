"""Runs of ``ess`` in which one call to the operating system fails: the engine of test_torture.

This file is also a program. It starts once, imports what ``ess`` would, and forks a child for each
run that it is told about. In the child every fallible call below our code is counted (connect,
send, receive, open, read, write, fsync, rename, SQLite's statements, the keyring's) and the one of
a number fails, before or after it was really made. Nothing of ``ess`` is patched.
"""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

_LONGEST_S = 20.0


def _os_error(number: int) -> Callable[[], BaseException]:
    return lambda: OSError(number, os.strerror(number))


def _sqlite(text: str, code: int) -> Callable[[], BaseException]:
    def make() -> BaseException:
        import sqlite3

        error = sqlite3.OperationalError(text)
        error.sqlite_errorcode = code
        return error

    return make


def _keyring(name: str) -> Callable[[], BaseException]:
    def make() -> BaseException:
        from keyring import errors

        failure: BaseException = getattr(errors, name)("the collection is gone")
        return failure

    return make


# What each kind of call may fail with; "done-" marks a failure after the call was really made.
FAULTS: dict[str, dict[str, Callable[[], BaseException]]] = {
    "resolve": {"again": lambda: socket.gaierror(socket.EAI_AGAIN, "Temporary failure")},
    "socket": {"too-many-files": _os_error(errno.EMFILE)},
    "connect": {
        "refused": _os_error(errno.ECONNREFUSED),
        "unreachable": _os_error(errno.ENETUNREACH),
        "timeout": lambda: TimeoutError("timed out"),
    },
    "send": {
        "pipe": _os_error(errno.EPIPE),
        "timeout": lambda: TimeoutError("timed out"),
        "done-reset": _os_error(errno.ECONNRESET),
    },
    "receive": {
        "reset": _os_error(errno.ECONNRESET),
        "timeout": lambda: TimeoutError("timed out"),
        "end": lambda: EOFError(),
    },
    "open": {"denied": _os_error(errno.EACCES), "io": _os_error(errno.EIO)},
    "create": {"denied": _os_error(errno.EACCES), "full": _os_error(errno.ENOSPC)},
    "read": {"io": _os_error(errno.EIO)},
    "write": {"full": _os_error(errno.ENOSPC), "io": _os_error(errno.EIO)},
    "stdout": {"full": _os_error(errno.ENOSPC), "io": _os_error(errno.EIO)},
    "stderr": {"full": _os_error(errno.ENOSPC)},
    "stdin": {"io": _os_error(errno.EIO)},
    "fsync": {"io": _os_error(errno.EIO), "full": _os_error(errno.ENOSPC)},
    "rename": {"denied": _os_error(errno.EACCES), "full": _os_error(errno.ENOSPC)},
    "mkdir": {"denied": _os_error(errno.EACCES), "full": _os_error(errno.ENOSPC)},
    "remove": {"denied": _os_error(errno.EACCES)},
    "stat": {"denied": _os_error(errno.EACCES)},
    "sqlite-open": {"cannot": _sqlite("unable to open database file", 14)},
    "sqlite": {
        "io": _sqlite("disk I/O error", 10),
        "full": _sqlite("database or disk is full", 13),
        "busy": _sqlite("database is locked", 5),
    },
    "keyring-get": {
        "locked": _keyring("KeyringLocked"),
        "broken": _keyring("KeyringError"),
        "bus": _os_error(errno.ECONNREFUSED),
    },
    "keyring-set": {
        "refused": _keyring("PasswordSetError"),
        "bus": _os_error(errno.EPIPE),
    },
    "keyring-delete": {"refused": _keyring("PasswordDeleteError")},
}


class Fault(NamedTuple):
    """Which call fails.

    Attributes:
        number: counted from 0 through all calls of a run.
        name: a name of :data:`FAULTS` for the call's kind.
        lasting: whether later calls of that kind fail too.
    """

    number: int
    name: str
    lasting: bool


class Ran(NamedTuple):
    """What a run left.

    Attributes:
        code: the exit code; negative for a signal, None where it did not end in time.
        calls: the kinds of the calls that were counted.
        secrets: what the keyring holds.
        took_s: how long it took.
    """

    code: int | None
    out: bytes
    err: bytes
    calls: list[str]
    secrets: dict[str, str]
    took_s: float


class Rack:
    """The process that makes the runs; ``close`` ends it."""

    def __init__(self, directory: Path) -> None:
        import subprocess

        root = str(Path(__file__).parent.parent)
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": root, "HOME": str(directory)}
        self._directory = directory
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
        )

    def run(
        self,
        argv: tuple[str, ...],
        home: Path,
        *,
        stdin: str = "",
        secrets: dict[str, str] | None = None,
        fault: Fault | None = None,
    ) -> Ran:
        """One run in a home, in which a call fails."""
        files = {name: self._directory / name for name in ("stdin", "stdout", "stderr", "report")}
        files["stdin"].write_text(stdin)
        order = {
            "argv": argv,
            "home": str(home),
            "secrets": secrets or {},
            "fault": fault,
            **{name: str(path) for name, path in files.items()},
        }
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        kept, calls = dict(secrets or {}), []
        for line in files["report"].read_text().splitlines():
            what, _, rest = line.partition(" ")
            if what == "call":
                calls.append(rest)
            elif what == "kept":
                name, value = json.loads(rest)
                kept[name] = value
            else:
                kept.pop(json.loads(rest))
        out, err = files["stdout"].read_bytes(), files["stderr"].read_bytes()
        return Ran(answer["code"], out, err, calls, kept, answer["took_s"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _import_all() -> None:
    """What runs import; a child would else do it again and again."""
    import importlib
    import pkgutil

    import ess_cli

    libraries = (
        "csv ctypes.util email.utils encodings.idna getpass http.client jmespath keyring"
        " keyring.errors logging.config orjson requests shlex sqlite3 ssl tempfile"
        " urllib3.connection yaml ess_cli.main"
    )
    for name in libraries.split():
        importlib.import_module(name)
    for found in pkgutil.walk_packages(ess_cli.__path__, "ess_cli."):
        if not found.name.endswith("__main__"):
            with suppress(ImportError):  # a run that needs it says so itself
                importlib.import_module(found.name)


class _Injector:
    """Counts calls, reports them, and makes one of them fail."""

    def __init__(self, fault: Fault | None, report: int) -> None:
        self._fault = fault
        self._report = report
        self._count = 0
        self._lasting = ""
        self._write = os.write

    def tell(self, line: str) -> None:
        self._write(self._report, line.encode() + b"\n")

    @contextmanager
    def call(self, kind: str, path: str | None = None) -> Iterator[None]:
        """Around a call that may fail: before it, or after it. A path is named by the failure."""
        self.tell(f"call {kind}")
        fault, number = self._fault, self._count
        self._count += 1
        fails = fault is not None and (number == fault.number or self._lasting == kind)
        if fault is None or not fails:
            yield
            return
        if fault.lasting:
            self._lasting = kind
        failure = FAULTS[kind][fault.name]()
        if path is not None and isinstance(failure, OSError):
            failure.filename = path
        if fault.name.startswith("done-"):
            yield
        raise failure


def _child(order: dict[str, Any]) -> None:
    """Become ``ess``, in the place and with the fault that the order names."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(order[name], flags, 0o600), number)
    report = os.open(order["report"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.environ["HOME"] = order["home"]
    os.chdir(order["home"])
    fault = Fault(*order["fault"]) if order["fault"] else None
    injector = _Injector(fault, report)
    _watch_keyring(injector, order["secrets"])
    _watch_files(injector, order["home"])
    _watch_sockets(injector)
    _watch_sqlite(injector)
    time.sleep = lambda seconds: None
    from ess_cli.main import program

    sys.argv = ["ess", *order["argv"]]
    program()


def _watch_keyring(injector: _Injector, secrets: dict[str, str]) -> None:
    import keyring
    import keyring.backend

    class Held(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            with injector.call("keyring-get"):
                return secrets.get(f"{service} {username}")

        def set_password(self, service: str, username: str, password: str) -> None:
            with injector.call("keyring-set"):
                secrets[f"{service} {username}"] = password
                injector.tell("kept " + json.dumps([f"{service} {username}", password]))

        def delete_password(self, service: str, username: str) -> None:
            with injector.call("keyring-delete"):
                del secrets[f"{service} {username}"]
                injector.tell("gone " + json.dumps(f"{service} {username}"))

    keyring.set_keyring(Held())  # type: ignore[no-untyped-call]


def _watch_files(injector: _Injector, home: str) -> None:
    """Opening, reading, writing and moving files below the home; the three streams."""
    streams = {0: "stdin", 1: "stdout", 2: "stderr"}

    def is_ours(path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(home)

    class Raw(io.FileIO):
        """A file whose reads and writes are counted."""

        def kind(self, otherwise: str) -> str:
            return streams.get(self.fileno(), otherwise)

        def readinto(self, buffer: Any) -> int:
            with injector.call(self.kind("read")):
                return super().readinto(buffer) or 0

        def read(self, size: int | None = -1) -> bytes:
            with injector.call(self.kind("read")):
                return super().read(-1 if size is None else size) or b""

        def readall(self) -> bytes:
            with injector.call(self.kind("read")):
                return super().readall() or b""

        def write(self, data: Any) -> int:
            with injector.call(self.kind("write")):
                return super().write(data) or 0

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not (isinstance(file, int) or is_ours(file)):
            return plain_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        buffered = io.BufferedWriter(raw, size) if raw.writable() else io.BufferedReader(raw, size)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding, errors, newline)

    plain_open = io.open
    io.open = open_everywhere = opened
    import builtins

    builtins.open = open_everywhere
    sys.stdin = opened(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = opened(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = opened(2, "w", encoding="utf-8", closefd=False)

    def wrap(name: str, kind: str) -> None:
        plain = getattr(os, name)

        def wrapped(path: Any, *args: Any, **named: Any) -> Any:
            # NOTE: tempfile and SQLite's neighbours are below the home too.
            if kind == "fsync" or is_ours(path):
                with injector.call(kind, None if kind == "fsync" else os.fspath(path)):
                    return plain(path, *args, **named)
            return plain(path, *args, **named)

        setattr(os, name, wrapped)

    for name, kind in (
        ("fsync", "fsync"),
        ("replace", "rename"),
        ("rename", "rename"),
        ("mkdir", "mkdir"),
        ("remove", "remove"),
        ("unlink", "remove"),
        ("stat", "stat"),
    ):
        wrap(name, kind)

    plain_write = os.write

    def write(descriptor: int, data: Any) -> int:
        with injector.call(streams.get(descriptor, "write")):
            return plain_write(descriptor, data)

    os.write = write

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and is_ours(args[0]):
            creates = isinstance(args[2], int) and args[2] & os.O_CREAT
            with injector.call("create" if creates else "open", os.fspath(args[0])):
                pass

    sys.addaudithook(hook)


def _watch_sockets(injector: _Injector) -> None:
    def hook(event: str, args: tuple[Any, ...]) -> None:
        kinds = {
            "socket.getaddrinfo": "resolve",
            "socket.__new__": "socket",
            "socket.connect": "connect",
        }
        if event in kinds:
            with injector.call(kinds[event]):
                pass

    sys.addaudithook(hook)
    plain = socket.socket

    def sendall(self: Any, data: Any, flags: int = 0) -> None:
        try:
            with injector.call("send"):
                super(plain, self).sendall(data, flags)
        except ConnectionError:
            # What is broken stays so: urllib3 reads on after a broken pipe.
            self.shutdown(socket.SHUT_RDWR)
            raise

    def recv_into(self: Any, *args: Any) -> int:
        try:
            with injector.call("receive"):
                count: int = super(plain, self).recv_into(*args)
                return count
        except EOFError:
            return 0

    plain.sendall = sendall  # type: ignore[method-assign]
    plain.recv_into = recv_into  # type: ignore[method-assign, assignment]


def _watch_sqlite(injector: _Injector) -> None:
    import sqlite3

    class Connection(sqlite3.Connection):
        def execute(self, *args: Any) -> Any:
            with injector.call("sqlite"):
                return super().execute(*args)

        def executemany(self, *args: Any) -> Any:
            with injector.call("sqlite"):
                return super().executemany(*args)

    plain = sqlite3.connect

    def connect(*args: Any, **named: Any) -> Any:
        with injector.call("sqlite-open"):
            return plain(*args, factory=Connection, **named)

    sqlite3.connect = connect


def _wait(child: int) -> int | None:
    """The exit code of a child; None where it had to be ended."""
    import signal

    deadline = time.monotonic() + _LONGEST_S
    pause_s = 0.002
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(pause_s)


def serve() -> None:
    """Make the runs that stdin tells of, one a line, until it ends."""
    _import_all()
    import gc

    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if not child:
            try:
                _child(order)
            finally:
                os._exit(99)
        answer = {"code": _wait(child), "took_s": time.monotonic() - began}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
