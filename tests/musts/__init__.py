"""What `ess` promises its users about hazards, each promise with a break that a test must notice.

A promise is worth what its test is worth, and a test is worth what it notices. So each promise
stands here beside a way to break it in the code, and the tests that then have to fail. ``pytest -m
long tests/test_musts.py`` breaks each in turn, in a copy, and sees them fail; without ``-m long``
one promise of each chapter is tried, and all are checked for being what they say.
"""

from __future__ import annotations

from typing import NamedTuple


class Break(NamedTuple):
    """One way to break a promise.

    Attributes:
        old: text that occurs once in the package; in which file does not matter.
        new: what to put there; the file is still Python.
        tests: the tests of which at least one must then fail, as pytest takes them, each
            ``test_file.py::test_name`` (with or without parameters).
    """

    old: str
    new: str
    tests: tuple[str, ...]


class Must(NamedTuple):
    """One promise.

    Attributes:
        promise: the sentence.
        breaks: the ways to break it; a sentence with several musts has one for each.
    """

    promise: str
    breaks: tuple[Break, ...]


def must(promise: str, *breaks: tuple[str, str, str]) -> Must:
    """A promise, its breaks as (old, new, tests separated by blanks)."""
    return Must(promise, tuple(Break(old, new, tuple(tests.split())) for old, new, tests in breaks))
