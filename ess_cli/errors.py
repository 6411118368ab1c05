"""What can go wrong: one tree, with the exit code on the class.

::

    EssError
    ├── UsageFault            2   wrong call or input; nothing was changed
    │   ├── UnknownFormat, UnknownColumn, NoNames, BadQuery
    │   ├── BadDate, BadNumber, BadCron, BadAddress, BadId
    │   └── AmbiguousName
    ├── CredentialsFault      3   none to be had, or the service refused them
    │   └── NoCredentials, NoKeyring, CredentialsRefused
    ├── NotFound              4   the service, or a list of it, does not know the thing
    │   └── UnknownConfiguration, UnknownSubscription
    ├── Rejected              5   the service said no to the request itself
    ├── Temporary             6   try later; no write is in doubt
    ├── OutcomeUnknown        7   a write may or may not have happened
    ├── SafetyStop            8   refused by ess itself; nothing was changed
    │   └── NeedsConfirmation, AlreadyExists
    ├── BadReply              9   the reply is unusable or unsafe
    │   └── Redirected, NotJson, WrongShape, TooLarge, PagingLoop
    ├── CheckFailed          10   a check that was asked for found something
    ├── PartlyDone           11   some rows failed
    ├── LocalTrouble         12   configuration, file, disk, lock
    │   └── BadConfiguration, UnknownProfile, BadSetting, FileTrouble, OutputTrouble,
    │       SandboxUnusable, PortInUse
    ├── AllowedTimeOver      13   waited, or ran, as long as allowed
    └── Interrupted     130, 143  left out after a signal (13: after --max-duration)

Exit codes are append-only: scripts rely on them. Codes 0, 1 and 141 have no class: success, a
bug, a closed pipe. Mostly 130 and 143 have none either: ``main`` sees the signals by itself.

All of it is one file, long as it gets: a class is a few lines of text for users, and they are
found, and kept alike in tone, where they stand together below their tree.
"""

from __future__ import annotations


class EssError(Exception):
    """Something a user can act on.

    Args:
        message: the first line: what happened, to which thing. Never a secret.
        hint: what to run or do next; absent where nothing helps.
        details: further lines, shown between message and hint.
        http: the status the service answered with; None where it did not answer.
    """

    exit_code = 1
    kind = "bug"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: tuple[str, ...] = (),
        http: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details
        self.http = http


class UsageFault(EssError):
    """The call is wrong; nothing was changed."""

    exit_code = 2
    kind = "usage"


class CredentialsFault(EssError):
    """No credentials, or the service refused them."""

    exit_code = 3
    kind = "credentials"


class NotFound(EssError):
    """The named thing does not exist, as far as the service says."""

    exit_code = 4
    kind = "not-found"


class Rejected(EssError):
    """The service rejected the request (a 4xx other than 401, 403, 404, 408 and 429)."""

    exit_code = 5
    kind = "rejected"


class Temporary(EssError):
    """The service or the way to it failed for now; no write is in doubt.

    Attributes:
        wait_s: how long the service asks to be left alone, where a run does not wait for that;
            None where it does not ask.
    """

    exit_code = 6
    kind = "temporary"
    retryable = True
    wait_s: float | None = None


class OutcomeUnknown(EssError):
    """A write may have arrived, and nobody knows what became of it. Beats every other error."""

    exit_code = 7
    kind = "outcome-unknown"


class SafetyStop(EssError):
    """Refused by ess for safety; nothing was changed."""

    exit_code = 8
    kind = "refused"


class BadReply(EssError):
    """The reply cannot be used, or must not be."""

    exit_code = 9
    kind = "bad-reply"


class CheckFailed(EssError):
    """A check that was asked for found something."""

    exit_code = 10
    kind = "check-failed"


class PartlyDone(EssError):
    """Some rows failed, others went through."""

    exit_code = 11
    kind = "partly-done"


