"""Every name in `recordfiles`, of every shape on every personality, leads to a WAV of the right length. Spec 5.8, 6.1."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.makers import make_pbx
from tests.spools import ask
from ucmsim.calls import Firmware
from ucmsim.calls.dialplan import legs
from ucmsim.calls.shapes import SHAPES, Shape
from ucmsim.calls.stage import example
from ucmsim.columns import AT
from ucmsim.personalities import PERSONALITIES, Personality
from ucmsim.records import Record
from ucmsim.settings import load_pbx

RATE = 8000
GROUPS = {"ring-group", "ivr-ring-group", "queue"}
"""Shapes in which who takes the call is billed for the ringing too, so that billsec is more than the talk."""
UNRECORDED = {
    "no-answer", "busy", "failed", "congestion", "hung-up", "unregistered", "unfinished", "voicemail-direct", "voicemail-menu",
    "ivr", "queue-abandoned", "conference", "paging", "fax", "feature-code", "voicemail", "callback",
}  # fmt: skip
"""Shapes without a talk that the unit records in `monitor`: a shape that is new says here, or in a row, which it is."""


@pytest.mark.parametrize("length", ["talk", "billsec"])
@pytest.mark.parametrize("row", PERSONALITIES, ids=lambda row: row.id)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.id)
def test_every_name_in_recordfiles_is_served(shape: Shape, row: Personality, length: str) -> None:
    """The literal value of the column is asked for, and each name by itself; the WAV is as long as what was billed."""
    pbx = make_pbx(personality=row.id, quirks={"recording-length": length})
    firmware = Firmware.of(pbx.quirks, load_pbx({}, Path()).time_zone)
    named = 0
    for kind in shape.kinds:
        story = shape.story(example(), kind)
        for leg in (leg for call in story for leg in legs(call, story) if firmware.writes(leg)):
            recorded = firmware.recordings(leg, 0)
            cdr = firmware.row(leg, recorded)
            pbx.history.keep([Record(cdr, recorded)])
            # Before G2 there is no such column to be sent, but the files are there all the same.
            for whole in filter(None, [cdr[AT["recordfiles"]]]):
                named += 1
                for asked in (whole, *filter(None, whole.split("@"))):
                    reply = ask(pbx, f"filename={quote(asked, safe='')}")
                    assert (reply.status, dict(reply.headers)["Content-type"]) == (200, "audio/x-wav")
                    assert (reply.body[:4], reply.body[8:12]) == (b"RIFF", b"WAVE")
                    seconds, billsec = (len(reply.body) - 44) // 2 // RATE, int(cdr[AT["billsec"]])
                    assert seconds <= billsec
                    assert seconds == billsec or (length == "talk" and shape.id in GROUPS)
    assert bool(named) is (shape.id not in UNRECORDED)
