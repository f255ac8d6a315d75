"""The records of the vendor's guide, and every byte of the answers of a PBX that has them.

What is expected is written out from the protocol, never computed by the code under test.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.errorpages import error_page

STANDING = {"start": "2013-12-03T20:10:00Z", "rate": 0}
"""A clock that stands still, so that Date is known."""
DATE = "Tue, 03 Dec 2013 20:10:00 GMT"

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
    return head(status, f"{own}Content-type: text/html\r\n", length).encode() + error_page(status, text, title)


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


def call(number: int, begin: str, src: str = "5300") -> str:
    """Return the CSV line of a call from *src* at *begin*."""
    return (
        f'{number},,{src},5301,from-internal,"" <{src}>,SIP/{src}-00000000,SIP/5301-00000001,Dial,SIP/5301,60,,'
        f"{begin},{begin},{begin},0,0,ANSWERED,DOCUMENTATION,1386092800.{number},EXT,{src},5301,s\n"
    )
