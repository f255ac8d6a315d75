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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families

from bench.proc import rss_mb
from tests.processes import Process
from tests.tenants import Key, Tenant
from ucmsim.client import ControlClient
from ucmsim.instants import microseconds
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
SHARED = 0.001
"""The share of rows that may look like one of another PBX: by the rest a row of the wrong tenant is known."""
FLAT = 1.05
"""How many times the memory of its second minute the process may have in its last, if that is flat."""


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
        "journal": {"entries": 50},  # full within a minute, so that what grows after it is no evidence that is kept
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


def counted(text: str) -> dict[tuple[str, str], float]:
    """Return what the metrics *text* tells of each PBX: by name of the metric, with the status of requests, and the PBX."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if "pbx" in sample.labels and not sample.name.endswith("_created"):
                key = (" ".join(filter(None, (sample.name, sample.labels.get("status")))), sample.labels["pbx"])
                found[key] = found.get(key, 0) + sample.value
    return found


def otherwise(tenant: Tenant, told: Mapping[tuple[str, str], float]) -> Iterator[str]:
    """Yield what ucmsim counted otherwise than the collector of *tenant* did."""
    due: dict[str, int] = {
        "ucmsim_rows_total": tenant.taken,
        "ucmsim_bytes_total": tenant.octets,
        "ucmsim_connections_total": tenant.statuses.total(),
        **{f"ucmsim_requests_total {status}": count for status, count in tenant.statuses.items()},
    }
    others = (name for name, pbx in told if pbx == tenant.name and "_requests_total " in name and name not in due)
    for name, count in {**due, **dict.fromkeys(others, 0)}.items():
        if told.get((name, tenant.name), 0) != count:
            yield f"{tenant.name}: {name} is {told.get((name, tenant.name), 0):g}, and its client counted {count}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; *started* and *stopped* are seconds, *memory* the megabytes of each second of the run."""

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
    shared_keys: int
    miscounted: list[str]
    memory: list[float]

    @property
    def growth(self) -> float:
        """How many times the memory of the second minute, or fifth, the last one has."""
        share = max(1, min(60, len(self.memory) // 5))
        return mean(self.memory[-share:]) / mean(self.memory[share : 2 * share])

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        wrong = self.errors or self.wrong_tenant or self.lost or self.miscounted
        return (
            not wrong
            and self.rows > 0
            and self.polls >= self.plan.collectors
            and self.shared_keys <= SHARED * self.rows
            and self.growth <= FLAT
        )


def played(plan: Plan, folder: Path) -> Outcome:
    """Start the PBXs in a process of their own, collect from them, and compare. Raises `AssertionError` when they do not start."""
    begin = morning(datetime.now(UTC))
    file = folder / "sim.yaml"
    file.write_text(json.dumps(configuration(plan, begin)))
    asked = time.monotonic()
    with Process(folder, "--config", file, measured=False) as process:
        ready = process.report()
        started = time.monotonic() - asked
        control = ControlClient(ready["control"]["url"], ready["control"]["token"])
        names = list(ready["pbxs"])
        tenants = [Tenant.of(name, ready["pbxs"][name], begin.replace(tzinfo=None)) for name in names]
        memory: list[float] = []

        def seconds() -> Iterator[float]:
            began = time.monotonic()
            while (now := time.monotonic() - began) < plan.seconds:
                memory.append(rss_mb(process.pid))
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
        truths = each(names, lambda name: written(control, name, stopped_at[name].world))
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
        len(keys) - len(set(keys)),
        [said for tenant in tenants for said in otherwise(tenant, metrics)],
        memory,
    )


def written(control: ControlClient, name: str, stood: datetime) -> set[Key]:
    """Return the rows that the PBX *name* had written when its clock *stood*; its calls are told once they are over."""
    control.change_clock(name, {"advance": _ALL_OVER})
    now = microseconds(stood)
    return {
        Key(row.acctid or "", row.uniqueid or "", row.session or "")
        for call in control.calls(name)
        for row in call.rows
        if row.ended < now
    }


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
        ("counts of ucmsim that differ from its clients'", of.miscounted),
    ):
        yield f"{len(found)} {said}"
        yield from (f"  {one}" for one in found[:5])
    yield f"{of.shared_keys} rows look like one of another PBX"
    yield (
        f"memory: {of.memory[0]:.0f} MB at first, {max(of.memory):.0f} MB at most, {of.memory[-1]:.0f} MB at last;"
        f" the last minute has {of.growth:.3f} of the second"
    )
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
    told = {**asdict(of), "growth": of.growth, "good": of.good}
    print(json.dumps(told, indent=2) if chosen.json else "\n".join(lines(of)))
    sys.exit(not of.good)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
