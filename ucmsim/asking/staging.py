"""From a call that is wished for to its story: who takes part, and whether a call of that shape can be so. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType

from ucmsim.asking.wishes import Wish
from ucmsim.calls.casting import OTHERS
from ucmsim.calls.events import KINDS, Call, Party
from ucmsim.calls.parties import analogue_lines, beyond
from ucmsim.calls.recorder import over_ami, recordable
from ucmsim.calls.shapes import BY_ID, Shape, Story, no_shape
from ucmsim.calls.stage import TALKED, Lasts, Stage
from ucmsim.calls.traffic import Office, features
from ucmsim.contract.fields import FieldRefused
from ucmsim.errors import did_you_mean, listed
from ucmsim.instants import SECOND, microseconds
from ucmsim.settings import Trunk

_RING, _TALK = 5.0, 60.0
"""Seconds, where nobody says how long."""
_BEYOND = "3125550198"
"""Whom a placed call by DISA goes on to, where nobody says: a number that belongs to nobody."""
_NOBODY = Party("", "", "")
_PHONES = 3
_USUAL: Mapping[str, int] = MappingProxyType({"queue": 2})
"""Phones, where nobody says how many."""


def staged(wish: Wish, office: Office) -> Story:
    """Return the call that is wished for, among the people of *office*. Raises `FieldRefused`."""
    shape = shape_of(wish.shape)
    first, kind = _between(wish, shape, office)
    members = tuple(party for party in office.people.groups.get(shape.phones, ()) if party not in first)
    phones = _phones(wish, shape, kind, office, len(members) + len(first) - (kind == "Internal"))
    others = (party for party in (*members, *office.people.extensions) if party not in first)
    inside = (*first, *islice(dict.fromkeys(others), max(OTHERS, phones) + 1 - len(first)))
    if len(inside) < max(shape.needs, 2 if kind == "Internal" else 1):
        raise FieldRefused(f"a call of shape '{shape.id}' needs {shape.needs} extensions", "shape")
    lines = analogue_lines(office.trunks)
    if shape.analogue and not lines:
        raise FieldRefused(f"a call of shape '{shape.id}' needs a trunk of 'kind: analogue'; give the PBX one", "shape")
    at, trunk = _trunk(wish, office, "analogue" if shape.analogue else "sip")
    outside = beyond(trunk, at)._replace(number=wish.callee if kind == "Outbound" else wish.caller)
    target = _target(wish, office, outside)
    rung = inside[:phones] if kind == "Inbound" else inside[1 : phones + 1]
    queued = shape.phones == "queue"
    if queued:  # agents are rung in the order of the queue, but who is named last, and the last takes the call
        rung = (*rung[len(first) :], *rung[: len(first)])
    stage = Stage(
        inside=inside,
        outside=outside,
        beyond=target if target and target.trunk else outside._replace(number=_BEYOND),
        start=microseconds(wish.at),
        made=0,
        lasts=_lasts(wish),
        phones=rung,
        taker=rung[-1 if queued else 0] if rung else None,
        engaged=rung[-1:] if len(rung) > 2 and not queued else (),
        target=target or (inside[2] if len(inside) > 2 else None),
        line=next((line for line in lines if line.trunk == trunk.name), None),
        recorded=KINDS if wish.recorded else (),
        prefix=trunk.prefix or "",
        account=wish.code or "",
    )
    story = shape.story(stage, kind)
    for field, sentence in _idle(wish, shape, kind, stage, story):
        raise FieldRefused(sentence, field)
    return over_ami(story) if wish.over_ami else story


def _phones(wish: Wish, shape: Shape, kind: str, office: Office, members: int) -> int:
    """Return how many phones a feature of *shape* rings; 0 where none does. Its group has so many *members* beside who calls.

    Where nobody says how many, nobody else is rung. Raises `FieldRefused`.
    """
    there = len(office.people.extensions) - (kind == "Internal")
    if not shape.phones:
        if wish.phones is not None:
            having = listed(sorted(row.id for row in BY_ID.values() if row.phones))
            raise FieldRefused(f"a call of shape '{shape.id}' has no number of phones; {having} have", "phones")
        return 0
    if wish.phones is not None and wish.phones > there:
        said = f"a call of shape '{shape.id}' with {wish.phones} phones needs as many extensions beside who calls"
        raise FieldRefused(f"{said}; here are {there}", "phones")
    if wish.phones is not None:
        return wish.phones
    if shape.phones in office.people.groups:
        there = max(members, 1)
    return min(_USUAL.get(shape.phones, _PHONES), there)


def _trunk(wish: Wish, office: Office, kind: str) -> tuple[int, Trunk]:
    """Return the trunk that is wished for, the first of that *kind* where none is, and which it is. Raises `FieldRefused`."""
    there = {trunk.name: (at, trunk) for at, trunk in enumerate(office.trunks, 1) if trunk.kind == kind}
    if wish.trunk is None:
        return next(iter(there.values()))
    if wish.trunk not in there:
        said = f"there is no trunk '{wish.trunk}' of kind {kind}"
        raise FieldRefused(f"{said}; {did_you_mean(wish.trunk, there) or f'use {listed(sorted(there))}'}", "trunk")
    return there[wish.trunk]


def _target(wish: Wish, office: Office, outside: Party) -> Party | None:
    """Return whom the call is wished to go on to, None where nobody says; who is *outside* is behind the same trunk.

    Raises `FieldRefused`.
    """
    if wish.target is None:
        return None
    if wish.target in (wish.caller, wish.callee):
        raise FieldRefused(
            f"'{wish.target}' has a part in the call already; name somebody else for it to go on to", "target"
        )
    return _extension(wish.target, office) or outside._replace(number=wish.target)


def _lasts(wish: Wish, *, without: str = "") -> Lasts:
    """Return how long each phase lasts: as long as the talk that is wished for, or the ringing; *without* one of them 0."""
    ring = 0 if without == "ring" else int((_RING if wish.ring is None else wish.ring) * SECOND)
    talk = 0 if without == "talk" else int((_TALK if wish.talk is None else wish.talk) * SECOND)
    return lambda phase, _time=0: talk if phase in TALKED else ring


def shape_of(name: str) -> Shape:
    """Return the shape of that *name*. Raises `FieldRefused`."""
    shape = BY_ID.get(name)
    if shape is None:
        raise FieldRefused(no_shape(name), "shape")
    return shape


def _between(wish: Wish, shape: Shape, office: Office) -> tuple[list[Party], str]:
    """Return the extensions that are named, and the kind of the call. Raises `FieldRefused`."""
    caller, callee = _extension(wish.caller, office), _extension(wish.callee, office)
    if caller is None and callee is None and not _reaches(shape, wish.callee, "Inbound"):
        raise FieldRefused(_of_nobody(wish, shape, office), "from")
    if caller is not None and caller == callee:
        raise FieldRefused(f"'{wish.caller}' does not call itself; name another, or what it calls", "to")
    kind = "Inbound" if caller is None else "Internal" if callee is not None else "Outbound"
    if kind == "Outbound" and wish.callee in features(shape):
        kind = "Internal"
    if kind not in shape.kinds:
        raise FieldRefused(_unfit(shape, kind), "shape")
    return [party for party in (caller, callee) if party is not None], kind


def _extension(number: str, office: Office) -> Party | None:
    """Return the extension of that *number*, None where there is none."""
    own = office.extensions
    at = int(number) - own.first if number.isascii() and number.isdecimal() else -1
    found = office.people.extensions[at] if 0 <= at < own.count else None
    return found if found and found.place == number else None  # no number begins with a zero


def _reaches(shape: Shape, number: str, kind: str) -> bool:
    """Return whether a call of that *shape* and *kind* meets the feature of that *number*."""
    return kind in shape.kinds and number in features(shape, kind)


def _of_nobody(wish: Wish, shape: Shape, office: Office) -> str:
    """Return why nobody's number calls nobody's, and what would be right."""
    if "Inbound" not in shape.kinds and wish.callee in features(shape):
        return _unfit(shape, "Inbound")
    own = office.extensions
    sentence = f"neither '{wish.caller}' nor '{wish.callee}' is an extension of this PBX ({own.first} to {own.first + own.count - 1})"
    named = sorted(features(shape, "Inbound")) if "Inbound" in shape.kinds else []
    return f"{sentence}; a call of shape '{shape.id}' from outside may go to {listed(named)} too" if named else sentence


def _unfit(shape: Shape, kind: str) -> str:
    sentence = f"a call of shape '{shape.id}' is {' or '.join(shape.kinds)}, not {kind}"
    named = sorted(features(shape))
    return f"{sentence}; an extension calls {listed(named)} there" if named and "Internal" in shape.kinds else sentence


def _idle(wish: Wish, shape: Shape, kind: str, stage: Stage, story: Story) -> Iterator[tuple[str, str]]:
    """Yield what was wished for and makes no difference to the *story* that came of it, and the sentence that says so."""
    for field in ("ring", "talk"):
        lasts = _lasts(wish, without=field)
        if getattr(wish, field) and shape.story(stage._replace(lasts=lasts), kind) == story:
            yield field, f"'{field}' makes no difference to a call of shape '{shape.id}'; leave it out"
    if wish.target is not None:
        outside = shape.story(stage._replace(beyond=_NOBODY), kind) != story
        said = f"a call of shape '{shape.id}' goes on to"
        if not outside and shape.story(stage._replace(target=_NOBODY), kind) == story:
            yield "target", f"{said} nobody else; leave 'target' out"
        if outside and stage.beyond.number != wish.target:
            yield "target", f"{said} a number outside, and '{wish.target}' is an extension"
    if wish.trunk is not None and not any(party.trunk for call in story for party in _parties(call)):
        yield "trunk", f"this call of shape '{shape.id}' takes no trunk; leave 'trunk' out"
    if wish.code is not None and not shape.coded:
        coded = listed(sorted(row.id for row in BY_ID.values() if row.coded))
        yield "code", f"a call of shape '{shape.id}' has no code; {coded} have"
    if wish.recorded and not recordable(story):
        yield "recorded", f"nobody talks in a call of shape '{shape.id}' who would be recorded; leave 'recorded' out"


def _parties(call: Call) -> Iterator[Party]:
    """Yield everybody and everything that has a part in *call*."""
    yield from (call.caller, call.callee)
    yield from (event.to for event in call.events if event.to)
