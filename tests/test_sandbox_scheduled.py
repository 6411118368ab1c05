"""Scheduled delivery: buffer files that open with an event and close on the tick."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ess_cli.sandbox import closing, emission
from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.matching import configuration
from ess_cli.sandbox.server import SandboxServer, make_server
from tests.conftest import Run
from tests.test_sandbox_adapter import NOW, Service, service
from tests.test_sandbox_command import serving
from tests.test_sandbox_dumps import awaited, curl, fetch, notices

__all__ = ["service"]

PATIENCE_S = 30.0


def until(condition: Callable[[], Any]) -> Any:
    """What the condition gives as soon as it gives anything; fails when it does not."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


class Archive:
    """A service that is served too; its clock stands until it is moved."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.notes: list[str] = []
        self._running: list[tuple[SandboxServer, threading.Thread]] = []

    def serve(self, **told: Any) -> None:
        server = make_server(self.service.store, behaviour=Behaviour(**told), note=self._note)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self._running.append((server, thread))

    def _note(self, line: str) -> None:
        if line.startswith("delivery configuration"):
            self.notes.append(line)

    def stop(self) -> None:
        while self._running:
            server, thread = self._running.pop()
            server.shutdown()
            server.server_close()
            thread.join()

    def collect(self, cron: str, number: str, **more: object) -> int:
        """A configuration with a schedule, subscribed to the porting of a number; its id."""
        body = {"del-cfg-nm": cron, "del-fmt-cd": "JSON", "cron-expression": cron, **more}
        assert self.service.post("/delivery-configurations", body).status_code == 201
        cfg_id = self.service.read("/delivery-configurations")["delivery-configurations"][-1]["id"]
        body = {"del-cfg-id": cfg_id, "match-crt": f"number = '{number}'"}
        made = self.service.post("/topics/NIS-Events/subscriptions", body)
        assert made.status_code == 201
        return int(cfg_id)

    def port(self, number: str, carrier: str = "1") -> str:
        """An event; its id."""
        fields = [("number", number), ("porting_date", "2026-11-23"), ("carrier_id", carrier)]
        event = emission.sketch(self.service.store, "NIS-Events", "porting_event", fields)
        ((accepted,),) = emission.emit(self.service.store, [event], 1, None, time.sleep)
        return accepted.event.event_id

    def pass_time(self, seconds: float) -> None:
        self.service.now += timedelta(seconds=seconds)

    def files(self) -> list[dict[str, Any]]:
        """What the list shows beyond the seed's three."""
        listed = self.service.read("/event-buffer-files", offset=3)["files"]
        assert isinstance(listed, list)
        return listed

    def closed(self) -> list[int]:
        return [file["file-id"] for file in self.files() if "closed" in file]

    def has_closed(self, file_ids: list[int]) -> bool:
        return self.closed() == file_ids

    def content(self, name: str) -> list[dict[str, Any]]:
        """The events in the file that was announced under a name."""
        (notice,) = [each for each in notices(self.service) if each["file_name"] == name]
        content = fetch(self.service, notice).content
        assert len(content) == notice["file_size"]
        return [json.loads(line) for line in content.splitlines()]


@pytest.fixture
def archive(service: Service) -> Iterator[Archive]:
    archive = Archive(service)
    yield archive
    archive.stop()


ONE, OTHER = "+12025550101", "+12025550102"


def test_a_file_opens_with_its_first_event_and_closes_on_the_tick(archive: Archive) -> None:
    cfg_id = archive.collect("0 * * * * *", ONE)
    archive.serve()
    assert cfg_id == 1659
    archive.pass_time(20)
    first = archive.port(ONE)
    archive.pass_time(20)
    second = archive.port(ONE, carrier="2")
    entry = {
        "file-id": 604,
        "del-cfg-id": "1659",
        "del-cfg-nm": "0 * * * * *",
        "file-status": "OPEN",
        "opened": "2026-11-23T08:30:20Z",
    }
    assert archive.files() == [entry]
    assert notices(archive.service) == []
    archive.pass_time(21)
    until(archive.closed)
    assert archive.files() == [
        entry | {"file-status": "ARCHIVED", "closed": "2026-11-23T08:31:01Z"}
    ]
    (notice,) = notices(archive.service)
    assert notice["file_name"] == "events-1659-604.jsonl"
    assert notice["creation_time"] == "2026-11-23T08:31:01Z"
    assert archive.content("events-1659-604.jsonl") == [
        {
            "topic": "NIS-Events",
            "event": {
                "fld-val-list": {
                    "number": ONE,
                    "porting_date": "2026-11-23",
                    "carrier_id": carrier,
                },
                "evt-tp": "porting_event",
                "timestamp": timestamp,
            },
            "event-id": event_id,
        }
        for event_id, carrier, timestamp in (
            (first, "1", "2026-11-23T08:30:20.000Z"),
            (second, "2", "2026-11-23T08:30:40.000Z"),
        )
    ]
    assert archive.service.store.rows("SELECT count(*) FROM buffered") == [(0,)]
    third = archive.port(ONE)
    assert [file["file-id"] for file in archive.files()] == [604, 605]
    archive.pass_time(60)
    until(lambda: archive.closed() == [604, 605])
    assert [each["event-id"] for each in archive.content("events-1659-605.jsonl")] == [third]


