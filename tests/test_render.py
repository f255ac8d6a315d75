"""Pages as CSV, XML and JSON, byte for byte. Spec 0b, 4.1 to 4.4."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout, rendered
from ucmsim.columns import AT, GENERATIONS, Row, row
from ucmsim.personalities import personality
from ucmsim.quirks import GROUPS, Value
from ucmsim.register import Quirks

GUIDE = (Path(__file__).parent.parent / "fixtures" / "guide-2013.csv").read_bytes()

G1 = (
    "AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    "disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service"
)
G2 = G1 + ",caller_name,recordfiles,dstanswer,chanext,dstchanext"
G3 = G2 + ",session,action_owner,action_type,src_trunk_name,dst_trunk_name"
HEADERS = {"G1": G1, "G2": G2, "G3": G3}
PERSONALITIES = {"G1": "ucm6100-1.0.9", "G2": "ucm6510-1.0.5", "G3": "ucm6100-1.0.18"}
"""One of each generation."""

FIRST_CSV = (
    '62,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-00000000,SIP/5301-00000001,Dial,SIP/5301,60,,'
    "2013-12-03 11:46:40,2013-12-03 11:46:43,2013-12-03 11:46:49,9,6,ANSWERED,DOCUMENTATION,1386092800.0,EXT,5300,"
    "5301,s\n"
)
FIRST_XML = (
    "<cdr>\n<AcctId>62</AcctId>\n<accountcode></accountcode>\n<src>5300</src>\n<dst>5301</dst>\n"
    '<dcontext>from-internal</dcontext>\n<clid>"pn01" &lt;5300&gt;</clid>\n'
    "<channel>SIP/5300-00000000</channel>\n<dstchannel>SIP/5301-00000001</dstchannel>\n<lastapp>Dial</lastapp>\n"
    "<lastdata>SIP/5301,60,</lastdata>\n<start>2013-12-03 11:46:40</start>\n<answer>2013-12-03 11:46:43</answer>\n"
    "<end>2013-12-03 11:46:49</end>\n<duration>9</duration>\n<billsec>6</billsec>\n"
    "<disposition>ANSWERED</disposition>\n<amaflags>DOCUMENTATION</amaflags>\n<uniqueid>1386092800.0</uniqueid>\n"
    "<userfield>EXT</userfield>\n<channel_ext>5300</channel_ext>\n<dstchannel_ext>5301</dstchannel_ext>\n"
    "<service>s</service>\n</cdr>\n"
)
FIRST_JSON = (
    '{ "AcctId": "62", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
    '"clid": "\\"pn01\\" <5300>", "channel": "SIP/5300-00000000", "dstchannel": "SIP/5301-00000001", '
    '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 11:46:40", '
    '"answer": "2013-12-03 11:46:43", "end": "2013-12-03 11:46:49", "duration": "9", "billsec": "6", '
    '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386092800.0", "userfield": "EXT", '
    '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s" }'
)
"""The guide's first row as each format has it."""

LATER = dict.fromkeys(G3.removeprefix(G1 + ",").split(","), "") | {
    "caller_name": "pn01",
    "recordfiles": "2013-12/auto-1386092800-5300-5301.wav@",
    "dstanswer": "5301",
    "action_owner": "5300",
    "action_type": "DIAL",
}


def guide() -> list[Row]:
    """Return the guide's rows, cut up by hand: nine fields from the left, twelve from the right, lastdata between."""
    rows = []
    for line in GUIDE.decode().splitlines()[1:]:
        pieces = line.split(",")
        fields = [*pieces[:9], ",".join(pieces[9:-12]), *pieces[-12:]]
        rows.append(row(dict(zip(G1.split(","), fields, strict=True))))
    return rows


def later(*sessions: str, **values: str) -> list[Row]:
    """Return the guide's rows, over and over, with the columns of later firmware and one of the *sessions* each."""
    front = [values_[:22] for values_ in guide()]
    return [
        row(dict(zip(G1.split(","), front[at % 3], strict=True)) | LATER | {"session": session} | values)
        for at, session in enumerate(sessions)
    ]


def page(form: Format, generation: str, rows: Sequence[Row] = (), quirks: Mapping[str, Value] | None = None) -> bytes:
    """Return the page with *rows* as a device of that *generation* with those *quirks* sends it."""
    return rendered(form, Layout.of(Quirks.of(personality(PERSONALITIES[generation]), quirks)), rows)


def root(rows: Sequence[Row], quirks: Mapping[str, Value] | None = None) -> list[dict]:
    """Return the entries of a G3 JSON page, parsed."""
    return json.loads(page(Format.JSON, "G3", rows, quirks))["cdr_root"]


def members(values: Row, generation: str = "G3", **changed: str) -> str:
    """Return the columns of a row as they stand inside the braces of a JSON row, for plain ASCII values.

    *changed* are the columns that are written otherwise, as they then stand.
    """
    names = HEADERS[generation].split(",")
    pairs = zip(names, values, strict=False)
    return ", ".join(f'"{name}": {changed.get(name, json.dumps(value))}' for name, value in pairs)


def listed(*entries: str, key: str = "cdr_root") -> bytes:
    """Return the JSON page with those *entries*, at least one."""
    inside = ",\n".join(entries)
    return f'{{\n"{key}":\n[\n{inside}\n]\n}}\n'.encode()


