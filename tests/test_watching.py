"""A day of calls watched by paging clients: what a watermark loses and a look-back does not, held against the truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
from requests.auth import HTTPDigestAuth

from ucmsim.pytest_plugin import Ucm

DAY = {
    "personality": "ucm6510",
    "time_zone": "UTC",
    "clock": {"start": "2026-03-03T00:00:00Z", "rate": 0},
    "history": {"days": 0, "calls_per_day": 400},
    "traffic": {"live": True, "talk": {"median": 300, "spread": 3, "longest": 7200}},
}
POLLS, EVERY = 48, timedelta(minutes=30)


class Watcher:
    """A client that asks for what began since its mark, page by page, and keeps rows by session and AcctId."""

    def __init__(self, ucm: Ucm, look_back: timedelta, page: int = 10) -> None:
        self.ucm, self.look_back, self.page = ucm, look_back, page
        self.mark, self.seen = datetime(2026, 3, 3), set[str]()
        self.login = HTTPDigestAuth(ucm.username or "", ucm.password or "")

    def poll(self) -> None:
        """Read everything that began from the mark on; the mark is then the latest start there was."""
        since, offset = (self.mark - self.look_back).isoformat(), 0
        while lines := self._page(since, offset):
            for line in lines:
                cells = line.split(",")
                self.seen.add(cells[0])
                self.mark = max(
                    self.mark, datetime.fromisoformat(next(cell for cell in cells if cell.startswith("2026-")))
                )
            offset += self.page

    def _page(self, since: str, offset: int) -> list[str]:
        query = f"startTime={since}&numRecords={self.page}&offset={offset}"
        got = requests.get(f"{self.ucm.url}/cdrapi?{query}", auth=self.login, verify=self.ucm.ca, timeout=20)
        return got.text.splitlines()[1:]


@pytest.mark.ucmsim(**DAY)
def test_a_watermark_loses_the_straddlers_and_a_look_back_none(ucm: Ucm) -> None:
    """A call that began before the latest start that was read, and ended after that was read, is never asked for."""
    careless, careful = Watcher(ucm, timedelta(0)), Watcher(ucm, timedelta(hours=3))
    marks = []
    for _ in range(POLLS):
        ucm.clock.advance(EVERY)
        for watcher in (careless, careful):
            watcher.poll()
        marks.append((ucm.clock.now.timestamp() * 1_000_000, careless.mark.isoformat(" ")))
    truths = ucm.calls
    everything = {str(truth["row"]) for truth in truths}  # AcctIds are counted as rows are written
    assert careful.seen == everything
    lost = set()
    for truth in truths:
        polled = next((at for at, (now, _) in enumerate(marks) if truth["ended"] < now), None)
        began = f"{datetime.fromtimestamp(truth['began'] // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"
        if polled is not None and polled > 0 and began < marks[polled - 1][1]:
            lost.add(str(truth["row"]))
    assert everything - careless.seen == lost
    assert len(lost) > 5
