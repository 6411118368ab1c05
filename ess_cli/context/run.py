"""What one run is about: its options, its settings, its service, its streams."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ess_cli.errors import BadSetting, EssError, NoNames, UsageFault
from ess_cli.interruption import Interruption
from ess_cli.options import Flags
from ess_cli.render.terminal import Terminal
from ess_cli.times import wire

if TYPE_CHECKING:
    from ess_cli.api.http import Http
    from ess_cli.api.sending import Authorization
    from ess_cli.config import Settings
    from ess_cli.config.base_url import BaseUrl
    from ess_cli.credentials import Credentials
    from ess_cli.errors import CredentialsRefused
    from ess_cli.render.columns import Table


class Run:
    """The base of what a command works with; everything is built on first use.

    Args:
        program_args: the command line, for messages that say how to go on.
        clock: the present moment, aware.
        sleep: waits between attempts; takes seconds.
        interruption: what the signal handlers tell of signals; None where there are none.

    Attributes:
        flags: the shared options.
        terminal: the streams.
        table: what the command's rows look like; None where it prints none.
    """

    def __init__(
        self,
        program_args: list[str],
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] | None = None,
        interruption: Interruption | None = None,
    ) -> None:
        self.program_args = program_args
        self.flags = Flags()
        self.terminal = Terminal()
        self.table: Table | None = None
        self._clock = clock or (lambda: datetime.now(UTC))
        self._sleep = sleep
        self.interruption = interruption or Interruption()
        self.interruption.tell = self.terminal.interject
        if {"-v", "--verbose"} & set(program_args):
            self.be_verbose()  # NOTE: here, so that it holds for a line that cannot be parsed too

    @cached_property
    def settings(self) -> Settings:
        """Profile, base URL and the rest, each with its source."""
        from ess_cli import config

        return config.resolve(self.flags, os.environ)

    @cached_property
    def http(self) -> Http:
        """The service, with credentials looked up at the first request."""
        if not self.settings.refreshing.automatic:
            return self.http_with(self._authorization)
        from ess_cli.context.renewing import after_refusal

        return self.http_with(self._authorization, renew=partial(after_refusal, self))

    def http_with(
        self,
        credentials: Callable[[], Authorization],
        base_url: BaseUrl | None = None,
        renew: Callable[[CredentialsRefused], None] | None = None,
    ) -> Http:
        """The service, with these credentials.

        Args:
            credentials: asked for at each request.
            base_url: something else than the service, reached by the same rules.
            renew: see :class:`ess_cli.api.sending.Sender`.
        """
        import time

        from ess_cli.api.exchange import Service
        from ess_cli.api.http import Http
        from ess_cli.api.sending import Sender

        base_url = base_url or self.settings.base_url
        is_own = base_url.origin == self.settings.base_url.origin
        is_embedded = is_own and self.settings.is_sandbox
        sender = Sender(
            Service(
                base_url.url,
                base_url.is_loopback or is_embedded,
                self.settings.timeout_s,
                self.settings.ca_bundle.value if is_own else None,
            ),
            credentials,
            adapter=self._sandbox_adapter() if is_embedded else None,
            log=(lambda line: self.terminal.say(f"debug: {line}")) if self.flags.debug else None,
            sleep=self._sleep or time.sleep,
            interruption=self.interruption,
            renew=renew,
        )
        return Http(sender)

    @contextmanager
    def unattended(self, command: str) -> Iterator[None]:
        """Keep to ``--max-duration`` until the run ends, and to ``--lock`` while a command works.

        Args:
            command: the words that name it, ``ess`` among them.

        Raises:
            UsageFault: ``--max-duration`` is no time, or none at all.
            LocalTrouble: another run of this command and profile holds the lock.
            TimeOver: not from here, but from wherever the run is when its time is over.
        """
        if self.flags.max_duration is not None:
            from ess_cli.times import parse_duration_s

            limit_s = parse_duration_s("--max-duration", self.flags.max_duration)
            if limit_s <= 0:
                raise UsageFault("--max-duration: more than 0 is wanted", hint="10s, 1m, 2h")
            self.interruption.end_after(limit_s)
        if not self.flags.lock:
            yield
            return
        from ess_cli.running import alone

        with alone(command, self.profile, self.program_args, self.now()):
            yield

    def be_verbose(self) -> None:
        """From now on every line on stderr begins with time and profile."""
        self.terminal.stamp = lambda: f"{wire(self.now())} {self._profile_so_far}: "

    @property
    def _profile_so_far(self) -> str:
        """The profile's name, as far as it is known; ``-`` where it cannot be found out."""
        from ess_cli import config

        if "settings" in self.__dict__:
            return self.profile
        try:
            path = config.config_path(os.environ)
            return config.select(self.flags.profile, os.environ, path).value or "-"
        except EssError:
            return "-"

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._clock()

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.settings.profile.value or "default"

    @property
    def format(self) -> str:
        """The output format: as asked for, else a table on a terminal and tsv elsewhere."""
        if self.flags.json:
            return "json"
        chosen = self.flags.output or self.settings.output.value
        return chosen or ("table" if self.terminal.out_is_tty else "tsv")

    def check_names(self) -> None:
        """Refuse ``-o name`` where no next command takes a name.

        Raises:
            NoNames: it was given as an option.
            BadSetting: it comes from the environment or the profile.
        """
        if self.table is None or self.table.name is not None or self.format != "name":
            return
        if self.flags.output == "name":
            raise NoNames
        raise BadSetting(
            f'{self.settings.output.source}: "name" does not go with this command,'
            " whose rows no other takes as its argument",
            hint="-o chooses another format for this call",
        )

    @property
    def where(self) -> str:
        """Profile and service, for people."""
        if self.settings.is_sandbox:
            return "profile sandbox (embedded)"
        return f"profile {self.profile} ({self.settings.base_url.origin})"

    @property
    def wants_json_errors(self) -> bool:
        """Whether an error is also printed as JSON; works before the command line is parsed."""
        from itertools import pairwise

        if "settings" in self.__dict__:
            return self.settings.output.value in ("json", "jsonl")
        words = self.program_args
        following = dict(pairwise(words))
        output = (
            self.flags.output or following.get("-o") or following.get("--output")
        ) or os.environ.get("ESS_OUTPUT")
        glued = {"-ojson", "-ojsonl", "--output=json", "--output=jsonl", "--json"}
        return self.flags.json or output in ("json", "jsonl") or bool(glued & set(words))

    @property
    def is_plugin(self) -> bool:
        """Whether a monitoring plugin's line and exit codes are wanted; works before parsing."""
        words = self.program_args
        options = words[: words.index("--")] if "--" in words else words
        return "check" in options and "--nagios" in options

    def close(self) -> None:
        """Let go of connections and databases."""
        if "http" in self.__dict__:
            self.http.close()

    @cached_property
    def credentials(self) -> Credentials:
        """The secrets of this run, looked up once."""
        from ess_cli import credentials

        return credentials.for_run(
            self.settings,
            self.flags,
            os.environ,
            interactive=self.may_ask,
            program_args=self.program_args,
        )

    def _authorization(self) -> Authorization:
        from ess_cli.api.sending import Authorization

        found = self.credentials
        user_token = found.user_token
        return Authorization(found.authorization, user_token.value if user_token else None)

    def _sandbox_adapter(self) -> Any:
        from ess_cli.sandbox.adapter import SandboxAdapter

        return SandboxAdapter(self.sandbox_store)

    @cached_property
    def sandbox_store(self) -> Any:
        """The sandbox's database."""
        from pathlib import Path

        from ess_cli.places import directory
        from ess_cli.sandbox.store import Store

        return Store(Path(directory("state")) / "sandbox.db")

    @property
    def program(self) -> list[str]:
        """``ess`` with the options that led this run to the service, for commands to run next."""
        given = (("-p", self.flags.profile), ("--base-url", self.flags.base_url))
        return ["ess", *(word for name, value in given if value for word in (name, value))]

    def use_sandbox(self) -> None:
        """This command is about the sandbox, whatever profile is set.

        Raises:
            UsageFault: another profile, or another service, was named on the command line.
        """
        for option, value in (("-p", self.flags.profile), ("--base-url", self.flags.base_url)):
            if value not in (None, "sandbox"):
                raise UsageFault(f"{option} {value}: this command works on the sandbox only")
        self.flags.profile = "sandbox"

    def wait(self, wait_s: float) -> None:
        """Let time pass; what tests give instead does not."""
        import time

        (self._sleep or time.sleep)(wait_s)

    @property
    def may_ask(self) -> bool:
        """Whether there is somebody to ask, and asking is allowed."""
        return self.terminal.is_interactive and not self.flags.no_input
