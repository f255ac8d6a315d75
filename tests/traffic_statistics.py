"""`python -m tests.traffic_statistics`: what the made-up traffic measures, beside what it was configured to be.

The calls are the stories of `ucmsim.calls.traffic.Traffic`, the one model that fills histories and goes on live, with
everything in it: shapes, contact books, lines that are taken. What is due is worked out here, from the settings and
from textbooks. A statistic is judged at the 95 % level for each seed, so that one seed in twenty is to miss. It fails
when more seeds miss than chance explains once in a thousand times (the tail of the binomial distribution), or when its
p-values are not even over 0 to 1 (Kolmogorov and Smirnov, once in a thousand times).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from math import expm1, fsum, log, sqrt
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.significance import (
    LEVEL,
    UNLIKELY,
    chi_square,
    erlang_b,
    even,
    kolmogorov,
    least,
    likely,
    lognormal_mean,
    normal,
    two_sided,
)
from ucmsim.calls.events import Call, Role, What
from ucmsim.calls.locales import Locales
from ucmsim.calls.shapes import BY_ID, Story
from ucmsim.calls.traffic import Office, Traffic
from ucmsim.instants import SECOND
from ucmsim.progress import watched
from ucmsim.settings import Pbx, load_pbx
from ucmsim.settings import Traffic as Settings
from ucmsim.settings.phases import Times
from ucmsim.streams import stream
from ucmsim.tables import table


class Measured(NamedTuple):
    """One *value* of one seed, and whether it is where 95 of 100 such values are."""

    value: float
    inside: bool


class Measure(NamedTuple):
    """What is measured, of what the value is *due* to be, and how a seed is measured; *p*: the values are p-values."""

    id: str
    what: str
    due: str
    of: Callable[[int], Measured]
    p: bool = True


def _p(value: float) -> Measured:
    return Measured(value, value > 1 - LEVEL)


# --- worlds -----------------------------------------------------------------------------------------------------------

SINCE = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
_DAYS, _A_DAY = 365, 86_400
_CALLS_PER_DAY = 55
_CELL = 900
"""Seconds of a cell of the configured rate: local hours begin with one in every zone of 2026."""
_MANY = {"extensions": {"first": 1000, "count": 3000}}
"""So many that hardly ever somebody is asked for who talks already: what is measured is what was configured."""


def settings_of(**settings: Any) -> Pbx:
    """Return the settings of a PBX, as under `pbxs.<name>`."""
    return load_pbx(settings, Path())


def traffic_of(settings: Pbx, seed: int, calls_per_day: float) -> Traffic:
    """Return the calls of a history, of the streams that `ucmsim.assembling.filling.made_up` takes."""
    chance, recording = stream(seed, "hq", "traffic"), stream(seed, "hq", "recording")
    office = Office.of(settings, stream(seed, "hq", "people"), stream(seed, "hq", "groups"), Locales())
    return Traffic(office, calls_per_day, chance, recording)


class Year(NamedTuple):
    """A year of calls, and the model that made them."""

    traffic: Traffic
    stories: list[Story]


@cache
def _usual() -> Pbx:
    traffic = {"holidays": ["2026-01-19", "07-04"]}
    return settings_of(**_MANY, time_zone="America/Chicago", trunks=[{"name": "a", "channels": 200}], traffic=traffic)


@lru_cache(maxsize=1)
def year(seed: int) -> Year:
    """Return a year about the clocks of Chicago: all settings are the usual ones, but for the number of lines."""
    traffic = traffic_of(_usual(), seed, _CALLS_PER_DAY)
    return Year(traffic, list(traffic.stories(SINCE * SECOND, (SINCE + _DAYS * _A_DAY) * SECOND)))


@cache
def rates() -> tuple[float, ...]:
    """Return how many calls a second are configured in each cell of the year, worked out from the settings."""
    settings = _usual()
    traffic, zone = settings.traffic, ZoneInfo("America/Chicago")
    holidays = {date(2026, 1, 19), date(2026, 7, 4)}
    base = _CALLS_PER_DAY * 7 / (sum(traffic.hourly) * sum(traffic.weekdays)) / 3600
    found = []
    for second in range(SINCE, SINCE + _DAYS * _A_DAY, _CELL):
        local = datetime.fromtimestamp(second, zone)
        factor = traffic.holiday if local.date() in holidays else 1.0
        found.append(base * traffic.hourly[local.hour] * traffic.weekdays[local.weekday()] * factor)
    return tuple(found)


def rescaled(instants: Iterable[int]) -> Iterator[float]:
    """Yield how many calls are due from the beginning of the year to each instant."""
    found = rates()
    before = (0.0, *accumulate(rate * _CELL for rate in found))
    for instant in instants:
        seconds = instant / SECOND - SINCE
        cell = min(int(seconds // _CELL), len(found) - 1)
        yield before[cell] + found[cell] * (seconds - cell * _CELL)


# --- when and who -----------------------------------------------------------------------------------------------------


def interarrivals(seed: int) -> Measured:
    """Rescaled by the configured rate, the gaps between calls are exponential with mean 1."""
    at = [0.0, *rescaled(story[0].start for story in year(seed).stories)]
    return _p(kolmogorov((after - before for before, after in pairwise(at)), lambda x: -expm1(-x)))


def calls(seed: int) -> Measured:
    """There are as many calls in the year as are configured: Poisson, thus nearly normal."""
    due = fsum(rates()) * _CELL
    return _p(two_sided((len(year(seed).stories) - due) / sqrt(due)))


def kinds(seed: int) -> Measured:
    """Calls are internal, inbound and outbound as configured."""
    found = Counter(story[0].kind for story in year(seed).stories)
    return _p(chi_square([found[kind] for kind in ("Internal", "Inbound", "Outbound")], [30, 40, 30]))


def contacts(seed: int) -> Measured:
    """People outside call an extension as their rank in its contact book has it: Zipf with exponent 1."""
    traffic, stories = year(seed)
    books, parties = traffic._office.people.contacts.outside, traffic._office.people.contacts.parties
    assert books is not None
    person = {party: at for at, party in enumerate(parties.outside)}
    extension = {party: at for at, party in enumerate(parties.extensions)}
    found: Counter[int] = Counter()
    for call, *_ in stories:
        if call.kind == "Inbound" and call.callee.role is Role.EXTENSION:
            order = books.order(extension[call.callee])
            ahead = (person[call.caller] - order.first) % order.length
            found[ahead * pow(order.stride, -1, order.length) % order.length] += 1
    count = len(parties.outside)
    return _p(chi_square([found[rank] for rank in range(count)], [1 / rank for rank in range(1, count + 1)]))


# --- what becomes of them ---------------------------------------------------------------------------------------------


def dispositions(seed: int) -> Measured:
    """Calls turn out as those of the UCM62xx did that the settings are from."""
    found = Counter(BY_ID[story[0].shape].turns for story in year(seed).stories)
    return _p(chi_square([found[name] for name in ("ANSWERED", "NO ANSWER", "BUSY", "FAILED")], [1895, 628, 44, 94]))


def shapes(seed: int) -> Measured:
    """Inbound calls that are answered have their shapes by weight."""
    weights = {name.replace("_", "-"): weight for name, weight in dict(Settings().shapes).items()}
    able = [name for name in weights if BY_ID[name].turns == "ANSWERED" and "Inbound" in BY_ID[name].kinds]
    found = Counter(story[0].shape for story in year(seed).stories if story[0].kind == "Inbound")
    return _p(chi_square([found[name] for name in able], [weights[name] for name in able]))


def _between(stories: Iterable[Story], names: Iterable[str], since: What | None, until: What) -> Iterator[float]:
    """Yield the seconds between two events of the calls of shapes with these *names*, None being their beginning."""
    for call, *_ in stories:
        if call.shape in names:
            yield (_first(call, until) - (call.start if since is None else _first(call, since))) / SECOND


def _first(call: Call, what: What) -> int:
    return next(event.at for event in call.events if event.what is what)


def _lognormal(seconds: Iterable[float], times: Times) -> Measured:
    """Judge the logarithms of what was not cut off: normal, as far as that goes."""
    sigma = log(times.spread)

    def below(x: float) -> float:
        return normal(log(x / times.median) / sigma)

    whole = below(times.longest)
    return _p(kolmogorov((one for one in seconds if one < times.longest), lambda x: below(x) / whole))


def talk(seed: int) -> Measured:
    """The logarithms of talk times are normal."""
    return _lognormal(_between(year(seed).stories, ["answered"], What.ANSWER, What.HANG_UP), Settings().talk)


def ring_answered(seed: int) -> Measured:
    """So are those of the ringing until somebody answers."""
    return _lognormal(_between(year(seed).stories, ["answered"], None, What.ANSWER), Settings().ring.answered)


def ring_no_answer(seed: int) -> Measured:
    """And until the caller gives up."""
    return _lognormal(_between(year(seed).stories, ["no-answer"], None, What.HANG_UP), Settings().ring.no_answer)


def failing(seed: int) -> Measured:
    """And until a call fails."""
    failed = ("failed", "congestion", "hung-up")
    return _lognormal(_between(year(seed).stories, failed, None, What.FAIL), Settings().ring.failed)


@cache
def _crowded() -> Pbx:
    kinds = {"internal": 1, "inbound": 0, "outbound": 0}
    even = {"hourly": [1] * 24, "weekdays": [1] * 7}
    return settings_of(extensions={"first": 1000, "count": 20}, time_zone="UTC", traffic={**even, "kinds": kinds})


def busy(seed: int) -> Measured:
    """And until a call meets with busy, where most do because the colleague talks already."""
    found = traffic_of(_crowded(), seed, 3000).stories(SINCE * SECOND, (SINCE + _A_DAY) * SECOND)
    return _lognormal(_between(found, ["busy"], None, What.BUSY), Settings().ring.busy)


# --- blocking ---------------------------------------------------------------------------------------------------------

_ERLANGS, _CHANNELS = 10.0, 12
_BATCHES, _BATCH, _WARM = 20, 1000, 500
_T_19 = 2.0930
"""Student's t for 19 degrees of freedom: 95 % lie within. From tables."""


