"""The data plane: which rows come, and what is in them, on the wire and in the journal."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.faulting import refused
from tests.faultwire import Open, Wire
from tests.makers import another_row, make_pbx
from ucmsim.cdr.sight import Gap, Sight
from ucmsim.columns import GENERATIONS
from ucmsim.faults import KINDS
from ucmsim.faults.data import STAGES
from ucmsim.faults.seeing import Late
from ucmsim.store.records import Record
from ucmsim.store.truth import Truth

STARTS = [f"2013-12-03 11:{minute:02}:00" for minute in range(10)]


def wire(*faults: dict[str, Any], personality: str = "ucm6510", **quirks: Any) -> Wire:
    """Return a PBX with ten calls of three kinds, two rows a session, whose AcctIds are 101 to 110."""
    pbx = make_pbx(
        faults=list(faults),
        personality=personality,
        quirks={"csv-quoting": "rfc4180", **quirks},
        time_zone="America/Chicago",
    )
    pbx.history.empty()
    pbx.history.extend(
        another_row(
            AcctId=str(101 + at), src=str(1000 + at % 3), start=start, answer=start, end=start[:-2] + "30", duration="30",
            billsec=str(at), session=f"s{at // 2}", disposition="ANSWERED",
        )
        for at, start in enumerate(STARTS)
    )  # fmt: skip
    return Wire(pbx=pbx)


def fault(kind: str, **fields: Any) -> dict[str, Any]:
    return {"fault": kind, **fields}


def rows(opened: Open) -> list[dict[str, str]]:
    """Return the rows of a CSV page."""
    return list(csv.DictReader(io.StringIO(opened.body.decode("utf-8", "surrogateescape"))))


def ids(opened: Open) -> list[int]:
    return [int(row["AcctId"]) for row in rows(opened)]


def paged(wire: Wire, size: int = 4) -> list[list[int]]:
    """Return the AcctIds of three pages."""
    return [ids(wire.ask(f"/cdrapi?numRecords={size}&offset={size * page}")) for page in range(3)]


ALL = list(range(101, 111))


def test_without_faults_every_row_comes_once():
    """Ten rows in order, on three pages."""
    assert paged(wire()) == [ALL[:4], ALL[4:8], ALL[8:]]


# Store


@pytest.mark.fault("data.drop")
def test_rows_are_lost():
    """Each AcctId that the number divides; later rows move up, and the journal knows which came."""
    lossy = wire(fault("data.drop", every=5))
    assert paged(lossy) == [[101, 102, 103, 104], [106, 107, 108, 109], []]
    assert [entry["acctids"] for entry in lossy.journal] == ["101-104", "106-109", ""]
    assert lossy.journal[0]["kinds"] == ["data.drop"]


def test_a_row_that_is_chosen_is_lost_from_the_store():
    """By AcctId: those behind it move up on every page, so that none comes twice."""
    lossy = wire(fault("data.drop", when={"acctid": [106]}))
    assert paged(lossy) == [ALL[:4], [105, 107, 108, 109], [110]]
    assert [entry["kinds"] for entry in lossy.journal] == [["data.drop"]] * 3


def test_rows_of_calls_of_a_shape_are_lost():
    """Those that the truth beside the rows knows, and of these those with the AcctIds that are given as well."""
    for acctids, left in (({}, []), ({"acctid": [900]}, [901])):
        lossy = wire(fault("data.drop", when={"shape": ["queue-abandoned"], **acctids}))
        truth = Truth("queue-abandoned", "inbound", "1", "2", "", "", 0, None, 1)
        for acctid in ("900", "901"):
            lossy.pbx.history.keep([Record(another_row(AcctId=acctid, start="2013-12-03 11:30:00"), truth=truth)])
        assert ids(lossy.ask()) == ALL + left


def test_several_gaps_are_all_there():
    """Neither of two faults that lose rows undoes the other, nor do two that show them late."""
    assert ids(wire(fault("data.drop", every=5), fault("data.drop", every=3)).ask()) == [101, 103, 104, 106, 107, 109]
    for seconds in ((2400, 2100), (2100, 2400)):
        assert ids(wire(*(fault("data.late", seconds=one) for one in seconds)).ask()) == ALL[:7]


def test_only_the_chosen_rows_are_late():
    """Others that have ended since are there."""
    assert ids(wire(fault("data.late", seconds=86_400, when={"acctid": [109, 110]})).ask()) == ALL[:8]


def test_at_the_beginning_of_time_everything_is_late():
    """The first day has no day before it."""
    sight = Late(86_400.0)(Sight(None, "0001-01-01 00:00:10"))  # type: ignore[arg-type]
    assert sight.gaps == (Gap(ended_by=""),)


def test_rows_are_the_same_whatever_their_acctids_become():
    """Who is chosen by AcctId stays chosen when a fault before has changed that, or the order."""
    reused = wire(
        fault("data.acctid-reuse", less=1), fault("data.reorder", how="reverse"),
        fault("data.duration", seconds=-1, when={"acctid": [103]}), fault("data.null", column="src", word="NULL", when={"acctid": [103]}),
    )  # fmt: skip
    found = rows(reused.ask())
    assert [row["AcctId"] for row in found if row["billsec"] == "-1"] == ["102"]
    assert [row["AcctId"] for row in found if row["src"] == "NULL"] == ["102"]


@pytest.mark.fault("data.late")
def test_rows_are_visible_late():
    """So many seconds after their end by the PBX clock: 11:46:50 here."""
    late = wire(fault("data.late", seconds=2400))
    assert ids(late.ask()) == ALL[:7]
    late.clock.advance(60)
    assert ids(late.ask()) == ALL[:8]


@pytest.mark.fault("data.equal-times")
def test_rows_begin_in_the_same_second():
    """That of the page's first; the rest of each row is its own."""
    found = rows(wire(fault("data.equal-times")).ask())
    assert {row["start"] for row in found} == {STARTS[0]}
    assert [row["billsec"] for row in found] == [str(at) for at in range(10)]


