"""Faults: how they are written, when they act, and that they leave alone what they are not about. Design 4.5."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import ACCOUNT, BEGAN, CLIENT, DEFECTS, STRANGER, Client, at, digest, make_pbx, request
from ucmsim import configuration
from ucmsim.errors import ConfigurationError
from ucmsim.faults import Admission, Arming, FaultRefused, Handshake, Moment, arming
from ucmsim.pbx import Pbx
from ucmsim.reply import Reply, Wait
from ucmsim.streams import stream

LATENCY = {"fault": "http.latency", "seconds": 3.0}
DENY = {"fault": "api.deny"}
DROP = {"fault": "api.deny", "how": "drop"}
EXPIRED = {"fault": "tls.certificate", "defect": "expired"}


def armed(*faults: dict[str, Any], **changes: Any) -> Pbx:
    """Return a PBX with *faults* armed from the start."""
    return make_pbx(faults=list(faults), **changes)


def arm(spec: dict[str, Any], *taken: str) -> Arming:
    """Return what *spec* arms where the names *taken* are in use."""
    return arming(spec, defects=DEFECTS, taken=taken)


def refused(spec: dict[str, Any], *taken: str) -> dict[str, str]:
    """Return every objection to *spec*: the dotted path, and the sentence."""
    with pytest.raises(FaultRefused) as caught:
        arm(spec, *taken)
    return {".".join(map(str, said.path)): f"{said.wrong}; {said.right}" for said in caught.value.said}


def is_slow(reply: Reply) -> bool:
    """Whether *reply* waits before its head."""
    return isinstance(reply.steps[0], Wait)


def slow_ones(pbx: Pbx, count: int, target: str = "/cdrapi", **more: str) -> list[int]:
    """Return which of *count* requests, from 1, are slow."""
    return [number for number in range(1, count + 1) if is_slow(pbx.answer(request(target, **more), at()))]


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


# When a fault acts


def test_a_fault_without_conditions_always_acts():
    """Armed without more, it acts on every request, and its reply names it."""
    pbx = armed({**LATENCY, "name": "slow"})
    assert slow_ones(pbx, 3) == [1, 2, 3]
    assert pbx.answer(request("/cdrapi"), at()).faults == ("slow",)


def test_nth_counts_from_1():
    """The first request is number 1."""
    assert slow_ones(armed({**LATENCY, "when": {"nth": [1, 3]}}), 4) == [1, 3]


def test_nth_counts_since_arming():
    """What came before the fault was armed does not count."""
    pbx = armed()
    slow_ones(pbx, 2)
    pbx.faults.arm({**LATENCY, "when": {"nth": [1]}}, BEGAN)
    assert slow_ones(pbx, 2) == [1]


def test_nth_counts_what_matched_the_other_conditions():
    """Other paths, and other peers, do not count."""
    pbx = armed({**LATENCY, "when": {"nth": [2], "path": "/cdrapi", "client": "127.0.0.2"}})
    asked = [("/cdrapi", "127.0.0.2"), ("/other", "127.0.0.2"), ("/cdrapi", CLIENT), ("/cdrapi", "127.0.0.2")]
    assert [is_slow(pbx.answer(request(target, peer=peer), at())) for target, peer in asked] == [False] * 3 + [True]


def test_nth_of_a_denial_counts_the_peers_it_is_about():
    """The address of api.deny is one of the conditions that are counted."""
    pbx = armed({**DENY, "address": "127.0.0.2", "when": {"nth": [2]}})
    peers = [CLIENT, "127.0.0.2", CLIENT, "127.0.0.2", "127.0.0.2"]
    assert [pbx.answer(request("/cdrapi", peer=peer), at()).status for peer in peers] == [200, 200, 200, 403, 200]


def test_times_is_how_often_it_acts():
    """After so many times the fault stays armed and does nothing."""
    pbx = armed({**LATENCY, "name": "slow", "times": 2})
    assert slow_ones(pbx, 5) == [1, 2]
    one = pbx.faults.armed["slow"]
    assert (one.matched, one.fired) == (5, 2)


def test_times_counts_what_acted_not_what_matched():
    """Requests that nth passes over use nothing up."""
    assert slow_ones(armed({**LATENCY, "times": 2, "when": {"nth": [2, 4, 6]}}), 8) == [2, 4]


def test_faults_act_side_by_side():
    """Several faults act on one reply, are named in the order of arming, and count apart."""
    pbx = armed({**LATENCY, "name": "all"}, {**LATENCY, "seconds": 1.0, "name": "one", "when": {"nth": [2]}})
    found = [pbx.answer(request("/cdrapi"), at()) for _ in range(2)]
    assert [reply.faults for reply in found] == [("all",), ("all", "one")]
    assert {step.seconds for step in found[1].steps if isinstance(step, Wait)} == {1.0, 3.0}


# Chance


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_chance_draws_from_the_faults_own_stream(seed):
    """A chance is drawn from the stream that seed, PBX and fault name spell, one draw a match."""
    drawn = stream(seed, "hq", "fault", "slow")
    expected = [number for number in range(1, 9) if drawn.random() < 0.4]
    assert slow_ones(armed({**LATENCY, "name": "slow", "chance": 0.4}, seed=seed), 8) == expected


def test_another_fault_does_not_shift_the_draws():
    """Arming one more fault with a chance, before or after, leaves the first one's draws alone."""
    mine, other = {**LATENCY, "name": "slow", "chance": 0.5}, {**DENY, "address": STRANGER, "chance": 0.5}
    denying = {**LATENCY, "seconds": 0.0, "name": "other", "chance": 0.5}
    alone = fired(armed(mine))
    assert 0 < len(alone) < 32
    assert fired(armed(mine, denying)) == fired(armed(denying, mine)) == fired(armed(other, mine)) == alone


