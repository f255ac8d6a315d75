"""CDR files as the device writes them, read robustly and written so that they can be read back. Spec 4.2-4.4.

Reading takes the text of a file in pieces, of any size, yields rows and `BadLine`s in the order of the file, and never
stops at a bad row. Pure: texts in, texts out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any
from xml.parsers import expat

from ucmsim.cdr.devicetext import STEP, Window, lines, unmarked
from ucmsim.cdr.jsonlist import NoJson, entries
from ucmsim.cdr.render import Layout
from ucmsim.columns import AT, COLUMNS, GENERATIONS, Generation, Row, row

_BEFORE_LASTDATA = AT["lastdata"]
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_PRINTABLE = re.compile(r"[ -~]*\n")
_SMALL = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_QUOTED_CLID = re.compile(r'"[^\r\n]*?" <[^<>,]*>(?=,)')
_NUMBERS = tuple(AT[column.name] for column in COLUMNS if column.number)
_LIST = re.compile(r'\s*(?:\{\s*"(?:cdr|cdr_root)"\s*:\s*)?\[')
_DISPOSITIONS = frozenset({"ANSWERED", "NO ANSWER", "BUSY", "FAILED"})


@dataclass(frozen=True, slots=True)
class BadLine:
    """A row that cannot be taken: where it begins (lines count from 1) and the sentence why."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


class NoDeviceFile(BadLine):
    """What makes the file no device file from that line on."""

    __slots__ = ()


Found = Row | BadLine


def sniffed(text: str, name: str = "") -> str:
    """Return which of csv, json and xml a file called *name* that begins with *text* is."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in READERS:
        return suffix
    return {"{": "json", "[": "json", "<": "xml"}.get(text[:STEP].lstrip("\ufeff \t\r\n")[:1], "csv")


def objection(text: str, name: str = "") -> str:
    """Return why *text* is no device file at all; an empty string if it is one, whatever its rows are like."""
    first = next(READERS[sniffed(text, name)]([text]), None)
    return first.why if isinstance(first, NoDeviceFile) else ""


def _rather(text: str, form: str) -> str:
    """Return what is added to the sentence that *text* is not of *form*: what it looks like instead."""
    looks = sniffed(text)
    sure = looks != "csv" or text.removeprefix("\ufeff").startswith("AcctId,")
    return f"; it looks like {looks.upper()}" if sure and looks != form else ""


def read_csv(texts: Iterable[str]) -> Iterator[Found]:
    """Read the device's CSV: 9 fields from the left, as many from the right as follow lastdata, the rest is lastdata.

    The header says which generation it is. A clid in quotes may hold commas.
    """
    every = lines(unmarked(texts))
    header = next(every).rstrip("\r")
    generation = next((known for known in GENERATIONS.values() if ",".join(known.columns) == header), None)
    if generation is None:
        begins = next((line for line in chain([header], every) if line.strip()), "")
        yield NoDeviceFile(1, f"this is no device CSV: that begins AcctId,accountcode,src{_rather(begins, 'csv')}")
        return
    for number, line in enumerate(every, 2):
        if line.strip("\r"):
            values = _split(line.removesuffix("\r"), generation)
            found = _checked(number, values)
            if isinstance(found, BadLine) and _shifted(values):
                found = BadLine(number, f"{found.why}: a field behind lastdata has a comma, which nothing quotes")
            yield found


def _shifted(values: dict[str, str] | str) -> bool:
    """Return whether a comma in a field behind lastdata has moved a disposition to where a number is due."""
    return isinstance(values, dict) and not _DISPOSITIONS.isdisjoint((values["duration"], values["billsec"]))


def _split(line: str, generation: Generation) -> dict[str, str] | str:
    width = len(generation.columns)
    front = line.split(",", AT["clid"])
    if len(front) <= AT["clid"]:
        return f"it has {len(front)} fields, and {width} are due"
    rest = front.pop()
    quoted = _QUOTED_CLID.match(rest)
    clid = quoted[0] if quoted else rest.partition(",")[0]
    middle = rest[len(clid) + 1 :].split(",", _BEFORE_LASTDATA - AT["clid"] - 1)
    after = width - _BEFORE_LASTDATA - 1
    tail = middle.pop().rsplit(",", after)
    fields = [*front, clid, *middle, *tail]
    if len(fields) != width:
        return f"it has {line.count(',') + 1} fields, and {width} or more are due"
    return dict(zip(generation.columns, fields, strict=True))


def read_json(texts: Iterable[str]) -> Iterator[Found]:
    """Read the device's JSON, either root, groups taken apart into their rows."""
    text = Window(unmarked(texts))
    while (begin := _LIST.match(text.text)) is None and len(text.text) < STEP and text.more():
        pass
    if begin is None:
        due = 'that begins {"cdr": [ or {"cdr_root": ['
        yield NoDeviceFile(1, f"this is no device JSON: {due}{_rather(text.text, 'json')}")
        return
    text.go(begin.end())
    for line, entry in entries(text):
        yield from [BadLine(line, entry.why)] if isinstance(entry, NoJson) else _entry(line, entry)


def _entry(line: int, entry: Any) -> Iterator[Found]:
    if entry is None:
        return  # one client's code shows that null entries occur
    if not isinstance(entry, dict):
        yield BadLine(line, f"an entry must be an object, not {type(entry).__name__}")
        return
    values = {key: value for key, value in entry.items() if key not in ("cdr", "main_cdr")}
    subs = [value for key, value in values.items() if key.startswith("sub_cdr_")]
    for sub in subs or [values]:
        if isinstance(sub, dict):
            yield _checked(line, sub)
        else:
            yield BadLine(line, "a sub_cdr must be an object")


