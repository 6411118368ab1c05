"""Secrets are planted everywhere, and looked for in everything that was ever written."""

from __future__ import annotations

import ast
import base64
import html
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

import ess_cli
from tests.commands import COMMANDS
from tests.conftest import MemoryKeyring, Outcome, Run
from tests.services import Scripted, service
from tests.test_auth import on_terminal

__all__ = ["service"]

TOKEN = "canary-access-5b1e07"
USER_TOKEN = "canary-user-9c2f44"
PASSWORD = "canary-password-77aa31"
NESTED = "canary-nested-51cc02"
OLD_PASSWORD = "canary-receiver-3d90be"
KEPT = "canary-kept-81fe22"
KEPT_USER = "canary-kept-user-0b6d19"
PRINTED = "canary-printed-44c0de"
IN_CONFIG = "canary-config-e2b817"
IN_URL = "canary-url-6f03ad"
IN_PROXY = "canary-proxy-c4517e"
ALL = (
    *(TOKEN, USER_TOKEN, PASSWORD, NESTED, OLD_PASSWORD, KEPT, KEPT_USER),
    *(PRINTED, IN_CONFIG, IN_URL, IN_PROXY),
)
# Odd, but legal in a header.
ODD = (
    "a+b/c=d~e.f-canary==",
    "100%-canary%2Fsecret%41",
    "canary.*(secret)[a-z]+?^$|{2}",
    'canary"quoted\'secret"',
    "canary\\back\\slash",
    "canary<secret>&amp;more",
    "Basic Y2FuYXJ5OnNlY3JldA==",
    "canary secret of several words",
    "canary with a/slash",
    "******** canary",
)


def forms(secret: str) -> set[str]:
    """A secret as it may turn up."""
    named = {secret, secret.partition(" ")[2] or secret}
    return {
        form
        for each in named
        for form in (
            each,
            quote(each, safe=""),
            quote(each),
            quote_plus(each),
            json.dumps(each)[1:-1],
            html.escape(each),
            base64.b64encode(each.encode()).decode(),
        )
    }


def found(secret: str, *texts: str) -> list[str]:
    """In which form, if in any, a secret stands in texts."""
    return [form for form in forms(secret) if any(form in text for text in texts)]


class Searcher:
    """Runs ``ess``, keeps everything it printed, and searches that and the disk."""

    def __init__(self, run: Run, directory: Path) -> None:
        self._run = run
        self._directory = directory
        self.codes: set[int] = set()
        self.given: set[Path] = set()

    def give(self, name: str, content: str) -> str:
        """A file of the user's own; what is in it stays there."""
        path = self._directory / name
        path.write_text(content)
        self.given.add(path)
        return str(path)

    def __call__(self, *argv: str, secrets: tuple[str, ...] = ALL, **named: Any) -> Outcome:
        outcome = self._run(*argv, **named)
        self.codes.add(outcome.code)
        for secret in secrets:
            assert found(secret, outcome.out, outcome.err) == [], (argv, outcome)
        assert "Traceback" not in outcome.err
        assert outcome.code != 1, outcome
        return outcome

    def search_disk(self, secrets: tuple[str, ...] = ALL) -> int:
        """Search every file; how many there were."""
        paths = [path for path in self._directory.rglob("*") if path.is_file()]
        assert self.given <= set(paths)
        for path in paths:
            if path not in self.given:
                text = path.read_bytes().decode("latin-1")
                for secret in secrets:
                    assert found(secret, text) == [], path
        return len(paths) - len(self.given)


