"""The bad days that come with ucmsim: each is played beside the collector, which polls until it is over."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from collector import Collector, Device, DeviceError, Patience
from ucmsim.scenarios import shipped


@pytest.mark.parametrize("name", shipped.names())
def test_a_bad_day(ucm_factory, store, tmp_path, name):
    """Nothing is lost, nothing is kept twice, and the collector is careful all the while."""
    ucm = ucm_factory(**{"history": {"days": 0}, **shipped.found(name).pbx})
    device = Device(ucm.url, ucm.username, ucm.password, ucm.ca, timeout=5)
    collector = Collector(device, store, tmp_path / "recordings", Patience())
    with ucm.play(name, patience=60) as day:
        while day.running:
            with suppress(DeviceError):
                collector.collect()
            day.kept(row["AcctId"] for row in store.rows)
            time.sleep(1)  # a poll a second, also after one that failed
