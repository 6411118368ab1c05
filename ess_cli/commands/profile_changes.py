"""``ess profile set`` and ``remove``: changing the configuration file."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from ess_cli import config
from ess_cli.cache import remember_profiles
from ess_cli.cli import Write, noun
from ess_cli.commands import profile_options as asked
from ess_cli.commands.profile import Name, load_config, settle_output
from ess_cli.commands.profile_rows import PROFILES, address, is_active, profile_row
from ess_cli.config import Config, Profile, UnusableError
from ess_cli.errors import (
    BadSetting,
    NoKeyring,
    SafetyStop,
    UnknownProfile,
    UsageFault,
)
from ess_cli.options import teaches

app = noun()


def _way_back(option: str, help_line: str) -> Any:
    return typer.Option(option, help=help_line)


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
        typer.Option(
            "--token-command", metavar="COMMAND", help="Prints the access token: 'pass show ess'."
        ),
    ] = None,
    company_id: Annotated[
        str | None,
        typer.Option("--company-id", metavar="ID", help="The company's id at Syniverse."),
    ] = None,
    ca_bundle: Annotated[
        str | None,
        typer.Option("--ca-bundle", metavar="PATH", help="Trusted certificates, as PEM."),
    ] = None,
    auto_refresh: Annotated[
        bool | None,
        typer.Option(
            "--auto-refresh/--no-auto-refresh", help="A read that gets a 401 gets a new token."
        ),
    ] = None,
    refresh_path: Annotated[
        str | None,
        typer.Option("--refresh-path", metavar="TEXT", help="Where the host gives new tokens."),
    ] = None,
    consumer_key_file: Annotated[
        str | None,
        typer.Option("--consumer-key-file", metavar="PATH", help="What a new token takes."),
    ] = None,
    consumer_secret_file: Annotated[
        str | None,
        typer.Option("--consumer-secret-file", metavar="PATH", help="Likewise."),
    ] = None,
    no_base_url: Annotated[bool, _way_back("--no-base-url", "Back to the real service.")] = False,
    no_output: Annotated[bool, _way_back("--no-output", "Back to the default.")] = False,
    no_timeout: Annotated[bool, _way_back("--no-timeout", "Back to the default.")] = False,
    no_token_command: Annotated[bool, _way_back("--no-token-command", "Without one.")] = False,
    no_company_id: Annotated[bool, _way_back("--no-company-id", "Without one.")] = False,
    no_ca_bundle: Annotated[bool, _way_back("--no-ca-bundle", "Back to the usual ones.")] = False,
    no_refresh_path: Annotated[bool, _way_back("--no-refresh-path", "Back to the usual.")] = False,
    no_consumer_key_file: Annotated[bool, _way_back("--no-consumer-key-file", "Without.")] = False,
    no_consumer_secret_file: Annotated[
        bool, _way_back("--no-consumer-secret-file", "Without.")
    ] = False,
) -> None:
    """Make a profile, or change the settings given.

    --base-url, --output and --timeout are here the profile's, not this call's. Taking the
    protection away, or another base URL from a protected profile, wants --confirm PROFILE.
    Comments in the configuration file are lost.
    """
    ess = ctx.obj
    given = {
        **asked.from_flags(ess.flags),
        "protected": protected,
        "token_command": asked.program(token_command),
        "company_id": asked.plain("--company-id", company_id),
        "ca_bundle": asked.existing("--ca-bundle", ca_bundle),
        "auto_refresh": auto_refresh,
        "refresh_path": asked.refresh_path(refresh_path),
        "consumer_key_file": asked.existing("--consumer-key-file", consumer_key_file),
        "consumer_secret_file": asked.existing("--consumer-secret-file", consumer_secret_file),
    }
    back = {
        "base_url": no_base_url,
        "output": no_output,
        "timeout_s": no_timeout,
        "token_command": no_token_command,
        "company_id": no_company_id,
        "ca_bundle": no_ca_bundle,
        "refresh_path": no_refresh_path,
        "consumer_key_file": no_consumer_key_file,
        "consumer_secret_file": no_consumer_secret_file,
    }
    settle_output(ess)
    known = load_config()
    before = _changeable(known, name)
    _change(ess, known, before, asked.changes(given, back))


@app.command("remove", cls=Write)
@teaches("ess profile remove prod")
def remove_profile(ctx: typer.Context, name: Name) -> None:
    """Remove a profile from the configuration file; the built-in default is only reset.

    Its stored tokens could not be reached any more, so log out first: ess -p prod auth logout.
    """
    ess = ctx.obj
    known = load_config()
    profile = _removable(known, name)
    if profile is None:
        ess.terminal.note('nothing to reset: profile "default" is as built in')
        return
    what = f'{"reset" if name == config.DEFAULT else "remove"} profile "{name}"'
    if ess.flags.dry_run:
        ess.terminal.note(f"dry run: would {what} ({address(profile)})")
        return
    _keep_secrets_in_reach(ess, profile)
    ess.confirm(what, profile.name if profile.protected else None)
    with config.locked(known.path):
        known = load_config()
        if _removable(known, name) != profile:
            raise _changed_meanwhile(name)
        was_active = name != config.DEFAULT and is_active(known, name)
        _save(ess, known.without(name))
        if was_active:
            config.use(known.path, None)
            ess.terminal.note("it was the active profile; none is active now")
    ess.terminal.note(f"done: {what}")


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


def _change(ess: Any, known: Config, before: Profile, changes: dict[str, Any]) -> None:
    """Change a profile, after asking where that loosens a protection; shows what changes."""
    name, after = before.name, before._replace(**changes)
    differences = config.differences(before, after)
    for key, old, new in differences:
        ess.terminal.note(f"  {key}  {_in_words(old)} → {_in_words(new)}")
    row = profile_row(known.having(after), after)  # what fails is to fail before anything is saved
    if ess.flags.dry_run:
        ess.terminal.note(f'dry run: profile "{name}" was not saved')
    elif differences or name not in known.profiles:
        if _loosens(before, after):
            ess.confirm(f'loosen the protection of profile "{name}"', name)
        row = _save_changed(ess, known.path, before, changes)
        ess.terminal.note(f'saved profile "{name}" in {known.path}')
    else:
        ess.terminal.note(f'profile "{name}" was so already')
    ess.show_object(row)


def _loosens(before: Profile, after: Profile) -> bool:
    return before.protected and (not after.protected or before.origin != after.origin)


def _save_changed(ess: Any, path: Path, seen: Profile, changes: dict[str, Any]) -> dict[str, Any]:
    """Change the profile as it is now, unless that is not what the user has agreed to."""
    with config.locked(path):
        known = load_config()
        before = _changeable(known, seen.name)
        after = before._replace(**changes)
        if before != seen and _loosens(before, after):
            raise _changed_meanwhile(seen.name)
        row = profile_row(known.having(after), after)  # what fails is to fail before it is saved
        _save(ess, known.having(after))
        return row


def _changed_meanwhile(name: str) -> SafetyStop:
    return SafetyStop(
        f'profile "{name}" was changed by another ess meanwhile; nothing was saved',
        hint="ess profile list shows what it is now; then try again",
    )


def _in_words(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shlex.join(value) if isinstance(value, list) else str(value)


def _save(ess: Any, changed: Config) -> None:
    config.save(changed)
    remember_profiles(changed.names)
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
    try:
        stored = keyring.read(account, limit_s=keyring_limit_s(interactive=ess.may_ask))
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
