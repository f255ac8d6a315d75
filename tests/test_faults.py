"""Faults: how they are written, refused, named and disarmed. Design 4.5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.faulting import DENY, DROP, EXPIRED, LATENCY, arm, armed, refused, slow_ones
from tests.makers import BEGAN, DEFECTS
from ucmsim import configuration
from ucmsim.errors import ConfigurationError
from ucmsim.faults import KINDS, FaultNameTaken, FaultRefused, arming
from ucmsim.faults.terms import Terms
from ucmsim.scenarios.language import Scenario
from ucmsim.settings.objections import FORMS

# How a fault is written


def test_what_is_left_out_has_its_default():
    """No conditions, no limit, certain; the name is made of the kind."""
    assert arm(LATENCY).as_json() == {
        "name": "http-latency",
        "fault": "http.latency",
        "seconds": 3.0,
        "spread": "fixed",
        "deviation": 0.25,
        "before": "head",
        "when": {},
        "times": None,
        "chance": 1.0,
    }


def test_a_denial_is_a_page_for_everybody():
    """The defaults of api.deny are the page, and every peer."""
    assert {"how": "page", "address": None}.items() <= arm(DENY).as_json().items()


def test_the_example_of_the_design_can_be_armed():
    """The JSON form of the contract comes back as it was written."""
    spec = {
        "name": "slow-second-page",
        "fault": "http.latency",
        "seconds": 3.0,
        "when": {"path": "/cdrapi", "nth": [2]},
        "times": 1,
        "chance": 1.0,
    }
    assert spec.items() <= arm(spec).as_json().items()


@pytest.mark.parametrize("seconds", [0, 1, 0.25, 86_400])
def test_seconds_go_from_0_to_a_day(seconds):
    """Whole numbers will do, and both ends are in range."""
    assert arm({**LATENCY, "seconds": seconds}).as_json()["seconds"] == seconds


def test_arming_leaves_the_mapping_alone():
    """What was written is not changed by being read."""
    spec = {**LATENCY, "when": {"nth": [1]}, "name": "x"}
    arm(spec)
    assert spec == {**LATENCY, "when": {"nth": [1]}, "name": "x"}


entries = st.sampled_from(["127.0.0.1", "192.0.2.0/24", "!10.0.0.0/255.0.0.0", "::1", "2001:db8::/32"])
kinds = st.one_of(
    st.fixed_dictionaries({"fault": st.just("http.latency"), "seconds": st.floats(0, 86_400) | st.integers(0, 86_400)}),
    st.fixed_dictionaries({"fault": st.just("tls.certificate"), "defect": st.sampled_from(DEFECTS)}),
    st.fixed_dictionaries(
        {"fault": st.just("api.deny")},
        optional={"how": st.sampled_from(["page", "drop"]), "address": entries | st.none()},
    ),
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "path": st.sampled_from(["/cdrapi", "/CDRAPI/", "/recapi"]),
        "nth": st.lists(st.integers(1, 9), min_size=1),
        "client": entries,
    },
)
terms = st.fixed_dictionaries(
    {},
    optional={
        "name": st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
        "when": conditions,
        "times": st.integers(1, 99) | st.none(),
        "chance": st.floats(0, 1),
    },
)


def without_path(spec: dict[str, Any]) -> dict[str, Any]:
    """Return *spec* without the one condition that not every kind can have."""
    when = {key: value for key, value in spec.get("when", {}).items() if key != "path"}
    return {**spec, "when": when}


@given(kind=kinds, more=terms)
def test_what_is_armed_can_be_written_down_and_armed_again(kind, more):
    """The mapping of an arming, sent through JSON, makes the same arming."""
    spec = {**kind, **more}
    knows_path = spec["fault"] == "http.latency" or (spec["fault"] == "api.deny" and spec.get("how") != "drop")
    once = arm(spec if knows_path else without_path(spec))
    assert arm(json.loads(json.dumps(once.as_json()))) == once


# What cannot be armed


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ({}, "", "the key 'fault' is missing; it names the fault; 'ucmsim show faults' lists them all"),
        ({"falt": "http.latency", "seconds": 2}, "falt", "there is no key 'falt'; did you mean 'fault'?"),
        ({"kind": "http.latency", "when": {}}, "kind", "there is no key 'kind'; did you mean 'fault'?"),
        ({"seconds": 2}, "", "the key 'fault' is missing"),
        ({"fault": 5}, "fault", "5 cannot stand here; the name of a fault is due; 'ucmsim show faults'"),
        ({"fault": None}, "fault", "there is nothing here; the name of a fault is due"),
        ({"fault": "http.latncy"}, "fault", "there is no fault 'http.latncy'; did you mean 'http.latency'?"),
        ({"fault": "latency"}, "fault", "there is no fault 'latency'; did you mean 'tcp.latency' or 'http.latency'?"),
        ({"fault": "x"}, "fault", "there is no fault 'x'; 'ucmsim show faults' lists them all"),
        ({"fault": True}, "fault", "True cannot stand here; the name of a fault is due"),
        ({"fault": ["http.latency"]}, "fault", "a list cannot stand here; the name of a fault is due"),
        ({"fault": "tls.versions", "low": 1.3}, "low", 'text is due, and 1.3 is a number; quote it: "1.3"'),
        ({"fault": "tls.versions", "low": 1}, "low", "text is due, and 1 is a number; it must be 1.0, 1.1, 1.2 or 1.3"),
        ({"fault": "tls.scripted", "version": 1.2}, "version", 'text is due, and 1.2 is a number; quote it: "1.2"'),
        ({**LATENCY, "when": {"user": 1001}}, "when.user", 'text is due, and 1001 is a number; quote it: "1001"'),
        ({**LATENCY, "when": {"user": True}}, "when.user", 'text is due, and true is a truth value; quote it: "true"'),
        (
            {"fault": "http.redirect", "location": "/", "status": 300},
            "status",
            "300 cannot stand here; it must be 301, 302",
        ),
        ({"fault": "tls.alert", "alert": "112"}, "alert", "there is no alert '112'; "),
        ({"fault": "http.truncate", "share": 0.5, "bytes": 3}, "bytes", "'bytes' does not go with 'share'; keep one"),
        ({"fault": "http.truncate", "rows": 5, "bytes": 3}, "rows", "'rows' does not go with 'bytes'; keep one"),
        ({"fault": "http.latency"}, "", "the key 'seconds' is missing"),
        ({"fault": "tls.certificate"}, "", "the key 'defect' is missing"),
        ({**LATENCY, "secnds": 3}, "secnds", "http.latency has no field 'secnds'; did you mean 'seconds'?"),
        ({**LATENCY, "tims": 3}, "tims", "did you mean 'times'?"),
        (
            {**LATENCY, "how": "page"},
            "how",
            "http.latency has no field 'how'; it has seconds, spread, deviation or before",
        ),
        ({**EXPIRED, "defect": "expird"}, "defect", "there is no defect 'expird'; did you mean 'expired'?"),
        ({**EXPIRED, "defect": "x"}, "defect", "there is no defect 'x'; 'ucmsim show defects' lists them all"),
        ({**DENY, "how": "pages"}, "how", "'pages' cannot stand here; it must be page or drop"),
        ({**DENY, "address": "hq"}, "address", "'hq' is no IP address"),
        ({**DENY, "address": "127.0.0.1, 127.0.0.2"}, "address", "is not an address entry"),
        ({**LATENCY, "when": {"pth": "/"}}, "when.pth", "there is no condition 'pth'; did you mean 'path'?"),
        ({**LATENCY, "when": {"x": 1}}, "when.x", "there is no condition 'x'; there is path, nth, client,"),
        ({**LATENCY, "when": {"path": "cdrapi"}}, "when.path", "cannot stand here"),
        ({**LATENCY, "when": {"nth": 2}}, "when.nth", "2 cannot stand here; a list is due, such as [2]"),
        ({**LATENCY, "when": {"nth": "2"}}, "when.nth", "'2' cannot stand here; a list is due, such as [2]"),
        ({**LATENCY, "when": {"shape": "answered"}}, "when.shape", 'a list is due, such as ["answered"]'),
        ({**LATENCY, "when": {"shape": 5}}, "when.shape", '5 cannot stand here; a list is due, such as ["answered"]'),
        (
            {**LATENCY, "when": {"shape": "answerd"}},
            "when.shape",
            "a list is due, and there is no shape 'answerd'; did you mean 'answered'?",
        ),
        ({**LATENCY, "when": {"acctid": {}}}, "when.acctid", "a mapping cannot stand here; a list is due, such as [2]"),
        ({**LATENCY, "when": None}, "when", "there is nothing here; a mapping of keys is due"),
        ({**LATENCY, "when": {"offset": [1, 2]}}, "when.offset", "a list cannot stand here; a mapping of keys is due"),
        ({**LATENCY, "ramp": 0}, "ramp", "0 cannot stand here; it must be above 0"),
        ({**LATENCY, "when": {"client": "127.0.0.1/33"}}, "when.client", "is not between /0 and /32"),
        ({**LATENCY, "name": "Slow Page"}, "name", "cannot stand here"),
        ({**LATENCY, "name": ""}, "name", "cannot stand here"),
        ({**LATENCY, "name": "slow\n"}, "name", "cannot stand here"),
    ],
)
def test_a_fault_that_is_written_wrongly_is_refused(spec, path, said):
    """The objection names the place, what is wrong, and what was probably meant."""
    found = refused(spec)
    assert list(found) == [path]
    assert said in found[path]


def test_a_defect_that_cannot_be_shown_says_why():
    """It is known, and refused with the reason."""
    known = {"expired": "", "dsa-key": "no client offers the ciphers"}
    assert arming(EXPIRED, defects=known).fault.defect == "expired"
    with pytest.raises(FaultRefused) as caught:
        arming({**EXPIRED, "defect": "dsa-key"}, defects=known)
    (said,) = caught.value.said
    assert (said.path, said.wrong, said.right) == (
        ("defect",), "the defect 'dsa-key' cannot be shown", "no client offers the ciphers",
    )  # fmt: skip


NO_NUMBERS = [True, False, "0.5", None, [1], {}]


@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.5, 86_401, float("nan"), float("inf"), 10**400])
def test_seconds_are_a_number_in_range(value):
    """Booleans and texts are no numbers, and neither are nan and infinity."""
    assert list(refused({**LATENCY, "seconds": value})) == ["seconds"]


@pytest.mark.parametrize("value", [True, False, "3", [3], {}, 0, -1, 1.5, 1.0])
def test_times_is_a_whole_number_from_1(value):
    """Booleans, texts and fractions are no limit."""
    assert list(refused({**LATENCY, "times": value})) == ["times"]


@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 1.1, float("nan"), 10**400])
def test_chance_is_a_number_from_0_to_1(value):
    """Booleans and texts are no chance, and neither is what lies outside 0 to 1."""
    assert list(refused({**LATENCY, "chance": value})) == ["chance"]


@pytest.mark.parametrize("value", [2, "2", True, {"2": 3}])
def test_nth_is_a_list(value):
    """One number alone is refused."""
    assert list(refused({**LATENCY, "when": {"nth": value}})) == ["when.nth"]


@pytest.mark.parametrize("value", [True, "2", 0, -1, 1.0, None])
def test_nth_holds_whole_numbers_from_1(value):
    """Each member that is none is named by its place."""
    assert list(refused({**LATENCY, "when": {"nth": [1, value]}})) == ["when.nth.1"]


@pytest.mark.parametrize("value", [None, [], "path", 3, True])
def test_when_is_a_mapping(value):
    """Whatever is no mapping is refused."""
    assert list(refused({**LATENCY, "when": value})) == ["when"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({**EXPIRED, "defect": 5}, "defect"),
        ({**EXPIRED, "defect": True}, "defect"),
        ({**DENY, "how": True}, "how"),
        ({**DENY, "how": None}, "how"),
        ({**DENY, "address": 5}, "address"),
        ({**DENY, "address": False}, "address"),
        ({**LATENCY, "name": 5}, "name"),
        ({**LATENCY, "when": {"path": 5}}, "when.path"),
        ({**LATENCY, "when": {"client": 127}}, "when.client"),
    ],
)
def test_text_is_text(spec, path):
    """Numbers and booleans are not taken for text."""
    assert list(refused(spec)) == [path]


@pytest.mark.parametrize(("spec", "moment"), [(EXPIRED, "at the ClientHello"), (DROP, "at accept")])
def test_a_path_that_cannot_be_known_is_refused(spec, moment):
    """A certificate and a dropped connection are settled before there is a path; the objection says when."""
    found = refused({**spec, "when": {"path": "/cdrapi"}})
    assert list(found) == ["when.path"]
    assert moment in found["when.path"]


def test_a_page_of_denial_may_have_a_path():
    """Denied by page, the path is known."""
    assert arm({**DENY, "when": {"path": "/cdrapi"}}).when.path == "/cdrapi"


def test_a_name_that_is_taken_is_refused():
    """Two faults of one PBX cannot have the same name."""
    assert "'slow' is armed already" in refused({**LATENCY, "name": "slow"}, "slow")["name"]
    with pytest.raises(FaultNameTaken):  # by its name alone
        arming({**LATENCY, "name": "slow"}, defects=(), taken=("slow",))


def test_every_reason_is_named_at_once():
    """The fault's own fields, its terms and its conditions are all judged."""
    spec = {**DENY, "how": "x", "address": "x", "ttl": 0, "times": 0, "chance": 2, "when": {"nth": [0], "client": "x"}}
    found = refused(spec, "slow")
    assert set(found) == {"how", "address", "ttl", "times", "chance", "when.nth.0", "when.client"}


