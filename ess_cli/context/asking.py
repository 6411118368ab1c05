"""Leave to change something: differences, questions, dry runs, secrets typed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ess_cli.context.run import Run
from ess_cli.errors import NeedsConfirmation, UsageFault

if TYPE_CHECKING:
    from ess_cli.changes import Change


class Asking(Run):
    """The part of a run that gets a user's leave."""

    def agreed(self, change: Change, *, asks: bool) -> bool:
        """Show a change and get leave for it.

        Args:
            change: what would be sent.
            asks: whether it cuts off or redirects events, or cannot be undone.

        Returns:
            False under ``--dry-run``, which has then shown it.

        Raises:
            NeedsConfirmation: it wants a yes and there is none.
            BadSetting: what comes back could not be printed as the profile or ESS_OUTPUT wants.
        """
        self.check_names()
        if self.flags.dry_run:
            from ess_cli.render.dryrun import write_change

            url = self.http.url(change.path)
            write_change(self.terminal, change.method, url, change, self.format)
            return False
        guard = self.settings.protected_by
        if change.differences:
            self._show_differences(change)
        if guard:
            self._confirm_by_name(change, guard)
        elif asks:
            self._confirm(change)
        return True

    def _show_differences(self, change: Change) -> None:
        from ess_cli.render.dryrun import difference_lines

        self.terminal.note(f" {change.what} · {self.where}")
        for line in difference_lines(change.differences):
            self.terminal.note(line)

    def _confirm(self, change: Change) -> None:
        if self.flags.yes:
            return
        if not self._may_ask:
            raise NeedsConfirmation(
                f"{change.what}: this wants a yes, and there is nobody to ask",
                hint="add --yes to do it, or --dry-run to see it",
            )
        answer = self.terminal.ask(f"{change.what}: send this change? [y/N] ")
        if answer.lower() not in ("y", "yes"):
            raise NeedsConfirmation(f"{change.what}: not confirmed, nothing was sent")

    def _confirm_by_name(self, change: Change, guard: str) -> None:
        answer = self.flags.confirm
        if answer is None and self._may_ask:
            question = f"{change.what}: profile {guard} is protected; type its name to go on: "
            answer = self.terminal.ask(question)
        if answer == guard:
            return
        raise NeedsConfirmation(
            f'{change.what}: profile "{guard}" is protected'
            + ("" if answer is None else ", and another name was given"),
            hint=f"add --confirm {guard} to do it, or --dry-run to see it; --yes is not enough",
        )

    def ask_secret(self, what: str, *, option: str) -> str:
        """A secret typed without echo.

        Args:
            what: what is asked for.
            option: the other way to give it, named where nobody can be asked.

        Raises:
            UsageFault: there is nobody to ask, or the terminal would show what is typed.
        """
        import getpass
        import warnings

        if not self._may_ask:
            raise UsageFault(f"no {what}, and nobody to ask", hint=f"give it with {option}")
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(f"{what}: ", sys.stderr)
            except (getpass.GetPassWarning, EOFError):
                raise UsageFault(
                    f"the {what} cannot be asked for without showing it", hint=f"use {option}"
                ) from None
