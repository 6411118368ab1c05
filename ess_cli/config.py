"""Profiles and settings: which account a run works on, and where each value came from.

The order is option, environment, profile, default. A profile named with ``-p`` beats the
environment for the base URL and the credentials, so that what was left in the environment for one
account never meets another.

The file ``config.yaml`` never holds a secret. It is read strictly: a setting that is not known is
an error, since a misspelt ``protected`` must not leave production unguarded.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol

from ess_cli.errors import (
    BadConfiguration,
    BadSetting,
    FileTrouble,
    UnknownFormat,
    UnknownProfile,
    UsageFault,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT = "default"
SANDBOX = "sandbox"
DEFAULT_BASE_URL = "https://api.syniverse.com/ess/v1"
SANDBOX_BASE_URL = "https://sandbox.invalid/ess/v1"
DEFAULT_TIMEOUT_S = 30.0
OUTPUT_FORMATS = ("table", "json", "jsonl", "yaml", "csv", "tsv", "name")

_LARGEST_FILE = 1 << 20
_LONGEST_TIMEOUT_S = 86_400
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_SECONDS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"({_OCTET}\.){{3}}{_OCTET}")
_PATH = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*")
_SECRET_KEY = re.compile(r"token|passw|secret|credential|api.?key|authorization|bearer", re.I)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Setting(NamedTuple):
    """A value and where it came from: ``option --base-url``, ``ESS_OUTPUT``, ``default``."""

    value: str | None
    source: str


class BaseUrl(NamedTuple):
    """A base URL in its one canonical form, so that two that mean the same host compare equal.

    Attributes:
        url: without a trailing slash; the port only where it is not the scheme's own.
        scheme: ``https``, or ``http`` for this machine only.
        host: lower case, ASCII; an IPv6 address without brackets.
        port: the scheme's own where none was given.
        path: ``/ess/v1``, or empty.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What a secret is bound to: ``https://api.syniverse.com``, with any unusual port."""
        return _origin(self.scheme, self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine: 127.0.0.0/8, ::1 or localhost."""
        return _is_loopback(self.host)


class Profile(NamedTuple):
    """One account's settings, as the file has them; None, False and () where it is silent.

    Attributes:
        timeout_s: seconds.
        protected: whether every write to this origin wants the profile's name typed.
        token_command: the arguments of a command that prints the token; no shell sees it.
        company_id: for media storage downloads (field notes, H).
        ca_bundle: a path, as written.
    """

    name: str
    base_url: BaseUrl | None = None
    output: str | None = None
    timeout_s: float | None = None
    protected: bool = False
    token_command: tuple[str, ...] = ()
    company_id: str | None = None
    ca_bundle: str | None = None

    @property
    def origin(self) -> str:
        """The origin that this profile's secrets, its token command and its protection are for."""
        return (self.base_url or parse_base_url(DEFAULT_BASE_URL)).origin


class Config(NamedTuple):
    """What ``config.yaml`` says.

    Attributes:
        path: where it lies, or would lie.
        profiles: by name, in the file's order; the built-in ones only where the file extends them.
        has_comments: whether saving would lose comments.
    """

    path: Path
    profiles: dict[str, Profile]
    has_comments: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every profile that can be selected, the built-in ones first."""
        return tuple(dict.fromkeys((DEFAULT, SANDBOX, *self.profiles)))

    def find(self, name: str) -> Profile:
        """The profile of that name.

        Raises:
            UnknownProfile: there is none.
        """
        if name == SANDBOX:
            return Profile(SANDBOX, base_url=parse_base_url(SANDBOX_BASE_URL))
        if name == DEFAULT:
            return self.profiles.get(name, Profile(DEFAULT))
        if name not in self.profiles:
            raise UnknownProfile(name, self.names)
        return self.profiles[name]

    def protector(self, origin: str, first: str) -> str | None:
        """The protected profile that guards an origin, ``first`` before others; None: unguarded."""
        candidates = [self.find(first), *self.profiles.values()]
        return next((p.name for p in candidates if p.protected and p.origin == origin), None)


class Settings(NamedTuple):
    """Everything that one run goes by.

    Attributes:
        profile: the selected profile's name.
        output: the format's name; value None where nobody said one.
        timeout_s: seconds, for connecting, headers and any stall.
        ca_bundle: an absolute path, or value None for the usual authorities. Not looked at here.
        token_command: empty where the profile has none, or where this run's base URL is of
            another origin than the profile's: then ``token_command_withheld`` is set.
        protected_by: the protected profile whose origin this base URL has, however that was
            given; None where writes are not guarded.
        passes_over_environment: whether the profile was named with ``-p``, so that the
            environment counts neither for the base URL nor for credentials.
    """

    profile: Setting
    base_url: BaseUrl
    base_url_source: str
    output: Setting
    timeout_s: float
    timeout_source: str
    ca_bundle: Setting
    company_id: str | None
    token_command: tuple[str, ...]
    token_command_withheld: bool
    protected_by: str | None
    is_sandbox: bool
    passes_over_environment: bool
    config_path: Path


class GlobalFlags(Protocol):
    """The global options that settings depend on; None where they were not given."""

    profile: str | None
    base_url: str | None
    token_file: str | None
    user_token_file: str | None
    output: str | None
    json: bool
    timeout: str | None


class UnusableError(ValueError):
    """A value that cannot be used; the text is the reason and never holds the value itself."""


def resolve(flags: GlobalFlags, environ: Mapping[str, str]) -> Settings:
    """The settings of a run.

    An empty environment variable counts as one that is not set. The sandbox needs no file and
    reads none.

    Raises:
        UsageFault: an option's value cannot be used, or contradicts the sandbox.
        BadSetting: a value from the environment cannot be used, or contradicts the sandbox.
        BadConfiguration: the file is damaged.
        UnknownProfile: the selected profile does not exist.
        FileTrouble: the file, or the pointer to the selected profile, cannot be read.
    """
    path = config_path(environ)
    selected = select(flags.profile, environ, path)
    name = selected.value or DEFAULT
    by_option = flags.profile is not None
    is_sandbox = name == SANDBOX
    if is_sandbox:
        _keep_apart(flags, environ, selected)
    config = Config(path, {}) if is_sandbox else load(path)
    profile = config.find(name)
    base_url, base_url_source = _base_url(flags.base_url, {} if by_option else environ, profile)
    timeout_s, timeout_source = _timeout(flags.timeout, environ, profile)
    withheld = bool(profile.token_command) and base_url.origin != profile.origin
    return Settings(
        profile=selected,
        base_url=base_url,
        base_url_source=base_url_source,
        output=_output(flags, environ, profile),
        timeout_s=timeout_s,
        timeout_source=timeout_source,
        ca_bundle=_ca_bundle(environ, profile, path),
        company_id=profile.company_id,
        token_command=() if withheld else profile.token_command,
        token_command_withheld=withheld,
        protected_by=config.protector(base_url.origin, name),
        is_sandbox=is_sandbox,
        passes_over_environment=by_option,
        config_path=path,
    )


def select(option: str | None, environ: Mapping[str, str], path: Path) -> Setting:
    """Which profile a run works under: ``-p``, ``ESS_PROFILE``, ``ess profile use``, ``default``.

    Whether it exists is not looked at.

    Raises:
        FileTrouble: the pointer that ``ess profile use`` leaves cannot be read or is damaged.
    """
    if option is not None:
        return Setting(option, "option --profile")
    if environ.get("ESS_PROFILE"):
        return Setting(environ["ESS_PROFILE"], "ESS_PROFILE")
    active = active_profile(path)
    if active is not None:
        return Setting(active, "ess profile use")
    return Setting(DEFAULT, "default")


def _keep_apart(flags: GlobalFlags, environ: Mapping[str, str], selected: Setting) -> None:
    """Hold the sandbox and the real service apart: neither address nor secret may cross."""
    for option, value in (
        ("--base-url", flags.base_url),
        ("--token-file", flags.token_file),
        ("--user-token-file", flags.user_token_file),
    ):
        if value is not None:
            raise UsageFault(
                f"{option} does not go with the sandbox, which is the embedded service"
                f" (selected by {selected.source})",
                hint=f"leave {option} out, or name another profile with -p",
            )
    if flags.profile is None and environ.get("ESS_BASE_URL"):
        raise BadSetting(
            f"ESS_BASE_URL contradicts the sandbox, selected by {selected.source}",
            hint="unset ESS_BASE_URL, or name the profile you mean with -p",
        )


def _base_url(
    option: str | None, environ: Mapping[str, str], profile: Profile
) -> tuple[BaseUrl, str]:
    if option is not None:
        try:
            return parse_base_url(option), "option --base-url"
        except UnusableError as error:
            raise UsageFault(
                f"--base-url cannot be used: {error}{_shown(option)}",
                hint=f"for instance --base-url {DEFAULT_BASE_URL}",
            ) from None
    if environ.get("ESS_BASE_URL"):
        try:
            return parse_base_url(environ["ESS_BASE_URL"]), "ESS_BASE_URL"
        except UnusableError as error:
            raise BadSetting(
                f"ESS_BASE_URL cannot be used: {error}{_shown(environ['ESS_BASE_URL'])}",
                hint=f"for instance ESS_BASE_URL={DEFAULT_BASE_URL}",
            ) from None
    if profile.base_url is not None:
        return profile.base_url, f'profile "{profile.name}"'
    return parse_base_url(DEFAULT_BASE_URL), "default"


def _shown(url: str) -> str:
    """The refused URL for a message; nothing where a password or token may hide in it."""
    return "" if set("@?#") & set(url) else f': "{url}"'


def _output(flags: GlobalFlags, environ: Mapping[str, str], profile: Profile) -> Setting:
    if flags.json and flags.output not in (None, "json"):
        raise UsageFault(
            f"--json and -o {flags.output} contradict each other", hint="give one of them"
        )
    if flags.json:
        return Setting("json", "option --json")
    if flags.output is not None:
        if flags.output not in OUTPUT_FORMATS:
            raise UnknownFormat(flags.output, OUTPUT_FORMATS)
        return Setting(flags.output, "option --output")
    if environ.get("ESS_OUTPUT"):
        if environ["ESS_OUTPUT"] not in OUTPUT_FORMATS:
            raise BadSetting(
                f'ESS_OUTPUT: unknown output format: "{environ["ESS_OUTPUT"]}"',
                hint="one of " + ", ".join(OUTPUT_FORMATS),
            )
        return Setting(environ["ESS_OUTPUT"], "ESS_OUTPUT")
    if profile.output is not None:
        return Setting(profile.output, f'profile "{profile.name}"')
    return Setting(None, "default")


def _timeout(option: str | None, environ: Mapping[str, str], profile: Profile) -> tuple[float, str]:
    example = "seconds, for instance 30 or 2.5"
    if option is not None:
        try:
            return parse_timeout(option), "option --timeout"
        except UnusableError as error:
            raise UsageFault(f'--timeout {error}: "{option}"', hint=example) from None
    if environ.get("ESS_TIMEOUT"):
        try:
            return parse_timeout(environ["ESS_TIMEOUT"]), "ESS_TIMEOUT"
        except UnusableError as error:
            text = environ["ESS_TIMEOUT"]
            raise BadSetting(f'ESS_TIMEOUT {error}: "{text}"', hint=example) from None
    if profile.timeout_s is not None:
        return profile.timeout_s, f'profile "{profile.name}"'
    return DEFAULT_TIMEOUT_S, "default"


def _ca_bundle(environ: Mapping[str, str], profile: Profile, path: Path) -> Setting:
    """The profile's bundle, else the one that requests users set in the environment."""
    if profile.ca_bundle is not None:
        found = path.parent / Path(profile.ca_bundle).expanduser()
        return Setting(str(found), f'profile "{profile.name}"')
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if environ.get(name) and profile.name != SANDBOX:
            return Setting(environ[name], name)
    return Setting(None, "default")


def parse_timeout(text: str) -> float:
    """Seconds, over 0 and at most a day.

    Raises:
        UnusableError: it is no such number.
    """
    if not _SECONDS.fullmatch(text) or not 0 < float(text) <= _LONGEST_TIMEOUT_S:
        raise UnusableError("must be a number of seconds, over 0 and at most 86400")
    return float(text)


def parse_name(text: str) -> str:
    """A profile's name.

    Raises:
        UnusableError: it has characters, a beginning or a length that names may not have.
    """
    if not _NAME.fullmatch(text):
        raise UnusableError(
            "a profile's name has 1 to 64 letters, digits, dots, underscores and hyphens,"
            " and begins with none of . and -"
        )
    return text


def parse_base_url(text: str) -> BaseUrl:
    """A base URL, checked and brought into its canonical form.

    Whatever two readers might take for different hosts is refused: user info, backslashes,
    blanks, control characters, numbers that only some take for an address. ``http`` is for this
    machine alone. A host outside ASCII is turned into its IDNA form.

    Raises:
        UnusableError: with the reason.
    """
    from urllib.parse import urlsplit

    if not text.isprintable() or re.search(r"\s", text):
        raise UnusableError("it holds a blank or a control character")
    for character, what in (("\\", "a backslash"), ("?", "a query"), ("#", "a fragment")):
        if character in text:
            raise UnusableError(f"it holds {what}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UnusableError("its host or port is not valid") from None
    if parts.scheme not in _DEFAULT_PORTS or not text[len(parts.scheme) :].startswith("://"):
        raise UnusableError("it must begin with https:// (http:// is for this machine only)")
    if "@" in parts.netloc:
        raise UnusableError("it holds a user name or password")
    if parts.netloc.endswith(":") or port == 0:
        raise UnusableError("its host or port is not valid")
    host = _canonical_host(parts.hostname or "")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UnusableError("http:// is for this machine only; use https://")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or _climbs(path):
        raise UnusableError("its path is not plain (percent-encode what is not ASCII)")
    port = port or _DEFAULT_PORTS[parts.scheme]
    return BaseUrl(_origin(parts.scheme, host, port) + path, parts.scheme, host, port, path)


def _climbs(path: str) -> bool:
    from urllib.parse import unquote

    return any(segment in (".", "..") for segment in unquote(path).split("/"))


def _origin(scheme: str, host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or (
        host.startswith("127.") and _IPV4.fullmatch(host) is not None
    )


def _canonical_host(host: str) -> str:
    """The host in the one form that everything is compared in.

    NOTE: a name's final dot goes: ``api.syniverse.com.`` is the same host, and would otherwise
    slip past the protection of its profile.
    """
    if not host:
        raise UnusableError("it names no host")
    if ":" in host:
        from ipaddress import IPv6Address

        try:
            address = IPv6Address(host)
        except ValueError:
            raise UnusableError("its host or port is not valid") from None
        if address.scope_id is not None:
            raise UnusableError("its address names a network interface")
        return address.compressed
    host = _to_ascii(host).removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnusableError("its host or port is not valid")
    # What ends in a number is an address to some readers (127.1, 0x7f000001) and a name to others.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) and not _IPV4.fullmatch(host):
        raise UnusableError("its host is a number but not a whole IPv4 address")
    return host


def _to_ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        encoded = host.encode("idna").decode("ascii")
        same = encoded.encode("ascii").decode("idna") == host.lower()
    except UnicodeError:
        same = False
    if not same:
        raise UnusableError("write its host in the ASCII form, xn--…")
    return encoded


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the configuration lies: ``ESS_CONFIG_FILE``, else the platform's place for it.

    Without a home directory it is a place where nothing lies, so that a run still starts.
    """
    if environ.get("ESS_CONFIG_FILE"):
        return Path(environ["ESS_CONFIG_FILE"])
    if sys.platform in ("win32", "darwin") or "ANDROID_DATA" in environ:
        from platformdirs import user_config_path

        return user_config_path("ess", appauthor=False) / "config.yaml"
    # NOTE: the same as platformdirs says here, at a tenth of a run's time (a test compares them).
    xdg = Path(environ.get("XDG_CONFIG_HOME", "").strip())
    if xdg.is_absolute():
        return xdg / "ess" / "config.yaml"
    home = Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - never raises
    if not home.is_absolute():
        home = Path("/")
    return home / ".config" / "ess" / "config.yaml"


def pointer_path(path: Path) -> Path:
    """The file in which ``ess profile use`` leaves the active profile's name, as plain text."""
    return path.with_name(path.name + ".active")


def active_profile(path: Path) -> str | None:
    """The profile that ``ess profile use`` selected; None where it selected none.

    Raises:
        FileTrouble: the pointer cannot be read, or is damaged. Falling back to the default
            could turn a command for the sandbox into one for production.
    """
    pointer = pointer_path(path)
    try:
        with pointer.open("rb") as stream:
            return parse_name(stream.read(256).decode("ascii").removesuffix("\n"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise FileTrouble(
            f"the active profile's name cannot be read: {reason}",
            details=(f"  {pointer}",),
            hint="ess profile use NAME writes it anew",
        ) from error


def use(path: Path, name: str | None) -> None:
    """Make a profile the active one; None: none is.

    Raises:
        FileTrouble: the pointer cannot be written.
    """
    pointer = pointer_path(path)
    if name is not None:
        _write(pointer, f"{name}\n".encode())
        return
    try:
        pointer.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise _file_trouble("removed", pointer, error) from error


def load(path: Path) -> Config:
    """The configuration; one without profiles where there is no file (then YAML is not imported).

    Raises:
        BadConfiguration: damaged, over 1 MiB, or holding what is not known. Names file, line and
            column, never what stands there.
        FileTrouble: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Config(path, {})
    except OSError as error:
        raise _file_trouble("read", path, error) from error
    if len(content) > _LARGEST_FILE:
        raise BadConfiguration("the configuration file is over 1 MiB", details=(f"  {path}",))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _damaged(path, line, None, "not UTF-8") from None
    has_comments = any(line.lstrip().startswith("#") for line in text.splitlines())
    return Config(path, _Reader(path).profiles(text), has_comments)


def save(config: Config) -> None:
    """Write the configuration back, whole, readable by its owner only from its first byte.

    A symbolic link stays one, and what it points to is replaced. Comments in the file are lost.

    Raises:
        FileTrouble: it cannot be written; the old file is then as it was.
    """
    import yaml

    document = {"profiles": {p.name: written(p) for p in config.profiles.values()}}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    _write(config.path, text.encode())


def written(profile: Profile) -> dict[str, Any]:
    """A profile as the file has it: its keys and plain values, those left out that say nothing."""
    timeout_s = profile.timeout_s
    entry = {
        "base-url": profile.base_url.url if profile.base_url else None,
        "output": profile.output,
        "timeout": int(timeout_s) if timeout_s and timeout_s.is_integer() else timeout_s,
        "protected": profile.protected or None,
        "token-command": list(profile.token_command) or None,
        "company-id": profile.company_id,
        "ca-bundle": profile.ca_bundle,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _write(path: Path, content: bytes) -> None:
    from tempfile import mkstemp

    temporary = None
    try:
        target = path.resolve()
        missing = [d for d in (target.parent, *target.parent.parents) if not d.exists()]
        for directory in reversed(missing):
            directory.mkdir(mode=0o700, exist_ok=True)
        handle, temporary = mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
    except (OSError, RuntimeError) as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise _file_trouble("written", path, error) from error


def _file_trouble(done: str, path: Path, error: Exception) -> FileTrouble:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return FileTrouble(f"{path} cannot be {done}: {reason}")


def _damaged(
    path: Path, line: int, column: int | None, reason: str, hint: str | None = None
) -> BadConfiguration:
    place = f"line {line}" + ("" if column is None else f", column {column}")
    return BadConfiguration(f"{path}, {place}: {reason}", hint=hint)


class _Reader:
    """Turns the YAML of one file into profiles; every complaint names a place and no content."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def profiles(self, text: str) -> dict[str, Profile]:
        root = self._compose(text)
        if root is None or (root.id == "scalar" and root.value == ""):
            return {}
        sections = self._mapping(root)
        for name, (key, _) in sections.items():
            if name != "profiles":
                self._refuse(key, "not a known section", 'profiles stand under "profiles:"')
        if "profiles" not in sections:
            return {}
        node = sections["profiles"][1]
        if node.id == "scalar" and node.value in ("", "~", "null"):
            return {}
        return {
            name: self._profile(name, key, value)
            for name, (key, value) in self._mapping(node).items()
        }

    def _compose(self, text: str) -> Any:
        import yaml

        class Loader(yaml.BaseLoader):
            """Every scalar is text, and nothing stands for something else."""

            def compose_node(self, parent: Any, index: Any) -> Any:
                event = self.peek_event()  # type: ignore[no-untyped-call]
                if getattr(event, "anchor", None) or getattr(event, "tag", None):
                    raise yaml.MarkedYAMLError(
                        problem="anchors, aliases and tags are not read",
                        problem_mark=event.start_mark,
                    )
                return super().compose_node(parent, index)

        try:
            return yaml.compose(text, Loader=Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            known = (error.problem or "").startswith("anchors")
            reason = error.problem if known and error.problem else "not valid YAML"
            raise _damaged(self.path, line, column, reason) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise _damaged(self.path, line, None, "a character that YAML forbids") from None
        except RecursionError:
            raise _damaged(self.path, 1, None, "nested too deeply") from None

    def _refuse(self, node: Any, reason: str, hint: str | None = None) -> NoReturn:
        mark = node.start_mark
        raise _damaged(self.path, mark.line + 1, mark.column + 1, reason, hint)

    def _mapping(self, node: Any) -> dict[str, tuple[Any, Any]]:
        if node.id != "mapping":
            self._refuse(node, 'a mapping is wanted here ("name: value" lines)')
        found: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value:
            name = self._text(key)
            if name in found:
                self._refuse(key, "the same name a second time")
            found[name] = (key, value)
        return found

    def _text(self, node: Any) -> str:
        if node.id != "scalar":
            self._refuse(node, "a plain value is wanted here")
        value: str = node.value
        return value

    def _profile(self, name: str, name_node: Any, node: Any) -> Profile:
        try:
            parse_name(name)
        except UnusableError as error:
            self._refuse(name_node, str(error))
        if name == SANDBOX:
            self._refuse(name_node, "the sandbox is built in and cannot be changed")
        if node.id == "scalar" and node.value in ("", "~", "null"):
            return Profile(name)
        fields: dict[str, Any] = {}
        for key, (key_node, value) in self._mapping(node).items():
            field, read = self._known(key, key_node)
            fields[field] = read(self, value)
        return Profile(name, **fields)

    def _known(self, key: str, node: Any) -> tuple[str, Callable[[_Reader, Any], Any]]:
        if key in _FIELDS:
            return _FIELDS[key]
        if _SECRET_KEY.search(key):
            self._refuse(
                node,
                "a secret does not belong in this file",
                "store it with `ess auth login`, or name a command that prints it: token-command",
            )
        return self._refuse(node, "not a known setting", "settings: " + ", ".join(_FIELDS))

    def _line(self, node: Any) -> str:
        text = self._text(node)
        if not text or not text.isprintable():
            self._refuse(node, "a value without control characters is wanted here")
        return text

    def _base_url(self, node: Any) -> BaseUrl:
        try:
            return parse_base_url(self._text(node))
        except UnusableError as error:
            self._refuse(node, f"base-url cannot be used: {error}")

    def _output(self, node: Any) -> str:
        if self._text(node) not in OUTPUT_FORMATS:
            self._refuse(node, "unknown output format", "one of " + ", ".join(OUTPUT_FORMATS))
        return self._text(node)

    def _timeout(self, node: Any) -> float:
        try:
            return parse_timeout(self._text(node))
        except UnusableError as error:
            self._refuse(node, f"timeout {error}")

    def _protected(self, node: Any) -> bool:
        if self._text(node) not in ("true", "false"):
            self._refuse(node, "protected is true or false")
        return self._text(node) == "true"

    def _token_command(self, node: Any) -> tuple[str, ...]:
        if node.id != "sequence" or not node.value:
            self._refuse(
                node,
                "token-command is a list of arguments, since no shell reads it",
                "for instance: token-command: [pass, show, ess]",
            )
        return tuple(self._line(item) for item in node.value)


_FIELDS: dict[str, tuple[str, Callable[[_Reader, Any], Any]]] = {
    "base-url": ("base_url", _Reader._base_url),
    "output": ("output", _Reader._output),
    "timeout": ("timeout_s", _Reader._timeout),
    "protected": ("protected", _Reader._protected),
    "token-command": ("token_command", _Reader._token_command),
    "company-id": ("company_id", _Reader._line),
    "ca-bundle": ("ca_bundle", _Reader._line),
}
