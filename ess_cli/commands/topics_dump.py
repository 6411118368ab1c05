"""``ess topics dump``: a file of a topic's subscriptions, started, waited for and fetched."""

import re
import shlex
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ess_cli.cli import UnattendedWrite, noun
from ess_cli.errors import AllowedTimeOver, BadReply, BadSetting, EssError, Temporary, UsageFault
from ess_cli.files import refuse_place
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table
from ess_cli.times import parse_duration_s, parse_moment, wire

if TYPE_CHECKING:
    from ess_cli.dumps.notices import Found, Notice
    from ess_cli.following import Newcomers

app = noun()

DUMP = Table(("dump", "dumps"), (Column("reference-id", "referenceId"),))

# Clocks may be apart, and a delivery may be listed late.
_LOOK_BACK_S = 900
# A file can be fetched for so long (field notes, H: typically).
_RETENTION = timedelta(days=7)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 15.0
# A notice that does not name the dump is taken after so many further looks that brought no other.
_LOOKS_ALONE = 3
_QUIET_S = 1.0
_SIZE = re.compile(r"([0-9]{1,9})([KMGT]?)", re.ASCII)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class _Plan(NamedTuple):
    """What to do about the file.

    Attributes:
        topic: None where a dump is resumed and nobody said.
        allowed: hosts that the user has named.
        company_id: for Media Storage.
    """

    topic: str | None
    out: Path
    wait_for: str
    allowed: tuple[str, ...]
    most_bytes: int
    company_id: str

    @property
    def wait_s(self) -> float:
        return parse_duration_s("--wait-for", self.wait_for)


@app.command("dump", cls=UnattendedWrite)
@teaches(
    "ess topics dump NIS-Events --wait --out subscriptions.jsonl",
    "GET /topics/{ID}/dump-subscriptions",
    DUMP,
)
def dump_subscriptions(
    ctx: typer.Context,
    topic: Annotated[
        str | None,
        typer.Argument(metavar="[TOPIC]", help="A topic's name; may lack with --resume."),
    ] = None,
    compression: Annotated[
        bool, typer.Option("--compression/--no-compression", help="Compress the file. [on]")
    ] = True,
    compression_type: Annotated[
        str,
        typer.Option(
            "--compression-type", metavar="TYPE", help="gzip is the only one seen. [gzip]"
        ),
    ] = "gzip",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the file and fetch it, to --out.")
    ] = False,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Where the file goes, unpacked.")
    ] = None,
    wait_for: Annotated[
        str, typer.Option("--wait-for", metavar="DURATION", help="How long, then code 13. [30m]")
    ] = "30m",
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="ID", help="Start none; wait for the dump of this reference id."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="With --resume: when it was started. [7d]"),
    ] = None,
    allow_file_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-file-host",
            metavar="NAME",
            help="Fetch the file from this host, too, without credentials; may be repeated.",
        ),
    ] = None,
    max_size: Annotated[
        str,
        typer.Option(
            "--max-size", metavar="SIZE", help="The most that the file may have: 500M. [20G]"
        ),
    ] = "20G",
) -> None:
    """Have the service write a file of a topic's subscriptions; fetch it with --wait.

    Each call starts a job, so it is never repeated by itself; --resume starts none. The service
    needs an active subscription to MSS-Messages, event type event_file_complete; the notice that
    the file is there arrives by it, and is looked for in the list of deliveries. How a reference
    id maps to a notice is not documented: one that names it is taken; else the only one that has
    come since the start, with a warning. --resume also takes the file id of a notice.

    The file is fetched from the service's own host, never with the user token, and stands under
    its name only when it is whole.
    """
    ess = ctx.obj
    plan = _plan(ess, topic, out, wait_for, allow_file_host or [], max_size, wait, resume)
    if resume is not None:
        _resume(ess, plan, resume, since)
        return
    if topic is None:
        raise UsageFault("which topic? TOPIC is missing", hint="ess topics list -o name")
    if since is not None:
        raise UsageFault("--since goes with --resume")
    _start(ess, topic, compression, compression_type, plan)


