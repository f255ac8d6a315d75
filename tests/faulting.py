"""Faults to arm, and what the tests ask of a PBX that has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers import DEFECTS, at, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.faults import Arming, FaultRefused, arming
from ucmsim.http.reply import Reply, Wait

LATENCY = {"fault": "http.latency", "seconds": 3.0}
DENY = {"fault": "api.deny"}
DROP = {"fault": "api.deny", "how": "drop"}
EXPIRED = {"fault": "tls.certificate", "defect": "expired"}


def armed(*faults: dict[str, Any], **changes: Any) -> Pbx:
    """Return a PBX with *faults* armed from the start."""
    return make_pbx(faults=list(faults), **changes)


def arm(spec: dict[str, Any], *taken: str) -> Arming:
    """Return what *spec* arms where the names *taken* are in use."""
    return arming(spec, defects=DEFECTS, taken=taken)


def refused(spec: dict[str, Any], *taken: str) -> dict[str, str]:
    """Return every objection to *spec*: the dotted path, and the sentence."""
    with pytest.raises(FaultRefused) as caught:
        arm(spec, *taken)
    return {".".join(map(str, said.path)): f"{said.wrong}; {said.right}" for said in caught.value.said}


def is_slow(reply: Reply) -> bool:
    """Whether *reply* waits before its head."""
    return isinstance(reply.steps[0], Wait)


def slow_ones(pbx: Pbx, count: int, target: str = "/cdrapi", **more: str) -> list[int]:
    """Return which of *count* requests, from 1, are slow."""
    return [number for number in range(1, count + 1) if is_slow(pbx.answer(request(target, **more), at()))]
