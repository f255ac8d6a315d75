"""Pages of any rows in any layout, which a reader of their format gets back."""

from __future__ import annotations

import csv
import json
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rendering import G3, HEADERS, later, page, root
from ucmsim.cdr.query import Format
from ucmsim.quirks import GROUPS

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
