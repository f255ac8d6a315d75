"""Reads what is typed: `key=value` words with dotted keys, and settings from a file. Pure but for the file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import yamltree


def value_of(text: str) -> Any:
    """Return the JSON value that *text* is, or else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


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
        place[last] = value_of(text)
    return found


def settings_of(file: Path | None, words: Iterable[str]) -> dict[str, Any]:
    """Return the settings of a PBX in a YAML *file*, ``-`` for standard input, and over them those that *words* set.

    Raises `ConfigurationError` where it is no YAML, or no mapping.
    """
    found: dict[str, Any] = {}
    if file is not None:
        name = "standard input" if str(file) == "-" else str(file)
        tree, problems = yamltree.parse(_text(file, name), name)
        problems += [
            Problem(yamltree.dotted(path), wrong, right, name, line) for path, line, wrong, right in tree.problems
        ]
        if not problems and not isinstance(tree.value, dict):
            problems = [Problem("", "it is no mapping", "write the settings of one PBX, as under pbxs.<name>", name, 1)]
        if problems:
            raise ConfigurationError(problems)
        found = tree.value
    result: dict[str, Any] = merged(found, nested(words))
    return result


def merged(below: Any, above: Any) -> Any:
    """Return *above* laid over *below*, mapping by mapping."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


def _text(file: Path, name: str) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError([Problem("", f"it cannot be read: {error}", file=name)]) from None
