"""What a report finds: good, bad or open, each with its figures, and what would be right. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ucmsim.certificates.defects import BY_ID, Careful
from ucmsim.entry import UNVERIFIED
from ucmsim.journal import MARKS
from ucmsim.report.summary import Summary

Level = Literal["good", "bad", "open"]

_ORDINARY = ("no-credentials", "nonce-old", "nonce-count")
"""Refusals that are one half of asking again with Digest."""
_KEEP = "let the journal keep more events (journal: entries, megabytes), or all of them on disk (journal: spill)"
_ACCEPTABLE: Mapping[Careful, str] = MappingProxyType({
    "accept": "careful clients accept what is odd about it",
    "policy": "whether a careful client accepts what is odd about it is a matter of its policy",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about *pbx*: its *level*, a *title* with figures, and a sentence that says more, "" for none."""

    pbx: str
    level: Level
    title: str
    more: str = ""


def findings(summary: Summary) -> list[Finding]:
    """Return what is found of one PBX, what is bad first."""
    found = [
        *_calls(summary),
        *_recordings(summary),
        *_certificates(summary),
        *_marks(summary),
        *_refusals(summary),
    ]
    return sorted(found, key=lambda one: ("bad", "good", "open").index(one.level))


def _calls(summary: Summary) -> Iterator[Finding]:
    calls, name = summary.calls, summary.name
    with_rows = calls.total() - calls[""]
    if not with_rows:
        yield Finding(name, "open", "No call has a CDR, so nothing could be delivered")
        return
    if calls["never"]:
        title = f"{_of(calls['never'], with_rows, 'call')} never delivered whole"
        yield Finding(name, "bad", title, "a CDR that never reached its collector whole is a call that nobody bills")
    else:
        yield Finding(name, "good", f"{_each(with_rows, 'call')} delivered whole at least once")
    if calls["again"]:
        more = "reading again is right, as long as the collector knows what it has: each call is billed once"
        yield Finding(name, "open", f"{_of(calls['again'], with_rows, 'call')} delivered more than once", more)


def _recordings(summary: Summary) -> Iterator[Finding]:
    found, name = summary.recordings, summary.name
    unnamed = found["unnamed"]
    every = found.total() - unnamed
    missing = found["cut"] + found["vain"] + found["never"]
    if unnamed:
        more = f"who goes by the CDRs does not know of {'it' if unnamed == 1 else 'them'}; a listing of /recapi tells"
        what = _many(unnamed, "further recording" if missing else "recording")
        yield Finding(name, "open", f"{what} that no CDR names {_be(unnamed)} not fetched", more)
    if not every:
        return
    if found["never"] == every:  # CDRs name them all: what none names is due only when a part of it was fetched
        title = _none(every, others=unnamed > 0)
        yield Finding(name, "open", title, _unasked(summary, "them" if every > 1 else "it"))
    elif missing:
        why = [
            f"{_among(found['cut'], missing)} came only in part" if found["cut"] else "",
            f"{_among(found['vain'], missing)} {_be(found['vain'])} asked for in vain" if found["vain"] else "",
            _unasked(summary, _rest(found["never"], missing)) if found["never"] else "",
        ]
        yield Finding(
            name, "bad", f"{_of(missing, every, 'recording')} not fetched whole", "; ".join(filter(None, why))
        )
    elif unnamed:
        others = "the other" if unnamed == 1 else f"the other {unnamed:,}"
        title = f"{_of(every, found.total(), 'recording')} fetched whole; no CDR names {others}"
        yield Finding(name, "good", title)
    else:
        yield Finding(name, "good", f"{_each(every, 'recording')} fetched whole")


def _none(count: int, *, others: bool) -> str:
    """Return that none of *count* recordings, which CDRs name, was fetched; *others* says that there are more."""
    if count == 1:
        return f"The one recording {'that a CDR names' if others else 'there is'} was not fetched"
    return f"None of {f'the {count:,} recordings that CDRs name' if others else f'{count:,} recordings'} was fetched"


def _unasked(summary: Summary, what: str) -> str:
    """Return that nobody asked for *what*, as far as that is known."""
    if summary.dropped:
        return f"whether anybody asked for {what} is {_unknown(summary)}"
    if summary.asked.full:
        return f"whether anybody asked for {what} is not known: too many names were asked for"
    return f"nobody asked for {what}"


