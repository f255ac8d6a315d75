"""The tables of the documentation, made from the code they describe; `python tests/doc_tables.py` writes them there."""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from _pytest.fixtures import FixtureFunctionDefinition
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from ucmsim import catalogue, pytest_options, pytest_plugin
from ucmsim.calls.shapes import SHAPES
from ucmsim.cdr.query import Format
from ucmsim.certificates.defects import CLASSES, DEFECTS
from ucmsim.columns import GENERATIONS
from ucmsim.control.openapi import document
from ucmsim.control.routes import ROUTES
from ucmsim.faults import KINDS, PLANES
from ucmsim.journal import inquiry
from ucmsim.quirks import CONFIDENCES, GROUPS, QUIRKS
from ucmsim.scenarios import language, shipped
from ucmsim.settings import Settings, Traffic, Trunk, model

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CONTROL = ROOT / "docs" / "control-plane.md"
"""The reference of the control plane."""
WITH_TABLES = (
    README,
    CONTROL,
    *(
        ROOT / "docs" / f"{page}.md"
        for page in ("quirks", "personalities", "traffic", "journal", "defects", "faults", "scenarios")
    ),
)

PARAMETERS = {
    "enable": "Enable",
    "tls_bind_address": "TLS Bind Address",
    "tls_private_key": "TLS Private Key",
    "tls_cert": "TLS Cert",
    "tls_authentication_name": "TLS Authentication Name",
    "tls_authentication_password": "TLS Authentication Password",
    "permitted_ips": "Permitted IP(s)",
}


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    lines = [list(header), *[[str(cell).replace("|", "\\|") for cell in row] for row in rows]]
    rule = ["---"] * len(lines[0])
    return "\n".join("| " + " | ".join(line) + " |" for line in (lines[0], rule, *lines[1:]))


def _default(field: Any) -> str:
    if field.default is not PydanticUndefined:
        value = field.default
    elif field.default_factory is not None:
        value = field.default_factory()
    else:
        return "(must be given)"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return "[]" if not value else f"[{', '.join(map(_short, value))}]"
    return _short(value)


def _short(value: object) -> str:
    if isinstance(value, Trunk):
        return f"{{name: {value.name}, channels: {value.channels}}}"
    return str(getattr(value, "id", value)) if value != {} else "{}"


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """Return the model inside *annotation*, and how it is reached: directly, as items, or by name."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    if origin in (typing.Union, types.UnionType):
        found = [_inner(one) for one in arguments]
        return next(((kind, how) for kind, how in found if kind), (None, ""))
    if origin is tuple and arguments:
        return _inner(arguments[0])[0], "[]"
    if origin is dict and arguments:
        return _inner(arguments[1])[0], ".<name>"
    return None, ""


def settings(kind: type[BaseModel] = Settings, under: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield key, default and description of every setting, nested keys below their group."""
    for name, field in kind.model_fields.items():
        key = f"{under}{field.alias or name}"
        inner, how = _inner(field.annotation)
        if inner is Traffic and under:
            yield f"`{key}`", "", "how calls are made up: the keys in docs/traffic.md"
        elif inner is None or how == "[]":
            default = "now" if key.endswith("clock.start") else _default(field)
            yield f"`{key}`", f"`{default}`", field.description or ""
        else:
            if inner is model.Pbx:
                yield f"`{key}{how}.count`", "", model.Many.model_fields["count"].description or ""
            yield from settings(inner, f"{key}{how}.")


def parameters() -> Iterator[tuple[str, str, str, str]]:
    """Yield the device's API parameters: its name for them, ours, the default, what they mean."""
    for name, field in model.Api.model_fields.items():
        yield PARAMETERS[name], f"`api.{name}`", f"`{_default(field)}`", field.description or ""


def formats() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the generations with what each format shows of them."""
    for generation in GENERATIONS.values():
        grouped = "one entry a session" if generation.grouped else "one entry a row"
        added = generation.columns[{"G1": 0, "G2": 22, "G3": 27}[generation.id]]
        yield generation.id, str(len(generation.columns)), f"`{generation.json_root}`", grouped, f"from `{added}` on"


def content_types() -> Iterator[tuple[str, str]]:
    for form in Format:
        yield f"`{form.name.lower()}`", f"`{form.value}`"


def objects(rows: Iterable[dict[str, Any]], *keys: str) -> Iterator[list[str]]:
    for row in rows:
        values = [row[key] for key in keys]
        yield [f"`{values[0]}`", *(", ".join(value) if isinstance(value, list) else str(value) for value in values[1:])]


def upright(rows: Iterable[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return header and lines of a table with a column for each of *rows*."""
    found = list(rows)
    (_, *names), cells = found[0], list(objects(found, *found[0]))
    lines = [[name, *(f"`{row[at]}`" if row[at] else "" for row in cells)] for at, name in enumerate(names, 1)]
    return ["", *(row[0] for row in cells)], lines


