"""Following a journal: what is asked, what is said, and that a restart of ucmsim ends nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click
import pytest

from ucmsim.client import ControlError, ControlNotFound, ControlStopped, ControlUnauthorised, ControlUnreachable
from ucmsim.commands.following import PERIOD, Follower
from ucmsim.contract.answers import Entry, JournalPage, Status

GONE = ControlUnreachable("the control plane cannot be reached")


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(number: int, note: str = "a", *faults: str) -> Entry:
    return Entry({}, number, "exchange", "hq", NOW, NOW, 0.0, None, faults, (), (), note=note)


class Running:
    """A control plane whose journal of *hq* has *items*, those before *first* dropped; *asked* are the questions.

    Whoever follows gets what there is, then *happens* is called; the stream goes on if there is more then, else it ends.
    """

    def __init__(
        self, *items: Entry, first: int = 1, refuses: ControlError | None = None, unknown: str | None = None
    ) -> None:
        self.items, self.first, self.refuses, self.unknown = items, first, refuses, unknown
        self.asked: list[Mapping[str, Any]] = []
        self.happens: Callable[[], object] = lambda: None
        self.pbxs = ("hq",)

    def status(self) -> Status:
        if self.refuses:
            raise self.refuses
        return Status("one", "0", 1, self.pbxs, {}, {}, NOW)

    def journal_page(self, pbx: str, **filters: Any) -> JournalPage:
        self._ask(filters)
        found = [one for one in self.items if one.id > filters.get("after", 0)][: filters.get("limit", 1000)]
        last = self.items[-1].id if self.items else 0
        return JournalPage(tuple(found), None, self.first, last, {})

    def follow_journal(
        self, pbx: str, *, after: int, dropped: Callable[[int], object], **filters: Any
    ) -> Generator[Entry, None, None]:
        self._ask({"after": after, **filters})
        if self.items and after > self.items[-1].id:
            after = 0  # ids have begun anew since
        for _ in range(2):
            if self.first > after + 1:
                dropped(self.first - after - 1)
            for one in [one for one in self.items if one.id > after and filters.get("fault") in (None, *one.faults)]:
                yield one
                after = one.id
            self.happens()
            if self.refuses:
                raise self.refuses

    def _ask(self, filters: Mapping[str, Any]) -> None:
        if self.refuses:
            raise self.refuses
        if filters.get("fault") is not None and filters["fault"] == self.unknown:
            raise ControlError(400, "invalid", f"'{self.unknown}' is neither", "fault")
        self.asked.append(filters)


class Story:
    """Whom each call of `connect` meets, and what is met after each pause; *said* is what the user is told."""

    def __init__(self, *met: Running | Exception) -> None:
        self.met = list(met)
        self.said: list[str] = []
        self.pauses: list[float] = []
        self.after_pause: Callable[[], object] = lambda: None

    def connect(self) -> Any:
        now = self.met.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.after_pause()

    def follow(self, count: int, **filters: Any) -> list[Entry]:
        follower = Follower(self.connect, "hq", filters, self.said.append, self.pause)
        return list(islice(follower.events(), count))


def in_turn(*steps: Callable[[], object]) -> Callable[[], object]:
    """Return what does the next of *steps* each time that it is called, and nothing after the last."""
    left = iter(steps)

    def one() -> None:
        for step in left:
            step()
            return

    return one


def stops(running: Running) -> Callable[[], object]:
    return lambda: setattr(running, "refuses", GONE)


def test_it_begins_with_the_last_and_goes_on_behind_them() -> None:
    """The number of the last counts for the beginning only, other filters for all."""
    running = Running(event(1), event(2))
    story = Story(running)
    running.happens = lambda: setattr(running, "items", (*running.items, event(3)))
    assert [one.id for one in story.follow(3, last=5, mark="any")] == [1, 2, 3]
    assert running.asked == [{"last": 5, "mark": "any"}, {"mark": "any", "after": 2}]
    assert (story.said, story.pauses) == ([], [])


def test_what_was_dropped_is_said() -> None:
    """Ids between the last that was read and the first that is kept are gone."""
    running = Running(event(1))
    story = Story(running)

    def much_happens() -> None:
        running.items, running.first = (event(9),), 9

    running.happens = much_happens
    assert [one.id for one in story.follow(2)] == [1, 9]
    assert story.said == ["7 events were dropped before they could be read"]


def test_a_restart_is_waited_for() -> None:
    """A journal that is on disk goes on where it was; the token may be another, and come later."""
    before, after = Running(event(1)), Running(event(1), event(2))
    wrong = Running(refuses=ControlUnauthorised(401, "unauthorized", "a wrong token", None))
    story = Story(before, GONE, click.UsageError("no ready report"), wrong, after)
    before.happens = stops(before)
    assert story.follow(2) == [event(1), event(2)]
    assert story.said == ["the control plane cannot be reached; waiting for it", "it answers again"]


@pytest.mark.parametrize("many", [1, 5])
def test_a_journal_that_begins_anew_is_read_from_its_beginning(many: int) -> None:
    """Also when it has as many events as the one before had: they are others."""
    before, after = Running(event(1), event(2)), Running(*(event(n, "b") for n in range(1, many + 1)))
    story = Story(before, after)
    before.happens = stops(before)
    assert story.follow(2 + many)[2:] == [event(n, "b") for n in range(1, many + 1)]
    assert story.said[-1] == "the journal begins anew"


def test_a_fault_that_a_restart_has_forgotten_is_waited_for() -> None:
    """It was known once: nothing of that name happens until it is armed again, and then it is told."""
    before = Running(event(1))
    after = Running(event(1, "b"), event(2, "b"), unknown="slow")
    story = Story(before, after)
    before.happens = stops(before)
    follower = Follower(story.connect, "hq", {"fault": "slow"}, story.said.append, story.pause)
    events = follower.events()
    assert next(events) == event(1)

    def armed() -> None:
        if len(story.pauses) == 6:
            after.unknown, after.items = None, (*after.items, event(3, "b", "slow"))

    story.after_pause = armed
    assert next(events) == event(3, "b", "slow")
    assert (story.said[-1], story.pauses) == ("the journal begins anew", [PERIOD] * 6)


def test_a_reset_is_no_restart() -> None:
    """The stream ends with the universe, ucmsim is there: it goes on in the new one, which it is told of, at its beginning."""
    running = Running(event(1), event(2))
    story = Story(running)
    stopped = ControlStopped(503, "stopped", "PBX 'hq' was stopped", None)
    running.happens = in_turn(
        lambda: None,  # the stream of the old universe goes on
        lambda: setattr(running, "refuses", stopped),
    )
    running.status = lambda: Status("one", "0", 1, ("hq",), {}, {}, NOW)  # type: ignore[method-assign]
    story.after_pause = lambda: (
        setattr(running, "refuses", None),
        setattr(running, "items", (event(1, "b"), event(2, "b"))),
    )
    assert story.follow(4) == [event(1), event(2), event(1, "b"), event(2, "b")]
    assert (story.said, story.pauses) == (["the journal begins anew"], [PERIOD])


def test_a_stream_that_ends_goes_on_behind_what_was_read() -> None:
    """Nothing is told twice, and nothing is said, where the journal is the same."""
    running = Running(event(1), event(2))
    story = Story(running)
    running.happens = in_turn(
        lambda: None,
        lambda: None,
        lambda: setattr(running, "items", (*running.items, event(3))),
    )
    assert [one.id for one in story.follow(3)] == [1, 2, 3]
    assert (story.said, story.pauses) == ([], [])


def test_a_journal_that_began_anew_unseen_is_told_of_by_its_ids() -> None:
    """Where it was renewed between the question for the old one and the stream of the new one."""
    running = Running(event(4), event(5), first=4)
    story = Story(running)
    running.happens = lambda: (setattr(running, "items", (event(1, "b"),)), setattr(running, "first", 1))
    asked = running.journal_page
    running.journal_page = lambda pbx, **filters: (  # type: ignore[method-assign]
        JournalPage((event(5),), None, 4, 5, {}) if "limit" in filters else asked(pbx, **filters)
    )
    assert story.follow(3) == [event(4), event(5), event(1, "b")]
    assert story.said == ["the journal begins anew"]


def test_a_pbx_that_goes_ends_it() -> None:
    """Though it is said of a PBX that is just being reset, too, that it was stopped."""
    running = Running(event(1))
    gone = ControlNotFound(404, "not-found", "there is no PBX 'hq'", None)
    running.happens = lambda: setattr(running, "refuses", gone)
    running.status = lambda: Status("one", "0", 1, (), {}, {}, NOW)  # type: ignore[method-assign]
    with pytest.raises(ControlError, match="there is no PBX 'hq'"):
        Story(running).follow(2)


def test_a_refusal_ends_it() -> None:
    """What the control plane says no to is no restart."""
    story = Story(Running(refuses=ControlError(404, "not-found", "there is no PBX 'hq'", None)))
    with pytest.raises(ControlError, match="no PBX"):
        story.follow(1)
    before, after = Running(event(1)), Running(refuses=ControlError(403, "x", "no", None))
    story = Story(before, after)
    before.happens = stops(before)
    with pytest.raises(ControlError, match="no"):
        story.follow(2)