@pytest.mark.fault("data.clock-jump")
def test_the_clock_has_jumped():
    """All times of the chosen rows are off by it, and an empty one stays empty."""
    found = rows(wire(fault("data.clock-jump", seconds=-3600, when={"acctid": [102]})).ask())
    assert (found[1]["start"], found[1]["end"]) == ("2013-12-03 10:01:00", "2013-12-03 10:01:30")
    assert [row["start"] for row in found[:1] + found[2:]] == STARTS[:1] + STARTS[2:]


@pytest.mark.fault("data.acctid-reset")
def test_acctids_begin_anew():
    """On each page from the number that is told."""
    assert paged(wire(fault("data.acctid-reset"))) == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2]]


@pytest.mark.fault("data.acctid-reuse")
def test_acctids_are_used_again():
    """They are less by a number, and never below 1."""
    assert ids(wire(fault("data.acctid-reuse", less=5)).ask()) == list(range(96, 106))
    assert set(ids(wire(fault("data.acctid-reuse", less=500)).ask())) == {1}


@pytest.mark.fault("data.duration")
@pytest.mark.parametrize("seconds", [-1, 2**31, 2**63 - 1])
@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_durations_are_negative_or_huge(seconds, form):
    """In every format, where a page sums them up too."""
    opened = wire(fault("data.duration", seconds=seconds)).ask(f"/cdrapi?format={form}")
    assert opened.status == 200
    assert str(seconds) in opened.body.decode()


@pytest.mark.fault("data.corrupt")
@pytest.mark.parametrize(
    ("column", "how", "spoilt"),
    [("billsec", "type", b"n/a"), ("src", "type", b"n/a"), ("disposition", "type", b"12345"), ("disposition", "encoding", b"ANSWERED\xff\xc3"),
     ("billsec", "sign", b"-3"), ("disposition", "length", b"ANSWERED" * 512)],
)  # fmt: skip
@pytest.mark.parametrize("form", ["csv", "xml", "json"])
def test_a_column_is_spoilt(column, how, spoilt, form):
    """The value of the chosen row is, and the page is sent all the same."""
    spoiling = wire(fault("data.corrupt", column=column, how=how, when={"acctid": [104]}))
    opened = spoiling.ask(f"/cdrapi?format={form}")
    assert (opened.status, opened.body.count(spoilt)) == (200, 1) or spoilt in (b"-3", b"12345")
    assert spoilt in opened.body
    assert spoiling.journal[0]["kinds"] == ["data.corrupt"]


def test_bytes_that_are_no_utf8_are_no_utf8():
    """A strict client cannot decode the page."""
    opened = wire(fault("data.corrupt", column="src", how="encoding")).ask("/cdrapi?format=json")
    with pytest.raises(UnicodeDecodeError):
        opened.body.decode()


@pytest.mark.fault("data.insert", "data.delete", "data.repeat")
@pytest.mark.parametrize(
    ("kind", "fields", "pages"),
    [
        ("data.insert", {"rows": 1}, [ALL[:4], ALL[3:7], ALL[7:]]),
        ("data.insert", {"rows": 99}, [ALL[:4], ALL[:4], ALL[:4]]),
        ("data.delete", {"rows": 1}, [ALL[:4], ALL[5:9], ALL[9:]]),
        ("data.repeat", {}, [ALL[:4], ALL[:4], ALL[4:8]]),
    ],
)
def test_pages_that_move_while_they_are_read(kind, fields, pages):
    """The first page is right, and the others are off by so many rows."""
    assert paged(wire(fault(kind, **fields))) == pages


