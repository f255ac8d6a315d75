"""Calls that are wished for, one or a batch: `POST /v1/pbxs/{pbx}/calls`, read and answered. Knows no PBX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ucmsim.calls.events import Call
from ucmsim.contract.fields import FieldRefused, given, instant_of, only_known
from ucmsim.errors import shortened
from ucmsim.instants import at_microseconds
from ucmsim.settings.clock import LONGEST_ADVANCE

LONGEST = 86_400
"""Seconds that a call rings or talks at most."""
LATEST = LONGEST_ADVANCE
"""Seconds from now to the beginning of a call at most, where it is said so: nobody lets more pass at once."""

AMI = "ami"
NUMBER = re.compile(r"[A-Za-z0-9+*#._-]{1,40}")
"""What stands in the user part of a SIP address and can be dialled; nothing that leads elsewhere in a file's name."""
KEYS = ("shape", "from", "to", "target", "trunk", "code", "at", "delay", "ring", "talk", "phones", "recorded")
CODE = re.compile(r"[0-9]{1,20}")
_TOLD = 10
"""Calls of a batch of which is told why they cannot be."""
MOST_PHONES = 100
"""Phones that a call rings together, or one after another, at most."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A call that is wished for: its *shape*, numbers of who calls whom, when, and seconds of each ringing and talk.

    A ring group, a queue, a page or a conference has so many *phones*, and the *target* is whom a call goes on to. Whoever
    is outside is behind *trunk*, by its name; *code* is an account code or a PIN. None is what nobody asked for. What is
    *recorded* is begun by the unit, or *over_ami*. *timed_by* is the key that says when.
    """

    shape: str
    caller: str
    callee: str
    at: datetime
    ring: float | None = None
    talk: float | None = None
    recorded: bool = False
    over_ami: bool = False
    phones: int | None = None
    target: str | None = None
    trunk: str | None = None
    code: str | None = None
    timed_by: str = "at"


def wished(body: Any, now: datetime) -> Wish:
    """Return the call that *body* wishes for, *now* unless it says when, or how long after. Raises `FieldRefused`."""
    if not isinstance(body, Mapping):
        raise FieldRefused("a call is a JSON object", "")
    only_known(body, KEYS, "key of a call")
    recorded = body.get("recorded", False)
    if not (isinstance(recorded, bool) or recorded == AMI):
        raise FieldRefused(f"'recorded' is true, false or \"{AMI}\"", "recorded")
    return Wish(
        _text(body, "shape").replace("_", "-"), _number(body, "from"), _number(body, "to"),
        _begins(body, now),
        _seconds(body, "ring"), _seconds(body, "talk"), bool(recorded), recorded == AMI, _phones(body),
        _number(body, "target") if "target" in body else None,
        _text(body, "trunk") if "trunk" in body else None,
        _code(body) if "code" in body else None,
        "delay" if "delay" in body else "at",
    )  # fmt: skip


def wished_each(bodies: Sequence[Any], now: datetime) -> Iterator[Wish | FieldRefused]:
    """Yield the calls that *bodies* wish for, in order, and in place of one that is none why it is not.

    Raises `FieldRefused` where there are no bodies.
    """
    if not bodies:
        raise FieldRefused("there is no call in the list; send one or more", "")

    def one(body: Any) -> Wish | FieldRefused:
        try:
            return wished(body, now)
        except FieldRefused as refused:
            return refused

    return map(one, bodies)


def together(refused: Mapping[int, FieldRefused]) -> FieldRefused:
    """Return one refusal for those of calls of a batch, by their index from 0; of many the first are told."""
    fields = {index: f"[{index}].{error.field}".rstrip(".") for index, error in refused.items()}
    lines = (f"{fields[index]}: {error}" for index, error in refused.items())
    said = "; ".join(shortened(lines, "and {} more", _TOLD))
    return FieldRefused(f"{said}; no call was placed", next(iter(fields.values())))


class Placed(NamedTuple):
    """A *story* that was placed, and its *rows* to come; None is what nobody knows yet."""

    story: tuple[Call, ...]
    rows: int | None


def described_call(placed: Placed) -> dict[str, Any]:
    """Return what is told of a call that was placed; *ends* is null while nobody knows.

    *began* is that of its first call in the ledger, and of no other call there: none begins in the microsecond of another.
    """
    story = placed.story
    ends = [call.ended for call in story if call.ended is not None]
    return {
        "shape": story[0].shape,
        "kind": story[0].kind,
        "begins": _iso(story[0].start),
        "ends": _iso(max(ends)) if ends else None,
        "began": story[0].start,
        "rows": placed.rows,
    }


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise FieldRefused(f"'{key}' is a text, and {value} is a number; quote it: \"{value}\"", key)
    if not isinstance(value, str) or not value:
        raise FieldRefused(f"a call needs '{key}', a text", key)
    return value


def _number(body: Mapping[str, Any], key: str) -> str:
    value = _text(body, key)
    if not NUMBER.fullmatch(value):
        raise FieldRefused(
            f"'{key}' is a number or name of up to 40 letters, digits and + * # . _ -, not {given(value)}", key
        )
    return value


def _code(body: Mapping[str, Any]) -> str:
    value = _text(body, "code")
    if not CODE.fullmatch(value):
        raise FieldRefused(f"'code' is a text of up to 20 digits, not {given(value)}", "code")
    return value


def _begins(body: Mapping[str, Any], now: datetime) -> datetime:
    if (delay := _seconds(body, "delay", LATEST)) is None:
        return instant_of(body["at"], "at") if "at" in body else now
    if "at" in body:
        raise FieldRefused("'delay' does not go with 'at'; keep one of the two", "delay")
    try:
        return now + timedelta(seconds=delay)
    except OverflowError:
        raise FieldRefused(f"{given(delay)} s after {now.isoformat()} is after the year 9999", "delay") from None


def _seconds(body: Mapping[str, Any], key: str, most: int = LONGEST) -> float | None:
    if key not in body:
        return None
    value = body[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise FieldRefused(f"'{key}' is a number of seconds from 0 to {most}, not {given(value)}", key)
    return float(value)


def _phones(body: Mapping[str, Any]) -> int | None:
    if "phones" not in body:
        return None
    value = body["phones"]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_PHONES:
        raise FieldRefused(f"'phones' is a whole number from 1 to {MOST_PHONES}, not {given(value)}", "phones")
    return value


def _iso(microseconds: int) -> str:
    return at_microseconds(microseconds).isoformat()
