"""The form that a POST carries, as the device reads it. Spec 0b, 2.5."""

from __future__ import annotations

import pytest

from tests.makers import make_pbx
from tests.readings import FORM_TYPE, PEER, asked, incoming, post
from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.request import BOUND, Absent, ApiRequest, Reading, pairs


def test_a_form_is_read_to_its_announced_length():
    """The body is complete with its last announced byte, and its parameters are those of the request."""
    reader = RequestReader()
    raw = post(b"caller=5300&format=json", FORM_TYPE)
    assert reader.feed(raw[:-1]) is None
    found = reader.feed(raw[-1:] + b"extra")
    assert isinstance(found, Incoming)
    assert found.form == b"caller=5300&format=json"
    assert ApiRequest.of(PEER, found.head, found.form).params == (("caller", "5300"), ("format", "json"))


@pytest.mark.parametrize("method", [b"POST", b"post", b"Post"])
def test_a_form_is_read_whatever_the_letter_case_of_the_method(method):
    """Method names are compared in any letter case."""
    assert asked(post(b"caller=5300", FORM_TYPE).replace(b"POST", method)).params == (("caller", "5300"),)


def test_form_parameters_replace_those_of_the_uri():
    """What stands behind the ? of a POST is not a parameter."""
    request = asked(post(b"caller=1", FORM_TYPE, target=b"/cdrapi?caller=2&format=xml"))
    assert request.params == (("caller", "1"),)
    assert (request.handler, request.target) == ("cdrapi", "/cdrapi?caller=2&format=xml")


def test_form_parameters_are_decoded_like_those_of_a_uri():
    """Plus, percent, empty pieces and the first = mean the same in a form."""
    assert asked(post(b"a+b=%2B1&&c=d=e&f", FORM_TYPE)).params == (("a b", "+1"), ("", ""), ("c", "d=e"), ("f", ""))


def test_1024_bytes_of_form_are_taken():
    """A form of 1024 bytes is within the limit."""
    request = asked(post(b"caller=" + b"5" * 1017, FORM_TYPE))
    assert request.params == (("caller", "5" * 1017),)
    assert not request.form_too_large


@pytest.mark.parametrize("length", [1025, 10**6, 10**30])
def test_a_larger_form_is_refused_by_its_announcement(length):
    """From 1025 bytes on the body is not waited for: the request says that it is too large."""
    found = incoming(post(b"", FORM_TYPE, length=length))
    assert found.form is None
    assert ApiRequest.of(PEER, found.head).form_too_large


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize("limit", [1, 12, 1024, BOUND])
def test_the_limit_of_a_form_is_a_quirk(limit):
    """A form of so many bytes is waited for and read, a longer one is refused by its announcement."""
    reading = Reading(form_limit=limit)
    reader = RequestReader(reading)
    assert reader.feed(post(b"c" * limit)[:-1]) is None
    found = reader.feed(b"c")
    assert isinstance(found, Incoming)
    assert found.form == b"c" * limit
    assert not ApiRequest.of(PEER, found.head, found.form, reading).form_too_large
    longer = RequestReader(reading).feed(post(b"", length=limit + 1))
    assert isinstance(longer, Incoming)
    assert longer.form is None
    assert ApiRequest.of(PEER, longer.head, None, reading).form_too_large


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize("limit", ["none", 10**9, BOUND + 1])
def test_a_lifted_limit_of_forms_leaves_a_bound(limit):
    """Whatever the quirk says, no more than so many bytes are ever waited for."""
    assert Reading.of(make_pbx(quirks={"form-limit": limit}).quirks).form_limit == BOUND


def test_empty_pieces_of_a_long_form_are_one_and_the_same():
    """A form of nothing but & costs a place in a list for each, and no more."""
    first, *others = pairs(b"&" * 10_000)
    assert first == ("", "")
    assert isinstance(first[1], Absent)
    assert len(others) == 10_000
    assert all(other is first for other in others)


