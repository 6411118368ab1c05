"""Lets ``python -m ess_cli`` do what ``ess`` does."""

from ess_cli.main import program

program()
