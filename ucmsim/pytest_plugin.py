"""The pytest fixtures `ucm_fleet` and `ucm`: a throw-away simulated PBX for each test.

pytest imports this module in every run of every project where ucmsim is installed, so at module level there is
nothing but pytest and the standard library.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from ucmsim.answers import Call, Entry, PlacedCall
    from ucmsim.client import ControlClient

__tracebackhide__ = True
"""What fails in a test is shown at the line of the test that asked for it."""
_MARKER = "ucmsim(**settings): the settings of this test's simulated PBX, keys as under pbxs.<name> in sim.yaml"
_GONE = 404
"""The status with which the control plane says that there is no such fault or PBX."""
_FILES = (("history", "import"), ("api", "tls_private_key"), ("api", "tls_cert"))


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add to the report of a failed test what its PBX has logged."""
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    pbx = getattr(item, "funcargs", {}).get("ucm")
    if call.when == "call" and report.failed and isinstance(pbx, Ucm):
        report.sections.append(("ucmsim", "\n".join(pbx.log)))


@dataclass(slots=True)
class UcmFault:
    """A fault that is armed; as a context manager it is disarmed at the end."""

    name: str
    _control: ControlClient = field(repr=False)
    _pbx: str = field(repr=False)
    _last: int | None = field(default=None, repr=False)

    def change(self, **changes: Any) -> None:
        """Change fields or terms of it, as ``fault.change(seconds=9)``; raises `ucmsim.client.ControlError`."""
        self._control.change_fault(self._pbx, self.name, changes)

    def disarm(self) -> None:
        """Take the fault away, if it is not gone already: disarmed, cleared, at the end of its ttl, or with its PBX."""
        from ucmsim.client import ControlError

        if self._last is not None:
            return
        try:
            self._last = self.fired
            self._control.disarm_fault(self._pbx, self.name)
        except ControlError as error:
            if error.status != _GONE:
                raise

    @property
    def fired(self) -> int:
        """How often it has acted, until it was disarmed."""
        if self._last is not None:
            return self._last
        counts = (fault.fired for fault in self._control.faults(self._pbx) if fault.name == self.name)
        return next(counts, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.disarm()


@dataclass(frozen=True, slots=True)
class UcmClock:
    """The clock of a simulated PBX, which shows in the times and ids of its CDRs, in `Date`, and in `now` of a query.

    Nonces, timeouts and latencies go by real time whatever it shows. Everything here may raise
    `ucmsim.client.ControlError`.
    """

    _control: ControlClient = field(repr=False)
    _pbx: str

    @property
    def now(self) -> datetime:
        """What it shows, in UTC."""
        return self._control.clock(self._pbx).now

    @property
    def world(self) -> datetime:
        """The world's time, in UTC, in which calls happen: another than `now` once the clock was stepped."""
        return self._control.clock(self._pbx).world

    @property
    def rate(self) -> float:
        """How many of its seconds pass in one; 0 while it is frozen."""
        return self._control.clock(self._pbx).rate

    def freeze(self) -> None:
        """Let it stand still."""
        self.run(0.0)

    def run(self, rate: float = 1.0) -> None:
        """Let it run *rate* times as fast as real time, 0 to 100000."""
        self._change(rate=rate)

    def set(self, now: datetime) -> None:
        """Set it to *now*, which must have a zone; it runs or stands as before. What is passed over does not happen."""
        self._change(now=now.isoformat())

    def advance(self, by: float | timedelta) -> None:
        """Let time pass, in seconds or as a timedelta, and all happen that happens in it."""
        self._change(advance=_seconds(by))

    def step(self, by: float | timedelta) -> None:
        """Correct it forward or back, in seconds or as a timedelta, as NTP does; in the world no time passes."""
        self._change(step=_seconds(by))

    def set_zone(self, name: str) -> None:
        """Let the unit believe in the IANA zone *name* from now on."""
        self._change(time_zone=name)

    def _change(self, **change: Any) -> None:
        self._control.change_clock(self._pbx, change)


@dataclass(frozen=True, slots=True)
class Ucm:
    """A simulated PBX: where it is, who may log in, what to trust, its clock, and the faults to break it with."""

    name: str
    url: str
    username: str | None
    password: str | None = field(repr=False)
    ca: str
    _control: ControlClient = field(repr=False)
    _log: Path = field(repr=False)

    @property
    def log(self) -> list[str]:
        """What this PBX has logged so far: one line an exchange, with the reason for every refusal."""
        about = (f"] {self.name} ", f"] {self.name}: ")
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return [line.partition("] ")[2] for line in lines if any(mark in line for mark in about)]

    def journal(self, **filters: Any) -> list[Entry]:
        """Return what happened, in order: ``ucm.journal(kind="exchange", refusal="any")``.

        Each has what users ask for as attributes, and all that is known of it as `told`; *filters* are those of ``ucmsim journal``. Raises
        `ucmsim.client.ControlError`.
        """
        return self._control.journal(self.name, **filters)

    @property
    def clock(self) -> UcmClock:
        """What the PBX believes the time to be, to be read and moved."""
        return UcmClock(self._control, self.name)

    @property
    def calls(self) -> list[Call]:
        """What really happened in each call that is over by now: its talks, what trunks carried, and its rows.

        Instants are microseconds of UTC since 1970.
        """
        return self._control.calls(self.name)

    def place_call(self, shape: str, caller: str | int, callee: str | int, **how: Any) -> PlacedCall:
        """Let a call happen: ``ucm.place_call("answered", "1001", "1002", talk=60)``; its row comes when it ends.

        *how* is ``at`` (an aware datetime of the world's time, `UcmClock.world`, now without it), ``ring`` and ``talk`` in seconds,
        ``phones``, ``target``, ``trunk``, ``code``, ``recorded``. A telephone number may be an int here, which is sent as the
        text that the control plane wants: in Python it cannot have lost zeros before it. Raises `ucmsim.client.ControlError`.
        """
        return self._control.place_call(self.name, _sent({"shape": shape, "from": caller, "to": callee, **how}))

    def place_calls(self, calls: Iterable[Mapping[str, Any]]) -> list[PlacedCall]:
        """Let calls happen, all or none: ``ucm.place_calls([{"shape": "answered", "from": "1001", "to": "1002"}])``.

        Each may have what `place_call` takes. Raises `ucmsim.client.ControlError`, which names each that is wrong by its
        index.
        """
        return self._control.place_calls(self.name, list(map(_sent, calls)))

    def delete_cdrs(self) -> int:
        """Delete every CDR that there is by now, as on the device's own page; return how many. Recordings stay."""
        return self._control.delete_cdrs(self.name)

    def ssl_context(self) -> ssl.SSLContext:
        """Return a context that verifies this PBX's certificate, and nothing else's."""
        return ssl.create_default_context(cafile=self.ca)

    def fault(self, kind: str, **fields: Any) -> UcmFault:
        """Arm a fault: ``ucm.fault("http.latency", seconds=3, when={"nth": [2]}, times=1)``.

        *fields* are the fault's own and those of its arming. Raises `ucmsim.client.ControlError`.
        """
        armed = self._control.arm_fault(self.name, {"fault": kind, **fields})
        return UcmFault(armed.name, self._control, self.name)

    def clear_faults(self) -> None:
        """Disarm every fault of this PBX."""
        self._control.clear_faults(self.name)


@dataclass(slots=True)
class UcmFleet:
    """The child process in which all PBXs of the session live."""

    control: ControlClient
    pid: int
    log: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self, settings: Mapping[str, Any]) -> Ucm:
        """Start a PBX with *settings* over the defaults of the fixture; raises `ucmsim.client.ControlError`."""
        chosen = _over(_defaults(), settings)
        name = f"test-{next(self._numbers)}"
        pbx = self.control.create_pbx(name, chosen)
        password = chosen["api"].get("tls_authentication_password")
        url: Any = pbx.url  # None where nothing listens, which is what few tests want
        return Ucm(name, url, pbx.username, password, pbx.ca, self.control, self.log)

    def stop(self, ucm: Ucm) -> None:
        """Stop a PBX and forget its state."""
        self.control.delete_pbx(ucm.name)


