"""What came of each expectation: passed or not, and in one sentence why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ucmsim.entry import UNVERIFIED
from ucmsim.errors import shortened
from ucmsim.http.request import handler_of
from ucmsim.scenarios.evidence import Done, Evidence
from ucmsim.scenarios.language import EVERY, PLACED, BacksOff, Bounds, CameBack, Expectation, InARow, Which
from ucmsim.scenarios.pacing import attempts, hurried
from ucmsim.scenarios.seen import Call, Request

_NAMED = 4
"""Rows and requests that a sentence names at most."""
SILENT = (
    "the client has not said what it kept: name the file of its AcctIds with --kept FILE, in a test call day.kept(...)"
)
"""Why nothing is said of what a client kept that did not say it."""
NO_ROWS = "there is no CDR of these calls, so none that could be delivered: where that is right too, say or_none: true"
"""Why nothing is said of the delivery of nothing."""
_ABOUT_CALLS = frozenset({"delivered", "fetched", "kept"})
_ABOUT_ASKING = frozenset({"verified", "unmarked", "requests", "in_a_row", "backs_off"})
"""What a client that never comes would pass: it is not judged before one came."""
_ABOUT_MARKS = frozenset({"verified", "unmarked"})
"""Of these a connection is enough, without a request: so refuses a client that verifies. Marks outlive what they were set on."""
UNTRIED = "no client has refused a bad certificate, so nothing is known: let it connect while one is shown"
"""Why nothing is said of verification."""
_DROPPED = "not known: {} events were dropped from the journal before they could be read"
_KEEP = "; let it keep more, such as journal: {{entries: 200000, megabytes: 64}}"
LOST = _DROPPED + _KEEP
"""Why nothing is said of what more requests would break."""
UNKNOWN = f"{_DROPPED}, and marks were counted anew meanwhile{_KEEP}"
"""Why nothing is said of marks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one expectation, or of a step that never came.

    *passed* is None where it could not be judged; *why* says what was found. *open* says that it may still come, *silent*
    that only the client can say it.
    """

    name: str
    says: str
    passed: bool | None
    why: str = ""
    open: bool = False
    silent: bool = False

    @property
    def word(self) -> str:
        return {True: "passed", False: "FAILED", None: "not judged"}[self.passed]

    def __str__(self) -> str:
        return f"{self.word}  {self.name}: {self.says}" + (f" -- {self.why}" if self.why else "")

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "says": self.says, "passed": self.passed, "why": self.why}


def judge(one: Expectation, evidence: Evidence) -> Finding:
    """Return what came of *one* expectation by the *evidence*. What is true only because nothing came of it is not judged."""
    kind = next(key for key in _JUDGES if getattr(one, key) is not None)
    value = getattr(one, kind)
    if kind in _ABOUT_CALLS and (unknown := _unknown(one, kind, evidence)):
        return Finding(one.name, one.says, None, *unknown)
    why, is_open = _JUDGES[kind](value, evidence)
    if not why and kind in _ABOUT_MARKS and evidence.seen.dropped and evidence.seen.counted_anew:
        return Finding(one.name, one.says, None, UNKNOWN.format(evidence.seen.dropped))
    if not why and evidence.seen.dropped and _breaks(kind, value):
        return Finding(one.name, one.says, None, LOST.format(evidence.seen.dropped))
    if not why and kind in _ABOUT_ASKING and (idle := _idle(kind, value, evidence)):
        return Finding(one.name, one.says, None, *idle)
    return Finding(one.name, one.says, not why, why, is_open)


Judged = tuple[str, bool]
"""Why it is not as expected, "" where it is, and whether it may still become so."""
_GOOD: Judged = ("", False)


class _Unknown(NamedTuple):
    """Why nothing can be said, whether it may still be, and whether only the client can say it."""

    why: str
    open: bool
    silent: bool = False


def _unknown(one: Expectation, kind: str, evidence: Evidence) -> _Unknown | None:
    """Return why nothing can be said of the calls that *one* means; None where it can."""
    names: Sequence[str] = getattr(one, kind)
    never = [f"'{name}'" for name in names if name not in {EVERY, PLACED, *evidence.placed}]
    if PLACED in names and not evidence.placed:
        return _Unknown("no call was placed, or a reset took all away", open=False)
    if never:
        return _Unknown(f"never placed, or taken away by a reset: {_few(never)}", open=False)
    if kind == "delivered" and not one.or_none and not evidence.up(names) and not evidence.rows(names):
        return _Unknown(NO_ROWS, open=EVERY in names)
    if kind == "kept" and evidence.kept is None:
        return _Unknown(SILENT, open=True, silent=True)
    if kind == "kept" and not any(row.delivered for _, row in evidence.rows(names)):
        return _Unknown("no CDR of these calls went out whole, so there was none to keep", open=True)
    return None


def _breaks(kind: str, value: Any) -> bool:
    """Return whether more requests than were seen might break what is expected."""
    match kind:
        case "requests":
            return value.at_most is not None
        case "came_back":
            return value.requests is not None
    return kind in {"in_a_row", "backs_off"}


def _idle(kind: str, value: object, evidence: Evidence) -> Judged | None:
    """Return why nothing was there to judge the client's asking by, and whether something may still come; None where there was."""
    since = getattr(value, "since", None)
    if since is not None and since not in evidence.steps:
        return f"the step '{since}' never came", False
    seen = evidence.seen
    came = bool(seen.requests) or (kind in _ABOUT_MARKS and bool(seen.visits or seen.dropped))
    if not came:
        return "nobody asked: point the client at the PBX", True
    refused = any(one.defect and one.verdict == "refused" for one in seen.visits)
    return (UNTRIED, True) if kind == "verified" and not refused else None


