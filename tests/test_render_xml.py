"""Pages as XML, byte for byte. Spec 0b, 4.1 to 4.4."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.rendering import FIRST_XML, G1, HEADERS, guide, later, page
from ucmsim.cdr.query import Format
from ucmsim.columns import row


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
