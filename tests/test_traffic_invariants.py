"""What holds in every history, checked for a history of each personality; and each check finds out what is broken."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache

import pytest

from tests import traffic_invariants as invariants
from tests.traffic_invariants import CHECKS
from tests.worlds import World, world
from ucmsim.calls.events import What
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES


@cache
def made(seed: int) -> World:
    return world(seed)


@pytest.mark.parametrize("seed", range(1, 2 * len(PERSONALITIES) + 1))
def test_everything_holds_in_every_history(seed):
    """In two of each personality, of other sizes, zones and days, with restarts and without."""
    of = world(seed)
    assert {check.__name__: list(check(of)) for check in CHECKS} == {check.__name__: [] for check in CHECKS}
    assert len(of.rows) > 50
    assert len(of.rows) == len(of.truths)


G3 = 60
"""A seed whose history is of G3, continuous, and has groups, recordings, messages and calls without a row."""
G1 = 7


def row(of: World, at: int, **cells: str) -> World:
    """Return *of* with other cells in one row."""
    return of._replace(rows=(*of.rows[:at], {**of.rows[at], **cells}, *of.rows[at + 1 :]))


def truth(of: World, at: int, **fields: object) -> World:
    """Return *of* with another truth beside one row."""
    return of._replace(truths=(*of.truths[:at], of.truths[at]._replace(**fields), *of.truths[at + 1 :]))


def first(of: World, **cells: str) -> int:
    """Return the first row with these cells."""
    return next(at for at, found in enumerate(of.rows) if cells.items() <= found.items())


def plain(of: World, kind: str = "Outbound") -> int:
    """Return a story in which somebody is called and answers, with another of the same caller after it."""
    return next(
        at
        for at, story in enumerate(of.stories)
        if (story[0].shape, story[0].kind) == ("answered", kind)
        and any(later[0].caller == story[0].caller and later[0].shape == "answered" for later in of.stories[at + 1 :])
    )


def longer(of: World, seconds: int = 40_000) -> World:
    """Return *of* with a call that goes on for half a day more."""
    at = plain(of)
    call = of.stories[at][0]
    end = call.events[-1]
    call = call._replace(events=(*call.events[:-1], end._replace(at=end.at + seconds * SECOND)))
    return of._replace(stories=(*of.stories[:at], (call,), *of.stories[at + 1 :]))


def crowded(of: World) -> World:
    """Return *of* with one call forty times."""
    at = plain(of)
    return of._replace(stories=(*of.stories, *(of.stories[at],) * 40))


def elsewhere(of: World) -> World:
    """Return *of* without a story that has rows."""
    at = plain(of)
    return of._replace(stories=(*of.stories[:at], *of.stories[at + 1 :]))


def rowless(of: World) -> World:
    """Return *of* without the row of a call that was over."""
    at = first(of, lastapp="Dial", disposition="ANSWERED", action_type="DIAL")
    return of._replace(rows=(*of.rows[:at], *of.rows[at + 1 :]), truths=(*of.truths[:at], *of.truths[at + 1 :]))


def lasting(of: World) -> World:
    """Return *of* with truths of talk that all lasted twelve hours longer."""
    return of._replace(truths=tuple(one._replace(ended=one.ended + 43_200 * SECOND) for one in of.truths))


def grown(of: World, name: str) -> World:
    """Return *of* with one second more in a main_cdr."""
    at = next(at for at, (main, _) in enumerate(of.entries) if main)
    main, subs = of.entries[at]
    assert main
    main = {**main, name: str(int(main[name]) + 1)}
    return of._replace(entries=(*of.entries[:at], (main, subs), *of.entries[at + 1 :]))


def torn(of: World) -> World:
    """Return *of* with a group of two that stands apart."""
    at = next(at for at, (main, subs) in enumerate(of.entries) if main and len(subs) == 2)
    main, (one, *rest) = of.entries[at]
    return of._replace(entries=(*of.entries[:at], (None, (one,)), (main, tuple(rest)), *of.entries[at + 1 :]))


def unrecorded(of: World, *, under: str, end: str = ".wav") -> World:
    """Return *of* without one recording."""
    path = next(path for path in of.recordings if under in path and path.endswith(end))
    return of._replace(recordings={name: made for name, made in of.recordings.items() if name != path})


def shorter(of: World) -> World:
    """Return *of* with a recording that lost a sample."""
    path = f"monitor/{next(iter(of.served))}"
    made = of.recordings[path]
    return of._replace(recordings={**of.recordings, path: made._replace(samples=made.samples - 1)})


def told(of: World) -> World:
    """Return *of* with calls of which none was to be recorded."""
    return of._replace(stories=tuple(tuple(call._replace(recorded=False) for call in story) for story in of.stories))


def answered(of: World, kind: str = "Dial") -> int:
    return first(of, lastapp=kind, disposition="ANSWERED")


def swapped(of: World) -> World:
    """Return *of* with two rows in the wrong order, that have their numbers all the same."""
    one, two = of.truths[10], of.truths[30]
    return truth(truth(of, 10, ended=two.ended), 30, ended=one.ended)


def kept(of: World, **fields: object) -> World:
    """Return *of* with something else kept of one call that was carried out and answered."""
    at = next(at for at, call in enumerate(of.calls) if call.truth.kind == "Outbound" and call.truth.talks)
    call = of.calls[at]
    call = call._replace(truth=call.truth._replace(**fields))
    return of._replace(calls=(*of.calls[:at], call, *of.calls[at + 1 :]))


def rowless_call(of: World) -> World:
    """Return *of* without what is kept of a call that has no row."""
    at = next(at for at, call in enumerate(of.calls) if not call.rows)
    return of._replace(calls=(*of.calls[:at], *of.calls[at + 1 :]))


def swapped_rows(of: World) -> World:
    """Return *of* with the rows of two calls one for the other."""
    one, two = of.calls[20], of.calls[-20]
    changed = {20: one._replace(rows=two.rows), len(of.calls) - 20: two._replace(rows=one.rows)}
    return of._replace(calls=tuple(changed.get(at, call) for at, call in enumerate(of.calls)))


BROKEN: list[tuple[str, Callable[[World], World]]] = [
    ("calls_as_they_happened", elsewhere),
    ("calls_as_they_happened", longer),
    ("calls_as_they_happened", rowless_call),
    ("calls_as_they_happened", lambda of: of._replace(calls=of.calls[1:])),
    ("calls_as_they_happened", lambda of: kept(of, talks=())),
    ("calls_as_they_happened", lambda of: kept(of, trunks=())),
    ("calls_as_they_happened", lambda of: kept(of, ending="cut")),
    ("rows_of_calls", lambda of: of._replace(calls=of.calls[1:])),
    ("rows_of_calls", lambda of: of._replace(calls=(*of.calls, of.calls[0]))),
    ("rows_of_calls", lambda of: row(of, 5, AcctId="5")),
    ("rows_of_calls", swapped_rows),
    ("carried_within_channels", lambda of: of._replace(calls=of.calls * 40)),
    ("carried_within_channels", lambda of: of._replace(
        settings=of.settings.model_copy(update={"trunks": [trunk.model_copy(update={"channels": 0}) for trunk in of.settings.trunks]}))),
    ("no_double_talk", longer),
    ("no_more_than_channels", crowded),
    ("no_more_than_channels", lambda of: of._replace(settings=of.settings.model_copy(update={"trunks": ()}))),
    ("rows_of_calls_that_happened", elsewhere),
    ("rows_of_calls_that_happened", rowless),
    ("rows_of_calls_that_happened", lambda of: truth(of, 5, caller="1")),
    ("channels_of_truths", lasting),
    ("talks_of_truths", lasting),
    ("times", lambda of: row(of, 5, start="2026-01-01 00:00:00")),
    ("times", lambda of: row(of, first(of, disposition="NO ANSWER"), answer="")),
    ("times", lambda of: row(of, answered(of), answer="")),
    ("times", lambda of: row(of, answered(of), end="")),
    ("times", lambda of: of._replace(settings=of.settings.model_copy(update={"time_zone": made(G1).settings.time_zone}))),
    ("seconds", lambda of: row(of, answered(of), billsec="86400")),
    ("seconds", lambda of: row(of, 3, duration="86400")),
    ("seconds", lambda of: row(of, first(of, lastapp="ForkCDR"), billsec="1")),
    ("dispositions", lambda of: row(of, answered(of), disposition="BUSY")),
    ("dispositions", lambda of: row(of, answered(of), dstanswer="")),
    ("dispositions", lambda of: row(of, first(of, disposition="NO ANSWER"), billsec="1")),
    ("dispositions", lambda of: row(of, 1, disposition="Answered")),
    ("trunks", lambda of: row(of, first(of, userfield="Internal"), src_trunk_name="carrier-1")),
    ("trunks", lambda of: row(of, first(of, userfield="Inbound"), userfield="Outbound")),
    ("numbering", swapped),
    ("numbering", lambda of: row(of, 7, AcctId="7")),
    ("numbering", lambda of: of._replace(until=of.truths[-1].ended)),
    ("uniqueids", lambda of: row(of, 3, channel=of.rows[90]["channel"])),
    ("uniqueids", lambda of: row(of, 3, uniqueid=of.rows[90]["uniqueid"])),
    ("counters", lambda of: row(of, 40, uniqueid=f"{of.rows[40]['uniqueid'].partition('.')[0]}.0")),
    ("counters", lambda of: row(of, answered(of), dstchannel=f"SIP/0000-{of.rows[90]['channel'][-8:]}")),
    ("counters", lambda of: of._replace(restarts=(of.until - 20 * 3600 * SECOND,))),
    ("sessions", lambda of: row(of, 3, session=f"1{of.rows[3]['session']}")),
    ("sessions", lambda of: row(of, 3, session=of.rows[90]["session"])),
    ("sessions", lambda of: row(of, 3, action_owner="1")),
    ("sessions", longer),
    ("pages", lambda of: grown(of, "duration")),
    ("pages", lambda of: grown(of, "billsec")),
    ("pages", torn),
    ("pages", lambda of: of._replace(entries=of.entries[1:])),
    ("pages", lambda of: of._replace(entries=(*of.entries, of.entries[3]))),
    ("recordings", lambda of: unrecorded(of, under="monitor/")),
    ("recordings", shorter),
    ("recordings", lambda of: row(of, next(at for at, one in enumerate(of.rows) if one["recordfiles"]), recordfiles="")),
    ("recordings", lambda of: row(of, answered(of), recordfiles="auto-1-2-3.wav")),
    ("recorded_where_due", lambda of: of._replace(recordings={})),
    ("recorded_where_due", told),
    ("messages", lambda of: unrecorded(of, under="INBOX/msg")),
    ("messages", lambda of: unrecorded(of, under="INBOX/msg", end=".txt")),
    ("messages", lambda of: of._replace(recordings={path: one for path, one in of.recordings.items() if path[0] != "v"})),
    ("served", lambda of: of._replace(served={**of.served, next(iter(of.served)): 0})),
    ("served", shorter),
]  # fmt: skip


@pytest.mark.parametrize(("check", "broken"), BROKEN, ids=[f"{at}-{check}" for at, (check, _) in enumerate(BROKEN)])
def test_a_check_finds_what_is_broken_on_purpose(check, broken):
    """The same history is good as it was made."""
    of = made(G3)
    assert not list(getattr(invariants, check)(of))
    assert list(getattr(invariants, check)(broken(of)))


def test_every_check_is_broken_on_purpose():
    """None is left out above."""
    assert {name for name, _ in BROKEN} == {check.__name__ for check in CHECKS}


def test_an_older_history_names_no_recording():
    """A generation without the column has recordings all the same, and they must be there."""
    of = made(G1)
    assert of.generation == "G1"
    assert list(invariants.recordings(row(of, 3, recordfiles="auto-1-2-3.wav@")))
    assert list(invariants.recorded_where_due(of._replace(recordings={})))


def test_a_number_begins_again_where_a_month_does():
    """Where the firmware counts by month, and only there."""
    of = made(12)
    assert of.settings.personality.acctid == "monthly"
    assert not list(invariants.numbering(of))
    continuous = of.settings.model_copy(update={"personality": made(G3).settings.personality})
    assert list(invariants.numbering(of._replace(settings=continuous)))


def test_the_worlds_have_what_the_checks_are_about():
    """Every personality, restarts, groups, recordings, messages, and trunks whose channels are all taken at times."""
    found = [made(seed) for seed in (1, 3, 7, G3)]
    assert any(of.restarts for of in found)
    assert any(main for of in found for main, _ in of.entries)
    assert any(path.startswith("voicemail/") for of in found for path in of.recordings)
    assert any(event.what is What.PICK_UP for of in found for story in of.stories for event in story[0].events)


def test_the_command_tells_what_is_broken(monkeypatch, capsys):
    """A line a check, the sentences below, and 1 as exit status; the same for programs."""

    def broken(of: World):
        """Nothing is as it should be."""
        yield f"{len(of.rows)} rows"

    monkeypatch.setattr(invariants, "CHECKS", (invariants.served, broken))
    monkeypatch.setattr(invariants, "world", made)
    for options in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["invariants", "--seeds", "1", *options])
        with pytest.raises(SystemExit) as left:
            invariants.main()
        assert left.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["served", "holds"]
    assert lines[1].split()[:3] == ["broken", "1", "Nothing"]
    assert lines[3] == f"seed 1, broken: {len(made(1).rows)} rows"
    told = json.loads("\n".join(lines[4:]))
    assert [check["broken"] for check in told["checks"]] == [0, 1]
