"""What a firmware writes about a leg: every quirk of a row, and that it changes nothing but what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.golden.stage import of_every_shape
from tests.offices import generate, office_of
from ucmsim.calls import Firmware, Office
from ucmsim.calls.events import Call, CallerId, Party, Role
from ucmsim.calls.legs import Leg
from ucmsim.calls.shapes import Story
from ucmsim.calls.traffic import Traffic as Calls
from ucmsim.calls.world import CallWorld
from ucmsim.columns import AT, GENERATIONS, NAMES, Row
from ucmsim.instants import SECOND, microseconds
from ucmsim.personalities import personality
from ucmsim.quirks import ROWS, Quirk, Value
from ucmsim.register import BY_ID, Quirks
from ucmsim.settings import Extensions, Traffic, Trunk, load_pbx
from ucmsim.settings import Recording as RecordingSettings
from ucmsim.store.records import Record, Recording

CHICAGO = ZoneInfo("America/Chicago")
SWITCHABLE = [row for row in ROWS if row.switchable]
G1, G2, G3, G3_PJSIP = "ucm6100-1.0.9", "ucm6510-1.0.5", "ucm6510-1.0.10", "ucm6200-1.0.20"

ANN, BOB = Party("1001", "Ann Lee", "1001"), Party("1002", "Bob Roy", "1002")
OUTSIDE = Party("3125550123", "", "trunk_2", "carrier-b")
BEGAN = int(datetime(2026, 2, 1, 5, 59, 58, tzinfo=UTC).timestamp()) * SECOND + 67_640
"""Two seconds before February begins in Chicago, and 67640 microseconds."""


def firmware(name: str = G3, **chosen: Value) -> Firmware:
    """Return the firmware of a personality; quirks are *chosen* with underscores for hyphens."""
    row = personality(name)
    quirks = {quirk.replace("_", "-"): value for quirk, value in chosen.items()}
    return Firmware.of(Quirks.of(row, quirks), CHICAGO)


def leg(
    disposition: str = "ANSWERED",
    lastapp: str = "Dial",
    *,
    kind: str = "Internal",
    caller: Party = ANN,
    callee: Party = BOB,
    lastdata: str = "",
    talk: float = 10.9,
) -> Leg:
    """Return a leg that rang for 3.5 seconds and was, if answered, spoken on for *talk* seconds."""
    call = Call(kind, caller, callee, BEGAN, 6, recorded=True)
    turn = BEGAN + 3_500_000
    end = turn + int(talk * SECOND) if disposition == "ANSWERED" else turn
    return Leg(call, callee, BEGAN, turn, end, disposition, lastapp, "DIAL", lastdata)


INBOUND = leg(kind="Inbound", caller=OUTSIDE, callee=ANN)
OUTBOUND = leg(kind="Outbound", caller=ANN, callee=OUTSIDE)
RUNG = Leg(INBOUND.call, ANN, BEGAN, BEGAN + 60 * SECOND, BEGAN + 60 * SECOND, "NO ANSWER", "Dial", "DIAL", "", True)
LEFT = Leg(INBOUND.call, ANN, RUNG.end, RUNG.end, RUNG.end + 12_345_678, "ANSWERED", "VoiceMail", "VM", channel=0)
"""A call that rang for a minute, and the message that was left then."""
ROOM = Party("6300", "", "6300", role=Role.CONFERENCE)
MET = Leg(Call("Internal", ANN, ROOM, BEGAN, 6, recorded=True), ROOM, BEGAN, BEGAN, BEGAN + 61 * SECOND, "ANSWERED", "MeetMe",
          "CONFERENCE", "6300,")  # fmt: skip
"""A caller who opened the conference room for a minute."""


def cdr(of: Leg, name: str = G3, **chosen: Value) -> dict[str, str]:
    """Return the row of a leg by column name, whatever columns the personality shows."""
    written_by = firmware(name, **chosen)
    return dict(zip(NAMES, written_by.row(of, written_by.recordings(of, 0)), strict=True))


def kept(of: Leg, name: str = G3, **chosen: Value) -> Recording:
    """Return the one recording of a leg."""
    (recording,) = firmware(name, **chosen).recordings(of, 0)
    return recording


def values(row: Quirk) -> Iterator[Value]:
    """Yield what a row can be set to: its words, and some numbers or a text if it takes such."""
    yield from row.values
    if row.number is not None:
        yield from (row.number, row.number + 1, row.number + 8)
    if row.text:
        yield "another text"


UNTIL, DAYS, CALLS_PER_DAY = datetime(2026, 3, 2, 23, tzinfo=UTC), 4, 200


@cache
def office() -> Office:
    shown = {"caller_id": "01632960401", "caller_name": "Example Ltd"}
    trunks = (Trunk(name="carrier-a", channels=12), Trunk(name="carrier-b", channels=4, **shown))
    traffic = Traffic(shapes={"conference": 60, "pin_group": 30, "api_call": 30, "voicemail": 70})
    return office_of(Extensions(first=1000, count=20), trunks, RecordingSettings(), traffic, CHICAGO)


@cache
def happened() -> tuple[Story, ...]:
    """Return four days of calls over the end of a month, about which every firmware writes."""
    last = microseconds(UNTIL)
    calls = Calls(office(), CALLS_PER_DAY, Random(3), Random(4))
    return tuple(calls.stories(last - DAYS * 86_400 * SECOND, last))


def made(name: str, quirk: str = "", value: Value = "") -> list[Record]:
    """Return what is written of what `happened` on a personality, with one quirk set."""
    device = personality(name)
    if quirk and Quirks.of(device, {quirk: value}) == Quirks.of(device):
        return _made(name, "", "")  # the value that it has already
    return _made(name, quirk, value)


@cache
def _made(name: str, quirk: str, value: Value) -> list[Record]:
    written_by = Firmware.of(Quirks.of(personality(name), {quirk: value} if quirk else {}), CHICAGO)
    return list(CallWorld(written_by, iter(happened())).records(microseconds(UNTIL)))


@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_what_is_written_is_what_a_history_has(name: str) -> None:
    """Whoever writes, chance makes the same calls happen."""
    found = generate(
        office(), firmware(name), Random(3), Random(4), until=UNTIL, days=DAYS, calls_per_day=CALLS_PER_DAY
    )
    assert list(found) == made(name)


def of_shape(records: list[Record], *shapes: str) -> list[Record]:
    """Return the records of calls of these shapes."""
    return [record for record in records if record.truth and record.truth.shape in shapes]


def column(records: list[Record], name: str) -> list[str]:
    """Return what stands in one column."""
    return [record.row[AT[name]] for record in records]


# What a quirk changes, and what not

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


# AcctId


@pytest.mark.quirk("acctid")
@pytest.mark.parametrize(("name", "usual"), [(G1, "continuous"), (G3_PJSIP, "monthly")])
def test_account_ids_count_on_or_begin_anew(name: str, usual: str) -> None:
    """AcctId is 1, 2, 3, ... for ever, or in each month; a UCM62xx has it by the month."""
    continuous, monthly = ([int(at) for at in column(made(name, "acctid", value), "AcctId")]
                           for value in ("continuous", "monthly"))  # fmt: skip
    assert continuous == list(range(1, len(continuous) + 1))
    anew = monthly.index(1, 1)
    assert monthly == [*range(1, anew + 1), *range(1, len(monthly) - anew + 1)]
    assert [int(at) for at in column(made(name), "AcctId")] == {"continuous": continuous, "monthly": monthly}[usual]


@pytest.mark.quirk("acctid-gaps")
@pytest.mark.parametrize(
    ("gap", "first"), [("none", [1, 2, 3, 4, 5, 6]), (2, [1, 3, 5, 7, 9, 11]), (3, [1, 2, 4, 5, 7, 8])]
)
def test_account_ids_may_have_gaps(gap: Value, first: list[int]) -> None:
    """None is missing, or every so many-th, to the end."""
    ids = [int(at) for at in column(made(G3, "acctid-gaps", gap), "AcctId")]
    assert ids[:6] == first
    assert gap == "none" or not any(at % int(gap) == 0 for at in ids)
    assert [at for at in range(1, ids[-1] + 1) if gap == "none" or at % int(gap)] == ids


@pytest.mark.quirk("acctid-gaps")
def test_gaps_are_counted_anew_with_the_month() -> None:
    """Where AcctId begins anew, the first gap is as far from the beginning as before."""
    row = personality(G3_PJSIP)
    ids = [int(at) for at in column(made(row.id, "acctid-gaps", 3), "AcctId")]
    assert ids[:4] == ids[ids.index(1, 1) :][:4] == [1, 2, 4, 5]


# Times

ENDED = "2026-02-01 00:00:01"
"""The instant, in Chicago, at which the legs that nobody answered were given up."""


@pytest.mark.quirk("unanswered")
@pytest.mark.parametrize("disposition", ["NO ANSWER", "BUSY", "FAILED"])
def test_a_call_that_nobody_took_has_no_answer_or_a_stamped_one(disposition: str) -> None:
    """Answer is blank, or the end; or both are blank when BUSY or FAILED. Each generation has its own way."""
    of = leg(disposition)
    told = {value: (cdr(of, unanswered=value)["answer"], cdr(of, unanswered=value)["end"])
            for value in ("blank", "stamped", "busy-blank")}  # fmt: skip
    emptied = (ENDED, ENDED) if disposition == "NO ANSWER" else ("", "")
    assert told == {"blank": ("", ENDED), "stamped": (ENDED, ENDED), "busy-blank": emptied}
    usual = {name: (cdr(of, name)["answer"], cdr(of, name)["end"]) for name in (G1, G2, G3, G3_PJSIP)}
    assert usual == {G1: told["blank"], G2: told["blank"], G3: told["stamped"], G3_PJSIP: told["busy-blank"]}


@pytest.mark.quirk("unanswered")
@pytest.mark.parametrize("value", ["blank", "stamped", "busy-blank"])
def test_an_answered_call_has_all_its_times(value: str) -> None:
    """No value of the quirk touches a call that was answered."""
    written = cdr(leg(), unanswered=value)
    assert (written["answer"], written["end"]) == (ENDED, "2026-02-01 00:00:12")


@pytest.mark.quirk("missing-time")
def test_a_missing_time_is_blank_or_zeros() -> None:
    """What the firmware leaves blank is the empty text, or a date that does not exist; other times stay."""
    busy, zeros = leg("BUSY"), "0000-00-00 00:00:00"
    assert [cdr(busy, G1, missing_time=value)["answer"] for value in ("blank", "zeros")] == ["", zeros]
    assert [cdr(busy, G1, missing_time=value)["end"] for value in ("blank", "zeros")] == [ENDED, ENDED]
    written = [cdr(busy, G3_PJSIP, missing_time=value) for value in ("blank", "zeros")]
    assert [(row["answer"], row["end"]) for row in written] == [("", ""), (zeros, zeros)]
    assert cdr(busy, G1)["answer"] == ""
    assert cdr(leg(), G1, missing_time="zeros") == cdr(leg(), G1)


@pytest.mark.quirk("duration-rounding")
def test_durations_are_floors_or_differences_of_what_is_displayed() -> None:
    """14.4 seconds from :58.07 to :12.47 are 14 both ways; 10.9 seconds from :01.57 to :12.47 are 10 or 11."""
    apart, displayed = (cdr(leg(), duration_rounding=value) for value in ("apart", "displayed"))
    assert (apart["start"], apart["answer"], apart["end"]) == ("2026-01-31 23:59:58", ENDED, "2026-02-01 00:00:12")
    assert (apart["duration"], apart["billsec"]) == ("14", "10")
    assert (displayed["duration"], displayed["billsec"]) == ("14", "11")
    assert cdr(leg()) == apart


# Who and where


@pytest.mark.quirk("userfield")
@pytest.mark.parametrize(("of", "direction"), [(leg(), "Internal"), (INBOUND, "Inbound"), (OUTBOUND, "Outbound")])
def test_userfield_is_ext_or_the_direction(of: Leg, direction: str) -> None:
    """The first firmware writes EXT, the others whether the call came in, went out, or stayed inside."""
    assert [cdr(of, userfield=value)["userfield"] for value in ("ext", "direction")] == ["EXT", direction]
    assert [cdr(of, name)["userfield"] for name in (G1, G2, G3)] == ["EXT", direction, direction]


@pytest.mark.quirk("trunk-userfield")
@pytest.mark.parametrize(("of", "direction"), [(leg(), "EXT"), (INBOUND, "Inbound"), (OUTBOUND, "Outbound")])
def test_calls_over_trunks_say_ext_or_their_direction(of: Leg, direction: str) -> None:
    """Where userfield is EXT every call says so, or those inside only; elsewhere nothing changes."""
    assert [cdr(of, G1, trunk_userfield=value)["userfield"] for value in ("ext", "direction")] == ["EXT", direction]
    assert cdr(of, G1) == cdr(of, G1, trunk_userfield="ext")
    assert cdr(of, trunk_userfield="direction") == cdr(of)


@pytest.mark.quirk("outbound-context")
def test_the_context_of_an_outbound_call_is_inside_or_its_route() -> None:
    """The guide has from-internal, later firmware the route; the other kinds have theirs."""
    told = {value: cdr(OUTBOUND, outbound_context=value)["dcontext"] for value in ("from-internal", "outbound-route")}
    assert told == {"from-internal": "from-internal", "outbound-route": "outbound-route-2"}
    assert [cdr(OUTBOUND, name)["dcontext"] for name in (G1, G2, G3, G3_PJSIP)] == [
        *["from-internal"] * 2, *["outbound-route-2"] * 2,
    ]  # fmt: skip
    for of in (leg(), INBOUND, MET, LEFT):
        assert cdr(of, outbound_context="from-internal") == cdr(of)


@pytest.mark.quirk("internal-context")
def test_the_context_between_extensions_is_one_of_two() -> None:
    """It is from-internal, or ext-local; a conference room is no extension. The text of a message says the same."""
    assert cdr(leg())["dcontext"] == cdr(leg(), internal_context="from-internal")["dcontext"] == "from-internal"
    assert cdr(leg(), internal_context="ext-local")["dcontext"] == "ext-local"
    for of in (INBOUND, OUTBOUND, MET, LEFT):
        assert cdr(of, internal_context="ext-local") == cdr(of)
    inside = LEFT._replace(call=RUNG.call._replace(kind="Internal", caller=BOB))
    texts = [firmware(internal_context=value).recordings(inside, 0)[1].text for value in ("from-internal", "ext-local")]
    assert ["context=from-internal\n" in texts[0], "context=ext-local\n" in texts[1]] == [True, True]


@pytest.mark.quirk("inbound-context")
def test_the_context_of_an_inbound_call_is_that_of_its_trunk_or_another() -> None:
    """ext-did has the number of the trunk, the others none; a UCM62xx says did-local. A message's text says the same."""
    contexts = {"ext-did": "ext-did-2", "did-local": "did-local", "from-did-direct": "from-did-direct"}
    for value, context in contexts.items():
        assert cdr(INBOUND, inbound_context=value)["dcontext"] == context
        assert f"context={context}\n" in firmware(inbound_context=value).recordings(LEFT, 0)[1].text
        assert cdr(OUTBOUND, inbound_context=value) == cdr(OUTBOUND)
        assert cdr(leg(), inbound_context=value) == cdr(leg())
    assert [cdr(INBOUND, name)["dcontext"] for name in (G1, G2, G3, G3_PJSIP)] == [*["ext-did-2"] * 3, "did-local"]


