"""What is typed as ``key=value``: which values are JSON, which are text or a list whatever they look like, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from ucmsim.commands.ctl.words import LISTS, NUMBERS, TEXTS, nested, settings_of

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
        ("tls_max=1.2", {"tls_max": "1.2"}),
        ("personality=6510", {"personality": "6510"}),
        ("quirks.realm=12", {"quirks": {"realm": "12"}}),
        ("tls_names=pbx.example.com", {"tls_names": ["pbx.example.com"]}),
        ("recording.kinds=inbound", {"recording": {"kinds": ["inbound"]}}),
        ("traffic.phones.page=3", {"traffic": {"phones": {"page": 3}}}),
        ("enable=true", {"enable": True}),
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
    """Yield each dotted path in a *schema*, and a type that may stand there; of a list, that of its items too."""
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
        items = schema.get("items") or {}
        of = {items.get("type"), *(one.get("type") for one in items.get("anyOf", ()))} - {None}
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        yield from ((".".join(path), f"array of {'/'.join(sorted(of))}" if one == "array" else one) for one in kinds)
    for key, one in schema.get("properties", {}).items():
        yield from _kinds(one, (*path, key), within)


def test_keys_that_are_text_or_lists_are_those_of_the_bodies() -> None:
    """Each is such in every body that is made of words, and no text, list of texts, or list in ``when``, is left out."""
    found: dict[str, set[str]] = {}
    for path, operations in DOCUMENT["paths"].items():
        for operation in (
            operations.values() if path.endswith(("/pbxs", "/{pbx}", "/api", "/faults", "/{name}")) else ()
        ):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for key, kind in _kinds(content["schema"]):
                    found.setdefault(key, set()).add(kind)

    def of(name: str) -> set[str]:
        return set().union(*(kinds for key, kinds in found.items() if f".{key}".endswith(f".{name}"))) - {"null"}

    def listed(key: str, names: tuple[str, ...]) -> bool:
        return f".{key}".endswith(tuple(f".{name}" for name in names))

    assert {name: of(name) for name in TEXTS} == {name: {"string"} for name in TEXTS}
    assert [key for key, kinds in found.items() if kinds - {"null"} == {"string"} and not listed(key, TEXTS)] == [
        "spread"  # one of two words, and a number elsewhere
    ]
    assert {name: of(name) for name in LISTS} == {name: {"array of string"} for name in LISTS}
    assert {name: of(name) - {"object"} for name in NUMBERS} == {name: {"array of integer"} for name in NUMBERS}
    texts = {key for key, kinds in found.items() if "array of string" in kinds}
    terms = {key for key, kinds in found.items() if key.startswith("when.") and any("array" in kind for kind in kinds)}
    assert [key for key in sorted(texts | terms) if not listed(key, (*LISTS, *NUMBERS))] == []
