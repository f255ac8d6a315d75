"""The shapes of calls: what happens in them, which legs the dialplan makes of it, and the rows of each generation."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from tests.golden.shapes import HOME, WRITERS, shape_files
from ucmsim.asking.callquery import sought
from ucmsim.asking.staging import shape_of
from ucmsim.calls import Firmware
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import Call, Event, Party, What, talks
from ucmsim.calls.legs import Leg
from ucmsim.calls.projection import written
from ucmsim.calls.shapes import BY_ID, SHAPES, Shape
from ucmsim.calls.stage import Phase, example
from ucmsim.calls.truths import of_leg
from ucmsim.cli import main
from ucmsim.columns import NAMES
from ucmsim.contract.fields import FieldRefused
from ucmsim.faults import FaultRefused, arming
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES, Personality, personality
from ucmsim.register import Quirks

EVERY = pytest.mark.parametrize("shape", SHAPES, ids=[shape.id for shape in SHAPES])
PLAYED = [(shape, kind) for shape in SHAPES for kind in shape.kinds]
IN_EVERY_KIND = pytest.mark.parametrize(("shape", "kind"), PLAYED, ids=[f"{shape.id}-{kind}" for shape, kind in PLAYED])
RING, TALK, CHOICE = 14.3, 420.6, 9.1
AGAIN, TALK_AGAIN = 6.2, 95.4
"""The ringing and the talk of who comes second in a call."""


def rows_of(story: tuple[Call, ...], name: str = "ucm6510", **quirks: str) -> list[dict[str, str]]:
    """Return the rows that a personality writes of *story*, by column; quirks have underscores for hyphens."""
    chosen = {quirk.replace("_", "-"): value for quirk, value in quirks.items()}
    firmware = Firmware.of(Quirks.of(personality(name), chosen), ZoneInfo("UTC"))
    return [dict(zip(NAMES, row, strict=True)) for row in written(story, firmware)]


def rows(shape: str, name: str = "ucm6510", kind: str = "", **quirks: str) -> list[dict[str, str]]:
    """Return the rows of a shape."""
    return rows_of(BY_ID[shape].story(example(), kind), name, **quirks)


def columns(found: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    """Return some columns of rows."""
    return [tuple(row[name] for name in names) for row in found]


# The golden rows


@pytest.mark.parametrize("name", WRITERS)
def test_the_rows_of_every_shape_are_the_golden_ones(name: str) -> None:
    """Byte by byte, and there is a file for each shape and no other."""
    made = {shape: page for writer, shape, page in shape_files() if writer == name}
    kept = {file.stem: file.read_bytes() for file in (HOME / name).iterdir()}
    assert sorted(kept) == sorted(made)
    for shape, page in made.items():
        assert page == kept[shape], f"{name}: {shape}"


# What happens


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


def test_on_a_helper_channel_nobody_talks_and_a_callback_is_taken_by_the_ivr() -> None:
    """The second channel of each: none of its own, and who asked for the call."""
    assert list(talks(BY_ID["helper-channel"].story(example())[1])) == []
    (talk,) = talks(BY_ID["callback"].story(example())[1])
    assert (talk.to.number, (talk.until - talk.since) / SECOND) == ("7000", 23.4)


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


def truths(shape: str, kind: str = "") -> list[tuple[str, ...]]:
    """Return what is stored of the truth of each leg of a shape, without the instants."""
    story = BY_ID[shape].story(example(), kind)
    found = [of_leg(leg) for call in story for leg in legs(call, story)]
    return [(one.kind, one.caller, one.reached, one.trunk_in, one.trunk_out) for one in found]


def test_what_the_pbx_begins_goes_out_whatever_its_rows_say() -> None:
    """It is the unit that pays for the trunk of a callback and of a call by the API; a helper's leg is no call."""
    carrier = "carrier-b"
    assert truths("callback") == [
        ("Inbound", "07700900699", "3125550199", carrier, ""), ("Outbound", "07700900699", "7000", "", carrier),
    ]  # fmt: skip
    assert truths("api-call", "Inbound") == [
        ("Outbound", "api", "07700900699", "", carrier), ("Outbound", "07700900699", "1001", "", carrier),
    ]  # fmt: skip
    assert truths("api-call", "Outbound") == [
        ("Internal", "api", "1001", "", ""), ("Outbound", "1001", "07700900699", "", carrier),
    ]  # fmt: skip
    assert truths("api-call", "Internal") == [("Internal", "api", "1001", "", ""), ("Internal", "1001", "1002", "", "")]
    assert [kind for kind, *_ in truths("helper-channel")] == ["Inbound", "Inbound", "Helper"]
    assert {row["userfield"] for row in rows("callback")} == {"Inbound"}
    assert [row["userfield"] for row in rows("api-call", kind="Outbound")] == ["Internal", "Outbound"]


