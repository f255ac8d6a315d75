"""Every fault is told apart in the journal: what fired is named by its kind, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faultwire import Wire
from tests.makers import DEFECTS
from tests.spools import pbx_on
from tests.test_fault_media import BOTH, ONE, WRITTEN
from tests.test_fault_recipes import FIELDS
from tests.test_fault_tcp import port
from tests.test_socketplane import HELLO
from ucmsim.faults import KINDS, Kind, Moment, arming
from ucmsim.records import Recording

BELOW = (Moment.ADMIT, Moment.HANDSHAKE)


def fields(kind: Kind) -> dict[str, Any]:
    return {"defect": "expired"} if kind.id == "tls.certificate" else FIELDS.get(kind.id, {})


def moment(kind: Kind) -> Moment:
    return arming({"fault": kind.id, **fields(kind)}, defects=DEFECTS).fault.moment


UNHEARD = [kind.id for kind in KINDS if moment(kind) is Moment.LISTEN]


def test_only_what_nobody_reaches_is_not_in_the_journal():
    """A port that does not listen sees nobody; the log says by which fault."""
    assert UNHEARD == ["tcp.refuse", "api.disabled"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.id not in UNHEARD], ids=lambda kind: kind.id)
def test_what_fired_is_named_by_its_kind(kind: Kind, tmp_path: Path) -> None:
    """The first entry names this kind, under whatever name it was armed; when it is gone the next names none."""
    spec = {"fault": kind.id, "name": "mine", **fields(kind)}
    if moment(kind) in BELOW:
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