@pytest.mark.quirk("channel-technology")
def test_channels_are_those_of_sip_or_pjsip() -> None:
    """Both channels and the dial string begin with the name of the channel driver."""
    sip, pjsip = (cdr(INBOUND, channel_technology=value, dial_options="z") for value in ("SIP", "PJSIP"))
    assert (sip["channel"], sip["dstchannel"]) == ("SIP/trunk_2-00000006", "SIP/1001-00000007")
    assert (pjsip["channel"], pjsip["dstchannel"]) == ("PJSIP/trunk_2-00000006", "PJSIP/1001-00000007")
    assert sip["lastdata"] == "SIP/1001/sip:1001@192.168.5.2:5060,60,zM(record-check,StartMonitor)b(callee-handler^s^1)"
    assert pjsip["lastdata"] == f"PJ{sip['lastdata']}"
    assert [cdr(INBOUND, name)["channel"].partition("/")[0] for name in (G1, G2, G3, G3_PJSIP)] == [
        *["SIP"] * 3,
        "PJSIP",
    ]


@pytest.mark.quirk("outbound-channel")
def test_the_channel_of_an_outbound_leg_ends_with_the_number_or_the_counter() -> None:
    """The guide has the number that was dialled there, later firmware the counter; inside calls have the counter."""
    number, counter = "SIP/trunk_2/3125550123", "SIP/trunk_2-00000007"
    assert [cdr(OUTBOUND, outbound_channel=value)["dstchannel"] for value in ("number", "counter")] == [number, counter]
    assert [cdr(OUTBOUND, name)["dstchannel"] for name in (G1, G2, G3)] == [number, number, counter]
    assert cdr(leg(), outbound_channel="number")["dstchannel"] == "SIP/1002-00000007"


