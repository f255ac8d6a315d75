"""Integers as SQLite has them, in 64 bits where what is beyond saturates, and what texts come to as such. Pure."""

from __future__ import annotations

import re

LEAST, GREATEST = -(2**63), 2**63 - 1

_LEADING_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")
_NO_DIGITS = re.compile(r"[^0-9]+")


def as_integer(text: str) -> int:
    """Return what SQLite makes of ``CAST(text AS INTEGER)``: leading blanks, sign and digits, else 0."""
    return leading_number(text) or 0


def leading_number(text: str) -> int | None:
    """Return the number that *text* begins with, as `as_integer` reads it; None when it begins with none."""
    match = _LEADING_NUMBER.match(text)
    return saturated(match[1]) if match else None


def all_digits(text: str) -> int | None:
    """Return the number that the digits of *text* are, whatever stands between them; None when there are none."""
    digits = _NO_DIGITS.sub("", text)
    return saturated(digits) if digits else None


def saturated(digits: str) -> int:
    """Return the number that *digits*, perhaps with a sign, are."""
    return max(LEAST, min(_number(digits), GREATEST))


def beyond(text: str) -> bool:
    """Return whether *text* begins with a number that does not fit."""
    match = _LEADING_NUMBER.match(text)
    return match is not None and not LEAST <= _number(match[1]) <= GREATEST


def _number(digits: str) -> int:
    # 25 characters are more than 63 bits ever need, and int() refuses thousands of digits.
    sign = "-" if digits.startswith("-") else ""
    return int(sign + (digits.lstrip("+-").lstrip("0")[:25] or "0"))
