"""HEAD, POST and its form, and the quirks of both. Spec 2.5."""

from __future__ import annotations

import json

import pytest

from tests.asking import BAD_QUERY, EMPTY, get, posted, sent
from tests.makers import ACCOUNT, CLIENT, GUIDE_CSV, STRANGER, at, header, make_pbx, request
from ucmsim.http.reader import RequestReader
from ucmsim.http.request import ApiRequest, Reading


@pytest.mark.parametrize("target", ["/cdrapi", "/cdrapi?format=json", BAD_QUERY])
def test_head_is_the_same_head_and_no_body(target):
    """HEAD answers as GET does, true Content-Length included, and sends nothing after the head."""
    head, whole = get(make_pbx(), target, "HEAD"), get(make_pbx(), target)
    assert head.head == whole.head
    assert head.body == b""


@pytest.mark.parametrize(("target", "peer"), [("/nowhere", CLIENT), ("/cdrapi", STRANGER), ("/cdrapi", CLIENT)])
def test_head_gets_the_body_of_an_error(target, peer):
    """From 400 on the page is sent to HEAD too."""
    pbx = make_pbx(api=ACCOUNT)
    reply = get(pbx, target, "HEAD", peer=peer)
    assert reply.status >= 400
    assert len(reply.body) == int(header(reply, "Content-Length") or 0) > 0


def test_a_forms_parameters_replace_those_of_the_uri():
    """POST looks at the form alone."""
    posted = request("/cdrapi?caller=nobody", "POST", form=b"format=json&numRecords=1")
    reply = make_pbx().answer(posted, at())
    assert [row["AcctId"] for row in json.loads(reply.body)["cdr"]] == ["62"]


def test_a_form_of_another_type_is_no_parameters_at_all():
    """Another content type counts as an empty form: all records, as CSV."""
    posted = request("/cdrapi?format=json", "POST", form=b"format=xml", content_type="text/plain")
    assert make_pbx().answer(posted, at()).body == GUIDE_CSV


def test_a_form_with_an_error_gets_the_empty_container():
    """The grammar of a form is that of a query."""
    reply = make_pbx().answer(request("/cdrapi", "POST", form=b"format=xml&caller="), at())
    assert (reply.status, reply.body) == (200, EMPTY["xml"])


@pytest.mark.parametrize(("length", "status"), [(1024, 200), (1025, 413)])
def test_a_form_may_have_1024_bytes(length, status):
    """A longer form is a 413 without a page; one of 1024 bytes is read."""
    reply = make_pbx().answer(request("/cdrapi", "POST", form=b"caller=".ljust(length, b"5")), at())
    assert reply.status == status
    assert (reply.body == b"") is (status == 413)


def test_a_large_form_is_challenged_first():
    """Credentials are asked for before a form is judged."""
    assert make_pbx(api=ACCOUNT).answer(request("/cdrapi", "POST", form=b"x" * 2000), at()).status == 401


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize(
    ("quirks", "limit"),
    [({}, 1024), ({"form-limit": 12}, 12), ({"form-limit": 1024}, 1024), ({"form-limit": 50_000}, 50_000)],
)
def test_a_form_up_to_the_limit_is_read(quirks, limit):
    """A longer one is answered by its announcement with 413 and no page."""
    pbx = make_pbx(quirks=quirks)
    assert sent(pbx, posted(b"caller=".ljust(limit, b"5"))).body == EMPTY["csv"]
    refused = sent(pbx, posted(b"caller=".ljust(limit + 1, b"5")))
    assert (refused.status, refused.body, refused.note) == (413, b"", f"the form is longer than {limit} bytes")


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize("value", ["none", 10**9])
def test_without_a_limit_long_forms_are_read(value):
    """A list of a thousand ranges, too long for a URI, can be sent by POST."""
    ranges = b",".join(b"%d-%d" % (at * 10**9, at * 10**9 + 5) for at in range(1, 999))
    form = b"caller=" + ranges + b",5300-5300"
    assert len(form) > 20_000
    assert sent(make_pbx(quirks={"form-limit": value}), posted(form)).body == GUIDE_CSV


@pytest.mark.quirk("post")
@pytest.mark.parametrize(
    ("quirks", "methods"),
    [({}, "GET, HEAD, POST"), ({"post": "accept"}, "GET, HEAD, POST"), ({"post": "refuse"}, "GET, HEAD")],
)
def test_a_form_is_taken_or_the_method_refused(quirks, methods):
    """POST is answered like GET, or with the page of every other method; the note lists what there is."""
    pbx = make_pbx(quirks=quirks)
    reply = sent(pbx, posted(b"numRecords=0"))
    if "POST" in methods:
        assert (reply.status, reply.body) == (200, EMPTY["csv"])
    else:
        assert reply.head == get(pbx, method="PUT").head
        assert (reply.status, reply.body) == (501, get(pbx, method="PUT").body)
    assert get(pbx, method="PUT").note == f"the method is none of {methods}"
    assert [get(pbx, method=method).status for method in ("GET", "HEAD")] == [200, 200]


