"""Draws docs/week.svg: the calls of a made-up week, hour by hour, as a PBX with the default traffic has them.

`python docs/week.py` draws it anew from what ucmsim makes up; the suite fails when the picture is another one.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ucmsim.assembling.filling import made_up
from ucmsim.settings import load_pbx

PICTURE = Path(__file__).with_name("week.svg")
UNTIL = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""Midnight from Sunday to Monday in Chicago."""
KINDS = {"Inbound": "#2a6f97", "Outbound": "#e09f3e", "Internal": "#9aa5b1"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BAR, HEIGHT, LEFT, TOP = 5, 160, 40, 30


def hours() -> list[Counter[str]]:
    """Return how many calls of each kind began in each of the 168 hours."""
    settings = load_pbx({"history": {"days": 7, "calls_per_day": 400}}, Path())
    found: list[Counter[str]] = [Counter() for _ in range(168)]
    since = int(UNTIL.timestamp()) - 7 * 86_400
    seen = set()
    for record in made_up("hq", settings, seed=42, until=UNTIL):
        truth = record.truth
        if truth is not None and (truth.caller, truth.began) not in seen:
            seen.add((truth.caller, truth.began))
            found[(truth.began // 1_000_000 - since) // 3600][truth.kind] += 1
    return found


def drawn(counts: list[Counter[str]]) -> str:
    """Return the picture of *counts*."""
    most = max(sum(count.values()) for count in counts)
    width, height = LEFT + BAR * len(counts) + 10, TOP + HEIGHT + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_bars(counts, most),
        *_legend(),
        f'<text x="4" y="{TOP + 10}">{most}</text><text x="4" y="{TOP + HEIGHT}">0</text>',
        *(f'<text x="{LEFT + BAR * 24 * at + 45}" y="{TOP + HEIGHT + 18}">{day}</text>' for at, day in enumerate(DAYS)),
        *(
            f'<line x1="{LEFT + BAR * 24 * at}" x2="{LEFT + BAR * 24 * at}" y1="{TOP}" y2="{TOP + HEIGHT}" stroke="#ddd"/>'
            for at in range(8)
        ),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _bars(counts: list[Counter[str]], most: int) -> Iterator[str]:
    for hour, count in enumerate(counts):
        top = TOP + HEIGHT
        for kind, colour in KINDS.items():
            tall = round(count[kind] / most * HEIGHT)
            top -= tall
            if tall:
                yield f'<rect x="{LEFT + BAR * hour}" y="{top}" width="{BAR - 1}" height="{tall}" fill="{colour}"/>'


def _legend() -> Iterator[str]:
    for at, (kind, colour) in enumerate(KINDS.items()):
        yield f'<rect x="{LEFT + 100 * at}" y="8" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{LEFT + 100 * at + 14}" y="17">{kind}</text>'


if __name__ == "__main__":
    PICTURE.write_text(drawn(hours()), "utf-8")
    sys.stdout.write(f"{PICTURE}\n")