def _among(count: int, every: int) -> str:
    return "it" if every == 1 else f"{count:,} of them"


def _rest(count: int, every: int) -> str:
    if count == every:
        return "it" if every == 1 else "them"
    return "the other" if count == 1 and every == 2 else f"the other {count:,}"


def _certificates(summary: Summary) -> Iterator[Finding]:
    name, shown, accepted = summary.name, summary.defects, summary.marks[UNVERIFIED]
    refusable = {defect for defect, _ in shown if careful(defect) == "refuse"}
    tried = sum(count for (defect, _), count in shown.items() if defect in refusable)
    heard = sum(shown[defect, "accepted"] for defect in refusable)
    if accepted:
        where = f"a bad certificate was shown on {_many(tried, 'connection')}; " if tried else ""
        more = f"{where}verify it, and stop when it is bad"
        yield Finding(
            name, "bad", f"{_many(accepted, 'request')} {_be(accepted)} sent in spite of a bad certificate", more
        )
    elif heard:
        came = "" if summary.dropped else "what came could not be read as a request; "
        more = f"{came}verify the certificate, and stop when it is bad"
        yield Finding(name, "bad", f"{_many(heard, 'connection')} went on in spite of a bad certificate", more)
    elif summary.dropped:
        yield Finding(name, "open", f"Whether certificates are verified is {_unknown(summary)}", _KEEP)
    elif tried:
        yield Finding(
            name, "good", f"A bad certificate was shown on {_many(tried, 'connection')}, and no request came over it"
        )
    else:
        yield Finding(
            name,
            "open",
            "Verification of certificates was not tried",
            "arm tls.certificate with a defect that careful clients refuse to see what it does",
        )
    yield from _acceptable(summary)


def _acceptable(summary: Summary) -> Iterator[Finding]:
    """Yield what became of certificates that careful clients need not refuse, which tell nothing of verification."""
    for manner, why in _ACCEPTABLE.items():
        for verdict, said in (("accepted", "Requests came over {}"), ("refused", "No request came over {}")):
            found = {
                defect: count
                for (defect, word), count in sorted(summary.defects.items())
                if word == verdict and careful(defect) == manner
            }
            if found:
                connections = _many(sum(found.values()), "connection")
                title = f"{said.format(connections)} with the certificate {', '.join(found)}"
                yield Finding(summary.name, "open", title, why)


def careful(defect: str) -> Careful:
    """Return what a careful client does with a *defect*; one that is not known here is taken for a bad one."""
    return BY_ID[defect].careful_client if defect in BY_ID else "refuse"


def _marks(summary: Summary) -> Iterator[Finding]:
    for mark in MARKS:
        if mark.id != UNVERIFIED and (count := summary.marks[mark.id]):
            yield Finding(summary.name, "bad", f"{mark.id}, {_times(count)}", f"{mark.statement} Right: {mark.right}")
    if summary.dropped:
        what = "anything else careless" if summary.marks else "anything careless"
        yield Finding(summary.name, "open", f"Whether {what} was sent is {_unknown(summary)}", _KEEP)
    elif not summary.marks and summary.events:
        yield Finding(summary.name, "good", "Nothing careless was seen in what its clients sent")


def _refusals(summary: Summary) -> Iterator[Finding]:
    count = sum(one.count for code, one in summary.refusals.items() if code not in _ORDINARY)
    if count:
        more = "each code with its reason stands below"
        if summary.dropped:
            more += f"; what else was refused is {_unknown(summary)}"
        yield Finding(
            summary.name,
            "open",
            f"{_many(count, 'request or connection', 'requests or connections')} {_be(count)} refused",
            more,
        )


def _unknown(summary: Summary) -> str:
    """Return that something is not known of the events that the journal had to drop."""
    return f"not known: {_many(summary.dropped, 'event')} {_be(summary.dropped)} dropped from the journal"


def _of(count: int, every: int, what: str) -> str:
    return f"{count:,} of {_many(every, what)} {_be(count)}"


def _be(count: int) -> str:
    return "was" if count == 1 else "were"


def _each(count: int, what: str) -> str:
    return f"The one {what} there is was" if count == 1 else f"All {count:,} {what}s were"


def _many(count: int, what: str, several: str = "") -> str:
    return f"{count:,} {what if count == 1 else several or f'{what}s'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