class LocalTrouble(EssError):
    """This machine is in the way: configuration, file, disk, lock."""

    exit_code = 12
    kind = "local"


class AllowedTimeOver(EssError):
    """Waited, or ran, as long as allowed."""

    exit_code = 13
    kind = "time-over"


class RunTimeOver(AllowedTimeOver):
    """What ``--max-duration`` allows is over."""

    def __init__(self, limit: str | None, hint: str = "give it more time, or less to do") -> None:
        super().__init__(f"ended after {limit}, which is what --max-duration allows", hint=hint)


class Interrupted(EssError):
    """What was not sent or not waited for any more, after a signal or ``--max-duration``."""

    exit_code = 130
    kind = "interrupted"

    def __init__(self, request: str, exit_code: int) -> None:
        time_over = exit_code == AllowedTimeOver.exit_code
        why = "--max-duration is over" if time_over else "a signal asked the run to end"
        super().__init__(f"{request}: left out, since {why}")
        self.exit_code = exit_code
        self.kind = AllowedTimeOver.kind if time_over else self.kind


class UnknownFormat(UsageFault):
    """``-o`` names no format."""

    def __init__(self, value: str, known: tuple[str, ...]) -> None:
        super().__init__(f'unknown output format: "{value}"', hint="one of " + ", ".join(known))


class UnknownColumn(UsageFault):
    """``--columns`` or ``--sort`` names no column of this table."""

    def __init__(self, value: str, known: tuple[str, ...]) -> None:
        super().__init__(f'unknown column: "{value}"', hint="columns here: " + ", ".join(known))


class NoNames(UsageFault):
    """``-o name`` where no next command takes a name."""

    def __init__(self) -> None:
        super().__init__(
            "-o name: no other command takes one of these rows as its argument",
            hint="use -o json, -o csv or -o tsv with --columns",
        )


class BadQuery(UsageFault):
    """``--query`` is no JMESPath expression, or cannot be applied."""

    def __init__(self, query: str, reason: str) -> None:
        super().__init__(
            f'--query cannot be used: "{query}"',
            details=(f"  {reason}",),
            hint="JMESPath, for instance --query '[].id'; see https://jmespath.org/tutorial.html",
        )


class BadDate(UsageFault):
    """A value that should be a date is none."""

    def __init__(self, option: str, value: str) -> None:
        super().__init__(
            f'{option}: not a date: "{value}"',
            hint="2026-11-23, 2026-11-23T08:00:00Z, now, 15m or 2d (ago), +2d (ahead)",
        )


class BadNumber(UsageFault):
    """A phone number is not in E.164 form."""

    def __init__(self, option: str, value: str, corrected: str | None) -> None:
        example = corrected or "+12025550123"
        typed = f"{option} {example}" if option.startswith("-") else example
        super().__init__(
            f'not an E.164 number: "{value}"',
            hint=f"numbers begin with + and the country code: {typed}",
        )


class BadCron(UsageFault):
    """A cron expression has not six fields."""

    def __init__(self, value: str, fields: int) -> None:
        super().__init__(
            f'--cron: six fields wanted, seconds first; "{value}" has {fields}',
            hint="for instance --cron '0 15 * * * *': at minute 15 of every hour",
        )


class BadAddress(UsageFault):
    """The address of a webhook is not an http(s) URL."""

    def __init__(self, value: str) -> None:
        super().__init__(
            f'--addr: not an http(s) address: "{value}"',
            hint="for instance --addr https://hooks.example.com/ess",
        )


class BadId(UsageFault):
    """An id that cannot stand in a URL path."""

    def __init__(self, what: str, value: str, reason: str) -> None:
        super().__init__(
            f'{what}: "{value}" {reason}',
            hint="ids come from the lists: -o name prints them",
        )


