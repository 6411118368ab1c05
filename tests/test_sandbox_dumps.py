"""Dumps of the sandbox: the job, its file, the notice, and fetching it from Media Storage."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from ess_cli.sandbox import dumps
from ess_cli.sandbox.replies import Request
from ess_cli.sandbox.routes import handle
from ess_cli.sandbox.store import Store
from tests.conftest import Run
from tests.test_sandbox_adapter import NOW, Service, service
from tests.test_sandbox_command import ROOT, serving

__all__ = ["service"]

HOST = "https://sandbox.invalid"
DUMP = "/topics/NIS-Events/dump-subscriptions"
LINE = (
    b'{"id":"16301810","del-cfg-id":"1266","del-cfg-nm":"a-mock-del-cfg",'
    b'"topic-nm":"NIS-Events","evt-tp":"porting_event",'
    b'"match-crt":"number = \'+12345678901\'","start-date":"1970-01-01T00:00:00Z"}\n'
)


def notices(service: Service) -> list[dict[str, Any]]:
    """The fields of each event_file_complete since the seed."""
    rows = service.read("/event-deliveries", offset=62, limit=1000)["event-deliveries"]
    return [
        json.loads(row["event-body"])
        for row in rows
        if (row["topic"], row["event-type"]) == ("MSS-Messages", "event_file_complete")
    ]


def fetch(service: Service, notice: dict[str, Any], **headers: str) -> requests.Response:
    sent = {"int-companyid": "11"} | headers
    return service.session.get(HOST + notice["file_uri"], headers=sent)


def test_a_dump_announces_a_compressed_file_that_can_be_fetched(service: Service) -> None:
    reply = service.read(DUMP, compression="true", compressionType="gzip")
    assert reply == {"referenceId": "2569"}
    (notice,) = notices(service)
    file_id = notice["file_id"]
    assert len(file_id) == 16
    content = fetch(service, notice)
    assert notice == {
        "creation_time": "2026-11-23T08:30:00Z",
        "file_retention_time": 7,
        "file_uri": f"/mediastorage/v1/files/{file_id}/content",
        "file_status": "COMPLETE",
        "file_name": "subscriptions-NIS-Events-2569.jsonl.gz",
        "expire_time": "2026-11-30T08:30:00Z",
        "file_size": len(content.content),
        "modified_time": "2026-11-23T08:30:00Z",
        "file_id": file_id,
    }
    assert content.status_code == 200
    assert content.headers["Content-Type"] == "application/octet-stream"
    assert "Content-Encoding" not in content.headers
    assert content.content[:2] == b"\x1f\x8b"
    assert gzip.decompress(content.content) == LINE


@pytest.mark.parametrize(("compression", "kind"), [("false", "gzip"), ("true", "zip")])
def test_without_gzip_the_file_is_plain(service: Service, compression: str, kind: str) -> None:
    service.read(DUMP, compression=compression, compressionType=kind)
    (notice,) = notices(service)
    assert notice["file_name"] == "subscriptions-NIS-Events-2569.jsonl"
    assert notice["file_size"] == len(LINE)
    assert fetch(service, notice).content == LINE


def test_a_dump_of_nothing_says_so_uncompressed(service: Service) -> None:
    path = "/topics/DevTest-Events/dump-subscriptions"
    service.read(path, compression="true", compressionType="gzip")
    (notice,) = notices(service)
    assert notice["file_name"] == "subscriptions-DevTest-Events-2569.jsonl"
    assert fetch(service, notice).content == b"EMPTY_FILE"


def test_what_has_ended_is_not_dumped(service: Service) -> None:
    body = {"match-crt": "", "end-date": "2026-11-23T08:29:59Z"}
    assert service.put("/topics/NIS-Events/subscriptions/16301810", body).status_code == 200
    service.read(DUMP, compression="false", compressionType="gzip")
    (notice,) = notices(service)
    assert fetch(service, notice).content == b"EMPTY_FILE"


def test_a_notice_is_an_event_of_its_type(ess: Run) -> None:
    """The sandbox takes it back when it is emitted by hand."""
    dumped = ess("topics", "dump", "NIS-Events")
    assert dumped.code == 0
    listed = ess("deliveries", "list", "--offset", "62", "--json")
    (row,) = json.loads(listed.out)
    fields = [f"{name}={value}" for name, value in json.loads(row["event-body"]).items()]
    emitted = ess(
        *("sandbox", "emit", row["event-type"]),
        *(part for field in fields for part in ("--field", field)),
    )
    assert (emitted.code, emitted.err) == (0, "1 event went out: 1 delivery · sandbox\n")


def test_media_storage_wants_a_company_and_a_token(service: Service) -> None:
    service.read(DUMP, compression="true", compressionType="gzip")
    (notice,) = notices(service)
    for company in ("", "x", "1 1", "1" * 19):
        refused = fetch(service, notice, **{"int-companyid": company})
        assert refused.status_code == 400
        assert refused.json()["description"] == "int-companyid: this header is required, in digits"
    assert fetch(service, notice, Authorization="Bearer expired").status_code == 401
    assert fetch(service, notice, Authorization="").status_code == 401
    unknown = fetch(service, {"file_uri": "/mediastorage/v1/files/none/content"})
    assert (unknown.status_code, unknown.json()["error_description"]) == (
        404,
        "File not found: none",
    )
    posted = service.session.post(HOST + notice["file_uri"], json={})
    assert (posted.status_code, posted.headers["Allow"]) == (405, "GET")


def test_a_file_expires_after_seven_days_and_gives_its_room_back(service: Service) -> None:
    service.read(DUMP, compression="true", compressionType="gzip")
    (notice,) = notices(service)
    service.now = NOW + timedelta(days=7, seconds=-1)
    assert fetch(service, notice).status_code == 200
    service.now = NOW + timedelta(days=7)
    assert fetch(service, notice).status_code == 404
    service.read(DUMP, compression="true", compressionType="gzip")
    assert service.store.rows("SELECT count(DISTINCT file) FROM stored_pieces") == [(1,)]


def ask_for_dump(service: Service) -> None:
    """A job that nobody has begun; the dump has more than a line."""
    fill(service.store, 1)
    query = "compression=true&compressionType=gzip"
    headers = {"authorization": "Bearer x"}
    reply = handle(service.store, Request("GET", f"/ess/v1{DUMP}", query, headers, b""))
    assert reply.status == 200


def test_of_two_who_write_the_same_dump_one_has_written_it(service: Service) -> None:
    ask_for_dump(service)
    others: list[str] = []

    def other_is_quicker() -> bool:
        others.extend(dumps.finish(service.store))
        return False

    assert list(dumps.finish(service.store, other_is_quicker)) == []
    assert others == ["wrote subscriptions-NIS-Events-2569.jsonl.gz"]
    (notice,) = notices(service)
    assert gzip.decompress(fetch(service, notice).content).count(b"\n") == 2


def test_a_dump_that_is_given_up_is_begun_again(service: Service) -> None:
    ask_for_dump(service)
    assert list(dumps.finish(service.store, lambda: True)) == []
    assert notices(service) == []
    assert len(list(dumps.finish(service.store))) == 1
    assert list(dumps.finish(service.store)) == []
    assert len(notices(service)) == 1


def test_a_file_of_many_pieces_comes_whole(service: Service) -> None:
    fill(service.store, 5000)
    service.read(DUMP, compression="false", compressionType="gzip")
    (notice,) = notices(service)
    reply = fetch(service, notice)
    assert notice["file_size"] > 3 * 256 * 1024
    assert int(reply.headers["Content-Length"]) == notice["file_size"] == len(reply.content)
    lines = reply.content.splitlines()
    assert lines[0] + b"\n" == LINE
    assert len({json.loads(line)["id"] for line in lines}) == 5001


MEASURED = """
import sys
from ess_cli.main import main
code = main(["-p", "sandbox", "topics", "dump", "NIS-Events", *sys.argv[1:]])
status = open("/proc/self/status").read()
print(code, status.split("VmHWM:")[1].split()[0])
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of memory")
@pytest.mark.parametrize("option", ["--compression", "--no-compression"])
def test_a_dump_of_a_million_subscriptions_takes_little_memory(
    ess: Run, home: Path, option: str
) -> None:
    seeded = ess("sandbox", "seed", "--subscriptions", "1000000", "--deliveries", "0")
    assert seeded.code == 0
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, option],
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        check=True,
    )
    code, peak_kb = ran.stdout.split()[-2:]
    assert code == "0"
    assert int(peak_kb) < 150_000
    (row,) = json.loads(ess("deliveries", "list", "--offset", "62", "--json").out)
    notice = json.loads(row["event-body"])
    if option == "--no-compression":
        assert notice["file_size"] == 192_000_191
    else:
        assert 1_000_000 < notice["file_size"] < 20_000_000


