"""How long the phases of a call last. Pure: chance comes in as an argument.

Call centres' talk times are lognormal (Brown et al. 2005, "Statistical Analysis of a Telephone Call Center"); the other
times are taken to be so too. Where the figures come from stands with the settings, `ucmsim.settings.traffic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from math import exp, log
from random import Random
from typing import Any

from ucmsim.calls.stage import Lasts, Phase
from ucmsim.instants import SECOND
from ucmsim.settings import Traffic
from ucmsim.settings.phases import Times


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A duration whose logarithm is normal, cut at *longest*: draws beyond it are *longest*.

    Half of the draws exceed *median*; two of three lie between median / spread and median * spread. All in seconds.
    """

    median: float
    spread: float
    longest: float
    _sigma: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sigma", log(self.spread))

    @classmethod
    def of(cls, times: Times) -> Lognormal:
        return cls(times.median, times.spread, times.longest)

    def draw(self, chance: Random) -> int:
        """Return a duration in microseconds."""
        # Times the median, not plus its logarithm: where there is no spread, the median is met exactly.
        return int(min(self.median * exp(chance.normalvariate(0, self._sigma)), self.longest) * SECOND)


@dataclass(frozen=True, slots=True)
class Durations:
    """How long each phase lasts, as `traffic:` says under the keys that the phases name."""

    phases: Mapping[Phase, Lognormal]

    @classmethod
    def of(cls, traffic: Traffic) -> Durations:
        return cls({phase: _at(phase.value, traffic) for phase in Phase})

    def drawn(self, chance: Random) -> Lasts:
        """Return how long the phases of one call last: each is drawn when somebody first asks, and then stays as it is."""
        known: dict[tuple[Phase, int], int] = {}
        phases = self.phases

        def lasts(phase: Phase, time: int = 0) -> int:
            found = known.get((phase, time))
            if found is None:
                found = known[phase, time] = phases[phase].draw(chance)
            return found

        return lasts


def _at(path: str, traffic: Traffic) -> Lognormal:
    """Return the duration that stands at *path* in *traffic*; one number is always the same."""
    found: Any = reduce(getattr, path.split("."), traffic)
    return Lognormal.of(found) if isinstance(found, Times) else Lognormal(found, 1, found)
