"""What stops meanwhile, a PBX or ucmsim, is no PBX that never was: both clients are told that it may be asked again."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import maybeDeferred

from tests.bothclients import Connect
from tests.test_renewal_failing import rig
from ucmsim.client import ControlNotFound, ControlStopped


@pytest_twisted.ensureDeferred
async def test_a_ucmsim_that_stops_begins_no_pbx(tmp_path: Path, connect: Connect) -> None:
    """Nor does it do anything else that takes time."""
    async with rig(tmp_path) as made:
        client = connect(made.url, made.token)
        await maybeDeferred(made.fleet.stopService)
        with pytest.raises(ControlStopped, match=r"^ucmsim stops, and 'branch' does not begin any more$") as raised:
            await client.create_pbx("branch", {"history": {"days": 0}})
        assert (raised.value.status, raised.value.code, raised.value.field) == (503, "stopped", None)
        with pytest.raises(ControlStopped, match=r"^ucmsim stops, and does nothing more"):
            await client.openapi()


@pytest_twisted.ensureDeferred
async def test_a_pbx_that_was_stopped_meanwhile(tmp_path: Path, connect: Connect) -> None:
    """Is told of as that; where there is none, that is another error still."""
    async with rig(tmp_path) as made:
        client = connect(made.url, made.token)
        await maybeDeferred(made.fleet["hq"].stopService)
        for ask in (client.calls, client.ledger, client.journal):
            with pytest.raises(ControlStopped, match=r"^PBX 'hq' was stopped$"):
                await ask("hq")
        with pytest.raises(ControlNotFound):
            await client.calls("nobody")
