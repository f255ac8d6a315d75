"""What is refused, and why: each request gets exactly this code and hint on the side, and the device's bytes on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

import pytest

from tests.errorpages import error_page
from tests.makers import ACCOUNT, CLIENT, GUIDE_CSV, PASSWORD, STRANGER, USER, at, digest, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reader import RequestReader
from ucmsim.http.reply import Content, Reply
from ucmsim.http.request import ApiRequest
from ucmsim.refusals import Code

# --- the bytes of the device, built here and from nothing of the product -------------------------------------------

EMPTY = {
    "csv": (b"text/csv", GUIDE_CSV.partition(b"\n")[0] + b"\n"),
    "xml": (b"text/xml", b"<root>\n</root>\n"),
    "json": (b"application/json", b'{\n"cdr":\n[\n]\n}\n'),
}
PAGES = {
    "400": ("400 Bad Request", "Bad Request", "Invalid Request"),
    "400 timeout": ("400 Bad Request", "Bad Request", "Timeout"),
    "401": ("401 Unauthorized", "401 Unauthorized", ""),
    "403": ("403 Permission denied", "Permission denied", "Permission denied\n"),
    "403 static": ("403 Access Denied", "Access Denied", "Sorry, I cannot let you do that, Dave."),
    "404": ("404 Not Found", "Not Found", "The requested URL was not found on this server."),
    "413": ("413 Request Entity Too Large", "Request Entity Too Large", "Too many headers"),
    "501": ("501 Not Implemented", "Not Implemented", "Attempt to use unimplemented / unsupported method"),
}


def faithful(shown: str, challenge: bytes = b"") -> bytes:
    """Return everything that the device sends: the page called *shown*, or its empty container."""
    own: list[bytes] = []
    if shown in EMPTY:
        status, (kind, body) = b"200 OK", EMPTY[shown]
    elif shown == "listing":
        status, kind, body = b"200 OK", b"text/csv", b"Directory,Filename\n"
    elif shown == "413 form":
        status, kind, body = b"413 Request Entity Too Large", b"", b""
    else:
        title, heading, text = PAGES[shown]
        status, kind, body = title.encode(), b"text/html", error_page(title, text, heading)
    if challenge:
        own.append(b"WWW-authenticate: " + challenge)
    if kind:
        own.append(b"Content-type: " + kind)
    head = [
        b"HTTP/1.1 " + status,
        b"Server: Asterisk/1.8.9.2",
        b"Date: Tue, 03 Dec 2013 17:46:50 GMT",
        b"Connection: close",
        b"Cache-Control: no-cache, no-store",
        b"Content-Length: %d" % len(body),
    ]
    return b"\r\n".join([*head, *own, b"", b""]) + body


# --- the requests --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A request and what is said of it; *raw* has ``{nonce}`` where that of a challenge belongs."""

    raw: bytes
    code: str
    hint: str
    shown: str = "csv"
    parameter: str = ""
    peer: str = CLIENT
    settings: Mapping[str, Any] = field(default_factory=dict)
    stale: bool = False


