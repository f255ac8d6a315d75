"""The worked examples of the protocol, whole: every byte of a response as it leaves a TLS socket.

What is expected is written out from the protocol, never computed by the code under test. The PBX clock stands still,
so that Date is known; certificates are minted against it, so clients here verify only where the clock is the real one.
"""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from hashlib import md5
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.x509 import verification

from tests.clients import client
from tests.rawclient import CONTEXT, digest_header, exchange
from ucmsim.client import ControlError
from ucmsim.pytest_plugin import Ucm, UcmFleet

STANDING = {"start": "2013-12-03T20:10:00Z", "rate": 0}
DATE = "Tue, 03 Dec 2013 20:10:00 GMT"

pytestmark = pytest.mark.ucmsim(clock=STANDING)
settings = pytest.mark.ucmsim
real_date = settings(clock={"start": "now"})

# --- the records of the guide ------------------------------------------------------------------------------------

H = (
    "AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    "disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service"
)
H2 = ",caller_name,recordfiles,dstanswer,chanext,dstchanext"
H3 = ",session,action_owner,action_type,src_trunk_name,dst_trunk_name"
CSV = {
    62: '62,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-00000000,SIP/5301-00000001,Dial,SIP/5301,60,,'
    "2013-12-03 11:46:40,2013-12-03 11:46:43,2013-12-03 11:46:49,9,6,ANSWERED,DOCUMENTATION,1386092800.0,EXT,5300,5301,s",
    63: '63,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-00000000,SIP/5301-00000001,Dial,SIP/5301,60,,'
    "2013-12-03 14:01:41,2013-12-03 14:01:43,2013-12-03 14:01:46,5,3,ANSWERED,DOCUMENTATION,1386100901.0,EXT,5300,5301,s",
    64: '64,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-00000002,SIP/5301-00000003,Dial,SIP/5301,60,,'
    "2013-12-03 14:02:23,2013-12-03 14:02:27,2013-12-03 14:02:31,8,4,ANSWERED,DOCUMENTATION,1386100943.2,EXT,5300,5301,s",
}
JSON = {
    62: '"AcctId": "62", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
    r'"clid": "\"pn01\" <5300>", "channel": "SIP/5300-00000000", "dstchannel": "SIP/5301-00000001", '
    '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 11:46:40", '
    '"answer": "2013-12-03 11:46:43", "end": "2013-12-03 11:46:49", "duration": "9", "billsec": "6", '
    '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386092800.0", "userfield": "EXT", '
    '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s"',
    63: '"AcctId": "63", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
    r'"clid": "\"pn01\" <5300>", "channel": "SIP/5300-00000000", "dstchannel": "SIP/5301-00000001", '
    '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 14:01:41", '
    '"answer": "2013-12-03 14:01:43", "end": "2013-12-03 14:01:46", "duration": "5", "billsec": "3", '
    '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386100901.0", "userfield": "EXT", '
    '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s"',
    64: '"AcctId": "64", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
    r'"clid": "\"pn01\" <5300>", "channel": "SIP/5300-00000002", "dstchannel": "SIP/5301-00000003", '
    '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 14:02:23", '
    '"answer": "2013-12-03 14:02:27", "end": "2013-12-03 14:02:31", "duration": "8", "billsec": "4", '
    '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386100943.2", "userfield": "EXT", '
    '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s"',
}
JSON_G2 = ', "caller_name": "", "recordfiles": "", "dstanswer": "", "chanext": "", "dstchanext": ""'
JSON_G3 = ', "session": "", "action_owner": "", "action_type": "", "src_trunk_name": "", "dst_trunk_name": ""'
XML = {
    62: """\
<AcctId>62</AcctId>
<accountcode></accountcode>
<src>5300</src>
<dst>5301</dst>
<dcontext>from-internal</dcontext>
<clid>"pn01" &lt;5300&gt;</clid>
<channel>SIP/5300-00000000</channel>
<dstchannel>SIP/5301-00000001</dstchannel>
<lastapp>Dial</lastapp>
<lastdata>SIP/5301,60,</lastdata>
<start>2013-12-03 11:46:40</start>
<answer>2013-12-03 11:46:43</answer>
<end>2013-12-03 11:46:49</end>
<duration>9</duration>
<billsec>6</billsec>
<disposition>ANSWERED</disposition>
<amaflags>DOCUMENTATION</amaflags>
<uniqueid>1386092800.0</uniqueid>
<userfield>EXT</userfield>
<channel_ext>5300</channel_ext>
<dstchannel_ext>5301</dstchannel_ext>
<service>s</service>
""",
    63: """\
<AcctId>63</AcctId>
<accountcode></accountcode>
<src>5300</src>
<dst>5301</dst>
<dcontext>from-internal</dcontext>
<clid>"pn01" &lt;5300&gt;</clid>
<channel>SIP/5300-00000000</channel>
<dstchannel>SIP/5301-00000001</dstchannel>
<lastapp>Dial</lastapp>
<lastdata>SIP/5301,60,</lastdata>
<start>2013-12-03 14:01:41</start>
<answer>2013-12-03 14:01:43</answer>
<end>2013-12-03 14:01:46</end>
<duration>5</duration>
<billsec>3</billsec>
<disposition>ANSWERED</disposition>
<amaflags>DOCUMENTATION</amaflags>
<uniqueid>1386100901.0</uniqueid>
<userfield>EXT</userfield>
<channel_ext>5300</channel_ext>
<dstchannel_ext>5301</dstchannel_ext>
<service>s</service>
""",
    64: """\
<AcctId>64</AcctId>
<accountcode></accountcode>
<src>5300</src>
<dst>5301</dst>
<dcontext>from-internal</dcontext>
<clid>"pn01" &lt;5300&gt;</clid>
<channel>SIP/5300-00000002</channel>
<dstchannel>SIP/5301-00000003</dstchannel>
<lastapp>Dial</lastapp>
<lastdata>SIP/5301,60,</lastdata>
<start>2013-12-03 14:02:23</start>
<answer>2013-12-03 14:02:27</answer>
<end>2013-12-03 14:02:31</end>
<duration>8</duration>
<billsec>4</billsec>
<disposition>ANSWERED</disposition>
<amaflags>DOCUMENTATION</amaflags>
<uniqueid>1386100943.2</uniqueid>
<userfield>EXT</userfield>
<channel_ext>5300</channel_ext>
<dstchannel_ext>5301</dstchannel_ext>
<service>s</service>
""",
}
XML_G2 = """\
<caller_name></caller_name>
<recordfiles></recordfiles>
<dstanswer></dstanswer>
<chanext></chanext>
<dstchanext></dstchanext>
"""
XML_G3 = """\
<session></session>
<action_owner></action_owner>
<action_type></action_type>
<src_trunk_name></src_trunk_name>
<dst_trunk_name></dst_trunk_name>
"""

