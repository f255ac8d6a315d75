"""The pytest plugin as its users meet it: their test files, run by a pytest of their own. Design 4.6."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ucmsim import child
from ucmsim.child import Child, ChildFailed

STRICT = ("-W", "error", "-p", "no:cacheprovider")
"""Warnings are errors in the users' runs too: nothing may be left open."""

# What users write

USERS_FILE = """
import time
from urllib.request import HTTPDigestAuthHandler, HTTPPasswordMgrWithDefaultRealm, HTTPSHandler, build_opener

import pytest
import requests
from requests.auth import HTTPDigestAuth


def fetch(ucm, target="/cdrapi?format=json", timeout=30):
    auth = HTTPDigestAuth(ucm.username, ucm.password)
    with requests.Session() as session:
        return session.get(ucm.url + target, auth=auth, verify=ucm.ca, timeout=timeout)


def test_the_records_of_the_guide(ucm):
    answer = fetch(ucm)
    assert [row["AcctId"] for row in answer.json()["cdr"]] == ["62", "63", "64"]
    assert "cdrapi123" not in repr(ucm)


def test_a_client_of_the_standard_library(ucm):
    account = HTTPPasswordMgrWithDefaultRealm()
    account.add_password(None, ucm.url, ucm.username, ucm.password)
    opener = build_opener(HTTPSHandler(context=ucm.ssl_context()), HTTPDigestAuthHandler(account))
    with opener.open(f"{ucm.url}/cdrapi?caller=nobody", timeout=30) as answer:
        assert (answer.status, answer.read().count(b"\\n")) == (200, 1)


def test_a_slow_page(ucm):
    with ucm.fault("http.latency", seconds=0.5, when={"path": "/cdrapi", "nth": [2]}, times=1) as slow:
        assert repr(slow) == "UcmFault(name='http-latency')"
        assert fetch(ucm).status_code == 200
        assert slow.fired == 0
        began = time.monotonic()
        assert fetch(ucm).status_code == 200
        assert time.monotonic() - began >= 0.5
        assert slow.fired == 1


def test_an_expired_certificate_is_refused(ucm):
    with ucm.fault("tls.certificate", defect="expired"):
        with pytest.raises(requests.exceptions.SSLError, match="certificate has expired"):
            fetch(ucm)
    assert fetch(ucm).status_code == 200


def test_a_denied_address(ucm):
    with ucm.fault("api.deny"):
        answer = fetch(ucm)
    assert answer.status_code == 403
    assert "WWW-authenticate" not in answer.headers


def test_a_dropped_connection(ucm):
    with ucm.fault("api.deny", how="drop"):
        with pytest.raises(requests.ConnectionError):
            fetch(ucm)
"""

SETTINGS_FILE = """
import pytest

from ucmsim.client import ControlError

pytestmark = pytest.mark.ucmsim(
    personality="ucm6200", api={"tls_authentication_name": "module"}, quirks={"order": "desc"}
)


def settings(ucm, ucm_fleet):
    return ucm_fleet.control.pbx(ucm.name).settings


class TestMerged:
    pytestmark = pytest.mark.ucmsim(api={"tls_authentication_password": "of the class"})

    def test_the_module_holds_for_all(self, ucm, ucm_fleet):
        found = settings(ucm, ucm_fleet)
        assert found["personality"] == "ucm6200-1.0.20"
        assert found["quirks"] == {"order": "desc"}
        assert (ucm.username, ucm.password) == ("module", "of the class")
        assert found["api"]["permitted_ips"] == ["127.0.0.0/8"]

    @pytest.mark.ucmsim(personality="ucm6510", api={"tls_authentication_name": "function"})
    @pytest.mark.ucmsim(personality="ucm6100", quirks={"keep-alive": 5})
    def test_the_nearest_wins_key_by_key(self, ucm, ucm_fleet):
        found = settings(ucm, ucm_fleet)
        assert found["personality"] == "ucm6100-1.0.9"
        assert found["quirks"] == {"order": "desc", "keep-alive": 5}
        assert (ucm.username, ucm.password) == ("function", "of the class")


@pytest.mark.ucmsim(history={"import": "rows/mine.csv"})
def test_files_are_beside_the_test_file(ucm, ucm_fleet):
    assert ucm_fleet.control.pbx(ucm.name).rows == 1


@pytest.mark.ucmsim(faults=[{"fault": "http.latency", "seconds": 1, "name": "slow"}])
def test_faults_are_armed_from_the_start(ucm, ucm_fleet):
    assert [fault.name for fault in ucm_fleet.control.faults(ucm.name)] == ["slow"]


def test_a_fault_that_is_written_wrongly(ucm, ucm_fleet):
    with pytest.raises(ControlError, match="did you mean 'http.latency'"):
        ucm.fault("http.latncy")
    assert ucm_fleet.control.faults(ucm.name) == []


@pytest.mark.ucmsim("ucm6510")
def test_without_a_keyword(ucm):
    pass


@pytest.mark.ucmsim(quirks={"order": "up"})
def test_with_a_wrong_setting(ucm):
    pass


def test_every_pbx_of_the_tests_before_is_gone(ucm, ucm_fleet):
    assert [pbx.name for pbx in ucm_fleet.control.pbxs()] == [ucm.name]
    assert ucm_fleet.control.faults(ucm.name) == []
"""

