"""Completion scripts, made from the command tree."""

SHELLS = ("bash", "zsh", "fish", "powershell")