def main_cdr(generation: str = "G3", **values: str) -> str:
    """Return the members of the main_cdr of a group that begins with the guide's first row; *values* are its own."""
    first = {"src": "5300", "dst": "5301", "start": "2013-12-03 11:46:40", "action_type": "DIAL"}
    return members(row(first | values), generation)


def group(key: str, main: str, *subs: str) -> str:
    """Return the JSON entry of a group, made of the members of its objects."""
    rows = ", ".join(f'"sub_cdr_{at}": {{ {sub} }}' for at, sub in enumerate(subs, 1))
    return f'{{ "cdr": "{key}", "main_cdr": {{ {main} }}, {rows} }}'


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


# XML


def test_the_guide_xml_is_exact():
    """One cdr element a row and one element a column, each on its line, with & < > escaped and quotes raw."""
    assert page(Format.XML, "G1", guide()[:1]) == f"<root>\n{FIRST_XML}</root>\n".encode()
    whole = page(Format.XML, "G1", guide()).decode()
    assert whole.startswith(f"<root>\n{FIRST_XML}<cdr>\n<AcctId>63</AcctId>\n")
    assert whole.count("<cdr>\n") == 3
    assert whole.endswith("<service>s</service>\n</cdr>\n</root>\n")


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
def test_an_empty_xml_is_the_bare_root(generation):
    """Without rows there is the root and nothing in it, in every generation."""
    assert page(Format.XML, generation) == b"<root>\n</root>\n"


@pytest.mark.parametrize("generation", ["G2", "G3"])
def test_later_xml_appends_its_columns(generation):
    """Every generation has root and cdr elements; rows are flat, with the generation's columns in order."""
    document = ET.fromstring(page(Format.XML, generation, later("x", "x")))
    assert document.tag == "root"
    for element, values in zip(document, later("x", "x"), strict=True):
        names = HEADERS[generation].split(",")
        assert element.tag == "cdr"
        assert [child.tag for child in element] == names
        assert [child.text or "" for child in element] == list(values[: len(names)])


def test_xml_escapes_markup_once():
    """Ampersands are escaped too, once, and percent signs and quotes are nothing special."""
    written = page(Format.XML, "G3", later("s", clid="<a> & \"b\" 'c' &amp; %s %"))
    assert b"<clid>&lt;a&gt; &amp; \"b\" 'c' &amp;amp; %s %</clid>\n" in written


@pytest.mark.quirk("xml-root")
@pytest.mark.parametrize(
    ("value", "generation", "quirks", "name"),
    [
        ("root", "G1", {}, "root"),
        ("root", "G3", {}, "root"),
        ("json", "G1", {}, "cdr"),
        ("json", "G2", {}, "cdr"),
        ("json", "G3", {}, "cdr_root"),
        ("json", "G1", {"json-root": "cdr_root"}, "cdr_root"),
        ("json", "G3", {"json-root": "cdr"}, "cdr"),
    ],
)
def test_the_outermost_element_of_xml_is_root_or_the_json_root(value, generation, quirks, name):
    """Named like JSON, it follows the JSON root that the device has, on empty pages too."""
    quirks = quirks | {"xml-root": value, "columns": "G1"}
    written = page(Format.XML, generation, guide()[:1], quirks)
    assert written == f"<{name}>\n{FIRST_XML}</{name}>\n".encode()
    assert page(Format.XML, generation, (), quirks) == f"<{name}>\n</{name}>\n".encode()


@pytest.mark.quirk("xml-escaping")
@pytest.mark.parametrize(
    ("value", "clid"),
    [("entities", '"A &amp;amp; Zoë" &lt;1&gt;'), ("none", '"A &amp; Zoë" <1>')],
)
def test_xml_escapes_markup_or_writes_it_raw(value, clid):
    """Raw, a caller ID in brackets is a broken element, as clients of careless firmware meet it."""
    values = row(dict(zip(G1.split(","), guide()[0], strict=False)) | {"clid": '"A &amp; Zoë" <1>'})
    expected = FIRST_XML.replace('"pn01" &lt;5300&gt;', clid)
    assert page(Format.XML, "G1", [values], {"xml-escaping": value}) == f"<root>\n{expected}</root>\n".encode()
    assert page(Format.XML, "G1", (), {"xml-escaping": value}) == b"<root>\n</root>\n"


@pytest.mark.quirk("xml-declaration")
@pytest.mark.quirk("xml-layout")
def test_xml_may_have_a_declaration_and_stand_on_one_line():
    """By default it has neither; the last line has its end in every case."""
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
    one_line = FIRST_XML.replace("\n", "")
    for declaration, front in (("omitted", ""), ("sent", declared)):
        for layout, body in (("lines", f"<root>\n{FIRST_XML}</root>\n"), ("compact", f"<root>{one_line}</root>\n")):
            written = page(
                Format.XML, "G1", guide()[:1], {"xml-declaration": declaration, "xml-layout": layout}
            ).decode()
            assert written == front + body
            assert len(ET.fromstring(written)) == 1
    assert page(Format.XML, "G1", guide()[:1]).decode() == f"<root>\n{FIRST_XML}</root>\n"
    assert page(Format.XML, "G1", (), {"xml-layout": "compact"}) == b"<root></root>\n"


# JSON