# Legs and rows


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


# Quirks of shapes


DEVICES = tuple(device.id for device in PERSONALITIES)
OLDER, UCM62XX = DEVICES[:5], DEVICES[5:]
"""Those of the guides and of CAP22, and those of which captures of a UCM62xx tell. Spec 0b."""


def by_device(older: object, ucm62xx: object) -> dict[str, object]:
    """Return what is due by personality."""
    return {name: older if name in OLDER else ucm62xx for name in DEVICES}


@pytest.mark.quirk("did-row")
def test_the_did_has_a_row_of_its_own_but_on_a_ucm62xx() -> None:
    """There an IVR's own row and that of who was dialled are all, in one session, as in each of its 155 groups."""
    for name in OLDER:
        found = rows("ivr-choice", name)
        assert columns(found, "lastapp", "lastdata", "disposition")[:2] == [
            ("ForkCDR", "ae", "NO ANSWER"), ("ForkCDR", "are", "ANSWERED"),
        ]  # fmt: skip
        assert rows("ivr-choice", name, did_row="own") == found
    for name in UCM62XX:
        found = rows("ivr-choice", name)
        assert columns(found, "lastapp", "dst", "dcontext", "action_type") == [
            ("ForkCDR", "7000", "ivr-1", "IVR[7000]"), ("Dial", "1001", "ivr-from-internal", "IVR[7000]"),
        ]  # fmt: skip
        assert found[0]["lastdata"] == "are"
        assert len({row["session"] for row in found}) == 1
        assert rows("ivr-choice", name, did_row="none") == found


@pytest.mark.quirk("did-row", "fork-rows")
def test_forked_parts_have_rows_or_none() -> None:
    """Without the first row, or without any of them."""
    assert [row["lastapp"] for row in rows("ivr-ring-group")] == ["ForkCDR", "ForkCDR", "Dial", "Dial", "Dial"]
    assert rows("ivr-ring-group", did_row="none")[0]["lastdata"] == "are"
    assert [row["lastapp"] for row in rows("ivr-ring-group", fork_rows="hidden")] == ["Dial", "Dial", "Dial"]
    assert len(rows("ivr", did_row="none")) == len(rows("ivr")) - 1 == 1


@pytest.mark.quirk("ring-group-entry")
def test_the_row_of_a_group_is_unbilled_or_billed() -> None:
    """It is ANSWERED in either way."""
    for value, billsec in (("unbilled", "0"), ("billed", "9")):
        (entry,) = [row for row in rows("ivr-ring-group", ring_group_entry=value) if row["dst"] == "6400"]
        assert (entry["disposition"], entry["duration"], entry["billsec"]) == ("ANSWERED", "9", billsec)
    told = {name: rows("ivr-choice", name)[-2]["billsec"] for name in DEVICES}
    assert told == by_device("0", "9")


