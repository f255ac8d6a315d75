"""What a firmware writes into lastdata: where it is cut, and the dial strings of extensions and trunks."""

from __future__ import annotations

import pytest

from tests.firmwares import G1, G2, G3, G3_PJSIP, OUTBOUND, OUTSIDE, cdr, leg
from ucmsim.calls.legs import Leg


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
