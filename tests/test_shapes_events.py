"""What happens in the calls of a shape: who is rung, who answers, who talks to whom, and for how long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.shaped import IN_EVERY_KIND, columns, rows_of
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import Party, What, talks
from ucmsim.calls.shapes import BY_ID, SHAPES, Shape
from ucmsim.calls.stage import Phase, example
from ucmsim.calls.truths import of_leg
from ucmsim.instants import SECOND

EVERY = pytest.mark.parametrize("shape", SHAPES, ids=[shape.id for shape in SHAPES])

RING, TALK, CHOICE = 14.3, 420.6, 9.1
AGAIN, TALK_AGAIN = 6.2, 95.4
"""The ringing and the talk of who comes second in a call."""


@IN_EVERY_KIND
def test_events_come_in_order_of_time_and_end_with_a_hang_up(shape: Shape, kind: str) -> None:
    """Only a call that is still up when the unit is switched off has none."""
    for call in shape.story(example(), kind):
        instants = [event.at for event in call.events]
        assert instants == sorted(instants)
        assert instants[0] >= call.start
        assert call.shape == shape.id
        assert (call.ended is None) is (shape.id == "unfinished")
        assert [event.what for event in call.events].count(What.HANG_UP) == (shape.id != "unfinished")


@IN_EVERY_KIND
def test_whoever_answers_was_rung(shape: Shape, kind: str) -> None:
    """Nobody answers, is busy or is given up who was not dialled before."""
    for call in shape.story(example(), kind):
        ringing = set()
        for event in call.events:
            if event.what is What.DIAL:
                ringing.add(event.to)
            elif event.what in (What.ANSWER, What.BUSY, What.GIVE_UP):
                assert event.to in ringing


@IN_EVERY_KIND
def test_talks_follow_each_other(shape: Shape, kind: str) -> None:
    """A caller is through to one at a time, from an answer to the end of the call or the next."""
    for call in shape.story(example(), kind):
        found = list(talks(call))
        assert all(talk.since < talk.until for talk in found)
        assert all(before.until <= after.since for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("shape", "due"),
    [
        ("answered", [("1002", TALK)]),
        ("no-answer", []),
        ("ivr-choice", [("7000", CHOICE + RING), ("1001", TALK)]),
        ("ivr-menus", [("7000", CHOICE), ("7001", 4.3 + RING), ("1001", TALK)]),
        ("ring-group", [("6400", RING), ("1003", TALK)]),
        ("queue", [("6500", 12.5 + 20.1 + RING), ("1003", TALK)]),
        ("blind-transfer", [("1001", TALK), ("1003", TALK_AGAIN)]),
        ("attended-transfer", [("1001", TALK + AGAIN + 27.8), ("1003", TALK_AGAIN)]),
        ("forward-busy", [("1003", TALK_AGAIN)]),
        ("parked", [("1001", TALK), ("71", 35.9), ("1003", TALK_AGAIN)]),
        ("disa", [("7100", 5.6 + RING), ("07700900123", TALK)]),
        ("paging", [("6700", 0.9 + 6.8)]),
        ("voicemail", [("1001", 15.7)]),
        ("fax", [("6800", 73.1)]),
        ("feature-code", [("*77", 2.3)]),
        ("prefix", [("07700900699", TALK)]),
        ("account-code", [("07700900699", TALK)]),
        ("pin-group", [("07700900699", TALK)]),
        ("helper-channel", [("1003", TALK)]),
        ("api-call", [("1001", TALK)]),
        ("callback", []),
    ],
)
def test_the_truth_of_a_shape(shape: str, due: list[tuple[str, float]]) -> None:
    """Who was through to the caller and for how long, whatever the rows say."""
    call = BY_ID[shape].story(example())[0]
    told = [(talk.to.number, round((talk.until - talk.since) / SECOND, 3)) for talk in talks(call)]
    assert [seconds for _, seconds in told] == [round(seconds, 3) for _, seconds in due]
    assert [number[:10] for number, _ in told] == [number[:10] for number, _ in due]


AT_LEAST: dict[str, int] = {"held": 3, "attended-transfer": 4, "queue": 3, "conference": 5, "ivr-menus": 3}
"""How many phases of these last differently; of the others as many as they have events that something happens between."""


@EVERY
def test_no_two_phases_of_a_shape_last_the_same(shape: Shape) -> None:
    """Each time that passes is another, wherever two things wait for the same thing."""
    asked: list[tuple[Phase, int]] = []

    def lasts(phase: Phase, time: int = 0) -> int:
        asked.append((phase, time))
        return (1 + len(asked)) * SECOND

    for kind in shape.kinds:
        asked.clear()
        shape.story(example()._replace(lasts=lasts), kind)
        # The one time that is taken again: two channels of a parked call or of a helper end together.
        again = len(asked) - len(set(asked))
        assert again == {"parked": 1, "helper-channel": 2}.get(shape.id, 0), asked
        assert len(set(asked)) >= AT_LEAST.get(shape.id, 1)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.phones], ids=lambda shape: shape.id)
def test_a_feature_rings_as_many_phones_as_it_has(shape: Shape, count: int) -> None:
    """All together, or one agent after another until the one who takes the call."""
    everybody = tuple(Party(str(2000 + at), "", str(2000 + at)) for at in range(count + 1))
    phones = everybody[1:]
    taker = phones[count // 2]
    stage = example()._replace(inside=everybody, phones=phones, taker=taker, engaged=phones[count // 2 + 1 :])
    story = shape.story(stage)
    rung = [event.to for call in story for event in call.events if event.what is What.DIAL]
    busy = [event.to for call in story for event in call.events if event.what is What.BUSY]
    if shape.id == "conference":
        assert [call.caller for call in story] == list(everybody)
    elif shape.phones == "queue":
        assert (rung, busy) == (list(phones[: count // 2 + 1]), [])
    else:
        assert rung == list(phones)
        assert sorted(busy, key=str) == sorted(stage.engaged, key=str)
    assert max(call.ended or 0 for call in story) > stage.start


@pytest.mark.parametrize("engaged", [0, 1, 2, 3, 4])
def test_an_agent_who_is_busy_is_told_so_by_a_queue(engaged: int) -> None:
    """And the next is rung; the caller talks to who takes the call."""
    stage = example()
    stage = stage._replace(phones=stage.inside, taker=stage.inside[-1], engaged=stage.inside[:engaged])
    found = [leg.disposition for leg in legs(*BY_ID["queue"].story(stage)) if leg.lastapp == "Dial"]
    assert found == ["BUSY"] * engaged + ["NO ANSWER"] * (4 - engaged) + ["ANSWERED"]


GOING_ON = [shape for shape in SHAPES if shape.goes_on]


@pytest.mark.quirk("external-calls")
@pytest.mark.parametrize("kind", ["Inbound", "Internal"])
@pytest.mark.parametrize("shape", GOING_ON, ids=lambda shape: shape.id)
def test_a_call_goes_on_to_a_number_outside(shape: Shape, kind: str) -> None:
    """Over a trunk, as a call that goes out, from trunk to trunk where it came over one; the prefix is dialled there only."""
    stage = example()
    stage = stage._replace(target=stage.beyond, prefix="9")
    story = shape.story(stage, kind)
    for value in ("external", "outbound"):
        *_, last = rows_of(story, external_calls=value)
        due = {"external": "External", "outbound": "Outbound"}[value] if kind == "Inbound" else "Outbound"
        assert (last["userfield"], last["dst"], last["dstanswer"]) == (due, "907700900123", "07700900123")
        assert (last["src_trunk_name"], last["dst_trunk_name"]) == (
            "carrier-b" if kind == "Inbound" else "",
            "carrier-b",
        )
        assert last["dcontext"] == "outbound-route-2"
        assert last["dstchannel"].startswith("SIP/trunk_2-")
        assert last["recordfiles"].endswith("-907700900123.wav@")
    told = [of_leg(leg) for call in story for leg in legs(call, story)]
    assert {one.trunk_out for one in told if one.reached == "07700900123"} == {"carrier-b"}
    assert {one.kind for one in told} - {"Outbound"} == {kind}  # that of the call, whatever its trunks


@pytest.mark.parametrize("kind", ["Inbound", "Internal"])
@pytest.mark.parametrize("shape", GOING_ON, ids=lambda shape: shape.id)
def test_a_call_that_finds_no_channel_to_go_on_fails(shape: Shape, kind: str) -> None:
    """It meets congestion on the way outside; in an attended transfer the callee comes back to the caller."""
    stage = example()
    story = shape.story(stage._replace(target=stage.beyond, congested=True), kind)
    failed = [row for row in rows_of(story) if row["disposition"] == "FAILED"]
    assert columns(failed, "lastapp", "dst", "dst_trunk_name") == [("Congestion", "07700900123", "carrier-b")]
    assert not [
        event for call in story for event in call.events if event.what is What.DIAL and event.to == stage.beyond
    ]
    last = list(talks(story[0]))
    assert [talk.to.number for talk in last] == (
        [] if "forward" in shape.id or shape.id == "follow-me" else [last[0].to.number]
    )
