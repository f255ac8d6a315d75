"""CDR files of the device: read robustly, written so that they read back. Spec 4.2 to 4.4."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ucmsim.cdr.devicefile import READERS, BadLine, sniffed, write
from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout, rendered
from ucmsim.columns import GENERATIONS, NAMES, Row, row

GUIDE = (Path(__file__).parent.parent / "fixtures" / "guide-2013.csv").read_text()
HEADER, ROW_62, ROW_63, ROW_64 = GUIDE.splitlines()
WIDTHS = {"G1": 22, "G2": 27, "G3": 32}

# What stands before lastdata in the guide's first row, and what follows it.
FRONT = '62,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-00000000,SIP/5301-00000001,Dial'
BACK = "2013-12-03 11:46:40,2013-12-03 11:46:43,2013-12-03 11:46:49,9,6,ANSWERED,DOCUMENTATION,1386092800.0,EXT,5300,5301,s"

GOOD = dict.fromkeys(NAMES, "") | {"AcctId": "62", "clid": '"pn01" <5300>', "duration": "9", "billsec": "6"}
JSON_ROW = json.dumps(GOOD)
XML_ROW = (
    "<cdr>"
    + "".join(f"<{name}>{value.replace('<', '&lt;')}</{name}>" for name, value in GOOD.items()).replace('"', "&quot;")
    + "</cdr>"
)


def read(form: str, text: str) -> list[Row | BadLine]:
    """Return what is read from a *text*, which is the same in whatever pieces it comes.

    Of XML the rows are: what expat says of the end of one that breaks differs with them.
    """
    found = list(READERS[form]([text]))
    compared = good if form == "xml" else list[Row | BadLine]
    for size in (1, 7, 100) if len(text) < 5000 else (5000,):
        pieces = (text[at : at + size] for at in range(0, len(text), size))
        assert compared(READERS[form](pieces)) == compared(found)
    return found


read_csv, read_json, read_xml = (partial(read, form) for form in ("csv", "json", "xml"))


def good(found: Iterable[Row | BadLine]) -> list[Row]:
    """Return the rows that could be taken."""
    return [item for item in found if not isinstance(item, BadLine)]


def bad(found: Iterable[Row | BadLine]) -> list[int]:
    """Return the lines that could not be taken; each has a sentence."""
    lines = [item for item in found if isinstance(item, BadLine)]
    assert all(item.why and f"line {item.line}: " in str(item) for item in lines)
    return [item.line for item in lines]


def csv(*lines: str) -> list[Row | BadLine]:
    """Return what is read from a G1 CSV of *lines*."""
    return read_csv("\n".join((HEADER, *lines)) + "\n")


def entries(*lines: str) -> list[Row | BadLine]:
    """Return what is read from a JSON file whose entries, from line 4 on, are *lines*."""
    return read_json('{\n"cdr":\n[\n' + ",\n".join(lines) + "\n]\n}\n")


def elements(*lines: str) -> list[Row | BadLine]:
    """Return what is read from an XML file whose records, from line 2 on, are *lines*."""
    return read_xml("<root>\n" + "\n".join(lines) + "\n</root>\n")


def value(found: Row | BadLine, name: str) -> str:
    """Return one value of a row."""
    assert not isinstance(found, BadLine), found
    return found[NAMES.index(name)]


def changed(**values: object) -> dict[str, object]:
    """Return the good row with *values* in place of its own."""
    return {**GOOD, **values}


# CSV


def test_the_guide_reads_as_three_rows():
    """Nine fields from the left, twelve from the right, and lastdata is what remains, commas and all."""
    rows = good(read_csv(GUIDE))
    assert [value(found, "AcctId") for found in rows] == ["62", "63", "64"]
    assert {value(found, "lastdata") for found in rows} == {"SIP/5301,60,"}
    assert {value(found, "clid") for found in rows} == {'"pn01" <5300>'}
    assert (value(rows[2], "start"), value(rows[2], "service")) == ("2013-12-03 14:02:23", "s")
    assert {value(found, "session") for found in rows} == {""}


@pytest.mark.parametrize("data", ["", ",", "SIP/5301", "SIP/5301,60,", "a,b,c,d,e,f,g,h", ",,,,", '"x" <1>', "x=%20"])
def test_lastdata_may_hold_any_number_of_commas(data):
    """Whatever stands between the nine and the twelve is lastdata."""
    (found,) = csv(f"{FRONT},{data},{BACK}")
    assert value(found, "lastdata") == data
    assert (value(found, "lastapp"), value(found, "start")) == ("Dial", "2013-12-03 11:46:40")


@pytest.mark.parametrize("clid", ['"Doe, John" <5300>', '"a, b, c" <1>', '"" <07700900699>', '"x"" <1>', "", "5300"])
def test_a_clid_in_quotes_may_hold_commas(clid):
    """A caller ID of the usual form is taken as one field."""
    (found,) = csv(ROW_62.replace('"pn01" <5300>', clid))
    assert value(found, "clid") == clid
    assert (value(found, "channel"), value(found, "lastdata")) == ("SIP/5300-00000000", "SIP/5301,60,")


@pytest.mark.parametrize("text", [GUIDE.replace("\n", "\r\n"), "\ufeff" + GUIDE, GUIDE.rstrip("\n"), GUIDE + "\n\r\n"])
def test_line_ends_and_byte_order_marks_do_not_matter(text):
    """CRLF, a byte order mark, a missing last line feed and blank lines change nothing."""
    assert read_csv(text) == read_csv(GUIDE)


def test_an_empty_csv_has_no_rows():
    """The header line alone is a good file."""
    assert read_csv(HEADER + "\n") == []


@pytest.mark.parametrize("generation", ["G2", "G3"])
def test_the_header_says_which_generation_it_is(generation):
    """Later files have more fields to the right of lastdata."""
    width = WIDTHS[generation]
    tail = ",".join(f"later{at}" for at in range(width - 22))
    (found,) = read_csv(",".join(NAMES[:width]) + f"\n{ROW_62},{tail}\n")
    assert value(found, "lastdata") == "SIP/5301,60,"
    assert found[22:] == (*tail.split(","), *[""] * (32 - width))


@pytest.mark.parametrize(
    "text", ["", "\n", "hello\n", "AcctId,src\n", HEADER.lower() + "\n", f"{HEADER},x\n", GUIDE[186:]]
)
def test_another_header_is_reported_on_line_1(text):
    """A file with any other first line is not the device's; it is not read on."""
    assert bad(read_csv(text)) == [1]
    assert good(read_csv(text)) == []


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        ",",
        "62,,5300",
        ROW_63[:60],
        ROW_63.replace("SIP/5301,60,,", "").rpartition(",")[0],
        ROW_63.replace("63,", "x,", 1),
        ROW_63.replace("63,", ",", 1),
        ROW_63.replace("63,", "1.5,", 1),
        ROW_63.replace("63,", "9223372036854775808,", 1),
        ROW_63.replace(",5,3,ANSWERED", ",five,3,ANSWERED"),
        ROW_63.replace(",5,3,ANSWERED", ",5,,ANSWERED"),
        ROW_63.replace("from-internal", "a\x00b"),
        ROW_63.replace("from-internal", "a\x1bb"),
        ROW_63.replace("from-internal", "a\ud800b"),
    ],
)
def test_a_bad_csv_line_is_reported_and_the_others_are_read(line):
    """Too few fields, no number where one is due, or a control character spoil one line only."""
    found = csv(ROW_62, line, ROW_64)
    assert bad(found) == [3]
    assert good(found) == good(csv(ROW_62, ROW_64))


