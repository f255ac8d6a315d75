"""What downloads cost a server that has done nothing else: time to the first byte, CPU, and memory above idle."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import NoSummary
from bench.machine import Cores
from bench.proc import cpu_ms, forget_peak, peak_mb
from bench.servers import Server

_SETTLE = 0.05
_CLIENT = str(Path(__file__).with_name("download.py"))


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: milliseconds from a request to the *first* and the *last* byte of the body, medians of all downloads.

    *cpu* is the server's milliseconds per answer, *unread* those that it used while nobody read, *idle* its resident
    megabytes before, *growth* the most above that; None is what was not measured.
    """

    first: float
    last: float
    cpu: float
    unread: float | None
    idle: float | None
    growth: float | None


@dataclass(slots=True)
class Download:
    """So many *clients* that download one body, all at once, so many *times*, from a new process.

    Once begun, nobody reads for *pause* seconds. *path* is asked of ucmsim, *file* of nginx if there is one. *wanted*
    is the most megabytes of growth that are aimed at. The samples stand under the server's name.
    """

    id: str
    label: str
    path: str
    file: str | None = None
    clients: int = 1
    times: int = 1
    pause: float = 0.0
    wanted: float | None = None
    samples: dict[str, list[Taken]] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        return self.clients * self.times


def take(download: Download, server: Server, path: str, warm: str, cores: Cores, notes: list[str]) -> None:
    """Fetch *warm* once, then let the clients at *path* of *server* and add the sample; what fails is told in *notes*."""
    server.fetch(warm)
    try:
        taken, bodies = _taken(download, server, path, cores, notes)
    except NoSummary as error:
        notes.append(f"{download.label}, {server.name}: a sample is missing, {error}")
        return
    if bodies != [sha256(server.fetch(path)).hexdigest()] * download.answers:
        notes.append(f"{download.label}, {server.name}: not every body is the one that a single client gets.")
    download.samples.setdefault(server.name, []).append(taken)


def _taken(download: Download, server: Server, path: str, cores: Cores, notes: list[str]) -> tuple[Taken, list[str]]:
    """Return the sample, and the SHA-256 of every body."""
    idle = _forgotten(server.pid, notes)
    numbers = map(str, (download.clients, download.times, download.pause))
    command = [sys.executable, _CLIENT, server.url(path), str(server.ca), *numbers]
    before = cpu_ms(server.pid)
    marks, said = _said(cores.asking(command), server.pid)
    time.sleep(_SETTLE)
    used = cpu_ms(server.pid) - before
    growth = None if idle is None else peak_mb(server.pid) - idle
    if said["wrong"]:
        why = "; ".join(sorted(set(said["wrong"])))
        raise NoSummary(f"{len(said['wrong'])} of {download.clients} clients failed: {why[:300]}")
    first, last = median(said["first"]), median(said["last"])
    unread = marks[1] - marks[0] if download.pause else None
    return Taken(first, last, used / download.answers, unread, idle, growth), said["bodies"]


def _forgotten(pid: int, notes: list[str]) -> float | None:
    """Return the resident megabytes of now, from which on the peak counts."""
    try:
        forget_peak(pid)
    except OSError as error:
        note = f"Memory growth cannot be measured: the kernel does not let a peak be forgotten ({error.strerror})."
        if note not in notes:
            notes.append(note)
        return None
    return peak_mb(pid)


def _said(command: list[str], pid: int) -> tuple[list[float], dict[str, Any]]:
    """Run the clients; return the server's CPU milliseconds at each word they say, and what they got."""
    marks = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as clients:
        for line in clients.stdout or ():
            if line.startswith("{"):
                return marks, json.loads(line)
            marks.append(cpu_ms(pid))
    raise NoSummary("the clients said nothing")
