"""Chance: one random stream a subsystem, so that what one of them draws never shifts another. Pure."""

from __future__ import annotations

from random import Random


def stream(seed: int, *names: str) -> Random:
    """Return the stream of the subsystem that *names* spell, for this *seed*; the same on every machine and run."""
    return Random("/".join((str(seed), *names)))