# Filter, order, page, group


@pytest.mark.fault("data.unfiltered")
@pytest.mark.parametrize(
    ("parameter", "query"),
    [("caller", "caller=1000"), ("startTime", "startTime=2013-12-03T11:05:00"), ("endTime", "endTime=2013-12-03T11:05:00"),
     ("maxDur", "maxDur=3"), ("minDur", "minDur=3")],
)  # fmt: skip
def test_a_parameter_is_passed_over(parameter, query):
    """Its rows come, and those that it should have left out."""
    assert ids(wire(fault("data.unfiltered", parameter=parameter)).ask(f"/cdrapi?{query}")) == ALL
    assert ids(wire().ask(f"/cdrapi?{query}")) != ALL


@pytest.mark.fault("data.reorder")
def test_rows_are_in_another_order():
    """Reversed; or shuffled, otherwise on each page and the same for the same seed."""
    assert ids(wire(fault("data.reorder", how="reverse")).ask()) == ALL[::-1]
    one, other = (wire(fault("data.reorder")) for _ in range(2))
    first, second = ids(one.ask()), ids(one.ask())
    assert sorted(first) == sorted(second) == ALL
    assert ALL != first != second
    assert [ids(other.ask()), ids(other.ask())] == [first, second]


@pytest.mark.fault("data.duplicate")
def test_rows_come_twice():
    """The chosen ones, right behind themselves."""
    twice = wire(fault("data.duplicate", copies=2, when={"acctid": [103]}))
    assert ids(twice.ask()) == [101, 102, 103, 103, 103, *ALL[3:]]
    assert twice.journal[0]["rows"] == 12


@pytest.mark.fault("data.ungroup")
def test_what_belongs_together_falls_apart():
    """Each row is an entry of its own."""
    apart = json.loads(wire(fault("data.ungroup")).ask("/cdrapi?format=json").body)
    together = json.loads(wire().ask("/cdrapi?format=json").body)
    assert (len(apart["cdr_root"]), len(together["cdr_root"])) == (10, 5)


# Render


@pytest.mark.fault("data.column-missing")
@pytest.mark.parametrize("column", ["AcctId", "billsec", "dst_trunk_name"])
def test_a_column_is_missing(column):
    """In every format and row; first, last and in between; everything else stays."""
    missing, good = wire(fault("data.column-missing", column=column)), wire()
    kept = [name for name in GENERATIONS["G3"].columns if name != column]
    lines = list(csv.reader(io.StringIO(missing.ask().body.decode())))
    assert [name for name in lines[0] if name != "cdr"] == kept
    assert len({len(line) for line in lines}) == 1
    root = ET.fromstring(missing.ask("/cdrapi?format=xml").body)
    assert [[field.tag for field in row] for row in root] == [kept] * 10
    entries = json.loads(missing.ask("/cdrapi?format=json").body)["cdr_root"]
    expected = json.loads(good.ask("/cdrapi?format=json").body)["cdr_root"]
    assert entries == [{key: without(part, column) for key, part in entry.items()} for entry in expected]


def without(part: Any, column: str) -> Any:
    return {key: value for key, value in part.items() if key != column} if isinstance(part, dict) else part


@pytest.mark.fault("data.column-extra")
def test_a_column_too_many():
    """The same in every format, with its value."""
    extra = wire(fault("data.column-extra", column="cost", value="0.05"))
    assert {row["cost"] for row in rows(extra.ask())} == {"0.05"}
    root = ET.fromstring(extra.ask("/cdrapi?format=xml").body)
    assert [row.findtext("cost") for row in root] == ["0.05"] * 10
    entries = json.loads(extra.ask("/cdrapi?format=json").body)["cdr_root"]
    assert all(part["cost"] == "0.05" for entry in entries for part in entry.values() if isinstance(part, dict))


@pytest.mark.fault("data.null")
def test_a_column_is_null():
    """JSON has null, XML an empty element, CSV the word for it."""
    null = wire(fault("data.null", column="billsec", word="NULL"))
    assert {row["billsec"] for row in rows(null.ask())} == {"NULL"}
    root = ET.fromstring(null.ask("/cdrapi?format=xml").body)
    assert {row.findtext("billsec") for row in root} == {""}
    entries = json.loads(null.ask("/cdrapi?format=json").body)["cdr_root"]
    assert {part["billsec"] for entry in entries for part in entry.values() if isinstance(part, dict)} == {None}


