"""What every handler is given: the fleet, and who this process is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from ucmsim.contract.fields import or_listed
from ucmsim.control.answer import ApiError
from ucmsim.service.fleet import Fleet
from ucmsim.service.pbxservice import PbxService


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

    def find(self, name: str, *, failed: bool = False) -> PbxService:
        """Return the running PBX called *name*, also one that has *failed* where that is wanted; raises `ApiError`."""
        try:
            service = self.fleet[name]
        except KeyError:
            known = [str(service.name) for service in self.fleet]
            raise ApiError(404, "not-found", f"there is no PBX '{name}'; {or_listed(name, known)}") from None
        if service.failure and not failed:
            raise ApiError(500, "failed", service.failure)
        return service

    @property
    def failures(self) -> dict[str, str]:
        """Why PBXs that failed did so, by their names."""
        return {str(service.name): service.failure for service in self.fleet if service.failure}
