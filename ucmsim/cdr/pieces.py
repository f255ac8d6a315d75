"""A page in pieces, one a row or an entry of rows, and where each of them ends in its bytes. Pure; runs in the worker."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


def encoded(text: str) -> bytes:
    """Return *text* as it is sent."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Pieces:
    """*texts* parted by *gap*, between *front* and *back*; to each text so many bytes behind it belong: its *tail*.

    A line of CSV is whole when its end has come, an element or an object when its own last sign has.
    """

    front: str
    texts: Sequence[str]
    gap: str
    back: str
    tail: int = 0

    @property
    def page(self) -> str:
        """All of it."""
        if len(self.texts) < 2:
            return "".join((self.front, *self.texts, self.back))
        first, *others, last = self.texts
        return self.gap.join((self.front + first, *others, last + self.back))  # which copies the whole of it once

    @property
    def first(self) -> int:
        """The bytes before the first text, and its tail."""
        return len(encoded(self.front)) + self.tail

    def ends(self, *, ascii_only: bool) -> array[int]:
        """Return where each text ends, in bytes from the first on and without gaps.

        That is quicker where no sign is longer than one, because the page is *ascii_only*.
        """
        return array("Q", accumulate(map(len, self.texts if ascii_only else map(encoded, self.texts))))
