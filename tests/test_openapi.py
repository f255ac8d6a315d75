"""The OpenAPI document is valid, and says what the service, its routes, its answers and both clients are."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.controlling import GUIDE, LATENCY, Control, api
from tests.doc_tables import OPENAPI, openapi
from ucmsim.asking import callquery
from ucmsim.client import ControlClient
from ucmsim.contract import answers
from ucmsim.contract.answerschemas import named
from ucmsim.contract.mapped import is_whole, key_of
from ucmsim.contract.methods import ControlMethods
from ucmsim.contract.operations import OPERATIONS, Operation
from ucmsim.control import channel, process
from ucmsim.control.answer import ApiError
from ucmsim.control.openapi import document
from ucmsim.control.routes import ROUTES
from ucmsim.faults import KINDS
from ucmsim.journal import inquiry
from ucmsim.settings import Pbx
from ucmsim.treqclient import TreqControlClient

DOCUMENT = document(ROUTES)
SCHEMAS = DOCUMENT["components"]["schemas"]
TOLD = {
    one["operationId"]: (method.upper(), path, one)
    for path, methods in DOCUMENT["paths"].items()
    for method, one in methods.items()
}
BODIES = {"change_clock": "ClockChange", "show_identity": "NewIdentity", "place_call": "CallWish"}
MORE_METHODS = {
    "place_calls": "a list is placed by the route that places one",
    "journal_page": "a page of what the journal has in all",
    "ledger_page": "a page of what the ledger has in all",
    "follow_journal": "the same route, as server-sent events",
}
"""Methods of the clients that are no route of their own, and why."""


def test_it_is_valid() -> None:
    """It is an OpenAPI 3.1 document, and every schema in it is one."""
    validate(DOCUMENT)
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def test_the_file_is_up_to_date() -> None:
    """`python tests/doc_tables.py` writes it."""
    assert OPENAPI.read_text() == openapi()


def test_a_drifted_file_is_found() -> None:
    """The check can fail: a route more is another document."""
    assert document(ROUTES[1:]) != DOCUMENT


def test_it_is_served(control: Control) -> None:
    """The service tells the document that stands in the documentation."""
    assert control("GET", "/v1/openapi.json").json == json.loads(OPENAPI.read_text()) == control.client.openapi()


def test_every_route_is_in_it() -> None:
    """Each once, with its statement, and nothing that is no route."""
    told = {(method, path): one["summary"] for method, path, one in TOLD.values()}
    assert told == {(route.method, route.path): route.statement for route in ROUTES}
    assert len(TOLD) == len(ROUTES)


@pytest.mark.parametrize("client", [ControlClient, TreqControlClient])
def test_every_operation_is_a_method(client: type) -> None:
    """Of the same name, with the names of the path as its first parameters, then what makes its body or its query."""
    methods = {name: one for name, one in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
    planned = {one.id for one in OPERATIONS} - TOLD.keys() - MORE_METHODS.keys()
    assert methods.keys() == TOLD.keys() | MORE_METHODS.keys() | planned
    for name, (_, _, told) in TOLD.items():
        parameters = list(inspect.signature(methods[name]).parameters.values())[1:]
        placed = [one["name"] for one in told["parameters"] if one["in"] == "path"]
        assert [one.name for one in parameters[: len(placed)]] == placed
        rest = parameters[len(placed) :]
        queried = any(one["in"] == "query" for one in told["parameters"])
        sent = "requestBody" in told and told["requestBody"]["required"]
        assert bool(rest) == (queried or sent)
        assert all(one.kind is one.VAR_KEYWORD for one in rest) == queried or not rest


@pytest.mark.parametrize("method", TOLD)
def test_help_names_all_that_may_be_said(method: str) -> None:
    """The parameters of a query, and the keys of a body that is not all settings; here, or in a method that it names."""
    *_, told = TOLD[method]
    body = SCHEMAS[BODIES[method]] if method in BODIES else {}
    keys = {key for one in (body, *body.get("oneOf", ())) for key in one.get("properties", ())}
    keys |= {one["name"] for one in told.get("parameters", ()) if one["in"] == "query"}
    said = _help(method)
    said += "".join(_help(other) for other in re.findall("`([a-z_]+)`", said) if hasattr(ControlMethods, other))
    assert {key for key in keys if not re.search(rf"\b{key}\b", said)} == set()


def test_help_names_each_status_of_readiness() -> None:
    """Those that the route answers."""
    told = set(re.findall(r'"([a-z]+)"', inspect.getsource(process.readiness))) - {"status", "instance"}
    assert set(re.findall(r"``([a-z]+)``", _help("readiness"))) == told


def _help(method: str) -> str:
    return str(inspect.getdoc(getattr(ControlMethods, method)))


def test_every_operation_has_its_body_where_the_client_sends_one() -> None:
    """And a form of its answer."""
    for one in OPERATIONS:
        if one.id in TOLD:
            told = TOLD[one.id][2]
            assert bool(one.body) == ("requestBody" in told and told["requestBody"]["required"])
            assert one.query == any(parameter["in"] == "query" for parameter in told["parameters"])
            assert str(one.status) in told["responses"]


def _forms(form: Any) -> Iterator[Any]:
    """Yield the dataclasses in *form*, and in what these have."""
    if dataclasses.is_dataclass(get_origin(form) or form):
        yield form
    for inner in get_args(form):
        yield from _forms(inner)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.id in TOLD], ids=lambda one: one.id)
def test_every_answer_has_the_fields_that_clients_read(operation: Operation[Any]) -> None:
    """The properties of its schema are the fields of the dataclass, required where they have no default."""
    for form in _forms(operation.form):
        schema, fields = SCHEMAS[named(form)], dataclasses.fields(get_origin(form) or form)
        assert set(schema["properties"]) == {key_of(field) for field in fields if not is_whole(field)}
        due = {key_of(one) for one in fields if one.default is dataclasses.MISSING and not is_whole(one)}
        assert set(schema["required"]) == due


def test_no_answer_is_left_out() -> None:
    """Every dataclass of the answers is one that some operation answers with."""
    found = {
        get_origin(form) or form
        for one in OPERATIONS
        for top in _forms(one.form)
        for form in _within(top)
    }  # fmt: skip
    made = {getattr(answers, name) for name in answers.__all__ if dataclasses.is_dataclass(getattr(answers, name))}
    assert made <= found


def _within(form: Any) -> Iterator[Any]:
    from ucmsim.contract.mapped import hints_of

    yield form
    for hint in hints_of(form).values():
        for inner in _forms(hint):
            yield from _within(inner)


def response_of(told: dict[str, Any], status: str) -> dict[str, Any]:
    """Return what an operation answers with a *status*, which may be one that all share."""
    found: dict[str, Any] = told["responses"][status]
    name = found.get("$ref", "").removeprefix("#/components/responses/")
    return dict(DOCUMENT["components"]["responses"][name]) if name else found


def test_errors_have_the_one_shape() -> None:
    """Every status of an error refers to it, and whatever needs the token may be refused for it."""
    for name, (_, _, told) in TOLD.items():
        for status in told["responses"]:
            response = response_of(told, status)
            if int(status) >= 400 and response.get("content") and (name, status) != ("readiness", "503"):
                assert response["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        assert ("401" in told["responses"]) == (told.get("security") != [])


def test_what_is_no_request_may_be_refused_everywhere() -> None:
    """With each status that the channel has for it; those of lines that are too long stand in the document once."""
    refusals = {one.status for one in vars(channel).values() if isinstance(one, ApiError)}
    assert refusals == {400, 414, 431}
    for _, _, told in TOLD.values():
        assert {str(status) for status in refusals} <= told["responses"].keys()
        assert all("$ref" in told["responses"][status] for status in ("414", "431"))
    assert len(DOCUMENT["components"]["responses"]) == 2


def test_bodies_are_those_that_are_read() -> None:
    """Every key of the settings, every kind of fault with its fields, and every parameter of a list is in it."""
    assert set(SCHEMAS["Settings"]["properties"]) == set(Pbx.model_json_schema(by_alias=True)["properties"])
    for kind in KINDS:
        assert set(kind.fields) <= set(SCHEMAS[f"fault.{kind.id}"]["properties"])
    queries = {
        name: [one["name"] for one in told["parameters"] if one["in"] == "query"] for name, (_, _, told) in TOLD.items()
    }
    assert queries["calls"] == list(callquery.KEYS)
    assert queries["ledger"] == list(callquery.LEDGER_KEYS)
    assert queries["journal"] == list(inquiry.PARAMETERS)


def conforms(value: Any, name: str) -> None:
    """Assert that *value* is what the component called *name* says."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(value)


