"""The terms of an arming: everything in the mapping of a fault that is not the fault's own. Pure."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from ucmsim.clock import When
from ucmsim.faults.conditions import Condition
from ucmsim.faults.fields import STRICT, PointField

_Wall = Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)]


class Terms(BaseModel):
    """When and how often a fault acts.

    It acts from *after* on and no more from *until* on. *ramp* are seconds in which its chance grows from 0 to *chance*:
    since *after* by the clock of that, else of wall-clock time since it was armed. *ttl* are seconds of wall-clock time
    since it was armed, after which it is disarmed.
    """

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")] | None = None
    when: Condition = Field(default_factory=Condition)
    times: Annotated[int, Field(ge=1)] | None = None
    chance: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    after: PointField = None
    until: PointField = None
    ramp: _Wall | None = None
    ttl: _Wall | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Terms:
        after, until = self.after, self.until
        if after and until and after.clock == until.clock and after.at >= until.at:
            raise ValueError("'until' is not later than 'after', so the fault would never act")
        return self

    def is_on(self, when: When) -> bool:
        """Return whether *when* lies between *after* and *until*."""
        begun = self.after is None or self.after.is_past(when)
        return begun and not (self.until is not None and self.until.is_past(when))

    def chance_at(self, when: When, armed: float) -> float:
        """Return the chance at *when* of a fault that was armed at the wall second *armed*."""
        if self.ramp is None:
            return self.chance
        passed = self.after.seconds(when) if self.after is not None else when.wall - armed
        return self.chance * min(max(passed / self.ramp, 0.0), 1.0)

    def as_json(self) -> dict[str, Any]:
        """Return the mapping of these terms without their name; what is not given and has no place in it is left out."""
        when = self.when.model_dump(exclude_none=True, mode="json", by_alias=True)
        told: dict[str, Any] = {"when": when, "times": self.times, "chance": self.chance}
        told |= {key: point.as_json() for key in ("after", "until") if (point := getattr(self, key)) is not None}
        return told | {key: value for key in ("ramp", "ttl") if (value := getattr(self, key)) is not None}
