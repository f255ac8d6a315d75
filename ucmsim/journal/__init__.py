"""What happened on one PBX, told on the side: values, and what keeps, finds, judges and exports them. Pure."""

from ucmsim.journal.entries import Exchange
from ucmsim.journal.lines import LINE
from ucmsim.journal.redaction import Discretion

__all__ = ["LINE", "Discretion", "Exchange"]