@pytest.mark.quirk("json-layout")
@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("generation", ["G1", "G3"])
def test_the_white_space_of_json(generation, rows):
    """Lines as the guide has them, the same with the blanks that its print shows, or none; the values are the same."""
    shown = (guide() if generation == "G1" else later("a", "a", "b"))[:rows]
    lines, printed, compact = (
        page(Format.JSON, generation, shown, {"json-layout": value}).decode()
        for value in ("lines", "printed", "compact")
    )
    assert page(Format.JSON, generation, shown).decode() == lines
    first, *inside, last = lines.splitlines()
    assert printed == "\n".join([first, *(f" {line}" for line in inside), last, ""])
    assert json.loads(compact) == json.loads(lines)
    assert compact == json.dumps(json.loads(lines), separators=(",", ":"), ensure_ascii=False)


@pytest.mark.quirk("json-quotes")
@pytest.mark.quirk("json-controls")
@pytest.mark.quirk("json-non-ascii")
@pytest.mark.parametrize(
    ("quotes", "controls", "letters", "clid"),
    [
        ("escaped", "escaped", "utf-8", r'"\"Zoë\\\" \t<1>"'),
        ("raw", "escaped", "utf-8", r'""Zoë\\" \t<1>"'),
        ("escaped", "raw", "utf-8", '"\\"Zoë\\\\" \t<1>"'),
        ("raw", "raw", "utf-8", '""Zoë\\" \t<1>"'),
        ("raw", "escaped", "escaped", r'""Zo\u00eb\\" \t<1>"'),
        ("raw", "raw", "escaped", '""Zo\\u00eb\\" \t<1>"'),
    ],
)
def test_quotes_and_controls_are_escaped_or_raw(quotes, controls, letters, clid):
    """A raw quote, backslash or control stands as it is; each is switched alone, and letters apart from them."""
    values = row(dict(zip(G1.split(","), guide()[0], strict=False)) | {"clid": '"Zoë\\" \t<1>'})
    quirks = {"json-quotes": quotes, "json-controls": controls, "json-non-ascii": letters}
    assert page(Format.JSON, "G1", [values], quirks) == listed(f"{{ {members(values, 'G1', clid=clid)} }}", key="cdr")


def test_the_guide_json_is_exact():
    """The guide's records: a line each, blanks inside the braces, every value a string."""
    assert page(Format.JSON, "G1", guide()).decode() == (
        '{\n"cdr":\n[\n'
        '{ "AcctId": "62", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
        '"clid": "\\"pn01\\" <5300>", "channel": "SIP/5300-00000000", "dstchannel": "SIP/5301-00000001", '
        '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 11:46:40", '
        '"answer": "2013-12-03 11:46:43", "end": "2013-12-03 11:46:49", "duration": "9", "billsec": "6", '
        '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386092800.0", "userfield": "EXT", '
        '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s" },\n'
        '{ "AcctId": "63", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
        '"clid": "\\"pn01\\" <5300>", "channel": "SIP/5300-00000000", "dstchannel": "SIP/5301-00000001", '
        '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 14:01:41", '
        '"answer": "2013-12-03 14:01:43", "end": "2013-12-03 14:01:46", "duration": "5", "billsec": "3", '
        '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386100901.0", "userfield": "EXT", '
        '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s" },\n'
        '{ "AcctId": "64", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
        '"clid": "\\"pn01\\" <5300>", "channel": "SIP/5300-00000002", "dstchannel": "SIP/5301-00000003", '
        '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 14:02:23", '
        '"answer": "2013-12-03 14:02:27", "end": "2013-12-03 14:02:31", "duration": "8", "billsec": "4", '
        '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386100943.2", "userfield": "EXT", '
        '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s" }\n'
        "]\n}\n"
    )


@pytest.mark.parametrize(("generation", "key"), [("G1", "cdr"), ("G2", "cdr"), ("G3", "cdr_root")])
def test_an_empty_json_is_an_empty_list_under_its_root(generation, key):
    """Without rows the root key is there with an empty list."""
    assert page(Format.JSON, generation) == f'{{\n"{key}":\n[\n]\n}}\n'.encode()


def test_g2_json_appends_its_columns():
    """G2 rows have 27 members under the old root, and sessions mean nothing yet."""
    one, two = later("x", "x")
    expected = f'{{\n"cdr":\n[\n{{ {members(one, "G2")} }},\n{{ {members(two, "G2")} }}\n]\n}}\n'
    assert page(Format.JSON, "G2", [one, two]).decode() == expected


def test_a_g3_call_with_one_row_has_33_keys():
    """A single row stands in its entry, behind a leading key cdr with the session."""
    (values,) = later("1386092800123-5300")
    expected = f'{{\n"cdr_root":\n[\n{{ "cdr": "1386092800123-5300", {members(values, "G3")} }}\n]\n}}\n'
    assert page(Format.JSON, "G3", [values]).decode() == expected
    assert len(root([values])[0]) == 33


def test_a_g3_group_is_exact():
    """Rows of one session are one line: cdr, main_cdr with sums, and the rows numbered from 1."""
    rows = later("1386092800123-5300", "1386092800123-5300", "1386092800123-5300")
    main = dict.fromkeys(G3.split(","), "") | {
        "src": "5300",
        "dst": "5301",
        "start": "2013-12-03 11:46:40",
        "duration": str(9 + 5 + 8),
        "billsec": str(6 + 3 + 4),
        "session": "1386092800123-5300",
        "action_type": "DIAL",
    }
    subs = ", ".join(f'"sub_cdr_{at}": {{ {members(values, "G3")} }}' for at, values in enumerate(rows, 1))
    entry = f'{{ "cdr": "1386092800123-5300", "main_cdr": {{ {members(row(main), "G3")} }}, {subs} }}'
    assert page(Format.JSON, "G3", rows).decode() == f'{{\n"cdr_root":\n[\n{entry}\n]\n}}\n'


