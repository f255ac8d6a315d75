"""What `ucmsim scenario run` needs around a performance: a PBX to play on, what the client kept, and an end by Ctrl-C."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from ucmsim.client import ControlClient
from ucmsim.contract.answers import Pbx
from ucmsim.contract.operations import HERE
from ucmsim.overlay import over
from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.outcome import Outcome
from ucmsim.scenarios.performing import Performance

USER, PASSWORD = "cdrapi", "cdrapi123"
"""The credentials of a PBX that is made for a scenario: the device's own."""
_LOOK = 0.5
"""Seconds between two looks whether the performance is over: one long wait would hear no Ctrl-C on every platform."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the client is to be pointed; *password* is None where nobody knows it here."""

    name: str
    url: str
    user: str | None
    password: str | None
    ca: str

    @classmethod
    def of(cls, pbx: Pbx, password: str | None) -> Place:
        return cls(pbx.name, pbx.url or "", pbx.username, password, pbx.ca)

    def brought(self, control: ControlClient, folder: Path) -> Place:
        """Return it with its CA in a file in the *folder* here, if the *control* plane may be on another machine."""
        if urlsplit(control.url).hostname in HERE:
            return self
        ca = folder / f"{self.name}.pem"
        ca.write_text(control.pbx(self.name).ca_pem, "ascii")
        return replace(self, ca=str(ca))

    def environment(self) -> str:
        """Return the text of a file that a shell takes variables from."""
        values = {"UCM_URL": self.url, "UCM_USER": self.user, "UCM_PASSWORD": self.password, "UCM_CA": self.ca}
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items() if value is not None)

    def lines(self) -> Iterator[str]:
        """Yield what is told to whoever sets up the client."""
        yield f"point the client at PBX {self.name}  {self.url or '(nothing listens)'}"
        yield f"  user      {self.user or '(none is asked for)'}"
        if self.user:
            yield f"  password  {self.password or '(as the PBX is configured)'}"
        yield f"  CA        {self.ca}"


@contextmanager
def stage(
    control: ControlClient, scenario: Scenario, name: str | None, bind: str, permit: Sequence[str]
) -> Iterator[Place]:
    """Yield the PBX called *name*, or else one that is made for the *scenario* and goes with it.

    Raises `ucmsim.client.ControlError`.
    """
    if name is not None:
        yield Place.of(control.pbx(name), None)
        return
    taken = control.status().pbxs
    free = next(one for one in _names(scenario.name) if one not in taken)
    settings = over(own_settings(bind, permit), scenario.pbx)
    pbx = control.create_pbx(free, settings)
    try:
        yield Place.of(pbx, settings["api"].get("tls_authentication_password"))
    finally:
        control.delete_pbx(free)


def own_settings(bind: str = "127.0.0.1:0", permit: Sequence[str] = ("127.0.0.0/8",)) -> dict[str, Any]:
    """Return the settings of a PBX that is made for a scenario, under those that the scenario has."""
    api = {
        "enable": True,
        "tls_bind_address": bind,
        "tls_authentication_name": USER,
        "tls_authentication_password": PASSWORD,
        "permitted_ips": list(permit),
    }
    return {"api": api, "history": {"days": 0}}


def reading(file: Path) -> Callable[[], Sequence[str] | None]:
    """Return what reads the AcctIds that the client kept, one a line of *file*; None while that is not there."""

    def kept() -> Sequence[str] | None:
        if not file.exists():
            return None
        return [line.strip() for line in file.read_text("utf-8", "replace").splitlines() if line.strip()]

    return kept


def watched(performance: Performance) -> Outcome:
    """Let it be played to its end; on Ctrl-C nothing more is waited for. Raises what the performance raises."""
    found: list[Outcome] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            found.append(performance.run())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            errors.append(error)
        finally:
            ended.set()

    ended = Event()  # and not the thread, which Python takes for ended when waiting for it is interrupted
    Thread(target=run, name=f"ucmsim scenario {performance.scenario.name}", daemon=True).start()
    while not ended.is_set():
        try:
            ended.wait(_LOOK)
        except KeyboardInterrupt:
            if performance.left.is_set():
                raise
            performance.left.set()
    if errors:
        raise errors[0]
    return found[0]


def _names(scenario: str) -> Iterator[str]:
    yield scenario
    yield from (f"{scenario}-{number}" for number in range(2, 1_000_000))
