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
from ucmsim.register import Quirks
from ucmsim.settings import load_pbx
from ucmsim.store.records import Record

RATE = 8000
GROUPS = {"ring-group", "ivr-ring-group", "queue"}
"""Shapes in which who takes the call is billed for the ringing too, so that billsec is more than the talk."""
UNRECORDED = {
    "no-answer", "busy", "failed", "congestion", "hung-up", "unregistered", "unfinished", "voicemail-direct", "voicemail-menu",
    "ivr", "queue-abandoned", "conference", "paging", "fax", "feature-code", "voicemail", "callback",
}  # fmt: skip
"""Shapes without a talk that the unit records in `monitor`: a shape that is new says here, or in a row, which it is."""


@pytest.mark.parametrize("row", PERSONALITIES, ids=lambda row: row.id)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.id)
def test_every_name_in_recordfiles_is_served(shape: Shape, row: Personality) -> None:
    """The literal value of the column is asked for, and each name by itself; the WAV is as long as what was billed."""
    talk, billsec = (written(shape, row, length) for length in ("talk", "billsec"))
    seen(shape, row, "talk", talk)
    if whole_seconds(billsec) != whole_seconds(talk):
        assert shape.id in GROUPS
        seen(shape, row, "billsec", billsec)
    assert any(record.row[AT["recordfiles"]] for record in talk) is (shape.id not in UNRECORDED)


def written(shape: Shape, row: Personality, length: str) -> list[Record]:
    """Return what is written of a call of each kind of *shape*, with quirk recording-length at *length*."""
    firmware = Firmware.of(Quirks.of(row, {"recording-length": length}), load_pbx({}, Path()).time_zone)
    stories = [shape.story(example(), kind) for kind in shape.kinds]
    happened = [leg for story in stories for call in story for leg in legs(call, story) if firmware.writes(leg)]
    recorded = [firmware.recordings(leg, 0) for leg in happened]
    return [Record(firmware.row(leg, files), files) for leg, files in zip(happened, recorded, strict=True)]


def whole_seconds(records: list[Record]) -> list[object]:
    """Return the rows, and how many whole seconds there are in each file."""
    return [(cdr, [(file.path, file.samples // RATE) for file in files]) for cdr, files, *_ in records]


def seen(shape: Shape, row: Personality, length: str, records: list[Record]) -> None:
    """Ask for every name in *records*, and hold the lengths against what was billed."""
    pbx = make_pbx(personality=row.id, quirks={"recording-length": length})
    for record in records:
        pbx.history.keep([record])
        # Before G2 there is no such column to be sent, but the files are there all the same.
        for whole in filter(None, [record.row[AT["recordfiles"]]]):
            for asked in (whole, *filter(None, whole.split("@"))):
                reply = ask(pbx, f"filename={quote(asked, safe='')}")
                assert (reply.status, dict(reply.headers)["Content-type"]) == (200, "audio/x-wav")
                assert (reply.body[:4], reply.body[8:12]) == (b"RIFF", b"WAVE")
                seconds, billsec = (len(reply.body) - 44) // 2 // RATE, int(record.row[AT["billsec"]])
                assert seconds <= billsec
                assert seconds == billsec or (length == "talk" and shape.id in GROUPS)
