"""Pages of what really happened: the query of `GET /v1/pbxs/{pbx}/calls`, read. Knows no PBX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ucmsim.calls.shapes import BY_ID
from ucmsim.errors import UcmsimError, did_you_mean
from ucmsim.instants import FORM, instant, microseconds
from ucmsim.ledger import Sought

KEYS = ("limit", "after", "since", "until", "session", "uniqueid", "shape")
LONGEST_PAGE = 10_000
"""Legs that one page has at most."""

_PAGE = 1000
_LARGEST = 2**63 - 1


class QueryRefused(UcmsimError):
    """A query cannot be answered; the sentence says why, *field* which parameter is wrong."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


def sought(query: Mapping[str, Sequence[str]]) -> Sought:
    """Return what a *query* asks for. Raises `QueryRefused`."""
    for key, values in query.items():
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"there are {', '.join(KEYS)}"
            raise QueryRefused(f"'{key}' is no parameter of this list; {hint}", key)
        if len(values) > 1:
            raise QueryRefused(f"'{key}' is given {len(values)} times", key)
    given = {key: values[0] for key, values in query.items()}
    shape = given.get("shape")
    if shape is not None and shape not in BY_ID:
        hint = did_you_mean(shape, BY_ID) or "'ucmsim show shapes' lists them all"
        raise QueryRefused(f"there is no shape '{shape}'; {hint}", "shape")
    return Sought(
        after=_number(given, "after", 0, 0, _LARGEST),
        limit=_number(given, "limit", _PAGE, 1, LONGEST_PAGE),
        since=_instant(given, "since"),
        until=_instant(given, "until"),
        session=given.get("session"),
        uniqueid=given.get("uniqueid"),
        shape=shape,
    )


def _number(given: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = given.get(key, str(default))
    # Not int alone: that takes signs, spaces, underscores, and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise QueryRefused(f"'{key}' is a whole number from {least} to {most}", key)
    return int(text)


def _instant(given: Mapping[str, str], key: str) -> int | None:
    if key not in given:
        return None
    if (found := instant(given[key])) is None:
        raise QueryRefused(f"'{key}' is {FORM}", key)
    return microseconds(found)
