"""The worked examples of the protocol, whole: heads and documents of the other generations, and example 25."""

from __future__ import annotations

import re
from functools import partial

import pytest

from tests.guide import (
    H2,
    H3,
    JSON_G2,
    JSON_G3,
    NO_JSON,
    NO_XML,
    STANDING,
    XML_G2,
    XML_G3,
    H,
    csv,
    head13,
    json,
    ok,
    page,
    unauthorized,
    xml,
)
from tests.guideclient import Start, get, nonce_of, request
from tests.rawclient import exchange
from ucmsim.pytest_plugin import Ucm

pytestmark = pytest.mark.ucmsim(clock=STANDING)
settings = pytest.mark.ucmsim


@pytest.mark.quirk("head-order")
@pytest.mark.quirk("server")
@settings(quirks={"head-order": 13, "server": "Asterisk/16.2 (lab)"})
def test_head_of_ones_own(ucm: Ucm) -> None:
    """Head order and Server can be chosen on any personality; the page's own server line stays."""
    head = partial(head13, server="Asterisk/16.2 (lab)")
    refused = exchange(ucm, request("/cdrapi"))
    assert refused == unauthorized(nonce_of(refused), head=head)
    assert get(ucm, "/cdrapi") == csv(62, 63, 64, head=head)


@settings(personality="ucm6510-1.0.5")
def test_g2_documents(ucm: Ucm) -> None:
    """G2 appends five columns and keeps the root."""
    assert get(ucm, "/cdrapi") == csv(62, 63, 64, more=H2, fill=",,,,,")
    assert get(ucm, "/cdrapi?format=xml") == xml(62, 63, 64, more=XML_G2)
    assert get(ucm, "/cdrapi?format=json") == json(62, 63, 64, more=JSON_G2)
    assert get(ucm, "/cdrapi?format=json&caller=") == NO_JSON


G3_JSON = partial(json, root="cdr_root", first='"cdr": "", ', more=JSON_G2 + JSON_G3)
NO_G3_JSON = ok("application/json", '{\n"cdr_root":\n[\n]\n}\n')


@settings(personality="ucm6510")
def test_g3_documents(ucm: Ucm) -> None:
    """G3 appends ten columns, renames the JSON root, and begins each entry with the session."""
    assert get(ucm, "/cdrapi") == csv(62, 63, 64, more=H2 + H3, fill=",,,,,,,,,,")
    assert get(ucm, "/cdrapi?format=xml") == xml(62, 63, 64, more=XML_G2 + XML_G3)
    assert get(ucm, "/cdrapi?format=json") == G3_JSON(62, 63, 64)
    assert get(ucm, "/cdrapi?format=json&caller=") == NO_G3_JSON
    assert get(ucm, "/cdrapi?format=xml&caller=") == NO_XML
    assert get(ucm, "/cdrapi?caller=") == csv(more=H2 + H3)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("G1", marks=settings(personality="ucm6100-1.0.9")),
        pytest.param("G1", marks=settings(personality="ucm6510-1.0.2")),
        pytest.param("G3", marks=settings(personality="ucm6100-1.0.18")),
        pytest.param("G3", marks=settings(personality="ucm6510-1.0.10")),
        pytest.param("G3", marks=settings(personality="ucm6200-1.0.10")),
    ],
)
def test_generation_of_the_personality(kind: str, ucm: Ucm) -> None:
    """Each personality with the head of Asterisk 11 answers in the JSON of its generation."""
    assert get(ucm, "/cdrapi?format=json") == (json if kind == "G1" else G3_JSON)(62, 63, 64)


@pytest.mark.quirk("head-order")
@pytest.mark.quirk("server")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=settings(personality=name)) for name in ("ucm6200", "ucm6200-1.0.20")],
)
def test_asterisk_13_head(name: str, ucm: Ucm) -> None:
    """The ucm6200 sends Content-Length last, after the handler's own lines."""
    refused = exchange(ucm, request("/cdrapi"))
    assert refused == unauthorized(nonce_of(refused), head=head13)
    assert get(ucm, "/cdrapi") == csv(62, 63, 64, more=H2 + H3, fill=",,,,,,,,,,", head=head13)
    assert get(ucm, "/cdrapi?format=json") == G3_JSON(62, 63, 64, head=head13)
    text = "The requested URL was not found on this server."
    assert exchange(ucm, request("/foo")) == page("404 Not Found", "Not Found", text, 247, head=head13)


