"""Made-up calls, and what a PBX writes and records of them. Knows no clock and no store: both come in as arguments."""

from ucmsim.calls.generator import World, generate
from ucmsim.calls.projection import Firmware

__all__ = ["Firmware", "World", "generate"]
