"""What a report tells of one PBX: counts of everything, and the first few of what there is most to say about. Pure.

Fed with events of the journal and items of the ledger as the control plane tells them, one after another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from ucmsim.appliance.counts import Counts
from ucmsim.report.asked import AskedFor
from ucmsim.store.accounts import HOWS

MOST = 500
"""Calls that the page shows of each sort; the others are counted, and are in the ledger."""
_MOST_CLIENTS = 50
MOST_KINDS = 5000
"""Clients, faults, and ways in which answers ended, that are told apart: each may have another name every time."""
OTHERS = "(others)"
"""How those beyond are called, all together."""
_LONGEST = 160

Json = Mapping[str, Any]
K = TypeVar("K")


@dataclass(slots=True)
class Refused:
    """How often a refusal of one code happened, and the first of them: to what, the sentence, and what would be right."""

    code: str
    count: int = 0
    target: str = ""
    sentence: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A recording of a call: its *path*, how often it was fetched *whole*, and how often not; some are *named* by no CDR.

    *asked* says that a request for it is known, whatever came of it.
    """

    path: str
    whole: int
    cut: int
    named: bool
    asked: bool

    @property
    def how(self) -> str:
        """Return whole, cut, vain or never; unnamed for what a client that goes by CDRs cannot know of.

        In vain was what was asked for when nothing of it came.
        """
        if self.whole or self.cut:
            return "whole" if self.whole else "cut"
        if not self.named:
            return "unnamed"
        return "vain" if self.asked else "never"

    @property
    def due(self) -> bool:
        """Whether somebody should have fetched it, and has not."""
        return self.how in ("cut", "vain", "never")


@dataclass(frozen=True, slots=True)
class Told:
    """A call as the page shows it; *how* is never, once or again, "" where there was nothing to deliver.

    *times* is how often its least delivered row left whole, *spoilt* how many pages had a row of it that did not leave whole, *first* the exchange that delivered it first, None while there is none.
    """

    name: str
    began: str
    caller: str
    dialled: str
    kind: str
    rows: int
    acctids: str
    how: str
    times: int
    spoilt: int
    first: int | None
    files: tuple[File, ...]


@dataclass(slots=True)
class Summary:
    """All that is told of the PBX called *name*."""

    name: str
    counts: Counts = field(default_factory=Counts)
    calls: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    recordings: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    defects: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    clients: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: dict[str, Refused] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=lambda: {how: [] for how in (*HOWS, "")})
    asked: AskedFor = field(default_factory=AskedFor)
    events: int = 0
    dropped: int = 0
    first: str = ""
    last: str = ""

    # --- events -----------------------------------------------------------------------------------------------------

    def event(self, event: Json) -> None:
        """Take in an event of the journal."""
        self.events += 1
        self.first, self.last = self.first or event["wall"], event["wall"]
        before = self.counts.faults.copy()
        self.counts.take(event)
        fired = self.counts.faults - before
        for name, kind in zip(event["faults"], event["kinds"], strict=True):
            if fired[kind]:
                _count(self.faults, (name, kind), (OTHERS, OTHERS))
        self.marks.update(event["marks"])
        if event["refusal"] is not None:
            self._refused(event)
        if event["kind"] == "exchange":
            self.asked.take(event["request"])
            _count(self.clients, (event["peer"], _agent(event)), (OTHERS, OTHERS))
            if event["ended"]:
                _count(self.ends, event["ended"][:_LONGEST], OTHERS)
        elif event["kind"] == "connection" and event["tls"] and event["tls"]["defect"]:
            self.defects[event["tls"]["defect"], event["verdict"]] += 1

    def counted(self, marks: Mapping[str, int]) -> None:
        """Take in how often each of *marks* was set, whether or not the event is kept that had it."""
        self.marks |= Counter(marks)

    def _refused(self, event: Json) -> None:
        refusal = event["refusal"]
        known = self.refusals.setdefault(refusal["code"], Refused(refusal["code"]))
        known.count += 1
        if not known.sentence:
            known.target = event["request"]["target"][:_LONGEST] if event["kind"] == "exchange" else ""
            known.sentence, known.hint = refusal["sentence"], refusal["hint"]

    @property
    def agents(self) -> list[tuple[str, str, int]]:
        """The clients that asked most: address, User-Agent and requests."""
        return [(peer, agent, count) for (peer, agent), count in self.clients.most_common(_MOST_CLIENTS)]

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(self, call: Json) -> None:
        """Take in an item of the ledger."""
        how = HOWS[min(call["delivered"], 2)] if call["rows"] else ""
        self.calls[how] += 1
        for row in call["rows"]:
            self.rows[HOWS[min(sum(one["whole"] for one in row["deliveries"]), 2)]] += 1
        files = tuple(_file(one, asked=one["path"] in self.asked) for one in call["recordings"])
        for file in files:
            self.recordings[file.how] += 1
        if len(self.told[how]) < MOST:
            self.told[how].append(_told(call, how, files))

    @property
    def shown(self) -> Iterator[Told]:
        """The calls that are shown: first those that were never delivered, or whose recordings never came whole."""
        every = [call for how in HOWS for call in self.told[how]]
        never = [call for call in every if call.how == "never"]
        cut = [call for call in every if call.how != "never" and any(file.due for file in call.files)]
        others = [call for call in every if call.how != "never" and not any(file.due for file in call.files)]
        return iter([*never, *cut, *others, *self.told[""]][:MOST])

    @property
    def left_out(self) -> int:
        """How many calls are not shown."""
        return max(0, self.calls.total() - MOST)


def _count(counts: Counter[K], key: K, others: K) -> None:
    """Count one more of *key*, or of the *others* where there are `MOST_KINDS` and it is none of them."""
    counts[key if key in counts or len(counts) < MOST_KINDS else others] += 1


def _file(recording: Json, *, asked: bool) -> File:
    whole = sum(one["whole"] for one in recording["deliveries"])
    return File(recording["path"], whole, len(recording["deliveries"]) - whole, recording["named"], asked)


def _told(call: Json, how: str, files: tuple[File, ...]) -> Told:
    rows = call["rows"]
    carriers = [one for row in rows for one in row["deliveries"]]
    whole = [one["exchange"] for one in carriers if one["whole"]]
    return Told(
        name=str(call["call"]) if call["call"] is not None else f"row {rows[0]['row']}",
        began=_instant(call["began"]),
        caller=call["caller"],
        dialled=call["dialled"],
        kind=call["shape"] or call["kind"],
        rows=len(rows),
        acctids=", ".join(str(row["AcctId"] or "deleted") for row in rows[:8]) + (", ..." if len(rows) > 8 else ""),
        how=how,
        times=call["delivered"],
        spoilt=len({one["exchange"] for one in carriers if not one["whole"]}),
        first=min(whole, default=None),
        files=files,
    )


def _instant(microseconds: int | None) -> str:
    if microseconds is None:
        return ""
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def _agent(event: Json) -> str:
    return next((value[:_LONGEST] for name, value in event["request"]["headers"] if name.lower() == "user-agent"), "")
