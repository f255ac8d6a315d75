"""The figures as one object for programs, and as a table for people."""

from __future__ import annotations

from typing import Any

from bench import faulted, fleet, plane
from bench.faulted import Held
from bench.fleet import Figures
from bench.growth import Download, Taken
from bench.making import Made
from bench.recordings import Recorded
from bench.rounds import Load, Sample, middle
from bench.servers import Server
from bench.serving import Served
from bench.startup import Starts

MOST_EXTRA = 0.5
MOST_DEMO = 3.0
MOST_MADE = 10.0
"""Seconds that a start with an imported history may take above bare Twisted, the demo month until it is ready, and 10^5 rows
until they are made up and stored."""


def report(
    facts: dict[str, str],
    served: Served,
    recorded: Recorded,
    starts: Starts,
    made: list[Made],
    held: list[Held],
    controlled: dict[str, Any],
    many: Figures,
    notes: list[str],
) -> dict[str, Any]:
    """Return everything that was measured; numbers that were not are None."""
    memory = served.memory | recorded.memory
    return {
        "facts": {**facts, **served.facts, **recorded.facts},
        "loads": [_load(load) for load in served.loads],
        "recordings": [_load(load) for load in recorded.loads],
        "downloads": [_download(download) for download in recorded.downloads],
        "starts": [
            _start("bare", "bare `twisted web`", starts.bare),
            _start("imported", "ucmsim, 200 imported rows", starts.imported),
            _start("demo", "ucmsim, demo month made up", starts.demo),
        ],
        "made": [{"rows": one.rows, "seconds": round(one.seconds, 2), "cpu_s": round(one.cpu, 2)} for one in made],
        "start_goals": [
            _goal(
                "imported-extra", "ucmsim with 200 imported rows above bare `twisted web`", starts.extra(), MOST_EXTRA
            ),
            _goal("demo-ready", "demo month, until it is ready", [start.ready for start in starts.demo], MOST_DEMO),
            _goal("rows-made", "10^5 rows made up and stored", [one.hundred_thousand for one in made], MOST_MADE),
        ],
        "faulted": faulted.as_json(held),
        "control": controlled,
        "fleet": fleet.as_json(many),
        "memory": [{"server": name, "rss_mb": round(size, 1)} for name, size in memory.items()],
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
        "servers": {name: _server(samples, load.size) for name, samples in servers.items() if samples},
        "ratio": _rounded(ratio, 3),
        "ratio_lowest": _rounded(min(ratios, default=None), 3),
        "ratio_highest": _rounded(max(ratios, default=None), 3),
        "wanted": load.wanted,
        "met": None if load.wanted is None or ratio is None else ratio >= load.wanted,
    }


def _server(samples: list[Sample], size: int | None) -> dict[str, float | int | None]:
    rate = middle([sample.got.answers / sample.got.seconds for sample in samples])
    return {
        "samples": len(samples),
        "answers_per_second": _rounded(rate, 1),
        "mb_per_second": None if size is None or rate is None else round(rate * size / 1e6, 1),
        "p50_ms": _rounded(middle([sample.got.p50 for sample in samples]), 2),
        "p99_ms": _rounded(middle([sample.got.p99 for sample in samples]), 2),
        "cpu_ms": _rounded(middle([sample.cpu for sample in samples]), 4),
        "wrong": sum(sample.got.wrong for sample in samples),
    }


def _download(download: Download) -> dict[str, Any]:
    growths = [taken.growth for taken in download.samples.get("ucmsim", ()) if taken.growth is not None]
    return {
        "id": download.id,
        "label": download.label,
        "servers": {name: _taken(samples) for name, samples in download.samples.items()},
        "growth_lowest": _rounded(min(growths, default=None), 1),
        "growth_highest": _rounded(max(growths, default=None), 1),
        "wanted": download.wanted,
        "met": None if download.wanted is None or not growths else max(growths) <= download.wanted,
    }