# --- what is due -------------------------------------------------------------------------------------------------


def head11(status: str, own: str, length: int, connection: str = "Connection: close\r\n") -> str:
    """Return a response head of Asterisk 1.8 to 11; *own* are the handler's lines, which come last."""
    return (
        f"HTTP/1.1 {status}\r\n"
        "Server: Asterisk/1.8.9.2\r\n"
        f"Date: {DATE}\r\n"
        f"{connection}"
        "Cache-Control: no-cache, no-store\r\n"
        f"Content-Length: {length}\r\n"
        f"{own}"
        "\r\n"
    )


def head13(status: str, own: str, length: int, server: str = "Asterisk/13.38.3") -> str:
    """Return a response head of Asterisk 13, whose last line is Content-Length."""
    return (
        f"HTTP/1.1 {status}\r\n"
        f"Server: {server}\r\n"
        f"Date: {DATE}\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-cache, no-store\r\n"
        f"{own}"
        f"Content-Length: {length}\r\n"
        "\r\n"
    )


Head = Callable[[str, str, int], str]


def ok(kind: str, body: str, head: Head = head11) -> bytes:
    return (head("200 OK", f"Content-type: {kind}\r\n", len(body.encode())) + body).encode()


def csv(*ids: int, more: str = "", fill: str = "", head: Head = head11) -> bytes:
    """Return the CSV answer with those records; *more* is added to the header, *fill* to each row."""
    lines = [H + more, *(CSV[number] + fill for number in ids)]
    return ok("text/csv", "".join(f"{line}\n" for line in lines), head)


def json(*ids: int, root: str = "cdr", first: str = "", more: str = "", head: Head = head11) -> bytes:
    """Return the JSON answer with those records; *first* and *more* are the members before and after those of G1."""
    entries = ",\n".join(f"{{ {first}{JSON[number]}{more} }}" for number in ids)
    return ok("application/json", f'{{\n"{root}":\n[\n{entries}\n]\n}}\n', head)


def xml(*ids: int, more: str = "") -> bytes:
    """Return the XML answer with those records; *more* are the elements after those of G1."""
    rows = "".join(f"<cdr>\n{XML[number]}{more}</cdr>\n" for number in ids)
    return ok("text/xml", f"<root>\n{rows}</root>\n")


NO_JSON = ok("application/json", '{\n"cdr":\n[\n]\n}\n')
NO_XML = ok("text/xml", "<root>\n</root>\n")
ALL, NONE = csv(62, 63, 64), csv()


def page(status: str, title: str, text: str, length: int, *, own: str = "", head: Head = head11) -> bytes:
    """Return an error page; its *length* is the one the protocol states, not a count of these bytes."""
    body = (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
        "<html><head>\r\n"
        f"<title>{status}</title>\r\n"
        "</head><body>\r\n"
        f"<h1>{title}</h1>\r\n"
        f"<p>{text}</p>\r\n"
        "<hr />\r\n"
        "<address>Asterisk Server</address>\r\n"
        "</body></html>\r\n"
    )
    return (head(status, f"{own}Content-type: text/html\r\n", length) + body).encode()


def unauthorized(nonce: str, stale: str = "", head: Head = head11) -> bytes:
    own = (
        f'WWW-authenticate: Digest algorithm=MD5, realm="asterisk", nonce="{nonce}", qop="auth", '
        f'opaque="{nonce}"{stale}\r\n'
    )
    return page("401 Unauthorized", "401 Unauthorized", "", 210, own=own, head=head)


NOT_FOUND = page("404 Not Found", "Not Found", "The requested URL was not found on this server.", 247)
DENIED = page("403 Permission denied", "Permission denied", "Permission denied\n", 234)
UNIMPLEMENTED = page("501 Not Implemented", "Not Implemented", "Attempt to use unimplemented / unsupported method", 261)
TOO_MANY = page("413 Request Entity Too Large", "Request Entity Too Large", "Too many headers", 246)
EMPTY_URI = page("400 Bad Request", "Bad Request", "Invalid Request", 219)
TIMEOUT = page("400 Bad Request", "Bad Request", "Timeout", 211)
FORM_TOO_LARGE = head11("413 Request Entity Too Large", "", 0).encode()

# --- the client --------------------------------------------------------------------------------------------------


