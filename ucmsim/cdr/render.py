"""Pages as CSV, XML and JSON, to the byte. Spec 4, 0b. Pure; runs in the worker.

A layout is a value of one PBX in which everything that quirks choose is settled, so that no row asks for it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from json.encoder import encode_basestring, encode_basestring_ascii
from types import MappingProxyType

from ucmsim.cdr.csvlines import rfc4180
from ucmsim.cdr.grouping import Entry, Grouping
from ucmsim.cdr.pieces import Pieces, encoded
from ucmsim.cdr.query import Format
from ucmsim.columns import AT, COLUMNS, GENERATIONS, Generation, Row
from ucmsim.quirks import QUIRKS, Value
from ucmsim.register import Quirks

Text = Callable[[str], str]
"""Writes one value down."""

_SESSION = AT["session"]
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBERS = tuple(AT[column.name] for column in COLUMNS if column.number)


def _entities(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _or_null(text: Text) -> Text:
    return lambda value: text(value) if value else "null"


def _json_text(quirks: Quirks) -> Text:
    """Return how JSON writes a text; texts in which nothing is left raw are written by the standard library."""
    whole = encode_basestring_ascii if quirks["json-non-ascii"] == "escaped" else encode_basestring
    raw = ""
    if quirks["json-quotes"] == "raw":
        raw += '"'
    if quirks["json-controls"] == "raw":
        raw += r"\\\x00-\x1f"
    text = partial(_with_raw, whole, re.compile(f"([{raw}])")) if raw else whole
    return _or_null(text) if quirks["json-missing"] == "nulls" else text


def _with_raw(whole: Text, raw: re.Pattern[str], value: str) -> str:
    """Return *value* as *whole* writes it, but for the characters that are *raw*."""
    pieces = raw.split(value)
    pieces[::2] = [whole(piece)[1:-1] for piece in pieces[::2]]
    return f'"{"".join(pieces)}"'


_WHITE: Mapping[Value, tuple[str, str]] = MappingProxyType(
    {"lines": ("\n", " "), "printed": ("\n ", " "), "compact": ("", "")}
)
"""What parts the lines of JSON and what stands in them, by json-layout; the last lines have no blank in front."""


@dataclass(frozen=True, slots=True)
class Csv:
    """A *header* line, if it is sent, and one line a row, each with its *end*. Spec 4.2.

    They are *quoted* where RFC 4180 wants it, or never, and *keyed* by a first column, cdr.
    """

    columns: tuple[str, ...]
    keyed: bool
    header: bool
    quoted: bool
    end: str

    @classmethod
    def of(cls, columns: tuple[str, ...], quirks: Quirks) -> Csv:
        """Return what the register says."""
        return cls(
            columns=columns,
            keyed=quirks["csv-group-column"] == "first" and "session" in columns,
            header=quirks["csv-header"] == "sent",
            quoted=quirks["csv-quoting"] == "rfc4180",
            end="\r\n" if quirks["csv-line-end"] == "crlf" else "\n",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What the header line has."""
        return ("cdr", *self.columns) if self.keyed else self.columns

    def records(self, rows: Iterable[Row]) -> Iterable[Sequence[str]]:
        """Return what the lines of *rows* have."""
        width = len(self.columns)
        return ((row[_SESSION], *row[:width]) for row in rows) if self.keyed else (row[:width] for row in rows)

    def page(self, rows: Iterable[Row]) -> str:
        """Return the page with *rows*."""
        return self.pieces(rows).page

    def pieces(self, rows: Iterable[Row]) -> Pieces:
        """Return the page with *rows* as its lines."""
        return self._lines(self.names, self.records(rows))

    def written(self, names: Sequence[str], records: Iterable[Sequence[str]]) -> str:
        """Return the page of *records* under *names*."""
        return self._lines(names, records).page

    def _lines(self, names: Sequence[str], records: Iterable[Sequence[str]]) -> Pieces:
        lines = list(rfc4180(records) if self.quoted else map(",".join, records))
        front = f"{','.join(names)}{self.end}" if self.header else ""
        return Pieces(front, lines, self.end, self.end if lines else "", tail=len(self.end))


@dataclass(frozen=True, slots=True)
class Xml:
    """Below the *root* one element a row, as the *template* has it, each value an *escape* of it. Spec 4.3, 0b.

    *front* is what stands before the root, *end* what ends each line.
    """

    front: str
    root: str
    end: str
    template: str
    width: int
    escape: Text

    @classmethod
    def of(cls, columns: tuple[str, ...], quirks: Quirks) -> Xml:
        """Return what the register says."""
        end = "\n" if quirks["xml-layout"] == "lines" else ""
        elements = [f"<{name}>%s</{name}>" for name in columns]
        return cls(
            front='<?xml version="1.0" encoding="UTF-8"?>\n' if quirks["xml-declaration"] == "sent" else "",
            root=str(quirks["json-root"]) if quirks["xml-root"] == "json" else "root",
            end=end,
            template=end.join(["<cdr>", *elements, "</cdr>"]),
            width=len(columns),
            escape=_entities if quirks["xml-escaping"] == "entities" else str,
        )

    def page(self, rows: Iterable[Row]) -> str:
        """Return the page with *rows*."""
        return self.pieces(rows).page

    def pieces(self, rows: Iterable[Row]) -> Pieces:
        """Return the page with *rows* as their elements."""
        template, width, escape = self.template, self.width, self.escape
        elements = [template % tuple(map(escape, row[:width])) for row in rows]
        last = self.end if elements else ""
        return Pieces(f"{self.front}<{self.root}>{self.end}", elements, self.end, f"{last}</{self.root}>\n")


