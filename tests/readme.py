"""The console blocks of README and docs: run, and compared or written anew.

``python -m tests.readme`` writes the outputs into the files. All blocks of a file run in one bash
on a terminal of 100 columns without colour, in an empty home, one after the other as a reader
would.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import socket
import struct
import sys
import tempfile
import termios
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = (README, *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_MARK = "\x1e"
_PORTS = ("8025", "8026")


def blocks(text: str) -> list[str]:
    """The contents of the console blocks, in order."""
    return _BLOCK.findall(text)


def commands(block: str) -> list[str]:
    """The command lines of a block."""
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def run(lines: list[str], home: Path) -> list[str]:
    """What each command line prints, in one shell for all."""
    programs = home / "bin"
    programs.mkdir()
    ess = programs / "ess"
    ess.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ess_cli "$@"\n')
    ess.chmod(0o755)
    script = home / "script"
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    ports = dict(zip(_PORTS, _free_ports(), strict=True))
    for port, free in ports.items():
        lines = [line.replace(port, free) for line in lines]
    script.write_text("".join(f"printf '{_MARK}'\n{line}\n" for line in lines))
    shown = _on_a_terminal(["bash", "--norc", str(script)], environment)
    shown = shown.replace("\r\n", "\n").replace(str(home), "~")
    for port, free in ports.items():
        shown = shown.replace(f":{free}", f":{port}")
    return shown.split(_MARK)[1:]


def _free_ports() -> tuple[str, ...]:
    """Ports of as many digits as the documents', so that tables keep their widths."""
    for first in range(2000 + os.getpid() % 5000, 9999, len(_PORTS)):
        ports = range(first, first + len(_PORTS))
        try:
            for port in ports:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return tuple(map(str, ports))
    raise OSError("no free ports of four digits")


def _on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    process, screen = pty.fork()
    if process == 0:
        os.chdir(environment["HOME"])
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    pieces = []
    while True:
        try:
            piece = os.read(screen, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.waitpid(process, 0)
    os.close(screen)
    return b"".join(pieces).decode()


def renewed(text: str, home: Path) -> str:
    """A document with the outputs that its commands print now."""
    outputs = iter(run([line for block in blocks(text) for line in commands(block)], home))

    def fill(match: re.Match[str]) -> str:
        return "".join(f"$ {line}\n{next(outputs)}" for line in commands(match[0]))

    return _BLOCK.sub(fill, text)


if __name__ == "__main__":
    for document in DOCUMENTS:
        with tempfile.TemporaryDirectory() as directory:
            document.write_text(renewed(document.read_text(), Path(directory)))