@contextmanager
def plain(ucm: Ucm) -> Iterator[socket.socket]:
    place = urlsplit(ucm.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        yield connection


@contextmanager
def connected(
    ucm: Ucm, context: ssl.SSLContext = CONTEXT, session: ssl.SSLSession | None = None
) -> Iterator[ssl.SSLSocket]:
    """Yield a TLS connection; an end without close_notify is an error on it."""
    wrap = partial(context.wrap_socket, server_hostname="127.0.0.1", suppress_ragged_eofs=False, session=session)
    with plain(ucm) as connection, wrap(connection) as tls:
        yield tls


def asked(tls: ssl.SSLSocket, raw: bytes) -> bytes:
    """Send *raw* and return everything until the PBX closes."""
    tls.sendall(raw)
    data = b""
    while piece := tls.recv(65536):
        data += piece
    return data


def request(target: str, *headers: str, method: str = "GET", form: str = "") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 192.168.254.200:8443", *headers]
    if form:
        lines.append(f"Content-Length: {len(form)}")
        if not any(line.startswith("Content-Type") for line in lines):
            lines.append("Content-Type: application/x-www-form-urlencoded")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + form.encode()


def known(
    challenge: bytes,
    uri: str = "/cdrapi",
    *,
    method: str = "GET",
    user: str = "cdrapi",
    password: str = "cdrapi123",
    nc: int = 1,
) -> str:
    """Return the Authorization line of example 16 that answers *challenge*."""
    return digest_header(method, uri, user, password, challenge, nc).decode().removesuffix("\r\n")


def challenged(ucm: Ucm) -> bytes:
    """Return a 401 whose nonce was not used yet."""
    return exchange(ucm, request("/cdrapi", "Connection: close"))


def nonce_of(response: bytes) -> str:
    found = re.search(rb'nonce="([0-9a-f]{8})"', response)
    assert found, response
    return found[1].decode()


def get(
    ucm: Ucm, target: str, *headers: str, method: str = "GET", form: str = "", password: str = "cdrapi123"
) -> bytes:
    """Return the whole answer to a request with credentials, the challenge fetched on a connection before it."""
    line = known(challenged(ucm), target, method=method, password=password)
    return exchange(ucm, request(target, *headers, line, method=method, form=form))


Start = Callable[..., Ucm]


@pytest.fixture
def start(ucm_fleet: UcmFleet, tmp_path: Path) -> Iterator[Start]:
    """Start PBXs whose history is a CSV text."""
    started = []

    def start(rows: str, **others: Any) -> Ucm:
        file = tmp_path / "rows.csv"
        file.write_text(rows)
        started.append(ucm_fleet.start({"clock": STANDING, "history": {"import": str(file)}, **others}))
        return started[-1]

    yield start
    for ucm in started:
        ucm_fleet.stop(ucm)


def call(number: int, begin: str, src: str = "5300") -> str:
    """Return the CSV line of a call from *src* at *begin*."""
    return (
        f'{number},,{src},5301,from-internal,"" <{src}>,SIP/{src}-00000000,SIP/5301-00000001,Dial,SIP/5301,60,,'
        f"{begin},{begin},{begin},0,0,ANSWERED,DOCUMENTATION,1386092800.{number},EXT,{src},5301,s\n"
    )


# --- examples 1 to 14 --------------------------------------------------------------------------------------------

QUERY_4 = "caller=anonymous&startTime=2013-07-01T00:00:00-06:00&endTime=2013-07-31T23:59:59-06:00"
EXAMPLES = (
    ("1", "", ALL),
    ("1 in JSON", "format=json", json(62, 63, 64)),
    ("1 in XML", "Format=xMl", xml(62, 63, 64)),
    ("names in any case", "NUMRECORDS=1&Offset=1&CALLER=5300", csv(63)),
    ("2", "format=CSV&caller=5300&minDur=8&maxDur=60", NONE),
    ("2", "caller=5300&minDur=8&maxDur=60", NONE),
    ("3", "caller=5300&minDur=4&maxDur=6", csv(62, 64)),
    ("4", "format=JSON&numRecords=1&offset=1", json(63)),
    ("5", "format=XML&caller=5300,6300-6399&callee=5@", xml(62, 63, 64)),
    ("5 query 3", "caller=@53@&endTime=2013-01-23", NONE),
    ("5 query 4", f"format=JSON&{QUERY_4}", NO_JSON),
    ("5 query 4", f"format=XML&{QUERY_4}", NO_XML),
    ("6", "caller=_3@", ALL),
    ("6", "caller=@53@", ALL),
    ("6", "caller=_4@", NONE),
    ("7", "caller=5299-5301", ALL),
    ("7", "caller=0-0", NONE),
    ("8", "caller=5301&caller=5300", ALL),
    ("8", "caller=5301,5300", ALL),
    ("9", "startTime=2013-12-03T14:01:41-06:00&endTime=2013-12-03T14:02:23-06:00", csv(63, 64)),
    ("10", "startTime=1386100901", csv(63, 64)),
    ("10", "startTime=2013-12-03T20:01:41%2B00:00", csv(63, 64)),
    ("10", "startTime=2013-12-03T20:01:41+00:00", NONE),
    ("11", "endTime=2013-12-03", NONE),
    ("11", "endTime=2013-12-04", ALL),
    ("12", "startTime=00:00", ALL),
    ("12", "endTime=now", ALL),
    ("12", "startTime=now", NONE),
    ("13", "numRecords=0", NONE),
    ("13", "numRecords=5000", ALL),
    ("14", "caller=5300,,5303", NONE),
    ("14", "caller=5300-5301-,6300", NONE),
    ("14", "minDur=5&minDur=10", NONE),
    ("14", "caller=5300&", NONE),
    ("14", "caler=5300", NONE),
    ("14", "caller=", NONE),
    ("14", "format=json&caler=5300", NO_JSON),
    ("14", "format=xml&offset=x", NO_XML),
    ("14", "format=yaml", NONE),
    ("E1", "caller=53;00", NONE),
    ("E1", "startTime=2013-07-01%2000:00", NONE),
    ("E1", "startTime=2013-13-40T25:00", NONE),
    ("E2", "offset=-1", NONE),
    ("E2", "minDur=1.5", NONE),
    ("E3", "format=json&format=json", NONE),
    ("E5", "caller", NONE),
    ("E6", "caller=,5300", NONE),
    ("E7", "=x", NONE),
    ("E7", "sstartTime=2013-07-01T00:00:00-06:00&numRecords=200&offset=200", NONE),
    ("E8", "caller=5300&&callee=5301", NONE),
)
examples = pytest.mark.parametrize(
    ("query", "whole"), [pytest.param(query, whole, id=f"{number}:{query}") for number, query, whole in EXAMPLES]
)


@examples
def test_example(query: str, whole: bytes, ucm: Ucm) -> None:
    """Each example is answered as the protocol has it, to the byte."""
    assert get(ucm, f"/cdrapi?{query}" if query else "/cdrapi") == whole


@examples
def test_example_as_form(query: str, whole: bytes, ucm: Ucm) -> None:
    """A form says what a query says."""
    assert get(ucm, "/cdrapi", method="POST", form=query) == whole


@examples
def test_example_as_head(query: str, whole: bytes, ucm: Ucm) -> None:
    """HEAD brings the head of the answer with its true Content-Length, and no body."""
    head = whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert get(ucm, f"/cdrapi?{query}" if query else "/cdrapi", method="HEAD") == head


def test_example_1_has_the_length_of_the_guide(ucm: Ucm) -> None:
    """The guide's header is 185 characters wide, and each of its rows has 24 pieces."""
    lines = get(ucm, "/cdrapi").partition(b"\r\n\r\n")[2].split(b"\n")
    assert len(lines[0]) == 185
    assert [line.count(b",") + 1 for line in lines] == [22, 24, 24, 24, 1]


def test_bare_question_mark(ucm: Ucm) -> None:
    """Nothing after the question mark is an unknown parameter without a name."""
    assert get(ucm, "/cdrapi?") == NONE


def test_example_5_query_3(start: Start) -> None:
    """A date alone is midnight UTC, which is 18:00 of the day before in Chicago."""
    due = [call(1, "2013-01-22 17:59:59"), call(2, "2013-01-22 18:00:00", "15399")]
    others = [call(3, "2013-01-22 18:00:00", "6000"), call(4, "2013-01-22 18:00:01")]
    ucm = start(H + "\n" + "".join(due + others))
    assert get(ucm, "/cdrapi?caller=@53@&endTime=2013-01-23") == ok("text/csv", H + "\n" + "".join(due))


def test_example_5_query_4(start: Start) -> None:
    """Bounds in standard time are an hour later on the clock of a PBX with summer time."""
    due = [call(2, "2013-07-01 01:00:00", "anonymous"), call(3, "2013-08-01 00:59:59", "anonymous")]
    others = [
        call(1, "2013-07-01 00:59:59", "anonymous"),
        call(4, "2013-08-01 01:00:00", "anonymous"),
        call(5, "2013-07-15 12:00:00", "Anonymous"),
    ]
    ucm = start(H + "\n" + "".join(due + others))
    assert get(ucm, f"/cdrapi?{QUERY_4}") == ok("text/csv", H + "\n" + "".join(due))
    for form in ("JSON", "XML"):
        assert re.findall(rb'AcctId\W+(\d+)["<]', get(ucm, f"/cdrapi?format={form}&{QUERY_4}")) == [b"2", b"3"]


def test_example_7_with_anonymous(start: Start) -> None:
    """The range 0-0 holds every caller who is no number, and those without one."""
    strangers = call(65, "2013-12-03 14:03:00", "anonymous") + call(66, "2013-12-03 14:04:00", "")
    ucm = start("\n".join([H, CSV[62], CSV[63], CSV[64], strangers]))
    assert get(ucm, "/cdrapi?caller=0-0") == ok("text/csv", f"{H}\n{strangers}")


@pytest.mark.parametrize("query", ["", "?numRecords=1000", "?numRecords=5000", "?numRecords=99999999999999999999"])
def test_example_13_with_many_rows(query: str, start: Start) -> None:
    """A page has 1000 rows at most, whatever is asked for."""
    lines = [call(number, f"2013-07-01 00:{number // 60:02}:{number % 60:02}") for number in range(1, 1002)]
    ucm = start(H + "\n" + "".join(lines))
    assert get(ucm, f"/cdrapi{query}") == ok("text/csv", H + "\n" + "".join(lines[:1000]))


def test_example_15(start: Start) -> None:
    """Pages of 200 rows follow each other without gap or duplicate until one has fewer."""
    begin = datetime(2013, 6, 30, 21)
    lines = [call(number, f"{begin + timedelta(hours=number)}") for number in range(1, 800)]
    within = lines[3:747]  # from 01:00 on July 1 to 00:59:59 on August 1, summer time
    bounds = "startTime=2013-07-01T00:00:00-06:00&endTime=2013-07-31T23:59:59-06:00&numRecords=200"
    ucm = start(H + "\n" + "".join(lines), time_zone="America/Chicago")
    for offset, due in ((0, 200), (200, 200), (400, 200), (600, 144), (800, 0)):
        page = within[offset : offset + due]
        whole = ok("text/csv", H + "\n" + "".join(page))
        assert (len(page), get(ucm, f"/cdrapi?{bounds}&offset={offset}")) == (due, whole)


# --- example 16: authentication ----------------------------------------------------------------------------------


def test_example_16(ucm: Ucm) -> None:
    """Without credentials there is a challenge; what answers it on a new connection gets the records."""
    refused = exchange(ucm, b"GET /cdrapi HTTP/1.1\r\nHost: 192.168.254.200:8443\r\n\r\n")
    assert refused == unauthorized(nonce_of(refused))
    assert exchange(ucm, request("/cdrapi", known(refused))) == ALL


def test_challenges_differ(ucm: Ucm) -> None:
    """Every challenge has a nonce of its own."""
    assert len({nonce_of(challenged(ucm)) for _ in range(5)}) == 5


def test_head_gets_the_challenge_page(ucm: Ucm) -> None:
    """From 400 on a page is sent even to HEAD."""
    refused = exchange(ucm, request("/cdrapi", method="HEAD"))
    assert refused == unauthorized(nonce_of(refused))


def test_nonce_count_must_increase(ucm: Ucm) -> None:
    """A nonce that is used again with the same count is stale; with a higher one it is good."""
    challenge = challenged(ucm)
    first, second = (request("/cdrapi", known(challenge, nc=nc)) for nc in (1, 2))
    assert exchange(ucm, first) == ALL
    refused = exchange(ucm, first)
    assert nonce_of(refused) != nonce_of(challenge)
    assert refused == unauthorized(nonce_of(refused), ", stale=true")
    assert exchange(ucm, second) == ALL


@pytest.mark.parametrize(
    "wrong",
    [{"password": "cdrapi124"}, {"user": "admin"}, {"method": "POST"}],
    ids=["password", "user", "method"],
)
def test_wrong_credentials(wrong: dict[str, Any], ucm: Ucm) -> None:
    """Wrong credentials are challenged anew, and not called stale."""
    challenge = challenged(ucm)
    refused = exchange(ucm, request("/cdrapi", known(challenge, **wrong)))
    assert nonce_of(refused) != nonce_of(challenge)
    assert refused == unauthorized(nonce_of(refused))


def test_digest_without_qop(ucm: Ucm) -> None:
    """Credentials without qop are computed as of old."""
    nonce = nonce_of(challenged(ucm))
    a1, a2 = (md5(text.encode()).hexdigest() for text in ("cdrapi:asterisk:cdrapi123", "GET:/cdrapi"))
    response = md5(f"{a1}:{nonce}:{a2}".encode()).hexdigest().upper()
    old = f'username="cdrapi", realm="asterisk", nonce="{nonce}", uri="/cdrapi", response="{response}"'
    assert exchange(ucm, request("/cdrapi", f"Authorization: digest {old}")) == ALL


def test_digest_uri_is_not_compared(ucm: Ucm) -> None:
    """The uri in the credentials need not be that of the request."""
    assert exchange(ucm, request("/cdrapi?caller=0-0", known(challenged(ucm), "/elsewhere"))) == NONE


def test_foreign_realm_is_not_looked_at(ucm: Ucm) -> None:
    """The realm that a client writes takes no part in the computation."""
    line = known(challenged(ucm)).replace('realm="asterisk"', 'realm="elsewhere"')
    assert exchange(ucm, request("/cdrapi", line)) == ALL


@pytest.mark.quirk("unknown-nonce")
def test_unknown_nonce_is_refused(ucm: Ucm) -> None:
    """A nonce that was never issued is challenged anew."""
    refused = exchange(ucm, request("/cdrapi", known(unauthorized("5f3a9c21"))))
    assert refused == unauthorized(nonce_of(refused))


@pytest.mark.quirk("unknown-nonce")
@settings(quirks={"unknown-nonce": "accept"})
def test_unknown_nonce_is_accepted(ucm: Ucm) -> None:
    """As Asterisk does it, a nonce that was never issued is good on first use, and stale on the second."""
    raw = request("/cdrapi", known(unauthorized("5f3a9c21")))
    assert exchange(ucm, raw) == ALL
    refused = exchange(ucm, raw)
    assert refused == unauthorized(nonce_of(refused), ", stale=true")


BASIC = f"Authorization: Basic {b64encode(b'cdrapi:cdrapi123').decode()}"


@pytest.mark.quirk("basic-auth")
def test_basic_is_refused(ucm: Ucm) -> None:
    """Basic credentials get the Digest challenge."""
    refused = exchange(ucm, request("/cdrapi", BASIC))
    assert refused == unauthorized(nonce_of(refused))


@pytest.mark.quirk("basic-auth")
@settings(quirks={"basic-auth": "accept"})
def test_basic_is_accepted(ucm: Ucm) -> None:
    """Some firmware took Basic, while its challenge was Digest all the same."""
    assert exchange(ucm, request("/cdrapi", BASIC)) == ALL
    refused = exchange(ucm, request("/cdrapi", f"Authorization: Basic {b64encode(b'cdrapi:wrong').decode()}"))
    assert refused == unauthorized(nonce_of(refused))
    assert get(ucm, "/cdrapi") == ALL


@pytest.mark.parametrize("name", [None, ""])
def test_without_name_nobody_is_asked(name: str | None, start: Start) -> None:
    """Without a user name there is no authentication, whatever credentials come."""
    api = {"tls_authentication_name": name, "tls_authentication_password": "cdrapi123"}
    ucm = start("\n".join([H, CSV[62], CSV[63], CSV[64], ""]), api=api)
    assert exchange(ucm, request("/cdrapi")) == ALL
    assert exchange(ucm, request("/cdrapi", "Authorization: Digest rubbish")) == ALL


@pytest.mark.parametrize("password", [None, ""])
def test_empty_password(password: str | None, start: Start) -> None:
    """A name without a password is a Digest over the empty password."""
    ucm = start("\n".join([H, CSV[62], CSV[63], CSV[64], ""]), api={"tls_authentication_password": password})
    assert get(ucm, "/cdrapi", password="") == ALL
    refused = get(ucm, "/cdrapi", password="cdrapi123")
    assert refused == unauthorized(nonce_of(refused))


# --- example 17: paths, methods, forms ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("target", ["/cdrapi/x", "/foo", "/", "/cdrapi//", "/httpstatus", "/static/x"])
def test_example_17_unknown_path(method: str, target: str, ucm: Ucm) -> None:
    """An unknown path is not found, without a challenge, whatever the method."""
    assert exchange(ucm, request(target, method=method)) == NOT_FOUND


@pytest.mark.parametrize("target", ["/CDRAPI/", "/CdrApi", "/cdrapi/", "/%63drapi"])
def test_example_17_same_path(target: str, ucm: Ucm) -> None:
    """Letter case and one slash at the end make no difference."""
    assert get(ucm, target) == ALL


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "BREW"])
def test_example_17_unimplemented(method: str, ucm: Ucm) -> None:
    """Any other method is not implemented, without a challenge."""
    assert exchange(ucm, request("/cdrapi", method=method)) == UNIMPLEMENTED