def test_an_unknown_field_does_not_hide_a_wrong_one():
    """A field too many and a field of the wrong type are named together."""
    assert set(refused({**LATENCY, "seconds": "3", "sconds": 3})) == {"seconds", "sconds"}


def test_a_wrong_fault_in_a_configuration_is_named_with_its_line(tmp_path):
    """A configuration says file, line and key of every fault that cannot be armed."""
    file = tmp_path / "sim.yaml"
    file.write_text("pbxs:\n  hq:\n    faults:\n    - {fault: http.latncy}\n    - fault: api.deny\n      tims: 3\n")
    with pytest.raises(ConfigurationError) as caught:
        configuration.read(file)
    assert [(problem.key, problem.line) for problem in caught.value.problems] == [
        ("pbxs.hq.faults[0].fault", 4),
        ("pbxs.hq.faults[1].tims", 6),
    ]


@pytest.mark.parametrize("fault", ["{fault: http.latency, seconds: 1, 5: 6}", "{fault: api.deny, when: {5: 6}}"])
def test_a_key_that_is_no_text_is_an_error_of_the_configuration(tmp_path, fault):
    """A number as a key is an objection with its line, not a failure of ucmsim."""
    file = tmp_path / "sim.yaml"
    file.write_text(f"pbxs:\n  hq:\n    faults:\n    - {fault}\n")
    with pytest.raises(ConfigurationError) as caught:
        configuration.read(file)
    assert {problem.line for problem in caught.value.problems} == {4}


