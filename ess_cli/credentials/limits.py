"""Work that may never end, under a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def within(limit_s: float, work: Callable[[], T]) -> T:
    """The result of something that may never end.

    It runs in a daemon thread, which a stuck process does not wait for at its end.

    Raises:
        TimeoutError: the limit has passed; the thread is left behind.
    """
    from threading import Thread

    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            failures.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        raise TimeoutError
    if failures:
        raise failures[0]
    return results[0]
