"""What is asked for often, as the README has it; the fault that it teaches to write; and that all ends well."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doc_tables import README
from tests.faultwire import Open, Wire
from tests.makers import ACCOUNT, BEGAN, CLIENT, DEFECTS, another_row, make_pbx
from tests.test_fault_api import logged_in
from tests.test_fault_media import ONE, WRITTEN
from ucmsim.faults import KINDS, FaultRefused, Kind, Moment, arming
from ucmsim.http.reply import Reply
from ucmsim.store.records import Record, Recording

RECIPES: dict[str, dict[str, Any]] = {
    line.split("|")[1].strip(): json.loads(line.split("`")[1])
    for line in README.read_text().splitlines()
    if re.match(r'\| [^|]+ \| `\{"fault"', line)
}


def statuses(wire: Wire, count: int, target: str = "/cdrapi", **more: str) -> list[int]:
    return [wire.ask(target, **more).status for _ in range(count)]


def _half_a_page(spec: dict[str, Any]) -> None:
    broken, good = Wire(spec), Wire()
    pages = [f"/cdrapi?numRecords=1&offset={offset}" for offset in range(3)]
    assert [broken.ask(page).raw == good.ask(page).raw for page in pages] == [True, False, True]


def _at_noon(spec: dict[str, Any]) -> None:
    noon = datetime.fromisoformat(spec["after"])
    pbx = make_pbx(faults=[spec])
    assert [pbx.handshake(CLIENT, BEGAN).defect] == [None]
    pbx = make_pbx(faults=[spec], clock={"start": noon.isoformat()})
    assert pbx.handshake(CLIENT, BEGAN).defect == "expired"


def _five_minutes(spec: dict[str, Any]) -> None:
    wire = Wire(spec)
    assert statuses(wire, 2) == [403, 403]
    wire.clock.advance(300)
    assert statuses(wire, 2) == [200, 200]


def _one_in_ten(spec: dict[str, Any]) -> None:
    found = statuses(Wire(spec), 200)
    assert set(found) == {200, 503}
    assert 5 <= found.count(503) <= 40


def _slower_and_slower(spec: dict[str, Any]) -> None:
    def slow(after: float) -> int:
        wire = Wire(spec)
        wire.clock.advance(after)
        return sum(not wire.open().raw for _ in range(40))

    assert slow(0) == 0 < slow(1800) < slow(3600) == 40


def _another_password(spec: dict[str, Any]) -> None:
    before, after = Wire(spec, api=ACCOUNT), Wire(spec, api=ACCOUNT, clock={"start": spec["after"]})
    assert [logged_in(before).status, logged_in(after).status] == [200, 401]
    assert logged_in(after, password=spec["password"]).status == 200


def _a_restart(spec: dict[str, Any]) -> None:
    wire = Wire(spec)
    assert [wire.ask().ended for _ in range(4)] == ["notify", "notify", "reset", "notify"]
    assert not wire.pbx.port(BEGAN + 29)[0].is_open
    assert wire.pbx.port(BEGAN + 30)[0].is_open


def _a_call_comes_in(spec: dict[str, Any]) -> None:
    pages = [Wire(spec).ask(f"/cdrapi?numRecords=1&offset={offset}").body for offset in range(2)]
    assert pages[0] == pages[1]


def _a_negative_duration(spec: dict[str, Any]) -> None:
    wrong, right = (Wire(*faults).ask().body.decode().splitlines() for faults in ((spec,), ()))
    differs = [line for line, good in zip(wrong, right, strict=True) if line != good]
    assert len(differs) == 1
    assert differs[0].startswith("62,")
    assert ",-1,-1," in differs[0]


def _another_firmware(spec: dict[str, Any]) -> None:
    assert Wire(spec).ask().header("Server") == "Asterisk/13.38.3"


def _at_the_third_attempt(spec: dict[str, Any]) -> None:
    wire = Wire(spec)
    wire.pbx.history.keep([Record(another_row(), [Recording("monitor", ONE, WRITTEN, 100)])])
    assert statuses(wire, 3, f"/recapi?filedir=monitor&filename={ONE}") == [404, 404, 200]


def _reset_after_so_much(spec: dict[str, Any]) -> None:
    traffic = make_pbx(faults=[spec]).admit(CLIENT, 0, BEGAN).traffic
    assert (traffic.limit, traffic.ending) == (65536, "reset")


PROOFS: dict[str, Callable[[dict[str, Any]], None]] = {
    "the second page breaks off in the middle": _half_a_page,
    "an expired certificate is shown from noon on": _at_noon,
    "everybody is denied for five minutes": _five_minutes,
    "one request in ten gets 503": _one_in_ten,
    "answers become slow in the course of an hour": _slower_and_slower,
    "somebody changes the password in mid-run": _another_password,
    "the PBX restarts in the middle of the third request": _a_restart,
    "a call comes in while pages are read": _a_call_comes_in,
    "one call has a negative duration": _a_negative_duration,
    "the firmware is another one from now on": _another_firmware,
    "a recording is there at the third attempt only": _at_the_third_attempt,
    "the connection is reset after 64 KiB": _reset_after_so_much,
}


@pytest.mark.parametrize("what", PROOFS)
def test_a_recipe_does_what_it_promises(what):
    """What the README says of it is what comes."""
    PROOFS[what](RECIPES[what])


def test_every_recipe_has_its_proof():
    """None stands in the README alone."""
    assert RECIPES.keys() == PROOFS.keys()


def test_the_fault_that_is_taught_works():
    """The lines of the README make a record and a row that are as good as any other."""
    text = README.read_text().partition("### Write your own fault\n")[2]
    code = text.partition("```py\n")[2].partition("```")[0]
    names: dict[str, Any] = {
        "dataclass": dataclass, "ClassVar": ClassVar, "Moment": Moment, "Reply": Reply, "replace": replace, "Kind": Kind,
    }  # fmt: skip
    exec(compile(code, "README.md", "exec", dont_inherit=True), names)
    row = names["ROW"]
    reply = row.record()(Reply(200, "OK", (), ()))
    assert (reply.head, row.fields, row.plane) == (b"HTTP/1.1 418 I'm a teapot\r\n\r\n", ("title",), "http")


# Random sequences

FIELDS: dict[str, dict[str, Any]] = {
    "tls.certificate": {"defect": "expired"}, "http.latency": {"seconds": 1}, "tcp.latency": {"seconds": 1},
    "tcp.bandwidth": {"rate": 100}, "tcp.limit": {"connections": 0}, "http.redirect": {"location": "/cdrapi"},
    "data.unfiltered": {"parameter": "caller"}, "api.quirk": {"id": "order", "value": "desc"},
    "api.personality": {"id": "ucm6200"},
}  # fmt: skip
"""What has no default."""


@pytest.mark.parametrize("kind", KINDS, ids=[kind.id for kind in KINDS])
def test_a_kind_can_be_armed_with_its_defaults(kind):
    """What must be given is little; what comes of it can be written down and armed again."""
    spec = {"fault": kind.id, **FIELDS.get(kind.id, {})}
    once = arming(spec, defects=DEFECTS)
    assert arming(json.loads(json.dumps(once.as_json())), defects=DEFECTS) == once


terms = st.fixed_dictionaries(
    {},
    optional={
        "times": st.integers(1, 3), "chance": st.sampled_from([0.0, 0.5, 1.0]), "ttl": st.sampled_from([1, 50]),
        "ramp": st.sampled_from([10, 100]),
        "when": st.sampled_from([{}, {"path": "/cdrapi"}, {"nth": [1, 3]}, {"format": "csv"}, {"acctid": [62]}, {"page": [2]}]),
    },
)  # fmt: skip
steps = st.one_of(
    st.tuples(st.just("arm"), st.sampled_from([kind.id for kind in KINDS]), terms),
    st.tuples(
        st.just("ask"), st.sampled_from(["/cdrapi", "/cdrapi?format=json", "/cdrapi?caler=1", "/recapi", "/nowhere"])
    ),
    st.tuples(st.just("connect"), st.none()),
    st.tuples(st.just("advance"), st.sampled_from([0.5, 60.0])),
    st.tuples(st.just("disarm"), st.none()),
    st.tuples(st.just("clear"), st.none()),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(steps, min_size=1, max_size=25))
def test_whatever_happens_it_ends_well(story):
    """However faults are armed, met and cleared: cleared, every decision is that of a PBX which never had one."""
    wire = Wire()
    opened = [connection for step in story if (connection := _done(wire, *step)) is not None]
    wire.pbx.faults.clear()
    wire.clock.advance(86_500)  # no restart, drip or latency takes longer
    for connection in opened:
        connection.vanish()
    assert wire.clock.getDelayedCalls() == []
    good = Wire()
    good.clock.advance(wire.clock.seconds() - good.clock.seconds())
    for target in (
        "/cdrapi",
        "/cdrapi?format=json&numRecords=2&offset=1",
        "/cdrapi?x=1",
        "/recapi",
        "/recapi?filename=x",
        "/x",
    ):
        assert wire.ask(target).raw == good.ask(target).raw
    wall = wire.clock.seconds()
    assert wire.pbx.admit(CLIENT, 0, wall) == good.pbx.admit(CLIENT, 0, wall)
    assert wire.pbx.handshake(CLIENT, wall) == good.pbx.handshake(CLIENT, wall)
    assert wire.pbx.port(wall)[0].is_open


def _done(wire: Wire, what: str, *how: Any) -> Open | None:
    """Do one step; return a connection that it opened."""
    book, wall = wire.pbx.faults, wire.clock.seconds()
    match what:
        case "arm":
            try:
                book.arm({"fault": how[0], **FIELDS.get(how[0], {}), **how[1]}, wall)
            except FaultRefused:  # conditions that cannot be known
                assert how[1]
        case "ask":
            return wire.open(how[0])
        case "connect":
            wire.pbx.admit(CLIENT, 3, wall)
            wire.pbx.handshake(CLIENT, wall)
            wire.pbx.port(wall)
        case "advance":
            wire.clock.advance(how[0])
        case "disarm" if book.armed:
            book.disarm(next(iter(book.armed)))
        case "clear":
            book.clear()
    return None


def test_arming_and_clearing_take_no_time_under_load():
    """With a thousand replies under way, arming one and clearing a hundred take less than a tenth of a second each."""
    wire = Wire({"fault": "http.stall"})
    opened = [wire.open() for _ in range(1000)]
    began = time.perf_counter()
    for _ in range(50):
        wire.pbx.faults.arm({"fault": "http.status"}, BEGAN)
        wire.pbx.faults.arm({"fault": "data.drop"}, BEGAN)
    armed = time.perf_counter()
    wire.pbx.faults.clear()
    cleared = time.perf_counter()
    assert cleared - armed < 0.1
    assert (armed - began) / 100 < 0.1
    for connection in opened:
        connection.vanish()
    assert wire.ask().raw == Wire().ask().raw
