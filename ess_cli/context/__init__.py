"""One run: what was asked for, and everything built from it on first use.

``run`` has the settings and the service, ``showing`` prints, ``asking`` gets a user's leave,
``accepted`` prints what was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ess_cli.context.accepted import Accepted
from ess_cli.context.asking import Asking
from ess_cli.errors import EssError

if TYPE_CHECKING:
    from ess_cli.lookup import Named
    from ess_cli.records import Configuration


class Ess(Accepted, Asking):
    """What a command works with."""

    @cached_property
    def configurations(self) -> list[Configuration]:
        """All delivery configurations; read once a run, and remembered for completion."""
        from ess_cli import cache
        from ess_cli.api.delivery_cfg import list_configurations
        from ess_cli.api.paging import Window

        rows = list(list_configurations(self.http, Window()))
        lines = [line for row in rows for line in configuration_lines(row)]
        cache.remember(self.profile, "delivery-cfg", lines)
        return rows

    def configuration(self, text: str) -> Named:
        """What ``ID-OR-NAME`` means: digits are an id and not looked up."""
        from ess_cli.lookup import Named, choose_configuration, is_id

        return Named(text, None) if is_id(text) else choose_configuration(self.configurations, text)

    def listed_configuration(self, configuration_id: str) -> Mapping[str, Any]:
        """A configuration's entry in the list, to fill columns from; empty if it cannot be had."""
        try:
            with self.interruption.optional("names of delivery configurations"):
                rows = self.configurations
        except EssError:
            return {}
        return next((row for row in rows if str(row.get("id")) == configuration_id), {})


def configuration_lines(row: Mapping[str, Any]) -> list[str]:
    """A configuration's two candidates for completion: its id, and its name."""
    identity, name = str(row.get("id", "")), str(row.get("del-cfg-nm") or "")
    return [f"{identity}\t{name}", f"{name}\t{identity}"]
