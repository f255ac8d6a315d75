"""Who can call: numbers that belong to nobody, names of the locales, and the awkward in the share that is asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.calls import numbers
from ucmsim.calls.locales import Locales
from ucmsim.calls.parties import ANONYMOUS, AWKWARD, Parties, dialable, parties
from ucmsim.settings import Extensions, Traffic, Trunk

TRUNKS = (Trunk(name="carrier-a", channels=12), Trunk(name="carrier-b", channels=4))
# Written out from what the regulators publish, with nothing of the product in it.
NOBODYS = {
    "US": r"[2-9]\d\d55501\d\d",
    "CA": r"[2-9]\d\d55501\d\d",
    "GB": r"01632960\d{3}|07700900\d{3}|02079460\d{3}|01134960\d{3}",
    "DE": r"03023125\d{3}|06990009\d{3}|04066969\d{3}|02214710\d{3}|08999998\d{3}",
    "FR": r"(019900|026191|035301|046571|053649|063998)\d{4}",
    "AU": r"0[2378](5550|7010)\d{4}",
    "IE": r"02091\d{5}",
    "SE": r"0701740(60[5-9]|6[1-9]\d)",
}


def made(seed: int = 1, count: int = 50, trunks: tuple[Trunk, ...] = TRUNKS, **traffic) -> Parties:
    return parties(Random(seed), Extensions(count=count), trunks, Traffic(**traffic), Locales())


# Numbers


@pytest.mark.parametrize("country", numbers.UNASSIGNED)
def test_numbers_belong_to_nobody(country):
    """Each is in a range that the regulator keeps for films and examples, and comes once."""
    found = numbers.drawn(Random(1), [country] * 90)
    assert len({number.shown for number in found}) == 90
    for shown, code, significant in found:
        assert re.fullmatch(NOBODYS[country], shown)
        assert shown.removeprefix("0") == significant
        assert code == numbers.UNASSIGNED[country].code


@pytest.mark.parametrize("country", numbers.UNASSIGNED)
def test_every_number_of_a_range_can_be_drawn(country):
    """All of them, and none twice."""
    home = numbers.UNASSIGNED[country]
    found = [number.shown for number in home.drawn(Random(1), home.size)]
    assert len(set(found)) == home.size
    assert all(re.fullmatch(NOBODYS[country], shown) for shown in found)


def test_who_has_no_number_at_home_calls_from_north_america():
    """A country of which no range is known, and the ninety-sixth Swede."""
    found = numbers.drawn(Random(1), ["JP", *["SE"] * 96, "US"])
    assert re.fullmatch(f"001{NOBODYS['US']}", found[0].shown)
    assert re.fullmatch(f"001{NOBODYS['US']}", found[96].shown)
    assert all(re.fullmatch(NOBODYS["SE"], number.shown) for number in found[1:96])
    assert re.fullmatch(NOBODYS["US"], found[-1].shown)


@given(st.lists(st.sampled_from([*NOBODYS, "JP", ""]), max_size=400), st.integers(0, 2**32))
def test_no_two_have_the_same_number(countries, seed):
    """At home or abroad, whatever countries are mixed."""
    found = numbers.drawn(Random(seed), countries)
    assert len(found) == len(countries)
    assert len({(number.code, number.significant) for number in found}) == len(found)


def test_there_are_numbers_for_as_many_as_can_be_configured():
    """Five thousand people of one country have one each, and not one more."""
    assert len(numbers.drawn(Random(1), ["US"] * 5000)) == 5000
    assert len(numbers.drawn(Random(1), ["JP"] * 5000)) == 5000
    with pytest.raises(ValueError, match="larger than population"):
        numbers.drawn(Random(1), ["JP"] * 5001)


# Parties


def test_extensions_have_their_numbers_and_places():
    """They follow each other, are no trunk's, and each has a name."""
    found = made(awkward=0).extensions
    assert [party.number for party in found] == [str(number) for number in range(1000, 1050)]
    assert all(party.place == party.number and not party.trunk and party.name for party in found)


