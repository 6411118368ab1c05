"""``ess profile``: accounts and their settings."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ess_cli import config
from ess_cli.cli import Command, Write, noun
from ess_cli.config import Config, Profile, UnusableError
from ess_cli.errors import (
    BadSetting,
    EssError,
    NeedsConfirmation,
    NoKeyring,
    SafetyStop,
    UnknownProfile,
    UsageFault,
)
from ess_cli.options import teaches
from ess_cli.render.columns import Column, Row, Table

app = noun("Accounts and their settings.")


def _command_line(row: Row) -> str | None:
    return shlex.join(row["token-command"]) if row["token-command"] else None


PROFILES = Table(
    ("profile", "profiles"),
    (
        Column("name", "name"),
        Column("base-url", "base-url"),
        Column("active", "active"),
        Column("protected", "protected"),
        Column("built-in", "built-in"),
        Column("output", "output", extra=True),
        Column("timeout", "timeout", right=True, extra=True),
        Column("token-command", _command_line, extra=True),
        Column("company-id", "company-id", extra=True),
        Column("ca-bundle", "ca-bundle", extra=True),
    ),
    lambda row: row["name"],
)
SETTINGS = Table(
    ("setting", "settings"),
    (Column("setting", "setting"), Column("value", "value"), Column("source", "source")),
)

Name = Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's name.")]


def _way_back(option: str, help_line: str) -> Any:
    return typer.Option(option, help=help_line)


@app.command("list", cls=Command)
@teaches("ess profile list", table=PROFILES)
def list_profiles(ctx: typer.Context) -> None:
    """List the profiles; the active one is used where -p and ESS_PROFILE name no other."""
    ess = ctx.obj
    _settle_output(ess)
    known = _load()
    ess.show_rows([_row(known, known.find(name)) for name in known.names])


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
    ess.show_rows(_settings_rows(ess.settings, named=name is not None))


@app.command("set", cls=Write)
@teaches(
    "ess profile set prod --base-url https://api.syniverse.com/ess/v1 --protected", None, PROFILES
)
def set_profile(
    ctx: typer.Context,
    name: Name,
    protected: Annotated[
        bool | None,
        typer.Option("--protected/--no-protected", help="Every write wants its name typed."),
    ] = None,
    token_command: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Prints the access token: 'pass show ess'."),
    ] = None,
    company_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The company's id at Syniverse.")
    ] = None,
    ca_bundle: Annotated[
        str | None, typer.Option(metavar="PATH", help="Trusted certificates, as PEM.")
    ] = None,
    no_base_url: Annotated[bool, _way_back("--no-base-url", "Back to the real service.")] = False,
    no_output: Annotated[bool, _way_back("--no-output", "Back to the default.")] = False,
    no_timeout: Annotated[bool, _way_back("--no-timeout", "Back to the default.")] = False,
    no_token_command: Annotated[bool, _way_back("--no-token-command", "Without one.")] = False,
    no_company_id: Annotated[bool, _way_back("--no-company-id", "Without one.")] = False,
    no_ca_bundle: Annotated[bool, _way_back("--no-ca-bundle", "Back to the usual ones.")] = False,
) -> None:
    """Make a profile, or change the settings given.

    --base-url, --output and --timeout are here the profile's, not this call's. Taking the
    protection away, or another base URL from a protected profile, wants --confirm PROFILE.
    Comments in the configuration file are lost.
    """
    ess = ctx.obj
    own = _taken_from_flags(ess.flags)
    own += [
        ("protected", protected, False),
        ("token_command", _arguments(token_command), no_token_command),
        ("company_id", _plain("--company-id", company_id), no_company_id),
        ("ca_bundle", _existing(ca_bundle), no_ca_bundle),
    ]
    cleared = {"base_url": no_base_url, "output": no_output, "timeout_s": no_timeout}
    _settle_output(ess)
    known = _load()
    before = _changeable(known, name)
    changes = _changes([(field, value, cleared.get(field, back)) for field, value, back in own])
    _save_changed(ess, known, before, before._replace(**changes))


@app.command("use", cls=Command)
@teaches("ess profile use sandbox")
def use_profile(ctx: typer.Context, name: Name) -> None:
    """Make a profile the one that commands use where -p and ESS_PROFILE name no other."""
    ess = ctx.obj
    known = _load()
    profile = known.find(name)
    config.use(known.path, name)
    ess.terminal.note(f"active profile: {name} ({_address(profile)})")
    if os.environ.get("ESS_PROFILE"):
        ess.terminal.warn("ESS_PROFILE is set, and goes before the active profile")


@app.command("remove", cls=Write)
@teaches("ess profile remove prod")
def remove_profile(ctx: typer.Context, name: Name) -> None:
    """Remove a profile from the configuration file; the built-in default is only reset.

    Its stored tokens could not be reached any more, so log out first: ess -p prod auth logout.
    """
    ess = ctx.obj
    known = _load()
    profile = _removable(known, name)
    if profile is None:
        ess.terminal.note('nothing to reset: profile "default" is as built in')
        return
    what = f'{"reset" if name == config.DEFAULT else "remove"} profile "{name}"'
    if ess.flags.dry_run:
        ess.terminal.note(f"dry run: would {what} ({_address(profile)})")
        return
    _keep_secrets_in_reach(ess, profile)
    _confirm(ess, what, profile if profile.protected else None)
    _save(ess, known.without(name))
    if name != config.DEFAULT and _is_active(known, name):
        config.use(known.path, None)
        ess.terminal.note("it was the active profile; none is active now")
    ess.terminal.note(f"done: {what}")


def _load() -> Config:
    return config.load(config.config_path(os.environ))


def _settle_output(ess: Any) -> None:
    """Decide the output format now. These commands must also work where the settings do not."""
    try:
        chosen = ess.format
    except EssError:
        chosen = "table" if ess.terminal.out_is_tty else "tsv"
    if not ess.flags.json:
        ess.flags.output = chosen


def _is_active(known: Config, name: str) -> bool:
    return config.select(None, {}, known.path).value == name


def _address(profile: Profile) -> str:
    return profile.base_url.url if profile.base_url else config.DEFAULT_BASE_URL


def _row(known: Config, profile: Profile) -> dict[str, Any]:
    written = config.written(profile)
    return {
        "name": profile.name,
        "base-url": _address(profile),
        "active": _is_active(known, profile.name),
        "protected": profile.protected,
        "built-in": profile.name in (config.DEFAULT, config.SANDBOX),
        **{
            key: written.get(key)
            for key in ("output", "timeout", "token-command", "company-id", "ca-bundle")
        },
    }


def _settings_rows(settings: config.Settings, *, named: bool) -> list[dict[str, Any]]:
    own = f'profile "{settings.profile.value}"'
    guard = settings.protected_by
    ca_bundle = settings.ca_bundle
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if ca_bundle.value is None and os.environ.get(variable):
            ca_bundle = config.Setting(os.environ[variable], variable)
    rows = [
        ("profile", settings.profile.value, "argument" if named else settings.profile.source),
        ("base-url", settings.base_url.url, settings.base_url_source),
        ("output", *settings.output),
        ("timeout", settings.timeout_s, settings.timeout_source),
        ("protected", guard is not None, f'profile "{guard}"' if guard else "default"),
        ("token-command", list(settings.token_command) or None, _command_source(settings, own)),
        ("company-id", settings.company_id, own if settings.company_id else "default"),
        ("ca-bundle", *ca_bundle),
        ("config-file", str(settings.config_path), _path_source()),
    ]
    return [{"setting": key, "value": value, "source": source} for key, value, source in rows]


def _command_source(settings: config.Settings, own: str) -> str:
    if settings.token_command_withheld:
        return f"{own} has one, but for its own base URL"
    return own if settings.token_command else "default"


def _path_source() -> str:
    return "ESS_CONFIG_FILE" if os.environ.get("ESS_CONFIG_FILE") else "default"


def _taken_from_flags(flags: Any) -> list[tuple[str, Any, bool]]:
    """The three global options that are the profile's here, not this run's."""
    example = config.DEFAULT_BASE_URL
    asked: tuple[tuple[str, str, Callable[[str], Any], str], ...] = (
        ("base_url", "--base-url", config.parse_base_url, example),
        ("output", "--output", config.parse_output, "json"),
        ("timeout_s", "--timeout", config.parse_timeout, "30"),
    )
    taken = []
    for field, option, parse, instance in asked:
        flag = option.removeprefix("--").replace("-", "_")
        said = config.said(option, getattr(flags, flag), {}, parse, instance)
        setattr(flags, flag, None)
        taken.append((field, said[0] if said else None, False))
    return taken


def _arguments(command: str | None) -> tuple[str, ...] | None:
    if command is None:
        return None
    try:
        arguments = tuple(shlex.split(command))
    except ValueError:
        arguments = ()
    if not arguments or not all(part.isprintable() and part for part in arguments):
        raise UsageFault(
            f'--token-command: not a command: "{command}"',
            hint="program and arguments, quoted as for a shell: --token-command 'pass show ess'",
        )
    return arguments


def _plain(option: str, value: str | None) -> str | None:
    if value is not None and (not value or not value.isprintable()):
        raise UsageFault(f'{option}: not a plain value: "{value}"')
    return value


def _existing(path: str | None) -> str | None:
    if path is None:
        return None
    if not Path(path).exists():
        raise UsageFault(f"--ca-bundle: no such file: {path}")
    return str(Path(path).absolute())


def _changeable(known: Config, name: str) -> Profile:
    """The profile to be changed, a new one where there is none.

    Raises:
        UsageFault: no profile can have that name, or it is the sandbox.
    """
    try:
        config.parse_name(name)
    except UnusableError as error:
        raise UsageFault(f'not a profile\'s name: "{name}"', hint=str(error)) from None
    _keep_off_sandbox(name)
    try:
        return known.find(name)
    except UnknownProfile:
        return Profile(name)


def _keep_off_sandbox(name: str) -> None:
    if name == config.SANDBOX:
        raise UsageFault(
            "the sandbox is built in and cannot be changed or removed",
            hint="ess sandbox reset makes its data new; for settings, take another name",
        )


def _changes(own: list[tuple[str, Any, bool]]) -> dict[str, Any]:
    """The fields to replace. A way back makes a field what a new profile has.

    Raises:
        UsageFault: nothing is to be set, or something both set and taken back.
    """
    changes = {}
    fresh = Profile("")
    for field, value, back in own:
        option = "--" + field.removesuffix("_s").replace("_", "-")
        if value is not None and back:
            raise UsageFault(f"{option} and --no-{option[2:]} contradict each other")
        if value is not None or back:
            changes[field] = getattr(fresh, field) if back else value
    if not changes:
        raise UsageFault("nothing to set", hint="ess profile set --help lists what can be set")
    return changes


def _save_changed(ess: Any, known: Config, before: Profile, after: Profile) -> None:
    """Save a changed profile, after asking where it loosens a protection; shows what changed."""
    differences = config.differences(before, after)
    is_new = after.name not in known.profiles
    for key, old, new in differences:
        ess.terminal.note(f"  {key}  {_in_words(old)} → {_in_words(new)}")
    loosens = before.protected and (not after.protected or before.origin != after.origin)
    changed = known.having(after)
    if ess.flags.dry_run:
        ess.terminal.note(f'dry run: profile "{after.name}" was not saved')
    elif differences or is_new:
        if loosens:
            _confirm(ess, f'loosen the protection of profile "{before.name}"', before)
        _save(ess, changed)
        ess.terminal.note(f'saved profile "{after.name}" in {known.path}')
    else:
        ess.terminal.note(f'profile "{after.name}" was so already')
    ess.show_object(_row(changed, after))


def _in_words(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shlex.join(value) if isinstance(value, list) else str(value)


def _save(ess: Any, changed: Config) -> None:
    config.save(changed)
    if changed.has_comments:
        ess.terminal.warn(f"the comments in {changed.path} were not kept")


def _removable(known: Config, name: str) -> Profile | None:
    """The profile to be removed; None for a default that is as built in.

    Raises:
        UsageFault: it is the sandbox.
        UnknownProfile: there is none.
    """
    _keep_off_sandbox(name)
    if name == config.DEFAULT and name not in known.profiles:
        return None
    return known.find(name)


def _keep_secrets_in_reach(ess: Any, profile: Profile) -> None:
    """Refuse to remove a profile whose tokens are stored: nothing could remove them afterwards.

    Raises:
        SafetyStop: they are.
    """
    from ess_cli.credentials import Account, keyring, keyring_limit_s

    account = Account(profile.origin, profile.name)
    interactive = ess.terminal.is_interactive and not ess.flags.no_input
    try:
        stored = keyring.read(account, limit_s=keyring_limit_s(interactive=interactive))
    except NoKeyring:
        return
    except BadSetting:
        pass
    else:
        if stored is None:
            return
    raise SafetyStop(
        f'the keyring still holds tokens of profile "{profile.name}"',
        hint=f"ess -p {profile.name} auth logout removes them; then try again",
    )


def _confirm(ess: Any, what: str, guarded: Profile | None) -> None:
    """Get leave for a change: a yes, or for a protected profile its name.

    Raises:
        NeedsConfirmation: there is none.
    """
    flags, terminal = ess.flags, ess.terminal
    may_ask = terminal.is_interactive and not flags.no_input
    if guarded is None:
        if flags.yes or (may_ask and terminal.ask(f"{what}? [y/N] ").lower() in ("y", "yes")):
            return
        raise NeedsConfirmation(f"{what}: this wants a yes", hint="add --yes to do it")
    answer = flags.confirm
    if answer is None and may_ask:
        answer = terminal.ask(f"{what}? It is protected; type its name to go on: ")
    if answer != guarded.name:
        raise NeedsConfirmation(
            f'{what}: it is protected, and wants its name "{guarded.name}"',
            hint=f"add --confirm {guarded.name} to do it; --yes is not enough",
        )