@pytest.fixture
def search(ess: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return Searcher(ess, tmp_path)


LOUD = ("--debug", "-v")
AUTH_SET = ("delivery-cfg", "auth", "set", "1266")
# One call of each command that works in the sandbox as it is new.
CALLS: dict[str, tuple[str, ...]] = {
    "topics list": (),
    "topics event-types": ("NIS-Events",),
    "topics dump": ("NIS-Events", "--yes"),
    "subs list": (),
    "subs mdn": ("+12345678901",),
    "subs mdn-count": (),
    "subs create": ("--topic", "NIS-Events", "--cfg", "1266", "--number", "+12025550123"),
    "subs get": ("16301830",),
    "subs update": ("SCG-Message", "16301830", "--match", "a = 1", "--yes"),
    "subs end": ("SCG-Message", "16301830", "--yes"),
    "delivery-cfg list": (),
    "delivery-cfg create": ("--name", "new", "--addr", "https://new.example/"),
    "delivery-cfg get": ("1266",),
    "delivery-cfg update": ("1266", "--throttling", "5", "--yes"),
    "delivery-cfg enable": ("1266", "--yes"),
    "delivery-cfg disable": ("1266", "--yes"),
    "delivery-cfg auth get": ("1266",),
    "delivery-cfg auth set": (
        *("1266", "--type", "BASIC", "--username", "u", "--password-file", "-", "--yes"),
    ),
    "dictionaries get": ("authentication-types",),
    "event-types list": (),
    "event-types get": ("porting_event",),
    "deliveries list": (),
    "deliveries summary": (),
    "deliveries check": ("--max-failed", "ESS Buffer=100", "--max-age", "100d"),
    "deliveries metrics": ("--textfile", "-"),
    "deliveries attempts": (),
    "deliveries track": ("ADEIboH1Q7m-OYRV2m268A", "1266"),
    "deliveries export": ("--to", "exported.jsonl"),
    "deliveries tail": ("--for", "1s"),
    "deliveries mark-handled": (
        *("--event-id", "e", "--topic", "t", "--event-type", "y", "--cfg", "1266", "--yes"),
    ),
    "deliveries report": ("--html", "report.html"),
    "buffer-files list": (),
    "api": ("GET", "/topics"),
    "auth status": ("--offline",),
    "auth login": ("--with-token",),
    "auth refresh": ("--yes",),
    "auth logout": (),
    "profile list": (),
    "profile show": (),
    "profile set": ("extra", "--timeout", "5"),
    "profile use": ("default",),
    "profile remove": ("extra", "--yes"),
    "sandbox status": (),
    "sandbox reset": ("--yes",),
    "sandbox emit": (
        *("porting_event", "--field", "number=+12345678901", "--field"),
        "porting_date=2026-11-23",
    ),
    "sandbox faults": (),
    "sandbox seed": ("--subscriptions", "5", "--deliveries", "5"),
    "completion": ("bash",),
    "help": ("output",),
}
# They run until they are ended; their own tests look for secrets in what they print.
NOT_CALLED = {"listen", "sandbox serve", *(name for name in COMMANDS if name.startswith("help "))}


def test_every_command_is_called_here() -> None:
    assert {name for name in COMMANDS if name not in CALLS} <= NOT_CALLED
    assert set(CALLS) <= set(COMMANDS)


def _sent_by(name: str, status: int) -> tuple[str, ...]:
    """The secrets that a command sends, and so knows."""
    if name == "api" and status == 200:
        return ()  # it prints the reply as it came
    if name == "auth login":
        return (TOKEN,)
    return (TOKEN, USER_TOKEN, PASSWORD) if "set" in name else (TOKEN, USER_TOKEN)


STATUSES = (200, 302, 400, 401, 503)


def _echo(kind: str, secrets: str) -> bytes:
    """A body that says back what was sent."""
    text = f"you sent Authorization: Bearer {secrets}"
    return {
        "json": json.dumps({"error": {"code": secrets, "message": text}}),
        "html": f"<html><title>{html.escape(text)}</title></html>",
        "xml": f"<e><code>1</code><message>{html.escape(text)}</message></e>",
        "url": f"see https://x.example/?t={quote(secrets, safe='')}",
        "base64": base64.b64encode(secrets.encode()).decode(),
        "text": text,
    }[kind].encode()


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", [name for name in CALLS if not name.startswith("sandbox")])
def test_no_command_repeats_what_a_reply_says_back(
    search: Searcher, service: Scripted, name: str, status: int
) -> None:
    kinds = ("json", "html", "text", "url", "xml")
    body = _echo(kinds[(len(name) + status) % len(kinds)], f"{TOKEN} {USER_TOKEN} {PASSWORD}")
    headers = {"Location": f"https://u:{TOKEN}@{TOKEN}.example/{USER_TOKEN}"}
    headers |= {"Content-Type": f"text/{TOKEN}", "Retry-After": TOKEN, "X-Echo": TOKEN}
    for method in ("GET", "POST", "PUT"):
        for path in _PATHS:
            service.answer(method, path, body, status, **headers)
    output = ("json", "jsonl", "yaml", "csv", "tsv", "table", "name")[(len(name) + status) % 7]
    outcome = search(
        *name.split(),
        *CALLS[name],
        *LOUD,
        "-o",
        output,
        stdin=f"{PASSWORD}\n" if "set" in name else f"{TOKEN}\n",
        env={
            "ESS_PROFILE": "default",
            "ESS_BASE_URL": service.url,
            "ESS_TOKEN": TOKEN,
            "ESS_USER_TOKEN": USER_TOKEN,
        },
        # A password is known from where it was given; elsewhere a reply of it is data.
        secrets=_sent_by(name, status),
    )
    if service.sent and status not in (200, 204):
        assert outcome.code != 0 or name in ("auth status", "topics dump")
    search.search_disk()


_PATHS = [
    "/topics",
    "/topics/NIS-Events/event-types",
    "/topics/NIS-Events/dump-subscriptions",
    "/topics/NIS-Events/subscriptions",
    "/topics/SCG-Message/subscriptions/16301830",
    "/topic-subscriptions",
    "/topic-subscriptions/mdn",
    "/topic-subscriptions/uniqueMdnCount",
    "/delivery-configurations",
    "/delivery-configurations/1266",
    "/delivery-configurations/1266/authentication",
    "/dictionaries/authentication-types",
    "/event-types",
    "/event-types/porting_event",
    "/event-deliveries",
    "/event-deliveries/summary",
    "/event-deliveries/ADEIboH1Q7m-OYRV2m268A:1266/tracking",
    "/event-delivery-attempts",
    "/handled-event-deliveries",
    "/event-buffer-files",
]


@pytest.mark.parametrize("output", ["table", "json", "csv"])
@pytest.mark.parametrize("name", CALLS)
def test_no_command_shows_a_secret_where_it_succeeds(
    search: Searcher, memory_keyring: MemoryKeyring, name: str, output: str
) -> None:
    memory_keyring.secrets["ess:https://api.syniverse.com:443", "default:token"] = KEPT
    memory_keyring.secrets["ess:https://api.syniverse.com:443", "default:user-token"] = KEPT_USER
    set_first = ("delivery-cfg", "auth", "set", "1266", "--type", "BASIC", "--username", "u")
    assert search(*set_first, "--password-file", "-", "--yes", stdin=OLD_PASSWORD).code == 0
    env = {"ESS_TOKEN": TOKEN, "ESS_USER_TOKEN": USER_TOKEN}
    if name.startswith(("auth", "profile")):
        env["ESS_PROFILE"] = "default"
    search(*name.split(), *CALLS[name], *LOUD, "-o", output, env=env, stdin=PASSWORD)
    assert search.codes <= {0, 2, 4, 6, 12}
    # The receiver's own password has to be kept where the sandbox can show it again.
    kept = (OLD_PASSWORD, PASSWORD)
    search.search_disk(tuple(secret for secret in ALL if secret not in kept))


@pytest.mark.parametrize("token", ODD)
@pytest.mark.parametrize("kind", ["json", "html", "xml", "text", "url", "base64"])
@pytest.mark.parametrize("status", [200, 403])
def test_a_token_of_odd_characters_is_masked_in_whatever_form_it_comes_back(
    search: Searcher, service: Scripted, token: str, kind: str, status: int
) -> None:
    body = _echo(kind, token)
    if status == 200 and kind == "json":
        body += b"}"
    service.answer("GET", "/topics", body, status)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": token}
    outcome = search("topics", "list", "--debug", "-o", "json", env=env, secrets=(token,))
    assert outcome.code == {200: 9, 400: 5, 403: 3, 500: 6}[status]
    assert "********" in outcome.err
    search.search_disk((token,))


@pytest.mark.parametrize(
    ("token", "user_token"),
    [("canary-abc", "canary-abc-and-more"), ("canary-abc-and-more", "canary-abc")],
)
def test_a_secret_within_another_one_leaves_no_rest_of_it(
    search: Searcher, service: Scripted, token: str, user_token: str
) -> None:
    service.answer("GET", "/topics", f"{token} {user_token}!".encode(), 400)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url}
    env |= {"ESS_TOKEN": token, "ESS_USER_TOKEN": user_token}
    outcome = search("topics", "list", env=env, secrets=(token, user_token, "and-more"))
    assert outcome.err.startswith("error: GET /topics: 400: ******** ********!\n")


