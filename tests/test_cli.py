"""The command line: global options anywhere, and what is said of a line that cannot be read."""

from __future__ import annotations

import json

import pytest

from ess_cli import __version__
from tests.commands import COMMANDS, params_of
from tests.conftest import Run
from tests.services import Scripted

# Global options


@pytest.mark.parametrize(
    "line",
    [
        "-o csv -c id --no-header subs list --limit 1",
        "subs -o csv -c id --no-header list --limit 1",
        "subs list -o csv -c id --no-header --limit 1",
        "-o csv subs -c id list --limit 1 --no-header",
        "-ocsv subs list --columns=id --no-header --limit=1",
        "--output csv subs list --columns id --no-header --limit 1",
    ],
)
def test_global_options_stand_anywhere(ess: Run, line: str) -> None:
    outcome = ess(*line.split())
    assert (outcome.code, outcome.out) == (0, "16301830\n")


def test_of_one_option_given_twice_the_later_one_counts(ess: Run) -> None:
    outcome = ess("-o", "json", "subs", "mdn-count", "-o", "csv")
    assert outcome.out == "topic,numbers\nNIS-Events,1\n"
    outcome = ess("-c", "topic", "subs", "mdn-count", "-c", "numbers")
    assert outcome.out == "numbers\n1\n"


def test_repeatable_options_add_up_wherever_they_stand(ess: Run) -> None:
    argv = ("subs", "list", "--param", "offset=2", "--param", "limit=1", "-o", "name", "--debug")
    assert "GET /topic-subscriptions?limit=1&offset=2" in ess(*argv).err


def test_the_sandbox_needs_nothing_but_its_name(ess: Run) -> None:
    for argv in (("-p", "sandbox", "subs", "list"), ("subs", "list", "--profile", "sandbox")):
        outcome = ess(*argv, "--topic", "NIS-Events", "-o", "name", env={"ESS_PROFILE": ""})
        assert outcome == (0, "16301810\n", "")


def test_the_sandbox_and_another_service_exclude_each_other(ess: Run) -> None:
    outcome = ess("-p", "sandbox", "--base-url", "https://api.syniverse.com/ess/v1", "subs", "list")
    assert (outcome.code, outcome.out) == (2, "")


def test_quiet_silences_notes_but_neither_warnings_nor_errors(ess: Run) -> None:
    assert ess("subs", "list", "--limit", "1", "-q", "-o", "name") == (0, "16301830\n", "")
    assert ess("delivery-cfg", "update", "hhh", "--throttling", "5", "--quiet").err == ""
    argv = ("subs", "update", "142", "--match", "x = 1", "-y", "-q")
    assert ess(*argv).err.startswith("warning: no read tells when a subscription ends")
    assert ess("subs", "list", "--cfg", "nope", "-q").err.startswith("error: ")


def test_debug_is_a_line_a_request_without_secrets(ess: Run) -> None:
    service = Scripted()
    service.answer("GET", "/topics", {"topics": []})
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "s3cret-token"}
    outcome = ess("topics", "list", "--debug", "--param", "key=s3cret-token", env=env)
    service.close()
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith("debug: GET /topics?limit=1000&key=… → 200, ")
    assert line.endswith(" bytes")
    assert "s3cret" not in outcome.err


def test_without_debug_or_trouble_stderr_is_empty(ess: Run) -> None:
    for argv in ("topics list", "subs list", "deliveries summary", "sandbox status", "help output"):
        assert ess(*argv.split()).err == ""


@pytest.mark.parametrize(
    "argv", [["--version"], ["-V"], ["subs", "list", "--version"], ["subs", "-V"]]
)
def test_the_version_can_be_asked_for_anywhere(ess: Run, argv: list[str]) -> None:
    assert ess(*argv) == (0, f"ess {__version__}\n", "")


# The tree as a whole


def test_a_short_letter_means_one_thing_in_the_whole_tree() -> None:
    meanings: dict[str, set[str]] = {}
    for command in COMMANDS.values():
        for param in params_of(command):
            names = [*param.opts, *param.secondary_opts]
            for short in (name for name in names if len(name) == 2):
                meanings.setdefault(short, set()).add(max(names, key=len))
    assert meanings == {
        "-p": {"--profile"},
        "-o": {"--output"},
        "-c": {"--columns"},
        "-q": {"--quiet"},
        "-v": {"--verbose"},
        "-V": {"--version"},
        "-h": {"--help"},
        "-n": {"--dry-run"},
        "-y": {"--yes"},
    }


def test_no_option_takes_a_secret_s_value() -> None:
    taken = {
        name
        for command in COMMANDS.values()
        for param in params_of(command)
        if param.param_type_name == "option" and not param.is_flag
        for name in param.opts
        if any(word in name for word in ("token", "password", "secret", "key"))
    }
    files = {"--token-file", "--user-token-file", "--password-file"}
    files |= {"--consumer-key-file", "--consumer-secret-file"}
    # The last is a length of time.
    assert taken == {*files, "--token-command", "--expire-tokens"}


def test_no_option_turns_verification_off() -> None:
    about = {
        name
        for command in COMMANDS.values()
        for param in params_of(command)
        for name in (*param.opts, *param.secondary_opts)
        if any(word in name for word in ("verify", "secure", "tls", "ssl", "cert", "ca-", "trust"))
    }
    # The second goes back to the usual certificates.
    assert about == {"--ca-bundle", "--no-ca-bundle"}


