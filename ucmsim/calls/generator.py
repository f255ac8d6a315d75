"""The calls of the days before an instant, as what a PBX wrote and recorded of them. Spec 5; https-api 5.2 (ucm6200).

Channels are counted as calls start, AcctIds and voicemail messages as legs end. Calls know nothing of each other, but
for conferences: an extension may talk twice at a time, and a trunk is never full.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeVar

from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import SECOND, Call, Party
from ucmsim.calls.legs import VOICEMAIL, Leg, truth
from ucmsim.calls.projection import Firmware
from ucmsim.calls.shapes import BY_ID
from ucmsim.calls.stage import Features, Stage
from ucmsim.columns import GENERATIONS, NAMES
from ucmsim.history import Record
from ucmsim.settings import Extensions, Trunk
from ucmsim.settings import Recording as RecordingSettings

T = TypeVar("T")

_HOUR = 3600 * SECOND
_MINUTE = 60 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _odds(shares: Mapping[T, int]) -> Callable[[Random], T]:
    """Return what draws one of the keys, each as often as its share says: `Random.choices` for many single draws."""
    things, steps = tuple(shares), tuple(accumulate(shares.values()))
    total, last = float(steps[-1]), len(steps) - 1
    return lambda chance: things[bisect(steps, chance.random() * total, 0, last)]


# An office, assumed: calls by hour of the day, by day of the week from Monday, and by kind.
_BY_HOUR = (1, 1, 1, 1, 1, 2, 6, 20, 55, 90, 100, 95, 65, 80, 95, 95, 85, 60, 30, 18, 12, 8, 4, 2)
_BY_WEEKDAY = (1.0, 1.0, 1.0, 1.0, 0.9, 0.25, 0.15)
_KINDS = {"Internal": 30, "Inbound": 40, "Outbound": 30}
_disposition = _odds({"ANSWERED": 71, "NO ANSWER": 24, "BUSY": 2, "FAILED": 3})  # 2661 rows of a UCM62xx, rounded
_SHAPES = {"ANSWERED": "answered", "NO ANSWER": "no-answer", "BUSY": "busy"}
# The least, the most and the usual seconds until a call had turned out so.
_RING = {"ANSWERED": (2, 25, 8), "NO ANSWER": (5, 60, 20), "BUSY": (0.3, 9, 3), "FAILED": (0, 7, 0)}
_failure = _odds({"failed": 6, "congestion": 2, "hung-up": 1})
_VOICEMAIL = 0.35  # of the unanswered calls to extensions: one call in sixteen has two rows, as among those 2661
# Of the internal calls, assumed: one in fifty opens the conference room, one in three joins it while there is a seat.
_FEATURES = Features.usual()
_OPENS, _JOINS, _SEATS = 0.02, 0.33, 8
_CONFERENCE = (5 * _MINUTE, 40 * _MINUTE)


@dataclass(frozen=True, slots=True)
class World:
    """What calls happen in, the *firmware* that writes about them, and which of them are recorded."""

    firmware: Firmware
    extensions: Extensions
    trunks: tuple[Trunk, ...]
    recording: RecordingSettings


def generate(
    world: World, chance: Random, recorder: Random, *, until: datetime, days: int, calls_per_day: int
) -> Iterator[Record]:
    """Yield the records of *days* times *calls_per_day* calls in the order in which they were written.

    They fill the days before *until*, an instant with its zone; all of them ended before it. *chance* decides what
    happens, whatever the firmware; *recorder* which calls are recorded, so that this shifts no call.
    """
    firmware, quirks = world.firmware, world.firmware.quirks
    width = len(GENERATIONS[str(quirks["columns"])].columns)
    blank = ("",) * (len(NAMES) - width)
    monthly, gap = quirks["acctid"] == "monthly", quirks.number("acctid-gaps")
    number, month, last = 0, "", (until - _EPOCH) // timedelta(microseconds=1)
    messages: Counter[str] = Counter()
    calls = _calls(world, chance, recorder, until=last, count=days * calls_per_day, days=days)
    for leg in _by_end(world, chance, calls, last):
        if not firmware.writes(leg):
            continue
        mailbox = leg.reached.number
        recordings = firmware.recordings(leg, messages[mailbox])
        if leg.lastapp == VOICEMAIL:
            messages[mailbox] += 1
        # Later, not different: a clock that goes back over the end of a month does not begin the old one again.
        if monthly and (now := firmware.timing.month(leg.end)) > month:
            number, month = 0, now
        number += 1
        if gap and number % gap == 0:
            number += 1
        row = (str(number), *firmware.row(leg, recordings)[1:width], *blank)
        yield Record(row, recordings, truth(leg))


class _Planned(NamedTuple):
    """A call that will be: an extension *near*, and another one or somebody outside, *far*."""

    kind: str
    near: Party
    far: Party
    start: int
    made: int
    recorded: bool

    def played(self, shape: str, *, ring: int = 0, talk: int = 0) -> Call:
        """Return the call in that *shape*: it rings, or waits in vain, and then is talked, for so many microseconds."""
        inside = (self.near, self.far) if self.kind == "Internal" else (self.near,)
        stage = Stage(inside, self.far, self.start, self.made, ring, talk, ring, self.recorded, features=_FEATURES)
        (call,) = BY_ID[shape].story(stage, self.kind)
        return call


def _calls(world: World, chance: Random, recorder: Random, *, until: int, count: int, days: int) -> Iterator[_Planned]:
    """Yield *count* calls, as far as they are planned, in the order in which they start."""
    kinds = [kind for kind in _KINDS if (world.extensions.count > 1 if kind == "Internal" else world.trunks)]
    if not kinds or not count:
        return
    extensions, outside = _parties(world, chance)
    kind_of_call = _odds({kind: _KINDS[kind] for kind in kinds})
    share, among = world.recording.share, [kind for kind in kinds if kind.lower() in world.recording.kinds]
    hours = range(until - days * 24 * _HOUR, until, _HOUR)
    local = [datetime.fromtimestamp(hour // SECOND, world.firmware.timing.zone) for hour in hours]
    busy = Counter(
        chance.choices(hours, [_BY_HOUR[time.hour] * _BY_WEEKDAY[time.weekday()] for time in local], k=count)
    )
    made = 0
    for hour in hours:
        for start in sorted(hour + int(chance.random() * _HOUR) for _ in range(busy[hour])):
            kind = kind_of_call(chance)
            near, *others = chance.sample(extensions, 2 if kind == "Internal" else 1)
            far = others[0] if others else chance.choice(outside)
            # One draw a call, whatever is recorded, so that share and kinds shift nothing.
            recorded = recorder.random() < share and kind in among
            yield _Planned(kind, near, far, start, made, recorded)
            made += 2


def _parties(world: World, chance: Random) -> tuple[list[Party], list[Party]]:
    """Return the extensions, and the numbers outside: 555-01XX belongs to nobody."""
    from faker import Faker

    fake = Faker("en_US", use_weighting=False)
    fake.seed_instance(chance.getrandbits(64))
    names = [f"{fake.first_name()} {fake.last_name()}" for _ in range(300)]
    numbers = dict.fromkeys(fake.numerify(fake.random_element(("212", "312", "617")) + "55501##") for _ in names)
    extensions, outside = [], []
    for at in range(world.extensions.count):
        number = str(world.extensions.first + at)
        extensions.append(Party(number, names[at % len(names)], number))
    for number in numbers if world.trunks else ():
        (at,) = chance.choices(range(len(world.trunks)), [trunk.channels for trunk in world.trunks])
        name = chance.choice(names) if chance.random() < 0.6 else ""
        outside.append(Party(number, name, f"trunk_{at + 1}", world.trunks[at].name))
    return extensions, outside


class _Room(NamedTuple):
    """The conference room: until when it is open, and how many may join."""

    until: int = 0
    seats: int = 0


def _by_end(world: World, chance: Random, calls: Iterator[_Planned], until: int) -> Iterator[Leg]:
    """Yield the legs in the order in which they end."""
    going_on: list[tuple[int, int, Leg]] = []
    first, count = world.extensions.first, world.extensions.count
    room, has_room = _Room(), int(_FEATURES.room.number) not in range(first, first + count)
    for planned in calls:
        while going_on and going_on[0][0] <= planned.start:
            yield heappop(going_on)[2]
        if has_room and planned.kind == "Internal" and (stay := _stay(chance, planned.start, room)):
            opens = planned.start >= room.until
            end = min(planned.start + stay, until - 1)
            # Who opens the room has the recording of it all.
            met = planned._replace(recorded=planned.recorded and opens)
            call = met.played("conference", talk=end - planned.start)
            room = _Room(end, _SEATS - 1) if opens else room._replace(seats=room.seats - 1)
        else:
            call = _played(chance, planned, until)
        for at, leg in enumerate(legs(call)):
            heappush(going_on, (leg.end, call.made + at, leg))
    yield from (leg for _, _, leg in sorted(going_on))


def _stay(chance: Random, start: int, room: _Room) -> int:
    """Return how long the caller stays in the conference *room*; 0 when the call goes elsewhere."""
    if start >= room.until:
        return int(chance.uniform(*_CONFERENCE)) if chance.random() < _OPENS else 0
    joins = room.seats and chance.random() < _JOINS
    return int(chance.random() * (room.until - start)) if joins else 0


def _played(chance: Random, planned: _Planned, until: int) -> Call:
    """Return the call as it turned out, with voicemail after some that nobody took. Spec 5.6."""
    disposition = _disposition(chance)
    shape, rung, talked = _SHAPES.get(disposition, ""), int(chance.triangular(*_RING[disposition]) * SECOND), 0
    voicemail = disposition == "NO ANSWER" and planned.kind != "Outbound" and chance.random() < _VOICEMAIL
    if disposition == "ANSWERED":
        talked = int(min(chance.lognormvariate(4.5, 1.1), 4 * 3600) * SECOND)
    elif disposition == "FAILED":
        shape = _failure(chance)
    elif voicemail:
        shape, rung, talked = "voicemail", 60 * SECOND, int(chance.uniform(3, 45) * SECOND)
    if rung + talked >= (room := until - planned.start):  # then all goes faster, so that no call is left unfinished
        rung, talked = (part * room // (rung + talked + 1) for part in (rung, talked))
    return planned.played(shape, ring=rung, talk=talked)
