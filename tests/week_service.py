"""A week at the service: what is subscribed, what happens, webhooks in trouble, faults."""

from __future__ import annotations

import json
import random
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.clocked import Clock, Going, Rack, command
from tests.processes import ROOT
from tests.week_webhooks import PATIENCE_S, TEXT, Webhooks

RETRIES = "5m,40m,3h"
NUMBER, SENDER = "+12025550199", "+12025550142"

# Name, address, and what `delivery-cfg create` is told beside them; {} is the receiver.
CONFIGURATIONS: dict[str, tuple[str | None, *tuple[str, ...]]] = {
    "steady": ("{}/steady",),
    "flaky": ("{}/flaky",),
    "down": ("{}/down", "--format", "XML"),
    "slow": ("{}/slow",),
    "limited": ("{}/limited", "--throttling", "600"),
    "paused": ("{}/paused",),
    "unlisted": ("http://hooks.example.com/ess",),
    "scheduled": (None, "--cron", "0 */30 * * * *"),
}
SUBSCRIPTIONS: tuple[tuple[str, str, *tuple[str, ...]], ...] = (
    ("steady", "SCG-Message", "--event-type", "message_state_change"),
    ("flaky", "NIS-Events"),
    ("down", "NIS-Events", "--event-type", "truedisconnect_event"),
    ("slow", "NIS-Events", "--event-type", "deactivation_event"),
    ("limited", "SCG-Message", "--match", f"from_address = '{SENDER}'"),
    ("paused", "SCG-Message", "--event-type", "mo_message_received"),
    ("unlisted", "NIS-Events", "--match", f"number = '{NUMBER}'"),
    ("scheduled", "SCG-Contact"),
)
# What may happen, how often, and who gets it: the seed's own subscribers too. "paused" gets none
# while it is switched off.
HAPPENINGS = {
    "ported": (3, ("flaky",)),
    "ported-unlisted": (1, ("flaky", "unlisted")),
    "disconnect": (3, ("flaky", "down")),
    "deactivation": (3, ("flaky", "slow")),
    "state": (3, ("steady", "a-mock-del-cfg")),
    "message": (3, ("paused", "scg-inbound-messages")),
    "message-limited": (1, ("limited", "paused", "scg-inbound-messages")),
    "token": (1, ("scheduled",)),
}


def event_of(kind: str, chance: random.Random) -> dict[str, Any]:
    """A line of what `emit --file` takes."""
    number = NUMBER if kind == "ported-unlisted" else f"+1303555{chance.randrange(10**4):04}"
    day = "2026-11-23T00:00:00Z"
    if kind.startswith("ported"):
        fields = {"number": number, "porting_date": day, "carrier_name": TEXT}
        return {"topic": "NIS-Events", "event-type": "porting_event", "fields": fields}
    if kind in ("disconnect", "deactivation"):
        named = "truedisconnect_event" if kind == "disconnect" else "deactivation_event"
        fields = {"number": number, "deactivation_date": day}
        return {"topic": "NIS-Events", "event-type": named, "fields": fields}
    if kind == "state":
        fields = {"message_id": number, "previous_state": "SENT", "new_state": "DELIVERED"}
        fields |= {"reason_code": "0", "reason_description": TEXT}
        return {"topic": "SCG-Message", "event-type": "message_state_change", "fields": fields}
    if kind.startswith("message"):
        sender = SENDER if kind == "message-limited" else number
        fields = {"message_id": "m", "message_body": TEXT, "from_address": sender}
        return {"topic": "SCG-Message", "event-type": "mo_message_received", "fields": fields}
    fields = {"sender_id_address": number, "contact_id": "c"}
    return {
        "topic": "SCG-Contact",
        "event-type": "application_token_state_change",
        "fields": fields,
    }