@pytest.mark.parametrize("method", ["get", "Head", "post"])
def test_method_in_any_case(method: str, ucm: Ucm) -> None:
    """The letter case of a method makes no difference."""
    line = known(challenged(ucm), method=method.upper())
    whole = ALL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == "Head" else ALL
    assert exchange(ucm, request("/cdrapi", line, method=method)) == whole


@pytest.mark.parametrize("form", ["caller=5300", "format=CSV&callee=5301"])
def test_form_replaces_the_query(form: str, ucm: Ucm) -> None:
    """Where there is a form, the parameters of the URI do not count."""
    assert get(ucm, "/cdrapi?caller=0-0", method="POST", form=form) == ALL


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_other_content_type(kind: str, ucm: Ucm) -> None:
    """A body of another type means no parameters at all."""
    assert get(ucm, "/cdrapi?caller=0-0", f"Content-Type: {kind}", method="POST", form="caller=0-0") == ALL


def test_longest_form(ucm: Ucm) -> None:
    """A form may have 1024 bytes; one more gets 413 and no page."""
    form = "caller=" + "5300," * 203
    assert get(ucm, "/cdrapi", method="POST", form=form + "99") == ALL
    assert get(ucm, "/cdrapi", method="POST", form=form + "999") == FORM_TOO_LARGE


