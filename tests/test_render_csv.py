"""Pages as CSV, byte for byte, and the layout that a device's files share with them. Spec 0b, 4.1 to 4.4."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.rendering import FIRST_CSV, G1, G3, GUIDE, HEADERS, PERSONALITIES, guide, later, listed, members, page
from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout
from ucmsim.columns import GENERATIONS
from ucmsim.personalities import personality
from ucmsim.register import Quirks


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
def test_the_plain_layout_is_that_of_a_device_without_quirks(generation):
    """What files are written in and what a PBX sends by default are one."""
    assert Layout.plain(GENERATIONS[generation]) == Layout.of(Quirks.of(personality(PERSONALITIES[generation])))


# CSV


def test_the_guide_csv_is_exact():
    """The three records of the guide: no quoting, no escaping, LF after every line."""
    assert page(Format.CSV, "G1", guide()) == GUIDE


def test_guide_rows_have_24_pieces_against_22_names():
    """Commas inside lastdata stay as they are."""
    header, *lines = page(Format.CSV, "G1", guide()).decode().splitlines()
    assert header.count(",") + 1 == 22
    assert [line.count(",") + 1 for line in lines] == [24, 24, 24]
    assert len(header) == 185


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
def test_an_empty_csv_is_the_header_line(generation):
    """Without rows there is the header line of the generation and its line feed."""
    assert page(Format.CSV, generation) == HEADERS[generation].encode() + b"\n"


@pytest.mark.parametrize(
    ("generation", "tail"),
    [
        ("G2", "pn01,2013-12/auto-1386092800-5300-5301.wav@,5301,,"),
        ("G3", "pn01,2013-12/auto-1386092800-5300-5301.wav@,5301,,,1386-5300,5300,DIAL,,"),
    ],
)
def test_later_csv_appends_its_columns(generation, tail):
    """Later generations append columns to the guide's; G3 rows are flat and have no cdr column."""
    _, first, *_ = GUIDE.decode().split("\n")
    expected = f"{HEADERS[generation]}\n{first},{tail}\n"
    assert page(Format.CSV, generation, later("1386-5300")) == expected.encode()


def test_g3_csv_keeps_rows_of_a_session_apart():
    """Rows that JSON would group stand one a line, in their order."""
    lines = page(Format.CSV, "G3", later("b", "a", "b")).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["62", "63", "64"]


def test_csv_escapes_nothing():
    """Quotes, backslashes and letters beyond ASCII are written raw, as UTF-8."""
    (values,) = later("s", clid='"Zoë \\ "x"" <1>')
    assert b',"Zo\xc3\xab \\ "x"" <1>,' in page(Format.CSV, "G3", [values])


@pytest.mark.quirk("csv-quoting")
@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("none", FIRST_CSV),
        (
            "rfc4180",
            FIRST_CSV.replace('"pn01" <5300>', '"""pn01"" <5300>"').replace("SIP/5301,60,,", '"SIP/5301,60,",'),
        ),
    ],
)
def test_fields_of_csv_are_raw_or_quoted(value, line):
    """Quoted by RFC 4180, fields with commas and quotes stand in quotes and their quotes are doubled."""
    assert page(Format.CSV, "G1", guide()[:1], {"csv-quoting": value}) == f"{G1}\n{line}".encode()


@pytest.mark.quirk("csv-quoting")
@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("", ""),
        (" a ", " a "),
        ("'a;b'\t\x00\\", "'a;b'\t\x00\\"),
        ("Zoë", "Zoë"),
        (",", '","'),
        ('"', '""""'),
        ('say "hi"', '"say ""hi"""'),
        ("a\rb", '"a\rb"'),
        ("a\nb", '"a\nb"'),
        ("a\r\nb", '"a\r\nb"'),
    ],
)
@pytest.mark.parametrize("end", ["lf", "crlf"])
def test_only_fields_that_need_it_are_quoted(value, field, end):
    """Comma, quote, CR and LF need quotes, whatever lines end with; blanks, controls and empty texts need none."""
    (values,) = later("s", accountcode=value, lastdata="")
    written = page(Format.CSV, "G1", [values], {"csv-quoting": "rfc4180", "csv-line-end": end})
    assert written.split(b"62,", 1)[1].startswith(f"{field},5300,5301,".encode())
    written = page(Format.CSV, "G1", [values], {"csv-quoting": "none", "csv-line-end": end})
    assert written.split(b"62,", 1)[1].startswith(f"{value},5300,5301,".encode())


