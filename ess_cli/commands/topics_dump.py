"""``ess topics dump``: a file of a topic's subscriptions, started, waited for and fetched."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from ess_cli.cli import UnattendedWrite, noun
from ess_cli.commands.topics_dump_file import (
    LOOK_BACK_S,
    MAX_SIZE,
    Plan,
    finish,
    newcomers_since,
    plan_of,
    resumable,
)
from ess_cli.errors import UsageFault
from ess_cli.files import refuse_place
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Table
from ess_cli.times import parse_moment, wire

app = noun()

DUMP = Table(("dump", "dumps"), (Column("reference-id", "referenceId"),))

# A file can be fetched for so long (field notes, H: typically).
_RETENTION = timedelta(days=7)


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
    ] = MAX_SIZE,
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
    plan = plan_of(ess, topic, out, wait_for, allow_file_host or [], max_size, wait, resume)
    if resume is not None:
        _resume(ess, plan, resume, since)
        return
    if topic is None:
        raise UsageFault("which topic? TOPIC is missing", hint="ess topics list -o name")
    if since is not None:
        raise UsageFault("--since goes with --resume")
    _start(ess, topic, compression, compression_type, plan)


def _start(
    ess: Any, topic: str, compression: bool, compression_type: str, plan: Plan | None
) -> None:
    """Start a dump; with a plan, fetch its file."""
    from ess_cli.api import topics
    from ess_cli.api.paths import query_string, segment
    from ess_cli.changes import Change

    query = (("compression", str(compression).lower()), ("compressionType", compression_type))
    path = f"/topics/{segment('topic', topic)}/dump-subscriptions{query_string(query)}"
    what = f"the subscriptions to {topic}"
    if not ess.agreed(Change("GET", path, f"dump of {what}"), asks=False):
        return
    newcomers, begun = None, ess.now() - timedelta(seconds=LOOK_BACK_S)
    if plan is not None:
        refuse_place(plan.out)
        newcomers = newcomers_since(ess, None)
        newcomers.begin()
    reply = topics.dump_subscriptions(
        ess.http, topic, compression=compression, compression_type=compression_type
    )
    if not reply:
        ess.terminal.warn("accepted, without a reference id")
    reference_id, started = str(reply.get("referenceId") or ""), f"started a dump of {what}"
    if plan is None or newcomers is None:
        ess.show_done(reply)
        ess.changed(started)
        return
    with resumable(ess, plan, reference_id, wire(begun)):
        ess.show_done(reply)
        ess.changed(started + (f", reference id {reference_id}" if reference_id else ""))
        ess.terminal.flush()
        finish(ess, plan, newcomers, reference_id, may_assume=True)


def _resume(ess: Any, plan: Plan | None, reference_id: str, since: str | None) -> None:
    """Fetch the file of a dump that was started before."""
    if plan is None:
        raise TypeError("a dump that is resumed is waited for")
    begun = ess.now() - _RETENTION
    if since is not None:
        begun = parse_moment("--since", since, ess.now())
    refuse_place(plan.out)
    with resumable(ess, plan, reference_id, wire(begun)):
        newcomers = newcomers_since(ess, begun)
        finish(ess, plan, newcomers, reference_id, may_assume=since is not None)
    ess.show_object({"referenceId": reference_id})
