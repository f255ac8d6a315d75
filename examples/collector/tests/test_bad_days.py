"""What goes wrong is noticed, told by its name, and tried again only where that is of use."""

from __future__ import annotations

import pytest

from collector import Broken, Denied, LoggedOut, Patience, Unreachable, Untrusted

GUIDE = ["62", "63", "64"]
"""The AcctIds of a PBX that nothing else is said of."""


def acctids(collector):
    """Return the AcctIds of what was collected."""
    return [row["AcctId"] for row in collector.store.rows]


def test_a_slow_page(ucm, collector, waits):
    """A page that does not come in time is asked for again."""
    slow = ucm.fault("http.latency", seconds=3, times=1)
    assert collector.collect().rows == 3
    assert (slow.fired, waits) == (1, [1.0])
    assert acctids(collector) == GUIDE


def test_a_pbx_that_stays_slow(ucm, collector, waits):
    """After four attempts the poll fails, each pause twice as long as the one before, and nothing is noted as read."""
    slow = ucm.fault("http.latency", seconds=3)
    with pytest.raises(Unreachable, match="does not answer"):
        collector.collect()
    assert (slow.fired, waits) == (4, [1.0, 2.0, 4.0])
    assert collector.store.polled is None


@pytest.mark.parametrize("defect", ["expired", "self-signed", "wrong-host"])
def test_a_certificate_that_is_not_to_be_trusted(ucm, collector, waits, defect):
    """It is refused before a byte of a request, and not asked for again."""
    with ucm.identity(defect), pytest.raises(Untrusted):
        collector.collect()
    assert ucm.requests == []
    ucm.assert_verified_tls()
    assert waits == []
    assert acctids(collector) == []


def test_a_denial(ucm, collector, waits):
    """A collector that is not permitted tries a few times, and works when it is."""
    with ucm.deny(), pytest.raises(Denied, match="does not permit our address"):
        collector.collect()
    assert waits == [1.0, 2.0, 4.0]
    assert collector.collect().rows == 3


def test_a_short_denial_with_real_pauses(ucm, collector):
    """Its pauses are long enough that nothing careless is marked."""
    patient = type(collector)(collector.device, collector.store, patience=Patience())
    with ucm.deny(times=2) as denial:
        assert patient.collect().rows == 3
        assert denial.fired == 2
    ucm.assert_no_marks()


@pytest.mark.parametrize("ending", ["notify", "fin", "reset"])
@pytest.mark.parametrize("length", ["large", "matching", "missing"])
def test_a_truncated_page(ucm, collector, waits, ending, length):
    """Half a page is no page, whatever its length says and however the connection ends; the whole one is asked for."""
    cut = ucm.fault("http.truncate", share=0.5, length=length, ending=ending, times=1)
    assert collector.collect().rows == 3
    assert (cut.fired, waits) == (1, [1.0])
    assert acctids(collector) == GUIDE


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http.status", "status": 503},
        {"kind": "http.redirect", "location": "/cdrapi?format=json"},
        {"kind": "http.empty"},
        {"kind": "api.restart", "seconds": 0},
        {"kind": "data.column-missing", "column": "uniqueid"},
        {"kind": "data.null", "column": "billsec"},
        {"kind": "data.corrupt", "column": "billsec"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_an_answer_that_is_none(ucm, collector, waits, fault):
    """Errors, redirections, empty answers and rows that cannot be billed are asked for again, and never kept."""
    broken = ucm.fault(**fault, times=1)
    assert collector.collect().rows == 3
    assert (broken.fired, waits) == (1, [1.0])
    assert [row["billsec"] for row in collector.store.rows] == ["6", "3", "4"]


def test_a_wrong_password(ucm, collector, waits):
    """It is said at once: to go on asking could lock the user out."""
    ucm.fault("api.credentials", password="another")
    with pytest.raises(LoggedOut, match="does not know user cdrapi"):
        collector.collect()
    assert waits == []


def test_the_password_is_nowhere_in_an_error(ucm, collector):
    """What is told of a device does not tell its password."""
    with ucm.fault("http.status", status=500), pytest.raises(Broken) as error:
        collector.collect()
    assert ucm.password not in repr((error.value, collector.device))


def test_a_clean_poll_is_careful(ucm, collector):
    """Nothing of a plain day is marked as careless."""
    collector.collect()
    collector.collect()
    ucm.assert_no_marks()