def test_header_limit(ucm: Ucm) -> None:
    """A hundred headers are read, more are too many, before anything else is looked at."""
    line = known(challenged(ucm))
    most = [line, *(f"X-{number}: x" for number in range(98))]  # with Host they are 100
    assert exchange(ucm, request("/cdrapi", *most)) == ALL
    assert exchange(ucm, request("/cdrapi", *most, "X-99: x")) == TOO_MANY


def test_empty_uri(ucm: Ucm) -> None:
    """A request line without a URI is a bad request."""
    assert exchange(ucm, b"GET\r\n\r\n") == EMPTY_URI


@pytest.mark.parametrize("line", [b"GET /cdrapi", b"GET /cdrapi HTTP/1.0", b"GET /cdrapi HTTP/9.9", b"GET /cdrapi x"])
def test_version_is_not_examined(line: bytes, ucm: Ucm) -> None:
    """Whatever version a client writes, the answer is HTTP/1.1, and a Host is not needed."""
    for end in (b"\r\n", b"\n"):
        assert exchange(ucm, end.join((line, known(challenged(ucm)).encode(), b"", b""))) == ALL


def test_second_request_is_ignored(ucm: Ucm) -> None:
    """One connection answers one request, though more were sent along."""
    line = known(challenged(ucm))
    assert exchange(ucm, request("/cdrapi", line) + request("/foo") * 3) == ALL


# --- example 18: who may come ------------------------------------------------------------------------------------


def dropped(ucm: Ucm) -> bool:
    """Return whether the connection ends before a byte, with FIN or RST."""
    with plain(ucm) as connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True