ASYNC_FILE = """
import pytest
import pytest_twisted
import treq
from twisted.internet import reactor
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS


@pytest.mark.ucmsim(api={"tls_authentication_name": None})
@pytest_twisted.ensureDeferred
async def test_an_asynchronous_client(ucm):
    with open(ucm.ca) as file:
        trust = trustRootFromCertificates([Certificate.loadPEM(file.read())])
    agent = Agent(reactor, BrowserLikePolicyForHTTPS(trust))
    response = await treq.get(f"{ucm.url}/cdrapi?format=json", agent=agent)
    assert (response.code, len((await response.json())["cdr"])) == (200, 3)
"""


CLOCK_FILE = """
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest
import requests

from ucmsim.client import ControlError

pytestmark = pytest.mark.ucmsim(time_zone="Europe/Berlin", api={"tls_authentication_name": None})
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_begins_now_and_runs(ucm):
    assert abs(ucm.clock.now - datetime.now(UTC)) < timedelta(minutes=1)
    assert ucm.clock.rate == 1.0
    assert ucm.clock.now < ucm.clock.now


def test_it_is_frozen_and_moved(ucm):
    clock = ucm.clock
    clock.freeze()
    clock.set(NOON)
    assert (clock.now, clock.rate) == (NOON, 0.0)
    clock.advance(90)
    assert clock.now == NOON + timedelta(seconds=90)
    clock.advance(HOUR)
    assert clock.now == NOON + timedelta(seconds=3690)
    clock.step(-90)
    clock.step(-2 * HOUR)
    assert clock.now == NOON - HOUR
    clock.set(datetime(2026, 3, 29, 3, 30, tzinfo=ZoneInfo("Europe/Berlin")))
    assert clock.now == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_it_runs_fast(ucm):
    ucm.clock.set(NOON)
    ucm.clock.run(3600)
    assert ucm.clock.rate == 3600.0
    first = ucm.clock.now
    while ucm.clock.now < first + HOUR:
        pass
    ucm.clock.run()
    assert ucm.clock.rate == 1.0


def test_the_pbx_goes_by_it(ucm):
    ucm.clock.freeze()
    ucm.clock.set(NOON)
    with requests.Session() as session:
        answer = session.get(ucm.url + "/cdrapi", verify=ucm.ca, timeout=30)
    assert parsedate_to_datetime(answer.headers["Date"]) == NOON
    assert f"{ucm.name}: the clock says {NOON.isoformat()} at rate 0.0 (now {NOON.isoformat()})" in ucm.log


def test_an_instant_needs_its_zone(ucm):
    with pytest.raises(ControlError, match="has no zone, so it is no instant") as refused:
        ucm.clock.set(datetime(2026, 3, 28, 12))
    assert refused.value.field == "now"


def test_time_does_not_pass_backwards(ucm):
    with pytest.raises(ControlError, match="it must be 0 or more"):
        ucm.clock.advance(-HOUR)
    with pytest.raises(ControlError, match="it must be 100000 or less"):
        ucm.clock.run(1e6)
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the users' tests in a process of their own."""
    return pytester.runpytest_subprocess(*STRICT, *arguments, timeout=120)


def test_the_users_tests_pass_without_twisted(pytester):
    """A good page, a slow one, a bad certificate and two denials, with blocking clients and no Twisted about."""
    pytester.makepyfile(USERS_FILE)
    run(pytester, "-p", "no:twisted").assert_outcomes(passed=6)


