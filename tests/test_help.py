"""Help: it begins with an example that runs, and says which operation it calls."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.commands import COMMANDS, GROUPS
from tests.conftest import Run

# These wait for somebody: a terminal, or Ctrl-C.
WAITING = {"auth login", "listen", "sandbox serve", "deliveries tail"}
# What an example needs to be there, as a command line.
BEFORE = {
    "profile show": "profile set prod --base-url https://api.syniverse.com/ess/v1",
    "profile remove": "profile set prod --base-url https://api.syniverse.com/ess/v1",
}


def example_of(ess: Run, words: str) -> list[str]:
    """The example that the help begins with, as arguments."""
    first, second, third, *_ = ess(*words.split(), "--help").out.split("\n")
    assert (first, third) == ("Example:", "")
    example = shlex.split(second.partition(" > ")[0])
    assert second.startswith(f"  ess {words}")
    return example[1:]


@pytest.mark.parametrize("words", COMMANDS)
def test_help_has_one_page_a_command_under_both_names(ess: Run, words: str) -> None:
    outcome = ess(*words.split(), "-h")
    assert (outcome.code, outcome.err) == (0, "")
    assert ess(*words.split(), "--help") == outcome
    assert f"\nUsage: ess {words} " in outcome.out or f"\nUsage: ess {words}\n" in outcome.out
    assert outcome.out.endswith("\nGlobal options: ess --help\n")


@pytest.mark.parametrize("words", [words for words in COMMANDS if words not in WAITING])
def test_each_example_runs_on_the_sandbox(
    ess: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    (tmp_path / "pw.txt").write_text("a-password")
    monkeypatch.chdir(tmp_path)
    if words in BEFORE:
        assert ess(*BEFORE[words].split()).code == 0
    example = example_of(ess, words)
    writes = "write" in COMMANDS[words].families
    if words in ("auth logout", "auth refresh"):
        assert ess(*example).code == 2  # NOTE: the sandbox keeps no credentials
        return
    outcome = ess(*example, *(["--yes"] if writes else []))
    assert outcome.code == 0
    assert not writes or words == "api" or outcome.err != ""


@pytest.mark.parametrize("words", COMMANDS)
def test_help_names_operation_columns_and_every_option(ess: Run, words: str) -> None:
    command = COMMANDS[words]
    page = ess(*words.split(), "-h").out
    teaching = command.teaching
    if teaching.operation:
        assert f"\nOperation: {teaching.operation}\n" in page
    if teaching.table:
        columns = " ".join(page.partition("\nColumns: ")[2].partition("\n\n")[0].split())
        assert columns == ", ".join(teaching.table.names)
    for param in command.params:
        if param.param_type_name == "option":
            assert param.opts[0] in page
            assert param.help, param.name


@pytest.mark.parametrize("words", COMMANDS)
def test_help_fits_a_screen_of_any_width(
    ess: Run, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    for columns in (80, 100, 300):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = ess(*words.split(), "-h").out.split("\n")
        prose = [
            line for line in lines if not line.startswith(("  ess ", "Usage: ", "Operation: "))
        ]
        assert max(map(len, prose)) <= min(columns, 100)
        assert all(line == line.rstrip() for line in lines)
        # What is to be typed, such as 'ess-cli[metrics]', is never taken apart at a hyphen.
        assert not [line for line in lines if re.search(r"[a-z]-$", line)]


@pytest.mark.parametrize("words", GROUPS)
def test_a_noun_alone_prints_its_help(ess: Run, words: str) -> None:
    outcome = ess(*words.split())
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out != ""
    for option in ("-h", "--help"):
        assert ess(*words.split(), option) == outcome


def test_the_first_page_names_every_noun_and_every_global_option(ess: Run) -> None:
    page = ess().out
    assert page.startswith(
        "Administer the Syniverse Event Subscription Service (ESS).\n\n"
        "Try it without an account, on the embedded service:\n"
        "  ess -p sandbox subs list --topic NIS-Events\n"
    )
    for noun in {words.partition(" ")[0] for words in COMMANDS}:
        assert f"\n  {noun} " in page
    for option in (
        "-p, --profile PROFILE",
        "--base-url URL",
        "--token-file PATH|-",
        "--user-token-file PATH|-",
        "-o, --output FORMAT",
        "--json",
        "--query JMESPATH",
        "-c, --columns A,B",
        "--no-header",
        "--excel",
        "-q, --quiet",
        "-v, --verbose",
        "--debug",
        "--no-color",
        "--timeout SECONDS",
        "--no-input",
        "-V, --version",
    ):
        assert f" {option} " in page


def test_a_page_of_a_noun(ess: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert ess("subs").out == (
        "Subscriptions: who gets which events.\n"
        "\n"
        "Usage: ess subs COMMAND\n"
        "\n"
        "Commands:\n"
        "  list       List subscriptions, all or some.\n"
        "  mdn        Show who is subscribed to a phone number.\n"
        "  mdn-count  Count the different numbers that are subscribed.\n"
        "  get        Show one subscription.\n"
        "  create     Subscribe a delivery configuration to a topic.\n"
        "  update     Change criteria or dates of a subscription.\n"
        "  end        End a subscription: the nearest thing to removing it that the service has.\n"
        "\n"
        "More: ess subs COMMAND --help\n"
    )


def test_a_page_of_a_verb(ess: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert ess("subs", "end", "-h").out == (
        "Example:\n"
        "  ess subs end NIS-Events 16301810 --at +2d\n"
        "\n"
        "End a subscription: the nearest thing to removing it that the service has.\n"
        "\n"
        "Sets its end date. The service never shows that date again.\n"
        "\n"
        "Usage: ess subs end [TOPIC] ID [OPTIONS]\n"
        "Operation: PUT /topics/{ID}/subscriptions/{SUBSCRIPTION_NUMBER}\n"
        "\n"
        "Arguments:\n"
        "  [TOPIC] ID  The subscription's id; its topic is looked up if left out.\n"
        "\n"
        "Options:\n"
        "      --at DATE  No events from then on. [now]\n"
        "\n"
        "Write options:\n"
        "  -n, --dry-run       Show what would be sent; send only reads.\n"
        "  -y, --yes           Do not ask.\n"
        "      --confirm NAME  Confirm a protected profile by its name.\n"
        "\n"
        "Columns: id, topic, event-type, cfg-id, configuration, match, start\n"
        "\n"
        "Global options: ess --help\n"
    )


def test_needed_options_stand_in_the_usage(ess: Run) -> None:
    page = ess("subs", "create", "-h").out
    assert "\nUsage: ess subs create --topic TOPIC --cfg ID-OR-NAME [OPTIONS]\n" in page


@pytest.mark.parametrize("subject", ["exit-codes", "environment", "output"])
def test_help_explains_what_concerns_all_commands(ess: Run, subject: str) -> None:
    outcome = ess("help", subject)
    assert (outcome.code, outcome.err) == (0, "")
    assert len(outcome.out.splitlines()) > 10


def test_help_knows_every_exit_code_and_every_variable(ess: Run) -> None:
    codes = [
        line.split()[0] for line in ess("help", "exit-codes").out.splitlines() if line[:1] == " "
    ]
    assert codes == [*map(str, range(14)), "130", "141", "143"]
    page = ess("help", "environment").out
    for variable in (
        "PROFILE",
        "BASE_URL",
        "TOKEN",
        "USER_TOKEN",
        "OUTPUT",
        "TIMEOUT",
        "CONFIG_FILE",
    ):
        assert f"  ESS_{variable} " in page
    assert "  NO_COLOR " in page


def test_no_help_on_a_subject_says_which_there_are(ess: Run) -> None:
    assert ess("help").out == ess("--help").out
    assert ess("help", "me") == (
        2,
        "",
        'error: no help on "me"\nhint: one of exit-codes, environment, output\n',
    )
