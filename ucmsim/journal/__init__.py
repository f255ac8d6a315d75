"""What happened on one PBX, told on the side: values, and what keeps, finds, judges and exports them. Pure.

Every TCP connection (`Visit`), every exchange (`Exchange`) and every time that faults close the port or let it open again
(`Opening`) becomes an event, a JSON object with an id.
"""

from ucmsim.journal.book import Journal
from ucmsim.journal.entries import Exchange
from ucmsim.journal.inquiry import Found, Inquiry
from ucmsim.journal.lines import LINE
from ucmsim.journal.marks import MARKS, Hygiene
from ucmsim.journal.openings import Opening
from ucmsim.journal.redaction import Discretion
from ucmsim.journal.spill import Spill
from ucmsim.journal.visits import Visit

__all__ = [
    "LINE",
    "MARKS",
    "Discretion",
    "Exchange",
    "Found",
    "Hygiene",
    "Inquiry",
    "Journal",
    "Opening",
    "Spill",
    "Visit",
]
