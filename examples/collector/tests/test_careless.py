"""What the same bad days do to a collector that is careless, and what the PBX tells of it."""

from __future__ import annotations

import pytest

from careless import Careless

pytestmark = pytest.mark.ucmsim(personality="ucm6510", history={"days": 0})


@pytest.fixture
def careless(ucm):
    """The careless collector, with a PBX whose time passes only when a test says so."""
    ucm.clock.freeze()
    return Careless(ucm.url, ucm.username, ucm.password)


def call(ucm, minutes):
    """Let somebody call outside for so many minutes, of which one passes."""
    ucm.place_call("answered", "1001", "3125550123", ring=0, talk=60 * minutes)
    ucm.clock.advance(61)


def marks(ucm):
    """Return what the PBX found careless."""
    return {mark for request in ucm.requests for mark in request.marks}


def test_it_talks_to_anybody(ucm, careless):
    """An expired certificate does not keep it from sending its credentials."""
    call(ucm, 1)
    with ucm.fault("tls.certificate", defect="expired"):
        careless.collect()
    assert len(careless.rows) == 1
    assert marks(ucm) == {"unverified-certificate"}
    with pytest.raises(AssertionError, match="the client does not verify it"):
        ucm.assert_verified_tls()


def test_it_bills_twice_and_loses_calls(ucm, careless):
    """Each poll begins with the last row of the one before, and never sees a longer call that began earlier."""
    call(ucm, 30)
    call(ucm, 1)
    careless.collect()
    ucm.clock.advance(3600)
    call(ucm, 1)
    careless.collect()
    assert careless.seconds == 3 * 60
    assert len(ucm.calls) == 3
    assert 1800 not in [int(row["billsec"]) for row in careless.rows]
    assert marks(ucm) == {"watermark-without-overlap"}