def _delivered(names: Sequence[str], evidence: Evidence) -> Judged:
    if up := evidence.up(names):
        return f"not over yet, so without rows: {', '.join(up)}", True
    rows = evidence.rows(names)
    missing = [_row(call, row.acctid) for call, row in rows if not row.delivered]
    if not missing:
        return _GOOD
    return f"{len(missing)} of {len(rows)} CDRs never went out whole: {_few(missing)}", True


def _fetched(names: Sequence[str], evidence: Evidence) -> Judged:
    if up := evidence.up(names):
        return f"not over yet, so without recordings: {', '.join(up)}", True
    files = [file for call in evidence.of(names) for file in call.files]
    if not files:
        return "there is no recording of these calls", False
    missing = [file.path for file in files if not file.fetched]
    if not missing:
        return _GOOD
    return f"{len(missing)} of {len(files)} recordings never went out whole: {_few(missing)}", True


def _kept(names: Sequence[str], evidence: Evidence) -> Judged:
    """Judge what the client kept of what it was sent; what never went out whole is another matter."""
    kept = Counter(evidence.kept or ())
    rows = [(call, row.acctid) for call, row in evidence.rows(names) if row.delivered]
    lost = [_row(call, acctid) for call, acctid in rows if not kept[acctid]]
    more = [f"{_row(call, acctid)} {kept[acctid]} times" for call, acctid in rows if kept[acctid] > 1]
    said = [f"{len(lost)} of {len(rows)} CDRs that it got were not kept: {_few(lost)}"] if lost else []
    said += [f"{len(more)} of {len(rows)} CDRs were kept more than once: {_few(more)}"] if more else []
    return "; ".join(said), True


def _verified(_wanted: object, evidence: Evidence) -> Judged:
    return _unmarked((UNVERIFIED,), evidence)


def _unmarked(marks: Sequence[str], evidence: Evidence) -> Judged:
    found = [(one, mark) for one in evidence.seen.requests for mark in one.marks if mark in marks]
    visits = [mark for one in evidence.seen.visits for mark in one.marks if mark in marks]
    told = [f"{one} ({mark})" for one, mark in found] + [f"a connection ({mark})" for mark in visits]
    untold = {mark: count for mark, count in evidence.seen.untold.items() if mark in marks}
    if not told and not untold:
        return _GOOD
    dropped = (f"{count} on events that were dropped unread ({mark})" for mark, count in untold.items())
    named = (*shortened(told, "{} more", _NAMED), *dropped)
    return f"{len(told) + sum(untold.values())} times: {', '.join(named)}", False