def test_main_cdr_identity_comes_from_the_first_row():
    """Who, when and what are those of the first row; AcctId, answer, end and all the rest are empty."""
    first, second = later("s")[0], later("s", src="1", dst="2", start="2014-01-01 00:00:00", action_type="VM")[0]
    main = root([first, second])[0]["main_cdr"]
    assert (main["src"], main["dst"], main["start"]) == ("5300", "5301", "2013-12-03 11:46:40")
    assert (main["session"], main["action_type"], main["duration"], main["billsec"]) == ("s", "DIAL", "18", "12")
    filled = {"src", "dst", "start", "session", "action_type", "duration", "billsec"}
    assert {name for name, value in main.items() if value} == filled
    assert len(main) == 32


def test_groups_stand_at_the_place_of_their_first_row():
    """Rows of a session are gathered from the whole page, in their order, without moving other entries."""
    entries = root(later("b", "a", "b", "c", "a", "b"))
    assert [entry["cdr"] for entry in entries] == ["b", "a", "c"]
    assert [len(entry) for entry in entries] == [2 + 3, 2 + 2, 33]
    assert [entries[0][f"sub_cdr_{at}"]["AcctId"] for at in (1, 2, 3)] == ["62", "64", "64"]
    assert [entries[1][f"sub_cdr_{at}"]["AcctId"] for at in (1, 2)] == ["63", "63"]
    assert list(entries[0]) == ["cdr", "main_cdr", "sub_cdr_1", "sub_cdr_2", "sub_cdr_3"]
    assert [entry["main_cdr"]["session"] for entry in entries[:2]] == ["b", "a"]
    assert [entry["main_cdr"]["start"][-8:] for entry in entries[:2]] == ["11:46:40", "14:01:41"]


def test_rows_without_session_stand_alone():
    """An empty session is no session: its rows are entries of their own, with an empty cdr."""
    entries = root(later("", "s", "", "s", ""))
    assert [entry["cdr"] for entry in entries] == ["", "s", "", ""]
    assert [len(entry) for entry in entries] == [33, 4, 33, 33]


def test_subs_are_numbered_without_gaps():
    """A group of a dozen rows has a dozen subs."""
    (entry,) = root(later(*["s"] * 12))
    assert list(entry)[2:] == [f"sub_cdr_{at}" for at in range(1, 13)]
    assert entry["main_cdr"]["duration"] == str(4 * (9 + 5 + 8))


@pytest.mark.parametrize("generation", ["G1", "G2"])
def test_older_generations_never_group(generation):
    """Without a session column rows stand one an entry."""
    entries = json.loads(page(Format.JSON, generation, later("s", "s", "s")))["cdr"]
    assert [entry["AcctId"] for entry in entries] == ["62", "63", "64"]
    assert all("cdr" not in entry for entry in entries)


@pytest.mark.quirk("group-shift")
def test_shifted_groups_start_with_the_last_row_of_the_session_before():
    """Group borders lie one row early: a a a b b c makes a a, a b, b c."""
    entries = root(later("a", "a", "a", "b", "b", "c"), {"group-shift": "one"})
    sessions = [[sub["session"] for key, sub in entry.items() if key.startswith("sub_")] for entry in entries]
    assert sessions == [["a", "a"], ["a", "b"], ["b", "c"]]


@pytest.mark.quirk("group-shift")
def test_shifted_groups_repeat_the_first_main_cdr():
    """The identity fields of every main_cdr are those of the first group; the sums are its own rows'."""
    rows = [*later("a", "a", "a"), *later("b", "b", "c", src="1", dst="2", start="2014-01-01 00:00:00")]
    mains = [entry["main_cdr"] for entry in root(rows, {"group-shift": "one"})]
    identity = [(main["src"], main["dst"], main["start"], main["session"]) for main in mains]
    assert identity == [("5300", "5301", "2013-12-03 11:46:40", "a")] * 3
    assert [main["duration"] for main in mains] == ["14", str(8 + 9), str(5 + 8)]


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("sessions", [(), ("a",), ("a", "b")])
def test_shifting_short_pages(sessions):
    """However short a page is, no row is lost by shifting."""
    entries = root(later(*sessions), {"group-shift": "one"})
    assert sum(max(len(entry) - 2, 1) if "main_cdr" in entry else 1 for entry in entries) == len(sessions)


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("form", [Format.CSV, Format.XML])
def test_only_json_has_groups_to_shift(form):
    """CSV and XML rows are flat and stay as they are."""
    rows = later("a", "a", "b")
    assert page(form, "G3", rows, {"group-shift": "one"}) == page(form, "G3", rows)


def test_json_escapes_quotes_backslashes_and_controls():
    """Quote and backslash get a backslash, controls are escaped somehow, UTF-8 passes through."""
    written = page(Format.JSON, "G3", later("s", clid='"Zoë \\ \U0001f4de" <1>\t\n\r\x00\x1f/'))
    assert b'"clid": "\\"Zo\xc3\xab \\\\ \xf0\x9f\x93\x9e\\" <1>' in written
    assert all(byte >= 32 for byte in written.replace(b"\n", b""))
    assert written.count(b"\n") == 6
    assert json.loads(written)["cdr_root"][0]["clid"] == '"Zoë \\ \U0001f4de" <1>\t\n\r\x00\x1f/'


