"""Recordings are fetched whole, each once, and those that are not there yet are not forgotten."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.ucmsim(personality="ucm6200", history={"days": 0})


@pytest.fixture
def ucm(ucm):
    """A PBX on which two calls were recorded."""
    ucm.clock.freeze()
    for caller in ("1001", "1002"):
        ucm.place_call("answered", caller, "3125550123", ring=0, talk=5, recorded=True)
        ucm.clock.advance(60)
    return ucm


def sizes(collector):
    """Return name and bytes of every file that was fetched, in order."""
    files = sorted(file for file in collector.folder.rglob("*") if file.is_file())
    return {file.relative_to(collector.folder).as_posix(): file.stat().st_size for file in files}


def paths(collector):
    """Return the recordings that rows tell of."""
    return sorted(row["recordfiles"].removesuffix("@") for row in collector.store.rows)


def test_recordings_are_fetched_once(ucm, collector):
    """Five seconds at 8 kHz of 16 bits and a head, under the name that the row has, month and all."""
    found = collector.collect()
    assert (found.recordings, found.missing) == (2, ())
    assert sizes(collector) == dict.fromkeys(paths(collector), 44 + 5 * 16000)
    assert collector.collect().recordings == 0
    assert [request.status for request in ucm.requests if request.path == "/recapi"].count(200) == 2


def test_a_recording_that_is_missing_then_present(ucm, collector):
    """It is noted, asked for again at the next poll, and fetched when it is there."""
    with ucm.fault("media.missing", when={"recording": "auto-*-1002-*"}):
        found = collector.collect()
        late = paths(collector)[1]
        assert (found.rows, found.recordings, found.missing) == (2, 1, (late,))
        assert collector.collect().missing == (late,)
        assert collector.store.missed == {late: 2}
    found = collector.collect()
    assert (found.recordings, found.missing) == (1, ())
    assert sizes(collector)[late] == 44 + 5 * 16000


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http.truncate", "share": 0.5},
        {"kind": "http.truncate", "share": 0.5, "length": "matching"},
        {"kind": "media.cut", "bytes": 1000},
        {"kind": "media.empty"},
        {"kind": "media.page"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_a_recording_that_is_not_whole(ucm, collector, waits, fault):
    """It is asked for again, and what is on disk is whole."""
    broken = ucm.fault(**fault, when={"path": "/recapi"}, times=1)
    assert collector.collect().recordings == 2
    assert (broken.fired, waits) == (1, [1.0])
    assert set(sizes(collector).values()) == {44 + 5 * 16000}


def test_a_recording_that_never_becomes_whole(ucm, collector):
    """It is left for the next poll, and leaves no file."""
    with ucm.fault("media.cut", when={"recording": "auto-*-1001-*"}):
        found = collector.collect()
    assert (found.recordings, len(found.missing)) == (1, 1)
    assert len(sizes(collector)) == 1
    assert collector.collect().recordings == 1
