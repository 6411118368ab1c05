"""``ess profile``: accounts and their settings."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from ess_cli import config
from ess_cli.cache import remember_profiles
from ess_cli.cli import Command, noun
from ess_cli.commands.profile_rows import (
    PROFILES,
    SETTINGS,
    address,
    profile_row,
    settings_rows,
)
from ess_cli.config import Config
from ess_cli.errors import EssError
from ess_cli.options import teaches

app = noun(
    "Accounts and their settings.",
    elsewhere=dict.fromkeys(("set", "remove"), "profile_changes"),
)

Name = Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's name.")]


@app.command("list", cls=Command)
@teaches("ess profile list", table=PROFILES)
def list_profiles(ctx: typer.Context) -> None:
    """List the profiles; the active one is used where -p and ESS_PROFILE name no other."""
    ess = ctx.obj
    settle_output(ess)
    known = load_config()
    remember_profiles(known.names)
    ess.show_rows([profile_row(known, known.find(name)) for name in known.names])


@app.command("show", cls=Command)
@teaches("ess profile show prod", table=SETTINGS)
def show_profile(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[PROFILE]", help="Another one than the selected.")
    ] = None,
) -> None:
    """Show each setting that a command would go by, and where it comes from.

    With a name, as if it were given with -p: the environment then counts neither for the base
    URL nor for credentials.
    """
    ess = ctx.obj
    if name is not None:
        ess.flags.profile = name
    ess.show_rows(settings_rows(ess.settings, named=name is not None))


@app.command("use", cls=Command)
@teaches("ess profile use sandbox")
def use_profile(ctx: typer.Context, name: Name) -> None:
    """Make a profile the one that commands use where -p and ESS_PROFILE name no other."""
    ess = ctx.obj
    known = load_config()
    profile = known.find(name)
    config.use(known.path, name)
    ess.terminal.note(f"active profile: {name} ({address(profile)})")
    if os.environ.get("ESS_PROFILE"):
        ess.terminal.warn("ESS_PROFILE is set, and goes before the active profile")


def load_config() -> Config:
    """What the configuration file says."""
    return config.load(config.config_path(os.environ))


def settle_output(ess: Any) -> None:
    """Decide the output format now. These commands must also work where the settings do not."""
    try:
        chosen = ess.format
    except EssError:
        chosen = "table" if ess.terminal.out_is_tty else "tsv"
    if not ess.flags.json:
        ess.flags.output = chosen
