"""An appliance at work, from one start to one stop: what goes wrong leaves nothing behind, and is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers import VOICES
from tests.test_listening import Host
from ucmsim.assembly import Appliance, assemble
from ucmsim.errors import BindError
from ucmsim.running import Running
from ucmsim.settings import load_pbx
from ucmsim.statefolder import StateFolder
from ucmsim.worker import Worker

LIVE = {
    "api": {"enable": True, "tls_bind_address": "127.0.0.1:8443", "permitted_ips": ["127.0.0.0/8"]},
    "history": {"days": 0},
    "traffic": {"live": True},
    "journal": {"spill": 1_000_000},
}


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def worker(host: Host) -> Iterator[Worker]:
    made = Worker(host)
    yield made
    made.stop()


@pytest.fixture
def appliance(tmp_path: Path, host: Host) -> Iterator[Appliance]:
    folder = StateFolder.open(tmp_path / "state")
    made = assemble("hq", load_pbx(LIVE, tmp_path), folder, voices=VOICES, seed=1, wall=host.seconds())
    yield made
    made.close()
    folder.close()


def test_busy_port_leaves_nothing_at_work(host: Host, worker: Worker, appliance: Appliance) -> None:
    """A PBX that cannot listen lets no calls happen and writes no journal: its history is closed by whoever made it."""
    host.taken = True
    with pytest.raises(BindError):
        Running(appliance, host, worker).start()

    assert host.getDelayedCalls() == []
