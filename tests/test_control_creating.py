"""How the control plane begins a PBX: what it reads for that, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred

from tests.test_running import Machine
from ucmsim.control.answer import ApiError
from ucmsim.control.pbxs import create_pbx, put_pbx
from ucmsim.control.plane import Plane
from ucmsim.service.fleet import Fleet


class Waiting(Fleet):
    """A fleet whose worker does what it is asked when the test lets it."""

    def __init__(self) -> None:
        super().__init__(Machine(), lambda *_: pytest.fail("nothing is assembled here"))
        self.running = 1
        self.asked: list[tuple[Callable[[], Any], Deferred[Any]]] = []

    def work(self, function: Callable[[], Any]) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.asked.append((function, done))
        return done


@pytest.mark.parametrize("way", ["POST", "PUT"])
def test_files_are_looked_at_in_the_worker(tmp_path: Path, way: str) -> None:
    """All of a file that is to be imported is read to judge it, and nobody else is answered while the reactor reads."""
    fleet = Waiting()
    plane = cast("Plane", type("OfFleet", (), {"fleet": fleet})())
    settings = {"history": {"import": str(tmp_path / "rows.csv")}}
    asked = create_pbx(plane, {"name": "hq", **settings}) if way == "POST" else put_pbx(plane, "hq", settings)
    answered = Deferred.fromCoroutine(asked)
    assert not answered.called
    ((function, done),) = fleet.asked
    with pytest.raises(ApiError) as refused:
        function()
    done.errback(refused.value)
    wrong: list[Any] = []
    answered.addErrback(wrong.append)
    (failure,) = wrong
    assert failure.value is refused.value
    assert "there is no file" in str(refused.value)
    fleet.stop_worker()