# The book of what is armed


def test_names_are_made_up_without_clashes():
    """Faults without a name get that of their kind, numbered from the second on."""
    book = armed(LATENCY, {**LATENCY, "name": "http-latency-3"}).faults
    names = [book.arm(LATENCY, BEGAN).arming.name for _ in range(3)]
    assert names == ["http-latency-2", "http-latency-4", "http-latency-5"]


def test_a_name_is_free_again_when_its_fault_is_gone():
    """A disarmed fault gives its name back."""
    book = armed({**LATENCY, "name": "slow"}).faults
    book.disarm("slow")
    assert book.arm({**LATENCY, "name": "slow"}, BEGAN).arming.name == "slow"


def test_what_is_not_armed_cannot_be_disarmed():
    """An unknown name is a KeyError."""
    with pytest.raises(KeyError):
        armed().faults.disarm("slow")


def test_a_refused_fault_leaves_the_book_as_it_was():
    """What cannot be armed changes nothing."""
    pbx = armed({**LATENCY, "name": "slow"})
    with pytest.raises(FaultRefused):
        pbx.faults.arm({**LATENCY, "name": "slow"}, BEGAN)
    assert slow_ones(pbx, 2) == [1, 2]


def patterns_of(schema: Any) -> Iterator[str]:
    """Yield every pattern in a JSON schema."""
    if isinstance(schema, dict):
        yield from [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
        schema = schema.values()
    for one in schema if not isinstance(schema, str | int | float | bool | None) else ():
        yield from patterns_of(one)


def test_every_form_of_a_text_has_its_words():
    """Of fields, of terms and of steps: nobody is shown a regular expression."""
    records = [TypeAdapter(kind.record).json_schema() for kind in KINDS]
    found = {
        one
        for schema in (*records, Terms.model_json_schema(), Scenario.model_json_schema())
        for one in patterns_of(schema)
    }
    assert found - {"[a-z0-9][a-z0-9-]*"} == set(FORMS)  # which is of the name of a scenario, whose words are its own


def test_a_key_that_is_meant_is_not_missed_as_well():
    """One mistake is one sentence."""
    with pytest.raises(FaultRefused) as error:
        arming({"fault": "http.latency", "second": 3}, defects=())
    assert [(one.wrong, one.right) for one in error.value.said] == [
        ("http.latency has no field 'second'", "did you mean 'seconds'?")
    ]
    with pytest.raises(FaultRefused) as error:
        arming({"fault": "http.redirect", "location": "\r\nx"}, defects=())
    assert str(error.value) == "location: '\\r\\nx' cannot stand here"
    assert error.value.said[0].right == "a text of one line is due"
