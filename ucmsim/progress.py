"""A progress bar for long work: on a terminal, on standard error, and only when two seconds have passed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ucmsim.errors import Stopped

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds of work before a bar is shown."""
_OFTEN = 0.1
"""Seconds from one picture of it to the next."""


def watched(
    items: Iterable[T], what: str, total: float | None = None, reached: Callable[[T], float] | None = None
) -> Iterator[T]:
    """Yield *items*; show how far *what* has come, out of *total* if that is known.

    *reached* says how far it is with an item; without it items are counted.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=total)
    due, shown = time.monotonic() + PATIENCE, False
    try:
        for done, item in enumerate(items, 1):
            yield item
            if (now := time.monotonic()) >= due:
                if not shown:
                    bar.start()
                    shown = True
                bar.update(task, completed=done if reached is None else reached(item))
                due = now + _OFTEN
    finally:
        bar.stop()


class GivenUp(Stopped):
    """Long work was given up, because nobody needs it any more."""


def heeding(watch: Callable[..., Iterable[Any]], ended: Callable[[], bool]) -> Callable[..., Iterator[Any]]:
    """Return what watches like *watch*, and raises `GivenUp` at the first item behind which everything has *ended*."""

    def heeded(items: Iterable[T], *what: Any) -> Iterator[T]:
        for item in watch(items, *what):
            if ended():
                raise GivenUp("ucmsim stops, and does not go on with that")
            yield item

    return heeded


def narrated(say: Callable[[str], None]) -> Callable[..., Iterator[Any]]:
    """Return what watches like `watched`; where there is no terminal it says what begins, and what came of it.

    Work of no known total is told of when it takes longer than `PATIENCE`: most files are read at once.
    """

    def passed(
        items: Iterable[T], what: str, total: float | None = None, reached: Callable[[T], float] | None = None
    ) -> Iterator[T]:
        if sys.stderr.isatty() or total == 0:
            yield from watched(items, what, total, reached)
            return
        began, count, said = time.monotonic(), 0, total is not None
        if said:
            say(what)
        for item in items:
            yield item
            count += 1
            if not said and time.monotonic() - began >= PATIENCE:
                say(what)
                said = True
        if said:
            say(f"{what}: {count} rows in {time.monotonic() - began:.1f} s")

    return passed