def _plan(
    ess: Any,
    topic: str | None,
    out: str | None,
    wait_for: str,
    allowed: list[str],
    max_size: str,
    wait: bool,
    resume: str | None,
) -> _Plan | None:
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
    size = _SIZE.fullmatch(max_size)
    if size is None:
        raise UsageFault(f'--max-size: not a size: "{max_size}"', hint="500M, 20G")
    parse_duration_s("--wait-for", wait_for)
    company_id = ess.settings.company_id or ""
    if not re.fullmatch(r"[!-~]{1,64}", company_id):
        raise BadSetting(
            f'profile "{ess.profile}" has no company-id, without which no file is handed out',
            hint=f"ess profile set {shlex.quote(ess.profile)} --company-id N",
        )
    most_bytes = int(size[1]) * _UNITS[size[2]]
    return _Plan(topic, Path(out), wait_for, tuple(allowed), most_bytes, company_id)


def _start(
    ess: Any, topic: str, compression: bool, compression_type: str, plan: _Plan | None
) -> None:
    """Start a dump; with a plan, fetch its file."""
    from ess_cli.api import topics
    from ess_cli.api.paths import query_string, segment
    from ess_cli.changes import Change

    query = (("compression", str(compression).lower()), ("compressionType", compression_type))
    path = f"/topics/{segment('topic', topic)}/dump-subscriptions{query_string(query)}"
    if not ess.agreed(Change("GET", path, f"dump of the subscriptions to {topic}"), asks=False):
        return
    newcomers, begun = None, ess.now() - timedelta(seconds=_LOOK_BACK_S)
    if plan is not None:
        refuse_place(plan.out)
        newcomers = _newcomers(ess, None)
        newcomers.begin()
    reply = topics.dump_subscriptions(
        ess.http, topic, compression=compression, compression_type=compression_type
    )
    if not reply:
        ess.terminal.warn("accepted, without a reference id")
    ess.show_done(reply)
    reference_id = str(reply.get("referenceId") or "")
    named = f", reference id {reference_id}" if plan is not None and reference_id else ""
    ess.changed(f"started a dump of the subscriptions to {topic}{named}")
    if plan is not None and newcomers is not None:
        ess.terminal.flush()
        _finish(ess, plan, newcomers, reference_id, wire(begun), may_assume=True)


def _resume(ess: Any, plan: _Plan | None, reference_id: str, since: str | None) -> None:
    """Fetch the file of a dump that was started before."""
    if plan is None:
        raise TypeError("a dump that is resumed is waited for")
    begun = ess.now() - _RETENTION
    if since is not None:
        begun = parse_moment("--since", since, ess.now())
    refuse_place(plan.out)
    newcomers = _newcomers(ess, begun)
    _finish(ess, plan, newcomers, reference_id, wire(begun), may_assume=since is not None)
    ess.show_object({"referenceId": reference_id})


def _newcomers(ess: Any, since: Any) -> "Newcomers":
    """The notices from a moment on; None: those to come."""
    from ess_cli.dumps.notices import EVENT_TYPE, TOPIC
    from ess_cli.following import Newcomers

    def is_notice(row: Any) -> bool:
        return bool(row.get("topic") == TOPIC and row.get("event-type") == EVENT_TYPE)

    return Newcomers(ess.http, ess.now, _LOOK_BACK_S, since=since, keep=is_notice)


def _finish(
    ess: Any,
    plan: _Plan,
    newcomers: "Newcomers",
    reference_id: str,
    begun: str,
    *,
    may_assume: bool,
) -> None:
    """Wait for the notice and fetch the file; whatever ends that says how to go on."""
    from ess_cli.dumps.notices import Found

    going_on = _going_on(ess, plan, reference_id, begun)
    found = Found()
    try:
        notice = _await(ess, plan, newcomers, found, reference_id, may_assume=may_assume)
        _fetch(ess, plan, notice)
    except AllowedTimeOver as error:
        error.hint = f"go on with: {going_on}"
        raise
    except EssError as error:
        error.details += (f"  the dump is not lost; go on with: {going_on}",)
        raise
    others = [str(other) for other in found.all if other.uri != notice.uri]
    if others:
        ess.terminal.note(f"not matched: {'; '.join(others)}")


