"""What is typed as ``key=value``: which values are JSON, which are text or a list whatever they look like, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from ucmsim.commands.ctl.words import LISTS, TEXTS, nested, settings_of

DOCUMENT = json.loads((Path(__file__).parents[1] / "docs" / "openapi.json").read_text())


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("seconds=3", {"seconds": 3}),
        ("when.path=/cdrapi", {"when": {"path": "/cdrapi"}}),
        ("tls_authentication_password=12345", {"tls_authentication_password": "12345"}),
        ("tls_authentication_password=0123", {"tls_authentication_password": "0123"}),
        ('tls_authentication_password="12345"', {"tls_authentication_password": "12345"}),
        ("api.tls_authentication_password=true", {"api": {"tls_authentication_password": "true"}}),
        ("tls_authentication_name=null", {"tls_authentication_name": None}),
        ("password=[1]", {"password": "[1]"}),
        ("permitted_ips=10.0.0.0/8", {"permitted_ips": ["10.0.0.0/8"]}),
        ("permitted_ips=[10.0.0.0/8,!10.0.0.1]", {"permitted_ips": ["10.0.0.0/8", "!10.0.0.1"]}),
        ("api.permitted_ips=null", {"api": {"permitted_ips": None}}),
        ("when.page=2", {"when": {"page": [2]}}),
        ('when.page={"from":2}', {"when": {"page": {"from": 2}}}),
        ("when.acctid=7", {"when": {"acctid": [7]}}),
        ("when.shape=ivr", {"when": {"shape": ["ivr"]}}),
        ("quirks.acctid=x", {"quirks": {"acctid": "x"}}),
    ],
)
def test_what_a_word_means(word: str, found: dict[str, Any]) -> None:
    """A text that is due is taken as it stands, and one value for a list is a list of one."""
    assert nested([word]) == found


def test_a_file_among_the_words_is_told_where_it_goes() -> None:
    """Who has `put` of HTTP in mind writes it there."""
    with pytest.raises(click.UsageError) as error:
        settings_of(None, ["seed=1", "b2.yaml"])
    assert str(error.value) == "'b2.yaml' is no key=value; a file of settings is named by --file b2.yaml"


def _kinds(
    schema: dict[str, Any], path: tuple[str, ...] = (), within: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """Yield each dotted path in a *schema*, and a type that may stand there."""
    if (reference := schema.get("$ref")) is not None:
        if reference not in within:
            found: Any = DOCUMENT
            for part in reference.removeprefix("#/").split("/"):
                found = found[part]
            yield from _kinds(found, path, (*within, reference))
        return
    for way in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(way, ()):
            yield from _kinds(one, path, within)
    if path and "type" in schema:
        yield ".".join(path), schema["type"]
    for key, one in schema.get("properties", {}).items():
        yield from _kinds(one, (*path, key), within)


def test_keys_that_are_text_or_lists_are_those_of_the_bodies() -> None:
    """Each name is such in every body that is made of words; whatever in ``when`` is a list is one of them."""
    found: dict[str, set[str]] = {}
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values() if "/calls" not in path else ():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for key, kind in _kinds(content["schema"]):
                    found.setdefault(key, set()).add(kind)

    def of(name: str) -> set[str]:
        return set().union(*(kinds for key, kinds in found.items() if f".{key}".endswith(f".{name}")))

    assert {name: of(name) - {"null"} for name in TEXTS} == {name: {"string"} for name in TEXTS}
    assert {name: of(name) - {"null", "object"} for name in LISTS} == {name: {"array"} for name in LISTS}
    terms = {key for key, kinds in found.items() if key.startswith("when.") and "array" in kinds}
    assert terms == {name for name in LISTS if name.startswith("when.")}
