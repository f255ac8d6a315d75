"""The worked examples of the protocol, whole, 1 to 15: every byte of a response as it leaves a TLS socket."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.guide import ALL, CSV, NO_JSON, NO_XML, NONE, STANDING, H, call, csv, json, ok, xml
from tests.guideclient import Start, get
from ucmsim.pytest_plugin import Ucm

pytestmark = pytest.mark.ucmsim(clock=STANDING)
settings = pytest.mark.ucmsim

# --- examples 1 to 14 --------------------------------------------------------------------------------------------

QUERY_4 = "caller=anonymous&startTime=2013-07-01T00:00:00-06:00&endTime=2013-07-31T23:59:59-06:00"
EXAMPLES = (
    ("1", "", ALL),
    ("1 in JSON", "format=json", json(62, 63, 64)),
    ("1 in XML", "Format=xMl", xml(62, 63, 64)),
    ("names in any case", "NUMRECORDS=1&Offset=1&CALLER=5300", csv(63)),
    ("2", "format=CSV&caller=5300&minDur=8&maxDur=60", NONE),
    ("2", "caller=5300&minDur=8&maxDur=60", NONE),
    ("3", "caller=5300&minDur=4&maxDur=6", csv(62, 64)),
    ("4", "format=JSON&numRecords=1&offset=1", json(63)),
    ("5", "format=XML&caller=5300,6300-6399&callee=5@", xml(62, 63, 64)),
    ("5 query 3", "caller=@53@&endTime=2013-01-23", NONE),
    ("5 query 4", f"format=JSON&{QUERY_4}", NO_JSON),
    ("5 query 4", f"format=XML&{QUERY_4}", NO_XML),
    ("6", "caller=_3@", ALL),
    ("6", "caller=@53@", ALL),
    ("6", "caller=_4@", NONE),
    ("7", "caller=5299-5301", ALL),
    ("7", "caller=0-0", NONE),
    ("8", "caller=5301&caller=5300", ALL),
    ("8", "caller=5301,5300", ALL),
    ("9", "startTime=2013-12-03T14:01:41-06:00&endTime=2013-12-03T14:02:23-06:00", csv(63, 64)),
    ("10", "startTime=1386100901", csv(63, 64)),
    ("10", "startTime=2013-12-03T20:01:41%2B00:00", csv(63, 64)),
    ("10", "startTime=2013-12-03T20:01:41+00:00", NONE),
    ("11", "endTime=2013-12-03", NONE),
    ("11", "endTime=2013-12-04", ALL),
    ("12", "startTime=00:00", ALL),
    ("12", "endTime=now", ALL),
    ("12", "startTime=now", NONE),
    ("13", "numRecords=0", NONE),
    ("13", "numRecords=5000", ALL),
    ("14", "caller=5300,,5303", NONE),
    ("14", "caller=5300-5301-,6300", NONE),
    ("14", "minDur=5&minDur=10", NONE),
    ("14", "caller=5300&", NONE),
    ("14", "caler=5300", NONE),
    ("14", "caller=", NONE),
    ("14", "format=json&caler=5300", NO_JSON),
    ("14", "format=xml&offset=x", NO_XML),
    ("14", "format=yaml", NONE),
    ("E1", "caller=53;00", NONE),
    ("E1", "startTime=2013-07-01%2000:00", NONE),
    ("E1", "startTime=2013-13-40T25:00", NONE),
    ("E2", "offset=-1", NONE),
    ("E2", "minDur=1.5", NONE),
    ("E3", "format=json&format=json", NONE),
    ("E5", "caller", NONE),
    ("E6", "caller=,5300", NONE),
    ("E7", "=x", NONE),
    ("E7", "sstartTime=2013-07-01T00:00:00-06:00&numRecords=200&offset=200", NONE),
    ("E8", "caller=5300&&callee=5301", NONE),
)
examples = pytest.mark.parametrize(
    ("query", "whole"), [pytest.param(query, whole, id=f"{number}:{query}") for number, query, whole in EXAMPLES]
)


@examples
def test_example(query: str, whole: bytes, ucm: Ucm) -> None:
    """Each example is answered as the protocol has it, to the byte."""
    assert get(ucm, f"/cdrapi?{query}" if query else "/cdrapi") == whole


@examples
def test_example_as_form(query: str, whole: bytes, ucm: Ucm) -> None:
    """A form says what a query says."""
    assert get(ucm, "/cdrapi", method="POST", form=query) == whole


@examples
def test_example_as_head(query: str, whole: bytes, ucm: Ucm) -> None:
    """HEAD brings the head of the answer with its true Content-Length, and no body."""
    head = whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert get(ucm, f"/cdrapi?{query}" if query else "/cdrapi", method="HEAD") == head


def test_example_1_has_the_length_of_the_guide(ucm: Ucm) -> None:
    """The guide's header is 185 characters wide, and each of its rows has 24 pieces."""
    lines = get(ucm, "/cdrapi").partition(b"\r\n\r\n")[2].split(b"\n")
    assert len(lines[0]) == 185
    assert [line.count(b",") + 1 for line in lines] == [22, 24, 24, 24, 1]


def test_bare_question_mark(ucm: Ucm) -> None:
    """Nothing after the question mark is an unknown parameter without a name."""
    assert get(ucm, "/cdrapi?") == NONE


