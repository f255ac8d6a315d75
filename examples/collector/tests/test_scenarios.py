"""The bad days that come with ucmsim: each is played beside the collector, which polls until it is over."""

from __future__ import annotations

import time

import pytest

from collector import Collector, Device, DeviceError, Patience
from ucmsim.scenarios import shipped


@pytest.mark.parametrize("name", shipped.names())
def test_a_bad_day(ucm_factory, store, tmp_path, name):
    """Nothing is lost, nothing is kept twice, and the collector is careful all the while."""
    ucm = ucm_factory(**{"history": {"days": 0}, **shipped.found(name).pbx})
    device = Device(ucm.url, ucm.username, ucm.password, ucm.ca, timeout=5)
    collector = Collector(device, store, tmp_path / "recordings", Patience())
    pause = 1.0
    with ucm.play(name, patience=60) as day:
        while day.running:
            try:
                collector.collect()
            except DeviceError:
                pause *= 2  # what failed is not asked for again at the same pace
            else:
                pause = 1.0
            day.kept(row["AcctId"] for row in store.rows)
            time.sleep(pause)
