"""What holds for any bytes, any text and any order of things.

A few examples of each, always the same, run every time; many, always others, with::

    pytest -m long tests/test_properties.py
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import socket
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.conftest import Outcome, Run
from tests.hostile import json_reply

TOKEN = "canary-access-5b1e07"
MANY = 1500


def examples(few: int) -> pytest.MarkDecorator:
    """A few examples each time, many when asked for."""
    many = pytest.param(MANY, marks=pytest.mark.long, id="many")
    return pytest.mark.parametrize("count", [pytest.param(few, id="few"), many])


def _settings(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize=count < MANY,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def prove(
    count: int, **strategies: st.SearchStrategy[Any]
) -> Callable[[Callable[..., None]], None]:
    """Run a function for so many examples of its arguments."""

    def run(holds: Callable[..., None]) -> None:
        _settings(count)(given(**strategies)(holds))()

    return run


class Answers:
    """A service on loopback that answers every request with the same bytes, and hangs up.

    Attributes:
        url: its base URL.
        answer: what it answers with.
        lines: the request lines that came.
    """

    def __init__(self) -> None:
        self.answer = b""
        self.lines: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/ess/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.lines.append(head.partition(b"\r\n")[0].decode("latin-1"))
            connection.sendall(self.answer)
            # What was sent beside is read, or closing would take the answer away again.
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(2)
            while connection.recv(65536):
                pass

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def service() -> Iterator[Answers]:
    running = Answers()
    yield running
    running.close()


class Client:
    """Runs ``ess`` on such a service; :meth:`__call__` checks what holds for every run."""

    def __init__(self, run: Run, service: Answers) -> None:
        self._run = run
        self._env = {
            "ESS_PROFILE": "default",
            "ESS_BASE_URL": service.url,
            "ESS_TOKEN": TOKEN,
            "ESS_TIMEOUT": "1",
        }

    def __call__(self, *argv: str) -> Outcome:
        outcome = self._run(*argv, env=self._env)
        assert outcome.code != 1, outcome
        assert "Traceback" not in outcome.err
        assert TOKEN not in outcome.err
        assert (outcome.code == 0) == (not outcome.err.startswith("error: "))
        return outcome


@pytest.fixture
def client(ess: Run, service: Answers) -> Client:
    return Client(ess, service)


# Replies

finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | finite | st.text()
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = ("topics", "topic-subscriptions", "paged-result", "next-page-uri", "limit", "id", "error")
near_documents = st.dictionaries(
    st.sampled_from(KEYS) | st.text(max_size=3),
    documents | st.lists(st.dictionaries(st.sampled_from(KEYS), documents, max_size=3), max_size=3),
    max_size=4,
)
header_bytes = st.binary(max_size=30) | st.sampled_from(
    [
        b"gzip",
        b"chunked",
        b"0",
        b"-1",
        b"99999999999999999999",
        b"/",
        b"//evil",
        b"1, 2",
        b"identity",
    ]
)
header_names = st.binary(max_size=10) | st.sampled_from(
    [
        b"Content-Length",
        b"Transfer-Encoding",
        b"Content-Encoding",
        b"Location",
        b"Retry-After",
        b"Content-Type",
        b"Connection",
        b"Set-Cookie",
    ]
)
bodies = (
    st.binary(max_size=200)
    | (near_documents | documents).map(lambda value: json.dumps(value).encode())
    | near_documents.map(lambda value: json.dumps(value).encode()[:-1])
)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Bytes that are a reply, or nearly one, or none."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2", b"ICY"]))
    status = draw(st.integers(0, 1000) | st.sampled_from([200, 200, 200, 201, 204, 304, 429]))
    body = draw(bodies)
    lines = [b"%s %d %s" % (version, status, draw(st.binary(max_size=5)))]
    pairs = draw(st.lists(st.tuples(header_names, header_bytes), max_size=3))
    lines += [b"%s: %s" % pair for pair in pairs]
    if draw(st.booleans()):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", b""]) + body


@examples(40)
def test_any_bytes_as_a_reply_to_a_list_are_an_error_or_the_list(
    client: Client, service: Answers, count: int
) -> None:
    @prove(count, answer=replies())
    def holds(answer: bytes) -> None:
        service.answer = answer
        service.lines.clear()
        outcome = client("topics", "list", "-o", "json")
        assert outcome.code in (0, 3, 4, 5, 6, 9)
        assert 1 <= len(service.lines) <= 3 or b"paged-result" in answer
        if outcome.code == 0:
            rows = json.loads(outcome.out)
            assert isinstance(rows, list)
            assert all(isinstance(row, dict) for row in rows)
            assert answer.split(b" ")[1][:1] == b"2"
        else:
            assert outcome.out == ""


@examples(40)
def test_any_bytes_as_a_reply_to_a_get_are_an_error_or_the_object(
    client: Client, service: Answers, count: int
) -> None:
    @prove(count, answer=replies())
    def holds(answer: bytes) -> None:
        service.answer = answer
        outcome = client("delivery-cfg", "get", "7", "-o", "json")
        assert outcome.code in (0, 3, 4, 5, 6, 9)
        if outcome.code == 0:
            assert isinstance(json.loads(outcome.out), dict)
        else:
            assert outcome.out == ""


@examples(40)
def test_any_bytes_as_a_reply_to_a_post_are_an_error_a_doubt_or_a_success(
    client: Client, service: Answers, count: int
) -> None:
    @prove(count, answer=replies())
    def holds(answer: bytes) -> None:
        service.answer = answer
        service.lines.clear()
        outcome = client("api", "POST", "/handled-event-deliveries", "--field", "a=b", "--yes")
        assert outcome.code in (0, 3, 4, 5, 6, 7)
        # Only a plain refusal for too many calls lets it be sent again.
        assert len(service.lines) == 1 or b" 429 " in answer.partition(b"\r\n")[0]
        if outcome.code == 0 and outcome.out.strip():
            json.loads(outcome.out)


@examples(30)
def test_any_document_is_either_refused_or_printed_as_it_is(
    client: Client, service: Answers, count: int
) -> None:
    @prove(count, document=documents | near_documents)
    def holds(document: Any) -> None:
        service.answer = json_reply(document)
        outcome = client("delivery-cfg", "get", "7", "-o", "json")
        assert outcome.code == (0 if isinstance(document, dict) else 9)
        if outcome.code == 0:
            assert json.loads(outcome.out) == document


@examples(25)
def test_any_retry_after_waits_no_longer_than_a_minute(
    client: Client, service: Answers, sleeps: list[float], count: int
) -> None:
    texts = (
        st.binary(max_size=50).map(lambda raw: raw.translate(None, b"\r\n").decode("latin-1"))
        | st.integers().map(str)
        | st.floats().map(str)
        | st.integers(1, 5000).map(lambda length: "9" * length)
        | st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        | st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-9999, 9999)).map(
            lambda parts: "Mon, {} Nov {} 08:00:00 {:+05d}".format(*parts)
        )
    )

    @prove(count, text=texts, status=st.sampled_from([429, 503]))
    def holds(text: str, status: int) -> None:
        service.answer = json_reply({}, status, f"Retry-After: {text}")
        sleeps.clear()
        assert client("topics", "list").code == 6
        assert len(sleeps) in (0, 2)
        assert all(0 <= wait_s <= 60 for wait_s in sleeps)


# Rows

COLUMNS = {"id": "id", "name": "del-cfg-nm", "format": "del-fmt-cd", "address": "addr"}
INVISIBLE = {"Cc", "Zl", "Zp", "Cs"}
TURNING = set(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
texts = st.text(max_size=12) | st.sampled_from(
    [
        *("[/x]", "[link=https://evil]x[/link]", ":bomb:", "\x1b]8;;x\x1b\\", "\x1b[2J", "\x9b2J"),
        *("=cmd|'/c calc'!A0", "+12025550123", "0701", "no", "~", "null", "2026-11-23", "1_000"),
        *("a\r\nb", "\r", "\n", "\t", '"', "'", ",", "\\", "\x00", "\x7f", "\u2028", "\u202e"),
        *("- x", "a: b", "#", "&a", "*a", "!t", "%", "@", "`", "\ud7ff", "\ufeff", "\U000e0041"),
    ]
)
rows_of_text = st.lists(
    st.fixed_dictionaries(
        {"del-cfg-nm": texts, "addr": texts},
        optional={"del-fmt-cd": texts, "extra": documents, "is-active": st.booleans()},
    ),
    max_size=4,
).map(lambda rows: [{"id": str(number), **row} for number, row in enumerate(rows)])


def _is_clean(text: str) -> bool:
    return not any(
        (unicodedata.category(character) in INVISIBLE and character != "\n") or character in TURNING
        for character in text
    )


@examples(20)
def test_any_text_in_any_field_reads_back_equal_and_drives_no_terminal(
    client: Client, service: Answers, count: int
) -> None:
    def printed(output: str, *more: str) -> str:
        outcome = client("delivery-cfg", "list", "-o", output, *more)
        assert outcome.code == 0, outcome
        return outcome.out

    @prove(count, rows=rows_of_text)
    def holds(rows: list[dict[str, Any]]) -> None:
        service.answer = json_reply({"delivery-configurations": rows})
        text = printed("json")
        assert text.isascii()
        assert json.loads(text) == rows
        lines = printed("jsonl").splitlines()
        assert [json.loads(line) for line in lines] == rows
        assert yaml.safe_load(printed("yaml")) == rows
        columns = ("-c", ",".join(COLUMNS))
        records = list(csv.reader(io.StringIO(printed("csv", *columns), newline="")))
        cells = [[row.get(key) or "" for key in COLUMNS.values()] for row in rows]
        assert records == [list(COLUMNS), *cells]
        tsv = printed("tsv", *columns)
        assert [line.count("\t") for line in tsv.split("\n")] == [*[3] * (len(rows) + 1), 0]
        assert _is_clean(tsv.replace("\t", ""))
        table = printed("table", *columns)
        assert _is_clean(table)
        assert printed("name") == "".join(f"{row['id']}\n" for row in rows)

    assert _is_clean("a b\n")
    assert not _is_clean("\x1b")


@examples(30)
def test_any_text_as_a_name_is_one_line(client: Client, service: Answers, count: int) -> None:
    @prove(count, names=st.lists(texts, min_size=1, max_size=4, unique=True))
    def holds(names: list[str]) -> None:
        service.answer = json_reply({"topics": [{"topic-nm": name} for name in names]})
        outcome = client("topics", "list", "-o", "name")
        assert outcome.code == 0
        assert outcome.out.count("\n") == len(names)
        assert outcome.out.endswith("\n")
        assert _is_clean(outcome.out)


@examples(20)
def test_any_text_of_a_guarded_csv_starts_no_formula(
    client: Client, service: Answers, count: int
) -> None:
    @prove(count, name=texts)
    def holds(name: str) -> None:
        service.answer = json_reply({"topics": [{"topic-nm": name}]})
        outcome = client("topics", "list", "-o", "csv", "--excel", "--no-header", "-c", "name")
        (record,) = list(csv.reader(io.StringIO(outcome.out, newline=""))) or [[""]]
        cell = record[0] if record else ""
        assert cell in (name, "'" + name)
        is_number = name[:1] == "+" and name[1:].isascii() and name[1:].isdigit()
        if name.startswith(("=", "@", "\t", "\r", "-")) or (name[:1] == "+" and not is_number):
            assert cell == "'" + name


# What is typed

ids = st.text(st.characters(), min_size=0, max_size=20) | st.sampled_from(
    [
        ".",
        "..",
        "...",
        "a/b",
        "a?b",
        "a#b",
        "a%2Fb",
        "%2e%2e",
        "a b",
        "a+b",
        "//",
        "\\",
        "@",
        ":",
        "é",
        "日本",
        "\ud800",
        "\x00",
        "\n",
        "-",
        "--",
        "-o",
        "~",
        "x" * 256,
        "x" * 257,
    ]
)


@examples(30)
def test_any_id_stands_in_the_request_line_or_nothing_is_sent(
    client: Client, service: Answers, count: int
) -> None:
    service.answer = json_reply({"event-types": []})

    @prove(count, topic=ids)
    def holds(topic: str) -> None:
        service.lines.clear()
        outcome = client("topics", "event-types", "--", topic)
        bad = topic in ("", ".", "..") or len(topic) > 256
        bad = bad or any(unicodedata.category(each) in ("Cc", "Cs") for each in topic)
        if service.lines:
            assert not bad
            assert outcome.code == 0
            encoded = quote(topic, safe="")
            assert service.lines == [f"GET /ess/v1/topics/{encoded}/event-types HTTP/1.1"]
        else:
            assert bad
            assert outcome.code == 2


@examples(20)
def test_any_raw_parameter_stands_in_the_request_line_or_nothing_is_sent(
    client: Client, service: Answers, count: int
) -> None:
    service.answer = json_reply({"topic-subscriptions": []})

    @prove(count, value=st.text(st.characters(), max_size=20))
    def holds(value: str) -> None:
        service.lines.clear()
        outcome = client("subs", "list", "--param", f"x={value}")
        if service.lines:
            (line,) = service.lines
            assert line.endswith(f"&x={quote(value, safe='')} HTTP/1.1")
            assert outcome.code == 0
        else:
            assert outcome.code == 2


TYPED: dict[str, tuple[str, ...]] = {
    "--query": ("topics", "list", "-o", "json"),
    "--columns": ("topics", "list"),
    "--sort": ("topics", "list"),
    "--limit": ("topics", "list"),
    "--offset": ("topics", "list"),
    "--page-size": ("topics", "list"),
    "--timeout": ("topics", "list"),
    "--output": ("topics", "list"),
    "--param": ("topics", "list"),
    "--since": ("deliveries", "list"),
    "--until": ("deliveries", "attempts"),
    "--number": ("subs", "mdn"),
    "--match": ("subs", "mdn"),
    "--start-date": ("subs", "create", "--topic", "NIS-Events", "--cfg", "1266", "--dry-run"),
    "--end-date": ("subs", "update", "SCG-Message", "16301830", "--dry-run"),
    "--at": ("subs", "end", "SCG-Message", "16301830", "--dry-run"),
    "--cron": ("delivery-cfg", "create", "--name", "n", "--dry-run"),
    "--addr": ("delivery-cfg", "update", "1266", "--dry-run"),
    "--throttling": ("delivery-cfg", "update", "1266", "--dry-run"),
}
typed = (
    st.text(st.characters(), max_size=12)
    | st.integers().map(str)
    | st.text("0123456789+-:TZ.dhms ", max_size=20)
    | st.text("abcdehmnot-,+?*[]{}@.|&!`'\"()0123456789 ", max_size=16)
    | st.sampled_from(
        [
            *("9" * 5000, "9999-12-31", "0001-01-01", "10000-01-01", "2026-02-30", "now", "+2d"),
            *("99999999d", "+99999999999d", "2026-11-23T24:00:00Z", "2026-11-23T00:00:60Z"),
            *("inf", "nan", "1e400", "-0", "٣", "²", "sort_by(@, &x)", "[].{a: *}", "@[::0]"),
            *("max(@)", "join(',', @)", "to_number('x')", "[*].*.*.*", "(" * 2000, "!" * 2000),
            *("+12025550123", "+1 (202) 555-0123", "0 0 * * * *", "* * * * * ?", "topic-nm"),
        ]
    )
)


@pytest.mark.parametrize("option", TYPED)
@examples(5)
def test_any_text_for_an_option_is_taken_or_wrong_usage(ess: Run, option: str, count: int) -> None:
    command = TYPED[option]
    name = "" if option == "--number" else option

    @prove(count, text=typed)
    def holds(text: str) -> None:
        # A parameter that the service does not take or an empty criterion, may be refused by it.
        argv = (*command, "--", text) if not name else (*command, f"{name}={text}")
        outcome = ess(*argv)
        assert outcome.code in ((0, 2, 5) if option in ("--param", "--match") else (0, 2)), outcome
        assert "Traceback" not in outcome.err
        if outcome.code == 2:
            assert outcome.out == ""

    assert ess("topics", "list").code == 0


# Configuration

CANARY = "canary-config-e2b817"
SETTINGS = ("base-url", "output", "timeout", "protected", "token-command", "company-id", "token")


@st.composite
def configurations(draw: st.DrawFn) -> bytes:
    """A configuration file, or nearly one, or none; a secret is somewhere in it."""
    secret = CANARY.encode()
    if draw(st.booleans()):
        return draw(st.binary(max_size=60)) + secret + draw(st.binary(max_size=60))
    value = (
        st.text(max_size=10)
        | st.just(CANARY)
        | st.sampled_from(
            [
                "https://x.example",
                "true",
                "json",
                "30",
                "[a, b]",
                "|\n      x",
                "{",
                "&a x",
                "*a",
                "- ",
            ]
        )
    )
    key = st.sampled_from(SETTINGS) | st.text(max_size=5)
    pairs = draw(st.lists(st.tuples(key, value), max_size=4))
    lines = ["profiles:", "  lab:", *(f"    {key}: {value}" for key, value in pairs)]
    lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(["", "  ", "# "])) + CANARY)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@examples(30)
def test_any_bytes_as_a_configuration_are_read_or_refused_unquoted(
    ess: Run, home: Path, count: int
) -> None:
    file = home / ".config" / "ess" / "config.yaml"
    file.parent.mkdir(parents=True)

    @prove(count, content=configurations())
    def holds(content: bytes) -> None:
        file.write_bytes(content)
        outcome = ess("profile", "list", "-o", "json", env={"ESS_PROFILE": ""})
        assert outcome.code in (0, 12), outcome
        assert "Traceback" not in outcome.err
        assert CANARY not in outcome.err
        if outcome.code == 12:
            assert outcome.out == ""


# The sandbox

names = st.text("abcdefgh", min_size=1, max_size=4)


def _machine(run: Run, home: Path) -> type[RuleBasedStateMachine]:
    class Sandbox(RuleBasedStateMachine):
        """Writes by the front door, beside a model of what must be there."""

        def _written(self, *argv: str) -> Any:
            outcome = run(*argv, "-o", "json")
            assert outcome.code == 0, outcome
            return json.loads(outcome.out)

        @initialize()
        def begin(self) -> None:
            shutil.rmtree(home / ".local", ignore_errors=True)
            self.configurations = {row["id"]: row for row in self._listed("delivery-cfg")}
            self.subscriptions = {row["id"]: row for row in self._listed("subs")}
            self.mine: list[str] = []

        def _listed(self, noun: str) -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = self._written(noun, "list", "--page-size", "3")
            return rows

        @rule(name=names, throttling=st.none() | st.integers(1, 1000))
        def create_configuration(self, name: str, throttling: int | None) -> None:
            more = () if throttling is None else ("--throttling", str(throttling))
            url = f"https://{name}.example/"
            row = self._written("delivery-cfg", "create", "--name", name, "--addr", url, *more)
            assert row["id"] not in self.configurations
            assert (row["del-cfg-nm"], row["addr"]) == (name, url)
            assert row.get("throttling") == throttling
            self.configurations[row["id"]] = row

        @rule(data=st.data(), name=names)
        def rename_configuration(self, data: st.DataObject, name: str) -> None:
            number = data.draw(st.sampled_from(sorted(self.configurations)))
            row = self._written("delivery-cfg", "update", number, "--name", name, "--yes")
            before = self.configurations[number]
            for key in row:
                assert row[key] == ({**before, "del-cfg-nm": name})[key]
            before["del-cfg-nm"] = name

        @rule(data=st.data(), active=st.booleans())
        def switch_configuration(self, data: st.DataObject, active: bool) -> None:
            number = data.draw(st.sampled_from(sorted(self.configurations)))
            verb = "enable" if active else "disable"
            assert run("delivery-cfg", verb, number, "--yes").code == 0
            self.configurations[number]["is-active"] = active

        @rule(data=st.data(), digits=st.text("0123456789", min_size=10, max_size=10))
        def subscribe(self, data: st.DataObject, digits: str) -> None:
            number = data.draw(st.sampled_from(sorted(self.configurations)))
            to = ("--topic", "NIS-Events", "--cfg", number)
            argv = ("subs", "create", *to, "--match", f"number = '+1{digits}'")
            outcome = run(*argv, "-o", "json")
            if outcome.code == 8:
                wanted = (number, f"number = '+1{digits}'")
                known = [
                    (row["del-cfg-id"], row["match-crt"]) for row in self.subscriptions.values()
                ]
                assert wanted in known
                return
            assert outcome.code == 0, outcome
            row = json.loads(outcome.out)
            assert row["id"] not in self.subscriptions
            assert row["match-crt"] == f"number = '+1{digits}'"
            self.mine.append(row["id"])
            self.subscriptions[row["id"]] = {**row, "del-cfg-id": number, "topic-nm": "NIS-Events"}
            assert run(*argv).code == 8

        @rule(data=st.data(), text=names)
        def narrow_subscription(self, data: st.DataObject, text: str) -> None:
            number = data.draw(st.sampled_from(sorted(self.subscriptions)))
            topic = self.subscriptions[number]["topic-nm"]
            match = f"company-id = '{text}'"
            row = self._written("subs", "update", topic, number, "--match", match, "--yes")
            assert row["match-crt"] == match
            self.subscriptions[number]["match-crt"] = match

        @invariant()
        def lists_have_what_was_written(self) -> None:
            rows = self._listed("delivery-cfg")
            assert {row["id"]: row for row in rows} == self.configurations
            seen = {row["id"]: row for row in self._listed("subs")}
            assert set(seen) == set(self.subscriptions)
            for number, row in seen.items():
                expected = self.subscriptions[number]
                for key in ("topic-nm", "match-crt", "start-date"):
                    assert row[key] == expected[key]
                assert row["del-cfg-nm"] == self.configurations[row["del-cfg-id"]]["del-cfg-nm"]

    return Sandbox


@pytest.mark.parametrize(
    ("count", "steps"),
    [pytest.param(5, 8, id="few"), pytest.param(150, 25, id="many", marks=pytest.mark.long)],
)
def test_any_order_of_writes_leaves_what_they_say(
    ess: Run, home: Path, count: int, steps: int
) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    chosen = settings(_settings(count), stateful_step_count=steps, derandomize=steps == 8)
    run_state_machine_as_test(_machine(ess, home), settings=chosen)
