"""Calls that happen while a PBX runs, and how they get into its history. Used by one thread at a time, the worker's.

Knows no clock: whoever calls says up to which instant of the world's time calls have happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from ucmsim.calls import Firmware, filenames
from ucmsim.calls.events import SECOND, Call, Party
from ucmsim.calls.parties import beyond, caller_ids
from ucmsim.calls.recorder import over_ami
from ucmsim.calls.shapes import BY_ID, Shape, Story
from ucmsim.calls.stage import Features, Stage
from ucmsim.calls.traffic import Office, Traffic
from ucmsim.calls.world import CallWorld, Past
from ucmsim.columns import AT
from ucmsim.corrections import Corrections, at_microseconds, microseconds
from ucmsim.errors import did_you_mean
from ucmsim.history import History
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.streams import stream
from ucmsim.wishes import CallRefused, Wish, together

_A_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEYOND = "3125550198"
"""Whom a placed call by DISA goes on to: a number that belongs to nobody."""


class Living:
    """The calls of the PBX *name* from *since* on: those of its traffic, if that is live, and those that are placed."""

    def __init__(self, name: str, settings: PbxSettings, history: History, *, seed: int, since: datetime) -> None:
        self._name, self._settings, self._history, self._seed = name, settings, history, seed
        self._traffic: Traffic | None = None
        self._past = microseconds(since)
        self._cleaned = since - _A_DAY
        firmware = Firmware.of(settings.register, settings.time_zone)
        self._clock = Corrections.of(settings.clock)
        self._office = Office.of(settings)
        self._world = CallWorld(
            firmware, self._stories(), _past(history), clock=self._clock, restarts=self._office.restarts
        )

    @property
    def goes_on(self) -> bool:
        """Whether anything will happen: traffic, or calls that were placed and are not over."""
        retention = self._settings.retention
        return self._settings.traffic.live or self._world.goes_on or bool(retention.rows or retention.recordings)

    def happen(self, until: datetime, most: int | None = None) -> int:
        """Let everything happen that is over before *until*; return how many rows were written, *most* of them at a time.

        Ask again while it is so many.
        """
        self._past = max(self._past, microseconds(until))
        written = self._history.keep(islice(self._world.records(microseconds(until)), most))
        if written != most and until - self._cleaned >= _A_DAY:
            self._clean(until)
        return written

    def _clean(self, now: datetime) -> None:
        """Delete what the retention says, once a day."""
        self._cleaned = now
        retention = self._settings.retention
        instant = microseconds(now)
        shown, zone = at_microseconds(self._clock.shown(instant)), self._clock.zone(instant)
        zone = zone or self._settings.time_zone
        old = (shown - timedelta(days=retention.rows)).astimezone(zone) if retention.rows else None
        gone = shown - timedelta(days=retention.recordings) if retention.recordings else _EPOCH
        deleted = self._history.clean(
            rows_before=f"{old:%Y-%m-%d %H:%M:%S}" if old else "", recordings_before=int(gone.timestamp())
        )
        self._count_on(deleted)

    def delete_rows(self) -> int:
        """Delete every CDR, as somebody does on the unit's own page; recordings stay. Return how many went."""
        deleted = self._history.empty()
        self._count_on(deleted)
        return deleted

    def _count_on(self, deleted: int) -> None:
        """Let the unit count on after rows were *deleted*, or recordings."""
        past = self._world.counted._replace(messages=_messages(self._history))
        if deleted and not len(self._history) and self._settings.register["acctid-after-delete"] == "restart":
            past = past._replace(number=0)
        self._world.count_on(past)
        if deleted:
            self._history.count({"AcctId": str(past.number), "month": past.month})

    def correct(self, clock: Corrections) -> None:
        """Let the unit's clock have these corrections from now on."""
        self._clock = clock
        self._world.clock = clock

    def skip(self, to: datetime) -> None:
        """Go on at *to* without what would have happened until then; calls that are up stay up."""
        self._past = microseconds(to)
        self._traffic = None
        self._world.go_on(self._stories())

    def place(self, wish: Wish) -> tuple[Call, ...]:
        """Let a call happen; return the channels it is made of. Raises `CallRefused`."""
        story = self._story(wish)
        self._world.place(story)
        return story

    def place_each(self, wishes: Iterable[Wish]) -> list[tuple[Call, ...]]:
        """Let calls happen, all or, when one of them cannot, none. Raises `CallRefused`, which names these by their index."""
        stories, refused = [], {}
        for index, wish in enumerate(wishes):
            try:
                stories.append(self._story(wish))
            except CallRefused as error:
                refused[index] = error
        if refused:
            raise together(refused)
        for story in stories:
            self._world.place(story)
        return stories

    def _story(self, wish: Wish) -> Story:
        """Return the call that is wished for. Raises `CallRefused`."""
        shape = BY_ID.get(wish.shape)
        if shape is None:
            hint = did_you_mean(wish.shape, BY_ID) or "'ucmsim show shapes' lists them all"
            raise CallRefused(f"there is no shape '{wish.shape}'; {hint}", "shape")
        start = microseconds(wish.at)
        if start < self._past:
            raise CallRefused("that is in the PBX's past; leave 'at' out for now", "at")
        kind, stage = self._staged(wish, shape, start)
        story = shape.story(stage, kind)
        return over_ami(story) if wish.over_ami else story

    def _stories(self) -> Iterator[Story]:
        if not self._settings.traffic.live:
            return iter(())
        if self._traffic is None:
            settings = self._settings
            chance, recorder = (stream(self._seed, self._name, "live", what) for what in ("traffic", "recording"))
            self._traffic = Traffic(self._office, settings.history.calls_per_day, chance, recorder)
        return self._traffic.stories(self._past)

    def _staged(self, wish: Wish, shape: Shape, start: int) -> tuple[str, Stage]:
        """Return the kind of the call that is wished for, and its stage."""
        own = self._settings.extensions
        numbers = [str(own.first + at) for at in range(own.count)]
        shown = caller_ids(own)
        inside = {
            number: Party(number, f"Extension {number}", number, shown=shown.get(int(number))) for number in numbers
        }
        caller, callee = inside.get(wish.caller), inside.get(wish.callee)
        if caller is None and callee is None:
            raise CallRefused(f"neither '{wish.caller}' nor '{wish.callee}' is an extension of this PBX", "from")
        kind = "Outbound" if callee is None else "Inbound" if caller is None else "Internal"
        if kind not in shape.kinds:
            raise CallRefused(f"a call of shape '{shape.id}' is {' or '.join(shape.kinds)}, not {kind}", "shape")
        first = [party for party in (caller, callee) if party is not None]
        others = [party for number, party in inside.items() if number not in (wish.caller, wish.callee)][:4]
        if len(first) + len(others) < shape.needs:
            raise CallRefused(f"a call of shape '{shape.id}' needs {shape.needs} extensions", "shape")
        number, trunk = wish.callee if callee is None else wish.caller, self._settings.trunks[0]
        outside = beyond(trunk, 1)._replace(number=number)
        ring, talk = int(wish.ring * SECOND), int(wish.talk * SECOND)
        stage = Stage(
            inside=(*first, *others),
            outside=outside,
            beyond=outside._replace(number=_BEYOND),
            start=start,
            made=0,
            ring=ring,
            talk=talk,
            patience=ring,
            recorded=wish.recorded,
            prefix=trunk.prefix or "",
            features=Features.usual(),
        )
        return kind, stage


def _past(history: History) -> Past:
    """Return what a unit that goes on with *history* has counted so far."""
    last, counted = history.last(), history.counted()
    if counted:
        number, month = int(counted["AcctId"]), counted["month"]
    else:
        number, month = (int(last[AT["AcctId"]]), (last[AT["end"]] or last[AT["start"]])[:7]) if last else (0, "")
    return Past(number, month, _messages(history))


def _messages(history: History) -> Mapping[str, int]:
    """Return the number of the next message of each mailbox."""
    recordings, found = history.recordings, {}
    for directory in recordings.directories():
        number = directory.removeprefix(filenames.MAILBOXES).partition("/")[0]
        if directory == filenames.mailbox(number):
            found[number] = recordings.next_message(directory)
    return found
