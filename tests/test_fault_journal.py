"""Every fault is told apart in the journal: what fired is named by its kind, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address

from tests.faultwire import Wire
from tests.makers import CLIENT, DEFECTS
from tests.spools import pbx_on
from tests.test_fault_media import BOTH, ONE, WRITTEN
from tests.test_fault_recipes import FIELDS
from tests.test_fault_tcp import port
from tests.test_listening import Place
from tests.test_socketplane import HELLO, Socket
from ucmsim.faults import KINDS, Kind, Moment, arming
from ucmsim.store.records import Recording

BELOW = (Moment.ADMIT, Moment.HANDSHAKE)


def fields(kind: Kind) -> dict[str, Any]:
    return {"defect": "expired"} if kind.id == "tls.certificate" else FIELDS.get(kind.id, {})


def moment(kind: Kind) -> Moment:
    return arming({"fault": kind.id, **fields(kind)}, defects=DEFECTS).fault.moment


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_what_fired_is_named_by_its_kind(kind: Kind, tmp_path: Path) -> None:
    """The first entry names this kind, under whatever name it was armed; when it is gone the next names none."""
    spec = {"fault": kind.id, "name": "mine", **fields(kind)}
    if moment(kind) is Moment.LISTEN:
        place = Place(spec)
        place.pbx.faults.clear()
        closed, opened = place.pbx.journal.entries()  # whoever comes in between leaves none
        assert (closed["listens"], opened["listens"], opened["kinds"]) == (False, True, [kind.id])
        caller = place.gate.buildProtocol(IPv4Address("TCP", CLIENT, 40000))
        assert caller is not None
        caller.makeConnection(Socket())
        caller.transport.loseConnection()
        caller.connectionLost()
        found = [closed, list(place.pbx.journal.entries())[-1]]
    elif moment(kind) in BELOW:
        gate = port(kind.id, name="mine", **fields(kind))
        for _ in range(2):
            caller = gate.connect(HELLO)
            if caller is not None:
                caller.lose()
            gate.pbx.faults.clear()
        found = list(gate.pbx.journal.entries())
    else:
        recordings = [Recording("monitor", name, WRITTEN, 100) for name in (ONE, "auto-2-1002.wav")]
        wire = Wire(pbx=pbx_on(tmp_path, *recordings, faults=[spec]))
        for _ in range(2):
            wire.open(BOTH if kind.plane == "media" else "/cdrapi").vanish()
            wire.pbx.faults.clear()
        found = wire.journal
    assert [(entry["faults"], entry["kinds"]) for entry in found[:2]] == [(["mine"], [kind.id]), ([], [])]
    assert json.dumps(found)
