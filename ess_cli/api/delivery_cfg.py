"""Delivery configurations and their authentication."""

from __future__ import annotations

from typing import Any, cast

from ess_cli.api.faults import Reply
from ess_cli.api.http import Http
from ess_cli.api.paging import Listing, Window
from ess_cli.api.paths import segment
from ess_cli.api.shapes import an_object
from ess_cli.records import Authentication, Configuration


def list_configurations(http: Http, window: Window) -> Listing[Configuration]:
    """All configurations: ``GET /delivery-configurations``.

    Only this list carries ``cron-expression`` and ``latest-event-only`` (field notes, oddity 4).
    """
    path = "/delivery-configurations"
    return Listing(http, path, "delivery-configurations", window, ("id",))


def create_configuration(http: Http, body: dict[str, Any]) -> tuple[Any, Reply]:
    """A new one: ``POST /delivery-configurations``; the reference documents no reply."""
    look = f'ess delivery-cfg list --query "[?\\"del-cfg-nm\\"==\'{body["del-cfg-nm"]}\']"'
    return http.post("/delivery-configurations", body, look)


def get_configuration(http: Http, configuration_id: str) -> Configuration:
    """One of them, without its schedule: ``GET /delivery-configurations/{del-config-id}``."""
    path = configuration_path(configuration_id)
    return cast(Configuration, http.read(path, an_object))


def replace_configuration(
    http: Http, configuration_id: str, body: dict[str, Any]
) -> tuple[Any, Reply]:
    """Replace the whole of it: ``PUT /delivery-configurations/{del-config-id}``."""
    look = f"ess delivery-cfg get {configuration_id}"
    return http.put(configuration_path(configuration_id), body, look)


def get_authentication(http: Http, configuration_id: str) -> Authentication:
    """How the webhook authenticates: ``GET /delivery-configurations/{id}/authentication``.

    The receiver's password comes in clear (field notes); callers mask it.
    """
    path = authentication_path(configuration_id)
    return cast(Authentication, http.read(path, an_object))


def replace_authentication(
    http: Http, configuration_id: str, body: Authentication
) -> tuple[Any, Reply]:
    """Set it: ``PUT /delivery-configurations/{del-config-id}/authentication``."""
    look = f"ess delivery-cfg auth get {configuration_id}"
    return http.put(authentication_path(configuration_id), body, look)


def configuration_path(configuration_id: str) -> str:
    """The path of one configuration below the base URL."""
    return f"/delivery-configurations/{segment('delivery configuration', configuration_id)}"


def authentication_path(configuration_id: str) -> str:
    """The path of one configuration's authentication below the base URL."""
    return f"{configuration_path(configuration_id)}/authentication"
