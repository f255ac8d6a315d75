"""What each quirk is switched to, and which transcripts differ then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from tests.golden.scripts import SCRIPTS
from tests.golden.stage import Stage
from ucmsim.personalities import PERSONALITIES
from ucmsim.quirks import PERSONALITY, Quirk, Value
from ucmsim.register import Quirks

NUMBERS: Mapping[str, int] = MappingProxyType({
    "session-cap": 50, "inactivity-timeout": 10, "keep-alive": 15, "line-limit": 1000, "header-limit": 50,
    "form-limit": 100, "nonce-lifetime": 30, "nonce-table": 1, "page-limit": 1, "acctid-gaps": 5, "lastdata-limit": 9,
    "recapi-name-limit": 12,
})  # fmt: skip
"""The number that a quirk is switched to where any is taken."""

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "server": "Apache",
        "error-signature": "Grandstream",
        "realm": "pbx",
        "recapi-default-directory": "meetme",
        "service": "default",
        "wav-type": "audio/wav",
        "tar-type": "application/octet-stream",
    }
)
"""The text, likewise."""

NAMES = tuple(script.name for script in SCRIPTS)
_GROUPS = sorted({name.partition("-")[0] for name in NAMES})


@dataclass(frozen=True, slots=True)
class Flip:
    """One *value* of a quirk on one *personality*, and the transcripts that *differ* then."""

    personality: str
    value: Value
    differ: frozenset[str]


def flips(stage: Stage, row: Quirk, usual: Mapping[str, Mapping[str, str]]) -> Iterator[Flip]:
    """Switch *row* to each other value on each personality; *usual* are the transcripts of each without that."""
    for personality in PERSONALITIES:
        now = Quirks.of(personality)[row.id]
        for value in _values(row):
            if value not in (now, PERSONALITY):
                found = stage.play(personality.id, {row.id: value})
                differ = {name for name, text in found.items() if text != usual[personality.id][name]}
                yield Flip(personality.id, value, frozenset(differ))


def expanded(patterns: Iterable[str]) -> set[str]:
    """Return the names of the transcripts that *patterns* describe; each must describe one."""
    found = set()
    for pattern in patterns:
        names = {name for name in NAMES if fnmatchcase(name, pattern)}
        assert names, f"no transcript is called {pattern}"
        found |= names
    return found


def compressed(names: Iterable[str]) -> tuple[str, ...]:
    """Return patterns for *names*: a whole group of transcripts is one."""
    left, patterns = set(names), []
    if left == set(NAMES):
        return ("*",)
    for group in _GROUPS:
        whole = expanded([f"{group}-*"])
        if whole <= left:
            patterns.append(f"{group}-*")
            left -= whole
    return tuple(sorted([*patterns, *left]))


def _values(row: Quirk) -> Iterator[Value]:
    """Yield every value that *row* can be switched to, its default among them: a personality may have another."""
    yield from row.values
    if row.number is not None:
        yield NUMBERS[row.id]
    if row.text:
        yield TEXTS[row.id]
