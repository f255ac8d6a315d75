"""Each shipped scenario is passed by a correct client, and failed by one with the bug that it is about, for that bug."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests import collectors
from tests.collectors import Collector
from ucmsim.scenarios import shipped
from ucmsim.scenarios.outcome import Outcome
from ucmsim.testing import Ucm

BUGS = [
    ("acl-closed", collectors.Hammering, ["no-hammering"]),
    ("acl-closed", collectors.GivesUp, ["comes-back"]),
    ("certificate-expires", collectors.Unverifying, ["verified"]),
    ("certificate-expires", collectors.GivesUp, ["comes-back"]),
    ("dst-night", collectors.Watermark, ["nothing-lost"]),
    ("dst-night", collectors.KeyedByTimes, ["each-kept-once"]),
    ("duplicate-rows", collectors.CountsLines, ["nothing-lost"]),
    ("duplicate-rows", collectors.KeepsLines, ["each-kept-once"]),
    ("late-rows", collectors.Watermark, ["nothing-lost"]),
    ("long-call", collectors.Watermark, ["nothing-lost"]),
    ("page-cut-at-row-600", collectors.TakesWhatCame, ["nothing-lost"]),
    ("recording-missing", collectors.OneTry, ["fetched"]),
    ("restart-in-mid-paging", collectors.WindowDone, ["nothing-lost"]),
    ("stale-nonce-loop", collectors.Looping, ["no-loop"]),
]
"""A scenario, a client with a bug, and what it must fail, nothing else."""


@pytest.fixture
def pbx(ucm_fleet):
    """Return what starts a PBX as a scenario needs it."""
    started: list[Ucm] = []

    def start(scenario: str) -> Ucm:
        started.append(ucm_fleet.start({"history": {"days": 0}, **shipped.found(scenario).pbx}))
        return started[-1]

    yield start
    for one in started:
        ucm_fleet.stop(one)


def played(ucm: Ucm, scenario: str, client: type[Collector], patience: float) -> Outcome:
    """Let a *client* poll as long as the *scenario* is played, and say what it kept; return what came of it."""
    playing = ucm.play(scenario, patience=patience)
    collector = client(ucm)
    with suppress(AssertionError), playing:
        while playing.running:
            collector.poll()
            playing.kept(collector.kept)
    assert playing.outcome is not None
    return playing.outcome


@pytest.mark.parametrize("scenario", shipped.names())
def test_a_correct_client_passes(pbx, scenario):
    """Nothing of what is expected fails, and nothing is left open."""
    outcome = played(pbx(scenario), scenario, Collector, 60.0)
    assert [str(one) for one in outcome.findings if one.passed is not True] == []
    assert outcome.notes == ()


@pytest.mark.parametrize(("scenario", "client", "failed"), BUGS)
def test_a_client_with_the_bug_fails_for_it(pbx, scenario, client, failed):
    """It fails what names its bug, and nothing else."""
    outcome = played(pbx(scenario), scenario, client, 6.0)
    assert list(outcome.failed) == failed, str(outcome)


def test_every_scenario_has_its_faulty_client():
    """There is none that nobody fails."""
    assert {scenario for scenario, *_ in BUGS} == set(shipped.names())
