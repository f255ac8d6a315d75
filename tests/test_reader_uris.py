"""How a URI is taken apart: path, query, escapes. Spec 0b, 2.6."""

from __future__ import annotations

import pytest

from tests.readings import GET, PEER, asked, get
from ucmsim.http.request import ApiRequest, Head, Reading, data, pairs


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("", ()),
        ("?", [("", "")]),
        ("?caller=5300", [("caller", "5300")]),
        ("?caller=5300&", [("caller", "5300"), ("", "")]),
        ("?&caller=5300", [("", ""), ("caller", "5300")]),
        ("?a=1&&b=2", [("a", "1"), ("", ""), ("b", "2")]),
        ("?&", [("", ""), ("", "")]),
        ("?caller", [("caller", "")]),
        ("?caller=", [("caller", "")]),
        ("?=5300", [("", "5300")]),
        ("?=", [("", "")]),
        ("?a=b=c", [("a", "b=c")]),
        ("?a==", [("a", "=")]),
        ("?a=x?y", [("a", "x?y")]),
        ("??a=b", [("?a", "b")]),
        ("?a;b=c;d", [("a;b", "c;d")]),
        ("?a=1&a=2&A=3", [("a", "1"), ("a", "2"), ("A", "3")]),
        ("?s+t=u+v", [("s t", "u v")]),
        ("?a=%2B%2b", [("a", "++")]),
        ("?a=1%2B1+1", [("a", "1+1 1")]),
        ("?%63aller=%35300", [("caller", "5300")]),
        ("?a%3Db=c", [("a=b", "c")]),
        ("?a=b%26c%3Dd", [("a", "b&c=d")]),
        ("?a=%3F%23", [("a", "?#")]),
        ("?a=%", [("a", "%")]),
        ("?a=%4", [("a", "%4")]),
        ("?a=%4&b=1", [("a", "%4"), ("b", "1")]),
        ("?a=%zz%4g%g4%41", [("a", "%zz%4g%g4A")]),
        ("?a=%%41", [("a", "%A")]),
        ("?a=%2541", [("a", "%41")]),
        ("?a=%252B", [("a", "%2B")]),
        ("?%=%", [("%", "%")]),
        ("?a=%C3%A9", [("a", "é")]),
        ("?a=é", [("a", "é")]),
    ],
)
def test_a_query_is_split_first_and_decoded_afterwards(query, params):
    """Split at the first ?, at &, at the first =; then plus and percent; an empty piece is an empty parameter."""
    assert get("/cdrapi" + query).params == tuple(params)


def test_bytes_that_are_not_utf_8_survive():
    """A byte that is no UTF-8 can be put back together from the decoded text."""
    (raw,), (escaped,) = asked(b"GET /cdrapi?a=\xff HTTP/1.1\n\n").params, get("/cdrapi?a=%FF%e9").params
    assert data(raw[1]) == b"\xff"
    assert data(escaped[1]) == b"\xff\xe9"


@pytest.mark.parametrize(
    "path",
    [
        "/cdrapi",
        "/CDRAPI",
        "/CdrApi/",
        "/cdrapi/",
        "/cdrapi?a=b",
        "/cdrapi/?a=b",
        "/%63drapi",
        "/%43DRAPI",
        "/cdrapi%2F",
    ],
)
def test_paths_that_reach_the_handler(path):
    """A path is decoded, compared in any letter case, and may have one trailing slash."""
    assert get(path).handler == "cdrapi"


@pytest.mark.quirk("path-match")
@pytest.mark.parametrize(
    ("path", "handler"),
    [
        ("/cdrapi", "cdrapi"), ("/CDRAPI", "CDRAPI"), ("/cdrapi/", "cdrapi/"), ("/%63drapi?a=/", "cdrapi"), ("/", ""),
        ("cdrapi", None), ("*", None), ("", None), ("//cdrapi", "/cdrapi"),
    ],
)  # fmt: skip
def test_exact_paths_lose_their_first_slash_alone(path, handler):
    """Letters and the last slash stay as they were written."""
    head = Head(b"GET", path.encode(), ())
    assert ApiRequest.of(PEER, head, None, Reading(exact_paths=True)).handler == handler


@pytest.mark.quirk("plus")
@pytest.mark.parametrize(
    ("query", "spaces", "pluses"),
    [
        (b"a+b=c+d", ("a b", "c d"), ("a+b", "c+d")),
        (b"a%2Bb=c%20d", ("a+b", "c d"), ("a+b", "c d")),
        (b"+=+", (" ", " "), ("+", "+")),
        (b"a=+%2B%", ("a", " +%"), ("a", "++%")),
        (b"a=+%00+", ("a", " "), ("a", "+")),
    ],
)
def test_a_plus_is_decoded_or_stays(query, spaces, pluses):
    """Only the plus itself is concerned, in queries and forms alike."""
    assert pairs(query) == (spaces,)
    assert pairs(query, plus_is_space=False) == (pluses,)
    form = Head(b"POST", b"/cdrapi", ())
    assert ApiRequest.of(PEER, form, query, Reading(plus_is_space=False)).params == (pluses,)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/cdrapi//",
        "/cdrapi/x",
        "/cdrapi%2Fx",
        "/cdrapi/%2F",
        "//cdrapi",
        "/cdrapis",
        "/cdrap",
        "/cdr+api",
        "/cdrapi%20",
        "/cdrapi%3Fa=b",
        "/cdrapi&a=b",
        "/x/cdrapi",
        "cdrapi",
        "%2",
        "*",
        "https://pbx/cdrapi",
    ],
)
def test_paths_that_do_not_reach_the_handler(path):
    """More slashes, more words, or less do not match; an escaped ? belongs to the path."""
    assert get(path).handler != "cdrapi"


def test_the_target_stays_as_it_was_sent():
    """The log can show the request line that the client wrote."""
    request = get("/CDRAPI/?caller=%35300+")
    assert (request.target, request.path) == ("/CDRAPI/?caller=%35300+", "/CDRAPI/")
    assert request.peer == PEER


def test_a_header_is_found_in_any_letter_case():
    """The first header of a name counts."""
    request = asked(GET + b"AUTHORIZATION: Digest x\r\nauthorization: y\r\n\r\n")
    assert request.header("authorization") == "Digest x"
    assert request.header("cookie") is None
