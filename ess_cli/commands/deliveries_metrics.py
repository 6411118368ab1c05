"""``ess deliveries metrics``: the counts for Prometheus."""

from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from ess_cli import metrics, tallies
from ess_cli.cli import Unattended, noun
from ess_cli.commands.deliveries_summary import warn_of_differences
from ess_cli.errors import EssError, FileTrouble
from ess_cli.interruption import TimeOver
from ess_cli.options import teaches

app = noun()


@app.command("metrics", cls=Unattended)
@teaches("ess deliveries metrics --textfile ess.prom")
def write_metrics(
    ctx: typer.Context,
    textfile: Annotated[
        str,
        typer.Option(
            "--textfile", metavar="PATH|-", help="A file for node_exporter, written whole."
        ),
    ],
) -> None:
    """Write pending, retried and failed deliveries as metrics for Prometheus.

    A run that fails keeps the file's values, sets ess_up to 0 and ends with its own exit code. A
    file is for one profile. Needs prometheus_client: pip install 'ess-cli[metrics]'.
    """
    from ess_cli.api import deliveries
    from ess_cli.files import refuse_place

    ess = ctx.obj
    path = None if textfile == "-" else Path(textfile)
    if path is not None:
        refuse_place(path)
        if path.suffix != ".prom":
            ess.terminal.warn(f"node_exporter reads only files that end in .prom: {path}")
    metrics.require_library()
    began = monotonic()
    try:
        reply = deliveries.get_summary(ess.http)
        tallies.require_counts(reply)
    except (EssError, TimeOver):
        _tell_failure(ess, path)
        raise
    rows = tallies.flatten(reply)
    text = metrics.succeeded(ess.profile, rows, monotonic() - began, ess.now())
    _write(ess, path, text.content)
    if text.folded:
        ess.terminal.warn(
            f"{text.folded} combinations of configuration, topic and event type are together"
            f' configuration="{metrics.OTHER}"'
        )
    warn_of_differences(ess, reply)


def _write(ess: Any, path: Path | None, content: bytes) -> None:
    if path is None:
        ess.terminal.write(content)
    else:
        from ess_cli.files import write_whole

        write_whole(path, content, private=False)


def _tell_failure(ess: Any, path: Path | None) -> None:
    """Set ess_up to 0; why the run failed matters more than that this cannot be written."""
    try:
        before = b"" if path is None or not path.exists() else path.read_bytes()
        _write(ess, path, metrics.failed(_profile(ess), before))
    except (FileTrouble, OSError) as trouble:
        ess.terminal.warn(f"ess_up is not 0: {trouble}")


def _profile(ess: Any) -> str:
    try:
        return str(ess.profile)
    except EssError:
        return ess.flags.profile or "default"
