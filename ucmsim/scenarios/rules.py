"""The rules that join several keys of a scenario, and what is named in it: each broken one with what would be right.

What the models judge, the form of each key, is not asked again. What is armed, placed and changed is judged by what the
control API would say to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple

from ucmsim import configuration
from ucmsim.asking.identitywish import objections
from ucmsim.asking.staging import shape_of
from ucmsim.asking.wishes import LATEST, wished
from ucmsim.contract.fields import FieldRefused
from ucmsim.entry import ANY
from ucmsim.errors import ConfigurationError, did_you_mean, quoted
from ucmsim.faults import KINDS as FAULTS
from ucmsim.faults import FaultRefused, arming
from ucmsim.journal.marks import MARKS
from ucmsim.refusals import Code
from ucmsim.scenarios.language import (
    ACTIONS,
    EVERY,
    KINDS,
    PLACED,
    PLACING,
    After,
    BacksOff,
    Bounds,
    CameBack,
    Expectation,
    InARow,
    Scenario,
    Step,
)
from ucmsim.settings import Api
from ucmsim.settings.keys import is_upload
from ucmsim.settings.objections import Source, validated
from ucmsim.settings.rules import broken_in_clock_change
from ucmsim.settings.yamltree import Path as KeyPath

MOST_CALLS = 5000

_FEW = 8
"""Names that are listed where none is near."""
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Mistake(NamedTuple):
    """Where a rule is broken, what is wrong, what would be right; and the *unknown* name, where that is all."""

    path: KeyPath
    wrong: str
    right: str
    unknown: str | None = None

    def under(self, *keys: str | int) -> Mistake:
        """Return it as it stands under *keys*."""
        return self._replace(path=(*keys, *self.path))


def broken(scenario: Scenario) -> Iterator[Mistake]:
    """Yield the rules that join several keys and that are broken; what is named must have been named before."""
    named: dict[str, set[str]] = {"step": set(), "call": set(), "fault": set(_faults_of(scenario.pbx)), "expect": set()}
    restarts = 0
    for at, step in enumerate(scenario.steps):
        restarts += step.restart is not None
        for one in _of_step(step, named, restarts):
            yield one.under("steps", at)
    for at, expectation in enumerate(scenario.expect):
        for one in _of_expectation(expectation, named):
            yield one.under("expect", at)
    if not scenario.expectations:
        yield Mistake(("expect",), "nothing is expected", "a scenario expects one thing of the client at least")


def _faults_of(pbx: Mapping[str, Any]) -> Iterator[str]:
    faults = pbx.get("faults")
    for fault in faults if isinstance(faults, list) else ():
        if isinstance(fault, dict) and (name := fault.get("name") or str(fault.get("fault", "")).replace(".", "-")):
            yield str(name)


def _of_step(step: Step, named: dict[str, set[str]], restarts: int) -> Iterator[Mistake]:
    """Yield what is broken in *step*, where there have been so many *restarts* with it."""
    yield from _at_most_one(step, ("at", "after"))
    yield from _at_most_one(step, ACTIONS)
    if step.after is not None:
        kinds = tuple(type(step.after).model_fields)
        yield from _under("after", _exactly_one(step.after, kinds, "what is waited for is missing"))
        yield from _under("after", _of_after(step.after, named))
    if step.restart is not None:
        yield from _under("restart", _of_fault(step.restart.fault(restarts), named["fault"]))
    yield from _of_action(step, named)
    for at, expectation in enumerate(step.expect or ()):
        for one in _of_expectation(expectation, named):
            yield one.under("expect", at)
    if step.name is not None:
        if step.name in named["step"]:
            yield Mistake(("name",), f"another step is called '{step.name}'", "choose another name")
        named["step"].add(step.name)


def _of_after(after: After, named: Mapping[str, set[str]]) -> Iterator[Mistake]:
    for key, which in (("request", after.request), ("connection", after.connection)):
        if which is not None:
            yield from _under(key, _known_words(which, named["fault"]))
    if after.fault is not None:
        yield from _known(("fault",), after.fault, named["fault"], "fault is armed by a step before")
    if after.ended is not None:
        yield from _known(("ended",), after.ended, named["call"], "call is placed by a step before")
    for key in ("delivered", "fetched"):
        yield from _known_calls((key,), getattr(after, key), named["call"])


def _of_action(step: Step, named: dict[str, set[str]]) -> Iterator[Mistake]:
    if step.arm is not None:
        yield from _under("arm", _of_fault(step.arm, named["fault"]))
    if step.clear is not None and step.clear != EVERY:
        yield from _known(("clear",), step.clear, {*named["fault"], EVERY}, "fault is armed by a step before")
        named["fault"].discard(step.clear)
    elif step.clear == EVERY:
        named["fault"].clear()
    for at, call in enumerate(step.place or ()):
        for one in _of_call(call, named["call"]):
            yield one.under("place", at)
    if step.clock is not None:
        given = step.clock.model_dump(exclude_unset=True)
        yield from _under("clock", starmap(Mistake, broken_in_clock_change(given)))
    if step.identity is not None:
        yield from _under("identity", _of_identity(step.identity))
    if step.api is not None:
        yield from _under("api", _of_api(step.api))


def _of_fault(spec: Mapping[str, Any], taken: set[str]) -> Iterator[Mistake]:
    try:
        taken.add(arming(spec, defects=configuration.DEFECT_IDS, taken=taken).name)
    except FaultRefused as refused:
        for said in refused.said:
            yield Mistake(said.path, said.wrong, said.right)


def _of_call(call: Mapping[str, Any], names: set[str]) -> Iterator[Mistake]:
    shape = call.get("shape")
    for judge in (
        lambda: wished({key: value for key, value in call.items() if key not in PLACING}, _NOW),
        lambda: shape_of(shape) if isinstance(shape, str) else None,
    ):
        try:
            judge()
        except FieldRefused as refused:
            yield Mistake((refused.field,) if refused.field else (), str(refused), "")
    name, count, every = call.get("name"), call.get("count", 1), call.get("every", 0)
    if name is not None:
        if not isinstance(name, str) or not name or name in (PLACED, EVERY):
            yield Mistake(("name",), "this is no name of a call", f"write a word, but not {PLACED} or {EVERY}")
        elif name in names:
            yield Mistake(("name",), f"another call is called '{name}'", "choose another name")
        else:
            names.add(name)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_CALLS:
        yield Mistake(("count",), "this is no number of calls", f"write a whole number from 1 to {MOST_CALLS}")
    if isinstance(every, bool) or not isinstance(every, int | float) or every < 0:
        yield Mistake(("every",), "this is no time between calls", "write seconds")
    elif isinstance(count, int) and (count - 1) * every > LATEST:
        most = f"write a smaller one: the last call begins {LATEST} s after the first at most"
        yield Mistake(("every",), "this is too long between so many calls", most)


def _of_identity(identity: Mapping[str, Any]) -> Iterator[Mistake]:
    for problem in objections(identity, ("defect", "valid_for")):
        yield Mistake((problem.key,), problem.wrong, problem.right)


def _of_api(changes: Mapping[str, Any]) -> Iterator[Mistake]:
    try:
        validated(Api, {key: value for key, value in changes.items() if not is_upload(key, value)}, Source(), Path())
    except ConfigurationError as error:
        for problem in error.problems:
            key = problem.key.partition(".")[0].partition("[")[0]
            yield Mistake((key,) if key else (), problem.wrong, problem.right)


def _of_expectation(one: Expectation, named: Mapping[str, set[str]]) -> Iterator[Mistake]:
    if one.name in named["expect"]:
        yield Mistake(("name",), f"another expectation is called '{one.name}'", "choose another name")
    named["expect"].add(one.name)
    yield from _exactly_one(one, KINDS, "what is expected is missing")
    for key in ("delivered", "fetched", "kept"):
        yield from _known_calls((key,), getattr(one, key), named["call"])
    if one.or_none and one.delivered is None:
        yield Mistake(("or_none",), "'or_none' goes with delivered alone", "take it away")
    for at, mark in enumerate(one.unmarked or ()):
        yield from _known(("unmarked", at), mark, [row.id for row in MARKS], "mark has that id")
    for key in ("requests", "in_a_row", "backs_off", "came_back"):
        yield from _under(key, _of_bounds(getattr(one, key), named))


def _of_bounds(part: Bounds | InARow | BacksOff | CameBack | None, named: Mapping[str, set[str]]) -> Iterator[Mistake]:
    if part is None:
        return
    yield from _known_words(part, named["fault"] | {kind.id for kind in FAULTS})
    for bound in ("since", "until"):
        if (step := getattr(part, bound, None)) is not None:
            yield from _known((bound,), step, named["step"], "step before has that name")
    if isinstance(part, Bounds) and part.at_most is None and not part.at_least:
        yield Mistake((), "this is true of any number", "give at_least or at_most")
    if isinstance(part, CameBack) and part.seconds is part.pbx_seconds is part.requests is None:
        yield Mistake((), "this has no bound", "give seconds, pbx_seconds or requests")


def _known_words(part: object, faults: Collection[str]) -> Iterator[Mistake]:
    """Yield the refusal, mark, defect and fault in *part* that there is not."""
    for key, known, what in (
        ("refusal", [code.slug for code in Code], "refusal has that code"),
        ("mark", [row.id for row in MARKS], "mark has that id"),
        ("defect", configuration.DEFECT_IDS, "defect has that id"),
        ("fault", faults, "fault is armed by a step before"),
    ):
        value = getattr(part, key, None)
        if value is not None and value != ANY:
            yield from _known((key,), value, known, what)


def _known_calls(path: KeyPath, calls: tuple[str, ...] | None, known: Collection[str]) -> Iterator[Mistake]:
    for name in calls or ():
        if name not in (PLACED, EVERY):
            yield from _known(path, name, known, "call is placed by a step before")


def _known(path: KeyPath, word: str, known: Iterable[str], what: str) -> Iterator[Mistake]:
    words = sorted(known)
    if word not in words:
        few = f"there {'are' if len(words) > 1 else 'is'} {', '.join(map(quoted, words))}" if words else "there is none"
        right = did_you_mean(word, words) or (few if len(words) <= _FEW else "")
        yield Mistake(path, f"'{word}' is unknown: no {what}", right, word)


def _given(part: object, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if getattr(part, key) is not None]


def _at_most_one(part: object, keys: Iterable[str]) -> Iterator[Mistake]:
    first, *others = _given(part, keys) or [""]
    for other in others:
        right = "keep one of the two, or make two steps of it"
        yield Mistake((other,), f"'{other}' does not go with '{first}'", right)


def _exactly_one(part: object, keys: Iterable[str], missing: str) -> Iterator[Mistake]:
    words = tuple(keys)
    if not _given(part, words):
        yield Mistake((), missing, f"give one of {', '.join(words)}")
    yield from _at_most_one(part, words)


def _under(key: str, found: Iterable[Mistake]) -> Iterator[Mistake]:
    return (one.under(key) for one in found)
