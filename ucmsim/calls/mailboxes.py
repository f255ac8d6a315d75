"""What stands in mailboxes beside messages: greetings, as their owners recorded them. Spec 5.8, 6.5. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from ucmsim.audio import RATE
from ucmsim.calls import filenames
from ucmsim.records import GREETING, Recording

_SHARE = 0.3
"""Mailboxes whose owner has recorded a greeting; illustrative."""
_SECONDS = (4.0, 14.0)
"""How long one is; illustrative."""
_YEAR = 365 * 24 * 3600


def greetings(mailboxes: Iterable[str], before: int, forms: Iterable[str], chance: Random) -> Iterator[Recording]:
    """Yield the greetings of *mailboxes*, each in all *forms*, recorded in the year *before* a second of the epoch.

    Which of them have one, and how long it is, is *chance*, whatever the forms.
    """
    forms = tuple(forms)
    for number in mailboxes:
        has, seconds, age = chance.random() < _SHARE, chance.uniform(*_SECONDS), chance.randrange(1, _YEAR)
        if has:
            directory = filenames.of_mailbox(number)
            for form in forms:
                yield Recording(directory, f"{GREETING}.{form}", before - age, int(seconds * RATE))