@cache
def _one_trunk(spread: float) -> Pbx:
    """Return a PBX whose calls all take a channel of its one trunk, around the clock, for the ringing and the talk."""
    return settings_of(
        **_MANY,
        time_zone="UTC",
        trunks=[{"name": "a", "channels": _CHANNELS}],
        traffic={
            "hourly": [1] * 24,
            "weekdays": [1] * 7,
            "kinds": {"internal": 0, "inbound": 40, "outbound": 30},
            "dispositions": {"answered": 1, "no_answer": 0, "busy": 0, "failed": 0},
            "shapes": {**dict.fromkeys(dict(Settings().shapes), 0), "answered": 1},
            "talk": {"median": 90, "spread": spread, "longest": 14_400},
        },
    )


def blocking(seed: int, spread: float) -> Measured:
    """Measure how many of the calls offered to twelve channels find none, 10 E being offered.

    The interval around Erlang's value comes from the means of twenty batches, as blocked calls come in bunches.
    """
    settings = _one_trunk(spread)
    phases = (settings.traffic.talk, settings.traffic.ring.answered)
    mean = sum(lognormal_mean(times.median, times.spread, times.longest) for times in phases)
    rate = _ERLANGS / mean
    traffic = traffic_of(settings, seed, rate * _A_DAY)
    cuts = [SINCE * SECOND, *(int((SINCE + (_WARM + at * _BATCH) / rate) * SECOND) for at in range(_BATCHES + 1))]
    batches = []
    for since, until in pairwise(cuts):
        before = traffic.blocked
        carried = sum(story[0].shape != "congestion" for story in traffic.stories(since, until))
        blocked = traffic.blocked - before
        batches.append((blocked, blocked + carried))
    del batches[0]
    shares = [blocked / offered for blocked, offered in batches]
    found = fsum(shares) / _BATCHES
    error = sqrt(fsum((share - found) ** 2 for share in shares) / (_BATCHES - 1) / _BATCHES)
    return Measured(found, abs(found - erlang_b(_ERLANGS, _CHANNELS)) <= _T_19 * error)


