"""The calls of the days before an instant, as the rows that a PBX wrote about them. Spec 5; https-api 5.2 (ucm6200).

Instants are whole microseconds of UTC and become text last: durations are floors of what really passed (7 #14), and a
clock change moves nothing but texts. Channels are counted as calls start, AcctIds as rows end. Calls know nothing of
each other: an extension may talk twice at a time, and a trunk is never full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ucmsim.columns import GENERATIONS, NAMES, Row, row
from ucmsim.personalities import Personality
from ucmsim.settings import Extensions, Trunk

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# An office, assumed: calls by hour of the day, by day of the week from Monday, and by kind.
_BY_HOUR = (1, 1, 1, 1, 1, 2, 6, 20, 55, 90, 100, 95, 65, 80, 95, 95, 85, 60, 30, 18, 12, 8, 4, 2)
_BY_WEEKDAY = (1.0, 1.0, 1.0, 1.0, 0.9, 0.25, 0.15)
_KINDS = {"Internal": 30, "Inbound": 40, "Outbound": 30}
_DISPOSITIONS = {"ANSWERED": 71, "NO ANSWER": 24, "BUSY": 2, "FAILED": 3}  # 2661 rows of a UCM62xx, rounded
# The least, the most and the usual seconds until a call had turned out so.
_RING = {"ANSWERED": (2, 25, 8), "NO ANSWER": (5, 60, 20), "BUSY": (0.3, 9, 3), "FAILED": (0, 7, 0)}
_FAILURES = {("Playback", "ss-noservice"): 6, ("Congestion", "10"): 2, ("Hangup", ""): 1}
_VOICEMAIL = 0.35  # of the unanswered calls to extensions: one call in sixteen has two rows, as among those 2661


@dataclass(frozen=True, slots=True)
class World:
    """What calls happen in; *monthly_ids* is the quirk ``acctid: monthly``."""

    personality: Personality
    zone: ZoneInfo
    extensions: Extensions
    trunks: tuple[Trunk, ...]
    monthly_ids: bool


class _Party(NamedTuple):
    """One end of a call: an extension, or a number behind *trunk*, whose *place* is ``trunk_N``."""

    number: str
    name: str
    place: str
    dial: str
    trunk: str = ""


class _Call(NamedTuple):
    """One call; *made* is how many channels the PBX had made before it."""

    kind: str
    caller: _Party
    callee: _Party
    start: int
    made: int


def generate(world: World, chance: Random, *, until: datetime, days: int, calls_per_day: int) -> Iterator[Row]:
    """Yield the rows of *days* times *calls_per_day* calls in the order in which they were written.

    They fill the days before *until*, an instant with its zone; all of them ended before it.
    """
    width = len(GENERATIONS[world.personality.generation].columns)
    blank = ("",) * (len(NAMES) - width)
    number, month, last = 0, "", (until - _EPOCH) // timedelta(microseconds=1)
    for ended, written in _by_end(world, chance, _calls(world, chance, last, days * calls_per_day, days), last):
        # Later, not different: a clock that goes back over the end of a month does not begin the old one again.
        if world.monthly_ids and (now := _local(ended, world.zone)[:7]) > month:
            number, month = 0, now
        number += 1
        yield (str(number), *written[1:width], *blank)


def _calls(world: World, chance: Random, until: int, count: int, days: int) -> Iterator[_Call]:
    """Yield *count* calls in the order in which they start."""
    kinds = [kind for kind in _KINDS if (world.extensions.count > 1 if kind == "Internal" else world.trunks)]
    if not kinds or not count:
        return
    extensions, outside = _parties(world, chance)
    shares = [_KINDS[kind] for kind in kinds]
    hours = range(until - days * 24 * _HOUR, until, _HOUR)
    local = [datetime.fromtimestamp(hour // _SECOND, world.zone) for hour in hours]
    busy = Counter(
        chance.choices(hours, [_BY_HOUR[time.hour] * _BY_WEEKDAY[time.weekday()] for time in local], k=count)
    )
    made = 0
    for hour in hours:
        for start in sorted(hour + int(chance.random() * _HOUR) for _ in range(busy[hour])):
            (kind,) = chance.choices(kinds, shares)
            near, *others = chance.sample(extensions, 2 if kind == "Internal" else 1)
            far = others[0] if others else chance.choice(outside)
            yield _Call(kind, *((far, near) if kind == "Inbound" else (near, far)), start, made)
            made += 2


def _parties(world: World, chance: Random) -> tuple[list[_Party], list[_Party]]:
    """Return the extensions, and the numbers outside: 555-01XX belongs to nobody."""
    from faker import Faker

    fake = Faker("en_US", use_weighting=False)
    fake.seed_instance(chance.getrandbits(64))
    names = [f"{fake.first_name()} {fake.last_name()}" for _ in range(300)]
    numbers = dict.fromkeys(fake.numerify(fake.random_element(("212", "312", "617")) + "55501##") for _ in names)
    technology, modern = world.personality.technology, world.personality.generation >= "G3"
    extensions, outside = [], []
    for at in range(world.extensions.count):
        number = str(world.extensions.first + at)
        contact = f"/sip:{number}@192.168.{1 + at // 250}.{1 + at % 250}:5060" if modern else ""
        dial = f"{technology}/{number}{contact},60,{'zb(callee-handler^s^1)' if modern else ''}"
        extensions.append(_Party(number, names[at % len(names)], number, dial))
    for number in numbers if world.trunks else ():
        (at,) = chance.choices(range(len(world.trunks)), [trunk.channels for trunk in world.trunks])
        dial = f"{number}@trunk_{at + 1},,b(callee-handler^s^1)" if modern else f"trunk_{at + 1}/{number},,"
        name = chance.choice(names) if chance.random() < 0.6 else ""
        outside.append(_Party(number, name, f"trunk_{at + 1}", f"{technology}/{dial}", world.trunks[at].name))
    return extensions, outside


def _by_end(world: World, chance: Random, calls: Iterator[_Call], until: int) -> Iterator[tuple[int, Row]]:
    """Yield when each row ended, and the row, in the order of these instants."""
    going_on: list[tuple[int, int, Row]] = []
    for call in calls:
        while going_on and going_on[0][0] <= call.start:
            yield going_on[0][0], heappop(going_on)[2]
        for at, (ended, written) in enumerate(_rows(world, chance, call, until)):
            heappush(going_on, (ended, call.made + at, written))
    yield from ((ended, written) for ended, _, written in sorted(going_on))


def _rows(world: World, chance: Random, call: _Call, until: int) -> Iterator[tuple[int, Row]]:
    """Yield when each row of *call* ended, and the row: a second one where voicemail took the call. Spec 5.6."""
    (disposition,) = chance.choices(tuple(_DISPOSITIONS), tuple(_DISPOSITIONS.values()))
    application, rung, talked = ("Dial", call.callee.dial), int(chance.triangular(*_RING[disposition]) * _SECOND), 0
    grouped = GENERATIONS[world.personality.generation].grouped
    voicemail = disposition == "NO ANSWER" and call.kind != "Outbound" and grouped and chance.random() < _VOICEMAIL
    if disposition == "ANSWERED":
        talked = int(min(chance.lognormvariate(4.5, 1.1), 4 * 3600) * _SECOND)
    elif disposition == "FAILED":
        (application,) = chance.choices(tuple(_FAILURES), tuple(_FAILURES.values()))
    elif voicemail:
        rung, talked = 60 * _SECOND, int(chance.uniform(3, 45) * _SECOND)
    if rung + talked >= (room := until - call.start):  # then all goes faster, so that no call is left unfinished
        rung, talked = (part * room // (rung + talked + 1) for part in (rung, talked))
    turn, end = call.start + rung, call.start + rung + talked
    first = turn if voicemail else end
    yield first, _row(world, call, (call.start, turn, first), (disposition, *application), "DIAL")
    if voicemail:
        mailbox = ("ANSWERED", "VoiceMail", f"{call.callee.number}@default,u")
        yield end, _row(world, call, (turn, turn, end), mailbox, "VM")


def _row(world: World, call: _Call, span: tuple[int, int, int], outcome: tuple[str, str, str], action: str) -> Row:
    """Return a row of *call* with every column but AcctId, which is given when the row is written."""
    personality, (kind, caller, callee, began, made) = world.personality, call
    (start, turn, end), (disposition, lastapp, lastdata) = span, outcome
    technology, modern, answered = personality.technology, personality.generation >= "G3", disposition == "ANSWERED"
    emptied = personality.unanswered == "busy-blank" and disposition in ("BUSY", "FAILED")
    ended = "" if emptied else _local(end, world.zone)
    answer = _local(turn, world.zone) if answered else "" if personality.unanswered == "blank" else ended
    context, dstchannel = "from-internal", f"{technology}/{callee.place}-{made + 1:08x}"
    if kind == "Inbound":
        context = f"ext-did-{caller.place.removeprefix('trunk_')}"
    elif kind == "Outbound" and modern:
        context = f"outbound-route-{callee.place.removeprefix('trunk_')}"
    elif kind == "Outbound":  # the guide of 2014 has the channel so, and no context of its own
        dstchannel = f"{technology}/{callee.place}/{callee.number}"
    return row({
        "src": caller.number, "dst": callee.number, "clid": f'"{caller.name}" <{caller.number}>', "dcontext": context,
        "channel": f"{technology}/{caller.place}-{made:08x}", "dstchannel": dstchannel if lastapp == "Dial" else "",
        "lastapp": lastapp, "lastdata": lastdata, "start": _local(start, world.zone), "answer": answer, "end": ended,
        "duration": str((end - start) // _SECOND), "billsec": str((end - turn) // _SECOND if answered else 0),
        "disposition": disposition, "amaflags": "DOCUMENTATION",
        "uniqueid": f"{began // _SECOND}.{made * (2 if technology == 'PJSIP' else 1)}",  # steps of 4 and 2, as seen
        "userfield": "EXT" if personality.generation == "G1" else kind,  # EXT for calls over trunks is assumed
        "channel_ext": caller.place, "dstchannel_ext": callee.place, "service": "s", "caller_name": caller.name,
        "dstanswer": callee.number if answered else "", "action_owner": caller.number, "action_type": action,
        "session": f"{began // _SECOND}{began % _SECOND}-{caller.number}",
        "src_trunk_name": caller.trunk, "dst_trunk_name": callee.trunk,
    })  # fmt: skip


def _local(instant: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(instant // _SECOND, zone).isoformat(" ")[:19]
