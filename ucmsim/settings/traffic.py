"""The keys of `traffic:`: how often, between whom, for how long and with what outcome calls are made up.

Each description says where its default comes from; *illustrative* is a default that is plausible and no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, AliasGenerator, BeforeValidator, ConfigDict, Field

from ucmsim.errors import did_you_mean
from ucmsim.settings.keys import Keys, number_due, text_due, wrong
from ucmsim.settings.phases import Phases, Ring, Spread, Talk

Weight = Annotated[float, Field(ge=0, le=1_000_000, strict=False), BeforeValidator(number_due)]
"""One of several numbers of which only the proportions count."""
Factor = Annotated[float, Field(ge=0, le=1000, strict=False), BeforeValidator(number_due)]
Share = Annotated[float, Field(ge=0, le=1, strict=False), BeforeValidator(number_due)]


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


def locales() -> Collection[str]:
    """Return the locales that Faker knows. Found by their folders: importing it takes 0.2 s, performance 7."""
    spec = find_spec("faker")
    if spec is None or spec.origin is None:
        return ()
    return sorted({file.parent.name for file in Path(spec.origin).parent.glob("providers/*/*/__init__.py")})


def _locale(value: object) -> str:
    name, known = text_due(value), locales()
    if name not in known:
        hint = did_you_mean(name, known)
        raise wrong(f"Faker knows no locale '{name}'", hint or "write a locale such as en_US, de_DE or ja_JP")
    return name


_MOST_PHONES = 100


def _ascending(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(value) != 2:
        raise wrong(f"there are {len(value)} numbers", "two are due, the fewest and the most")
    if value[0] > value[1]:
        raise wrong(f"the fewest, {value[0]}, are more than the most, {value[1]}", "let them be as many or fewer")
    return value


Sizes = Annotated[tuple[Annotated[int, Field(ge=1, le=_MOST_PHONES)], ...], AfterValidator(_ascending)]
"""The fewest and the most of something; any number between them is drawn as often."""


def _spelled(name: str) -> AliasChoices:
    """Return how the weight of a shape may be written: like a key, or like the id of the shape."""
    return AliasChoices(name, name.replace("_", "-"))


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise wrong("there is nothing here", "name at least one locale, such as en_US")
    return value


_ROWS = "of the 2661 rows of one UCM62xx, https-api 5.2; a row is a leg, and 2506 calls had them"


class Dispositions(Keys):
    """What becomes of calls. The defaults count the rows of one UCM62xx, of which a call may have more than one. Https-api 5.2."""

    answered: Weight = Field(1895, description=f"share of the calls that are answered; as {_ROWS}")
    no_answer: Weight = Field(628, description="share of the calls that nobody takes; as of the same rows")
    busy: Weight = Field(
        44,
        description="share of the calls that meet with busy, beside those to colleagues who talk; as of the same rows",
    )
    failed: Weight = Field(
        94, description="share of the calls that fail, beside those that find no channel; as of the same rows"
    )


class Kinds(Keys):
    """Between whom calls are; illustrative."""

    internal: Weight = Field(30, description="share of the calls between two extensions; illustrative")
    inbound: Weight = Field(40, description="share that come in over a trunk; illustrative")
    outbound: Weight = Field(30, description="share that go out over a trunk; illustrative")


class Phones(Keys):
    """How many phones a feature rings, as far as there are extensions, and what becomes of that."""

    ring_group: Sizes = Field(
        (2, 8),
        strict=False,
        description="the fewest and the most phones of a ring group; illustrative, 9 were seen, spec 5.6",
    )
    queue: Sizes = Field((2, 5), strict=False, description="the fewest and the most agents of a queue; illustrative")
    paging: Sizes = Field((2, 6), strict=False, description="the fewest and the most phones of a page; illustrative")
    conference: Sizes = Field(
        (1, 4), strict=False, description="the fewest and the most who join who opened a conference; illustrative"
    )
    busy: Share = Field(
        0.1, description="share of these phones that are busy, beside those that talk already; illustrative"
    )
    taken: Share = Field(
        0.7, description="share of the calls of a queue that the next agent takes when rung; illustrative"
    )


class Shapes(Keys):
    """How often calls have which shape, among those of their kind and disposition; see `ucmsim show shapes`. Illustrative.

    The ids of the shapes are taken too, with hyphens.
    """

    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=_spelled))

    answered: Weight = Field(700, description="somebody takes the call; illustrative")
    held: Weight = Field(60, description="with a part on hold; illustrative")
    ivr: Weight = Field(20, description="the caller hangs up in the IVR; illustrative")
    ivr_choice: Weight = Field(40, description="the caller dials an extension in the IVR; illustrative")
    ivr_menus: Weight = Field(10, description="the same in a second menu of it; illustrative")
    ring_group: Weight = Field(40, description="a ring group takes it; illustrative")
    ivr_ring_group: Weight = Field(20, description="by an IVR to a ring group; illustrative")
    queue: Weight = Field(30, description="an agent of a queue takes it; illustrative")
    conference: Weight = Field(10, description="a conference room; illustrative")
    paging: Weight = Field(3, description="a page; illustrative")
    fax: Weight = Field(3, description="a fax; illustrative")
    disa: Weight = Field(2, description="from outside to outside by DISA; illustrative")
    feature_code: Weight = Field(10, description="a feature code; illustrative")
    voicemail_direct: Weight = Field(4, description="a mailbox is called; illustrative")
    voicemail_menu: Weight = Field(12, description="somebody listens to messages; illustrative")
    forward_always: Weight = Field(6, description="forwarded always; illustrative")
    forward_busy: Weight = Field(3, description="forwarded when busy; illustrative")
    forward_no_answer: Weight = Field(8, description="forwarded without an answer; illustrative")
    follow_me: Weight = Field(5, description="follow-me; illustrative")
    blind_transfer: Weight = Field(15, description="transferred without a word; illustrative")
    attended_transfer: Weight = Field(8, description="transferred after asking; illustrative")
    parked: Weight = Field(4, description="parked and fetched; illustrative")
    prefix: Weight = Field(
        20, description="an outside line is dialled first, with 9 where the trunk has no prefix; illustrative"
    )
    account_code: Weight = Field(8, description="an account code is dialled; illustrative")
    pin_group: Weight = Field(4, description="a PIN is asked for; illustrative")
    callback: Weight = Field(2, description="the PBX calls back; illustrative")
    api_call: Weight = Field(
        6, description="begun by the API; illustrative, 15 of 2506 calls of a UCM62xx were, https-api 5.2"
    )
    helper_channel: Weight = Field(3, description="a phone is rung by a Local/ channel; illustrative")
    analogue: Weight = Field(
        0, description="from an analogue line that tells no number, where a trunk is one; illustrative"
    )
    unfinished: Weight = Field(
        0, description="still up when the unit is switched off, so that nothing is written; illustrative"
    )
    no_answer: Weight = Field(60, description="nobody takes the call; illustrative")
    voicemail: Weight = Field(
        35,
        description="the mailbox takes it; illustrative: 155 of 2506 calls of a UCM62xx had a second row, those with a "
        "mailbox, an IVR or a group together, https-api 5.2",
    )
    queue_abandoned: Weight = Field(5, description="the caller leaves a queue; illustrative")
    busy: Weight = Field(1, description="the callee is busy; illustrative")
    failed: Weight = Field(51, description="a prompt says that it failed: 51 of 94 rows of a UCM62xx, https-api 5.2")
    congestion: Weight = Field(9, description="the trunk takes no more: 9 of the same 94 rows, https-api 5.2")
    hung_up: Weight = Field(5, description="the dialplan ends it: 5 of the same 94 rows, https-api 5.2")
    unregistered: Weight = Field(8, description="the phone is not there; illustrative")


class Traffic(Keys):
    """How calls are made up, live and for the history."""

    live: bool = Field(
        False, description="calls go on while the PBX runs, as many a day as in its history; off, so that tests repeat"
    )
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
        (), strict=False, description="local days YYYY-MM-DD, or MM-DD for every year; illustrative"
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
        description="share of the extensions with a caller ID of their own; illustrative, 888 of 2661 rows of a UCM62xx "
        "were of such, https-api 5.2",
    )
    codes: int = Field(
        20, ge=1, le=10_000, description="account codes and PINs of four digits that are in use; illustrative"
    )
    greetings: Share = Field(0.3, description="share of the mailboxes with a greeting of their owner; illustrative")
    outside: Share = Field(
        0.2,
        description="share of the calls that are forwarded, transferred or followed to a number outside; illustrative",
    )
    faker_locale: Annotated[tuple[Annotated[str, BeforeValidator(_locale)], ...], AfterValidator(_some)] = Field(
        ("en_US",), strict=False, description="locales of the names, and of numbers that belong to nobody; illustrative"
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
    phases: Phases = Field(default_factory=Phases)
    phones: Phones = Field(default_factory=Phones)
    shapes: Shapes = Field(default_factory=Shapes)


TIMES: tuple[tuple[str, ...], ...] = (
    ("talk",),
    *((group, name) for group, times in (("ring", Ring), ("phases", Phases)) for name in times.model_fields),
)
"""Where in `traffic:` a median and a longest time stand together."""
SHARES = ("kinds", "dispositions")
"""Which keys of `traffic:` hold shares, of which at least one must be more than 0."""


_USUAL = Traffic()


def default_of(path: Iterable[str]) -> dict[str, Any]:
    """Return the defaults of the mapping at *path* below `traffic:`."""
    here: Any = _USUAL
    for name in path:
        here = getattr(here, name)
    return dict(here)
