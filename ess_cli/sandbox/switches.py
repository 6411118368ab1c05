"""What a switch is: something around what answers requests, that makes it odd."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ess_cli.sandbox.replies import Reply, Request
from ess_cli.sandbox.store import Store

Handle = Callable[[Store, Request], Reply]
"""What answers requests."""

Around = Callable[[Handle], Handle]
"""Takes what answers requests, and gives what answers them oddly."""

THINGS = re.compile(r"/ess/v1/(?:topics/[^/]+/(subscriptions)|delivery-(configurations))(/[^/]+)?")
"""The path of what can be created and replaced: its kind in either group, then a slash and id."""


class Switch(NamedTuple):
    """An oddity that is always there.

    Attributes:
        effect: in a line, for users.
        around: what it does.
        excludes: switches that cannot be on together with it.
    """

    effect: str
    around: Around
    excludes: frozenset[str] = frozenset()
