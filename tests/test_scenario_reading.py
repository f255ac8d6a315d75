"""A scenario is read, or everything that is wrong with it is said at once, each with its line and what would be right."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from ucmsim.errors import ConfigurationError
from ucmsim.scenarios import shipped
from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.reading import load, read
from ucmsim.scenarios.remainder import Remainder
from ucmsim.scenarios.rules import Mistake
from ucmsim.scenarios.shipped import NoScenario

FILE = Path("day.yaml")
GOOD = """\
name: day
title: A day
story: Something happens.
correct: It is lived through.
steps:
  - {name: begin, clock: {now: "2026-03-03T15:00:00Z", rate: 0}}
  - arm: {name: slow, fault: http.latency, seconds: 1}
  - place: {name: a, shape: answered, from: "1001", to: "1002"}
expect:
  - {name: nothing-lost, says: Nothing is lost., delivered: a}
"""
MISTAKES = r"""
name: bad-day
title: A bad day
story: x
correct: y
pbx: {personality: ucm6501, time_zone: Europe/Berlin}
steps:
  - {name: one, clock: {now: "2026-03-03T15:00:00Z", rate: 0}}
  - arm: {fault: http.latncy, seconds: 1}
  - place: {name: a, shape: answred, from: 1001, to: "2"}
  - after: {request: {path: /cdrapi, refusal: no-user}}
  - after: {delivered: b}
  - at: 5
    after: {fault: slow}
    wait: 2
    clear: all
  - clock: {advance: 5, step: 3}
  - identity: {defect: expird}
  - api: {permitted_ips: x}
  - {name: one, wait: 1}
  - place: {name: a, shape: answered, from: "1001", to: "1002", count: 0}
  - after: {}
expect:
  - {name: nothing-lost, says: x, delivered: c}
  - {name: nothing-lost, says: x, unmarked: [hammering], verified: true}
  - {name: back, says: x, came_back: {since: two}}
  - {name: few, says: x, requests: {status: 4xx}}
  - {name: none, says: x}