def test_secrets_are_masked_in_an_error_for_programs_too(
    search: Searcher, service: Scripted
) -> None:
    service.answer("GET", f"/event-types/{TOKEN}", b"", 404)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": TOKEN}
    outcome = search("event-types", "get", TOKEN, "-o", "json", env=env)
    assert outcome.code == 4
    message = json.loads(outcome.err.splitlines()[-1])["error"]["message"]
    assert message == "GET /event-types/********: 404"


def test_a_question_shows_no_secret(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("1266\n")
    argv = [*AUTH_SET, "--type", "BASIC", "--username", "u", "--password-file", str(password)]
    code, screen = on_terminal(tmp_path, ["-p", "sandbox", *argv], [("[y/N] ", "n\n")])
    assert code == 8
    assert "authentication of delivery configuration ********: do it? [y/N] " in screen
    assert "1266" not in screen


def test_no_phone_number_is_in_an_error_about_a_connection(search: Searcher) -> None:
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": "http://127.0.0.1:9", "ESS_TOKEN": TOKEN}
    outcome = search("subs", "mdn", "+12025550123", *LOUD, "-o", "json", env=env)
    assert outcome.code == 6
    assert "2025550123" not in outcome.err


def test_a_run_masks_no_secret_of_the_run_before(ess: Run) -> None:
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": "http://127.0.0.1:9", "ESS_TOKEN": "nobody"}
    assert ess("topics", "list", env=env).code == 6
    assert ess("-p", "nobody", "topics", "list").err.startswith(
        'error: no profile named "nobody"\n'
    )


@pytest.mark.parametrize(
    "document",
    [
        {"type": "BASIC", "settings": {"username": "u", "password": OLD_PASSWORD}},
        {"type": "OAUTH", "settings": {"deep": {"er": [OLD_PASSWORD]}, "n": OLD_PASSWORD}},
        {"type": "BASIC", "username": "u", "password": OLD_PASSWORD},
        {"type": "BASIC", "settings": [OLD_PASSWORD]},
        {"type": "BASIC", "settings": OLD_PASSWORD},
        {"type": "BASIC", "settings": {"username": {"password": OLD_PASSWORD}}},
        [{"type": "BASIC", "settings": {"password": OLD_PASSWORD}}],
    ],
)
@pytest.mark.parametrize("output", ["table", "json", "jsonl", "yaml", "csv", "tsv"])
def test_a_receivers_password_is_masked_whatever_shape_the_reply_has(
    search: Searcher, service: Scripted, document: Any, output: str
) -> None:
    service.answer("GET", "/delivery-configurations/7/authentication", document)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": TOKEN}
    search("delivery-cfg", "auth", "get", "7", *LOUD, "-o", output, env=env)
    query = ("--query", "[@, settings, settings.password, password, [0]]")
    search("delivery-cfg", "auth", "get", "7", *query, "-o", output, env=env)
    search.search_disk()


def test_a_receivers_password_is_not_quoted_from_a_reply_that_was_cut(
    search: Searcher, service: Scripted
) -> None:
    cut = json.dumps({"type": "BASIC", "settings": {"password": OLD_PASSWORD}}).encode()[:-1]
    service.answer("GET", "/delivery-configurations/7/authentication", cut)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": TOKEN}
    assert search("delivery-cfg", "auth", "get", "7", *LOUD, env=env).code == 9


def test_reveal_shows_a_receivers_password(search: Searcher, service: Scripted) -> None:
    document = {"type": "BASIC", "settings": {"username": "u", "password": OLD_PASSWORD}}
    service.answer("GET", "/delivery-configurations/7/authentication", document)
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": TOKEN}
    argv = ("delivery-cfg", "auth", "get", "7", "--reveal", "-o", "json")
    outcome = search(*argv, env=env, secrets=(TOKEN,))
    assert json.loads(outcome.out) == document
    assert OLD_PASSWORD not in outcome.err


@pytest.mark.parametrize("status", [200, 204, 302, 400, 409, 500])
@pytest.mark.parametrize("given", ["file", "stdin", "oauth", "oauth on stdin", "dry"])
def test_settings_of_a_receiver_are_masked_in_what_is_shown_and_what_comes_back(
    search: Searcher, service: Scripted, given: str, status: int
) -> None:
    settings = {"username": "u", "secret": PASSWORD, "deep": {"er": [{"x": NESTED}]}}
    password = search.give("password", f"{PASSWORD}\n")
    oauth = search.give("oauth", json.dumps(settings))
    basic = ("--type", "BASIC", "--username", "u", "--password-file")
    options = {
        "file": (*basic, password),
        "stdin": (*basic, "-"),
        "oauth": ("--type", "OAUTH", "--settings-file", oauth),
        "oauth on stdin": ("--type", "OAUTH", "--settings-file", "-"),
        "dry": (*basic, password, "--dry-run"),
    }[given]
    body = json.dumps({"error": {"message": f"no: {PASSWORD} {NESTED}"}}).encode()
    path = "/delivery-configurations/7/authentication"
    service.answer("PUT", path, None if status == 204 else body, status, Location=f"/{PASSWORD}")
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": service.url, "ESS_TOKEN": TOKEN}
    stdin = json.dumps(settings) if given == "oauth on stdin" else f"{PASSWORD}\n"
    for output in ("json", "table", "yaml", "csv"):
        outcome = search(
            *("delivery-cfg", "auth", "set", "7", *options, "--yes", *LOUD, "-o", output),
            stdin=stdin,
            env=env,
            secrets=(TOKEN, PASSWORD, NESTED) if "oauth" in given else (TOKEN, PASSWORD),
        )
    sent = {200: 0, 204: 0, 302: 7, 400: 5, 409: 5, 500: 7}[status]
    assert outcome.code == (0 if given == "dry" else sent)
    search.search_disk()


@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_a_token_command_and_a_keyring_are_never_quoted(
    search: Searcher, service: Scripted, memory_keyring: MemoryKeyring, output: str
) -> None:
    origin = service.url.removesuffix("/ess/v1")
    prints = search.give("prints", PRINTED)
    lab = ("profile", "set", "lab", "--base-url", service.url)
    assert search(*lab, "--token-command", f"cat {prints}").code == 0
    memory_keyring.secrets[f"ess:{origin}", "lab:token"] = KEPT
    memory_keyring.secrets[f"ess:{origin}", "lab:user-token"] = KEPT_USER
    service.answer("GET", "/topics", f"{PRINTED} {KEPT} {KEPT_USER}".encode(), 403)
    for argv in (("topics", "list"), ("auth", "status"), ("profile", "show"), ("profile", "list")):
        # Of the keyring nothing is read where the command answers.
        search("-p", "lab", *argv, *LOUD, "-o", output, secrets=(PRINTED,))
    assert search("profile", "set", "lab", "--no-token-command").code == 0
    for argv in (("topics", "list"), ("auth", "status"), ("auth", "logout")):
        search("-p", "lab", *argv, *LOUD, "-o", output, secrets=(KEPT, KEPT_USER))
    for bad in (f"{PRINTED}\nsecond line", f"{PRINTED}\x07", f" {PRINTED} ", f"{PRINTED}é"):
        Path(prints).write_text(bad)
        assert search(*lab, "--token-command", f"cat {prints}").code == 0
        assert search("-p", "lab", "topics", "list", *LOUD).code == 12
    search(*lab, "--token-command", f"sh -c 'cat {prints}; cat {prints} >&2; exit 3'")
    assert search("-p", "lab", "topics", "list", *LOUD).code == 12
    search.search_disk()


@pytest.mark.parametrize(
    "line",
    [
        f"    token: {IN_CONFIG}",
        f"    password: '{IN_CONFIG}",
        f"    api_key: [{IN_CONFIG}",
        f"    {IN_CONFIG}: yes",
        f"    base-url: https://{IN_CONFIG}@host",
        f"    base-url: {IN_CONFIG}",
        f"    timeout: {IN_CONFIG}",
        f"    output: {IN_CONFIG}",
        f"    protected: {IN_CONFIG}",
        f"    token-command: {IN_CONFIG}",
        f"    token-command: [a, [{IN_CONFIG}]]",
        f"    company-id: &{IN_CONFIG} x",
        f"    company-id: !{IN_CONFIG} x",
        f"    company-id: *{IN_CONFIG}",
        f'    company-id: "{IN_CONFIG}\\q"',
        f"\t{IN_CONFIG}",
        f"  {IN_CONFIG} {IN_CONFIG}: {{",
        f"---\n{IN_CONFIG}",
        f"%YAML {IN_CONFIG}",
    ],
)
def test_a_configuration_file_with_a_secret_in_it_is_refused_unquoted(
    search: Searcher, home: Path, line: str
) -> None:
    place = home / ".config" / "ess" / "config.yaml"
    place.parent.mkdir(parents=True)
    place.write_text(f"profiles:\n  default:\n{line}\n")
    search.given.add(place)
    for argv in (("topics", "list"), ("profile", "list"), ("profile", "show"), ("auth", "status")):
        outcome = search(*argv, *LOUD, "-o", "json", env={"ESS_PROFILE": "", "ESS_TOKEN": TOKEN})
        assert outcome.code == 12
    search("profile", "set", "other", "--timeout", "4")
    search.search_disk()


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{IN_URL}@api.example/ess",
        f"https://{IN_URL}@api.example",
        f"https://user:{IN_URL}\\@api.example",
        f"https://api.example/?token={IN_URL}",
        f"https://api.example/#{IN_URL}",
        f"http://user:{IN_URL}@127.0.0.1:1/ess",
        f"//user:{IN_URL}@api.example",
        f"user:{IN_URL}@api.example",
    ],
)
def test_a_base_url_with_a_password_is_refused_unquoted(search: Searcher, url: str) -> None:
    plain = {"ESS_PROFILE": "", "ESS_TOKEN": TOKEN}
    assert search("topics", "list", *LOUD, "--base-url", url, env=plain).code == 2
    assert search("profile", "set", "x", f"--base-url={url}", "-o", "json", env=plain).code == 2
    assert search("topics", "list", *LOUD, env=plain | {"ESS_BASE_URL": url}).code == 12
    assert search("profile", "show", env=plain | {"ESS_BASE_URL": url}).code == 12
    search("auth", "login", "--base-url", url, env=plain, stdin=TOKEN)
    if "//" in url:
        assert search("api", "GET", url, env=plain).code == 2
    search.search_disk()