def get(target: str, *lines: str, method: str = "GET") -> bytes:
    """Return the bytes of a request."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: pbx", *lines, "", ""]).encode()


def query(text: str, code: str, parameter: str, hint: str, shown: str = "csv") -> Case:
    """Return a request to /cdrapi whose query is refused."""
    return Case(get(f"/cdrapi?{text}"), code, hint, shown, parameter)


def login(value: str, code: str, hint: str, *, stale: bool = False, **quirks: Any) -> Case:
    """Return a request with credentials that are refused."""
    settings = {"api": ACCOUNT, "quirks": {name.replace("_", "-"): chosen for name, chosen in quirks.items()}}
    return Case(get("/cdrapi", f"Authorization: {value}"), code, hint, "401", settings=settings, stale=stale)


def fields(**changes: str | None) -> str:
    """Return Digest credentials with *changes*; their response is wrong."""
    usual = {
        "username": f'"{USER}"', "realm": '"asterisk"', "nonce": '"{nonce}"', "uri": '"/cdrapi"', "qop": "auth",
        "nc": "00000001", "cnonce": '"0a4f113b"', "response": f'"{"0" * 32}"',
    }  # fmt: skip
    return "Digest " + ", ".join(f"{name}={value}" for name, value in {**usual, **changes}.items() if value is not None)


TIMES = "write YYYY-MM-DD, YYYY-MM-DDTHH:MM[:SS[.sss]][zone], HH:MM[:SS[.sss]][zone], now, or ten digits of epoch"
PATHS = "there are /cdrapi and /recapi"
A_PAIR = "check the password; A1 is user:realm:password, A2 method:uri, each hashed with MD5"
DIGEST = "answer the challenge in WWW-authenticate with Digest credentials"
LISTED = "/recapi?filedir=... lists what a directory holds"
LINE = "a request line is: method, blank, target, blank, HTTP/1.1"

CASES = {
    # the request as such
    "no target": Case(b"GET\r\n\r\n", "no-target", LINE, "400"),
    "nothing but blanks": Case(b"   \r\n\r\n", "no-target", LINE, "400"),
    "an empty line first": Case(b"\r\n\r\n", "no-target", LINE, "400"),
    "headers that end": Case(b"GET /cdrapi HTTP/1.1\r\nHost: pb", "headers-cut", "end the headers with an empty line", "400 timeout"),
    "101 headers": Case(get("/cdrapi", *[f"X-{n}: 1" for n in range(100)]), "too-many-headers", "send fewer header lines", "413"),
    "no colon": Case(
        get("/cdrapi", "no colon here"), "header-without-colon", "write Name: value", "400",
        settings={"quirks": {"bare-header": "refused"}},
    ),
    "version 2.0": Case(
        b"GET /cdrapi HTTP/2.0\r\n\r\n", "http-version", "end the request line with HTTP/1.1", "400",
        settings={"quirks": {"request-line": "strict"}},
    ),
    "no host": Case(
        b"GET /cdrapi HTTP/1.1\r\n\r\n", "no-host", "send a Host header with HTTP/1.1", "400",
        settings={"quirks": {"request-line": "strict"}},
    ),
    "a lone percent": Case(
        get("/cdrapi?caller=100%"), "bad-escape", "write a % that is meant as %25", "400",
        settings={"quirks": {"bad-escape": "refused"}},
    ),
    # path, address, method
    "no such path": Case(get("/nowhere"), "no-such-path", PATHS, "404"),
    "half a path": Case(get("/recap"), "no-such-path", "did you mean '/recapi'?", "404"),
    "after the checks": Case(
        get("/recap"), "no-such-path", "did you mean '/recapi'?", "404",
        settings={"quirks": {"unknown-path": "last"}},
    ),
    "a path below": Case(get("/cdrapi/v1"), "no-such-path", "did you mean '/cdrapi'?", "404"),
    "two slashes": Case(get("//cdrapi"), "no-such-path", "did you mean '/cdrapi'?", "404"),
    "a long path": Case(get("/cdrapi" + "/cdrapi" * 500), "no-such-path", PATHS, "404"),
    "a whole URL": Case(get("https://pbx/cdrapi"), "no-such-path", PATHS, "404"),
    "static": Case(get("/static/a.js"), "nothing-static", PATHS, "403 static", settings={"quirks": {"static-path": 403}}),
    "a stranger": Case(
        get("/cdrapi"), "not-permitted", "add an entry for it to Permitted IPs; the last that matches wins", "403", peer=STRANGER
    ),
    "blank Permitted IPs": Case(
        get("/cdrapi"), "blank-permitted-ips", "enter the client's address in Permitted IPs (api.permitted_ips)", "403",
        settings={"api": {"permitted_ips": []}},
    ),
    "the fault": Case(
        get("/cdrapi"), "denied-by-fault", "disarm it, or let the client bear it", "403", settings={"faults": [{"fault": "api.deny"}]}
    ),
    "PUT": Case(get("/cdrapi", method="PUT"), "method", "send GET", "501"),
    # credentials
    "none": Case(get("/cdrapi"), "no-credentials", DIGEST, "401", settings={"api": ACCOUNT}),
    "Basic": login(
        "Basic Y2RyYXBpOmNkcmFwaTEyMw==", "basic",
        "send none at first, then answer the challenge (curl: --digest, requests: HTTPDigestAuth)",
    ),
    "Basic, wrong": login("Basic eDp5", "basic-wrong", "", basic_auth="accept"),
    "Basic, unreadable": login("Basic ???", "basic-unreadable", "they are user:password in UTF-8 and Base64", basic_auth="accept"),
    "Bearer": login("Bearer abc", "not-digest", "begin with: Authorization: Digest"),
    "no nonce": login(fields(nonce=None), "digest-incomplete", "RFC 2617, 3.2.2 lists what they must have"),
    "no cnonce": login(fields(cnonce=None), "digest-incomplete", "with qop both must be sent"),
    "SHA-256": login(fields(algorithm="SHA-256"), "digest-algorithm", "the device knows no other than MD5"),
    "nc in words": login(fields(nc="one"), "nonce-count-unreadable", "nc is eight hexadecimal digits, 00000001 at first"),
    "a nonce that is none": login(fields(nonce='"xyz"'), "nonce-unreadable", "send the nonce of the challenge"),
    "without qop": login(
        fields(qop=None), "no-qop", "send qop=auth with cnonce and nc, as the challenge asks", digest_without_qop="refuse"
    ),
    "another uri": login(
        fields(uri='"/"'), "digest-uri", "uri is the target as it stands in the request line", digest_uri="checked"
    ),
    "another realm": login(
        fields(realm='"pbx"'), "digest-realm", "send the realm of the challenge", client_realm="checked"
    ),
    "another user": login(fields(username='"joe"'), "user-unknown", "it is the TLS Authentication Name of the PBX"),
    "a wrong password": login(fields(), "response-wrong", A_PAIR),
    # the parameters of /cdrapi
    "caler": query("caler=5300", "unknown-parameter", "caler", "did you mean 'caller'?"),
    "caler, as JSON": query("format=json&caler=5300", "unknown-parameter", "caler", "did you mean 'caller'?", "json"),
    "something else": query("xyzzy=1&format=xml", "unknown-parameter", "xyzzy", "", "xml"),
    "a form too large": Case(
        get("/cdrapi", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 1025", method="POST"), "form-too-large",
        "send at most 1024 bytes, or the parameters in the URI", "413 form",
    ),
    "a form that is refused": Case(
        get("/cdrapi", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 8", method="POST") + b"offset=x",
        "number", "write digits only", parameter="offset",
    ),
    "plus in the zone": query(
        "startTime=2013-12-03T00:00:00+01:00", "character", "startTime", "a '+' in the zone decoded to a space: send %2B"
    ),
    "a space for T": query("startTime=2013-12-03%2000:00:00", "character", "startTime", "a space stands where the letter T is due"),
    "another date": query("endTime=03.12.2013", "time-form", "endTime", TIMES),
    "American": query("endTime=12/03/2013", "character", "endTime", TIMES),
    "milliseconds": query("startTime=1386092810000", "time-form", "startTime", TIMES),
    "the 31st of November": query("startTime=2013-11-31", "impossible-time", "startTime", ""),
    "hour 25": query("startTime=2013-11-30T25:00", "impossible-time", "startTime", ""),
    "-1": query("offset=-1", "number", "offset", "write digits only"),
    "a float": query("minDur=1.5", "number", "minDur", "write digits only"),
    "ten": query("numRecords=ten", "number", "numRecords", "write digits only"),
    "html": query("format=html", "format", "format", "it is csv, xml or json"),
    "three numbers": query("caller=1-2-3", "hyphens", "caller", "a range is lowest-highest"),
    "a space": query("caller=53%2000", "character", "caller", "a '+' decodes to a space: send %2B"),
    "an empty value": query("caller=", "empty-value", "caller", "leave it out, or give it a value"),
    "no equals sign": query("caller", "no-value", "caller", "write caller=..."),
    "an empty item": query("caller=1,,2", "empty-item", "caller", "separate items with single commas"),
    "no name": query("=5300", "unnamed", "", "name the parameter"),
    "nothing": query("", "empty-query", "", "leave the '?' out"),
    "an ampersand too many": query("caller=1&", "trailing-ampersand", "", "leave the last '&' out"),
    "two ampersands": query("caller=1&&callee=2", "doubled-ampersand", "", "part parameters with one '&' each"),
    "twice": query("offset=1&offset=2", "repeated", "offset", "only caller and callee may repeat"),
    # /recapi
    "no such file": Case(get("/recapi?filename=auto-1.wav"), "no-such-file", LISTED, "404", "filename"),
    "plus in a name": Case(
        get("/recapi?filename=auto-1-+49.wav"), "name-not-allowed", "a '+' that is meant must be sent as %2B", "404", "filename"
    ),
    "dots": Case(get("/recapi?filename=../../etc/passwd"), "name-not-allowed", LISTED, "404", "filename"),
    "the directory twice": Case(
        get("/recapi?filedir=meetme&filename=meetme/a.wav"), "no-such-file",
        "'meetme' is looked in already, so leave it out of the name", "404", "filename",
    ),
    "no such directory": Case(
        get("/recapi?filedir=monitr"), "no-such-directory", "/recapi lists the directories", "listing", "filedir"
    ),
}  # fmt: skip


def played(pbx: Pbx, case: Case) -> tuple[Reply, bytes]:
    """Return what *pbx* answers to *case*, and the challenge in it as the device would have written it."""
    reader = RequestReader(pbx.reading)
    raw = case.raw
    if b"{nonce}" in raw:
        challenged = pbx.answer(request("/cdrapi"), at())
        raw = raw.replace(b"{nonce}", re.findall(r'nonce="(\w+)"', str(challenged.headers))[0].encode())
    found = reader.feed(raw) or reader.ended()
    assert found is not None
    if isinstance(found, Content):
        reply = pbx.malformed(found, case.peer, at())
    else:
        reply = pbx.answer(ApiRequest.of(case.peer, found.head, found.form, pbx.reading), at())
    nonce = re.findall(r'nonce="([0-9a-f]{8})"', str(reply.headers))
    if not nonce:
        return reply, b""
    challenge = f'Digest algorithm=MD5, realm="asterisk", nonce="{nonce[0]}", qop="auth", opaque="{nonce[0]}"'
    return reply, challenge.encode() + (b", stale=true" if case.stale else b"")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refused_request_gets_this_code_and_hint_and_the_devices_bytes(case: Case) -> None:
    """The code, the parameter and the hint are exactly these; the wire has the device's bytes and nothing of them."""
    reply, challenge = played(make_pbx(**case.settings), case)
    refusal = reply.refusal
    assert refusal is not None
    assert (refusal.code.slug, refusal.parameter, refusal.hint) == (case.code, case.parameter, case.hint)
    assert refusal.sentence
    assert reply.head + reply.body == faithful(case.shown, challenge)


