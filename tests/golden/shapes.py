"""The rows that a firmware of each generation writes of each shape, as a page of its own CSV."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from tests.golden.stage import ROOT
from ucmsim.calls import Firmware
from ucmsim.calls.projection import written
from ucmsim.calls.shapes import SHAPES
from ucmsim.calls.stage import example
from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout, rendered
from ucmsim.personalities import personality
from ucmsim.register import Quirks

HOME = ROOT / "fixtures" / "shapes"
WRITERS = ("ucm6100-1.0.9", "ucm6510-1.0.5", "ucm6510-1.0.10", "ucm6200-1.0.20")
"""One of each generation of columns, and of G3 also one with PJSIP."""


def shape_files() -> Iterator[tuple[str, str, bytes]]:
    """Yield personality, shape and the page of each."""
    for name in WRITERS:
        register = Quirks.of(personality(name))
        firmware, layout = Firmware.of(register, ZoneInfo("America/Chicago")), Layout.of(register)
        for shape in SHAPES:
            rows = tuple(written(shape.story(example()), firmware))
            yield name, shape.id, rendered(Format.CSV, layout, rows)
