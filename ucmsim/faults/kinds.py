"""The kinds of faults, one row each: what `"fault":` can say."""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType

from ucmsim.faults.api import Deny
from ucmsim.faults.http import Latency
from ucmsim.faults.planes import Fault
from ucmsim.faults.tls import Certificate


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: *units* says what its fields are measured in, *settled* when it is decided.

    One that *challenges* is about authentication: it acts on exchanges that end in the Digest challenge too.
    """

    id: str
    record: type[Fault]
    units: str
    settled: str
    statement: str
    challenges: bool = False

    @property
    def plane(self) -> str:
        return self.id.partition(".")[0]

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what can be written; what is settled by chance is no part of it."""
        return tuple(field.name for field in fields(self.record) if "drawn" not in field.metadata)  # type: ignore[arg-type]


# fmt: off
KINDS = (
    Kind("http.latency", Latency, "seconds: wall-clock seconds, 0 to 86400", "when the request is decided",
         "The reply waits before the first byte of its head."),
    Kind("tls.certificate", Certificate, "defect: an id of 'ucmsim show defects'", "at the ClientHello",
         "The client is shown a certificate with a defect; session tickets are off while it is armed."),
    Kind("api.deny", Deny, "how: page or drop; address: an address/netmask entry, null = every peer",
         "page: when the request is decided, before authentication; drop: at accept",
         "The peer is denied: the 403 page without a challenge, or the connection closed before TLS."),
)
# fmt: on

BY_ID = MappingProxyType({kind.id: kind for kind in KINDS})