"""
SAID = """\
day.yaml:6: pbx.personality: there is no personality 'ucm6501'; did you mean 'ucm6510'?
day.yaml:9: steps[1].arm.fault: there is no fault 'http.latncy'; did you mean 'http.latency'?
day.yaml:10: steps[2].place[0].from: 'from' is a text, and 1001 is a number; quote it: "1001"
day.yaml:10: steps[2].place[0].shape: there is no shape 'answred'; did you mean 'answered'?
day.yaml:11: steps[3].after.request.refusal: 'no-user' is unknown: no refusal has that code; did you mean 'no-user-set'?
day.yaml:12: steps[4].after.delivered: 'b' is unknown: no call is placed by a step before; there is 'a'
day.yaml:14: steps[5].after: 'after' does not go with 'at'; keep one of the two, or make two steps of it
day.yaml:14: steps[5].after.fault: 'slow' is unknown: no fault is armed by a step before; there is none
day.yaml:15: steps[5].wait: 'wait' does not go with 'clear'; keep one of the two, or make two steps of it
day.yaml:17: steps[6].clock.step: 'step' does not go with 'advance'; keep one of the two; rate and time_zone go with each
day.yaml:18: steps[7].identity.defect: there is no defect 'expird'; did you mean 'expired'?
day.yaml:19: steps[8].api.permitted_ips: 'x' cannot stand here; a list in brackets is due: ["x"]
day.yaml:20: steps[9].name: another step is called 'one'; choose another name
day.yaml:21: steps[10].place[0].name: another call is called 'a'; choose another name
day.yaml:21: steps[10].place[0].count: this is no number of calls; write a whole number from 1 to 5000
day.yaml:22: steps[11].after: what is waited for is missing; give one of request, connection, fault, rows, delivered, fetched, ended
day.yaml:24: expect[0].delivered: 'c' is unknown: no call is placed by a step before; there is 'a'
day.yaml:25: expect[1].name: another expectation is called 'nothing-lost'; choose another name
day.yaml:25: expect[1].unmarked: 'unmarked' does not go with 'verified'; keep one of the two, or make two steps of it
day.yaml:25: expect[1].unmarked[0]: 'hammering' is unknown: no mark has that id
day.yaml:26: expect[2].came_back.since: 'two' is unknown: no step before has that name; there is 'one'
day.yaml:26: expect[2].came_back: this has no bound; give seconds, pbx_seconds or requests
day.yaml:27: expect[3].requests: this is true of any number; give at_least or at_most
day.yaml:28: expect[4]: what is expected is missing; give one of delivered, fetched, kept, verified, unmarked, requests, in_a_row, backs_off, came_back"""


def said(text: str) -> str:
    """Return what is said of the scenario *text*, which must be wrong."""
    with pytest.raises(ConfigurationError) as error:
        load(text, FILE)
    return str(error.value)


def test_every_mistake_is_said_at_once():
    """What joins several keys is judged in the whole file, and each mistake has the line that it stands on."""
    assert said(MISTAKES) == SAID


@pytest.mark.parametrize(
    ("good", "bad", "due"),
    [
        ("name: day", "name: Bad Day", "day.yaml:1: name: 'Bad Day' is no name here; use lower-case letters, digits and hyphens"),
        ("title:", "titel:", "day.yaml:2: titel: there is no key 'titel' here; did you mean 'title'?"),
        ("steps:", "patience: soon\nsteps:", "day.yaml:5: patience: 'soon' cannot stand here; a number is due"),
        ("steps:", "patience: -1\nsteps:", "day.yaml:5: patience: -1 cannot stand here; it must be 0 or more"),
        ("  - arm", "  - at: yesterday\n    arm", "day.yaml:7: steps[1].at: 'yesterday' is not an ISO instant; write seconds"),
        ("  - arm", "  - at: -5\n    arm", "day.yaml:7: steps[1].at: -5 is no time; write seconds from 0 to 86400"),
        ("  - arm", "  - after: {request: {status: 700}}\n    arm", "steps[1].after.request.status: 700 is no status; write"),
        ("  - arm", "  - after: {request: {path: cdrapi}}\n    arm", "path: 'cdrapi' is no path; it begins with /, as /cdrapi"),
        ("seconds: 1", "secnds: 1", "day.yaml:7: steps[1].arm.secnds: http.latency has no field 'secnds'; did you mean"),
        ("rate: 0", "rat: 0", "day.yaml:6: steps[0].clock.rat: there is no key 'rat' here; did you mean 'rate'?"),
        ("expect:\n", "others:\n", "day.yaml:9: others: there is no key 'others' here"),
        ('from: "1001"', "from: 0123", "day.yaml:8: steps[2].place.from: YAML reads 0123 as the number 83; quote it"),
        ("delivered: a}", "verified: true, or_none: true}", "expect[0].or_none: 'or_none' goes with delivered alone; take it away"),
        ('from: "1001"', 'count: 5000, every: 86400, from: "1001"', "day.yaml:8: steps[2].place[0].every: this is too long between so many"),
        ('from: "1001"', 'delay: 5, at: 2026-03-02T14:00:00Z, from: "1001"', "steps[2].place[0].delay: 'delay' does not go with 'at'"),
        ("  - arm", "  - identity: {defect: dsa-key}\n  - arm", "steps[1].identity.defect: the defect 'dsa-key' cannot be shown; no client"),
        ("  - arm", "  - identity: {valid_for: 0}\n  - arm", "steps[1].identity.valid_for: this is no time; give seconds of the PBX clock, 1 to 86400"),
        ("  - arm", "  - identity: {valid_for: 5, defect: expired}\n  - arm", "steps[1].identity.defect: 'defect' does not go with 'valid_for'"),
        ("  - arm", "  - identity: {key: PEM}\n  - arm", "identity.key: there is no key 'key' here; the keys are defect, valid_for; without any"),
        (GOOD, "", "day.yaml:1: it is empty; a scenario has name, title and steps"),
        (GOOD, "a: [", "day.yaml:1: this is not YAML: "),
        ("expect:\n  - {name: nothing-lost, says: Nothing is lost., delivered: a}", "", "expect: nothing is expected; a"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_what_would_be_right(good, bad, due):
    """As of sim.yaml: the file, the line, the key, what is wrong, what would be right."""
    assert good in GOOD
    assert due in said(GOOD.replace(good, bad, 1))


def test_files_of_the_pbx_are_beside_the_scenario(tmp_path):
    """They are looked for there, whoever plays it, wherever; one that there is not is said."""
    rows = tmp_path / "rows.csv"
    rows.write_text((Path(__file__).parent.parent / "fixtures" / "guide-2013.csv").read_text())
    text = GOOD.replace("steps:", "pbx: {history: {import: rows.csv}}\nsteps:")
    assert load(text, tmp_path / "day.yaml").pbx == {"history": {"import": str(rows)}}
    assert "day.yaml:5: pbx.history.import: there is no file 'rows.csv' that can be read" in said(text)


def test_a_fault_is_known_while_it_is_armed():
    """Those of the settings of the PBX too; one that was cleared is none to wait for."""
    pbx = GOOD.replace("steps:", "pbx: {faults: [{name: early, fault: api.deny}]}\nsteps:")
    assert load(pbx.replace("expect:", "  - after: {fault: early}\nexpect:"), FILE).steps[3].after
    cleared = pbx.replace("expect:", "  - clear: early\n  - after: {fault: early}\nexpect:")
    assert "'early' is unknown: no fault is armed by a step before; there is 'slow'" in said(cleared)


def test_the_shipped_scenarios_are_good():
    """Each is called like its file, and tells its story in sentences."""
    for name in shipped.names():
        one = shipped.found(name)
        assert one.name == name
        told = [one.story, one.correct, *(each.says for each in one.expectations)]
        assert [text for text in told if text[-1] not in ".)"] == []


def test_the_schema_takes_what_is_shipped():
    """An editor that knows JSON Schema finds no fault with them, and does with a mistake."""
    schema = Scenario.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in shipped.names():
        with shipped.file(name) as file:
            jsonschema.validate(yaml.safe_load(file.read_text("utf-8")), schema)
    with pytest.raises(jsonschema.ValidationError, match="titel"):
        jsonschema.validate({**_good(), "titel": "x"}, schema)


def _good() -> dict[str, object]:
    found = yaml.safe_load(GOOD)
    assert isinstance(found, dict)
    return found


def test_a_scenario_that_there_is_not_is_refused():
    """By name with the one that may be meant; a file is named with its suffix or a slash."""
    with pytest.raises(NoScenario, match="there is no scenario 'dst-nihgt'; did you mean 'dst-night'"):
        shipped.found("dst-nihgt")
    with pytest.raises(NoScenario, match=r"there are acl-closed, .*; a file has \.yaml at its end"):
        shipped.found("qqq")
    with pytest.raises(ConfigurationError, match=r"none\.yaml: it cannot be read: No such file or directory"):
        shipped.found("none.yaml")


def test_files_of_a_scenario_are_beside_it(tmp_path):
    """But not the guide's records, which come with ucmsim."""
    file = tmp_path / "day.yaml"
    (tmp_path / "rows.csv").write_text((files("ucmsim") / "data" / "guide-2013.csv").read_text())
    for name, found in (("rows.csv", str(tmp_path / "rows.csv")), ("ucmsim:guide-2013.csv", "ucmsim:guide-2013.csv")):
        file.write_text(yaml.safe_dump({**_good(), "pbx": {"history": {"import": name}}}))
        assert read(file).pbx == {"history": {"import": found}}


