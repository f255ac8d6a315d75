"""What a scenario has broken is mended at its end, as far as that can be, and the rest is said."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ucmsim.client import ControlNotFound, ControlTimeout
from ucmsim.scenarios.bridge import Bridge
from ucmsim.scenarios.doing import Doing
from ucmsim.scenarios.language import Step


class Control:
    """A control plane on which three faults can be armed, and that fails where the test says so."""

    def __init__(self, fails: Mapping[str, Exception]) -> None:
        self.asked = list[str]()
        self._fails, self._armed = fails, list[SimpleNamespace]()

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self._fails:
            raise self._fails[what]

    def arm_fault(self, _pbx: str, fault: Mapping[str, Any]) -> SimpleNamespace:
        self._armed.append(SimpleNamespace(id=len(self._armed), name=fault["name"]))
        return self._armed[-1]

    def faults(self, _pbx: str) -> list[SimpleNamespace]:
        self._ask("faults")
        return self._armed

    def disarm_fault(self, _pbx: str, name: str) -> None:
        self._ask(f"disarm {name}")

    def identity(self, _pbx: str) -> SimpleNamespace:
        return SimpleNamespace(again={})

    def show_identity(self, _pbx: str, identity: Mapping[str, str]) -> None:
        self._ask(f"show {identity}")


def undone(fails: Mapping[str, Exception]) -> tuple[list[str], list[str]]:
    """Let a scenario arm three faults and show a defect; return what is asked at its end, and what is said of it."""
    control = Control(fails)
    doing = Doing(cast("Bridge", SimpleNamespace(control=control, name="hq")))
    for name in "abc":
        doing.do(Step.model_validate({"arm": {"fault": "http.latency", "seconds": 1, "name": name}}))
    doing.do(Step.model_validate({"identity": {"defect": "expired"}}))
    control.asked.clear()
    return doing.undo(), control.asked


EVERYTHING = ["faults", "disarm a", "disarm b", "disarm c", "show {}"]
GONE = ControlNotFound(404, "not-found", "gone", None)
LATE = ControlTimeout("no answer within 60 s")


def test_what_was_broken_is_mended() -> None:
    """All of it, and nothing is said."""
    assert undone({}) == ([], EVERYTHING)


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ("disarm b", "PBX hq has the fault 'b' of the day still: no answer within 60 s"),
        ("show {}", "PBX hq shows the certificate of the day still: no answer within 60 s"),
    ],
)
def test_the_rest_is_mended_where_one_thing_cannot_be(fails: str, said: str) -> None:
    """The PBX may be somebody's, who is told what there is to do."""
    assert undone({fails: LATE}) == ([said], EVERYTHING)


def test_the_certificate_is_mended_where_nobody_tells_the_faults() -> None:
    """Then it is not known which there are."""
    said = "PBX hq may have faults of the day still: no answer within 60 s"
    assert undone({"faults": LATE}) == ([said], ["faults", "show {}"])


def test_what_is_gone_needs_no_mending() -> None:
    """A fault whose time is up, or the whole PBX."""
    assert undone(dict.fromkeys(EVERYTHING, GONE)) == ([], ["faults", "show {}"])
    assert undone({"disarm a": GONE}) == ([], EVERYTHING)
