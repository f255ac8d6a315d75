"""Long work in steps, so that whoever goes through them can do something else between two. Knows no thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Work that can wait wherever it yields; what it returns is what comes of it."""


def unless(steps: Steps[T], unwanted: Callable[[], Exception | None]) -> Steps[T]:
    """Go through *steps*; the error for which they are *unwanted* by then is raised where they rest, so that they undo what they did."""
    error = None
    while True:
        try:
            if error is None:
                next(steps)
            else:
                steps.throw(error)
        except StopIteration as end:
            result: T = end.value
            return result
        yield
        error = unwanted()


def finished(steps: Steps[T]) -> T:
    """Go through *steps* without a rest; return what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
