"""What a report finds in a summary: every sentence is true of what happened, and nothing is called good that is not known."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ucmsim.entry import UNVERIFIED
from ucmsim.report.asked import AskedFor
from ucmsim.report.findings import Level, findings
from ucmsim.report.summary import File, Refused, Summary

Told = tuple[Level, str, str]

UNTRIED: Told = (
    "open",
    "Verification of certificates was not tried",
    "arm tls.certificate with a defect that careful clients refuse to see what it does",
)
KEEP = "let the journal keep more events (journal: entries, megabytes), or all of them on disk (journal: spill)"
ACCEPTED = "careful clients accept what is odd about it"
POLICY = "whether a careful client accepts what is odd about it is a matter of its policy"


def of(about: str, **given: Any) -> list[Told]:
    """Return the findings on a summary with the *given* fields whose title or more says something *about* that."""
    summary = Summary("hq")
    for name, value in given.items():
        match value:
            case dict():
                getattr(summary, name).update(value)
            case _:
                setattr(summary, name, value)
    found = [(one.level, one.title, one.more) for one in findings(summary)]
    return [one for one in found if about in one[1].lower()]


# --- certificates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("defects", "marked", "told"),
    [
        ({}, 0, [UNTRIED]),
        (
            {("expired", "refused"): 1, ("wrong-host", "refused"): 2},
            0,
            [("good", "A bad certificate was shown on 3 connections, and no request came over it", "")],
        ),
        (
            {("expired", "accepted"): 2, ("no-usage", "accepted"): 5},
            2,
            [
                (
                    "bad",
                    "2 requests were sent in spite of a bad certificate",
                    "a bad certificate was shown on 2 connections; verify it, and stop when it is bad",
                ),
                ("open", "Requests came over 5 connections with the certificate no-usage", ACCEPTED),
            ],
        ),
        (
            {},
            1,  # its connection is still open
            [
                (
                    "bad",
                    "1 request was sent in spite of a bad certificate",
                    "verify it, and stop when it is bad",
                ),
            ],
        ),
        (
            {("expired", "accepted"): 1, ("expired", "refused"): 1},
            0,
            [
                (
                    "bad",
                    "1 connection went on in spite of a bad certificate",
                    "what came could not be read as a request; verify the certificate, and stop when it is bad",
                ),
            ],
        ),
        (
            {("upper-case-names", "accepted"): 7, ("chain-with-root", "accepted"): 1, ("no-usage", "refused"): 1},
            0,
            [
                UNTRIED,
                ("open", "Requests came over 8 connections with the certificate chain-with-root, upper-case-names", ACCEPTED),
                ("open", "No request came over 1 connection with the certificate no-usage", ACCEPTED),
            ],
        ),
        (
            {("serial-zero", "accepted"): 1, ("expired", "refused"): 1},
            0,
            [
                ("good", "A bad certificate was shown on 1 connection, and no request came over it", ""),
                ("open", "Requests came over 1 connection with the certificate serial-zero", POLICY),
            ],
        ),
    ],
)  # fmt: skip
def test_certificates(defects: dict[tuple[str, str], int], marked: int, told: list[Told]) -> None:
    """Only what careful clients refuse tells of verification; what they accept is told for what it is."""
    assert of("certificate", defects=defects, marks={UNVERIFIED: marked} if marked else {}) == told


# --- events that were dropped --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "given", "told"),
    [
        ("certificates are verified", {"dropped": 1}, [
            ("open", "Whether certificates are verified is not known: 1 event was dropped from the journal", KEEP)]),
        ("certificate", {"dropped": 1200, "defects": {("expired", "refused"): 1}}, [
            ("open", "Whether certificates are verified is not known: 1,200 events were dropped from the journal", KEEP)]),
        ("certificate", {"dropped": 2, "marks": {UNVERIFIED: 1}}, [
            ("bad", "1 request was sent in spite of a bad certificate", "verify it, and stop when it is bad")]),
        ("certificate", {"dropped": 2, "defects": {("expired", "accepted"): 1}}, [
            ("bad", "1 connection went on in spite of a bad certificate", "verify the certificate, and stop when it is bad")]),
        ("careless", {"dropped": 2, "events": 10}, [
            ("open", "Whether anything careless was sent is not known: 2 events were dropped from the journal", KEEP)]),
        ("careless", {"dropped": 2, "events": 10, "marks": {"no-qop": 1}}, [
            ("open", "Whether anything else careless was sent is not known: 2 events were dropped from the journal", KEEP)]),
        ("careless", {"events": 10}, [("good", "Nothing careless was seen in what its clients sent", "")]),
        ("refused", {"dropped": 2, "refusals": {"not-found": Refused("not-found", 1)}}, [
            ("open", "1 request or connection was refused", ("each code with its reason stands below; what else was refused is "
             "not known: 2 events were dropped from the journal"))]),
    ],
)  # fmt: skip
def test_what_was_dropped_is_not_judged(about: str, given: dict[str, Any], told: list[Told]) -> None:
    """What the journal dropped is never called good; what is bad in the rest stays bad."""
    assert of(about, **given) == told


# --- recordings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recordings", "dropped", "level", "title", "more"),
    [
        ({}, 0, None, "", ""),
        ({"unnamed": 2}, 0, "open", "2 recordings that no CDR names were not fetched",
         "who goes by the CDRs does not know of them; a listing of /recapi tells"),
        ({"whole": 1}, 0, "good", "The one recording there is was fetched whole", ""),
        ({"never": 1}, 0, "open", "The one recording there is was not fetched", "nobody asked for it"),
        ({"never": 3}, 0, "open", "None of 3 recordings was fetched", "nobody asked for them"),
        ({"never": 3}, 7, "open", "None of 3 recordings was fetched",
         "whether anybody asked for them is not known: 7 events were dropped from the journal"),
        ({"vain": 1}, 0, "bad", "1 of 1 recording was not fetched whole", "it was asked for in vain"),
        ({"vain": 2, "whole": 1}, 0, "bad", "2 of 3 recordings were not fetched whole", "2 of them were asked for in vain"),
        ({"cut": 1, "whole": 1}, 0, "bad", "1 of 2 recordings was not fetched whole", "it came only in part"),
        ({"never": 1, "whole": 1}, 0, "bad", "1 of 2 recordings was not fetched whole", "nobody asked for it"),
        ({"vain": 1, "never": 1}, 0, "bad", "2 of 2 recordings were not fetched whole",
         "1 of them was asked for in vain; nobody asked for the other"),
        ({"cut": 1, "vain": 1, "never": 2, "whole": 4}, 0, "bad", "4 of 8 recordings were not fetched whole",
         "1 of them came only in part; 1 of them was asked for in vain; nobody asked for the other 2"),
        ({"cut": 1, "never": 2}, 1, "bad", "3 of 3 recordings were not fetched whole",
         "1 of them came only in part; whether anybody asked for the other 2 is not known: 1 event was dropped from the journal"),
    ],
)  # fmt: skip
def test_recordings(recordings: dict[str, int], dropped: int, level: Level | None, title: str, more: str) -> None:
    """What nobody asked for is told apart from what was asked for in vain, and from what is not known."""
    assert of("recording", recordings=recordings, dropped=dropped) == ([(level, title, more)] if level else [])


@pytest.mark.parametrize(
    ("whole", "cut", "named", "asked", "how"),
    [
        (1, 1, False, True, "whole"), (0, 1, False, True, "cut"), (0, 0, False, True, "unnamed"),
        (0, 1, True, True, "cut"), (0, 0, True, True, "vain"), (0, 0, True, False, "never"),
    ],
)  # fmt: skip
def test_how_a_recording_was_fetched(whole: int, cut: int, named: bool, asked: bool, how: str) -> None:
    """Who got a part of one knew of it, whether or not a CDR has its name."""
    assert File("a.wav", whole, cut, named, asked).how == how


@pytest.mark.parametrize(
    ("recordings", "told"),
    [
        ({"whole": 2, "unnamed": 1}, [("good", "2 of 3 recordings were fetched whole; no CDR names the other")]),
        ({"whole": 1, "unnamed": 3}, [("good", "1 of 4 recordings was fetched whole; no CDR names the other 3")]),
        ({"never": 1, "unnamed": 1}, [("open", "The one recording that a CDR names was not fetched")]),
        ({"never": 5, "unnamed": 1}, [("open", "None of the 5 recordings that CDRs name was fetched")]),
        ({"vain": 1, "whole": 4, "unnamed": 1}, [("bad", "1 of 5 recordings was not fetched whole")]),
    ],
)  # fmt: skip
def test_recordings_that_no_cdr_names_are_told_beside_the_others(
    recordings: dict[str, int], told: list[tuple[Level, str]]
) -> None:
    """That all others were fetched stays good; none is called the only one, or all, where there are such beside it."""
    unnamed, further = recordings["unnamed"], "" if told[0][0] == "good" else "further "
    beside = ("open", f"{unnamed} {further}recording{'s' if unnamed > 1 else ''} that no CDR names {'were' if unnamed > 1 else 'was'} not fetched")  # fmt: skip
    found = [one[:2] for one in of("recording", recordings=recordings)]
    assert sorted(found) == sorted([*told, beside])


@pytest.mark.parametrize(
    ("method", "target", "form", "names"),
    [
        ("GET", "/recapi?filename=a.wav", "", {"a.wav"}),
        ("GET", "/RECAPI/?FileName=monitor/2026-03/a%2Bb.wav@c.wav@&filedir=monitor", "", {"a+b.wav", "c.wav"}),
        ("GET", "/recapi?filename=%2B1.wav@+2.wav", "", {"+1.wav", " 2.wav", "+2.wav"}),
        ("POST", "/recapi", "filename=a.wav", {"a.wav"}),
        ("GET", "/recapi?filedir=monitor", "", set()),
        ("HEAD", "/recapi?filename=a.wav", "", set()),
        ("GET", "/cdrapi?filename=a.wav", "", set()),
    ],
)
def test_names_that_were_asked_for(method: str, target: str, form: str, names: set[str]) -> None:
    """They are the last parts of what stands in filename, in the target or the form."""
    asked = AskedFor()
    asked.take({"method": method, "target": target, "form": form})
    assert (asked.names, asked.full) == (names, False)
    assert [path in asked for path in ("monitor/a.wav", "monitor/other.wav")] == ["a.wav" in names, False]


def test_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many nobody is said not to have asked."""
    monkeypatch.setattr("ucmsim.report.asked.MOST_NAMES", 2)
    summary = Summary("hq", recordings=Counter(never=2))
    for name in ("a", "b", "a", "c"):
        assert summary.asked.full is False
        summary.asked.take({"method": "GET", "target": f"/recapi?filename={name}", "form": ""})
    assert next(one.more for one in findings(summary) if "recording" in one.title) == (
        "whether anybody asked for them is not known: too many names were asked for"
    )
