"""What really happened, as values: the beginning of the ledger; where they are kept is that of `ucmsim.ledger`.

A CDR says what the firmware wrote; this says who talked with whom from when to when, to the microsecond and in UTC.
"""

from __future__ import annotations

from typing import NamedTuple


class Truth(NamedTuple):
    """One leg: the *shape* and *kind* of its call, who called and who or what was reached, over which trunks, and when.

    Instants are microseconds of UTC from the epoch on; *answered* is None when nobody, and nothing, took the leg.
    """

    shape: str
    kind: str
    caller: str
    reached: str
    trunk_in: str
    trunk_out: str
    began: int
    answered: int | None
    ended: int

    @property
    def talked(self) -> int:
        """Microseconds for which the leg was up, 0 when it was not answered."""
        return 0 if self.answered is None else self.ended - self.answered
