"""`python -m tests.rig`: hundreds of PBXs from one template, and collectors that pull from all of them at once.

Each collector serves its tenants one after another, with look-back, as `tests.tenants` does. When the time is over the
clocks are stopped, everything is read once more, and then three things are held against each other: what the collectors
have, what really happened (the control plane's calls), and what ucmsim counted (its metrics). Exit 1 when anything is
otherwise than it must be.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from bench.proc import rss_mb
from tests.processes import Process
from tests.reconciling import counted, late, otherwise, written
from tests.tenants import Tenant
from tests.weighing import Sample, Weighed, kept_pages, remembered, weight_of_a_challenge
from ucmsim.client import ControlClient
from ucmsim.progress import watched

LOOK_BACK = timedelta(hours=3)
"""As long as a call of the template can be, and some more."""
LONGEST_TALK = 3600
_ALL_OVER = 3 * LONGEST_TALK
"""Seconds of PBX time after which every call is over that was up."""
_CALLS = 400
_EVERY = 0.5
"""Seconds from one poll of a collector to the next."""
_SAMPLE = 1.0
_READY = 600.0
"""Seconds that all PBXs may take until they listen, on a machine that has much else to do."""
SHARED = 0.001
"""The share of rows that may look like one of another PBX: by the rest a row of the wrong tenant is known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much: *pbxs* of a template, *collectors*, for so many *seconds*, clocks *rate* times as fast as the world's."""

    pbxs: int = 500
    collectors: int = 50
    seconds: float = 300.0
    rate: float = 60.0


def morning(today: datetime) -> datetime:
    """Return nine o'clock, UTC, of a Tuesday in the week before *today*: certificates of that day verify today."""
    back = (today.weekday() - 1) % 7 or 7
    return datetime(today.year, today.month, today.day, 9, tzinfo=UTC) - timedelta(days=back)


def configuration(plan: Plan, begin: datetime) -> dict[str, Any]:
    """Return a `sim.yaml` with one template, every PBX of which has credentials of its own."""
    api = {
        "enable": True,
        "tls_bind_address": "127.0.0.1:0",
        "tls_authentication_name": "tenant-{n}",
        "tls_authentication_password": "secret of {n}",
        "permitted_ips": ["127.0.0.0/8"],
    }
    site = {
        "count": plan.pbxs,
        "personality": "ucm6510",
        "time_zone": "UTC",
        "clock": {"start": begin.isoformat(), "rate": 0},
        "api": api,
        "history": {"days": 0, "calls_per_day": _CALLS},
        "journal": {"entries": 10},  # full in half the time, so that what grows after it is no evidence that is kept
        "traffic": {"live": True, "talk": {"median": 300, "spread": 3, "longest": LONGEST_TALK}},
    }
    return {"control": {"bind": "127.0.0.1:0"}, "pbxs": {"site-{n}": site}}


