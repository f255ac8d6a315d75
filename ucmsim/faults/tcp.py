"""Faults on the tcp plane: `Admission` in, `Admission` out; how a connection is taken, and how its bytes go out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from ucmsim.faults.fields import Bytes, Seconds, SomeBytes
from ucmsim.faults.kind import Kind
from ucmsim.faults.planes import Admission, Cut, Moment, PortState
from ucmsim.refusals import Code, Refusal


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not listen, so that the system refuses connections; what is connected stays."""

    moment: ClassVar[Moment] = Moment.LISTEN

    def __call__(self, state: PortState) -> PortState:
        return replace(state, is_open=False)


def _cut(admission: Admission, limit: int, ending: Cut) -> Admission:
    """Return *admission* with an end after *limit* bytes, unless one comes earlier."""
    traffic = admission.traffic
    if traffic.limit is not None and traffic.limit <= limit:
        return admission
    return replace(admission, traffic=replace(traffic, limit=limit, ending=ending))


@dataclass(frozen=True, slots=True)
class Close:
    """Send FIN, and never RST, after so many *bytes*, those of TLS included; 0 = right after accept."""

    bytes: Bytes = 0

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        return _cut(admission, self.bytes, "fin")


@dataclass(frozen=True, slots=True)
class Reset:
    """Send RST after so many *bytes*, those of TLS included; 0 = right after accept."""

    bytes: Bytes = 0

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        return _cut(admission, self.bytes, "reset")


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Send FIN after so many *bytes*, and stay until the client closes, whatever it sends."""

    bytes: Bytes = 0

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        return _cut(admission, self.bytes, "half")


@dataclass(frozen=True, slots=True)
class Mute:
    """Say nothing more after so many *bytes*, and stay until the client closes, whatever it sends."""

    bytes: Bytes = 0

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        return _cut(admission, self.bytes, "mute")


@dataclass(frozen=True, slots=True)
class Latency:
    """Look at nothing that a new connection sends before so many *seconds* of wall-clock time have passed."""

    seconds: Seconds

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        traffic = admission.traffic
        return replace(admission, traffic=replace(traffic, delay=traffic.delay + self.seconds))


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Send no more than *rate* bytes a second on each connection."""

    rate: SomeBytes

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        rate = min(self.rate, admission.traffic.rate or self.rate)
        return replace(admission, traffic=replace(admission.traffic, rate=rate))


@dataclass(frozen=True, slots=True)
class Slicer:
    """Send so many *bytes* at a time, each time in a segment of their own, with *seconds* between."""

    bytes: SomeBytes = 1
    seconds: Seconds = 0.01

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        return replace(admission, traffic=replace(admission.traffic, piece=self.bytes, gap=self.seconds))


@dataclass(frozen=True, slots=True)
class Limit:
    """Close connections at accept while so many others are open."""

    connections: Annotated[int, Field(ge=0, strict=True)]

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        if admission.others < self.connections:
            return admission
        said = f"one connection too many: a fault lets {self.connections} be open"
        refusal = Refusal.of(Code.SESSION_CAP, said, "close connections, or open fewer at a time")
        return replace(admission, serve=False, why=said, refusal=refusal)


_ACCEPT = "at accept, for the connection's life"

# fmt: off
KINDS = (
    Kind("tcp.refuse", Refuse, "", "at once, for as long as it is armed and its time has come",
         "Nothing listens, so that connections are refused; the port opens again when the fault is gone."),
    Kind("tcp.close", Close, "bytes: sent before it, those of TLS included, 0 = right after accept", _ACCEPT,
         "The connection ends with FIN, and never with RST."),
    Kind("tcp.reset", Reset, "bytes: sent before it, those of TLS included, 0 = right after accept", _ACCEPT,
         "The connection ends with RST."),
    Kind("tcp.half-close", HalfClose, "bytes: sent before it, those of TLS included, 0 = right after accept", _ACCEPT,
         "The device sends FIN and stays, until the client closes."),
    Kind("tcp.mute", Mute, "bytes: sent before it, those of TLS included, 0 = right after accept", _ACCEPT,
         "The device says nothing more and stays, until the client closes."),
    Kind("tcp.latency", Latency, "seconds: wall-clock seconds, 0 to 86400", _ACCEPT,
         "The connection is taken late: nothing that comes is looked at before."),
    Kind("tcp.bandwidth", Bandwidth, "rate: bytes a second", _ACCEPT,
         "The bytes go out no faster than so many a second."),
    Kind("tcp.slicer", Slicer, "bytes: at a time; seconds: wall-clock seconds between", _ACCEPT,
         "The bytes go out in small segments."),
    Kind("tcp.limit", Limit, "connections: that may be open before", "at accept",
         "A connection too many is closed at accept."),
)
# fmt: on
