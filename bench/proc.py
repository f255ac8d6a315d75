"""What a process and its descendants have used, as /proc tells it."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = 1000 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_ms(pid: int) -> float:
    """Return the user and system milliseconds of the process tree of *pid*, its ended children included."""
    return sum(sum(map(int, fields[11:15])) for fields in _tree(pid)) * _TICK


def rss_mb(pid: int) -> float:
    """Return the resident megabytes of the process tree of *pid*; what two processes share counts twice."""
    return sum(int(fields[21]) for fields in _tree(pid)) * _PAGE / 2**20


def _tree(pid: int) -> list[list[str]]:
    """Return the fields of /proc/<pid>/stat, from the state on, for *pid* and all that descend from it."""
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # The command stands in parentheses and may itself hold some.
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    found, todo = [], [pid] if pid in stats else []
    while todo:
        parent = todo.pop()
        found.append(stats[parent])
        todo += [child for child, fields in stats.items() if int(fields[1]) == parent]
    return found
