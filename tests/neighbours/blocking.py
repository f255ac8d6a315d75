"""Blocking clients, which work under every plugin."""

import pytest
import requests
from requests.auth import HTTPDigestAuth


def fetch(ucm):
    login = HTTPDigestAuth(ucm.username, ucm.password)
    with requests.Session() as session:
        return session.get(f"{ucm.url}/cdrapi?format=json", auth=login, verify=ucm.ca, timeout=30)


@pytest.fixture(scope="session")
def seen():
    return set()


@pytest.mark.parametrize("number", range(8))
def test_a_clean_pbx(ucm, seen, number):
    assert ucm.requests == []
    assert [row["AcctId"] for row in fetch(ucm).json()["cdr"]] == ["62", "63", "64"]
    ucm.assert_all_rows_delivered()
    ucm.assert_no_marks()
    assert ucm.delete_cdrs() == 3
    assert ucm.name not in seen
    seen.add(ucm.name)


def test_a_bad_day(ucm):
    with ucm.fault("tls.certificate", defect="expired"), pytest.raises(requests.exceptions.SSLError):
        fetch(ucm)
    ucm.assert_verified_tls()
    with ucm.deny():
        assert fetch(ucm).status_code == 403


def test_two_pbxs(ucm_factory):
    first, second = ucm_factory(), ucm_factory(personality="ucm6510", history={"days": 0})
    assert (len(fetch(first).json()["cdr"]), fetch(second).json()) == (3, {"cdr_root": []})


def test_time_passes(ucm):
    ucm.clock.freeze()
    ucm.place_call("answered", 1001, 1002, talk=60)
    ucm.clock.advance(hours=1)
    assert len(fetch(ucm).json()["cdr"]) == 4
