"""The http plane: each fault as its bytes on the wire, and what the journal says of it."""

from __future__ import annotations

import gzip
import http.client
import io
import json
from statistics import mean, median
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faulting import refused
from tests.faultwire import Open, Wire
from tests.makers import ACCOUNT, at, digest, make_pbx, request
from ucmsim.faults.bodies import InChunks
from ucmsim.faults.cuts import place
from ucmsim.http.reply import Bytes

GOOD = Wire().ask()


def wire(fault: str, **fields: Any) -> Wire:
    """Return a PBX with one fault."""
    return Wire({"fault": fault, **fields})


def asked(fault: str, target: str = "/cdrapi", **fields: Any) -> Open:
    """Return what comes of one request to a PBX with one fault."""
    return wire(fault, **fields).ask(target)


def parsed(raw: bytes) -> http.client.HTTPResponse:
    """Return *raw* as the standard library's client reads it; raises what that raises."""

    class Sock:
        def makefile(self, _mode: str) -> io.BytesIO:
            return io.BytesIO(raw)

    response = http.client.HTTPResponse(Sock())  # type: ignore[arg-type]
    response.begin()
    return response


# When it comes


@pytest.mark.fault("http.latency")
@pytest.mark.parametrize(("before", "first"), [("head", b""), ("body", GOOD.head + b"\r\n\r\n")])
def test_latency_comes_before_head_or_body(before, first):
    """What stands before the wait comes at once, the rest when the clock has moved."""
    slow = wire("http.latency", seconds=3, before=before)
    opened = slow.open()
    slow.clock.advance(2.9)
    assert opened.raw == first
    slow.clock.advance(0.1)
    assert opened.raw == GOOD.raw


@pytest.mark.parametrize(
    ("spread", "middle", "low", "high"),
    [("uniform", mean, 0, 20), ("normal", mean, 0, 30), ("lognormal", median, 2, 40)],
)
def test_latency_has_a_distribution(spread, middle, low, high):
    """Drawn from the fault's own stream: around the seconds, never below 0, the same for the same seed."""
    fault = {"fault": "http.latency", "seconds": 10.0, "spread": spread, "deviation": 0.25}
    drawn, again = (
        [pbx.answer(request("/cdrapi"), at()).steps[0].seconds for _ in range(300)]  # type: ignore[union-attr]
        for pbx in (make_pbx(faults=[fault]), make_pbx(faults=[fault]))
    )
    assert drawn == again
    assert low <= min(drawn) < max(drawn) <= high
    assert 9 < middle(drawn) < 11
    assert len(set(drawn)) > 290


