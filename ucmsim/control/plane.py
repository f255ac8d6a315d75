"""What every handler is given: the fleet, and who this process is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from ucmsim.control.answer import ApiError
from ucmsim.fields import or_listed
from ucmsim.fleet import Fleet
from ucmsim.pbxservice import PbxService


@dataclass(frozen=True, slots=True)
class Plane:
    """The *fleet* that is driven, the id of this *instance*, the *seed* of its configuration, whether it is *ready*.

    Its *registry* has the metrics.
    """

    fleet: Fleet
    instance: str
    seed: int
    ready: Callable[[], bool]
    registry: CollectorRegistry

    def find(self, name: str) -> PbxService:
        """Return the running PBX called *name*; raises `ApiError`."""
        try:
            return self.fleet[name]
        except KeyError:
            known = [str(service.name) for service in self.fleet]
            raise ApiError(404, "not-found", f"there is no PBX '{name}'; {or_listed(name, known)}") from None
