"""Who is refused is to ask less and less often: by how often it asks, and by its pauses, with room for chance."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from ucmsim.scenarios.pacing import attempts, doubling, hurried

CLOSED = 8.0
Pause = Callable[[int, float], float]
"""Seconds that a client waits after so many pauses, of which the last was so long."""


def begun(pause: Pause) -> list[float]:
    """Return when a client with such pauses tries while it is refused."""
    at, number, last = [0.0], 0, 0.0
    while True:
        last = pause(number, last)
        if at[-1] + last >= CLOSED:
            return at
        at.append(at[-1] + last)
        number += 1


def test_attempts_are_counted_not_requests() -> None:
    """Requests that come at once are one attempt, but only as many as an attempt may have."""
    assert attempts([], 1) == []
    assert attempts([0.0, 0.1, 0.2], 1) == [0.0, 0.1, 0.2]
    assert attempts([0.0, 0.1, 0.2, 0.3], 3) == [0.0, 0.3]
    assert attempts([0.0, 0.4, 0.6, 0.7], 3) == [0.0, 0.6]


@pytest.mark.parametrize(
    ("first", "seconds", "count"), [(1, 0, 1), (1, 0.9, 1), (1, 1, 2), (1, 6.9, 3), (1, 8, 4), (2, 8, 3)]
)
def test_how_often_one_tries_whose_pauses_double(first: float, seconds: float, count: int) -> None:
    """At 0, 1, 3, 7 and 15 times the first pause."""
    assert doubling(first, seconds) == count


@pytest.mark.parametrize(
    "pause",
    [
        lambda number, _last: 2.0**number,
        lambda number, _last: 0.1 * 2**number,
        lambda number, _last: 1.5**number,
        lambda number, _last: number + 1.0,
        lambda _number, _last: 3.0,
        lambda _number, _last: 60.0,
        lambda number, _last: 4.0 if number % 3 == 2 else 0.1,
    ],
    ids=["doubling", "doubling-from-0.1", "half-more", "linear", "every-3-s", "every-minute", "three-at-once"],
)
def test_who_is_slow_enough(pause: Pause) -> None:
    """Pauses that grow, long ones, and a few tries before a long one."""
    assert hurried(begun(pause), CLOSED, 1.0) == ""


@pytest.mark.parametrize(
    ("pause", "said"),
    [
        (0.9, ("it tried 9 times in 8.0 s, and one whose pauses double from 1 s on tries 4 times; "
              "8 are the most, for pauses that are left to chance")),
        (1.1, ("it tried 8 times in 8.0 s, and one whose pauses double from 1 s on tries 4 times; "
              "its pauses did not grow, from 1.1 s to 1.1 s at most")),
        (1.9, ("it tried 5 times in 8.0 s, and one whose pauses double from 1 s on tries 4 times; "
              "its pauses did not grow, from 1.9 s to 1.9 s at most")),
    ],
)  # fmt: skip
def test_who_does_not_back_off(pause: float, said: str) -> None:
    """Too often is hammering, and less often as well when the pauses stay as they are."""
    assert hurried(begun(lambda _number, _last: pause), CLOSED, 1.0) == said


@pytest.mark.parametrize(
    ("pause", "at_most"),
    [
        (lambda chance, number, _last: chance.uniform(0, 2**number), 0.001),
        (lambda chance, number, _last: chance.uniform(0, 2 * 2**number), 0.002),
        (lambda chance, number, _last: chance.uniform(0, 0.5 * 2**number), 0.001),
        (lambda chance, number, _last: chance.uniform(0.5, 1) * 2**number, 0.0),
        (lambda chance, _number, last: chance.uniform(1, 3 * (last or 1)), 0.02),
    ],
    ids=["full", "full-from-2", "full-from-0.5", "equal", "decorrelated"],
)
def test_pauses_of_chance_pass(pause: Callable[[random.Random, int, float], float], at_most: float) -> None:
    """Of 5000 clients with each sort of jitter so small a part fails."""
    chance = random.Random(1)
    failed = sum(bool(hurried(begun(lambda *of: pause(chance, *of)), CLOSED, 1.0)) for _ in range(5000))
    assert failed / 5000 <= at_most


def test_pauses_of_chance_around_a_second_are_mostly_found() -> None:
    """A client that waits anything from 0.9 to 1.1 s always, one of 0.5 to 1.5 s not always: that can be chance."""
    chance = random.Random(1)
    for spread, least in ((0.1, 1.0), (0.5, 0.4)):
        found = [hurried(begun(lambda *_: chance.uniform(1 - spread, 1 + spread)), CLOSED, 1.0) for _ in range(2000)]  # noqa: B023
        assert sum(map(bool, found)) / 2000 >= least


def test_nothing_refused_is_nothing_wrong() -> None:
    """Nor is one request."""
    assert hurried([], CLOSED, 1.0) == ""
    assert hurried([7.9], CLOSED, 1.0) == ""
