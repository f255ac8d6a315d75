"""`ucm.play(...)`: a scenario beside a test's own client, with its steps, its end, and its failures."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from textwrap import dedent
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.until import until
from ucmsim.certificates.authority import self_signed
from ucmsim.client import ControlNotFound
from ucmsim.scenarios.doing import remains
from ucmsim.scenarios.judging import UNTRIED
from ucmsim.scenarios.playing import Play, WrongPbx
from ucmsim.scenarios.reading import load
from ucmsim.testing import Ucm

pytestmark = pytest.mark.ucmsim(history={"days": 0})
HEAD = "name: day\ntitle: A day\nstory: x\ncorrect: y\npatience: 20\n"
CALL = 'shape: answered, from: "1001", to: "1002", talk: 10, ring: 1'
SERVED = "expect: [{name: served, says: It is served., requests: {status: 200, at_least: 1}}]\n"


@pytest.fixture
def play(ucm, tmp_path):
    """Return what plays a scenario that is written here, on the PBX of the test."""

    def of(text: str, patience: float | None = None, **more: Any) -> Play:
        file: Path = tmp_path / "day.yaml"
        file.write_text(HEAD + dedent(text))
        return ucm.play(file, patience=patience, **more)

    return of


def ask(ucm: Ucm, target: str = "/cdrapi") -> requests.Response:
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    return requests.get(ucm.url + target, auth=login, verify=ucm.ca, timeout=20)


def test_a_day_that_is_lived_through(ucm, play):
    """The client runs in the test; what came of it is there afterwards."""
    with play("steps:\n  - after: {request: {status: 200}}\n" + SERVED) as day:
        assert day.running
        ask(ucm)
        assert day.wait(20)
        assert not day.running
    assert str(day.outcome) == "scenario day: 1 of 1 passed\n  passed  served: It is served."
    assert day.outcome.as_json() == {
        "scenario": "day", "passed": True, "notes": [],
        "findings": [{"name": "served", "says": "It is served.", "passed": True, "why": ""}],
    }  # fmt: skip


@pytest.mark.parametrize(
    "then", ["", ", {wait: 0.1}", ", {at: 0.1, clock: {advance: 1}}", ", {after: {request: {status: 200}}, wait: 0}"]
)
def test_no_client_meets_the_pbx_as_it_was_before(ucm, play, then):
    """It is entered when the first step waits, or when there are no more of them."""
    said: list[str] = []
    with play(f"steps: [{{arm: {{name: one, fault: http.latency, seconds: 0}}}}{then}]\n" + SERVED, say=said.append):
        assert said[:1] == ["arm one"]
        assert [fault.name for fault in ucm.faults if fault.kind == "http.latency"] == ["one"]
        until(lambda: ask(ucm).status_code == 200)


def test_a_day_that_goes_wrong(play):
    """The error is the list of what passed and failed; a client that leaves is not waited for any longer."""
    day = play("steps:\n  - {name: it asks, after: {request: {status: 200}}}\n  - wait: 1\n" + SERVED, patience=600)
    with pytest.raises(AssertionError) as error, day:
        pass
    assert str(error.value) == str(day.outcome)
    assert day.outcome.failed == ("step 1", "served")
    assert "FAILED  step 1: it asks -- the client had left before it came" in str(error.value)
    assert "1 steps behind it were not done" not in str(day.outcome.findings[1])
    assert "FAILED  served: It is served. -- there were 0, and 1 or more are expected" in str(error.value)


def test_what_failed_on_the_way_is_no_end(ucm, play):
    """Both are in the list, and the end is waited for all the same."""
    early = "{name: early, says: It was served early., requests: {status: 200, at_least: 1}}"
    said: Queue[str] = Queue()
    day = play(f"steps: [{{name: begun, expect: [{early}]}}]\n" + SERVED, say=said.put)
    with suppress(AssertionError), day:
        assert said.get(timeout=20) == "begun"
        assert said.get(timeout=20) == "waits: what is expected at the end"
        ask(ucm)
        day.wait(20)
    assert day.outcome is not None
    assert [(one.name, one.passed) for one in day.outcome.findings] == [("early", False), ("served", True)]


def test_a_wait_is_told_again(ucm, play, monkeypatch):
    """Who forgot to start the client learns so; who started it reads what it is yet to do."""
    monkeypatch.setattr("ucmsim.scenarios.performing.REMINDER", 0.0)
    said: Queue[str] = Queue()
    steps = "steps:\n  - {name: it asks, after: {request: {status: 200, count: 2}}}\n"
    with play(steps + SERVED, patience=600, say=said.put) as day:
        assert said.get(timeout=20) == "waits: it asks"
        assert re.fullmatch(
            r"still waits, up to (600|5\d\d) s: it asks; nobody has asked this PBX yet", said.get(timeout=20)
        )
        ask(ucm)
        until(lambda: said.get(timeout=20).endswith(" s: it asks"))
        ask(ucm)
        assert day.wait(20)


@pytest.mark.ucmsim(journal={"entries": 4})
def test_marks_of_what_nobody_read_are_judged(ucm, play):
    """While a step waits nothing is read: what the journal has dropped by then has left its marks."""
    expect = [
        f"{{name: {mark}, says: It is careful., unmarked: [{mark}]}}" for mark in ("basic-before-challenge", "no-qop")
    ]
    begun = threading.Event()
    day = play(
        f"steps:\n  - {{name: unread, wait: 600}}\nexpect: [{', '.join(expect)}]\n",
        say=lambda said: begun.set() if said == "unread" else None,
    )
    with suppress(AssertionError), day:
        begun.wait(20)
        requests.get(f"{ucm.url}/cdrapi", auth=(ucm.username, ucm.password), verify=ucm.ca, timeout=20)
        for _ in range(3):
            ask(ucm)
    assert [str(one) for one in day.outcome.findings] == [
        "FAILED  basic-before-challenge: It is careful. -- 1 times: 1 on events that were dropped unread (basic-before-challenge)",
        "passed  no-qop: It is careful.",
    ]


def test_an_error_of_the_test_is_the_tests_own(play):
    """Whatever came of the scenario, the test's failure is what is reported."""
    day = play(SERVED)
    with pytest.raises(ZeroDivisionError), day:
        raise ZeroDivisionError
    assert day.outcome.failed == ("served",)


