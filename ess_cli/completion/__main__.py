"""``python -m ess_cli.completion``: write ``completions/`` anew."""

from pathlib import Path

from ess_cli.cli import root
from ess_cli.completion import FILES, script

for shell, name in FILES.items():
    Path("completions", name).write_text(script(shell, root()), encoding="utf-8", newline="\n")
