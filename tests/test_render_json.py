"""Values, keys and white space of pages as JSON, byte for byte. Spec 0b, 4.1 to 4.4."""

from __future__ import annotations

import json
import re

import pytest

from tests.rendering import FIRST_JSON, FIRST_XML, G1, G3, GUIDE, guide, later, listed, members, page, root
from ucmsim.cdr.query import Format
from ucmsim.columns import row


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
