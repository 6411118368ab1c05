"""The names of the output formats; ``render/formats.py`` writes them."""

from __future__ import annotations

FORMATS = ("table", "json", "jsonl", "yaml", "csv", "tsv", "name")
