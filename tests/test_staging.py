"""What a call that is wished for comes to: who takes part, and what of a wish a shape can do nothing with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ucmsim.asking.staging import staged
from ucmsim.asking.wishes import wished
from ucmsim.calls import Firmware, Office
from ucmsim.calls.events import KINDS, What, talks
from ucmsim.calls.locales import Locales
from ucmsim.calls.recorder import recordable
from ucmsim.calls.shapes import BY_ID, SHAPES, Shape, Story
from ucmsim.calls.stage import example
from ucmsim.calls.trunks import carried
from ucmsim.calls.world import CallWorld
from ucmsim.calls.writing import Past
from ucmsim.columns import NAMES
from ucmsim.contract.fields import FieldRefused
from ucmsim.instants import SECOND, microseconds
from ucmsim.settings import Pbx, load_pbx
from ucmsim.store.records import Record

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
CALLER = "07700900123"
ENDS: dict[str, dict[str, str]] = {
    "Internal": {"from": "1001", "to": "1002"},
    "Inbound": {"from": CALLER, "to": "1002"},
    "Outbound": {"from": "1001", "to": CALLER},
}
PERSONALITIES = ("ucm6100", "ucm6510")


@cache
def settings(personality: str = "ucm6100") -> Pbx:
    trunks = [{"name": "pstn", "kind": "analogue", "channels": 2}, {"name": "carrier", "channels": 12}]
    return load_pbx({"time_zone": "UTC", "personality": personality, "trunks": trunks}, Path())


@cache
def office() -> Office:
    return Office.of(settings(), Random(1), Random(1), Locales())


def story_of(shape: str, call: dict[str, Any]) -> Story:
    return staged(wished({"shape": shape, **call}, NOW), office())


def written(story: Story, personality: str) -> list[Record]:
    """Return what a unit writes of a call."""
    of = settings(personality)
    world = CallWorld(Firmware.of(of.register, of.time_zone), iter(()), Past(0, "", {}))
    world.place(story)
    return list(world.records(story[0].start + 86_400 * SECOND))


@pytest.mark.parametrize(("shape", "number"), [("ivr", "7000"), ("ivr", "3125550100"), ("queue", "6500")])
def test_somebody_outside_calls_the_number_of_a_feature(shape: str, number: str) -> None:
    """The feature's own, or that of the DID which it is behind."""
    (call,) = story_of(shape, {"from": CALLER, "to": number})
    assert (call.shape, call.kind, call.caller.number, call.start) == (shape, "Inbound", CALLER, microseconds(NOW))


NEITHER = f"neither '{CALLER}' nor '{{}}' is an extension of this PBX (1000 to 1049)"


@pytest.mark.parametrize(
    ("shape", "to", "said"),
    [
        ("ivr", "6500", f"{NEITHER}; a call of shape 'ivr' from outside may go to 3125550100 or 7000 too"),
        ("answered", "3125550100", NEITHER),
        ("account-code", "3125550123", NEITHER),
        ("conference", "6300", "a call of shape 'conference' is Internal, not Inbound; an extension calls 6300 there"),
    ],
)
def test_who_calls_from_outside_what_there_is_not_is_told_what_there_is(shape: str, to: str, said: str) -> None:
    """The extensions, and the numbers that lead to the feature."""
    with pytest.raises(FieldRefused) as refused:
        story_of(shape, {"from": CALLER, "to": to})
    assert (str(refused.value), refused.value.field) == (said.format(to), "from")


IDLE = "'{}' makes no difference to a call of shape '{}'; leave it out"
NOT_RECORDED = "nobody talks in a call of shape '{1}' who would be recorded; leave '{0}' out"


@pytest.mark.parametrize(
    ("shape", "kind", "how", "said"),
    [
        ("busy", "Internal", {"talk": 60}, IDLE),
        ("fax", "Inbound", {"ring": 9}, IDLE),
        ("ivr", "Inbound", {"ring": 9}, IDLE),
        ("no-answer", "Outbound", {"recorded": True}, NOT_RECORDED),
        ("paging", "Internal", {"recorded": "ami"}, NOT_RECORDED),
    ],
)
def test_what_makes_no_difference_to_a_call_is_refused(shape: str, kind: str, how: dict[str, Any], said: str) -> None:
    """Nobody is to wait for a talk of a shape that has none; 0 seconds and false are what it has."""
    (field,) = how
    with pytest.raises(FieldRefused) as refused:
        story_of(shape, {**ENDS[kind], **how})
    assert (str(refused.value), refused.value.field) == (said.format(field, shape), field)
    none = {field: False if field == "recorded" else 0}
    assert story_of(shape, {**ENDS[kind], **none})[0].shape == shape