SESSION = "138609720067640-7739200001"
RING_GROUP_CSV = (
    f"{H}{H2}{H3}\n"
    '101,,7739200001,5552000,ext-did-2,"" <7739200001>,SIP/trunk_2-00000010,,ForkCDR,ae,2013-12-03 13:00:00,'
    "2013-12-03 13:00:00,2013-12-03 13:00:00,0,0,NO ANSWER,DOCUMENTATION,1386097200.16,Inbound,trunk_2,5552000,s,,,,,,"
    f"{SESSION},7739200001,DIAL,Carrier A,\n"
    '102,,7739200001,6400,ivr-from-internal,"" <7739200001>,SIP/trunk_2-00000010,,ForkCDR,are,2013-12-03 13:00:00,'
    "2013-12-03 13:00:00,2013-12-03 13:00:09,9,0,ANSWERED,DOCUMENTATION,1386097200.16,Inbound,trunk_2,6400,s,,,6400,,,"
    f"{SESSION},7739200001,RINGGROUP[6400],Carrier A,\n"
    '103,,7739200001,5300,from-internal,"" <7739200001>,SIP/trunk_2-00000010,SIP/5300-00000011,Dial,'
    "SIP/5300&SIP/5301,30,t,2013-12-03 13:00:09,2013-12-03 13:00:15,2013-12-03 13:00:15,6,0,NO ANSWER,DOCUMENTATION,"
    f"1386097200.16,Inbound,trunk_2,5300,s,,,,,,{SESSION},7739200001,DIAL,Carrier A,\n"
    '104,,7739200001,5301,from-internal,"" <7739200001>,SIP/trunk_2-00000010,SIP/5301-00000012,Dial,'
    "SIP/5300&SIP/5301,30,t,2013-12-03 13:00:09,2013-12-03 13:00:09,2013-12-03 13:02:09,120,120,ANSWERED,"
    "DOCUMENTATION,1386097200.16,Inbound,trunk_2,5301,s,,auto-1386097210#5301-7739200001-6400.wav@,5301,,,"
    f"{SESSION},7739200001,DIAL,Carrier A,\n"
)
LEGS = (
    (
        '{ "AcctId": "101", "accountcode": "", "src": "7739200001", "dst": "5552000", "dcontext": "ext-did-2", '
        r'"clid": "\"\" <7739200001>", "channel": "SIP/trunk_2-00000010", "dstchannel": "", "lastapp": "ForkCDR", '
        '"lastdata": "ae", "start": "2013-12-03 13:00:00", "answer": "2013-12-03 13:00:00", '
        '"end": "2013-12-03 13:00:00", "duration": "0", "billsec": "0", "disposition": "NO ANSWER", '
        '"amaflags": "DOCUMENTATION", "uniqueid": "1386097200.16", "userfield": "Inbound", "channel_ext": "trunk_2", '
        '"dstchannel_ext": "5552000", "service": "s", "caller_name": "", "recordfiles": "", "dstanswer": "", '
        f'"chanext": "", "dstchanext": "", "session": "{SESSION}", "action_owner": "7739200001", '
        '"action_type": "DIAL", "src_trunk_name": "Carrier A", "dst_trunk_name": "" }'
    ),
    (
        '{ "AcctId": "102", "accountcode": "", "src": "7739200001", "dst": "6400", "dcontext": "ivr-from-internal", '
        r'"clid": "\"\" <7739200001>", "channel": "SIP/trunk_2-00000010", "dstchannel": "", "lastapp": "ForkCDR", '
        '"lastdata": "are", "start": "2013-12-03 13:00:00", "answer": "2013-12-03 13:00:00", '
        '"end": "2013-12-03 13:00:09", "duration": "9", "billsec": "0", "disposition": "ANSWERED", '
        '"amaflags": "DOCUMENTATION", "uniqueid": "1386097200.16", "userfield": "Inbound", "channel_ext": "trunk_2", '
        '"dstchannel_ext": "6400", "service": "s", "caller_name": "", "recordfiles": "", "dstanswer": "6400", '
        f'"chanext": "", "dstchanext": "", "session": "{SESSION}", "action_owner": "7739200001", '
        '"action_type": "RINGGROUP[6400]", "src_trunk_name": "Carrier A", "dst_trunk_name": "" }'
    ),
    (
        '{ "AcctId": "103", "accountcode": "", "src": "7739200001", "dst": "5300", "dcontext": "from-internal", '
        r'"clid": "\"\" <7739200001>", "channel": "SIP/trunk_2-00000010", "dstchannel": "SIP/5300-00000011", '
        '"lastapp": "Dial", "lastdata": "SIP/5300&SIP/5301,30,t", "start": "2013-12-03 13:00:09", '
        '"answer": "2013-12-03 13:00:15", "end": "2013-12-03 13:00:15", "duration": "6", "billsec": "0", '
        '"disposition": "NO ANSWER", "amaflags": "DOCUMENTATION", "uniqueid": "1386097200.16", "userfield": "Inbound", '
        '"channel_ext": "trunk_2", "dstchannel_ext": "5300", "service": "s", "caller_name": "", "recordfiles": "", '
        f'"dstanswer": "", "chanext": "", "dstchanext": "", "session": "{SESSION}", "action_owner": "7739200001", '
        '"action_type": "DIAL", "src_trunk_name": "Carrier A", "dst_trunk_name": "" }'
    ),
    (
        '{ "AcctId": "104", "accountcode": "", "src": "7739200001", "dst": "5301", "dcontext": "from-internal", '
        r'"clid": "\"\" <7739200001>", "channel": "SIP/trunk_2-00000010", "dstchannel": "SIP/5301-00000012", '
        '"lastapp": "Dial", "lastdata": "SIP/5300&SIP/5301,30,t", "start": "2013-12-03 13:00:09", '
        '"answer": "2013-12-03 13:00:09", "end": "2013-12-03 13:02:09", "duration": "120", "billsec": "120", '
        '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386097200.16", "userfield": "Inbound", '
        '"channel_ext": "trunk_2", "dstchannel_ext": "5301", "service": "s", "caller_name": "", '
        '"recordfiles": "auto-1386097210#5301-7739200001-6400.wav@", "dstanswer": "5301", '
        f'"chanext": "", "dstchanext": "", "session": "{SESSION}", "action_owner": "7739200001", '
        '"action_type": "DIAL", "src_trunk_name": "Carrier A", "dst_trunk_name": "" }'
    ),
)


