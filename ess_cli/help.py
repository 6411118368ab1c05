"""Help pages: an example first, then what it does, the operation, options and columns.

Plain text, at most 100 columns, the same on a terminal and in a pipe.
"""

from __future__ import annotations

from shutil import get_terminal_size
from textwrap import dedent, fill, wrap
from typing import Any

_INDENT = "  "


def of_root(groups: dict[str, tuple[str, str]], params: list[Any]) -> str:
    """The page of ``ess --help``."""
    nouns = [(name, help_line) for name, (_, help_line) in groups.items()]
    return "\n".join(
        [
            "Administer the Syniverse Event Subscription Service (ESS).",
            "",
            "Try it without an account, on the embedded service:",
            f"{_INDENT}ess -p sandbox subs list --topic NIS-Events",
            "",
            "Usage: ess [OPTIONS] COMMAND",
            "",
            *_section("Commands", nouns),
            *_section("Global options, before or after the command alike", _records(params)),
            "More: ess COMMAND --help, ess help exit-codes, ess help environment, ess help output",
            "",
        ]
    )


def of_group(path: str, help_line: str, verbs: list[tuple[str, str]]) -> str:
    """The page of a noun."""
    return "\n".join(
        [
            help_line,
            "",
            f"Usage: {path} COMMAND",
            "",
            *_section("Commands", verbs),
            f"More: {path} COMMAND --help",
            "",
        ]
    )


def of_command(
    path: str, text: str, teaching: Any, usage: str, families: list[tuple[str, list[Any]]]
) -> str:
    """The page of a verb. ``families`` holds titles with the click parameters under them."""
    lines = ["Example:", f"{_INDENT}{teaching.example}", ""]
    for paragraph in dedent(text).strip().split("\n\n"):
        lines += [fill(" ".join(paragraph.split()), _width(), break_on_hyphens=False), ""]
    lines += [f"Usage: {path} {usage}".rstrip()]
    if teaching.operation:
        lines += [f"Operation: {teaching.operation}"]
    lines += [""]
    for title, params in families:
        lines += _section(title, _records(params))
    if teaching.table:
        listed = fill(
            ", ".join(teaching.table.names),
            _width(),
            initial_indent="Columns: ",
            subsequent_indent=" " * 9,
            break_on_hyphens=False,
        )
        lines += [listed, ""]
    lines += ["Global options: ess --help", ""]
    return "\n".join(lines)


def _records(params: list[Any]) -> list[tuple[str, str]]:
    records = []
    for param in params:
        if getattr(param, "hidden", False):
            continue
        if param.param_type_name == "argument":
            records.append((param.metavar or param.name.upper(), param.help or ""))
            continue
        names = sorted(param.opts, key=len)
        shown = ", ".join(names) + "".join(f"/{name}" for name in param.secondary_opts)
        shown = shown if len(names[0]) == 2 else f"    {shown}"
        records.append((shown if param.is_flag else f"{shown} {param.metavar}", param.help or ""))
    return records


def _section(title: str, records: list[tuple[str, str]]) -> list[str]:
    if not records:
        return []
    left = min(34, max(len(name) for name, _ in records)) + 2
    lines = [f"{title}:"]
    for name, text in records:
        wrapped = wrap(text, max(30, _width() - left - 2), break_on_hyphens=False) or [""]
        if len(name) > left - 2:
            lines.append(f"{_INDENT}{name}")
        else:
            lines.append(f"{_INDENT}{name:<{left}}{wrapped.pop(0)}".rstrip())
        lines += [f"{_INDENT}{'':<{left}}{line}" for line in wrapped]
    return [*lines, ""]


def _width() -> int:
    return max(50, min(get_terminal_size().columns, 100))