def test_bad_lines_are_counted_past_blank_ones():
    """Lines count from 1 with the header, blank lines too."""
    assert bad(csv("", ROW_62, "", "nonsense", ROW_63, "nonsense")) == [5, 7]


# JSON


@pytest.mark.parametrize("root", ["cdr", "cdr_root"])
def test_json_is_read_under_either_root(root):
    """Both generations' roots hold rows, whatever the white space."""
    wanted = [row({name: str(text) for name, text in GOOD.items()})]
    assert read_json(f'{{\n"{root}":\n[\n{JSON_ROW}\n]\n}}\n') == wanted
    assert read_json(f'{{ "{root}" : [{JSON_ROW}]}}') == wanted
    assert read_json("\ufeff" + json.dumps({root: [GOOD]}, indent=4)) == wanted
    assert read_json(f'{{"{root}": []}}') == []


@pytest.mark.parametrize("form", [Format.CSV, Format.JSON, Format.XML])
def test_what_the_device_serves_reads_back(form):
    """The guide's rows as each format has them are the same rows again."""
    rows = good(read_csv(GUIDE))
    served = rendered(form, Layout.plain(GENERATIONS["G1"]), rows).decode()
    assert list(read(sniffed(served), served)) == rows


def test_groups_are_taken_apart():
    """Of a session's entry the rows are read in order; main_cdr and the leading cdr are not rows."""
    subs = {f"sub_cdr_{at}": changed(AcctId=str(at), session="s") for at in (1, 2, 3)}
    group = json.dumps({"cdr": "s", "main_cdr": changed(AcctId="", session="s"), **subs})
    found = entries(json.dumps({"cdr": "", **GOOD}), group, JSON_ROW)
    assert [value(item, "AcctId") for item in found] == ["62", "1", "2", "3", "62"]
    assert value(found[1], "session") == "s"


