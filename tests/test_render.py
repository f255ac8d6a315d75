"""Pages as CSV, XML and JSON, byte for byte. Spec 0b, 4.1 to 4.4."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.columns import GENERATIONS, Row, row
from ucmsim.query import Format
from ucmsim.render import rendered

GUIDE = (Path(__file__).parent.parent / "fixtures" / "guide-2013.csv").read_bytes()

G1 = (
    "AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    "disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service"
)
G2 = G1 + ",caller_name,recordfiles,dstanswer,chanext,dstchanext"
G3 = G2 + ",session,action_owner,action_type,src_trunk_name,dst_trunk_name"
HEADERS = {"G1": G1, "G2": G2, "G3": G3}

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


def page(form: Format, generation: str, rows: Sequence[Row] = (), *, shift: bool = False) -> bytes:
    """Return the page with *rows* as that *generation* sends it."""
    return rendered(form, GENERATIONS[generation], rows, shift=shift)


def root(rows: Sequence[Row], *, shift: bool = False) -> list[dict]:
    """Return the entries of a G3 JSON page, parsed."""
    return json.loads(page(Format.JSON, "G3", rows, shift=shift))["cdr_root"]


def members(values: Row, generation: str) -> str:
    """Return the columns of a row as they stand inside the braces of a JSON row, for plain ASCII values."""
    names = HEADERS[generation].split(",")
    return ", ".join(f'"{name}": {json.dumps(value)}' for name, value in zip(names, values, strict=False))


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


# XML


def test_the_guide_xml_is_exact():
    """One cdr element a row and one element a column, each on its line, with & < > escaped and quotes raw."""
    first = (
        "<cdr>\n<AcctId>62</AcctId>\n<accountcode></accountcode>\n<src>5300</src>\n<dst>5301</dst>\n"
        '<dcontext>from-internal</dcontext>\n<clid>"pn01" &lt;5300&gt;</clid>\n'
        "<channel>SIP/5300-00000000</channel>\n<dstchannel>SIP/5301-00000001</dstchannel>\n<lastapp>Dial</lastapp>\n"
        "<lastdata>SIP/5301,60,</lastdata>\n<start>2013-12-03 11:46:40</start>\n<answer>2013-12-03 11:46:43</answer>\n"
        "<end>2013-12-03 11:46:49</end>\n<duration>9</duration>\n<billsec>6</billsec>\n"
        "<disposition>ANSWERED</disposition>\n<amaflags>DOCUMENTATION</amaflags>\n<uniqueid>1386092800.0</uniqueid>\n"
        "<userfield>EXT</userfield>\n<channel_ext>5300</channel_ext>\n<dstchannel_ext>5301</dstchannel_ext>\n"
        "<service>s</service>\n</cdr>\n"
    )
    assert page(Format.XML, "G1", guide()[:1]) == f"<root>\n{first}</root>\n".encode()
    whole = page(Format.XML, "G1", guide()).decode()
    assert whole.startswith(f"<root>\n{first}<cdr>\n<AcctId>63</AcctId>\n")
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


# JSON


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
    entries = root(later("a", "a", "a", "b", "b", "c"), shift=True)
    sessions = [[sub["session"] for key, sub in entry.items() if key.startswith("sub_")] for entry in entries]
    assert sessions == [["a", "a"], ["a", "b"], ["b", "c"]]


@pytest.mark.quirk("group-shift")
def test_shifted_groups_repeat_the_first_main_cdr():
    """The identity fields of every main_cdr are those of the first group; the sums are its own rows'."""
    rows = [*later("a", "a", "a"), *later("b", "b", "c", src="1", dst="2", start="2014-01-01 00:00:00")]
    mains = [entry["main_cdr"] for entry in root(rows, shift=True)]
    identity = [(main["src"], main["dst"], main["start"], main["session"]) for main in mains]
    assert identity == [("5300", "5301", "2013-12-03 11:46:40", "a")] * 3
    assert [main["duration"] for main in mains] == ["14", str(8 + 9), str(5 + 8)]


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("sessions", [(), ("a",), ("a", "b")])
def test_shifting_short_pages(sessions):
    """However short a page is, no row is lost by shifting."""
    entries = root(later(*sessions), shift=True)
    assert sum(max(len(entry) - 2, 1) if "main_cdr" in entry else 1 for entry in entries) == len(sessions)


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("form", [Format.CSV, Format.XML])
def test_only_json_has_groups_to_shift(form):
    """CSV and XML rows are flat and stay as they are."""
    rows = later("a", "a", "b")
    assert page(form, "G3", rows, shift=True) == page(form, "G3", rows)


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


@given(st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=12), max_size=5))
def test_xml_of_any_rows_reads_back(texts):
    """Whatever printable text the values hold, an XML parser gets them back."""
    document = ET.fromstring(page(Format.XML, "G1", [later("s", clid=value)[0] for value in texts]))
    assert [element.findtext("clid") for element in document] == texts