@pytest.fixture(scope="session")
def ucm_fleet() -> Iterator[UcmFleet]:
    """The process the session's PBXs run in; it ends with the session, and with pytest itself."""
    from ucmsim.child import Child
    from ucmsim.client import ControlClient

    child = Child()
    try:
        control = child.ready["control"]
        yield UcmFleet(ControlClient(control["url"], control["token"]), child.pid, child.log)
    finally:
        child.stop()


@pytest.fixture
def ucm(ucm_fleet: UcmFleet, request: pytest.FixtureRequest) -> Iterator[Ucm]:
    """A clean simulated PBX of this test's own, set up by ``@pytest.mark.ucmsim(...)``."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("ucmsim"))):
        if marker.args:
            raise pytest.UsageError("@pytest.mark.ucmsim takes keywords only, such as ucmsim(personality='ucm6510')")
        settings = _over(settings, _placed(marker.kwargs, request.path.parent))
    pbx = ucm_fleet.start(settings)
    yield pbx
    _stop(ucm_fleet, pbx)


def _stop(fleet: UcmFleet, pbx: Ucm) -> None:
    """Stop *pbx*, which is done where the whole process has ended."""
    from ucmsim.client import ControlUnreachable

    try:
        fleet.stop(pbx)
    except ControlUnreachable as error:
        if not isinstance(error.__cause__, ConnectionError):
            raise


def _defaults() -> dict[str, Any]:
    """Return a PBX with the three records of the vendor's guide, and one user."""
    api = {
        "enable": True,
        "tls_bind_address": "127.0.0.1:0",
        "tls_authentication_name": "cdrapi",
        "tls_authentication_password": "cdrapi123",
        "permitted_ips": ["127.0.0.0/8"],
    }
    return {"api": api, "history": {"import": str(files("ucmsim") / "data" / "guide-2013.csv")}}


def _sent(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a *call* that is wished for as JSON has it: an instant as ISO text, numbers of telephones as text."""
    return {key: _as_text(key, value) for key, value in call.items()}


def _as_text(key: str, value: object) -> object:
    if key in ("from", "to", "target") and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _seconds(by: float | timedelta) -> float:
    return by.total_seconds() if isinstance(by, timedelta) else by


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the settings *above* over those *below*: `api` and `quirks` key by key, everything else whole."""
    merged = {**below, **above}
    for key in ("api", "quirks"):
        if isinstance(below.get(key), Mapping) and isinstance(above.get(key), Mapping):
            merged[key] = {**below[key], **above[key]}
    return merged


def _placed(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return *settings* with the files they name relative to the *folder* of the test file."""
    placed = dict(settings)
    for group, key in _FILES:
        inner = placed.get(group)
        if isinstance(inner, Mapping) and isinstance(inner.get(key), str):
            placed[group] = {**inner, key: str(folder / inner[key])}
    return placed
