"""Numbers of everything that happened, for Prometheus."""

from __future__ import annotations

from ucmsim.control.answer import Answer
from ucmsim.control.plane import Plane
from ucmsim.service.metrics import CONTENT_TYPE, exposition


def metrics(plane: Plane) -> Answer:
    """Answer what every PBX has counted since it began, or was reset."""
    return Answer(exposition(plane.registry), kind=CONTENT_TYPE)
