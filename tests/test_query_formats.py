"""Quirks of the form of an answer: formats, containers of what is wrong or empty, statuses, types. Spec 3, 4.5, 0b."""

from __future__ import annotations

import pytest

from tests.asking import EMPTY, HEADER_LINE, TYPES
from tests.makers import at, header, header_names, make_pbx, request
from tests.queries import ALL, BAD_REQUEST, get, outcome
from ucmsim.appliance.pbx import Pbx


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


@pytest.mark.quirk("error-container")
@pytest.mark.parametrize("form", ["csv", "json", "xml"])
@pytest.mark.parametrize("query", ["caler=1&format={}", "format={}&caller=", "format={}&numRecords=1x", "&format={}"])
def test_a_wrong_request_has_the_container_it_asks_for_or_that_of_csv(query, form):
    """Wherever format stands it is read first; with the quirk every refusal has the CSV header."""
    for quirks, shown in (({}, form), ({"error-container": "asked"}, form), ({"error-container": "csv"}, "csv")):
        reply = get(make_pbx(quirks=quirks), query.format(form))
        assert (reply.status, reply.body, header(reply, "Content-type")) == (200, EMPTY[shown], TYPES[shown])
        assert reply.note
    assert get(make_pbx(quirks={"error-container": "csv"}), f"format={form}&caller=1").body == EMPTY[form]


@pytest.mark.quirk("database-failure")
@pytest.mark.quirk("error-status")
@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_a_database_that_fails_is_an_empty_container_or_a_500(form):
    """It is no wrong request, so that a 400 is never due."""
    for value, status in (("container", 200), (500, 500)):
        for wrong in (200, 400):
            pbx = make_pbx(quirks={"database-failure": value, "error-status": wrong})
            pbx.history.close()
            reply = get(pbx, f"format={form}")
            assert reply.status == status
            assert reply.note.startswith("the database failed: Cannot operate on a closed database. (")
            if status == 200:
                assert (reply.body, header(reply, "Content-type")) == (EMPTY[form], TYPES[form])
            else:
                assert b"<p>Internal Server Error (out of memory)\n</p>" in reply.body