def test_the_session_in_cdr_is_escaped_too():
    """The group key is text like any other."""
    assert root(later('a"\\', 'a"\\'))[0]["cdr"] == 'a"\\'


@pytest.mark.quirk("json-root")
@pytest.mark.parametrize(
    ("generation", "value", "key"),
    [
        ("G1", "personality", "cdr"),
        ("G1", "cdr", "cdr"),
        ("G1", "cdr_root", "cdr_root"),
        ("G3", "personality", "cdr_root"),
        ("G3", "cdr", "cdr"),
    ],
)
def test_the_json_root_is_the_personality_s_or_another(generation, value, key):
    """The key alone changes; entries stay flat or grouped."""
    quirks = {"json-root": value, "columns": "G1"}
    entry = FIRST_JSON if generation == "G1" else FIRST_JSON.replace("{ ", '{ "cdr": "", ', 1)
    assert page(Format.JSON, generation, guide()[:1], quirks) == listed(entry, key=key)
    assert page(Format.JSON, generation, (), quirks) == f'{{\n"{key}":\n[\n]\n}}\n'.encode()


@pytest.mark.quirk("json-numbers")
@pytest.mark.parametrize(
    ("value", "numbers"),
    [("texts", ('"62"', '"9"', '"6"')), ("numbers", ("62", "9", "6"))],
)
def test_json_values_are_texts_or_the_three_integers_are_numbers(value, numbers):
    """AcctId, duration and billsec lose their quotes; dst and the rest are texts though they look like numbers."""
    wanted = dict(zip(("AcctId", "duration", "billsec"), numbers, strict=True))
    entry = f"{{ {members(guide()[0], 'G1', **wanted)} }}"
    assert page(Format.JSON, "G1", guide()[:1], {"json-numbers": value}) == listed(entry, key="cdr")
    assert page(Format.JSON, "G1", (), {"json-numbers": value}) == b'{\n"cdr":\n[\n]\n}\n'


@pytest.mark.quirk("json-numbers")
@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0", "0"),
        ("-5", "-5"),
        (str(2**63 - 1), "9223372036854775807"),
        ("", '""'),
        ("007", '"007"'),
        ("+1", '"+1"'),
        ("1.5", '"1.5"'),
        ("1 ", '"1 "'),
        ("1\n", '"1\\n"'),
        ("\u0661", '"\u0661"'),
    ],
)
def test_what_is_no_number_stays_a_text(value, written):
    """Only what JSON takes for a whole number is written as one."""
    (values,) = later("s", AcctId=value)
    assert f'{{ "AcctId": {written}, "acc'.encode() in page(Format.JSON, "G1", [values], {"json-numbers": "numbers"})


@pytest.mark.quirk("json-missing")
@pytest.mark.parametrize(("value", "missing"), [("blank", '""'), ("nulls", "null")])
def test_missing_json_values_are_empty_texts_or_null(value, missing):
    """Every value is meant; CSV, XML and the empty page have no nulls."""
    quirks = {"json-missing": value}
    entry = FIRST_JSON.replace('"accountcode": ""', f'"accountcode": {missing}')
    assert page(Format.JSON, "G1", guide()[:1], quirks) == listed(entry, key="cdr")
    assert page(Format.JSON, "G1", (), quirks) == b'{\n"cdr":\n[\n]\n}\n'
    assert page(Format.CSV, "G1", guide(), quirks) == GUIDE
    assert page(Format.XML, "G1", guide()[:1], quirks) == f"<root>\n{FIRST_XML}</root>\n".encode()


@pytest.mark.quirk("json-missing")
@pytest.mark.parametrize(("value", "missing"), [("blank", '""'), ("nulls", "null")])
def test_a_missing_session_is_missing_in_the_key_too(value, missing):
    """The cdr of an entry is a value like the others."""
    (values,) = later("")
    blanks = {name: missing for name, text in zip(G3.split(","), values, strict=True) if not text}
    entry = f'{{ "cdr": {missing}, {members(values, **blanks)} }}'
    assert page(Format.JSON, "G3", [values], {"json-missing": value}) == listed(entry)


@pytest.mark.quirk("json-numbers")
@pytest.mark.quirk("json-missing")
@pytest.mark.parametrize(("value", "missing"), [("blank", '""'), ("nulls", "null")])
def test_numbers_and_missing_values_meet_in_main_cdr(value, missing):
    """The sums are numbers; the AcctId that main_cdr does not have is an empty text or null, as all that is missing."""
    rows = later("s", "s")
    usual = page(Format.JSON, "G3", rows).decode()
    expected = re.sub(r'("(?:AcctId|duration|billsec)": )"([0-9]+)"', r"\1\2", usual).replace('""', missing)
    written = page(Format.JSON, "G3", rows, {"json-numbers": "numbers", "json-missing": value}).decode()
    assert written == expected
    assert f'"main_cdr": {{ "AcctId": {missing}, "accountcode": {missing}, "src": "5300", ' in written
    assert f'"end": {missing}, "duration": 14, "billsec": 9, "disposition": {missing}, ' in written
    assert f'"sub_cdr_2": {{ "AcctId": 63, "accountcode": {missing}, "src": "5300", ' in written


