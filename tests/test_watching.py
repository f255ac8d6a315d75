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
    assert list(watching.objections(told))


GOOD: dict[str, Any] = {
    "rows": 9, "rows_seen_by_count": 9, "too_early": 0, "lag_longest_real": 0.5, "offset_polls": 4,
    "offset_polls_not_as_predicted": 0, "watermark_as_predicted": True, "watermark_lost": ["3"], "straddlers": ["3"],
    "look_back_lost": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("otherwise", "sentences"),
    [
        ({}, []),
        (
            {"rows": 0, "rows_seen_by_count": 0},
            [
                (
                    "there were 0 rows, so nothing was shown: a day begins at midnight, when nobody calls; let --hours be 12 or"
                    " more"
                )
            ],
        ),
        ({"rows_seen_by_count": 8}, ["the offset client has counted 8 rows, and 9 were written"]),
        ({"too_early": 2}, ["2 rows were there before the leg had ended, and none may be"]),
        (
            {"lag_longest_real": 2.5},
            ["a row appeared 2.50 s of real time after its leg ended; less than 2 s is wanted"],
        ),
        (
            {"offset_polls_not_as_predicted": 1},
            ["1 of 4 pages of the offset client had other rows, or another order, than the truth predicts"],
        ),
        (
            {"watermark_as_predicted": False, "watermark_lost": ["4", "12", "5"]},
            [
                (
                    "the watermark client lost 3 rows (4, 5, 12) that are no straddlers, and got 1 row (3) that are;"
                    " it must lose the straddlers and no others, but for rows that came while it was paging"
                )
            ],
        ),
        (
            {"look_back_lost": list("7654321"), "too_early": 1},
            [
                "1 row was there before the leg had ended, and none may be",
                "the look-back client lost 7 rows (1, 2, 3, 4, 5, ...), and must lose none",
            ],
        ),
    ],
)
def test_what_is_bad_has_its_reason(otherwise: dict[str, Any], sentences: list[str]) -> None:
    """Each sentence says what was measured and what was wanted."""
    assert list(watching.objections({**GOOD, **otherwise})) == sentences
