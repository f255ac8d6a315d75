"""Says what is wrong with settings in sentences: where, what stands there, and what would be right, with no secret in them.

Knows what pydantic finds, how a value was written, and which keys there are; `loading` knows where settings come from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ucmsim.errors import ConfigurationError, Problem, did_you_mean, did_you_mean_or, kind_of, quoted
from ucmsim.register import objection
from ucmsim.secrecy import HIDDEN
from ucmsim.settings import model
from ucmsim.settings.templates import MARK
from ucmsim.settings.yamltree import Path as KeyPath
from ucmsim.settings.yamltree import Tree, dotted

M = TypeVar("M", bound=BaseModel)

_SECRET = ("tls_authentication_password", "token", "password")


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings came from, so that whoever judges them later can name the place.

    *beside* are keys that whoever reads settings of JSON takes for himself.
    """

    file: str = ""
    tree: Tree = field(default_factory=Tree)
    beside: tuple[str, ...] = ()

    def problem(self, path: KeyPath, wrong: str, right: str = "") -> Problem:
        """Return the problem that stands at *path*."""
        return Problem(dotted(path), wrong, right, self.file, self.tree.line(path) if self.file else 0)


def validated(kind: type[M], value: Any, source: Source, base: Path) -> M:
    """Return the *kind* that *value* is, files relative to *base*; raises `ConfigurationError` with lines of the *source*."""
    try:
        return kind.model_validate(value, context={"base": base})
    except ValidationError as error:
        details = error.errors(include_url=False)
    raise ConfigurationError(problem for detail in details for problem in problems_of(kind, detail, source))


def problems_of(kind: type[BaseModel], detail: ErrorDetails, source: Source) -> Iterable[Problem]:
    """Yield what *detail*, which pydantic found in a value of *kind*, is to a person."""
    path = tuple(part for part in detail["loc"] if part != "[key]")
    context = detail.get("ctx", {})
    match detail["type"]:
        case "ucmsim":
            yield source.problem(path, context["what"], context["right"])
        case "ucmsim_quirks":
            for name in context["names"]:
                written = source.tree.written.get((*path, name))
                if said := objection(name, detail["input"][name], written):
                    yield source.problem((*path, name), *said)
        case "extra_forbidden":
            yield source.problem(path, *_unknown_key(kind, path, source.beside))
        case "missing":
            yield source.problem(path[:-1], f"the key '{path[-1]}' is missing", "it must be given")
        case "string_type" | "literal_error" if isinstance(detail["input"], bool | int | float):
            yield source.problem(path, *_not_text(detail["input"], _written(path, detail, source)))
        case "int_type" | "float_type" | "bool_type" as kind_due if _spelt(kind_due, detail["input"]):
            due = _DUE[kind_due].partition(",")[0]
            yield source.problem(
                path, f"'{detail['input']}' is text, and {due}", f"remove the quotes: {detail['input']}"
            )
        case "literal_error" if isinstance(detail["input"], str):
            words = re.findall("'([^']*)'", context["expected"])
            yield source.problem(
                path, _shown(detail["input"], None), did_you_mean_or(due_of(detail), detail["input"], words)
            )
        case _:
            yield source.problem(path, _shown(detail["input"], _written(path, detail, source)), due_of(detail))


def _written(path: KeyPath, detail: ErrorDetails, source: Source) -> str | None:
    """Return how the value at *path* was written, but no password or token."""
    if path and path[-1] in _SECRET and isinstance(detail["input"], str | int | float):
        return HIDDEN
    return source.tree.written.get(path)


def discreet(problem: Problem, written: Mapping[KeyPath, str]) -> Problem:
    """Return *problem* without the password or token that it may quote."""
    if not any(path[-1:] and path[-1] in _SECRET and dotted(path) == problem.key for path in written):
        return problem
    return replace(problem, wrong="YAML does not read what stands here as text", right="quote it")