@pytest.mark.parametrize("proxy", [f"http://u:{IN_PROXY}@127.0.0.1:9", f"u:{IN_PROXY}@[::1", "x"])
def test_a_proxys_password_is_not_quoted(search: Searcher, proxy: str) -> None:
    env = {"ESS_PROFILE": "default", "ESS_BASE_URL": "https://api.invalid/ess/v1"}
    env |= {"ESS_TOKEN": TOKEN, "HTTPS_PROXY": proxy}
    assert search("topics", "list", *LOUD, "-o", "json", env=env).code in (6, 12)


@pytest.mark.parametrize(
    "argv",
    [
        ("--token", TOKEN, "topics", "list"),
        ("topics", "list", f"--token={TOKEN}"),
        ("auth", "login", TOKEN),
        ("auth", TOKEN),
        ("auth", "login", "--token", TOKEN),
        ("auth", "login", f"--token={TOKEN}"),
        ("auth", "login", "--with-token", TOKEN),
        ("auth", "login", f"--with-token={TOKEN}"),
        ("auth", "login", "--user-token", TOKEN),
        ("auth", "status", TOKEN),
        ("delivery-cfg", "auth", "set", "7", "--type", "BASIC", "--password", TOKEN),
        ("delivery-cfg", "auth", "set", "7", "--type", "BASIC", f"--password={TOKEN}"),
        ("delivery-cfg", "auth", "set", "7", "--type", "BASIC", "--username", "u", TOKEN),
    ],
)
def test_a_secret_on_the_command_line_is_refused_unrepeated(
    search: Searcher, argv: tuple[str, ...]
) -> None:
    outcome = search(*argv, *LOUD, "-o", "json")
    assert outcome.code == 2
    search.search_disk()


