"""Quirks of parameters: their names, unknown, repeated and empty ones, and numbers. Spec 3, 0b."""

from __future__ import annotations

import pytest

from tests.asking import EMPTY, HEADER_LINE
from tests.makers import GUIDE_CSV, at, header, make_pbx, request
from tests.queries import ALL, calls_from, each_way, get, outcome, pbx_with


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
