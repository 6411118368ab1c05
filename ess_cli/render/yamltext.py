"""YAML that every reader takes alike: text is always in double quotes, keys in order, ASCII."""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Quotes all text, so that no reader takes +12025550123 or 0701 for a number."""

    def ignore_aliases(self, data: Any) -> bool:
        """No anchors: each value is written out where it stands."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')


_Dumper.add_representer(str, _text)


def dump(value: Any) -> bytes:
    """A value as a YAML document without its start marker."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=2**31 - 1
    )
    # NOTE: PyYAML ends the document of a bare scalar with a marker; nothing follows it here.
    return text.removesuffix("...\n").encode()