@pytest.mark.quirk("post")
@pytest.mark.parametrize(("posts", "form"), [(True, b"caller=5300"), (False, None)])
def test_a_form_is_read_only_where_post_is_taken(posts, form):
    """Otherwise the request is complete with its headers, and its body is bytes like any that follow."""
    found = RequestReader(Reading(posts=posts)).feed(post(b"caller=5300"))
    assert isinstance(found, Incoming)
    assert found.form == form
    assert ApiRequest.of(PEER, found.head, found.form).unread is not posts


@pytest.mark.quirk("request-line")
def test_a_strict_post_in_lower_case_has_no_form():
    """It is another method, whose body is not waited for."""
    reading = Reading(strict=True)
    found = RequestReader(reading).feed(b"post /cdrapi?a=b HTTP/1.1\r\nHost: pbx\r\nContent-Length: 9\r\n\r\n")
    assert isinstance(found, Incoming)
    request = ApiRequest.of(PEER, found.head, found.form, reading)
    assert (request.method, request.params, request.form_too_large) == ("post", (("a", "b"),), False)


@pytest.mark.quirk("post-type")
@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x", b"text/plain"])
def test_a_body_of_any_type_may_be_a_form(kind):
    """It is read, cut up and limited like a form; by default the request is complete with its headers."""
    raw = post(b"caller=5300", b"Content-Type: " + kind + b"\r\n", target=b"/cdrapi?a=b")
    any_type = Reading(any_type=True)
    params = []
    for reading in (Reading(), any_type):
        found = RequestReader(reading).feed(raw)
        assert isinstance(found, Incoming)
        params.append(ApiRequest.of(PEER, found.head, found.form, reading).params)
    assert params == [(), (("caller", "5300"),)]
    assert RequestReader(any_type).feed(raw[:-1]) is None
    longer = RequestReader(any_type).feed(post(b"", b"Content-Type: " + kind + b"\r\n", length=1025))
    assert isinstance(longer, Incoming)
    assert ApiRequest.of(PEER, longer.head, None, any_type).form_too_large


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x", b"text/plain"])
@pytest.mark.parametrize("body", [b"caller=5300", b"x" * 2000])
def test_another_content_type_means_no_parameters(kind, body):
    """A body that is no form yields no parameters at all, not even those of the URI, however long it is."""
    request = asked(post(body, b"Content-Type: " + kind + b"\r\n", target=b"/cdrapi?caller=1"))
    assert request.params == ()
    assert not request.form_too_large


def test_without_a_content_type_the_body_is_a_form():
    """Only another content type keeps the device from reading a form."""
    assert asked(post(b"caller=5300")).params == (("caller", "5300"),)


def test_the_content_type_is_compared_in_any_letter_case():
    """Header name and value may be written in any letter case."""
    line = b"CONTENT-TYPE: Application/X-WWW-Form-URLencoded\r\n"
    assert asked(post(b"caller=5300", line)).params == (("caller", "5300"),)


@pytest.mark.parametrize(
    "length", [b"", b"Content-Length: 0\r\n", b"Content-Length: abc\r\n", b"Content-Length: -5\r\n"]
)
def test_a_post_without_a_usable_length_has_no_form(length):
    """Without a positive Content-Length no body is waited for."""
    assert incoming(b"POST /cdrapi HTTP/1.1\r\n" + FORM_TYPE + length + b"\r\ncaller=1").form is None


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PUT", b"BREW"])
def test_only_a_post_has_a_form(method):
    """A body behind any other method is not read."""
    found = incoming(method + b" /cdrapi?a=b HTTP/1.1\r\n" + FORM_TYPE + b"Content-Length: 9000\r\n\r\n")
    assert found.form is None
    request = ApiRequest.of(PEER, found.head)
    assert request.params == (("a", "b"),)
    assert not request.form_too_large