@pytest.mark.quirk("ring-group-winner", "ring-group-loser")
def test_the_winner_is_billed_for_the_ringing_or_not() -> None:
    """The rows of the others end when it answers."""
    for value, billsec in (("whole", "434"), ("talk", "420")):
        found = {row["dst"]: row for row in rows("ring-group", ring_group_winner=value)}
        assert (found["1003"]["duration"], found["1003"]["billsec"]) == ("434", billsec)
        assert (found["1002"]["answer"], found["1002"]["disposition"]) == (found["1002"]["end"], "NO ANSWER")
    for device in PERSONALITIES:
        (won,) = [row for row in rows("ring-group", device.id) if row["dst"] == "1003"]
        assert (won["duration"], won["billsec"]) == ("434", "434" if device.generation == "G3" else "420")


@pytest.mark.quirk("ring-group-busy")
def test_the_row_of_a_busy_phone_of_a_group() -> None:
    """Both times are those of its start, or of its end; the duration is the same."""
    for value, same in (("start", "start"), ("end", "end")):
        (busy,) = [row for row in rows("ring-group", ring_group_busy=value) if row["disposition"] == "BUSY"]
        assert busy["answer"] == busy["end"]
        assert (busy["end"] == busy["start"]) is (same == "start")
        assert busy["duration"] == "7"


@pytest.mark.quirk("transfer-context", "ivr-exit-context", "transfer-row", "forward-row", "fax-row")
def test_contexts_and_actions_of_what_goes_elsewhere() -> None:
    """Each is the word that was seen or is assumed, or the plain one."""
    for value in ("from-internal-xfer", "from-internal"):
        assert rows("blind-transfer", transfer_context=value)[1]["dcontext"] == value
    for value in ("ivr-from-internal", "from-internal"):
        assert rows("ivr-choice", ivr_exit_context=value)[2]["dcontext"] == value
    for shape, quirk, word in (
        ("blind-transfer", "transfer_row", "TRANSFER"), ("forward-busy", "forward_row", "CFWD"), ("fax", "fax_row", "FAX"),
    ):  # fmt: skip
        for value in (word, "DIAL"):
            assert rows(shape, **{quirk: value})[-1]["action_type"] == value
        assert rows(shape)[-1]["action_type"] == word


@pytest.mark.quirk("group-recording-name")
def test_the_recording_of_a_group_names_the_group_or_the_agent_too() -> None:
    """As older and as later firmware."""
    for value, name in (
        ("group", "auto-1661157839-07700900699-6400.wav@"),
        ("group-and-agent", "auto-1661157839#1003-07700900699-6400.wav@"),
    ):
        assert rows("ring-group", group_recording_name=value)[-1]["recordfiles"] == name


@pytest.mark.quirk("analogue-caller", "analogue-channel", "analogue-extension", "analogue-service")
def test_an_analogue_line_without_a_number() -> None:
    """Src is empty and dst is s; the channel is that of the port, channel_ext the port too or the trunk."""
    for value, channel, place in (("o1", "DAHDI/o1-1", "o1"), ("1", "DAHDI/1-1", "1")):
        for shown, extension in (("port", place), ("trunk", "trunk_3")):
            (row,) = rows("analogue", analogue_channel=value, analogue_extension=shown, chanext="extensions")
            assert (row["src"], row["dst"], row["clid"]) == ("", "s", '"" <>')
            assert (row["channel"], row["channel_ext"], row["dstanswer"]) == (channel, extension, "1001")
            assert (row["chanext"], row["src_trunk_name"], row["dcontext"]) == (extension, "pstn", "ext-did-3")
    assert [rows("analogue", analogue_service=value)[0]["service"] for value in ("p", "s")] == ["p", "s"]
    told = {name: columns(rows("analogue", name), "channel", "channel_ext", "service") for name in DEVICES}
    assert told == by_device([("DAHDI/1-1", "trunk_3", "s")], [("DAHDI/o1-1", "o1", "p")])


