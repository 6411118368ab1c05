"""A week on the machine of the one who exports: what cron starts, and what ends it too early."""

from __future__ import annotations

import csv
import io
import json
import random
import signal
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from tests.clocked import POINTS, Going, Trap
from tests.exporting import rows_in
from tests.week_service import Service

# What cannot be answered well, in percent of the requests. A run has up to 13 of them, and each
# is tried three times where that is of use.
ODDS = (
    "429:2%,429-retry-after:1%,500:2%,503:2%,503-retry-after:1%,503-empty:1%,bad-retry-after:1%,"
    "xml-error:1%,html-error:1%,long-retry-after:0.4%,html-200:0.4%,redirect:0.3%,empty:0.3%,"
    "null:0.3%,wrong-shape:0.3%,bad-text:0.3%,bad-gzip:0.3%,not-json:0.3%,timeout:0.2%,"
    "reset:1.5%,not-http:0.3%,cut-headers:1.5%,cut:2%,drip:0.2%"
)
GENTLE = "429:1%,500:1%,503:1%,reset:1%,cut:1%"
# What is odd about the lists, in turn. With the last two there are no exports of more than a page.
ODDITIES = (
    f"page-cap,{GENTLE}",
    f"overlap-pages,gzip,ids-as-text,{ODDS}",
    f"no-paged-result,ids-as-integers,unknown-keys,{ODDS}",
    f"no-next-page,millis,sparse,{ODDS}",
    f"overlap-pages,no-next-page,unknown-keys,millis,{ODDS}",
    f"foreign-next-page-uri,gzip,{ODDS}",
    ODDS,
)
BROKEN = (f"ignore-offset,{GENTLE}", f"repeat-next-page,{GENTLE}")

# 12: the lock is held. 7: a token was refreshed, and nobody knows.
PROMISED = frozenset((0, 3, 6, 7, 9, 12, 13, 143))
UNCHANGED = frozenset((3, 6, 7, 9, 12))


class Job(NamedTuple):
    """A line of the crontab that exports.

    Attributes:
        name: its directory and, with ``.state``, its state.
        every_h: so many hours apart.
    """

    name: str
    form: str
    more: tuple[str, ...]
    every_h: int


class Stand(NamedTuple):
    """How far an export is.

    Attributes:
        rest: what its state says, but for what is due.
        due: the files that are to be in place, and may not be yet, or have not been printed.
        files: those that are.
    """

    rest: dict[str, Any]
    due: list[list[Any]]
    files: set[Path]


JOBS = (
    Job("lines", "jsonl", (), 1),
    Job("parquet", "parquet", (), 1),
    Job("attempts", "jsonl", ("--attempts",), 1),
    Job("attempts-parquet", "parquet", ("--attempts",), 2),
    Job("csv", "csv.gz", (), 3),
)
OTHERS = (
    (("deliveries", "summary", "--out", "summary-%Y%m%dT%H.csv"), 1, ()),
    (("deliveries", "check", "--max-failed", "50", "--max-age", "2h"), 6, (10,)),
    (("deliveries", "metrics", "--textfile", "ess.prom"), 2, ()),
)


