"""The device's own "API Configuration" page: told, and changed while the PBX runs. Spec 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ucmsim.assembling.changes import on_page
from ucmsim.assembling.hidden import PASSWORD
from ucmsim.control.answer import Answer, invalid, unbound
from ucmsim.control.plane import Plane
from ucmsim.errors import BindError, ConfigurationError
from ucmsim.service.pbxservice import PbxService


def api(plane: Plane, pbx: str) -> Answer:
    """Answer what stands on the page."""
    return Answer(_told(plane.find(pbx)))


async def change_api(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Change what is on the page, at once and without a new universe."""
    service = plane.find(pbx)
    try:
        await service.change(lambda before: on_page(before, body, service.appliance.home, Path.cwd()))
    except ConfigurationError as error:
        raise invalid(error, "api") from None
    except BindError as error:
        raise unbound(error, "tls_bind_address") from None
    return Answer(_told(service))


def _told(service: PbxService) -> dict[str, Any]:
    told = service.appliance.pbx.settings.api.model_dump(mode="json")
    password = told.pop(PASSWORD)  # of which only that there is one is told
    return {**told, "password_set": bool(password)}
