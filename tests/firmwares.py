"""Legs, four days of calls, and what a firmware with chosen quirks writes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from tests.offices import office_of
from ucmsim.calls import Firmware, Office
from ucmsim.calls.events import Call, Party, Role
from ucmsim.calls.legs import Leg
from ucmsim.calls.shapes import Story
from ucmsim.calls.traffic import Traffic as Calls
from ucmsim.calls.world import CallWorld
from ucmsim.columns import AT, NAMES
from ucmsim.instants import SECOND, microseconds
from ucmsim.personalities import personality
from ucmsim.quirks import Value
from ucmsim.register import Quirks
from ucmsim.settings import Extensions, Traffic, Trunk
from ucmsim.settings import Recording as RecordingSettings
from ucmsim.store.records import Record, Recording

CHICAGO = ZoneInfo("America/Chicago")

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


def of_shape(records: list[Record], *shapes: str) -> list[Record]:
    """Return the records of calls of these shapes."""
    return [record for record in records if record.truth and record.truth.shape in shapes]


def column(records: list[Record], name: str) -> list[str]:
    """Return what stands in one column."""
    return [record.row[AT[name]] for record in records]
