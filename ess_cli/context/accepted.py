"""What a run prints of a write that the service has accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ess_cli.context.showing import Showing
from ess_cli.errors import EssError, Interrupted, OutputTrouble, UsageFault

if TYPE_CHECKING:
    from ess_cli.render.columns import Row


class Accepted(Showing):
    """The part of a run that prints what was written."""

    def show_done(self, document: Any, rows: Iterable[Row] | None = None) -> None:
        """As :meth:`show_object`, after a write: what cannot be picked from it is no failure."""
        try:
            self.show_object(document, rows)
        except UsageFault as error:
            self.terminal.warn(f"accepted, and shown whole: {error.message}")
            self.flags.query = None
            self.flags.output = "json"
            self.show_object(document)
        except (OSError, OutputTrouble):
            self.terminal.warn("the service accepted it, but the result cannot be printed")
            raise

    def show_written(
        self,
        read: Callable[[], Any],
        *,
        sent: Any,
        replied: Any = None,
        rows: Callable[[Any], list[Row]] | None = None,
    ) -> Any:
        """After a write, print what is there now: from the reply, else read again.

        What was sent is printed where it cannot be seen: the write went through, so nothing that
        happens here makes it a failure.

        Args:
            read: reads it again; gives None where it is not there yet.
            sent: the body, without its secrets.
            replied: the reply's document; one that lacks what was sent (only an id, say) is no
                substitute for reading.
            rows: what tables show of it; itself where None.

        Returns:
            What was printed.
        """
        row = replied if _is_whole(replied, sent) else self._read_back(read)
        row = sent if row is None else row
        self.show_done(row, None if rows is None else rows(row))
        return row

    def _read_back(self, read: Callable[[], Any]) -> Any:
        try:
            with self.interruption.optional("the result"):
                row = read()
        except Interrupted:
            self.terminal.warn("accepted, but not read back: interrupted; this is what was sent")
            return None
        except EssError as error:
            self.terminal.warn(f"accepted, but reading it back failed: {error.message}")
            return None
        if row is None:
            self.terminal.warn("accepted, but it cannot be seen yet; this is what was sent")
        return row

    def changed(self, what: str) -> None:
        """The line that says what changed, and under which profile.

        It is said all the more where the result cannot be printed: what is done is done.
        """
        line = f"{what} · {self.where}"
        try:
            self.terminal.note(line)
        except (OSError, OutputTrouble):
            self.terminal.say(line)
            raise
        self.interruption.told()


def _is_whole(document: Any, sent: Any) -> bool:
    """Whether a reply shows the whole thing that was written."""
    if not isinstance(document, dict):
        return False
    return all(key in document for key, value in sent.items() if value is not None)
