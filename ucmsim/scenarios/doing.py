"""What the steps of a scenario come to on the control plane: a row for each action that is one request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ucmsim.client import ControlError, ControlNotFound
from ucmsim.scenarios.bridge import Bridge
from ucmsim.scenarios.language import EVERY, Step


@dataclass(slots=True)
class Doing:
    """What steps have done to the PBX behind *bridge*, and what of it is to be mended at the end."""

    bridge: Bridge
    _armed: set[int] = field(default_factory=set)
    """The ids of faults: somebody else's may have the same name by then."""
    _before: Mapping[str, str] | None = None
    """What was shown before it was another certificate."""
    _restarts: int = 0

    def do(self, step: Step) -> str | None:
        """Do what *step* does that is one request; return the name of the fault that it armed. Raises `ucmsim.client.ControlError`."""
        if step.arm is not None:
            return self._arm(step.arm)
        if step.restart is not None:
            self._restarts += 1
            return self._arm(step.restart.fault(self._restarts))
        if step.identity is not None and self._before is None:
            self._before = self.bridge.control.identity(self.bridge.name).again
        for key, act in _ACTS.items():
            if (value := getattr(step, key)) is not None:
                act(self.bridge, value)
        return None

    def _arm(self, fault: Mapping[str, Any]) -> str:
        told = self.bridge.control.arm_fault(self.bridge.name, fault)
        self._armed.add(told.id)
        return told.name

    def undo(self) -> list[str]:
        """Disarm what was armed and is armed still, and show again what was shown before; return a sentence on each that could not be.

        The clock, the API page and the calls stay as they are.
        """
        control, pbx, failed = self.bridge.control, self.bridge.name, list[str]()

        @contextmanager
        def tried(remains: str) -> Iterator[None]:
            try:
                yield
            except ControlNotFound:
                pass  # the PBX is gone, or a fault whose time is up just now
            except ControlError as error:
                failed.append(f"PBX {pbx} {remains}: {error}")

        if self._armed:
            with tried("may have faults of the day still"):
                for fault in control.faults(pbx):
                    if fault.id in self._armed:
                        with tried(f"has the fault '{fault.name}' of the day still"):
                            control.disarm_fault(pbx, fault.name)
        if self._before is not None:
            with tried("shows the certificate of the day still"):
                control.show_identity(pbx, self._before)
        return failed


def remains(steps: Iterable[Step], pbx: str) -> str:
    """Return a sentence on what *steps* have changed in the PBX called *pbx* for good, "" if that is nothing."""
    done = tuple(steps)
    kept = [
        *(["clock"] if any(step.clock or step.time_of_day for step in done) else []),
        *(["API page"] if any(step.api for step in done) else []),
        *(["calls"] if any(step.place or step.delete_rows for step in done) else []),
    ]
    if not kept:
        return ""
    anew = [
        *(["'ucmsim ctl reset' lets it begin anew with its own clock and history"] if kept != ["API page"] else []),
        *(["'ucmsim ctl api set' changes the page"] if "API page" in kept else []),
    ]
    return f"PBX {pbx} keeps the {' and the '.join(kept)} of the day: {', '.join(anew)}"


def _clear(bridge: Bridge, fault: str) -> None:
    if fault == EVERY:
        bridge.control.clear_faults(bridge.name)
    else:
        with suppress(ControlNotFound):  # its time may be over, and what was to be is so
            bridge.control.disarm_fault(bridge.name, fault)


_ACTS: Mapping[str, Callable[[Bridge, Any], object]] = MappingProxyType({
    "clear": _clear,
    "clock": lambda bridge, clock: bridge.control.change_clock(
        bridge.name, clock.model_dump(mode="json", exclude_unset=True)
    ),
    "time_of_day": lambda bridge, text: bridge.set_time_of_day(text),
    "identity": lambda bridge, identity: bridge.control.show_identity(bridge.name, identity),
    "api": lambda bridge, changes: bridge.control.change_api(bridge.name, changes),
    "delete_rows": lambda bridge, _true: bridge.control.delete_cdrs(bridge.name),
})  # fmt: skip
