"""What is refused gets the empty container of its format; why is told on the side, never on the wire. Spec 3.4."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asking import BAD_QUERY, EMPTY, TYPES, get, wire
from tests.makers import header, make_pbx

REFUSED = [
    "caller=53;00",
    "startTime=2013-07-01 00:00",
    "startTime=2013-13-40T25:00",
    "offset=-1",
    "minDur=1.5",
    "caller=5300-5301-",
    "caller=",
    "caller=,5300",
    "caller=5300,,5303",
    "caler=5300",
    "caller=5300&",
    "caller=5300&&callee=5301",
    "=x",
    "minDur=5&minDur=10",
]


@pytest.mark.parametrize("form", ["csv", "xml", "json"])
@pytest.mark.parametrize("query", REFUSED)
def test_a_refused_request_gets_the_empty_container(query, form):
    """Every error of spec 3.4 answers 200 and the container of the format; the note explains it."""
    reply = get(make_pbx(), f"/cdrapi?format={form}&{query}")
    assert (reply.status, reply.title, reply.body) == (200, "OK", EMPTY[form])
    assert header(reply, "Content-type") == TYPES[form]
    assert reply.rows == 0
    assert reply.note


def test_an_empty_container_is_the_personalitys():
    """A G3 device's empty JSON stands under cdr_root, and its header line has 32 names."""
    pbx = make_pbx(personality="ucm6200")
    assert get(pbx, "/cdrapi?format=json&caler=5300").body == b'{\n"cdr_root":\n[\n]\n}\n'
    assert get(pbx, BAD_QUERY).body.count(b",") == 31


@pytest.mark.parametrize("query", ["format=yaml", "format=json&format=json", "format="])
def test_a_wrong_format_gets_the_csv_header(query):
    """Where the format itself is wrong the container is that of CSV."""
    reply = get(make_pbx(), f"/cdrapi?{query}")
    assert (reply.status, reply.body) == (200, EMPTY["csv"])
    assert reply.note


def test_a_mistyped_parameter_is_hinted_at():
    """The note says which parameter was probably meant."""
    assert "did you mean 'caller'?" in get(make_pbx(), BAD_QUERY).note


def test_an_empty_result_is_no_refusal():
    """A request that finds nothing has no note."""
    reply = get(make_pbx(), "/cdrapi?caller=nobody")
    assert (reply.body, reply.rows, reply.note) == (EMPTY["csv"], 0, "")


@settings(deadline=None)
@given(query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_no_note_is_ever_on_the_wire(query):
    """Whatever is asked, the answer is 200 and what it says on the side is not in its bytes."""
    reply = get(make_pbx(), f"/cdrapi?{query}")
    assert reply.status == 200
    assert not reply.note or reply.note.encode() not in wire(reply)
    assert len(reply.body) == int(header(reply, "Content-Length") or -1)


@pytest.mark.parametrize("form", ["csv", "xml", "json"])
def test_a_failing_database_gets_the_empty_container(form):
    """E10: when the database fails the device answers as if nothing were there, and the note says what happened."""
    pbx = make_pbx()
    pbx.history.close()
    reply = get(pbx, f"/cdrapi?format={form}")
    assert (reply.status, reply.body, reply.rows) == (200, EMPTY[form], 0)
    assert "database" in reply.note
