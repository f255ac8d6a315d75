"""What a firmware writes of recordings: names, directories, lengths."""

from __future__ import annotations

import pytest

from tests.firmwares import BEGAN, G1, G2, G3, G3_PJSIP, MET, RUNG, cdr, firmware, kept, leg
from ucmsim.columns import AT
from ucmsim.instants import SECOND
from ucmsim.store.records import Recording


@pytest.mark.quirk("conference-recording-name")
def test_the_recording_of_a_conference_is_named_by_its_beginning_or_not() -> None:
    """The second in which it began ends the name, or the uniqueid does; rows do not say."""
    epoch = BEGAN // SECOND
    told = [kept(MET, conference_recording_name=value).path for value in ("epoch", "none")]
    assert told == [f"meetme/meetme-conf-rec-6300-{epoch}.6-{epoch}.wav", f"meetme/meetme-conf-rec-6300-{epoch}.6.wav"]
    assert kept(MET) == kept(MET, conference_recording_name="epoch")
    assert cdr(MET, conference_recording_name="none") == cdr(MET)
    assert kept(leg(), conference_recording_name="none") == kept(leg())


@pytest.mark.quirk("recordfiles-end")
def test_a_name_in_recordfiles_is_followed_by_an_at_or_parted_by_it() -> None:
    """One name ends with @ or not; of two, one is between them either way."""
    name = f"auto-{BEGAN // SECOND + 1}-1001-1002.wav"
    assert cdr(leg())["recordfiles"] == cdr(leg(), recordfiles_end="each")["recordfiles"] == f"{name}@"
    assert cdr(leg(), recordfiles_end="between")["recordfiles"] == name
    two = (kept(leg()), Recording("monitor/2026-02", "b.wav", 0))
    each, between = (firmware(recordfiles_end=value).row(leg(), two) for value in ("each", "between"))
    assert each[AT["recordfiles"]] == f"{name}@2026-02/b.wav@"
    assert between[AT["recordfiles"]] == f"{name}@2026-02/b.wav"
    assert [cdr(RUNG, recordfiles_end=value)["recordfiles"] for value in ("each", "between")] == ["", ""]


@pytest.mark.quirk("recording-directory")
def test_recordings_stand_in_monitor_or_by_the_month() -> None:
    """The month is the local one in which the recording's name says that it began."""
    name = f"auto-{BEGAN // SECOND + 1}-1001-1002.wav"
    flat, month = (kept(leg(), recording_directory=value) for value in ("flat", "month"))
    assert (flat.path, month.path) == (f"monitor/{name}", f"monitor/2026-01/{name}")
    assert cdr(leg(), recording_directory="flat")["recordfiles"] == f"{name}@"
    assert cdr(leg(), recording_directory="month")["recordfiles"] == f"2026-01/{name}@"
    assert [kept(leg(), name).directory for name in (G1, G2, G3)] == ["monitor"] * 3
    assert kept(leg(), G3_PJSIP).directory == "monitor/2026-01"


@pytest.mark.quirk("recording-epoch")
def test_the_epoch_in_a_name_is_that_of_the_call_or_of_the_answer() -> None:
    """It is the second after the call began, or the one in which it was answered, which may be in the next month."""
    dial, answer = (kept(leg(), G3_PJSIP, recording_epoch=value) for value in ("dial", "answer"))
    assert dial == kept(leg(), G3_PJSIP)
    assert dial.path == f"monitor/2026-01/auto-{BEGAN // SECOND + 1}-1001-1002.wav"
    assert answer.path == f"monitor/2026-02/auto-{BEGAN // SECOND + 3}-1001-1002.wav"
    told = [cdr(leg(), G3_PJSIP, recording_epoch=value)["recordfiles"] for value in ("dial", "answer")]
    assert told == [f"{one.path.removeprefix('monitor/')}@" for one in (dial, answer)]


@pytest.mark.quirk("recording-length")
@pytest.mark.parametrize(("rounding", "billsec"), [("apart", 10), ("displayed", 11)])
def test_a_recording_is_as_long_as_the_talk_or_as_billsec(rounding: str, billsec: int) -> None:
    """10.9 seconds are 87200 samples; or there are whole seconds, as many as are billed."""
    talk, billed = (kept(leg(), recording_length=value, duration_rounding=rounding) for value in ("talk", "billsec"))
    assert (talk.samples, billed.samples) == (87200, 8000 * billsec)
    assert cdr(leg(), duration_rounding=rounding)["billsec"] == str(billsec)
    assert kept(leg()) == kept(leg(), recording_length="talk")