def test_latest_event_only_keeps_the_last_event(archive: Archive) -> None:
    archive.collect("0 * * * * *", ONE, **{"latest-event-only": True})
    archive.serve()
    for carrier in "123":
        archive.port(ONE, carrier)
    archive.pass_time(60)
    until(archive.closed)
    (event,) = archive.content("events-1659-604.jsonl")
    assert event["event"]["fld-val-list"]["carrier_id"] == "3"


def test_a_configuration_of_format_xml_gets_one_list(archive: Archive) -> None:
    archive.collect("0 * * * * *", ONE, **{"del-fmt-cd": "XML"})
    archive.serve()
    ids = [archive.port(ONE, carrier) for carrier in ("A&B", "2")]
    archive.pass_time(60)
    until(archive.closed)
    (notice,) = notices(archive.service)
    assert notice["file_name"] == "events-1659-604.xml"
    rows = "".join(
        "<event-delivery><topic>NIS-Events</topic><event><fld-val-list>"
        f'<fld-val name="number">{ONE}</fld-val>'
        '<fld-val name="porting_date">2026-11-23</fld-val>'
        f'<fld-val name="carrier_id">{carrier}</fld-val></fld-val-list>'
        "<evt-tp>porting_event</evt-tp><timestamp>2026-11-23T08:30:00.000Z</timestamp></event>"
        f"<event-id>{event_id}</event-id></event-delivery>\n"
        for event_id, carrier in zip(ids, ("A&amp;B", "2"), strict=True)
    )
    assert fetch(archive.service, notice).text == (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<event-deliveries>\n{rows}</event-deliveries>\n'
    )


def test_each_configuration_has_its_own_tick(archive: Archive) -> None:
    archive.collect("0 * * * * *", ONE)
    archive.collect("30 * * * * *", OTHER)
    archive.serve()
    archive.port(ONE)
    archive.port(OTHER)
    archive.pass_time(30)
    until(archive.closed)
    assert archive.closed() == [605]
    archive.pass_time(30)
    until(lambda: archive.closed() == [604, 605])
    assert len(notices(archive.service)) == 2


def test_the_file_of_an_inactive_configuration_waits_until_it_is_active(archive: Archive) -> None:
    cfg_id = archive.collect("0 * * * * *", ONE)
    archive.collect("0 * * * * *", OTHER)
    archive.serve()
    archive.port(ONE)
    archive.port(OTHER)
    body = {"del-cfg-nm": "x", "del-fmt-cd": "JSON", "cron-expression": "0 * * * * *"}
    path = f"/delivery-configurations/{cfg_id}"
    assert archive.service.put(path, body | {"is-active": False}).status_code == 200
    archive.pass_time(60)
    until(archive.closed)
    assert archive.closed() == [605]
    assert archive.service.put(path, body | {"is-active": True}).status_code == 200
    archive.pass_time(60)
    until(lambda: archive.closed() == [604, 605])


def test_a_schedule_that_cannot_be_read_is_told_of_once_and_stops_nothing_else(
    archive: Archive,
) -> None:
    archive.collect("0 0 0 L-3 * *", ONE)
    archive.collect("* * * * * *", OTHER)
    archive.serve()
    said = (
        "delivery configuration 1659 0 0 0 L-3 * *: its buffer files never close,"
        ' for "0 0 0 L-3 * *" cannot be read here: Bad day-of-month'
    )
    assert until(lambda: archive.notes) == [said]
    archive.port(ONE)
    for due in ([605], [605, 606]):
        archive.port(OTHER)
        archive.pass_time(1)
        until(partial(archive.has_closed, due))
    assert archive.notes == [said]
    archive.collect("0 0 0 15W * *", "+12025550103")
    archive.port("+12025550103")
    until(lambda: len(archive.notes) == 2)
    assert '"0 0 0 15W * *" cannot be read here: Bad day-of-month' in archive.notes[1]