@pytest.mark.quirk("acl-denial")
@settings(api={"permitted_ips": ["192.168.40.3/255.255.255.255"]})
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_example_18_page(method: str, ucm: Ucm) -> None:
    """A peer that is not permitted gets the 403 page, without a challenge, before its method is looked at."""
    assert exchange(ucm, request("/cdrapi", method=method)) == DENIED
    assert exchange(ucm, request("/foo", method=method)) == NOT_FOUND


@pytest.mark.quirk("acl-denial")
@settings(api={"permitted_ips": ["192.168.40.3/255.255.255.255"]}, quirks={"acl-denial": "drop"})
def test_example_18_drop(ucm: Ucm) -> None:
    """A peer that is not permitted is closed right after accept, without a byte."""
    assert dropped(ucm)


@settings(api={"permitted_ips": []})
def test_blank_permitted_ips(ucm: Ucm) -> None:
    """Blank Permitted IPs deny everybody."""
    assert exchange(ucm, request("/cdrapi")) == DENIED


@settings(api={"permitted_ips": ["127.0.0.0/255.0.0.0", "!127.0.0.1"]})
def test_last_matching_entry_wins(ucm: Ucm) -> None:
    """All entries are walked, and the last one that matches decides."""
    assert exchange(ucm, request("/cdrapi")) == DENIED


@pytest.mark.quirk("acl-unparsable")
@settings(api={"permitted_ips": ["127.0.0.0/8", "rubbish"]}, quirks={"acl-unparsable": "deny-all"})
def test_unparsable_entry_denies_everybody(ucm: Ucm) -> None:
    """The device's way with an entry that it cannot read is to deny everybody."""
    assert exchange(ucm, request("/cdrapi")) == DENIED


@pytest.mark.quirk("acl-unparsable")
def test_unparsable_entry_is_refused(ucm_fleet: UcmFleet) -> None:
    """An entry that cannot be read is refused before a PBX starts."""
    with pytest.raises(ControlError, match="rubbish"):
        ucm_fleet.start({"api": {"permitted_ips": ["127.0.0.0/8", "rubbish"]}})


@pytest.mark.quirk("session-cap")
@settings(quirks={"session-cap": 2})
def test_session_cap(ucm: Ucm) -> None:
    """One connection too many is closed without a byte, and there is room again when another ends."""
    with plain(ucm), connected(ucm) as second:
        assert dropped(ucm)
        assert asked(second, request("/foo")) == NOT_FOUND
        assert exchange(ucm, request("/foo")) == NOT_FOUND


@pytest.mark.quirk("inactivity-timeout")
@settings(quirks={"inactivity-timeout": 1})
def test_inactivity(ucm: Ucm) -> None:
    """Who falls silent before the end of the request line hears nothing, inside the headers 400 Timeout."""
    with connected(ucm) as silent, connected(ucm) as halting:
        halting.sendall(b"GET /cdrapi HTTP/1.1\r\n")
        assert asked(silent, b"GET /cdrapi HTTP") == b""
        assert asked(halting, b"Host: x\r\n") == TIMEOUT


# --- quirks ------------------------------------------------------------------------------------------------------


def case(quirk: pytest.MarkDecorator, value: str, query: str, whole: bytes) -> Any:
    """Return the case of a PBX whose *quirk* is set to *value*."""
    name = quirk.args[0]
    return pytest.param(query, whole, id=f"{name}={value}", marks=(quirk, settings(quirks={name: value})))


HALF_A_SECOND_LATE = "startTime=2013-12-03T14:01:41.500"
LOCAL_OR_UTC = "startTime=2013-12-03T14:02:23"


@pytest.mark.parametrize(
    ("query", "whole"),
    [
        case(pytest.mark.quirk("answeredby"), "accept", "answeredby=5301", ALL),
        case(pytest.mark.quirk("answeredby"), "unknown", "answeredby=5301", NONE),
        case(pytest.mark.quirk("empty-time"), "open", "startTime=&endTime=", ALL),
        case(pytest.mark.quirk("empty-time"), "refuse", "startTime=&endTime=", NONE),
        case(pytest.mark.quirk("naive-time"), "local", LOCAL_OR_UTC, csv(64)),
        case(pytest.mark.quirk("naive-time"), "utc", LOCAL_OR_UTC, ALL),
        case(pytest.mark.quirk("order"), "asc", "caller=5300", ALL),
        case(pytest.mark.quirk("order"), "desc", "caller=5300", csv(64, 63, 62)),
        case(pytest.mark.quirk("time-fraction"), "cut", HALF_A_SECOND_LATE, csv(63, 64)),
        case(pytest.mark.quirk("time-fraction"), "keep", HALF_A_SECOND_LATE, csv(64)),
        case(pytest.mark.quirk("trailing-comma"), "ignore", "caller=5300,", ALL),
        case(pytest.mark.quirk("trailing-comma"), "refuse", "caller=5300,", NONE),
    ],
)
def test_quirk(query: str, whole: bytes, ucm: Ucm) -> None:
    """Each switch of the query grammar shows on the wire."""
    assert get(ucm, f"/cdrapi?{query}") == whole


@pytest.mark.quirk("order")
@settings(quirks={"order": "desc"})
def test_descending_pages(ucm: Ucm) -> None:
    """Newest first, the offset counts from the newest."""
    assert get(ucm, "/cdrapi?numRecords=1&offset=1") == csv(63)
    assert get(ucm, "/cdrapi?numRecords=1&offset=2&format=json") == json(62)


@pytest.mark.quirk("head-order")
@pytest.mark.quirk("server")
@settings(quirks={"head-order": 13, "server": "Asterisk/16.2 (lab)"})
def test_head_of_ones_own(ucm: Ucm) -> None:
    """Head order and Server can be chosen on any personality; the page's own server line stays."""
    head = partial(head13, server="Asterisk/16.2 (lab)")
    refused = exchange(ucm, request("/cdrapi"))
    assert refused == unauthorized(nonce_of(refused), head=head)
    assert get(ucm, "/cdrapi") == csv(62, 63, 64, head=head)


@pytest.mark.quirk("keep-alive")
@settings(quirks={"keep-alive": 1})
def test_keep_alive(ucm: Ucm) -> None:
    """A connection that is kept says nothing of Connection, takes a second request, and is given up when idle."""
    kept = ALL.replace(b"Connection: close\r\n", b"")
    challenge = challenged(ucm)
    with connected(ucm) as tls:
        for nc in (1, 2):
            tls.sendall(request("/cdrapi", known(challenge, nc=nc)))
            assert b"".join(tls.recv(1) for _ in kept) == kept
        since = time.monotonic()
        assert tls.recv(1) == b""
        assert 0.8 < time.monotonic() - since < 10


