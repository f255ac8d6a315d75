"""What a query finds, quirk by quirk: whole replies with the default and with every other value. Spec 3, 4.5, 0b."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.makers import GUIDE_CSV, START, another_row, at, guide_rows, header, header_names, ids, make_pbx, request
from ucmsim.columns import Row
from ucmsim.pbx import Pbx
from ucmsim.quirks import PERSONALITY, Value
from ucmsim.register import BY_ID
from ucmsim.reply import Reply

HEADER_LINE = GUIDE_CSV.partition(b"\n")[0] + b"\n"
EMPTY = {
    "csv": HEADER_LINE,
    "xml": b"<root>\n</root>\n",
    "json": b'{\n"cdr":\n[\n]\n}\n',
}
TYPES = {"csv": "text/csv", "xml": "text/xml", "json": "application/json"}
BAD_REQUEST = (
    b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n<html><head>\r\n<title>400 Bad Request</title>\r\n'
    b"</head><body>\r\n<h1>Bad Request</h1>\r\n<p>Invalid Request</p>\r\n<hr />\r\n"
    b"<address>Asterisk Server</address>\r\n</body></html>\r\n"
)

ALL = "62 63 64"
"""The calls of the guide, all from 5300 to 5301 on 2013-12-03: at 11:46:40, 14:01:41 and 14:02:23 local time, UTC-6."""


def pbx_with(rows: Iterable[Row] | None = None, quirks: Mapping[str, Value] | None = None, **settings: Any) -> Pbx:
    """Return a PBX that has *rows* instead of those of the guide."""
    pbx = make_pbx(quirks=dict(quirks or {}), **settings)
    if rows is not None:
        pbx.history._database.execute("DELETE FROM cdr")
        pbx.history.extend(rows)
    return pbx


def get(pbx: Pbx, query: str | None, method: str = "GET", *, seconds: float = 0.0) -> Reply:
    """Return what *pbx* answers to one *query*, which None leaves out together with its question mark."""
    return pbx.answer(request("/cdrapi" if query is None else f"/cdrapi?{query}", method), at(seconds))


def csv(rows: Iterable[Row]) -> bytes:
    """Return *rows* as the CSV page of a G1 device: a comma between any two of its 22 columns, nothing quoted."""
    return HEADER_LINE + "".join(",".join(row[:22]) + "\n" for row in rows).encode()


def outcome(pbx: Pbx, query: str | None, *, seconds: float = 0.0) -> str:
    """Return the AcctIds on a CSV page, or ``refused: `` and why; the reply is the page of these rows to the byte."""
    reply = get(pbx, query, seconds=seconds)
    found = [line.partition(",")[0] for line in reply.body.decode().split("\n")[1:-1]]
    by_id = {row[0]: row for row in pbx.history.rows()}
    assert (reply.status, reply.title, reply.rows) == (200, "OK", len(found))
    assert reply.body == csv(by_id[acctid] for acctid in found)
    assert header(reply, "Content-type") == "text/csv"
    assert header(reply, "Content-Length") == str(len(reply.body))
    if not reply.note:
        return " ".join(found)
    assert not found
    assert reply.note.encode() not in reply.head + reply.body
    return f"refused: {reply.note}"


def each_way(
    quirk: str,
    query: str | None,
    expected: Mapping[Value, str],
    rows: Iterable[Row] | None = None,
    others: Mapping[str, Value] | None = None,
    *,
    seconds: float = 0.0,
    **settings: Any,
) -> None:
    """Compare the outcome with what is *expected* of every value of *quirk*, and of its default, with *others* set."""
    row, kept = BY_ID[quirk], None if rows is None else tuple(rows)
    assert set(expected) >= {value for value in row.values if value != PERSONALITY}
    wanted = {value: (expected[value], {quirk: value}) for value in expected}
    for answer, chosen in (*wanted.values(), (expected[row.default], {})):
        pbx = pbx_with(kept, {**(others or {}), **chosen}, **settings)
        assert outcome(pbx, query, seconds=seconds) == answer, chosen


def calls_from(*sources: str) -> list[Row]:
    """Return a call from each of *sources*; their AcctIds are 1, 2, 3, ..., their starts are in that order."""
    return [
        another_row(AcctId=str(number), src=source, start=f"2013-12-03 14:00:{number:02}")
        for number, source in enumerate(sources, 1)
    ]


def calls_at(*starts: str) -> list[Row]:
    """Return a call that began at each of *starts*; their AcctIds are 1, 2, 3, ..."""
    return [another_row(AcctId=str(number), start=start) for number, start in enumerate(starts, 1)]


# Names and formats


@pytest.mark.quirk("parameter-case")
@pytest.mark.parametrize(
    ("query", "whatever", "exact"),
    [
        ("numRecords=1", "62", "62"),
        ("numrecords=1", "62", "refused: 'numrecords' is not a parameter of /cdrapi (did you mean 'numRecords'?)"),
        ("CALLER=5301", "", "refused: 'CALLER' is not a parameter of /cdrapi (did you mean 'caller'?)"),
        ("format=csv&Format=csv", "refused: 'Format' is given twice (only caller and callee may repeat)",
         "refused: 'Format' is not a parameter of /cdrapi (did you mean 'format'?)"),
    ],
)  # fmt: skip
def test_parameter_names_in_any_case_or_as_the_guide_writes_them(query, whatever, exact):
    """A name in another letter case is the same parameter, or one that does not exist."""
    each_way("parameter-case", query, {"any": whatever, "exact": exact})


@pytest.mark.quirk("parameter-case")
@pytest.mark.quirk("unknown-parameter")
def test_a_format_in_capitals_does_not_choose_the_container():
    """With parameter-case: exact FORMAT=json is no format: refused in CSV, or passed over and the page is CSV."""
    assert get(make_pbx(), "FORMAT=json&caler=1").body == EMPTY["json"]
    refused = get(make_pbx(quirks={"parameter-case": "exact"}), "FORMAT=json")
    assert (refused.body, header(refused, "Content-type")) == (EMPTY["csv"], "text/csv")
    assert refused.note == "'FORMAT' is not a parameter of /cdrapi (did you mean 'format'?)"
    assert outcome(make_pbx(quirks={"parameter-case": "exact", "unknown-parameter": "ignore"}), "FORMAT=json") == ALL
    kept = get(make_pbx(quirks={"parameter-case": "exact", "unknown-parameter": "ignore"}), "FORMAT=csv&format=json")
    assert kept.body == get(make_pbx(), "format=json").body


@pytest.mark.quirk("format-case")
@pytest.mark.parametrize(("value", "form"), [("XML", "xml"), ("Json", "json"), ("json", "json"), ("xml", "xml")])
def test_formats_in_any_case_or_in_lower_case(value, form):
    """A format in capitals is that format, or one that does not exist and so the CSV header."""
    plain = get(make_pbx(), f"format={form}")
    for quirks in ({}, {"format-case": "any"}, {"format-case": "exact"}):
        reply = get(make_pbx(quirks=quirks), f"format={value}")
        if "exact" in quirks.values() and value != form:
            assert (reply.status, reply.body, header(reply, "Content-type")) == (200, EMPTY["csv"], "text/csv")
            assert reply.note == f"'{value}' is not a format (write it in lower case)"
        else:
            assert (reply.head, reply.body, reply.note) == (plain.head, plain.body, "")


@pytest.mark.quirk("default-format")
@pytest.mark.parametrize(
    ("quirks", "form"),
    [({}, "csv"), *[({"default-format": form}, form) for form in ("csv", "xml", "json")]],
)
def test_the_format_when_none_is_asked_for(quirks, form):
    """Pages and refusals have the default container unless another format is asked for."""
    pbx = make_pbx(quirks=quirks)
    for query in (None, "caller=5300", "numRecords=2"):
        asked = f"{query or ''}&format={form}".removeprefix("&")
        reply, wanted = get(pbx, query), get(make_pbx(), asked)
        assert (reply.head, reply.body, reply.note) == (wanted.head, wanted.body, "")
    for query in ("caler=1", "", "caller=5300&", "caller=5301"):
        reply = get(pbx, query)
        assert (reply.status, reply.body, header(reply, "Content-type")) == (200, EMPTY[form], TYPES[form])
    for other in ("csv", "xml", "json"):
        assert get(pbx, f"format={other}").body == get(make_pbx(), f"format={other}").body


@pytest.mark.quirk("default-format")
@pytest.mark.quirk("empty-value")
@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_wrong_format_is_csv_whatever_the_default(form):
    """A format that is wrong, empty or given twice has the CSV header; one that is passed over, the default."""
    pbx = make_pbx(quirks={"default-format": form})
    for query in ("format=yaml", "format=", "format", f"format={form}&format={form}", "caler=1&format=yaml"):
        reply = get(pbx, query)
        assert (reply.status, reply.body, header(reply, "Content-type")) == (200, EMPTY["csv"], "text/csv")
        assert reply.note
    lenient = make_pbx(quirks={"default-format": form, "empty-value": "ignore"})
    for query in ("format=", "format"):
        assert get(lenient, query).body == get(make_pbx(), f"format={form}").body


@pytest.mark.quirk("wrong-format")
@pytest.mark.parametrize("query", ["format=yaml", "format=json,csv", "format=yaml&caler=1", "caller=5300&&format=yaml"])
@pytest.mark.parametrize(
    ("quirks", "body"), [({}, HEADER_LINE), ({"wrong-format": "csv"}, HEADER_LINE), ({"wrong-format": "blank"}, b"")]
)
def test_a_wrong_format_has_the_csv_header_or_an_empty_body(query, quirks, body):
    """Whatever else is wrong, a format that does not exist decides what is shown, and is what the note is about."""
    for method in ("GET", "HEAD"):
        reply = get(make_pbx(quirks=quirks), query, method)
        assert (reply.status, reply.title, reply.rows) == (200, "OK", 0)
        assert reply.body == (b"" if method == "HEAD" else body)
        assert header(reply, "Content-Length") == str(len(body))
        assert header(reply, "Content-type") == "text/csv"
        assert reply.note.endswith("is not a format (it is csv, xml or json)")


@pytest.mark.quirk("wrong-format")
def test_other_refusals_keep_their_container():
    """With wrong-format: blank an empty, a doubled or a missing format is no wrong one."""
    pbx = make_pbx(quirks={"wrong-format": "blank"})
    for query in ("format=", "format=csv&format=csv", "caler=1", "offset=x", "caller=5301"):
        assert get(pbx, query).body == EMPTY["csv"]
    assert get(pbx, "format=xml&caler=1").body == EMPTY["xml"]


@pytest.mark.quirk("repeated-parameter")
@pytest.mark.parametrize(
    ("query", "first", "last"),
    [("format=json&format=xml", "json", "xml"), ("format=xml&FORMAT=xml&format=csv", "xml", "csv")],
)
def test_several_formats(query, first, last):
    """Several formats are refused with the CSV header, or the first or the last decides; in errors as well."""
    refused = get(make_pbx(), f"{query}&caller=5300")
    assert (refused.status, refused.body, header(refused, "Content-type")) == (200, EMPTY["csv"], "text/csv")
    assert refused.note.endswith(" is given twice (only caller and callee may repeat)")
    for value, form in (("first", first), ("last", last)):
        pbx = make_pbx(quirks={"repeated-parameter": value})
        reply, wanted = get(pbx, query), get(make_pbx(), f"format={form}")
        assert (reply.head, reply.body, reply.note) == (wanted.head, wanted.body, "")
        assert get(pbx, f"offset=x&{query}").body == EMPTY[form]


@pytest.mark.quirk("repeated-parameter")
@pytest.mark.quirk("wrong-format")
@pytest.mark.parametrize(
    ("value", "query", "found"),
    [
        ("first", "format=csv&format=yaml", ALL),
        ("last", "format=yaml&format=csv", ALL),
        ("first", "format=yaml&format=csv", "refused: 'yaml' is not a format (it is csv, xml or json)"),
        ("last", "format=csv&format=yaml", "refused: 'yaml' is not a format (it is csv, xml or json)"),
        ("refuse", "format=csv&format=yaml", "refused: 'format' is given twice (only caller and callee may repeat)"),
        ("refuse", "format=yaml&format=yaml", "refused: 'format' is given twice (only caller and callee may repeat)"),
    ],
)
def test_only_the_format_that_counts_can_be_wrong(value, query, found):
    """A wrong format beside the one that counts harms nobody."""
    assert outcome(make_pbx(quirks={"repeated-parameter": value}), query) == found


# What is wrong, and what is empty

WRONG = {
    "caler=5300": "'caler' is not a parameter of /cdrapi (did you mean 'caller'?)",
    "format=json&offset=-1": "'offset' has a character that is no digit: '-1' (write digits only)",
    "format=yaml": "'yaml' is not a format (it is csv, xml or json)",
    "startTime=2013-13-40": "'startTime' is no time that exists: month must be in 1..12",
    "caller=5300&": "the query ends with '&' (leave the last '&' out)",
    "caller=53%3B00": "'caller' has a character that is not allowed: '53;00' (letters, digits, + * # . @ _ - are allowed)",
}


@pytest.mark.quirk("error-status")
@pytest.mark.parametrize(("query", "note"), WRONG.items())
def test_a_wrong_request_is_answered_with_200_or_400(query, note):
    """The empty container with 200, or the page Invalid Request with 400; the note is the same."""
    for quirks in ({}, {"error-status": 200}):
        reply = get(make_pbx(quirks=quirks), query)
        form = "json" if "json" in query else "csv"
        assert (reply.status, reply.title, reply.body, reply.rows, reply.note) == (200, "OK", EMPTY[form], 0, note)
    reply = get(make_pbx(quirks={"error-status": 400}), query)
    assert (reply.status, reply.title, reply.body, reply.note) == (400, "Bad Request", BAD_REQUEST, note)
    assert reply.head == (
        b"HTTP/1.1 400 Bad Request\r\n"
        b"Server: Asterisk/1.8.9.2\r\n"
        b"Date: Tue, 03 Dec 2013 17:46:50 GMT\r\n"
        b"Connection: close\r\n"
        b"Cache-Control: no-cache, no-store\r\n"
        b"Content-Length: %d\r\n"
        b"Content-type: text/html\r\n"
        b"\r\n" % len(BAD_REQUEST)
    )


@pytest.mark.quirk("error-status")
def test_an_error_page_is_sent_to_head_as_well():
    """HEAD leaves the body of a 200 away, and that of a 400 not."""
    usual = get(make_pbx(), "caler=1", "HEAD")
    assert (usual.status, usual.body, header(usual, "Content-Length")) == (200, b"", str(len(HEADER_LINE)))
    reply = get(make_pbx(quirks={"error-status": 400}), "caler=1", "HEAD")
    assert (reply.status, reply.body, header(reply, "Content-Length")) == (400, BAD_REQUEST, str(len(BAD_REQUEST)))


@pytest.mark.quirk("error-status")
@pytest.mark.quirk("wrong-format")
@pytest.mark.quirk("empty-page")
def test_a_400_is_for_wrong_requests_only():
    """A request that finds nothing is not wrong, nor is one whose database fails; 400 wins over a blank body."""
    pbx = make_pbx(quirks={"error-status": 400})
    assert outcome(pbx, "caller=5301") == ""
    assert outcome(pbx, "numRecords=0") == ""
    assert outcome(pbx, None) == ALL
    pbx.history.close()
    assert outcome_of_failure(pbx) == (200, EMPTY["csv"])
    blank = {"error-status": 400, "wrong-format": "blank", "empty-page": "blank"}
    assert get(make_pbx(quirks=blank), "format=yaml").body == BAD_REQUEST


def outcome_of_failure(pbx: Pbx) -> tuple[int, bytes]:
    """Return status and body of a reply that a failing database decides."""
    reply = get(pbx, None)
    assert reply.note.startswith("the database failed: ")
    return reply.status, reply.body


@pytest.mark.quirk("empty-page")
@pytest.mark.parametrize("form", ["csv", "xml", "json"])
@pytest.mark.parametrize("query", ["caller=5301", "offset=3", "numRecords=0", "caler=5300", "offset=x"])
def test_a_page_without_rows_is_a_container_or_blank(form, query):
    """Whether nothing was found or the request was wrong; a blank body is announced as such, to HEAD too."""
    for quirks, body in (({}, EMPTY[form]), ({"empty-page": "container"}, EMPTY[form]), ({"empty-page": "blank"}, b"")):
        for method in ("GET", "HEAD"):
            reply = get(make_pbx(quirks=quirks), f"format={form}&{query}", method)
            assert (reply.status, reply.title, reply.rows) == (200, "OK", 0)
            assert reply.body == (b"" if method == "HEAD" else body)
            assert header(reply, "Content-Length") == str(len(body))
            assert header(reply, "Content-type") == TYPES[form]
            assert bool(reply.note) is (query in ("caler=5300", "offset=x"))


@pytest.mark.quirk("empty-page")
def test_a_page_with_rows_is_never_blank():
    """What is found is shown; where the database fails nothing is."""
    pbx = make_pbx(quirks={"empty-page": "blank"})
    assert outcome(pbx, None) == ALL
    assert outcome(pbx, "offset=2") == "64"
    pbx.history.close()
    assert outcome_of_failure(pbx) == (200, b"")


@pytest.mark.quirk("content-type")
@pytest.mark.parametrize("form", ["csv", "xml", "json"])
@pytest.mark.parametrize("query", ["", "&caller=5301", "&caler=1"])
def test_formats_have_types_of_their_own_or_are_plain_text(form, query):
    """The Content-type is that of the format, or text/plain; the bytes are the same."""
    usual = get(make_pbx(), f"format={form}{query}")
    for quirks, kind in (
        ({}, TYPES[form]),
        ({"content-type": "own"}, TYPES[form]),
        ({"content-type": "plain"}, "text/plain"),
    ):
        reply = get(make_pbx(quirks=quirks), f"format={form}{query}")
        assert header(reply, "Content-type") == kind
        assert (reply.body, header_names(reply)) == (usual.body, header_names(usual))


@pytest.mark.quirk("content-type")
@pytest.mark.quirk("error-status")
def test_error_pages_are_html_whatever_the_formats_are():
    """The quirk content-type is about pages of rows."""
    pbx = make_pbx(quirks={"content-type": "plain", "error-status": 400})
    assert header(get(pbx, "caler=1"), "Content-type") == "text/html"
    assert header(pbx.answer(request("/nowhere"), at()), "Content-type") == "text/html"


# Parameters that are unknown, repeated or empty


@pytest.mark.quirk("unknown-parameter")
@pytest.mark.parametrize(
    ("query", "refuse", "ignore"),
    [
        ("sstartTime=2014-01-01",
         "refused: 'sstartTime' is not a parameter of /cdrapi (did you mean 'startTime'?)", ALL),
        ("caller=5300&timeFilterType=End&offset=1", "refused: 'timeFilterType' is not a parameter of /cdrapi", "63 64"),
        ("caler", "refused: 'caler' is not a parameter of /cdrapi (did you mean 'caller'?)", ALL),
        ("=x", "refused: a value has no name before its '=' (name the parameter)", ALL),
        ("=", "refused: a value has no name before its '=' (name the parameter)", ALL),
        ("xyzzy=%ff", "refused: 'xyzzy' is not a parameter of /cdrapi", ALL),
        ("%ff=1", r"refused: '\\udcff' is not a parameter of /cdrapi", ALL),
        ("x=1&x=2", "refused: 'x' is not a parameter of /cdrapi", ALL),
        ("caller=5301&x=1", "refused: 'x' is not a parameter of /cdrapi", ""),
    ],
)  # fmt: skip
def test_an_unknown_parameter_is_refused_or_passed_over(query, refuse, ignore):
    """A name that is no parameter makes the page empty, or changes nothing."""
    each_way("unknown-parameter", query, {"refuse": refuse, "ignore": ignore})


TWICE = "is given twice (only caller and callee may repeat)"


@pytest.mark.quirk("repeated-parameter")
@pytest.mark.parametrize(
    ("query", "refuse", "first", "last"),
    [
        ("minDur=5&minDur=4", f"refused: 'minDur' {TWICE}", "62", "62 64"),
        ("minDur=5&MINDUR=5", f"refused: 'MINDUR' {TWICE}", "62", "62"),
        ("offset=2&offset=1&offset=0", f"refused: 'offset' {TWICE}", "64", ALL),
        ("answeredby=5301&answeredby=5300", f"refused: 'answeredby' {TWICE}", ALL, ""),
        ("startTime=&startTime=2014-01-01", f"refused: 'startTime' {TWICE}", ALL, ""),
        ("startTime=2014-01-01&startTime=", f"refused: 'startTime' {TWICE}", "", ALL),
        ("offset=1&offset=x", f"refused: 'offset' {TWICE}", "63 64",
         "refused: 'offset' has a character that is no digit: 'x' (write digits only)"),
        ("caller=5301&caller=5300", ALL, ALL, ALL),
    ],
)  # fmt: skip
def test_a_repeated_parameter_is_refused_or_one_counts(query, refuse, first, last):
    """Twice the same parameter makes the page empty, or its first or its last value counts; lists are joined."""
    each_way("repeated-parameter", query, {"refuse": refuse, "first": first, "last": last})


@pytest.mark.quirk("repeated-list")
@pytest.mark.parametrize(
    ("query", "join", "refuse"),
    [
        ("caller=1&caller=3", "1 3", "refused: 'caller' is given twice (write one list, its items parted by commas)"),
        ("caller=1,2&CALLER=2-3", "1 2 3",
         "refused: 'CALLER' is given twice (write one list, its items parted by commas)"),
        ("callee=9&callee=5301", "1 2 3",
         "refused: 'callee' is given twice (write one list, its items parted by commas)"),
        ("caller=1&caller=3,", "1 3", "refused: 'caller' is given twice (write one list, its items parted by commas)"),
        ("offset=1&offset=1", f"refused: 'offset' {TWICE}", "refused: 'offset' is given twice (no parameter may repeat)"),
        ("caller=1&callee=5301", "1", "1"),
    ],
)  # fmt: skip
def test_a_repeated_list_is_joined_or_refused(query, join, refuse):
    """Two callers are one list, or a parameter given twice."""
    each_way("repeated-list", query, {"join": join, "refuse": refuse}, calls_from("1", "2", "3"))


@pytest.mark.quirk("repeated-list")
@pytest.mark.quirk("repeated-parameter")
@pytest.mark.parametrize(("value", "found"), [("first", "1"), ("last", "3")])
def test_a_repeated_list_that_is_not_joined_counts_like_other_parameters(value, found):
    """With repeated-list: refuse the first or the last list counts where a repeated parameter may."""
    quirks = {"repeated-list": "refuse", "repeated-parameter": value}
    assert outcome(pbx_with(calls_from("1", "2", "3"), quirks), "caller=1&caller=2&caller=3") == found
    assert outcome(pbx_with(calls_from("1", "2", "3"), {"repeated-parameter": value}), "caller=1&caller=3") == "1 3"


@pytest.mark.quirk("empty-value")
@pytest.mark.parametrize(
    ("query", "refuse", "ignore"),
    [
        ("caller=", "refused: 'caller' is empty (leave it out, or give it a value)", ALL),
        ("caller", "refused: 'caller' has no '=' and so no value (write caller=...)", ALL),
        ("CalleR&callee=5301", "refused: 'CalleR' has no '=' and so no value (write CalleR=...)", ALL),
        ("offset=1&minDur=", "refused: 'minDur' is empty (leave it out, or give it a value)", "63 64"),
        ("numRecords=", "refused: 'numRecords' is empty (leave it out, or give it a value)", ALL),
        ("format=", "refused: 'format' is empty (leave it out, or give it a value)", ALL),
        ("minDur=&minDur=5", "refused: 'minDur' is empty (leave it out, or give it a value)", "62"),
        ("caller=5301&caller=", "refused: 'caller' is empty (leave it out, or give it a value)", ""),
        ("caler=", "refused: 'caler' is not a parameter of /cdrapi (did you mean 'caller'?)",
         "refused: 'caler' is not a parameter of /cdrapi (did you mean 'caller'?)"),
        ("startTime=&endTime", ALL, ALL),
    ],
)  # fmt: skip
def test_an_empty_value_is_refused_or_passed_over(query, refuse, ignore):
    """A parameter without a value makes the page empty, or is as if it were not there."""
    each_way("empty-value", query, {"refuse": refuse, "ignore": ignore})


@pytest.mark.quirk("empty-value")
def test_an_empty_format_does_not_choose_the_container():
    """A format that is passed over leaves the choice to the other one."""
    for query in ("format=&format=json", "format=json&format"):
        assert get(make_pbx(), query).body == EMPTY["csv"]
        assert get(make_pbx(quirks={"empty-value": "ignore"}), query).body == get(make_pbx(), "format=json").body


@pytest.mark.quirk("empty-time")
@pytest.mark.parametrize(
    ("query", "opened", "refuse"),
    [
        ("startTime=", ALL, "refused: 'startTime' is empty (leave it out, or give it a value)"),
        ("endTime", ALL, "refused: 'endTime' has no '=' and so no value (write endTime=...)"),
        ("startTime=2013-12-03T14:02&endTime=", "64", "refused: 'endTime' is empty (leave it out, or give it a value)"),
        ("startTime=&endTime=2013-12-03T14:02", "62 63",
         "refused: 'startTime' is empty (leave it out, or give it a value)"),
        ("startTime=&startTime=", f"refused: 'startTime' {TWICE}",
         "refused: 'startTime' is empty (leave it out, or give it a value)"),
        ("caller=", "refused: 'caller' is empty (leave it out, or give it a value)",
         "refused: 'caller' is empty (leave it out, or give it a value)"),
    ],
)  # fmt: skip
def test_an_empty_time_is_an_open_end_or_an_empty_value(query, opened, refuse):
    """An empty bound leaves its end open, or makes the page empty as other empty values do."""
    each_way("empty-time", query, {"open": opened, "refuse": refuse})


@pytest.mark.quirk("empty-time")
@pytest.mark.quirk("empty-value")
def test_an_empty_time_like_other_values_that_are_passed_over():
    """Where empty values are passed over, an empty time finds everything; only an open end counts as given."""
    quirks = {"empty-value": "ignore", "empty-time": "refuse"}
    assert outcome(make_pbx(quirks=quirks), "startTime=&endTime") == ALL
    assert outcome(make_pbx(quirks=quirks), "startTime=&startTime=2013-12-03T14:02") == "64"
    repeated = outcome(make_pbx(quirks={"empty-value": "ignore"}), "startTime=&startTime=2013-12-03T14:02")
    assert repeated == f"refused: 'startTime' {TWICE}"


@pytest.mark.quirk("trailing-ampersand")
@pytest.mark.parametrize(
    ("query", "refuse", "ignore"),
    [
        ("caller=5300&", "refused: the query ends with '&' (leave the last '&' out)", ALL),
        ("offset=1&&caller=5300",
         "refused: there is nothing before an '&' (part parameters with one '&' each)", "63 64"),
        ("&offset=1", "refused: there is nothing before an '&' (part parameters with one '&' each)", "63 64"),
        ("", "refused: nothing follows the '?' (leave the '?' out)", ALL),
        ("&", "refused: there is nothing before an '&' (part parameters with one '&' each)", ALL),
        ("=&", "refused: a value has no name before its '=' (name the parameter)",
         "refused: a value has no name before its '=' (name the parameter)"),
        (None, ALL, ALL),
    ],
)  # fmt: skip
def test_an_empty_piece_of_the_query_is_refused_or_passed_over(query, refuse, ignore):
    """An & too many makes the page empty, or changes nothing; an = without a name is something else."""
    each_way("trailing-ampersand", query, {"refuse": refuse, "ignore": ignore})


@pytest.mark.quirk("trailing-ampersand")
def test_an_empty_piece_of_a_form_is_the_same():
    """A form that ends with & is read like a query."""
    for quirks, body in (({}, HEADER_LINE), ({"trailing-ampersand": "ignore"}, GUIDE_CSV)):
        form = request("/cdrapi", "POST", form=b"caller=5300&")
        assert make_pbx(quirks=quirks).answer(form, at()).body == body


# Extension lists

EMPTY_ITEM = (
    "refused: 'caller' has an empty item: a comma leads it, ends it, or follows another comma "
    "(separate items with single commas)"
)


@pytest.mark.quirk("empty-item")
@pytest.mark.parametrize(
    ("query", "refuse", "skip"),
    [
        ("caller=,5300", EMPTY_ITEM, "1"),
        ("caller=5300,,5302", EMPTY_ITEM, "1 2"),
        ("caller=5300,,", EMPTY_ITEM, "1"),
        ("caller=5300&caller=,5302", EMPTY_ITEM, "1 2"),
        ("caller=,", EMPTY_ITEM, ""),
        ("caller=5300,", "1", "1"),
    ],
)
def test_an_empty_item_is_refused_or_passed_over(query, refuse, skip):
    """Two commas in a row make the page empty, or count as one; a list of nothing finds nothing."""
    each_way("empty-item", query, {"refuse": refuse, "skip": skip}, calls_from("5300", "5302", ""))


@pytest.mark.quirk("trailing-comma")
@pytest.mark.parametrize(
    ("query", "ignore", "refuse"),
    [
        ("caller=5300,", "1", EMPTY_ITEM),
        ("caller=5300&caller=5302,", "1 2", EMPTY_ITEM),
        ("caller=5300,&caller=5302", EMPTY_ITEM, EMPTY_ITEM),
        ("caller=5300,,", EMPTY_ITEM, EMPTY_ITEM),
        ("caller=,", EMPTY_ITEM, EMPTY_ITEM),
        ("caller=5300,5302", "1 2", "1 2"),
    ],
)
def test_a_comma_at_the_end_is_ignored_or_an_empty_item(query, ignore, refuse):
    """One comma at the very end of the joined list counts for nothing, or for an empty item."""
    each_way("trailing-comma", query, {"ignore": ignore, "refuse": refuse}, calls_from("5300", "5302"))


@pytest.mark.quirk("trailing-comma")
@pytest.mark.quirk("empty-item")
def test_a_comma_at_the_end_where_empty_items_are_passed_over():
    """An empty item that is passed over harms nobody at the end either."""
    quirks = {"trailing-comma": "refuse", "empty-item": "skip"}
    assert outcome(pbx_with(calls_from("5300", "5302"), quirks), "caller=5300,") == "1"


def hyphens(item: str) -> str:
    """Return how a range with too many hyphens is refused."""
    return f"refused: 'caller' has a range with more than one hyphen: '{item}' (a range is lowest-highest)"


@pytest.mark.quirk("several-hyphens")
@pytest.mark.parametrize(
    ("query", "refuse", "skip"),
    [
        ("caller=5300-5301-,6300", hyphens("5300-5301-"), "3"),
        ("caller=6300,--,5301", hyphens("--"), "2 3"),
        ("caller=5300-5301-5302", hyphens("5300-5301-5302"), ""),
        ("caller=5300-5301-&caller=6300", hyphens("5300-5301-"), "3"),
        ("caller=@3-0-", "4", "4"),
        ("caller=5300-5301", "1 2", "1 2"),
    ],
)
def test_a_range_with_two_hyphens_is_refused_or_passed_over(query, refuse, skip):
    """More than one hyphen makes the page empty, or the item find nothing; in a pattern hyphens are themselves."""
    each_way("several-hyphens", query, {"refuse": refuse, "skip": skip}, calls_from("5300", "5301", "6300", "53-0-"))


ODD = ("5%", "5\\", "5*", "5?", "[5]", '"5"', "O'Brien", "5 3", "5\t3", "5\x01", "5\x7f", "5;(<&>)", "müller", "5]^")


@pytest.mark.quirk("list-characters")
@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("case", ["any", "exact"])
def test_odd_characters_of_a_list_are_refused_or_mean_themselves(text, case):
    """A character that is not allowed makes the page empty, or is itself: alone, in a pattern, whatever SQL makes of it."""
    rows, others = calls_from("5300", "5", "53", *ODD, "%", "[", "x"), {"wildcard-case": case}
    mine, alone = str(4 + ODD.index(text)), quote(text)
    hint = "a '+' decodes to a space: send %2B" if " " in text else "letters, digits, + * # . @ _ - are allowed"
    found = {f"caller={alone}": mine, f"caller=@{alone}@": mine, f"caller={alone}@,{alone}": mine}
    found[f"caller={quote(text[:-1] + '_')}"] = " ".join(
        acctid for acctid, src in ((row[0], row[2]) for row in rows) if len(src) == len(text) and src[:-1] == text[:-1]
    )
    for query, acctids in found.items():
        answer = outcome(pbx_with(rows, {**others, "list-characters": "any"}), query)
        assert answer == acctids, query
    for quirks in (others, {**others, "list-characters": "strict"}):
        answer = outcome(pbx_with(rows, quirks), f"caller={alone}")
        if text.isascii() and text.replace("*", "").isalnum():
            assert answer == mine
        else:
            assert answer.startswith("refused: 'caller' has a character that is not allowed: '")
            assert answer.endswith(f"' ({hint})")


@pytest.mark.quirk("list-characters")
@pytest.mark.parametrize("query", ["caller=%ff", "caller=53%ff@", "caller=@%ff@,%c3", "caller=_%ff"])
def test_bytes_that_are_no_text_find_nothing(query):
    """Bytes that are no UTF-8 are refused, or found in no value; beside another item they harm nobody."""
    rows = calls_from("5300", "\N{REPLACEMENT CHARACTER}", "ÿ", "")
    for quirks in ({}, {"list-characters": "strict"}):
        refused = outcome(pbx_with(rows, quirks), query)
        assert refused.startswith("refused: 'caller' has a character that is not allowed: '")
    lenient = {"list-characters": "any"}
    assert outcome(pbx_with(rows, lenient), query) == ""
    assert outcome(pbx_with(rows, lenient), f"{query},5300") == "1"
    assert outcome(pbx_with(rows, lenient), f"{query},5300-5300%ff") == "1"


@pytest.mark.quirk("list-characters")
def test_a_range_of_odd_characters():
    """The ends of a range count as values do, whatever characters follow their digits."""
    rows = calls_from("5300", "5301", "abc")
    assert outcome(pbx_with(rows, {"list-characters": "any"}), "caller=%205300%22-5301%25") == "1 2"
    assert outcome(pbx_with(rows, {"list-characters": "any"}), "caller=%22-%25") == "3"


@pytest.mark.quirk("underscore")
@pytest.mark.quirk("wildcard-case")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        # query, and what is found with an underscore as wildcard in any and in exact case, then as itself
        ("caller=a_c", ("1 2 3", "1 2", "1", "1")),
        ("caller=A_C", ("1 2 3", "3", "", "")),
        ("caller=a_@", ("1 2 3 4 5", "1 2 5", "1 4 5", "1 5")),
        ("caller=A@", ("1 2 3 4 5", "3 4", "1 2 3 4 5", "3 4")),
        ("caller=@_@", ("1 2 3 4 5 6", "1 2 3 4 5 6", "1 4 5", "1 4 5")),
        ("caller=abc", ("2", "2", "2", "2")),
        ("caller=a_", ("", "", "", "")),
        ("caller=53_0-5400", ("", "", "6", "6")),
    ],
)
def test_underscores_and_letter_case(query, found):
    """An underscore is any one character or itself, letters of a pattern match in any case or exactly; 2 x 2."""
    rows = calls_from("a_c", "abc", "ABC", "A_b@", "a_xyz", "5350")
    ways = [(underscore, case) for underscore in ("wildcard", "literal") for case in ("any", "exact")]
    for way, acctids in zip(ways, found, strict=True):
        assert outcome(pbx_with(rows, dict(zip(("underscore", "wildcard-case"), way, strict=True))), query) == acctids
    assert outcome(pbx_with(rows), query) == found[0]


@pytest.mark.quirk("wildcard-case")
def test_letters_beyond_ascii_have_no_case():
    """Patterns take the 26 letters in any case, and no others, as SQLite does; literals are always exact."""
    rows, odd = calls_from("ÉCOLE", "école", "Ecole"), {"list-characters": "any"}
    upper, lower = quote("ÉCOLE"), quote("école")
    each_way("wildcard-case", f"caller={upper}@", {"any": "1", "exact": "1"}, rows, odd)
    each_way("wildcard-case", f"caller={quote('É')}cole@", {"any": "1", "exact": ""}, rows, odd)
    each_way("wildcard-case", f"caller={lower}", {"any": "2", "exact": "2"}, rows, odd)
    each_way("wildcard-case", "caller=ecole", {"any": "", "exact": ""}, rows, odd)
    each_way("wildcard-case", "caller=eCOL_", {"any": "3", "exact": ""}, rows, odd)


NUMBERED = ("0", "", "anonymous", "x5300", "5300x", "05300", "5301", "+5300", "-5300", "53-00", " 5300", "000", "s-0")


@pytest.mark.quirk("zero-range")
@pytest.mark.quirk("range-digits")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        # query, and what is found with range-digits leading and all, then with zero-range: zero for both
        ("caller=0-0", ("1 2 3 4 12 13", "1 2 3 12 13", "1 12", "1 12 13")),
        ("caller=5300-5300", ("5 6 8 11", "4 5 6 8 9 10 11", "5 6 8 11", "4 5 6 8 9 10 11")),
        ("caller=-53", ("1 2 3 4 10 12 13", "1 2 3 12 13", "1 10 12", "1 12 13")),
        ("caller=53-53", ("10", "", "10", "")),
        ("caller=0,5301-5400", ("1 7", "1 7", "1 7", "1 7")),
        ("caller=5301-5300", ("", "", "", "")),
    ],
)
def test_what_a_value_counts_as_in_a_range(query, found):
    """By its leading digits or by all of them; one without is 0, or in no range at all; 2 x 2."""
    rows = calls_from(*NUMBERED)
    ways = [(zero, digits) for zero in ("non-numbers", "zero") for digits in ("leading", "all")]
    for (zero, digits), acctids in zip(ways, found, strict=True):
        assert outcome(pbx_with(rows, {"zero-range": zero, "range-digits": digits}), query) == acctids, (zero, digits)
    assert outcome(pbx_with(rows), query) == found[0]


@pytest.mark.quirk("range-digits")
def test_all_digits_beyond_63_bits_saturate():
    """However many digits a value has, it is the greatest number there is."""
    rows = calls_from("9" * 30, "9223372036854775807", "x" + "9" * 5000, "1")
    expected = {"leading": "1 2", "all": "1 2 3"}
    each_way("range-digits", "caller=9223372036854775807-9223372036854775808", expected, rows)


@pytest.mark.quirk("open-range")
@pytest.mark.parametrize(
    ("query", "zero", "opened"),
    [
        ("caller=5300-", "", "2 3"),
        ("caller=-5300", "1 2 4", "1 2 4 5"),
        ("caller=-", "1 4", "1 2 3 4 5"),
        ("caller=x-", "1 4", "1 2 3 4"),
        ("caller=5300-5300", "2", "2"),
        ("caller=9223372036854775807-", "", "3"),
    ],
)
def test_a_range_with_an_end_missing_has_zero_there_or_is_open(query, zero, opened):
    """5300- ends at 0 and finds nothing, or finds everything from 5300; -5300 begins at 0, or at the least number."""
    rows = calls_from("0", "5300", "9" * 20, "anonymous", "-5")
    each_way("open-range", query, {"zero": zero, "open": opened}, rows)


# Numbers


@pytest.mark.quirk("bad-number")
@pytest.mark.parametrize(
    ("query", "name", "value", "leading"),
    [
        ("minDur=4.9", "minDur", "4.9", "62 64"),
        ("maxDur=3x", "maxDur", "3x", "63"),
        ("maxDur=x", "maxDur", "x", ""),
        ("minDur=%205", "minDur", " 5", ALL),
        ("offset=-1", "offset", "-1", ALL),
        ("offset=1-", "offset", "1-", "63 64"),
        ("numRecords=1e3", "numRecords", "1e3", "62"),
        ("numRecords=%2B2", "numRecords", "+2", ""),
        ("offset=%D9%A1", "offset", r"\\u0661", ALL),
    ],
)
def test_a_number_with_other_characters_is_refused_or_cut(query, name, value, leading):
    """A character that is no digit makes the page empty, or ends the number; without a digit it is 0."""
    refuse = f"refused: '{name}' has a character that is no digit: '{value}' (write digits only)"
    each_way("bad-number", query, {"refuse": refuse, "leading": leading})


MANY = [another_row(AcctId=str(number)) for number in range(1, 1003)]
"""Calls at one and the same time."""


def up_to(last: int, first: int = 1) -> str:
    """Return the AcctIds from *first* to *last*."""
    return " ".join(map(str, range(first, last + 1)))


@pytest.mark.quirk("page-limit")
@pytest.mark.parametrize(
    ("query", "usual", "two", "more"),
    [
        (None, up_to(1000), "1 2", up_to(1002)),
        ("numRecords=1001", up_to(1000), "1 2", up_to(1001)),
        ("numRecords=1", "1", "1", "1"),
        ("numRecords=0", "", "", ""),
        ("offset=1000", "1001 1002", "1001 1002", "1001 1002"),
        ("offset=2&numRecords=5", "3 4 5 6 7", "3 4", "3 4 5 6 7"),
        ("numRecords=99999999999999999999", up_to(1000), "1 2", up_to(1002)),
    ],
)
def test_rows_on_a_page_at_most(query, usual, two, more):
    """A page ends at the limit, 1000 rows or another, also when more are asked for or no number is given."""
    each_way("page-limit", query, {1000: usual, 2: two, 5000: more, 10**30: more}, MANY)


OVER = "refused: 'numRecords' is {}, and a page has {} rows at most (ask for {}, then for the next offset)"


@pytest.mark.quirk("numrecords-over-limit")
@pytest.mark.parametrize(
    ("query", "clamp", "refuse"),
    [
        ("numRecords=1001", up_to(1000), OVER.format(1001, 1000, 1000)),
        ("numRecords=" + "9" * 20, up_to(1000), OVER.format("9" * 20, 1000, 1000)),
        ("numRecords=1000", up_to(1000), up_to(1000)),
        (None, up_to(1000), up_to(1000)),
    ],
)
def test_more_rows_than_a_page_has_are_the_limit_or_refused(query, clamp, refuse):
    """A numRecords beyond the limit means the limit, or makes the page empty."""
    each_way("numrecords-over-limit", query, {"clamp": clamp, "refuse": refuse}, MANY)


@pytest.mark.quirk("page-limit")
@pytest.mark.quirk("numrecords-over-limit")
def test_the_limit_that_numrecords_exceeds_is_the_pbxs():
    """With another page-limit that one is exceeded, or not."""
    for limit, refused in ((2, OVER.format(3, 2, 2)), (3, ALL), (10**30, ALL)):
        each_way(
            "numrecords-over-limit",
            "numRecords=3",
            {"clamp": "62 63" if limit == 2 else ALL, "refuse": refused},
            others={"page-limit": limit},
        )


@pytest.mark.quirk("numrecords-zero")
@pytest.mark.parametrize(
    ("query", "none", "limit"),
    [
        ("numRecords=0", "", ALL),
        ("numRecords=00&offset=1", "", "63 64"),
        ("numRecords=1", "62", "62"),
        ("offset=0", ALL, ALL),
        ("minDur=0", ALL, ALL),
    ],
)
def test_no_rows_asked_for_is_none_or_all(query, none, limit):
    """numRecords=0 gives the empty container, or as many rows as a page may have."""
    each_way("numrecords-zero", query, {"none": none, "limit": limit})


@pytest.mark.quirk("numrecords-zero")
@pytest.mark.quirk("page-limit")
@pytest.mark.quirk("bad-number")
def test_all_rows_are_those_of_a_page():
    """With numrecords-zero: limit 0 stands for the page-limit, as does a number that has no digits."""
    quirks = {"numrecords-zero": "limit", "page-limit": 2, "bad-number": "leading"}
    assert outcome(make_pbx(quirks=quirks), "numRecords=0") == "62 63"
    assert outcome(make_pbx(quirks=quirks), "numRecords=all&offset=1") == "63 64"


@pytest.mark.quirk("offset")
@pytest.mark.parametrize(
    ("query", "applied", "ignored"),
    [
        ("offset=1", "63 64", ALL),
        ("offset=1&numRecords=1", "63", "62"),
        ("offset=3", "", ALL),
        ("offset=9223372036854775808", "", ALL),
        ("offset=0", ALL, ALL),
        ("offset=x", *["refused: 'offset' has a character that is no digit: 'x' (write digits only)"] * 2),
    ],
)
def test_offset_skips_rows_or_is_ignored(query, applied, ignored):
    """Pages follow one another, or every page is the first; a wrong offset is wrong in either case."""
    each_way("offset", query, {"applied": applied, "ignored": ignored})


# Order and pages

UNEVEN = [
    another_row(AcctId=acctid, start=f"2013-12-03 14:00:0{second}", src=src)
    for acctid, second, src in (("1", 5, "a"), ("4", 1, "b"), ("2", 3, "a"), ("3", 1, "a"))
]


@pytest.mark.quirk("order")
@pytest.mark.quirk("sort-key")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        # query, and what is found by start upwards and downwards, then by AcctId
        (None, ("3 4 2 1", "1 2 4 3", "1 2 3 4", "4 3 2 1")),
        ("offset=1&numRecords=2", ("4 2", "2 4", "2 3", "3 2")),
        ("caller=a&numRecords=2", ("3 2", "1 2", "1 2", "3 2")),
    ],
)
def test_the_order_of_rows(query, found):
    """By start and then AcctId, or by AcctId, oldest or newest first; pages are cut from rows in that order."""
    ways = [(key, order) for key in ("start", "acctid") for order in ("asc", "desc")]
    for (key, order), acctids in zip(ways, found, strict=True):
        assert outcome(pbx_with(UNEVEN, {"sort-key": key, "order": order}), query) == acctids
    assert outcome(pbx_with(UNEVEN), query) == found[0]


@pytest.mark.quirk("order")
@pytest.mark.quirk("sort-key")
def test_rows_with_the_same_start_and_acctid_come_as_they_were_written():
    """What is written last comes last, or first."""
    twins = [another_row(AcctId="7", src=src) for src in ("1", "2", "3")]
    for key in ("start", "acctid"):
        up = get(pbx_with(twins, {"sort-key": key}), None).body
        down = get(pbx_with(twins, {"sort-key": key, "order": "desc"}), None).body
        assert (up, down) == (csv(twins), csv(reversed(twins)))


SESSIONS = [
    another_row(AcctId=str(number), session=session, src=src, start=f"2013-12-03 14:00:0{number}")
    for number, (session, src) in enumerate(
        (("s1", "1"), ("s2", "2"), ("s1", "2"), ("", "1"), ("", "1"), ("s3", "2"), ("s2", "1")), 1
    )
]
"""Three sessions that interleave, two rows without one."""


def entries(reply: Reply) -> list[list[str]]:
    """Return the AcctIds of the rows in each entry of a JSON page."""
    found = []
    for entry in json.loads(reply.body)["cdr_root"]:
        rows = [value for key, value in entry.items() if key.startswith("sub_cdr")] or [entry]
        found.append([row["AcctId"] for row in rows])
    return found


def rows_of(groups: list[list[str]]) -> list[Row]:
    """Return the rows of `SESSIONS` that *groups* consist of, in their order."""
    wanted = {acctid for group in groups for acctid in group}
    return [row for row in SESSIONS if row[0] in wanted]


@pytest.mark.quirk("paging-unit")
@pytest.mark.parametrize(
    ("query", "rows", "by_entries"),
    [
        ("numRecords=2", [["1"], ["2"]], [["1", "3"], ["2", "7"]]),
        ("numRecords=1&offset=1", [["2"]], [["2", "7"]]),
        ("numRecords=3&offset=1", [["2"], ["3"], ["4"]], [["2", "7"], ["4"], ["5"]]),
        ("offset=2", [["3"], ["4"], ["5"], ["6"], ["7"]], [["4"], ["5"], ["6"]]),
        ("offset=5", [["6"], ["7"]], []),
        ("numRecords=4", [["1", "3"], ["2"], ["4"]], [["1", "3"], ["2", "7"], ["4"], ["5"]]),
        ("caller=2&numRecords=2", [["2"], ["3"]], [["2"], ["3"]]),
        ("caller=1&offset=1&numRecords=9", [["4"], ["5"], ["7"]], [["4"], ["5"], ["7"]]),
        ("numRecords=0", [], []),
    ],
)
def test_pages_count_rows_or_entries(query, rows, by_entries):
    """A page of rows cuts calls in two; a page of entries has each with all its rows that the filters let pass."""
    for quirks, expected in (({}, rows), ({"paging-unit": "rows"}, rows), ({"paging-unit": "entries"}, by_entries)):
        reply = get(pbx_with(SESSIONS, quirks, personality="ucm6510"), f"format=json&{query}")
        assert entries(reply) == expected
        assert reply.rows == sum(map(len, expected))
        alone = get(pbx_with(rows_of(expected), personality="ucm6510"), "format=json")
        assert (reply.head, reply.body) == (alone.head, alone.body)


@pytest.mark.quirk("paging-unit")
@pytest.mark.quirk("order")
@pytest.mark.quirk("page-limit")
def test_pages_of_entries_upside_down():
    """Newest first, an entry stands at the place of its newest row; the limit of a page is one of entries too."""
    quirks = {"paging-unit": "entries", "order": "desc", "page-limit": 2}
    pbx = pbx_with(SESSIONS, quirks, personality="ucm6510")
    pages = [entries(get(pbx, f"format=json&offset={offset}")) for offset in (0, 2, 4, 6)]
    assert pages == [[["7", "2"], ["6"]], [["5"], ["4"]], [["3", "1"]], []]


@pytest.mark.quirk("paging-unit")
def test_pages_of_entries_are_the_same_rows_in_every_format():
    """CSV and XML show the rows of the entries in the order of rows."""
    pbx = pbx_with(SESSIONS, {"paging-unit": "entries"}, personality="ucm6510")
    wanted = pbx_with(rows_of([["1", "3"], ["2", "7"]]), personality="ucm6510")
    for form in ("csv", "xml"):
        assert get(pbx, f"format={form}&numRecords=2").body == get(wanted, f"format={form}").body
    lines = get(pbx, "numRecords=2").body.decode().split("\n")[1:-1]
    assert [line.partition(",")[0] for line in lines] == ["1", "2", "3", "7"]


@pytest.mark.quirk("paging-unit")
def test_a_session_that_is_a_number_is_no_row_without_a_session():
    """A session called 2 and the second row, which has none, are two entries."""
    rows = [another_row(AcctId=acctid, session=session) for acctid, session in (("1", "2"), ("2", ""), ("3", "2"))]
    pbx = pbx_with(rows, {"paging-unit": "entries"}, personality="ucm6510")
    assert entries(get(pbx, "format=json&numRecords=1")) == [["1", "3"]]
    assert entries(get(pbx, "format=json&offset=1")) == [["2"]]


@pytest.mark.quirk("paging-unit")
@pytest.mark.parametrize(
    ("query", "found"), [("numRecords=2", "1 2"), ("offset=5", "6 7"), ("numRecords=1&offset=2", "3")]
)
def test_where_json_has_no_groups_entries_are_rows(query, found):
    """On G1 the quirk changes nothing."""
    each_way("paging-unit", query, {"rows": found, "entries": found}, SESSIONS)


# Who answered


@pytest.mark.quirk("answeredby")
@pytest.mark.quirk("unknown-parameter")
@pytest.mark.parametrize(
    ("query", "accept", "unknown", "ignored"),
    [
        ("answeredby=5301", ALL, "refused: 'answeredby' is not a parameter of /cdrapi", ALL),
        ("AnsweredBy=5300", "", "refused: 'AnsweredBy' is not a parameter of /cdrapi", ALL),
        ("answeredby=", "refused: 'answeredby' is empty (leave it out, or give it a value)",
         "refused: 'answeredby' is not a parameter of /cdrapi", ALL),
        ("answered=5301", *["refused: 'answered' is not a parameter of /cdrapi (did you mean 'answeredby'?)",
         "refused: 'answered' is not a parameter of /cdrapi"], ALL),
    ],
)  # fmt: skip
def test_answeredby_is_a_filter_or_unknown(query, accept, unknown, ignored):
    """The filter finds who answered, or is no parameter: refused, or passed over where those are; nor is it hinted at."""
    each_way("answeredby", query, {"accept": accept, "unknown": unknown})
    lenient = {"answeredby": "unknown", "unknown-parameter": "ignore"}
    assert outcome(make_pbx(quirks=lenient), query) == ignored


REACHED = [
    another_row(AcctId=str(number), disposition=disposition, dstchannel_ext="5301", dstanswer=answerer)
    for number, (disposition, answerer) in enumerate(
        (("ANSWERED", "6400"), ("NO ANSWER", ""), ("BUSY", "5301"), ("FAILED", "")), 1
    )
]


@pytest.mark.quirk("answeredby-rows")
@pytest.mark.parametrize(
    ("query", "answered", "everything"),
    [
        ("answeredby=5301", "1", "1 2 3 4"),
        ("answeredby=0-0", "2 3 4", ""),
        ("answeredby=_@", "1", "1 2 3 4"),
        ("answeredby=5300-5302,0", "1", "1 2 3 4"),
        ("answeredby=6400", "", ""),
    ],
)
def test_who_answered_where_nothing_says_so(query, answered, everything):
    """Without dstanswer it is whom an ANSWERED row reached and nobody else, or whom any row reached."""
    each_way("answeredby-rows", query, {"answered": answered, "all": everything}, REACHED)


@pytest.mark.quirk("columns")
@pytest.mark.quirk("answeredby-rows")
@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
@pytest.mark.parametrize("rows", ["answered", "all"])
def test_the_columns_decide_where_answeredby_looks(generation, rows):
    """With dstanswer among the columns, that is who answered, and answeredby-rows changes nothing."""
    shown = "dstchannel_ext" if generation == "G1" else "dstanswer"
    found = {("dstchannel_ext", "answered"): "1", ("dstchannel_ext", "all"): "1 2 3 4"}.get((shown, rows), "3")
    for personality in ("ucm6100", "ucm6510"):
        pbx = pbx_with(REACHED, {"columns": generation, "answeredby-rows": rows}, personality=personality)
        lines = get(pbx, "answeredby=5301").body.decode().split("\n")[1:-1]
        assert " ".join(line.partition(",")[0] for line in lines) == found
        assert len(lines[0].split(",")) == {"G1": 24, "G2": 29, "G3": 34}[generation]


# Durations and times


@pytest.mark.quirk("duration-basis")
@pytest.mark.parametrize(
    ("query", "billsec", "duration"),
    [
        ("minDur=5", "62", ALL),
        ("maxDur=5", "63 64", "63"),
        ("minDur=6&maxDur=8", "62", "64"),
        ("minDur=9", "", "62"),
        ("maxDur=4", "63 64", ""),
    ],
)
def test_durations_are_of_talk_or_of_the_whole_call(query, billsec, duration):
    """The bounds minDur and maxDur compare billsec (6, 3, 4 seconds), or duration (9, 5, 8 seconds)."""
    each_way("duration-basis", query, {"billsec": billsec, "duration": duration})


ENDED = [
    another_row(AcctId=acctid, start=f"2013-12-03 {start}", end=end and f"2013-12-03 {end}")
    for acctid, start, end in (("1", "10:00:00", "10:30:00"), ("2", "10:10:00", "10:11:00"), ("3", "10:20:00", ""))
]


@pytest.mark.quirk("time-basis")
@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("startTime=2013-12-03T10:10:00", "2 3", "1 2"),
        ("endTime=2013-12-03T10:10:00", "1 2", "3"),
        ("startTime=2013-12-03T10:11&endTime=2013-12-03T10:30", "3", "1 2"),
        ("startTime=2013-12-03T10:30:00", "", "1"),
        ("endTime=2012-01-01", "", "3"),
        ("startTime=&endTime=", "1 2 3", "1 2 3"),
    ],
)
def test_bounds_are_of_the_beginning_or_of_the_end(query, start, end):
    """Times compare start, or end as text, where a blank one is before everything; the order stays that of start."""
    each_way("time-basis", query, {"start": start, "end": end}, ENDED)


CHICAGO = {"time_zone": "America/Chicago"}
"""UTC-6, from 2013-03-10 08:00Z to 2013-11-03 07:00Z UTC-5."""


@pytest.mark.quirk("date-only")
@pytest.mark.parametrize(
    ("query", "starts", "utc", "local"),
    [
        # 00:00Z is 18:00 the day before
        ("startTime=2013-12-03", ("2013-12-02 17:59:59", "2013-12-02 18:00:00", "2013-12-03 00:00:00"), "2 3", "3"),
        ("endTime=2013-12-03", ("2013-12-02 18:00:00", "2013-12-02 18:00:01", "2013-12-03 00:00:00"), "1", "1 2 3"),
        # the day on which the clock is put on, and the next
        ("startTime=2013-03-10", ("2013-03-09 18:00:00", "2013-03-10 00:00:00"), "1 2", "2"),
        ("startTime=2013-03-11", ("2013-03-10 18:59:59", "2013-03-10 19:00:00", "2013-03-11 00:00:00"), "2 3", "3"),
        # the day on which it is put back, and the next
        ("startTime=2013-11-03", ("2013-11-02 18:59:59", "2013-11-02 19:00:00", "2013-11-03 00:00:00"), "2 3", "3"),
        ("endTime=2013-11-04", ("2013-11-03 18:00:00", "2013-11-03 18:00:01", "2013-11-04 00:00:00"), "1", "1 2 3"),
        ("startTime=2013-12-03T00:00", ("2013-12-02 18:00:00", "2013-12-03 00:00:00"), "2", "2"),
        (
            "startTime=2013-02-29",
            (),
            *["refused: 'startTime' is no time that exists: day is out of range for month"] * 2,
        ),
    ],
)
def test_a_date_alone_is_midnight_utc_or_local(query, starts, utc, local):
    """A date without a time of day is UTC though rows are in local time, or local."""
    each_way("date-only", query, {"utc": utc, "local": local}, calls_at(*starts), **CHICAGO)


@pytest.mark.quirk("naive-time")
@pytest.mark.parametrize(
    ("query", "starts", "local", "utc"),
    [
        ("startTime=2013-12-03T14:00", ("2013-12-03 08:00:00", "2013-12-03 14:00:00"), "2", "1 2"),
        ("endTime=2013-12-03T14:00:00", ("2013-12-03 08:00:00", "2013-12-03 14:00:00"), "1 2", "1"),
        ("startTime=2013-12-03T14:00Z", ("2013-12-03 08:00:00", "2013-12-03 14:00:00"), "1 2", "1 2"),
        # the hour from 02:00 does not exist on 2013-03-10: as text it is a bound like any other
        ("startTime=2013-03-10T02:30", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "2", "1 2"),
        ("startTime=2013-03-10T07:59:59", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "", "1 2"),
        ("startTime=2013-03-10T08:00:00", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "", "2"),
        # the hour from 01:00 comes twice on 2013-11-03, at 06:00Z and at 07:00Z
        ("startTime=2013-11-03T01:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "2", "1 2"),
        ("startTime=2013-11-03T06:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "", "2"),
        ("startTime=2013-11-03T07:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "", "2"),
        ("endTime=2013-11-03T08:00", ("2013-11-03 02:00:00", "2013-11-03 02:00:01"), "1 2", "1"),
        # a date alone is none of its business
        ("startTime=2013-12-03", ("2013-12-02 17:59:59", "2013-12-02 18:00:00", "2013-12-03 00:00:00"), "2 3", "2 3"),
    ],
)
def test_a_time_without_a_zone_is_local_or_utc(query, starts, local, utc):
    """A time of day without a zone is the PBX's, or UTC, in gaps and folds of the clock too."""
    each_way("naive-time", query, {"local": local, "utc": utc}, calls_at(*starts), **CHICAGO)