def main_cdr(begin: str, dst: str, action: str, duration: int, billsec: int) -> str:
    """Return the main_cdr of the call: who and when of its first row, the sums of all, the rest empty."""
    return (
        f'"main_cdr": {{ "AcctId": "", "accountcode": "", "src": "7739200001", "dst": "{dst}", "dcontext": "", '
        '"clid": "", "channel": "", "dstchannel": "", "lastapp": "", "lastdata": "", '
        f'"start": "2013-12-03 {begin}", "answer": "", "end": "", "duration": "{duration}", "billsec": "{billsec}", '
        '"disposition": "", "amaflags": "", "uniqueid": "", "userfield": "", "channel_ext": "", '
        '"dstchannel_ext": "", "service": "", "caller_name": "", "recordfiles": "", "dstanswer": "", "chanext": "", '
        f'"dstchanext": "", "session": "{SESSION}", "action_owner": "", "action_type": "{action}", '
        '"src_trunk_name": "", "dst_trunk_name": "" }'
    )


def group(main: str, *legs: str) -> str:
    subs = "".join(f', "sub_cdr_{number}": {leg}' for number, leg in enumerate(legs, 1))
    return f'{{ "cdr": "{SESSION}", {main}{subs} }}'


def alone(leg: str) -> str:
    return f'{{ "cdr": "{SESSION}", {leg.removeprefix("{ ")}'


def cdr_root(*entries: str) -> bytes:
    listed = ",\n".join(entries)
    return ok("application/json", f'{{\n"cdr_root":\n[\n{listed}\n]\n}}\n')


def test_example_25(start: Start) -> None:
    """A call into an IVR and a ring group is one entry: its sums, the DID row, the ring group's row, the members."""
    ucm = start(RING_GROUP_CSV, personality="ucm6510")
    whole = group(main_cdr("13:00:00", "5552000", "DIAL", 135, 120), *LEGS)
    assert get(ucm, "/cdrapi?format=JSON") == cdr_root(whole)
    assert get(ucm, "/cdrapi") == ok("text/csv", RING_GROUP_CSV)


def test_example_25_on_two_pages(start: Start) -> None:
    """Pages count rows: a session can be cut in two, and what is left of it may stand alone."""
    ucm = start(RING_GROUP_CSV, personality="ucm6510")
    first = group(main_cdr("13:00:00", "5552000", "DIAL", 15, 0), *LEGS[:3])
    assert get(ucm, "/cdrapi?format=JSON&numRecords=3") == cdr_root(first)
    assert get(ucm, "/cdrapi?format=JSON&numRecords=3&offset=3") == cdr_root(alone(LEGS[3]))
    middle = group(main_cdr("13:00:00", "6400", "RINGGROUP[6400]", 15, 0), *LEGS[1:3])
    assert get(ucm, "/cdrapi?format=JSON&numRecords=2&offset=1") == cdr_root(middle)


def test_example_25_in_xml(start: Start) -> None:
    """XML has flat rows and escapes what a dial string holds."""
    body = get(start(RING_GROUP_CSV, personality="ucm6510"), "/cdrapi?format=XML&callee=5301")
    elements = re.findall(rb"<(\w+)>([^<]+)</\1>\n", body.replace(b"<cdr>\n", b"").replace(b"</cdr>\n", b""))
    assert (b"lastdata", b"SIP/5300&amp;SIP/5301,30,t") in elements
    assert body.count(b"<cdr>\n") == 1
    assert (b"session", SESSION.encode()) in elements


@pytest.mark.quirk("group-shift")
def test_group_shift(start: Start) -> None:
    """Shifted groups start with the last row of the session before, and repeat the first group's identity."""
    other = "138609800000001-5300"
    second = re.sub(r"^10", "20", RING_GROUP_CSV.split("\n", 1)[1], flags=re.MULTILINE)
    second = second.replace(SESSION, other).replace("13:0", "13:3")
    ucm = start(RING_GROUP_CSV + second, personality="ucm6510", quirks={"group-shift": "one"})
    ids = [("101", "102", "103"), ("104", "201", "202", "203", "204")]
    lines = get(ucm, "/cdrapi?format=JSON").decode().split("\n")[-5:-3]
    assert [tuple(re.findall(r'"AcctId": "(\d+)"', line)) for line in lines] == ids
    assert f" {main_cdr('13:00:00', '5552000', 'DIAL', 15, 0)}, " in lines[0]
    assert f" {main_cdr('13:00:00', '5552000', 'DIAL', 255, 240)}, " in lines[1]
