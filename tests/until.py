"""Waits for what a test cannot be told of, and fails where it never comes."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Return once *condition* holds; raises `AssertionError` where it has not within so many *seconds*."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come within {seconds:g} s"
        time.sleep(0.01)
