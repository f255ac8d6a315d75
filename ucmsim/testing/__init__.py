"""What the pytest fixtures hand to tests; import the names from here for annotations. No Twisted."""

from ucmsim.testing.clock import UcmClock
from ucmsim.testing.faults import UcmFault, UcmIdentity
from ucmsim.testing.fleet import UcmFactory, UcmFleet
from ucmsim.testing.pbx import Ucm
from ucmsim.testing.trust import UcmCa
from ucmsim.testing.waiting import NothingCame

__all__ = ["NothingCame", "Ucm", "UcmCa", "UcmClock", "UcmFactory", "UcmFault", "UcmFleet", "UcmIdentity"]