def _await(
    ess: Any,
    plan: _Plan,
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
    began, slept_s, pause_s, alone, in_trouble = monotonic(), 0.0, _FIRST_PAUSE_S, 0, False
    while True:
        try:
            for rows in newcomers.look():
                found.add(rows)
            in_trouble = False
        except Temporary as error:
            if not in_trouble:
                ess.terminal.warn(f"{error.message}; waiting goes on")
            in_trouble = True
        named = found.of(reference_id) if reference_id else []
        if named:
            return _only(ess, named, reference_id)
        alone = alone + 1 if may_assume and len(found.all) == 1 else 0
        left_s = plan.wait_s - max(slept_s, monotonic() - began)
        if alone > _LOOKS_ALONE or (alone and left_s <= 0):
            return _assumed(ess, found.all[0], reference_id)
        if left_s <= 0:
            raise _time_over(plan, found, reference_id)
        if plan.wait_s - left_s > _QUIET_S:
            waited_s, total_s = int(plan.wait_s - left_s), max(1, int(plan.wait_s))
            ess.terminal.bar("waiting, seconds", min(waited_s, total_s), total_s)
        ess.wait(min(pause_s, left_s))
        slept_s, pause_s = slept_s + min(pause_s, left_s), min(1.5 * pause_s, _LONGEST_PAUSE_S)


def _only(ess: Any, named: list["Notice"], reference_id: str) -> "Notice":
    if len(named) > 1:
        raise BadReply(
            f"{len(named)} files name dump {reference_id}, and none of them was fetched",
            details=tuple(f"  {notice}" for notice in named),
            hint="--resume takes the file id of one of them",
        )
    ess.terminal.progress("")
    if not named[0].is_complete:
        ess.terminal.warn(f'the notice says of the file: "{named[0].status}"')
    return named[0]


def _assumed(ess: Any, notice: "Notice", reference_id: str) -> "Notice":
    named = f"dump {reference_id}" if reference_id else "the dump"
    ess.terminal.warn(
        f"the notice does not name {named}: {notice} is assumed to be its file, being the only"
        " one that was announced since"
    )
    return notice


def _time_over(plan: _Plan, found: "Found", reference_id: str) -> AllowedTimeOver:
    named = f"dump {reference_id}" if reference_id else "the dump"
    others = tuple(f"  announced, and not known to be it: {notice}" for notice in found.all)
    taking = ("  --resume also takes the file id of one of them",) if others else ()
    return AllowedTimeOver(
        f"no notice that names {named} has come within {plan.wait_for}", details=others + taking
    )


def _fetch(ess: Any, plan: _Plan, notice: "Notice") -> None:
    """Fetch a file and say what came.

    Raises:
        BadReply: it lies elsewhere, or is not what was announced.
        EssError: it cannot be had or written.
    """
    from ess_cli.api.http import Authorization
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


def _kept(ess: Any, plan: _Plan, size: int | None) -> Any:
    from ess_cli.dumps.keeping import Kept

    began = monotonic()

    def tell(received: int) -> None:
        if monotonic() - began > _QUIET_S:
            if size:
                ess.terminal.bar("fetching", min(received, size), size)
            else:
                ess.terminal.progress(f"fetching {received:,} bytes …")

    return Kept(plan.out, plan.most_bytes, tell)


def _going_on(ess: Any, plan: _Plan, reference_id: str, begun: str) -> str:
    """The command that goes on waiting for the same dump."""
    if not reference_id:
        return "ess deliveries list --topic MSS-Messages --event-type event_file_complete"
    given = (("-p", ess.flags.profile), ("--base-url", ess.flags.base_url))
    words = ["ess", *(word for name, value in given if value for word in (name, value))]
    words += ["topics", "dump", *([plan.topic] if plan.topic else []), "--resume", reference_id]
    words += ["--since", begun, "--out", str(plan.out)]
    words += [word for name in plan.allowed for word in ("--allow-file-host", name)]
    return shlex.join(words)