@pytest.mark.quirk("post")
@pytest.mark.parametrize(("value", "waits"), [("accept", True), ("refuse", False)])
def test_a_form_that_is_refused_is_not_waited_for(value, waits):
    """Where POST is no method, its headers are enough for the answer, however long the form may be."""
    reader = RequestReader(make_pbx(quirks={"post": value}).reading)
    assert (reader.feed(posted(b"caller=5300")[:-1]) is None) is waits


@pytest.mark.quirk("post")
@pytest.mark.parametrize(("target", "peer", "status"), [("/nowhere", CLIENT, 404), ("/cdrapi", STRANGER, 403)])
def test_path_and_address_are_judged_before_the_method(target, peer, status):
    """A POST that is refused comes no further than any other wrong method."""
    pbx = make_pbx(api=ACCOUNT, quirks={"post": "refuse"})
    assert get(pbx, target, "POST", peer=peer).status == status
    assert get(pbx, method="POST").status == 501


@pytest.mark.quirk("post-parameters")
@pytest.mark.parametrize(
    ("target", "form", "replaced", "joined"),
    [
        ("/cdrapi?format=xml", b"numRecords=0", EMPTY["csv"], EMPTY["xml"]),
        ("/cdrapi?numRecords=0&format=xml", b"", GUIDE_CSV, EMPTY["xml"]),
        ("/cdrapi?caller=nobody", b"caller=5300", GUIDE_CSV, GUIDE_CSV),
        ("/cdrapi?format=json", b"format=json&numRecords=0", EMPTY["json"], EMPTY["csv"]),
        ("/cdrapi?", b"numRecords=0&format=xml", EMPTY["xml"], EMPTY["xml"]),
        ("/cdrapi", b"numRecords=0&format=xml", EMPTY["xml"], EMPTY["xml"]),
    ],
)
def test_a_form_replaces_the_query_or_follows_it(target, form, replaced, joined):
    """Behind the query its parameters are like any others: lists go on, a second format is one too many."""
    for quirks, body in (
        ({}, replaced),
        ({"post-parameters": "replace"}, replaced),
        ({"post-parameters": "join"}, joined),
    ):
        assert sent(make_pbx(quirks=quirks), posted(form, target)).body == body


@pytest.mark.quirk("post-parameters")
@pytest.mark.parametrize(("value", "body"), [("replace", GUIDE_CSV), ("join", EMPTY["xml"])])
def test_a_form_of_another_type_leaves_nothing_or_the_query(value, body):
    """It has no parameters; joined to those of the URI these remain."""
    raw = posted(b"format=json", "/cdrapi?format=xml&numRecords=0", "Content-Type: application/json")
    assert sent(make_pbx(quirks={"post-parameters": value}), raw).body == body


@pytest.mark.quirk("post-parameters")
def test_parameters_join_in_their_order():
    """Those of the URI come first."""
    found = RequestReader().feed(posted(b"c=3&a=4", "/cdrapi?a=1&b=2"))
    asked = ApiRequest.of(CLIENT, found.head, found.form, Reading(joins=True))
    assert asked.params == (("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"))


@pytest.mark.quirk("post-type")
@pytest.mark.parametrize(
    ("kind", "form", "any_type"),
    [
        ("application/x-www-form-urlencoded", EMPTY["xml"], EMPTY["xml"]),
        ("text/plain", GUIDE_CSV, EMPTY["xml"]),
        ("application/json", GUIDE_CSV, EMPTY["xml"]),
    ],
)
def test_a_body_of_another_type_is_nothing_or_a_form(kind, form, any_type):
    """It has no parameters, so that everything is found, or those that a form would have."""
    raw = posted(b"format=xml&numRecords=0", "/cdrapi", f"Content-Type: {kind}")
    for quirks, body in (({}, form), ({"post-type": "form"}, form), ({"post-type": "any"}, any_type)):
        assert sent(make_pbx(quirks=quirks), raw).body == body


@pytest.mark.quirk("head-error-body")
@pytest.mark.parametrize(("value", "length"), [("sent", 247), ("omitted", 0)])
def test_head_of_what_is_refused_gets_the_page_or_its_head_only(value: str, length: int) -> None:
    """Content-Length is that of the page either way; below 400 there is no body, and GET always has it."""
    pbx = make_pbx(quirks={"head-error-body": value})
    refused = pbx.answer(request("/nowhere", "HEAD"), at())
    assert (refused.status, header(refused, "Content-Length"), len(refused.body)) == (404, "247", length)
    assert pbx.answer(request("/cdrapi", "HEAD"), at()).body == b""
    assert len(pbx.answer(request("/nowhere"), at()).body) == 247


@pytest.mark.quirk("head")
@pytest.mark.parametrize(("value", "status"), [("accept", 200), ("refuse", 501)])
def test_head_is_taken_or_not(value, status):
    """Refused, it is a method like PUT; GET and POST are not touched."""
    pbx = make_pbx(quirks={"head": value})
    assert get(pbx, "/cdrapi", "HEAD").status == status
    assert [get(pbx, "/cdrapi", method).status for method in ("GET", "POST", "PUT")] == [200, 200, 501]
