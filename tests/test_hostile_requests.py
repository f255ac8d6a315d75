"""Requests that no client should send to a real PBX: strange bytes, long lists, numbers beyond all bounds; it answers as the device."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.hostile import (
    ALL,
    GET,
    HEADER,
    INVALID,
    NO_JSON,
    NO_METHOD,
    NO_XML,
    NONE,
    NOT_FOUND,
    ROWS,
    SETTINGS,
    asked,
    listed,
    page,
    posted,
    response,
)
from tests.makers import spool_of
from tests.rawclient import digest_header, exchange
from ucmsim.appliance.pbx import Pbx
from ucmsim.assembling.filling import import_file
from ucmsim.clock import PbxClock
from ucmsim.http.request import ApiRequest
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.settings import Pbx as Settings
from ucmsim.store.history import History

pytestmark = [pytest.mark.ucmsim(**SETTINGS), pytest.mark.usefixtures("foreseen")]


@pytest.fixture(scope="module")
def pbx(ucm_fleet: UcmFleet) -> Iterator[Ucm]:
    """One PBX for all tests that leave it as it was."""
    started = ucm_fleet.start(SETTINGS)
    yield started
    ucm_fleet.stop(started)


# Strange bytes


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"GET /cdrapi\0?caller=1 HTTP/1.1\r\n\r\n", ALL),
        (b"GET /cdr\0api HTTP/1.1\r\n\r\n", NOT_FOUND),
        (b"GET \0/cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"G\0ET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"\0GET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (GET + b"\0Host: pbx\r\n", ALL),
        (GET + b"Ho\0st: pbx\r\nX: \0\r\n\r\n", ALL),
        (asked(b"/cdrapi%00/x"), ALL),
        (asked(b"/%00cdrapi"), NOT_FOUND),
        (asked(b"/cdrapi?caller=5300%00;'"), ALL),
        (asked(b"/cdrapi?caller%00=5300"), ALL),
        (asked(b"/cdrapi?caller=%00"), NONE),
        (asked(b"/cdrapi?%00=5300"), NONE),
        (posted(b"caller=5300\0&;"), NONE),
        (asked(b"/cdrapi\xff"), NOT_FOUND),
        (asked(b"/\xc3\xa9?caller=1"), NOT_FOUND),
        (asked(b"/cdrapi?caller=\xff"), NONE),
        (asked(b"/cdrapi?caller=5300,%FF"), NONE),
        (asked(b"/cdrapi?\xff=1"), NONE),
        (asked(b"/cdrapi?numRecords=\xd9\xa3"), NONE),
        (asked(b"/cdrapi?caller=\xef\xbc\x95"), NONE),
        (asked(b"/cdrapi?format=json&caller=\xc3\xa9"), NO_JSON),
        (asked(b"/cdrapi?format=XML&caller=\x80"), NO_XML),
        (asked(b"/cdrapi?form\xe9t=json"), NONE),
        (asked(b"/cdrapi?format=js\xf8n"), NONE),
        (asked(b"/cdrapi?caller=5300\x01"), ALL),
        (asked(b"/cdrapi?caller=5300\x7f"), NONE),
        (asked(b"/cdrapi?caller=53%0A00"), NONE),
        (GET + b"\xff\xfe: \x80\x81\r\nX-\xe9\r\n: y\r\nX:\r\n\x01: \x02\r\n\r\n", ALL),
        (GET + b"Content-Length: \xff\0\r\nConnection: \xff\r\nAuthorization: Digest \xff\0\r\n\r\n", ALL),
        (b"G\xcbT /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
    ],
)
def test_nul_and_8_bit_bytes(pbx, raw, expected):
    """A NUL ends a line or a value as in C; 8-bit bytes are unknown paths, parameters and characters, never a crash."""
    assert exchange(pbx, raw) == expected


@pytest.mark.ucmsim(api={"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"})
@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Digest",
        b"Digest \xff\xfe",
        b'Digest ,,,,=,=","\\',
        b'Digest username="cdrapi',
        b'Digest username="\\',
        b"Digest " + b'username="cdrapi", ' * 200,
        b'Digest username="cdrapi", realm="asterisk", nonce="' + b"f" * 3000 + b'", uri="/", response="0"',
        b'Digest username="\xff", realm="\0", nonce="-1", uri="/cdrapi", response="\xe9", nc=\xff, cnonce="", qop=auth',
        b'Digest username="cdrapi", realm="a", nonce="1", uri="/\xff", response="' + b"0" * 32 + b'", nc=' + b"f" * 99,
        b"Basic \xff\xff==",
        b"Basic " + b"QUFB" * 900,
        b"Negotiate x",
    ],
)
def test_hostile_credentials(ucm, header):
    """Whatever stands in Authorization, it is a new challenge; a client that knows the password is served after it."""
    challenge = exchange(ucm, GET + b"Authorization: " + header + b"\r\n\r\n")
    nonce = re.search(rb'nonce="([0-9a-f]{8})", qop="auth", opaque="([0-9a-f]{8})"\r\n', challenge)
    assert nonce is not None
    assert nonce[1] == nonce[2]
    line = b'WWW-authenticate: Digest algorithm=MD5, realm="asterisk", ' + nonce[0]
    expected = page("401 Unauthorized", "").replace(b"<h1>", b"<h1>401 ").replace(b"Length: 206", b"Length: 210")
    assert challenge == expected.replace(b"Content-type", line + b"Content-type", 1)
    assert exchange(ucm, GET + digest_header("GET", "/cdrapi", "cdrapi", "cdrapi123", challenge) + b"\r\n") == ALL


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"get /cdrapi http/1.1\r\n\r\n", ALL),
        (b"gEt /CDRAPI/ HTTP/1.1\r\n\r\n", ALL),
        (b"post /cdrapi HTTP/1.1\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/9.9\r\n\r\n", ALL),
        (b"GET /cdrapi\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/1.1 and more\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/1.1\n\n", ALL),
        (b"GET /cdrapi HTTP/1.1\nHost: pbx\r\n\n", ALL),
        (b"GET /cdrapi HTTP/1.1\r\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/1.1\r\n \t \r\n", ALL),
        (b" \t  GET   \t /cdrapi  \t\t HTTP/1.1   \r\n\r\n", ALL),
        (b" " * 2000 + b"GET" + b" " * 2000 + b"/cdrapi\r\n\r\n", ALL),
        (b"GET /cdrapi?caller=1 5300 HTTP/1.1\r\n\r\n", NONE),
        (b"\r\nGET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"\n\n\n\nGET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"GET\r\n\r\n", INVALID),
        (b"GET / HTTP/1.1\r\n\r\n", NOT_FOUND),
        (asked(b"https://pbx:8443/cdrapi"), NOT_FOUND),
        (asked(b"//pbx/cdrapi"), NOT_FOUND),
        (asked(b"*"), NOT_FOUND),
        (asked(b"cdrapi"), NOT_FOUND),
        (asked(b"/x/../cdrapi"), NOT_FOUND),
        (asked(b"/cdrapi/x"), NOT_FOUND),
        (asked(b"/cdrapi#here"), NOT_FOUND),
        (asked(b"/cdrapi?caller=5300#here"), NONE),
        (asked(b"/cdrapi?"), NONE),
        (asked(b"/cdrapi?caller=5300&"), NONE),
        (asked(b"/cdrapi?caller=5300?"), NONE),
        (b"DELETE /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"PUT /cdrapi HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", NO_METHOD),
        (b"CONNECT /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"GETT /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"X" * 3000 + b" /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"DELETE /foo HTTP/1.1\r\n\r\n", NOT_FOUND),
        (b"HEAD /foo HTTP/1.1\r\n\r\n", NOT_FOUND),
    ],
)
def test_strange_request_lines(pbx, raw, expected):
    """Methods and paths in any letter case, any version or none, any blanks; nothing else is normalised."""
    assert exchange(pbx, raw) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (listed(b"0-9", 999), NONE),
        (listed(b"0-9", 998, b"5300-5300"), ALL),
        (listed(b"0-9", 998, b"5300-5300-"), NONE),
        (listed(b"1", 2000), NONE),
        (listed(b"1", 2000, b"5300"), ALL),
        (listed(b"-", 2000), NONE),
        (listed(b"@", 2000), ALL),
        (listed(b"_", 2000, b"____"), ALL),
        (b"@5" * 2000, NONE),
        (b"@" * 4000, ALL),
        (b"," * 4000, NONE),
        (b"-" * 4000, NONE),
    ],
    ids=["999", "998+1", "hyphens", "literals", "literal", "blank", "any", "four", "deep", "wild", "commas", "dashes"],
)
def test_long_lists_in_one_line(pbx, items, expected):
    """Lists as long as a request line is are answered like short ones."""
    raw = asked(b"/cdrapi?caller=" + items)
    assert raw.index(b"\n") < 4095
    assert exchange(pbx, raw) == expected


def test_a_list_longer_than_the_request_line(pbx):
    """The line is cut at 4095 bytes and the list with it, here after an item that matches."""
    start = b"GET /cdrapi?caller=" + b"0-9," * 1000
    cut_off = start + b"0-5300,".ljust(4095 - len(start), b"1") + b"," + b"0-9," * 9000 + b"\r\n\r\n"
    assert exchange(pbx, cut_off) == ALL
    assert exchange(pbx, start + b"0-9,,".ljust(4095 - len(start), b"1") + b"0-9999" + b"\r\n\r\n") == NONE


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (b"caller=" + listed(b"0-9", 254), NONE),
        (b"caller=" + listed(b"0-9", 252, b"0-9999"), ALL),
        (b"caller=" + b"5300," * 203, ALL),
        (b"caller=5300&" * 85 + b"x", NONE),
        (b"&" * 1024, NONE),
        (b"caller=5300&" * 84 + b"callee=5301", ALL),
        (b"%" * 1024, NONE),
        (b"=" * 1024, NONE),
    ],
)
def test_long_lists_in_a_form(pbx, form, expected):
    """A form of up to 1024 bytes is read like a query."""
    assert len(form) <= 1024
    assert exchange(pbx, posted(form)) == expected


def test_999_ranges_of_full_length(tmp_path):
    """A list of 999 ranges, longer than a request line allows, is one query like any other."""
    history = History.open(tmp_path / "history.sqlite", durable=False)
    with contextlib.closing(history):
        guide = Path(str(files("ucmsim") / "data" / "guide-2013.csv"))
        import_file(history, guide, zone=ZoneInfo("America/Chicago"))
        settings = Settings.model_validate({"api": {"permitted_ips": ["127.0.0.0/8"]}})
        clock = PbxClock.starting(None, 1.0, 0.0)
        pbx = Pbx("pbx", settings, history, spool_of(history), clock, seed=1, defects=())

        def found(**lists: str) -> bytes:
            asked = ApiRequest("127.0.0.1", "GET", "/cdrapi", "/cdrapi", tuple(lists.items()))
            return pbx.answer(asked, clock.at(0.0)).body

        ranges = [f"{10**9 + 10 * at}-{10**9 + 10 * at + 5}" for at in range(999)]
        assert found(caller=",".join(ranges)) == HEADER
        assert found(caller=",".join([*ranges[:-1], "5300-5300"])) == HEADER + b"".join(ROWS)
        matching = ",".join(["5290-5310", *ranges[1:]])
        assert found(caller=matching, callee=matching, answeredby=matching) == HEADER + b"".join(ROWS)


BEYOND = b"9" * 25


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (b"numRecords=" + BEYOND, (62, 63, 64)),
        (b"numRecords=9223372036854775808", (62, 63, 64)),
        (b"numRecords=18446744073709551617", (62, 63, 64)),
        (b"numRecords=" + b"9" * 4000, (62, 63, 64)),
        (b"numRecords=" + b"0" * 4000 + b"1", (62,)),
        (b"numRecords=" + b"0" * 4000, ()),
        (b"numRecords=-" + BEYOND, ()),
        (b"offset=" + BEYOND, ()),
        (b"offset=9223372036854775807", ()),
        (b"offset=9223372036854775808", ()),
        (b"offset=18446744073709551616", ()),
        (b"offset=" + BEYOND + b"&numRecords=" + BEYOND, ()),
        (b"offset=4294967297", ()),
        (b"offset=" + b"0" * 4000 + b"1", (63, 64)),
        (b"minDur=" + BEYOND, ()),
        (b"minDur=18446744073709551616", ()),
        (b"maxDur=" + BEYOND, (62, 63, 64)),
        (b"maxDur=18446744073709551616", (62, 63, 64)),
        (b"minDur=4&maxDur=" + b"9" * 4000, (62, 64)),
        (b"caller=0-" + BEYOND, (62, 63, 64)),
        (b"caller=-" + BEYOND, (62, 63, 64)),
        (b"caller=5300-18446744073709551616", (62, 63, 64)),
        (b"caller=" + BEYOND + b"-", ()),
        (b"caller=" + BEYOND + b"-" + BEYOND, ()),
        (b"caller=18446744073709556916-18446744073709556916", ()),
        (b"caller=%2B5300-%2B" + BEYOND, (62, 63, 64)),
        (b"caller=" + b"0" * 2000 + b"5300-" + b"9" * 2000, (62, 63, 64)),
        (b"caller=" + BEYOND, ()),
        (b"caller=" + b"0" * 4000 + b"5300", ()),
        (b"startTime=" + BEYOND, ()),
        (b"endTime=" + BEYOND, ()),
        (b"startTime=9999999999", ()),
        (b"endTime=9999999999", (62, 63, 64)),
        (b"startTime=0000000000", (62, 63, 64)),
        (b"startTime=0001-01-01", (62, 63, 64)),
        (b"startTime=0000-01-01", ()),
        (b"endTime=9999-12-31T23:59:59-23:59", (62, 63, 64)),
        (b"startTime=0001-01-01T00:00%2B23:59", (62, 63, 64)),
        (b"endTime=99999-12-31", ()),
    ],
)
def test_numbers_beyond_63_bits(pbx, query, rows):
    """Such numbers saturate: they are very large, never negative, never small, and never an error page."""
    lines = [line for line in ROWS if int(line[:2]) in rows]
    assert exchange(pbx, asked(b"/cdrapi?" + query)) == response("200 OK", HEADER + b"".join(lines), "text/csv")