def test_answers_conform(control: Control) -> None:
    """What a PBX with rows, faults, calls and a journal answers is as the document says."""
    told = control.create(personality="ucm6510", history=GUIDE, api=api(), faults=[LATENCY]).json
    path = f"/v1/pbxs/{told['name']}"
    conforms(told, "Pbx")
    conforms(control("GET", "/v1/status").json, "Status")
    conforms(control("GET", "/v1/pbxs").json, "PbxPage")
    conforms(control("GET", f"{path}/api").json, "Api")
    conforms(control("GET", f"{path}/identity").json, "Identity")
    conforms(control("GET", f"{path}/faults").json, "FaultPage")
    conforms(control("GET", f"{path}/clock").json, "Clock")
    call = {"shape": "forward-busy", "from": "3125550123", "to": "1002", "target": "1003", "talk": 2}
    conforms(control("POST", f"{path}/calls", call).json, "PlacedCall")
    conforms(control("POST", f"{path}/calls", [call]).json, "PlacedCallPage")
    control("PUT", f"{path}/clock", {"advance": 600})
    conforms(control("GET", f"{path}/calls").json, "CallPage")
    conforms(control("GET", f"{path}/ledger").json, "LedgerCallPage")
    conforms(control("GET", f"{path}/nothing").json, "Error")