class Collectors:
    """So many threads, each with a share of the tenants; *errors* are sentences."""

    def __init__(self, tenants: Sequence[Tenant], count: int) -> None:
        self.errors: list[str] = []
        self.polls = 0
        self._over = threading.Event()
        self._counting = threading.Lock()
        self._threads = [
            threading.Thread(target=self._collect, args=(tenants[at::count], at * _EVERY / count), daemon=True)
            for at in range(count)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _collect(self, tenants: Sequence[Tenant], delay: float) -> None:
        due = time.monotonic() + delay
        while not self._over.is_set():
            for tenant in tenants:
                if self._over.wait(max(0.0, due - time.monotonic())):
                    return
                due = max(due + _EVERY, time.monotonic())
                try:
                    tenant.poll(LOOK_BACK)
                except Exception as error:  # noqa: BLE001 - a collector that ended unseen would be one that found nothing wrong
                    self.errors.append(f"{tenant.name}: {type(error).__name__}: {error}")
                with self._counting:
                    self.polls += 1


def each(names: Sequence[str], do: Callable[[str], Any]) -> list[Any]:
    """Do something for each of *names*, some at a time; return what came of it, in order."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(do, names))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; *started* and *stopped* are seconds. *lost* rows never came, *late* ones not with the poll that they were due in."""

    plan: Plan
    started: float
    stopped: float
    polls: int
    pages: int
    requests: int
    rows_served: int
    rows: int
    errors: list[str]
    wrong_tenant: list[str]
    lost: list[str]
    late: list[str]
    shared_keys: int
    miscounted: list[str]
    memory: Weighed

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        wrong = self.errors or self.wrong_tenant or self.lost or self.late or self.miscounted
        return (
            not wrong
            and self.rows > 0
            and self.polls >= self.plan.collectors
            and self.shared_keys <= SHARED * self.rows
            and self.memory.flat
        )


def played(plan: Plan, folder: Path) -> Outcome:
    """Start the PBXs in a process of their own, collect from them, and compare. Raises `AssertionError` when they do not start."""
    begin = morning(datetime.now(UTC))
    file = folder / "sim.yaml"
    file.write_text(json.dumps(configuration(plan, begin)))
    asked = time.monotonic()
    with Process(folder, "--config", file, measured=False) as process:
        ready = process.report(_READY)
        started = time.monotonic() - asked
        control = ControlClient(ready["control"]["url"], ready["control"]["token"], timeout=_READY)
        names = list(ready["pbxs"])
        tenants = [Tenant.of(name, ready["pbxs"][name], begin.replace(tzinfo=None)) for name in names]
        histories = sorted((folder / "tmp").glob("*/*/history.sqlite"))
        assert len(histories) == plan.pbxs
        samples: list[Sample] = []

        def seconds() -> Iterator[float]:
            began = time.monotonic()
            while (now := time.monotonic() - began) < plan.seconds:
                samples.append(sampled(process.pid, tenants, histories))
                yield now
                time.sleep(_SAMPLE)

        each(names, lambda name: control.change_clock(name, {"rate": plan.rate}))
        with Collectors(tenants, plan.collectors) as collectors:
            for _ in watched(seconds(), "collecting", plan.seconds, lambda now: now):
                pass
        stood = each(names, lambda name: control.change_clock(name, {"rate": 0}))
        for tenant in watched(tenants, "reading once more", len(tenants)):
            tenant.poll(timedelta(days=1))
        metrics = counted(control.metrics())
        stopped_at = dict(zip(names, stood, strict=True))
        truths = each(names, lambda name: written(control, name, stopped_at[name].world, _ALL_OVER))
        asked = time.monotonic()
        process.stop()
        stopped = time.monotonic() - asked
    truth = dict(zip(names, truths, strict=True))
    keys = [key for tenant in tenants for key in tenant.rows]
    return Outcome(
        plan,
        started,
        stopped,
        collectors.polls,
        sum(tenant.pages for tenant in tenants),
        sum(tenant.statuses.total() for tenant in tenants),
        sum(tenant.taken for tenant in tenants),
        len(keys),
        collectors.errors,
        [f"{one.name}: {key}" for one in tenants for key in one.rows.keys() - truth[one.name]],
        [f"{one.name}: {key}" for one in tenants for key in truth[one.name] - one.rows.keys()],
        [said for tenant in tenants for said in late(tenant)],
        len(keys) - len(set(keys)),
        [said for tenant in tenants for said in otherwise(tenant, metrics)],
        Weighed(samples, weight_of_a_challenge()),
    )


def sampled(pid: int, tenants: Sequence[Tenant], histories: Sequence[Path]) -> Sample:
    """Return what the process *pid* takes up now, and what its *tenants* have had of it."""
    return Sample(
        rss_mb(pid) * 2**20,
        sum(len(tenant.rows) for tenant in tenants),
        sum(sum(list(tenant.statuses.values())) for tenant in tenants),  # a list: their threads count meanwhile
        remembered(tenant.statuses[401] for tenant in tenants),
        kept_pages(histories),
    )


def lines(of: Outcome) -> Iterator[str]:
    """Yield the outcome for people."""
    plan = of.plan
    yield (
        f"{plan.pbxs} PBXs of one template, {plan.collectors} collectors for {plan.seconds:.0f} s at rate {plan.rate:g}: "
        f"ready after {of.started:.1f} s, stopped in {of.stopped:.2f} s"
    )
    yield f"{of.polls} polls, {of.requests} responses, {of.rows_served} rows in them, {of.rows} different ones"
    for said, found in (
        ("errors", of.errors),
        ("rows of a wrong tenant", of.wrong_tenant),
        ("rows that were lost", of.lost),
        ("rows that a poll missed and a later one had", of.late),
        ("counts of ucmsim that differ from its clients'", of.miscounted),
    ):
        yield f"{len(found)} {said}"
        yield from (f"  {one}" for one in found[:5])
    yield f"{of.shared_keys} rows look like one of another PBX"
    yield from of.memory.lines()
    yield "good" if of.good else "BAD"


def main() -> None:
    """Print what came of it; exit with 1 when anything is otherwise than it must be."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description="Collect from many PBXs at once.")
    parser.add_argument("--pbxs", type=int, default=usual.pbxs, metavar="N", help=f"({usual.pbxs})")
    parser.add_argument("--collectors", type=int, default=usual.collectors, metavar="N", help=f"({usual.collectors})")
    parser.add_argument("--seconds", type=float, default=usual.seconds, metavar="N", help=f"({usual.seconds:g})")
    parser.add_argument(
        "--rate", type=float, default=usual.rate, metavar="N", help=f"PBX seconds a second ({usual.rate:g})"
    )
    parser.add_argument("--json", action="store_true", help="print an object")
    chosen = parser.parse_args()
    plan = Plan(chosen.pbxs, chosen.collectors, chosen.seconds, chosen.rate)
    with tempfile.TemporaryDirectory(prefix="ucmsim-rig-") as folder:
        of = played(plan, Path(folder))
    told = {**asdict(of), "flat": of.memory.flat, "good": of.good}
    print(json.dumps(told, indent=2) if chosen.json else "\n".join(lines(of)))
    sys.exit(not of.good)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