def counts() -> Iterator[tuple[str, int, str, int]]:
    """Yield how many rows of the register have each confidence."""
    for confidence in CONFIDENCES:
        rows = [row for row in QUIRKS if row.confidence == confidence]
        yield confidence, len(rows), f"{len(rows) / len(QUIRKS):.0%}", sum(row.switchable for row in rows)
    yield "all", len(QUIRKS), "100%", sum(row.switchable for row in QUIRKS)


def explained() -> list[list[str]]:
    """Return the quirks that the README explains to who writes a billing client, those of each line of its table."""
    part = README.read_text().partition("These ten matter most")[2].partition("\n## ")[0]
    return [re.findall(r"`([a-z0-9-]+)`", line.split("|")[1]) for line in part.splitlines() if line.startswith("| `")]


def register() -> Iterator[str]:
    """Yield the register, a table a group; a star marks the rows that the README explains."""
    rows = {row["id"]: row for row in catalogue.quirk_rows()}
    starred = {name for names in explained() for name in names}
    keys = ("id", "default", "values", "confidence", "personalities", "source", "statement")
    header = ("quirk", "default", "values", "confidence", "personalities", "source", "behaviour")
    for group, members in GROUPS.items():
        yield f"### {group}\n"
        cells = objects((rows[member.id] for member in members), *keys)
        lines = [
            [f"{name} ★" if member.id in starred else name, *others]
            for member, (name, *others) in zip(members, cells, strict=True)
        ]
        yield table(header, lines) + "\n"


def gallery() -> Iterator[str]:
    """Yield the gallery of defects, a table a class."""
    rows = list(catalogue.defect_rows())
    for group in CLASSES:
        yield f"### {group}\n"
        lines = [
            [
                f"`{row['id']}`{' (slow)' if row['slow'] else ''}",
                row["careful_client"],
                row["manner"],
                row["statement"],
                row["made"],
                row["reference"],
                "; ".join(row["unless"]),
            ]
            for row in rows
            if row["class"] == group
        ]
        header = ("defect", "a careful client", "shown", "what is wrong", "how it is made", "reference", "unless")
        yield table(header, lines) + "\n"


def faults() -> Iterator[str]:
    """Yield the catalogue of faults, a table a plane."""
    rows = list(catalogue.fault_rows())
    for plane, meaning in PLANES.items():
        yield f"### {plane}: {meaning}\n"
        header = ("fault", "fields and units", "takes effect", "what it does")
        lines = objects((row for row in rows if row["plane"] == plane), "id", "fields", "settled", "statement")
        yield table(header, lines) + "\n"


def planes() -> Iterator[list[str]]:
    """Yield the planes with the names of their faults."""
    for plane, meaning in PLANES.items():
        names = [kind.id.partition(".")[2] for kind in KINDS if kind.plane == plane]
        yield [f"`{plane}`", meaning, ", ".join(f"`{name}`" for name in names)]


def classes() -> Iterator[list[object]]:
    """Yield how many defects of each kind a class has."""
    for group, rows in [*CLASSES.items(), ("all", DEFECTS)]:
        cares = [row.careful_client for row in rows]
        manners = [row.manner for row in rows]
        numbers = [cares.count(one) for one in ("refuse", "accept", "policy")]
        yield [group, len(rows), *numbers, manners.count("scripted"), manners.count("unavailable")]


def fixtures() -> Iterator[tuple[str, str, str]]:
    """Yield the fixtures of the plugin, those that are asked for most first, with the first line of what they say."""
    made = [one for one in vars(pytest_plugin).values() if isinstance(one, FixtureFunctionDefinition)]
    for one in sorted(made, key=lambda one: (one._fixture_function_marker.scope != "function", one.name != "ucm")):
        said = inspect.cleandoc(one._get_wrapped_function().__doc__ or "").partition("\n\n")[0]
        yield f"`{one.name}`", str(one._fixture_function_marker.scope), " ".join(said.split()).replace("``", "`")


def plugin_options() -> Iterator[tuple[str, str, str, str]]:
    for option in pytest_options.OPTIONS:
        yield f"`{option.flag} {option.metavar}`", f"`{option.ini}`", f"`{option.variable}`", option.meaning


def scenarios() -> Iterator[list[str]]:
    """Yield the shipped scenarios with what each expects."""
    for one in shipped.every():
        yield [f"`{one.name}`", one.title, " ".join(each.says for each in one.expectations)]


def stories() -> Iterator[str]:
    """Yield the story of each shipped scenario."""
    for one in shipped.every():
        settings = f" It needs a PBX with `{json.dumps(dict(one.pbx))}`." if one.pbx else ""
        expected = [f"- `{each.name}`: {each.says}" for each in one.expectations]
        yield "\n".join(
            [f"### {one.name}\n", f"{one.story}{settings}\n", f"A correct client: {one.correct}\n", *expected, ""]
        )


def keys(kind: type[BaseModel]) -> str:
    """Return the table of the keys of a part of a scenario."""
    rows = [(f"`{name}`", field.description) for name, field in kind.model_fields.items()]
    return table(("key", "is"), rows)


