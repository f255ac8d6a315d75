"""A day of calls watched by paging clients: what a watermark loses and a look-back does not, held against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import watching
from tests.watching import DAY, LOOK_BACK, Watcher, legs_written
from ucmsim.pytest_plugin import Ucm

POLLS, EVERY = 48, timedelta(minutes=30)


@pytest.mark.ucmsim(**DAY)
def test_a_watermark_loses_the_straddlers_and_a_look_back_none(ucm: Ucm) -> None:
    """A call that began before the latest start that was read, and ended after that was read, is never asked for."""
    careless, careful = Watcher(ucm, timedelta(0)), Watcher(ucm, LOOK_BACK)
    marks = []
    for _ in range(POLLS):
        ucm.clock.advance(EVERY)
        for watcher in (careless, careful):
            watcher.poll()
        marks.append((ucm.clock.now.timestamp() * 1_000_000, careless.mark.isoformat(" ")))
    truths = legs_written(ucm)
    everything = {str(truth.row) for truth in truths}  # AcctIds are counted as rows are written
    assert careful.seen == everything
    lost = set()
    for truth in truths:
        polled = next((at for at, (now, _) in enumerate(marks) if truth.ended < now), None)
        began = f"{datetime.fromtimestamp(truth.began // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"
        if polled is not None and polled > 0 and began < marks[polled - 1][1]:
            lost.add(str(truth.row))
    assert everything - careless.seen == lost
    assert len(lost) > 5


@pytest.mark.ucmsim(**DAY)
def test_a_day_that_runs_by_itself_is_as_the_truth_says(ucm: Ucm) -> None:
    """Its first half in six seconds: rows come after their legs have ended, pages drift as predicted, and no others are lost."""
    told = watching.report(watching.watch(ucm, 7_200, 43_200), 7_200)
    assert told["rows"] == told["rows_seen_by_count"] > 50
    assert not told["too_early"]
    assert not told["offset_polls_not_as_predicted"]
    assert told["offset_polls_drifted"]
    assert told["watermark_as_predicted"]
    assert not told["look_back_lost"]


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        ("too_early", lambda truths: [replace(one, ended=one.ended + 43_200_000_000) for one in truths]),
        ("offset_polls_not_as_predicted", lambda truths: [replace(one, began=-one.row) for one in truths]),
        ("look_back_lost", lambda truths: [*truths, replace(truths[-1], row=9999)]),
    ],
)
@pytest.mark.ucmsim(**DAY)
def test_another_truth_is_found_out(ucm: Ucm, what: str, broken: Callable[[list[Any]], list[Any]]) -> None:
    """Held against what did not happen, the same pages are not good."""
    of = watching.watch(ucm, 28_800, 43_200)
    assert not watching.report(of, 28_800)[what]
    told = watching.report(of._replace(truths=broken(of.truths)), 28_800)
    assert told[what]
    assert not watching.good(told)
