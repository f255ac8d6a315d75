"""The figures as one object for programs, and as a table for people."""

from __future__ import annotations

from typing import Any

from bench.rounds import Load, Sample, middle
from bench.servers import Server
from bench.serving import Served
from bench.startup import Starts

MOST_EXTRA = 0.5
MOST_DEMO = 3.0
"""Seconds that a start with an imported history may take above bare Twisted, and the demo month until it is ready."""


def report(facts: dict[str, str], served: Served, starts: Starts, notes: list[str]) -> dict[str, Any]:
    """Return everything that was measured; numbers that were not are None."""
    return {
        "facts": {**facts, **served.facts},
        "loads": [_load(load) for load in served.loads],
        "starts": [
            _start("bare", "bare `twisted web`", starts.bare),
            _start("imported", "ucmsim, 200 imported rows", starts.imported),
            _start("demo", "ucmsim, demo month made up", starts.demo),
        ],
        "start_goals": [
            _goal(
                "imported-extra", "ucmsim with 200 imported rows above bare `twisted web`", starts.extra(), MOST_EXTRA
            ),
            _goal("demo-ready", "demo month, until it is ready", [start.ready for start in starts.demo], MOST_DEMO),
        ],
        "memory": [{"server": name, "rss_mb": round(size, 1)} for name, size in served.memory.items()],
        "notes": notes,
    }


def _load(load: Load) -> dict[str, Any]:
    ratios = load.ratios()
    ratio = middle(ratios)
    servers = {"ucmsim": load.of(nginx=False), "nginx": load.of(nginx=True)}
    return {
        "id": load.id,
        "label": load.label,
        "tool": load.tool,
        "servers": {name: _server(samples) for name, samples in servers.items() if samples},
        "ratio": _rounded(ratio, 3),
        "ratio_lowest": _rounded(min(ratios, default=None), 3),
        "ratio_highest": _rounded(max(ratios, default=None), 3),
        "wanted": load.wanted,
        "met": None if load.wanted is None or ratio is None else ratio >= load.wanted,
    }


def _server(samples: list[Sample]) -> dict[str, float | int | None]:
    return {
        "samples": len(samples),
        "answers_per_second": _rounded(middle([sample.got.answers / sample.got.seconds for sample in samples]), 1),
        "p50_ms": _rounded(middle([sample.got.p50 for sample in samples]), 2),
        "p99_ms": _rounded(middle([sample.got.p99 for sample in samples]), 2),
        "cpu_ms": _rounded(middle([sample.cpu for sample in samples]), 4),
        "wrong": sum(sample.got.wrong for sample in samples),
    }


def _start(id_: str, label: str, starts: list[Server]) -> dict[str, Any]:
    told = [start.ready for start in starts if start.ready]
    return {
        "id": id_,
        "label": label,
        "starts": len(starts),
        "accepts_s": _rounded(middle([start.accepted for start in starts]), 3),
        "ready_s": _rounded(middle(told), 3),
        "cpu_s": _rounded(middle([start.start_cpu / 1000 for start in starts]), 3),
    }


def _goal(id_: str, label: str, seconds: list[float], wanted: float) -> dict[str, Any]:
    value = middle(seconds)
    return {
        "id": id_,
        "label": label,
        "seconds": _rounded(value, 3),
        "lowest": _rounded(min(seconds, default=None), 3),
        "highest": _rounded(max(seconds, default=None), 3),
        "wanted": wanted,
        "met": None if value is None else value <= wanted,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def table(found: dict[str, Any]) -> str:
    """Return *found*, which `report` made, as Markdown that reads well on a terminal too."""
    loads = [row for load in found["loads"] for row in _load_rows(load)]
    starts = [
        [row["label"], *(_seconds(row[key]) for key in ("accepts_s", "ready_s", "cpu_s"))] for row in found["starts"]
    ]
    memory = [[row["server"], f"{row['rss_mb']:.0f}"] for row in found["memory"]]
    parts = [
        "\n".join(f"{name}: {value}" for name, value in found["facts"].items()),
        _aligned(
            ["load", "server", "answers/s", "p50 ms", "p99 ms", "CPU ms/answer", "of nginx", "spread", "wanted"], loads
        ),
        _aligned(["start-up", "accepts s", "ready s", "CPU s"], starts),
        _aligned(
            ["start-up, goals", "seconds", "spread", "wanted"], [_goal_row(goal) for goal in found["start_goals"]]
        ),
        _aligned(["memory after the run", "RSS MB"], memory),
        "\n".join(f"- {note}" for note in found["notes"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _load_rows(load: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name in ("nginx", "ucmsim"):
        server = load["servers"].get(name)
        if server is not None:
            row = [load["label"], name, f"{server['answers_per_second']:.0f}", f"{server['p50_ms']:.1f}"]
            row += [f"{server['p99_ms']:.1f}", f"{server['cpu_ms']:.3f}"]
            rows.append(row + (["1", "", ""] if name == "nginx" else _ratio(load)))
    return rows


def _ratio(load: dict[str, Any]) -> list[str]:
    wanted = "" if load["wanted"] is None else f">= {load['wanted']:.2f}{_verdict(load['met'])}"
    if load["ratio"] is None:
        return ["-", "", wanted]
    return [f"{load['ratio']:.2f}", f"{load['ratio_lowest']:.2f}-{load['ratio_highest']:.2f}", wanted]


def _goal_row(goal: dict[str, Any]) -> list[str]:
    wanted = f"<= {goal['wanted']:.1f}{_verdict(goal['met'])}"
    if goal["seconds"] is None:
        return [goal["label"], "-", "", wanted]
    return [goal["label"], _seconds(goal["seconds"]), f"{goal['lowest']:.2f}-{goal['highest']:.2f}", wanted]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _verdict(met: bool | None) -> str:
    return {True: " (met)", False: " (missed)", None: ""}[met]


def _aligned(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    cells = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