def test_what_the_control_plane_refuses_has_failed(ucm, play):
    """Here there is no such extension to call from; steps behind it are not done, and what came by then is judged."""
    place = "place: {name: a, shape: answered, from: '1', to: '2'}"
    steps = (
        f"steps:\n  - {{name: asked, after: {{request: {{status: 200}}}}}}\n  - {place}\n  - arm: {{fault: api.deny}}\n"
    )
    said: Queue[str] = Queue()
    with suppress(AssertionError), play(steps + SERVED, say=said.put) as day:
        while day.running:
            ask(ucm)
    refused, served = day.outcome.findings
    assert (refused.name, refused.says, refused.passed) == ("step 2", "place a", False)
    assert refused.why.startswith("it was refused: [0].from: neither '1' nor '2' is an extension of this PBX")
    assert refused.why.endswith("; 1 steps behind it were not done")
    assert served.passed
    assert [one.what for one in day.outcome.steps] == ["asked"]
    assert ucm.faults == []
    assert any(one.startswith("place a: it was refused: ") for one in said.queue)


def test_a_fault_that_is_over_is_cleared(ucm, play):
    """By its time to live, or by a reset: it is gone, as it was to be."""
    steps = """\
        steps:
          - arm: {name: brief, fault: http.latency, seconds: 0, ttl: 0.1}
          - wait: 0.2
          - clear: brief
          - arm: {name: slow, fault: http.latency, seconds: 0}
          - reset: true
          - {name: mended, clear: slow}
    """
    with play(dedent(steps) + SERVED) as day:
        while day.running:
            with suppress(requests.RequestException):  # the reset may come meanwhile
                ask(ucm)
    assert (day.outcome.passed, day.outcome.steps[-1].what) == (True, "mended")


def test_a_pbx_with_other_settings_is_refused(ucm):
    """By each setting that the scenario needs and the PBX has not."""
    said = "'recording-missing' .* PBX '.*': personality is ucm6100-1.0.9, and the scenario needs ucm6510-1.0.10; start it so"
    with pytest.raises(WrongPbx, match=said):
        ucm.play("recording-missing")


