"""What a terminal changes: width, colour, cutting and notes; never content or keys."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_auth import on_terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def screen(tmp_path: Path, line: str, columns: int = 100, **env: str) -> str:
    """What a command line shows on a terminal that is so wide."""
    argv = ["-p", "sandbox", *shlex.split(line)]
    code, shown = on_terminal(tmp_path, argv, [], **{"COLUMNS": str(columns), **env})
    assert code == 0
    return shown


def test_a_terminal_gets_a_table_and_how_many_rows_it_has(tmp_path: Path) -> None:
    assert screen(tmp_path, "subs list --topic NIS-Events", 120) == (
        "ID        TOPIC       EVENT TYPE     CFG ID  CONFIGURATION   MATCH"
        "                    START\n"
        "16301810  NIS-Events  porting_event  1266    a-mock-del-cfg  number = '+12345678901'"
        "  1970-01-01T00:00:00Z\n"
        "1 subscription · sandbox\n"
    )
    assert screen(tmp_path, "subs list --topic Nope") == "0 subscriptions · sandbox\n"
    assert screen(tmp_path, "subs list -o name -q").split() == [
        "16301830",
        "16301850",
        "16301810",
        "142",
    ]


def test_names_are_cut_in_their_middle_and_ids_never(tmp_path: Path) -> None:
    assert screen(tmp_path, "delivery-cfg list --limit 3 -c id,name,address", 60) == (
        "ID    NAME                       ADDRESS\n"
        "1234  performance-…n-Rph5yh7GF3  http://oasid…spdijpasiodj\n"
        "1266  a-mock-del-cfg             http://da3d-…testpost-ntv\n"
        "1327  a-new-delive…figuration-1  http://putsr…GPLEGKtNW60V\n"
        "3 delivery configurations · sandbox\n"
        "stopped after 3 rows; go on with: ess -p sandbox delivery-cfg list --limit 3"
        " -c id,name,address --offset 3\n"
    )


def test_ids_and_criteria_are_whole_on_the_narrowest_screen(tmp_path: Path) -> None:
    shown = screen(tmp_path, "deliveries list --limit 2", 40)
    assert "ADEIboH1Q7m-OYRV2m268A  2017-06-30T12:59:30Z  SUCCESS  NIS-Events" in shown
    assert "number = '+12345678901'" in screen(tmp_path, "subs list", 40)


def test_ten_columns_are_enough(tmp_path: Path) -> None:
    assert screen(
        tmp_path, "delivery-cfg list --limit 2 -c id,name,address --no-header -q", 10
    ) == ("1234  perfor…h7GF3  http:/…siodj\n1266  a-mock…l-cfg  http:/…t-ntv\n")


def test_numbers_stand_at_the_right_and_a_hint_goes_to_the_same_profile(tmp_path: Path) -> None:
    assert screen(tmp_path, "deliveries summary") == (
        "CONFIGURATION        TOPIC        EVENT TYPE           PENDING  RETRY  FAILED\n"
        "release6 https test  SCG-Message  mo_message_received        0      0       0\n"
        "ESS Buffer           SCG-Message  mo_message_received        0      0       8\n"
        "total: 0 pending, 0 retry, 8 failed · sandbox\n"
        "hint: ess -p sandbox deliveries attempts --cfg 'ESS Buffer' --status FAILED\n"
    )


def test_a_file_gets_what_a_pipe_would_and_the_screen_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    line = f"deliveries summary --by cfg -o table --out {path}"
    assert screen(tmp_path, line, 20, TERM="xterm") == ""
    assert path.read_text() == (
        "CONFIGURATION        PENDING  RETRY  FAILED\n"
        "release6 https test        0      0       0\n"
        "ESS Buffer                 0      0       8\n"
    )


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml", "csv", "tsv", "name"])
def test_any_other_format_is_on_a_terminal_what_it_is_in_a_pipe(
    ess: Run, tmp_path: Path, form: str
) -> None:
    printed = ess("topics", "list", "-o", form).out
    assert screen(tmp_path, f"topics list -o {form}", 40, TERM="xterm") == printed


def test_a_table_in_a_pipe_has_full_values(ess: Run) -> None:
    shown = ess("delivery-cfg", "list", "-o", "table", env={"COLUMNS": "40"}).out
    assert "performance-test-delivery-configuration-Rph5yh7GF3" in shown
    assert "http://oasidfjoasidjfoiasjdfoiasjd.syniverse.com/aspdijpasiodj" in shown


def test_colour_means_nothing_and_can_be_left_out(tmp_path: Path) -> None:
    plain = screen(tmp_path, "subs list --no-color", TERM="xterm")
    assert "\x1b" not in plain
    coloured = screen(tmp_path, "subs list", TERM="xterm")
    assert "\x1b[" in coloured
    shown = [line.rstrip() for line in COLOUR.sub("", coloured).splitlines()]
    assert shown == plain.splitlines()
    assert "\x1b" not in screen(tmp_path, "subs list", TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in screen(tmp_path, "subs list", TERM="dumb")


def test_a_table_longer_than_a_screenful_is_shown_whole(tmp_path: Path) -> None:
    shown = screen(tmp_path, "event-types list -c id,validation --no-header")
    assert len(shown.splitlines()) == 38
    assert shown.endswith("\n37 event types · sandbox\n")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[/x]", "[/x]"),
        ("[link=https://evil.example]a[/link]", "[link=https://evil.example]a[/link]"),
        ("[bold red]a[/]", "[bold red]a[/]"),
        (":bomb:", ":bomb:"),
        ("\x1b]8;;https://evil.example\x1b\\a", r"\x1b]8;;https://evil.example\x1b\a"),
        ("\x1b]52;c;YQ==\x07", r"\x1b]52;c;YQ==\x07"),
        ("a\u202eb\nc\x9bd\x7f", r"a\u202eb\nc\x9bd\x7f"),
    ],
)
def test_a_stranger_s_text_is_neither_markup_nor_an_order_to_the_screen(
    ess: Run, tmp_path: Path, name: str, shown: str
) -> None:
    assert ess("delivery-cfg", "create", "--name", name, "--addr", "https://h.example/x").code == 0
    on_screen = screen(tmp_path, "delivery-cfg get 1659 -c id,name --no-header", TERM="xterm")
    assert COLOUR.sub("", on_screen) == f"1659  {shown}\n"
    query = shlex.quote('[?id==`"1659"`].{"[/x]": "del-cfg-nm"}')
    lines = COLOUR.sub("", screen(tmp_path, f"delivery-cfg list --query {query}")).splitlines()
    assert [line.rstrip() for line in lines[:2]] == ["[/X]", shown]