def _taken(samples: list[Taken]) -> dict[str, float | int | None]:
    return {
        "samples": len(samples),
        "first_byte_ms": _rounded(middle([taken.first for taken in samples]), 1),
        "last_byte_ms": _rounded(middle([taken.last for taken in samples]), 1),
        "cpu_ms": _rounded(middle([taken.cpu for taken in samples]), 2),
        "cpu_unread_ms": _rounded(middle([taken.unread for taken in samples if taken.unread is not None]), 1),
        "idle_mb": _rounded(middle([taken.idle for taken in samples if taken.idle is not None]), 1),
        "growth_mb": _rounded(middle([taken.growth for taken in samples if taken.growth is not None]), 1),
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


_LOADED = ["p50 ms", "p99 ms", "CPU ms/answer", "of nginx", "spread", "wanted"]
_DOWNLOADED = [
    *("first byte ms", "last byte ms", "CPU ms/answer", "CPU ms unread"),
    *("idle MB", "growth MB", "spread", "wanted"),
]


def table(found: dict[str, Any]) -> str:
    """Return *found*, which `report` made, as Markdown that reads well on a terminal too."""
    loads = [row for load in found["loads"] for row in _load_rows(load)]
    starts = [
        [row["label"], *(_seconds(row[key]) for key in ("accepts_s", "ready_s", "cpu_s"))] for row in found["starts"]
    ]
    recordings = [row for load in found["recordings"] for row in _load_rows(load, "mb_per_second")]
    downloads = [row for download in found["downloads"] for row in _download_rows(download)]
    made = [[str(row["rows"]), _seconds(row["seconds"]), _seconds(row["cpu_s"])] for row in found["made"]]
    memory = [[row["server"], f"{row['rss_mb']:.0f}"] for row in found["memory"]]
    parts = [
        "\n".join(f"{name}: {value}" for name, value in found["facts"].items()),
        aligned(["load", "server", "answers/s", *_LOADED], loads),
        aligned(["recordings, new connection each", "server", "MB/s", *_LOADED], recordings),
        aligned(["downloads from a new process", "server", *_DOWNLOADED], downloads),
        aligned(["start-up", "accepts s", "ready s", "CPU s"], starts),
        aligned(["start-up, goals", "seconds", "spread", "wanted"], [_goal_row(goal) for goal in found["start_goals"]]),
        aligned(["rows made up and stored", "seconds", "CPU s"], made),
        aligned(faulted.COLUMNS, faulted.rows(found["faulted"])),
        aligned(plane.COLUMNS, plane.rows(found["control"])),
        aligned(fleet.COLUMNS, fleet.rows(found["fleet"])),
        aligned(["memory after the run", "RSS MB"], memory),
        "\n".join(f"- {note}" for note in found["notes"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _load_rows(load: dict[str, Any], rate: str = "answers_per_second") -> list[list[str]]:
    rows = []
    for name in ("nginx", "ucmsim"):
        server = load["servers"].get(name)
        if server is not None:
            row = [load["label"], name, f"{server[rate]:.0f}", f"{server['p50_ms']:.1f}"]
            row += [f"{server['p99_ms']:.1f}", f"{server['cpu_ms']:.3f}"]
            rows.append(row + (["1", "", ""] if name == "nginx" else _ratio(load)))
    return rows


def _ratio(load: dict[str, Any]) -> list[str]:
    wanted = "" if load["wanted"] is None else f">= {load['wanted']:.2f}{_verdict(load['met'])}"
    if load["ratio"] is None:
        return ["-", "", wanted]
    return [f"{load['ratio']:.2f}", f"{load['ratio_lowest']:.2f}-{load['ratio_highest']:.2f}", wanted]


def _download_rows(download: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name in ("nginx", "ucmsim"):
        if server := download["servers"].get(name):
            row = [download["label"], name, _shown(server["first_byte_ms"], 1), _shown(server["last_byte_ms"], 1)]
            row += [_shown(server["cpu_ms"], 1), _shown(server["cpu_unread_ms"], 0)]
            row += [_shown(server["idle_mb"], 0), _shown(server["growth_mb"], 1)]
            rows.append(row + (["", ""] if name == "nginx" else _growth(download)))
    return rows


def _growth(download: dict[str, Any]) -> list[str]:
    wanted = "" if download["wanted"] is None else f"<= {download['wanted']:.0f}{_verdict(download['met'])}"
    lowest, highest = download["growth_lowest"], download["growth_highest"]
    return ["" if lowest is None else f"{lowest:.1f}-{highest:.1f}", wanted]


def _goal_row(goal: dict[str, Any]) -> list[str]:
    wanted = f"<= {goal['wanted']:.1f}{_verdict(goal['met'])}"
    if goal["seconds"] is None:
        return [goal["label"], "-", "", wanted]
    return [goal["label"], _seconds(goal["seconds"]), f"{goal['lowest']:.2f}-{goal['highest']:.2f}", wanted]


def _seconds(value: float | None) -> str:
    return _shown(value, 2)


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _verdict(met: bool | None) -> str:
    return {True: " (met)", False: " (missed)", None: ""}[met]


def aligned(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    cells = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