class AmbiguousName(UsageFault):
    """Two configurations of one name."""

    def __init__(self, name: str, ids: tuple[str, ...]) -> None:
        super().__init__(
            f'{len(ids)} delivery configurations are named "{name}": {", ".join(ids)}',
            hint=f"name it by its id, for instance {ids[0]}",
        )


class NoCredentials(CredentialsFault):
    """Nothing to authenticate with."""

    def __init__(self, origin: str, looked_in: tuple[str, ...], hint: str) -> None:
        super().__init__(
            f"no credentials for {origin}",
            details=("  looked in: " + ", ".join(looked_in),),
            hint=hint,
        )


class NoKeyring(CredentialsFault):
    """There is no keyring to keep a secret in, or it may not be used."""

    def __init__(self, reason: str, *, details: tuple[str, ...] = ()) -> None:
        super().__init__(
            f"no usable keyring: {reason}",
            details=details,
            hint="other ways: --token-file PATH, ESS_TOKEN, or token-command in the profile"
            " (ess profile set NAME --token-command 'pass show ess')",
        )
        self.reason = reason


class CredentialsRefused(CredentialsFault):
    """The service answered 401 or 403."""

    def __init__(self, message: str, http: int) -> None:
        super().__init__(
            message,
            http=http,
            hint="`ess auth status` says which credentials were sent; `ess auth login` renews them",
        )


class UnknownConfiguration(NotFound):
    """No delivery configuration of that id or name."""

    def __init__(self, name: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(
            f'no delivery configuration with the id or name "{name}"',
            details=(f"  near: {', '.join(near)}",) if near else (),
            hint="ess delivery-cfg list",
        )


class UnknownSubscription(NotFound):
    """No subscription of that id in the list."""

    def __init__(self, subscription_id: str) -> None:
        super().__init__(
            f"no subscription {subscription_id} in the list of subscriptions",
            hint="ess subs list; an ended one may need its topic: ess subs get TOPIC ID",
        )


class NeedsConfirmation(SafetyStop):
    """A change that wants a yes, and nobody to ask."""


class AlreadyExists(SafetyStop):
    """The same subscription is there already, and could not be removed again."""


class Redirected(BadReply):
    """A read was answered with a redirect, which is never followed."""

    def __init__(self, request: str, target: str, http: int) -> None:
        super().__init__(
            f"{request}: redirected to {target}; redirects are not followed",
            http=http,
            hint="if the service moved, set the new base URL yourself: ess profile set --base-url",
        )


class NotJson(BadReply):
    """A reply that is not the JSON that was due."""


class WrongShape(BadReply):
    """JSON, but not of the documented shape."""


class TooLarge(BadReply):
    """A reply over the size that is safe to hold."""


class PagingLoop(BadReply):
    """A list whose pages repeat or go backwards."""


class BadConfiguration(LocalTrouble):
    """The configuration file is damaged."""


class UnknownProfile(LocalTrouble):
    """No profile of that name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f'no profile named "{name}"',
            details=("  profiles: " + ", ".join(known),),
            hint=f"ess profile set {name} --base-url URL",
        )


class BadSetting(LocalTrouble):
    """A value from the environment or a file is refused."""


class FileTrouble(LocalTrouble):
    """A file cannot be read or written."""


class OutputTrouble(LocalTrouble):
    """stdout cannot be written: disk full, or closed."""


class SandboxUnusable(LocalTrouble):
    """The sandbox's database is damaged, of another version, or not writable."""

    def __init__(
        self,
        path: str,
        reason: str,
        hint: str = "`ess sandbox reset` makes a new one; its contents are lost",
    ) -> None:
        super().__init__(
            f"the sandbox's database cannot be used: {reason}", details=(f"  {path}",), hint=hint
        )


class PortInUse(LocalTrouble):
    """The port that a server is to listen on is taken."""

    def __init__(self, port: int, command: str = "ess sandbox serve") -> None:
        super().__init__(
            f"port {port} is in use or not allowed",
            hint=f"choose another one: {command} --port 0 takes a free one",
        )
