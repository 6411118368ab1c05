"""How the sandbox says no: which status, in which envelope, for which reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ess_cli.sandbox.routes import ROUTES
from tests.test_sandbox_adapter import BASE, Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "sandbox.db") as service:
        yield service


def description(response: requests.Response) -> str:
    """The reason in the envelope of a 400."""
    assert response.status_code == 400
    document = response.json()
    assert list(document) == ["code", "message", "description"]
    assert (document["code"], document["message"]) == ("400", "Bad Request")
    return str(document["description"])


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("/topics", "limit=0", "limit: must be at least 1, not '0'"),
        ("/topics", "limit=", "limit: must be a number in digits, not ''"),
        ("/topics", "limit=ten", "limit: must be a number in digits, not 'ten'"),
        ("/topics", "limit=%D9%A3", "limit: must be a number in digits, not '٣'"),
        ("/topics", "offset=-1", "offset: must be a number in digits, not '-1'"),
        ("/event-types", "offset=" + "9" * 19, "offset: must be a number in digits"),
        ("/event-deliveries", "limit=1.5", "limit: must be a number in digits, not '1.5'"),
        ("/topic-subscriptions", "", "limit: this query parameter is required"),
        (
            "/topic-subscriptions/mdn",
            "topicId=NIS-Events&matchingCriteria=x",
            "limit: this query parameter is required",
        ),
        (
            "/topic-subscriptions/mdn",
            "matchingCriteria=x&limit=1",
            "topicId: this query parameter is required",
        ),
        (
            "/topic-subscriptions/mdn",
            "topicId=NIS-Events&limit=1",
            "matchingCriteria: this query parameter is required",
        ),
        (
            "/topics/NIS-Events/dump-subscriptions",
            "compressionType=gzip",
            "compression: this query parameter is required",
        ),
        (
            "/topics/NIS-Events/dump-subscriptions",
            "compression=yes&compressionType=gzip",
            'compression: must be true or false, not "yes"',
        ),
        (
            "/topics/NIS-Events/dump-subscriptions",
            "compression=false",
            "compressionType: this query parameter is required",
        ),
    ],
)
def test_a_query_that_does_not_fit_is_refused_with_field_and_value(
    service: Service, path: str, query: str, reason: str
) -> None:
    assert description(service.session.get(f"{BASE}{path}?{query}")).startswith(reason)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/topics/No-Topic/event-types", "Topic not found: No-Topic"),
        ("/topics/a%2Fb/event-types", "Topic not found: a/b"),
        ("/topics/No-Topic/subscriptions/142", "Subscription not found: 142 in topic No-Topic"),
        ("/topics/NIS-Events/subscriptions/142", "Subscription not found: 142 in topic NIS-Events"),
        ("/topics/SCG-Message/subscriptions/0142", "Subscription not found: 0142"),
        ("/delivery-configurations/9", "Delivery configuration not found: 9"),
        ("/delivery-configurations/hhh", "Delivery configuration not found: hhh"),
        ("/delivery-configurations/" + "9" * 30, "Delivery configuration not found: 999"),
        ("/delivery-configurations/9/authentication", "Delivery configuration not found: 9"),
        ("/event-types/porting", "Event type not found: porting"),
        ("/dictionaries/colours", "Dictionary not found: colours"),
        ("/event-deliveries/event-3:1/tracking", "Event delivery not found: event-3:1"),
        ("/event-deliveries/nothing:1658/tracking", "Event delivery not found: nothing:1658"),
        (
            "/topics/No-Topic/dump-subscriptions?compression=true&compressionType=gzip",
            "Topic not found: No-Topic",
        ),
        (
            "/topic-subscriptions/mdn?topicId=No-Topic&matchingCriteria=x&limit=1",
            "Topic not found: No-Topic",
        ),
    ],
)
def test_an_unknown_thing_is_a_404_that_names_it(service: Service, path: str, reason: str) -> None:
    response = service.session.get(BASE + path)
    assert response.status_code == 404
    assert list(response.json()) == ["error_code", "error_description"]
    assert response.json()["error_description"].startswith(reason)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/topics/", "/topics//event-types", "/event-deliveries/x/tracking", "/Topics"],
)
def test_an_unknown_path_is_a_404_in_springs_envelope(service: Service, path: str) -> None:
    response = service.session.get(BASE + path)
    assert response.status_code == 404
    assert response.json() == {
        "timestamp": 1795422600000,
        "status": 404,
        "error": "Not Found",
        "message": "No message available",
        "path": "/ess/v1" + path,
    }


def test_another_method_is_a_405_that_names_those_allowed(service: Service) -> None:
    response = service.session.delete(BASE + "/delivery-configurations/1654")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, PUT"
    assert response.json()["error"] == "Method Not Allowed"
    assert service.session.head(BASE + "/topics").status_code == 405


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic eDp5", "rehearsal"])
def test_every_operation_wants_a_token(service: Service, header: str | None) -> None:
    del service.session.headers["Authorization"]
    if header is not None:
        service.session.headers["Authorization"] = header
    for route in ROUTES:
        path = route.path.replace("{del-config-id}", "1654").replace("{ID}", "NIS-Events")
        response = service.session.request(route.method, BASE + path, json={})
        assert response.status_code == 401, path
        assert response.text == (
            '<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>900902</am:code>'
            "<am:type>Status report</am:type><am:message>Missing Credentials</am:message>"
            "<am:description>Authorization: Bearer &lt;token&gt; is missing</am:description>"
            "</am:fault>"
        )


def test_the_token_expired_is_refused_in_another_envelope(service: Service) -> None:
    service.session.headers["Authorization"] = "Bearer expired"
    response = service.get("/topics")
    assert response.status_code == 401
    assert response.json() == {
        "errorCode": "900903",
        "moreInfo": "",
        "userMsg": "The access token has expired",
    }


def test_the_user_token_is_neither_demanded_nor_checked(service: Service) -> None:
    service.session.headers["user-token"] = "anything"
    assert service.get("/topics").status_code == 200