@pytest.mark.quirk("failed-channel")
def test_a_failed_call_has_no_second_channel_or_that_of_the_callee() -> None:
    """The column is blank, as in every row that was seen, or as if the callee had been dialled."""
    failed = leg("FAILED", "Congestion", lastdata="10")
    assert [cdr(failed, failed_channel=value)["dstchannel"] for value in ("blank", "dialled")] == [
        "",
        "SIP/1002-00000007",
    ]
    assert cdr(failed) == cdr(failed, failed_channel="blank")
    outbound = leg("FAILED", "Playback", kind="Outbound", callee=OUTSIDE)
    assert cdr(outbound, G1, failed_channel="dialled")["dstchannel"] == "SIP/trunk_2/3125550123"
    for of in (leg(), leg("BUSY"), MET, LEFT):
        assert cdr(of, failed_channel="dialled") == cdr(of)


@pytest.mark.quirk("busy-channel")
def test_a_busy_call_keeps_its_second_channel_or_not() -> None:
    """The callee's channel is there, as in every row that was seen, or the column is blank."""
    busy = leg("BUSY")
    assert [cdr(busy, busy_channel=value)["dstchannel"] for value in ("kept", "blank")] == ["SIP/1002-00000007", ""]
    assert cdr(busy) == cdr(busy, busy_channel="kept")
    for of in (leg(), leg("NO ANSWER"), leg("FAILED", "Playback")):
        assert cdr(of, busy_channel="blank") == cdr(of)


