"""The fields of what is asked of the control plane, in a query or a body: why one is refused. Knows no route."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from ucmsim.errors import UcmsimError, did_you_mean
from ucmsim.instants import NoInstant, within_time

_SHOWN = 40
"""Characters of a value that are quoted."""


class FieldRefused(UcmsimError):
    """What is asked cannot be done; the sentence says why, *field* what is wrong, and is empty if all of it is."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


def or_listed(word: str, known: Collection[str]) -> str:
    """Return what is said where *word* is none of those *known*: the one that may be meant, or all of them."""
    every = f"there {'are' if len(known) > 1 else 'is'} {', '.join(known) or 'none'}"
    return did_you_mean(word, known) or every


def only_known(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Raise `FieldRefused` where one of the keys *given* is not *known*; *what* says what each of them is."""
    for key in given:
        if key not in known:
            raise FieldRefused(f"'{key}' is no {what}; {or_listed(key, known)}", key)


def each_once(query: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the value of each parameter of a *query*. Raises `FieldRefused` where one is given twice."""
    for key, values in query.items():
        if len(values) > 1:
            raise FieldRefused(f"'{key}' is given {len(values)} times", key)
    return {key: values[0] for key, values in query.items()}


def given(value: object) -> str:
    """Return *value* as JSON writes it, cut to what a sentence can bear."""
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def instant_of(value: object, field: str) -> datetime:
    """Return the instant that *value* stands for. Raises `FieldRefused`."""
    try:
        return within_time(value)
    except NoInstant as none:
        raise FieldRefused(f"{none}", field) from None


def whole_number(text: str, field: str, least: int, most: int) -> int:
    """Return the whole number that *text* is. Raises `FieldRefused`."""
    # Not int alone: that takes signs, spaces, underscores, and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise FieldRefused(f"'{field}' is a whole number from {least} to {most}, not '{_cut(text)}'", field)
    return int(text)
