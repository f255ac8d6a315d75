"""Texts as the integers of SQLite: what is computed here must be what the store computes."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ucmsim.cdr.integers import GREATEST, LEAST, all_digits, as_integer, leading_number, saturated

NUMBERS = st.text(" \t\n\v\f\r+-0123456789.exa\u00a0\u0663", max_size=24)


def cast(text: str) -> int:
    """Return what SQLite makes of *text*."""
    with closing(sqlite3.connect(":memory:")) as database:
        (number,) = database.execute("SELECT CAST(? AS INTEGER)", (text,)).fetchone()
    return int(number)


@given(NUMBERS)
@example(str(GREATEST + 1))
@example(str(LEAST - 1))
@example("0" * 5000 + "7")
@example("-" + "9" * 5000)
def test_a_text_is_the_integer_that_sqlite_makes_of_it(text):
    """Blanks, a sign and digits lead; the rest is nothing, and what is too great saturates."""
    assert as_integer(text) == cast(text)


@given(NUMBERS)
def test_a_leading_number_is_that_integer_or_none(text):
    """There is none where the first character after blanks and a sign is no digit."""
    unsigned = text.lstrip(" \t\n\v\f\r")
    unsigned = unsigned[1:] if unsigned[:1] in ("+", "-") else unsigned
    starts = unsigned[:1] in tuple("0123456789")
    assert leading_number(text) == (cast(text) if starts else None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", None),
        ("anonymous", None),
        ("\u0665\u0663", None),
        ("x5300", 5300),
        ("-5 3.0_0", 5300),
        ("0", 0),
        ("x" + "9" * 19, GREATEST),
        ("0" * 5000 + "7", 7),
    ],
)
def test_all_digits_whatever_stands_between_them(text, number):
    """Only ASCII digits count, a sign does not; without one there is no number."""
    assert all_digits(text) == number


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        ("", 0),
        ("007", 7),
        ("-007", -7),
        ("+7", 7),
        (str(GREATEST), GREATEST),
        (str(GREATEST + 1), GREATEST),
        (str(LEAST), LEAST),
        (str(LEAST - 1), LEAST),
        ("9" * 100_000, GREATEST),
        ("-" + "9" * 100_000, LEAST),
    ],
)
def test_digits_saturate_at_63_bits(digits, number):
    """However many digits there are, they are a number that SQLite takes."""
    assert saturated(digits) == number