@pytest.mark.quirk("uniqueid-step")
def test_a_uniqueid_counts_channels_one_by_one_or_in_twos() -> None:
    """The seventh channel is 6, or 12 as on a UCM62xx whatever its channels are called; their names are no others."""
    epoch = BEGAN // SECOND
    assert [cdr(leg(), uniqueid_step=value)["uniqueid"] for value in (1, 2)] == [f"{epoch}.6", f"{epoch}.12"]
    assert [cdr(leg(), name)["uniqueid"] for name in (G1, G2, G3)] == [f"{epoch}.6"] * 3
    assert (
        cdr(leg(), G3_PJSIP)["uniqueid"] == cdr(leg(), G3_PJSIP, channel_technology="SIP")["uniqueid"] == f"{epoch}.12"
    )
    assert cdr(leg(), uniqueid_step=2)["channel"] == cdr(leg())["channel"]
    assert kept(MET, uniqueid_step=2).name == f"meetme-conf-rec-6300-{epoch}.12-{epoch}.wav"


@pytest.mark.quirk("clid-without-name")
def test_a_caller_id_without_a_name_begins_with_quotes_or_not() -> None:
    """The empty name is written, or the number alone without brackets; a caller with a name has both."""
    assert cdr(INBOUND)["clid"] == cdr(INBOUND, clid_without_name="quotes")["clid"] == '"" <3125550123>'
    assert cdr(INBOUND, clid_without_name="bare")["clid"] == "3125550123"
    assert cdr(leg(), clid_without_name="bare")["clid"] == cdr(leg())["clid"] == '"Ann Lee" <1001>'


OWN = ANN._replace(shown=CallerId("3125550111", ""))
OVER = OUTSIDE._replace(shown=CallerId("01632960401", "Example Ltd"))


@pytest.mark.quirk("outbound-caller-id")
def test_the_caller_id_of_an_outbound_call_is_that_of_its_trunk_or_the_extension() -> None:
    """As in CAP22 src stays the extension, and so does session; a trunk may have a number alone, or a name alone."""
    of = leg(kind="Outbound", callee=OVER)
    trunk, extension = (cdr(of, outbound_caller_id=value) for value in ("trunk", "extension"))
    assert cdr(of) == trunk
    assert (trunk["clid"], trunk["caller_name"]) == ('"Example Ltd" <01632960401>', "Example Ltd")
    assert (trunk["src"], trunk["action_owner"], trunk["session"].partition("-")[2]) == ("1001",) * 3
    assert extension == trunk | {"clid": '"Ann Lee" <1001>', "caller_name": "Ann Lee"} == cdr(OUTBOUND)
    for shown, clid in ((("0163", ""), '"Ann Lee" <0163>'), (("", "Example Ltd"), '"Example Ltd" <1001>')):
        assert cdr(leg(kind="Outbound", callee=OUTSIDE._replace(shown=CallerId(*shown))))["clid"] == clid
    inbound = leg(kind="Inbound", caller=OVER, callee=ANN)
    assert cdr(inbound) == cdr(INBOUND)


@pytest.mark.quirk("own-caller-id", "own-caller-id-calls")
def test_an_extension_shows_a_caller_id_of_its_own() -> None:
    """It goes before the trunk's and ends session, in outbound calls or in all; src and recordings stay the extension."""
    of = leg(kind="Outbound", caller=OWN, callee=OVER)
    session, clid = (cdr(of, own_caller_id=value) for value in ("session", "clid"))
    assert cdr(of) == session
    assert (session["clid"], session["caller_name"], session["src"]) == ('"Ann Lee" <3125550111>', "Ann Lee", "1001")
    assert [row["session"].partition("-")[2] for row in (session, clid)] == ["3125550111", "1001"]
    assert kept(of) == kept(OUTBOUND)
    inside = leg(caller=OWN)
    outbound, everywhere = (cdr(inside, own_caller_id_calls=value) for value in ("outbound", "all"))
    assert outbound == cdr(inside) == cdr(leg())
    assert (everywhere["clid"], everywhere["session"].partition("-")[2]) == ('"Ann Lee" <3125550111>', "3125550111")
    named = leg(kind="Outbound", caller=ANN._replace(shown=CallerId("3125550111", "Sales")), callee=OVER)
    assert cdr(named)["clid"] == '"Sales" <3125550111>'


@pytest.mark.quirk("chanext")
def test_chanext_is_blank_or_repeats_the_extensions() -> None:
    """Both columns are blank, as in every capture, or say what channel_ext and dstchannel_ext say."""
    names = ("chanext", "dstchanext", "channel_ext", "dstchannel_ext")
    blank, extensions = ([cdr(INBOUND, chanext=value)[name] for name in names] for value in ("blank", "extensions"))
    assert blank == ["", "", "trunk_2", "1001"]
    assert extensions == ["trunk_2", "1001", "trunk_2", "1001"]
    assert cdr(INBOUND) == cdr(INBOUND, chanext="blank")


