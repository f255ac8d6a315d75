"""Faults on the tls plane: `Handshake` in, `Handshake` out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ucmsim.faults.planes import Handshake, Moment


@dataclass(frozen=True, slots=True)
class Certificate:
    """Show the certificate with the named *defect* (`ucmsim show defects`) instead of the good one."""

    defect: str

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, defect=self.defect)
