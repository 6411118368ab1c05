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
            write_change(self.terminal, url, change, self.format, self.flags.query)
            return False
        if change.differences:
            self._show_differences(change)
        guard = self.settings.protected_by
        if guard or asks:
            self.confirm(change.what, guard)
        return True

    def confirm(self, what: str, guard: str | None) -> None:
        """Get leave: a yes, or for a protected profile its name.

        Args:
            what: the change in words.
            guard: the name of the protected profile; None where a yes is enough.

        Raises:
            NeedsConfirmation: there is none.
        """
        if guard is not None:
            self._confirm_by_name(what, guard)
        elif not self.flags.yes:
            self._confirm(what)

    def _show_differences(self, change: Change) -> None:
        from ess_cli.render.dryrun import difference_lines

        self.tell_before(f" {change.what} · {self.where}")
        for line in difference_lines(change.differences):
            self.tell_before(line)

    def tell_before(self, text: str) -> None:
        """What a user is to know of a change; ``--quiet`` hides it only where nobody is asked."""
        asks = self.may_ask and not self.flags.yes and self.flags.confirm is None
        (self.terminal.say if asks else self.terminal.note)(text)

    def _confirm(self, what: str) -> None:
        if not self.may_ask:
            raise NeedsConfirmation(
                f"{what}: this wants a yes, and there is nobody to ask",
                hint="add --yes to do it, or --dry-run to see it",
            )
        if self.terminal.ask(f"{what}: do it? [y/N] ").lower() not in ("y", "yes"):
            raise NeedsConfirmation(f"{what}: not confirmed, nothing was changed")

    def _confirm_by_name(self, what: str, guard: str) -> None:
        answer = self.flags.confirm
        if answer is None and self.may_ask:
            question = f"{what}: profile {guard} is protected; type its name to go on: "
            answer = self.terminal.ask(question)
        if answer == guard:
            return
        raise NeedsConfirmation(
            f'{what}: profile "{guard}" is protected'
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

        if not self.may_ask:
            raise UsageFault(f"no {what}, and nobody to ask", hint=f"give it with {option}")
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(f"{what}: ", sys.stderr)
            except (getpass.GetPassWarning, EOFError):
                raise UsageFault(
                    f"the {what} cannot be asked for without showing it", hint=f"use {option}"
                ) from None