def test_every_action_reaches_the_pbx(ucm, play):
    """The clock, a call, a fault, the API page, an identity, deletion, a reset: each in its turn."""
    steps = f"""\
        steps:
          - {{name: set, clock: {{now: "2026-03-03T15:00:00Z", rate: 0}}}}
          - {{name: noon, time_of_day: "12:00"}}
          - arm: {{name: slow, fault: http.latency, seconds: 0.01}}
          - arm: {{name: other, fault: http.latency, seconds: 0.02}}
          - {{clear: slow}}
          - place: {{name: two, {CALL}, count: 2, every: 60}}
          - place: {{name: third, {CALL}, at: "2026-03-03T18:10:00Z"}}
          - after: {{request: {{fault: other, status: 200}}}}
          - clock: {{advance: 3600}}
          - after: {{delivered: [two, third]}}
          - expect: [{{name: got-them, says: They are delivered., delivered: placed}}]
          - {{name: shut, api: {{permitted_ips: []}}}}
          - after: {{request: {{status: 403}}}}
          - api: {{permitted_ips: ["127.0.0.0/8"]}}
          - identity: {{defect: expired}}
          - after: {{connection: {{defect: expired, verdict: refused}}}}
          - identity: {{}}
          - {{name: good again, after: {{request: {{status: 200}}}}}}
          - delete_rows: true
          - {{name: anew, reset: true}}
          - after: {{request: {{status: 200}}}}
        expect:
          - {{name: back, says: It is served again., came_back: {{since: good again, requests: 50}}}}
          - {{name: nothing-placed, says: A new universe has no call., delivered: all, or_none: true}}
    """
    with play(steps) as day:
        while day.running:
            with suppress(requests.RequestException):
                ask(ucm)
    assert [str(one) for one in day.outcome.findings] == [
        "passed  got-them: They are delivered.",
        "passed  back: It is served again.",
        "passed  nothing-placed: A new universe has no call.",
    ]
    assert (ucm.faults, ucm.calls) == ([], [])


def test_a_time_of_the_pbx_comes(ucm, play):
    """A step at an instant is done when the PBX clock shows it, and one at a second when so much of the run is over."""
    steps = """\
        steps:
          - {name: begun, at: 0.1, clock: {now: "2026-03-03T15:00:00Z", rate: 3600}}
          - {name: half past, at: "2026-03-03T15:30:00Z", clock: {rate: 0}}
        expect: [{name: none, says: Nothing is refused., requests: {status: 4xx, at_most: 1}}]
    """
    with play(steps) as day:
        ask(ucm)
        day.wait()
    begun, half_past = day.outcome.steps
    assert (begun.what, half_past.what) == ("begun", "half past")
    assert half_past.pbx >= datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
    assert (ucm.clock.rate, ucm.clock.now >= half_past.pbx) == (0.0, True)


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_seconds_are_those_of_the_machine_that_has_the_journal(ucm, play, monkeypatch, ahead):
    """Where the scenario is played the clock may be another, and nothing is judged by it."""
    steps = """\
        steps:
          - {name: begun, clock: {rate: 1}}
          - {wait: 0.5}
        expect:
          - {name: in-time, says: It comes back within minutes., came_back: {since: begun, seconds: 1800}}
          - {name: at-once, says: It comes back before it could., came_back: {since: begun, seconds: 0.1}}
    """
    here = time.time
    monkeypatch.setattr("time.time", lambda: here() + ahead)
    said: Queue[str] = Queue()
    with suppress(AssertionError), play(steps, say=said.put) as day:
        while said.get(timeout=20) != "waits: what is expected at the end":
            pass
        ask(ucm)
        day.wait(20)
    assert [(one.name, one.passed) for one in day.outcome.findings] == [("in-time", True), ("at-once", False)]


def test_a_day_without_a_client_is_not_passed(play):
    """What a client that never came would pass is waited for, and then not judged, which is an error."""
    steps = """\
        steps: [{name: bad, identity: {defect: expired}}, {wait: 0.1}, {name: good, identity: {}}]
        expect:
          - {name: v, says: It verifies., verified: true}
          - {name: b, says: It backs off., backs_off: {since: bad, until: good}}
    """
    day = play(steps, patience=0.2)
    with pytest.raises(AssertionError, match="0 of 2 passed, 2 not judged"), day:
        day.wait()
    assert (day.outcome.failed, day.outcome.exit) == ((), 1)
    assert {one.why for one in day.outcome.findings} == {"nobody asked: point the client at the PBX"}


