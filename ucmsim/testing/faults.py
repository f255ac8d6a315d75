"""What a test breaks for a while: a fault, or the certificate that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from ucmsim.client import ControlClient, ControlNotFound, ControlStopped
from ucmsim.contract.answers import Fault

__tracebackhide__ = True


@dataclass(slots=True)
class UcmFault:
    """A fault that is armed; as a context manager it is disarmed at the end."""

    name: str
    _id: int = field(repr=False)
    _control: ControlClient = field(repr=False)
    _pbx: str = field(repr=False)
    _last: int | None = field(default=None, repr=False)

    def change(self, **changes: Any) -> None:
        """Change fields or terms of it, as ``fault.change(seconds=9)``; raises `ucmsim.client.ControlError`."""
        self._control.change_fault(self._pbx, self.name, changes)

    def disarm(self) -> None:
        """Take the fault away, if it is not gone already: disarmed, cleared, at the end of its ttl, by a reset, or with its PBX.

        Another one of its name is left alone.
        """
        if self._last is not None:
            return
        with suppress(ControlNotFound, ControlStopped):
            if self._found() is not None:
                self._control.disarm_fault(self._pbx, self.name)
            if (over := self._found(gone="yes")) is not None:
                self._last = over.fired

    @property
    def fired(self) -> int:
        """How often it has acted, until it was gone; raises `LookupError` where a reset has taken it away, and its count with it."""
        if self._last is not None:
            return self._last
        # In this order: it may go in between.
        found = self._found() or self._found(gone="yes")
        if found is None:
            raise LookupError(
                f"nobody knows any more how often '{self.name}' has acted: {self._pbx} was reset, restored or changed since "
                "it was armed; ask before that"
            )
        return found.fired

    def _found(self, **which: str) -> Fault | None:
        """Return this fault, and no other of its name, among those that are armed, or that *which* asks for."""
        return next((one for one in self._control.faults(self._pbx, **which) if one.id == self._id), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.disarm()


@dataclass(slots=True)
class UcmIdentity:
    """The certificate that is shown from the next handshake on.

    As a context manager what was shown before is, at the end: a defect, a certificate that was given, or the good one.
    """

    defect: str | None
    certificate: str = field(repr=False)
    _control: ControlClient = field(repr=False)
    _pbx: str = field(repr=False)
    _before: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def show(cls, control: ControlClient, pbx: str, identity: Mapping[str, object]) -> UcmIdentity:
        """Let *pbx* show *identity*, as the control plane takes it; raises `ucmsim.client.ControlError`."""
        before = control.identity(pbx).again
        shown = control.show_identity(pbx, identity)
        return cls(shown.defect, shown.certificate, control, pbx, before)

    def restore(self) -> None:
        """Let be shown what was before, if the PBX is still there."""
        with suppress(ControlNotFound, ControlStopped):
            self._control.show_identity(self._pbx, self._before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.restore()