def test_the_sandbox_server_logs_no_header_no_query_and_no_body(tmp_path: Path) -> None:
    import urllib.request

    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ESS_TOKEN": KEPT}
    environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "sandbox", "serve", "--port", "0", *LOUD],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    headers = {"Authorization": f"Bearer {TOKEN}", "user-token": USER_TOKEN}
    headers["Content-Type"] = "application/json"
    body = json.dumps({"type": "BASIC", "settings": {"username": "u", "password": PASSWORD}})
    for method, path, data in (
        ("GET", f"/topics?limit=1&x={IN_URL}", None),
        ("PUT", "/delivery-configurations/1266/authentication", body.encode()),
    ):
        request = urllib.request.Request(url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            assert answer.status in (200, 204)
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert "GET /ess/v1/topics 200" in err
    assert "PUT /ess/v1/delivery-configurations/1266/authentication 20" in err
    for secret in (TOKEN, USER_TOKEN, PASSWORD, IN_URL, KEPT):
        assert found(secret, out, err) == []
    for file in tmp_path.rglob("*"):
        if file.is_file():
            text = file.read_bytes().decode("latin-1")
            for secret in (TOKEN, USER_TOKEN, IN_URL, KEPT):
                assert found(secret, text) == []


@pytest.mark.parametrize(
    "argv",
    [
        (*AUTH_SET, "--type", "BASIC", "--username", "u", "--password-file", "-", "--yes"),
        (*AUTH_SET, "--type", "OAUTH", "--settings-file", "-", "--yes"),
        ("api", "POST", "/topics", "--data", "-", "--yes"),
        ("topics", "list", "--token-file", "-", "-p", "default"),
    ],
)
def test_a_closed_stdin_is_wrong_usage(tmp_path: Path, argv: tuple[str, ...]) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ESS_PROFILE": "sandbox"}
    environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "ess_cli", *argv],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "stdin" in ended.stderr