class Crontab:
    """Starts what is due, and ends some of it.

    Attributes:
        codes: how often which export, or other command, ended with which code.
        planned: how many ends were planned, by signal and point.
        hit: how many of them met a run that was under way.
    """

    def __init__(self, service: Service) -> None:
        self.codes: Counter[tuple[str, int]] = Counter()
        self.planned: Counter[str] = Counter()
        self.hit: Counter[str] = Counter()
        self._service = service
        self._chance: random.Random = service.chance
        # How often it is asked depends on the machine, and must not shift all that follows.
        self._idle = random.Random(1)
        self._work = service.work
        self._moves, self._move_s = 0, 0.0
        self._bag: list[str | None] = []
        self._points: dict[str, int] = {}
        # What runs said that they wrote; one may be killed when it has said so.
        self._printed: defaultdict[str, set[str]] = defaultdict(set)
        self._lasted_s: dict[str, float] = {}
        self._whole: dict[Path, tuple[int, int, int]] = {}
        home = service.home
        (home / "token").write_text("the-first-token\n")
        (home / "key").write_text("sandbox-key\n")
        (home / "secret").write_text("sandbox-secret\n")
        for name in ("token", "key", "secret"):
            (home / name).chmod(0o600)
        (home / ".config" / "ess").mkdir(parents=True)
        (home / ".config" / "ess" / "config.yaml").write_text(
            f"profiles: {{prod: {{base-url: '{service.url}', auto-refresh: true,"
            f" consumer-key-file: '{home}/key', consumer-secret-file: '{home}/secret'}}}}"
        )

    def hour(self, number: int, moves: int, move_s: float) -> None:
        """All that is due in an hour, while the clock moves that often."""
        self._moves, self._move_s = moves, move_s
        due = [job for job in JOBS if number % job.every_h == 0]
        self._chance.shuffle(due)
        for job in due:
            self._export(job)
            if self._moves and self._chance.random() < 0.5:
                self._move()
        for argv, every_h, more in OTHERS:
            if number % every_h == 0:
                self._other(argv, more)
        while self._moves:
            self._move()

    def export_until_done(self) -> None:
        """Run each export until it succeeds, undisturbed."""
        for job in JOBS:
            for _ in range(200):
                if self._run(job.name, self._line(job), None) == 0:
                    break
            else:
                raise AssertionError(f"{job.name} never succeeds")
            self._check(job)
            there = {path.relative_to(self._work).as_posix() for path in self.files(job)}
            assert self._printed[job.name] == there, self._printed[job.name] ^ there

    @property
    def figures(self) -> dict[str, Any]:
        """What there is to tell."""
        exports = {job.name for job in JOBS}
        counts = Counter[int]()
        for (name, code), count in self.codes.items():
            if name in exports:
                counts[code] += count
        return {
            "exports": counts.total(),
            "exports by exit code": dict(sorted(counts.items())),
            "other runs": self.codes.total() - counts.total(),
            "other runs by exit code": {
                f"{name} {code}": count
                for (name, code), count in sorted(self.codes.items())
                if name not in exports
            },
            "ends planned": self.planned.total(),
            "ends that hit a run": self.hit.total(),
            "hits by signal and point": dict(sorted(self.hit.items())),
        }

    def _move(self) -> None:
        self._moves -= 1
        self._service.clock.move(self._move_s)

    def _line(self, job: Job, *more: str) -> tuple[str, ...]:
        # From two to a dozen pages, however long the list.
        count = 5 * len(self._service.emitted) + 100
        size = str(max(20, count // self._chance.choice((2, 5, 12))))
        going = ("--to", job.name, "--format", job.form, "--incremental", f"{job.name}.state")
        return ("deliveries", "export", *going, *job.more, "--page-size", size, "--lock", *more)

    def _export(self, job: Job) -> None:
        """One run, which may be ended, and which may meet another one."""
        kind = self._chance.choices(("", "trap", "time", "limit", "twice"), (25, 55, 8, 6, 6))[0]
        more = ("--max-duration", f"{self._chance.randint(5, 250)}ms") if kind == "limit" else ()
        line = self._line(job, *more)
        before = self._state_of(job)
        if kind == "twice":
            self._run_twice(job)
        elif (code := self._run(job.name, line, kind)) in UNCHANGED:
            assert code != 12
            found = self._state_of(job)
            if found.due and found.due == [[name, "", rows] for name, _, rows in before.due]:
                # What a killed run had finished is put in place before anything is fetched.
                due = {self._work / job.name / name for name, _, _ in found.due}
                before = before._replace(due=found.due, files=before.files | due)
            # The first run makes the state before it fetches anything.
            assert found == (before if before.rest else before._replace(rest=found.rest)), line
        self._check(job)

    def _run_twice(self, job: Job) -> None:
        """Two at once: the lock of the command keeps one off, or without it the state's."""
        line = self._line(job)
        first = self._start(line)
        second = self._start(line[:-1] if self._chance.random() < 0.5 else line)
        codes = {self._ended(job.name, each) for each in (first, second)}
        assert codes <= PROMISED, codes

    def _run(self, name: str, argv: tuple[str, ...], kind: str | None) -> int:
        """Run a command and end it as told; its code, or the negative number of a signal."""
        number = self._chance.choice((signal.SIGKILL,) * 5 + (signal.SIGTERM,))
        trap, after_s, label = None, None, ""
        if kind == "trap":
            point = self._next_point()
            most = {None: self._points.get(name, 30), "request": 4, "other": 8}.get(
                point, 2 if point in ("publish", "state-open", "state-rename") else 1
            )
            trap = Trap(number, point, self._chance.randint(1, most))
            label = f"{number.name} {'anywhere' if point is None else point}"
        elif kind == "time":
            after_s = self._chance.random() * self._lasted_s.get(name, 0.2)
            label = f"{number.name} at a time"
        began_s = time.monotonic()
        going = self._start(argv, trap)
        if after_s is not None:
            self._wait(going, began_s + after_s)
            if going.code() is None:
                going.send(number)
        code = self._ended(name, going, may_be_killed=bool(label))
        if label:
            self.planned[label] += 1
            self.hit[label] += code in (-9, -15, 143)
        if code == 0 and kind is not None:
            self._lasted_s[name] = time.monotonic() - began_s
        return code

    def _next_point(self) -> str | None:
        """Each in its turn: half of them anywhere, half where it matters most."""
        if not self._bag:
            self._bag = [*POINTS, *(None,) * len(POINTS)]
            self._chance.shuffle(self._bag)
        return self._bag.pop()

    def _start(self, argv: tuple[str, ...], trap: Trap | None = None) -> Going:
        token = str(self._service.home / "token")
        return self._service.rack.start(
            ("-p", "prod", "--token-file", token, "-v", *argv), self._service.home, trap
        )

    def _wait(self, going: Going, until_s: float | None = None) -> None:
        """Until a run ends, or a moment has come; meanwhile the clock may move."""
        while going.code() is None and (until_s is None or time.monotonic() < until_s):
            time.sleep(0.005)
            if self._moves and self._idle.random() < 0.03:
                self._move()

    def _ended(self, name: str, going: Going, *, may_be_killed: bool = False) -> int:
        self._wait(going)
        code = going.code(wait=True)
        assert code is not None
        said = going.text("err")
        # A signal that comes before the first line of ours ends a process as it ends any other.
        early = code == -15 and not said
        assert code in PROMISED or code == 10 or (may_be_killed and (code == -9 or early)), said
        assert "Traceback" not in said, said
        assert "a bug in ess" not in said
        if code == 0:
            self._points[name] = going.passed
        lines = going.text("out").splitlines()[1:]
        self._printed[name].update(line.partition("\t")[0] for line in lines)
        self.codes[name, code] += 1
        going.forget()
        return code

    def _other(self, argv: tuple[str, ...], more: tuple[int, ...]) -> None:
        name = argv[1]
        kind = self._chance.choice(("", "", "trap", "time"))
        code = self._run(name, (*argv, "--lock", "--max-duration", "10m"), kind)
        assert code != 10 or 10 in more
        for path in self._work.glob("summary-*.csv"):
            header, *rows = csv.reader(io.StringIO(path.read_text()))
            assert ",".join(header) == "configuration,topic,event-type,pending,retry,failed"
            assert all(len(row) == 6 and row[5].isdigit() for row in rows)
        if (self._work / "ess.prom").exists():
            from prometheus_client.parser import text_string_to_metric_families

            text = (self._work / "ess.prom").read_text()
            assert "ess_up" in {each.name for each in text_string_to_metric_families(text)}

    def _state_of(self, job: Job) -> Stand:
        path = self._work / f"{job.name}.state"
        state = json.loads(path.read_bytes()) if path.exists() else {}
        due = state.pop("publishing", [])
        state.pop("sha256", None)
        return Stand(state, due, set(self.files(job)))

    def files(self, job: Job) -> list[Path]:
        """What an export has put in place."""
        return [
            path
            for path in (self._work / job.name).rglob(f"*.{job.form}")
            if path.is_file() and not path.name.endswith(".partial")
        ]

    def _check(self, job: Job) -> None:
        """Every file is whole, and none changes any more, or goes."""
        state = self._work / f"{job.name}.state"
        done = json.loads(state.read_bytes())["sequence"] if state.exists() else 0
        there = self.files(job)
        assert {path for path in self._whole if path.is_relative_to(self._work / job.name)} <= {
            *there
        }
        for path in there:
            facts = path.stat()
            stamp = facts.st_ino, facts.st_size, facts.st_mtime_ns
            number = int(path.name.partition(".")[0].split("-")[1])
            if path in self._whole:
                assert self._whole[path] == stamp, f"{path} has changed"
                continue
            assert number <= done
            assert rows_in(path)
            self._whole[path] = stamp