@pytest.mark.fault("http.drip")
def test_drip_sends_the_body_piece_by_piece():
    """So many bytes at a time with so many seconds between, and the end after the last."""
    dripping = wire("http.drip", bytes=100, seconds=2)
    opened = dripping.open()
    for number in range(1, len(GOOD.body) // 100 + 2):
        assert opened.body == GOOD.body[: 100 * number]
        assert bool(opened.ended) is (100 * number >= len(GOOD.body))
        dripping.clock.advance(2)
    assert opened.raw == GOOD.raw


def test_a_drip_ends_when_the_client_goes():
    """Nothing is waited for any more, and the journal says how far it came."""
    dripping = wire("http.drip", bytes=10, seconds=1)
    opened = dripping.open()
    dripping.clock.advance(1)
    opened.vanish()
    assert dripping.clock.getDelayedCalls() == []
    (entry,) = dripping.journal
    assert (entry["bytes"], entry["faults"], entry["kinds"]) == (20, ["http-drip"], ["http.drip"])


@pytest.mark.fault("http.stall")
@pytest.mark.parametrize("count", [0, 1, 500])
def test_a_stall_goes_on_for_ever(count):
    """So many bytes of the body come, then nothing, and the connection stays open."""
    stalled = wire("http.stall", bytes=count)
    opened = stalled.open()
    stalled.clock.advance(1e6)
    assert opened.raw == GOOD.head + b"\r\n\r\n" + GOOD.body[:count]
    assert not opened.ended
    opened.vanish()
    assert stalled.journal[0]["ended"] == "the client went away"


def test_a_stall_ends_with_the_client():
    """Who sends its FIN waits for nothing any more: the connection ends, and counts as one no longer."""
    stalled = wire("http.stall")
    opened = stalled.open()
    opened.fin()
    assert opened.ended == "reset"
    slow = wire("http.latency", seconds=5)
    opened = slow.open()
    opened.fin()
    slow.clock.advance(5)
    assert opened.raw == GOOD.raw  # a reply that is still to come is waited for


@pytest.mark.fault("http.empty")
@pytest.mark.parametrize("how", ["notify", "fin", "reset"])
def test_an_empty_reply_is_just_an_end(how):
    """Not a byte, and the ending that is asked for."""
    opened = asked("http.empty", ending=how)
    assert (opened.raw, opened.ended) == (b"", how)


# Which body comes


@pytest.mark.fault("http.truncate")
@pytest.mark.parametrize("how", ["notify", "fin", "reset"])
@pytest.mark.parametrize(
    ("length", "told"), [("large", len(GOOD.body)), ("matching", 100), ("missing", None), ("small", 50)]
)
def test_a_body_is_cut(length, told, how):
    """Every Content-Length goes with every ending."""
    opened = asked("http.truncate", bytes=100, length=length, ending=how)
    assert opened.body == GOOD.body[:100]
    assert opened.header("Content-Length") == (None if told is None else str(told))
    assert opened.ended == how


@pytest.mark.parametrize(("share", "left"), [(0.5, len(GOOD.body) // 2), (0.0, 0), (1.0, len(GOOD.body))])
def test_a_share_of_the_body_comes(share, left):
    """None, half, or all of it."""
    assert asked("http.truncate", share=share).body == GOOD.body[:left]
    assert asked("http.truncate", share=share, bytes=None).body == GOOD.body[:left]


def test_half_of_the_body_comes_where_nothing_is_said():
    """Neither a share nor a number of bytes is needed."""
    assert asked("http.truncate").body == GOOD.body[: len(GOOD.body) // 2]


def test_half_of_the_second_page_fails():
    """The recipe: pages one and three are whole."""
    paging = wire("http.truncate", share=0.5, when={"page": [2]})
    pages = [paging.ask(f"/cdrapi?numRecords=1&offset={offset}") for offset in range(3)]
    whole = [Wire().ask(f"/cdrapi?numRecords=1&offset={offset}") for offset in range(3)]
    assert [page.raw == good.raw for page, good in zip(pages, whole, strict=True)] == [True, False, True]


def test_a_cut_between_records_is_a_page_that_looks_whole():
    """After a line end; with a matching length nothing tells that rows are missing."""
    opened = asked("http.truncate", at="record", length="matching")
    assert opened.body.endswith(b"\n")
    assert 0 < opened.body.count(b"\n") < GOOD.body.count(b"\n")


def test_a_cut_between_records_of_xml_leaves_elements_of_rows_whole():
    """The lines of XML are fields; what is cut off are rows, and the end of the root."""
    good = wire("http.truncate", times=1, at="record", length="matching", when={"nth": [2]})
    whole, cut = (good.ask("/cdrapi?format=xml").body for _ in range(2))
    assert whole.startswith(cut)
    assert cut.endswith(b"</cdr>\n")
    assert 0 < cut.count(b"<cdr>") == cut.count(b"</cdr>") < whole.count(b"<cdr>")


@pytest.mark.parametrize(("form", "lines"), [("csv", 3), ("json", 5), ("xml", None)])
def test_a_page_is_cut_behind_so_many_rows(form, lines):
    """Two of three rows come whole, in each format, and with a place inside them less; more than there are is all."""
    cut, all_of_it = (asked("http.truncate", f"/cdrapi?format={form}", rows=rows).body for rows in (2, 3))
    whole = Wire().ask(f"/cdrapi?format={form}").body
    assert whole.startswith(cut)
    if lines is None:
        assert (cut.count(b"</cdr>"), all_of_it.count(b"</cdr>")) == (2, 3)
        assert cut.endswith(b"</cdr>\n")
    else:
        assert (cut.count(b"\n"), all_of_it.count(b"\n")) == (lines, lines + 1)
        assert cut.endswith(b"\n")
    assert asked("http.truncate", f"/cdrapi?format={form}", rows=4).body == whole


def test_a_cut_inside_a_token_is_no_json():
    """The cut is inside a text."""
    opened = asked("http.truncate", "/cdrapi?format=json", at="token", length="matching")
    with pytest.raises(json.JSONDecodeError):
        json.loads(opened.body)
    assert opened.body[-1:] not in b'",:{}[]\n'


@pytest.mark.parametrize(
    ("data", "near", "where", "left"),
    [
        (b"a,b\nc,d\n", 6, "byte", b"a,b\nc,"),
        (b"a,b\nc,d\n", 6, "record", b"a,b\n"),
        (b"a,b\nc,d\n", 2, "record", b"a,"),
        (b"<r>\n<cdr>\n<a>1</a>\n</cdr>\n<cdr>\n<a>2</a>\n", 40, "record", b"<r>\n<cdr>\n<a>1</a>\n</cdr>\n"),
        (b"<r><cdr><a>1</a></cdr><cdr><a>2</a>", 34, "record", b"<r><cdr><a>1</a></cdr>"),
        (b"<r>\n<cdr>\n<a>1</a>\n", 14, "record", b"<r>\n<cdr>\n<a>1"),
        (b'{"cdr":[{"a":"1"},{"a":"2"}]}', 26, "record", b'{"cdr":[{"a":"1"},'),
        (b"a,b\nc,d\n", 7, "field", b"a,b\nc,"),
        (b"<a>1</a>", 7, "field", b"<a>1"),
        (b"abc", 2, "field", b"ab"),
        (b'{"name": "value", "x": 5}', 9, "token", b'{"name": "va'),
        (b'{"name": 1234}', 9, "token", b'{"name": 12'),
        (b"abc", 1, "token", b"a"),
        ("a\u00e9b\u20acc".encode(), 0, "character", b"a\xc3"),
        ("a\u00e9b\u20acc".encode(), 3, "character", b"a\xc3\xa9b\xe2"),
        ("a\u00e9bcd".encode(), 5, "character", b"a\xc3"),
        (b"abc", 2, "character", b"ab"),
        (b"abc", 9, "byte", b"abc"),
        (b"", 0, "record", b""),
    ],
)  # fmt: skip
def test_places_to_cut_at(data, near, where, left):
    """The last place of its kind before, or around, the byte; the byte itself where there is none."""
    assert data[: place(data, near, where)] == left


def test_a_reply_without_a_body_is_cut_short_of_nothing():
    """HEAD has no body; what is about bodies leaves it alone."""
    for fault in ("http.truncate", "http.twice", "http.chunked", "http.drip"):
        assert wire(fault).ask(method="HEAD").raw == Wire().ask(method="HEAD").raw


@pytest.mark.fault("http.twice")
@pytest.mark.parametrize(("length", "told"), [("one", len(GOOD.body)), ("both", 2 * len(GOOD.body))])
def test_a_body_comes_twice(length, told):
    """With the length of one or of both."""
    opened = asked("http.twice", length=length)
    assert opened.body == GOOD.body * 2
    assert opened.header("Content-Length") == str(told)


@pytest.mark.fault("http.chunked")
@pytest.mark.parametrize("size", [1, 7, 1024, 100_000])
def test_chunks_that_are_right(size):
    """A client that knows chunks reads the body."""
    assert parsed(asked("http.chunked", how="right", bytes=size).raw).read() == GOOD.body


@pytest.mark.parametrize("how", ["bad-size", "wrong-size", "unfinished"])
@pytest.mark.parametrize("size", [100, 100_000])
def test_chunks_that_are_wrong(how, size):
    """The same client finds that they are not."""
    with pytest.raises((http.client.IncompleteRead, ValueError)):
        parsed(asked("http.chunked", how=how, bytes=size).raw).read()


@pytest.mark.parametrize("how", ["bad-size", "wrong-size", "unfinished", "right"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9, 10, 11])
def test_a_chunked_body_knows_its_length(how, size):
    """Its length is that of its bytes, and a slice is a part of them."""
    for whole in (b"", b"0", b"0123456789", b"x" * 200):
        body = InChunks(Bytes(whole), how, size)
        data = b"".join(body.chunks(4))
        assert body.length == len(data)
        assert b"".join(body.slice(2, 9).chunks()) == data[2:9]


@pytest.mark.fault("http.gzip")
def test_gzip_is_said_and_not_done():
    """The header is there, and the body cannot be unpacked."""
    opened = asked("http.gzip")
    assert opened.header("Content-Encoding") == "gzip"
    assert opened.body == GOOD.body
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(opened.body)


# The head


@pytest.mark.fault("http.status")
@pytest.mark.parametrize(
    ("status", "line"),
    [(500, b"HTTP/1.1 500 Server Error"), (503, b"HTTP/1.1 503 Service Unavailable"), (404, b"HTTP/1.1 404 Not Found"),
     (403, b"HTTP/1.1 403 Permission denied"), (599, b"HTTP/1.1 599 Error")],
)  # fmt: skip
def test_a_status_has_the_devices_page(status, line):
    """Head and page are those of the device, and nothing calls it refused."""
    failing = wire("http.status", status=status)
    opened = failing.ask()
    assert opened.head.split(b"\r\n")[0] == line
    assert opened.header("Content-type") == "text/html"
    assert opened.header("Content-Length") == str(len(opened.body))
    assert f"<h1>{line.decode().partition(str(status))[2].strip()}" in opened.body.decode()
    (entry,) = failing.journal
    assert (entry["reply"]["status"], entry["refusal"], entry["faults"]) == (status, None, ["http-status"])


def test_the_404_page_is_the_devices_own():
    """The same bytes as for a path that there is not."""
    assert asked("http.status", status=404).raw == Wire().ask("/nowhere").raw


@pytest.mark.fault("http.status-line")
def test_a_status_line_that_is_none():
    """It is the only thing that differs."""
    assert asked("http.status-line").raw == GOOD.raw.replace(b"HTTP/1.1 200 OK", b"ICY 200 OK", 1)
    with pytest.raises(http.client.BadStatusLine):
        parsed(asked("http.status-line", line="garbage").raw)


@pytest.mark.fault("http.content-type")
@pytest.mark.parametrize("value", ["text/html", None])
def test_a_content_type_that_is_wrong_or_missing(value):
    """The header changes in its place, or is not there; the body is the same."""
    opened = asked("http.content-type", value=value)
    assert opened.header("Content-type") == value
    assert opened.body == GOOD.body


@pytest.mark.fault("http.charset")
def test_a_charset_that_the_body_is_not_in():
    """It is appended to the type."""
    assert asked("http.charset", charset="utf-16").header("Content-type") == "text/csv; charset=utf-16"


@pytest.mark.fault("http.redirect")
def test_a_redirect():
    """The status, the Location, and no body."""
    opened = asked("http.redirect", location="/cdrapi", status=307)
    assert (opened.status, opened.header("Location"), opened.body) == (307, "/cdrapi", b"")
    assert opened.header("Content-Length") == "0"


@pytest.mark.fault("http.header")
def test_a_header_that_is_too_long():
    """Longer than clients read."""
    with pytest.raises(http.client.LineTooLong):
        parsed(asked("http.header").raw)
    assert len(asked("http.header", bytes=10, header="X-Y").header("X-Y") or "") == 10


@pytest.mark.parametrize("line", ["a\r\nb", "a\nb", "a\0b", "x" * 8193])
def test_no_field_can_write_a_second_header(line):
    """Line ends are refused when the fault is armed."""
    for fault, field in (("http.status-line", "line"), ("http.content-type", "value"), ("http.redirect", "location")):
        assert list(refused({"fault": fault, field: line})) == [field]


def test_a_header_has_a_longest_length():
    """What is longer than that is refused when the fault is armed, and not cut."""
    assert "bytes" in refused({"fault": "http.header", "bytes": (64 << 20) + 1})


# Several at once

DRIP = {"fault": "http.drip", "bytes": 100, "seconds": 2}


def dripped(*faults: dict[str, Any], seconds: int = 60) -> list[bytes]:
    """Return the body so far after each second, without repetitions, of a reply that drips."""
    dripping = Wire(DRIP, *faults)
    opened, seen = dripping.open(), []
    for _ in range(seconds):
        if opened.body not in seen:
            seen.append(opened.body)
        dripping.clock.advance(1)
    opened.vanish()
    return seen


def test_what_changes_a_body_changes_one_that_drips():
    """Armed behind the drip, each does to the body what it does alone, and the pace stays."""
    assert dripped({"fault": "http.truncate", "bytes": 250}) == [GOOD.body[:end] for end in (100, 200, 250)]
    assert dripped({"fault": "http.stall", "bytes": 150}) == [GOOD.body[:end] for end in (100, 150)]
    assert dripped({"fault": "http.twice"})[-1] == GOOD.body * 2
    assert dripped({"fault": "http.redirect", "location": "/"}) == [b""]
    assert dripped({"fault": "http.chunked", "bytes": 9999})[0].startswith(b"%x\r\n" % len(GOOD.body))
    slow = Wire(DRIP, {"fault": "http.latency", "seconds": 5, "before": "body"})
    opened = slow.open()
    slow.clock.advance(4.9)
    assert (opened.status, opened.body) == (200, b"")
    slow.clock.advance(0.1)
    assert opened.body == GOOD.body[:100]
    opened.vanish()


@pytest.mark.parametrize(
    "fault",
    [{"fault": "http.truncate", "ending": "fin"}, {"fault": "http.twice"}, {"fault": "http.stall", "bytes": 99}],
)
def test_what_comes_in_chunks_has_no_length(fault):
    """Chunks and Content-Length exclude each other, whatever becomes of the body."""
    opened = Wire({"fault": "http.chunked"}, fault).open()
    assert (opened.header("Transfer-Encoding"), opened.header("Content-Length")) == ("chunked", None)
    opened.vanish()


def test_a_reply_without_a_byte_is_waited_for():
    """Latency that is armed before counts, whatever comes after it."""
    slow = Wire({"fault": "http.latency", "seconds": 5}, {"fault": "http.empty", "ending": "fin"})
    opened = slow.open()
    slow.clock.advance(4.9)
    assert opened.ended == ""
    slow.clock.advance(0.1)
    assert (opened.raw, opened.ended) == (b"", "fin")


@pytest.mark.parametrize(
    "fault",
    [{"fault": "http.empty"}, {"fault": "http.redirect", "location": "/"}, {"fault": "http.stall"},
     {"fault": "http.truncate", "bytes": 0}],
)  # fmt: skip
def test_rows_that_were_not_sent_were_not_served(fault):
    """Of a page that no byte of was sent the journal tells no rows and no AcctIds."""
    sent, unsent = Wire(), Wire(fault)
    sent.ask()
    unsent.open().vanish()
    assert (sent.journal[0]["rows"], sent.journal[0]["acctids"]) == (3, "62-64")
    assert (unsent.journal[0]["rows"], unsent.journal[0]["acctids"]) == (None, "")


# Challenges without end


def login(wire: Wire, again: bool = False) -> list[Open]:
    """Ask without credentials, then with good ones, and once more with those for the new challenge."""
    answers = [wire.ask()]
    for _ in range(2 if again else 1):
        reply = make_reply(answers[-1])
        answers.append(wire.ask(headers=f"Authorization: {digest(reply, '/cdrapi')}\r\n"))
    return answers


def make_reply(challenged: Open) -> Any:
    """Return what `digest` needs of a challenge."""
    return SimpleNamespace(headers=(("WWW-authenticate", challenged.header("WWW-authenticate")),))


@pytest.mark.fault("http.challenge-loop", "http.stale-loop")
@pytest.mark.parametrize(("fault", "stale"), [("http.challenge-loop", False), ("http.stale-loop", True)])
def test_a_challenge_that_never_ends(fault, stale):
    """Good credentials get another challenge; the one loop calls the nonce stale, the other does not."""
    looping = Wire({"fault": fault}, api=ACCOUNT)
    answers = login(looping, again=True)
    assert [one.status for one in answers] == [401, 401, 401]
    assert all(("stale=true" in (one.header("WWW-authenticate") or "")) is stale for one in answers)
    assert [entry["refusal"]["code"] for entry in looping.journal] == ["no-credentials", *["challenged-by-fault"] * 2]
    assert [entry["faults"] for entry in looping.journal] == [[fault.replace(".", "-")]] * 3


def test_a_fault_about_authentication_counts_challenges():
    """With nth it counts every exchange; what is not about authentication does not."""
    looping = Wire(
        {"fault": "http.challenge-loop", "when": {"nth": [2]}},
        {"fault": "http.gzip", "when": {"nth": [1]}},
        api=ACCOUNT,
    )
    assert [one.status for one in login(looping, again=True)] == [401, 401, 200]
    assert looping.journal[-1]["faults"] == ["http-gzip"]
