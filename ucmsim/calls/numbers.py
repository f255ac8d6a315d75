"""Telephone numbers that belong to nobody: regulators keep ranges for films and examples. Pure.

A country of which no such range is known here has its people call from North America.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from types import MappingProxyType
from typing import NamedTuple


class Number(NamedTuple):
    """A number as it is *shown* at home, and its parts: the country's *code* and the *significant* digits."""

    shown: str
    code: str
    significant: str


@dataclass(frozen=True, slots=True, eq=False)
class Unassigned:
    """Numbers of one country that belong to nobody. It equals itself alone, which is quickly found out for every number.

    *code* is the country's, *prefix* what is dialled before a number inside it; *ranges* are the first and the last
    number of each range, without prefix.
    """

    code: str
    prefix: str
    ranges: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self._counts()[-1]

    def drawn(self, chance: Random, count: int) -> Iterator[Number]:
        """Yield *count* numbers, all different; raise `ValueError` where there are fewer."""
        counts = self._counts()
        for index in chance.sample(range(counts[-1]), count):
            at = bisect(counts, index)
            significant = str(self.ranges[at][1] + 1 + index - counts[at])
            yield Number(self.prefix + significant, self.code, significant)

    def _counts(self) -> list[int]:
        """Return of each range how many numbers there are up to its last."""
        return list(accumulate(last - first + 1 for first, last in self.ranges))


def _blocks(digits: int, *begins: int) -> tuple[tuple[int, int], ...]:
    """Return the ranges of the numbers that begin so and have so many *digits* more."""
    size = 10**digits
    return tuple((begin * size, begin * size + size - 1) for begin in begins)


# fmt: off
_AREAS = (
    201, 202, 206, 207, 212, 213, 214, 215, 216, 253, 301, 303, 305, 312, 313, 314, 317, 319, 401, 402,
    404, 406, 408, 412, 414, 415, 502, 503, 504, 505, 512, 515, 602, 603, 605, 612, 614, 615, 617, 619,
    701, 702, 713, 716, 801, 802, 804, 808, 901, 907,
)
"""Fifty area codes of the United States, so five thousand numbers."""
NORTH_AMERICA = Unassigned("1", "", _blocks(2, *(area * 100_000 + 55_501 for area in _AREAS)))
UNASSIGNED: Mapping[str, Unassigned] = MappingProxyType({
    # NANPA: 555-0100 to 555-0199 of every area code.
    "US": NORTH_AMERICA,
    "CA": NORTH_AMERICA,
    # Ofcom, numbers for drama: 01632 960xxx (no area), 07700 900xxx (mobile), 020 7946 0xxx, 0113 496 0xxx.
    "GB": Unassigned("44", "0", _blocks(3, 1632_960, 7700_900, 20_7946_0, 113_496_0)),
    # Bundesnetzagentur, Mitteilung 148/2021, Amtsblatt 7/2021: Berlin, Frankfurt, Hamburg, Cologne, Munich.
    "DE": Unassigned("49", "0", _blocks(3, 30_23125, 69_90009, 40_66969, 221_4710, 89_99998)),
    # Arcep, decision 2018-0881: 01 99 00, 02 61 91, 03 53 01, 04 65 71, 05 36 49 and 06 39 98, then four digits.
    "FR": Unassigned("33", "0", _blocks(4, 1_99_00, 2_61_91, 3_53_01, 4_65_71, 5_36_49, 6_39_98)),
    # ACMA, fictitious numbers: 5550 xxxx and 7010 xxxx in each of the four regions.
    "AU": Unassigned("61", "0", _blocks(4, 2_5550, 2_7010, 3_5550, 3_7010, 7_5550, 7_7010, 8_5550, 8_7010)),
    # ComReg, numbering conventions, drama use: 020 91x xxxx.
    "IE": Unassigned("353", "0", _blocks(5, 20_91)),
    # PTS, numbers for books and films: 070-174 06 05 to 070-174 06 99.
    "SE": Unassigned("46", "0", ((70_174_06_05, 70_174_06_99),)),
})
"""By country, the last part of a locale."""
# fmt: on


def drawn(chance: Random, countries: Iterable[str]) -> list[Number]:
    """Return a number for each of *countries*, all different.

    Where a country has none (left), it is one of North America as it shows abroad, such as 0012125550123. Raises
    `ValueError` where there are not enough of those: 5000 numbers there always are.
    """
    homes = [UNASSIGNED.get(country) for country in countries]
    wanted = Counter(home for home in homes if home)
    at_home = {home: min(count, home.size) for home, count in wanted.items()}
    abroad = len(homes) - sum(at_home.values())
    left = {home: home.drawn(chance, count) for home, count in at_home.items() if home is not NORTH_AMERICA}
    american = NORTH_AMERICA.drawn(chance, at_home.get(NORTH_AMERICA, 0) + abroad)
    left[NORTH_AMERICA] = american
    found = [next(left[home], None) if home else None for home in homes]
    return [number or _abroad(next(american)) for number in found]


def _abroad(number: Number) -> Number:
    return number._replace(shown=f"00{number.code}{number.significant}")
