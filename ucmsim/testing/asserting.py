"""What is wrong with what a client did, as a sentence and lines that say of what. Pure; "" where nothing is.

The journal's own modules bring pydantic with them, so they are imported when there is something to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum

from ucmsim.contract.answers import Entry, LedgerCall, LedgerRow
from ucmsim.entry import UNVERIFIED

__tracebackhide__ = True
SHOWN = 20
"""Lines that a message has; of the rest it says how many there are."""


def lines(entries: Iterable[Entry]) -> list[str]:
    """Return a line about each of *entries*, as `ucmsim journal` prints it."""
    from ucmsim.journal.telling import parts

    return ["  ".join(text for _, text in parts(entry.raw)) for entry in entries]


def undelivered(calls: Sequence[LedgerCall]) -> str:
    """Return which rows of *calls* no client has got whole."""
    if not any(call.rows for call in calls):
        return "the PBX has no rows, so that none could be delivered: let calls happen first"
    missing = [
        _row(call, row) for call in calls for row in call.rows if not any(delivery.whole for delivery in row.deliveries)
    ]
    if not missing:
        return ""
    total = sum(len(call.rows) for call in calls)
    return _listed(f"{len(missing)} of {total} rows {_were(missing)} never delivered whole:", missing)


def _row(call: LedgerCall, row: LedgerRow) -> str:
    began = f", {datetime.fromtimestamp(row.began / 1e6, UTC):%Y-%m-%d %H:%M:%S}Z" if row.began is not None else ""
    name = f"AcctId {row.acctid}" if row.acctid is not None else f"row {row.row}, whose CDR was deleted"
    partly = ", ".join(str(delivery.exchange) for delivery in row.deliveries)
    why = f"cut short in event {partly} of the journal" if partly else "on no page that went out"
    return f"{name}{began}, {row.caller or 'unknown'} to {row.reached or 'nobody'} ({call.shape or call.kind}): {why}"


def careless(entries: Iterable[Entry], allowed: Sequence[str]) -> str:
    """Return which marks *entries* have beside those that are *allowed*, and what would have been right."""
    if wrong := list(filter(_is_no_text, allowed)):
        raise TypeError(
            f"{wrong[0]!r} is no mark; name each by itself, such as assert_no_marks('no-qop', 'no-back-off')"
        )
    marked = [entry for entry in entries if set(entry.marks) - set(allowed)]
    if not marked and not allowed:
        return ""
    from ucmsim.journal import MARKS

    if unknown := sorted(set(allowed) - {mark.id for mark in MARKS}):
        raise ValueError(f"there is no mark '{unknown[0]}'; there are {', '.join(mark.id for mark in MARKS)}")
    if not marked:
        return ""
    found = {mark for entry in marked for mark in entry.marks}
    why = [f"{mark.id}: {mark.statement} Right: {mark.right}." for mark in MARKS if mark.id in found - set(allowed)]
    return "\n".join((_listed(f"{_events(len(marked))} {_were(marked)} careless:", lines(marked)), *why))


def unknown(first: int, marks: Mapping[str, int]) -> str:
    """Return why not all is known of a journal that keeps events from the id *first* on: those before it were dropped.

    *marks* were counted on all of them, as far as ucmsim was not restarted since.
    """
    if first <= 1:
        return ""
    counted = ", ".join(f"{mark} {count} time{'' if count == 1 else 's'}" for mark, count in marks.items())
    were = "was" if first == 2 else "were"
    return (
        f"{_events(first - 1)} {were} dropped from the journal, so nothing is known of what clients did in them: "
        'let it keep more, such as with @pytest.mark.ucmsim(journal={"entries": 200000, "megabytes": 64}), '
        "or let ucm.reset() begin anew before what is to be judged"
        f"{f'; marks of all events: {counted}' if counted else ''}"
    )


def _is_no_text(one: object) -> bool:
    return not isinstance(one, str)


class Verifying(Enum):
    """Whether clients verify certificates, as far as a journal knows."""

    UNKNOWN = "no client was shown a bad certificate and left"
    CARELESS = "a client sent requests in spite of one"
    CAREFUL = "a client refused one, and none sent a request in spite of one"

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Verifying:
        """Return what *entries* show."""
        if any(UNVERIFIED in entry.marks for entry in entries):
            return cls.CARELESS
        return cls.CAREFUL if any(map(_refused, entries)) else cls.UNKNOWN


def unverified(entries: Sequence[Entry]) -> str:
    """Return which requests came over a connection that was shown a certificate which a careful client refuses.

    Where no client was put to the test that is said too.
    """
    match Verifying.of(entries):
        case Verifying.CAREFUL:
            return ""
        case Verifying.UNKNOWN:
            return (
                "no client has refused a certificate, so nothing is known: show a bad one first, "
                'such as with ucm.identity("expired"), and let the client try'
            )
        case Verifying.CARELESS:
            marked = [entry for entry in entries if UNVERIFIED in entry.marks]
            count = f"{len(marked)} request{'' if len(marked) == 1 else 's'}"
            said = f"{count} came although the certificate was bad: the client does not verify it:"
            return _listed(said, lines(marked))


def _refused(entry: Entry) -> bool:
    """Return whether *entry* is a connection that was shown a bad certificate and brought no request."""
    return entry.tls is not None and entry.tls.defect is not None and entry.verdict == "refused"


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def _were(found: Sequence[object]) -> str:
    return "was" if len(found) == 1 else "were"


def _listed(said: str, found: Sequence[str]) -> str:
    return "\n  ".join(_some(said, found))


def _some(said: str, found: Sequence[str]) -> Iterator[str]:
    yield said
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more"