def test_people_stand_behind_trunks_by_their_channels():
    """Twelve channels, three times the people of four; the place tells which trunk."""
    found = made(people=2000).outside
    assert {(party.place, party.trunk) for party in found} == {("trunk_1", "carrier-a"), ("trunk_2", "carrier-b")}
    behind = Counter(party.trunk for party in found)
    assert 2.7 < behind["carrier-a"] / behind["carrier-b"] < 3.3


def test_people_are_the_same_however_they_are_asked_for():
    """One by one, by their place, from the end, or some together; there is nobody beyond the last."""
    found = made(people=20).outside
    everybody = list(found)
    assert len(found) == len(everybody) == 20
    assert [found[at] for at in range(20)] == everybody
    assert (found[-1], found[2:5], found[::-7]) == (everybody[-1], tuple(everybody[2:5]), tuple(everybody[::-7]))
    with pytest.raises(IndexError):
        found[20]


def test_without_trunks_nobody_is_outside():
    """And the extensions are there all the same."""
    assert list(made(trunks=()).outside) == []
    assert len(made(trunks=()).extensions) == 50


def test_only_a_share_of_the_people_has_a_name():
    """Six of ten by default, none or all where that is asked for."""
    named = [
        sum(bool(party.name) for party in made(awkward=0, people=1000, **one).outside) for one in ({}, {"named": 0})
    ]
    assert 550 < named[0] < 650
    assert named[1] == 0
    assert all(party.name for party in made(awkward=0, named=1).outside)


@pytest.mark.parametrize(
    ("locale", "letters"),
    [("ja_JP", "[\u3040-\u30ff\u4e00-\u9fff 々]+"), ("ru_RU", "[\u0400-\u04ff .-]+"), ("en_US", "[A-Za-z .']+")],
)
def test_names_are_those_of_the_locale(locale, letters):
    """As the locale writes them, family name first where it does."""
    assert all(re.fullmatch(letters, party.name) for party in made(faker_locale=[locale], awkward=0).extensions)


def test_locales_share_the_people_evenly():
    """With two locales every other person is of the second."""
    found = made(faker_locale=["en_GB", "de_DE"], awkward=0).outside
    assert all(re.fullmatch(NOBODYS[("GB", "DE")[at % 2]], party.number) for at, party in enumerate(found))


def is_awkward(name: str, number: str, kind: str) -> bool:
    """Return whether a party is awkward in this way, told without the table of the product."""
    return {
        "quotes": '"' in name,
        "comma": "," in name,
        "ampersand": "&" in name,
        "less-than": "<" in name,
        "non-ascii": not name.isascii(),
        "apostrophe": "O'" in name,
        "no-name": not name,
        "plus": number.startswith("+"),
        "leading-zeros": number.startswith("00"),
        "anonymous": number == ANONYMOUS,
    }[kind]


@pytest.mark.parametrize(("share", "people"), [(0.05, 15), (0.1, 30), (0.5, 150), (1, 300), (0, 0)])
def test_the_awkward_come_in_the_share_that_is_asked_for(share, people):
    """So many of three hundred, each way equally often; the others are plain."""
    found = made(awkward=share, named=1).outside
    plain = [
        party for party in found if re.fullmatch(r"[A-Za-z .]+", party.name) and re.fullmatch(r"\d{10}", party.number)
    ]
    assert len(found) - len(plain) == people
    for kind in (one.id for one in AWKWARD):
        count = sum(is_awkward(party.name, party.number, kind) for party in found)
        assert people // 10 <= count <= people // 10 + 1


def test_an_awkward_extension_keeps_its_number():
    """It is so in its name only, in every way there is."""
    found = made(awkward=1, count=7).extensions
    assert [party.number for party in found] == [str(number) for number in range(1000, 1007)]
    ways = ("quotes", "comma", "ampersand", "less-than", "non-ascii", "apostrophe", "no-name")
    assert all(any(is_awkward(party.name, "", way) for party in found) for way in ways)


