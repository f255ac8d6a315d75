"""The api plane: what a request sees of the PBX, on the wire and in the journal."""

from __future__ import annotations

import pytest

from tests.faultwire import Wire
from tests.makers import BEGAN, CLIENT


@pytest.mark.fault("api.deny")
def test_a_peer_is_denied():
    """By the 403 page without a challenge, or before TLS."""
    denying = Wire({"fault": "api.deny", "times": 1})
    assert [denying.ask().status for _ in range(2)] == [403, 200]
    assert [entry["kinds"] for entry in denying.journal] == [["api.deny"], []]
    assert not Wire({"fault": "api.deny", "how": "drop"}).pbx.admit(CLIENT, 0, BEGAN).serve


def test_deny_for_five_minutes():
    """The recipe: after the time to live everybody is served, and nothing is armed."""
    denying = Wire({"fault": "api.deny", "ttl": 300})
    statuses = []
    for _ in range(3):
        statuses.append(denying.ask().status)
        denying.clock.advance(150)
    assert statuses == [403, 403, 200]
    assert denying.pbx.faults.armed == {}
