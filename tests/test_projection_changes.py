"""That a quirk changes the columns that it speaks of, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.firmwares import CALLS_PER_DAY, DAYS, G1, G2, G3, G3_PJSIP, UNTIL, firmware, made, office
from tests.golden.stage import of_every_shape
from tests.offices import generate
from ucmsim.columns import GENERATIONS, NAMES, Row
from ucmsim.personalities import personality
from ucmsim.quirks import ROWS, Quirk, Value
from ucmsim.register import BY_ID, Quirks
from ucmsim.settings import load_pbx
from ucmsim.store.records import Record

SWITCHABLE = [row for row in ROWS if row.switchable]


def values(row: Quirk) -> Iterator[Value]:
    """Yield what a row can be set to: its words, and some numbers or a text if it takes such."""
    yield from row.values
    if row.number is not None:
        yield from (row.number, row.number + 1, row.number + 8)
    if row.text:
        yield "another text"


@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_what_is_written_is_what_a_history_has(name: str) -> None:
    """Whoever writes, chance makes the same calls happen."""
    found = generate(
        office(), firmware(name), Random(3), Random(4), until=UNTIL, days=DAYS, calls_per_day=CALLS_PER_DAY
    )
    assert list(found) == made(name)


SAID = {
    "acctid": {"AcctId"},
    "acctid-gaps": {"AcctId"},
    "unanswered": {"answer", "end"},
    "missing-time": {"answer", "end"},
    "duration-rounding": {"duration", "billsec"},
    "userfield": {"userfield"},
    "trunk-userfield": {"userfield"},
    "outbound-context": {"dcontext"},
    "internal-context": {"dcontext"},
    "inbound-context": {"dcontext"},
    "channel-technology": {"channel", "dstchannel", "lastdata"},
    "outbound-channel": {"dstchannel"},
    "failed-channel": {"dstchannel"},
    "busy-channel": {"dstchannel"},
    "conference-channel": {"dstchannel"},
    "uniqueid-step": {"uniqueid"},
    "clid-without-name": {"clid"},
    "chanext": {"chanext", "dstchanext"},
    "outbound-caller-id": {"clid", "caller_name"},
    "own-caller-id": {"session"},
    "own-caller-id-calls": {"clid", "session"},
    "pin-code": {"accountcode"},
    "api-call": {"src", "action_owner", "clid", "caller_name", "session", "recordfiles"},
    "amaflags": {"amaflags"},
    "lastdata-limit": {"lastdata"},
    "dial-string": {"lastdata"},
    "recorded-dial-string": {"lastdata"},
    "dial-options": {"lastdata"},
    "busy-duration": {"duration"},
    "failed-duration": {"duration"},
    "congestion": {"disposition"},
    "service": {"service"},
    "session-microseconds": {"session"},
    "voicemail-uniqueid": {"uniqueid"},
    "one-row-lastapp": {"lastapp", "lastdata"},
    "voicemail-reason": {"lastdata"},
    "conference-action": {"action_type"},
    "recordfiles-end": {"recordfiles"},
    "recording-directory": {"recordfiles"},
    "recording-epoch": {"recordfiles"},
    "recording-length": set(),
    "conference-recording-name": set(),
}
"""The columns that a row of the register speaks of."""

APART = {"voicemail-row", "voicemail-text"}
"""What changes how many rows or recordings there are."""

ELSEWHERE = {"ami-recordings", "ami-recordfiles", "greetings", "heard-messages", "acctid-after-delete"}
"""What shows in none of these calls, or in what becomes of recordings and rows after: in tests of their own."""

OF_THE_CLOCK = {"clock-corrections"}
"""What shows only where a clock is corrected: tests/test_corrections.py."""

OF_SHAPES = {
    "transfer-context": {"dcontext"},
    "ivr-exit-context": {"dcontext"},
    "ring-group-entry": {"answer", "billsec"},
    "ring-group-winner": {"answer", "billsec"},
    "ring-group-busy": {"answer", "end"},
    "group-recording-name": {"recordfiles"},
    "analogue-channel": {"channel"},  # and channel_ext where that is the port
    "analogue-extension": {"channel_ext"},
    "analogue-service": {"service"},
    "dialled-prefix": {"dst"},
    "parked-call": {"session"},
    "external-calls": {"userfield"},
    "transfer-row": {"action_type"},
    "forward-row": {"action_type"},
    "fax-row": {"action_type"},
    "follow-me-row": {"action_type"},
    "queue-agent-row": {"action_type"},
    "disa-action": {"action_type"},
    "page-action": {"action_type"},
    "callback-action": {"action_type"},
    "unregistered-row": {"lastapp", "lastdata"},
    "feature-context": {"dcontext"},
    "helper-channels": None,
    "callback-row": None,
    "api-call-row": None,
    "did-row": None,
    "fork-rows": None,
    "feature-codes": None,
    "queue-row": None,
}
"""The columns that a row of the register speaks of, which shows only in calls of other shapes; None changes how many."""

RECORDED = {
    "internal-context": {"text"},
    "inbound-context": {"text"},
    "channel-technology": {"text"},
    "uniqueid-step": {"name"},
    "clid-without-name": {"text"},
    "own-caller-id-calls": {"text"},
    "api-call": {"name"},
    "recording-directory": {"directory"},
    "recording-epoch": {"name"},
    "recording-length": {"samples"},
    "conference-recording-name": {"name"},
}
"""The fields of recordings that a row speaks of."""


def changed(records: list[Record], others: list[Record]) -> tuple[set[str], set[str]]:
    """Return the columns, and the fields of recordings, in which two lists of as many records differ."""
    columns: set[str] = set()
    fields: set[str] = set()
    for one, other in zip(records, others, strict=True):
        if one.row != other.row:
            columns |= {name for name, this, that in zip(NAMES, one.row, other.row, strict=True) if this != that}
        if one.recordings != other.recordings:
            for mine, theirs in zip(one.recordings, other.recordings, strict=True):
                fields |= {name for name, this, that in zip(mine._fields, mine, theirs, strict=True) if this != that}
    return columns, fields


def test_every_row_says_what_it_changes() -> None:
    """The table of columns knows every quirk that is decided when a call is written."""
    assert {*SAID, *APART, *OF_SHAPES, *ELSEWHERE, *OF_THE_CLOCK} == {row.id for row in SWITCHABLE}


def shaped(name: str, quirks: dict[str, Value]) -> list[Row]:
    """Return the rows of a call of every shape."""
    return list(of_every_shape(load_pbx({"personality": name, "quirks": quirks}, Path())))


@pytest.mark.parametrize("quirk", OF_SHAPES)
def test_a_quirk_of_shapes_changes_the_columns_that_it_is_about(quirk: str) -> None:
    """Any other value changes these and no others, or the number of rows."""
    usual = shaped(G3, {})
    for value in BY_ID[quirk].values:
        found, columns = shaped(G3, {quirk: value}), OF_SHAPES[quirk]
        if Quirks.of(personality(G3), {quirk: value})[quirk] == Quirks.of(personality(G3))[quirk]:
            assert found == usual
        elif columns is None:
            assert len(found) < len(usual)
        else:
            rows = zip(usual, found, strict=True)
            differ = {name for one, other in rows for name, a, b in zip(NAMES, one, other, strict=True) if a != b}
            assert differ == columns


@pytest.mark.parametrize("row", [row for row in SWITCHABLE if row.id in SAID], ids=lambda row: row.id)
def test_a_quirk_changes_the_columns_that_it_is_about_and_no_call(row: Quirk) -> None:
    """Under any value there are the same calls; what differs are the columns that it speaks of, all of them somewhere."""
    columns: set[str] = set()
    fields: set[str] = set()
    for name in (G1, G2, G3, G3_PJSIP):
        shown = {"AcctId"} | set(GENERATIONS[personality(name).generation].columns)
        for value in values(row):
            rows, recordings = changed(made(name), made(name, row.id, value))
            assert rows <= SAID[row.id] & shown
            assert recordings <= RECORDED.get(row.id, set())
            columns |= rows
            fields |= recordings
    assert columns == SAID[row.id]
    assert fields == RECORDED.get(row.id, set())


@pytest.mark.parametrize(
    ("name", "row"),
    [(name, row) for name in (G1, G2) for row in SWITCHABLE if personality(name).generation < row.since],
    ids=lambda item: item.id if isinstance(item, Quirk) else item,
)
def test_older_firmware_shows_nothing_of_a_later_quirk(name: str, row: Quirk) -> None:
    """Before the generation since which a behaviour shows, no value makes a difference to rows or recordings."""
    assert [made(name, row.id, value) == made(name) for value in values(row)] == [True] * len(list(values(row)))


@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
@pytest.mark.parametrize("row", SWITCHABLE, ids=lambda row: row.id)
def test_the_default_of_a_row_is_what_is_written_unasked(name: str, row: Quirk) -> None:
    """Setting a quirk to the value that a personality has already changes nothing that a firmware is made of."""
    device = personality(name)
    assert Quirks.of(device, {row.id: Quirks.of(device)[row.id]}) == Quirks.of(device)