def test_a_served_group_reads_back():
    """The rows of a G3 page are found again, in the order of its groups."""
    one, two = (row(GOOD | {"AcctId": name, "session": name}) for name in ("1", "2"))
    served = rendered(Format.JSON, Layout.plain(GENERATIONS["G3"]), [one, two, one]).decode()
    assert read_json(served) == [one, one, two]


def test_an_older_json_row_may_lack_later_columns():
    """The columns of the first generation are required, later ones are empty when they are missing."""
    (found,) = entries(json.dumps({name: GOOD[name] for name in NAMES[:22]}))
    assert found == row(GOOD)


def test_null_entries_are_passed_over():
    """A null among the entries is nothing."""
    assert good(entries("null", JSON_ROW, "null")) == entries(JSON_ROW)
    assert bad(entries("null", JSON_ROW)) == []


@pytest.mark.parametrize(
    "entry",
    [
        "{ nonsense }",
        '{ "AcctId": "62", "accountcode": ',
        '{ "AcctId": "62" }',
        "{}",
        '"text"',
        "42",
        "[1]",
        "true",
        json.dumps(changed(surprise="x")),
        json.dumps({name: text for name, text in GOOD.items() if name != "service"}),
        json.dumps(changed(AcctId=62)),
        json.dumps(changed(src=None)),
        json.dumps(changed(src=["5300"])),
        json.dumps(changed(AcctId="")),
        json.dumps(changed(duration="9.5")),
        json.dumps(changed(billsec="-")),
        json.dumps(changed(AcctId="99999999999999999999")),
        json.dumps(changed(clid="\x00")),
        json.dumps(changed(clid="\ud800")),
        json.dumps({"cdr": "s", "main_cdr": GOOD, "sub_cdr_1": "text"}),
        json.dumps({"cdr": "s", "main_cdr": GOOD, "sub_cdr_1": changed(AcctId="x")}),
        '{"a": ' * 5000,
        "9" * 5000,
    ],
)
def test_a_bad_json_entry_is_reported_and_the_others_are_read(entry):
    """An entry that is no row, or no JSON, spoils its own line only."""
    found = entries(JSON_ROW, entry, JSON_ROW.replace("62", "64"))
    assert bad(found) == [5]
    assert [value(item, "AcctId") for item in good(found)] == ["62", "64"]


def test_a_bad_member_of_a_group_leaves_its_siblings():
    """The other rows of the session are still read."""
    group = {"cdr": "s", "main_cdr": GOOD, "sub_cdr_1": GOOD, "sub_cdr_2": changed(AcctId="x"), "sub_cdr_3": GOOD}
    found = entries(json.dumps(group))
    assert bad(found) == [4]
    assert good(found) == [row(GOOD)] * 2


