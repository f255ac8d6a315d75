"""Occupancy: no more calls at a time than a trunk has channels, and none of two at once for an extension."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.calls.lines import Lines


def test_an_extension_is_in_one_call_at_a_time():
    """The second call finds it taken, until the first is over."""
    lines = Lines()
    assert lines.seize(0, 10, "1000")
    assert not lines.seize(5, 20, "1000")
    assert lines.seize(6, 20, "1001")
    assert lines.seize(10, 20, "1000")  # a call that ends at an instant is over then


def test_a_trunk_holds_as_many_calls_as_it_has_channels():
    """The third call on two channels is blocked, and holds nothing."""
    lines = Lines({"trunk_1": 2})
    assert [lines.seize(at, 100, "trunk_1") for at in (0, 1, 2)] == [True, True, False]
    assert lines.taken("trunk_1", 99) == 2
    assert lines.taken("trunk_1", 100) == 0


def test_a_call_takes_all_it_needs_or_nothing():
    """Where the trunk is full the extension stays free, and the other way round."""
    lines = Lines({"trunk_1": 1})
    assert lines.seize(0, 10, "1000", "trunk_1")
    assert not lines.seize(1, 20, "1001", "trunk_1")
    assert lines.free("1001", 1)
    assert not lines.seize(10, 20, "trunk_1", "1000", "1000")
    assert lines.free("trunk_1", 10)


def test_a_call_in_and_out_again_takes_two_channels():
    """A place that is named twice must have two lines to spare."""
    lines = Lines({"trunk_1": 3})
    assert lines.seize(0, 10, "trunk_1", "trunk_1")
    assert not lines.seize(1, 10, "trunk_1", "trunk_1")
    assert lines.seize(1, 10, "trunk_1")
    assert lines.taken("trunk_1", 1) == 3


def test_the_past_is_forgotten():
    """A question about an instant before another is a mistake of whoever asks; other places have times of their own."""
    lines = Lines()
    assert lines.seize(5, 10, "1000")
    with pytest.raises(ValueError, match="1000 was asked about an instant 1 us later"):
        lines.free("1000", 4)
    assert lines.seize(4, 10, "1001")


def test_a_call_of_no_length_takes_nothing():
    """It is over when it begins."""
    lines = Lines()
    assert lines.seize(5, 5, "1000")
    assert lines.free("1000", 5)


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 40), st.sampled_from(["1000", "1001", "1002"])), max_size=60),
)
def test_nothing_is_ever_taken_twice(channels, wanted):
    """Of all calls that were let in, no two of an extension overlap, and no more than the channels go on at once."""
    lines, held = Lines({"trunk_1": channels}), []
    for at, length, extension in sorted(wanted):
        before = [(e, s, u) for e, s, u in held if s <= at < u]
        fits = len(before) < channels and extension not in [e for e, _, _ in before]
        assert lines.seize(at, at + length, extension, "trunk_1") == fits
        if fits:
            held.append((extension, at, at + length))
    for instant in range(100):
        now = [extension for extension, since, until in held if since <= instant < until]
        assert len(now) <= channels
        assert len(set(now)) == len(now)