@pytest.mark.quirk("csv-line-end")
@pytest.mark.parametrize(("value", "end"), [("lf", b"\n"), ("crlf", b"\r\n")])
def test_lines_of_csv_end_alike(value, end):
    """The header ends like the rows, and stands alone with its end on an empty page."""
    assert page(Format.CSV, "G1", guide(), {"csv-line-end": value}) == GUIDE.replace(b"\n", end)
    assert page(Format.CSV, "G3", (), {"csv-line-end": value}) == G3.encode() + end


@pytest.mark.quirk("csv-line-end")
@pytest.mark.quirk("csv-quoting")
def test_line_ends_inside_quotes_stay_as_they_are():
    """CRLF ends lines; the LF in a value stays one, in quotes."""
    values = (*guide()[0][:1], "a\nb", *guide()[0][2:])
    expected = (
        f'{G1}\r\n62,"a\nb",5300,5301,from-internal,"""pn01"" <5300>",SIP/5300-00000000,SIP/5301-00000001,Dial,'
        '"SIP/5301,60,",2013-12-03 11:46:40,2013-12-03 11:46:43,2013-12-03 11:46:49,9,6,ANSWERED,DOCUMENTATION,'
        "1386092800.0,EXT,5300,5301,s\r\n"
    )
    assert page(Format.CSV, "G1", [values], {"csv-line-end": "crlf", "csv-quoting": "rfc4180"}) == expected.encode()


@pytest.mark.quirk("csv-header")
@pytest.mark.quirk("csv-line-end")
@pytest.mark.parametrize("end", ["lf", "crlf"])
def test_csv_has_a_header_or_rows_only(end):
    """Without it a page of no rows is an empty body."""
    quirks = {"csv-line-end": end}
    usual = page(Format.CSV, "G1", guide(), quirks)
    first, rest = usual[: usual.index(b"\n") + 1], usual[usual.index(b"\n") + 1 :]
    assert page(Format.CSV, "G1", guide(), quirks | {"csv-header": "sent"}) == usual
    assert page(Format.CSV, "G1", guide(), quirks | {"csv-header": "omitted"}) == rest
    assert page(Format.CSV, "G1", (), quirks | {"csv-header": "sent"}) == first
    assert page(Format.CSV, "G1", (), quirks | {"csv-header": "omitted"}) == b""


@pytest.mark.quirk("columns")
@pytest.mark.parametrize("own", ["G1", "G2", "G3"])
@pytest.mark.parametrize("shown", ["personality", "G1", "G2", "G3"])
def test_the_columns_are_those_of_the_personality_or_of_a_generation(own, shown):
    """Every format has the columns that are chosen, and the rest of the page stays the personality's."""
    names = HEADERS[own if shown == "personality" else shown]
    (values,) = later("1386-5300")
    width = names.count(",") + 1
    quirks = {"columns": shown}
    assert page(Format.CSV, own, [values], quirks) == f"{names}\n{','.join(values[:width])}\n".encode()
    document = ET.fromstring(page(Format.XML, own, [values], quirks))
    assert [child.tag for child in document[0]] == names.split(",")
    shape = ('{ "cdr": "1386-5300", ', "cdr_root") if own == "G3" else ("{ ", "cdr")
    line = f"{shape[0]}{members(values[:width])} }}"
    assert page(Format.JSON, own, [values], quirks) == listed(line, key=shape[1])


@pytest.mark.quirk("csv-group-column")
@pytest.mark.quirk("csv-quoting")
@pytest.mark.parametrize("quoting", ["none", "rfc4180"])
def test_csv_may_begin_with_the_group_column(quoting):
    """With the quirk cdr comes first, the session of the row; columns without a session have no such column."""
    rows, quirks = later("s-1", ""), {"csv-quoting": quoting}
    usual = page(Format.CSV, "G3", rows, quirks).decode().splitlines()
    keyed = page(Format.CSV, "G3", rows, quirks | {"csv-group-column": "first"}).decode().splitlines()
    assert keyed == [f"{key},{line}" for key, line in zip(("cdr", "s-1", ""), usual, strict=True)]
    assert page(Format.CSV, "G3", rows, quirks | {"csv-group-column": "none"}).decode().splitlines() == usual
    assert page(Format.CSV, "G2", rows, quirks | {"csv-group-column": "first"}) == page(Format.CSV, "G2", rows, quirks)