def test_json_lines_are_counted_in_files_of_any_layout():
    """The line of an entry is that of its first character."""
    text = json.dumps({"cdr": [GOOD, changed(AcctId="x"), GOOD]}, indent=1)
    (line,) = bad(read_json(text))
    assert text.splitlines()[line - 1].strip() == "{"
    assert text.splitlines()[line].strip() == '"AcctId": "x",'


def test_a_json_file_that_breaks_off_keeps_its_rows():
    """What was complete is read, and the end of the file is reported."""
    found = read_json('{\n"cdr":\n[\n' + f"{JSON_ROW},\n{JSON_ROW},\n")
    assert len(good(found)) == 2
    assert len(bad(found)) == 1
    found = read_json('{\n"cdr":\n[\n' + f"{JSON_ROW},\n{JSON_ROW[:50]}")
    assert len(good(found)) == 1
    assert 5 in bad(found)


@pytest.mark.parametrize("text", ["", " ", "{}", "null", '{"rows": []}', '{"cdr": {}}', '"cdr"', "AcctId", "<root>"])
def test_another_json_is_reported_on_line_1(text):
    """A file that does not begin like the device's is not read on."""
    assert bad(read_json(text)) == [1]
    assert good(read_json(text)) == []


# XML


@pytest.mark.parametrize("root", ["root", "cdr_root"])
def test_xml_is_read_under_any_root(root):
    """The name of the root does not matter, nor does white space between elements."""
    wanted = [row(GOOD)]
    assert read_xml(f"<{root}>\n{XML_ROW}\n</{root}>\n") == wanted
    assert read_xml(f"<{root}>{XML_ROW}</{root}>") == wanted
    indented = XML_ROW.replace("><", ">\n  <").replace(">\n  </", "></")
    assert read_xml(f"\ufeff<{root}>\n  {indented}\n</{root}>") == wanted
    assert read_xml(f"<{root}>\n</{root}>\n") == []
    assert read_xml(f"<{root}/>") == []


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "iso-8859-1", "utf-16", "big5", "utf-7", "no-such-encoding"])
def test_an_xml_declaration_does_not_matter(encoding):
    """The text is already decoded, so whatever encoding its declaration names has no effect."""
    record = XML_ROW.replace("pn01", "Zoë")
    found = read_xml(f'<?xml version="1.0" encoding="{encoding}"?>\n<root>\n{record}\n</root>\n')
    assert found == [row(GOOD | {"clid": '"Zoë" <5300>'})]


@pytest.mark.parametrize(
    "record",
    [
        "<cdr></cdr>",
        "<cdr/>",
        "<cdr>text</cdr>",
        XML_ROW.replace("<service></service>", ""),
        XML_ROW.replace("service>", "surprise>"),
        XML_ROW.replace("62", "x"),
        XML_ROW.replace("62", " 62"),
        XML_ROW.replace("62", ""),
        XML_ROW.replace("<duration>9", "<duration>9.5"),
        XML_ROW.replace("62", "9223372036854775808"),
    ],
)
def test_a_bad_xml_record_is_reported_and_the_others_are_read(record):
    """A record that is no row spoils itself only."""
    found = elements(XML_ROW, record, XML_ROW.replace("62", "64"))
    assert bad(found) == [3]
    assert [value(item, "AcctId") for item in good(found)] == ["62", "64"]


@pytest.mark.parametrize(
    "tail", ["", "<cdr>", "<cdr><AcctId>", XML_ROW[:-3], "<cdr>&", "<cdr>&nbsp;</cdr>", "</cdr>", "\x00"]
)
def test_xml_that_breaks_keeps_its_rows(tail):
    """What was complete is read, and the place where XML ends is reported."""
    found = read_xml(f"<root>\n{XML_ROW}\n{XML_ROW}\n{tail}")
    assert len(good(found)) == 2
    assert bad(found) == [4]


@pytest.mark.parametrize(
    "text", ["", " ", "hello", "{}", "<", "<root", "<?xml", "<?xml version='1.0' encoding='x'", "&"]
)
def test_what_is_no_xml_is_reported(text):
    """A file that is not XML at all has one bad line and no rows."""
    assert len(bad(read_xml(text))) == 1
    assert good(read_xml(text)) == []