@pytest.mark.parametrize("shape", ["ring-group", "ring_group", "queue", "paging", "queue-abandoned"])
@pytest.mark.parametrize("phones", [None, 1, 2, 7])
def test_a_call_rings_as_many_phones_as_are_wished_for(shape: str, phones: int | None) -> None:
    """Three, or two agents, where the wish does not say; who is named is among them, and takes the call of a queue last."""
    queued = shape.startswith("queue")
    number = "6700" if shape == "paging" else "6400"
    call: dict[str, Any] = {"from": CALLER, "to": "1005"} if queued else {"from": "1001", "to": number}
    (made,) = story_of(shape, call if phones is None else {**call, "phones": phones})
    rung = [event.to.number for event in made.events if event.what is What.DIAL and event.to]
    assert len(rung) == len(set(rung)) == (phones or (2 if queued else 3))
    assert "1001" not in rung or queued
    if queued:
        assert rung[-1] == "1005"
    assert made.shape == shape.replace("_", "-")


NO_PHONES = "a call of shape 'answered' has no number of phones; conference, ivr-ring-group, paging"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"shape": "ring-group", "to": "6400", "phones": 50}, "a call of shape 'ring-group' with 50 phones needs as many extensions beside who calls; here are 49"),
        ({"shape": "queue", "from": CALLER, "to": "6500", "phones": 51}, "a call of shape 'queue' with 51 phones needs as many extensions beside who calls; here are 50"),
        ({"shape": "answered", "to": "1002", "phones": 2}, NO_PHONES),
        ({"shape": "paging", "to": "6700", "phones": 0}, "'phones' is a whole number from 1 to 100, not 0"),
        ({"shape": "paging", "to": "6700", "phones": 101}, "'phones' is a whole number from 1 to 100, not 101"),
        ({"shape": "paging", "to": "6700", "phones": "3"}, "'phones' is a whole number from 1 to 100, not \"3\""),
        ({"shape": "paging", "to": "6700", "phones": True}, "'phones' is a whole number from 1 to 100, not true"),
    ],
)  # fmt: skip
def test_phones_that_there_cannot_be_are_refused(call: dict[str, Any], said: str) -> None:
    """Where the PBX has too few, where the shape has none, and where it is no number."""
    with pytest.raises(FieldRefused) as refused:
        staged(wished({"from": "1001", **call}, NOW), office())
    assert str(refused.value).startswith(said)
    assert refused.value.field == "phones"


@pytest.mark.parametrize("delay", [0, 0.25, 3660 * 86_400])
def test_a_call_may_begin_some_seconds_from_now(delay: float) -> None:
    """From the same now as everything else that is placed with it."""
    assert wished({"shape": "answered", "from": "1001", "to": "1002", "delay": delay}, NOW).at == NOW + timedelta(
        seconds=delay
    )


@pytest.mark.parametrize(
    ("call", "now", "said"),
    [
        ({"delay": 1, "at": NOW.isoformat()}, NOW, "'delay' does not go with 'at'; keep one of the two"),
        ({"delay": "1"}, NOW, "'delay' is a number of seconds from 0 to 316224000, not \"1\""),
        ({"delay": 3660 * 86_400 + 1}, NOW, "'delay' is a number of seconds from 0 to 316224000, not 316224001"),
        ({"delay": 86_400}, datetime(9999, 12, 31, tzinfo=UTC), "86400.0 s after 9999-12-31T00:00:00+00:00 is after the year 9999"),
    ],
)  # fmt: skip
def test_a_beginning_that_there_cannot_be_is_refused(call: dict[str, Any], now: datetime, said: str) -> None:
    """A call has one beginning, within time."""
    with pytest.raises(FieldRefused) as refused:
        wished({"shape": "answered", "from": "1001", "to": "1002", **call}, now)
    assert (str(refused.value), refused.value.field) == (said, "delay")


ONWARD = [shape.id for shape in SHAPES if shape.goes_on]


