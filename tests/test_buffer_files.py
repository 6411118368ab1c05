"""``ess buffer-files``: files of scheduled deliveries."""

from __future__ import annotations

import pytest

from tests.conftest import Run
from tests.examples import as_printed, reply_to

FILES = {
    "table": """\
 ID  CFG ID  CONFIGURATION        STATUS    OPENED                CLOSED
601  1449    trueeventDisconnect  ARCHIVED  2017-07-12T19:05:01Z  2017-07-12T19:10:01Z
603  1449    trueeventDisconnect  ARCHIVED  2017-07-12T19:55:23Z  2017-07-12T20:00:01Z
602  1449    trueeventDisconnect  ARCHIVED  2017-07-12T19:11:56Z  2017-07-12T19:15:01Z
""",
    "json": as_printed(reply_to("GET /event-buffer-files")["files"]),
    "jsonl": """\
{"file-id":601,"del-cfg-id":"1449","del-cfg-nm":"trueeventDisconnect","file-status":"ARCHIVED",\
"opened":"2017-07-12T19:05:01Z","closed":"2017-07-12T19:10:01Z"}
{"file-id":603,"del-cfg-id":"1449","del-cfg-nm":"trueeventDisconnect","file-status":"ARCHIVED",\
"opened":"2017-07-12T19:55:23Z","closed":"2017-07-12T20:00:01Z"}
{"file-id":602,"del-cfg-id":"1449","del-cfg-nm":"trueeventDisconnect","file-status":"ARCHIVED",\
"opened":"2017-07-12T19:11:56Z","closed":"2017-07-12T19:15:01Z"}
""",
    "csv": """\
id,cfg-id,configuration,status,opened,closed
601,1449,trueeventDisconnect,ARCHIVED,2017-07-12T19:05:01Z,2017-07-12T19:10:01Z
603,1449,trueeventDisconnect,ARCHIVED,2017-07-12T19:55:23Z,2017-07-12T20:00:01Z
602,1449,trueeventDisconnect,ARCHIVED,2017-07-12T19:11:56Z,2017-07-12T19:15:01Z
""",
    "tsv": """\
id\tcfg-id\tconfiguration\tstatus\topened\tclosed
601\t1449\ttrueeventDisconnect\tARCHIVED\t2017-07-12T19:05:01Z\t2017-07-12T19:10:01Z
603\t1449\ttrueeventDisconnect\tARCHIVED\t2017-07-12T19:55:23Z\t2017-07-12T20:00:01Z
602\t1449\ttrueeventDisconnect\tARCHIVED\t2017-07-12T19:11:56Z\t2017-07-12T19:15:01Z
""",
}


@pytest.mark.parametrize(("format", "printed"), FILES.items())
def test_buffer_files_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("buffer-files", "list", "-o", format) == (0, printed, "")


def test_buffer_files_as_yaml(ess: Run) -> None:
    outcome = ess("buffer-files", "list", "-o", "yaml", "--limit", "1")
    assert outcome.out == (
        '- "file-id": 601\n'
        '  "del-cfg-id": "1449"\n'
        '  "del-cfg-nm": "trueeventDisconnect"\n'
        '  "file-status": "ARCHIVED"\n'
        '  "opened": "2017-07-12T19:05:01Z"\n'
        '  "closed": "2017-07-12T19:10:01Z"\n'
    )


def test_no_command_takes_a_file_so_that_there_is_no_name(ess: Run) -> None:
    outcome = ess("buffer-files", "list", "-o", "name")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: -o name: no other command takes one of these rows as its argument\n"
        "hint: use -o json, -o csv or -o tsv with --columns\n"
    )


def test_files_can_be_put_in_order(ess: Run) -> None:
    outcome = ess("buffer-files", "list", "--sort", "opened", "-c", "id", "--no-header")
    assert outcome.out == "601\n602\n603\n"
    outcome = ess("buffer-files", "list", "--sort=-id", "-c", "id", "--no-header")
    assert outcome.out == "603\n602\n601\n"