@pytest.mark.quirk("amaflags")
@pytest.mark.parametrize("value", ["DOCUMENTATION", "BILLING", "OMIT"])
def test_amaflags_is_one_word(value: str) -> None:
    """It is DOCUMENTATION, or the other word that is chosen."""
    assert cdr(leg(), amaflags=value)["amaflags"] == value
    assert cdr(leg())["amaflags"] == "DOCUMENTATION"


@pytest.mark.quirk("lastdata-limit")
def test_lastdata_is_cut() -> None:
    """255 characters are kept, or as many as are chosen, or all."""
    long = leg("FAILED", "Playback", lastdata="x" * 300)
    told = {limit: len(cdr(long, lastdata_limit=limit)["lastdata"]) for limit in (1, 80, 255, 300, 9999, "none")}
    assert told == {1: 1, 80: 80, 255: 255, 300: 300, 9999: 300, "none": 300}
    assert len(cdr(long)["lastdata"]) == 255
    assert cdr(leg(), lastdata_limit=12)["lastdata"] == "SIP/1002/sip"


def quiet(of: Leg) -> Leg:
    """Return the leg of a call that is not to be recorded."""
    return of._replace(call=of.call._replace(recorded=False))


@pytest.mark.quirk("dial-string")
def test_a_dial_string_is_plain_or_names_the_contact() -> None:
    """The guide's form has the number and a limit in seconds; later ones where the phone is, and the callee-handler."""
    told = {value: [cdr(quiet(of), dial_string=value)["lastdata"] for of in (leg(), OUTBOUND)]
            for value in ("plain", "contact")}  # fmt: skip
    assert told == {
        "plain": ["SIP/1002,60,", "SIP/trunk_2/3125550123,,"],
        "contact": [
            "SIP/1002/sip:1002@192.168.5.3:5060,60,ztTkKxXb(callee-handler^s^1)",
            "SIP/3125550123@trunk_2,,b(callee-handler^s^1)",
        ],
    }
    usual = {name: [cdr(quiet(of), name)["lastdata"] for of in (leg(), OUTBOUND)] for name in (G1, G2, G3)}
    assert usual == {G1: told["plain"], G2: told["plain"], G3: told["contact"]}
    assert [cdr(leg(), dial_string="plain")["lastdata"], cdr(OUTBOUND, G1)["lastdata"]] == told["plain"]


@pytest.mark.quirk("dial-options")
def test_the_options_of_dial_are_those_of_a_capture() -> None:
    """A UCM62xx has one letter, CAP22 seven, recorded or not; a trunk has none of them, nor has the guide's dial string."""
    for value, name in (("z", G3_PJSIP), ("ztTkKxX", G3)):
        for of in (leg(), quiet(leg())):
            told = cdr(of, dial_options=value)["lastdata"].split(",", 2)[2]
            assert told.startswith((f"{value}M(", f"{value}b("))
            assert cdr(of, name, dial_options=value) == cdr(of, name)
        assert cdr(OUTBOUND, dial_options=value) == cdr(OUTBOUND)
        assert cdr(leg(), G1, dial_options=value)["lastdata"] == "SIP/1002,60,"


@pytest.mark.quirk("recorded-dial-string")
@pytest.mark.parametrize("disposition", ["ANSWERED", "NO ANSWER", "BUSY"])
def test_a_dial_string_tells_of_recording_or_hides_it(disposition: str) -> None:
    """What was to be recorded has the check before the callee-handler, answered or not, over a trunk with three letters."""
    inside, outbound = leg(disposition), leg(disposition, kind="Outbound", callee=OUTSIDE)
    shown, hidden = ([cdr(of, recorded_dial_string=value)["lastdata"] for of in (inside, outbound)]
                     for value in ("shown", "hidden"))  # fmt: skip
    assert (
        shown
        == [cdr(inside)["lastdata"], cdr(outbound)["lastdata"]]
        == [
            "SIP/1002/sip:1002@192.168.5.3:5060,60,ztTkKxXM(record-check,StartMonitor)b(callee-handler^s^1)",
            "SIP/3125550123@trunk_2,,TKXM(record-check,StartMonitor)b(callee-handler^s^1)",
        ]
    )
    assert (
        hidden
        == [cdr(quiet(inside))["lastdata"], cdr(quiet(outbound))["lastdata"]]
        == [
            "SIP/1002/sip:1002@192.168.5.3:5060,60,ztTkKxXb(callee-handler^s^1)",
            "SIP/3125550123@trunk_2,,b(callee-handler^s^1)",
        ]
    )
    assert cdr(quiet(inside), recorded_dial_string="hidden") == cdr(quiet(inside))


@pytest.mark.quirk("busy-duration")
def test_a_busy_call_lasts_until_it_was_heard_or_no_time() -> None:
    """The duration of a BUSY row is how long it took, or zero; that of others stays."""
    assert [cdr(leg("BUSY"), busy_duration=value)["duration"] for value in ("rung", "zero")] == ["3", "0"]
    assert cdr(leg("BUSY"))["duration"] == "3"
    assert cdr(leg("NO ANSWER"), busy_duration="zero")["duration"] == cdr(leg("NO ANSWER"))["duration"] == "3"


@pytest.mark.quirk("failed-duration")
def test_a_failed_call_lasts_as_long_as_it_took_or_no_time() -> None:
    """The duration of a FAILED row is what passed, or zero; that of others stays."""
    failed = leg("FAILED", "Playback", lastdata="ss-noservice")
    assert [cdr(failed, failed_duration=value)["duration"] for value in ("passed", "zero")] == ["3", "0"]
    assert cdr(failed) == cdr(failed, failed_duration="passed")
    for of in (leg(), leg("NO ANSWER"), leg("BUSY")):
        assert cdr(of, failed_duration="zero") == cdr(of)


