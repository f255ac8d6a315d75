"""What schemathesis does before some requests: a fault that is to be changed or disarmed is armed, so that it is there.

A change may have made it one that is over at once, and then everything behind it would be 404 and test nothing. Loaded by the
name in SCHEMATHESIS_HOOKS.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import schemathesis

from ucmsim.client import ControlClient, ControlError

FAULT = {"fault": "http.latency", "seconds": 0, "name": "slow"}
OF_A_FAULT = "/v1/pbxs/{pbx}/faults/{name}"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    if case.operation.path == OF_A_FAULT:
        client = ControlClient(os.environ["UCMSIM_CONTROL_URL"], os.environ["UCMSIM_CONTROL_TOKEN"])
        with suppress(ControlError):  # it is armed, or no such PBX is meant
            client.arm_fault(str(case.path_parameters["pbx"]), FAULT)