def fired(pbx: Pbx, name: str = "slow", count: int = 32) -> list[int]:
    """Return on which of *count* requests the fault called *name* acts."""
    return [number for number in range(count) if name in pbx.answer(request("/cdrapi"), at()).faults]


def test_the_draws_follow_seed_pbx_and_name():
    """The same seed draws the same, another seed, PBX or fault name something else."""
    slow = {**LATENCY, "name": "slow", "chance": 0.5}
    first = fired(armed(slow))
    assert fired(armed(slow)) == first
    assert fired(armed(slow, seed=43)) != first
    assert fired(armed(slow, name="branch")) != first
    assert fired(armed({**slow, "name": "late"}), "late") != first


def test_what_a_fault_draws_for_itself_follows_the_seed():
    """Waits, orders and bytes: the same for the same seed, others for another one, and others for each match."""
    found = []
    for seed in (42, 42, 43):
        pbx = armed(
            {**LATENCY, "spread": "normal"}, {"fault": "data.reorder"}, {"fault": "tls.garbage", "bytes": 64}, seed=seed,
        )  # fmt: skip
        replies = [pbx.answer(request("/cdrapi"), at()) for _ in range(8)]
        found.append(([reply.steps for reply in replies], [pbx.handshake(CLIENT, BEGAN).answer for _ in range(2)]))
        assert len({reply.steps[0] for reply in replies}) == 8
        assert len({reply.body for reply in replies}) > 1
    (waits, bytes_), again, (other_waits, other_bytes) = found
    assert (waits, bytes_) == again
    assert [steps[0] for steps in waits] != [steps[0] for steps in other_waits]
    assert [steps[2:] for steps in waits] != [steps[2:] for steps in other_waits]
    assert len({*bytes_, *other_bytes}) == 4


@pytest.mark.parametrize(("chance", "acts"), [(0, []), (1, [1, 2, 3]), (0.0, []), (1.0, [1, 2, 3])])
def test_the_ends_of_chance_are_never_and_always(chance, acts):
    """0 never acts, 1 always does."""
    assert slow_ones(armed({**LATENCY, "chance": chance}), 3) == acts


