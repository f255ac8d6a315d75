"""What a row of the table of faults is."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ucmsim.faults.planes import Fault


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: *units* says what its fields are measured in, *settled* when it is decided and for which value.

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
