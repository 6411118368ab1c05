"""One run: what was asked for, and everything built from it on first use."""

from __future__ import annotations