def test_the_users_tests_pass_side_by_side(pytester):
    """Under xdist every worker has a process and ports of its own."""
    pytester.makepyfile(USERS_FILE)
    result = run(pytester, "-p", "no:twisted", "-n", "2", "-v")
    result.assert_outcomes(passed=6)
    assert {"gw0", "gw1"} <= {line[1:4] for line in result.outlines if line.startswith("[gw")}


def test_a_reactor_in_the_users_process_does_no_harm(pytester):
    """With pytest-twisted, asynchronous and blocking clients work beside each other."""
    pytester.makepyfile(test_async=ASYNC_FILE, test_blocking=USERS_FILE)
    run(pytester).assert_outcomes(passed=7)


def test_markers_are_laid_over_each_other(pytester):
    """Module, class and function markers merge, and what is wrong with one is the error of its test."""
    pytester.makepyfile(SETTINGS_FILE)
    guide = Path(child.__file__).with_name("data") / "guide-2013.csv"
    rows = pytester.mkdir("rows") / "mine.csv"
    rows.write_text("".join(guide.read_text().splitlines(keepends=True)[:2]))
    result = run(pytester, "-p", "no:twisted")
    result.assert_outcomes(passed=6, errors=2)
    result.stdout.fnmatch_lines(["*UsageError: @pytest.mark.ucmsim takes keywords only*"])
    result.stdout.no_fnmatch_line("*chosen.py*")
    result.stdout.fnmatch_lines(["*'up' is not a value of quirk 'order'*"])


def test_the_users_move_the_clock(pytester):
    """It is read, frozen, set, advanced and stepped in seconds or as a timedelta, and the PBX goes by it."""
    pytester.makepyfile(CLOCK_FILE)
    run(pytester, "-p", "no:twisted").assert_outcomes(passed=6)


REFUSED_FILE = """
import pytest


def test_call(ucm):
    ucm.place_call("answred", "1001", "1002")  # a call


def test_deleted(ucm, ucm_fleet):
    ucm_fleet.control.delete_pbx("nobody")  # a name


@pytest.mark.ucmsim(history={"days": 0})
def test_clock(ucm):
    ucm.clock.run(-1)  # a rate


def test_many(ucm, ucm_fleet):
    ucm_fleet.control.place_calls(ucm.name, [])  # an empty list

"""


def test_a_test_that_is_refused_is_shown_at_its_own_line(pytester):
    """The report has the line of the test and the sentence, and no code of ucmsim."""
    pytester.makepyfile(REFUSED_FILE)
    result = run(pytester, "-p", "no:twisted")
    result.assert_outcomes(failed=4)
    shown = [line for line in result.outlines if line.startswith(">")]
    assert [line.partition("  # ")[2] for line in shown] == [
        "a call", "a name", "a rate", "an empty list",
    ]  # fmt: skip
    result.stdout.no_fnmatch_line("*ucmsim/client.py:*")
    result.stdout.no_fnmatch_line("*ucmsim/pytest_plugin.py:*")


OVER_FILE = """
import os
import signal

import pytest
from ucmsim.client import ControlError


def test_a_fault_is_over_once(ucm):
    with ucm.fault("api.deny") as fault:
        fault.disarm()
    fault.disarm()
    with ucm.fault("api.deny") as cleared:
        ucm.clear_faults()
    assert (fault.fired, cleared.fired) == (0, 0)


def test_changing_what_is_over_is_refused(ucm):
    with ucm.fault("http.latency", seconds=1) as fault:
        pass
    with pytest.raises(ControlError, match="no fault 'http-latency' is armed; none is"):
        fault.change(seconds=2)


def test_telephone_numbers_may_be_numbers(ucm):
    assert ucm.place_call("answered", 1001, 1002).shape == "answered"


def test_the_process_ends(ucm, ucm_fleet):
    os.kill(ucm_fleet.pid, signal.SIGTERM)
    os.waitid(os.P_PID, ucm_fleet.pid, os.WEXITED | os.WNOWAIT)
"""


def test_what_is_over_is_no_error(pytester):
    """A fault that is gone may be disarmed, but not changed; a fleet that is gone needs no stop."""
    pytester.makepyfile(OVER_FILE)
    run(pytester, "-p", "no:twisted").assert_outcomes(passed=4)


INTERRUPTED_FILE = """
import os
import signal
import time


def test_interrupted(ucm):
    with ucm.fault("api.deny"):
        os.killpg(os.getpgrp(), signal.SIGINT)  # as Ctrl-C at a terminal
        time.sleep(60)
"""