def _requests(bounds: Bounds, evidence: Evidence) -> Judged:
    between = _between(evidence, bounds.since, bounds.until)
    found = sum(one.is_of(bounds) for one in between)
    if bounds.at_most is not None and found > bounds.at_most:
        return f"there were {found}, and {bounds.at_most} at most are expected", False
    if found < bounds.at_least:
        return f"there were {found}, and {bounds.at_least} or more are expected", bounds.until is None
    return _GOOD


def _in_a_row(bounds: InARow, evidence: Evidence) -> Judged:
    longest = 0
    for peer in {one.peer for one in evidence.seen.requests}:
        row, before = 0, float("-inf")
        for one in _between(evidence, bounds.since, None):
            if one.peer != peer:
                continue
            row = 0 if not one.is_of(bounds) else row + 1 if one.wall - before < bounds.pause else 1
            before, longest = one.wall, max(longest, row)
    if longest > bounds.at_most:
        why = f"there were {longest} with less than {bounds.pause:g} s between them, and {bounds.at_most} are enough"
        return why, False
    return _GOOD


def _backs_off(bounds: BacksOff, evidence: Evidence) -> Judged:
    """Judge the attempts on each path of each client by themselves."""
    refused = [one for one in _between(evidence, bounds.since, bounds.until) if one.is_of(bounds)]
    end = None if bounds.until is None else evidence.steps.get(bounds.until)
    for asking in sorted({_asking(one) for one in refused}):
        at = sorted(one.wall for one in refused if _asking(one) == asking)
        until = at[-1] if end is None else max(end.wall, at[-1])
        if why := hurried(attempts(at, bounds.at_once), until, bounds.first):
            return why, False
    return _GOOD


def _asking(one: Request) -> tuple[str, str]:
    return one.peer, handler_of(one.path) or ""


def _came_back(bounds: CameBack, evidence: Evidence) -> Judged:
    begun = evidence.steps.get(bounds.since)
    if begun is None:
        return f"the step '{bounds.since}' never came", False
    asked = [one for one in _between(evidence, bounds.since, None) if not one.is_challenge]
    path = Which(path=bounds.path)
    at = next((at for at, one in enumerate(asked, 1) if one.whole and one.is_of(path)), None)
    if at is None:
        may_come = bounds.requests is None or len(asked) < bounds.requests
        return f"it was answered no more: {len(asked)} requests came after '{bounds.since}'", may_come
    late = [
        *_over("s of real time", asked[at - 1].wall - begun.wall, bounds.seconds),
        *_over("s of PBX time", _pbx_seconds(asked[at - 1], begun), bounds.pbx_seconds),
        *_over("requests", at, bounds.requests),
    ]
    return (f"it was answered again after {', '.join(late)}", False) if late else _GOOD


def _over(unit: str, found: float, most: float | None) -> Iterator[str]:
    if most is not None and found > most:
        yield f"{found:.3g} {unit}, and {most:g} are the most"


def _pbx_seconds(one: Request, begun: Done) -> float:
    return 0.0 if begun.pbx is None else (one.pbx - begun.pbx).total_seconds()


def _between(evidence: Evidence, since: str | None, until: str | None) -> list[Request]:
    """Return the requests that were answered from the step *since* on, and before the step *until*."""
    first, last = (None if name is None else evidence.steps.get(name) for name in (since, until))
    if since is not None and first is None:
        return []
    came = [one for one in evidence.seen.requests if first is None or one.id > first.id]
    return [one for one in came if last is None or one.id <= last.id]


def _row(call: Call, acctid: str) -> str:
    return f"AcctId {acctid}" + (f" of '{call.name}'" if call.name else "")


def _few(told: Iterable[str]) -> str:
    return ", ".join(shortened(told, "{} more", _NAMED))


_JUDGES: Mapping[str, Callable[[Any, Evidence], Judged]] = MappingProxyType({
    "delivered": _delivered, "fetched": _fetched, "kept": _kept, "verified": _verified, "unmarked": _unmarked,
    "requests": _requests, "in_a_row": _in_a_row, "backs_off": _backs_off, "came_back": _came_back,
})  # fmt: skip
