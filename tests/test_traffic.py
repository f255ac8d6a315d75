"""Which calls happen: what holds in every world, whatever the seed, its size, and the firmware that writes about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from tests.offices import generate, office_of
from ucmsim.assembling.filling import made_up
from ucmsim.calls import Firmware, Office
from ucmsim.calls.events import Call, Role, What, talks
from ucmsim.calls.shapes import BY_ID, SHAPES, Story
from ucmsim.calls.stage import example
from ucmsim.calls.traffic import Traffic
from ucmsim.calls.world import CallWorld
from ucmsim.columns import AT
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES, personality
from ucmsim.register import Quirks
from ucmsim.settings import Extensions, Recording, Trunk, load_pbx
from ucmsim.settings import Traffic as Settings
from ucmsim.store.records import Record
from ucmsim.store.truth import CallTruth

CHICAGO = ZoneInfo("America/Chicago")
UNTIL = datetime(2026, 3, 5, 23, tzinfo=UTC)
END = int(UNTIL.timestamp()) * SECOND
HOUR = 3600 * SECOND
DAY = 24 * HOUR
TRUNKS = (Trunk(name="carrier-a", channels=3), Trunk(name="carrier-b", channels=2))
SEEDS = (1, 2, 3)
ALWAYS: dict[str, Any] = {"hourly": (1,) * 24, "weekdays": (1,) * 7}
Kind = Literal["inbound", "outbound", "internal"]

every_seed = pytest.mark.parametrize("seed", SEEDS)


def office(
    count: int = 12, trunks: tuple[Trunk, ...] = TRUNKS, recording: Recording | None = None, **traffic: Any
) -> Office:
    """Return an office in which calls come around the clock."""
    settings = Settings(**{**ALWAYS, **traffic})
    return office_of(Extensions(first=1000, count=count), trunks, recording or Recording(), settings, CHICAGO)


def traffic(of: Office, seed: int = 1, calls_per_day: float = 3000) -> Traffic:
    return Traffic(of, calls_per_day, Random(seed), Random(seed))


def stories(of: Office, seed: int = 1, calls_per_day: float = 3000, days: int = 1) -> list[Story]:
    """Return the calls of the days before the end: by default so many that lines are taken most of the time."""
    return list(traffic(of, seed, calls_per_day).stories(END - days * DAY, END))


@lru_cache(maxsize=len(SEEDS))
def day_of(seed: int, **shapes: float) -> tuple[Story, ...]:
    """Return the calls of a day of the usual office, with other weights of *shapes*: the same, whoever writes about them."""
    return tuple(stories(office(shapes=shapes), seed))


def records(of: Office, seed: int = 1, calls_per_day: int = 3000) -> list[Record]:
    """Return what a UCM6510 writes of a day of these."""
    chance, recorder = Random(seed), Random(seed)
    return list(
        generate(of, firmware_of("ucm6510"), chance, recorder, until=UNTIL, days=1, calls_per_day=calls_per_day)
    )


def firmware_of(name: str, **quirks: str) -> Firmware:
    chosen = {quirk.replace("_", "-"): value for quirk, value in quirks.items()}
    return Firmware.of(Quirks.of(personality(name), chosen), CHICAGO)


def ended(call: Call) -> int:
    assert call.ended is not None
    return call.ended


# Lines


def busy(story: Story) -> Iterator[tuple[str, int, int]]:
    """Yield each extension that talks in *story*, and from when to when."""
    found: dict[str, list[int]] = defaultdict(list)
    for call in story:
        for talk in talks(call):
            for party in (call.caller, talk.to):
                if party.role is Role.EXTENSION:
                    found[party.number] += [talk.since, talk.until]
        for event in call.events:
            if event.what is What.ANSWER and event.to and event.to.role is Role.EXTENSION:  # the many of a page
                found[event.to.number] += [event.at, ended(call)]
    for number, instants in found.items():
        yield number, min(instants), max(instants)


@every_seed
def test_no_extension_is_in_two_talks_at_once(seed: int) -> None:
    """It talks in one story at a time: who asks a colleague about a call is in that call still."""
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for story in stories(office(), seed):
        for number, since, until in busy(story):
            taken[number].append((since, until))
    assert len(taken) == 12
    for times in taken.values():
        assert len(times) > 50
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(times)))


@every_seed
def test_the_truths_say_so_too(seed: int) -> None:
    """As they are stored beside the rows, talks of two with each other do not overlap."""
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for record in records(office(), seed=seed):
        truth = record.truth
        if truth and truth.answered is not None and truth.shape in ("answered", "held"):
            for number in (truth.caller if not truth.trunk_in else "", truth.reached if not truth.trunk_out else ""):
                taken[number].append((truth.answered, truth.ended))
    del taken[""]
    assert len(taken) == 12
    assert all(one[1] <= two[0] for times in taken.values() for one, two in pairwise(sorted(times)))


def occupied(found: list[Story]) -> dict[str, list[tuple[int, int]]]:
    """Return when a channel of each trunk is taken, and given back, +1 and -1."""
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for story in found:
        for call in story:
            outside = [(call.caller, call.start)] if call.caller.role is Role.OUTSIDE else []
            outside += [(event.to, event.at) for event in call.events if event.what is What.DIAL and event.to]
            for party, since in outside:
                if party.role is Role.OUTSIDE:
                    steps[party.place] += [(since, 1), (ended(call), -1)]
    return {place: sorted(changes) for place, changes in steps.items()}


@every_seed
def test_a_trunk_has_never_more_calls_than_channels(seed: int) -> None:
    """Those from trunk to trunk take two; and at times all channels are taken."""
    often = office(shapes={"disa": 200})
    found = stories(often, seed, calls_per_day=6000)
    assert any(call.shape == "disa" for story in found for call in story)
    steps = occupied(found)
    for place, trunk in (("trunk_1", TRUNKS[0]), ("trunk_2", TRUNKS[1])):
        taken = most = 0
        for _, change in steps[place]:
            taken += change
            most = max(most, taken)
        assert most == trunk.channels


def test_a_call_that_finds_no_channel_fails_or_never_arrives() -> None:
    """From inside it is congestion, with a row of no duration; from outside there is nothing to write about."""
    # Nobody who is inside goes on outside: for that a channel is kept from the beginning of the call.
    one = office(trunks=(Trunk(name="carrier-a", channels=1),), shapes={"congestion": 0}, outside=0)
    happened = traffic(one)
    found = list(happened.stories(END - DAY, END))
    congested = [story for story in found if story[0].shape == "congestion"]
    assert {(len(story), story[0].kind) for story in congested} == {(1, "Outbound")}
    assert happened.blocked > 1.5 * len(congested) > 100  # as many more from outside
    changes = occupied(found)["trunk_1"]
    for (call,) in congested:
        assert sum(change for at, change in changes if at <= call.start) == 1
    rows = [record.row for record in records(one) if record.truth and record.truth.shape == "congestion"]
    assert len(rows) == len(congested)
    told = {tuple(row[AT[name]] for name in ("lastapp", "disposition", "duration", "userfield")) for row in rows}
    assert told == {("Congestion", "FAILED", "0", "Outbound")}


def test_a_colleague_who_talks_is_busy() -> None:
    """Where nothing else is busy, a call to who has a call already is; who is free is never told busy."""
    found = stories(office(4, (), dispositions={"busy": 0}))
    engaged = [story for story in found if story[0].shape == "busy"]
    assert len(engaged) > 100
    times: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for story in found:
        began, over = story[0].start, max(map(ended, story))
        taken = {number for number, _, _ in busy(story)} | {call.caller.number for call in story}
        for number in taken:
            times[number].append((began, over))
    for (call,) in engaged:
        assert any(since <= call.start < until for since, until in times[call.callee.number])


@pytest.mark.parametrize(("shape", "place"), [("conference", "6300"), ("parked", "71")])
def test_a_room_and_a_slot_have_one_call_at_a_time(shape: str, place: str) -> None:
    """However often they are wanted."""
    found = [story for story in stories(office(40, shapes={shape: 100_000})) if story[0].shape == shape]
    times = sorted((min(call.start for call in story), max(map(ended, story))) for story in found)
    assert len(times) > 20
    assert all(before[1] <= after[0] for before, after in pairwise(times)), place


def test_a_number_behind_a_trunk_with_a_prefix_is_dialled_with_it() -> None:
    """By extensions and by DISA, however the call ends, and by nobody else; the carrier is told the number alone."""
    trunks = (Trunk(name="carrier-a", channels=9, prefix="9"), Trunk(name="carrier-b", channels=9))
    prefixed = office(trunks=trunks, shapes={"disa": 100, "prefix": 0})
    shapes = set()
    for call in (call for story in stories(prefixed) for call in story):
        over = [event.to.trunk for event in call.events if event.what is What.DIAL and event.to]
        over += [call.callee.trunk]
        assert call.prefix == ("9" if "carrier-a" in over else "")
        shapes.add((call.shape, call.prefix))
    assert {("answered", "9"), ("answered", ""), ("disa", "9"), ("disa", ""), ("failed", "9")} <= shapes
    rows = [record.row for record in records(prefixed) if record.row[AT["dst_trunk_name"]] == "carrier-a"]
    assert len(rows) > 200
    for row in rows:
        assert row[AT["dst"]].startswith("9")
        if row[AT["lastapp"]] == "Dial":
            assert f"/{row[AT['dst']][1:]}@trunk_1," in row[AT["lastdata"]]
        assert row[AT["dstanswer"]] in ("", row[AT["dst"]][1:])


def test_codes_and_pins_are_dialled_where_the_shape_has_them() -> None:
    """Four digits each, some with zeros in front, of the twenty that are in use; nobody else has one."""
    found = [call for story in stories(office(40, shapes={"account_code": 300, "pin_group": 300})) for call in story]
    codes = {call.account for call in found if call.shape == "account-code"}
    pins = {call.pin for call in found if call.shape == "pin-group"}
    assert min(len(codes), len(pins)) > 10
    assert len(codes | pins) <= 20
    assert all(len(code) == 4 and code.isdecimal() for code in codes | pins)
    assert not any(call.account for call in found if call.shape != "account-code")
    assert not any(call.pin for call in found if call.shape != "pin-group")


@pytest.mark.parametrize("shape", ["callback", "api-call"])
def test_the_unit_calls_only_who_has_a_number(shape: str) -> None:
    """Whoever withholds it can be called by nobody, and the channel of the trunk is taken while it rings."""
    often = office(40, shapes={shape.replace("-", "_"): 1000}, awkward=1)
    found = [call for story in stories(often) for call in story if call.shape == shape and call.begun]
    assert len(found) > 100
    assert not any(party.number == "anonymous" for call in found for party in (call.caller, call.callee))


def test_a_helper_takes_no_line_and_its_phone_does() -> None:
    """It begins when the call goes on, ends with it, and helps the call that it is placed with."""
    found = [story for story in stories(office(shapes={"helper_channel": 500})) if story[0].shape == "helper-channel"]
    assert len(found) > 20
    for call, helper in found:
        assert (helper.helps, call.helps) == (call.start, None)
        assert ended(helper) == ended(call)
        assert [talk.to.role for talk in talks(call)] == [Role.HELPER]
        assert helper.callee.number == helper.caller.place
        assert not helper.recorded


# What goes on in them


def happened(shape: str, count: int = 30, trunks: tuple[Trunk, ...] = TRUNKS, **settings: Any) -> list[Story]:
    """Return the stories of a *shape* that happens often."""
    key = shape.replace("-", "_")
    found = stories(office(count, trunks, shapes={key: 3000}, **settings), calls_per_day=1500)
    return [story for story in found if story[0].shape == shape]


def gaps(story: Story, what: What) -> list[int]:
    """Return for how long each phone rang of which *what* became."""
    since = {}
    found = []
    for event in (event for call in story for event in call.events):
        if event.what is What.DIAL:
            since[event.to] = event.at
        elif event.what is what:
            found.append(event.at - since[event.to])
    return found


@pytest.mark.parametrize("shape", ["blind-transfer", "forward-no-answer", "attended-transfer", "queue", "parked"])
def test_no_two_phases_of_a_call_last_the_same(shape: str) -> None:
    """Neither of its ringings nor of its talks."""
    found = happened(shape, outside=0)
    assert len(found) > 100
    for story in found:
        rang = [*gaps(story, What.ANSWER), *gaps(story, What.GIVE_UP)]
        talked = [talk.until - talk.since for talk in talks(story[0])]
        # Whom somebody asked already is through at once when the call comes.
        assert len(set(rang) - {0}) == len([one for one in rang if one])
        assert len(set(talked)) == len(talked)


def test_who_takes_the_call_of_a_group_is_not_always_the_same_one() -> None:
    """By the place among the phones that ring; in a queue it is most often the first."""
    places: dict[str, Counter[int]] = {}
    for shape, key in (("ring-group", "ring_group"), ("queue", "queue")):
        found: Counter[int] = Counter()
        for story in happened(shape, phones={key: (3, 3), "taken": 0.6, "busy": 0}):
            rung = [event.to for event in story[0].events if event.what is What.DIAL]
            (taker,) = (event.to for event in story[0].events if event.what is What.ANSWER)
            found[rung.index(taker)] += 1
        places[shape] = found
    assert min(places["ring-group"][at] for at in range(3)) > 0.2 * sum(places["ring-group"].values())
    assert places["queue"][0] > places["queue"][1] > places["queue"][2] > 0


def test_whoever_talks_is_busy_for_a_group() -> None:
    """Where nobody else is, and nobody who is free is."""
    found = stories(office(8, (), shapes={"ring_group": 500}, phones={"busy": 0, "ring_group": (4, 7)}))
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for story in found:
        for number, _, _ in busy(story):
            taken[number].append((story[0].start, max(map(ended, story))))
    told = Counter[bool]()
    for story in (story for story in found if story[0].shape == "ring-group"):
        at = story[0].start
        engaged = {event.to.number for event in story[0].events if event.what is What.BUSY and event.to}
        for event in story[0].events:
            if event.what is What.DIAL and event.to:
                talked = any(since < at < until for since, until in taken[event.to.number])
                assert talked <= (event.to.number in engaged)
                told[event.to.number in engaged] += 1
    assert min(told.values()) > 20


SHAPES_GOING_ON = [shape.id for shape in SHAPES if shape.goes_on]


@pytest.mark.quirk("external-calls")
def test_a_share_of_what_goes_on_goes_outside() -> None:
    """Over a trunk, to somebody else than who calls; without the share nobody does."""
    often = dict.fromkeys([shape.replace("-", "_") for shape in SHAPES_GOING_ON], 500)
    for share, low, high in ((0, 0, 0), (0.3, 0.22, 0.38), (1, 1, 1)):
        wide = office(60, (Trunk(name="a", channels=200),), shapes=often, outside=share)
        found = [story for story in stories(wide, calls_per_day=1500) if story[0].shape in SHAPES_GOING_ON]
        targets = [
            event.to for story in found for event in story[0].events if event.what in (What.FORWARD, What.TRANSFER)
        ]
        beyond = sum(bool(target and target.trunk) for target in targets) / len(targets)
        assert len(targets) > 300
        assert low <= beyond <= high
        assert not any(target == story[0].caller for story in found for target in [story[0].events[-2].to])
    rows = [record.row for record in records(wide, calls_per_day=1500)]
    assert {row[AT["userfield"]] for row in rows} == {"Internal", "Inbound", "Outbound", "External"}


def test_a_call_that_cannot_go_on_outside_fails_there() -> None:
    """The trunk has never more calls than channels, and what fails takes none."""
    often = dict.fromkeys([shape.replace("-", "_") for shape in SHAPES_GOING_ON], 500)
    narrow = office(60, (Trunk(name="a", channels=2),), shapes=often, outside=1)
    happening = traffic(narrow, calls_per_day=1500)
    found = list(happening.stories(END - DAY, END))
    failed = [story for story in found if any(event.app == "Congestion" for call in story for event in call.events)]
    assert {story[0].shape for story in failed} > set(SHAPES_GOING_ON)
    taken = most = 0
    for _, change in occupied(found)["trunk_1"]:
        taken += change
        most = max(most, taken)
    assert most == 2
    assert happening.blocked > len(failed)


def test_calls_of_an_analogue_line_bear_the_name_of_an_analogue_trunk() -> None:
    """By the port, one at a time; without such a trunk there are none, and nobody is called over one."""
    trunks = (Trunk(name="a", channels=9), Trunk(name="pstn", channels=2, kind="analogue"), Trunk(name="b", channels=9))
    found = stories(office(30, trunks, shapes={"analogue": 2000}), calls_per_day=1500)
    lines = [call for story in found for call in story if call.shape == "analogue"]
    assert {(call.caller.trunk, call.caller.place, call.caller.port) for call in lines} == {
        ("pstn", "trunk_2", "1"), ("pstn", "trunk_2", "2"),
    }  # fmt: skip
    assert {call.caller.place for story in found for call in story if call.caller.role is Role.OUTSIDE} == {
        "trunk_1", "trunk_3",
    }  # fmt: skip
    assert not any(event.to and event.to.trunk == "pstn" for story in found for call in story for event in call.events)
    assert not happened("analogue")


def test_phones_that_are_paged_are_paged_for_seconds() -> None:
    """And what fails does so within eight, a code within seven; the longest times of talk and ringing hold everywhere."""
    settings = {"talk": {"median": 20, "longest": 30}, "ring": {"no_answer": {"median": 5, "longest": 11}}}
    found = stories(
        office(60, shapes={"paging": 100, "feature_code": 100, "voicemail": 100}, **settings), calls_per_day=1500
    )
    assert len(found) > 1000
    for story in found:
        for call in story:
            lasted = (ended(call) - call.start) / SECOND
            longest = {"paging": 34, "feature-code": 6, "failed": 8, "hung-up": 8, "unregistered": 8, "no-answer": 11}
            assert lasted <= longest.get(call.shape, 10_000), call.shape
            if call.shape == "voicemail":
                assert call.events[1].at - call.start == 11 * SECOND
        if story[0].shape in ("answered", "held", "blind-transfer", "queue", "parked"):
            assert all(
                talk.until - talk.since <= 30 * SECOND for talk in talks(story[0]) if talk.to.role is Role.EXTENSION
            )


# Order, rows and recordings


@pytest.mark.parametrize("name", ["ucm6100", "ucm6510", "ucm6200"])
@every_seed
def test_rows_are_numbered_in_the_order_in_which_legs_end(name: str, seed: int) -> None:
    """AcctId counts what is written, when it is; nothing ends after the last instant."""
    world = CallWorld(firmware_of(name, acctid="continuous"), iter(day_of(seed)))
    found = list(world.records(END))
    ends = [record.truth.ended for record in found if record.truth]
    assert ends == sorted(ends)
    assert ends[-1] < END
    assert [record.row[AT["AcctId"]] for record in found] == [str(at) for at in range(1, len(found) + 1)]


@pytest.mark.parametrize("name", ["ucm6510-1.0.5", "ucm6510", "ucm6200"])
@every_seed
def test_every_name_in_recordfiles_is_a_recording(name: str, seed: int) -> None:
    """One that was made of the same leg; and a recording in monitor is named by its row."""
    named = 0
    world = CallWorld(firmware_of(name), iter(day_of(seed, parked=50, attended_transfer=50)))
    for record in world.records(END):
        paths = [one.path for one in record.recordings if one.path.startswith("monitor/")]
        told = record.row[AT["recordfiles"]]
        assert [f"monitor/{path}" for path in told.split("@") if path] == paths
        named += bool(told)
    assert named > 500


@pytest.mark.parametrize("kind", ["inbound", "outbound", "internal"])
def test_no_call_of_another_kind_is_recorded(kind: Kind) -> None:
    """Nor that in which somebody asks a colleague about a call from outside."""
    asking = office(recording=Recording(kinds=(kind,)), shapes={"attended_transfer": 500, "parked": 100})
    kinds = Counter((call.kind.lower(), call.recorded) for story in stories(asking) for call in story)
    assert all(recorded is (of == kind) or (of, recorded) == ("internal", False) for of, recorded in kinds)
    assert kinds[kind, True] > 100


# Shapes


def test_every_shape_with_a_weight_happens() -> None:
    """In a world that is large enough; one without a weight does not."""
    weights = dict(Settings().shapes)
    found = {
        call.shape
        for story in stories(office(200, (Trunk(name="a", channels=100),)), calls_per_day=15_000)
        for call in story
    }
    assert found == {shape.id for shape in SHAPES if weights[shape.id.replace("-", "_")]}


def test_those_without_a_weight_happen_once_they_have_one() -> None:
    """Calls of an analogue line, one at a time, and some that nobody ever hangs up, so that they keep their lines."""
    trunks = (*TRUNKS, Trunk(name="pstn", kind="analogue", channels=1))
    found = stories(office(60, trunks, shapes={"analogue": 500, "unfinished": 50}))
    shapes = Counter(call.shape for story in found for call in story)
    assert min(shapes["analogue"], shapes["unfinished"]) > 10
    kept = [call for (call, *_) in found if call.shape == "unfinished"]
    assert len({call.caller.number for call in kept if call.kind == "Outbound"}) == len(
        [call for call in kept if call.kind == "Outbound"]
    )
    port = sorted((call.start, ended(call)) for (call, *_) in found if call.shape == "analogue")
    assert all(before[1] <= after[0] for before, after in pairwise(port))


def test_without_any_weight_calls_are_plain() -> None:
    """Between two, as the disposition says."""
    none = dict.fromkeys(dict(Settings().shapes), 0)
    shapes = {call.shape for story in stories(office(shapes=none)) for call in story}
    assert shapes == {"answered", "no-answer", "busy", "failed", "congestion"}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("channels", [0, 1, 12])
def test_small_worlds_never_fail(count: int, channels: int) -> None:
    """Shapes that need more extensions, or a trunk, do not happen; what happens is written by every firmware."""
    trunks = (Trunk(name="carrier-a", channels=channels),) if channels else ()
    for seed in SEEDS:
        weights = dict.fromkeys(dict(Settings().shapes), 50) | {"unfinished": 0}  # which would keep the only line
        small = office(count, trunks, people=1 + seed % 3, shapes=weights)
        found = stories(small, seed, calls_per_day=300)
        assert bool(found) is (count > 1 or channels > 0)
        assert all(BY_ID[call.shape].needs <= count for story in found for call in story)
        assert all(call.kind == "Internal" or channels for story in found for call in story)
        for row in ("ucm6100", "ucm6510", "ucm6200"):
            firmware = Firmware.of(Quirks.of(personality(row)), CHICAGO)
            assert bool(list(CallWorld(firmware, iter(found)).records(END))) is bool(found)


# Chance


def told(**settings: Any) -> dict[int, CallTruth]:
    """Return the truth of every call of a day of a PBX that has a row, by the number of the call."""
    chosen = load_pbx({"history": {"days": 1, "calls_per_day": 500}, **settings}, Path())
    return {
        record.call.number: record.call.truth
        for record in made_up("hq", chosen, seed=5, until=UNTIL)
        if record.call is not None
    }


def test_who_writes_changes_nothing_that_happens() -> None:
    """Neither another personality nor a quirk of any plane shifts a call."""
    usual = told()
    assert len(usual) > 300
    for row in PERSONALITIES:
        assert told(personality=row.id) == usual
    for quirk, value in (("acl-denial", "drop"), ("realm", "pbx"), ("order", "desc"), ("listing", "flat"), ("columns", "G3"),
                         ("acctid", "monthly"), ("unanswered", "stamped"), ("recording-directory", "month")):  # fmt: skip
        assert told(quirks={quirk: value}) == usual
    assert told(api={"enable": True, "permitted_ips": ["127.0.0.1"]}) == usual
    assert told(recording={"share": 0.1}) == usual


def test_calls_that_are_asked_for_in_pieces_are_those_that_are_asked_for_at_once() -> None:
    """However the time is cut; the lines that are taken stay so from one piece to the next."""
    whole = stories(office())
    pieces = traffic(office())
    cuts = [END - DAY, END - DAY + 1, END - 20 * HOUR, END - 20 * HOUR + 90 * SECOND, END - HOUR, END]
    found = [story for since, until in pairwise(cuts) for story in pieces.stories(since, until)]
    assert found == whole
    assert len(whole) > 500


def test_without_an_end_calls_go_on() -> None:
    """The same ones, for as long as somebody asks."""
    whole, endless = stories(office()), traffic(office()).stories(END - DAY)
    assert [next(endless) for _ in whole] == whole
    assert next(endless)[0].start >= END


def test_rows_that_are_asked_for_in_pieces_are_those_that_are_asked_for_at_once() -> None:
    """Each is written once, when its leg has ended; what goes on at the end of a piece comes with a later one."""
    whole = records(office())
    firmware = Firmware.of(Quirks.of(personality("ucm6510")), CHICAGO)
    world = CallWorld(firmware, traffic(office()).stories(END - DAY, END))
    found = []
    for until in range(END - DAY, END + 1, HOUR // 7):
        piece = list(world.records(until))
        assert all(record.truth and until - HOUR // 7 <= record.truth.ended < until for record in piece)
        found += piece
    found += world.records(END)
    assert found == whole


def test_a_call_that_is_placed_is_written_among_the_others() -> None:
    """Once, in the order of its end, and numbered like them."""
    firmware = Firmware.of(Quirks.of(personality("ucm6510")), CHICAGO)
    world = CallWorld(firmware, traffic(office()).stories(END - DAY, END))
    before = list(world.records(END - 12 * HOUR))
    world.place(BY_ID["ring-group"].story(example()._replace(start=END - 12 * HOUR, made=100_000), "Inbound"))
    after = list(world.records(END))
    ends = [record.truth.ended for record in (*before, *after) if record.truth]
    assert ends == sorted(ends)
    numbers = [int(record.row[AT["AcctId"]]) for record in (*before, *after)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sum(record.row[AT["src"]] == example().outside.number for record in after) == 5
