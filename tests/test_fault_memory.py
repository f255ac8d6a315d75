"""What connections under faults take of memory is given back when they are gone: no object of theirs is left."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

from tests.faultwire import Wire
from tests.makers import BEGAN
from tests.test_fault_tcp import GET, port
from tests.test_socketplane import HELLO
from ucmsim.appliance.pbx import Pbx

CONNECTIONS = 20
ABOVE: dict[str, dict[str, Any]] = {
    "http.latency": {"seconds": 600}, "http.drip": {"seconds": 60}, "http.stall": {}, "http.truncate": {}, "http.gzip": {},
    "api.slow-database": {"seconds": 600}, "api.restart": {"seconds": 60}, "data.duplicate": {},
}  # fmt: skip
BELOW: dict[str, dict[str, Any]] = {
    "tcp.mute": {}, "tcp.half-close": {}, "tcp.close": {}, "tcp.reset": {}, "tcp.latency": {"seconds": 600},
    "tcp.bandwidth": {"rate": 1}, "tcp.slicer": {"seconds": 60}, "tls.slow-flight": {"bytes": 1, "seconds": 60},
    "tls.alert": {}, "tls.plain": {},
}  # fmt: skip


def alive(*pbxs: Pbx) -> Counter[str]:
    """Return how many objects of each class of ours there are, once the journals of *pbxs* have packed their latest events.

    But for faults that are gone, of which the latest thousand are remembered.
    """
    assert all(pbx.journal.size for pbx in pbxs)
    for pbx in pbxs:
        pbx.faults.gone.clear()
    gc.collect()
    kinds = ((str(type(one).__module__), type(one).__qualname__) for one in gc.get_objects())
    return Counter(f"{module}.{name}" for module, name in kinds if module.startswith("ucmsim."))


def test_requests_under_faults_leave_nothing() -> None:
    """Neither the channel nor its reply, its waits or its account, whether the fault or the client is the first to go."""
    wire = Wire()

    def stories() -> None:
        for fault in (*ABOVE, *ABOVE):
            wire.pbx.faults.arm({"fault": fault, **ABOVE[fault]}, BEGAN)
            opened = [wire.open() for _ in range(CONNECTIONS)]
            for one in opened[::2]:
                one.vanish()
            wire.pbx.faults.clear()
            for one in opened[1::2]:
                one.vanish()
        wire.pbx.deliveries.flush()  # which is done once a second where a PBX runs

    # What is made once is there after the first, and Twisted's log, which keeps the latest hundreds until it begins, is full.
    stories()
    before = alive(wire.pbx)
    stories()
    assert alive(wire.pbx) - before == Counter()
    assert wire.clock.getDelayedCalls() == []
    assert len(wire.journal) == 4 * len(ABOVE) * CONNECTIONS


def test_connections_under_faults_leave_nothing() -> None:
    """Neither what is below TLS nor what waits to be sent."""
    gates = {fault: port(fault, **fields) for fault, fields in BELOW.items()}

    def stories() -> None:
        for fault, gate in (*gates.items(), *gates.items()):
            callers = [caller for _ in range(CONNECTIONS) if (caller := gate.connect(HELLO, GET)) is not None]
            assert len(callers) == CONNECTIONS
            for caller in callers[::2]:
                caller.lose()
            gate.pbx.faults.clear()
            for caller in callers[1::2]:
                caller.lose()
            gate.pbx.faults.arm({"fault": fault, **BELOW[fault]}, BEGAN)

    stories()
    before = alive(*(gate.pbx for gate in gates.values()))
    stories()
    assert alive(*(gate.pbx for gate in gates.values())) - before == Counter()
    assert [gate.timers for gate in gates.values()] == [0] * len(gates)


def test_what_is_left_would_be_seen() -> None:
    """A connection that is still there counts."""
    wire = Wire({"fault": "http.stall"})
    wire.open().vanish()
    before = alive(wire.pbx)
    kept = wire.open()
    assert (alive(wire.pbx) - before)["ucmsim.sockets.channel.DeviceChannel"] == 1
    kept.vanish()