_P = "p, even over 0 to 1"
_B = f"{erlang_b(_ERLANGS, _CHANNELS):.4f} (Erlang B)"
MEASURES = (
    Measure("interarrivals", "gaps of a year, rescaled, are exponential: KS", _P, interarrivals),
    Measure("calls", "as many calls in a year as configured: Poisson", _P, calls),
    Measure("kinds", "kinds of call: chi-square", _P, kinds),
    Measure("contacts", "ranks of callers in contact books, Zipf: chi-square", _P, contacts),
    Measure("dispositions", "dispositions: chi-square", _P, dispositions),
    Measure("shapes", "shapes of answered inbound calls: chi-square", _P, shapes),
    Measure("talk", "log talk times are normal: KS", _P, talk),
    Measure("ring-answered", "log ring times, answered, are normal: KS", _P, ring_answered),
    Measure("ring-no-answer", "log ring times, given up, are normal: KS", _P, ring_no_answer),
    Measure("ring-busy", "log times until busy are normal: KS", _P, busy),
    Measure("ring-failed", "log times until failure are normal: KS", _P, failing),
    Measure("blocking", "blocking of 10 E on 12 channels", _B, lambda seed: blocking(seed, 3), p=False),
    Measure("blocking-constant", "the same, all talks equally long", _B, lambda seed: blocking(seed, 1), p=False),
)


