"""The shapes of calls, played by the example's people, and the rows that a personality writes of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ucmsim.calls import Firmware
from ucmsim.calls.events import Call
from ucmsim.calls.projection import written
from ucmsim.calls.shapes import BY_ID, SHAPES
from ucmsim.calls.stage import example
from ucmsim.columns import NAMES
from ucmsim.personalities import PERSONALITIES, personality
from ucmsim.register import Quirks

PLAYED = [(shape, kind) for shape in SHAPES for kind in shape.kinds]
IN_EVERY_KIND = pytest.mark.parametrize(("shape", "kind"), PLAYED, ids=[f"{shape.id}-{kind}" for shape, kind in PLAYED])


def rows_of(story: tuple[Call, ...], name: str = "ucm6510", **quirks: str) -> list[dict[str, str]]:
    """Return the rows that a personality writes of *story*, by column; quirks have underscores for hyphens."""
    chosen = {quirk.replace("_", "-"): value for quirk, value in quirks.items()}
    firmware = Firmware.of(Quirks.of(personality(name), chosen), ZoneInfo("UTC"))
    return [dict(zip(NAMES, row, strict=True)) for row in written(story, firmware)]


def rows(shape: str, name: str = "ucm6510", kind: str = "", **quirks: str) -> list[dict[str, str]]:
    """Return the rows of a shape."""
    return rows_of(BY_ID[shape].story(example(), kind), name, **quirks)


def columns(found: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    """Return some columns of rows."""
    return [tuple(row[name] for name in names) for row in found]


DEVICES = tuple(device.id for device in PERSONALITIES)
OLDER, UCM62XX = DEVICES[:5], DEVICES[5:]
"""Those of the guides and of CAP22, and those of which captures of a UCM62xx tell. Spec 0b."""


def by_device(older: object, ucm62xx: object) -> dict[str, object]:
    """Return what is due by personality."""
    return {name: older if name in OLDER else ucm62xx for name in DEVICES}