@pytest.mark.quirk("naive-time")
@pytest.mark.quirk("date-only")
def test_dates_and_times_are_switched_apart():
    """A date alone can be local while times are UTC."""
    quirks = {"naive-time": "utc", "date-only": "local"}
    rows = calls_at("2013-12-02 18:00:00", "2013-12-03 00:00:00")
    assert outcome(pbx_with(rows, quirks, **CHICAGO), "startTime=2013-12-03") == "2"
    assert outcome(pbx_with(rows, quirks, **CHICAGO), "startTime=2013-12-03T00:00") == "1 2"


@pytest.mark.quirk("missing-date")
@pytest.mark.parametrize(
    ("query", "seconds", "millennium", "today"),
    [
        ("startTime=14:01:41", 0, ALL, "63 64"),
        ("endTime=14:01:41", 0, "", "62 63"),
        ("startTime=20:01:41Z", 0, ALL, "63 64"),
        ("startTime=15:01:41.000-05:00", 0, ALL, "63 64"),
        ("endTime=23:59:59", 0, "", ALL),
        # at 00:00 UTC it is still the same day at the PBX, at 06:00 UTC no longer
        ("startTime=14:01:41", 22390, ALL, "63 64"),
        ("startTime=20:01:41Z", 22390, ALL, "63 64"),
        ("startTime=14:01:41", 43989, ALL, "63 64"),
        ("startTime=00:00", 43990, ALL, ""),
        # with a date, or with neither, nothing is missing
        ("startTime=2013-12-03T14:01:41", 43990, "63 64", "63 64"),
        ("startTime=2013-12-04", 43990, "", ""),
        ("startTime=now", 43990, "", ""),
    ],
)
def test_a_time_without_a_date_is_of_the_year_2000_or_of_today(query, seconds, millennium, today):
    """A time of day alone is on 2000-01-01, or on the day that it is at the PBX."""
    each_way("missing-date", query, {"2000-01-01": millennium, "today": today}, seconds=seconds, **CHICAGO)


