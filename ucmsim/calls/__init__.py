"""Made-up calls, and what a PBX writes and records of them. Knows no clock and no store: both come in as arguments."""

from ucmsim.calls.generator import before
from ucmsim.calls.projection import Firmware
from ucmsim.calls.traffic import Office

__all__ = ["Firmware", "Office", "before"]