@pytest.mark.quirk("unregistered-row")
def test_a_phone_that_is_not_there_was_dialled_or_a_prompt_says_so() -> None:
    """A UCM62xx plays it, as none of its failures ends in Dial; other failures stay what they are."""
    told = {name: columns(rows("unregistered", name), "lastapp", "disposition") for name in DEVICES}
    assert told == by_device([("Dial", "FAILED")], [("Playback", "FAILED")])
    dialled, played = (rows("unregistered", unregistered_row=value)[0] for value in ("Dial", "Playback"))
    assert played == dialled | {"lastapp": "Playback", "lastdata": "ss-noservice"}
    for shape in ("failed", "congestion", "hung-up", "busy", "answered"):
        assert rows(shape, unregistered_row="Playback") == rows(shape)


@pytest.mark.quirk("inbound-context")
def test_a_call_from_outside_has_the_context_of_its_trunk_but_on_a_ucm62xx() -> None:
    """Both rows of a UCM62xx that were printed whole say did-local. Https-api 5.3."""
    told = {name: rows("answered", name, "Inbound")[0]["dcontext"] for name in DEVICES}
    assert told == by_device("ext-did-2", "did-local")


@pytest.mark.quirk("feature-context")
def test_the_contexts_of_a_queue_and_a_conference_are_plain_or_their_own() -> None:
    """The queue's own row and those of the room only; agents are extensions like others."""
    for value, queue, room in (("entry", "ext-did-2", "from-internal"), ("ext", "ext-queues", "ext-meetme")):
        found = rows("queue", feature_context=value)
        assert [row["dcontext"] for row in found] == ["ext-did-2", "from-internal", "from-internal", queue]
        assert {row["dcontext"] for row in rows("conference", feature_context=value)} == {room}
    assert rows("answered", feature_context="ext") == rows("answered")


@pytest.mark.quirk("follow-me-row", "queue-agent-row", "disa-action", "page-action", "callback-action")
def test_actions_that_nobody_has_seen_are_words_of_the_gui_or_others() -> None:
    """The words that the CDR page filters by, with the number of the feature; or without, or DIAL. Spec 5.5."""
    for shape, quirk, told in (
        ("follow-me", "follow_me_row", {"FOLLOWME": ["DIAL", "FOLLOWME"], "DIAL": ["DIAL", "DIAL"]}),
        ("queue", "queue_agent_row", {"QUEUE": ["DIAL", *["QUEUE[6500]"] * 3],
                                      "DIAL": ["DIAL", "DIAL", "DIAL", "QUEUE[6500]"]}),
        ("disa", "disa_action", {"numbered": ["DIAL", "DISA[7100]", "DISA[7100]"], "plain": ["DIAL", "DISA", "DISA"]}),
        ("paging", "page_action", {"numbered": ["PAGE[6700]"] * 3, "plain": ["PAGE"] * 3}),
        ("callback", "callback_action", {"CALLBACK": ["CALLBACK"] * 2, "DIAL": ["DIAL"] * 2}),
    ):  # fmt: skip
        for value, actions in told.items():
            assert [row["action_type"] for row in rows(shape, **{quirk: value})] == actions
        assert rows(shape) == rows(shape, **{quirk: next(iter(told))})


@pytest.mark.quirk("dialled-prefix", "recorded-prefix", "account-code")
def test_a_prefix_and_an_account_code_are_written_down() -> None:
    """The prefix is in dst and in the name of the recording, the code in accountcode; dstanswer is the number."""
    story = BY_ID["answered"].story(example()._replace(prefix="9", account="1234"), "Outbound")
    for value, dst in (("kept", "907700900699"), ("stripped", "07700900699")):
        (row,) = rows_of(story, dialled_prefix=value)
        assert (row["dst"], row["dstanswer"], row["accountcode"]) == (dst, "07700900699", "1234")
        assert row["recordfiles"] == "auto-1661157839-1001-907700900699.wav@"


