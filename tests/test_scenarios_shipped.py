"""Each shipped scenario is passed by correct clients, however they are made, and failed by those with a bug, for that bug."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import collectors
from tests.collectors import Collector
from tests.rightclients import RIGHT
from ucmsim.scenarios import shipped
from ucmsim.scenarios.outcome import Outcome
from ucmsim.scenarios.performing import Performance
from ucmsim.testing import Ucm

BUGS: dict[str, dict[type[Collector], list[str]]] = {
    "acl-closed": {
        collectors.Hammering: ["no-hammering"],
        collectors.Steady: ["no-hammering"],
        collectors.GivesUp: ["comes-back", "nothing-lost"],
        collectors.WindowDone: ["nothing-lost"],
    },
    "certificate-expires": {
        collectors.Unverifying: ["verified"],
        collectors.Downgrading: ["verified"],
        collectors.GivesUp: ["comes-back"],
    },
    "dst-night": {
        collectors.Watermark: ["nothing-lost"],
        collectors.QuarterBack: ["nothing-lost"],
        collectors.CountsOn: ["nothing-lost"],
        collectors.KeyedByTimes: ["each-kept-once"],
    },
    "duplicate-rows": {
        collectors.CountsLines: ["nothing-lost"],
        collectors.StopsAtAnOddPage: ["nothing-lost"],
        collectors.KeepsLines: ["each-kept-once"],
    },
    "late-rows": {
        collectors.Watermark: ["nothing-lost"],
        collectors.QuarterBack: ["nothing-lost"],
        collectors.CountsOn: ["nothing-lost"],
        collectors.WindowDone: ["nothing-lost"],
    },
    "long-call": {
        collectors.Watermark: ["nothing-lost"],
        collectors.HourBack: ["nothing-lost"],
        collectors.CountsOn: ["nothing-lost"],
        collectors.WindowDone: ["nothing-lost"],
    },
    "page-cut-at-row-600": {
        collectors.TakesWhatCame: ["nothing-lost"],
        collectors.SkipsThePage: ["nothing-lost"],
    },
    "recording-missing": {
        collectors.OneTry: ["fetched"],
        collectors.ThreeAtOnce: ["fetched"],
    },
    "restart-in-mid-paging": {
        collectors.WindowDone: ["nothing-lost"],
        collectors.LogsInOnce: ["nothing-lost", "comes-back"],
    },
    "stale-nonce-loop": {
        collectors.Looping: ["no-loop"],
        collectors.Steady: ["no-loop"],
        collectors.GivesUp: ["comes-back"],
    },
}
"""For each scenario clients with a bug, and what each must fail, nothing else."""

Plays = Callable[[Sequence[tuple[str, type[Collector]]], float], list[Outcome]]


@pytest.mark.parametrize("name", shipped.names())
def test_each_step_is_told_in_words(name: str) -> None:
    """Who watches a day reads what happens, and not how it is done."""
    told = [step.name for step in shipped.found(name).steps]
    assert all(told)
    assert len(set(told)) == len(told)


def test_days_at_a_date_of_their_own_are_told_as_such() -> None:
    """Who asks by its own watch, or has rows of later days, is to know of them."""
    dated = [one.name for one in shipped.every() if any(step.clock and step.clock.now for step in one.steps)]
    text = (Path(__file__).parents[1] / "docs" / "scenarios.md").read_text()
    told = text.partition("## What a client must bring")[2].partition("are played on a date of their own")[0]
    assert [name for name in shipped.names() if f"`{name}`" in told] == dated


def settings(scenario: str) -> dict[str, Any]:
    """Return those of a PBX for *scenario*: it stands before the day, so that a client that asks before that reads no later Date."""
    found = shipped.found(scenario)
    begun = next((step.clock.now for step in found.steps[:1] if step.clock), None)
    if begun is None and found.steps[0].time_of_day == "09:00":
        begun = datetime(2026, 5, 5, 9, tzinfo=ZoneInfo("America/Chicago"))
    clock = {"clock": {"start": (begun - timedelta(hours=1)).isoformat()}} if begun else {}
    return {"history": {"days": 0}, **clock, **found.pbx}


@pytest.fixture
def play(ucm_fleet) -> Plays:
    """Return what plays scenarios to clients, all at the same time, each on a PBX of its own, and tells what came of them."""

    def played(parts: Sequence[tuple[str, type[Collector]]], patience: float) -> list[Outcome]:
        pbxs = [ucm_fleet.start(settings(name)) for name, _ in parts]
        try:
            with ThreadPoolExecutor(len(parts)) as threads:
                return list(threads.map(one, pbxs, *zip(*parts, strict=True), [patience] * len(parts)))
        finally:
            for pbx in pbxs:
                ucm_fleet.stop(pbx)

    return played


def one(ucm: Ucm, scenario: str, client: type[Collector], patience: float) -> Outcome:
    """Let a *client* poll as long as the *scenario* is played, and say what it kept; return what came of it."""
    playing = ucm.play(scenario, patience=patience)
    collector = client(ucm)
    with suppress(AssertionError), playing:
        while playing.running:
            collector.poll()
            playing.kept(collector.kept)
    assert playing.outcome is not None
    return playing.outcome


@pytest.mark.parametrize("client", [Collector, *RIGHT], ids=lambda client: client.__name__)
def test_a_correct_client_passes(play: Plays, client: type[Collector]) -> None:
    """However it is made: nothing of what is expected fails in any scenario, and nothing is left open."""
    outcomes = play([(name, client) for name in shipped.names()], 60.0)
    wrong = {of.scenario: [str(one) for one in of.findings if one.passed is not True] for of in outcomes}
    assert {name: found for name, found in wrong.items() if found} == {}
    assert [of.notes for of in outcomes] == [()] * len(outcomes)


@pytest.mark.parametrize("scenario", shipped.names())
def test_a_client_with_a_bug_fails_for_it(play: Plays, scenario: str) -> None:
    """It fails what names its bug, and nothing else."""
    clients = list(BUGS[scenario])
    outcomes = play([(scenario, client) for client in clients], 8.0)
    found = {client.__name__: list(of.failed) for client, of in zip(clients, outcomes, strict=True)}
    assert found == {client.__name__: failed for client, failed in BUGS[scenario].items()}, "\n".join(
        map(str, outcomes)
    )


@pytest.mark.parametrize("often", [True, False], ids=["between any two steps", "only while one waits"])
@pytest.mark.parametrize("scenario", ["late-rows", "long-call", "restart-in-mid-paging"])
def test_the_verdict_is_the_same_whenever_a_client_asks(
    ucm_fleet: Any, monkeypatch: pytest.MonkeyPatch, scenario: str, often: bool
) -> None:
    """Who takes windows by the Date of answers, refusals too, fails for that, wherever among the steps the PBX was asked."""
    ucm = ucm_fleet.start(settings(scenario))
    client = AtOnce(ucm)
    playing = ucm.play(scenario, patience=2.0)
    client.poll()
    do = Performance._do

    def asked(performance: Performance, *_: Any) -> None:
        client.poll()
        playing.kept(client.kept)

    def then_asked(performance: Performance, step: Any) -> None:
        do(performance, step)
        asked(performance)

    monkeypatch.setattr(Performance, "_pause", asked)
    if often:
        monkeypatch.setattr(Performance, "_do", then_asked)
    with suppress(AssertionError), playing:
        playing.wait()
    assert playing.outcome is not None
    assert list(playing.outcome.failed) == BUGS[scenario][collectors.WindowDone], str(playing.outcome)


class AtOnce(collectors.WindowDone):
    """Waits no longer after an error than after an answer."""

    first_wait = longest_wait = 0.05


def test_every_scenario_has_its_faulty_client() -> None:
    """There is none that nobody fails, and none of what they expect that nobody fails."""
    assert sorted(BUGS) == shipped.names()
    failed = {name: {one for found in clients.values() for one in found} for name, clients in BUGS.items()}
    assert failed == {one.name: {each.name for each in one.expectations} for one in shipped.every()}