@pytest.mark.quirk("json-non-ascii")
@pytest.mark.parametrize(
    ("value", "clid"),
    [
        ("utf-8", '"\\"Zoë \U0001f4de\\" <1>\x7f\\\\"'),
        ("escaped", '"\\"Zo\\u00eb \\ud83d\\udcde\\" <1>\\u007f\\\\"'),
    ],
)
def test_letters_beyond_ascii_are_utf_8_or_escaped(value, clid):
    """Escaped, letters beyond 16 bits are two surrogates; DEL is escaped with them."""
    values = row(dict(zip(G1.split(","), guide()[0], strict=False)) | {"clid": '"Zoë \U0001f4de" <1>\x7f\\'})
    written = page(Format.JSON, "G1", [values], {"json-non-ascii": value})
    assert written == listed(f"{{ {members(values, 'G1', clid=clid)} }}", key="cdr")
    assert json.loads(written)["cdr"][0]["clid"] == '"Zoë \U0001f4de" <1>\x7f\\'


@pytest.mark.quirk("json-non-ascii")
@pytest.mark.quirk("json-missing")
@pytest.mark.parametrize(("value", "key"), [("utf-8", '"Zoë"'), ("escaped", '"Zo\\u00eb"')])
@pytest.mark.parametrize(("missing", "accountcode"), [("blank", '""'), ("nulls", "null")])
@pytest.mark.parametrize(("rows", "behind"), [(1, ""), (2, '"main_cdr": { ')])
def test_keys_of_entries_are_escaped_likewise(value, key, missing, accountcode, rows, behind):
    """Escaping and nulls go together, in the cdr of flat and grouped entries as in their columns."""
    quirks = {"json-non-ascii": value, "json-missing": missing, "main-cdr-acctid": "first"}
    written = page(Format.JSON, "G3", later(*["Zoë"] * rows), quirks)
    assert f'\n{{ "cdr": {key}, {behind}"AcctId": "62", "accountcode": {accountcode}, '.encode() in written
    assert f', "session": {key}, '.encode() in written


@pytest.mark.quirk("json-groups")
@pytest.mark.parametrize(
    ("generation", "value", "grouped"),
    [
        ("G1", "personality", False),
        ("G1", "rows", False),
        ("G1", "sessions", True),
        ("G3", "personality", True),
        ("G3", "sessions", True),
        ("G3", "rows", False),
    ],
)
def test_entries_are_sessions_or_rows(generation, value, grouped):
    """Rows as entries have no cdr, sessions have one, whatever columns are shown."""
    rows = later("s", "s", "")
    one, two, three = (members(values, generation) for values in rows)
    main = main_cdr(generation, session="s", duration="14", billsec="9")
    expected = (
        [group("s", main, one, two), f'{{ "cdr": "", {three} }}']
        if grouped
        else [f"{{ {entry} }}" for entry in (one, two, three)]
    )
    written = page(Format.JSON, generation, rows, {"json-groups": value})
    assert written == listed(*expected, key="cdr_root" if generation == "G3" else "cdr")


@pytest.mark.quirk("null-entry")
@pytest.mark.parametrize(("value", "nulls"), [("none", ()), ("last", ("null",))])
def test_a_null_follows_the_last_entry_or_nothing_does(value, nulls):
    """The null is a line like an entry, once a list; an empty list has none."""
    quirks = {"null-entry": value}
    assert page(Format.JSON, "G1", guide()[:1], quirks) == listed(FIRST_JSON, *nulls, key="cdr")
    rows = later("a", "b")
    entries = [f'{{ "cdr": "{values[AT["session"]]}", {members(values)} }}' for values in rows]
    assert page(Format.JSON, "G3", rows, quirks) == listed(*entries, *nulls)
    assert page(Format.JSON, "G1", (), quirks) == b'{\n"cdr":\n[\n]\n}\n'
    assert page(Format.JSON, "G3", (), quirks) == b'{\n"cdr_root":\n[\n]\n}\n'


@pytest.mark.quirk("null-entry")
def test_an_entry_written_alone_has_no_null_behind_it():
    """A file is written entry by entry; the null belongs to a page."""
    layout = Layout.of(Quirks.of(personality("ucm6100"), {"null-entry": "last"}))
    assert layout.json.entries(guide()[:1]) == [FIRST_JSON]


# Groups


@pytest.mark.quirk("single-row-entry")
@pytest.mark.parametrize("value", ["flat", "grouped"])
def test_a_session_of_one_row_is_flat_or_a_group(value):
    """Grouped, its main_cdr sums one row; a row without session stays flat in either case."""
    rows = later("a", "")
    one, two = map(members, rows)
    main = main_cdr(session="a", duration="9", billsec="6")
    first = f'{{ "cdr": "a", {one} }}' if value == "flat" else group("a", main, one)
    expected = listed(first, f'{{ "cdr": "", {two} }}')
    assert page(Format.JSON, "G3", rows, {"single-row-entry": value}) == expected
    assert page(Format.JSON, "G3", (), {"single-row-entry": value}) == b'{\n"cdr_root":\n[\n]\n}\n'


_IDENTITY = ("src", "dst", "start", "session", "action_type")


