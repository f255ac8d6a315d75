"""Alternates the load over the servers, round after round, and takes what each request cost the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.load import Got, NoSummary
from bench.machine import Cores
from bench.proc import cpu_ms
from bench.servers import Server

_SETTLE = 0.05
"""Seconds after a load in which the server closes what the generator left behind."""

Generator = Callable[[str, Path, float, Cores], Got]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server and the path that it is asked for."""

    server: Server
    path: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One server under one load for one round: what the client got, and the server's CPU milliseconds per answer."""

    got: Got
    cpu: float


@dataclass(slots=True)
class Load:
    """One kind of load, and the samples of every round: (of ucmsim, of nginx), None where there is none.

    *wanted* is the ratio to nginx that is aimed at, *size* the bytes of the body.
    """

    id: str
    label: str
    tool: str
    generator: Generator
    ucmsim: Contestant
    nginx: Contestant | None
    wanted: float | None = None
    size: int | None = None
    samples: list[tuple[Sample | None, Sample | None]] = field(default_factory=list)

    def ratios(self) -> list[float]:
        """Return, round by round, nginx's CPU per answer divided by ucmsim's: higher is better, 1 is as good."""
        return [theirs.cpu / ours.cpu for ours, theirs in self.samples if ours and theirs and ours.cpu]

    def of(self, nginx: bool) -> list[Sample]:
        """Return the samples of one server."""
        return [sample for pair in self.samples if (sample := pair[nginx])]


def run(loads: list[Load], cores: Cores, *, count: int, seconds: float, limit: float, notes: list[str],
        tell: Callable[[str], None]) -> None:  # fmt: skip
    """Run *count* rounds of *seconds* for every load and server, fewer when *limit* seconds would not do.

    A sample that fails is told in *notes* and left out.
    """
    began, longest = time.monotonic(), 0.0
    for number in range(count):
        start = time.monotonic()
        if start - began + longest > limit:
            notes.append(f"Only {number} of {count} rounds were run: {limit:.0f} seconds are the limit.")
            return
        tell(f"round {number + 1} of {count}")
        for load in loads:
            load.samples.append(_round(load, cores, seconds, nginx_first=number % 2 == 0, notes=notes))
        longest = max(longest, time.monotonic() - start)


def warm(loads: list[Load], cores: Cores) -> None:
    """Ask every server for a second, so that nothing is measured that happens once."""
    for load in loads:
        _round(load, cores, 1, nginx_first=True, notes=[])


def middle(values: list[float]) -> float | None:
    """Return the median, None of nothing."""
    return median(values) if values else None


def _round(
    load: Load, cores: Cores, seconds: float, *, nginx_first: bool, notes: list[str]
) -> tuple[Sample | None, Sample | None]:
    taken: dict[bool, Sample | None] = {True: None, False: None}
    for is_nginx in (nginx_first, not nginx_first):
        contestant = load.nginx if is_nginx else load.ucmsim
        if contestant is None:
            continue
        try:
            taken[is_nginx] = sample = _sample(load, contestant, cores, seconds)
        except NoSummary as error:
            notes.append(f"{load.label}, {contestant.server.name}: a sample is missing, {error}")
            continue
        if sample.got.wrong:
            said = f"{sample.got.wrong} of {sample.got.answers} answers were wrong or cut off"
            notes.append(f"{load.label}, {contestant.server.name}: {said}.")
    return taken[False], taken[True]


def _sample(load: Load, contestant: Contestant, cores: Cores, seconds: float) -> Sample:
    server = contestant.server
    before = cpu_ms(server.pid)
    got = load.generator(server.url(contestant.path), server.ca, seconds, cores)
    time.sleep(_SETTLE)
    used = cpu_ms(server.pid) - before
    if not got.answers:
        raise NoSummary("nothing was answered")
    return Sample(got, used / got.answers)
