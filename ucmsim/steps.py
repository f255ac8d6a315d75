"""Long work in steps, so that whoever goes through them can do something else between two. Knows no thread."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Work that can wait wherever it yields; what it returns is what comes of it."""


def finished(steps: Steps[T]) -> T:
    """Go through *steps* without a rest; return what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
