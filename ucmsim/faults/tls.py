"""Faults on the tls plane: `Handshake` in, `Handshake` out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from ucmsim.errors import did_you_mean
from ucmsim.faults.kind import Kind
from ucmsim.faults.planes import Handshake, Moment
from ucmsim.faults.said import Said


@dataclass(frozen=True, slots=True)
class Certificate:
    """Show the certificate with the named *defect* (`ucmsim show defects`) instead of the good one."""

    defect: str

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, defect=self.defect)

    def objections(self, defects: Collection[str]) -> Iterator[Said]:
        """Yield why the defect cannot be shown; in a mapping *defects* has the reason for each that cannot."""
        if self.defect not in defects:
            hint = did_you_mean(self.defect, defects) or "'ucmsim show defects' lists them all"
            yield Said(("defect",), f"there is no defect '{self.defect}'", hint)
        elif isinstance(defects, Mapping) and (why := defects[self.defect]):
            yield Said(("defect",), f"the defect '{self.defect}' cannot be shown", why)


# fmt: off
KINDS = (
    Kind("tls.certificate", Certificate, "defect: an id of 'ucmsim show defects'", "at the ClientHello",
         "The client is shown a certificate with a defect; session tickets are off while it is armed."),
)
# fmt: on
