"""Which faults are asked for: the query of `GET /v1/pbxs/{pbx}/faults`, read. Knows no PBX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ucmsim.contract.fields import FieldRefused, each_once, only_known

GONE = ("yes", "no")


def asks_for_gone(query: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a *query* asks for what is armed no more. Raises `FieldRefused`."""
    only_known(query, ("gone",), "parameter of this list")
    given = each_once(query).get("gone", "no")
    if given not in GONE:
        raise FieldRefused(f"'{given}' cannot stand in gone: it is yes or no", "gone")
    return given == "yes"