def test_a_long_xml_file_is_read_whole():
    """Files beyond a mebibyte are read like short ones, characters of several bytes included."""
    record = XML_ROW.replace("pn01", "é\U0001f4de" * 100)
    found = elements(*[record] * 900)
    assert len(found) == 900
    assert set(found) == {row(GOOD | {"clid": '"' + "é\U0001f4de" * 100 + '" <5300>'})}


# Which form


@pytest.mark.parametrize(
    ("text", "name", "form"),
    [
        (GUIDE, "", "csv"),
        ('{\n"cdr":\n[\n]\n}\n', "", "json"),
        (" \n\ufeff [", "", "json"),
        ("<root>\n</root>\n", "", "xml"),
        ("\ufeff<root>", "", "xml"),
        ("", "", "csv"),
        ("<root>", "x.csv", "csv"),
        (GUIDE, "guide.JSON", "json"),
        (GUIDE, "export.2013.xml", "xml"),
        ("<root>", "export.txt", "xml"),
        ("{", "json", "json"),
    ],
)
def test_the_form_is_seen_from_the_name_or_the_text(text, name, form):
    """A known suffix decides, else the first character."""
    assert sniffed(text, name) == form


# There and back

_NUMBERS = st.integers(-(2**63), 2**63 - 1).map(str)
_LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
_MARKS = st.sampled_from([*'",<>&;=% \t\r\n\\/]}{[', "\r\n", "]]>", "&#13;"])
_ANYTHING = st.lists(st.one_of(_MARKS, _LETTERS), max_size=8).map("".join)
_USUAL = st.sampled_from(
    ["", "s", "5300", '"pn01" <5300>', '"Doe, John" <1>', "SIP/5301,60,", "\ufeff", "a,b", '"x', ">,"]
)


@st.composite
def _pages(draw: st.DrawFn) -> tuple[str, list[Row]]:
    """Draw a generation and rows that it can hold, with a few odd values each."""
    generation = draw(st.sampled_from(["G1", "G2", "G3"]))
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        numbers = {name: draw(_NUMBERS) for name in ("AcctId", "duration", "billsec")}
        odd = st.dictionaries(st.sampled_from(NAMES), st.one_of(_ANYTHING, _USUAL), max_size=5)
        values = row({**GOOD, **draw(odd), **numbers})[: WIDTHS[generation]]
        rows.append(row(dict(zip(NAMES, values, strict=False))))
    return generation, rows


@given(_pages(), st.sampled_from(["json", "xml"]))
def test_writing_and_reading_loses_nothing(drawn, form):
    """Any text without control characters other than tab and line ends survives JSON and XML."""
    generation, rows = drawn
    pieces = list(write(form, GENERATIONS[generation], rows))
    assert bad(pieces) == []
    assert read(form, "".join(map(str, pieces))) == rows


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    "text", ["\r", "\n", "\r\n", "\t", " x ", "]]>", "&#13;", "&amp;", "<!--", "\\n", "\x7f", "\x85", "\u2028"]
)
def test_every_kind_of_white_space_and_markup_survives(form, text):
    """JSON and XML give back line ends, tabs and markup inside a value as they were."""
    rows = [row(GOOD | {"clid": text, "service": f"a{text}b"})]
    assert read(form, "".join(map(str, write(form, GENERATIONS["G1"], rows)))) == rows


@given(_pages())
def test_csv_rows_without_complaint_read_back(drawn):
    """A row that CSV cannot carry is reported when it is written; all the others survive."""
    generation, rows = drawn
    refused = bad(write("csv", GENERATIONS[generation], rows))
    kept = [values for number, values in enumerate(rows, 1) if number not in refused]
    pieces = list(write("csv", GENERATIONS[generation], kept))
    assert bad(pieces) == []
    assert read_csv("".join(map(str, pieces))) == kept


def test_the_guide_is_written_as_it_was_read():
    """Reading and writing the guide's CSV gives its very bytes, without a complaint."""
    assert "".join(map(str, write("csv", GENERATIONS["G1"], good(read_csv(GUIDE))))) == GUIDE


