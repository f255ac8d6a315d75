"""What a row of the table of faults is."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any

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
        return tuple(field.name for field in self._written())

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of those of its fields that hold a secret."""
        return tuple(field.name for field in self._written() if field.metadata.get("secret"))

    @property
    def known(self) -> tuple[Any, ...]:
        """What its secrets are where nobody says, which is in the documentation."""
        return tuple(field.default for field in self._written() if field.name in self.secrets)

    @property
    def told(self) -> str:
        """What its fields are measured in, and what each is where nobody says."""
        parts = zip(self.units.split("; "), self._written(), strict=bool(self.units))
        return "; ".join(f"{part} ({_default(field)})" for part, field in parts)

    def _written(self) -> list[Field[Any]]:
        return [field for field in fields(self.record) if "drawn" not in field.metadata]  # type: ignore[arg-type]


def _default(field: Field[Any]) -> str:
    """Return what is said of a *field* that is left out; a default that is no JSON is a flaw of its record."""
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    return "must be given" if value is MISSING else f"default {json.dumps(value)}"
