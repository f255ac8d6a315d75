"""Quirks of answeredby: whether it is a filter, and where it looks. Spec 3."""

from __future__ import annotations

import pytest

from tests.makers import another_row, make_pbx
from tests.queries import ALL, each_way, get, outcome, pbx_with


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
