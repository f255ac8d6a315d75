"""What can go wrong for the person who runs ucmsim, as values and sentences.

A request that the PBX refuses is *not* an error of ucmsim: see `ucmsim.cdr.query.Refusal`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from ucmsim.secrecy import without_keys


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a configuration, said completely enough to be mended without a manual.

    *file* and *line* say where it stands (a line of 0 means "nowhere in the file": a default or a command line),
    *key* is the dotted key path, *wrong* and *right* are half sentences without a full stop. A key that is quoted in them,
    because it stands where something else is due, is taken out.
    """

    key: str
    wrong: str
    right: str = ""
    file: str = ""
    line: int = 0

    def __post_init__(self) -> None:
        for name in ("key", "wrong", "right", "file"):
            object.__setattr__(self, name, without_keys(getattr(self, name)))

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        key = f"{self.key}: " if self.key else ""
        return _one_line(f"{place}{key}{self.wrong}" + (f"; {self.right}" if self.right else ""))


_TYPO = 0.75
"""How near a word is whose letters are exchanged, left out or doubled, the first one perhaps."""


class UcmsimError(Exception):
    """The base of every error that a user of ucmsim can meet; its text is a sentence for that user."""


class ConfigurationError(UcmsimError):
    """The configuration cannot be used; *problems* names everything that is wrong with it at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class StateInUse(UcmsimError):
    """Another process runs on the same state folder."""


class HistoryError(UcmsimError):
    """A history file cannot be opened or has a schema this version does not know."""


class NameTaken(UcmsimError):
    """A PBX of that name runs, or is about to."""


class Stopped(UcmsimError):
    """What is asked stops, a PBX or ucmsim itself, or was stopped meanwhile; it may be there again later."""


def stopped(pbx: str) -> Stopped:
    """Return what is said of a universe of the PBX called *pbx* that is no more."""
    return Stopped(f"PBX '{pbx}' was stopped, or begins anew just now; where it is there, ask again")


class Unwanted(Stopped):
    """A PBX was deleted before it was there."""


class RenewalFailed(UcmsimError):
    """Another universe could not take the place of one; the sentence says what there is now, and what to do."""


class BindError(UcmsimError):
    """A port could not be opened."""


class TooManyOpen(BindError):
    """A port or a file could not be opened because the process, or the machine, has as many open as it may."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: this process has as many files and connections open as it may; "
            "raise its hard limit (ulimit -Hn), or let there be fewer PBXs"
        )


def too_many_open(error: BaseException | None) -> bool:
    """Return whether *error*, or what it came of, is that nothing more can be opened."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return True
        error = error.__cause__ or error.__context__
    return False


_OF_A_DATABASE = 4
"""Files that SQLite has open of one: itself, its journal, and two beside these."""


@contextmanager
def telling_no_room() -> Iterator[None]:
    """Raise the `OSError` that says so where SQLite could not open a file because nothing more can be opened: it does not tell.

    What the body has open must still be so then: there may be room again where that is closed.
    """
    try:
        yield
    except Exception as error:  # of sqlite3, which not everybody needs who knows errors
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_CANTOPEN") and not _can_open(_OF_A_DATABASE):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from error
        raise


def _can_open(files: int) -> bool:
    """Return whether the process can open so many more files."""
    with ExitStack() as opened:
        try:
            for _ in range(files):
                opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return False
    return True


@contextmanager
def readable(file: str, right: str = "") -> Iterator[None]:
    """Turn what goes wrong while text is read from *file* into a `ConfigurationError`; *right* says what to name instead."""
    try:
        yield
    except UnicodeDecodeError as error:
        said = f"byte {error.start + 1} is not UTF-8"
        raise ConfigurationError([Problem("", said, "save the file as UTF-8", file, 1)]) from None
    except (OSError, ValueError) as error:
        said = f"it cannot be read: {(isinstance(error, OSError) and error.strerror) or error}"
        raise ConfigurationError([Problem("", said, right, file)]) from None


def _one_line(text: str) -> str:
    """Return *text* with its control characters escaped, so that it stays one line and cannot forge another."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``did you mean 'x'?`` for the *known* word nearest to *word*, or an empty string.

    Words such as http.latency and tcp.latency are both near to latency, which lacks what stands before their dot, and
    queue is near to queue-answered, which goes on behind it. *cutoff* is how near it must come, 1 being the same word;
    letter case never counts.
    """
    folded = {name.lower(): name for name in known}
    if whole := [f"'{name}'" for lower, name in folded.items() if lower.partition(".")[2] == word.lower() != ""]:
        return f"did you mean {' or '.join(whole)}?"
    near = get_close_matches(word.lower(), folded, n=1, cutoff=max(cutoff, _TYPO))
    near = (
        near
        or _begun(word.lower(), folded)
        or get_close_matches(word.lower(), _alike(word, folded), n=1, cutoff=cutoff)
    )
    return f"did you mean '{folded[near[0]]}'?" if near else ""


def _begun(word: str, known: Iterable[str]) -> list[str]:
    """Return the longest of the *known* words that *word* begins with and goes on behind, in a list."""
    found = [name for name in known if word.startswith(name) and word[len(name) :][:1] in ("-", "_")]
    return sorted(found, key=len)[-1:]


def _alike(word: str, known: Iterable[str]) -> list[str]:
    """Return those of the *known* words that begin like *word*: of short words that do not, half the letters are the same by chance."""
    return [name for name in known if name[:1] == word[:1].lower()]


def did_you_mean_or(due: str, word: str, known: Iterable[str]) -> str:
    """Return what is said of a *word* where one of a few *known* ones is due: *due* lists them.

    One that differs in letter case or blanks only is surely meant, and *due* is left out. A near one is a guess, and
    both are said; 1.4 is not near enough to 1.3.
    """
    words, bare = tuple(known), word.strip()
    hint = did_you_mean(bare, words, 0.7)
    sure = bare.lower() in {one.lower() for one in words}
    return hint if sure else f"{hint} {due}".strip()


def quoted(text: str) -> str:
    """Return *text* in quotes that do not stand in it, if there are such."""
    return f'"{text}"' if "'" in text and '"' not in text else f"'{text}'"


def kind_of(value: object) -> str:
    """Return what a *value* of YAML or JSON that is no word and no number is called in a sentence."""
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "something binary"


def listed(words: Iterable[object]) -> str:
    """Return *words* as they are listed in a sentence: ``a, b or c``."""
    *most, last = [str(word) for word in words] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def shortened(lines: Iterable[str], rest: str = "{} more", most: int = 20) -> Iterator[str]:
    """Yield *lines*, but of more than *most* of them only so many, and the number of the *rest*."""
    every = iter(lines)
    yield from islice(every, most)
    if more := sum(1 for _ in every):
        yield rest.format(more)
