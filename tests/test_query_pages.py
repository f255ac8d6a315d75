"""Quirks of pages: how many rows, from which on, in which order, counted in rows or in entries. Spec 3, 4.5."""

from __future__ import annotations

import json

import pytest

from tests.makers import another_row, make_pbx
from tests.queries import ALL, csv, each_way, get, outcome, pbx_with
from ucmsim.columns import Row
from ucmsim.http.reply import Reply

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
