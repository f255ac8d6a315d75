"""What a report finds in a summary: every sentence is true of what happened, and nothing is called good that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from ucmsim.entry import UNVERIFIED
from ucmsim.report.findings import Level, findings
from ucmsim.report.summary import Refused, Summary

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
