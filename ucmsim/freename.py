"""Makes a PBX whose name may be another's already, as that of a test or a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from ucmsim.client import ControlClient, ControlError
from ucmsim.contract.answers import Pbx


def made(control: ControlClient, wanted: str, settings: Mapping[str, Any]) -> Pbx:
    """Make a PBX with *settings* called *wanted*, with a number behind where there is such a PBX already; return it.

    It is made, and not looked for before: two may want a name at the same time. Raises `ucmsim.client.ControlError`.
    """
    name, numbers = wanted, count(2)
    while True:
        try:
            return control.create_pbx(name, settings)
        except ControlError as error:
            if (error.code, error.field) != ("exists", "name"):
                raise
            name = f"{wanted}-{next(numbers)}"