@pytest.mark.parametrize("shape", [*ONWARD, "disa"])
def test_a_call_goes_on_to_the_number_outside_that_is_wished_for(shape: str) -> None:
    """Its channel is one of the trunk's, and the row that says so is External, or Outbound where an extension calls."""
    for kind in BY_ID[shape].kinds:
        story = story_of(shape, {**ENDS[kind], "target": "3125550177"})
        beyond = {one[:3] for call in story for one in carried(call) if one.number == "3125550177"}
        assert beyond == {("carrier", "trunk_2", "out")}
        rows = [dict(zip(NAMES, record.row, strict=True)) for record in written(story, "ucm6510")]
        said = {row["userfield"] for row in rows if row["dstanswer"] == "3125550177"}
        consult = {"Outbound"} if shape == "attended-transfer" else set()
        assert said == (consult | {"External"} if kind == "Inbound" else {"Outbound"})


@pytest.mark.parametrize("kind", ["Inbound", "Internal"])
def test_the_one_call_of_a_trunk_in_an_attended_transfer_is_told_in_two_parts(kind: str) -> None:
    """Who is asked stays on the line: the second part begins, answered, where the first one ends."""
    joined, asked = story_of("attended-transfer", {**ENDS[kind], "target": "3125550177"})
    first, second = (
        next(one for one in carried(call) if one.number == "3125550177") for call in (asked, joined)
    )  # fmt: skip
    assert first.answered == first.since + 5 * SECOND
    assert first.until == second.since == second.answered
    assert second.until == joined.ended


@pytest.mark.parametrize("shape", ONWARD)
def test_a_call_goes_on_to_the_extension_that_is_wished_for(shape: str) -> None:
    """Any but those who have a part in it already."""
    for kind in BY_ID[shape].kinds:
        story = story_of(shape, {**ENDS[kind], "target": "1040"})
        assert "1040" in {talk.to.number for call in story for talk in talks(call)}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"shape": "answered", "to": "1002", "target": "1003"}, "a call of shape 'answered' goes on to nobody else; leave 'target' out"),
        ({"shape": "answered", "to": "1002", "target": "3125550177"}, "a call of shape 'answered' goes on to nobody else; leave 'target' out"),
        ({"shape": "follow-me", "to": "1002", "target": "1002"}, "'1002' has a part in the call already; name somebody else for it to go on to"),
        ({"shape": "follow-me", "to": "1002", "target": "1001"}, "'1001' has a part in the call already; name somebody else for it to go on to"),
        ({"shape": "disa", "from": CALLER, "to": "7100", "target": "1003"}, "a call of shape 'disa' goes on to a number outside, and '1003' is an extension"),
        ({"shape": "follow-me", "to": "1002", "target": "a b"}, "'target' is a number or name of up to 40 letters, digits and + * # . _ -, not \"a b\""),
    ],
)  # fmt: skip
def test_targets_that_a_call_cannot_go_on_to_are_refused(call: dict[str, Any], said: str) -> None:
    """Of shapes that go on to nobody, and of those that do, who is in the call, or cannot be dialled there."""
    with pytest.raises(FieldRefused) as refused:
        staged(wished({"from": "1001", **call}, NOW), office())
    assert (str(refused.value), refused.value.field) == (said, "target")


def test_a_call_takes_the_trunk_that_is_wished_for() -> None:
    """Its name and place are in the row, its prefix in what is dialled; an analogue line is one of that trunk's ports."""
    trunks = [
        {"name": "first", "channels": 2}, {"name": "second", "channels": 2, "prefix": "0"},
        {"name": "pstn", "kind": "analogue", "channels": 2}, {"name": "old", "kind": "analogue", "channels": 1},
    ]  # fmt: skip
    of = Office.of(load_pbx({"trunks": trunks}, Path()), Random(1), Random(1), Locales())

    def row(shape: str, **call: str) -> dict[str, str]:
        (record,) = written(staged(wished({"shape": shape, **call}, NOW), of), "ucm6510")
        return dict(zip(NAMES, map(str, record.row), strict=True))

    gone = row("answered", **ENDS["Outbound"], trunk="second")
    assert [gone[name] for name in ("dst_trunk_name", "dstchannel_ext", "dst")] == ["second", "trunk_2", f"0{CALLER}"]
    assert row("answered", **ENDS["Outbound"])["dst_trunk_name"] == "first"
    assert row("answered", **ENDS["Inbound"], trunk="second")["src_trunk_name"] == "second"
    assert row("analogue", **ENDS["Inbound"], trunk="old")["channel"] == "DAHDI/3-1"
    assert row("analogue", **ENDS["Inbound"])["channel"] == "DAHDI/1-1"


