"""Calls that happen while a PBX runs, and how they get into its history. Used by one thread at a time, the worker's.

Knows no clock: whoever calls says up to which instant of the world's time calls have happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice

from ucmsim import schedule
from ucmsim.asking.staging import staged
from ucmsim.asking.wishes import Placed, Wish, together
from ucmsim.assembling.counted import messages_of, past_of
from ucmsim.assembling.retention import Cleaning
from ucmsim.calls import Firmware
from ucmsim.calls.events import Call
from ucmsim.calls.lines import Lines
from ucmsim.calls.locales import Locales
from ucmsim.calls.parties import channels_of
from ucmsim.calls.shapes import Story
from ucmsim.calls.traffic import Office, Traffic, restarts
from ucmsim.calls.trunks import crowded
from ucmsim.calls.unfolding import Unfolding
from ucmsim.calls.world import CallWorld, Known
from ucmsim.contract.fields import FieldRefused
from ucmsim.corrections import Corrections
from ucmsim.instants import LATEST, NEVER, at_microseconds, microseconds
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.steps import Steps, finished
from ucmsim.store.history import History
from ucmsim.store.records import Numbered, Record
from ucmsim.streams import stream

_LAST = microseconds(LATEST - timedelta(days=30))
"""The last instant at which a call can be placed: its end, and all that follows from it, is within time."""


class Living:
    """The calls of the PBX *name* from *since* on: those of its traffic, if that is live, and those that are placed.

    It was begun *boot* times before with this history. Where that goes on beyond *since*, because the clock begins again
    at an instant that was before, traffic begins behind its last call. Its people have names of *locales*, and are made
    up with its first call.
    """

    def __init__(
        self,
        name: str,
        settings: PbxSettings,
        history: History,
        *,
        seed: int,
        since: datetime,
        boot: int = 0,
        locales: Locales | None = None,
    ) -> None:
        self._name, self._settings, self._history, self._seed = name, settings, history, seed
        self._locales = locales or Locales()
        self._traffic: Traffic | None = None
        self._unfolding: Unfolding | None = None
        self._lines: Lines | None = None
        self._boot, self._leaps = boot, 0
        self._reached = microseconds(since)
        history.cut_off()
        self._lived = history.ledger.last_end()
        self._cleaning = Cleaning(settings, history, since)
        firmware = Firmware.of(settings.register, settings.time_zone)
        self._clock = Corrections.of(settings.clock)
        past = past_of(history, monthly=settings.register["acctid"] == "monthly")
        self._unwritten: list[Record] = []
        self._news: list[str] = []
        self._crowded: set[str] = set()
        self._restarts = restarts(settings)
        self._over: list[Numbered] = []
        self.ahead: Sequence[Story] = ()
        ledger = history.ledger
        known = Known(ledger.known(), ledger.starts(self._reached))
        self._world = CallWorld(
            firmware, self._stories(), past, clock=self._clock, restarts=self._restarts, known=known
        )

    @property
    def goes_on(self) -> bool:
        """Whether anything will happen by itself: traffic, calls that were placed, what is scheduled, or the old goes."""
        scheduled = any(schedule.come(self._clock, self._restarts, self._reached, _LAST))
        return self._settings.traffic.live or self._world.goes_on or scheduled or self._cleaning.goes_on

    @property
    def due(self) -> int:
        """The instant up to which nothing happens by itself after what has happened, so that nobody need ask before it."""
        if self._unwritten:
            return self._reached
        live = self._unfolding.due if self._unfolding else NEVER
        return min(self._world.due, live, self._cleaning.due, schedule.due(self._clock, self._restarts, self._reached))

    def happen(self, until: datetime, most: int | None = None) -> int:
        """Let everything happen that is over before *until*; return how many rows were written, *most* of them at a time.

        Ask again while it is so many.
        """
        since, self._reached = self._reached, max(self._reached, microseconds(until))
        self._news += schedule.come(self._clock, self._restarts, since, self._reached)
        if self._unfolding:
            self._unfolding.until = self._reached
        if not self._unwritten:
            self._unwritten = list(islice(self._world.records(microseconds(until)), most))
        written = self._write()
        if written != most and self._cleaning.is_due(until):
            self._clean(until)
        return written

    def news(self) -> list[str]:
        """Return a sentence for each thing that happened to the unit by itself since this was asked last."""
        news, self._news = self._news, []
        return news

    def _write(self) -> int:
        """Write what came of the world; return how many rows that were. Where it fails, it is written the next time."""
        self._over += self._world.over()
        if not self._unwritten and not self._over:
            # As nearly always, twice a second for each PBX: a transaction would cost far more than all the rest.
            return 0
        written = self._history.keep(self._unwritten, self._over)
        self._unwritten, self._over = [], []
        return written

    @property
    def up(self) -> list[Numbered]:
        """The calls that are up, as they are if they are cut by now."""
        return self._world.up()

    @property
    def channels(self) -> int:
        """How many channels the unit has counted by now."""
        return self._world.channels

    def count_channels(self, made: int) -> None:
        """Count on behind so many channels that were made by now."""
        self._world.count_channels(made, self._reached)

    def stop(self) -> None:
        """Cut whatever is up, as the unit is switched off, where calls have come to; nothing happens any more.

        What was placed *ahead* of that is kept, for the unit as it is after a restart.
        """
        self.ahead = self._world.ahead()
        self._world.switch_off()
        self._write()

    def _clean(self, now: datetime) -> None:
        deleted, said = self._cleaning.clean(now, self._clock)
        self._count_on(deleted)
        self._news += said

    def delete_rows(self) -> int:
        """Delete every CDR, as somebody does on the unit's own page; recordings stay. Return how many went."""
        deleted = self._history.empty()
        self._count_on(deleted)
        return deleted

    def _count_on(self, deleted: int) -> None:
        """Let the unit count on after rows were *deleted*, or recordings."""
        past = self._world.writer.counted._replace(messages=messages_of(self._history))
        if deleted and not len(self._history) and self._settings.register["acctid-after-delete"] == "restart":
            past = past._replace(number=0)
        self._world.writer.count_on(past)
        if deleted:
            self._history.count({"AcctId": str(past.number), "month": past.month})

    def correct(self, clock: Corrections) -> None:
        """Let the unit's clock have these corrections from now on."""
        self._clock = clock
        self._world.writer.clock = clock

    def skip(self, to: datetime) -> None:
        """Go on at *to* without what would have begun until then; calls that are up stay up, until their old end.

        A restart before that ends them, also one that is left out: they were cut there when they began.
        """
        since, self._reached = self._reached, microseconds(to)
        self._cleaning.leap(to)  # whatever it was before, the unit is at a new day
        self._lines = self._traffic.up(since, self._reached) if self._traffic else None
        self._traffic, self._lived = None, self._reached
        self._leaps += 1
        self._world.drop(since, self._reached, self._history.ledger.starts(self._reached))
        self._world.go_on(self._stories())

    def restart(self, to: datetime) -> None:
        """Let the unit restart at *to*, or where it has come to: calls that are up end without rows, channels count from 0.

        Everything that is over before must have happened.
        """
        at = max(self._reached, microseconds(to))
        self._reached = at
        self._world.restart(at)
        if self._traffic:
            self._traffic.restart(at)

    def place(self, wish: Wish) -> tuple[Call, ...]:
        """Let a call happen; return the channels it is made of. Raises `FieldRefused`."""
        (story,) = finished(self._placed([self._story(wish)]))
        return story

    def place_each(self, wishes: Iterable[Wish | FieldRefused]) -> Steps[list[Story]]:
        """Let calls happen, all or, when one of them cannot, none. Raises `FieldRefused`, which names these by their index.

        All steps must be gone through, and nothing else may happen between two.
        """
        stories, refused = [], {}
        for index, wish in enumerate(wishes):
            yield
            try:
                if isinstance(wish, FieldRefused):
                    raise wish
                stories.append(self._story(wish))
            except FieldRefused as error:
                refused[index] = error
        if refused:
            raise together(refused)
        return (yield from self._placed(stories))

    def keep(self, ahead: Sequence[Story]) -> Steps[None]:
        """Let what was placed *ahead* of a restart happen all the same; tell of calls for which this was over too late."""
        coming = [story for story in ahead if min(call.start for call in story) >= self._reached]
        yield from self._placed(coming)
        if missed := len(ahead) - len(coming):
            calls = "a placed call" if missed == 1 else f"{missed} placed calls"
            self._news.append(f"{calls} did not happen: its world's time went on beyond that as it restarted")

    def foretold(self, stories: Sequence[Story]) -> Steps[list[Placed]]:
        """Return what is known of each of *stories*, which were placed: how many rows it will write."""
        told = []
        for story in stories:
            yield
            told.append(Placed(story, self._world.rows_of(story)))
        return told

    def _placed(self, wished: Iterable[Story]) -> Steps[list[Story]]:
        """Let the stories that are *wished* happen, whatever lines are taken, and tell once of each trunk with too few channels."""
        stories = []
        for story in wished:
            yield
            stories.append(self._world.place(story))
            if self._traffic:
                self._traffic.take(stories[-1])
        calls = [call for story in stories for call in story]
        channels = channels_of(self._settings.trunks)
        for one, most in (yield from crowded(calls, self._world.meanwhile(calls), channels, self._crowded)):
            where = "" if one.place in channels else f"port {one.place} of "
            said = f"{where}trunk '{one.trunk}' carries {most} calls at once and can carry {channels.get(one.place, 1)}"
            self._news.append(f"{said}: a placed call happens whatever lines are taken")
            self._crowded.add(one.place)
        return stories

    def _story(self, wish: Wish) -> Story:
        """Return the call that is wished for. Raises `FieldRefused`."""
        start = microseconds(wish.at)
        if start < self._reached:
            come = f"that is in the past of the PBX's world, which has come to {at_microseconds(self._reached).isoformat()}"
            raise FieldRefused(f"{come}; leave 'at' out for a call now, or set the clock back first", "at")
        if start > _LAST:
            raise FieldRefused(f"calls begin before {at_microseconds(_LAST):%Y-%m-%d}", wish.timed_by)
        return staged(wish, self._office)

    @cached_property
    def _office(self) -> Office:
        """Who and what there is, where there are calls."""
        people, grouping = (stream(self._seed, self._name, what) for what in ("people", "groups"))
        return Office.of(self._settings, people, grouping, self._locales)

    def _stories(self) -> Iterator[Story]:
        if not self._settings.traffic.live:
            return iter(())
        if self._traffic is None:
            settings = self._settings
            # Other calls each time: those of an instant that comes again happened already.
            again = (str(self._boot), str(self._leaps)) if self._boot or self._leaps else ()
            chance, recording = (
                stream(self._seed, self._name, "live", what, *again) for what in ("traffic", "recording")
            )
            self._traffic = Traffic(self._office, settings.history.calls_per_day, chance, recording, self._lines)
        self._unfolding = Unfolding(self._traffic, max(self._reached, self._lived))
        return self._unfolding
