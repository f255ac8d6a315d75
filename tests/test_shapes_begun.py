"""Calls that the unit itself begins: helper channels, callbacks, and calls by the API."""

from __future__ import annotations

import pytest

from tests.shaped import DEVICES, columns, rows
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import talks
from ucmsim.calls.shapes import BY_ID
from ucmsim.calls.stage import example
from ucmsim.calls.truths import of_leg
from ucmsim.instants import SECOND


def test_on_a_helper_channel_nobody_talks_and_a_callback_is_taken_by_the_ivr() -> None:
    """The second channel of each: none of its own, and who asked for the call."""
    assert list(talks(BY_ID["helper-channel"].story(example())[1])) == []
    (talk,) = talks(BY_ID["callback"].story(example())[1])
    assert (talk.to.number, (talk.until - talk.since) / SECOND) == ("7000", 23.4)


def truths(shape: str, kind: str = "") -> list[tuple[str, ...]]:
    """Return what is stored of the truth of each leg of a shape, without the instants."""
    story = BY_ID[shape].story(example(), kind)
    found = [of_leg(leg) for call in story for leg in legs(call, story)]
    return [(one.kind, one.caller, one.reached, one.trunk_in, one.trunk_out) for one in found]


def test_what_the_pbx_begins_goes_out_whatever_its_rows_say() -> None:
    """It is the unit that pays for the trunk of a callback and of a call by the API; a helper's leg is no call."""
    carrier = "carrier-b"
    assert truths("callback") == [
        ("Inbound", "07700900699", "3125550199", carrier, ""), ("Outbound", "07700900699", "7000", "", carrier),
    ]  # fmt: skip
    assert truths("api-call", "Inbound") == [
        ("Outbound", "api", "07700900699", "", carrier), ("Outbound", "07700900699", "1001", "", carrier),
    ]  # fmt: skip
    assert truths("api-call", "Outbound") == [
        ("Internal", "api", "1001", "", ""), ("Outbound", "1001", "07700900699", "", carrier),
    ]  # fmt: skip
    assert truths("api-call", "Internal") == [("Internal", "api", "1001", "", ""), ("Internal", "1001", "1002", "", "")]
    assert [kind for kind, *_ in truths("helper-channel")] == ["Inbound", "Inbound", "Helper"]
    assert {row["userfield"] for row in rows("callback")} == {"Inbound"}
    assert [row["userfield"] for row in rows("api-call", kind="Outbound")] == ["Internal", "Outbound"]


@pytest.mark.quirk("helper-channels")
def test_a_helper_channel_has_a_row_beside_the_call_or_none() -> None:
    """Both ends of the channel, of which the second one calls; the row is in the session of the call."""
    for name, technology in (("ucm6510", "SIP"), ("ucm6200", "PJSIP")):
        shown = rows("helper-channel", name)
        assert columns(shown, "channel", "dstchannel")[1:] == [
            (f"{technology}/trunk_2-000004ec", "Local/1003@from-internal-000004ee;1"),
            ("Local/1003@from-internal-000004ee;2", f"{technology}/1003-000004ef"),
        ]
        assert shown[1]["lastdata"].startswith("Local/1003@from-internal,60,")
        assert len({row["session"] for row in shown}) == 1
        assert len({row["uniqueid"] for row in shown}) == 2
        assert [row["recordfiles"] != "" for row in shown] == [False, True, False]
        assert rows("helper-channel", name, helper_channels="hidden") == shown[:2]
    told = rows("helper-channel", internal_context="ext-local", kind="Internal")
    assert [row["dcontext"] for row in told] == ["ext-local", "ext-local", "from-internal"]


@pytest.mark.quirk("callback-row")
def test_a_callback_has_two_rows_or_that_of_the_call_back() -> None:
    """Each is called CALLBACK, without a number; the unit rings before the IVR takes the call."""
    two, one = (rows("callback", callback_row=value) for value in ("two", "one"))
    assert two == rows("callback")
    assert [row | {"AcctId": "2"} for row in one] == two[1:]
    names = ("dst", "lastapp", "disposition", "duration", "billsec", "action_type")
    assert columns(two, *names) == [
        ("3125550199", "Hangup", "FAILED", "1", "0", "CALLBACK"), ("7000", "ReadExten", "ANSWERED", "37", "23", "CALLBACK"),
    ]  # fmt: skip
    assert {row["src"] for row in two} == {"07700900699"}
    assert [row["dstchannel"] for row in rows("callback", failed_channel="dialled")] == ["", ""]


@pytest.mark.quirk("api-call", "api-call-row")
def test_a_call_that_the_api_begins_is_said_to_come_from_it_or_from_who_is_called_first() -> None:
    """In src, action_owner, clid, session and the name of the recording; the first party has a row or none."""
    told = {name: rows("api-call", name)[0]["src"] for name in DEVICES}
    assert told == dict.fromkeys(DEVICES, "07700900699") | {"ucm6200-1.0.20": "api"}
    first, talk = rows("api-call", api_call="api")
    assert (
        columns([first, talk], "src", "action_owner", "clid", "caller_name")
        == [("api", "api", '"07700900699" <api>', "07700900699")] * 2
    )
    assert first["session"] == talk["session"]
    assert talk["session"].endswith("-api")
    assert talk["recordfiles"] == "auto-1661157853-api-1001.wav@"
    assert columns([first, talk], "dst", "lastapp", "billsec", "src_trunk_name", "dst_trunk_name") == [
        ("07700900699", "AppDial", "0", "carrier-b", ""), ("1001", "Dial", "420", "carrier-b", ""),
    ]  # fmt: skip
    (own, _) = rows("api-call", api_call="extension", kind="Outbound")
    assert (own["src"], own["clid"], own["session"].partition("-")[2]) == ("1001", '"Ann Lee" <1001>', "1001")
    for kind in BY_ID["api-call"].kinds:
        both, one = (rows("api-call", kind=kind, api_call_row=value) for value in ("two", "one"))
        assert [row | {"AcctId": "2"} for row in one] == both[1:]
        assert (both[0]["dcontext"], both[0]["dstchannel"]) == (
            "ext-did-2" if kind == "Inbound" else "from-internal",
            "",
        )