def test_a_client_that_met_no_bad_certificate_has_not_verified(ucm, play):
    """It began when the good one was shown again."""
    steps = """\
        steps: [{name: bad, identity: {defect: expired}}, {name: good, identity: {}}, {after: {request: {status: 200}}}]
        expect: [{name: v, says: It verifies., verified: true}]
    """
    said: Queue[str] = Queue()
    with suppress(AssertionError), play(steps, say=said.put) as day:
        while not (now := said.get(timeout=20)).endswith("at the end"):
            if now.startswith("waits: after request"):
                ask(ucm)
    assert [(one.passed, one.why) for one in day.outcome.findings] == [(None, UNTRIED)]


def test_what_was_kept_has_to_be_said(ucm, play):
    """It is waited for; a client that never says it has not passed, and the sentence says how."""
    steps = f"steps: [{{place: {{name: a, {CALL}}}}}, {{clock: {{advance: 60}}}}]\n"
    kept = "expect: [{name: once, says: It is kept once., kept: a}]\n"
    day = play(steps + kept)
    with suppress(AssertionError), day:
        until(lambda: "1001" in ask(ucm).text)
    assert [(one.name, one.passed) for one in day.outcome.findings] == [("once", None)]
    assert "in a test call day.kept(...)" in str(day.outcome)
    later = play(steps.replace("name: a", "name: b") + kept.replace("kept: a", "kept: b"))
    with later:
        while later.running:
            later.kept(line.partition(",")[0] for line in ask(ucm).text.splitlines()[1:])
    assert later.outcome.passed


def test_a_restart_is_one(ucm, play):
    """It comes with the next request that it is about, and once."""
    steps = """\
        steps:
          - restart: {seconds: 0, when: {path: /recapi}}
          - {name: restarted, after: {fault: restart}}
        expect: [{name: back, says: It is served again., came_back: {since: restarted, requests: 50}}]
    """
    with play(steps) as day:
        ask(ucm)
        with pytest.raises(requests.ConnectionError):
            ask(ucm, "/recapi")
        while day.running:
            ask(ucm)
    assert day.outcome.passed


def test_a_fault_that_fired_for_one_step_has_not_for_the_next(ucm, play):
    """One that fires once is waited for twice in vain."""
    steps = """\
        steps:
          - arm: {name: once, fault: http.latency, seconds: 0, times: 1}
          - {name: fired, after: {fault: once}}
          - {name: again, limit: 0.2, after: {fault: once}}
    """
    with suppress(AssertionError), play(dedent(steps) + SERVED) as day:
        until(lambda: ucm.faults)
        ask(ucm)
        day.wait(20)
    assert [(one.says, one.passed) for one in day.outcome.findings][:1] == [("again", False)]


def test_a_closed_port_is_a_fault_that_fired(ucm, play):
    """Nobody has to come for it."""
    steps = """\
        steps:
          - arm: {name: shut, fault: tcp.refuse}
          - {name: closed, after: {fault: shut}}
          - clear: shut
    """
    with play(dedent(steps) + SERVED) as day:
        while day.running:
            with suppress(requests.RequestException):
                ask(ucm)
    assert day.outcome.passed


def test_every_restart_is_one(ucm, play):
    """Also one that comes while another waits for its request: each has a name of its own."""
    steps = """\
        steps:
          - restart: {seconds: 0, when: {path: /recapi}}
          - restart: {seconds: 0}
          - {name: one, after: {fault: restart-2}}
          - {name: two, after: {fault: restart}}
        expect: [{name: back, says: It is served again., came_back: {since: two, requests: 50}}]
    """
    with play(steps) as day:
        until(lambda: [fault.name for fault in ucm.faults] == ["restart", "restart-2"])
        for target, fired in (("/cdrapi", [0, 1]), ("/recapi", [1, 1])):
            while [fault.fired for fault in ucm.faults] != fired:
                with suppress(requests.ConnectionError):
                    ask(ucm, target)
        while day.running:
            with suppress(requests.ConnectionError):
                ask(ucm)
    assert day.outcome.passed