def read_xml(texts: Iterable[str]) -> Iterator[Found]:
    """Read the device's XML: one `cdr` element a row inside any root, one element a column."""
    found: list[Found] = []
    state: dict[str, Any] = {"depth": 0, "values": None, "text": [], "line": 0}

    def opened(_name: str, _attributes: object) -> None:
        state["depth"] += 1
        if state["depth"] == 2:
            state.update(values={}, line=parser.CurrentLineNumber)
        state["text"] = []

    def closed(name: str) -> None:
        if state["depth"] == 3:
            state["values"][name] = "".join(state["text"])
        elif state["depth"] == 2:
            found.append(_checked(state["line"], state["values"]))
        state["depth"] -= 1

    parser = expat.ParserCreate("utf-8")  # whatever a declaration in it says: it is text already
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.CharacterDataHandler = lambda data: state["text"].append(data)  # noqa: PLW0108 - the list changes
    begins = ""
    for text in chain(unmarked(texts), [None]):
        try:
            if text is None:
                parser.Parse(b"", True)
            else:
                begins += text if len(begins) < STEP else ""
                parser.Parse(text.encode("utf-8", "surrogatepass"), False)
        except expat.ExpatError as error:
            yield from found
            said = f"this is no XML from here on: {expat.ErrorString(error.code)}"
            yield NoDeviceFile(error.lineno, f"{said}{_rather(begins, 'xml')}")
            return
        yield from found
        found.clear()


READERS: Mapping[str, Callable[[Iterable[str]], Iterator[Found]]] = MappingProxyType(
    {"csv": read_csv, "json": read_json, "xml": read_xml}
)


def _lost(generation: Generation, rows: Iterable[Row]) -> Iterator[Row | BadLine]:
    """Yield *rows*, and a `BadLine` for each that has values in columns which *generation* lacks."""
    width = len(generation.columns)
    for number, values in enumerate(rows, 1):
        if any(values[width:]):
            names = [column.name for column, value in zip(COLUMNS[width:], values[width:], strict=True) if value]
            yield BadLine(number, f"row {number} (AcctId {values[0]}) loses {', '.join(names)} in {generation.id}")
        yield values


def write(form: str, generation: Generation, rows: Iterable[Row]) -> Iterator[str | BadLine]:
    """Yield the pieces of a file of that *form*, and a `BadLine` for each row that would not read back the same.

    The line of a `BadLine` is the number of the row. Rows are written one by one, so G3 JSON has no groups.
    """
    writer = {"csv": _written_csv, "json": _written_json, "xml": _written_xml}[form]
    yield from writer(generation, rows)


def _written_json(generation: Generation, rows: Iterable[Row]) -> Iterator[str | BadLine]:
    layout = Layout.plain(generation)
    yield f'{{\n"{generation.json_root}":\n[\n'
    separator = ""
    for item in _lost(generation, rows):
        if isinstance(item, BadLine):
            yield item
        else:
            yield separator + layout.json.entries([item])[0]
            separator = ",\n"
    yield "\n]\n}\n" if separator else "]\n}\n"


def _written_xml(generation: Generation, rows: Iterable[Row]) -> Iterator[str | BadLine]:
    layout = Layout.plain(generation)
    yield "<root>\n"
    for item in _lost(generation, rows):
        if isinstance(item, BadLine):
            yield item
        else:
            # A bare CR would read back as a line feed: XML 1.0, 2.11.
            yield layout.xml.page([item])[len("<root>\n") : -len("</root>\n")].replace("\r", "&#13;")
    yield "</root>\n"


def _written_csv(generation: Generation, rows: Iterable[Row]) -> Iterator[str | BadLine]:
    layout = Layout.plain(generation)
    header = ",".join(generation.columns) + "\n"
    yield header
    number, commas = 0, len(generation.columns) - 1
    for item in _lost(generation, rows):
        if isinstance(item, BadLine):
            yield item
            continue
        number, values = number + 1, item
        line = layout.csv.page([values])[len(header) :]
        if not _plain(line, values, commas) and list(read_csv([header + line])) != [
            row(dict(zip(generation.columns, values, strict=False)))
        ]:
            yield BadLine(
                number,
                f"row {number} (AcctId {values[0]}) would not read back from the device's CSV, which quotes nothing",
            )
        yield line


def _plain(line: str, values: Row, commas: int) -> bool:
    """Return whether a *line* surely reads back as *values*: to read each of a hundred thousand takes as long as all else."""
    clid = values[AT["clid"]]
    quoted = _QUOTED_CLID.match(f"{clid},") if clid.startswith('"') else None
    return (
        line.count(",") == commas
        and _PRINTABLE.fullmatch(line) is not None
        and (not clid.startswith('"') or (quoted is not None and quoted[0] == clid))
        and all(_SMALL.fullmatch(values[at]) for at in _NUMBERS)
    )


def _checked(line: int, values: dict[str, Any] | str) -> Found:
    """Return the row that *values* make, or what is wrong with them."""
    if isinstance(values, str):
        return BadLine(line, values)
    if unknown := sorted(set(values) - set(AT)):
        return BadLine(line, f"there is no column '{unknown[0]}'")
    if missing := [name for name in GENERATIONS["G1"].columns if name not in values]:
        return BadLine(line, f"the column '{missing[0]}' is missing")
    for name, value in values.items():
        if not isinstance(value, str):
            return BadLine(line, f"the value of '{name}' must be a text")
        if _CONTROL.search(value):
            return BadLine(line, f"the value of '{name}' holds a character that no device file can hold")
    found = row(values)
    for at in _NUMBERS:
        if not _INTEGER.fullmatch(found[at]) or not -(2**63) <= int(found[at]) < 2**63:
            return BadLine(line, f"the value of '{COLUMNS[at].name}' must be a whole number, not '{found[at]}'")
    return found
