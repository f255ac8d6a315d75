"""The keys of `traffic:` that say how long each phase of a call lasts.

Each description says where its default comes from; *illustrative* is a default that is plausible and no more.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from ucmsim.settings.keys import Keys, number_due

Spread = Annotated[float, Field(ge=1, le=100, strict=False), BeforeValidator(number_due)]
"""The geometric standard deviation of a lognormal distribution: two of three values lie within this factor."""
SHORTEST, LONGEST = 0.001, 604_800.0
"""Seconds that a duration may be set to: a millisecond to a week."""
Seconds = Annotated[float, Field(ge=SHORTEST, le=LONGEST, strict=False), BeforeValidator(number_due)]


class Times(Keys):
    """How long something lasts: lognormal, with a longest time that no draw exceeds.

    *median* and *longest* are seconds; two of three draws lie between median / spread and median * spread.
    """

    median: Seconds
    spread: Spread
    longest: Seconds


_WITHIN = "two of three lie within this factor of it"
_SPREAD = f"{_WITHIN}; illustrative"
_LONGEST = "seconds at most; illustrative"


class Talk(Times):
    """Each talk of people; lognormal: Brown et al. 2005, "Statistical Analysis of a Telephone Call Center"."""

    median: Seconds = Field(90, description="seconds that half of the talks exceed; illustrative")
    spread: Spread = Field(3, description=_SPREAD)
    longest: Seconds = Field(
        14_400, description="seconds after which a talk is cut off, also one before or after a transfer; illustrative"
    )


class Answered(Times):
    """The ringing of a phone until somebody takes the call."""

    median: Seconds = Field(8, description="seconds that half of them ring longer than; illustrative")
    spread: Spread = Field(1.8, description=_SPREAD)
    longest: Seconds = Field(60, description="seconds for which the PBX rings: the 60 of Dial(...,60,...), spec 5.6")


class NoAnswer(Times):
    """The ringing of a phone that nobody takes, until the caller or the PBX gives up, or the call goes on elsewhere."""

    median: Seconds = Field(20, description="seconds that half of them ring longer than; illustrative")
    spread: Spread = Field(1.8, description=_SPREAD)
    longest: Seconds = Field(
        60,
        description="seconds for which the PBX rings, and after which a mailbox takes the call: the 60 of "
        "Dial(...,60,...), spec 5.6",
    )


class Busy(Times):
    """The time until a call meets with busy; 9 and 11 s were seen, https-api 5.2."""

    median: Seconds = Field(3, description="seconds that half of these calls exceed; illustrative")
    spread: Spread = Field(2, description=_SPREAD)
    longest: Seconds = Field(12, description="seconds, just above the 11 that were seen, https-api 5.2")


class Failed(Times):
    """The time until a call fails: 0 to 7 whole seconds, 34 of 94 of them 0, https-api 5.2."""

    median: Seconds = Field(
        1.4, description="seconds; 36 % of the calls then fail within the first, as 34 of 94 rows did, https-api 5.2"
    )
    spread: Spread = Field(2.6, description=f"{_WITHIN}; illustrative, chosen with the median")
    longest: Seconds = Field(7.9, description="seconds; none of the 94 rows had more than 7 whole ones, https-api 5.2")


class Ring(Keys):
    """How long a phone rings, by what becomes of that."""

    answered: Answered = Field(default_factory=Answered)
    no_answer: NoAnswer = Field(default_factory=NoAnswer)
    busy: Busy = Field(default_factory=Busy)
    failed: Failed = Field(default_factory=Failed)


class Hold(Times):
    """A part of a talk on hold."""

    median: Seconds = Field(25, description="seconds on hold, at most half of the talk; illustrative")
    spread: Spread = Field(2, description=_SPREAD)
    longest: Seconds = Field(600, description=_LONGEST)


class Consult(Times):
    """The talk with a colleague before an attended transfer."""

    median: Seconds = Field(20, description="seconds in which a colleague is asked before a transfer; illustrative")
    spread: Spread = Field(2, description=_SPREAD)
    longest: Seconds = Field(300, description=_LONGEST)


class Parked(Times):
    """The wait in a parking slot."""

    median: Seconds = Field(35, description="seconds in a parking slot; the 35 that were seen once, spec 5.6")
    spread: Spread = Field(2, description=_SPREAD)
    longest: Seconds = Field(300, description=_LONGEST)


class Pressed(Times):
    """The time in which a PIN, or the number for DISA, is asked for and keyed in."""

    median: Seconds = Field(7, description="seconds until a PIN, or a number for DISA, is keyed in; illustrative")
    spread: Spread = Field(1.5, description=_SPREAD)
    longest: Seconds = Field(30, description=_LONGEST)


class Choice(Times):
    """The listening to an IVR until a key is pressed."""

    median: Seconds = Field(
        10, description="seconds in an IVR until a key; between the 9 of spec 5.6 and the 11 and 23 of https-api 5.2"
    )
    spread: Spread = Field(1.6, description=_SPREAD)
    longest: Seconds = Field(40, description=_LONGEST)


class Ivr(Times):
    """The listening to an IVR until the caller hangs up."""

    median: Seconds = Field(
        8, description="seconds in an IVR until the caller hangs up; illustrative, 2 were seen, spec 5.6"
    )
    spread: Spread = Field(2.2, description=_SPREAD)
    longest: Seconds = Field(40, description=_LONGEST)


class Queue(Times):
    """The wait in a queue until an agent is rung."""

    median: Seconds = Field(15, description="seconds in a queue until an agent is rung; illustrative")
    spread: Spread = Field(2.5, description=_SPREAD)
    longest: Seconds = Field(600, description=_LONGEST)


class Message(Times):
    """A message that is left in a mailbox."""

    median: Seconds = Field(
        15, description="seconds of a voicemail message; 4 and 15 were seen, spec 5.6, https-api 5.3"
    )
    spread: Spread = Field(2, description=_SPREAD)
    longest: Seconds = Field(180, description=_LONGEST)


class Menu(Times):
    """The listening to messages in the voicemail menu."""

    median: Seconds = Field(40, description="seconds in the voicemail menu; illustrative")
    spread: Spread = Field(2, description=_SPREAD)
    longest: Seconds = Field(600, description=_LONGEST)


class Code(Times):
    """The prompt that a feature code is answered with."""

    median: Seconds = Field(2.5, description="seconds of a feature code's prompt; illustrative")
    spread: Spread = Field(1.4, description=_SPREAD)
    longest: Seconds = Field(6, description=_LONGEST)


class Fax(Times):
    """The reception of a fax."""

    median: Seconds = Field(55, description="seconds of a fax; illustrative")
    spread: Spread = Field(1.8, description=_SPREAD)
    longest: Seconds = Field(900, description=_LONGEST)


class Page(Times):
    """A page, from when all phones have it."""

    median: Seconds = Field(7, description="seconds of a page; illustrative, 'short' by spec 5.6")
    spread: Spread = Field(1.6, description=_SPREAD)
    longest: Seconds = Field(30, description=_LONGEST)


class PageAnswer(Times):
    """The time until a phone takes a page by itself."""

    median: Seconds = Field(1, description="seconds until a phone takes a page by itself; illustrative")
    spread: Spread = Field(1.4, description=_SPREAD)
    longest: Seconds = Field(4, description=_LONGEST)


class Join(Times):
    """The time between those who come into a conference room."""

    median: Seconds = Field(
        20, description="seconds until the next one joins a conference, before its middle at the latest; illustrative"
    )
    spread: Spread = Field(2.5, description=_SPREAD)
    longest: Seconds = Field(600, description=_LONGEST)


class Callback(Times):
    """The wait until the PBX calls back."""

    median: Seconds = Field(10, description="seconds until the PBX calls back; illustrative")
    spread: Spread = Field(1.5, description=_SPREAD)
    longest: Seconds = Field(60, description=_LONGEST)


class Greeting(Times):
    """A mailbox's greeting."""

    median: Seconds = Field(8, description="seconds of a mailbox's greeting; illustrative")
    spread: Spread = Field(1.4, description=_SPREAD)
    longest: Seconds = Field(30, description=_LONGEST)


class Phases(Keys):
    """How long the other phases of calls last."""

    hold: Hold = Field(default_factory=Hold)
    consult: Consult = Field(default_factory=Consult)
    parked: Parked = Field(default_factory=Parked)
    keys: Pressed = Field(default_factory=Pressed)
    choice: Choice = Field(default_factory=Choice)
    ivr: Ivr = Field(default_factory=Ivr)
    queue: Queue = Field(default_factory=Queue)
    message: Message = Field(default_factory=Message)
    menu: Menu = Field(default_factory=Menu)
    code: Code = Field(default_factory=Code)
    fax: Fax = Field(default_factory=Fax)
    page: Page = Field(default_factory=Page)
    page_answer: PageAnswer = Field(default_factory=PageAnswer)
    join: Join = Field(default_factory=Join)
    callback: Callback = Field(default_factory=Callback)
    greeting: Greeting = Field(default_factory=Greeting)
