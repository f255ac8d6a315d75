"""Snapshots: a PBX written to a file, and restored from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ucmsim.assembling.snapshots import SnapshotError
from ucmsim.control.answer import Answer, ApiError, invalid
from ucmsim.control.pbxs import as_json
from ucmsim.control.plane import Plane
from ucmsim.errors import ConfigurationError, Problem, did_you_mean


async def snapshot(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Write a PBX to a file."""
    service = plane.find(pbx)
    try:
        return Answer(asdict(await service.snapshot(_file(body))))
    except SnapshotError as error:
        raise ApiError(400, "invalid", str(error), "file") from None


async def restore(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Let a PBX be as it is in a file."""
    service = plane.find(pbx, failed=True)
    try:
        await service.restore(_file(body))
    except SnapshotError as error:
        raise ApiError(400, "invalid", str(error), "file") from None
    return Answer(as_json(service))


def _file(body: Mapping[str, Any]) -> Path:
    """Return the file that is meant. Raises `ApiError`."""
    problems = [
        Problem(key, f"there is no key '{key}' here", did_you_mean(key, ["file"]) or "the key is file")
        for key in body
        if key != "file"
    ]
    file = body.get("file")
    if not isinstance(file, str) or not file.startswith("/") or "\0" in file or not file.isprintable():
        problems.append(Problem("file", "an absolute path is due", "give one such as /tmp/hq.zip"))
    if problems:
        raise invalid(ConfigurationError(problems))
    return Path(str(file))
