"""`ucmsim show schema`: the JSON Schema of a configuration accepts and refuses what the configuration does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from tests.commands import FIXTURES, KEPT, Command
from ucmsim.cli import main
from ucmsim.quirks import QUIRKS


@pytest.fixture
def ucmsim(tmp_path: Path) -> Command:
    return Command(tmp_path)


class Schema:
    """As much of JSON Schema as the configuration's needs: enough to tell a good document from a bad one."""

    _TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def objections(self, value: Any, schema: dict[str, Any] | None = None, path: str = "") -> Iterator[str]:
        schema = self.document if schema is None else schema
        if "$ref" in schema:
            yield from self.objections(value, self.document["$defs"][schema["$ref"].rpartition("/")[2]], path)
        if "anyOf" in schema and all(list(self.objections(value, one, path)) for one in schema["anyOf"]):
            yield f"{path}: none of the alternatives"
        if "type" in schema and not self._is(schema["type"], value):
            yield f"{path}: {value!r} is no {schema['type']}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{path}: {value!r} is not one of {schema['enum']}"
        if isinstance(value, dict):
            yield from self._members(value, schema, path)
        if isinstance(value, list) and "items" in schema:
            for at, item in enumerate(value):
                yield from self.objections(item, schema["items"], f"{path}[{at}]")

    def _is(self, kind: str, value: Any) -> bool:
        if kind in ("integer", "number"):
            return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
        return isinstance(value, self._TYPES[kind])

    def _members(self, value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from (f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, member in value.items():
            if name in known:
                yield from self.objections(member, known[name], f"{path}.{name}")
            elif others is False:
                yield f"{path}.{name} is unknown"
            elif isinstance(others, dict):
                yield from self.objections(member, others, f"{path}.{name}")


FULL = """
seed: 7
state: ./kept
control: {bind: 127.0.0.1:0, token: null}
pbxs:
  hq:
    personality: ucm6200-1.0.20
    time_zone: Europe/Berlin
    clock: {start: "2026-03-29T00:30:00Z", rate: 2}
    tls_names: [pbx.example.com]
    tls_profile: device
    tls_min: "1.0"
    tls_max: null
    api:
      enable: true
      tls_bind_address: 127.0.0.1
      tls_private_key: null
      tls_cert: null
      tls_authentication_name: cdrapi
      tls_authentication_password: secret
      permitted_ips: [10.0.0.0/8, "!10.1.1.1"]
    extensions: {first: 1000, count: 50}
    trunks: [{name: a, channels: 1}]
    history: {import: calls.csv}
    quirks: {order: desc, session-cap: 3}
    faults: [{fault: http.latency, seconds: 1.5, when: {nth: [1]}}]
"""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(CliRunner().invoke(main, ["show", "schema"]).stdout)


def test_schema_is_one(ucmsim: Command, schema: dict[str, Any]) -> None:
    """The schema says which JSON Schema it is, all its references lead somewhere, and --json changes nothing."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    references = {part.split('"')[0] for part in json.dumps(schema).split('"$ref": "#/$defs/')[1:]}
    assert references <= set(schema["$defs"])
    assert ucmsim.json("show", "schema", "--json") == schema
    assert json.dumps(schema).count('"writeOnly": true') >= 1


@pytest.mark.parametrize("text", [(FIXTURES / "sim.yaml").read_text(), KEPT, FULL, "pbxs: {hq: {}}"])
def test_schema_accepts_good_configurations(schema: dict[str, Any], text: str) -> None:
    """What ucmsim takes the schema takes."""
    assert list(Schema(schema).objections(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "pbxs: 3",
        "pbx: {}",
        "pbxs: {hq: {api: {enabled: true}}}",
        "pbxs: {hq: {api: {enable: 1}}}",
        "pbxs: {hq: {time_zone: 5}}",
        "pbxs: {hq: {personality: ucm9999}}",
        "pbxs: {hq: {tls_profile: old}}",
        "pbxs: {hq: {trunks: [{nam: a}]}}",
        "pbxs: {hq: {quirks: {acl-denail: drop}}}",
        "pbxs: {hq: {quirks: {acl-denial: dropped}}}",
        "pbxs: {hq: {quirks: {session-cap: 1.5}}}",
        "pbxs: {hq: {quirks: {tls-version: '1.2'}}}",
        "pbxs: {hq: {faults: [{fault: http.latensy, seconds: 1}]}}",
        "pbxs: {hq: {faults: [{seconds: 1}]}}",
    ],
)
def test_schema_refuses_bad_configurations(schema: dict[str, Any], text: str) -> None:
    """What ucmsim refuses for its shape an editor can underline."""
    assert list(Schema(schema).objections(yaml.safe_load(text)))


def test_schema_knows_the_quirks(schema: dict[str, Any]) -> None:
    """Each row that can be switched has its words, its lowest number, or that any text will do, and its statement."""
    found = schema["$defs"]["Pbx"]["properties"]["quirks"]["properties"]
    assert set(found) == {row.id for row in QUIRKS if row.switchable}
    for row in (row for row in QUIRKS if row.switchable):
        assert found[row.id]["description"] == row.statement
        for value in (*row.values, row.default, row.number, row.number and row.number - 1, "any text", "", 1.5, True):
            if value is not None:
                valid = jsonschema.Draft202012Validator(found[row.id]).is_valid(value)
                assert valid == row.accepts(value), (row.id, value)


def test_schema_stands_up_to_a_validator(schema: dict[str, Any]) -> None:
    """A real validator finds the schema valid and agrees with it."""
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in ((FIXTURES / "sim.yaml").read_text(), FULL):
        jsonschema.validate(yaml.safe_load(text), schema)
