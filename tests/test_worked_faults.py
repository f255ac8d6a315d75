"""The worked examples of the protocol, whole, where a fault is armed: what it leaves alone has every byte as it was."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tests.guide import ALL, DENIED, NOT_FOUND, STANDING
from tests.guideclient import challenged, dropped, get, known, request
from tests.rawclient import exchange
from ucmsim.pytest_plugin import Ucm

pytestmark = pytest.mark.ucmsim(clock=STANDING)

FAULTS = (
    {"kind": "http.latency", "seconds": 30},
    {"kind": "tls.certificate", "defect": "expired"},
    {"kind": "api.deny", "how": "page"},
    {"kind": "api.deny", "how": "drop"},
)


def traffic(ucm: Ucm) -> list[bytes]:
    """Return whole answers of every sort, the nonces taken out."""
    requests = [request("/cdrapi"), request("/foo"), request("/cdrapi", method="DELETE"), b"GET\r\n\r\n"]
    answers = [get(ucm, "/cdrapi?format=JSON"), get(ucm, "/cdrapi", method="HEAD")]
    return [re.sub(rb'"[0-9a-f]{8}"', b'""', data) for data in answers + [exchange(ucm, raw) for raw in requests]]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
@pytest.mark.parametrize(
    "terms",
    [{"when": {"nth": [1000]}}, {"when": {"client": "10.0.0.0/255.0.0.0"}}, {"chance": 0.0}],
    ids=["another-time", "another-client", "no-chance"],
)
def test_fault_that_does_not_act(fault: dict[str, Any], terms: dict[str, Any], ucm: Ucm) -> None:
    """A fault that does not match leaves every byte as it was, and so does one that is disarmed."""
    before = traffic(ucm)
    with ucm.fault(**fault, **terms) as armed:
        assert traffic(ucm) == before
        assert armed.fired == 0
    assert traffic(ucm) == before


@pytest.mark.parametrize("kind", ["http.latency", "api.deny"])
def test_fault_on_another_path(kind: str, ucm: Ucm) -> None:
    """A fault on one path leaves the others alone."""
    own = {"seconds": 30} if kind == "http.latency" else {}
    before = traffic(ucm)
    with ucm.fault(kind, when={"path": "/recapi"}, **own):
        assert traffic(ucm) == before


@pytest.mark.parametrize("fault", FAULTS[1:], ids=lambda fault: "-".join(map(str, fault.values())))
def test_disarmed_fault(fault: dict[str, Any], ucm: Ucm) -> None:
    """A fault that has acted leaves nothing behind."""
    before = traffic(ucm)
    with ucm.fault(**fault) as armed:
        if fault.get("how") == "drop":
            assert dropped(ucm)
        else:
            exchange(ucm, request("/cdrapi"))
        assert armed.fired == 1
    assert traffic(ucm) == before


def test_latency(ucm: Ucm) -> None:
    """A delayed answer has the same bytes as one that comes at once."""
    with ucm.fault("http.latency", seconds=0.4) as armed:
        since = time.monotonic()
        assert get(ucm, "/cdrapi") == ALL
        assert time.monotonic() - since >= 0.4
        assert exchange(ucm, request("/foo")) == NOT_FOUND
        assert armed.fired == 2


def test_deny_with_page(ucm: Ucm) -> None:
    """The fault's 403 is the device's, and comes without a challenge whatever the credentials and the method."""
    line = known(challenged(ucm))
    with ucm.fault("api.deny", how="page", address="127.0.0.0/8", times=3):
        assert exchange(ucm, request("/cdrapi")) == DENIED
        assert exchange(ucm, request("/cdrapi", line)) == DENIED
        assert exchange(ucm, request("/cdrapi", method="DELETE")) == DENIED
        assert exchange(ucm, request("/cdrapi", line)) == ALL


def test_deny_by_dropping(ucm: Ucm) -> None:
    """A dropped peer is closed before a byte; the second connection is served."""
    with ucm.fault("api.deny", how="drop", when={"nth": [1]}) as armed:
        assert dropped(ucm)
        assert get(ucm, "/cdrapi") == ALL
        assert armed.fired == 1
