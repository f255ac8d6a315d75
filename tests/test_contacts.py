"""Who calls whom: shares, activity, and contact books that are orders of everybody."""

from __future__ import annotations

from collections import Counter
from math import gcd
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.calls.contacts import Contacts, Order
from ucmsim.calls.events import Party
from ucmsim.calls.odds import Odds
from ucmsim.calls.parties import ANONYMOUS, Parties
from ucmsim.settings import Traffic

counts = st.integers(1, 400)
seeds = st.integers(0, 2**32)


def people(extensions: int = 20, outside: int = 30, anonymous: tuple[int, ...] = ()) -> Parties:
    """Return so many of both, of whom those outside with the numbers *anonymous* withhold theirs."""
    near = tuple(Party(str(1000 + at), "", str(1000 + at)) for at in range(extensions))
    numbers = [ANONYMOUS if at in anonymous else f"21255501{at:02}" for at in range(outside)]
    return Parties(near, tuple(Party(number, "", "trunk_1", "carrier-a") for number in numbers))


def contacts(parties: Parties, seed: int = 1, **traffic: float) -> Contacts:
    return Contacts.of(parties, Traffic(**traffic), Random(seed))


# Odds


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=30).filter(any), seeds)
def test_nothing_without_a_share_is_drawn(shares, seed):
    """Whatever rounding does, a thing whose share is 0 never comes."""
    chance, odds = Random(seed), Odds(range(len(shares)), shares)
    assert all(shares[odds.draw(chance)] for _ in range(50))


def test_the_proportions_of_shares_count():
    """Three times the share, three times the draws; and a thousand times all shares changes no draw."""
    one, other = Odds.of({"a": 3, "b": 1}), Odds.of({"a": 3000, "b": 1000})
    drawn = Counter(one.draw(chance) for chance in [Random(1)] for _ in range(4000))
    assert 2900 < drawn["a"] < 3100
    assert [one.draw(Random(seed)) for seed in range(100)] == [other.draw(Random(seed)) for seed in range(100)]


@pytest.mark.parametrize("shares", [[], [0.0, 0.0], [1.0, -1.0], [1.0]])
def test_shares_must_be_shares(shares):
    """None at all, zeros only, less than nothing, or not one for each thing: that is no odds."""
    with pytest.raises(ValueError, match="cannot be drawn"):
        Odds(["a", "b"] if shares else [], shares)


def test_the_greatest_draw_is_still_one_of_the_things():
    """Rounding up to the sum of the shares does not lead beyond the last."""

    class Highest(Random):
        def random(self) -> float:
            return 1 - 2**-53

    assert Odds.of({"a": 0.1, "b": 0.2, "c": 1e-300, "d": 0.0}).draw(Highest()) in ("b", "c")


# Books


@given(counts, seeds)
def test_a_book_is_an_order_of_everybody(length, seed):
    """Every thing stands in it once, and behind the last comes the first again."""
    order = Order.drawn(length, Random(seed))
    assert sorted(order.at(rank) for rank in range(length)) == list(range(length))
    assert order.at(length) == order.at(0)
    assert gcd(order.stride, length) == 1


def test_extensions_have_books_of_their_own():
    """Of twenty extensions hardly two have the same favourite, and no two the same book."""
    books = contacts(people(outside=101)).outside
    assert books is not None
    orders = [books.order(at) for at in range(20)]
    assert len(set(orders)) == 20
    assert len({order.first for order in orders}) > 10


@given(st.integers(2, 50), seeds)
def test_nobody_calls_itself(extensions, seed):
    """A colleague is another extension, and each of them can be one."""
    chance, found = Random(seed), contacts(people(extensions), contacts=0)
    called = {found.colleague(1, chance) for _ in range(extensions * 15)}
    assert called <= set(range(extensions)) - {1}
    assert len(called) >= extensions / 2


def test_the_first_contact_is_called_twice_as_often_as_the_second():
    """With exponent 1; with 0 all are alike, with 3 hardly anybody else is called."""
    for exponent, lowest, highest in ((0, 0.9, 1.1), (1, 1.8, 2.2), (3, 7, 9)):
        chance, found = Random(2), contacts(people(), contacts=exponent)
        called = Counter(found.caller(4, chance).number for _ in range(20_000))
        assert found.outside is not None
        first, second = (people().outside[found.outside.order(4).at(rank)].number for rank in (0, 1))
        assert lowest < called[first] / called[second] < highest


@given(seeds, st.sets(st.integers(0, 9), max_size=9))
def test_who_withholds_the_number_calls_and_is_not_called(seed, anonymous):
    """In its place the next of the book is called."""
    chance, found = Random(seed), contacts(people(outside=10, anonymous=tuple(anonymous)), contacts=0)
    callers = {found.caller(0, chance).number for _ in range(300)}
    assert ANONYMOUS not in {found.callee(0, chance).number for _ in range(100)}
    assert (ANONYMOUS in callers) == bool(anonymous)


@given(seeds)
def test_one_person_can_be_left_out(seed):
    """The next of the book is called instead; where nobody else can be called, that person all the same."""
    found, chance = contacts(people(outside=10, anonymous=(4,)), contacts=0), Random(seed)
    caller = found.caller(0, chance)
    assert caller not in {found.callee(0, chance, besides=caller) for _ in range(100)}
    alone = contacts(people(outside=3, anonymous=(0, 2)))
    one = alone.callee(0, chance)
    assert alone.callee(0, chance, besides=one) == one


def test_whom_an_extension_calls_calls_it_too():
    """Who calls and who is called is one book: the same chance gives the same person."""
    found = contacts(people())
    assert [found.caller(3, Random(seed)) for seed in range(50)] == [
        found.callee(3, Random(seed)) for seed in range(50)
    ]


def test_where_nobody_is_nobody_can_be_called():
    """A single extension has no colleagues, a PBX without trunks nobody outside."""
    found = contacts(people(extensions=1, outside=0))
    for call in (found.colleague, found.caller, found.callee):
        with pytest.raises(LookupError, match="there is no"):
            call(0, Random(1))


# Activity


def test_extensions_are_unlike_each_other():
    """With a spread of 2 the busiest of twenty has several times the calls of the idlest; with 1 all are alike."""
    for spread, lowest, highest in ((2, 4, 100), (1, 1, 1.5)):
        chance, found = Random(3), contacts(people(), activity=spread)
        calls = Counter(found.active(chance) for _ in range(20_000)).values()
        assert len(calls) == 20
        assert lowest <= max(calls) / min(calls) <= highest


def test_contacts_follow_chance():
    """The same chance makes the same books."""
    one, other, unlike = (contacts(people(), seed=seed) for seed in (5, 5, 6))
    assert any(one.outside.order(at) != unlike.outside.order(at) for at in range(20))
    for at in range(20):
        assert one.outside.order(at) == other.outside.order(at)
        assert one.colleagues.order(at) == other.colleagues.order(at)
    assert [one.active(Random(seed)) for seed in range(9)] == [other.active(Random(seed)) for seed in range(9)]