def test_an_interrupt_ends_in_pytests_own_words(pytester):
    """Ctrl-C is for pytest, which then stops the PBX as ever: exit status 2, nothing of ucmsim shown."""
    pytester.makepyfile(INTERRUPTED_FILE)
    command = [sys.executable, "-m", "pytest", *STRICT, "-p", "no:twisted"]
    found = subprocess.run(  # in a session of its own, to interrupt none but these
        command, cwd=pytester.path, start_new_session=True, capture_output=True, text=True, timeout=120, check=False
    )
    assert found.returncode == 2, found.stdout
    assert "KeyboardInterrupt" in found.stdout
    assert [said for said in ("Traceback", "Control", "ucmsim/") if said in found.stdout + found.stderr] == []


COLLECT = """
import sys
import pytest

assert pytest.main(["--collect-only", "-q", "-p", "no:twisted", "-p", "no:cacheprovider", *sys.argv[1:]]) == 0
print([name for name in sys.modules if name.partition(".")[0] in ("twisted", "zope", "treq", "pydantic", "cryptography")])
print([name for name in sys.modules if name.partition(".")[0] == "ucmsim"])
"""


def test_collecting_imports_no_twisted(pytester):
    """Every pytest run loads the plugin, so until a fixture is asked for there is nothing but the plugin."""
    pytester.makepyfile(USERS_FILE)
    result = pytester.run(sys.executable, "-W", "error", "-c", COLLECT, timeout=120)
    assert result.ret == 0
    assert result.outlines[-2:] == ["[]", "['ucmsim', 'ucmsim.pytest_plugin', 'ucmsim.pytest_options']"]


def test_the_marker_is_known(pytestconfig):
    """The marker is declared once, so that --strict-markers takes it."""
    assert len([line for line in pytestconfig.getini("markers") if line.startswith("ucmsim(**settings): ")]) == 1


# The child process


def ended(pid: int, within: float = 10.0) -> bool:
    """Whether the process *pid* is gone, or only waits to be buried, within so many seconds."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


ORPHANED = "from ucmsim.child import Child; import time; it = Child(); print(it.pid, flush=True); time.sleep(600)"


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(),
    reason="only Linux, the reference platform, has the /proc that processes are looked at through",
)
def test_the_child_dies_with_its_parent(tmp_path):
    """When the process that started it is killed without a chance to say so, ucmsim ends by itself, and leaves nothing."""
    command = [sys.executable, "-c", ORPHANED]
    places = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=places, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert not ended(pid, within=0.1)
        parent.send_signal(signal.SIGKILL)
    assert parent.returncode == -signal.SIGKILL
    assert ended(pid)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the folder in which parent and child put what is temporary."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_a_child_is_told_to_stop_and_leaves_nothing(temporary):
    """Stopped, its process and its folders are gone."""
    running = Child()
    assert running.ready["pid"] == running.pid
    running.stop()
    assert ended(running.pid)
    assert list(temporary.iterdir()) == []


def test_a_child_that_is_killed_leaves_nothing(temporary):
    """Its state, with keys and a token, goes with what its parent made for it."""
    running = Child()
    assert Path(running.ready["ca"]).exists()
    os.kill(running.pid, signal.SIGKILL)
    running.stop()
    assert list(temporary.iterdir()) == []


def test_a_child_that_cannot_start_says_why(temporary, monkeypatch):
    """The error quotes what ucmsim said, and leaves no folder."""
    monkeypatch.setattr(child, "_CONFIGURATION", '{"contrl": {}, "pbxs": {}}')
    with pytest.raises(ChildFailed, match=r"(?s)ended before it listened:.*contrl.*did you mean 'control'\?"):
        Child()
    assert list(temporary.iterdir()) == []


def test_a_child_that_takes_too_long_is_given_up(temporary, monkeypatch):
    """The error says how long it was waited for, and nothing is left behind."""
    monkeypatch.setattr(child, "START_LIMIT", 0.0)
    with pytest.raises(ChildFailed, match="did not listen within 0 seconds"):
        Child()
    assert list(temporary.iterdir()) == []


def test_the_plugin_has_the_names_of_testing() -> None:
    """All of them, and no other that it does not have itself."""
    from ucmsim import pytest_plugin, testing

    assert {name: getattr(pytest_plugin, name) for name in testing.__all__} == {
        name: getattr(testing, name) for name in testing.__all__
    }
    assert set(pytest_plugin._TESTING) == set(testing.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'UcmNothing'"):
        _ = pytest_plugin.UcmNothing