def in_digits(problem: Problem, written: Mapping[KeyPath, str]) -> Problem:
    """Return *problem* with other advice than quotes where a number is due."""
    if not problem.right.startswith("quote it"):
        return problem
    path = next((path for path in written if dotted(path) == problem.key), ())
    if not path or not _takes_number(path):
        return problem
    plain = _ZEROS.fullmatch(written[path])
    return replace(problem, right=f"write {int(plain[1])}" if plain else "write it in decimal digits alone")


_ZEROS = re.compile(r"\+?0*([0-9]{1,18})")


def _takes_number(path: KeyPath) -> bool:
    """Return whether a number, and no text of one's own, may stand at *path*."""
    schema = _schema(model.Settings)
    here = _schema_at(schema, path)
    kinds = {option.get("type") for option in (here, *here.get("anyOf", ()))}
    return bool(kinds & {"integer", "number"}) and "string" not in kinds


def _unknown_key(kind: type[BaseModel], path: KeyPath, beside: tuple[str, ...]) -> tuple[str, str]:
    key = str(path[-1])
    if key == "<<":
        return "merge keys are not supported", "write the keys out"
    if key == "count" and kind is model.Settings and len(path) == 3:
        return "'count' is of templates, and this is one PBX", f"a template has {MARK} in its name: {path[1]}-{MARK}"
    if key == "count" and kind is model.Pbx and len(path) == 1:
        return "'count' is of templates, which stand in sim.yaml", "create each PBX by a name of its own"
    known = _keys_at(kind, path[:-1])
    if not path[:-1]:
        known |= {*beside}
    right = _elsewhere(kind, path) or did_you_mean(key, known) or f"the keys are {', '.join(sorted(known))}"
    return f"there is no key '{key}' here", right


def _elsewhere(kind: type[BaseModel], path: KeyPath) -> str:
    """Return what is said of a key that stands further up, "" if it does not: an indentation may be one too many."""
    *folders, key = path
    for depth in range(len(folders) - 1, -1, -1):
        if key in _keys_at(kind, tuple(folders[:depth])):
            return f"it stands in {dotted(tuple(folders[:depth]))}" if depth else "it stands at the top, beside 'pbxs'"
    if kind is model.Pbx and key in model.Settings.model_fields:
        return "it stands at the top of sim.yaml, and holds for every PBX"
    return ""


def _keys_at(kind: type[BaseModel], path: KeyPath) -> set[str]:
    """Return the keys that the model reached from *kind* by *path* knows."""
    schema = _schema(kind)
    return set(_resolved(schema, _schema_at(schema, path)).get("properties", {}))


