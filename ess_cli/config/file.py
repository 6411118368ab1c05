"""``config.yaml``: read strictly, written whole.

A setting that is not known is an error, since a misspelt ``protected`` must not leave production
unguarded. So is anything that looks like a secret. Complaints name file, line and column, never
what stands there.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ess_cli.config.base_url import BaseUrl, UnusableError, parse_base_url
from ess_cli.config.profiles import (
    SANDBOX,
    Config,
    Profile,
    parse_name,
    parse_output,
    parse_refresh_path,
    parse_timeout,
    written,
)
from ess_cli.errors import BadConfiguration, FileTrouble
from ess_cli.files import file_trouble, refuse_device, write_whole
from ess_cli.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_FILE = 1 << 20
_BELONGS_IN_A_KEYRING = r"(?i)token|passw|secret|credential|api.?key|authorization|bearer"


def load(path: Path) -> Config:
    """The configuration; one without profiles where there is no file (then YAML is not imported).

    Raises:
        BadConfiguration: damaged, over 1 MiB, or holding what is not known. Names file, line and
            column, never what stands there.
        FileTrouble: it cannot be read.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            content = stream.read(_LARGEST_FILE + 1)
            if not content and stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
                raise FileTrouble(f"{path} cannot be read: it is a pipe, and nothing came from it")
    except (FileNotFoundError, NotADirectoryError):
        return Config(path, {})
    except OSError as error:
        raise file_trouble("read", path, error) from error
    if len(content) > _LARGEST_FILE:
        raise BadConfiguration("the configuration file is over 1 MiB", details=(f"  {path}",))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _damaged(path, line, None, "not UTF-8") from None
    has_comments = any(line.lstrip().startswith("#") for line in text.splitlines())
    return Config(path, _Reader(path).profiles(text), has_comments)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe that nobody writes to would be waited for without end."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    # NOTE: a pipe whose writer is there (ESS_CONFIG_FILE=<(…)) may take its time.
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, True)
    return handle


def save(config: Config) -> None:
    """Write the configuration back, whole, readable by its owner only from its first byte.

    A symbolic link stays one, and what it points to is replaced. Comments in the file are lost.

    Raises:
        FileTrouble: it cannot be written; the old file is then as it was.
    """
    import yaml

    refuse_device(config.path)
    document = {"profiles": {p.name: written(p) for p in config.profiles.values()}}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    write_whole(config.path, text.encode())


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
        if re.search(_BELONGS_IN_A_KEYRING, key):
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
            self._refuse(node, f"base-url: {error}")

    def _output(self, node: Any) -> str:
        try:
            return parse_output(self._text(node))
        except UnusableError as error:
            self._refuse(node, f"output: {error}", "one of " + ", ".join(FORMATS))

    def _timeout(self, node: Any) -> float:
        try:
            return parse_timeout(self._text(node))
        except UnusableError as error:
            self._refuse(node, f"timeout: {error}")

    def _protected(self, node: Any) -> bool:
        return self._yes_or_no(node, "protected")

    def _auto_refresh(self, node: Any) -> bool:
        return self._yes_or_no(node, "auto-refresh")

    def _yes_or_no(self, node: Any, key: str) -> bool:
        if self._text(node) not in ("true", "false"):
            self._refuse(node, f"{key} is true or false")
        return self._text(node) == "true"

    def _refresh_path(self, node: Any) -> str:
        try:
            return parse_refresh_path(self._text(node))
        except UnusableError as error:
            self._refuse(node, f"refresh-path: {error}")

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
    "auto-refresh": ("auto_refresh", _Reader._auto_refresh),
    "refresh-path": ("refresh_path", _Reader._refresh_path),
    "consumer-key-file": ("consumer_key_file", _Reader._line),
    "consumer-secret-file": ("consumer_secret_file", _Reader._line),
}
