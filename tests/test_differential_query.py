"""Random bytes as queries: taken apart and understood as a plain reading of the specification has it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from hypothesis import assume, given
from hypothesis import strategies as st

from tests import oracle
from tests.drawnrequests import requests
from tests.oraclebench import GUIDE, USUAL, benches, examples
from ucmsim.cdr.query import Query, Refusal
from ucmsim.http.request import Absent, pairs

words = (
    b"caller startTime format json 5300 & & = = %2C %2b + % %4 %zz %26 %3d %3D %C3%BC \xc3\xbc %ff \xff ? # now , - @"
)
pieces = st.sampled_from((*words.split(b" "), b"\r\n", b" "))
# fmt: off
assignments = st.sampled_from((
    b"caller=5300", b"CALLER=%35300,53%301", b"c%61ller=5299-53%30%31", b"callee=%405_", b"callee=53+01",
    b"callee=53%2B01,@", b"callee=5301=", b"startTime=2013-12-03T20:01:41%2b00:00",
    b"startTime=2013-12-03T20:01:41+00:00", b"startTime=2013-12-03T14%3a01%3A41", b"startTime", b"endTime=",
    b"endTime=n%6Fw", b"minDur=%34", b"maxDur=5%", b"format=%6ason", b"format=%4Json", b"num%52ecords=2",
    b"offset=1", b"offset=%31&",
))
# fmt: on
queries = st.one_of(
    st.binary(max_size=30),
    st.lists(pieces, max_size=14).map(b"".join),
    *[st.lists(assignments, min_size=1, max_size=3, unique=True).map(b"&".join)] * 3,
)


@examples(400)
@given(queries)
def test_a_query_is_taken_apart_as_the_specification_says(query: bytes) -> None:
    """Pieces are cut at ``&``, then at the first ``=``, then decoded; what comes of it finds the same rows."""
    assume(b"\0" not in query and b"%00" not in query)  # where a NUL ends the text is not written down
    sent = oracle.pairs(query)
    assert list(pairs(query)) == [(name, value or "") for name, value in sent]
    assert [isinstance(value, Absent) for _, value in pairs(query)] == [value is None for _, value in sent]
    GUIDE.compare(sent)


@examples(300)
@given(queries, st.lists(st.sampled_from((b"\0", b"%00", b"caller=\0", b"caller=5300%00&")), max_size=3), st.booleans())
def test_any_bytes_can_be_a_query(query: bytes, nuls: list[bytes], front: bool) -> None:
    """No bytes at all, a NUL among them or not, make the way from the query to its meaning fail."""
    nul = b"".join(nuls)
    assert isinstance(GUIDE.parsed(pairs(nul + query if front else query + nul)), Query | Refusal)


@examples(60)
@given(st.data())
def test_an_encoded_request_is_the_same_request(data: st.DataObject) -> None:
    """A request that a client percent-encodes arrives as it was meant."""
    params = data.draw(requests(replace(data.draw(benches()), quirks=USUAL), ("caller", "startTime")))
    assert list(pairs(urlencode(params).encode())) == params
