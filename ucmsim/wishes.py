"""Calls that are wished for, one or a batch: `POST /v1/pbxs/{pbx}/calls`, read and answered. Knows no PBX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ucmsim.calls.events import Call
from ucmsim.errors import UcmsimError, did_you_mean
from ucmsim.instants import FORM, at_microseconds, instant

LONGEST = 86_400
"""Seconds that a call rings or talks at most."""

_RING, _TALK = 5.0, 60.0
_AMI = "ami"
_NUMBER = re.compile(r"[A-Za-z0-9+*#._-]{1,40}")
"""What stands in the user part of a SIP address and can be dialled; nothing that leads elsewhere in a file's name."""
_KEYS = ("shape", "from", "to", "at", "ring", "talk", "recorded")


class CallRefused(UcmsimError):
    """A call cannot be placed; the sentence says why, *field* what is wrong."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Wish:
    """A call that is wished for: its *shape*, numbers of who calls whom, when, and seconds of ringing and talk.

    What is *recorded* is begun by the unit, or *over_ami*.
    """

    shape: str
    caller: str
    callee: str
    at: datetime
    ring: float = _RING
    talk: float = _TALK
    recorded: bool = False
    over_ami: bool = False


def wished(body: Any, now: datetime) -> Wish:
    """Return the call that *body* wishes for, *now* unless it says when. Raises `CallRefused`."""
    if not isinstance(body, Mapping):
        raise CallRefused("a call is a JSON object", "")
    for key in body:
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or f"there are {', '.join(_KEYS)}"
            raise CallRefused(f"'{key}' is no key of a call; {hint}", key)
    recorded = body.get("recorded", False)
    if not (isinstance(recorded, bool) or recorded == _AMI):
        raise CallRefused(f"'recorded' is true, false or \"{_AMI}\"", "recorded")
    return Wish(
        _text(body, "shape"), _number(body, "from"), _number(body, "to"), _instant(body, now), _seconds(body, "ring", _RING),
        _seconds(body, "talk", _TALK), bool(recorded), recorded == _AMI,
    )  # fmt: skip


def wished_each(bodies: Sequence[Any], now: datetime) -> list[Wish | CallRefused]:
    """Return the calls that *bodies* wish for, in order, and in place of one that is none why it is not."""

    def one(body: Any) -> Wish | CallRefused:
        try:
            return wished(body, now)
        except CallRefused as refused:
            return refused

    return [one(body) for body in bodies]


def together(refused: Mapping[int, CallRefused]) -> CallRefused:
    """Return one refusal for those of calls of a batch, by their index from 0."""
    fields = {index: f"[{index}].{error.field}".rstrip(".") for index, error in refused.items()}
    said = "; ".join(f"{fields[index]}: {error}" for index, error in refused.items())
    return CallRefused(f"{said}; no call was placed", next(iter(fields.values())))


def described_call(story: tuple[Call, ...]) -> dict[str, Any]:
    """Return what is told of a call that was placed; *ends* is null while nobody knows."""
    ends = [call.ended for call in story if call.ended is not None]
    return {
        "shape": story[0].shape,
        "kind": story[0].kind,
        "begins": _iso(story[0].start),
        "ends": _iso(max(ends)) if ends else None,
    }


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise CallRefused(f"a call needs '{key}', a text", key)
    return value


def _number(body: Mapping[str, Any], key: str) -> str:
    value = _text(body, key)
    if not _NUMBER.fullmatch(value):
        raise CallRefused(f"'{key}' is a number or name of up to 40 letters, digits and + * # . _ -", key)
    return value


def _seconds(body: Mapping[str, Any], key: str, default: float) -> float:
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise CallRefused(f"'{key}' is a number of seconds from 0 to {LONGEST}", key)
    return float(value)


def _instant(body: Mapping[str, Any], now: datetime) -> datetime:
    if "at" not in body:
        return now
    if (at := instant(body["at"])) is None:
        raise CallRefused(f"'at' is {FORM}", "at")
    return at


def _iso(microseconds: int) -> str:
    return at_microseconds(microseconds).isoformat()
