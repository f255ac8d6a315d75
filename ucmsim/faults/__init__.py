"""Faults: frozen records that turn the value of their plane into a worse one, and what arms them.

`planes` has the values, one module a plane has the records, `kinds` lists them. `conditions` and `terms` say when and how
often, `arming` reads all of it from a mapping, `book` keeps what is armed.
To add a fault: one record in the module of its plane, one row in `kinds.KINDS`, one test.
"""

from ucmsim.faults.arming import Arming, arming
from ucmsim.faults.book import NOTHING, Armed, FaultBook, Settled
from ucmsim.faults.conditions import Facts
from ucmsim.faults.kinds import KINDS, Kind
from ucmsim.faults.planes import Admission, Handshake, Moment, Situation
from ucmsim.faults.said import FaultRefused, NotArmed

__all__ = [
    "KINDS",
    "NOTHING",
    "Admission",
    "Armed",
    "Arming",
    "Facts",
    "FaultBook",
    "FaultRefused",
    "Handshake",
    "Kind",
    "Moment",
    "NotArmed",
    "Settled",
    "Situation",
    "arming",
]