@pytest.mark.parametrize("column", ["clid", "lastdata", "dst_trunk_name", "AcctId"])
@pytest.mark.parametrize(
    "quirks", [{}, {"json-non-ascii": "escaped", "json-numbers": "numbers", "xml-escaping": "none"}]
)
def test_a_column_is_null_in_the_chosen_rows(column, quirks):
    """In every format those alone, and what groups them stays as it was."""
    null, good = (
        wire(*faults, **quirks)
        for faults in ([fault("data.null", column=column, word="NULL", when={"acctid": [103]})], [])
    )
    assert [row[column] == "NULL" for row in rows(null.ask())] == [at == 2 for at in range(10)]
    lines, whole = (one.ask("/cdrapi?format=xml").body.decode().split("</cdr>") for one in (null, good))
    differs = [at for at, (line, was) in enumerate(zip(lines, whole, strict=True)) if line != was]
    assert (differs, f"<{column}/>" in lines[2]) == ([2], True)
    entries, expected = (json.loads(one.ask("/cdrapi?format=json").body)["cdr_root"] for one in (null, good))
    assert entries[1]["sub_cdr_1"] == {**expected[1]["sub_cdr_1"], column: None}
    assert entries[1]["cdr"] == expected[1]["cdr"]
    assert entries[1]["sub_cdr_2"] == expected[1]["sub_cdr_2"]
    assert entries[:1] + entries[2:] == expected[:1] + expected[2:]


@pytest.mark.parametrize("kind", ["data.null", "data.column-missing"])
def test_a_column_that_is_written_raw_is_found_too(kind):
    """What quirks leave unescaped neither hides a column nor lets another one suffer."""
    raw = {"json-quotes": "raw", "xml-escaping": "none"}
    for form in ("json", "xml"):
        broken, good = (_of_ann(wire(*faults, **raw), form) for faults in ([fault(kind, column="clid")], []))
        assert b"<1" in good
        assert b"<1" not in broken
        assert broken.count(b"channel") == good.count(b"channel")


def _of_ann(wire: Wire, form: str) -> bytes:
    """Return a page with a row whose caller ID has quotation marks and angle brackets."""
    wire.pbx.history.extend([another_row(AcctId="200", clid='"Ann" <1001>', session="s9", start=STARTS[-1])])
    return wire.ask(f"/cdrapi?format={form}").body


def test_sums_and_sessions_are_null_in_the_chosen_rows():
    """What a main_cdr sums up has one row less; a row without a session stands alone, under the key of before."""
    for column, found in (("billsec", 1), ("session", 1)):
        page = wire(fault("data.null", column=column, when={"acctid": [103]})).ask("/cdrapi?format=json").body.decode()
        assert page.count(f'"{column}": null') == found
        assert json.loads(page)["cdr_root"][1]["cdr"] == "s1"
        assert "\ue000" not in page


def test_columns_come_and_go_together():
    """One too many is there also where AcctId is not, or spoilt."""
    extra = fault("data.column-extra", column="cost", value="0.05")
    for other in (fault("data.column-missing", column="AcctId"), fault("data.corrupt", column="AcctId", how="sign")):
        for faults in ((extra, other), (other, extra)):
            page = wire(*faults, **{"json-numbers": "numbers"}).ask("/cdrapi?format=json").body
            assert page.count(b'"cost": "0.05"') == wire(extra).ask("/cdrapi?format=json").body.count(b'"cost"')


def test_a_column_that_there_is_not_is_refused():
    """The nearest one is named."""
    assert "did you mean 'billsec'?" in refused(fault("data.null", column="bilsec"))["column"]


# All of them


def test_every_fault_names_its_stage():
    """One of the stages of a search, and each stage has a fault."""
    stages = [kind.settled.partition("stage: ")[2] for kind in KINDS if kind.plane == "data"]
    assert set(stages) == set(STAGES)
    assert stages == sorted(stages, key=STAGES.index)


def test_faults_of_rows_leave_what_is_no_search_alone():
    """Refused queries and recordings neither match nor change."""
    both = wire(fault("data.duplicate", name="twice"), fault("data.drop", name="gone"))
    good = wire()
    for target in ("/cdrapi?caler=1", "/recapi", "/nowhere"):
        assert both.ask(target).raw == good.ask(target).raw
    assert [one.matched for one in both.pbx.faults.armed.values()] == [0, 0]


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_an_empty_page_can_be_broken_too(form):
    """Every fault bears a page without rows."""
    for kind in KINDS:
        if kind.plane == "data":
            fields = {"parameter": "caller"} if kind.id == "data.unfiltered" else {}
            opened = wire(fault(kind.id, **fields)).ask(f"/cdrapi?format={form}&offset=500&caller=1")
            assert opened.status == 200, kind.id