class Service:
    """The sandbox, served by a process that can be told other faults, and its database.

    Attributes:
        url: its base URL, always the same.
        rack: starts runs on this machine.
        emitted: event ids and the configurations that are to get them.
        faults: how often which was answered, by its name.
        requests: how many there were.
    """

    def __init__(self, directory: Path, seed: int, start: Any) -> None:
        self.home = directory / "home"
        self.work = directory / "work"
        self.work.mkdir()
        self.clock = Clock(directory / "clock", start)
        self.chance = random.Random(seed)
        self.webhooks = Webhooks(seed)
        self.rack = Rack(self.clock, self.work)
        self.emitted: dict[str, frozenset[str]] = {}
        self.faults: Counter[str] = Counter()
        self.requests = 0
        self.is_paused = False
        self._emitting: tuple[Going, list[str]] | None = None
        self._log = directory / "served"
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/ess/v1"
        self._set_up()

    def sandbox(self, *argv: str) -> str:
        """What a command on the sandbox prints, without faults."""
        going = self.rack.start(("-p", "sandbox", *argv), self.home)
        assert going.code(wait=True) == 0, (argv, going.text("err"))
        text = going.text("out")
        going.forget()
        return text

    def serve(self, faults: str) -> None:
        """Serve, in place of what was served before, with these faults."""
        self.stop()
        told = ["--retry-schedule", RETRIES, "--delivery-timeout", "5m", "--expire-tokens", "3h"]
        if faults:
            told += ["--fault", faults, "--fault-seed", str(self.chance.randrange(10**6))]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command(self.clock, "-v", "sandbox", "serve", "--port", str(self.port), *told),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={"HOME": str(self.home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == self.url, self._log.read_text()

    def stop(self) -> None:
        """Serve no more, and count what was answered."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(PATIENCE_S) == 143, self._log.read_text()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        text = self._log.read_text()
        assert "a bug" not in text
        found = re.findall(r"GET /\S+ \S+ \S+ ms(?:, fault (\S+))?$", text, re.MULTILINE)
        self.requests += len(found)
        self.faults += Counter(filter(None, found))

    def close(self) -> None:
        """End everything."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self.rack.close()
        self.webhooks.close()

    def start_emitting(self, count: int) -> None:
        """Let so many events happen while other things go on."""
        weights = [weight for weight, _ in HAPPENINGS.values()]
        kinds = self.chance.choices(list(HAPPENINGS), weights, k=count)
        lines = [json.dumps(event_of(kind, self.chance)) for kind in kinds]
        path = self.work.parent / "events.jsonl"
        path.write_text("\n".join(lines))
        argv = ("sandbox", "emit", "--file", str(path), "-o", "jsonl")
        self._emitting = self.rack.start(argv, self.home), kinds

    def end_emitting(self) -> None:
        """Wait until they have happened."""
        if self._emitting is None:
            return
        (going, kinds), self._emitting = self._emitting, None
        assert going.code(wait=True) == 0, going.text("err")
        rows = [json.loads(line) for line in going.text("out").splitlines()]
        going.forget()
        off = {"paused"} if self.is_paused else set()
        for row, kind in zip(rows, kinds, strict=True):
            self.emitted[row["event-id"]] = frozenset(HAPPENINGS[kind][1]) - off

    def pause(self, *, paused: bool) -> None:
        """Switch the configuration "paused" off or on."""
        if paused != self.is_paused:
            self.sandbox("delivery-cfg", "disable" if paused else "enable", "paused", "--yes")
            self.is_paused = paused

    def settle(self) -> None:
        """Wait until nothing is under way: every attempt that is due is made and written down."""
        self.webhooks.slow.set()
        deadline_s = time.monotonic() + PATIENCE_S
        while not self._is_settled():
            assert time.monotonic() < deadline_s, "it did not settle"
            time.sleep(0.005)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database has."""
        path = self.home / ".local/state/ess/sandbox.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            return con.execute(statement, values).fetchall()

    def _is_settled(self) -> bool:
        due = {
            name
            for (name,) in self.rows(
                "SELECT DISTINCT c.name FROM outbox o JOIN configurations c ON c.id = o.cfg_id"
                " WHERE o.due_at <= ?",
                self.clock.seconds,
            )
        } - ({"paused"} if self.is_paused else set())
        if due == {"limited"}:
            self.clock.move(0.1)  # so long is its turn
        return not due and not self.webhooks.busy

    def _set_up(self) -> None:
        for name, (address, *more) in CONFIGURATIONS.items():
            where = () if address is None else ("--addr", address.format(self.webhooks.url))
            self.sandbox("delivery-cfg", "create", "--name", name, *where, *more)
        files = f"{self.webhooks.url}/files"
        self.sandbox("delivery-cfg", "update", "1647", "--addr", files, "--yes")
        for name, topic, *more in SUBSCRIPTIONS:
            self.sandbox("subs", "create", "--cfg", name, "--topic", topic, *more)
