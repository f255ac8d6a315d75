"""The keys of a scenario: steps, what each waits for, what it does, and what is expected of the client.

What a step arms, places and changes has the keys of the control API, and is judged in `ucmsim.scenarios.rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ucmsim.assembling.hidden import secrets_of
from ucmsim.instants import FORM, NoInstant, read
from ucmsim.settings import ClockChange
from ucmsim.settings.keys import Keys, number_due, wrong

PATIENCE = 300.0
"""Seconds that a client is waited for unless the scenario or its player says otherwise: it may poll every few minutes."""
LONGEST = 86_400.0
"""Seconds that anything is waited for at most."""
PLACED, EVERY = "placed", "all"
"""What stands for all calls that were placed, and for all that there are."""
PLACING = ("name", "count", "every")
"""What stands beside the keys of a call that is placed."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_STATUS = re.compile(r"[1-5]xx")


def _status(value: object) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong("no status stands here", "write a status such as 401, or a class such as 4xx")
    if isinstance(value, int) and 100 <= value <= 599:
        return value
    if isinstance(value, str) and _STATUS.fullmatch(value):
        return value
    raise wrong(f"{value} is no status", "write a status such as 401, or a class such as 4xx")


def _at(value: object) -> float | datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 0 <= value <= LONGEST:
            return float(value)
        raise wrong(f"{value} is no time", f"write seconds from 0 to {LONGEST:.0f} since the run began, or an instant")
    if not isinstance(value, str):
        raise PydanticCustomError("float_type", "seconds, or an instant, are due")
    try:
        return read(value, f"write seconds since the run began, or {FORM}")
    except NoInstant as none:
        raise wrong(none.wrong, none.right) from None


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise wrong(f"'{text}' is no name here", "use lower-case letters, digits and hyphens")
    return text


def _from_root(text: str) -> str:
    if not text.startswith("/"):
        raise wrong(f"'{text}' is no path", f"it begins with /, as /{text}")
    return text


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, dict | str) else value


Status = Annotated[int | str, PlainValidator(_status), WithJsonSchema({"type": ["integer", "string"]})]
At = Annotated[float | datetime, PlainValidator(_at), WithJsonSchema({"type": ["number", "string"]})]
Seconds = Annotated[float, BeforeValidator(number_due), Field(ge=0, le=LONGEST, strict=False, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Slug = Annotated[str, AfterValidator(_slug), WithJsonSchema({"type": "string", "pattern": _SLUG.pattern})]
FromRoot = Annotated[str, AfterValidator(_from_root), WithJsonSchema({"type": "string", "pattern": "^/"})]
Calls = Annotated[
    tuple[str, ...],
    BeforeValidator(_one_or_more),
    Field(strict=False, min_length=1),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}),
]
"""Names of calls that the scenario placed; `placed` alone means all of these, `all` every call that there is."""


Placed = Annotated[
    tuple[Mapping[str, Any], ...],
    BeforeValidator(_one_or_more),
    Field(strict=False, min_length=1),
    WithJsonSchema({"type": ["object", "array"], "items": {"type": "object"}, "minItems": 1}),
]
"""A call, or several."""


class Which(Keys):
    """Which exchanges are meant: everything that is given must hold."""

    path: FromRoot | None = Field(None, description="a path of the PBX, such as /cdrapi")
    status: Status | None = Field(None, description="a status, or a class such as 4xx")
    refusal: str | None = Field(None, description="the code of a refusal, or any")
    fault: str | None = Field(None, description="the name of a fault that fired")
    mark: str | None = Field(None, description="the id of a mark, or any")
    rows: Annotated[int, Field(ge=0)] | None = Field(
        None, description="so many CDRs on the page that the PBX made, or more"
    )


class Awaited(Which):
    """An exchange that is waited for, or several."""

    count: Count = Field(1, description="how many, since the step before was done")


