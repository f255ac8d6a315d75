"""Recordings that a program begins over AMI, beside those of the unit. Spec 5.8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.test_recordings import NOW
from ucmsim.assembling.filling import made_up
from ucmsim.calls import Firmware
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import Role, talks
from ucmsim.calls.recorder import over_ami
from ucmsim.calls.shapes import SHAPES, Shape
from ucmsim.calls.stage import example
from ucmsim.client import ControlError
from ucmsim.columns import AT
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES, Personality
from ucmsim.pytest_plugin import Ucm
from ucmsim.settings import load_pbx
from ucmsim.store.records import Record

RATE = 8000
UNIT = {"history": {"days": 3}, "personality": "ucm6510"}


def made(**settings: Any) -> list[Record]:
    chosen = {**UNIT, **settings}
    return list(made_up("hq", load_pbx(chosen, Path()), seed=1, until=NOW))


@pytest.mark.quirk("ami-recordings")
@pytest.mark.parametrize(("value", "technology"), [("channel", ""), ("whole-channel", "SIP-")])
def test_a_recording_over_ami_is_named_by_the_channel(value: str, technology: str) -> None:
    """Of the caller, as the row of the call has it: in monitor, and without its technology or with that."""
    found = made(recording={"ami": 1}, quirks={"ami-recordings": value})
    named = [(record, one) for record in found for one in record.recordings if one.directory == "monitor"]
    assert len(named) > 100
    for record, one in named:
        channel = record.row[AT["channel"]]
        assert channel.startswith("SIP/")
        assert one.name == f"{technology}{channel.removeprefix('SIP/')}.wav"
    assert {one.directory.split("/")[0] for record in found for one in record.recordings} == {"monitor", "voicemail"}


@pytest.mark.quirk("ami-recordfiles")
def test_recordfiles_says_nothing_of_it_or_names_it() -> None:
    """The unit did not record it; where it tells of it all the same, the @ ends it as any other name."""
    unnamed, named = made(recording={"ami": 1}), made(recording={"ami": 1}, quirks={"ami-recordfiles": "named"})
    assert {record.row[AT["recordfiles"]] for record in unnamed} == {""}
    told = [record for record in named if record.row[AT["recordfiles"]]]
    assert len(told) > 100
    assert all(record.row[AT["recordfiles"]] == f"{record.recordings[0].name}@" for record in told)  # type: ignore[index]


def test_a_share_is_begun_over_ami_and_shifts_no_call() -> None:
    """Of those that are recorded; the unit records the others, and of the calls nothing else differs."""
    usual, some = made(), made(recording={"ami": 0.5})
    about = {AT["recordfiles"], AT["lastdata"]}
    kinds = {"auto": 0, "ami": 0}
    for one, other in zip(usual, some, strict=True):
        assert {at for at, (this, that) in enumerate(zip(one.row, other.row, strict=True)) if this != that} <= about
        for recording in other.recordings:
            if recording.directory == "monitor":
                kinds["auto" if recording.name.startswith("auto-") else "ami"] += 1
        if "StartMonitor" in other.row[AT["lastdata"]]:
            assert not any(recording.name[0].isdigit() for recording in other.recordings)
    assert 0.4 < kinds["ami"] / sum(kinds.values()) < 0.6
    assert made(recording={"share": 0, "ami": 1}) == made(recording={"share": 0})


PEOPLE = (Role.EXTENSION, Role.OUTSIDE, Role.CONFERENCE, Role.HELPER)
"""Whom a caller can hear: on a helper it is who stands behind it."""
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.id)


@EVERY_SHAPE
@pytest.mark.parametrize("row", PERSONALITIES, ids=lambda row: row.id)
def test_one_recording_has_all_talk_of_a_channel(shape: Shape, row: Personality) -> None:
    """From the first person who is through to the caller until the caller's channel ends, transfers and parking included."""
    firmware = Firmware.of(load_pbx({"personality": row.id}, Path()).register, load_pbx({}, Path()).time_zone)
    for kind in shape.kinds:
        story = over_ami(shape.story(example(), kind))
        for call in story:
            recorded = [
                one for leg in legs(call, story) for one in firmware.recordings(leg, 0) if "voicemail" not in one.path
            ]
            heard = [talk for talk in talks(call) if talk.to.role in PEOPLE]
            if not (call.monitored and recorded):
                assert recorded == []
                assert not call.monitored or not heard or shape.id in ("unfinished", "paging")
                continue
            (one,) = recorded
            assert call.ended is not None
            assert one.directory == "monitor"
            assert one.written == call.ended // SECOND
            assert one.samples == (call.ended - heard[0].since) * RATE // SECOND


@pytest.mark.quirk("ami-recordings")
@pytest.mark.ucmsim(
    personality="ucm6510", time_zone="UTC", clock={"start": "2026-03-02T14:00:00Z", "rate": 0}, history={"days": 0}
)
def test_a_placed_call_is_recorded_over_ami(ucm: Ucm) -> None:
    """Whoever knows the channel finds the file in the default directory, as one client does. Spec 5.8."""
    ucm.place_call("answered", "1001", "3125550123", talk=2, recorded="ami")
    ucm.clock.advance(60)
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    asked: dict[str, Any] = {"auth": login, "verify": ucm.ca, "timeout": 20}
    (entry,) = requests.get(f"{ucm.url}/cdrapi?format=json", **asked).json()["cdr_root"]
    assert (entry["recordfiles"], entry["channel"]) == ("", "SIP/1001-00000000")
    got = requests.get(f"{ucm.url}/recapi?filename=1001-00000000.wav", **asked)
    assert len(got.content) == 44 + 2 * 2 * RATE
    with pytest.raises(ControlError, match="'recorded' is true, false or \"ami\""):
        ucm.place_call("answered", "1001", "3125550123", recorded="AMI")