def test_there_are_forty_at_least() -> None:
    """The table covers every check that a request passes, with forty cases and more."""
    assert len(CASES) >= 40
    checks = {Code[case.code.upper().replace("-", "_")].check for case in CASES.values()}
    assert checks == {code.check for code in Code} - {"accept", "handshake"}


@pytest.mark.parametrize(
    ("made_with", "hint"),
    [
        ({"method": "GET"}, "it was made for the method GET, and this is HEAD"),
        ({"realm": "pbx"}, "it was made with another realm: hash 'asterisk', that of the challenge"),
        ({"target": "/cdrapi"}, A_PAIR),
    ],
)
def test_a_wrong_response_is_looked_into(made_with: dict[str, str], hint: str) -> None:
    """Where a response is right for something near, the hint says what; the page is the same 401."""
    pbx = make_pbx(api=ACCOUNT)
    challenged = pbx.answer(request("/cdrapi", "HEAD"), at())
    value = digest(challenged, made_with.get("target", "/cdrapi"), made_with.get("method", "HEAD"))
    if "realm" in made_with:
        a1 = _md5(f"{USER}:pbx:{PASSWORD}")
        nonce = re.findall(r'nonce="(\w+)"', value)[0]
        right = _md5(f"{a1}:{nonce}:00000001:0a4f113b:auth:{_md5('HEAD:/cdrapi')}")
        value = re.sub(r'response="\w+"', f'response="{right}"', value).replace('realm="asterisk"', 'realm="pbx"')
    elif "target" in made_with:
        value = re.sub(r'response="\w+"', f'response="{"0" * 32}"', value)
    refused = pbx.answer(request("/cdrapi", "HEAD", authorization=value), at())
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.hint) == (Code.RESPONSE_WRONG, hint)


def test_a_good_page_is_no_refusal() -> None:
    """What is served has none."""
    assert make_pbx().answer(request("/cdrapi"), at()).refusal is None


def test_an_old_nonce_and_a_used_one_are_stale() -> None:
    """The two refusals that leave the password out of it say what to do."""
    pbx = make_pbx(api=ACCOUNT)
    value = digest(pbx.answer(request("/cdrapi"), at()), "/cdrapi")
    assert pbx.answer(request("/cdrapi", authorization=value), at()).refusal is None
    again = pbx.answer(request("/cdrapi", authorization=value), at(1)).refusal
    late = pbx.answer(request("/cdrapi", authorization=value), at(100)).refusal
    assert again is not None
    assert late is not None
    assert (again.code.slug, again.hint) == ("nonce-count", "add 1 to nc for each request with the same nonce")
    assert (late.code.slug, late.hint) == ("nonce-old", "take the new nonce of this 401 and send the request again")


def _md5(text: str) -> str:
    return md5(text.encode()).hexdigest()
