"""What a scenario does next, and what comes of what is expected, follows from what was seen alone; nothing runs here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ucmsim.scenarios.course import Course, Due, Moment, Never, Over, Waiting, in_words
from ucmsim.scenarios.evidence import Done, Evidence
from ucmsim.scenarios.judging import LOST, NO_ROWS, SILENT, UNKNOWN, UNTRIED, Finding, judge
from ucmsim.scenarios.language import Expectation, Scenario
from ucmsim.scenarios.outcome import Outcome
from ucmsim.scenarios.reading import load
from ucmsim.scenarios.seen import Call, Closing, Events, File, Request, Row, Seen, Visit

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLACE = '  - place: {name: a, shape: answered, from: "1001", to: "1002"}\n'


def scenario(*steps: str, begin: str = "", expect: str = "verified: true") -> Scenario:
    """Return a scenario with these *steps*, which *begin* so."""
    head = "name: day\ntitle: A day\nstory: x\ncorrect: y\npatience: 10\nsteps:\n" + begin
    return load(f"{head}{''.join(f'  - {step}{chr(10)}' for step in steps)}expect: [{{name: a, says: b, {expect}}}]\n", Path("day.yaml"))  # fmt: skip


def request(number: int, status: int = 200, **more: Any) -> Request:
    """Return an exchange, which began so many seconds after noon as its *number* says unless *more* says otherwise."""
    plain: dict[str, Any] = {
        "id": number, "wall": float(number), "pbx": NOON + timedelta(seconds=number), "peer": "127.0.0.1", "target": "/cdrapi?a=b",
        "path": "/cdrapi", "status": status, "refusal": None, "faults": (), "kinds": (), "marks": (), "rows": 0,
        "whole": status == 200,
    }  # fmt: skip
    told = {**plain, **more}
    return Request(**{"delivered": told["rows"] if told["whole"] else 0, "connection": number, **told})


def moment(real: float, *requests: Request, pbx: datetime | None = None, **evidence: Any) -> Moment:
    last = max((one.id for one in requests), default=0)
    visits = evidence.pop("visits", ())
    return Moment(real, pbx, Evidence(Seen(requests, tuple(visits), last), **evidence))


def decided(course: Course, *args: Any, **more: Any) -> str:
    """Return the name of what is decided at a moment."""
    return type(course.decide(moment(*args, **more))).__name__


def test_steps_come_one_after_another():
    """A step without a condition is due at once, and behind the last one it is over."""
    course = Course(scenario("wait: 1", "{name: two, wait: 2}"), 10.0)
    assert course.decide(moment(0.0)) == Due(course.scenario.steps[0])
    course = course.done(1.0, Done(7, 1.0))
    assert (course.at, course.since, course.waits, dict(course.steps)) == (1, 7, 1.0, {})
    course = course.done(2.0, Done(8, 2.0))
    assert course.steps == {"two": Done(8, 2.0)}
    assert course.decide(moment(2.0)) == Over()


def test_a_step_waits_for_real_time():
    """However long that is: it comes by itself."""
    course = Course(scenario("{at: 60, wait: 1}"), 10.0)
    assert course.decide(moment(59.0)) == Waiting(course.scenario.steps[0], 1.0)
    assert decided(course, 60.0) == "Due"


def test_a_step_waits_for_the_pbx_clock():
    """It is due when the clock shows the instant or a later one."""
    course = Course(scenario('{at: "2026-03-03T12:00:00Z", wait: 1}'), 10.0)
    assert decided(course, 5.0, pbx=NOON - timedelta(seconds=1)) == "Waiting"
    assert decided(course, 5.0, pbx=NOON) == "Due"
    assert decided(course, 10.0, pbx=NOON - timedelta(seconds=1)) == "Never"


@pytest.mark.parametrize(
    ("which", "before", "then"),
    [
        ("status: 200", request(9, 401), request(9, 200)),
        ("status: 4xx", request(9, 200), request(9, 403)),
        ("path: /CDRAPI/", request(9, path="/recapi"), request(9)),
        ("refusal: no-credentials", request(9, refusal="basic"), request(9, refusal="no-credentials")),
        ("refusal: any", request(9), request(9, refusal="basic")),
        ("fault: any", request(9), request(9, faults=("slow",))),
        ("mark: no-qop", request(9, marks=("no-back-off",)), request(9, marks=("no-qop",))),
        ("rows: 5", request(9, rows=4), request(9, rows=5)),
    ],
)
def test_a_step_waits_for_a_request(which, before, then):
    """Of those that came since the step before, everything must hold."""
    course = replace(Course(scenario(f"after: {{request: {{{which}}}}}"), 10.0), since=5)
    assert decided(course, 1.0, replace(then, id=5)) == "Waiting"
    assert decided(course, 1.0, before) == "Waiting"
    assert decided(course, 1.0, before, replace(then, id=10)) == "Due"


def test_a_step_waits_for_several_requests():
    """As many as count says."""
    course = Course(scenario("after: {request: {status: 200, count: 2}}"), 10.0)
    assert decided(course, 1.0, request(1), request(2, 401)) == "Waiting"
    assert decided(course, 1.0, request(1), request(2, 401), request(3)) == "Due"


def test_a_step_waits_for_a_connection():
    """By the defect that it was shown, and how the client took it."""
    course = Course(scenario("after: {connection: {defect: expired, verdict: refused}}"), 10.0)
    good = Visit(1, None, "refused", None, (), ())
    assert decided(course, 1.0, visits=[good, replace(good, defect="expired", verdict="accepted")]) == "Waiting"
    assert decided(course, 1.0, visits=[replace(good, defect="expired")]) == "Due"


def test_a_step_waits_for_what_becomes_of_a_call():
    """That it is over, that its rows are delivered whole, that its recordings are fetched whole."""
    over = Call(1, (Row("7", 0),), (File("x.wav", 0),), "a")
    delivered, fetched = replace(over, rows=(Row("7", 1),)), replace(over, files=(File("x.wav", 1),))
    found = {
        key: [
            decided(Course(scenario(f"after: {{{key}: a}}", begin=PLACE), 10.0).done(0.0, Done(0, 0.0)), 1.0, calls=calls, placed={"a": 1})
            for calls in ([], [over], [delivered], [fetched])
        ]
        for key in ("ended", "delivered", "fetched")
    }  # fmt: skip
    assert found == {
        "ended": ["Waiting", "Due", "Due", "Due"],
        "delivered": ["Waiting", "Waiting", "Due", "Waiting"],
        "fetched": ["Waiting", "Waiting", "Waiting", "Due"],
    }


def test_a_step_waits_for_a_fault_and_for_rows():
    """Since it was armed and since the run began, not since the step before."""
    course = replace(
        Course(scenario("arm: {name: slow, fault: api.deny}", "after: {fault: slow}"), 10.0), at=1, since=5
    )
    assert decided(course, 1.0, request(1)) == "Waiting"
    assert decided(course, 1.0, request(1, faults=("slow",))) == "Due"
    rows = replace(Course(scenario("after: {rows: 600}"), 10.0), since=5)
    assert decided(rows, 1.0, request(1, rows=400), request(2, rows=300, whole=False)) == "Waiting"
    assert decided(rows, 1.0, request(1, rows=400), request(2, rows=200)) == "Due"
    assert decided(rows, 1.0, request(1, rows=400), request(2, rows=200, delivered=199)) == "Waiting"


def test_a_fault_that_was_waited_for_is_waited_for_again():
    """What fired by then was what the step before waited for."""
    arm, after = "arm: {name: slow, fault: api.deny}", "after: {fault: slow}"
    course = Course(scenario(arm, after, "wait: 1", after), 10.0).done(0.0, Done(2, 0.0), "slow")
    first, second = request(3, faults=("slow",)), request(6, faults=("slow",))
    assert decided(course, 1.0, replace(first, id=2)) == "Waiting"
    assert decided(course, 1.0, first) == "Due"
    again = course.done(1.0, Done(3, 1.0)).done(2.0, Done(6, 2.0))
    assert decided(again, 2.0, first) == "Waiting"
    assert decided(again, 2.0, first, second) == "Due"


def test_a_fault_that_is_armed_anew_is_another():
    """Whatever one of its name did before, also before a reset."""
    arm, after = "arm: {name: slow, fault: api.deny}", "after: {fault: slow}"
    fired = request(3, faults=("slow",))
    course = Course(scenario(arm, "clear: slow", arm, after), 10.0)
    course = course.done(0.0, Done(0, 0.0), "slow").done(1.0, Done(3, 1.0)).done(1.0, Done(4, 1.0), "slow")
    assert decided(course, 1.0, fired) == "Waiting"
    assert decided(course, 1.0, fired, request(5, faults=("slow",))) == "Due"
    reset = Course(scenario(arm, "reset: true", after), 10.0).done(0.0, Done(0, 0.0), "slow").done(1.0, Done(4, 1.0))
    assert decided(reset, 1.0, fired) == "Waiting"


def test_a_connection_that_is_over_tells_no_fault_anew():
    """What cut a request, and was told with that, cut its connection, which is told later; others tell of their own."""
    course = replace(Course(scenario("arm: {name: cut, fault: api.deny}", "after: {fault: cut}"), 10.0), at=1)
    cut, over = request(3, faults=("cut",)), Visit(5, None, "accepted", None, (), ("cut",), number=3)
    waited = replace(course, heeded={"cut": 4})
    assert decided(waited, 1.0, cut, visits=[over]) == "Waiting"
    assert decided(waited, 1.0, cut, visits=[replace(over, number=9)]) == "Due"


def test_what_closes_the_port_has_fired_then():
    """A request that it was told with came before, and connections that it cut are told later: it fires once."""
    one, cut = Closing(5, ("shut",)), Visit(6, None, "accepted", None, (), ("shut",), number=3)
    seen = Seen(visits=(cut,), closings=(one,))
    assert [seen.fired(since) for since in (4, 5, 6)] == [{"shut"}, frozenset(), frozenset()]
    restarted = replace(seen, requests=(request(4, faults=("shut",)),))
    assert [restarted.fired(since) for since in (3, 4, 5)] == [{"shut"}, frozenset(), frozenset()]


def test_what_never_came_is_said_and_ends_the_steps():
    """With what came instead; the limit of the step goes before patience, and later steps are not done."""
    course = Course(scenario("{after: {request: {path: /recapi, status: 404}}, limit: 3}", "wait: 1", "wait: 2"), 10.0)
    assert decided(course, 2.9, request(1)) == "Waiting"
    never = course.decide(moment(3.0, request(1), request(2, 401)))
    assert isinstance(never, Never)
    stopped = course.stopped(never)
    assert stopped.decide(moment(3.0)) == Over()
    (finding,) = stopped.findings
    assert str(finding) == (
        "FAILED  step 1: after request (path /recapi, status 404, count 1) -- it never came within 3 s (0 of them came): 2 "
        "requests came since the step before, the last GET /cdrapi?a=b answered with 401; 2 steps behind it were not done"
    )


def test_a_step_is_told_in_a_few_words():
    """By its name, else by what it waits for and what it does."""
    expectation = "{name: e, says: x, verified: true}"
    steps = (
        "{name: noon, time_of_day: '12:00'}", "time_of_day: '12:00'", "clock: {advance: 60, rate: 0}", "wait: 2",
        "arm: {fault: api.deny}", "arm: {name: slow, fault: http.latency, seconds: 1}", "clear: slow", "restart: {}",
        "{at: 5, identity: {defect: expired}}", "identity: {}", "api: {permitted_ips: []}", "reset: true",
        f"expect: [{expectation}]", "{after: {delivered: [a]}, delete_rows: true}", "after: {rows: 600}", "wait: 0",
    )  # fmt: skip
    assert [in_words(step) for step in scenario(*steps, begin=PLACE).steps] == [
        "place a", "noon", "time of day 12:00", "clock rate 0.0, advance 60.0", "wait 2 s", "arm api.deny", "arm slow",
        "clear slow", "restart", "at 5.0 identity expired", "identity good", "api permitted_ips", "reset", "expect e",
        "after delivered a delete rows", "after rows 600", "wait 0 s",
    ]  # fmt: skip


def test_patience_begins_anew_with_each_step():
    """It is counted from when the step before was done."""
    course = Course(scenario("wait: 1", "after: {rows: 1}"), 10.0).done(5.0, Done(0, 5.0))
    assert course.decide(moment(14.0)) == Waiting(course.scenario.steps[1], 1.0)
    assert decided(course, 15.0) == "Never"


# What is expected

CALLS = [
    Call(1, (Row("7", 1), Row("8", 2)), (File("a.wav", 1),), "a"),
    Call(2, (Row("9", 0),), (File("b.wav", 0),), "b"),
]
STEPS = {"closed": Done(10, 10.0, NOON + timedelta(seconds=10)), "open": Done(20, 20.0, NOON + timedelta(seconds=20))}


def found(
    kind: str, value: Any, *requests: Request, beside: dict[str, Any] | None = None, **evidence: Any
) -> tuple[bool | None, str, bool]:
    """Return whether it is as expected, why not, and whether it may still become so; with keys *beside* it."""
    one = Expectation.model_validate({"name": "it", "says": "It is so.", kind: value, **(beside or {})})
    visits = tuple(evidence.pop("visits", ()))
    finding = judge(one, Evidence(Seen(requests, visits), **{"steps": STEPS, "placed": {"a": 1, "b": 1}, **evidence}))
    return finding.passed, finding.why, finding.open


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        ("delivered", "a", (True, "", False)),
        ("delivered", "placed", (False, "1 of 3 CDRs never went out whole: AcctId 9 of 'b'", True)),
        ("delivered", "all", (False, "1 of 4 CDRs never went out whole: AcctId 9 of 'b'", True)),
        ("fetched", ["a"], (True, "", False)),
        ("fetched", ["a", "b"], (False, "1 of 2 recordings never went out whole: b.wav", True)),
        ("fetched", ["c"], (False, "not over yet, so without recordings: c", True)),
        ("delivered", ["c"], (False, "not over yet, so without rows: c", True)),
    ],
)
def test_what_was_delivered(kind, names, expected):
    """By the calls that are named, all that were placed, or all that there are."""
    other = Call(3, (Row("1", 1),))
    placed = {"a": 1, "b": 1, **({"c": 2} if names == ["c"] else {})}
    assert found(kind, names, calls=[*CALLS, other], placed=placed) == expected


def test_calls_of_one_name_are_all_waited_for():
    """While one of them is not over, nothing is said of their rows."""
    said = (False, "not over yet, so without rows: a", True)
    assert found("delivered", "a", calls=CALLS, placed={"a": 2}) == said
    assert found("delivered", "placed", calls=CALLS, placed={"a": 2, "b": 1}) == said


def test_what_was_not_judged_has_neither_failed_nor_passed():
    """The list says so, and the exit code is that of a day that was not passed."""
    good, unknown = Finding("a", "It is so.", passed=True), Finding("b", "It is kept.", passed=None, why="nobody said")
    outcome = Outcome("day", (good, unknown), ("something was dropped",))
    assert (outcome.passed, outcome.failed, outcome.exit) == (False, (), 1)
    assert (Outcome("day", (good,)).passed, Outcome("day", (good,)).exit) == (True, 0)
    assert str(outcome) == (
        "scenario day: 1 of 2 passed, 1 not judged\n  passed  a: It is so.\n  not judged  b: It is kept. -- nobody said\n"
        "  note: something was dropped"
    )
    assert Outcome("day", (good, replace(good, passed=False))).failed == ("a",)


def test_no_recording_is_none_that_was_fetched():
    """Where nothing was recorded the scenario is at fault, and the sentence says so."""
    calls = [Call(1, (Row("7", 1),), (), "a")]
    assert found("fetched", "a", calls=calls) == (False, "there is no recording of these calls", False)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (None, (None, SILENT, True)),
        (["8", "7"], (True, "", False)),
        (["7", "8", "8"], (False, "1 of 2 CDRs were kept more than once: AcctId 8 of 'a' 2 times", False)),
        (["7"], (False, "1 of 2 CDRs that it got were not kept: AcctId 8 of 'a'", False)),
    ],
)
def test_what_was_kept(kept, expected):
    """Of the rows that went out whole each once; what the client did not say is not judged."""
    assert found("kept", "placed", calls=CALLS, kept=kept)[:2] == expected[:2]


def test_what_only_the_client_can_say_is_marked_so():
    """Whoever knows that it will never say it waits for that in vain; what is not judged for another reason may come."""
    wanted = Expectation(name="k", says="It is kept.", kept=("a",))
    calls = [Call(1, (Row("7", 0),), (), "a")]
    found = [judge(wanted, Evidence(calls=calls, placed={"a": 1}, kept=kept)) for kept in (None, ())]
    assert [(one.passed, one.open, one.silent) for one in found] == [(None, True, True), (None, True, False)]


def test_calls_that_were_never_placed_are_not_judged():
    """Where the step that places them never came nothing is known of them; and where no row went out none was to be kept."""
    none = "no call was placed, or a reset took all away"
    for kind in ("delivered", "fetched", "kept"):
        assert found(kind, "placed", placed={}, kept=[]) == (None, none, False)
        assert found(kind, ["a", "c"], calls=CALLS, kept=["7", "8"]) == (
            None, "never placed, or taken away by a reset: 'c'", False,
        )  # fmt: skip
    nothing = "no CDR of these calls went out whole, so there was none to keep"
    assert found("kept", "b", calls=CALLS, kept=[]) == (None, nothing, True)


def test_no_cdr_is_none_that_was_delivered():
    """Of all calls one may still come, of those that are over none; where the scenario says so it is right."""
    silent, nothing = Call(1, (), (), "a"), {"or_none": True}
    assert found("delivered", "all", placed={}) == (None, NO_ROWS, True)
    assert found("delivered", "all", calls=[Call(1, ())], placed={}) == (None, NO_ROWS, True)
    assert found("delivered", "a", calls=[silent, CALLS[1]]) == (None, NO_ROWS, False)
    assert found("delivered", "all", placed={}, beside=nothing) == (True, "", False)
    assert found("delivered", "a", calls=[silent], beside=nothing) == (True, "", False)
    assert found("delivered", "all", calls=CALLS, beside=nothing)[0] is False
    assert found("delivered", "a", placed={"a": 1}, beside=nothing) == (False, "not over yet, so without rows: a", True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("verified", True), ("unmarked", ["no-qop"]), ("requests", {"at_most": 3}), ("in_a_row", {"at_most": 2}),
        ("backs_off", {"since": "closed"}),
    ],
)  # fmt: skip
def test_nothing_is_judged_where_nobody_asked(kind, value):
    """One request is enough, whatever it was; a connection is where connections have what is looked for."""
    silent = (None, "nobody asked: point the client at the PBX", True)
    assert found(kind, value) == silent
    assert found(kind, value, request(1)) == ((None, UNTRIED, True) if kind == "verified" else (True, "", False))
    visit = Visit(1, "expired", "refused", None, (), ())
    assert found(kind, value, visits=[visit]) == ((True, "", False) if kind in ("verified", "unmarked") else silent)


@pytest.mark.parametrize(("defect", "verdict"), [(None, "refused"), ("expired", "accepted"), ("expired", "undecided")])
def test_verification_is_not_judged_where_no_bad_certificate_was_refused(defect, verdict):
    """A client that came when the good one was shown again, or that left by itself, was not put to the test."""
    refused, other = Visit(1, "expired", "refused", None, (), ()), Visit(2, defect, verdict, None, (), ())
    assert found("verified", True, request(3), visits=[other]) == (None, UNTRIED, True)
    assert found("verified", True, request(3), visits=[other, refused]) == (True, "", False)


def test_a_lack_of_requests_is_one_also_where_nobody_asked():
    """Too few is too few."""
    assert found("requests", {"at_least": 1}) == (False, "there were 0, and 1 or more are expected", True)


def test_verification_and_marks():
    """A mark on a request or on a connection, each is told."""
    bad = request(1, marks=("unverified-certificate",))
    refused = Visit(2, "expired", "refused", None, (), ())
    assert found("verified", True, request(1, marks=("no-qop",)), visits=[refused]) == (True, "", False)
    assert found("verified", True, bad) == (
        False, "1 times: GET /cdrapi?a=b answered with 200 (unverified-certificate)", False,
    )  # fmt: skip
    visit = Visit(1, None, "accepted", None, ("parallel-connections",), ())
    assert found("unmarked", ["parallel-connections"], bad, visits=[visit]) == (
        False, "1 times: a connection (parallel-connections)", False,
    )  # fmt: skip


def judged_by(kind: str, value: Any, seen: Seen) -> tuple[bool | None, str]:
    """Return what came of an expectation by what was *seen*."""
    finding = judge(Expectation.model_validate({"name": "it", "says": "It is so.", kind: value}), Evidence(seen))
    return finding.passed, finding.why


def told(**marks: int) -> Any:
    """Return an event of the journal that is told, with marks whose hyphens are underscores."""
    return SimpleNamespace(kind="listening", listens=True, marks=tuple(mark.replace("_", "-") for mark in marks))


def test_marks_outlive_the_events_that_they_were_set_on():
    """What was set before the run counts as little as what was told; what no event that was dropped had was not set."""
    begun = Seen.behind(Events((), 7, marks={"no-qop": 2}))
    dropped = begun.more(Events((told(no_qop=1),), 20, 12, {"no-qop": 3, "no-back-off": 4}))
    assert judged_by("unmarked", ["no-qop"], dropped) == (True, "")
    assert judged_by("verified", True, dropped) == (None, UNTRIED)
    refused = Visit(21, "expired", "refused", None, (), ())
    assert judged_by("verified", True, replace(dropped, visits=(refused,))) == (True, "")
    four = "4 times: 4 on events that were dropped unread (no-back-off)"
    assert judged_by("unmarked", ["no-qop", "no-back-off", "no-back-off"], dropped) == (False, four)
    later = replace(dropped, requests=(request(21, marks=("no-back-off",)),))
    said = (
        "5 times: GET /cdrapi?a=b answered with 200 (no-back-off), 4 on events that were dropped unread (no-back-off)"
    )
    assert judged_by("unmarked", ["no-back-off"], later) == (False, said)
    whole = begun.more(Events((), 7, marks={"no-qop": 3}))  # counted already, and told at the next look
    assert whole.untold == {}
    assert judged_by("unmarked", ["no-qop"], replace(whole, requests=(request(8),))) == (True, "")


def test_marks_of_dropped_events_that_were_counted_anew_are_not_known():
    """Unless some are known, or nothing was dropped."""
    begun = Seen.behind(Events((), 7, marks={"no-qop": 2}))
    anew = begun.more(Events((), 20, 12, {"no-back-off": 1})).more(Events((), 20, 0, {"no-back-off": 1, "no-qop": 5}))
    assert judged_by("verified", True, anew) == (None, UNKNOWN.format(12))
    assert judged_by("unmarked", ["no-back-off"], anew)[0] is False
    whole = begun.more(Events((), 20, 0, {}))
    refused = Visit(8, "expired", "refused", None, (), ())
    assert judged_by("verified", True, replace(whole, visits=(refused,))) == (True, "")


@pytest.mark.parametrize(
    ("kind", "value", "passed"),
    [
        ("requests", {"at_most": 3}, None), ("requests", {"at_least": 1, "at_most": 3}, None), ("requests", {"at_least": 1}, True),
        ("requests", {"at_most": 0}, False), ("in_a_row", {"at_most": 2}, None), ("backs_off", {"since": "closed"}, None),
        ("came_back", {"since": "closed", "requests": 2}, None), ("came_back", {"since": "closed", "seconds": 9}, True),
    ],
)  # fmt: skip
def test_what_more_requests_would_break_is_not_known_where_some_were_dropped(kind, value, passed):
    """What more would not mend has failed all the same."""
    one = Expectation.model_validate({"name": "it", "says": "It is so.", kind: value})
    seen = Seen((request(11),), last=11)
    assert judge(one, Evidence(seen, steps=STEPS)).passed is not None
    finding = judge(one, Evidence(replace(seen, dropped=300), steps=STEPS))
    assert (finding.passed, finding.why) == (
        passed,
        finding.why if passed is False else "" if passed else LOST.format(300),
    )


def test_how_many_requests_there_were():
    """Between two steps, within bounds; what is too few may still become enough unless the second step is done."""
    denied = [request(number, 403) for number in (5, 10, 11, 12, 20, 21)]
    bounds = {"status": 403, "since": "closed", "until": "open"}
    assert found("requests", {**bounds, "at_most": 3}, *denied) == (True, "", False)
    assert found("requests", {**bounds, "at_most": 2}, *denied) == (
        False, "there were 3, and 2 at most are expected", False,
    )  # fmt: skip
    assert found("requests", {**bounds, "at_least": 4}, *denied) == (
        False, "there were 3, and 4 or more are expected", False,
    )  # fmt: skip
    assert found("requests", {"status": 403, "at_least": 7}, *denied)[2] is True


def test_how_many_requests_there_were_in_a_row():
    """A pause, another answer or another client ends a row."""
    row = [request(1, 401, wall=0.0), request(2, 401, wall=0.9), request(3, 401, wall=1.8)]
    bounds = {"status": 401, "at_most": 2}
    said = "there were 3 with less than 1 s between them, and 2 are enough"
    assert found("in_a_row", bounds, *row) == (False, said, False)
    assert found("in_a_row", {**bounds, "pause": 0.5}, *row) == (True, "", False)
    assert found("in_a_row", bounds, row[0], request(2, 200, wall=0.5), *row[1:]) == (True, "", False)
    assert found("in_a_row", bounds, row[0], replace(row[1], peer="127.0.0.2"), row[2]) == (True, "", False)
    assert found("in_a_row", {**bounds, "since": "open"}, *row) == (True, "", False)


def test_whether_the_client_backs_off():
    """Each client and path by itself, from one step to another, and up to the last request while that step is not done."""
    hammering = [request(number, 403) for number in range(5, 20)]
    bounds = {"status": 403, "since": "closed"}
    said = (
        "it tried 9 times in 8.0 s, and one whose pauses double from 1 s on tries 4 times; "
        "8 are the most, for pauses that are left to chance"
    )
    assert found("backs_off", bounds, *hammering) == (False, said, False)
    assert found("backs_off", {**bounds, "until": "open"}, *hammering)[1].startswith("it tried 9 times in 9.0 s")
    assert found("backs_off", {**bounds, "at_once": 9}, *hammering)[0] is False
    assert found("backs_off", {**bounds, "status": 401}, *hammering) == (True, "", False)
    assert found("backs_off", {**bounds, "since": "begin"}, *hammering) == (
        None, "the step 'begin' never came", False,
    )  # fmt: skip
    eight, until = hammering[-8:], {**bounds, "until": "open"}
    assert found("backs_off", until, *eight)[0] is False
    for key, both in (("path", ("/cdrapi", "/recapi")), ("peer", ("127.0.0.1", "127.0.0.2"))):
        apart = [replace(one, **{key: both[one.id % 2]}) for one in eight]
        assert found("backs_off", until, *apart) == (True, "", False)


def test_whether_the_client_came_back():
    """Counted from the step on, challenges left out, by requests and both clocks."""
    again = [request(15), request(21, 401), request(22, 500), request(30)]
    bounds = {"since": "open"}
    assert found("came_back", {**bounds, "requests": 2, "seconds": 10, "pbx_seconds": 10}, *again) == (True, "", False)
    assert found("came_back", {**bounds, "requests": 1}, *again) == (
        False, "it was answered again after 2 requests, and 1 are the most", False,
    )  # fmt: skip
    assert found("came_back", {**bounds, "seconds": 9, "pbx_seconds": 9}, *again) == (
        False,
        "it was answered again after 10 s of real time, and 9 are the most, 10 s of PBX time, and 9 are the most",
        False,
    )
    silent = "it was answered no more: 1 requests came after 'open'"
    assert found("came_back", {**bounds, "requests": 2}, *again[:3]) == (False, silent, True)
    assert found("came_back", {**bounds, "requests": 1}, *again[:3]) == (False, silent, False)
    assert found("came_back", {**bounds, "requests": 2, "path": "/recapi"}, *again)[0] is False
    assert found("came_back", {"since": "begin", "requests": 1}, *again) == (
        False, "the step 'begin' never came", False,
    )  # fmt: skip
