"""Shared by all tests: the fixtures of the project's own plugin are there already; pytester tests the plugin itself."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.appliances import EMPTY, assembled
from tests.controlling import Control
from tests.guide import STANDING
from tests.guideclient import Start
from tests.hostile import unsurprised
from ucmsim.assembling.assembly import Appliance
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.store.history import History

if TYPE_CHECKING:
    from tests.bothclients import Connect
    from tests.devices import Device
    from tests.strangers import Strangers
    from ucmsim.treqclient import TreqControlClient

pytest_plugins = ["pytester"]

# A busy machine is no failure: no test asserts a duration.
settings.register_profile("ucmsim", deadline=None)
settings.load_profile("ucmsim")


def pytest_configure() -> None:
    """Let tests interrupt what they start: a shell's background jobs ignore SIGINT, and SIGHUP under nohup, as do their children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def control(ucm_fleet: UcmFleet) -> Iterator[Control]:
    made = Control(ucm_fleet)
    yield made
    made.clean()


@pytest.fixture(params=["http.client", "treq"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Each of the clients of the control plane, as what is called with a URL and a token."""
    from tests.bothclients import CLIENTS

    return CLIENTS[request.param]


@pytest.fixture
def client(control: Control, connect: Connect) -> TreqControlClient:
    """Each of the clients, of the control plane of the session's fleet."""
    return connect(control.client.url, control.client.token)


@pytest.fixture
def stranger(connect: Connect) -> Iterator[Strangers]:
    """What is no control plane: give what it answers, get each of the clients of it."""
    from tests.strangers import Strangers

    with Strangers(connect) as strangers:
        yield strangers


@pytest.fixture
def hq(control: Control) -> str:
    """The path of a PBX."""
    return f"/v1/pbxs/{control.create().json['name']}"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """One without rows, history.sqlite in the folder of the test."""
    made = History.open(tmp_path / "history.sqlite", durable=False)
    yield made
    made.close()


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    """One without calls, on which nothing happens by itself."""
    with assembled(tmp_path / "state", EMPTY) as made:
        yield made


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    """What connects to PBXs over a TLS that is only a string, and their log."""
    from twisted.logger import capturedLogs  # here, so that tests of the core import no Twisted

    from tests.devices import Device

    with capturedLogs() as events:
        made = Device(tmp_path, events)
        yield made
        made.close()


@pytest.fixture
def start(ucm_fleet: UcmFleet, tmp_path: Path) -> Iterator[Start]:
    """Start PBXs whose history is a CSV text, on the clock of the guide."""
    started: list[Ucm] = []

    def start(rows: str, **others: Any) -> Ucm:
        file = tmp_path / "rows.csv"
        file.write_text(rows)
        started.append(ucm_fleet.start({"clock": STANDING, "history": {"import": str(file)}, **others}))
        return started[-1]

    yield start
    for ucm in started:
        ucm_fleet.stop(ucm)


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def foreseen(ucm_fleet: UcmFleet) -> Iterator[None]:
    """Whatever a test does to the server, it was foreseen."""
    with unsurprised(ucm_fleet):
        yield
