"""Pages as CSV, XML and JSON, to the byte. Spec 4, 0b. Pure; runs in the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from types import MappingProxyType

from ucmsim.columns import AT, Generation, Row
from ucmsim.query import Format

Renderer = Callable[[Generation, Sequence[Row], bool], str]

_SUMMED = ("duration", "billsec")
_IDENTITY = ("src", "dst", "start", "session", "action_type")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def rendered(form: Format, generation: Generation, rows: Sequence[Row], *, shift: bool = False) -> bytes:
    """Return the page with *rows* as a device of that *generation* sends it.

    *shift* is the quirk group-shift: G3 groups start one row early and repeat the first group's main_cdr.
    """
    return _RENDERERS[form](generation, rows, shift).encode()


def csv(generation: Generation, rows: Iterable[Row], _shift: bool = False) -> str:
    """Return the header line and one line a row: no quoting, no escaping, LF. Spec 4.2."""
    width = len(generation.columns)
    lines = [",".join(generation.columns), *(",".join(row[:width]) for row in rows), ""]
    return "\n".join(lines)


def xml(generation: Generation, rows: Iterable[Row], _shift: bool = False) -> str:
    """Return one element a row and one a column, entity-escaped. Spec 4.3, 0b."""
    template = "<cdr>\n" + "".join(f"<{name}>%s</{name}>\n" for name in generation.columns) + "</cdr>\n"
    width = len(generation.columns)
    pieces = [template % tuple(value.translate(_ESCAPES) for value in row[:width]) for row in rows]
    return "".join(("<root>\n", *pieces, "</root>\n"))


def json(generation: Generation, rows: Sequence[Row], shift: bool = False) -> str:
    """Return one line an entry, every value a string; G3 entries are groups. Spec 4.4, 0b."""
    entries = _grouped(generation, rows, shift) if generation.grouped else _plain(generation, rows)
    inside = ",\n".join(entries)
    return (
        f'{{\n"{generation.json_root}":\n[\n{inside}\n]\n}}\n'
        if inside
        else f'{{\n"{generation.json_root}":\n[\n]\n}}\n'
    )


def json_entry(generation: Generation, row: Row) -> str:
    """Return *row* as the JSON entry of a call with one row."""
    members = _members(generation)(row)
    return f'{{ "cdr": {_quoted(row[AT["session"]])}, {members} }}' if generation.grouped else f"{{ {members} }}"


_RENDERERS: Mapping[Format, Renderer] = MappingProxyType({Format.CSV: csv, Format.XML: xml, Format.JSON: json})


def _quoted(value: str) -> str:
    return encode_basestring(value)


def _members(generation: Generation) -> Callable[[Row], str]:
    width = len(generation.columns)
    template = ", ".join(f'"{name}": %s' for name in generation.columns)
    return lambda row: template % tuple(map(encode_basestring, row[:width]))


def _plain(generation: Generation, rows: Iterable[Row]) -> list[str]:
    members = _members(generation)
    return [f"{{ {members(row)} }}" for row in rows]


def _grouped(generation: Generation, rows: Sequence[Row], shift: bool) -> list[str]:
    """Return one entry a session, at the place of its first row; a row without session stands alone."""
    members = _members(generation)
    groups = _shifted(rows) if shift else _by_session(rows)
    first_main: Row | None = None
    entries = []
    for group in groups:
        session = _quoted(group[0][AT["session"]])
        if len(group) == 1:
            entries.append(f'{{ "cdr": {session}, {members(group[0])} }}')
            continue
        first_main = first_main if shift and first_main else group[0]
        subs = "".join(f', "sub_cdr_{at}": {{ {members(row)} }}' for at, row in enumerate(group, 1))
        entries.append(f'{{ "cdr": {session}, "main_cdr": {{ {members(_main(first_main, group))} }}{subs} }}')
    return entries


def _main(identity: Row, group: Sequence[Row]) -> Row:
    """Return the main_cdr: sums of the durations, who and when of *identity*, all else empty. Spec 4.4."""
    main = [""] * len(identity)
    for name in _IDENTITY:
        main[AT[name]] = identity[AT[name]]
    for name in _SUMMED:
        main[AT[name]] = str(sum(int(row[AT[name]]) for row in group))
    return tuple(main)


def _by_session(rows: Iterable[Row]) -> list[list[Row]]:
    return _by_key((row[AT["session"]], row) for row in rows)


def _shifted(rows: Sequence[Row]) -> list[list[Row]]:
    """Group so that each group starts with the last row of the session before it, as CAP22 shows."""
    keys = [row[AT["session"]] for row in rows[1:]] + [row[AT["session"]] for row in rows[-1:]]
    return _by_key(zip(keys, rows, strict=True))


def _by_key(keyed: Iterable[tuple[str, Row]]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    at: dict[str, list[Row]] = {}
    for key, row in keyed:
        if key and key in at:
            at[key].append(row)
            continue
        groups.append([row])
        at[key] = groups[-1]
    return groups
