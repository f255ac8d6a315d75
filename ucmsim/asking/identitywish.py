"""Which certificate a PBX is wished to show: the body of `PUT /v1/pbxs/{pbx}/identity`, and the step of a scenario. Knows no PBX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ucmsim.configuration import DEFECT_IDS
from ucmsim.errors import Problem, did_you_mean
from ucmsim.faults.tls import Certificate

LONGEST = 86_400
"""Seconds of the PBX clock for which a certificate that is to end soon is valid at most."""
KEYS = ("defect", "certificate", "key", "valid_for")


def objections(body: Mapping[str, Any], keys: Sequence[str] = KEYS, *, again: bool = False) -> Iterator[Problem]:
    """Yield why what *body* wishes for cannot be shown, where it may have these *keys*.

    *again* says that its certificate is one that was shown before, whose key is known.
    """
    for key, value in body.items():
        yield from _of_key(key, value, keys)
    if "valid_for" in body:
        yield from _beside("valid_for", body, ("defect", "certificate", "key"))
    elif isinstance(body.get("defect"), str):
        for said in Certificate(body["defect"]).objections(DEFECT_IDS):
            yield Problem("defect", said.wrong, said.right)
        yield from _beside("defect", body, ("certificate", "key"))
    elif "key" in keys and ("key" in body) != ("certificate" in body) and not again:
        missing = "certificate" if "key" in body else "key"
        right = "give both, or neither for the good certificate"
        if missing == "key":
            right += "; a certificate that was shown before, as it was told, needs none"
        yield Problem(missing, f"'{missing}' is missing", right)


def _of_key(key: str, value: object, keys: Sequence[str]) -> Iterator[Problem]:
    if key not in keys:
        right = did_you_mean(key, keys) or f"the keys are {', '.join(keys)}; without any the good certificate is shown"
        yield Problem(key, f"there is no key '{key}' here", right)
    elif key == "valid_for":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= LONGEST:
            yield Problem(key, "this is no time", f"give seconds of the PBX clock, 1 to {LONGEST}")
    elif not isinstance(value, str) and not (key == "defect" and value is None):
        yield Problem(key, "text is due", "give the id of a defect" if key == "defect" else "give it as PEM")


def _beside(one: str, body: Mapping[str, Any], others: tuple[str, ...]) -> Iterator[Problem]:
    """Yield those of *others* that are in *body* beside *one*."""
    for key in others:
        if key in body:
            yield Problem(key, f"'{key}' does not go with '{one}'", "keep one of the two")