class Connection(Keys):
    """A connection that is waited for, or several: it is told when it has ended."""

    defect: str | None = Field(None, description="the defect of the certificate that it was shown, or any")
    verdict: Literal["accepted", "refused", "undecided"] | None = Field(
        None, description="how the client took what it was shown"
    )
    refusal: str | None = Field(None, description="the code of a refusal, or any")
    count: Count = Field(1, description="how many, since the step before was done")


class After(Keys):
    """What a step waits for; one of these."""

    request: Awaited | None = Field(None, description="exchanges: path, status, refusal, fault, mark, rows, and count")
    connection: Connection | None = Field(None, description="connections: defect, verdict, refusal, and count")
    fault: str | None = Field(
        None, description="the fault of that name fired, since it was armed and since a step waited for it last"
    )
    rows: Count | None = Field(
        None, description="so many CDRs went out whole since the run began, each as often as it did"
    )
    delivered: Calls | None = Field(None, description="every CDR of these calls was delivered whole")
    fetched: Calls | None = Field(None, description="every recording of these calls was fetched whole")
    ended: str | None = Field(None, description="the call of that name is over")


class Restart(Keys):
    """The PBX restarts at the next request that *when* is true of."""

    seconds: Seconds = Field(1.0, description="of real time that the port is closed")
    when: Mapping[str, Any] | None = Field(None, description="which request it is, as of a fault")

    def fault(self, number: int) -> Mapping[str, Any]:
        """Return the fault that it is, the restart of its scenario with that *number*, from 1 on, as the control API takes it."""
        name, when = "restart" if number == 1 else f"restart-{number}", dict(self.when or {})
        return {"name": name, "fault": "api.restart", "seconds": self.seconds, "when": when, "times": 1}


class Bounds(Which):
    """How many exchanges there may be."""

    at_least: Annotated[int, Field(ge=0)] = Field(0, description="so many, or more")
    at_most: Annotated[int, Field(ge=0)] | None = Field(None, description="so many, or fewer")
    since: str | None = Field(None, description="from this step on; else since the run began")
    until: str | None = Field(None, description="before this step")


class InARow(Which):
    """How many exchanges there may be in a row, no other between them."""

    at_most: Count = Field(description="so many, or fewer")
    pause: Seconds = Field(1.0, description="seconds after which one is not in a row with the last")
    since: str | None = Field(None, description="from this step on; else since the run began")


class BacksOff(Which):
    """How a client is to pace itself while it is refused."""

    since: str = Field(description="from this step on")
    until: str | None = Field(None, description="before this step")
    first: Annotated[float, BeforeValidator(number_due), Field(gt=0, le=LONGEST, strict=False, allow_inf_nan=False)] = (
        Field(
            1.0,
            description="seconds of the first pause, which doubles each time, of the client that it is compared with",
        )
    )
    at_once: Count = Field(1, description="requests that are one attempt, when they come within half a second")


class CameBack(Keys):
    """The client was answered with 200 after a step, within every bound that is given."""

    since: str = Field(description="the step")
    path: FromRoot | None = Field(None, description="of what it was answered")
    seconds: Seconds | None = Field(None, description="of real time")
    pbx_seconds: Seconds | None = Field(None, description="of PBX time")
    requests: Count | None = Field(None, description="among so many requests, challenges not counted")


class Expectation(Keys):
    """What is expected of the client; one of the keys behind *says*."""

    name: Slug = Field(description="its id, for programs")
    says: str = Field(min_length=1, description="what a correct client does, one sentence")
    delivered: Calls | None = Field(None, description="every CDR of these calls was delivered whole; or placed, or all")
    or_none: Literal[True] | None = Field(
        None, description="beside delivered: it passes also where these calls have no CDR"
    )
    fetched: Calls | None = Field(None, description="every recording of these calls was fetched whole")
    kept: Calls | None = Field(
        None, description="the client says that it kept every CDR that it got of these calls once"
    )
    verified: Literal[True] | None = Field(
        None, description="a bad certificate was refused, and no request came over a connection that was shown one"
    )
    unmarked: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = Field(
        None, description="no event has one of these marks"
    )
    requests: Bounds | None = Field(None, description="exchanges, at_least and at_most, since and until a step")
    in_a_row: InARow | None = Field(None, description="exchanges, at_most so many without a pause between them")
    backs_off: BacksOff | None = Field(
        None, description="exchanges, from since until a step, in attempts with pauses that grow: see below"
    )
    came_back: CameBack | None = Field(None, description="the client was answered after the step since, within bounds")