@pytest.mark.quirk("keep-alive")
@settings(quirks={"keep-alive": 15})
def test_keep_alive_until_the_client_says_close(ucm: Ucm) -> None:
    """Pipelined requests are answered in order, and the one that says close is the last."""
    challenge = challenged(ucm)
    first, second = (known(challenge, nc=nc) for nc in (1, 2))
    raw = request("/cdrapi", first) + request("/cdrapi", second, "Connection: close") + request("/foo")
    assert exchange(ucm, raw) == ALL.replace(b"Connection: close\r\n", b"") + ALL


# --- the other generations, example 25 ---------------------------------------------------------------------------


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


# --- faults ------------------------------------------------------------------------------------------------------

FAULTS = (
    {"kind": "http.latency", "seconds": 30},
    {"kind": "tls.certificate", "defect": "expired"},
    {"kind": "api.deny", "how": "page"},
    {"kind": "api.deny", "how": "drop"},
)


def traffic(ucm: Ucm) -> list[bytes]:
    """Return whole answers of every sort, the nonces taken out."""
    requests = [request("/cdrapi"), request("/foo"), request("/cdrapi", method="DELETE"), b"GET\r\n\r\n"]
    answers = [get(ucm, "/cdrapi?format=JSON"), get(ucm, "/cdrapi", method="HEAD")]
    return [re.sub(rb'"[0-9a-f]{8}"', b'""', data) for data in answers + [exchange(ucm, raw) for raw in requests]]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
@pytest.mark.parametrize(
    "terms",
    [{"when": {"nth": [1000]}}, {"when": {"client": "10.0.0.0/255.0.0.0"}}, {"chance": 0.0}],
    ids=["another-time", "another-client", "no-chance"],
)
def test_fault_that_does_not_act(fault: dict[str, Any], terms: dict[str, Any], ucm: Ucm) -> None:
    """A fault that does not match leaves every byte as it was, and so does one that is disarmed."""
    before = traffic(ucm)
    with ucm.fault(**fault, **terms) as armed:
        assert traffic(ucm) == before
        assert armed.fired == 0
    assert traffic(ucm) == before


@pytest.mark.parametrize("kind", ["http.latency", "api.deny"])
def test_fault_on_another_path(kind: str, ucm: Ucm) -> None:
    """A fault on one path leaves the others alone."""
    own = {"seconds": 30} if kind == "http.latency" else {}
    before = traffic(ucm)
    with ucm.fault(kind, when={"path": "/recapi"}, **own):
        assert traffic(ucm) == before


@pytest.mark.parametrize("fault", FAULTS[1:], ids=lambda fault: "-".join(map(str, fault.values())))
def test_disarmed_fault(fault: dict[str, Any], ucm: Ucm) -> None:
    """A fault that has acted leaves nothing behind."""
    before = traffic(ucm)
    with ucm.fault(**fault) as armed:
        if fault.get("how") == "drop":
            assert dropped(ucm)
        else:
            exchange(ucm, request("/cdrapi"))
        assert armed.fired == 1
    assert traffic(ucm) == before


def test_latency(ucm: Ucm) -> None:
    """A delayed answer has the same bytes as one that comes at once."""
    with ucm.fault("http.latency", seconds=0.4) as armed:
        since = time.monotonic()
        assert get(ucm, "/cdrapi") == ALL
        assert time.monotonic() - since >= 0.4
        assert exchange(ucm, request("/foo")) == NOT_FOUND
        assert armed.fired == 2


def test_deny_with_page(ucm: Ucm) -> None:
    """The fault's 403 is the device's, and comes without a challenge whatever the credentials and the method."""
    line = known(challenged(ucm))
    with ucm.fault("api.deny", how="page", address="127.0.0.0/8", times=3):
        assert exchange(ucm, request("/cdrapi")) == DENIED
        assert exchange(ucm, request("/cdrapi", line)) == DENIED
        assert exchange(ucm, request("/cdrapi", method="DELETE")) == DENIED
        assert exchange(ucm, request("/cdrapi", line)) == ALL


def test_deny_by_dropping(ucm: Ucm) -> None:
    """A dropped peer is closed before a byte; the second connection is served."""
    with ucm.fault("api.deny", how="drop", when={"nth": [1]}) as armed:
        assert dropped(ucm)
        assert get(ucm, "/cdrapi") == ALL
        assert armed.fired == 1


# --- TLS ---------------------------------------------------------------------------------------------------------

SAID = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-host": "IP address mismatch, certificate is not valid for '127.0.0.1'.",
    "self-signed": "self-signed certificate",
    "untrusted-root": "unable to get local issuer certificate",
}