def test_every_command_takes_the_options_of_its_kind() -> None:
    listing = {"--limit", "--offset", "--page-size", "--all", "--sort", "--param"}
    write = {"--dry-run", "--yes", "--confirm"}
    for words, command in COMMANDS.items():
        names = {name for param in params_of(command) for name in param.opts}
        assert names >= {"--profile", "--output", "--json", "--query", "--columns", "--timeout"}
        verb = words.split()[-1]
        lists = words.endswith(" list") and not words.startswith("profile")
        if lists or words == "deliveries attempts":
            assert listing <= names, words
        if verb in (
            "create",
            "update",
            "end",
            "enable",
            "disable",
            "dump",
            "mark-handled",
            "api",
            "reset",
        ):
            assert write <= names, words


# Lines that cannot be read


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("xyzzy", "error: no such command 'xyzzy'\nhint: ess --help\n"),
        ("sub list", "error: no such command 'sub'. Did you mean 'subs'?\nhint: ess --help\n"),
        ("subs lst", "error: no such command 'lst'. Did you mean 'list'?\nhint: ess subs --help\n"),
        (
            "delivery-cfg auth gte hhh",
            "error: no such command 'gte'. Did you mean 'get'?\n"
            "hint: ess delivery-cfg auth --help\n",
        ),
        ("--xyzzy subs list", "error: no such option: --xyzzy\nhint: ess --help\n"),
        ("subs list -x", "error: no such option: -x\nhint: ess subs list --help\n"),
        ("topics list --yes", "error: no such option: --yes\nhint: ess topics list --help\n"),
        (
            "subs list --cfg",
            "error: option '--cfg' requires an argument\nhint: ess subs list --help\n",
        ),
        (
            "subs list --all=yes",
            "error: option '--all' does not take a value\nhint: ess subs list --help\n",
        ),
        (
            "topics event-types",
            "error: missing argument 'TOPIC'\nhint: ess topics event-types --help\n",
        ),
        (
            "subs list more",
            "error: got unexpected extra argument(s) (more)\nhint: ess subs list --help\n",
        ),
        (
            "subs list --limit x",
            "error: invalid value for '--limit': 'x' is not a whole number\n"
            "hint: ess subs list --help\n",
        ),
    ],
)
def test_a_line_that_cannot_be_read_says_what_and_where_to_look(
    ess: Run, line: str, said: str
) -> None:
    assert ess(*line.split()) == (2, "", said)


@pytest.mark.parametrize(
    "line",
    [
        "auth login S3CRET",
        "auth S3CRET",
        "auth login --token S3CRET",
        "auth login --token=S3CRET",
        "auth login --with-token=S3CRET",
        "auth status S3CRET",
        "auth logout S3CRET",
        "delivery-cfg auth S3CRET",
        "delivery-cfg auth set hhh S3CRET --type NONE",
        "delivery-cfg auth set hhh --type BASIC --username u --password=S3CRET",
        "--token S3CRET topics list",
        "--token=S3CRET topics list",
        "topics list --token S3CRET",
        "topics list --user-token=S3CRET",
        "topics list -tS3CRET",
    ],
)
def test_a_secret_typed_in_the_wrong_place_is_not_repeated(ess: Run, line: str) -> None:
    for form in ("tsv", "json"):
        outcome = ess(*line.split(), "-o", form)
        assert (outcome.code, outcome.out) == (2, "")
        assert "S3CRET" not in outcome.err


# Errors for programs


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (
            "subs get NIS-Events 999 --json",
            {
                "kind": "not-found",
                "message": "GET /topics/NIS-Events/subscriptions/999: 404: Subscription not found:"
                " 999 in topic NIS-Events (NOT_FOUND)",
                "exit": 4,
                "http": 404,
                "retryable": False,
            },
        ),
        (
            "subs end 142 -o jsonl",
            {
                "kind": "refused",
                "message": "subscription 142 of SCG-Message: this wants a yes,"
                " and there is nobody to ask",
                "exit": 8,
                "http": None,
                "retryable": False,
            },
        ),
        (
            "--output=json subs list --cfg",
            {
                "kind": "usage",
                "message": "option '--cfg' requires an argument",
                "exit": 2,
                "http": None,
                "retryable": False,
            },
        ),
        (
            "-o json delivery-cfg create --name x --addr http://x --format CSV",
            {
                "kind": "rejected",
                "message": "POST /delivery-configurations: 400: del-fmt-cd: must be one of"
                ' JSON, XML, not "CSV" (400)',
                "exit": 5,
                "http": 400,
                "retryable": False,
            },
        ),
    ],
)
def test_with_json_the_last_line_of_an_error_is_json(
    ess: Run, line: str, facts: dict[str, object]
) -> None:
    outcome = ess(*line.split())
    assert (outcome.code, outcome.out) == (facts["exit"], "")
    lines = outcome.err.splitlines()
    assert lines[-1] == json.dumps({"error": facts})
    assert f"error: {facts['message']}" in lines
    assert '{"error"' not in "".join(lines[:-1])


def test_an_error_is_json_when_the_environment_says_so(ess: Run) -> None:
    last = ess("subs", "lst", env={"ESS_OUTPUT": "json"}).err.splitlines()[-1]
    assert json.loads(last)["error"]["kind"] == "usage"
    assert "{" not in ess("subs", "lst", "-o", "csv", env={"ESS_OUTPUT": "json"}).err


def test_an_error_names_the_argument_with_its_control_characters_visible(ess: Run) -> None:
    outcome = ess("subs", "list", "--cfg", "a\x1b[2Jb\nc\u202e")
    assert outcome.code == 4
    assert outcome.err.splitlines()[0] == (
        r'error: no delivery configuration with the id or name "a\x1b[2Jb\nc\u202e"'
    )
