"""Faults: frozen records that turn the value of their plane into a worse one, and what arms them.

`planes` has the values, one module a plane has the records and a row for each, `kinds` lists them all. `conditions` and `terms` say when and how
often, `arming` reads all of it from a mapping, `book` keeps what is armed.
To add a fault: one record and one row in the module of its plane, one test.
"""

from ucmsim.faults.arming import Arming, arming
from ucmsim.faults.book import NOTHING, Armed, FaultBook, Settled
from ucmsim.faults.conditions import Facts
from ucmsim.faults.kind import Kind
from ucmsim.faults.kinds import KINDS
from ucmsim.faults.planes import FREELY, PLANES, Admission, Handshake, Moment, PortState, Situation, Traffic
from ucmsim.faults.said import FaultNameTaken, FaultRefused, NotArmed, Said

__all__ = [
    "FREELY",
    "KINDS",
    "NOTHING",
    "PLANES",
    "Admission",
    "Armed",
    "Arming",
    "Facts",
    "FaultBook",
    "FaultNameTaken",
    "FaultRefused",
    "Handshake",
    "Kind",
    "Moment",
    "NotArmed",
    "PortState",
    "Said",
    "Settled",
    "Situation",
    "Traffic",
    "arming",
]