def test_a_file_that_is_no_text_is_refused(tmp_path):
    """Bytes that are no UTF-8 are named."""
    file = tmp_path / "day.yaml"
    file.write_bytes(b"name: \xff")
    with pytest.raises(ConfigurationError, match="byte 7 is not UTF-8; save the file as UTF-8"):
        read(file)


def test_what_follows_from_what_was_taken_out_is_known_by_its_name():
    """And not by what the sentence says: a name that is gone is unknown to the rest, whatever is said of that."""
    left = Remainder(load(GOOD, FILE), (("steps", 0, "wait"),), frozenset({"noon"}))
    follows, other = (
        Mistake(("expect", 0), "it is not there", "", "noon"),
        Mistake(("expect", 0), "'noon' is unknown here", ""),
    )
    assert [left.is_about(one) for one in (follows, other, other._replace(path=("steps", 0)))] == [False, True, False]


def test_what_has_the_wrong_form_hides_nothing():
    """The rest is judged as if that were not there, and nothing is said that only follows from it."""
    text = """\
name: day
title: 12
story: x
steps:
  - time_of_day: "25:00"
  - arm: {fault: http.latenci, seconds: 1}
  - {name: 7, wait: later}
  - {name: noon, plaec: {name: a, shape: answered, from: "1001", to: "1002"}}
  - x
expect:
  - {name: got, says: It is got., delivered: nobody}
  - {name: also, says: It is got., delivered: a}
  - {name: few, says: It is few., requests: {at_most: many}}
  - {name: back, says: It is back., came_back: {since: noon}}
  - {says: It is right., verified: true, unmarked: [no-qop]}
"""
    with pytest.raises(ConfigurationError) as error:
        load(text, Path("day.yaml"))
    assert [(one.line, one.key) for one in error.value.problems] == [
        (1, ""), (2, "title"), (5, "steps[0].time_of_day"), (6, "steps[1].arm.fault"), (7, "steps[2].name"),
        (7, "steps[2].wait"), (8, "steps[3].plaec"), (9, "steps[4]"), (11, "expect[0].delivered"),
        (13, "expect[2].requests.at_most"), (14, "expect[3].came_back"), (15, "expect[4]"), (15, "expect[4].unmarked"),
    ]  # fmt: skip
