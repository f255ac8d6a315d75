"""A process of the session that ends before its time: which test is told of it, and what the others find."""

from __future__ import annotations

LOST_FILE = """
import os
import signal

import pytest
import requests

from ucmsim.client import ControlUnreachable
from ucmsim.testing import fleet


def fetch(ucm, ca):
    with requests.Session() as session:
        auth = requests.auth.HTTPDigestAuth(ucm.username, ucm.password)
        return session.get(ucm.url + "/cdrapi", auth=auth, verify=ca, timeout=30).status_code


@pytest.fixture(scope="session")
def trusted(ucm_ca):
    return ucm_ca.path


def test_before(ucm, trusted):
    assert fetch(ucm, trusted) == 200


def test_killed(ucm, ucm_fleet):
    os.kill(ucm_fleet.pid, signal.SIGKILL)


def test_next(ucm, trusted):
    assert fetch(ucm, trusted) == 200


def test_passed_over(ucm_factory, ucm_fleet):
    ucm_factory()
    os.kill(ucm_fleet.pid, signal.SIGKILL)
    ucm_factory()


def test_after(ucm, ucm_fleet, ucm_ca, trusted):
    assert fetch(ucm, trusted) == fetch(ucm, ucm.ca) == 200
    assert ucm.log


def test_begun_in_vain(ucm_factory, ucm_fleet, monkeypatch):
    made = fleet.made

    def killed(*of):
        os.kill(ucm_fleet.pid, signal.SIGKILL)
        return made(*of)

    monkeypatch.setattr(fleet, "made", killed)
    with pytest.raises(ControlUnreachable):
        ucm_factory()


def test_after_that(ucm, trusted):
    assert fetch(ucm, trusted) == 200


def test_without_a_pbx(ucm_fleet):
    os.kill(ucm_fleet.pid, signal.SIGKILL)


def test_innocent(ucm, trusted):
    assert fetch(ucm, trusted) == 200


def test_without_a_pbx_again(ucm_fleet):
    os.kill(ucm_fleet.pid, signal.SIGKILL)


def test_failing(ucm):
    assert not ucm.requests, "as it should be"
    assert ucm.calls
"""
SAID = "the ucmsim of this session (pid *) was ended by SIGKILL, as the kernel does where memory runs out: its PBXs are lost"


def test_a_process_that_is_lost_is_replaced(pytester):
    """The test that lost it has one error, also where it went on in another or was to begin; all other tests have none.

    Where none that has a PBX lost it, the report of the next says so, if that fails.
    """
    pytester.makepyfile(LOST_FILE)
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", "-p", "no:twisted")
    result.assert_outcomes(passed=10, failed=1, errors=3)
    result.stdout.fnmatch_lines(
        [
            "FAILED *::test_failing - *",
            *(f"ERROR *::test_{name} - *" for name in ("killed", "passed_over", "begun_in_vain")),
        ]
    )
    result.stdout.fnmatch_lines([f"{SAID}, those of this test too; the next test gets another process"] * 3)
    result.stdout.fnmatch_lines([f"before this test {SAID}; this test has another process"])
