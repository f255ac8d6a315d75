"""The keys of `extensions:` and `trunks:`: who there is inside, the lines to the outside, and what their calls show."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ucmsim.settings.keys import Keys, Printable, wrong


def _number(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{1,32}", text):
        raise wrong(f"'{text}' is no number to show", "write 1 to 32 digits, with a + before them or without")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[0-9*#]{1,8}", text):
        raise wrong(f"'{text}' is no prefix", "write 1 to 8 of the keys 0 to 9, * and #")
    return text


CallerNumber = Annotated[str, AfterValidator(_number)]
CallerName = Annotated[Printable, Field(min_length=1, max_length=64)]


class OwnCallerId(Keys):
    """What the outbound calls of one extension show: *number* instead of its own, and *name* if there is one."""

    extension: int = Field(ge=1)
    number: CallerNumber
    name: CallerName | None = None

    def __str__(self) -> str:
        return f"{self.extension} as {' '.join(filter(None, (self.number, self.name)))}"


class Extensions(Keys):
    """The numbers of the extensions: *count* of them from *first* on, some with a caller ID of their own."""

    first: int = Field(1000, ge=1, le=99_999_999, description="number of the first extension")
    count: int = Field(50, ge=1, le=10_000, description="how many extensions follow each other")
    caller_ids: tuple[OwnCallerId, ...] = Field(
        (), strict=False, description="those with a caller ID of their own: extension, number and name of each"
    )

    def __str__(self) -> str:
        told = [f"{self.count} from {self.first} on", *map(str, self.caller_ids)]
        return ", ".join(told)


class Trunk(Keys):
    """A line to the outside with so many channels, or so many ports where it is analogue.

    Outbound calls over it show *caller_id* and *caller_name*, and are dialled with *prefix* before the number, which the
    outbound route takes off again. Over an analogue one calls of the shape `analogue` come in, and no others. Spec 5.1, 5.6.
    """

    name: Annotated[Printable, Field(min_length=1)]
    channels: int = Field(12, ge=1, le=1000)
    kind: Literal["sip", "analogue"] = "sip"
    caller_id: CallerNumber | None = None
    caller_name: CallerName | None = None
    prefix: Annotated[str, AfterValidator(_prefix)] | None = None

    def __str__(self) -> str:
        shown = " ".join(filter(None, (self.caller_id, self.caller_name)))
        told = [
            str(self.channels),
            "" if self.kind == "sip" else self.kind,
            f"as {shown}" if shown else "",
            f"prefix {self.prefix}" if self.prefix else "",
        ]
        return f"{self.name} ({', '.join(filter(None, told))})"
