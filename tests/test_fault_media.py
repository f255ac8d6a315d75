"""The media plane: recordings, one by one and in tars, as they come over the wire."""

from __future__ import annotations

import io
import tarfile
import wave
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faultwire import Open, Wire
from tests.makers import START
from tests.spools import pbx_on
from ucmsim.faults import KINDS
from ucmsim.store.records import Recording

ONE, OTHER, TEXT = "auto-1-1001.wav", "auto-2-1002.wav", "auto-3.txt"
WRITTEN = int((START - timedelta(seconds=100)).timestamp())
TARGET = f"/recapi?filedir=monitor&filename={ONE}"
BOTH = f"/recapi?filedir=monitor&filename={ONE}@{OTHER}"


def wire(tmp_path: Path, *faults: dict[str, Any], **quirks: Any) -> Wire:
    """Return a PBX with two recordings of a second and a text, written 100 seconds ago."""
    recordings = [Recording("monitor", ONE, WRITTEN, 8000), Recording("monitor", OTHER, WRITTEN, 9000)]
    text = Recording("monitor", TEXT, WRITTEN, text="not a sound")
    return Wire(pbx=pbx_on(tmp_path, *recordings, text, faults=list(faults), quirks=quirks))


def fault(kind: str, **fields: Any) -> dict[str, Any]:
    return {"fault": kind, **fields}