# One place

# Who may touch the streams, and why beside render and main.
MAY_WRITE = {
    "main.py": "the end of everything, and what is answered before anything is imported",
    "render/terminal.py": "the streams' home",
    "context/asking.py": "hands stderr to getpass, which writes the prompt there",
}
WRITERS = {"print", "input", "breakpoint"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def _touches(tree: ast.AST) -> Iterator[str]:
    """What in a module may write to a stream."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in WRITERS:
                yield f"{node.lineno}: {node.func.id}()"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if node.value.id == "sys" and (node.attr in STREAMS or node.attr == "displayhook"):
                yield f"{node.lineno}: {name}"
            if name in ("os.write", "os.writev", "os.sendfile", "warnings.warn", "typer.echo"):
                yield f"{node.lineno}: {name}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = {alias.name.partition(".")[0] for alias in node.names}
            if "logging" in names or module.startswith("logging") or "secho" in names:
                yield f"{node.lineno}: import of logging"
            if module == "sys" and names & STREAMS:
                yield f"{node.lineno}: import of a stream"


def test_nothing_but_render_and_main_writes_to_the_streams() -> None:
    package = Path(ess_cli.__file__).parent
    touching = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        found_here = list(_touches(ast.parse(path.read_text(encoding="utf-8"))))
        if found_here:
            touching[name] = found_here
    assert {name: lines for name, lines in touching.items() if name not in MAY_WRITE} == {}
    assert set(touching) == set(MAY_WRITE)


def test_the_walk_finds_what_it_is_for() -> None:
    source = "import logging\nimport sys\nprint(1)\nsys.stderr.write('x')\nfrom sys import stdout\n"
    assert len(list(_touches(ast.parse(source)))) == 4


def test_there_is_one_redaction_function_and_one_mask() -> None:
    package = Path(ess_cli.__file__).parent
    defined = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.FunctionDef) and node.name in ("redact", "register"))
        or (isinstance(node, ast.Constant) and node.value == "********")
    ]
    assert sorted(set(defined)) == ["redaction.py"]