# --- the table --------------------------------------------------------------------------------------------------------


def judged(measure: Measure, found: list[Measured]) -> dict[str, Any]:
    """Return what *measure* found in all seeds: a row of the table."""
    values, inside, seeds = [one.value for one in found], sum(one.inside for one in found), len(found)
    p = kolmogorov(values, even) if measure.p and seeds >= 5 else None
    return {
        "id": measure.id,
        "what": measure.what,
        "due": measure.due,
        "mean": fsum(values) / seeds,
        "lowest": min(values),
        "highest": max(values),
        "seeds": seeds,
        "inside": inside,
        "least": least(seeds),
        "even": p,
        "good": likely(inside, seeds) and (p is None or p > UNLIKELY),
    }


def lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Return the lines of the table for people."""
    cells = [("measure", "due", "mean", "lowest", "highest", "inside 95 %", "least", "even", "")]
    for row in rows:
        figures = (f"{row[name]:.4f}" for name in ("mean", "lowest", "highest"))
        told = "" if row["even"] is None else f"{row['even']:.3f}"
        inside = f"{row['inside']} of {row['seeds']}"
        verdict = "good" if row["good"] else "BAD"
        cells.append((row["what"], row["due"], *figures, inside, str(row["least"]), told, verdict))
    return table(cells, None)


def main() -> None:
    """Print a line a measure; exit with 1 when one of them is not what it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.traffic_statistics", description="Measure the made-up traffic."
    )
    parser.add_argument("--seeds", type=int, default=50, metavar="N", help="measure the seeds 1 to N (50)")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    chosen = parser.parse_args()
    each = [(seed, measure) for seed in range(1, chosen.seeds + 1) for measure in MEASURES]
    found: dict[str, list[Measured]] = {measure.id: [] for measure in MEASURES}
    for seed, measure in watched(each, "measuring seeds", len(each)):
        found[measure.id].append(measure.of(seed))
    rows = [judged(measure, found[measure.id]) for measure in MEASURES]
    if chosen.json:
        print(json.dumps(rows, indent=2))
    else:
        print("\n".join(lines(rows)))
        print(f"least: fewer seeds inside are less likely than {UNLIKELY}; even: KS of the p-values, above {UNLIKELY}")
    sys.exit(not all(row["good"] for row in rows))


if __name__ == "__main__":
    main()
