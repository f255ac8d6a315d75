"""`python -m tests.watching --rate 600`: a day of a PBX watched over the wire by paging clients, held against the truth.

The service runs by itself, its clock so many times as fast as the world's. Three clients page with offset: one counts on
from where it stopped, one goes by a watermark, one looks back. What each of them must have missed follows from the
truth alone, which is asked for when the day is over.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import requests
from requests.auth import HTTPDigestAuth

from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.contract.answers import Row
from ucmsim.instants import microseconds
from ucmsim.progress import watched
from ucmsim.pytest_plugin import Ucm, UcmFleet

BEGIN = datetime(2026, 3, 3)
LOOK_BACK = timedelta(hours=3)
DAY: dict[str, Any] = {
    "personality": "ucm6510",
    "time_zone": "UTC",
    "clock": {"start": "2026-03-03T00:00:00Z", "rate": 0},
    "history": {"days": 0, "calls_per_day": 400},
    "traffic": {"live": True, "talk": {"median": 300, "spread": 3, "longest": 7200}},
}
_A_DAY = 86_400.0
_PAGE = 100
_EVERY = 0.05
_ALL_OVER = timedelta(hours=12)
"""By then every call is over that was up."""


class Pages:
    """Asks a PBX for pages of CSV, with a login for each."""

    def __init__(self, ucm: Ucm) -> None:
        self.ucm = ucm
        self.login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
        self.asked = 0

    def page(self, query: str) -> list[str]:
        """Return the lines of a page, without the header."""
        self.asked += 1
        got = requests.get(f"{self.ucm.url}/cdrapi?{query}", auth=self.login, verify=self.ucm.ca, timeout=20)
        assert got.status_code == 200, got.text
        return got.content.decode().split("\n")[1:-1]


class Watcher(Pages):
    """A client that asks for what began since its mark, page by page, and keeps rows by AcctId."""

    def __init__(self, ucm: Ucm, look_back: timedelta, page: int = 10) -> None:
        super().__init__(ucm)
        self.look_back, self.size = look_back, page
        self.mark, self.seen = BEGIN, set[str]()

    def poll(self) -> None:
        """Read everything that began from the mark on; the mark is then the latest start there was."""
        since, offset = (self.mark - self.look_back).isoformat(), 0
        while lines := self.page(f"startTime={since}&numRecords={self.size}&offset={offset}"):
            for line in lines:
                cells = line.split(",")
                self.seen.add(cells[0])
                began = next(cell for cell in cells if cell.startswith("2026-"))
                self.mark = max(self.mark, datetime.fromisoformat(began))
            offset += self.size


class Counter(Pages):
    """A client that asks for what stands behind as many rows as it has read, and takes that for the new ones."""

    def __init__(self, ucm: Ucm) -> None:
        super().__init__(ucm)
        self.count, self.seen = 0, list[tuple[int, list[str]]]()

    def poll(self) -> int:
        """Read on; return how many rows have come."""
        lines = self.page(f"numRecords=1000&offset={self.count}")
        if lines:
            self.seen.append((self.count, [line.partition(",")[0] for line in lines]))
            self.count += len(lines)
        return len(lines)


class Poll(NamedTuple):
    """One poll of the marking clients: rows there were *before* and *after* it, and the *mark* that it began with."""

    before: int
    after: int
    mark: str


class Watched(NamedTuple):
    """What came of a day: *appeared* is the PBX time, in seconds of the day, at which so many rows were there first."""

    truths: list[Row]
    appeared: list[tuple[float, int]]
    polls: list[Poll]
    counter: Counter
    careless: Watcher
    careful: Watcher


def watch(ucm: Ucm, rate: float, day: float = _A_DAY) -> Watched:
    """Let *day* seconds of the PBX pass at *rate*, and watch."""
    counter, careless, careful = Counter(ucm), Watcher(ucm, timedelta(0), _PAGE), Watcher(ucm, LOOK_BACK, _PAGE)
    appeared, polls = [], []
    ucm.clock.run(rate)
    asked = time.monotonic()
    ahead = (ucm.clock.now.replace(tzinfo=None) - BEGIN).total_seconds()
    began = (asked + time.monotonic()) / 2 - ahead / rate  # of the PBX's day, by our clock

    def marks() -> None:
        before, mark = counter.count, careless.mark.isoformat(" ")
        careless.poll()
        careful.poll()
        counted()
        polls.append(Poll(before, counter.count, mark))

    def counted() -> bool:
        if counter.poll():
            appeared.append(((time.monotonic() - began) * rate, counter.count))
            return True
        return False

    def seconds() -> Iterator[int]:
        while (now := (time.monotonic() - began) * rate) < day:
            yield int(now)

    for _ in watched(seconds(), "a day passes", None):
        if counted():
            marks()
        time.sleep(_EVERY)
    ucm.clock.freeze()
    counted()
    marks()
    return Watched(legs_written(ucm), appeared, polls, counter, careless, careful)


def legs_written(ucm: Ucm) -> list[Row]:
    """Return the truth of each row that there is by now; calls are told when they are over, so time passes."""
    now = microseconds(ucm.clock.now)
    ucm.clock.advance(_ALL_OVER)
    return [row for call in ucm.calls for row in call.rows if row.ended < now]


def _start(truth: Row) -> str:
    return f"{datetime.fromtimestamp(truth.began // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def report(of: Watched, rate: float) -> dict[str, Any]:
    """Return what was found, beside what the truth says that must be found."""
    truths = sorted(of.truths, key=lambda truth: truth.row)
    midnight = BEGIN.replace(tzinfo=UTC).timestamp()
    ended = [truth.ended / 1_000_000 - midnight for truth in truths]
    rows = [str(truth.row) for truth in truths]  # AcctIds are counted as rows are written
    lags, early, known = [], 0, 0
    for at, count in of.appeared:
        lags += [at - end for end in ended[known:count]]
        early += sum(end > at + rate / 10 for end in ended[known:count])  # a tenth of a second for the two clocks
        known = count

    def standing(count: int) -> list[str]:
        """Return the rows in the order of pages when so many were written."""
        return [rows[at] for at in sorted(range(count), key=lambda at: (_start(truths[at]), at))]

    drifted = again = wrong = 0
    read: set[str] = set()
    for offset, found in of.counter.seen:
        wrong += standing(offset + len(found))[offset:] != found
        drifted += set(found) != set(rows[offset : offset + len(found)])
        again += len(read & set(found))
        read |= set(found)
    straddlers, torn, known = set(), 0, 0
    unsure: set[str] = set()
    for poll in of.polls:
        straddlers |= {rows[at] for at in range(known, poll.before) if _start(truths[at]) < poll.mark}
        if poll.after > poll.before:  # rows came while it was paging: not known for sure what it saw
            torn += 1
            unsure |= {rows[at] for at in range(poll.before, poll.after)}
        known = poll.after
    lost = set(rows) - of.careless.seen
    return {
        "rate": rate,
        "rows": len(rows),
        "rows_seen_by_count": of.counter.count,
        "requests": sum(one.asked for one in (of.counter, of.careless, of.careful)),
        "lag_mean": sum(lags) / max(len(lags), 1),
        "lag_longest": max(lags, default=0.0),
        "lag_longest_real": max(lags, default=0.0) / rate,
        "too_early": early,
        "offset_polls": len(of.counter.seen),
        "offset_polls_not_as_predicted": wrong,
        "offset_polls_drifted": drifted,
        "offset_rows_read_again": again,
        "offset_rows_never_read": len(set(rows) - read),
        "watermark_polls": len(of.polls),
        "watermark_polls_torn": torn,
        "straddlers": sorted(straddlers, key=int),
        "watermark_lost": sorted(lost, key=int),
        "watermark_as_predicted": lost - unsure == straddlers - unsure,
        "look_back_lost": sorted(set(rows) - of.careful.seen, key=int),
    }


SOON = 2.0
"""Seconds of real time within which a row must appear."""


def objections(told: dict[str, Any]) -> Iterator[str]:
    """Yield what is otherwise than the truth says it must be: what was measured, and what was wanted."""
    if not told["rows"]:
        yield "there were 0 rows, so nothing was shown: a day begins at midnight, when nobody calls; let --hours be 12 or more"
    if told["rows_seen_by_count"] != told["rows"]:
        yield f"the offset client has counted {told['rows_seen_by_count']} rows, and {told['rows']} were written"
    if told["too_early"]:
        early = "1 row was" if told["too_early"] == 1 else f"{told['too_early']} rows were"
        yield f"{early} there before the leg had ended, and none may be"
    if told["lag_longest_real"] >= SOON:
        yield f"a row appeared {told['lag_longest_real']:.2f} s of real time after its leg ended; less than {SOON:g} s is wanted"
    if told["offset_polls_not_as_predicted"]:
        yield (
            f"{told['offset_polls_not_as_predicted']} of {told['offset_polls']} pages of the offset client had other rows,"
            " or another order, than the truth predicts"
        )
    if not told["watermark_as_predicted"]:
        lost, due = set(told["watermark_lost"]), set(told["straddlers"])
        yield (
            f"the watermark client lost {_named(lost - due)} that are no straddlers, and got {_named(due - lost)} that are;"
            " it must lose the straddlers and no others, but for rows that came while it was paging"
        )
    if told["look_back_lost"]:
        yield f"the look-back client lost {_named(set(told['look_back_lost']))}, and must lose none"


def _so_many(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _named(rows: set[str]) -> str:
    """Return how many *rows* there are, and the AcctIds of a few."""
    some = sorted(rows, key=int)
    return _so_many(len(some)) + (f" ({', '.join(some[:5])}{', ...' if len(some) > 5 else ''})" if some else "")


def lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield the report for people."""
    yield f"{told['rows']} rows of a day at rate {told['rate']:g}, read by {told['requests']} requests"
    yield (
        f"a row appears {told['lag_mean']:.0f} s of PBX time after its leg ended on average, {told['lag_longest']:.0f} s"
        f" at the latest ({told['lag_longest_real']:.2f} s of real time); {told['too_early']} rows appeared before that"
    )
    yield (
        f"offset client: {told['offset_polls']} pages, {told['offset_polls_not_as_predicted']} other than the truth"
        f" predicts; {told['offset_polls_drifted']} had drifted: {told['offset_rows_read_again']} rows came again,"
        f" {told['offset_rows_never_read']} never"
    )
    yield (
        f"watermark client: {told['watermark_polls']} polls ({told['watermark_polls_torn']} while rows came), lost"
        f" {len(told['watermark_lost'])} rows; the truth names {len(told['straddlers'])} straddlers:"
        f" {'the same' if told['watermark_as_predicted'] else 'OTHERS'}"
    )
    yield f"  straddlers (AcctId): {' '.join(told['straddlers'])}"
    yield f"look-back client ({LOOK_BACK}): lost {len(told['look_back_lost'])}"
    wrong = list(objections(told))
    yield from (f"BAD: {one}" for one in wrong)
    if not wrong:
        yield "good"


def main() -> None:
    """Print the report; exit with 1 when it is not as the truth says."""
    parser = argparse.ArgumentParser(prog="python -m tests.watching", description="Watch a PBX by paging clients.")
    parser.add_argument(
        "--rate", type=float, default=600, metavar="N", help="PBX seconds a second (600: a day in 144 s)"
    )
    parser.add_argument("--hours", type=float, default=24, metavar="N", help="hours of the PBX (24)")
    parser.add_argument("--json", action="store_true", help="print an object")
    chosen = parser.parse_args()
    child = Child()
    try:
        control = child.ready["control"]
        print(f"watching for {chosen.hours * 3600 / chosen.rate:.0f} s", file=sys.stderr)
        fleet = UcmFleet(ControlClient(control["url"], control["token"]), child.pid, child.log)
        told = report(watch(fleet.start(DAY), chosen.rate, chosen.hours * 3600), chosen.rate)
    finally:
        child.stop()
    wrong = list(objections(told))
    print(json.dumps({**told, "objections": wrong}, indent=2) if chosen.json else "\n".join(lines(told)))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