def test_what_was_broken_is_mended(ucm, play):
    """Whatever the scenario has armed and shown goes with it; what somebody else has armed stays."""
    mine = ucm.fault("http.latency", seconds=0)
    steps = "steps: [{arm: {fault: api.deny}}, {identity: {defect: expired}}, {wait: 60, after: {rows: 1}}]\n"
    day = play(steps + SERVED, patience=0)
    with pytest.raises(AssertionError), day:
        day.wait()
    assert [fault.name for fault in ucm.faults] == [mine.name]
    assert ask(ucm).status_code == 200


@pytest.mark.parametrize("shown", ["defect", "given"])
@pytest.mark.parametrize("step", ["{defect: expired}", "{}"])
def test_the_certificate_that_was_shown_before_is_shown_again(ucm, play, shown, step):
    """Another defect, or one of somebody's own, also where the scenario has shown the good one last."""
    mine = self_signed(("localhost", "127.0.0.1"), datetime.now(UTC))
    given = {"certificate": mine.certificate_pem.decode(), "key": mine.key_pem.decode()}
    ucm.identity(**({"defect": "self-signed"} if shown == "defect" else given))
    before = ucm.control.identity(ucm.name)
    with suppress(AssertionError), play(f"steps: [{{identity: {step}}}]\n{SERVED}", patience=0):
        pass
    assert ucm.control.identity(ucm.name) == before


def test_a_fault_of_the_same_name_is_somebody_elses(ucm, play):
    """It was armed when that of the scenario was gone, and stays."""
    said: Queue[str] = Queue()
    steps = "steps: [{arm: {fault: api.deny}}, {clear: api-deny}, {name: gone, after: {request: {}}}]\n"
    with suppress(AssertionError), play(steps + SERVED, say=said.put):
        while "waits" not in said.get(timeout=20):
            pass
        mine = ucm.fault("api.deny")
    assert [fault.name for fault in ucm.faults] == [mine.name]


def test_a_reset_puts_the_clock_back_and_leaves_the_api_page(ucm, play):
    """As is said of what stays when the day is over."""
    steps = """\
        steps:
          - {clock: {now: "2001-01-01T00:00:00Z", rate: 0}}
          - {name: last, api: {permitted_ips: ["127.0.0.0/8", "10.0.0.1/32"]}}
        expect: [{name: asked, says: It is asked., came_back: {since: last, requests: 9}}]
    """
    with play(steps) as day:
        while day.running:
            ask(ucm)
    assert remains(load(HEAD + dedent(steps), Path("day.yaml")).steps, "hq") == (
        "PBX hq keeps the clock and the API page of the day: 'ucmsim ctl reset' lets it begin anew with its own clock and "
        "history, 'ucmsim ctl api set' changes the page"
    )
    page = ucm.control.api(ucm.name)
    assert (ucm.clock.rate, ucm.clock.now.year) == (0.0, 2001)
    ucm.reset()
    assert (ucm.clock.rate, ucm.clock.now.year > 2001) == (1.0, True)
    assert ucm.control.api(ucm.name) == page


def test_a_pbx_that_is_gone_is_an_error(ucm, ucm_fleet, play):
    """The scenario is not begun, and no client is let do anything."""
    day = play("steps:\n  - after: {request: {status: 200}}\n" + SERVED)
    ucm_fleet.control.delete_pbx(ucm.name)
    with pytest.raises(ControlNotFound), day:
        pytest.fail("it was entered")


@pytest.mark.parametrize("kind", [ControlNotFound, ValueError])
def test_a_pbx_that_goes_is_an_error(ucm, ucm_fleet, play, kind):
    """The scenario ends, and says so in the test; an error of the test's own has a note of it."""
    steps = "steps:\n  - after: {request: {status: 200}}\n" + SERVED

    def live(day: Play) -> None:
        ucm_fleet.control.delete_pbx(ucm.name)
        day.wait()
        if kind is ValueError:
            raise ValueError("of its own")

    with pytest.raises(kind) as error, play(steps) as day:
        live(day)
    said = f"the scenario had ended before: ControlNotFound: there is no PBX '{ucm.name}'"
    assert [note[: len(said)] for note in getattr(error.value, "__notes__", [])] == [said] * (kind is ValueError)