KINDS = ("delivered", "fetched", "kept", "verified", "unmarked", "requests", "in_a_row", "backs_off", "came_back")
"""Of which an expectation has one."""


class Step(Keys):
    """One step: what it waits for, and one thing that it does; without that it only waits."""

    name: str | None = Field(None, min_length=1, description="what is said of it; expectations name steps by it")
    at: At | None = Field(None, description="seconds of real time since the run began, or an instant of the PBX clock")
    after: After | None = Field(None, description="what it waits for")
    limit: Seconds | None = Field(None, description="seconds of real time that it waits at most, instead of patience")
    arm: Mapping[str, Any] | None = Field(None, description="arms a fault, as the control API takes it")
    clear: str | None = Field(None, description="disarms the fault of that name, or all")
    place: Placed | None = Field(
        None, description="places calls, as the control API takes them; also name, count and every (seconds)"
    )
    clock: ClockChange | None = Field(None, description="moves the PBX clock: now, advance or step, rate, time_zone")
    time_of_day: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = Field(
        None, description="sets the PBX clock to this time of its day, HH:MM in its zone, and freezes it"
    )
    identity: Mapping[str, Any] | None = Field(
        None,
        description="shows a certificate: {defect: id}, {valid_for: seconds} of the PBX clock for one that ends then, or {} for the good one",
    )
    api: Mapping[str, Any] | None = Field(None, description="changes the device's API page, such as permitted_ips")
    restart: Restart | None = Field(
        None,
        description="the PBX restarts: seconds, and when; it is a fault called restart, the next one restart-2, and so on",
    )
    reset: Literal[True] | None = Field(None, description="resets the PBX: a new universe")
    delete_rows: Literal[True] | None = Field(None, description="deletes every CDR")
    wait: Seconds | None = Field(None, description="seconds of real time that nothing is done")
    expect: Annotated[tuple[Expectation, ...], Field(strict=False, min_length=1)] | None = Field(
        None, description="what is expected by now"
    )


ACTIONS = (
    "arm", "clear", "place", "clock", "time_of_day", "identity", "api", "restart", "reset", "delete_rows", "wait", "expect",
)  # fmt: skip
"""Of which a step has one at most."""


class Scenario(Keys):
    """A bad day."""

    name: Slug = Field(description="what it is called")
    title: str = Field(min_length=1, description="what it is about, in a few words")
    story: str = Field(min_length=1, description="what happens")
    correct: str = Field(min_length=1, description="what a correct client does")
    pbx: Mapping[str, Any] = Field(
        default_factory=dict, description="settings of the PBX, as in sim.yaml, over those of every scenario's"
    )
    patience: Seconds = Field(
        PATIENCE, description="seconds of real time that each step, and at the end the client, is waited for"
    )
    steps: Annotated[tuple[Step, ...], Field(strict=False)] = Field((), description="what is done, one after another")
    expect: Annotated[tuple[Expectation, ...], Field(strict=False)] = Field(
        (), description="what is expected at the end"
    )

    @property
    def secrets(self) -> Iterator[str]:
        """Every password in the settings of its PBX and in its steps, also in those that never come."""
        yield from secrets_of(self.pbx)
        for step in self.steps:
            yield from secrets_of({"api": step.api, "faults": [] if step.arm is None else [step.arm]})

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Every expectation, those of steps first, in order."""
        return (*(one for step in self.steps for one in step.expect or ()), *self.expect)
