"""Made-up calls and the rows that a PBX writes about them. Knows no clock and no store: both come in as arguments."""

from ucmsim.calls.generator import World, generate

__all__ = ["World", "generate"]
