"""What a process and its descendants have used, as /proc tells it."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = 1000 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_ms(pid: int) -> float:
    """Return the user and system milliseconds of the process tree of *pid*, its ended children included."""
    return sum(sum(map(int, fields[11:15])) for fields in _tree(pid).values()) * _TICK


def rss_mb(pid: int) -> float:
    """Return the resident megabytes of the process tree of *pid*; what two processes share counts twice."""
    return sum(int(fields[21]) for fields in _tree(pid).values()) * _PAGE / 2**20


def forget_peak(pid: int) -> None:
    """Let `peak_mb` begin anew for the process tree of *pid*; raises `OSError` where the kernel cannot."""
    for member in _tree(pid):
        Path(f"/proc/{member}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """Return the most resident megabytes of the process tree of *pid* since `forget_peak`, as the kernel kept them.

    What two processes share counts twice.
    """
    told = (Path(f"/proc/{member}/status").read_text() for member in _tree(pid))
    return sum(int(text.partition("VmHWM:")[2].split()[0]) for text in told) / 1024


def _tree(pid: int) -> dict[int, list[str]]:
    """Return the fields of /proc/<pid>/stat, from the state on, for *pid* and all that descend from it."""
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # The command stands in parentheses and may itself hold some.
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    found: dict[int, list[str]] = {}
    todo = [pid] if pid in stats else []
    while todo:
        parent = todo.pop()
        found[parent] = stats[parent]
        todo += [child for child, fields in stats.items() if int(fields[1]) == parent]
    return found