def fill(store: Store, count: int) -> None:
    from ess_cli.sandbox import volume

    for _ in volume.fill(store, count, 0):
        pass


def curl(url: str, **headers: str) -> tuple[int, bytes]:
    reply = requests.get(url, headers={"Authorization": "Bearer x"} | headers, timeout=30)
    return reply.status_code, reply.content


def awaited(url: str, count: int, process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The fields of so many new deliveries, once the server has that many."""
    while True:
        assert process.poll() is None
        status, body = curl(f"{url}/event-deliveries?offset=62")
        assert status == 200
        rows = json.loads(body)["event-deliveries"]
        if len(rows) >= count:
            return [json.loads(row["event-body"]) for row in rows]


def test_a_served_sandbox_writes_the_file_in_the_background(home: Path) -> None:
    with serving(home, "-v") as (url, process):
        status, body = curl(f"{url}{DUMP}?compression=true&compressionType=gzip")
        assert (status, body) == (200, b'{"referenceId":"2569"}')
        (notice,) = awaited(url, 1, process)
        status, content = curl(
            url.removesuffix("/ess/v1") + notice["file_uri"], **{"int-companyid": "1"}
        )
        assert (status, gzip.decompress(content)) == (200, LINE)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert "wrote subscriptions-NIS-Events-2569.jsonl.gz\n" in err


def test_a_dump_broken_off_by_a_kill_is_finished_once_by_the_next_server(
    ess: Run, home: Path
) -> None:
    assert ess("sandbox", "seed", "--subscriptions", "100000", "--deliveries", "0").code == 0
    with serving(home) as (url, process):
        status, _ = curl(f"{url}{DUMP}?compression=false&compressionType=gzip")
        assert status == 200
        process.kill()
    assert json.loads(ess("deliveries", "list", "--offset", "62", "--json").out) == []
    with serving(home) as (url, process):
        (notice,) = awaited(url, 1, process)
        origin = url.removesuffix("/ess/v1")
        status, content = curl(origin + notice["file_uri"], **{"int-companyid": "1"})
        assert (status, len(content)) == (200, notice["file_size"])
        assert notice["file_name"] == "subscriptions-NIS-Events-2569.jsonl"
        assert content.count(b"\n") == 100001
        # The next job is done after the first one, so by now that cannot have been done twice.
        assert curl(f"{url}{DUMP}?compression=true&compressionType=gzip")[0] == 200
        assert [each["file_name"] for each in awaited(url, 2, process)] == [
            "subscriptions-NIS-Events-2569.jsonl",
            "subscriptions-NIS-Events-2570.jsonl.gz",
        ]
