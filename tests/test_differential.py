"""Random rows and random requests: the product must find what a plain reading of the specification finds."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import oracle
from tests.drawnrequests import broken_requests, extension_lists, pointed, requests, times
from tests.oddvalues import CLOCKS, DAYS, FRACTIONS, LETTERS_T, OFFSETS, anything, names, soups
from tests.oraclebench import (
    FAMILIES,
    GUIDE,
    PIVOTS,
    QUIRKS,
    SHOWN_ON,
    USUAL,
    Bench,
    benches,
    examples,
    quirks_of_any_kind,
    texts,
)
from ucmsim.cdr.query import Query, Refusal


@pytest.mark.parametrize(
    ("query", "acctids"),
    [
        ("", "62 63 64"),
        ("format=CSV&caller=5300&minDur=8&maxDur=60", ""),
        ("caller=5300&minDur=8&maxDur=60", ""),
        ("caller=5300&minDur=4&maxDur=6", "62 64"),
        ("format=JSON&numRecords=1&offset=1", "63"),
        ("format=XML&caller=5300,6300-6399&callee=5@", "62 63 64"),
        ("caller=@53@&endTime=2013-01-23", ""),
        ("caller=_3@", "62 63 64"),
        ("caller=@53@", "62 63 64"),
        ("caller=_4@", ""),
        ("caller=5299-5301", "62 63 64"),
        ("caller=0-0", ""),
        ("caller=5301&caller=5300", "62 63 64"),
        ("answeredby=5301", "62 63 64"),
        ("startTime=2013-12-03T14:01:41-06:00&endTime=2013-12-03T14:02:23-06:00", "63 64"),
        ("startTime=1386100901", "63 64"),
        ("startTime=2013-12-03T20:01:41%2B00:00", "63 64"),
        ("startTime=2013-12-03T20:01:41+00:00", "refused"),
        ("endTime=2013-12-03", ""),
        ("endTime=2013-12-04", "62 63 64"),
        ("startTime=00:00", "62 63 64"),
        ("endTime=now", "62 63 64"),
        ("startTime=now", ""),
        ("startTime=&endTime=", "62 63 64"),
        ("numRecords=0", ""),
        ("numRecords=5000", "62 63 64"),
        ("caller=5300,", "62 63 64"),
        ("caller=53;00", "refused"),
        ("startTime=2013-07-01 00:00", "refused"),
        ("startTime=2013-13-40T25:00", "refused"),
        ("offset=-1", "refused"),
        ("minDur=1.5", "refused"),
        ("caller=,5300", "refused"),
        ("caller=5300,,5303", "refused"),
        ("caller=5300-5301-,6300", "refused"),
        ("minDur=5&minDur=10", "refused"),
        ("caller=5300&", "refused"),
        ("caler=5300", "refused"),
        ("caller=", "refused"),
        ("caller", "refused"),
        ("=x", "refused"),
        ("&", "refused"),
        ("caller=5300&&callee=5301", "refused"),
        ("format=json&caler=5300", "refused"),
        ("format=xml&offset=x", "refused"),
        ("format=yaml", "refused"),
        ("format=json&format=json", "refused"),
    ],
)
def test_the_examples_of_the_documents(query: str, acctids: str) -> None:
    """The requests that the documents work out find the calls that they name, for the oracle and for the product."""
    params = oracle.pairs(query.encode()) if query else []
    answer = GUIDE.expected(params)
    assert (answer if isinstance(answer, str) else " ".join(call["AcctId"] for call in answer)) == acctids
    GUIDE.compare(params)


def test_both_copies_of_the_fold_hour_are_one() -> None:
    """A bound in the first and one in the second copy of a repeated hour are the same local text."""
    starts = ("00:59:59", "01:00:00", "01:29:59", "01:30:00", "01:59:59", "02:00:00")
    rows = tuple({**GUIDE.rows[0], "AcctId": str(at), "start": f"2013-11-03 {at_}"} for at, at_ in enumerate(starts))
    bench = replace(GUIDE, zone="America/Chicago", rows=rows)
    first, second = ([("startTime", f"2013-11-03T0{hour}:30:00Z")] for hour in (6, 7))
    assert bench.expected(first) == bench.expected(second) == list(rows[3:])
    bench.compare(first, second)


@examples(30)
@given(st.data())
def test_nothing_to_find(data: st.DataObject) -> None:
    """Where there are no calls, a request finds none of them or is refused."""
    bench = replace(data.draw(benches()), rows=())
    bench.compare([], data.draw(requests(bench)), data.draw(broken_requests(bench)))


@examples(100)
@given(st.data())
def test_well_formed_requests(data: st.DataObject) -> None:
    """Any mixture of filters, paging, quirks and generations finds the same rows in the same order."""
    bench = data.draw(benches())
    bench.compare(*(data.draw(requests(bench)) for _ in range(3)))


@examples(150)
@given(st.data())
def test_a_value_alone(data: st.DataObject) -> None:
    """Whatever the value of a single parameter, it is refused, or means what the specification says."""
    odd = ("", "a", "A", "0", "5300-5301", "05", "-5", "é", "@", "_")
    rows = tuple(
        {**GUIDE.rows[at % 3], "src": text, "dst": text, "dstchannel_ext": text} for at, text in enumerate(odd)
    )
    bench = replace(GUIDE, rows=(*GUIDE.rows, *rows), quirks=data.draw(quirks_of_any_kind()))
    bench.compare(*([(name, data.draw(soup))] for name, soup in soups.items()))


@pytest.mark.quirk("naive-time")
@pytest.mark.quirk("time-fraction")
@pytest.mark.parametrize("naive", QUIRKS["naive-time"])
@pytest.mark.parametrize("fraction", QUIRKS["time-fraction"])
def test_every_form_of_a_time(naive: str, fraction: str) -> None:
    """Each combination of right and nearly right pieces is refused, or is the local text that it should be."""
    bench = replace(GUIDE, quirks=USUAL | {"naive-time": naive, "time-fraction": fraction})
    forms = chain(product(DAYS, LETTERS_T, CLOCKS, OFFSETS), product(DAYS[:1], "T", FRACTIONS, OFFSETS))
    accepted = 0
    for text in dict.fromkeys("".join(pieces) for pieces in forms if any(pieces)):
        query = bench.parsed([("startTime", text)])
        try:
            wanted = oracle.bound(text, bench.quirks, bench.zone, bench.now)
        except oracle.Refused:
            wanted = oracle.REFUSED
        assert (query.earliest if isinstance(query, Query) else oracle.REFUSED) == wanted, text
        accepted += isinstance(query, Query)
    assert accepted == 3 * 3 * 4 + 2  # two days and none with three clocks and four offsets; the days alone


@pytest.mark.parametrize("zone", PIVOTS)
def test_bounds_at_the_ends_of_the_calendar(zone: str) -> None:
    """A bound whose local or universal time lies beyond the years 1 to 9999 is before or after every call."""
    bench = replace(GUIDE, zone=zone)
    days = [
        f"{day}{clock}" for day in ("0001-01-01", "0001-01-02", "9999-12-31") for clock in ("", "T00:00", "T23:59:59")
    ]
    texts = [f"{day}{offset}" for day in days for offset in ("", *("Z", "+23:59", "-23:59") * ("T" in day))]
    bench.compare(*([(name, text)] for name in ("startTime", "endTime") for text in texts))


@examples(120)
@given(st.data())
def test_broken_requests(data: st.DataObject) -> None:
    """A damaged request is refused, or is none the worse, exactly where the table of errors says so."""
    bench = data.draw(benches())
    bench.compare(*(data.draw(broken_requests(bench)) for _ in range(4)))


@examples(200)
@given(st.lists(texts, min_size=1, max_size=12, unique=True), st.data())
def test_extension_lists(values: list[str], data: st.DataObject) -> None:
    """Literals, patterns and ranges find the same numbers, whatever these are made of."""
    bench = Bench(rows=tuple({**GUIDE.rows[0], "src": src, "uniqueid": str(at)} for at, src in enumerate(values)))
    bench.compare(*([("caller", data.draw(extension_lists(values)))] for _ in range(4)))


@examples(150)
@given(st.data())
def test_bounds_near_a_change_of_the_clock(data: st.DataObject) -> None:
    """Near the gaps and folds of each zone, both bounds are compared as local text."""
    bench = data.draw(benches())
    first, last = data.draw(times(bench.zone)), data.draw(times(bench.zone))
    bench.compare([("startTime", first)], [("endTime", last)], [("startTime", first), ("endTime", last)])


@examples(360)
@given(st.sampled_from(tuple(QUIRKS)), st.data())
def test_each_quirk(quirk: str, data: st.DataObject) -> None:
    """Every value of a quirk does with a request about it what the register says, whatever the others are."""
    bench = data.draw(benches())
    if data.draw(st.booleans()):
        family = data.draw(st.sampled_from([family for family in FAMILIES if quirk in family]))
        mixed = {relative: data.draw(st.sampled_from(QUIRKS[relative])) for relative in family}
        bench = replace(bench, quirks=USUAL | mixed, generation=SHOWN_ON.get(quirk, bench.generation))
    asked = data.draw(pointed(quirk, bench))
    for way in bench.either_way(quirk):
        way.compare(asked)


@examples(120)
@given(st.sampled_from(tuple(QUIRKS)), st.data())
def test_what_one_value_tolerates(quirk: str, data: st.DataObject) -> None:
    """A request that is well-formed for one value of a quirk is read by every other as the register says."""
    bench = data.draw(benches())
    ways = list(bench.either_way(quirk))
    asked = data.draw(requests(data.draw(st.sampled_from(ways))))
    for way in ways:
        way.compare(asked)


@pytest.mark.parametrize("item", ["0", "a", "@", "_", "-", "5"])
def test_lists_as_long_as_a_request_line(item: str) -> None:
    """The longest lists that the device reads find what their shortest forms find."""
    bench = replace(GUIDE, rows=tuple({**GUIDE.rows[0], "src": src, "dst": src} for src in ("0", "A", "a", "", "5300")))
    long = ",".join([item] * 2048)
    params = [("caller", long), ("callee", long)]
    assert bench.expected(params) == bench.expected([("caller", item)])
    bench.compare(params)


def test_a_list_of_999_ranges() -> None:
    """A list of 999 ranges works, each with its own bounds, also beside another list."""
    rows = tuple({**GUIDE.rows[0], "src": str(10 * n), "dst": str(n), "uniqueid": str(n)} for n in range(0, 1050, 25))
    ranges = ",".join(f"{20 * n}-{20 * n + 9}" for n in range(999))
    bench = Bench(rows=rows)
    bench.compare([("caller", ranges)], [("caller", ",".join(["0-9"] * 999)), ("callee", ranges)])


@pytest.mark.quirk("order")
@pytest.mark.parametrize("order", QUIRKS["order"])
def test_pages_of_many_rows(order: str) -> None:
    """A page has 1000 rows at most; one that begins beyond the last row, however far, is empty."""
    rows = tuple({**GUIDE.rows[0], "AcctId": str(n * 7 % 1010), "uniqueid": str(n)} for n in range(1010))
    bench = Bench(rows=rows, quirks=USUAL | {"order": order})
    offsets = ("0", "7", "1009", "1010", "4294967296", "9223372036854775807", "9223372036854775808", "9" * 4000)
    limits = ("0", "1", "999", "1000", "1001", "9223372036854775808", "9" * 4000)
    bench.compare([], *([("offset", offset)] for offset in offsets), *([("numRecords", limit)] for limit in limits))
    bench.compare(*([("offset", offset), ("numRecords", limit)] for offset in offsets[2:7] for limit in limits[:6]))


@examples(500)
@given(
    st.lists(st.tuples(names, st.one_of(*soups.values(), anything, st.none())), max_size=5),
    quirks_of_any_kind(),
    st.sampled_from(tuple(PIVOTS)),
)
def test_the_parser_never_raises(params: list[tuple[str, str]], quirks: dict[str, str], zone: str) -> None:
    """Whatever the parameters are, there is a query or a refusal, and the refusal can be printed."""
    outcome = Bench(zone=zone, quirks=quirks).parsed(params)
    assert isinstance(outcome, Query) or str(outcome).isprintable()
    assert isinstance(outcome, Refusal) == (Bench(zone=zone, quirks=quirks).expected(params) == oracle.REFUSED)


@pytest.mark.parametrize("unit", [*"09+-@_a,é \0\udcff", "0-9,", "5300,", "2013-", "2013-12-03T", "00:", ".000"])
def test_the_parser_is_quick(unit: str) -> None:
    """A value or a name of a hundred thousand characters is understood in the blink of an eye."""
    long = unit * (100_000 // len(unit))
    for name in (*soups, "caler", ""):
        for params in ([(name, long)], [(name + long, "1")], [(name, unit)] * 500):
            before = time.process_time()
            GUIDE.parsed(params)
            assert time.process_time() - before < 1, name


@examples(40)
@given(st.sampled_from(("@a", "@_", "@a_", "_@", "@ab")), st.sampled_from(("", "b", "@")), st.integers(1, 40))
def test_many_wildcards(unit: str, end: str, count: int) -> None:
    """A pattern of many wildcards finds what it describes, and finds it quickly."""
    bench = replace(GUIDE, rows=tuple({**GUIDE.rows[0], "src": src} for src in ("a" * 30, "aab" * 10, "a" * 29 + "b")))
    bench.compare([("caller", unit * count + end)], [("caller", unit * count * 30 + end)])
    with bench.history() as history:
        before = time.process_time()
        bench.found(history, [("caller", unit * count * 30 + end)])
        assert time.process_time() - before < 1
