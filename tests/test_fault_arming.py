"""The terms of an arming: conditions, clocks, ramps and lives; and the book of what is armed, over the wire of control too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.makers import ACCOUNT, BEGAN, CLIENT, DEFECTS, START, Client, another_row, at, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.clock import When
from ucmsim.faults import Facts, FaultRefused, Moment, NotArmed, arming
from ucmsim.faults.book import REMEMBERED
from ucmsim.faults.kinds import BY_ID
from ucmsim.http import pages
from ucmsim.settings import load_clock_change
from ucmsim.store.records import Record
from ucmsim.store.truth import Truth

SLOW = {"fault": "http.latency", "seconds": 3.0, "name": "slow"}
NOON = "2013-12-03T18:00:00Z"
"""PBX time 790 seconds after the start."""


def slow(pbx: Pbx, target: str = "/cdrapi", seconds: float = 0.0, **more: str) -> bool:
    """Return whether a request that many seconds after the start is slow."""
    return "slow" in pbx.answer(request(target, **more), at(seconds)).faults


def refused(spec: dict[str, Any]) -> dict[str, str]:
    """Return every objection to *spec*: the dotted path, and the sentence."""
    with pytest.raises(FaultRefused) as caught:
        arming(spec, defects=DEFECTS)
    return {".".join(map(str, said.path)): f"{said.wrong}; {said.right}" for said in caught.value.said}


# Conditions of a request


@pytest.mark.parametrize(
    ("when", "target", "acts"),
    [
        ({"page": [2]}, "/cdrapi?numRecords=1&offset=1", True),
        ({"page": [2]}, "/cdrapi?numRecords=2&offset=2", True),
        ({"page": [2]}, "/cdrapi?numRecords=2&offset=1", False),
        ({"page": [1, 3]}, "/cdrapi", True),
        ({"page": [1]}, "/recapi", False),
        ({"page": [1]}, "/cdrapi?offset=x", False),
        ({"offset": {"from": 1000}}, "/cdrapi?offset=1000", True),
        ({"offset": {"from": 1000}}, "/cdrapi?offset=999", False),
        ({"offset": {"from": 1, "to": 2}}, "/cdrapi?offset=2", True),
        ({"offset": {"from": 1, "to": 2}}, "/cdrapi?offset=3", False),
        ({"offset": {"to": 0}}, "/cdrapi", True),
        ({"format": "json"}, "/cdrapi?format=json", True),
        ({"format": "json"}, "/cdrapi?format=json&caler=1", True),
        ({"format": "csv"}, "/cdrapi", True),
        ({"format": "csv"}, "/recapi", False),
        ({"personality": "ucm6100"}, "/cdrapi", True),
        ({"personality": "ucm6510"}, "/cdrapi", False),
        ({"acctid": [63]}, "/cdrapi", True),
        ({"acctid": [63, 1]}, "/cdrapi?offset=1&numRecords=1", True),
        ({"acctid": [63]}, "/cdrapi?offset=2", False),
        ({"acctid": [1]}, "/cdrapi", False),
        ({"acctid": [63]}, "/recapi", False),
        ({"recording": "auto-*.wav"}, "/recapi?filename=auto-1-2.wav", True),
        ({"recording": "auto-*.wav"}, "/recapi?filename=x.wav@auto-1-2.wav", True),
        ({"recording": "auto-*.wav"}, "/recapi?filename=x.wav", False),
        ({"recording": "*"}, "/recapi?filedir=monitor", False),
        ({"page": [1], "format": "xml"}, "/cdrapi", False),
        ({"page": [1], "format": "xml"}, "/cdrapi?format=xml", True),
    ],
)  # fmt: skip
def test_all_conditions_that_are_given_must_match(when, target, acts):
    """Each is about what the request comes to on this PBX, and together they must all hold."""
    assert slow(make_pbx(faults=[{**SLOW, "when": when}]), target) is acts


def test_a_user_is_the_one_in_the_credentials():
    """Without credentials there is none."""
    pbx = make_pbx(faults=[{**SLOW, "when": {"user": "cdrapi"}}], api=ACCOUNT)
    other = make_pbx(faults=[{**SLOW, "when": {"user": "other"}}], api=ACCOUNT)
    assert Client(pbx).ask().faults == ("slow",)
    assert Client(other).ask().faults == ()
    assert not slow(make_pbx(faults=[{**SLOW, "when": {"user": "cdrapi"}}]))


@pytest.mark.parametrize(
    ("authorization", "acts"),
    [('Digest username=ann, realm="x"', True), ('DIGEST realm="x",username="a\\nn"', True), ("Basic YW5uOng=", True),
     ('Digest realm="username=\\"ann\\""', False), ("Basic YW5u*", False), ("Bearer ann", False)],
)  # fmt: skip
def test_a_user_is_whom_the_device_reads(authorization, acts):
    """In whatever form a client may write it, and not what only looks like one."""
    assert slow(make_pbx(faults=[{**SLOW, "when": {"user": "ann"}}]), authorization=authorization) is acts


def test_a_shape_is_that_of_a_call_on_the_page():
    """What the rows do not say, the truth beside them does; rows without a truth have no shape."""
    pbx = make_pbx(faults=[{**SLOW, "when": {"shape": ["queue-abandoned"]}}])
    assert not slow(pbx)
    truth = Truth("queue-abandoned", "inbound", "1", "2", "", "", 0, None, 1)
    pbx.history.keep([Record(another_row(AcctId="900", start="2013-12-03 11:00:00"), truth=truth)])
    assert slow(pbx)
    assert [slow(pbx, f"/cdrapi?numRecords=1&offset={offset}") for offset in range(4)].count(True) == 1


def test_rows_are_looked_up_only_where_a_condition_is_about_them(monkeypatch):
    """Other faults do not read the history before the worker does."""
    pbx = make_pbx(faults=[{**SLOW, "when": {"page": [1], "format": "csv"}}])
    monkeypatch.setattr(pbx.history, "page", None)
    assert pbx.decide(request("/cdrapi"), at())


def test_bytes_that_are_no_request_have_no_page():
    """A fault with a condition on requests passes over them, one without acts."""
    for when, acts in (({"format": "csv"}, False), ({}, True)):
        pbx = make_pbx(faults=[{**SLOW, "when": when}])
        assert bool(pbx.malformed(pages.TIMEOUT, CLIENT, at()).faults) is acts


@pytest.mark.parametrize("condition", ["path", "page", "offset", "user", "format", "recording", "acctid", "shape"])
@pytest.mark.parametrize(
    "fault", [{"fault": "tls.certificate", "defect": "expired"}, {"fault": "api.deny", "how": "drop"}]
)
def test_what_cannot_be_known_yet_is_refused(condition, fault):
    """Before there is a request every condition about one is an error that says when the fault is settled."""
    value = {"page": [1], "offset": {"from": 1}, "acctid": [1], "shape": ["queue-abandoned"], "format": "csv"}
    found = refused({**fault, "when": {condition: value.get(condition, "/x")}})
    assert list(found) == [f"when.{condition}"]
    assert "when no request has been read" in found[f"when.{condition}"]


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ({"when": {"shape": ["queue-abandond"]}}, "when.shape", "did you mean 'queue-abandoned'?"),
        ({"when": {"personality": "ucm6511"}}, "when.personality", "did you mean"),
        ({"when": {"format": "JSON"}}, "when.format", "csv, xml or json"),
        ({"when": {"page": []}}, "when.page", "an empty list matches nothing"),
        ({"when": {"page": [0]}}, "when.page.0", "cannot stand here"),
        ({"when": {"offset": {"form": 1}}}, "when.offset.form", "did you mean 'from'?"),
        ({"when": {"offset": {"nth": 1}}}, "when.offset.nth", "there is from or to"),
        ({"when": {"acctid": ["62"]}}, "when.acctid.0", "cannot stand here"),
        ({"after": "noon"}, "after", "'noon' is not an ISO instant; write an ISO instant with its zone"),
        ({"after": "2013-12-03T18:00:00"}, "after", "has no zone, so it is no instant"),
        ({"after": {"world": NOON}}, "after", "there is no clock 'world'; there are {pbx: ...}, or {wall: ...}"),
        ({"after": {"wal": NOON}}, "after", "there is no clock 'wal'; did you mean 'wall'?"),
        ({"after": {"wall": NOON, "pbx": NOON}}, "after", "{pbx: ...}, or {wall: ...}"),
        ({"until": 5}, "until", "'5' is not an ISO instant"),
        ({"after": NOON, "until": NOON}, "", "'until' is not later than 'after'"),
        ({"ramp": 0}, "ramp", "cannot stand here"),
        ({"ttl": "300"}, "ttl", "cannot stand here"),
        ({"ttl": True}, "ttl", "cannot stand here"),
    ],
)  # fmt: skip
def test_terms_that_are_written_wrongly_are_refused(spec, path, said):
    """The objection names the field, and what would be right."""
    found = refused({**SLOW, **spec})
    assert list(found) == [path]
    assert said in found[path]


@pytest.mark.parametrize("kind", BY_ID.values(), ids=BY_ID)
def test_no_objection_is_at_another_place_than_its_field(kind):
    """Whatever stands in a field, the field is named as it was written, once, and what is due as people say it."""
    for field in kind.fields:
        for value in ({}, [None], 10**30, "\0"):
            try:
                arming({"fault": kind.id, field: value}, defects=())
            except FaultRefused as refusal:
                places = [said.path for said in refusal.said]
                assert {path[0] for path in places if path} <= {*kind.fields}, places
                assert all(isinstance(part, int) for path in places for part in path[1:]), places
                assert len(set(places)) == len(places), places


def test_every_term_comes_back_as_it_was_written():
    """All terms and conditions at once, through their mapping, make the same arming."""
    spec = {
        **SLOW,
        "when": {
            "path": "/cdrapi", "nth": [1], "client": "127.0.0.1", "page": [2], "offset": {"from": 5, "to": 9},
            "user": "x", "personality": "ucm6510", "format": "csv", "recording": "*", "acctid": [7], "shape": ["queue-abandoned"],
        },
        "times": 2, "chance": 0.5, "after": {"wall": NOON}, "until": "2014-01-01T00:00:00+01:00", "ramp": 60, "ttl": 300,
    }  # fmt: skip
    once = arming(spec, defects=DEFECTS)
    assert arming(once.as_json(), defects=DEFECTS) == once
    assert once.as_json()["until"] == {"pbx": "2013-12-31T23:00:00+00:00"}


# Clocks


def test_after_and_until_are_of_the_pbx_clock():
    """It acts from the one instant to the other, the second not included."""
    pbx = make_pbx(faults=[{**SLOW, "after": NOON, "until": "2013-12-03T18:01:00Z"}])
    assert [slow(pbx, seconds=offset) for offset in (0, 789, 790, 849, 850)] == [False, False, True, True, False]


def test_a_pbx_clock_that_is_moved_takes_the_fault_with_it():
    """On the PBX clock noon comes when that clock says so, and goes when it is set back."""
    pbx = make_pbx(faults=[{**SLOW, "after": NOON}])
    moment = When(BEGAN, START + timedelta(hours=1))
    assert "slow" in pbx.answer(request("/cdrapi"), moment).faults
    assert not slow(pbx)


def test_after_can_be_of_the_wall_clock():
    """Then the PBX clock does not matter."""
    wall = datetime.fromtimestamp(BEGAN + 60, UTC).isoformat()
    pbx = make_pbx(faults=[{**SLOW, "after": {"wall": wall}}])
    assert "slow" not in pbx.answer(request("/cdrapi"), When(BEGAN + 59, START + timedelta(days=9))).faults
    assert "slow" in pbx.answer(request("/cdrapi"), When(BEGAN + 60, START)).faults


def test_accept_and_handshake_know_the_time_too():
    """A certificate expires at noon of the PBX clock; who is dropped may come back after a while."""
    bad = {"fault": "tls.certificate", "defect": "expired", "after": NOON}
    drop = {"fault": "api.deny", "how": "drop", "until": NOON}
    pbx = make_pbx(faults=[bad, drop])
    assert [pbx.handshake(CLIENT, BEGAN + offset).defect for offset in (0, 790)] == [None, "expired"]
    assert [pbx.admit(CLIENT, 0, BEGAN + offset).serve for offset in (0, 790)] == [False, True]
    pbx.change_clock(load_clock_change({"now": "2013-12-03T19:00:00Z"}), BEGAN)
    assert pbx.admit(CLIENT, 0, BEGAN).serve


def test_a_time_to_live_ends_in_nothing():
    """After so many seconds of wall-clock time the fault is gone from the list, and its name is free."""
    pbx = make_pbx(faults=[{**SLOW, "ttl": 300}])
    assert [slow(pbx, seconds=offset) for offset in (0, 299.9)] == [True, True]
    assert len(pbx.faults.listed(at(299.9))) == 1
    assert pbx.faults.listed(at(300)) == []
    assert not slow(pbx, seconds=300)
    assert pbx.faults.arm(SLOW, BEGAN + 301).arming.name == "slow"


def test_a_name_is_free_when_its_fault_has_lived_its_time():
    """Also where nobody has asked for anything since, and what is over cannot be changed back to life."""
    book = make_pbx(faults=[{**SLOW, "ttl": 300}]).faults
    with pytest.raises(NotArmed):
        book.change("slow", {"ttl": 600}, BEGAN + 300)
    book = make_pbx(faults=[{**SLOW, "ttl": 300}]).faults
    assert book.arm(SLOW, BEGAN + 300).arming.name == "slow"


def test_a_ramp_lets_the_chance_grow():
    """It is 0 at first, then more and more, and at the end what it is without a ramp."""
    pbx = make_pbx(faults=[{**SLOW, "ramp": 1000}])
    shares = [sum(slow(pbx, seconds=offset) for _ in range(200)) / 200 for offset in (0, 250, 500, 1000, 5000)]
    assert shares[0] == 0
    assert 0.1 < shares[1] < 0.4 < shares[2] < 0.65
    assert shares[3:] == [1, 1]


def test_a_ramp_after_an_instant_begins_there():
    """On the clock of that instant, not when the fault was armed."""
    pbx = make_pbx(faults=[{**SLOW, "after": NOON, "ramp": 10, "times": 1}])
    assert not slow(pbx, seconds=790)
    assert slow(pbx, seconds=800)


# The book


@pytest.fixture
def pbx() -> Pbx:
    return make_pbx(faults=[SLOW, {"fault": "api.deny", "name": "no", "when": {"nth": [9]}}])


def test_a_change_keeps_place_and_counters(pbx):
    """Only what is named is changed; counters and order go on."""
    slow(pbx)
    changed = pbx.faults.change("slow", {"seconds": 9, "times": 2}, BEGAN)
    assert (changed.matched, changed.fired) == (1, 1)
    assert [one.arming.name for one in pbx.faults.listed(at())] == ["slow", "no"]
    assert pbx.answer(request("/cdrapi"), at()).steps[0].seconds == 9
    assert not slow(pbx)


def test_null_takes_a_term_away(pbx):
    """A term that may be left out is left out again."""
    pbx.faults.change("slow", {"times": 1, "until": NOON}, BEGAN)
    told = pbx.faults.change("slow", {"until": None, "times": None}, BEGAN).arming.as_json()
    assert told["times"] is None
    assert "until" not in told


def test_a_life_that_is_changed_begins_anew(pbx):
    """So many seconds from the change on, not from the arming."""
    pbx.faults.change("slow", {"ttl": 60}, BEGAN + 1000)
    assert slow(pbx, seconds=1059)
    assert not slow(pbx, seconds=1060)


def test_a_change_that_is_wrong_changes_nothing(pbx):
    """Kind and name stay; every other objection is that of arming."""
    for changes, path in (({"fault": "api.deny"}, "fault"), ({"name": "x"}, "name"), ({"seconds": -1}, "seconds")):
        with pytest.raises(FaultRefused) as caught:
            pbx.faults.change("slow", changes, BEGAN)
        assert [said.path for said in caught.value.said] == [(path,)]
    assert pbx.answer(request("/cdrapi"), at()).steps[0].seconds == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [("slw", "no fault 'slw' is armed; did you mean 'slow'?"), ("x", "no fault 'x' is armed; armed are slow, no")],
)
def test_what_is_not_armed_is_told_with_what_is(pbx, name, said):
    """Both for a change and for disarming."""
    for do in (lambda: pbx.faults.change(name, {}, BEGAN), lambda: pbx.faults.disarm(name)):
        with pytest.raises(NotArmed) as caught:
            do()
        assert str(caught.value) == said


def test_clearing_poisons_nothing(pbx):
    """Afterwards every value is as good as on a PBX that never had a fault, and the same faults can be armed again."""
    pbx.faults.arm({"fault": "tls.certificate", "defect": "expired"}, BEGAN)
    pbx.faults.arm({"fault": "api.deny", "how": "drop"}, BEGAN)
    assert pbx.faults.clear() == 4
    good = make_pbx()
    assert pbx.answer(request("/cdrapi"), at()) == good.answer(request("/cdrapi"), at())
    assert pbx.handshake(CLIENT, BEGAN) == good.handshake(CLIENT, BEGAN)
    assert pbx.admit(CLIENT, 0, BEGAN) == good.admit(CLIENT, 0, BEGAN)
    assert pbx.faults.arm(SLOW, BEGAN).fired == 0


def test_what_was_settled_before_goes_on(pbx):
    """A request that was decided while a fault was armed is answered with it, and counts nowhere else."""
    lookup = pbx.decide(request("/cdrapi"), at())
    pbx.faults.clear()
    again = pbx.faults.arm(SLOW, BEGAN)
    assert lookup.reply().faults == ("slow",)
    assert again.fired == 0


def test_whoever_watches_the_book_is_told():
    """Arming, changing, disarming, expiring and clearing are all told."""
    told = []
    book = make_pbx().faults
    book.changed = lambda: told.append(len(book.armed))
    book.arm(SLOW, BEGAN)
    book.change("slow", {"ttl": 1}, BEGAN)
    book.settle(Moment.ADMIT, Facts(CLIENT), at(5))
    book.arm(SLOW, BEGAN)
    book.disarm("slow")
    book.clear()
    assert told == [1, 1, 0, 1, 0, 0]


def test_of_names_that_were_armed_the_latest_are_remembered() -> None:
    """However many come and go: those of the journal are asked for by them."""
    book = make_pbx().faults
    for number in range(REMEMBERED + 10):
        book.arm({"fault": "tcp.mute", "name": f"n{number}"}, BEGAN)
        book.clear()
    book.arm({"fault": "tcp.mute", "name": "n10"}, BEGAN)
    assert [*book.names] == [*(f"n{number}" for number in range(11, REMEMBERED + 10)), "n10"]
