"""What stands in mailboxes beside messages: greetings, as their owners recorded them. Spec 5.8, 6.5. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from ucmsim.calls import filenames
from ucmsim.calls.durations import Lognormal
from ucmsim.instants import SECOND
from ucmsim.recording.audio import RATE
from ucmsim.settings import Traffic
from ucmsim.store.records import GREETING, Recording

_YEAR = 365 * 24 * 3600


def greetings(
    mailboxes: Iterable[str], before: int, forms: Iterable[str], traffic: Traffic, chance: Random
) -> Iterator[Recording]:
    """Yield the greetings of *mailboxes*, each in all *forms*, recorded in the year *before* a second of the epoch.

    Which of them have one, and how long it is, is *chance*, as *traffic* says and whatever the forms.
    """
    forms, length = tuple(forms), Lognormal.of(traffic.phases.greeting)
    for number in mailboxes:
        has, lasts, age = chance.random() < traffic.greetings, length.draw(chance), chance.randrange(1, _YEAR)
        if has:
            directory = filenames.of_mailbox(number)
            for form in forms:
                yield Recording(directory, f"{GREETING}.{form}", before - age, lasts * RATE // SECOND)