@dataclass(frozen=True, slots=True)
class Json:
    """Below the *root* one line an entry: a row, or with a *grouping* a session. Spec 4.4, 0b.

    *flat* is the template of a row, *keyed* that of one with its cdr. *quote* writes every value, an entry's cdr among
    them, but for whole numbers at the places *numbers*. *last* is what follows the entries when there are any. *line*
    parts the lines, *space* what stands in them.
    """

    root: str
    flat: str
    keyed: str
    width: int
    quote: Text
    numbers: tuple[int, ...]
    grouping: Grouping | None
    last: tuple[str, ...]
    line: str
    space: str

    @classmethod
    def of(cls, columns: tuple[str, ...], quirks: Quirks) -> Json:
        """Return what the register says."""
        line, space = _WHITE[quirks["json-layout"]]
        members = f",{space}".join(f'"{name}":{space}%s' for name in columns)
        return cls(
            root=str(quirks["json-root"]),
            flat=f"{{{space}{members}{space}}}",
            keyed=f'{{{space}"cdr":{space}%s,{space}{members}{space}}}',
            width=len(columns),
            quote=_json_text(quirks),
            numbers=_NUMBERS if quirks["json-numbers"] == "numbers" else (),
            grouping=Grouping.of(quirks) if quirks["json-groups"] == "sessions" else None,
            last=("null",) if quirks["null-entry"] == "last" else (),
            line=line,
            space=space,
        )

    def pieces(self, rows: Sequence[Row]) -> Pieces:
        """Return the page with *rows* as its entries."""
        return self._lines(self.entries(rows))

    def grouped(self, rows: Sequence[Row]) -> tuple[Pieces, list[Sequence[Row]]]:
        """Return the page with *rows* as its entries, and the rows of each of these."""
        if self.grouping is None:
            return self.pieces(rows), [(row,) for row in rows]
        values, entries = self._values, list(self.grouping.entries(rows))
        return self._lines([self._entry(entry, values) for entry in entries]), [inside for _, _, inside in entries]

    def entries(self, rows: Sequence[Row]) -> list[str]:
        """Return the entries that *rows* make, each a line without its end."""
        values = self._values
        if self.grouping is None:
            return [self.flat % values(row) for row in rows]
        return [self._entry(entry, values) for entry in self.grouping.entries(rows)]

    @property
    def _values(self) -> Callable[[Row], tuple[str, ...]]:
        return self._numbered if self.numbers else self._quoted

    def _lines(self, entries: Sequence[str]) -> Pieces:
        line, end = self.line, self.line.rstrip(" ")
        last = "".join(f",{line}{one}" for one in self.last) + line if entries else ""
        return Pieces(f'{{{line}"{self.root}":{line}[{line}', entries, f",{line}", f"{last}]{end}}}{end}")

    def _entry(self, entry: Entry, values: Callable[[Row], tuple[str, ...]]) -> str:
        key, main, rows = entry
        flat, space = self.flat, self.space
        if main is None:
            return self.keyed % (self.quote(key), *values(rows[0]))
        subs = "".join([f',{space}"sub_cdr_{at}":{space}{flat % values(row)}' for at, row in enumerate(rows, 1)])
        main_cdr = f'"main_cdr":{space}{flat % values(main)}'
        return f'{{{space}"cdr":{space}{self.quote(key)},{space}{main_cdr}{subs}{space}}}'

    def _quoted(self, row: Row) -> tuple[str, ...]:
        return tuple(map(self.quote, row[: self.width]))

    def _numbered(self, row: Row) -> tuple[str, ...]:
        texts = list(map(self.quote, row[: self.width]))
        for at in self.numbers:
            if _NUMBER.fullmatch(row[at]):
                texts[at] = row[at]
        return tuple(texts)


@dataclass(frozen=True, slots=True)
class Layout:
    """How pages look on one PBX, by format."""

    csv: Csv
    xml: Xml
    json: Json

    @classmethod
    def of(cls, quirks: Quirks) -> Layout:
        """Return the layout that the register says."""
        columns = GENERATIONS[str(quirks["columns"])].columns
        return cls(Csv.of(columns, quirks), Xml.of(columns, quirks), Json.of(columns, quirks))

    @classmethod
    def plain(cls, generation: Generation) -> Layout:
        """Return the layout of a device of that *generation* without a quirk."""
        groups = "sessions" if generation.grouped else "rows"
        decided = {"columns": generation.id, "json-root": generation.json_root, "json-groups": groups}
        return cls.of(Quirks(MappingProxyType({row.id: row.default for row in QUIRKS} | decided)))

    def pieces(self, form: Format, rows: Sequence[Row]) -> Pieces:
        """Return the page with *rows* in that *form*."""
        match form:
            case Format.CSV:
                return self.csv.pieces(rows)
            case Format.XML:
                return self.xml.pieces(rows)
            case Format.JSON:
                return self.json.pieces(rows)


def rendered(form: Format, layout: Layout, rows: Sequence[Row]) -> bytes:
    """Return the page with *rows* in that *layout*."""
    return encoded(layout.pieces(form, rows).page)
