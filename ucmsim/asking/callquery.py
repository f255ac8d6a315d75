"""Which calls are asked for: the query of `GET /v1/pbxs/{pbx}/calls`, and of the ledger, read. Knows no PBX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ucmsim.asking.staging import shape_of
from ucmsim.contract.fields import FieldRefused, each_once, instant_of, only_known, whole_number
from ucmsim.errors import did_you_mean, listed
from ucmsim.instants import microseconds
from ucmsim.store.accounts import HOWS, How
from ucmsim.store.ledger import Sought

KEYS = ("limit", "after", "began", "since", "until", "session", "uniqueid", "shape")
LEDGER_KEYS = (*KEYS, "delivered")
LONGEST_PAGE = 10_000
"""Calls that one page has at most."""

_PAGE = 1000
LARGEST = 2**63 - 1


def sought(query: Mapping[str, Sequence[str]]) -> Sought:
    """Return what a *query* asks for. Raises `FieldRefused`."""
    return _sought(query, KEYS)


def accounted(query: Mapping[str, Sequence[str]]) -> tuple[Sought, How | None]:
    """Return which calls a *query* of the ledger asks for, and how often these were delivered. Raises `FieldRefused`."""
    found, given = _sought(query, LEDGER_KEYS), each_once(query).get("delivered")
    how = next((one for one in HOWS if one == given), None)
    if given is not None and how is None:
        hint = did_you_mean(given, HOWS) or f"it is {listed(HOWS)}"
        raise FieldRefused(f"'{given}' cannot stand in delivered: {hint}", "delivered")
    return found, how


def _sought(query: Mapping[str, Sequence[str]], keys: Sequence[str]) -> Sought:
    only_known(query, keys, "parameter of this list")
    given = each_once(query)
    shape = given.get("shape")
    return Sought(
        after=_number(given, "after", 0, 0, LARGEST),
        limit=_number(given, "limit", _PAGE, 1, LONGEST_PAGE),
        began=_number(given, "began", 0, 0, LARGEST) if "began" in given else None,
        since=_instant(given, "since"),
        until=_instant(given, "until"),
        session=given.get("session"),
        uniqueid=given.get("uniqueid"),
        shape=None if shape is None else shape_of(shape).id,
    )


def _number(given: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    return whole_number(given[key], key, least, most) if key in given else default


def _instant(given: Mapping[str, str], key: str) -> int | None:
    return microseconds(instant_of(given[key], key)) if key in given else None