@pytest.mark.quirk("parked-call", "parked-row", "ivr-row")
def test_a_parked_call_is_in_two_sessions_or_one() -> None:
    """The leg that was fetched has the session of who fetched it, or of the caller; the slot answered in between."""
    for value, sessions in (("two-sessions", ["07700900699", "07700900699", "1003", "1003"]), ("one", None)):
        found = rows("parked", parked_call=value)
        ends = [row["session"].partition("-")[2] for row in found]
        assert ends == (sessions or ["07700900699"] * 3 + ["1003"])
        assert columns(found, "lastapp", "disposition")[1] == ("Park", "ANSWERED")
    assert columns(rows("ivr"), "lastapp", "disposition", "billsec")[-1] == ("ReadExten", "ANSWERED", "23")


@pytest.mark.quirk("external-calls", "disa-row")
def test_a_call_from_trunk_to_trunk_is_external_or_outbound() -> None:
    """DISA has a row of its own before it."""
    for value, direction in (("external", "External"), ("outbound", "Outbound")):
        found = rows("disa", external_calls=value)
        assert columns(found, "lastapp", "userfield") == [
            ("ForkCDR", "Inbound"), ("DISA", "Inbound"), ("Dial", direction),
        ]  # fmt: skip
        assert found[-1]["src_trunk_name"] == found[-1]["dst_trunk_name"] == "carrier-b"


def test_a_call_by_disa_goes_on_to_somebody_else() -> None:
    """Nobody calls himself."""
    row = rows("disa")[-1]
    assert (row["src"], row["dst"]) == ("07700900699", "07700900123")


@pytest.mark.quirk("voicemail-row", "one-row-lastapp")
def test_a_mailbox_that_is_called_has_one_row_of_its_own() -> None:
    """Nothing rang before it that would be told with it, however a firmware tells of that."""
    usual = rows("voicemail-direct")
    assert columns(usual, "lastapp", "action_type", "disposition") == [("VoiceMail", "VM", "ANSWERED")]
    for value in ("Dial", "VoiceMail"):
        assert rows("voicemail-direct", voicemail_row="none", one_row_lastapp=value) == usual


@pytest.mark.quirk("feature-codes", "queue-row", "paging-row")
def test_what_a_feature_has_as_rows() -> None:
    """A code and a queue have a row or none; a page has one for each phone."""
    assert [row["dst"] for row in rows("feature-code")] == ["*77"]
    assert rows("feature-code", feature_codes="none") == []
    assert [row["lastapp"] for row in rows("queue")] == ["ForkCDR", "Dial", "Dial", "Queue"]
    assert [row["lastapp"] for row in rows("queue", queue_row="none")] == ["ForkCDR", "Dial", "Dial"]
    assert columns(rows("queue-abandoned"), "lastapp", "disposition")[-1] == ("Queue", "NO ANSWER")
    assert columns(rows("paging"), "dst", "disposition") == [
        ("1004", "BUSY"), ("1002", "ANSWERED"), ("1003", "ANSWERED"),
    ]  # fmt: skip


@pytest.mark.quirk("dialled-prefix", "outbound-caller-id")
def test_an_outside_line_is_dialled_with_the_prefix_of_the_trunk() -> None:
    """Or with a 9; clid is the trunk's caller ID, and the carrier is told the number alone. Spec 5.6."""
    for prefix, dst in (("", "907700900699"), ("0", "007700900699")):
        (row,) = rows_of(BY_ID["prefix"].story(example()._replace(prefix=prefix)))
        assert (row["dst"], row["dstanswer"]) == (dst, "07700900699")
        assert row["lastdata"].startswith("SIP/07700900699@trunk_2,")
        assert row["clid"] == '"Example Ltd" <01632960401>'