@pytest.mark.quirk("missing-date")
@pytest.mark.quirk("naive-time")
@pytest.mark.parametrize(
    ("day", "query", "starts", "found"),
    [
        ("2013-03-10", "startTime=07:59:59", ("2013-03-10 01:59:58", "2013-03-10 01:59:59"), "2"),
        ("2013-03-10", "startTime=08:00", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "2"),
        ("2013-11-03", "startTime=06:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "2"),
        ("2013-11-03", "startTime=07:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "2"),
    ],
)
def test_today_may_be_the_day_of_a_clock_change(day, query, starts, found):
    """A UTC time of today becomes local with the offset that holds at that time."""
    noon = (datetime.fromisoformat(f"{day}T18:00:00Z") - START).total_seconds()
    today = pbx_with(calls_at(*starts), {"missing-date": "today"}, **CHICAGO)
    naive = pbx_with(calls_at(*starts), {"missing-date": "today", "naive-time": "utc"}, **CHICAGO)
    assert outcome(naive, query, seconds=noon) == outcome(today, f"{query}Z", seconds=noon) == found


@pytest.mark.quirk("time-fraction")
@pytest.mark.parametrize(
    ("query", "cut", "keep"),
    [
        ("startTime=2013-12-03T14:01:41.000", "63 64", "64"),
        ("startTime=2013-12-03T14:01:41.999", "63 64", "64"),
        ("startTime=2013-12-03T14:01:40.999", "63 64", "63 64"),
        ("endTime=2013-12-03T14:01:41.000", "62 63", "62 63"),
        ("endTime=2013-12-03T14:01:40.999", "62", "62"),
        ("startTime=2013-12-03T20:01:41.500Z", "63 64", "64"),
        ("startTime=2013-12-03T14:01:41.001-06:00", "63 64", "64"),
        ("startTime=2013-12-03T14:01:41", "63 64", "63 64"),
    ],
)
def test_a_fraction_is_cut_off_or_compared(query, cut, keep):
    """A fraction counts for nothing, or makes the bound a longer text: even .000 is after the second without."""
    each_way("time-fraction", query, {"cut": cut, "keep": keep}, **CHICAGO)


FORMS = "write YYYY-MM-DD, YYYY-MM-DDTHH:MM[:SS[.sss]][zone], HH:MM[:SS[.sss]][zone], now, or ten digits of epoch"


@pytest.mark.quirk("fraction-digits")
@pytest.mark.parametrize("fraction", [".5", ".03", ".0300", ".123456789"])
def test_a_fraction_has_three_digits_or_any_number(fraction):
    """Another number of digits makes the page empty, or is taken."""
    bound = f"2013-12-03T14:01:41{fraction}"
    refuse = f"refused: 'startTime' has none of the time forms: '{bound}' ({FORMS})"
    each_way("fraction-digits", f"startTime={bound}", {"three": refuse, "any": "63 64"}, **CHICAGO)
    kept = {"three": refuse, "any": "64"}
    each_way("fraction-digits", f"startTime={bound}", kept, others={"time-fraction": "keep"}, **CHICAGO)


@pytest.mark.quirk("fraction-digits")
@pytest.mark.parametrize("bound", ["14:01:41.", "14:01.5", "14:01:41,500", "14:01:41.5.5", "14:01:41.%D9%A3"])
def test_what_is_no_fraction_is_none_with_any_number_of_digits(bound):
    """A point without digits, minutes with a fraction, a comma: never a time."""
    for value in ("three", "any"):
        answer = outcome(make_pbx(quirks={"fraction-digits": value}), f"startTime={bound}")
        assert answer.startswith("refused: 'startTime' has none of the time forms: ")


@pytest.mark.quirk("space-for-t")
@pytest.mark.parametrize(
    "bound", ["2013-12-03 14:01:41", "2013-12-03 14:01:41.000", "2013-12-03 20:01:41Z", "2013-12-03 14:01:41-06:00"]
)
def test_a_space_where_a_t_is_due_is_refused_or_taken(bound):
    """Sent as %20 or as +, a space makes the page empty, or parts date and time as the T does."""
    refuse = f"refused: 'startTime' has none of the time forms: '{bound}' (a space stands where the letter T is due)"
    for space in ("%20", "+"):
        query = f"startTime={bound.replace(' ', space)}"
        each_way("space-for-t", query, {"refuse": refuse, "accept": "63 64"}, **CHICAGO)


@pytest.mark.quirk("space-for-t")
@pytest.mark.parametrize(
    "bound",
    [
        "2013-12-03+",
        "+14:01:41",
        "2013-12-0314:01",
        "2013-12-03++14:01:41",
        "2013-12-03T14:01:41+06:00",
        "2013-12-03T+14:01",
        "+",
    ],
)
def test_a_space_elsewhere_is_never_taken(bound):
    """A space is a T between a date and a time of day only, and never the plus of a zone."""
    for value in ("refuse", "accept"):
        answer = outcome(make_pbx(quirks={"space-for-t": value}), f"startTime={bound}")
        assert answer.startswith("refused: 'startTime' has none of the time forms: ")


def test_the_rows_of_the_guide_are_the_page_that_outcomes_are_compared_with():
    """The page that these tests write down is the guide's own, to the byte."""
    assert csv(guide_rows()) == GUIDE_CSV


# --- what lies on a bound --------------------------------------------------------------------------------------------


@pytest.mark.quirk("time-bounds")
@pytest.mark.parametrize(("value", "found"), [("inclusive", ["63", "64"]), ("half-open", ["63"])])
def test_the_end_of_a_window_is_inside_or_outside(value: str, found: list[str]) -> None:
    """A call that begins at endTime is found, or not; one that begins at startTime always is."""
    pbx = make_pbx(quirks={"time-bounds": value})
    target = "/cdrapi?startTime=2013-12-03T14:01:41&endTime=2013-12-03T14:02:23"
    assert ids(pbx.answer(request(target), at())) == found


@pytest.mark.quirk("duration-bounds")
@pytest.mark.parametrize(("value", "found"), [("inclusive", ["63", "64"]), ("half-open", ["63"])])
def test_the_longest_duration_is_inside_or_outside(value: str, found: list[str]) -> None:
    """A call of maxDur seconds is found, or not; one of minDur always is."""
    pbx = make_pbx(quirks={"duration-bounds": value})
    assert ids(pbx.answer(request("/cdrapi?minDur=3&maxDur=4"), at())) == found