def objection(ucm: Ucm, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> str:
    """Return why a verifying client refuses the PBX, an empty string if it does not."""
    try:
        with connected(ucm, context, session):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message.replace("self signed", "self-signed")  # OpenSSL 1.1.1 has no hyphen


@real_date
@pytest.mark.parametrize("defect", SAID)
def test_certificate_defect(defect: str, ucm: Ucm) -> None:
    """A careful client refuses each defect for its own reason; a careless one sees the bytes it always saw."""
    assert objection(ucm, ucm.ssl_context()) == ""
    before = exchange(ucm, request("/foo")).partition(b"\r\n\r\n")[2]
    with ucm.fault("tls.certificate", defect=defect):
        assert objection(ucm, ucm.ssl_context()) == SAID[defect]
        assert exchange(ucm, request("/foo")).partition(b"\r\n\r\n")[2] == before
    assert objection(ucm, ucm.ssl_context()) == ""


def test_certificate_follows_the_pbx_clock(ucm: Ucm) -> None:
    """A PBX that lives in 2013 has a certificate of 2013: refused by today's date, accepted by its own."""
    assert objection(ucm, ucm.ssl_context()) == "certificate has expired"
    with connected(ucm) as tls:
        leaf = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    roots = verification.Store(x509.load_pem_x509_certificates(Path(ucm.ca).read_bytes()))
    then = verification.PolicyBuilder().store(roots).time(datetime(2013, 12, 3, 20, 10))
    verifier = then.build_server_verifier(x509.IPAddress(ip_address("127.0.0.1")))
    assert verifier.verify(leaf, [])[0] == leaf


TLS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
old_versions = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
WRONG_VERSION = "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL"


def careless(low: str = "1.2", high: str = "1.3") -> ssl.SSLContext:
    """Return a context that verifies nothing and takes the weakest cipher."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = TLS[low], TLS[high]
    return context


def careful(ucm: Ucm) -> ssl.SSLContext:
    """Return a context that verifies the certificate and takes the weakest cipher."""
    context = ucm.ssl_context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def visit(ucm: Ucm, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> tuple[Any, bool | None]:
    """Make one exchange; return the session it leaves and whether it resumed the *session* it was given."""
    with connected(ucm, context, session) as tls:
        assert asked(tls, request("/foo")).startswith(b"HTTP/1.1 404 Not Found\r\n")
        return tls.session, tls.session_reused


tls_kinds = pytest.mark.parametrize(
    (),
    [
        pytest.param(id="1.2"),
        pytest.param(marks=settings(tls_max="1.3"), id="1.3"),
        pytest.param(marks=settings(tls_profile="device"), id="device"),
    ],
)


@real_date
@tls_kinds
def test_session_resumes(ucm: Ucm) -> None:
    """The good identity gives tickets, and a client that brings one back resumes its session."""
    context = careful(ucm)
    session, reused = visit(ucm, context)
    assert not reused
    assert visit(ucm, context, session)[1]


@real_date
@tls_kinds
def test_ticket_does_not_hide_a_defect(ucm: Ucm) -> None:
    """While a defect is armed no session resumes, so that every client looks at the certificate."""
    context = careful(ucm)
    session, _ = visit(ucm, context)
    with ucm.fault("tls.certificate", defect="expired"):
        assert objection(ucm, context, session) != ""
        indifferent = careless()
        defective, _ = visit(ucm, indifferent)
        assert not visit(ucm, indifferent, defective)[1]
    assert visit(ucm, context, session)[1]


def test_no_application_protocol(ucm: Ucm) -> None:
    """The device knows nothing of ALPN, and chooses none."""
    context = careless()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connected(ucm, context) as tls:
        assert tls.selected_alpn_protocol() is None


PERSONALITIES = (
    "ucm6100", "ucm6100-1.0.9", "ucm6100-1.0.18", "ucm6510", "ucm6510-1.0.2", "ucm6510-1.0.5", "ucm6510-1.0.10",
    "ucm6200", "ucm6200-1.0.10", "ucm6200-1.0.20",
)  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=settings(personality=name)) for name in PERSONALITIES])
def test_tls_version_of_the_personality(name: str, ucm: Ucm) -> None:
    """Every one of these appliances ends at TLS 1.2, and refuses a client that wants more."""
    with connected(ucm) as tls:
        assert tls.version() == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match=WRONG_VERSION), connected(ucm, careless("1.3")):
        pass


@old_versions
@pytest.mark.parametrize(
    "range_",
    [
        pytest.param(("1.2", "1.2"), id="default"),
        pytest.param(("1.2", "1.3"), marks=settings(tls_max="1.3"), id="max-1.3"),
        pytest.param(("1.3", "1.3"), marks=settings(tls_min="1.3", tls_max="1.3"), id="only-1.3"),
        pytest.param(("1.0", "1.2"), marks=settings(tls_min="1.0"), id="min-1.0"),
        pytest.param(("1.0", "1.1"), marks=settings(tls_min="1.0", tls_max="1.1"), id="old"),
        pytest.param(("1.0", "1.2"), marks=settings(tls_profile="device"), id="device"),
        pytest.param(("1.0", "1.3"), marks=settings(tls_profile="device", tls_max="1.3"), id="device-max-1.3"),
    ],
)
def test_tls_versions(range_: tuple[str, str], ucm: Ucm) -> None:
    """Exactly the versions from the lowest to the highest are served, each with the same answer."""
    for version in TLS:
        context = careless(version, version)
        if range_[0] <= version <= range_[1]:
            with connected(ucm, context) as tls:
                assert asked(tls, request("/foo")) == NOT_FOUND
        else:
            with pytest.raises(ssl.SSLError, match=WRONG_VERSION), connected(ucm, context):
                pass


@old_versions
@settings(tls_profile="device")
@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_device_profile(version: str, ucm: Ucm) -> None:
    """The device's own TLS is ephemeral Diffie-Hellman with its self-signed RSA certificate of 2048 bits."""
    raw = request("/cdrapi", known(challenged(ucm)))
    with connected(ucm, careless(version, version)) as tls:
        assert tls.version() == {"1.0": "TLSv1"}.get(version, f"TLSv{version}")
        assert (tls.cipher() or ("",))[0].startswith("DHE-RSA-")
        leaf = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
        assert asked(tls, raw) == ALL
    assert leaf.issuer == leaf.subject
    leaf.verify_directly_issued_by(leaf)
    assert leaf.public_key().key_size == 2048  # type: ignore[union-attr]  # it is an RSA key


@real_date
@settings(tls_profile="device")
@pytest.mark.parametrize("highest", ["1.2", "1.3"])
def test_device_profile_is_refused_by_default(highest: str, ucm: Ucm) -> None:
    """At OpenSSL's default security level the 1024 bits are too few, whatever versions the client offers."""
    context = ssl.create_default_context(cafile=ucm.ca)
    context.maximum_version = TLS[highest]
    with pytest.raises(ssl.SSLError, match="DH_KEY_TOO_SMALL"), connected(ucm, context):
        pass


@real_date
@settings(tls_profile="device")
def test_device_profile_can_be_verified(ucm: Ucm) -> None:
    """A client that lowers its security level can verify the certificate all the same."""
    assert objection(ucm, careful(ucm)) == ""


@real_date
@settings(tls_profile="device")
@pytest.mark.parametrize("defect", SAID)
def test_device_profile_with_a_defect(defect: str, ucm: Ucm) -> None:
    """The device's own TLS shows defects too, with the device's key, and a careful client refuses them."""
    with ucm.fault("tls.certificate", defect=defect):
        assert objection(ucm, careful(ucm)) != ""
        with connected(ucm, careless()) as tls:
            assert (tls.cipher() or ("",))[0].startswith("DHE-RSA-")
    assert objection(ucm, careful(ucm)) == ""


@settings(tls_profile="device")
@pytest.mark.parametrize("offered", [["-tls1_2"], []], ids=["up-to-1.2", "up-to-1.3"])
def test_device_profile_has_a_key_of_1024_bits(offered: list[str], ucm: Ucm) -> None:
    """OpenSSL's own client sees Diffie-Hellman of 1024 bits."""
    place = urlsplit(ucm.url).netloc
    command = [client("openssl"), "s_client", "-connect", place, "-cipher", "ALL:@SECLEVEL=0", *offered]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30).stdout
    assert re.findall(r"Temp Key: (.+)", said) == ["DH, 1024 bits"]