@pytest.mark.quirk("account-code", "pin-code")
def test_account_codes_and_pins_stand_in_accountcode() -> None:
    """Those that were dialled; a PIN only where its group says so, and the time that it took is time of the call."""
    (code,), (pin,) = rows("account-code"), rows("pin-group")
    assert (code["accountcode"], code["duration"], code["billsec"]) == ("1234", "434", "420")
    assert (pin["accountcode"], pin["duration"], pin["billsec"]) == ("1234", "440", "420")
    assert pin["start"] == code["start"]
    seconds = [row["recordfiles"].partition("-")[2].partition("-")[0] for row in (code, pin)]
    # Spec 5.8: one second after the leg to the trunk began, so a PIN that took 5.6 s lies before.
    assert seconds == ["1661157839", "1661157844"]
    (hidden,) = rows("pin-group", pin_code="hidden")
    assert hidden == pin | {"accountcode": ""}
    assert rows("account-code", pin_code="hidden") == [code]
    (other,) = rows_of(BY_ID["account-code"].story(example()._replace(account="0042")))
    assert other["accountcode"] == "0042"


@pytest.mark.quirk("helper-channels")
def test_a_helper_channel_has_a_row_beside_the_call_or_none() -> None:
    """Both ends of the channel, of which the second one calls; the row is in the session of the call."""
    for name, technology in (("ucm6510", "SIP"), ("ucm6200", "PJSIP")):
        shown = rows("helper-channel", name)
        assert columns(shown, "channel", "dstchannel")[1:] == [
            (f"{technology}/trunk_2-000004ec", "Local/1003@from-internal-000004ee;1"),
            ("Local/1003@from-internal-000004ee;2", f"{technology}/1003-000004ef"),
        ]
        assert shown[1]["lastdata"].startswith("Local/1003@from-internal,60,")
        assert len({row["session"] for row in shown}) == 1
        assert len({row["uniqueid"] for row in shown}) == 2
        assert [row["recordfiles"] != "" for row in shown] == [False, True, False]
        assert rows("helper-channel", name, helper_channels="hidden") == shown[:2]
    told = rows("helper-channel", internal_context="ext-local", kind="Internal")
    assert [row["dcontext"] for row in told] == ["ext-local", "ext-local", "from-internal"]


@pytest.mark.quirk("callback-row")
def test_a_callback_has_two_rows_or_that_of_the_call_back() -> None:
    """Each is called CALLBACK, without a number; the unit rings before the IVR takes the call."""
    two, one = (rows("callback", callback_row=value) for value in ("two", "one"))
    assert two == rows("callback")
    assert [row | {"AcctId": "2"} for row in one] == two[1:]
    names = ("dst", "lastapp", "disposition", "duration", "billsec", "action_type")
    assert columns(two, *names) == [
        ("3125550199", "Hangup", "FAILED", "1", "0", "CALLBACK"), ("7000", "ReadExten", "ANSWERED", "37", "23", "CALLBACK"),
    ]  # fmt: skip
    assert {row["src"] for row in two} == {"07700900699"}
    assert [row["dstchannel"] for row in rows("callback", failed_channel="dialled")] == ["", ""]


@pytest.mark.quirk("api-call", "api-call-row")
def test_a_call_that_the_api_begins_is_said_to_come_from_it_or_from_who_is_called_first() -> None:
    """In src, action_owner, clid, session and the name of the recording; the first party has a row or none."""
    told = {name: rows("api-call", name)[0]["src"] for name in DEVICES}
    assert told == dict.fromkeys(DEVICES, "07700900699") | {"ucm6200-1.0.20": "api"}
    first, talk = rows("api-call", api_call="api")
    assert (
        columns([first, talk], "src", "action_owner", "clid", "caller_name")
        == [("api", "api", '"07700900699" <api>', "07700900699")] * 2
    )
    assert first["session"] == talk["session"]
    assert talk["session"].endswith("-api")
    assert talk["recordfiles"] == "auto-1661157853-api-1001.wav@"
    assert columns([first, talk], "dst", "lastapp", "billsec", "src_trunk_name", "dst_trunk_name") == [
        ("07700900699", "AppDial", "0", "carrier-b", ""), ("1001", "Dial", "420", "carrier-b", ""),
    ]  # fmt: skip
    (own, _) = rows("api-call", api_call="extension", kind="Outbound")
    assert (own["src"], own["clid"], own["session"].partition("-")[2]) == ("1001", '"Ann Lee" <1001>', "1001")
    for kind in BY_ID["api-call"].kinds:
        both, one = (rows("api-call", kind=kind, api_call_row=value) for value in ("two", "one"))
        assert [row | {"AcctId": "2"} for row in one] == both[1:]
        assert (both[0]["dcontext"], both[0]["dstchannel"]) == (
            "ext-did-2" if kind == "Inbound" else "from-internal",
            "",
        )


