"""The keys of `traffic:`: how often, between whom, for how long and with what outcome calls are made up.

Each description says where its default comes from; *illustrative* is a default that is plausible and no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ucmsim.errors import did_you_mean
from ucmsim.settings.keys import Keys, number_due, text_due, wrong

Weight = Annotated[float, Field(ge=0, le=1_000_000, strict=False), BeforeValidator(number_due)]
"""One of several numbers of which only the proportions count."""
Factor = Annotated[float, Field(ge=0, le=1000, strict=False), BeforeValidator(number_due)]
Share = Annotated[float, Field(ge=0, le=1, strict=False), BeforeValidator(number_due)]
Spread = Annotated[float, Field(ge=1, le=100, strict=False), BeforeValidator(number_due)]
"""The geometric standard deviation of a lognormal distribution: two of three values lie within this factor."""
SHORTEST, LONGEST = 0.001, 604_800.0
"""Seconds that a duration may be set to: a millisecond to a week."""
Seconds = Annotated[float, Field(ge=SHORTEST, le=LONGEST, strict=False), BeforeValidator(number_due)]


def _weights(count: int, what: str) -> AfterValidator:
    """Return what refuses anything but *count* numbers, one for each *what*, not all of them 0."""

    def judged(value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) != count:
            raise wrong(f"there are {len(value)} numbers", f"{count} are due, one for each {what}")
        if not any(value):
            raise wrong("every number is 0, so nobody ever calls", f"let at least one {what} have more than 0")
        return value

    return AfterValidator(judged)


_DAY = re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_LEAP_YEAR = 2000


def _holiday(value: object) -> str:
    text = text_due(value)
    form = "write YYYY-MM-DD, or MM-DD for a day of every year"
    match = _DAY.fullmatch(text)
    if match is None:
        raise wrong(f"'{text}' is no date", form)
    try:
        date(int(match["year"] or _LEAP_YEAR), int(match["month"]), int(match["day"]))
    except ValueError:
        raise wrong(f"there is no day '{text}'", form) from None
    return text


@lru_cache
def locales() -> Collection[str]:
    """Return the locales that Faker knows. Found by their folders: importing it takes 0.2 s, performance 7."""
    spec = find_spec("faker")
    if spec is None or spec.origin is None:
        return ()
    return sorted({file.parent.name for file in Path(spec.origin).parent.glob("providers/*/*/__init__.py")})


def _locale(value: object) -> str:
    name = text_due(value)
    if name not in locales():
        hint = did_you_mean(name, locales())
        raise wrong(f"Faker knows no locale '{name}'", hint or "write a locale such as en_US, de_DE or ja_JP")
    return name


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise wrong("there is nothing here", "name at least one locale, such as en_US")
    return value


class Times(Keys):
    """How long something lasts: lognormal, with a longest time that no draw exceeds.

    *median* and *longest* are seconds; two of three draws lie between median / spread and median * spread.
    """

    median: Seconds
    spread: Spread
    longest: Seconds


_WITHIN = "two of three lie within this factor of it"


class Talk(Times):
    """The talk of an answered call; lognormal: Brown et al. 2005, "Statistical Analysis of a Telephone Call Center"."""

    median: Seconds = Field(90, description="seconds that half of the talks exceed; illustrative")
    spread: Spread = Field(3, description=f"{_WITHIN}; illustrative")
    longest: Seconds = Field(14_400, description="seconds after which a talk is cut off; illustrative")


class Answered(Times):
    """The ringing of a call until somebody takes it."""

    median: Seconds = Field(8, description="seconds that half of the calls ring longer than; illustrative")
    spread: Spread = Field(1.8, description=f"{_WITHIN}; illustrative")
    longest: Seconds = Field(60, description="seconds for which the PBX rings: the 60 of Dial(...,60,...), spec 5.6")


class NoAnswer(Times):
    """The ringing of a call that nobody takes, until the caller or the PBX gives up."""

    median: Seconds = Field(20, description="seconds that half of the calls ring longer than; illustrative")
    spread: Spread = Field(1.8, description=f"{_WITHIN}; illustrative")
    longest: Seconds = Field(60, description="seconds for which the PBX rings: the 60 of Dial(...,60,...), spec 5.6")


class Busy(Times):
    """The time until a call meets with busy; 9 and 11 s were seen, https-api 5.2."""

    median: Seconds = Field(3, description="seconds that half of these calls exceed; illustrative")
    spread: Spread = Field(2, description=f"{_WITHIN}; illustrative")
    longest: Seconds = Field(12, description="seconds, just above the 11 that were seen")


class Failed(Times):
    """The time until a call fails: 0 to 7 whole seconds, 34 of 94 of them 0, https-api 5.2."""

    median: Seconds = Field(1.4, description="seconds; 36 % of the calls then fail within the first, as 34 of 94 did")
    spread: Spread = Field(2.6, description=f"{_WITHIN}; chosen with the median")
    longest: Seconds = Field(7.9, description="seconds; none of the 94 had more than 7 whole ones")


class Ring(Keys):
    """How long a call rings, by what becomes of it."""

    answered: Answered = Field(default_factory=Answered)
    no_answer: NoAnswer = Field(default_factory=NoAnswer)
    busy: Busy = Field(default_factory=Busy)
    failed: Failed = Field(default_factory=Failed)


class Dispositions(Keys):
    """What becomes of calls. The defaults are the 2661 rows of one UCM62xx, https-api 5.2."""

    answered: Weight = Field(1895, description="share of the calls that are answered")
    no_answer: Weight = Field(628, description="share that nobody takes")
    busy: Weight = Field(44, description="share that meet with busy")
    failed: Weight = Field(94, description="share that fail")


class Kinds(Keys):
    """Between whom calls are; illustrative."""

    internal: Weight = Field(30, description="share of the calls between two extensions")
    inbound: Weight = Field(40, description="share that come in over a trunk")
    outbound: Weight = Field(30, description="share that go out over a trunk")


class Shapes(Keys):
    """How often calls have which shape, among those of their kind and disposition; see `ucmsim show shapes`. Illustrative."""

    answered: Weight = Field(700, description="somebody takes the call")
    held: Weight = Field(60, description="with a part on hold")
    ivr: Weight = Field(20, description="the caller hangs up in the IVR")
    ivr_choice: Weight = Field(40, description="the caller dials an extension in the IVR")
    ring_group: Weight = Field(40, description="a ring group takes it")
    ivr_ring_group: Weight = Field(20, description="by an IVR to a ring group")
    queue: Weight = Field(30, description="an agent of a queue takes it")
    conference: Weight = Field(10, description="a conference room")
    paging: Weight = Field(3, description="a page")
    fax: Weight = Field(3, description="a fax")
    disa: Weight = Field(2, description="from outside to outside by DISA")
    feature_code: Weight = Field(10, description="a feature code")
    voicemail_direct: Weight = Field(4, description="a mailbox is called")
    voicemail_menu: Weight = Field(12, description="somebody listens to messages")
    forward_always: Weight = Field(6, description="forwarded always")
    forward_busy: Weight = Field(3, description="forwarded when busy")
    forward_no_answer: Weight = Field(8, description="forwarded without an answer")
    follow_me: Weight = Field(5, description="follow-me")
    blind_transfer: Weight = Field(15, description="transferred without a word")
    attended_transfer: Weight = Field(8, description="transferred after asking")
    parked: Weight = Field(4, description="parked and fetched")
    prefix: Weight = Field(20, description="an outside line is dialled first, with 9 where the trunk has no prefix")
    account_code: Weight = Field(8, description="an account code is dialled")
    pin_group: Weight = Field(4, description="a PIN is asked for")
    callback: Weight = Field(2, description="the PBX calls back")
    api_call: Weight = Field(6, description="begun by the API: 15 calls in 2661 rows of a UCM62xx")
    helper_channel: Weight = Field(3, description="a phone is rung by a Local/ channel")
    analogue: Weight = Field(0, description="from an analogue line that tells no number")
    unfinished: Weight = Field(0, description="still up when the unit is switched off, so that nothing is written")
    no_answer: Weight = Field(60, description="nobody takes the call")
    voicemail: Weight = Field(35, description="the mailbox takes it: of 628 unanswered calls of a UCM62xx 155 went on")
    queue_abandoned: Weight = Field(5, description="the caller leaves a queue")
    busy: Weight = Field(1, description="the callee is busy")
    failed: Weight = Field(6, description="a prompt says that it failed")
    congestion: Weight = Field(2, description="the trunk takes no more")
    hung_up: Weight = Field(1, description="the dialplan ends it")
    unregistered: Weight = Field(1, description="the phone is not there")


class Traffic(Keys):
    """How calls are made up, live and for the history."""

    live: bool = Field(False, description="calls go on while the PBX runs, as many a day as in its history")
    hourly: Annotated[tuple[Weight, ...], _weights(24, "hour from midnight on")] = Field(
        (1, 1, 1, 1, 1, 2, 6, 20, 55, 90, 100, 95, 65, 80, 95, 95, 85, 60, 30, 18, 12, 8, 4, 2),
        strict=False,
        description="24 weights of the hours of the local day; an office, illustrative",
    )
    weekdays: Annotated[tuple[Weight, ...], _weights(7, "day from Monday on")] = Field(
        (1, 1, 1, 1, 0.9, 0.25, 0.15),
        strict=False,
        description="7 weights of the days, Monday first; an office, illustrative",
    )
    holidays: tuple[Annotated[str, BeforeValidator(_holiday)], ...] = Field(
        (), strict=False, description="local days YYYY-MM-DD, or MM-DD for every year"
    )
    holiday: Factor = Field(0.1, description="factor of the calls on holidays; illustrative")
    people: int = Field(300, ge=1, le=5000, description="how many people outside call and are called; illustrative")
    named: Share = Field(0.6, description="share of them whose carrier sends a name; illustrative")
    awkward: Share = Field(
        0.05,
        description="share of them, and of the extensions, whose name or number is awkward: quotes, commas, &, <, "
        "non-ASCII, apostrophes, no name, +, leading zeros, anonymous; illustrative, far more than in life",
    )
    own_caller_id: Share = Field(
        0.1,
        description="share of the extensions with a caller ID of their own; illustrative, of 2661 rows of a UCM62xx 888 "
        "were of such",
    )
    faker_locale: Annotated[tuple[Annotated[str, BeforeValidator(_locale)], ...], AfterValidator(_some)] = Field(
        ("en_US",), strict=False, description="locales of the names, and of numbers that belong to nobody"
    )
    activity: Spread = Field(
        2, description="two of three extensions call within this factor of the median one; 1 = all alike; illustrative"
    )
    contacts: Annotated[float, Field(ge=0, le=10, strict=False), BeforeValidator(number_due)] = Field(
        1, description="Zipf exponent s: contact r of a book is called 1/r**s as often as the first; illustrative"
    )
    kinds: Kinds = Field(default_factory=Kinds)
    dispositions: Dispositions = Field(default_factory=Dispositions)
    ring: Ring = Field(default_factory=Ring)
    talk: Talk = Field(default_factory=Talk)
    shapes: Shapes = Field(default_factory=Shapes)


TIMES: tuple[tuple[str, ...], ...] = (("talk",), *(("ring", name) for name in Ring.model_fields))
"""Where in `traffic:` a median and a longest time stand together."""
SHARES = ("kinds", "dispositions")
"""Which keys of `traffic:` hold shares, of which at least one must be more than 0."""


def default_of(path: Iterable[str]) -> dict[str, Any]:
    """Return the defaults of the mapping at *path* below `traffic:`."""
    here: Any = Traffic()
    for name in path:
        here = getattr(here, name)
    return dict(here)
