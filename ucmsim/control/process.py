"""The process itself: whether it lives, whether it is ready, and what it is."""

from __future__ import annotations

import platform
from datetime import UTC, datetime

from cryptography.hazmat.backends.openssl import backend

from twisted import __version__ as TWISTED  # noqa: N812 - the name that it has in the answer
from ucmsim import __version__
from ucmsim.control.answer import Answer
from ucmsim.control.plane import Plane


def health(plane: Plane) -> Answer:
    """Answer that the process answers."""
    return Answer({"status": "ok"})


def readiness(plane: Plane) -> Answer:
    """Answer whether everything listens."""
    said = "failed" if plane.failures else "ready" if plane.ready() else "starting"
    return Answer({"status": said, "instance": plane.instance}, 200 if said == "ready" else 503)


def status(plane: Plane) -> Answer:
    """Answer what this process is, and which PBXs run in it."""
    names = [service.name for service in plane.fleet]
    versions = {"Python": platform.python_version(), "Twisted": TWISTED, "OpenSSL": backend.openssl_version_text()}
    told = {"instance": plane.instance, "version": __version__, "seed": plane.seed, "pbxs": names, "versions": versions}
    wall = datetime.fromtimestamp(plane.fleet.wall, UTC).isoformat()
    return Answer({**told, "failures": plane.failures, "wall": wall})


async def openapi(plane: Plane) -> Answer:
    """Answer the OpenAPI document of these routes."""
    from ucmsim.control.openapi import document
    from ucmsim.control.routes import ROUTES  # which has this handler

    return Answer(await plane.fleet.work(lambda: document(ROUTES)))