def bounds() -> Iterator[list[str]]:
    """Yield the keys that bound what is expected of exchanges, and of a client that comes back."""
    for part, kind in (
        ("requests", language.Bounds),
        ("in_a_row", language.InARow),
        ("backs_off", language.BacksOff),
        ("came_back", language.CameBack),
    ):
        for name, field in kind.model_fields.items():
            if name not in language.Which.model_fields:
                yield [f"`{part}`", f"`{name}`", field.description or ""]


def headings(text: str) -> list[tuple[int, str]]:
    """Return the level and the words of each heading of the Markdown *text*; what stands in a fence is none."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [(len(level), words) for level, words in re.findall(r"^(#+) (.*)$", plain, re.MULTILINE)]


def anchor(words: str) -> str:
    """Return what a link to the heading of these *words* ends in, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def contents(page: Path) -> str:
    """Return a line for each part of *page*, with what stands in it."""
    lines: list[list[str]] = []
    for level, words in headings(page.read_text()):
        link = f"[{words.replace('`', '')}](#{anchor(words)})"
        if level == 2:
            lines.append([link])
        elif level == 3:
            lines[-1].append(link)
    return "\n".join(f"- {first}{': ' if rest else ''}{', '.join(rest)}" for first, *rest in lines)


TABLES = {
    "contents": lambda: contents(README),
    "control-plane-contents": lambda: contents(CONTROL),
    "parameters": lambda: table(("on the device", "setting", "default", "meaning"), parameters()),
    "formats": lambda: table(("columns", "number", "JSON root", "JSON entries", "adds columns"), formats()),
    "content-types": lambda: table(("`format`", "Content-type"), content_types()),
    "personalities": lambda: table(
        ("id", "alias", "columns", "channels", "Server", "head of Asterisk", "recordings", "confidence"),
        objects(
            catalogue.personality_rows(),
            "id",
            "alias",
            "columns",
            "channel-technology",
            "server",
            "head-order",
            "recording-directory",
            "confidence",
        ),
    ),
    "all-of-personalities": lambda: table(*upright(catalogue.personality_rows())),
    "settings": lambda: table(("key", "default", "meaning"), settings()),
    "traffic": lambda: table(("key", "default", "meaning"), settings(Traffic)),
    "shapes": lambda: table(
        ("shape", "kinds of call", "ends", "confidence", "source", "what happens"),
        ((f"`{one.id}`", ", ".join(one.kinds), one.turns, one.confidence, one.source, one.statement) for one in SHAPES),
    ),
    "faults": lambda: "\n".join(faults()),
    "planes": lambda: table(("plane", "acts on", "faults"), planes()),
    "defects": lambda: "\n".join(gallery()),
    "defect-classes": lambda: table(
        ("class", "defects", "a careful client refuses", "accepts", "by its policy", "scripted", "unavailable"),
        classes(),
    ),
    "marks": lambda: table(
        ("mark", "set when", "what would be right"), objects(catalogue.mark_rows(), "id", "statement", "right")
    ),
    "refusals": lambda: table(
        ("check", "codes"),
        (
            (f"`{check}`", ", ".join(f"`{row['id']}`" for row in catalogue.refusal_rows() if row["check"] == check))
            for check in dict.fromkeys(row["check"] for row in catalogue.refusal_rows())
        ),
    ),
    "fixtures": lambda: table(("fixture", "scope", "is"), fixtures()),
    "plugin-options": lambda: table(("option", "ini", "environment", "is"), plugin_options()),
    "journal-filters": lambda: table(
        ("parameter", "meaning"), ((f"`{name}`", meaning) for name, meaning in inquiry.PARAMETERS.items())
    ),
    "quirk-counts": lambda: table(("confidence", "rows", "share", "of them to switch"), counts()),
    "quirks": lambda: "\n".join(register()),
    "scenarios": lambda: table(("scenario", "what goes wrong", "what a correct client does"), scenarios()),
    "scenario-stories": lambda: "\n".join(stories()),
    "scenario-keys": lambda: keys(language.Scenario),
    "scenario-steps": lambda: keys(language.Step),
    "scenario-after": lambda: keys(language.After),
    "scenario-which": lambda: keys(language.Which),
    "scenario-expectations": lambda: keys(language.Expectation),
    "scenario-bounds": lambda: table(("of", "key", "is"), bounds()),
    "routes": lambda: table(
        ("method", "path", "does"), [(route.method, f"`{route.path}`", route.statement) for route in ROUTES]
    ),
}
"""Each stands in one page between ``<!-- table: name -->`` and ``<!-- end -->``."""


def placed(text: str) -> str:
    """Return the Markdown *text* with every table as it is made from the code."""
    for name, made in TABLES.items():
        pattern = re.compile(rf"(?<=<!-- table: {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda _, made=made: made() + "\n", text, count=1)
    return text


OPENAPI = README.parent / "docs" / "openapi.json"


def openapi() -> str:
    """Return the OpenAPI document of the control plane as it stands in the documentation."""
    return json.dumps(document(ROUTES), indent=1) + "\n"


if __name__ == "__main__":
    OPENAPI.write_text(openapi())
    for page in WITH_TABLES:
        page.write_text(placed(page.read_text()))
