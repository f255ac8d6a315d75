"""The legs and the rows of every shape: what all have in common, and the golden ones."""

from __future__ import annotations

import pytest

from tests.golden.shapes import HOME, WRITERS, shape_files
from tests.shaped import IN_EVERY_KIND, rows, rows_of
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import Event, What
from ucmsim.calls.legs import Leg
from ucmsim.calls.shapes import BY_ID, Shape
from ucmsim.calls.stage import example
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES, Personality


@pytest.mark.parametrize("name", WRITERS)
def test_the_rows_of_every_shape_are_the_golden_ones(name: str) -> None:
    """Byte by byte, and there is a file for each shape and no other."""
    made = {shape: page for writer, shape, page in shape_files() if writer == name}
    kept = {file.stem: file.read_bytes() for file in (HOME / name).iterdir()}
    assert sorted(kept) == sorted(made)
    for shape, page in made.items():
        assert page == kept[shape], f"{name}: {shape}"


def all_legs(shape: Shape, kind: str) -> list[Leg]:
    story = shape.story(example(), kind)
    return [leg for call in story for leg in legs(call, story)]


@IN_EVERY_KIND
def test_a_leg_lies_within_its_call(shape: Shape, kind: str) -> None:
    """It begins, is answered and ends in that order."""
    for leg in all_legs(shape, kind):
        assert leg.call.start <= leg.start <= leg.turn <= leg.end <= (leg.call.ended or leg.end)


@IN_EVERY_KIND
@pytest.mark.parametrize("device", PERSONALITIES, ids=[row.id for row in PERSONALITIES])
def test_rows_keep_the_rules_of_their_disposition(shape: Shape, kind: str, device: Personality) -> None:
    """What is not answered has no billsec and nobody who answered; what is has both times. https-api 5.2."""
    for row in rows(shape.id, device.id, kind):
        assert 0 <= int(row["billsec"]) <= int(row["duration"])
        if row["disposition"] == "ANSWERED":
            assert row["answer"] <= row["end"]
            assert row["answer"]
            assert row["dstanswer"] or device.generation == "G1"
        else:
            assert (row["billsec"], row["dstanswer"], row["recordfiles"]) == ("0", "", "")
            assert row["disposition"] in ("NO ANSWER", "BUSY", "FAILED")
        if row["disposition"] == "FAILED":
            assert row["dstchannel"] == ""


@IN_EVERY_KIND
def test_rows_of_a_story_share_what_they_should(shape: Shape, kind: str) -> None:
    """One uniqueid a channel that came in, and sessions of the calls of the story, in which a helper has no other."""
    story = shape.story(example(), kind)
    found = rows_of(story)
    assert {row["uniqueid"] for row in found} <= {f"{call.start // SECOND}.{call.made}" for call in story}
    assert len({row["session"] for row in found}) <= len(story)


def test_a_call_that_is_up_when_the_unit_stops_has_no_row() -> None:
    """Nothing was written yet."""
    assert rows("unfinished") == []


def test_a_call_on_hold_has_the_row_of_one_that_is_not() -> None:
    """No CDR tells of it."""
    assert rows("held") == rows("answered")


def test_a_page_rings_all_and_ends_for_all() -> None:
    """Whoever does not answer stops ringing when the page ends."""
    stage = example()
    (call,) = BY_ID["paging"].story(stage)
    late = [event for event in call.events if event.what is not What.BUSY]
    found = legs(call._replace(events=tuple(late)))
    assert [(leg.reached.number, leg.disposition) for leg in found] == [
        ("1002", "ANSWERED"), ("1003", "ANSWERED"), ("1004", "NO ANSWER"),
    ]  # fmt: skip


def test_a_caller_who_hangs_up_while_several_ring_leaves_a_row_for_each() -> None:
    """None of them answered."""
    (call,) = BY_ID["ring-group"].story(example())
    events = [event for event in call.events if event.what not in (What.ANSWER, What.BUSY, What.HANG_UP)]
    end = Event(call.start + 5 * SECOND, What.HANG_UP)
    found = legs(call._replace(events=(*events, end)))
    assert [leg.disposition for leg in found[2:]] == ["NO ANSWER"] * 3
    assert {leg.end for leg in found[2:]} == {end.at}