@pytest.mark.quirk("service")
@pytest.mark.parametrize("name", [G1, G2, G3])
def test_service_is_s_or_what_is_chosen(name: str) -> None:
    """The column holds the letter of every sample, or any other text."""
    assert cdr(leg(), name)["service"] == cdr(leg(), name, service="s")["service"] == "s"
    assert cdr(leg(), name, service="default")["service"] == "default"


@pytest.mark.quirk("local-times")
def test_times_are_local_and_an_hour_comes_twice() -> None:
    """Two calls an hour apart begin at the same local time when clocks go back; uniqueid and file name tell them apart."""
    first = leg()
    second = int(datetime(2025, 11, 2, 6, 30, tzinfo=UTC).timestamp()) * SECOND
    at = [first._replace(call=first.call._replace(start=start), start=start, turn=start, end=start + 5 * SECOND)
          for start in (second, second + 3600 * SECOND)]  # fmt: skip
    rows = [cdr(one) for one in at]
    assert [row["start"] for row in rows] == ["2025-11-02 01:30:00"] * 2
    assert len({row["uniqueid"] for row in rows}) == len({row["recordfiles"] for row in rows}) == 2


@pytest.mark.quirk("congestion")
def test_congestion_is_a_failure_or_a_disposition_of_its_own() -> None:
    """Only a call that ended in congestion is told apart, and its other columns stay."""
    met, other = leg("FAILED", "Congestion", lastdata="10"), leg("FAILED", "Playback")
    assert [cdr(met, congestion=value)["disposition"] for value in ("FAILED", "CONGESTION")] == ["FAILED", "CONGESTION"]
    assert cdr(met)["disposition"] == cdr(other, congestion="CONGESTION")["disposition"] == "FAILED"
    assert cdr(met, G3_PJSIP, congestion="CONGESTION")["end"] == ""


@pytest.mark.quirk("session-microseconds")
def test_the_microseconds_of_a_session_are_padded_or_not() -> None:
    """67640 microseconds after the second are five digits, or six with a zero in front."""
    epoch = BEGAN // SECOND
    assert cdr(leg())["session"] == cdr(leg(), session_microseconds="unpadded")["session"] == f"{epoch}67640-1001"
    assert cdr(leg(), session_microseconds="padded")["session"] == f"{epoch}067640-1001"


# Voicemail


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("name", [G3, G3_PJSIP])
def test_a_call_that_voicemail_takes_is_two_rows_or_one(name: str) -> None:
    """The one row was dialled, and answered by the mailbox: https-api 5.2. Messages are the same."""
    two, one = (made(name, "voicemail-row", value) for value in ("second", "none"))
    assert two == made(name)
    taken = {record.row[AT["session"]]: record for record in of_shape(two, "voicemail")
             if record.row[AT["action_type"]] == "VM"}  # fmt: skip
    rung = {record.row[AT["session"]]: record for record in of_shape(two, "voicemail")
            if record.row[AT["action_type"]] == "DIAL"}  # fmt: skip
    assert len(taken) == len(rung) > 10
    assert len(one) == len(two) - len(taken)
    acctid = 0 if name == G3_PJSIP else AT["AcctId"]
    by_session = {record.row[AT["session"]]: record for record in of_shape(one, "voicemail")}
    others = [[record.row[acctid + 1 :] for record in records if not of_shape([record], "voicemail")]
              for records in (one, two)]  # fmt: skip
    assert others[0] == others[1]
    for session, second in taken.items():
        whole = dict(zip(NAMES, by_session[session].row, strict=True))
        first, last = (dict(zip(NAMES, part.row, strict=True)) for part in (rung[session], second))
        assert by_session[session].recordings == second.recordings
        assert (whole["lastapp"], whole["lastdata"], whole["dstchannel"]) == ("Dial", first["lastdata"], "")
        assert (whole["start"], whole["answer"], whole["end"]) == (first["start"], last["answer"], last["end"])
        assert int(whole["duration"]) - int(first["duration"]) - int(last["duration"]) in {0, 1}
        same = {"billsec", "disposition", "dstanswer", "action_type", "uniqueid", "clid", "src", "dst", "recordfiles"}
        assert {column: whole[column] for column in same} == {column: last[column] for column in same}


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("name", [G1, G2])
def test_older_firmware_may_have_a_second_row_too(name: str) -> None:
    """It writes one; with the other value, one that nobody answered and one of the mailbox, with the same messages."""
    one, two = (made(name, "voicemail-row", value) for value in ("none", "second"))
    assert one == made(name)
    taken = [record for record in of_shape(two, "voicemail") if record.row[AT["lastapp"]] == "VoiceMail"]
    assert column(of_shape(one, "voicemail"), "lastapp") == ["VoiceMail"] * len(taken)
    assert len(two) - len(one) == len(taken) > 10
    assert [record.recordings for record in two if record.recordings] == [
        record.recordings for record in one if record.recordings
    ]
    rung = {record.row[AT["uniqueid"]]: record for record in of_shape(two, "voicemail") if record not in taken}
    for record in taken:
        first, last = (dict(zip(NAMES, part.row, strict=True)) for part in (rung[record.row[AT["uniqueid"]]], record))
        assert (first["disposition"], first["lastapp"], first["billsec"]) == ("NO ANSWER", "Dial", "0")
        assert (last["disposition"], last["start"], last["lastdata"]) == (
            "ANSWERED",
            first["end"],
            f"{last['dst']}@default,n",
        )


