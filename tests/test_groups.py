"""Groups are set up once: a ring group, a queue and a page ring the same phones in every call, made up, live or placed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.test_traffic import TRUNKS, office, stories
from ucmsim.asking.staging import staged
from ucmsim.asking.wishes import wished
from ucmsim.calls.events import Call, Party, Role, What
from ucmsim.calls.groups import GROUPS, groups
from ucmsim.calls.locales import Locales
from ucmsim.calls.shapes import BY_ID, SHAPES, Story
from ucmsim.calls.stage import Features
from ucmsim.calls.traffic import Office
from ucmsim.settings import Traffic, load_pbx
from ucmsim.streams import stream

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CALLER = "3125550123"
RINGING = [shape for shape in SHAPES if shape.phones in GROUPS]
PARTIES = tuple(Party(str(1000 + at), "", str(1000 + at)) for at in range(30))


def rung(call: Call) -> list[Party]:
    return [event.to for event in call.events if event.what is What.DIAL and event.to]


def made(shape: str, count: int = 30, **traffic: Any) -> tuple[Office, list[Story]]:
    """Return an office in which a *shape* happens often, and the calls of it in a day."""
    one = office(count, TRUNKS, shapes={shape.replace("-", "_"): 3000}, **traffic)
    return one, [story for story in stories(one, calls_per_day=1500) if story[0].shape == shape]


@pytest.mark.parametrize("key", GROUPS)
def test_a_group_is_as_large_as_the_settings_say(key: str) -> None:
    """Any number between the fewest and the most, as far as there are extensions; nobody is in it twice."""
    traffic = Traffic(phones={key: (2, 5)})
    found = [groups(PARTIES, traffic, Random(seed))[key] for seed in range(50)]
    assert {len(members) for members in found} == {2, 3, 4, 5}
    assert all(len(set(members)) == len(members) and set(members) <= set(PARTIES) for members in found)
    few = groups(PARTIES[:4], Traffic(phones={key: (50, 50)}), Random(1))[key]
    assert sorted(few) == list(PARTIES[:4])


def test_any_extension_may_be_in_any_group() -> None:
    """As often as the others."""
    found = Counter(
        (key, member.number)
        for seed in range(300)
        for key, members in groups(PARTIES, Traffic(phones=dict.fromkeys(GROUPS, (10, 10))), Random(seed)).items()
        for member in members
    )
    assert len(found) == len(GROUPS) * len(PARTIES)
    assert 50 < min(found.values()) < max(found.values()) < 150


@pytest.mark.parametrize("shape", RINGING, ids=lambda shape: shape.id)
def test_each_call_of_a_group_rings_its_members(shape: Any) -> None:
    """In their order, whoever calls; a caller who is a member is not rung, and a queue rings until somebody takes it."""
    one, found = made(shape.id, phones={shape.phones: (4, 4), "busy": 0.3})
    assert len(found) > 50
    members, inside, outcomes = one.people.groups[shape.phones], 0, set()
    for (call,) in found:
        due = [member for member in members if member != call.caller]
        there = rung(call)
        assert there == (due[: len(there)] if shape.phones == "queue" else due)
        inside += len(due) < len(members)
        outcomes |= {event.what for event in call.events}
    assert What.BUSY in outcomes
    assert bool(inside) is ("Internal" in shape.kinds)


@pytest.mark.parametrize("shape", RINGING, ids=lambda shape: shape.id)
@pytest.mark.parametrize(("extensions", "size"), [(1, 1), (2, 1), (2, 2), (4, 50)])
def test_small_groups_ring_somebody_all_the_same(shape: Any, extensions: int, size: int) -> None:
    """Who is the only member calls no group of his own, and where there is nobody else there is no such call."""
    one, found = made(shape.id, extensions, phones={shape.phones: (size, size)})
    members = one.people.groups[shape.phones]
    assert len(members) == min(size, extensions)
    assert bool(found) is (extensions >= shape.needs)
    for (call,) in found:
        there = rung(call)
        assert there
        assert call.caller not in there
        assert set(there) <= set(members)


def test_who_talks_takes_no_call_of_a_group_while_another_is_free() -> None:
    """So that calls reach whoever of two is there; only where both talk there is none."""
    one, found = made("ring-group", 6, phones={"ring_group": (2, 2), "busy": 0})
    first, second = one.people.groups["ring_group"]
    takers = Counter(event.to for (call,) in found for event in call.events if event.what is What.ANSWER)
    engaged = Counter(event.to for (call,) in found for event in call.events if event.what is What.BUSY)
    assert set(takers) == set(engaged) == {first, second}


def test_who_joins_a_conference_is_in_no_group() -> None:
    """Anybody does."""
    _, found = made("conference", phones={"conference": (2, 2)})
    assert len({call.caller for story in found for call in story[1:]}) > 20


def settings_of(**traffic: Any) -> Any:
    return load_pbx({"extensions": {"first": 1001, "count": 50}, "traffic": traffic}, Path())


def an_office(seed: int = 1, name: str = "hq", **traffic: Any) -> Office:
    return Office.of(settings_of(**traffic), stream(seed, name, "people"), stream(seed, name, "groups"), Locales())


def test_groups_are_drawn_for_themselves() -> None:
    """Of the seed and the name of the PBX; other people or codes move nobody in or out, and other groups move no people."""
    usual = an_office().people

    def numbers(people: Any) -> dict[str, list[str]]:
        return {key: [member.number for member in members] for key, members in people.groups.items()}

    others = an_office(codes=7, people=50, activity=3, faker_locale=["de_DE"]).people
    assert numbers(others) == numbers(usual)
    assert numbers(an_office(seed=2).people) != numbers(usual) != numbers(an_office(name="lab").people)
    larger = an_office(phones={"queue": (9, 9), "ring_group": (9, 9)}).people
    assert len(larger.groups["queue"]) == 9
    assert (larger.contacts.parties, larger.codes) == (usual.contacts.parties, usual.codes)
    for at in range(len(usual.contacts.parties.extensions)):
        assert larger.contacts.outside.order(at) == usual.contacts.outside.order(at)


def placed(one: Office, shape: Any, **call: Any) -> Call:
    number = next(
        feature.number
        for feature in (getattr(Features.usual(), name) for name in Features.__dataclass_fields__)
        if feature.role is {"ring_group": Role.GROUP, "queue": Role.QUEUE, "paging": Role.PAGING}[shape.phones]
    )
    caller = CALLER if "Inbound" in shape.kinds else "1050"
    (story,) = staged(wished({"shape": shape.id, "from": caller, "to": number, **call}, NOW), one)
    return story


@pytest.mark.parametrize("shape", RINGING, ids=lambda shape: shape.id)
def test_a_placed_call_rings_members_too(shape: Any) -> None:
    """At the most three of them, of a queue two, unless the wish says how many; only then others are rung behind them."""
    most = 2 if shape.phones == "queue" else 3
    for size, asked in ((7, None), (2, None), (7, 5), (4, 9)):
        one = an_office(phones={shape.phones: (size, size)})
        members = [member for member in one.people.groups[shape.phones] if member.number != "1050"]
        there = rung(placed(one, shape, **({} if asked is None else {"phones": asked})))
        assert len(there) == len(set(there)) == (asked or min(most, len(members)))
        if asked == 9:
            assert set(members) < set(there)
        else:
            assert set(there) <= set(members)


def test_a_placed_call_rings_agents_in_the_order_of_their_queue() -> None:
    """As one that is made up does; the last takes it, and who is named is that one."""
    one = an_office(phones={"queue": (4, 4)})
    members = list(one.people.groups["queue"])
    for phones in (1, 2, 3, 4):
        assert rung(placed(one, BY_ID["queue"], phones=phones)) == members[:phones]
    (call,) = staged(wished({"shape": "queue", "from": CALLER, "to": members[0].number, "phones": 3}, NOW), one)
    assert rung(call) == [members[1], members[2], members[0]]
    assert [event.to for event in call.events if event.what is What.ANSWER] == [members[0]]


def test_a_placed_call_rings_whoever_is_named() -> None:
    """As one of the group for that call; he takes it."""
    one = an_office(phones={"ring_group": (4, 4)})
    (number, *_) = (party.number for party in one.people.extensions if party not in one.people.groups["ring_group"])
    (call,) = staged(wished({"shape": "ring-group", "from": CALLER, "to": number}, NOW), one)
    assert rung(call)[0].number == number
    assert set(rung(call)[1:]) <= set(one.people.groups["ring_group"])
    assert [event.to.number for event in call.events if event.what is What.ANSWER and event.to] == [number]


def test_a_placed_call_of_the_only_member_rings_another() -> None:
    """Since somebody has to be rung."""
    one = an_office(phones={"ring_group": (1, 1)})
    (member,) = one.people.groups["ring_group"]
    (call,) = staged(wished({"shape": "ring-group", "from": member.number, "to": "6400"}, NOW), one)
    assert len(rung(call)) == 1
    assert member not in rung(call)
