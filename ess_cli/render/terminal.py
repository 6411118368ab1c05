"""The two streams of a run, and the one function that makes control characters visible."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from typing import TYPE_CHECKING, BinaryIO

from ess_cli.errors import OutputTrouble
from ess_cli.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer

    from ess_cli.errors import EssError

# C0, DEL, C1, soft hyphen, Arabic letter mark, zero-width, bidi, line and paragraph separators,
# invisible operators, BOM, interlinear marks, tags and lone surrogates: all that can move a
# cursor, turn text round or hide in it.
# How many characters wide a bar is.
_BAR = 30
_HIDDEN = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def visible(text: str) -> str:
    r"""The text with each hidden character as an escape (``\x1b``, ``\u202e``), on one line."""
    if text.isprintable():
        return text
    return re.sub(_HIDDEN, _escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


class _Descriptor(io.RawIOBase):
    """A descriptor to write to, waiting for its reader.

    NOTE: whoever shares a pipe may have set it not to block; to a BufferedWriter that is an error.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                from select import select

                select([], [self._descriptor], [])


class Terminal:
    """stdout for data, stderr for everything else.

    Attributes:
        quiet: notes are not shown (warnings and errors are).
        colour: whether a terminal may be given colour.
        stamp: what each line on stderr begins with, questions and JSON excepted; None for nothing.
    """

    def __init__(self) -> None:
        self.quiet = False
        self.stamp: Callable[[], str] | None = None
        self._out: BinaryIO | None = None
        self._encoding: str | None = None
        self._progress = ""
        self.colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked: stdin and stderr are both terminals."""
        return _is_tty(sys.stdin) and _is_tty(sys.stderr)

    @property
    def out_is_tty(self) -> bool:
        """Whether data goes to a screen."""
        return not isinstance(self._out, io.BytesIO) and _is_tty(sys.stdout)

    @property
    def err_is_tty(self) -> bool:
        """Whether notes go to a screen."""
        return _is_tty(sys.stderr)

    @property
    def width(self) -> int:
        """Columns of the screen; 80 where nobody says, never under 20."""
        import shutil

        return max(20, shutil.get_terminal_size().columns)

    def write(self, data: bytes) -> None:
        """Data to stdout, as UTF-8 bytes.

        Raises:
            BrokenPipeError: nobody reads any more.
            OutputTrouble: stdout is closed, or cannot be written.
        """
        try:
            if self._out is None:
                self._out = self._open_stdout()
            if self._encoding is not None:
                data = data.decode().encode(self._encoding, "backslashreplace")
            self._out.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _trouble(error) from error

    def flush(self) -> None:
        """Let out what was written; raises as :meth:`write`."""
        try:
            if self._out is not None:
                self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _trouble(error) from error

    @contextlib.contextmanager
    def diverted(self) -> Iterator[io.BytesIO]:
        """Data goes to memory for a while, for a file, as it would to a pipe."""
        before, encoding = self._out, self._encoding
        self._out, self._encoding = io.BytesIO(), None
        try:
            yield self._out
        finally:
            self._out, self._encoding = before, encoding

    def drop(self) -> None:
        """Forget what could not be written, so that nothing tries again at the end."""
        if isinstance(self._out, io.BufferedWriter):
            with contextlib.suppress(OSError, ValueError):
                self._out.detach()
        self._out = None

    def _open_stdout(self) -> BinaryIO:
        stream = sys.stdout
        if stream is None:
            raise OutputTrouble("stdout is closed", hint="give the command somewhere to write to")
        encoding = (stream.encoding or "utf-8").lower()
        if _is_tty(stream) and encoding not in ("utf-8", "utf8"):
            self._encoding = encoding
        stream.flush()
        try:
            descriptor = stream.fileno()
        except (OSError, ValueError):
            return stream.buffer
        # NOTE: under PYTHONUNBUFFERED stdout's own binary layer may write less than given.
        return io.BufferedWriter(_Descriptor(descriptor), 65536)

    def note(self, text: str) -> None:
        """Something good to know, on stderr; ``--quiet`` silences it."""
        if not self.quiet:
            self.flush()  # NOTE: on a terminal, what was printed first is to stand first
            self._tell(text)

    def progress(self, text: str, *, alone: bool = False) -> None:
        """How far a long piece of work is, in place, on a screen that shows nothing else.

        An empty text takes the line away again. ``alone`` says that nothing is printed meanwhile,
        even where stdout is a screen.
        """
        if alone or not self.out_is_tty or not text:
            self._draw(text)

    def bar(self, what: str, done: int, total: int) -> None:
        """How far a piece of work is that prints nothing until its end."""
        full = _BAR * done // total
        percent = 100 * done // total
        self._draw(f"{what} [{'#' * full}{'.' * (_BAR - full)}] {percent:3} % {done:,}")

    def _draw(self, text: str) -> None:
        if self.quiet or not self.err_is_tty or not (text or self._progress):
            return
        blank = " " * len(self._progress)
        sys.stderr.write(f"\r{blank}\r{visible(text)}")
        sys.stderr.flush()
        self._progress = text

    def warn(self, text: str) -> None:
        """Something that may go wrong, on stderr."""
        self._tell(f"warning: {text}")

    def say(self, text: str) -> None:
        """A line that belongs to a question or a log that was asked for, on stderr."""
        self._tell(text)

    def interject(self, text: str) -> None:
        """A note from within a signal handler; ``--quiet`` silences it.

        NOTE: it goes past the stream's own buffer, which may be in use at that very moment.
        """
        if self.quiet or sys.stderr is None:
            return
        line = f"{visible(redact(self._stamped(text)))}\n"
        if self._progress:
            line = f"\r{' ' * len(self._progress)}\r{line}"
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), line.encode(sys.stderr.encoding, "backslashreplace"))

    def ask(self, question: str) -> str:
        """The answer typed on the terminal, without blanks around it; empty at its end."""
        sys.stderr.write(redact(visible(question)))
        sys.stderr.flush()
        try:
            typed = sys.stdin.readline()
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            raise
        if not typed:
            sys.stderr.write("\n")
        return typed.strip()

    def fail(self, error: EssError, *, as_json: bool) -> None:
        """An error for people: what happened, then what to do; and one JSON line if asked for."""
        self._tell(f"error: {error.message}")
        for line in error.details:
            self._tell(line)
        if error.hint:
            self._tell(f"hint: {error.hint}")
        if as_json:
            import json

            facts = {
                "kind": error.kind,
                "message": redact(error.message),
                "exit": error.exit_code,
                "http": error.http,
                "retryable": error.retryable,
            }
            self._put(json.dumps({"error": facts}))

    def bug(self, error: BaseException, *, traceback: bool) -> None:
        """A mistake in ess itself."""
        self._tell(f"error: a bug in ess: {type(error).__name__}: {error}")
        self._tell("hint: please report it, with what --debug prints (secrets are masked there)")
        if traceback:
            from traceback import format_exception

            for block in format_exception(error):
                for line in block.rstrip("\n").split("\n"):
                    self._tell(line)

    def _tell(self, text: str) -> None:
        self.progress("")
        text = self._stamped(text)
        self._put(visible(redact(text)))

    def _stamped(self, text: str) -> str:
        return (self.stamp() if self.stamp else "") + text

    def _put(self, line: str) -> None:
        if sys.stderr is None:
            return
        encoding = sys.stderr.encoding or "ascii"
        try:
            sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return  # NOTE: nobody reads stderr; the exit code still tells


def _trouble(error: OSError) -> OutputTrouble:
    return OutputTrouble(f"cannot write to stdout: {error.strerror or 'it is closed'}")


def _is_tty(stream: object) -> bool:
    try:
        return stream is not None and bool(stream.isatty())  # type: ignore[attr-defined]
    except (ValueError, AttributeError):
        return False