@pytest.mark.parametrize("people", [1, 2, 3])
def test_a_share_is_one_at_least(people):
    """However few there are, one of them is awkward, and one can be called."""
    for share in (0.01, 1):
        found = made(awkward=share, named=1, people=people).outside
        assert any(is_awkward(party.name, party.number, way.id) for party in found for way in AWKWARD)
        assert any(map(dialable, found))


def test_awkward_numbers_belong_to_nobody_either():
    """The international forms are of the same ranges."""
    for party in made(awkward=1, people=1000).outside:
        assert re.fullmatch(rf"(\+1|001)?{NOBODYS['US']}|{ANONYMOUS}", party.number)


def test_who_withholds_the_number_cannot_be_called():
    """And is anonymous in name too."""
    withheld = [party for party in made(awkward=1).outside if not dialable(party)]
    assert len(withheld) == 30
    assert {(party.number, party.name) for party in withheld} == {("anonymous", "Anonymous")}


@pytest.mark.parametrize(("share", "count"), [(0, 0), (0.001, 1), (0.1, 5), (1, 50)])
def test_a_share_of_the_extensions_has_a_caller_id_of_its_own(share, count):
    """One at least; the numbers belong to nobody, and the names are their own."""
    own = [party.shown for party in made(own_caller_id=share).extensions if party.shown]
    assert len(own) == len({shown.number for shown in own}) == count
    assert all(re.fullmatch(r"31255501\d\d", shown.number) and not shown.name for shown in own)


def test_caller_ids_that_are_set_are_those_that_are_shown():
    """Those of extensions go before made-up ones; those of trunks stand with everybody behind them."""
    extensions = Extensions(count=3, caller_ids=[{"extension": 1001, "number": "0555", "name": "Sales"}])
    trunks = (
        Trunk(name="a", caller_id="+1312", caller_name="Example Ltd"),
        Trunk(name="b", caller_name="B"),
        Trunk(name="c"),
    )
    for share, others in ((0, None), (1, "31255501")):
        found = parties(Random(1), extensions, trunks, Traffic(own_caller_id=share), Locales())
        assert found.extensions[1].shown == ("0555", "Sales")
        assert [party.shown and party.shown.number[:8] for party in found.extensions[::2]] == [others] * 2
        shown = {party.trunk: party.shown for party in found.outside}
        assert shown == {"a": ("+1312", "Example Ltd"), "b": ("", "B"), "c": None}


def test_parties_follow_chance():
    """The same chance, the same people; another, others."""
    assert made(seed=3) == made(seed=3)
    assert made(seed=3) != made(seed=4)


DIGEST = """
from hashlib import sha256
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo
from ucmsim.calls.arrivals import Arrivals, Rhythm
from ucmsim.calls.contacts import Contacts
from ucmsim.calls.durations import Durations
from ucmsim.calls.locales import Locales
from ucmsim.calls.stage import Phase
from ucmsim.calls.parties import parties
from ucmsim.settings import Extensions, Traffic, Trunk
chance, traffic = Random(1), Traffic(faker_locale=["en_US", "sv_SE", "ja_JP"], holidays=["12-25", "07-04", "01-01"])
found = parties(chance, Extensions(), [Trunk(name="a", channels=3), Trunk(name="b", channels=1)], traffic, Locales())
contacts, durations = Contacts.of(found, traffic, chance), Durations.of(traffic)
calls = [(contacts.active(chance), contacts.callee(3, chance), [durations.drawn(chance)(phase, 0) for phase in Phase]) for _ in range(999)]
instants = list(islice(Arrivals.of(Rhythm.of(traffic, ZoneInfo("Europe/Berlin"), 400), chance).between(0), 999))
print(sha256(repr((found, calls, instants)).encode()).hexdigest())
"""


def test_two_processes_make_the_same_traffic():
    """However each of them hashes its texts: parties, contacts, durations and arrivals."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_texts_have_no_control_characters_and_fit_into_utf_8():
    """What is awkward is still something that a PBX can store."""
    for party in made(awkward=1, faker_locale=["en_US", "ar_AA", "zh_CN"], people=900).outside:
        assert party.name.isprintable()
        assert party.name.encode().decode() == party.name
