"""Reads what is typed: `key=value` words with dotted keys, and settings from a file. Pure but for the file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from ucmsim.errors import ConfigurationError, Problem, readable
from ucmsim.overlay import deeply_over

_BRACKETS = re.compile(r"\[[^\[\]]+\]")
TEXTS = (
    "address", "at", "before", "charset", "client", "column", "ending", "error-signature", "format", "header", "high", "how",
    "id", "import", "length", "line", "location", "low", "name", "parameter", "password", "path", "pbx", "personality", "realm",
    "recapi-default-directory", "server", "service", "start", "suite", "tar-type", "time_zone", "tls_authentication_name",
    "tls_authentication_password", "tls_bind_address", "tls_cert", "tls_max", "tls_min", "tls_private_key", "tls_profile",
    "user", "username", "version", "wall", "wav-type", "when.recording", "word",
)  # fmt: skip
"""Keys, with what stands before them where others have the same name, of which the value is a text, and may look like a number."""
LISTS = (
    "permitted_ips", "tls_names", "restarts", "recording.kinds", "traffic.faker_locale",
    "traffic.holidays", "when.shape",
)  # fmt: skip
"""Those of which it is a list of texts, and one is easily written alone."""
NUMBERS = ("when.nth", "when.page", "when.acctid")
"""Those of which it is a list of numbers."""
_FILES = (".yaml", ".yml", ".json")


def value_of(text: str) -> Any:
    """Return the JSON value that *text* is, or else the text itself.

    What is in brackets is a list, also where a shell has taken the quotes: ``[10.0.0.0/8]``.
    """
    try:
        return json.loads(text)
    except ValueError:
        return [value_of(one.strip()) for one in text[1:-1].split(",")] if _BRACKETS.fullmatch(text) else text


def nested(words: Iterable[str]) -> dict[str, Any]:
    """Return the mapping that *words* such as ``when.path=/cdrapi`` make; raises `click.UsageError`."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not all(key.split(".")):
            raise click.UsageError(f"'{word}' is no key=value, such as seconds=3 or when.path=/cdrapi")
        *above, last = key.split(".")
        place = found
        for name in above:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise click.UsageError(f"'{key}' cannot be set, because '{name}' is a value already")
        if last in place:
            raise click.UsageError(f"'{key}' is given twice")
        place[last] = _due(key, text)
    return found


def _due(key: str, text: str) -> Any:
    """Return what *text* means as the value of a dotted *key*: the text itself where one is due, and one for a list of one."""
    value, within = value_of(text), f".{key}"
    if value is None or isinstance(value, dict):
        return value
    if within.endswith(tuple(f".{name}" for name in TEXTS)):
        return value if isinstance(value, str) else text
    if within.endswith(tuple(f".{name}" for name in (*LISTS, *NUMBERS))) and not isinstance(value, list):
        return [value] if isinstance(value, str) or within.endswith(NUMBERS) else [text]
    return value


def settings_of(file: Path | None, words: Iterable[str]) -> dict[str, Any]:
    """Return the settings of a PBX in a YAML *file*, ``-`` for standard input, and over them those that *words* set.

    Raises `ConfigurationError` where it is no YAML, or no mapping.
    """
    words = list(words)
    if stray := next((word for word in words if "=" not in word and word.endswith(_FILES)), None):
        raise click.UsageError(f"'{stray}' is no key=value; a file of settings is named by --file {stray}")
    found: Any = {} if file is None else _read(file, _is_mapping, *_NO_SETTINGS)
    result: dict[str, Any] = deeply_over(found, nested(words))
    return result


def calls_of(file: Path) -> list[dict[str, Any]]:
    """Return the calls in a YAML or JSON *file*, ``-`` for standard input: a list of mappings, or one.

    Raises `ConfigurationError` where it is no YAML, or something else.
    """
    found = _read(file, _is_calls, *_NO_CALLS)
    return [found] if _is_mapping(found) else found


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_calls(value: Any) -> bool:
    return _is_mapping(value) or (isinstance(value, list) and all(map(_is_mapping, value)))


_NO_SETTINGS = "it is no mapping", "write the settings of one PBX, as under pbxs.<name>"
_NO_CALLS = "it is no list of calls", 'write such as \'- {shape: answered, from: "1001", to: "1002"}\', a line a call'


def _read(file: Path, right: Callable[[Any], bool], wrong: str, instead: str) -> Any:
    """Return what stands in a YAML *file*, if it is *right*; raises `ConfigurationError`, with what is *wrong* else."""
    from ucmsim.settings.yamltree import value_in  # with all the settings, which most commands do without

    name = "standard input" if str(file) == "-" else str(file)
    with readable(name, "name a file that is here, or - for standard input"):
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    value = value_in(text, name)
    if not right(value):
        raise ConfigurationError([Problem("", wrong, instead, name, 1)])
    return value
