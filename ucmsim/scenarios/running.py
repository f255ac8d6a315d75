"""What `ucmsim scenario run` needs around a performance: a PBX to play on, what the client kept, and an end by a signal."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

from ucmsim.client import ControlClient, ControlError, ControlNotFound
from ucmsim.freename import made
from ucmsim.overlay import over
from ucmsim.remote import Reached, Remote
from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.outcome import Outcome
from ucmsim.scenarios.performing import Performance

USER, PASSWORD = "cdrapi", "cdrapi123"
"""The credentials of a PBX that is made for a scenario: the device's own."""
_LOOK = 0.5
"""Seconds between two looks whether the performance is over: one long wait would hear no Ctrl-C on every platform."""


def environment(place: Reached) -> str:
    """Return the text of a file that a shell takes variables from."""
    values = {"UCM_URL": place.url, "UCM_USER": place.user, "UCM_PASSWORD": place.password, "UCM_CA": place.ca}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items() if value is not None)


def directions(place: Reached) -> Iterator[str]:
    """Yield what is told to whoever sets up the client."""
    yield f"point the client at PBX {place.name}  {place.url or '(nothing listens)'}"
    yield f"  user      {place.user or '(none is asked for)'}"
    if place.user:
        yield f"  password  {place.password or '(as the PBX is configured)'}"
    yield f"  CA        {place.ca}"


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP be what Ctrl-C is in the body, unless they are ignored there; for the main thread only.

    `timeout` sends the one, twice, and a terminal that is closed the other: the first is heeded.
    """
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    heeded = {one: handler for one, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for one in heeded:
        signal.signal(one, _interrupt)
    try:
        yield
    finally:
        for one, handler in heeded.items():
            signal.signal(one, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def stage(
    control: ControlClient,
    remote: Remote,
    scenario: Scenario,
    name: str | None,
    api: Mapping[str, Any],
    *,
    say: Callable[[str], object],
) -> Iterator[Reached]:
    """Yield the PBX called *name*, or else one that is made for the *scenario* and goes with it.

    *api* is what is asked of the latter's page, instead of what lets clients here reach it; both come as those of *remote* do.
    That it could not be removed is what one is to *say*: what came of the day is told all the same. Raises
    `ucmsim.client.ControlError` and `UcmsimError`.
    """
    if name is not None:
        yield remote.reached(control.pbx(name))
        return
    settings = own_settings(remote.settings(), {"api": api}, scenario.pbx)
    pbx = made(control, scenario.name, settings)
    try:
        yield remote.reached(pbx, settings["api"].get("tls_authentication_password"))
    finally:
        try:
            control.delete_pbx(pbx.name)
        except ControlNotFound:
            pass  # somebody was faster
        except ControlError as error:
            say(f"PBX {pbx.name} could not be removed: {error}; see 'ucmsim ctl pbxs delete {pbx.name}'")


def own_settings(*above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a PBX that is made for a scenario, with those *above* laid over them in this order."""
    api = {
        "enable": True,
        "tls_bind_address": "127.0.0.1:0",
        "tls_authentication_name": USER,
        "tls_authentication_password": PASSWORD,
        "permitted_ips": ["127.0.0.0/8"],
    }
    return reduce(over, above, {"api": api, "history": {"days": 0}})


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
            performance.stop()
    if errors:
        raise errors[0]
    return found[0]
