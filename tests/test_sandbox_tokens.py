"""Tokens of the sandbox: which are taken, how long, and the refresh."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.replies import Request
from ess_cli.sandbox.routes import handle
from ess_cli.sandbox.tokens import Keeper
from tests.conftest import Run
from tests.test_sandbox_adapter import NOW, Service, service
from tests.test_sandbox_command import fetch, serving
from tests.test_sandbox_scheduled import until

__all__ = ["service"]

HOST = "https://sandbox.invalid"
REFRESH = "/saop-rest-data/v1/apptoken-refresh"


def refresh(service: Service, old: str, path: str = REFRESH, **other: str) -> requests.Response:
    params = {
        "consumerkey": "sandbox-key",
        "consumersecret": "sandbox-secret",
        "oldtoken": old,
        "validity": "1000",
    }
    given = {name: value for name, value in (params | other).items() if value != "-"}
    return requests.Session.get(service.session, HOST + path, params=given, headers=NO_TOKEN)


NO_TOKEN: dict[str, str | bytes] = {"Authorization": ""}


def status(service: Service, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return service.session.get(HOST + "/ess/v1/topics", headers=headers).status_code


@pytest.mark.parametrize("path", [REFRESH, "/apptoken-refresh"])
def test_a_refresh_issues_a_token_and_the_old_one_dies_at_once(service: Service, path: str) -> None:
    assert status(service, "old") == 200
    reply = refresh(service, "old", path)
    assert reply.status_code == 200
    new = reply.json()["accessToken"]
    assert reply.json() == {"accessToken": new, "validityTime": 1000}
    assert len(new) == 32
    assert status(service, "old") == 401
    assert status(service, new) == 200
    assert status(service, "another") == 200


def test_an_issued_token_lasts_for_its_validity(service: Service) -> None:
    short = refresh(service, "a").json()["accessToken"]
    forever = refresh(service, "b", validity="0").json()
    assert forever["validityTime"] == 0
    service.now = NOW + timedelta(seconds=999)
    assert status(service, short) == 200
    service.now = NOW + timedelta(seconds=1000)
    assert status(service, short) == 401
    service.now = NOW + timedelta(days=3650)
    assert status(service, forever["accessToken"]) == 200


def test_an_expired_token_is_refused_in_its_envelope_and_can_be_refreshed(
    service: Service,
) -> None:
    headers = {"Authorization": "Bearer expired"}
    reply = service.session.get(HOST + "/ess/v1/topics", headers=headers)
    assert reply.status_code == 401
    assert reply.json() == {
        "errorCode": "900903",
        "moreInfo": "",
        "userMsg": "The access token has expired",
    }
    assert status(service, refresh(service, "expired").json()["accessToken"]) == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"consumerkey": "x"},
        {"consumersecret": "x"},
        {"consumerkey": "-"},
        {"consumerkey": "sandbox-secret", "consumersecret": "sandbox-key"},
    ],
)
def test_a_wrong_key_or_secret_is_a_500_and_replaces_nothing(
    service: Service, wrong: dict[str, str]
) -> None:
    reply = refresh(service, "old", **wrong)
    assert reply.status_code == 500
    assert reply.json()["message"] == "consumerkey and consumersecret do not fit"
    assert status(service, "old") == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"oldtoken": "-"}, "oldtoken: this query parameter is required"),
        ({"validity": "-"}, "validity: this query parameter is required"),
        ({"validity": "1e3"}, 'validity: must be seconds in digits, not "1e3"'),
        ({"validity": "-1"}, 'validity: must be seconds in digits, not "-1"'),
    ],
)
def test_what_a_refresh_lacks_is_named(service: Service, wrong: dict[str, str], said: str) -> None:
    reply = refresh(service, "old", **wrong)
    assert (reply.status_code, reply.json()["description"]) == (400, said)
    assert status(service, "old") == 200


def test_no_token_is_kept(service: Service) -> None:
    new = refresh(service, "my-old-token").json()["accessToken"]
    service.store.close()
    kept = b"".join(file.read_bytes() for file in service.store.path.parent.glob("sandbox.db*"))
    assert b"my-old-token" not in kept
    assert new.encode() not in kept
    assert b"sandbox-secret" not in kept


def test_with_a_lifetime_a_token_is_good_for_that_long_after_its_first_request(
    service: Service,
) -> None:
    keeper = Keeper(60)

    def answered(token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        request = Request("GET", "/ess/v1/topics", "", headers, b"")
        return handle(service.store, request, keeper).status

    assert answered("a") == 200
    service.now = NOW + timedelta(seconds=30)
    assert answered("b") == 200
    issued = refresh(service, "b").json()["accessToken"]
    service.now = NOW + timedelta(seconds=59)
    assert answered("a") == 200
    service.now = NOW + timedelta(seconds=60)
    assert answered("a") == 401
    service.now = NOW + timedelta(seconds=999)
    assert answered(issued) == 200
    assert answered("c") == 200
    assert answered("b") == 401
    assert status(service, "a") == 200
    assert Behaviour().token_lifetime_s is None


def test_a_server_learns_of_a_token_that_another_process_replaced(service: Service) -> None:
    keeper = Keeper()
    headers = {"authorization": "Bearer a"}
    request = Request("GET", "/ess/v1/topics", "", headers, b"")
    assert handle(service.store, request, keeper).status == 200
    assert refresh(service, "a").status_code == 200
    until(lambda: handle(service.store, request, keeper).status == 401)


def test_a_refresh_through_a_server_counts_at_once(service: Service) -> None:
    keeper = Keeper()
    query = "consumerkey=sandbox-key&consumersecret=sandbox-secret&validity=9&oldtoken="
    for number in range(20):
        headers = {"authorization": f"Bearer {number}"}
        request = Request("GET", "/ess/v1/topics", "", headers, b"")
        assert handle(service.store, request, keeper).status == 200
        renewal = Request("GET", REFRESH, f"{query}{number}", {}, b"")
        assert handle(service.store, renewal, keeper).status == 200
        assert handle(service.store, request, keeper).status == 401


def test_a_served_sandbox_expires_tokens_and_logs_none_of_it(ess: Run, home: Path) -> None:
    with serving(home, "--expire-tokens", "1h", "-v") as (url, process):
        assert fetch(f"{url}/topics", token="t0ken-1")[0] == 200
        origin = url.removesuffix("/ess/v1")
        query = "consumerkey=sandbox-key&consumersecret=sandbox-secret&oldtoken=t0ken-1&validity=9"
        code, body = fetch(f"{origin}{REFRESH}?{query}")
        assert code == 200
        new = json.loads(body)["accessToken"]
        assert fetch(f"{url}/topics", token="t0ken-1")[0] == 401
        assert fetch(f"{url}/topics", token=new)[0] == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert f"GET {REFRESH} 200 " in err
    for secret in ("t0ken-1", new, "sandbox-secret"):
        assert secret not in out + err.replace("--expire", "")


def test_a_token_that_nobody_refreshed_runs_out_at_once_with_a_lifetime_of_nothing(
    home: Path,
) -> None:
    with serving(home, "--expire-tokens", "0s") as (url, _):
        assert fetch(f"{url}/topics", token="t0ken-1")[0] == 401


@pytest.mark.parametrize("wrong", ["60", "soon", "-1s", ""])
def test_a_lifetime_is_a_duration(ess: Run, wrong: str) -> None:
    outcome = ess("sandbox", "serve", "--expire-tokens", wrong)
    assert outcome.code == 2
    assert f'--expire-tokens: not a duration: "{wrong}"' in outcome.err