def members(opened: Open) -> dict[str, bytes]:
    """Return what is in a tar."""
    with tarfile.open(fileobj=io.BytesIO(opened.body)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


@pytest.mark.fault("media.missing")
def test_a_recording_is_missing_then_present(tmp_path):
    """404 as for a file that there is not, and with times it is there afterwards; the journal says by which fault."""
    missing = wire(tmp_path, fault("media.missing", times=1))
    first, second = missing.ask(TARGET), missing.ask(TARGET)
    assert (first.status, second.status) == (404, 200)
    assert first.raw == wire(tmp_path).ask("/recapi?filename=none.wav").raw
    entry = missing.journal[0]
    assert (entry["refusal"]["code"], entry["kinds"]) == ("no-such-file", ["media.missing"])
    assert entry["refusal"]["sentence"] == f"a fault has '{ONE}' missing"


def test_only_the_chosen_recordings_are_missing(tmp_path):
    """By their names; of several the others come."""
    missing = wire(tmp_path, fault("media.missing", when={"recording": "auto-2-*"}))
    assert missing.ask(TARGET).status == 200
    assert list(members(missing.ask(f"{BOTH}@{TEXT}"))) == [ONE, TEXT]


@pytest.mark.fault("media.late")
@pytest.mark.parametrize(("seconds", "status"), [(100, 200), (101, 404)])
def test_a_recording_is_there_late(tmp_path, seconds, status):
    """So many seconds of PBX time after it was written."""
    assert wire(tmp_path, fault("media.late", seconds=seconds)).ask(TARGET).status == status


@pytest.mark.fault("media.empty")
def test_a_recording_is_empty(tmp_path):
    """Its length is 0, and so is what comes."""
    opened = wire(tmp_path, fault("media.empty")).ask(TARGET)
    assert (opened.status, opened.header("Content-Length"), opened.body) == (200, "0", b"")


@pytest.mark.fault("media.cut")
@pytest.mark.parametrize("count", [0, 10, 44, 5000, 10**6])
def test_a_recording_is_cut(tmp_path, count):
    """So many bytes are there, and the length is theirs."""
    whole = wire(tmp_path).ask(TARGET).body
    opened = wire(tmp_path, fault("media.cut", bytes=count)).ask(TARGET)
    assert opened.body == whole[:count]
    assert opened.header("Content-Length") == str(len(opened.body))


@pytest.mark.fault("media.other")
def test_another_calls_audio(tmp_path):
    """The sound and length of the next recording in the directory, and of the first after the last."""
    good, swapped = wire(tmp_path), wire(tmp_path, fault("media.other"))
    other = TARGET.replace(ONE, OTHER)
    assert swapped.ask(TARGET).body == good.ask(other).body
    assert swapped.ask(other).body == good.ask(TARGET).body
    only = TARGET.replace(ONE, TEXT)
    assert swapped.ask(only).raw == good.ask(only).raw


@pytest.mark.fault("media.header")
@pytest.mark.parametrize("off", [16_000, -1000, 2**31])
def test_a_header_with_the_wrong_length(tmp_path, off):
    """Readers count other frames than there are; the bytes of the sound are the same."""
    whole = wire(tmp_path).ask(TARGET).body
    opened = wire(tmp_path, fault("media.header", bytes=off)).ask(TARGET)
    with wave.open(io.BytesIO(opened.body)) as wav:
        assert wav.getnframes() == 8000 + off // 2
    assert opened.body[44:] == whole[44:]
    only = TARGET.replace(ONE, TEXT)
    assert wire(tmp_path, fault("media.header")).ask(only).body == b"not a sound"


@pytest.mark.fault("media.content-type")
def test_a_content_type_that_is_wrong(tmp_path):
    """Of one file and of a tar."""
    wrong = wire(tmp_path, fault("media.content-type", value="video/mp4"))
    assert {wrong.ask(target).header("Content-type") for target in (TARGET, BOTH)} == {"video/mp4"}


@pytest.mark.fault("media.page")
def test_a_page_with_200(tmp_path):
    """HTML where sound is due."""
    opened = wire(tmp_path, fault("media.page")).ask(TARGET)
    assert (opened.status, opened.header("Content-type")) == (200, "text/html")
    assert opened.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.fault("media.slow")
def test_a_recording_comes_slowly(tmp_path):
    """In pieces with pauses; pages and listings come as ever."""
    slow = wire(tmp_path, fault("media.slow", bytes=10_000, seconds=2))
    whole = wire(tmp_path).ask(TARGET)
    opened = slow.open(TARGET)
    assert opened.body == whole.body[:10_000]
    slow.clock.advance(2)
    assert opened.raw == whole.raw
    assert slow.ask("/recapi").status == slow.ask("/cdrapi").status == 200
    assert slow.pbx.faults.armed["media-slow"].matched == 1


def test_a_page_that_says_why_there_is_none_comes_at_once(tmp_path):
    """Only recordings come slowly."""
    missing = "/recapi?filedir=monitor&filename=none.wav"
    slow = wire(tmp_path, fault("media.slow", bytes=1, seconds=2))
    assert slow.ask(missing).raw == wire(tmp_path).ask(missing).raw


@pytest.mark.fault("media.member-missing", "media.member-damaged")
def test_a_tar_with_a_bad_member(tmp_path):
    """The second is missing, or has as many bytes of which some are others; one file alone stays as it is."""
    three = f"{BOTH}@{TEXT}"
    good = members(wire(tmp_path).ask(three))
    missing = wire(tmp_path, fault("media.member-missing", member=2))
    assert members(missing.ask(three)) == {ONE: good[ONE], TEXT: good[TEXT]}
    assert missing.ask(TARGET).body == good[ONE]
    assert missing.ask(BOTH).body == good[ONE]
    damaged = members(wire(tmp_path, fault("media.member-damaged", member=2)).ask(three))
    assert damaged[ONE] == good[ONE]
    differs = [at for at, (is_, was) in enumerate(zip(damaged[OTHER], good[OTHER], strict=True)) if is_ != was]
    assert (len(differs), differs[-1] - differs[0]) == (64, 63)


def test_a_file_of_the_users_can_be_broken(tmp_path):
    """What somebody put into the folder is treated like a recording."""
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / "a.wav").write_bytes(b"0123456789")
    (tmp_path / "monitor" / "b.wav").write_bytes(b"abcdefghij")
    cut = wire(tmp_path, fault("media.cut", bytes=4))
    assert cut.ask("/recapi?filedir=monitor&filename=a.wav").body == b"0123"
    assert members(cut.ask("/recapi?filedir=monitor&filename=a.wav@b.wav")) == {"a.wav": b"0123", "b.wav": b"abcd"}


def test_what_is_no_recording_is_left_alone(tmp_path):
    """Listings, pages of CDRs and refused requests neither match nor change."""
    faults = [fault(kind.id, name=kind.id) for kind in KINDS if kind.plane == "media"]
    broken, good = wire(tmp_path, *faults), wire(tmp_path)
    for target in ("/recapi", "/recapi?filedir=monitor", "/cdrapi", "/nowhere", "/recapi?filename=../x"):
        assert broken.ask(target).raw == good.ask(target).raw
    assert all(one.matched == 0 for one in broken.pbx.faults.armed.values())