@pytest.mark.quirk("main-cdr-columns")
@pytest.mark.quirk("main-cdr-acctid")
@pytest.mark.quirk("main-cdr-sums")
@pytest.mark.parametrize(("columns", "copied"), [("few", _IDENTITY), ("all", tuple(G3.split(",")))])
@pytest.mark.parametrize(("acctid", "first"), [("blank", ""), ("first", "62")])
@pytest.mark.parametrize(("sums", "durations"), [("sum", ("22", "13")), ("first", ("9", "6"))])
def test_main_cdr_has_what_three_quirks_say(columns, copied, acctid, first, sums, durations):
    """Each decides its own columns: AcctId, the two durations, and all the rest."""
    rows = later("s", "s", "s")
    main = {name: text for name, text in zip(G3.split(","), rows[0], strict=True) if name in copied}
    main |= {"AcctId": first, "duration": durations[0], "billsec": durations[1]}
    quirks = {"main-cdr-columns": columns, "main-cdr-acctid": acctid, "main-cdr-sums": sums}
    expected = listed(group("s", members(row(main)), *map(members, rows)))
    assert page(Format.JSON, "G3", rows, quirks) == expected


@pytest.mark.quirk("group-member-end")
@pytest.mark.parametrize(("value", "ends"), [("kept", {}), ("blank", {"end": '""'})])
def test_rows_inside_a_group_keep_their_end_or_lose_it(value, ends):
    """Flat rows keep it in either case."""
    one, two, three = later("a", "a", "b")
    main = main_cdr(session="a", duration="14", billsec="9")
    first = group("a", main, members(one, **ends), members(two, **ends))
    expected = listed(first, f'{{ "cdr": "b", {members(three)} }}')
    assert page(Format.JSON, "G3", [one, two, three], {"group-member-end": value}) == expected


@pytest.mark.quirk("group-member-end")
@pytest.mark.quirk("single-row-entry")
@pytest.mark.quirk("main-cdr-columns")
def test_the_row_of_a_group_of_one_loses_its_end_and_main_cdr_keeps_it():
    """A group of one is a group like the others; main_cdr has the columns of the row as it is stored."""
    quirks = {"group-member-end": "blank", "single-row-entry": "grouped", "main-cdr-columns": "all"}
    (values,) = later("a")
    expected = listed(group("a", members(values, AcctId='""'), members(values, end='""')))
    assert page(Format.JSON, "G3", [values], quirks) == expected


@pytest.mark.quirk("group-key")
@pytest.mark.parametrize(("value", "keys"), [("session", ("a", "b")), ("blank", ("", ""))])
def test_the_key_of_an_entry_is_its_session_or_blank(value, keys):
    """Flat entries and groups alike; the session column stays."""
    one, two, three = later("a", "a", "b")
    main = main_cdr(session="a", duration="14", billsec="9")
    first = group(keys[0], main, members(one), members(two))
    expected = listed(first, f'{{ "cdr": "{keys[1]}", {members(three)} }}')
    assert page(Format.JSON, "G3", [one, two, three], {"group-key": value}) == expected


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("value", ["none", "one"])
def test_a_page_with_and_without_shift_is_exact(value):
    """Shifted, a a b b is a row alone, and a group named after the first session that begins with its last row."""
    a1, a2, b1, b2 = [*later("a", "a"), *later("b", "b", src="1", start="2014-01-01 00:00:00")]
    if value == "none":
        main_a = main_cdr(session="a", duration="14", billsec="9")
        main_b = main_cdr(session="b", duration="14", billsec="9", src="1", start="2014-01-01 00:00:00")
        expected = [
            group("a", main_a, members(a1), members(a2)),
            group("b", main_b, members(b1), members(b2)),
        ]
    else:
        main = main_cdr(session="a", duration="19", billsec="12", start="2013-12-03 14:01:41")
        expected = [
            f'{{ "cdr": "a", {members(a1)} }}',
            group("a", main, members(a2), members(b1), members(b2)),
        ]
    assert page(Format.JSON, "G3", [a1, a2, b1, b2], {"group-shift": value}) == listed(*expected)


@pytest.mark.quirk("group-shift")
@pytest.mark.quirk("main-cdr-columns")
@pytest.mark.quirk("main-cdr-sums")
@pytest.mark.quirk("main-cdr-acctid")
@pytest.mark.parametrize(
    ("sums", "durations"), [("sum", [("14", "9"), ("22", "13")]), ("first", [("9", "6"), ("8", "4")])]
)
@pytest.mark.parametrize(("acctid", "first"), [("blank", ""), ("first", "62")])
def test_a_shifted_main_cdr_is_stale_in_all_but_its_durations(sums, durations, acctid, first):
    """Every column, AcctId too, is that of the page's first group; the durations are those of its own rows."""
    a1, a2, a3, b1, b2 = [*later("a", "a", "a"), *later("b", "b", src="1", service="t")]
    quirks = {"main-cdr-columns": "all", "main-cdr-sums": sums, "main-cdr-acctid": acctid, "group-shift": "one"}
    mains = [
        members(a1, AcctId=f'"{first}"', duration=f'"{duration}"', billsec=f'"{billsec}"')
        for duration, billsec in durations
    ]
    expected = listed(
        group("a", mains[0], members(a1), members(a2)),
        group("a", mains[1], members(a3), members(b1), members(b2)),
    )
    assert page(Format.JSON, "G3", [a1, a2, a3, b1, b2], quirks) == expected


