"""Puts whole appliances together, each with a state folder of its own, and says what one is on which nothing happens by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.makers import VOICES
from ucmsim.assembling.assembly import Appliance, Premises, assembling
from ucmsim.assembling.filling import unwatched
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.settings import Pbx, load_pbx
from ucmsim.steps import finished

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
EMPTY: dict[str, Any] = {"time_zone": "UTC", "history": {"days": 0}, "clock": {"start": NOW.isoformat(), "rate": 0}}
"""Settings of a PBX without calls whose clock stands still, at `NOW`; `appliance` of `conftest.py` goes by them."""


def assemble(settings: Pbx, folder: StateFolder, wall: float) -> Appliance:
    """Return the appliance *hq* as it begins at *wall* seconds with its state in *folder*, in one go."""
    return finished(assembling("hq", settings, Premises(folder, VOICES, 1, unwatched), wall))


@contextmanager
def assembled(root: Path, settings: Mapping[str, Any], wall: float = 0.0) -> Iterator[Appliance]:
    """Yield the appliance *hq* as it begins at *wall* seconds with its state in *root*, and close it."""
    with (
        closing(StateFolder.open(root)) as folder,
        closing(assemble(load_pbx(settings, root), folder, wall)) as made,
    ):
        yield made