def test_a_tick_that_nobody_was_there_for_is_made_up_for_by_the_next(archive: Archive) -> None:
    archive.collect("0 * * * * *", ONE)
    archive.collect("45 * * * * *", OTHER)
    archive.port(ONE)
    archive.pass_time(90)
    archive.serve()
    archive.port(OTHER)
    archive.pass_time(15)
    until(archive.closed)
    assert archive.closed() == [605]
    archive.pass_time(15)
    until(lambda: archive.closed() == [604, 605])


def test_the_schedule_is_faster_with_the_clock_and_timestamps_are_not(archive: Archive) -> None:
    archive.collect("0 0 9 * * *", ONE)
    archive.serve(clock_speed=60)
    archive.port(ONE)
    archive.pass_time(30)
    until(archive.closed)
    (file,) = archive.files()
    assert (file["opened"], file["closed"]) == ("2026-11-23T08:30:00Z", "2026-11-23T08:30:30Z")


def test_a_clock_that_is_set_back_ticks_on(archive: Archive) -> None:
    archive.collect("0 * * * * *", ONE)
    archive.serve()
    archive.port(ONE)
    archive.pass_time(60)
    until(archive.closed)
    archive.pass_time(-3600)
    archive.collect("* * * * * *", OTHER)
    archive.port(OTHER)
    archive.port(ONE)

    def other_has_ticked() -> bool:
        archive.pass_time(1)
        return 605 in archive.closed()

    until(other_has_ticked)
    archive.pass_time(60)
    until(lambda: 606 in archive.closed())


def test_a_file_is_closed_by_one_only(archive: Archive) -> None:
    cfg_id = archive.collect("0 * * * * *", ONE)
    archive.port(ONE)
    names = []
    for _ in range(2):
        with archive.service.store.writing() as con:
            ((file, _),) = closing.open_files(con) or [(4, cfg_id)]
            names.append(closing.close(con, file, configuration(con, cfg_id), NOW))
    assert names == ["events-1659-604.jsonl", None]
    assert len(notices(archive.service)) == 1


def schedule_every_second(ess: Run) -> None:
    made = ess("delivery-cfg", "create", "--name", "every-second", "--cron", "* * * * * *")
    assert made.code == 0
    made = ess("subs", "create", "--topic", "NIS-Events", "--cfg", "1659", "--number", ONE)
    assert made.code == 0


PORTED = ("sandbox", "emit", "porting_event", "--field", "porting_date=2026-11-23")


def test_a_served_sandbox_closes_files_by_itself(ess: Run, home: Path) -> None:
    schedule_every_second(ess)
    with serving(home) as (url, process):
        assert ess(*PORTED, "--field", f"number={ONE}").code == 0
        _, notice = awaited(url, 2, process)
        listed = ess(
            "buffer-files", "list", "-c", "id,cfg-id,status", "--no-header", "--offset", "3"
        )
        assert listed.out == "604\t1659\tARCHIVED\n"
        uri = url.removesuffix("/ess/v1") + notice["file_uri"]
        status, content = curl(uri, **{"int-companyid": "1"})
        assert status == 200
        assert json.loads(content)["event"]["fld-val-list"]["number"] == ONE


@pytest.mark.long
def test_kills_lose_no_event_and_double_none(ess: Run, home: Path) -> None:
    schedule_every_second(ess)
    for _ in range(8):
        with serving(home) as (_, process):
            emitted = ess(*PORTED, "--field", f"number={ONE}", "--count", "300", "--rate", "200")
            assert emitted.code == 0
            process.kill()
    with serving(home) as (url, _):
        until(lambda: "OPEN" not in ess("buffer-files", "list", "--json").out)
        rows = json.loads(ess("deliveries", "list", "--all", "--offset", "62", "--json").out)
        found = []
        for row in rows:
            if row["event-type"] == "event_file_complete":
                uri = json.loads(row["event-body"])["file_uri"]
                headers = {"int-companyid": "1"}
                status, content = curl(url.removesuffix("/ess/v1") + uri, **headers)
                assert status == 200
                found += [json.loads(line)["event-id"] for line in content.splitlines()]
    assert len(found) == 8 * 300
    assert sorted(found) == sorted(
        row["event-id"] for row in rows if row["event-type"] == "porting_event"
    )