@pytest.mark.parametrize("values", [{"src": "a,b"}, {"clid": "a, b"}, {"lastdata": "a\nb"}, {"service": "s\r"}])
def test_a_row_that_csv_cannot_carry_is_reported_by_its_number(values):
    """CSV has no quoting, so a comma or a line end in the wrong place does not read back."""
    rows = [row(GOOD), row(GOOD | values), row(GOOD)]
    pieces = list(write("csv", GENERATIONS["G1"], rows))
    assert bad(pieces) == [2]
    assert len(pieces) == 1 + 3 + 1


def test_a_row_that_a_comma_has_shifted_says_so():
    """A disposition where a number is due comes of a comma behind lastdata; any other wrong value is named alone."""
    text = GUIDE.splitlines()
    shifted, wrong = text[1].removesuffix(",s") + ",s,t", text[1].replace(",9,6,", ",9,x,")
    assert [bad.why for bad in read_csv("\n".join([text[0], shifted, wrong]))] == [
        "the value of 'billsec' must be a whole number, not 'ANSWERED': a field behind lastdata has a comma, which nothing quotes",
        "the value of 'billsec' must be a whole number, not 'x'",
    ]


@pytest.mark.parametrize(("form", "how"), [("csv", Format.CSV), ("json", Format.JSON), ("xml", Format.XML)])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_written_files_are_those_of_the_device(form, how, count):
    """A file has the bytes that the device serves for the same rows, the empty container included."""
    rows = good(read_csv(GUIDE))[:count]
    written = "".join(map(str, write(form, GENERATIONS["G1"], rows)))
    assert written.encode() == rendered(how, Layout.plain(GENERATIONS["G1"]), rows)


# Anything

_JSON_WORDS = ['{"cdr":[', '"cdr_root":', JSON_ROW, "]", "}", "null", '{"cdr": "", "sub_cdr_1": ']
_XML_WORDS = [
    "<root>",
    XML_ROW,
    "</root>",
    "<cdr>",
    "</cdr>",
    "<![CDATA[",
    "<!--",
    '<?xml version="1.0"?>',
    "&lt;",
    "&#0;",
]
_WORDS = [HEADER, ROW_62, "\n", "\r\n", ",", "\ufeff", "\x00", *_JSON_WORDS, *_XML_WORDS]
_SOUP = st.lists(st.one_of(st.sampled_from(_WORDS), st.text(max_size=10)), max_size=12).map("".join)


@given(_SOUP)
@example("\ud800")
@example("<a>\ud800</a>")
@example('<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;">]><a><cdr>&d;</cdr></a>')
@example('{"cdr": [' + "[" * 100_000)
@example('{"cdr": [NaN, Infinity, -0, 1e999]}')
@example('{"cdr": [12e, tru, "\\u12", "\\ud83d\\ude00", -Infinit, 12.5e7, "a\nb", "c]')
@example(f'{{"cdr": [{"9" * 5000}.5, {"9" * 5000}, null')
def test_no_text_breaks_a_reader(text):
    """Any text gives rows and bad lines, with line numbers that exist."""
    for form in READERS:
        found = read(form, text)
        assert all(len(item) == 32 for item in good(found))
        assert all(1 <= line <= text.count("\n") + text.count("\r") + 1 for line in bad(found))
    assert sniffed(text) in READERS


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_a_row_is_there_before_the_next_is_read(form):
    """A file may be larger than there is room for, and all of it at once keeps every other thread waiting."""
    written = [str(piece) for piece in write(form, GENERATIONS["G1"], [row(GOOD)] * 100)]
    taken: list[str] = []
    rows = READERS[form](taken.append(piece) or piece for piece in written)
    for number in range(100):
        assert next(rows) == row(GOOD)
        assert len(taken) <= number + 4


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_columns_that_an_older_generation_lacks_are_reported(form):
    """A row that loses something in an older generation's file is named; one that does not is not."""
    plain = {"AcctId": "1", "duration": "0", "billsec": "0"}
    rows = [row({**plain, "session": "1-1"}), row(plain)]
    lost = [piece for piece in write(form, GENERATIONS["G1"], rows) if isinstance(piece, BadLine)]
    assert [bad.line for bad in lost] == [1]
    assert "loses session in G1" in lost[0].why
