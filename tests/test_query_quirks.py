"""What a query finds, quirk by quirk: whole replies with the default and with every other value. Spec 3, 4.5, 0b."""

from __future__ import annotations

import json

import pytest

from tests.asking import EMPTY, HEADER_LINE, TYPES
from tests.makers import GUIDE_CSV, another_row, at, header, header_names, make_pbx, request
from tests.queries import ALL, BAD_REQUEST, calls_from, csv, each_way, get, outcome, pbx_with
from ucmsim.appliance.pbx import Pbx
from ucmsim.columns import Row
from ucmsim.http.reply import Reply

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


@pytest.mark.quirk("blank-session")
@pytest.mark.quirk("paging-unit")
def test_rows_without_a_session_are_entries_of_their_own_or_one():
    """A page of entries counts them likewise."""
    rows = [another_row(AcctId=str(at), session=session) for at, session in enumerate(("", "a", "", "b", ""), 1)]
    apart, together = [["1"], ["2"], ["3"], ["4"], ["5"]], [["1", "3", "5"], ["2"], ["4"]]
    for value, found in (("apart", apart), ("together", together)):
        pbx = pbx_with(rows, {"blank-session": value, "paging-unit": "entries"}, personality="ucm6510")
        assert entries(get(pbx, "format=json")) == found
        assert entries(get(pbx, "format=json&numRecords=2")) == found[:2]
        assert entries(get(pbx, "format=json&offset=1")) == found[1:]
    assert entries(get(pbx_with(rows, personality="ucm6510"), "format=json")) == apart


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
