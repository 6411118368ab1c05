"""The file of a dump, for ``ess topics dump``: waited for, fetched, and how to go on."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from ess_cli.errors import AllowedTimeOver, BadSetting, EssError, RunTimeOver, TooLarge, UsageFault
from ess_cli.interruption import TimeOver
from ess_cli.times import parse_duration_s

if TYPE_CHECKING:
    from ess_cli.dumps.notices import Found, Notice
    from ess_cli.following import Newcomers

# Clocks may be apart, and a delivery may be listed late.
LOOK_BACK_S = 900
MAX_SIZE = "20G"
_QUIET_S = 1.0
_SIZE = re.compile(r"([0-9]{1,9})([KMGT]?)", re.ASCII)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Plan(NamedTuple):
    """What to do about the file.

    Attributes:
        topic: None where a dump is resumed and nobody said.
        allowed: hosts that the user has named.
        max_size: as typed.
        company_id: for Media Storage.
    """

    topic: str | None
    out: Path
    wait_for: str
    allowed: tuple[str, ...]
    max_size: str
    company_id: str

    @property
    def wait_s(self) -> float:
        """How long to wait, in seconds."""
        return parse_duration_s("--wait-for", self.wait_for)

    @property
    def most_bytes(self) -> int:
        """How large the file may be.

        Raises:
            UsageFault: it is no size.
        """
        size = _SIZE.fullmatch(self.max_size)
        if size is None:
            raise UsageFault(f'--max-size: not a size: "{self.max_size}"', hint="500M, 20G")
        return int(size[1]) * _UNITS[size[2]]


def plan_of(
    ess: Any,
    topic: str | None,
    out: str | None,
    wait_for: str,
    allowed: list[str],
    max_size: str,
    wait: bool,
    resume: str | None,
) -> Plan | None:
    """What to do about the file; None where it is not waited for.

    Raises:
        UsageFault: the options do not go together.
        BadSetting: nobody said which company it is.
    """
    if not wait and resume is None:
        if out is not None or allowed:
            raise UsageFault("--out and --allow-file-host go with --wait or --resume")
        return None
    if resume is not None and (wait or ess.flags.dry_run or not resume.strip()):
        raise UsageFault("--resume ID starts nothing: it goes without --wait and --dry-run")
    if out is None or out in ("", "-"):
        raise UsageFault("--wait and --resume want a file to write", hint="--out FILE")
    company_id = ess.settings.company_id or ""
    plan = Plan(topic, Path(out), wait_for, tuple(allowed), max_size, company_id)
    if not plan.most_bytes:
        raise UsageFault("--max-size: more than 0 is wanted", hint="500M, 20G")
    parse_duration_s("--wait-for", wait_for)
    if not re.fullmatch(r"[!-~]{1,64}", company_id):
        raise BadSetting(
            f'profile "{ess.profile}" has no company-id, without which no file is handed out',
            hint=f"ess profile set {shlex.quote(ess.profile)} --company-id N",
        )
    return plan


def newcomers_since(ess: Any, since: Any) -> "Newcomers":
    """The notices from a moment on; None: those to come."""
    from ess_cli.dumps.notices import EVENT_TYPE, TOPIC
    from ess_cli.following import Newcomers

    def is_notice(row: Any) -> bool:
        return bool(row.get("topic") == TOPIC and row.get("event-type") == EVENT_TYPE)

    return Newcomers(ess.http, ess.now, LOOK_BACK_S, since=since, keep=is_notice)


@contextmanager
def resumable(ess: Any, plan: Plan, reference_id: str, begun: str) -> Iterator[None]:
    """While a dump is waited for and fetched: whatever ends that says how to go on.

    Args:
        ess: the run.
        plan: what to do about the file.
        reference_id: the dump's; empty where the service did not give one.
        begun: a moment before its start, as the service writes it.

    Raises:
        RunTimeOver: in place of the signal that ``--max-duration`` is over.
    """
    going_on = _going_on(ess, plan, reference_id, begun)
    try:
        yield
    except TimeOver:
        raise RunTimeOver(ess.flags.max_duration, f"go on with: {going_on}") from None
    except AllowedTimeOver as error:
        error.hint = f"go on with: {going_on}"
        raise
    except EssError as error:
        if isinstance(error, TooLarge):
            # The same again would fail again; what is enough, nobody knows.
            going_on = _going_on(ess, plan._replace(max_size="SIZE"), reference_id, begun)
        error.details += (f"  the dump is not lost; go on with: {going_on}",)
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and not ess.terminal.quiet:
            ess.terminal.say(f"the dump is not lost; go on with: {going_on}")
        raise


def finish(
    ess: Any, plan: Plan, newcomers: "Newcomers", reference_id: str, *, may_assume: bool
) -> None:
    """Wait for the notice of a dump and fetch its file.

    Raises:
        EssError: it has not come, or the file cannot be had or written.
    """
    from ess_cli.dumps.notices import Found

    found = Found()
    notice = _await(ess, plan, newcomers, found, reference_id, may_assume=may_assume)
    _fetch(ess, plan, notice)
    others = [str(other) for other in found.all if other.uri != notice.uri]
    if others:
        ess.terminal.note(f"not matched: {'; '.join(others)}")


def _await(
    ess: Any,
    plan: Plan,
    newcomers: "Newcomers",
    found: "Found",
    reference_id: str,
    *,
    may_assume: bool,
) -> "Notice":
    """The notice of the dump.

    Raises:
        AllowedTimeOver: it has not come.
        BadReply: several files name the same dump.
    """
    from ess_cli.dumps.waiting import Waiting, await_notice

    def passed(waited_s: float) -> None:
        if waited_s > _QUIET_S:
            total_s = max(1, int(plan.wait_s))
            ess.terminal.bar("waiting, seconds", min(int(waited_s), total_s), total_s)

    def trouble(error: EssError) -> None:
        ess.terminal.warn(f"{error.message}; waiting goes on")

    waiting = Waiting(newcomers.look, plan.wait_s, ess.wait, trouble, passed)
    notice = await_notice(waiting, found, reference_id, may_assume=may_assume)
    if notice is None:
        raise _time_over(ess, plan, found, reference_id)
    ess.terminal.progress("")
    if not (reference_id and notice.tells(reference_id)):
        ess.terminal.warn(
            f"the notice does not name {_named(reference_id)}: {notice} is assumed to be its file,"
            " being the only one that was announced since"
        )
    elif not notice.is_complete:
        ess.terminal.warn(f'the notice says of the file: "{notice.status}"')
    return notice


def _named(reference_id: str) -> str:
    return f"dump {reference_id}" if reference_id else "the dump"


def _time_over(ess: Any, plan: Plan, found: "Found", reference_id: str) -> AllowedTimeOver:
    from ess_cli.dumps.notices import EVENT_TYPE, TOPIC

    others = tuple(f"  announced, and not known to be it: {notice}" for notice in found.all)
    taking = (
        "  --resume also takes the file id of one of them"
        if others
        else f"  none comes without an active subscription to {TOPIC}, {EVENT_TYPE}:"
        f" {shlex.join(ess.program)} subs list --topic {TOPIC} --event-type {EVENT_TYPE}"
    )
    return AllowedTimeOver(
        f"no notice that names {_named(reference_id)} has come within {plan.wait_for}",
        details=(*others, taking),
    )


def _fetch(ess: Any, plan: Plan, notice: "Notice") -> None:
    """Fetch a file and say what came.

    Raises:
        BadReply: it lies elsewhere, or is not what was announced.
        EssError: it cannot be had or written.
    """
    from ess_cli.api.sending import Authorization
    from ess_cli.dumps.places import place_of

    place = place_of(notice.uri, ess.settings.base_url, plan.allowed)
    # NOTE: never the user token, and elsewhere neither token nor company.
    header = ess.credentials.authorization if place.is_own else None
    headers = (("int-companyid", plan.company_id),) if place.is_own else ()
    http = ess.http_with(lambda: Authorization(header), place.origin)
    try:
        with _kept(ess, plan, notice.size) as kept:
            http.download(place.path, place.query, kept, headers)
            kept.finish(notice.size)
    finally:
        ess.terminal.progress("")
        http.close()
    if kept.was_empty:
        ess.terminal.note("the service says that there is nothing (EMPTY_FILE)")
    packed = f", {kept.received:,} packed" if kept.was_packed else ""
    named = f" · {notice.name}" if notice.name else ""
    ess.terminal.note(f"wrote {plan.out}: {kept.written:,} bytes{packed}{named}")


def _kept(ess: Any, plan: Plan, size: int | None) -> Any:
    from ess_cli.dumps.keeping import Kept

    began = monotonic()

    def tell(received: int) -> None:
        if monotonic() - began > _QUIET_S:
            if size:
                ess.terminal.bar("fetching", min(received, size), size)
            else:
                ess.terminal.progress(f"fetching {received:,} bytes …")

    return Kept(plan.out, plan.most_bytes, tell)


def _going_on(ess: Any, plan: Plan, reference_id: str, begun: str) -> str:
    """The command that goes on waiting for the same dump."""
    from ess_cli.dumps.notices import EVENT_TYPE, TOPIC

    files = (
        ("--token-file", ess.flags.token_file),
        ("--user-token-file", ess.flags.user_token_file),
    )
    words = [*ess.program, *(word for name, path in files if path for word in (name, path))]
    if not reference_id:
        looking = ("deliveries", "list", "--topic", TOPIC, "--event-type", EVENT_TYPE)
        return shlex.join([*words, *looking])
    words += ["topics", "dump", *([plan.topic] if plan.topic else []), "--resume", reference_id]
    words += ["--since", begun, "--out", str(plan.out)]
    words += [word for name in plan.allowed for word in ("--allow-file-host", name)]
    words += ["--max-size", plan.max_size] if plan.max_size != MAX_SIZE else []
    return shlex.join(words)
