"""The start-up part: seconds from the start of the process until it accepts, beside Twisted's own web server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import Cores
from bench.servers import Server, bare_web, ucmsim

DEMO = {"days": 30, "calls_per_day": 400}
"""The history of the demonstration PBX."""


@dataclass(slots=True)
class Starts:
    """The starts of each kind, one `Server` for every process that was started and has ended."""

    bare: list[Server] = field(default_factory=list)
    imported: list[Server] = field(default_factory=list)
    demo: list[Server] = field(default_factory=list)

    def extra(self) -> list[float]:
        """Return, start by start, the seconds that ucmsim with an imported history took longer than bare Twisted."""
        return [ours.accepted - bare.accepted for ours, bare in zip(self.imported, self.bare, strict=True)]


def measured(home: Path, history: Path, cores: Cores, *, count: int, demos: int, tell: Callable[[str], None]) -> Starts:
    """Start ucmsim on *history* and the bare web server by turns, *count* times, and the demo month *demos* times.

    Each start is of a new process with a new state folder; the first ones, which fill the file cache, do not count.
    """
    imported: dict[str, Any] = {"import": str(history)}
    starts = Starts()
    for number in range(count + 1):
        tell(f"start-up {number} of {count}" if number else "start-up, not counted")
        bare = _web(home / f"web-{number}", cores)
        ours = _ucmsim(home / f"imported-{number}", cores, imported)
        if number:
            starts.bare.append(bare)
            starts.imported.append(ours)
    for number in range(demos):
        tell(f"demo month {number + 1} of {demos}")
        starts.demo.append(_ucmsim(home / f"demo-{number}", cores, DEMO))
    return starts


def _web(home: Path, cores: Cores) -> Server:
    with bare_web(home, cores) as server:
        return server


def _ucmsim(home: Path, cores: Cores, history: dict[str, Any]) -> Server:
    with ucmsim("ucmsim", home, cores, history=history) as server:
        return server
