"""Faults: frozen records that turn the value of their plane into a worse one, and what arms them.

`planes` has the values, one module a plane has the records, `kinds` lists them, `arming` says when and how often.
To add a fault: one record in the module of its plane, one row in `kinds.KINDS`, one README row, one test.
"""

from ucmsim.faults.arming import Armed, Arming, FaultBook, FaultRefused, arming
from ucmsim.faults.kinds import KINDS, Kind
from ucmsim.faults.planes import Admission, Handshake, Moment, Situation

__all__ = [
    "KINDS",
    "Admission",
    "Armed",
    "Arming",
    "FaultBook",
    "FaultRefused",
    "Handshake",
    "Kind",
    "Moment",
    "Situation",
    "arming",
]