@pytest.mark.quirk("one-row-lastapp")
def test_the_one_row_of_a_mailbox_was_dialled_or_left_a_message() -> None:
    """It has Dial and the dial string, or VoiceMail and the mailbox; where there are two rows nothing changes."""
    told = {value: [cdr(LEFT, name, voicemail_row="none", one_row_lastapp=value)[part]
                    for name in (G1, G3) for part in ("lastapp", "lastdata", "dstchannel")]
            for value in ("Dial", "VoiceMail")}  # fmt: skip
    plain, contact = "SIP/1001,60,", cdr(RUNG)["lastdata"]
    assert told == {
        "Dial": ["Dial", plain, "", "Dial", contact, ""],
        "VoiceMail": ["VoiceMail", "1001@default,n", ""] * 2,
    }
    assert [cdr(LEFT, name, voicemail_row="none")["lastapp"] for name in (G1, G2, G3, G3_PJSIP)] == [
        *["VoiceMail"] * 2, *["Dial"] * 2,
    ]  # fmt: skip
    for value in ("Dial", "VoiceMail"):
        assert cdr(LEFT, voicemail_row="second", one_row_lastapp=value)["lastapp"] == "VoiceMail"
        assert cdr(RUNG, one_row_lastapp=value) == cdr(RUNG)


@pytest.mark.quirk("voicemail-reason")
@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_what_voicemail_is_told_ends_with_one_letter(name: str) -> None:
    """It is u on a UCM62xx, and the n of the other capture elsewhere."""
    told = [cdr(LEFT, name, voicemail_reason=value)["lastdata"] for value in ("option-u", "option-n")]
    assert told == ["1001@default,u", "1001@default,n"]
    assert cdr(LEFT, name)["lastdata"] == f"1001@default,{'u' if name == G3_PJSIP else 'n'}"
    assert cdr(RUNG, name, voicemail_reason="option-n") == cdr(RUNG, name)


@pytest.mark.quirk("voicemail-text")
@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_a_text_stands_beside_a_message_or_not(name: str) -> None:
    """The sound is the same and rows are no others; without texts there are only messages less."""
    written, none = (firmware(name, voicemail_text=value).recordings(LEFT, 3) for value in ("written", "none"))
    assert written == firmware(name).recordings(LEFT, 3)
    assert [one.name for one in written] == ["msg0003.wav", "msg0003.txt"]
    assert none == written[:1]
    few = made(name, "voicemail-text", "none")
    assert [record.row for record in few] == [record.row for record in made(name)]
    assert [record.recordings for record in few] == [record.recordings[:1] for record in made(name)]


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("value", ["second", "none"])
def test_account_ids_have_no_gap_where_a_row_is_not_written(value: str) -> None:
    """AcctId counts the rows that are written."""
    records = made(G3, "voicemail-row", value)
    assert column(records, "AcctId") == [str(at) for at in range(1, len(records) + 1)]


@pytest.mark.quirk("voicemail-uniqueid")
@pytest.mark.parametrize(("name", "step"), [(G3, 1), (G3_PJSIP, 2)])
def test_the_row_of_a_mailbox_shares_a_uniqueid_or_has_its_own(name: str, step: int) -> None:
    """Both rows have the caller's channel; or the second has the next one, made when the mailbox took the call."""
    began, later = BEGAN // SECOND, BEGAN // SECOND + 60
    shared, own = ([cdr(of, name, voicemail_uniqueid=value)["uniqueid"] for of in (RUNG, LEFT)]
                   for value in ("shared", "own"))  # fmt: skip
    assert shared == [cdr(of, name)["uniqueid"] for of in (RUNG, LEFT)] == [f"{began}.{6 * step}"] * 2
    assert own == [f"{began}.{6 * step}", f"{later}.{7 * step}"]


@pytest.mark.quirk("voicemail-uniqueid")
def test_a_uniqueid_of_its_own_is_nobody_elses() -> None:
    """With the quirk every row of a call that was rung has another uniqueid; without it two rows share one."""
    own, shared = (column(of_shape(made(G3, "voicemail-uniqueid", value), "answered", "no-answer", "voicemail"), "uniqueid")
                   for value in ("own", "shared"))  # fmt: skip
    assert len(set(own)) == len(own) > len(set(shared))


# Conferences


@pytest.mark.quirk("conference-action")
def test_the_action_of_a_conference_has_a_number_or_not() -> None:
    """It is the word with the room's number in brackets, or the word alone."""
    told = [cdr(MET, conference_action=value)["action_type"] for value in ("numbered", "plain")]
    assert told == ["CONFERENCE[6300]", "CONFERENCE"]
    assert cdr(MET) == cdr(MET, conference_action="numbered")
    assert cdr(leg(), conference_action="plain") == cdr(leg())


@pytest.mark.quirk("conference-channel")
@pytest.mark.parametrize("name", [G1, G2, G3, G3_PJSIP])
def test_a_conference_has_no_second_channel_or_a_pseudo_one(name: str) -> None:
    """The column is blank, or has the channel that was made beside the caller's."""
    told = [cdr(MET, name, conference_channel=value)["dstchannel"] for value in ("blank", "pseudo")]
    assert told == ["", "DAHDI/pseudo-7"]
    assert cdr(MET, name) == cdr(MET, name, conference_channel="blank")
    for of in (leg(), LEFT, leg("FAILED", "Playback")):
        assert cdr(of, name, conference_channel="pseudo") == cdr(of, name)


@pytest.mark.quirk("conference-recording-name")
def test_the_recording_of_a_conference_is_named_by_its_beginning_or_not() -> None:
    """The second in which it began ends the name, or the uniqueid does; rows do not say."""
    epoch = BEGAN // SECOND
    told = [kept(MET, conference_recording_name=value).path for value in ("epoch", "none")]
    assert told == [f"meetme/meetme-conf-rec-6300-{epoch}.6-{epoch}.wav", f"meetme/meetme-conf-rec-6300-{epoch}.6.wav"]
    assert kept(MET) == kept(MET, conference_recording_name="epoch")
    assert cdr(MET, conference_recording_name="none") == cdr(MET)
    assert kept(leg(), conference_recording_name="none") == kept(leg())


# Recordings