def test_example_5_query_3(start: Start) -> None:
    """A date alone is midnight UTC, which is 18:00 of the day before in Chicago."""
    due = [call(1, "2013-01-22 17:59:59"), call(2, "2013-01-22 18:00:00", "15399")]
    others = [call(3, "2013-01-22 18:00:00", "6000"), call(4, "2013-01-22 18:00:01")]
    ucm = start(H + "\n" + "".join(due + others))
    assert get(ucm, "/cdrapi?caller=@53@&endTime=2013-01-23") == ok("text/csv", H + "\n" + "".join(due))


def test_example_5_query_4(start: Start) -> None:
    """Bounds in standard time are an hour later on the clock of a PBX with summer time."""
    due = [call(2, "2013-07-01 01:00:00", "anonymous"), call(3, "2013-08-01 00:59:59", "anonymous")]
    others = [
        call(1, "2013-07-01 00:59:59", "anonymous"),
        call(4, "2013-08-01 01:00:00", "anonymous"),
        call(5, "2013-07-15 12:00:00", "Anonymous"),
    ]
    ucm = start(H + "\n" + "".join(due + others))
    assert get(ucm, f"/cdrapi?{QUERY_4}") == ok("text/csv", H + "\n" + "".join(due))
    for form in ("JSON", "XML"):
        assert re.findall(rb'AcctId\W+(\d+)["<]', get(ucm, f"/cdrapi?format={form}&{QUERY_4}")) == [b"2", b"3"]


def test_example_7_with_anonymous(start: Start) -> None:
    """The range 0-0 holds every caller who is no number, and those without one."""
    strangers = call(65, "2013-12-03 14:03:00", "anonymous") + call(66, "2013-12-03 14:04:00", "")
    ucm = start("\n".join([H, CSV[62], CSV[63], CSV[64], strangers]))
    assert get(ucm, "/cdrapi?caller=0-0") == ok("text/csv", f"{H}\n{strangers}")


@pytest.mark.parametrize("query", ["", "?numRecords=1000", "?numRecords=5000", "?numRecords=99999999999999999999"])
def test_example_13_with_many_rows(query: str, start: Start) -> None:
    """A page has 1000 rows at most, whatever is asked for."""
    lines = [call(number, f"2013-07-01 00:{number // 60:02}:{number % 60:02}") for number in range(1, 1002)]
    ucm = start(H + "\n" + "".join(lines))
    assert get(ucm, f"/cdrapi{query}") == ok("text/csv", H + "\n" + "".join(lines[:1000]))


def test_example_15(start: Start) -> None:
    """Pages of 200 rows follow each other without gap or duplicate until one has fewer."""
    begin = datetime(2013, 6, 30, 21)
    lines = [call(number, f"{begin + timedelta(hours=number)}") for number in range(1, 800)]
    within = lines[3:747]  # from 01:00 on July 1 to 00:59:59 on August 1, summer time
    bounds = "startTime=2013-07-01T00:00:00-06:00&endTime=2013-07-31T23:59:59-06:00&numRecords=200"
    ucm = start(H + "\n" + "".join(lines), time_zone="America/Chicago")
    for offset, due in ((0, 200), (200, 200), (400, 200), (600, 144), (800, 0)):
        page = within[offset : offset + due]
        whole = ok("text/csv", H + "\n" + "".join(page))
        assert (len(page), get(ucm, f"/cdrapi?{bounds}&offset={offset}")) == (due, whole)


# --- quirks ------------------------------------------------------------------------------------------------------


def case(quirk: pytest.MarkDecorator, value: str, query: str, whole: bytes) -> Any:
    """Return the case of a PBX whose *quirk* is set to *value*."""
    name = quirk.args[0]
    return pytest.param(query, whole, id=f"{name}={value}", marks=(quirk, settings(quirks={name: value})))


HALF_A_SECOND_LATE = "startTime=2013-12-03T14:01:41.500"
LOCAL_OR_UTC = "startTime=2013-12-03T14:02:23"


@pytest.mark.parametrize(
    ("query", "whole"),
    [
        case(pytest.mark.quirk("answeredby"), "accept", "answeredby=5301", ALL),
        case(pytest.mark.quirk("answeredby"), "unknown", "answeredby=5301", NONE),
        case(pytest.mark.quirk("empty-time"), "open", "startTime=&endTime=", ALL),
        case(pytest.mark.quirk("empty-time"), "refuse", "startTime=&endTime=", NONE),
        case(pytest.mark.quirk("naive-time"), "local", LOCAL_OR_UTC, csv(64)),
        case(pytest.mark.quirk("naive-time"), "utc", LOCAL_OR_UTC, ALL),
        case(pytest.mark.quirk("order"), "asc", "caller=5300", ALL),
        case(pytest.mark.quirk("order"), "desc", "caller=5300", csv(64, 63, 62)),
        case(pytest.mark.quirk("time-fraction"), "cut", HALF_A_SECOND_LATE, csv(63, 64)),
        case(pytest.mark.quirk("time-fraction"), "keep", HALF_A_SECOND_LATE, csv(64)),
        case(pytest.mark.quirk("trailing-comma"), "ignore", "caller=5300,", ALL),
        case(pytest.mark.quirk("trailing-comma"), "refuse", "caller=5300,", NONE),
    ],
)
def test_quirk(query: str, whole: bytes, ucm: Ucm) -> None:
    """Each switch of the query grammar shows on the wire."""
    assert get(ucm, f"/cdrapi?{query}") == whole


@pytest.mark.quirk("order")
@settings(quirks={"order": "desc"})
def test_descending_pages(ucm: Ucm) -> None:
    """Newest first, the offset counts from the newest."""
    assert get(ucm, "/cdrapi?numRecords=1&offset=1") == csv(63)
    assert get(ucm, "/cdrapi?numRecords=1&offset=2&format=json") == json(62)
