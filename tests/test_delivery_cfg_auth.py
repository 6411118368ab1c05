"""``ess delivery-cfg auth``: how a webhook authenticates the service; what is secret stays so."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests import hostile
from tests.conftest import Run
from tests.examples import as_printed, reply_to
from tests.hostile import Wire, json_reply, on

wire = hostile.wire

PASSWORD = "pä:ss wörd/+1"
SET = ("delivery-cfg", "auth", "set", "hhh")
BASIC = (*SET, "--type", "BASIC", "--username", "Operator")
MASKED = {
    "table": "TYPE   SETTING   VALUE\nBASIC  username  Admin\nBASIC  password  ********\n",
    "json": """\
{
  "type": "BASIC",
  "settings": {
    "username": "Admin",
    "password": "********"
  }
}
""",
    "jsonl": '{"type":"BASIC","settings":{"username":"Admin","password":"********"}}\n',
    "yaml": ('"type": "BASIC"\n"settings":\n  "username": "Admin"\n  "password": "********"\n'),
    "csv": "type,setting,value\nBASIC,username,Admin\nBASIC,password,********\n",
    "tsv": "type\tsetting\tvalue\nBASIC\tusername\tAdmin\nBASIC\tpassword\t********\n",
}


def revealed(ess: Run) -> object:
    """What the service has for hhh."""
    return json.loads(ess("delivery-cfg", "auth", "get", "hhh", "--reveal", "--json").out)


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    file = tmp_path / "pw.txt"
    file.write_text(f"{PASSWORD}\n")
    return str(file)


# Showing


@pytest.mark.parametrize(("format", "printed"), MASKED.items())
def test_secrets_are_masked_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("delivery-cfg", "auth", "get", "hhh", "-o", format) == (0, printed, "")


def test_a_query_sees_the_mask_only(ess: Run) -> None:
    argv = ("delivery-cfg", "auth", "get", "hhh", "--query", "settings.password")
    assert ess(*argv) == (0, "********\n", "")
    assert ess(*argv, "--reveal") == (0, "adnin\n", "")


def test_revealed_json_is_the_reply_as_it_is(ess: Run) -> None:
    known = reply_to("GET /delivery-configurations/{del-config-id}/authentication")
    argv = ("delivery-cfg", "auth", "get", "1654", "--reveal", "--json")
    assert ess(*argv) == (0, as_printed(known), "")


def test_no_settings_are_one_row(ess: Run) -> None:
    argv = ("delivery-cfg", "auth", "get", "GGG")
    assert ess(*argv, "-o", "csv") == (0, "type,setting,value\nNONE,,\n", "")
    assert json.loads(ess(*argv, "--json").out) == {"type": "NONE", "settings": {}}


def test_a_setting_has_no_name_that_another_command_takes(ess: Run) -> None:
    assert ess("delivery-cfg", "auth", "get", "hhh", "-o", "name").code == 2


# Setting


def test_a_password_is_read_from_a_file_without_its_newline(ess: Run, password_file: str) -> None:
    outcome = ess(*BASIC, "--password-file", password_file, "--yes", "--debug", "-o", "csv")
    assert outcome.code == 0
    assert outcome.out == ("type,setting,value\nBASIC,username,Operator\nBASIC,password,********\n")
    assert outcome.err.endswith(
        "set the authentication of delivery configuration 1654 hhh to BASIC"
        " · profile sandbox (embedded)\n"
    )
    assert PASSWORD not in outcome.out + outcome.err
    settings = {"username": "Operator", "password": PASSWORD}
    assert revealed(ess) == {"type": "BASIC", "settings": settings}


def test_a_password_is_read_from_stdin(ess: Run) -> None:
    outcome = ess(*BASIC, "--password-file", "-", "--yes", stdin="from-stdin-77\r\n")
    assert outcome.code == 0
    assert "from-stdin-77" not in outcome.out + outcome.err
    settings = {"username": "Operator", "password": "from-stdin-77"}
    assert revealed(ess) == {"type": "BASIC", "settings": settings}


def test_without_a_terminal_a_password_is_not_asked_for(ess: Run) -> None:
    outcome = ess(*BASIC, "--yes", stdin="typed\n")
    assert outcome == (
        2,
        "",
        "error: no password of the receiver, and nobody to ask\n"
        "hint: give it with --password-file PATH\n",
    )


def test_setting_wants_a_yes(ess: Run, password_file: str) -> None:
    before = revealed(ess)
    outcome = ess(*BASIC, "--password-file", password_file)
    assert outcome == (
        8,
        "",
        "error: authentication of delivery configuration 1654 hhh: this wants a yes,"
        " and there is nobody to ask\n"
        "hint: add --yes to do it, or --dry-run to see it\n",
    )
    assert revealed(ess) == before


@pytest.mark.parametrize("format", ["tsv", "json", "jsonl", "yaml"])
def test_a_dry_run_masks_the_password_and_changes_nothing(
    ess: Run,
    password_file: str,
    format: str,  # noqa: A002
) -> None:
    before = revealed(ess)
    outcome = ess(*BASIC, "--password-file", password_file, "--dry-run", "-o", format)
    assert outcome.code == 0
    assert "/delivery-configurations/1654/authentication" in outcome.out
    assert "********" in outcome.out
    assert PASSWORD not in outcome.out + outcome.err
    assert revealed(ess) == before


def test_oauth_settings_are_sent_as_the_file_has_them(ess: Run, tmp_path: Path) -> None:
    file = tmp_path / "oauth.json"
    settings = {"token-url": "https://id.example/t", "secret": "s3cret", "scopes": ["a"], "n": 1}
    file.write_text(json.dumps(settings))
    outcome = ess(*SET, "--type", "oauth", "--settings-file", str(file), "-y", "-o", "csv")
    assert outcome.code == 0
    assert outcome.out == (
        "type,setting,value\n"
        "OAUTH,token-url,********\nOAUTH,secret,********\nOAUTH,scopes,********\nOAUTH,n,********\n"
    )
    assert revealed(ess) == {"type": "OAUTH", "settings": settings}


def test_none_takes_the_settings_away(ess: Run) -> None:
    assert ess(*SET, "--type", "NONE", "--yes").code == 0
    assert revealed(ess) == {"type": "NONE", "settings": {}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"secret": "s3cret",\n "b" "x"}', "not JSON: line 2, column 6"),
        (b'{"secret": "s3cret"', "not JSON: line 1, column 20"),
        (b'["s3cret"]', "not a JSON object"),
        (b'{"secret": "s3cret", "n": NaN}', "not JSON"),
        (b'{"secret": "s3cret\xff"}', "not text in UTF-8"),
        (b"", "not JSON: line 1, column 1"),
    ],
)
def test_a_damaged_settings_file_is_named_with_its_place_and_never_shown(
    ess: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "oauth.json"
    file.write_bytes(content)
    before = revealed(ess)
    outcome = ess(*SET, "--type", "OAUTH", "--settings-file", str(file), "--yes")
    assert outcome == (12, "", f"error: --settings-file {file}: {said}\n")
    assert revealed(ess) == before


@pytest.mark.parametrize("option", ["--password-file", "--settings-file"])
def test_a_file_that_is_not_there_is_local_trouble(ess: Run, tmp_path: Path, option: str) -> None:
    missing = str(tmp_path / "none")
    argv = BASIC if option == "--password-file" else (*SET, "--type", "OAUTH")
    outcome = ess(*argv, option, missing, "--yes")
    assert outcome == (12, "", f"error: {option} {missing}: No such file or directory\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--type", "DIGEST"],
            'error: --type: unknown: "DIGEST"\nhint: one of BASIC, OAUTH, NONE\n',
        ),
        (
            ["--type", "BASIC"],
            "error: --type BASIC wants --username\nhint: --type BASIC --username NAME\n",
        ),
        (
            ["--type", "OAUTH"],
            "error: --type OAUTH wants --settings-file\nhint: a file with a JSON object\n",
        ),
        (
            ["--type", "NONE", "--username", "U"],
            "error: --username and --password-file go with --type BASIC\n",
        ),
        (
            ["--type", "BASIC", "--username", "U", "--settings-file", "f"],
            "error: --settings-file goes with --type OAUTH\n",
        ),
        ([], "error: missing option '--type'\nhint: ess delivery-cfg auth set --help\n"),
    ],
)
def test_options_that_do_not_fit_are_refused(ess: Run, options: list[str], said: str) -> None:
    assert ess(*SET, *options, "--yes") == (2, "", said)


def test_an_empty_password_is_refused(ess: Run, tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.write_text("\n")
    outcome = ess(*BASIC, "--password-file", str(file), "--yes")
    assert outcome == (2, "", "error: the password is empty\n")


@pytest.mark.parametrize("typed", [["--password", "s3cret"], ["--password=s3cret"], ["s3cret"]])
def test_a_password_typed_as_an_argument_is_not_repeated(ess: Run, typed: list[str]) -> None:
    outcome = ess(*BASIC, *typed, "--yes", "-o", "json")
    assert (outcome.code, outcome.out) == (2, "")
    assert "s3cret" not in outcome.err


@pytest.mark.parametrize("by_api", [False, True])
def test_a_refusal_that_quotes_the_basic_header_does_not_show_it(
    wire: Wire, password_file: str, tmp_path: Path, by_api: bool
) -> None:
    header = base64.b64encode(f"Operator:{PASSWORD}".encode()).decode().rstrip("=")
    refusal = json_reply({"message": f"the receiver refused Basic {header}"}, 400)
    path = "/delivery-configurations/1654/authentication"
    server = wire.serve(on(f"PUT /ess/v1{path}", refusal))
    settings = {"username": "Operator", "password": PASSWORD}
    (tmp_path / "body").write_text(json.dumps({"type": "BASIC", "settings": settings}))
    argv = ["delivery-cfg", "auth", "set", "1654", "--type", "BASIC", "--username", "Operator"]
    argv += ["--password-file", password_file]
    if by_api:
        argv = ["api", "PUT", path, "--data", str(tmp_path / "body")]
    outcome = wire.ess(server, *argv, "--yes")
    assert outcome.code == 5
    assert f"PUT {path}: 400: the receiver refused Basic ********" in outcome.err
    assert header not in outcome.err