@pytest.mark.parametrize("shape", ["account-code", "pin-group"])
def test_a_call_has_the_code_that_is_wished_for(shape: str) -> None:
    """With the zeros in front of it."""
    (record,) = written(story_of(shape, {**ENDS["Outbound"], "code": "0042"}), "ucm6510")
    assert record.row[NAMES.index("accountcode")] == "0042"


@pytest.mark.parametrize(
    ("field", "call", "said"),
    [
        ("trunk", {"to": CALLER, "trunk": "carier"}, "there is no trunk 'carier' of kind sip; did you mean 'carrier'?"),
        ("trunk", {"to": CALLER, "trunk": "pstn"}, "there is no trunk 'pstn' of kind sip; use carrier"),
        ("trunk", {"to": "1002", "trunk": "carrier"}, "this call of shape 'answered' takes no trunk; leave 'trunk' out"),
        ("code", {"to": CALLER, "code": "12"}, "a call of shape 'answered' has no code; account-code or pin-group have"),
        ("code", {"to": CALLER, "code": "12", "shape": "busy"}, "a call of shape 'busy' has no code; account-code or pin-group have"),
        ("code", {"to": CALLER, "code": "1a", "shape": "account-code"}, "'code' is a text of up to 20 digits, not \"1a\""),
        ("code", {"to": CALLER, "code": 12, "shape": "account-code"}, "'code' is a text, and 12 is a number; quote it: \"12\""),
    ],
)  # fmt: skip
def test_trunks_and_codes_that_a_call_cannot_have_are_refused(field: str, call: dict[str, Any], said: str) -> None:
    """Where there is no such trunk, and where the call has none, or no code."""
    with pytest.raises(FieldRefused) as refused:
        staged(wished({"shape": "answered", "from": "1001", **call}, NOW), office())
    assert (str(refused.value), refused.value.field) == (said, field)


def test_a_call_of_an_analogue_line_needs_an_analogue_trunk() -> None:
    """It bears the name of that, and others that of the first SIP trunk."""
    usual = Office.of(load_pbx({}, Path()), Random(1), Random(1), Locales())
    with pytest.raises(FieldRefused, match="needs a trunk of 'kind: analogue'"):
        staged(wished({"shape": "analogue", **ENDS["Inbound"]}, NOW), usual)
    line = story_of("analogue", ENDS["Inbound"])[0].caller
    assert (line.trunk, line.place, line.port) == ("pstn", "trunk_1", "1")
    other = story_of("answered", ENDS["Inbound"])[0].caller
    assert (other.trunk, other.place) == ("carrier", "trunk_2")


LEAVING_ROWS = [shape for shape in SHAPES if shape.id != "unfinished"]


@pytest.mark.parametrize("shape", LEAVING_ROWS, ids=[shape.id for shape in LEAVING_ROWS])
@pytest.mark.parametrize("personality", PERSONALITIES)
def test_what_is_taken_makes_a_difference(personality: str, shape: Shape) -> None:
    """What is recorded has a recording more, and another time is in the row or the truth."""
    for kind in shape.kinds:
        plain = written(story_of(shape.id, ENDS[kind]), personality)
        for how in ({"ring": 7.5}, {"talk": 3.5}, {"recorded": True}):
            try:
                story = story_of(shape.id, {**ENDS[kind], **how})
            except FieldRefused:
                continue
            assert written(story, personality) != plain


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.id for shape in SHAPES])
@pytest.mark.parametrize("personality", PERSONALITIES)
def test_recordable_is_what_a_firmware_records(personality: str, shape: Shape) -> None:
    """Nothing is refused that would have been recorded, and nothing taken that would not."""
    for kind in shape.kinds:
        story, silent = (shape.story(example()._replace(recorded=recorded), kind) for recorded in (KINDS, ()))
        kept, less = ([record.recordings for record in written(one, personality)] for one in (story, silent))
        assert (kept != less) is recordable(story)
