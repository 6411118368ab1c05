"""What goes on behind a served sandbox, beside answering requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ess_cli.sandbox.behaviour import Behaviour
from ess_cli.sandbox.store import Store


class Voices(NamedTuple):
    """Where the server and its workers say what goes on; each may be called by any thread.

    Attributes:
        log: takes a line for each thing that was done; None where nobody wants to know.
        note: takes what everybody should know once.
    """

    log: Callable[[str], None] | None = None
    note: Callable[[str], None] | None = None


class Worker(Protocol):
    """Something that a server does in threads of its own while it serves."""

    def start(self) -> None:
        """Begin. Called once, before the first request is answered."""

    def stop(self, grace_s: float) -> None:
        """Begin nothing new, and come back when what was begun has ended, or is over time."""


def workers_for(store: Store, behaviour: Behaviour, voices: Voices) -> list[Worker]:
    """The workers of a server, not yet started; they are stopped in the same order."""
    from ess_cli.sandbox.archiving import Archivist
    from ess_cli.sandbox.delivering import Deliverer

    return [Archivist(store, behaviour, voices), Deliverer(store, behaviour, voices)]