@pytest.mark.quirk("recordfiles-end")
def test_a_name_in_recordfiles_is_followed_by_an_at_or_parted_by_it() -> None:
    """One name ends with @ or not; of two, one is between them either way."""
    name = f"auto-{BEGAN // SECOND + 1}-1001-1002.wav"
    assert cdr(leg())["recordfiles"] == cdr(leg(), recordfiles_end="each")["recordfiles"] == f"{name}@"
    assert cdr(leg(), recordfiles_end="between")["recordfiles"] == name
    two = (kept(leg()), Recording("monitor/2026-02", "b.wav", 0))
    each, between = (firmware(recordfiles_end=value).row(leg(), two) for value in ("each", "between"))
    assert each[AT["recordfiles"]] == f"{name}@2026-02/b.wav@"
    assert between[AT["recordfiles"]] == f"{name}@2026-02/b.wav"
    assert [cdr(RUNG, recordfiles_end=value)["recordfiles"] for value in ("each", "between")] == ["", ""]


@pytest.mark.quirk("recording-directory")
def test_recordings_stand_in_monitor_or_by_the_month() -> None:
    """The month is the local one in which the recording's name says that it began."""
    name = f"auto-{BEGAN // SECOND + 1}-1001-1002.wav"
    flat, month = (kept(leg(), recording_directory=value) for value in ("flat", "month"))
    assert (flat.path, month.path) == (f"monitor/{name}", f"monitor/2026-01/{name}")
    assert cdr(leg(), recording_directory="flat")["recordfiles"] == f"{name}@"
    assert cdr(leg(), recording_directory="month")["recordfiles"] == f"2026-01/{name}@"
    assert [kept(leg(), name).directory for name in (G1, G2, G3)] == ["monitor"] * 3
    assert kept(leg(), G3_PJSIP).directory == "monitor/2026-01"


@pytest.mark.quirk("recording-epoch")
def test_the_epoch_in_a_name_is_that_of_the_call_or_of_the_answer() -> None:
    """It is the second after the call began, or the one in which it was answered, which may be in the next month."""
    dial, answer = (kept(leg(), G3_PJSIP, recording_epoch=value) for value in ("dial", "answer"))
    assert dial == kept(leg(), G3_PJSIP)
    assert dial.path == f"monitor/2026-01/auto-{BEGAN // SECOND + 1}-1001-1002.wav"
    assert answer.path == f"monitor/2026-02/auto-{BEGAN // SECOND + 3}-1001-1002.wav"
    told = [cdr(leg(), G3_PJSIP, recording_epoch=value)["recordfiles"] for value in ("dial", "answer")]
    assert told == [f"{one.path.removeprefix('monitor/')}@" for one in (dial, answer)]


@pytest.mark.quirk("recording-length")
@pytest.mark.parametrize(("rounding", "billsec"), [("apart", 10), ("displayed", 11)])
def test_a_recording_is_as_long_as_the_talk_or_as_billsec(rounding: str, billsec: int) -> None:
    """10.9 seconds are 87200 samples; or there are whole seconds, as many as are billed."""
    talk, billed = (kept(leg(), recording_length=value, duration_rounding=rounding) for value in ("talk", "billsec"))
    assert (talk.samples, billed.samples) == (87200, 8000 * billsec)
    assert cdr(leg(), duration_rounding=rounding)["billsec"] == str(billsec)
    assert kept(leg()) == kept(leg(), recording_length="talk")


# Worked rows


def test_the_row_of_an_inside_call_is_that_of_the_guide() -> None:
    """The oldest firmware writes what the guide's sample has, but for who and when. Spec 4.2."""
    call = Call("Internal", Party("5300", "", "5300"), Party("5301", "", "5301"), 1386092800 * SECOND, 0)
    of = Leg(
        call, call.callee, call.start, call.start + 3 * SECOND, call.start + 9 * SECOND, "ANSWERED", "Dial", "DIAL"
    )
    shown = [cdr(of, G1)[name] for name in GENERATIONS["G1"].columns]
    assert shown == [
        "", "", "5300", "5301", "from-internal", '"" <5300>', "SIP/5300-00000000", "SIP/5301-00000001", "Dial",
        "SIP/5301,60,", "2013-12-03 11:46:40", "2013-12-03 11:46:43", "2013-12-03 11:46:49", "9", "6", "ANSWERED",
        "DOCUMENTATION", "1386092800.0", "EXT", "5300", "5301", "s",
    ]  # fmt: skip


def test_the_row_of_an_outbound_call_is_that_of_a_capture() -> None:
    """A UCM62xx writes the route, the trunk, and both by name. Https-api 5.2."""
    written: dict[str, Any] = cdr(OUTBOUND, G3_PJSIP)
    epoch = BEGAN // SECOND
    assert written == dict.fromkeys(("AcctId", "accountcode", "chanext", "dstchanext", "src_trunk_name"), "") | {
        "src": "1001", "dst": "3125550123", "dcontext": "outbound-route-2", "clid": '"Ann Lee" <1001>',
        "channel": "PJSIP/1001-00000006", "dstchannel": "PJSIP/trunk_2-00000007", "lastapp": "Dial",
        "lastdata": "PJSIP/3125550123@trunk_2,,TKXM(record-check,StartMonitor)b(callee-handler^s^1)", "start": "2026-01-31 23:59:58",
        "answer": "2026-02-01 00:00:01", "end": "2026-02-01 00:00:12", "duration": "14", "billsec": "10",
        "disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": f"{epoch}.12", "userfield": "Outbound",
        "channel_ext": "1001", "dstchannel_ext": "trunk_2", "service": "s", "caller_name": "Ann Lee",
        "recordfiles": f"2026-01/auto-{epoch + 1}-1001-3125550123.wav@", "dstanswer": "3125550123",
        "session": f"{epoch}67640-1001", "action_owner": "1001", "action_type": "DIAL", "dst_trunk_name": "carrier-b",
    }  # fmt: skip
