"""What a firmware writes of who called whom and over which channels, and whole rows beside those of the documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.firmwares import (
    ANN,
    BEGAN,
    BOB,
    G1,
    G2,
    G3,
    G3_PJSIP,
    INBOUND,
    LEFT,
    MET,
    OUTBOUND,
    OUTSIDE,
    RUNG,
    cdr,
    firmware,
    kept,
    leg,
)
from ucmsim.calls.events import Call, CallerId, Party
from ucmsim.calls.legs import Leg
from ucmsim.columns import GENERATIONS
from ucmsim.instants import SECOND


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


@pytest.mark.quirk("service")
@pytest.mark.parametrize("name", [G1, G2, G3])
def test_service_is_s_or_what_is_chosen(name: str) -> None:
    """The column holds the letter of every sample, or any other text."""
    assert cdr(leg(), name)["service"] == cdr(leg(), name, service="s")["service"] == "s"
    assert cdr(leg(), name, service="default")["service"] == "default"


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
