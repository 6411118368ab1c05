"""``ess deliveries tail``: what is new is shown once, whichever end of the list it comes in at."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ess_cli.interruption import TimeOver
from ess_cli.main import main
from tests.conftest import NOW, Outcome, Run
from tests.listening import Downstream

FOLLOWING = (
    "following deliveries from 2026-11-23T08:30:00Z on · profile default ({url}); Ctrl-C ends it\n"
)


def row(
    number: int, changes: dict[str, Any] | None = None, at: datetime | str = NOW
) -> dict[str, Any]:
    """A delivery."""
    time = at if isinstance(at, str) else at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "event-id": f"e-{number}",
        "topic": "NIS-Events",
        "event-type": "porting_event",
        "del-cfg-id": 7,
        "del-cfg-nm": "hook",
        "delivery-status": "SUCCESS",
        "timestamp": time,
        "event-body": '{"number": "+12025550123"}',
        **(changes or {}),
    }


class Deliveries:
    """A service whose list grows while it is followed.

    Attributes:
        rows: oldest first.
        is_newest_first: whether it lists them the other way round.
        failing: statuses for the requests to come, instead of an answer; with 200 a page that is
            not the service's.
        retry_after: what goes with these statuses.
        asked: offset and limit of each request.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.is_newest_first = False
        self.failing: list[int] = []
        self.retry_after: str | None = None
        self.asked: list[tuple[int, int]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = parse_qs(url.query)
                offset, limit = (int(query.get(key, ["0"])[0]) for key in ("offset", "limit"))
                service.asked.append((offset, limit))
                is_failing = bool(service.failing)
                status = service.failing.pop(0) if is_failing else 200
                rows = service.rows[::-1] if service.is_newest_first else service.rows
                shown = rows[offset : offset + limit]
                echoed = {"offset": offset, "limit": limit}
                document = {"paged-result": echoed, "event-deliveries": shown}
                body = b"<html>" * (status == 200) if is_failing else json.dumps(document).encode()
                self.send_response(status)
                if is_failing and service.retry_after is not None:
                    self.send_header("Retry-After", service.retry_after)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Pauses(list[float]):
    """What happens while a run waits: one step after the other, then nothing."""

    def __init__(self) -> None:
        self.steps: list[Callable[[], object]] = []

    def append(self, seconds: float) -> None:
        super().append(seconds)
        if self.steps:
            self.steps.pop(0)()


@pytest.fixture
def sleeps() -> Pauses:
    return Pauses()


@pytest.fixture
def service() -> Iterator[Deliveries]:
    running = Deliveries()
    yield running
    running.close()


@pytest.fixture
def tail(ess: Run, service: Deliveries) -> Callable[..., Outcome]:
    def run(*options: str) -> Outcome:
        env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
        line = ("deliveries", "tail", "-o", "name", "--interval", "10s")
        return ess(*line, *options, env=env)

    return run


Tail = Callable[..., Outcome]


def old(count: int) -> list[dict[str, Any]]:
    """Deliveries of an hour ago."""
    return [row(number, at=NOW - timedelta(hours=1)) for number in range(count)]


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("count", [0, 3, 100, 5000])
def test_what_comes_is_shown_once_at_whichever_end_of_a_list_of_any_length(
    tail: Tail, service: Deliveries, sleeps: Pauses, count: int, is_newest_first: bool
) -> None:
    service.rows, service.is_newest_first = [*old(count), row(9000)], is_newest_first
    sleeps.steps = [
        lambda: service.rows.append(row(9001)),
        lambda: None,
        lambda: service.rows.extend([row(9002), row(9003, at=NOW + timedelta(seconds=1))]),
    ]
    outcome = tail("--for", "50s")
    assert (outcome.code, outcome.out) == (0, "e-9001:7\ne-9002:7\ne-9003:7\n")
    assert outcome.err == FOLLOWING.format(url=service.url) + "3 deliveries\n"
    assert sleeps == [10] * 5


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_a_look_at_a_long_list_is_a_few_small_requests(
    tail: Tail, service: Deliveries, sleeps: Pauses, is_newest_first: bool
) -> None:
    service.rows, service.is_newest_first = old(30_000), is_newest_first
    sleeps.steps = [service.asked.clear]
    assert tail("--for", "50s").code == 0
    assert len(service.asked) == 5 * 3


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_a_thousand_at_once_are_all_shown(
    tail: Tail, service: Deliveries, sleeps: Pauses, is_newest_first: bool
) -> None:
    service.rows, service.is_newest_first = old(2000), is_newest_first
    sleeps.steps = [lambda: service.rows.extend(row(n) for n in range(5000, 8500))]
    outcome = tail("--for", "20s")
    assert sorted(outcome.out.splitlines()) == [f"e-{n}:7" for n in range(5000, 8500)]


def test_old_rows_that_go_meanwhile_hide_no_new_ones(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    service.rows = old(8000)

    def expire() -> None:
        service.rows = [*service.rows[5000:], row(9001)]

    sleeps.steps = [expire, lambda: service.rows.append(row(9002))]
    assert tail("--for", "30s").out == "e-9001:7\ne-9002:7\n"


def test_a_row_that_turns_up_late_is_shown_within_the_look_back(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    service.rows = [*old(500), *(row(n) for n in range(600, 650))]
    late = row(9001, at=NOW - timedelta(minutes=4))
    too_late = row(9002, at=NOW - timedelta(minutes=6))
    sleeps.steps = [lambda: service.rows.__setitem__(slice(520, 520), [late, too_late])]
    assert tail("--for", "20s").out == "e-9001:7\n"


def test_since_begins_in_the_past(tail: Tail, service: Deliveries) -> None:
    service.rows = [*old(300), row(900, at=NOW - timedelta(minutes=50)), row(901)]
    outcome = tail("--since", "55m", "--for", "20s")
    assert outcome.out == "e-900:7\ne-901:7\n"


def test_the_filters_are_those_of_the_list_and_a_row_is_new_when_it_first_matches(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    failed = {"delivery-status": "FAILED"}
    waiting = row(1, {"delivery-status": "PENDING"})
    service.rows = [waiting, row(2, {"delivery-status": "FAILED"})]
    sleeps.steps = [
        lambda: service.rows.append(row(3, failed | {"topic": "Other"})),
        lambda: waiting.update({"delivery-status": "FAILED"}),
        lambda: service.rows.append(row(4, {"delivery-status": "FAILED", "del-cfg-id": 8})),
        lambda: service.rows.append(row(5, {"delivery-status": "FAILED", "event-type": "x"})),
    ]
    narrowed = ("--topic", "NIS-Events", "--event-type", "porting_event", "--cfg", "7")
    assert tail("--status", "FAILED", *narrowed, "--for", "60s").out == "e-1:7\n"


def test_one_event_for_two_configurations_is_two_deliveries(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    sleeps.steps = [lambda: service.rows.extend([row(1), row(1, {"del-cfg-id": 8}), row(1)])]
    assert tail("--for", "30s").out == "e-1:7\ne-1:8\n"


def test_rows_without_a_time_are_passed_over_and_said_so_once(
    tail: Tail, service: Deliveries
) -> None:
    service.rows = [row(1, at="soon"), row(2, at="")]
    outcome = tail("--for", "30s")
    assert outcome.out == ""
    assert outcome.err.count("warning: deliveries without a time are passed over\n") == 1


def test_trouble_is_told_once_and_leaves_no_gap(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    def fail() -> None:
        service.failing = [503] * 6
        service.rows.append(row(1))

    sleeps.steps = [fail]
    outcome = tail("--for", "10m", "--count", "1")
    assert (outcome.code, outcome.out) == (0, "e-1:7\n")
    assert outcome.err == FOLLOWING.format(url=service.url) + (
        "warning: GET /event-deliveries: 503; trying again\n1 delivery\n"
    )
    assert [pause for pause in sleeps if pause >= 10] == [10, 20, 40]


@pytest.mark.parametrize(("asked", "waited"), [("900", 900), ("9" * 18, 3600)])
def test_a_service_that_asks_for_a_pause_gets_it(
    tail: Tail, service: Deliveries, sleeps: Pauses, asked: str, waited: int
) -> None:
    service.retry_after = asked
    sleeps.steps = [lambda: service.failing.append(429)]
    outcome = tail("--for", "2h")
    assert outcome.code == 0
    assert f"; trying again in {waited} s, as it asks\n" in outcome.err
    assert sleeps[:3] == [10, waited, 10]


def test_that_the_trouble_is_over_is_told(tail: Tail, service: Deliveries, sleeps: Pauses) -> None:
    sleeps.steps = [lambda: service.failing.extend([503] * 3)]
    outcome = tail("--for", "5m")
    assert outcome.code == 0
    assert "the service answers again; nothing was left out\n" in outcome.err


def test_a_page_of_somebody_else_is_trouble_that_passes(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    def log_in() -> None:
        service.failing = [200] * 4
        service.rows.append(row(1))

    sleeps.steps = [log_in]
    outcome = tail("--for", "10m", "--count", "1")
    assert (outcome.code, outcome.out) == (0, "e-1:7\n")
    assert outcome.err.count("warning: ") == outcome.err.count("; trying again\n") == 1
    assert sleeps == [10, 20, 40, 80, 160]


def test_replies_that_stay_unusable_end_it(tail: Tail, service: Deliveries, sleeps: Pauses) -> None:
    sleeps.steps = [lambda: service.failing.extend([200] * 9)]
    outcome = tail("--for", "60m")
    assert (outcome.code, outcome.out, len(service.failing)) == (9, "", 4)


@pytest.mark.parametrize("since", [(), ("--since", "1h")])
def test_what_was_never_the_service_ends_it_at_once(
    tail: Tail, service: Deliveries, sleeps: Pauses, since: tuple[str, ...]
) -> None:
    service.failing = [200] * 2
    assert tail("--for", "60m", *since).code == 9
    assert (len(service.failing), sleeps) == (1, [])


def test_refused_credentials_end_it_and_it_says_how_to_go_on(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    sleeps.steps = [lambda: None, lambda: service.failing.append(401)]
    outcome = tail("--topic", "NIS-Events", "--since", "1h", "--for", "5m")
    assert (outcome.code, outcome.out) == (3, "")
    line = "ess deliveries tail -o name --interval 10s --topic NIS-Events --for 5m"
    assert (
        f"  go on with: {line} --since 2026-11-23T08:25:00Z (the last ones come again)\n"
        in outcome.err
    )


def test_the_end_of_its_time_says_how_to_go_on(
    tail: Tail, service: Deliveries, sleeps: Pauses
) -> None:
    def end() -> None:
        raise TimeOver

    sleeps.steps = [lambda: None, end]
    outcome = tail("--max-duration", "1h")
    assert (outcome.code, outcome.out) == (13, "")
    assert outcome.err == FOLLOWING.format(url=service.url) + (
        "error: ended after 1h, which is what --max-duration allows\n"
        "hint: go on with: ess deliveries tail -o name --interval 10s --max-duration 1h"
        " --since 2026-11-23T08:25:00Z (the last ones come again)\n"
    )


def test_a_machine_that_slept_goes_on_where_it_was(
    service: Deliveries, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESS_BASE_URL", service.url)
    monkeypatch.setenv("ESS_TOKEN", "token-1")
    service.rows = old(200)
    now = [datetime(2026, 11, 23, 8, 30, tzinfo=UTC)]

    def sleep(seconds: float) -> None:
        if len(service.rows) == 200:
            service.rows.append(row(9001, at=now[0] + timedelta(minutes=1)))
            now[0] += timedelta(hours=3)
            service.rows.extend(row(n, at=now[0]) for n in range(9002, 9200))

    line = ["deliveries", "tail", "-o", "name", "--count", "199", "--for", "30s"]
    assert main(line, clock=lambda: now[0], sleep=sleep) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [f"e-{n}:7" for n in range(9001, 9200)]
    assert "10800 s without a look; going on from 2026-11-23T08:30:00Z\n" in err


# The end


def test_too_few_within_the_time_is_code_13(tail: Tail, service: Deliveries) -> None:
    outcome = tail("--for", "30s", "--count", "2")
    assert (outcome.code, outcome.out) == (13, "")
    assert "error: --for 30s: 0 of 2 deliveries came\n" in outcome.err


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--count", "2"), 130)])
def test_ctrl_c_ends_it_and_what_was_shown_is_whole(
    tail: Tail, service: Deliveries, sleeps: Pauses, options: tuple[str, ...], code: int
) -> None:
    sleeps.steps = [lambda: service.rows.append(row(1)), interrupt]
    outcome = tail(*options)
    assert (outcome.code, outcome.out) == (code, "e-1:7\n")
    assert "1 delivery\n" in outcome.err


def test_a_document_is_closed_by_ctrl_c(ess: Run, service: Deliveries, sleeps: Pauses) -> None:
    sleeps.steps = [lambda: service.rows.append(row(1)), interrupt]
    env = {"ESS_PROFILE": "", "ESS_BASE_URL": service.url, "ESS_TOKEN": "token-1"}
    outcome = ess("deliveries", "tail", "--json", env=env)
    assert outcome.code == 0
    assert json.loads(outcome.out) == [row(1)]


@pytest.mark.parametrize(
    "options",
    [
        ("--interval", "500ms"),
        ("--interval", "often"),
        ("--look-back", "long"),
        ("--for", "x"),
        ("--since", "x"),
        ("--envelope",),
        ("--forward-to", "ftp://x"),
        ("--param", "x"),
        ("--count", "0"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    tail: Tail, service: Deliveries, options: tuple[str, ...]
) -> None:
    assert tail(*options).code == 2
    assert service.asked == []


# Passing on


@pytest.fixture
def downstream() -> Iterator[Downstream]:
    with Downstream() as running:
        yield running


def posted(downstream: Downstream) -> list[bytes]:
    return [body for _, body in downstream.received]


def test_the_body_of_each_is_posted_on_byte_for_byte_and_without_credentials(
    tail: Tail, service: Deliveries, sleeps: Pauses, downstream: Downstream
) -> None:
    body = '{\n "number": "+12025550123", "carrier_name": "AT@$# T \u00e9"\n}'
    sleeps.steps = [lambda: service.rows.append(row(1, {"event-body": body}))]
    url = f"http://127.0.0.1:{downstream.port}/hook"
    assert tail("--for", "30s", "--forward-to", url).code == 0
    ((headers, posted_body),) = downstream.received
    assert downstream.lines == ["POST /hook"]
    assert posted_body == body.encode()
    assert headers["Content-Type"] == "application/json"
    assert headers["X-ESS-EVENT-KEY"] == "e-1"
    assert headers["X-ESS-EVENT-TIMESTAMP"] == "2026-11-23T08:30:00Z"
    assert not {"authorization", "user-token"} & {name.lower() for name in headers}


def test_with_envelope_it_is_posted_as_a_webhook_gets_it(
    tail: Tail, service: Deliveries, sleeps: Pauses, downstream: Downstream
) -> None:
    sleeps.steps = [lambda: service.rows.append(row(1))]
    url = f"http://127.0.0.1:{downstream.port}/hook"
    assert tail("--for", "30s", "--forward-to", url, "--envelope").code == 0
    (body,) = posted(downstream)
    assert json.loads(body) == {
        "topic": "NIS-Events",
        "attempt": 1,
        "event": {
            "fld-val-list": {"number": "+12025550123"},
            "evt-tp": "porting_event",
            "timestamp": "2026-11-23T08:30:00Z",
        },
        "event-id": "e-1",
    }


def test_a_body_that_fits_into_no_envelope_goes_as_it_is(
    tail: Tail, service: Deliveries, sleeps: Pauses, downstream: Downstream
) -> None:
    whole = '{"event": {"fld-val-list": {}}, "event-id": "e-2"}'
    sleeps.steps = [
        lambda: service.rows.append(row(1, {"event-body": "<event/>"})),
        lambda: service.rows.append(row(2, {"event-body": whole})),
    ]
    url = f"http://127.0.0.1:{downstream.port}/"
    assert tail("--for", "30s", "--forward-to", url, "--envelope").code == 0
    assert posted(downstream) == [b"<event/>", whole.encode()]
    assert downstream.received[0][0]["Content-Type"] == "application/xml"


def test_what_is_refused_for_now_is_posted_again(
    tail: Tail, service: Deliveries, sleeps: Pauses, downstream: Downstream
) -> None:
    downstream.answers = [(503, {}, b""), (0, {}, b""), (200, {}, b"")]
    sleeps.steps = [lambda: service.rows.append(row(1))]
    outcome = tail("--for", "30s", "--forward-to", f"http://127.0.0.1:{downstream.port}/")
    assert (outcome.code, len(downstream.received)) == (0, 3)


@pytest.mark.parametrize(("status", "times"), [(400, 1), (500, 3)])
def test_what_is_not_taken_is_told_and_ends_with_11(
    tail: Tail,
    service: Deliveries,
    sleeps: Pauses,
    downstream: Downstream,
    status: int,
    times: int,
) -> None:
    downstream.answers = [*[(status, {}, b"")] * times, (200, {}, b"")]
    sleeps.steps = [lambda: service.rows.extend([row(1), row(2)])]
    outcome = tail("--for", "30s", "--forward-to", f"http://127.0.0.1:{downstream.port}/")
    assert (outcome.code, outcome.out) == (11, "e-1:7\ne-2:7\n")
    assert len(downstream.received) == times + 1
    assert outcome.err == FOLLOWING.format(url=service.url) + (
        f"warning: e-1:7 was not forwarded: --forward-to: answered {status}\n"
        "2 deliveries\n"
        "error: of 2 deliveries, 1 could not be forwarded\n"
    )
