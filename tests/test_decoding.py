"""Replies that are no JSON, or not the JSON that was due, and numbers that must survive."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ess_cli.api.decoding import decode
from ess_cli.api.incremental import Rows
from ess_cli.api.shapes import rows_under
from tests import hostile
from tests.conftest import Outcome
from tests.hostile import TOKEN, Hostile, Step, Wire, close, on, pour, reply

wire = hostile.wire

TOPICS = "GET /ess/v1/topics?limit=1000"
ROOT = Path(__file__).parent.parent
LARGE = 70_000  # where orjson has taken over

REFUSED = {
    "NaN": (b'{"topics": [], "x": NaN}', "not usable JSON"),
    "Infinity": (b'{"topics": [], "x": -Infinity}', "not usable JSON"),
    "a number beyond all floats": (b'{"topics": [], "x": 1E400}', "not usable JSON"),
    "an integer of 5000 digits": (b'{"topics": [], "x": ' + b"7" * 5000 + b"}", "not usable JSON"),
    "100,000 brackets": (b"[" * 100_000, "not usable JSON"),
    "60,000 brackets": (b"[" * 60_000, "not usable JSON"),
    "100,000 objects": (b'{"a":' * 100_000, "not usable JSON"),
    "bytes that are no UTF-8": (b'{"topics": [{"topic-nm": "caf\xe9"}]}', "not usable JSON"),
    "UTF-16": ('{"topics": []}'.encode("utf-16"), "not usable JSON"),
    "a lone surrogate, escaped": (b'{"topics": [{"topic-nm": "\\uD800"}]}', "not usable JSON"),
    "a lone low surrogate": (b'{"topics": [{"topic-nm": "\\udfff x"}]}', "not usable JSON"),
    "a lone surrogate, raw": (b'{"topics": [{"topic-nm": "\xed\xa0\x80"}]}', "not usable JSON"),
    "overlong UTF-8": (b'{"topics": [{"topic-nm": "\xc0\xae"}]}', "not usable JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"topics": []}', "not usable JSON"),
    "a page": (b"<html>Sign in</html>", "not usable JSON"),
    "two documents": (b'{"topics": []}{"topics": []}', "not usable JSON"),
    "half a document": (b'{"topics": [', "not usable JSON"),
    "a comma too many": (b'{"topics": [],}', "not usable JSON"),
    "a raw newline in a text": (b'{"topics": [{"topic-nm": "a\nb"}]}', "not usable JSON"),
    "nothing": (b"", "not usable JSON: it is empty"),
    "blanks": (b" \r\n\t", "not usable JSON: it is empty"),
    "null": (b"null", 'the reply has no list of objects under "topics"'),
    "a list": (b"[]", 'the reply has no list of objects under "topics"'),
    "a number": (b"0", 'the reply has no list of objects under "topics"'),
    "a text": (b'"topics"', 'the reply has no list of objects under "topics"'),
    "an empty object": (b"{}", 'the reply has no list of objects under "topics"'),
    "another key": (b'{"Topics": []}', 'the reply has no list of objects under "topics"'),
    "no list": (b'{"topics": {"a": 1}}', 'the reply has no list of objects under "topics"'),
    "no objects": (b'{"topics": [1]}', 'the reply has no list of objects under "topics"'),
    "null among them": (b'{"topics": [{}, null]}', "no list of objects"),
}


@pytest.mark.parametrize("padding", [0, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED)
def test_a_reply_that_cannot_be_used_says_what_it_is(
    wire: Wire, body: bytes, why: str, padding: int
) -> None:
    padded = body + b" " * padding
    server = wire.serve(on(TOPICS, reply(200, padded, "Content-Type: application/json")))
    outcome = wire.ess(server, "topics", "list", "--json")
    assert (outcome.code, outcome.out) == (9, "")
    first, facts, begins, *_ = outcome.err.splitlines()
    assert first.startswith("error: GET /topics: ")
    assert why in first
    assert facts == "  200, application/json"
    assert begins == "  empty" or begins.startswith("  begins: ")
    assert outcome.err.isascii() or outcome.err.replace("\ufffd", "").isascii()
    assert len(outcome.err) < 1500


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        (b"null", "null"),
        (b"  <html>\n<p>\x1b]0;x\x07", "<html>\\n<p>\\x1b]0;x\\x07"),
        (b"\xff\xfe<", "\ufffd\ufffd<"),
        (b"\xe2\x80\xaegnp", "\\u202egnp"),
        (b"a" * 300, "a" * 200),
    ],
)
def test_a_reply_that_cannot_be_used_shows_how_it_begins(
    wire: Wire, body: bytes, begins: str
) -> None:
    server = wire.serve(on("GET /ess/v1/event-types/x", reply(203, body)))
    outcome = wire.ess(server, "event-types", "get", "x")
    assert outcome.code == 9
    assert f"  203, no content type\n  begins: {begins}\n" in outcome.err


def test_a_204_is_no_answer_to_a_read(wire: Wire) -> None:
    server = wire.serve(on(TOPICS, b"HTTP/1.1 204 No Content\r\n\r\n"))
    outcome = wire.ess(server, "topics", "list")
    assert outcome.code == 9
    assert "  204, no content type\n  empty\n" in outcome.err


# Numbers

HUGE = [2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40, -(10**400)]


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("rows", [1, 40, 1500], ids=lambda rows: f"{rows} rows")
def test_integers_beyond_64_bits_survive_exactly(wire: Wire, form: str, rows: int) -> None:
    topics = [{"topic-nm": f"t{row}", "pad": "x" * 50, "n": HUGE} for row in range(rows)]
    body = json.dumps({"topics": topics, "paged-result": {"limit": 5000}}).encode()
    assert (len(body) > LARGE) == (rows > 40)
    server = wire.serve(on(TOPICS, reply(200, body)))
    outcome = wire.ess(server, "topics", "list", "-o", form)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    shown = json.loads(outcome.out) if form == "json" else [json.loads(line) for line in lines]
    assert shown == topics


@pytest.mark.parametrize("padding", [0, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("before", [b"", b"-"])
@pytest.mark.parametrize("digits", [18, 19, 20, 25])
@pytest.mark.parametrize("where", [b'{"a":%s}', b"[1,%s]", b'{"a": %s}', b"[\r\n\t%s\n]", b"%s"])
def test_any_long_integer_is_found_wherever_it_stands(
    padding: int, before: bytes, digits: int, where: bytes
) -> None:
    number = before + b"9" * digits
    document = decode(where % number + b" " * padding)
    found = document["a"] if isinstance(document, dict) else document
    assert (found[-1] if isinstance(found, list) else found) == int(number)


@pytest.mark.parametrize("offset", range(-24, 3))
def test_a_long_integer_is_found_across_the_pieces_that_are_searched(offset: int) -> None:
    blanks = b" " * ((1 << 20) + offset - 1)
    assert decode(b"[" + blanks + b"1" * 22 + b"]") == [int("1" * 22)]


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.sampled_from([0, LARGE]),
    st.booleans(),
)
def test_what_is_json_is_read_as_the_standard_library_reads_it(
    value: object, padding: int, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        body = text.encode() + b" " * padding
        expected = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    except (UnicodeEncodeError, pytest.fail.Exception):
        return
    assert decode(body) == expected


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from([0, LARGE]))
def test_any_bytes_are_json_or_a_value_error(body: bytes, padding: int) -> None:
    try:
        decode(body + b" " * padding)
    except ValueError:
        return


ROWS = (
    ' {"a" : [1, -2.5e-3,true,{"b":null}], "topics":[ {"id":"\\ud83d\\udca3\\\\\\"]},"}, {},\t'
    '{"n":123456789012345678901234567890,"x":"caf\u00e9 \U0001f4a3 ,]}"}\n] , "z":"",'
    '"t":-2.5e30 } '
)


@pytest.mark.parametrize("cut", range(len(ROWS.encode())))
def test_a_long_list_is_the_same_wherever_its_text_is_divided(cut: int) -> None:
    begins = b'{"pad":"' + b"x" * ((1 << 20) - cut - 10) + b'",'
    body = begins + ROWS.encode().lstrip(b" {")
    rows = Rows(body, "topics")
    read = [row for batch in rows for row in batch]
    whole = decode(body)
    assert read == whole.pop("topics")
    assert rows.facts == whole


@settings(max_examples=500, deadline=None)
@given(
    st.integers(0, len(ROWS)),
    st.integers(0, 4),
    st.text(' \t\n{}[]:,"\\\\ud8x-+.0159eEtrufalsnNI\u00e9', max_size=3),
)
@example(ROWS.index("]"), 0, ",")
@example(ROWS.rindex("\n]"), 0, ",")
@example(ROWS.rindex("}"), 0, ",")
def test_a_long_list_is_refused_where_a_short_one_would_be(at: int, gone: int, put: str) -> None:
    text = ROWS[:at] + put + ROWS[at + gone :]
    try:
        whole = decode(text.encode())
        listed: object = rows_under("topics")(whole)
        whole.pop("topics")
    except ValueError:
        whole = listed = None
    rows = Rows(text.encode(), "topics")
    try:
        read: object = [row for batch in rows for row in batch]
    except ValueError:
        read = None
    assert read == listed
    assert read is None or rows.facts == whole


def test_a_key_given_twice_does_not_matter(wire: Wire) -> None:
    body = b'{"topics": [1], "topics": [{"topic-nm": "a", "topic-nm": "b"}]}'
    server = wire.serve(on(TOPICS, reply(200, body)))
    outcome = wire.ess(server, "topics", "list", "-o", "jsonl")
    assert (outcome.code, outcome.out) == (0, '{"topic-nm":"b"}\n')


def test_deep_brackets_in_a_field_are_no_bug(wire: Wire) -> None:
    deep = b"[" * 900 + b"]" * 900
    for form in ("json", "jsonl", "yaml", "csv", "tsv", "table"):
        server = wire.serve(on(TOPICS, reply(200, b'{"topics": [{"topic-nm": %s}]}' % deep)))
        assert wire.ess(server, "topics", "list", "-o", form).code in (0, 9)


# Bytes on the wire that are no proper HTTP, or compressed

GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(b'{"topics": []}')


def _gzip(data: bytes) -> bytes:
    return GZIP % len(data) + data


GOOD: dict[str, bytes] = {
    "gzip": _gzip(PACKED),
    "gzip in two members": _gzip(gzip.compress(b'{"topics"') + gzip.compress(b": []}")),
    "gzip in chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(PACKED), PACKED),
    "chunks with extensions": CHUNKED + b'e;x="y"\r\n{"topics": []}\r\n0\r\nX: y\r\n\r\n',
    "no length, to the end": b'HTTP/1.1 200 OK\r\n\r\n{"topics": []}',
    "HTTP/1.0": b'HTTP/1.0 200 OK\r\n\r\n{"topics": []}',
    "100 Continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + reply(200, b'{"topics": []}'),
    "a status line without a reason": b'HTTP/1.1 200\r\n\r\n{"topics": []}',
    "the same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Length: 14\r\n\r\n"
    b'{"topics": []}',
}


@pytest.mark.parametrize("sent", GOOD.values(), ids=GOOD)
def test_what_is_unusual_but_proper_is_read(wire: Wire, sent: bytes) -> None:
    server = wire.serve(on(TOPICS, sent, close))
    outcome = wire.ess(server, "topics", "list", "--json")
    assert (outcome.code, outcome.out) == (0, "[]\n")


BAD: dict[str, bytes] = {
    "half of a gzip": _gzip(PACKED[: len(PACKED) // 2]),
    "gzip that is none": _gzip(b'{"topics": []}'),
    "gzip with a broken middle": _gzip(PACKED[:12] + b"\xff\xff\xff" + PACKED[15:]),
    "deflate that is none": b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 2\r\n"
    b"\r\n{}",
    "an encoding nobody asked for": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n"
    b"Content-Length: 4\r\n\r\n\x0b\x06\x80{",
    "seven encodings": b"HTTP/1.1 200 OK\r\nContent-Encoding: " + b"gzip, " * 6 + b"gzip\r\n"
    b"Content-Length: 2\r\n\r\n{}",
    "a length that is too short": b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"topics": []}',
    "lengths that differ": b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Length: 15\r\n\r\n"
    b'{"topics": []}',
    "a chunk without a size": CHUNKED + b'size?\r\n{"topics": []}\r\n0\r\n\r\n',
    "a chunk of a negative size": CHUNKED + b'-5\r\n{"topics": []}\r\n0\r\n\r\n',
    "a chunk of minus one": CHUNKED + b"-1\r\n{}\r\n0\r\n\r\n",
    "a chunk size without an end": CHUNKED + b"1" * 100_000,
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "another protocol's version": b"HTTP/9.9 200 OK\r\n\r\n{}",
    "a status that is none": b"HTTP/1.1 xyz OK\r\n\r\n{}",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n{}",
    "a status line without an end": b"HTTP/1.1 200 " + b"x" * 100_000,
    "a header without an end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    "five hundred headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n{}",
    "a header that goes on with none before it": b"HTTP/1.1 200 OK\r\n x: y\r\n\r\n{}",
    "a header that is none": b"HTTP/1.1 200 OK\r\nwhat\r\nContent-Length: 2\r\n\r\n{}",
    "a line that is no header": b'HTTP/1.1 200 OK\r\nwhat\r\n\r\n{"topics": []}',
}


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_what_is_not_proper_is_not_tried_again(wire: Wire, sent: bytes) -> None:
    server = wire.serve(on(TOPICS, sent, close))
    outcome = wire.ess(server, "topics", "list", "--json")
    assert (outcome.code, outcome.out) == (9, "")


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_what_is_not_proper_leaves_a_write_in_doubt(wire: Wire, sent: bytes) -> None:
    server = wire.serve(on("PUT /ess/v1/topics", sent, close))
    assert wire.ess(server, "api", "PUT", "/topics", "--yes").code == 7


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n", CHUNKED, _gzip(b"")]),
    st.binary(max_size=300) | st.text("0123456789abcdef;\r\n :{}[]", max_size=300).map(str.encode),
)
def test_any_bytes_as_a_reply_are_an_answer_or_an_error_of_ours(
    wire: Wire, begins: bytes, rest: bytes
) -> None:
    server = Hostile((on("*", begins, rest, close),) * 3)
    try:
        outcome = wire.ess(server.url, "event-types", "get", "x", "--json", timeout_s=2)
        assert outcome.code in (0, 3, 4, 5, 6, 9)
        server.renew()
        outcome = wire.ess(server.url, "api", "POST", "/x", "--yes", timeout_s=2)
        assert outcome.code in (0, 3, 4, 5, 6, 7)
    finally:
        server.stop()


# Bombs, in a process of their own whose memory is measured


class Measured(NamedTuple):
    """What a process left.

    Attributes:
        most_mb: the most memory it held.
    """

    outcome: Outcome
    most_mb: float


# NOTE: what wait4 tells of a child counts the parent that it was forked from.
_MEASURING = """
import pathlib, re, sys
from ess_cli.main import main
code = main(sys.argv[2:])
status = pathlib.Path("/proc/self/status").read_text()
pathlib.Path(sys.argv[1]).write_text(re.search("VmHWM:\\\\s*([0-9]+) kB", status)[1])
sys.exit(code)
"""
in_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def _measured(server: Hostile, home: Path, *argv: str) -> Measured:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "ESS_BASE_URL": server.url,
        "ESS_TOKEN": TOKEN,
    }
    with (home / "out").open("w+b") as out, (home / "err").open("w+b") as err:
        command = [sys.executable, "-c", _MEASURING, str(home / "most"), *argv]
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, cwd=ROOT
        ).returncode
        out.seek(0)
        err.seek(0)
        outcome = Outcome(code, out.read(5000).decode(), err.read(5000).decode())
    return Measured(outcome, int((home / "most").read_text()) / 1024)


BOMB = gzip.compress(bytes(16 << 20), 9) * 64  # a gigabyte of zeros


@in_linux
def test_a_megabyte_of_gzip_is_no_gigabyte_of_memory(wire: Wire, home: Path) -> None:
    assert len(BOMB) < 1 << 20
    server = wire.serve(on(TOPICS, _gzip(BOMB), close))
    outcome, most_mb = _measured(server, home, "topics", "list")
    wire.check(outcome)
    assert outcome == (
        9,
        "",
        "error: GET /topics: the reply is larger than 256 MiB\n"
        "hint: ask for less: --page-size, --limit\n",
    )
    assert most_mb < 400


@in_linux
def test_a_bomb_in_a_bomb_is_none_either(wire: Wire, home: Path) -> None:
    twice = gzip.compress(BOMB)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n"
    server = wire.serve(on("POST /ess/v1/x", head % len(twice) + twice, close))
    outcome, most_mb = _measured(server, home, "api", "POST", "/x", "--yes")
    wire.check(outcome)
    assert outcome.code == 7
    assert most_mb < 400


@in_linux
def test_the_reason_of_a_refusal_may_be_a_bomb(wire: Wire, home: Path) -> None:
    head = b"HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    server = wire.serve(on(TOPICS, head % len(BOMB) + BOMB, close))
    outcome, most_mb = _measured(server, home, "topics", "list")
    wire.check(outcome)
    assert outcome.code == 5
    assert most_mb < 100


ENDLESS = {
    "gzip that brings nothing": (
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
        + b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n",
        b"10000\r\n" + b"\0\0\0\xff\xff" * 13107 + b"\0\r\n",
    ),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n" * 10_000),
    "a chunk of minus one": (CHUNKED + b"-1\r\n", b"{}" * 30_000),
    "no length": (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 60_000),
}


@in_linux
@pytest.mark.long
@pytest.mark.parametrize(("head", "piece"), ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_ended(wire: Wire, home: Path, head: bytes, piece: bytes) -> None:
    endless: Step = pour(lambda: iter(lambda: piece, None))
    server = wire.serve(on(TOPICS, head, endless))
    outcome, most_mb = _measured(server, home, "topics", "list")
    wire.check(outcome)
    assert outcome.code == 9
    assert most_mb < 400