@pytest.mark.quirk("group-shift")
@pytest.mark.quirk("single-row-entry")
def test_a_shifted_group_of_one_gives_the_main_cdr_that_is_repeated():
    """The first main_cdr of the page may be that of a row alone."""
    one, two, three = later("a", "b", "c")
    expected = listed(
        group("a", main_cdr(session="a", duration="9", billsec="6"), members(one)),
        group("b", main_cdr(session="a", duration="13", billsec="7"), members(two), members(three)),
    )
    quirks = {"group-shift": "one", "single-row-entry": "grouped"}
    assert page(Format.JSON, "G3", [one, two, three], quirks) == expected


@pytest.mark.quirk("group-key")
@pytest.mark.quirk("json-missing")
@pytest.mark.quirk("null-entry")
def test_a_page_as_one_client_guards_against_is_exact():
    """Blank keys, missing values and the entry after the last are all null."""
    quirks = {"group-key": "blank", "json-missing": "nulls", "null-entry": "last", "columns": "G1"}
    entry = FIRST_JSON.replace('""', "null").replace("{ ", '{ "cdr": null, ', 1)
    assert page(Format.JSON, "G3", guide()[:1], quirks) == listed(entry, "null")


# Whatever rows hold


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SESSIONS = st.sampled_from(["", "a", "b", 'c"'])
_ROWS = st.lists(st.tuples(_TEXTS, _TEXTS, _SESSIONS), max_size=8).map(
    lambda drawn: [later(session, clid=clid, lastdata=data)[0] for clid, data, session in drawn]
)


@given(_ROWS)
def test_json_of_any_rows_reads_back(rows):
    """Whatever the values hold, a JSON parser gets them back, every row once, each session's in order."""
    found = []
    for entry in root(rows):
        subs = [value for key, value in entry.items() if key.startswith("sub_cdr_")]
        found += subs or [{key: value for key, value in entry.items() if key != "cdr"}]
    wanted = [dict(zip(G3.split(","), values, strict=True)) for values in rows]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    for session in ("a", "b", 'c"'):
        in_order = [values for values in wanted if values["session"] == session]
        assert [values for values in found if values["session"] == session] == in_order


_LAYOUTS = st.fixed_dictionaries(
    {quirk.id: st.sampled_from(quirk.values) for quirk in GROUPS["How a page looks"] if quirk.switchable}
)
_GENERATIONS = st.sampled_from(["G1", "G2", "G3"])


@given(_GENERATIONS, _ROWS, _LAYOUTS)
def test_json_in_any_layout_reads_back(generation, rows, quirks):
    """However the quirks are set, JSON parses, and every row is in it once with its values."""
    parsable = quirks | {"json-quotes": "escaped", "json-controls": "escaped"}
    ((_, entries),) = json.loads(page(Format.JSON, generation, rows, parsable)).items()
    assert (None in entries) == (quirks["null-entry"] == "last" and rows != [])
    found = []
    for entry in filter(None, entries):
        subs = [value for key, value in entry.items() if key.startswith("sub_cdr_")]
        found += subs or [{key: value for key, value in entry.items() if key != "cdr"}]
    names = HEADERS[generation if quirks["columns"] == "personality" else quirks["columns"]].split(",")
    lost = {"end"} if quirks["group-member-end"] == "blank" else set()
    read = [
        [str(entry[name]) if entry[name] is not None else "" for name in names if name not in lost] for entry in found
    ]
    wanted = [[text for name, text in zip(names, values, strict=False) if name not in lost] for values in rows]
    assert sorted(read) == sorted(wanted)


@pytest.mark.quirk("csv-quoting")
@pytest.mark.quirk("csv-line-end")
@given(_GENERATIONS, _ROWS, _LAYOUTS)
def test_quoted_csv_of_any_rows_reads_back(generation, rows, quirks):
    """A reader of RFC 4180 gets the header and every field back."""
    written = page(
        Format.CSV,
        generation,
        rows,
        quirks | {"csv-quoting": "rfc4180", "csv-header": "sent", "csv-group-column": "none"},
    ).decode()
    header, *read = csv.reader(StringIO(written, newline=""))
    assert header == HEADERS[generation if quirks["columns"] == "personality" else quirks["columns"]].split(",")
    assert read == [list(values[: len(header)]) for values in rows]


@given(
    st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=12), max_size=5),
    _GENERATIONS,
    _LAYOUTS,
)
def test_xml_of_any_rows_reads_back(texts, generation, quirks):
    """Whatever printable text the values hold, an XML parser gets them back when they are escaped."""
    rows = [later("s", clid=value)[0] for value in texts]
    document = ET.fromstring(page(Format.XML, generation, rows, quirks | {"xml-escaping": "entities"}))
    assert [element.findtext("clid") for element in document] == texts


@pytest.mark.quirk("group-rows")
@pytest.mark.quirk("blank-session")
def test_rows_of_a_session_are_one_entry_or_those_that_follow_each_other():
    """A row of another session between them parts a group, or stands behind it."""
    rows = later("a", "a", "b", "a", "b", "")
    for value, keys in (("all", ["a", "b", ""]), ("adjacent", ["a", "b", "a", "b", ""])):
        assert [entry["cdr"] for entry in root(rows, {"group-rows": value})] == keys
    assert [entry["cdr"] for entry in root(rows)] == ["a", "b", ""]
    apart = root(later("", "a", ""), {"group-rows": "adjacent", "blank-session": "together"})
    assert [entry["cdr"] for entry in apart] == ["", "a", ""]