def test_chance_is_drawn_for_what_matches_only():
    """Requests that other conditions pass over draw nothing."""
    slow = {**LATENCY, "name": "slow", "chance": 0.5, "when": {"path": "/cdrapi"}}
    pbx, undisturbed = armed(slow), armed(slow)
    acted = []
    for number in range(32):
        pbx.answer(request("/other"), at())
        if is_slow(pbx.answer(request("/cdrapi"), at())):
            acted.append(number)
    assert acted == fired(undisturbed)


# Whom and what it is about


@pytest.mark.parametrize(
    ("entry", "peer", "acts"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.0/8", "127.9.9.9", True),
        ("127.0.0.0/255.0.0.0", "127.9.9.9", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8", "128.0.0.1", False),
        ("!127.0.0.1", "127.0.0.1", False),
        ("!127.0.0.1", "127.0.0.2", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_a_client_is_an_address_entry(entry, peer, acts):
    """The condition client, and the address of a denial, cover peers as Permitted IPs do."""
    everybody = {"permitted_ips": ["0.0.0.0/0", "::/0"]}
    slow = armed({**LATENCY, "when": {"client": entry}}, api=everybody).answer(request("/cdrapi", peer=peer), at())
    denied = armed({**DENY, "address": entry}, api=everybody).answer(request("/cdrapi", peer=peer), at())
    assert is_slow(slow) is acts
    assert denied.status == (403 if acts else 200)


@pytest.mark.parametrize("written", ["/cdrapi", "/CDRAPI", "/cdrapi/", "/CdrApi/"])
@pytest.mark.parametrize("target", ["/cdrapi", "/CDRAPI/", "/cdrapi?format=json", "/%63drapi"])
def test_a_path_matches_as_the_device_compares_paths(written, target):
    """Letter case does not matter, nor one slash at the end, on either side; the query is no part of it."""
    assert slow_ones(armed({**LATENCY, "when": {"path": written}}), 1, target) == [1]


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("/cdrapi", "/cdrapi/x"),
        ("/cdrapi", "/cdr"),
        ("/cdrapi", "/cdrapi//"),
        ("/cdrapi", "cdrapi"),
        ("/cdr", "/cdrapi"),
        ("/x", "/cdrapi"),
        ("/", "*"),
        ("/", "cdrapi"),
    ],
)
def test_another_path_does_not_match(written, target):
    """Neither longer nor shorter paths match, nor what does not begin with a slash."""
    assert slow_ones(armed({**LATENCY, "when": {"path": written}}), 1, target) == []


def test_a_path_that_is_not_found_can_be_slow():
    """A path needs no handler to be matched."""
    assert slow_ones(armed({**LATENCY, "when": {"path": "/nowhere"}}), 1, "/nowhere") == [1]


# The Digest challenge is neither matched nor counted


def test_the_challenge_is_not_delayed():
    """Latency acts on the exchange with the credentials, not on the one that asks for them."""
    client = Client(armed(LATENCY, api=ACCOUNT))
    assert not is_slow(client.challenged())
    assert is_slow(client.ask())


def test_the_challenge_is_not_counted():
    """A client that is challenged each time has its second page delayed by nth 2."""
    pbx = armed({**LATENCY, "name": "slow", "when": {"nth": [2]}}, api=ACCOUNT)
    client = Client(pbx)
    assert [is_slow(client.ask()) for _ in range(3)] == [False, True, False]
    one = pbx.faults.armed["slow"]
    assert (one.matched, one.fired) == (3, 1)


def test_the_challenge_uses_no_times_up():
    """times: 1 is left for the page."""
    client = Client(armed({**LATENCY, "times": 1}, api=ACCOUNT))
    assert [is_slow(client.ask()) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("account", [{"user": "nobody"}, {"password": "wrong"}])
def test_a_challenge_after_wrong_credentials_is_not_counted_either(account):
    """Whatever ends in a 401 is none of the fault's exchanges."""
    pbx = armed({**LATENCY, "name": "slow"}, api=ACCOUNT)
    assert not is_slow(Client(pbx, **account).ask())
    assert pbx.faults.armed["slow"].matched == 0


def test_the_second_exchange_is_denied_without_a_challenge():
    """A denial comes before authentication: nth 2 lets one page through and then answers 403 at once."""
    pbx = armed({**DENY, "name": "no", "when": {"nth": [2]}}, api=ACCOUNT)
    client = Client(pbx)
    assert client.challenged().status == 401
    assert client.ask().status == 200
    assert client.challenged().status == 403
    assert [client.challenged().status, client.ask().status] == [401, 200]
    assert (pbx.faults.armed["no"].matched, pbx.faults.armed["no"].fired) == (3, 1)


def test_latency_counts_the_exchange_that_is_denied():
    """A 403 is no challenge: it is delayed and counted."""
    pbx = armed({**DENY, "times": 1}, {**LATENCY, "when": {"nth": [1]}}, api=ACCOUNT)
    assert is_slow(Client(pbx).challenged())


def test_the_challenge_draws_no_chance():
    """Denials by chance fall on the same exchanges whether or not each of them is challenged first."""
    maybe = {**DENY, "name": "maybe", "chance": 0.5}
    challenged = Client(armed(maybe, api=ACCOUNT))
    open_to_all = armed(maybe)
    expected = [open_to_all.answer(request("/cdrapi"), at()).status for _ in range(24)]
    assert {200, 403} == set(expected)
    assert [challenged.ask().status for _ in range(24)] == expected


# Denied at accept


def test_a_drop_is_settled_at_accept():
    """A dropped peer is not served; the reason names the fault."""
    pbx = armed(DROP)
    admission = pbx.admit(CLIENT, 0, BEGAN)
    assert not admission.serve
    assert "api.deny" in admission.why


def test_a_drop_is_no_page():
    """A request that is there all the same is answered as ever, and does not count."""
    pbx = armed({**DROP, "name": "gone", "when": {"nth": [1]}})
    assert pbx.answer(request("/cdrapi"), at()) == make_pbx().answer(request("/cdrapi"), at())
    assert pbx.faults.armed["gone"].matched == 0
    assert not pbx.admit(CLIENT, 0, BEGAN).serve


def test_a_page_is_no_drop():
    """A peer denied by page is admitted."""
    assert armed(DENY).admit(CLIENT, 0, BEGAN) == Admission()


def test_a_drop_counts_connections():
    """With nth and times it counts what was accepted, of the peers it is about."""
    pbx = armed({**DROP, "address": CLIENT, "when": {"nth": [2, 3]}, "times": 1})
    peers = [CLIENT, "127.0.0.2", CLIENT, CLIENT]
    assert [pbx.admit(peer, 0, BEGAN).serve for peer in peers] == [True, True, False, True]


# A bad certificate


def test_a_certificate_fault_shows_its_defect():
    """At the ClientHello the client is shown the certificate with that defect, without tickets."""
    assert armed(EXPIRED).handshake(CLIENT, BEGAN) == Handshake(defect="expired", tickets=False)


def test_without_a_certificate_fault_the_handshake_is_good():
    """The good identity, with tickets; faults of other planes change nothing."""
    assert armed(LATENCY, DENY, DROP).handshake(CLIENT, BEGAN) == Handshake(defect=None, tickets=True)


@pytest.mark.parametrize("terms", [{"when": {"client": STRANGER}}, {"when": {"nth": [9]}}, {"chance": 0.0}])
def test_tickets_are_off_while_a_certificate_fault_is_armed(terms):
    """A resumed session never looks at the certificate, so nobody is given a ticket, shown the defect or not."""
    assert armed({**EXPIRED, **terms}).handshake(CLIENT, BEGAN) == Handshake(defect=None, tickets=False)


def test_tickets_come_back_when_it_is_disarmed():
    """Disarmed, the handshake is as good as ever."""
    pbx = armed({**EXPIRED, "name": "bad", "times": 1})
    assert [pbx.handshake(CLIENT, BEGAN).defect for _ in range(2)] == ["expired", None]
    pbx.faults.disarm("bad")
    assert pbx.handshake(CLIENT, BEGAN) == Handshake()


def test_a_certificate_fault_counts_handshakes():
    """With nth it counts ClientHellos, not requests."""
    pbx = armed({**EXPIRED, "when": {"nth": [2]}})
    pbx.answer(request("/cdrapi"), at())
    assert [pbx.handshake(CLIENT, BEGAN).defect for _ in range(3)] == [None, "expired", None]


def test_the_last_of_two_certificate_faults_wins():
    """Faults are applied in the order of arming."""
    assert armed(EXPIRED, {**EXPIRED, "defect": "wrong-host"}).handshake(CLIENT, BEGAN).defect == "wrong-host"


# What a fault is not about

IDLE = [
    {**LATENCY, "name": "other-path", "when": {"path": "/recapi"}},
    {**LATENCY, "name": "other-client", "when": {"client": "203.0.113.0/24"}},
    {**LATENCY, "name": "other-number", "when": {"nth": [10_000]}},
    {**LATENCY, "name": "no-chance", "chance": 0.0},
    {**DENY, "name": "other-peer", "address": "203.0.113.7"},
    {**DROP, "name": "no-drop"},
    {**EXPIRED, "name": "no-request"},
]
GONE = [{**LATENCY, "name": "gone-1"}, {**DENY, "name": "gone-2"}, {**DENY, "name": "gone-3", "chance": 0.5}]

targets = st.sampled_from(["/cdrapi", "/CDRAPI/", "/nowhere", "/cdrapi?format=json", "/cdrapi?x", "*"]) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), max_size=30
).map("/cdrapi?".__add__)
requests = st.tuples(
    targets,
    st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    st.sampled_from([CLIENT, STRANGER, "::1"]),
    st.sampled_from(["ask", "digest", "close"]),
)


@settings(deadline=None)
@given(asked=st.lists(requests, min_size=1, max_size=6), locked=st.booleans())
def test_a_fault_that_does_not_match_changes_nothing(asked, locked):
    """With faults that were disarmed, or are about something else, every reply is the same value."""
    api = ACCOUNT if locked else {}
    broken, good = armed(*IDLE, *GONE, api=api), make_pbx(api=api)
    for spec in GONE:
        broken.faults.disarm(spec["name"])
    for target, method, peer, how in asked:
        assert answer(broken, target, method, peer, how) == answer(good, target, method, peer, how)


def answer(pbx: Pbx, target: str, method: str, peer: str, how: str) -> list[Reply]:
    """Return the replies to one request, and to one more with credentials if *how* says so."""
    first = pbx.answer(request(target, method, peer=peer, connection="close" if how == "close" else "x"), at())
    if how != "digest" or first.status != 401:
        return [first]
    credentials = digest(first, target, method)
    return [first, pbx.answer(request(target, method, peer=peer, authorization=credentials), at())]


@settings(deadline=None)
@given(asked=requests)
def test_latency_changes_nothing_but_the_wait(asked):
    """Without its first step, a delayed reply is the undelayed one."""
    target, method, peer, _ = asked
    slow = armed(LATENCY).answer(request(target, method, peer=peer), at())
    good = make_pbx().answer(request(target, method, peer=peer), at())
    assert replace(slow, steps=slow.steps[1:], faults=()) == good


def test_moments_know_a_path_once_there_is_a_request():
    """At accept and at the ClientHello there is none."""
    assert [moment for moment in Moment if not moment.knows_path] == [Moment.LISTEN, Moment.ADMIT, Moment.HANDSHAKE]