# The command


def test_show_shapes_prints_every_shape_with_its_rows() -> None:
    """For people the shape, the truth and the rows; for programs a list of objects with ids."""
    shown = CliRunner().invoke(main, ["show", "shapes"])
    assert shown.exit_code == 0
    for shape in SHAPES:
        assert f"\n{shape.id}  (" in f"\n{shown.output}"
        assert shape.statement in shown.output
    found = json.loads(CliRunner().invoke(main, ["show", "shapes", "--json", "--personality", "ucm6100"]).output)
    assert [one["id"] for one in found] == [shape.id for shape in SHAPES]
    assert [list(one["rows"][0]) == list(NAMES[:22]) for one in found if one["rows"]] == [True] * (len(SHAPES) - 1)


def test_show_shapes_tells_the_truth_of_a_shape() -> None:
    """Who talked with whom, also where no row says so, and what trunks carried, in and out."""
    shown = CliRunner().invoke(main, ["show", "shapes", "disa", "unfinished", "busy", "follow-me"]).output
    told = {part.split()[0]: part.splitlines()[2:4] for part in shown.split("\n\n") if part.strip()}
    assert told["unfinished"][0] == "  truth: 1001 with 1002 until the unit is switched off"
    assert told["busy"] == ["  truth: nobody talked", told["busy"][1]]
    assert "trunks:" not in told["busy"][1]
    assert told["disa"][1] == (
        "  trunks: carrier-b in from 07700900699 for 440.5 s, answered for 440.5 s; "
        "carrier-b out to 07700900123 for 434.9 s, answered for 420.6 s"
    )
    (follow,) = json.loads(CliRunner().invoke(main, ["show", "shapes", "--json", "follow-me"]).output)
    assert follow["trunks"] == ["carrier-b in from 07700900699 for 121.7 s, answered for 95.4 s"]
    said = CliRunner().invoke(main, ["show", "shapes", "--help"]).output
    for phase in (Phase.RING, Phase.TALK, Phase.NO_ANSWER):
        assert f"{example().lasts(phase) / SECOND:g}" in said


def test_show_shapes_prints_those_that_are_named() -> None:
    """A name that is none gets a hint."""
    shown = CliRunner().invoke(main, ["show", "shapes", "parked", "ivr"]).output
    assert [line.split()[0] for line in shown.splitlines() if line and not line.startswith(" ")] == ["ivr", "parked"]
    wrong = CliRunner().invoke(main, ["show", "shapes", "ring-grup"])
    assert wrong.exit_code == 2
    assert "there is no shape 'ring-grup'; did you mean 'ring-group'?" in wrong.output


@pytest.mark.parametrize(
    ("name", "hint"), [("ring-grup", "did you mean 'ring-group'?"), ("zzz", "'ucmsim show shapes' lists them all")]
)
def test_a_shape_that_there_is_not_is_said_alike_everywhere(name: str, hint: str) -> None:
    """Of a call, of a query, of a fault's condition, and on the command line."""
    said = f"there is no shape '{name}'; {hint}"
    with pytest.raises(FieldRefused, match=re.escape(said)):
        shape_of(name)
    with pytest.raises(FieldRefused, match=re.escape(said)):
        sought({"shape": [name]})
    with pytest.raises(FaultRefused) as refused:
        arming({"fault": "data.late", "seconds": 1, "when": {"shape": [name]}}, defects=())
    assert [f"{one.wrong}; {one.right}".removesuffix("; ") for one in refused.value.said] == [said]
    assert said in CliRunner().invoke(main, ["show", "shapes", name]).output