def _schema_at(schema: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    """Return the part of *schema* that is about what stands at *path*."""
    here = schema
    for part in path:
        here = _resolved(schema, here)
        if isinstance(part, int):
            here = here.get("items", {})
        else:
            named = [one for how, one in here.get("patternProperties", {}).items() if re.search(how, part)]
            here = here.get("properties", {}).get(part) or next(iter(named), here.get("additionalProperties")) or {}
    return here


@lru_cache
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of one of three models: 40 ms of work that every wrong key of a file asks for, always with the same result."""
    return kind.model_json_schema()


def _resolved(schema: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    for option in (here, *here.get("anyOf", ()), *here.get("allOf", ())):
        if "$ref" in option:
            found: dict[str, Any] = schema["$defs"][option["$ref"].rpartition("/")[2]]
            return found
    return here


_SPELT = MappingProxyType(
    {
        "int_type": re.compile(r"0|-?[1-9][0-9]*"),
        "float_type": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"),
        "bool_type": re.compile("true|false"),
    }
)


def _spelt(due: str, value: object) -> bool:
    """Return whether *value* is a text that would be right without its quotes, where *due* is missed."""
    return isinstance(value, str) and _SPELT[due].fullmatch(value) is not None


def _not_text(value: float, written: str | None) -> tuple[str, str]:
    if written == HIDDEN:
        return "text is due, and YAML does not read what stands here as text", "quote it"
    kind, plain = ("truth value", str(value).lower()) if isinstance(value, bool) else ("number", str(value))
    if written is None:
        return f"text is due, and {plain} is a {kind}", f'quote it: "{plain}"'
    seen = f"a {kind}" if written == plain else f"the {kind} {plain}"
    return f"text is due, and YAML reads {written} as {seen}", f'quote it: "{written}"'


def _shown(value: object, written: str | None) -> str:
    if not value and isinstance(value, dict | list | None):
        return "there is nothing here"
    if not isinstance(value, str | int | float):  # how it was written may be a secret
        return f"{kind_of(value)} cannot stand here"
    if isinstance(value, str) and written != HIDDEN:
        return f"{quoted(value)} cannot stand here"
    plain = str(value).lower() if isinstance(value, bool) else value
    return f"{plain if written is None else written} cannot stand here"


_DUE = MappingProxyType(
    {
        "string_type": "text is due",
        "bool_type": "true or false is due, without quotes",
        "int_type": "a whole number is due",
        "int_from_float": "a whole number is due",
        "float_type": "a number is due",
        "finite_number": "a finite number is due",
        "dict_type": "a mapping is due",
        "model_type": "a mapping of keys is due",
        "tuple_type": "a list in brackets is due, [] for an empty one",
        "list_type": "a list in brackets is due, [] for an empty one",
        "mapping_type": "a mapping is due",
        "is_instance_of": "a mapping is due",
    }
)


_BOUNDS = MappingProxyType(
    {
        "greater_than_equal": ("ge", "{} or more"),
        "less_than_equal": ("le", "{} or less"),
        "greater_than": ("gt", "above {}"),
        "less_than": ("lt", "below {}"),
    }
)
FORMS = MappingProxyType(
    {
        r"^/": "a path begins with '/', such as /cdrapi",
        r"^[a-z0-9][a-z0-9._-]*$": "a name has lower-case letters, digits, dots, hyphens and underscores",
        r"^[A-Za-z_][A-Za-z0-9_]*$": "a name has letters, digits and underscores, and does not begin with a digit",
        r"^[A-Za-z0-9-]+$": "a name has letters, digits and hyphens",
        r"^[A-Za-z0-9._:-]+$": "a name has letters, digits, dots, underscores, colons and hyphens",
        r"^[^\r\n\x00]*$": "a text of one line is due",
        r"^[^\x00-\x1f\x7f]+$": "a text without control characters is due",
        r"^[^<>&\"\\\x00-\x1f]*$": 'a text without control characters and without any of < > & " \\ is due',
        r"^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time of day is due, from "00:00" to "23:59"',
    }
)
"""What is said of a text that has not the form that one of these patterns has."""

_OF_TEXTS = ("permitted_ips", "tls_names", "names")
"""Lists of texts, of which one is easily written as a text alone."""


def due_of(detail: ErrorDetails) -> str:
    """Return the half sentence that says what would have been right where *detail* found something else."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case bounded if bounded in _BOUNDS:
            bound, said = _BOUNDS[bounded]
            return f"it must be {said.format(_round(context[bound]))}"
        case "literal_error":
            return f"it must be {context['expected'].replace(chr(39), '').replace('True', 'true').replace('False', 'false')}"
        case "string_too_short":
            return f"it must have {context['min_length']} character{'' if context['min_length'] == 1 else 's'} or more"
        case "string_pattern_mismatch":
            return FORMS.get(context["pattern"], detail["msg"])
        case "too_short":
            what = "characters" if isinstance(detail["input"], str) else "entries"
            return f"{context['min_length']} or more {what} are due"
        case "too_long":
            return f"{context['max_length']} characters at most are due"
        case "tuple_type" if isinstance(detail["input"], str) and detail["loc"][-1:] and detail["loc"][-1] in _OF_TEXTS:
            return f"a list in brackets is due: {json.dumps([detail['input']], ensure_ascii=False)}"
        case other:
            return _DUE.get(other, detail["msg"])


def _round(bound: float) -> float:
    """Return *bound* as people write it: 1, not 1.0."""
    return int(bound) if bound == int(bound) else bound
