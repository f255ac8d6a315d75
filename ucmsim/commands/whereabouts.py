"""Where the control plane of a running ucmsim is, by what is said and what the environment has."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from ucmsim.client import (
    ControlClient,
    url_objection,
)
from ucmsim.contract.errors import ControlUnreachable
from ucmsim.contract.mapped import read
from ucmsim.contract.operations import token_objection

URL, TOKEN, READY_FILE = "UCMSIM_CONTROL_URL", "UCMSIM_CONTROL_TOKEN", "UCMSIM_READY_FILE"
CA, PBX = "UCMSIM_CONTROL_CA", "UCMSIM_PBX"
"""Where the environment says it."""
TIMEOUT = 60.0
"""Seconds that an answer is waited for where nobody says another number."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What was said of where the control plane is; None is what was not."""

    url: str | None = None
    token: str | None = None
    ready: Path | None = None
    config: Path | None = None
    ca: Path | None = None
    timeout: float | None = None

    def over(self, above: Whereabouts) -> Whereabouts:
        """Return this; the place, the token, the CA and the timeout are those that were said *above* where none is said here."""
        place = self if self.url or self.ready or self.config else above
        return replace(
            place, token=self.token or above.token, ca=self.ca or above.ca, timeout=self.timeout or above.timeout
        )

    def client(self, timeout: float = TIMEOUT) -> ControlClient:
        """Return who to ask: by URL, ready report or configuration, else by the environment.

        *timeout* is in seconds, where none was said. Raises `click.UsageError`. A ready report and a state folder are read each time, because a restart changes the token.
        """
        found = self.settled()._asked()
        if said := token_objection(found.token):
            raise click.UsageError(said)
        return replace(found, timeout=self.timeout or timeout, ca=str(self.ca) if self.ca else found.ca)

    def settled(self) -> Whereabouts:
        """Return what holds: what was said, else what the environment says."""
        return self if self.url or self.ready or self.config else self._of_environment()

    def _of_environment(self) -> Whereabouts:
        said = os.environ
        ready = said.get(READY_FILE) if not said.get(URL) else None
        return replace(self, url=said.get(URL) or None, ready=Path(ready) if ready else None)

    def _asked(self) -> ControlClient:
        token = self.token or os.environ.get(TOKEN)
        if self.url is not None:
            if token is None:
                raise click.UsageError(f"--url goes with --token, or {URL} with {TOKEN}")
            if said := url_objection(self.url):
                raise click.UsageError(said)
            return ControlClient(self.url, token, ca=os.environ.get(CA) or None)
        if self.ready is not None:
            control = ready_report(self.ready).control
            if control is None:
                raise click.UsageError(
                    f"{self.ready} says that there is no control plane; add 'control: {{}}' to the configuration"
                )
            return ControlClient(control.url, control.token, ca=control.ca)
        if self.config is None:
            raise click.UsageError(
                "say where ucmsim runs: --config FILE, --ready-file FILE, or --url and --token; "
                f"or set {URL} and {TOKEN}, or {READY_FILE}"
            )
        return _configured(self.config, self.token)


def chosen(client: ControlClient, *names: str | None) -> str:
    """Return the one of *names* of a PBX that was said, else the one of the environment, else the only one. Raises `click.UsageError`."""
    said = list(dict.fromkeys(name for name in names if name is not None)) or [
        name for name in (os.environ.get(PBX),) if name
    ]
    if len(said) > 1:
        raise click.UsageError(f"{' and '.join(said)} are two PBXs; name one, with --pbx or without")
    if said:
        return said[0]
    there = client.status().pbxs
    if len(there) != 1:
        raise click.UsageError(f"say which PBX with --pbx, or set {PBX}; there are {', '.join(there) or 'none'}")
    return there[0]


def _configured(config: Path, token: str | None) -> ControlClient:
    from ucmsim import configuration  # which takes half of the time of a command that is told a URL
    from ucmsim.settings import TLS_FOLDER

    settings = configuration.read(config)
    if settings.control is None:
        raise click.UsageError(f"{config} has no control plane; add 'control: {{}}' to it")
    if not settings.control.bind.port:
        raise click.UsageError(
            f"{config} lets the system choose the control port; use --ready-file with its ready report"
        )
    token = token or settings.control.token or _kept_token(settings.state)
    bind, tls = settings.control.bind, settings.control.tls
    ca = None if tls is None or settings.state is None else str(settings.state / TLS_FOLDER / "ca.pem")
    return ControlClient(f"{settings.control.scheme}://{bind.nearby}:{bind.port}", token, ca=ca)


@dataclass(frozen=True, slots=True)
class ReadyControl:
    """Where the control plane is, its token, and with TLS the file of the CA to trust."""

    url: str
    token: str = field(repr=False)
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class ReadyReport:
    """What commands read in a ready report; *control* is None where there is no control plane."""

    control: ReadyControl | None
    pbxs: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def passwords(self) -> Iterator[str]:
        """The passwords of its PBXs."""
        return (one["password"] for one in self.pbxs.values() if isinstance(one, dict) and one.get("password"))


def ready_report(path: Path) -> ReadyReport:
    """Return the ready report in the file *path*; raises `click.UsageError` where it is none."""
    try:
        return read(ReadyReport, json.loads(path.read_text("utf-8")))
    except OSError as error:
        said = f"{path} cannot be read: {error.strerror or error}"
        raise click.UsageError(f"{said}; it is what twistd's --ready-file writes once ucmsim listens") from None
    except ValueError as error:
        raise click.UsageError(f"{path} is no ready report: {error}") from None


def _kept_token(state: Path | None) -> str:
    if state is None:
        raise click.UsageError(
            "the configuration has no 'state:', so its token is in the ready report: use --ready-file"
        )
    from ucmsim.settings import TOKEN_FILE

    file = state / TOKEN_FILE
    try:
        return file.read_text("ascii").strip()
    except FileNotFoundError:
        raise ControlUnreachable(
            f"there is no token in {file}, which is written at the start; does ucmsim run?"
        ) from None
    except (OSError, ValueError) as error:
        raise click.UsageError(
            f"the token in {file} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
